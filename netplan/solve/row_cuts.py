"""The rows of the objective, projected out: one estimate per group of rows, held up by cuts.

For a fixed y a row's best response is a prefix scan, and its dual gives the cut (Cordeau, Furini, Ljubic 2019 for coverage;
Duran-Mateluna, Ales, Elloumi 2023 for the p-median)

    theta >= c_k - sum_{options o before k} (c_k - c_o) sum_{j in o} y_j,

k the first option at which the prefix sum of y reaches 1, or the penalty. Rows of one kind, service and township share a
theta and add up their cuts: a few hundred thetas instead of thousands, at the same relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.formulation.certain import certain_sets, last_needed_option
from netplan.problem import PlanningProblem
from netplan.rows import OBJECTIVE, RETENTION, Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_REACHED = 1.0 - 1e-7
"""A prefix sum that counts as 1."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Cuts theta[group] + sum coefficient[e] y[column[e]] >= right; entries sorted by cut, shape (E,)."""

    group: Ints
    right: Floats
    entry_cut: Ints
    column: Ints
    coefficient: Floats

    def __len__(self) -> int:
        return len(self.group)


@dataclass(frozen=True, slots=True)
class RowCuts:
    """The objective rows of a problem, grouped, with what separation needs.

    Attributes
    ----------
    rows
        The rows that are terms of the objective and have a weight.
    certain
        The option of each row that is open at the latest, in every feasible plan; -1 if none is known.
    group
        The group of each row; groups are numbered from 0.
    floor
        A lower bound on each group's cost: every row at its cheapest.
    """

    rows: Rows
    certain: Ints
    group: Ints
    floor: Floats

    @classmethod
    def of(cls, problem: PlanningProblem) -> RowCuts:
        """Group the objective rows of a problem."""
        whole = problem.rows
        keep = (whole.measure == OBJECTIVE) & (whole.weight > 0)
        certain = last_needed_option(whole, certain_sets(problem), len(problem.columns))[keep]
        rows = whole.select(keep)
        moved = np.where(certain >= 0, certain - whole.option_start[:-1][keep] + rows.option_start[:-1], -1)
        group = _groups(rows, problem)
        cheapest = rows.weight * np.minimum(rows.cost_at(_first_options(rows)), rows.penalty)
        return cls(rows, moved, group, _total(group, cheapest, int(group.max(initial=-1)) + 1))

    @property
    def num_groups(self) -> int:
        """How many thetas there are."""
        return len(self.floor)

    def cost(self, chosen: NDArray[np.bool_]) -> float:
        """What the rows cost when these columns are open."""
        return float(self.rows.weight @ self.rows.cost_at(self.rows.first_open(chosen)))

    def separate(self, y: Floats, theta: Floats, tolerance: float) -> Cuts:
        """A cut for every group whose theta is too low at y by more than the tolerance."""
        rows = self.rows
        mass = np.minimum(1.0, _sum_of(y[rows.column], rows.column_start))
        critical = self._critical(mass)
        row_of = rows.option_row
        price = rows.cost_at(critical)
        last = np.where(critical >= 0, critical, len(mass))
        saving = np.where(np.arange(len(mass)) < last[row_of], np.maximum(0.0, price[row_of] - rows.option_cost), 0.0)
        saving *= rows.weight[row_of]
        full = _total(self.group, rows.weight * price, self.num_groups)
        saved = _total(self.group[row_of], saving * mass, self.num_groups)
        violated = np.flatnonzero(full - saved - theta > tolerance)
        return self._cuts(violated, full, saving)

    def _critical(self, mass: Floats) -> Ints:
        """The first option of each row at which the prefix sum reaches 1, or the certain one; -1 for the penalty."""
        rows = self.rows
        row_of = rows.option_row
        prefix = np.cumsum(mass)
        before = np.concatenate([[0.0], prefix])[rows.option_start[:-1]]
        reached = prefix - before[row_of] >= _REACHED
        reached[self.certain[self.certain >= 0]] = True
        hits = np.flatnonzero(reached)
        critical = np.full(len(rows), -1, dtype=np.int64)
        critical[row_of[hits][::-1]] = hits[::-1]
        return critical

    def _cuts(self, violated: Ints, full: Floats, saving: Floats) -> Cuts:
        rows = self.rows
        number = np.full(self.num_groups, -1, dtype=np.int64)
        number[violated] = np.arange(len(violated))
        cut_of_option = number[self.group[rows.option_row]]
        options = np.flatnonzero((saving > 0.0) & (cut_of_option >= 0))
        count = np.diff(rows.column_start)[options]
        first = np.repeat(rows.column_start[:-1][options] - (np.cumsum(count) - count), count)
        column = rows.column[first + np.arange(len(first))]
        width = int(rows.column.max(initial=0)) + 1
        key = np.repeat(cut_of_option[options], count) * width + column
        unique, inverse = np.unique(key, return_inverse=True)
        coefficient = _total(inverse, np.repeat(saving[options], count), len(unique))
        return Cuts(violated, full[violated], unique // width, unique % width, coefficient)


def _groups(rows: Rows, problem: PlanningProblem) -> Ints:
    """Rows of one kind, service and township of their node or outlet."""
    townships = {name: number for number, name in enumerate(problem.region.townships["township_id"])}
    node = np.array([townships[name] for name in problem.region.nodes["township_id"]], dtype=np.int64)
    site = np.array([townships[name] for name in problem.sites["township_id"]], dtype=np.int64)
    of_outlet = rows.kind == RETENTION
    township = np.zeros(len(rows), dtype=np.int64)
    township[of_outlet] = site[rows.subject[of_outlet]]
    township[~of_outlet] = node[rows.subject[~of_outlet]]
    services = len(problem.demand.services) + 1
    key = (township * 4 + rows.kind) * services + rows.service + 1
    _, group = np.unique(key, return_inverse=True)
    return np.asarray(group, dtype=np.int64)


def _first_options(rows: Rows) -> Ints:
    return np.where(np.diff(rows.option_start) > 0, rows.option_start[:-1], -1)


def _sum_of(values: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(values, starts[:-1]) if len(starts) > 1 else np.zeros(0)


def _total(part: Ints, amount: Floats, size: int) -> Floats:
    """Sum of the amounts of each part, shape (size,)."""
    return np.asarray(np.bincount(part, weights=amount, minlength=size), dtype=np.float64)
