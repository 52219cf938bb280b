"""Sorted rows: each is served by the cheapest open option of its list, or pays a penalty.

A row of weight w with options c_1 <= c_2 <= ... pays w times the cost of its first open option, or w times its penalty if none is
open. The p-median, uncapacitated location, coverage, gradual coverage and attendance are all sums of such rows.

An option that is a set of columns sharing one cost (docs/model.md, "Rows") is written as several entries of equal cost, one
for each column. The row pays the same, and its Benders cut is the same: a set is critical where the prefix sum of y passes 1
inside it, and all its entries have the critical cost. So an entry here always has one column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.engine import kernels
from netplan.engine.policy_part import PolicyPart

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SortedRows:
    """R rows over n columns with E entries in all; arrays are read-only.

    Attributes
    ----------
    start
        Entries of row r are ``start[r] : start[r + 1]``, cheapest first; shape (R + 1,).
    column, cost
        Column of each entry, and its cost per unit of weight; shape (E,).
    weight
        Weight of each row, not negative; shape (R,).
    penalty
        Cost per unit of weight if no entry is open; infinite where a row must be served; shape (R,).
    num_columns
        n.
    """

    start: Ints
    column: Columns
    cost: Floats
    weight: Floats
    penalty: Floats
    num_columns: int

    def __post_init__(self) -> None:
        for array in (self.start, self.column, self.cost, self.weight, self.penalty):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def num_entries(self) -> int:
        """E."""
        return len(self.cost)

    @property
    def arrays(self) -> kernels.Rows:
        """start, column, cost, weight, penalty: what the compiled loops take."""
        return self.start, self.column, self.cost, self.weight, self.penalty

    @property
    def row_of_entry(self) -> Ints:
        """The row of each entry, shape (E,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.start))

    @property
    def is_forced(self) -> Flags:
        """Whether a row must be served, shape (R,)."""
        return ~np.isfinite(self.penalty)

    @property
    def floor(self) -> Floats:
        """Cost of each row at its best, weight included; shape (R,)."""
        return np.asarray(self.weight * kernels.cheapest(self.start, self.cost, self.penalty))

    def serving(self, is_open: Flags) -> Ints:
        """The entry that serves each row when these columns are open; -1 for none; shape (R,)."""
        return np.asarray(kernels.first_open(self.start, self.column, is_open))

    def prices(self, is_open: Flags) -> Floats:
        """Cost per unit of weight of each row when these columns are open, shape (R,)."""
        return self.cost_of(self.serving(is_open), self.penalty)

    def cost_of(self, entry: Ints, otherwise: Floats) -> Floats:
        """Cost of these entries, and another value where there is none (-1); both of the same shape."""
        cost, known = otherwise.copy(), entry >= 0
        cost[known] = self.cost[entry[known]]
        return cost

    def total(self, is_open: Flags) -> float:
        """What all rows cost when these columns are open; infinite if a row that must be served is not."""
        prices = self.prices(is_open)
        paying = self.weight > 0
        if np.isinf(prices[self.is_forced]).any():
            return float("inf")
        return float(self.weight[paying] @ prices[paying])

    def by_column(self) -> tuple[Ints, Ints]:
        """Entries by column, in the order of their rows: starts of shape (n + 1,), entry positions of shape (E,)."""
        return self._by_column(np.arange(self.num_entries))

    def nearest_by_column(self) -> tuple[Ints, Ints]:
        """Likewise, those of a column in the order of their cost."""
        return self._by_column(np.argsort(self.cost, kind="stable"))

    def _by_column(self, order: Ints) -> tuple[Ints, Ints]:
        starts = _starts(np.bincount(self.column, minlength=self.num_columns))
        return starts, kernels.grouped_order(order, self.column, starts)

    def select(self, keep: Flags) -> SortedRows:
        """The rows where `keep` is true, shape (R,)."""
        chosen = np.flatnonzero(keep)
        return self.at(chosen, self.start[chosen + 1] - self.start[chosen], self.penalty[chosen])

    def at(self, chosen: Ints, count: Ints, penalty: Floats) -> SortedRows:
        """Chosen rows, each with so many of its entries and this penalty; shapes (chosen,)."""
        starts = _starts(count)
        column, cost = kernels.chosen_entries(self.start, self.column, self.cost, chosen, starts)
        return SortedRows(starts, column, cost, self.weight[chosen], penalty, self.num_columns)


def from_entries(
    row: NDArray[np.integer],
    column: NDArray[np.integer],
    cost: Floats,
    *,
    weight: Floats,
    penalty: Floats,
    num_columns: int,
) -> SortedRows:
    """Sort loose (row, column, cost) entries into rows; those not cheaper than the penalty are of no use and left out.

    Ties are broken by column, so that the order of the input does not matter.
    """
    useful = cost < penalty[row]
    row, column, cost = row[useful], column[useful], cost[useful]
    order = np.lexsort((column, cost, row))
    return SortedRows(
        _starts(np.bincount(row, minlength=len(weight))),
        column[order].astype(np.int32),
        cost[order].astype(np.float64),
        np.array(weight, dtype=np.float64),
        np.array(penalty, dtype=np.float64),
        num_columns,
    )


def from_dense(cost: Floats, *, weight: Floats, penalty: Floats) -> SortedRows:
    """Rows of a matrix of costs, shape (R, n); an infinite cost is no entry."""
    order = np.argsort(cost, axis=1, kind="stable")
    ranked = np.take_along_axis(cost, order, axis=1)
    useful = ranked < penalty[:, None]
    return SortedRows(
        _starts(useful.sum(axis=1)),
        order[useful].astype(np.int32),
        np.asarray(ranked[useful], dtype=np.float64),
        np.array(weight, dtype=np.float64),
        np.array(penalty, dtype=np.float64),
        cost.shape[1],
    )


def restricted_rows(rows: SortedRows, part: PolicyPart, limit: Floats) -> SortedRows:
    """Rows without columns that stay closed, cut behind those that stay open and at a limit of cost per unit of weight."""
    closed = part.upper[: rows.num_columns] < 0.5
    certain = rows.prices(part.always_open)
    penalty = np.minimum(np.minimum(rows.penalty, limit), certain)
    start, column, cost = kernels.restricted(rows.start, rows.column, rows.cost, penalty, closed)
    return SortedRows(start, column, cost, rows.weight.copy(), penalty, rows.num_columns)


def merged(rows: SortedRows) -> tuple[SortedRows, Ints]:
    """Rows with the same entries and penalty as one row of their summed weight; the merged row of each, shape (R,)."""
    keys: dict[tuple[bytes, bytes, float], int] = {}
    into = np.empty(len(rows), dtype=np.int64)
    for r in range(len(rows)):
        part = slice(rows.start[r], rows.start[r + 1])
        key = (rows.column[part].tobytes(), rows.cost[part].tobytes(), float(rows.penalty[r]))
        into[r] = keys.setdefault(key, len(keys))
    if len(keys) == len(rows):
        return rows, into
    first = np.full(len(keys), len(rows), dtype=np.int64)
    np.minimum.at(first, into, np.arange(len(rows)))
    keep = np.zeros(len(rows), dtype=bool)
    keep[first] = True
    unique = rows.select(keep)
    weight = np.bincount(into, weights=rows.weight, minlength=len(keys)).astype(np.float64)
    return SortedRows(unique.start, unique.column, unique.cost, weight, unique.penalty, rows.num_columns), into


def _starts(lengths: NDArray[np.integer]) -> Ints:
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts
