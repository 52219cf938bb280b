"""Decomposition: blocks at prices for a bound, put together for a plan, and what is still between them closed block by block.

1. Each district's relaxation with its neighbours as they are today, to have most of the cuts.
2. A few large blocks of districts, from these cuts: what foreign outlets are worth to them as things are is the first price; a
   few steps find the best prices (`prices`), and with them the bound of the whole relaxation, without solving it as one.
3. The large blocks' dual values price what ties the districts, and a plan is put together from whole decisions of the
   districts at these prices (`assembly`).
4. Districts decided anew beside all others as they are (`windows`), then bounded by MIPs instead of relaxations.
5. If the gap asked for is still not proven: the cuts of the whole problem (`benders`), from that plan and that bound.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netplan.problem import PlanningProblem
from netplan.solve.assembly import Assembly, touching, waves
from netplan.solve.benders import Search, prove_by_cuts
from netplan.solve.block_model import BlockModel
from netplan.solve.blocks import Partition, limits_beside, partition
from netplan.solve.cut_problem import cut_problem
from netplan.solve.live_cuts import Found
from netplan.solve.prices import Planes, Ties, finer, ties_of
from netplan.solve.rounds import Outcome, Run
from netplan.solve.windows import better_in_window

Floats = NDArray[np.float64]

_STEPS = 40
"""Prices tried at most."""

_CLOSE = 0.15
"""Prices are good enough when the planes promise no more than this share of the gap asked for."""

_BLOCK_GAP = 0.4
"""Gap of a district's MIP, as a share of the gap asked for."""

_BLOCK_SECONDS = 8.0
"""Seconds that one MIP of a district may take: a guard, most take one or two."""

_REPAIRS = 3
"""Times that blocks which do not fit are tried again with their neighbours."""

_PASSES, _WORTH = 4, 0.05
"""Passes of windows over all districts at most, and what one must save for the next, as a share of the gap asked for."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a partition, alive, and the threads that they run on."""

    whole: Partition
    models: tuple[BlockModel, ...]
    search: Search
    executor: Executor

    @classmethod
    def of(cls, search: Search, executor: Executor, *, large: bool) -> Blocks:
        """Divide the problem of a search."""
        whole = partition(search.problem, large=large)
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

    def relaxed(self, costs: Sequence[Floats] | None = None) -> list[Found]:
        """Every block's relaxation, at these costs if given."""
        clock = self.run.clock

        def relax(b: int) -> Found:
            if costs is not None:
                self.models[b].set_costs(costs[b])
            return self.models[b].relax(clock)

        return list(self.executor.map(relax, range(len(self.models))))

    def bound_of(self, ties: Ties, costs: Floats, prices: Floats) -> float:
        """The bound on the whole problem that lower bounds of the blocks' costs at these prices make."""
        right = np.where(prices == 0.0, 0.0, prices * ties.right)
        return float(costs.sum() - right.sum()) + self.whole.problem.part.offset


@dataclass(frozen=True, slots=True)
class Priced:
    """Prices, a proven lower bound of each block's cost at them, and the mix of decisions that they make out."""

    ties: Ties
    prices: Floats
    bounds: Floats
    mix: Floats


def solve_by_blocks(problem: PlanningProblem, run: Run) -> Outcome:
    """Solve by decomposition into districts."""
    run.tell("building", "writing the policy part")
    search = Search.of(cut_problem(problem), run)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as executor:
        _by_blocks(search, executor)
    over = run.is_over
    if search.best.closes(run.options.gap):
        return replace(search.best, stopped="proven")
    return replace(search.best, stopped=over) if over else prove_by_cuts(search)


def _by_blocks(search: Search, executor: Executor) -> None:
    """Bound, plan and what closes the gap between them; nothing if some block has no solution at all."""
    search.run.tell("relaxing", "each district beside its neighbours of today", search.best)
    districts = Blocks.of(search, executor, large=False)
    _beside_today(districts)
    large = Blocks.of(search, executor, large=True)
    for model in districts.models:
        for cuts in model.found:
            for other in large.models:
                other.add(other.mine(cuts))
    priced = _best_prices(large)
    if priced is None or large.is_done:
        return
    priced = _priced_districts(large, priced, districts)
    del large
    if priced is None or districts.is_done:
        return
    _put_together(districts, priced)
    if search.best.decisions is not None and not districts.is_done:
        _improve(districts)
    if not districts.is_done:
        _bound_by_mips(districts, priced)


def _beside_today(blocks: Blocks) -> tuple[Floats, Floats]:
    """Each block's relaxation while its neighbours are as today: what ties are worth to it, and its columns' reduced costs."""
    whole = blocks.whole
    today = np.zeros(len(whole.problem.names))
    today[: whole.problem.num_y] = whole.problem.formulation.problem.columns.present
    for model, limits in zip(blocks.models, limits_beside(whole, today), strict=True):
        model.set_copies(today[model.block.copies], today[model.block.copies])
        model.set_shared(*limits)
    found = blocks.relaxed()
    copies, shared = np.zeros(len(whole.copied)), np.zeros(len(whole.shared))
    reduced, start = np.zeros(whole.problem.width), whole.copy_start
    for b, (model, answer) in enumerate(zip(blocks.models, found, strict=True)):
        if answer.values is not None:
            duals = model.live.reduced_costs
            reduced[model.block.own] = duals[: model.num_own]
            copies[start[b] : start[b + 1]] = duals[model.num_own :]
            worth, known = -model.shared_prices, shared[model.block.shared]
            shared[model.block.shared] = np.where(np.abs(worth) > np.abs(known), worth, known)
        model.release()
    return np.concatenate([copies, shared]), reduced[: len(whole.problem.names)]


def _best_prices(blocks: Blocks) -> Priced | None:
    """The best prices found, and their bound; None if there is none."""
    worth, reduced = _beside_today(blocks)
    copies = len(blocks.whole.copied)
    ties = ties_of(blocks.whole, worth[:copies], worth[copies:])
    prices = ties.affordable(worth, reduced)
    planes = Planes.at(ties, prices, blocks.run.clock)
    enough, bounds = _CLOSE * blocks.run.options.gap, np.empty(0)
    for step in range(_STEPS):
        found = blocks.relaxed(ties.costs(prices))
        values = [answer.values for answer in found if answer.values is not None and np.isfinite(answer.cost)]
        if len(values) < len(found):
            break
        costs = np.array([answer.cost for answer in found])
        value = blocks.bound_of(ties, costs, prices)
        if planes.note(prices, costs.tolist(), values, value):
            bounds = costs
            blocks.search.best = blocks.search.best.with_bound(value)
        blocks.tell("pricing", f"step {step + 1}")
        following = planes.next()
        close = planes.predicted - planes.value <= enough * max(1.0, abs(planes.value))
        if following is None or close or blocks.run.is_over:
            break
        prices = following
    return None if not len(bounds) else Priced(ties, planes.best, bounds, planes.mix())


def _priced_districts(large: Blocks, priced: Priced, districts: Blocks) -> Priced | None:
    """Prices between districts from those between large blocks, and the districts' bounds at them."""
    large.relaxed(priced.ties.costs(priced.prices))
    ties, prices = finer(priced.ties, priced.prices, large.models, districts.whole)
    found = districts.relaxed(ties.costs(prices))
    bounds = np.array([answer.cost for answer in found])
    if not np.isfinite(bounds).all():
        return None
    value = districts.bound_of(ties, bounds, prices)
    districts.search.best = districts.search.best.with_bound(value)
    districts.tell("pricing", "districts")
    return Priced(ties, prices, bounds, priced.mix)


def _put_together(blocks: Blocks, priced: Priced) -> None:
    """A plan from whole decisions of the blocks, if they fit together."""
    assembly = Assembly(blocks.whole, blocks.models, priced.ties.costs(priced.prices), priced.mix, blocks.run.clock)
    for wave in waves(blocks.whole, assembly.touches):
        _decide(blocks, assembly, wave)
    for _ in range(_REPAIRS):
        for b in np.flatnonzero(~assembly.is_decided).tolist():
            around = assembly.neighbours(b)
            assembly.is_decided[around] = False
            for one in (b, *around):
                _decide(blocks, assembly, [one])
    if assembly.is_decided.all():
        blocks.search.weigh(assembly.x)
        blocks.tell("deciding")


def _decide(blocks: Blocks, assembly: Assembly, wave: list[int]) -> None:
    """Let blocks of a wave decide, unless the run is over."""
    if blocks.run.is_over:
        return
    assembly.decide(wave, blocks.executor, gap=_BLOCK_GAP * blocks.run.options.gap, seconds=_BLOCK_SECONDS)
    blocks.tell("deciding", f"{int(assembly.is_decided.sum())} of {len(blocks.models)} districts")


def _improve(blocks: Blocks) -> None:
    """Decide each district anew beside all others as they are, until that no longer helps."""
    order = waves(blocks.whole, touching(blocks.whole))
    for _ in range(_PASSES):
        before = blocks.search.best.objective
        for wave in order:
            if blocks.is_done:
                return
            _improve_side_by_side(blocks, wave)
            blocks.tell("improving")
        after = blocks.search.best.objective
        if before is None or after is None or before - after < _WORTH * blocks.run.options.gap * abs(after):
            return


def _improve_side_by_side(blocks: Blocks, wave: Sequence[int]) -> None:
    """Windows of some districts from one plan; what makes it cheaper and fits is kept."""
    search, problem, x = blocks.search, blocks.whole.problem, blocks.search.x
    of_policy = blocks.whole.of_column[: len(x)]
    gap = _BLOCK_GAP * blocks.run.options.gap

    def better(b: int) -> Floats | None:
        return better_in_window(problem, x, of_policy == b, blocks.run.clock, gap=gap, seconds=_BLOCK_SECONDS)

    now, cost = x.copy(), problem.cost_at(x)
    for b, found in zip(wave, blocks.executor.map(better, wave), strict=True):
        if found is None:
            continue
        tried = np.where(of_policy == b, found, now)
        if problem.holds(tried) and problem.cost_at(tried) < cost:
            now, cost = tried, problem.cost_at(tried)
    if (now != x).any():
        search.weigh(now)


def _bound_by_mips(blocks: Blocks, priced: Priced) -> None:
    """Bound blocks by MIPs at the prices instead of relaxations, until the gap is closed or all were tried."""
    bounds, costs = priced.bounds.copy(), priced.ties.costs(priced.prices)
    gap = _BLOCK_GAP * blocks.run.options.gap
    for model in blocks.models:
        model.release()

    def decide(b: int) -> tuple[int, Found]:
        blocks.models[b].set_costs(costs[b])
        return b, blocks.models[b].decide(blocks.run.clock, gap=gap, seconds=_BLOCK_SECONDS)

    threads = os.cpu_count() or 1
    for first in range(0, len(bounds), threads):
        if blocks.is_done:
            return
        for b, found in blocks.executor.map(decide, range(first, min(first + threads, len(bounds)))):
            bounds[b] = max(bounds[b], found.bound)
        if not np.isfinite(bounds).all():
            return  # a block without any whole solution: the whole problem says so, and why
        blocks.search.best = blocks.search.best.with_bound(blocks.bound_of(priced.ties, bounds, priced.prices))
        blocks.tell("bounding")
