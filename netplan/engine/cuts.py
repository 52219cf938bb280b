"""The cut model: the policy part alive in HiGHS, an estimate theta of what each group of rows costs, and cuts that hold it up.

For any price v_i not above the penalty, a row costs at least v_i minus what the open columns save it, so that for a group G

    theta_G + sum_j s_j(v) y_j >= sum_{i in G} w_i v_i,     s_j(v) = sum_{i in G} w_i max(0, v_i - c_ij).

The price at which this is highest for a given y is the cost of the critical entry, where the prefix sum of y reaches 1 (Cordeau,
Furini, Ljubic 2019 for coverage, doi 10.1016/j.ejor.2018.12.021; Duran-Mateluna, Ales, Elloumi 2023 for the p-median).
A row that must be served and whose entries do not sum to 1 asks for ``sum of its y >= 1`` instead.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine import kernels
from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import SortedRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Cuts ``theta[group] + matrix y >= right``; group -1: no theta. Matrix of shape (cuts, n); prices of all rows, (R,)."""

    group: Ints
    right: Floats
    matrix: scipy.sparse.csr_array
    prices: Floats

    def __len__(self) -> int:
        return len(self.group)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows in groups that share a theta.

    Attributes
    ----------
    rows
        The rows.
    group
        Group of each row, numbered from 0; shape (R,).
    members
        Rows of group g are ``members[1][members[0][g] : members[0][g + 1]]``.
    """

    rows: SortedRows
    group: Ints
    members: tuple[Ints, Ints]

    @property
    def num_groups(self) -> int:
        """How many thetas there are."""
        return len(self.members[0]) - 1

    def summed(self, amount: Floats) -> Floats:
        """Sum of an amount per row over each group, shape (groups,)."""
        return np.asarray(np.bincount(self.group, weights=amount, minlength=self.num_groups), dtype=np.float64)

    def at_prices(self, prices: Floats, chosen: Ints) -> Cuts:
        """The cuts of the chosen groups at given prices."""
        rows = self.rows
        starts, columns, values = kernels.group_coefficients(
            rows.arrays, prices, self.members, chosen, rows.num_columns
        )
        shape = (len(chosen), rows.num_columns)
        right = self.summed(rows.weight * prices)[chosen]
        return Cuts(chosen, right, scipy.sparse.csr_array((values, columns, starts), shape=shape), prices)

    @property
    def floor(self) -> Floats:
        """Cost of each group if every row is at its best, shape (groups,)."""
        return self.summed(self.rows.floor)

    def separate(self, y: Floats, theta: Floats, tolerance: float) -> Cuts:
        """The cuts of all groups whose theta is too low at y by more than the tolerance.

        Where rows that must be served have no full service at y, cover cuts for these rows come first and alone.
        """
        rows = self.rows
        _, price, value = kernels.critical(rows.start, rows.column, rows.cost, rows.penalty, y)
        bare = np.flatnonzero(~np.isfinite(price))
        if len(bare):
            return self._cover(bare)
        lacking = np.flatnonzero(self.summed(rows.weight * value) - theta > tolerance)
        return self.at_prices(price, lacking)

    def _cover(self, bare: Ints) -> Cuts:
        keep = np.zeros(len(self.rows), dtype=bool)
        keep[bare] = True
        part = self.rows.select(keep)
        matrix = scipy.sparse.csr_array(
            (np.ones(part.num_entries), part.column, part.start), shape=(len(part), part.num_columns)
        )
        nothing = np.zeros(len(self.rows))
        return Cuts(np.full(len(part), -1, dtype=np.int64), np.ones(len(part)), matrix, nothing)


def grouped(rows: SortedRows, group: Ints) -> Grouped:
    """Put rows into groups, numbered from 0; shape (R,)."""
    order = np.argsort(group, kind="stable").astype(np.int64)
    count = np.bincount(group, minlength=int(group.max(initial=-1)) + 1)
    starts = np.zeros(len(count) + 1, dtype=np.int64)
    np.cumsum(count, out=starts[1:])
    return Grouped(rows, np.asarray(group, dtype=np.int64), (starts, order))


class Separable(Protocol):
    """What a cut model needs of rows, whatever their shape."""

    @property
    def num_groups(self) -> int:
        """How many thetas there are."""

    @property
    def floor(self) -> Floats:
        """A lower bound on each theta, shape (groups,)."""

    def separate(self, y: Floats, theta: Floats, tolerance: float) -> Cuts:
        """The cuts that theta violates at y by more than the tolerance."""


class CutModel:
    """A live model of the policy part with a theta per group and the cuts added so far."""

    def __init__(self, part: PolicyPart, rows: Separable, *, seed: int = 0) -> None:
        self.part, self.rows = part, rows
        self.live = LiveModel(part, seed=seed)
        self._first_cut = self.live.num_rows
        floor, size = rows.floor, rows.num_groups
        self._theta = self.live.add_columns(np.ones(size), floor, np.full(size, np.inf))
        self._batches: tuple[Floats, ...] = ()
        self._right = np.empty(0)
        self._group = np.empty(0, dtype=np.int64)
        self._batch = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._group)

    def twin(self) -> CutModel:
        """The same model with the same cuts, alive on its own."""
        other = copy(self)
        other.live = self.live.twin()
        return other

    def add(self, cuts: Cuts) -> None:
        """Add cuts."""
        size = len(cuts)
        if not size:
            return
        held = np.flatnonzero(cuts.group >= 0)
        width = self._theta.stop
        theta = scipy.sparse.csr_array(
            (np.ones(len(held)), (held, self._theta.start + cuts.group[held])), shape=(size, width)
        )
        matrix = cuts.matrix.copy()
        matrix.resize((size, width))
        self._append(scipy.sparse.csr_array(matrix + theta), cuts.right, cuts.group)
        self._batches += (cuts.prices,)

    def add_joint(self, theta: scipy.sparse.csr_array, y: scipy.sparse.csr_array, right: Floats) -> None:
        """Add cuts ``theta_part theta + y_part y >= right`` of several thetas; shapes (cuts, groups), (cuts, n), (cuts,)."""
        size = len(right)
        between = scipy.sparse.csr_array((size, self._theta.start - y.shape[1]))
        matrix = scipy.sparse.csr_array(scipy.sparse.hstack([y, between, theta], format="csr"))
        self._append(matrix, right, np.full(size, -1, dtype=np.int64))
        self._batches += (np.empty(0),)

    def _append(self, matrix: scipy.sparse.csr_array, right: Floats, group: Ints) -> None:
        self.live.add_rows(matrix, right, np.full(len(right), np.inf))
        self._right = np.concatenate([self._right, right])
        self._group = np.concatenate([self._group, group])
        self._batch = np.concatenate([self._batch, np.full(len(right), len(self._batches), dtype=np.int64)])

    def drop_slack(self, least: float) -> int:
        """Take out cuts that the last solution keeps with more than `least` to spare; how many."""
        solution = np.array(self.live.highs.getSolution().row_value)[self._first_cut :]
        slack = solution - self._right > least
        if slack.any():
            self.live.delete_rows(np.flatnonzero(slack) + self._first_cut)
            self._right, self._group, self._batch = self._right[~slack], self._group[~slack], self._batch[~slack]
        return int(slack.sum())

    def prices(self, grouped_rows: Grouped) -> Floats:
        """The price of each row in the last linear program: that of its cuts, weighed by their duals; shape (R,)."""
        rows = grouped_rows.rows
        dual = np.maximum(self.live.row_prices[self._first_cut :], 0.0)
        held = self._group >= 0
        least = kernels.cheapest(rows.start, rows.cost, rows.penalty)
        unheld = np.maximum(
            0.0, 1.0 - np.bincount(self._group[held], weights=dual[held], minlength=grouped_rows.num_groups)
        )
        prices = np.where(np.isfinite(least), least, 0.0) * unheld[grouped_rows.group]
        for number, batch in enumerate(self._batches):
            mine = held & (self._batch == number) & (dual > 0.0)
            if mine.any():
                share = np.bincount(self._group[mine], weights=dual[mine], minlength=grouped_rows.num_groups)
                prices += batch * share[grouped_rows.group]
        return np.asarray(np.minimum(prices, rows.penalty), dtype=np.float64)

    def y_of(self, values: Floats) -> Floats:
        """The y of a solution, within 0 and 1; shape (n,)."""
        return np.clip(values[: self.part.num_columns], 0.0, 1.0)

    def theta_of(self, values: Floats) -> Floats:
        """Estimate of each group's cost in a solution."""
        return np.asarray(values[self._theta])
