"""Prices between blocks: the Lagrangian of what ties them together, and the best prices by cutting planes in a trust region.

Let p_k be the price of copy k of a column, and p_i that of shared constraint i. A block pays p_k for using its copy less, and the
column's own block pays for opening it less, so that

    L(p) = sum_b v_b(p) - sum_i p_i right_i,

with v_b(p) the least cost of block b at these prices, is a lower bound on every plan's cost for every p (p_i >= 0 where the
constraint is a "<=", <= 0 where it is a ">="): whatever is linear in the policy part keeps it valid. v_b is concave, so each
solution of a block bounds it by a plane. The model of planes is maximised in a box around the best prices so far, which
grows when that raises the bound and shrinks when it does not (the box step: Marsten, Hogan, Blankenship 1975).

With blocks solved as linear programs the best L is the bound of the whole linear relaxation; with blocks solved as MIPs it is higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run
from netplan.solve.block_model import BlockModel
from netplan.solve.blocks import Partition

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FIRST_BOX, _GROW, _SHRINK = 0.3, 1.3, 0.6
"""Half-width of the first box, in units of each price's scale, and how it changes."""

_SMALL_PRICE = 1e-3
"""The scale of a copy's price, as a share of a usual column's cost, if it has none at first."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties the blocks of a partition: K copies, then S shared constraints.

    Attributes
    ----------
    home
        Block of the column behind each copy, shape (K,).
    right, lower, upper
        Right-hand side that goes with each price and the bounds of the price; shapes (K + S,).
    scale
        How large a usual price is, shape (K + S,).
    """

    whole: Partition
    home: Ints
    right: Floats
    lower: Floats
    upper: Floats
    scale: Floats

    @property
    def num_copies(self) -> int:
        """K."""
        return len(self.home)

    def costs(self, prices: Floats) -> list[Floats]:
        """Cost of own columns and copies of each block at these prices."""
        whole = self.whole
        problem, copies = whole.problem, self.num_copies
        cost = problem.cost
        np.add.at(cost, whole.copied, prices[:copies])
        cost[: len(problem.names)] += whole.matrix.T @ prices[copies:]
        start = whole.copy_start
        return [
            np.concatenate([cost[block.own], -prices[start[b] : start[b + 1]]]) for b, block in enumerate(whole.blocks)
        ]

    def affordable(self, prices: Floats, reduced_cost: Floats) -> Floats:
        """These prices, lowered where together they would pay a column more than it lacks to be opened."""
        copies, matrix = self.num_copies, self.whole.matrix
        prices = np.clip(prices, self.lower, self.upper)
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        paid = -prices[copies:][row] * matrix.data
        paid[paid < 0.0] = 0.0
        paid_by_copy = np.maximum(0.0, -prices[:copies])
        total = np.bincount(matrix.indices, weights=paid, minlength=len(reduced_cost))
        total += np.bincount(self.whole.copied, weights=paid_by_copy, minlength=len(reduced_cost))
        share = np.where(total > 0.0, np.clip(reduced_cost / np.maximum(total, 1e-12), 0.0, 1.0), 1.0)
        share[reduced_cost < 0.0] = 1.0
        lowest = np.ones(matrix.shape[0])
        np.minimum.at(lowest, row[paid > 0.0], share[matrix.indices[paid > 0.0]])
        factor = np.where(paid_by_copy > 0.0, share[self.whole.copied], 1.0)
        return np.asarray(prices * np.concatenate([factor, lowest]), dtype=np.float64)

    def slope(self, b: int, values: Floats) -> tuple[Ints, Floats]:
        """How the cost of block b at these values of its columns changes with the prices: positions and slopes."""
        whole, block = self.whole, self.whole.blocks[b]
        num_policy = int(np.searchsorted(block.own, len(whole.problem.names)))
        x = np.zeros(len(whole.problem.names))
        x[block.own[:num_policy]] = values[:num_policy]
        mine = np.flatnonzero(self.home == b)
        start = whole.copy_start[b]
        shared = whole.matrix[block.shared] @ x
        position = np.concatenate([mine, start + np.arange(len(block.copies)), self.num_copies + block.shared])
        change = np.concatenate([x[whole.copied[mine]], -values[len(block.own) :], shared])
        used = np.flatnonzero(change)
        used = used[np.argsort(position[used], kind="stable")]
        return position[used].astype(np.int64), change[used]


def ties_of(whole: Partition, of_copies: Floats, of_shared: Floats) -> Ties:
    """The ties of a partition; how large prices are is told by the first ones and by what columns cost."""
    part = whole.problem.part
    low, high = part.row_lower[whole.shared], part.row_upper[whole.shared]
    copies = len(of_copies)
    free = np.full(copies, np.inf)
    at_most, at_least = np.isfinite(high), np.isfinite(low)
    usual = np.abs(part.y_cost[part.y_cost != 0.0])
    typical = float(np.median(usual)) if len(usual) else 1.0
    return Ties(
        whole,
        whole.of_column[whole.copied],
        np.concatenate([np.zeros(copies), np.where(at_most, high, low)]),
        np.concatenate([-free, np.where(at_least, -np.inf, 0.0)]),
        np.concatenate([free, np.where(at_most, np.inf, 0.0)]),
        np.concatenate(
            [
                np.maximum(_SMALL_PRICE * typical, np.abs(of_copies)),
                np.maximum(_SMALL_PRICE * _scales(whole, typical), np.abs(of_shared)),
            ]
        ),
    )


def _scales(whole: Partition, typical: float) -> Floats:
    """For each shared constraint, what a usual column of it costs per unit that it takes up."""
    matrix, cost = whole.matrix, whole.problem.part.cost
    per_unit = np.abs(cost[matrix.indices]) / np.maximum(1e-12, np.abs(matrix.data))
    scale = np.full(matrix.shape[0], typical)
    for i in range(matrix.shape[0]):
        mine = per_unit[matrix.indptr[i] : matrix.indptr[i + 1]]
        mine = mine[mine > 0.0]
        if len(mine):
            scale[i] = float(np.median(mine))
    return scale


@dataclass(slots=True)
class Planes:
    """The planes found so far, the best prices, the box around them, and how many steps in a row brought nothing better."""

    ties: Ties
    run: Run
    live: LiveModel
    best: Floats
    value: float = float("-inf")
    box: float = _FIRST_BOX
    predicted: float = float("inf")
    idle: int = 0

    @classmethod
    def at(cls, ties: Ties, prices: Floats, run: Run) -> Planes:
        """No planes yet."""
        blocks = len(ties.whole.blocks)
        size = len(prices) + blocks
        part = PolicyPart(
            num_columns=size,
            cost=np.concatenate([ties.right, -np.ones(blocks)]),
            lower=np.concatenate([prices, np.full(blocks, -np.inf)]),
            upper=np.concatenate([prices, np.full(blocks, np.inf)]),
            is_integer=np.zeros(size, dtype=bool),
            matrix=scipy.sparse.csr_array((0, size)),
            row_lower=np.empty(0),
            row_upper=np.empty(0),
            num_open=(0, size),
        )
        return cls(ties, run, LiveModel(part), prices)

    def note(self, prices: Floats, costs: Sequence[float], values: Sequence[Floats], value: float) -> bool:
        """Take in the blocks' answers at these prices and the bound they make; whether that is the best so far."""
        slopes = [self.ties.slope(b, x) for b, x in enumerate(values)]
        self.live.add_rows(*self._rows(prices, costs, slopes))
        if np.isfinite(self.value):
            self.box *= _GROW if value > self.value else _SHRINK
        self.idle += 1
        if value <= self.value:
            return False
        self.idle = 0
        self.best, self.value = prices, value
        return True

    def _rows(
        self, prices: Floats, costs: Sequence[float], slopes: list[tuple[Ints, Floats]]
    ) -> tuple[scipy.sparse.csr_array, Floats, Floats]:
        """eta_b - slope p <= cost_b - slope p_now, for every block."""
        size, blocks = len(prices), len(slopes)
        row = np.concatenate([np.full(len(position), b) for b, (position, _) in enumerate(slopes)])
        column = np.concatenate([position for position, _ in slopes])
        slope = np.concatenate([change for _, change in slopes])
        every = np.arange(blocks)
        matrix = scipy.sparse.coo_array(
            (
                np.concatenate([-slope, np.ones(blocks)]),
                (np.concatenate([row, every]), np.concatenate([column, size + every])),
            ),
            shape=(blocks, size + blocks),
        ).tocsr()
        right = np.array(costs) - np.bincount(row, weights=slope * prices[column], minlength=blocks)
        return scipy.sparse.csr_array(matrix), np.full(blocks, -np.inf), np.asarray(right, dtype=np.float64)

    def next(self) -> Floats | None:
        """The prices that the planes call best within the box; None if there are none."""
        ties, reach = self.ties, self.box * self.ties.scale
        lower = np.maximum(ties.lower, self.best - reach)
        upper = np.minimum(ties.upper, self.best + reach)
        self.live.set_bounds(np.arange(len(reach)), lower, upper)
        if self.live.resolve(self.run) != "proven":
            return None
        self.predicted = -self.live.objective + self.ties.whole.problem.part.offset
        return np.clip(self.live.values[: len(reach)], lower, upper)


def finer(coarse: Ties, prices: Floats, models: Sequence[BlockModel], fine: Partition) -> tuple[Ties, Floats]:
    """Prices of the ties between smaller blocks, from the dual values of the large blocks' last relaxations at their prices."""
    problem = fine.problem
    of_constraint = np.zeros(problem.part.matrix.shape[0])
    of_constraint[coarse.whole.shared] = prices[coarse.num_copies :]
    of_copy = [np.zeros(len(block.copies)) for block in fine.blocks]
    for model in models:
        of_constraint[model.block.constraints] = -model.constraint_prices
        cuts, worth = model.cut_prices()
        ends = cuts.matrix.indptr[1:] - 1
        district = fine.of_column[cuts.matrix.indices[ends]]
        for b in np.unique(district):
            mine = np.where(district == b, worth, 0.0)
            of_copy[b] -= (cuts.matrix.T @ mine)[fine.blocks[b].copies]
    of_shared = of_constraint[fine.shared]
    ties = ties_of(fine, np.concatenate([np.empty(0), *of_copy]), of_shared)
    return ties, np.clip(np.concatenate([np.empty(0), *of_copy, of_shared]), ties.lower, ties.upper)


def with_kept_prices(coarse: Ties, prices: Floats, fine: Ties, found: Floats, home: Ints) -> Floats:
    """Prices of the ties between smaller blocks under which the larger ones' copies cost together what they cost before.

    A copy of another larger block's column that the larger block itself has none of costs nothing.

    Parameters
    ----------
    prices, found
        Prices of the ties between the larger blocks, and of those between the smaller ones (`finer`).
    home
        The larger block of each smaller one.
    """
    known, key = copy_keys(coarse.whole, np.arange(len(coarse.whole.blocks))), copy_keys(fine.whole, home)
    every, first, group = np.unique(key, return_index=True, return_inverse=True)
    paid = np.bincount(group, weights=found[: len(key)], minlength=len(every))
    place = np.minimum(np.searchsorted(every, known), max(0, len(every) - 1))
    is_there = every[place] == known if len(every) else np.zeros(len(known), dtype=bool)
    kept, place = found.copy(), place[is_there]
    kept[first[place]] += prices[: len(known)][is_there] - paid[place]
    is_foreign = coarse.whole.of_column[fine.whole.copied] != key // coarse.whole.problem.width
    kept[: len(key)][is_foreign & ~np.isin(key, known)] = 0.0
    return kept


def copy_keys(whole: Partition, home: Ints) -> Ints:
    """A number for each copy, shape (K,): the larger block that its block is of (`home`), and the column behind it."""
    block = np.repeat(np.arange(len(whole.blocks)), np.diff(whole.copy_start))
    return np.asarray(home[block] * whole.problem.width + whole.copied)
