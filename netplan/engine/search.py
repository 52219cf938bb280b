"""Finding good solutions of a plain part: greedy construction, swap descent, and descents from disturbed copies of the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.engine import swaps
from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import SortedRows
from netplan.engine.state import Search

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Descent:
    """Local search over the columns of a plain part; never leaves its bounds and its number open."""

    arrays: swaps.Arrays
    part: PolicyPart

    @classmethod
    def of(cls, rows: SortedRows, part: PolicyPart) -> Descent:
        """Prepare the rows; one that must be served pays more for not being served than all the rest can cost."""
        starts, entries = rows.nearest_by_column()
        penalty = np.where(rows.is_forced, _unaffordable(rows, part), rows.penalty)
        arrays = (rows.start, rows.column, rows.cost, rows.weight, penalty, starts, entries, rows.row_of_entry)
        return cls(arrays, part)

    def from_open(self, is_open: Flags) -> Flags:
        """The local optimum reached from these open columns, shape (n,)."""
        y = (is_open | self.part.always_open) & (self.part.upper[: len(is_open)] > 0.5)
        least, most = self.part.num_open
        scale = max(1.0, float(np.abs(self.part.y_cost).max(initial=0.0)))
        swaps.descend(self.arrays, (y, self.part.is_free), self.part.y_cost, (least, most, 1e-9 * scale), _MOST_ROUNDS)
        return y


def construct(search: Search, descent: Descent) -> None:
    """Offer the greedy solution."""
    search.offer(descent.from_open(search.part.always_open))


def round_and_descend(search: Search, descent: Descent, score: Floats) -> bool:
    """Offer the descent from the columns of highest score, as many as the best solution has; whether it was better."""
    count = int(search.y.sum()) if search.y is not None else search.part.num_open[0]
    y = np.zeros(search.part.num_columns, dtype=bool)
    y[np.argsort(-score, kind="stable")[:count]] = True
    return search.offer(descent.from_open(y))


def disturb(search: Search, descent: Descent, *, attempts: int, patience: int) -> None:
    """Offer descents from copies of the best solution in which a few columns are closed and others opened at random.

    It ends after so many attempts, or failures in a row: counted, not timed, so that a seed gives one answer.
    """
    rng = np.random.default_rng(search.run.options.seed)
    free = np.flatnonzero(search.left_part.is_free)
    size, failures = 2, 0
    for _ in range(attempts):
        if search.y is None or len(free) < 2 or failures > patience or search.is_done:
            return
        y = search.y.copy()
        inside, outside = free[y[free]], free[~y[free]]
        count = min(size, len(inside), len(outside))
        y[rng.choice(inside, count, replace=False)] = False
        y[rng.choice(outside, count, replace=False)] = True
        better = search.offer(descent.from_open(y))
        failures = 0 if better else failures + 1
        size = 2 if better else 2 + failures % max(2, min(8, len(inside) // 2 + 1))


def _unaffordable(rows: SortedRows, part: PolicyPart) -> Floats:
    """A penalty per unit of weight for each row above what everything else can cost together, shape (R,)."""
    dearest = float(rows.weight @ np.where(np.diff(rows.start) > 0, _last_cost(rows), 0.0))
    finite = np.where(np.isfinite(rows.penalty), np.abs(rows.penalty), 0.0)
    everything = abs(dearest) + float(rows.weight @ finite) + float(np.abs(part.y_cost).sum()) + 1.0
    return 2.0 * everything / np.where(rows.weight > 0.0, rows.weight, 1.0)


def _last_cost(rows: SortedRows) -> Floats:
    last = np.maximum(rows.start[1:] - 1, 0)
    return np.append(rows.cost, 0.0)[np.minimum(last, rows.num_entries)]
