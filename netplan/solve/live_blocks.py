"""The blocks of a partition, alive: their relaxations side by side, their whole decisions, and the bound that both make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netplan.solve.benders import Search
from netplan.solve.block_model import BlockModel
from netplan.solve.blocks import Block, Larger, Partition, partition
from netplan.solve.division import Division
from netplan.solve.live_cuts import Found, Start
from netplan.solve.prices import Ties
from netplan.solve.rounds import Run
from netplan.solve.stop import Stop

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a partition, alive, and the threads that they run on."""

    whole: Partition
    models: tuple[BlockModel, ...]
    search: Search
    executor: Executor

    @classmethod
    def of(
        cls,
        search: Search,
        executor: Executor,
        division: Division,
        same: Sequence[Block | None] | None = None,
        larger: Larger | None = None,
    ) -> Blocks:
        """Divide the problem of a search; `same` and `larger` as in `partition`."""
        whole = partition(search.problem, division, same, larger)
        seed = search.run.options.seed
        models = tuple(BlockModel(whole, b, seed=seed) for b in range(len(whole.blocks)))
        return cls(whole, models, search, executor)

    @property
    def run(self) -> Run:
        """The run they serve."""
        return self.search.run

    @property
    def is_done(self) -> bool:
        """Whether the gap asked for is proven or the run is over."""
        return self.search.best.closes(self.run.options.gap) or self.run.is_over is not None

    def tell(self, stage: str, message: str = "") -> None:
        """Tell the listener where the run stands."""
        self.run.tell(stage, message, self.search.best)

    def relaxed(
        self,
        costs: Sequence[Floats] | None = None,
        *,
        iterations: Sequence[float] | None = None,
        which: Sequence[int] | None = None,
    ) -> list[Found]:
        """The relaxation of every block, or of some, at these costs if given, in so many iterations each at most, if given."""
        clock = self.run.clock

        def relax(b: int) -> Found:
            if costs is not None:
                self.models[b].set_costs(costs[b])
            return self.models[b].relax(clock, iterations=np.inf if iterations is None else iterations[b])

        return list(self.executor.map(relax, range(len(self.models)) if which is None else which))

    def decided(
        self,
        which: Sequence[int],
        costs: Sequence[Floats],
        *,
        gap: float,
        effort: float,
        plan: Floats | None = None,
        enough: Stop | None = None,
    ) -> Iterator[tuple[int, Found]]:
        """Whole decisions of these blocks at these costs, each block with its answer as soon as those before it have theirs.

        Parameters
        ----------
        plan
            The policy part's columns, shape (m,), of a plan to start from: no block has decisions that cost more than there.
        enough
            Those under way end once this is set.
        """
        clock = self.run.clock if enough is None else replace(self.run.clock, stop=enough)
        worth = None if plan is None else costs_of_blocks(self.whole, costs, plan)

        def decide(b: int) -> tuple[int, Found]:
            model, start = self.models[b], None
            model.set_costs(costs[b])
            if plan is not None and worth is not None and model.relax(clock).values is not None:
                start = Start(model.at(plan), float(worth[b]))
            return b, model.decide(clock, gap=gap, effort=effort, start=start)

        return self.executor.map(decide, which)

    def bound_of(self, ties: Ties, costs: Floats, prices: Floats) -> float:
        """The bound on the whole problem that lower bounds of the blocks' costs at these prices make."""
        right = np.where(prices == 0.0, 0.0, prices * ties.right)
        return float(costs.sum() - right.sum()) + self.whole.problem.part.offset


@dataclass(frozen=True, slots=True)
class Priced:
    """Prices, and what is proven at them.

    Attributes
    ----------
    bounds
        A lower bound of each block's cost, shape (B,).
    open
        How far above it its own best decisions are.
    open_in_pieces
        How far above their bounds the best decisions of its pieces are, all in all; infinite where it was not divided.
    """

    ties: Ties
    prices: Floats
    bounds: Floats
    open: Floats
    open_in_pieces: Floats

    @classmethod
    def at(cls, ties: Ties, prices: Floats, bounds: Floats) -> Priced:
        """Nothing decided yet."""
        unknown = np.full(len(bounds), np.inf)
        return cls(ties, prices, bounds, unknown, unknown)

    @property
    def of_shared(self) -> Floats:
        """Prices of the shared constraints, shape (S,)."""
        return self.prices[self.ties.num_copies :]


def costs_of_blocks(whole: Partition, costs: Sequence[Floats], x: Floats) -> Floats:
    """What each block costs, its own columns and copies at these costs, in a plan with these columns of the policy part; shape (B,)."""
    problem, size = whole.problem, len(whole.blocks)
    is_open = x[: problem.num_y] > 0.5
    rows, loads = problem.rows, problem.loads
    of_rows = rows.sorted.weight * rows.sorted.prices(is_open)
    of_pairs = loads.pair_price * loads.overflow(is_open)
    total = np.bincount(whole.of_column[problem.theta][rows.group], weights=of_rows, minlength=size)
    total += np.bincount(whole.of_column[problem.overflow], weights=of_pairs, minlength=size)
    for b, (block, cost) in enumerate(zip(whole.blocks, costs, strict=True)):
        own = block.own[block.own < len(x)]
        total[b] += cost[: len(own)] @ x[own] + cost[len(block.own) :] @ x[block.copies]
    return np.asarray(total, dtype=np.float64)
