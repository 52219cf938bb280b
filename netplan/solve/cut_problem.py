"""A problem as the methods by cuts see it: the policy part as arrays, and what customers and loads cost as cuts.

The master problem has the columns of the policy part, the y of `PlanningProblem.columns` first; then theta, an estimate of what
each group of rows costs; then the overflow of each pair (site, service). Theta is held in units of a size that keeps the cuts'
coefficients small: with sums of money up to 4e7 in one cut, HiGHS 1.15 called a MIP with a plan infeasible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.cuts import Grouped
from netplan.engine.policy_part import PolicyPart, from_pulp
from netplan.formulation import Formulation, formulate
from netplan.problem import PlanningProblem
from netplan.solve.load_cuts import LoadCuts, Loads
from netplan.solve.move_kernels import changes_by_move
from netplan.solve.objective_rows import ObjectiveRows, objective_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


_ROUNDING = 1e-6
"""How far a constraint may be missed, relative to its value."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Cuts ``matrix x >= right`` over the columns of the master, shape (cuts, width)."""

    matrix: scipy.sparse.csr_array
    right: Floats

    def __len__(self) -> int:
        return len(self.right)


@dataclass(frozen=True, slots=True)
class CutProblem:
    """The policy part, its variables' names, the rows in groups and the loads.

    Attributes
    ----------
    formulation
        The planner's PuLP model of the policy part.
    part, names
        Its arrays, y first, and the name of each column.
    unit
        What one unit of theta costs.
    """

    formulation: Formulation
    part: PolicyPart
    names: tuple[str, ...]
    rows: ObjectiveRows
    grouped: Grouped
    loads: Loads
    unit: float

    @property
    def num_y(self) -> int:
        """Columns of the problem."""
        return self.part.num_columns

    @property
    def theta(self) -> slice:
        """Where the estimates of the groups are."""
        first = len(self.part.cost)
        return slice(first, first + self.grouped.num_groups)

    @property
    def overflow(self) -> slice:
        """Where the overflow of the pairs is."""
        return slice(self.theta.stop, self.theta.stop + self.loads.num_pairs)

    @property
    def width(self) -> int:
        """Columns of the master."""
        return int(self.overflow.stop)

    @property
    def cost(self) -> Floats:
        """Cost of each column of the master."""
        return np.concatenate([self.part.cost, np.full(self.grouped.num_groups, self.unit), self.loads.pair_price])

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Bounds of each column of the master."""
        free = np.full(self.grouped.num_groups + self.loads.num_pairs, np.inf)
        lower = np.concatenate([self.part.lower, self.grouped.floor / self.unit, np.zeros(self.loads.num_pairs)])
        return lower, np.concatenate([self.part.upper, free])

    def customers_cost(self, chosen: Flags) -> float:
        """What rows and overflow cost when these columns are open, shape (J,), in a feasible plan."""
        return self.rows.sorted.total(chosen) + float(self.loads.pair_price @ self.loads.overflow(chosen))

    def changes(self, chosen: Flags, moves: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Floats:
        """What each move, columns to switch off and to switch on, adds to `customers_cost`; shape (moves,)."""
        rows, loads = self.rows.sorted, self.loads
        columns = np.array([j for off, on in moves for j in (*off, *on)], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum([len(off) + len(on) for off, on in moves])]).astype(np.int64)
        first_on = starts[:-1] + np.array([len(off) for off, _ in moves], dtype=np.int64)
        return changes_by_move(
            (rows.arrays, (self.rows.load, self.rows.service), (*rows.by_column(), rows.row_of_entry)),
            (loads.site, loads.capacity_by_column, loads.price),
            (chosen.copy(), rows.serving(chosen), *loads.loads_and_capacity(chosen)),
            (starts, columns, first_on),
        )

    def cost_at(self, x: Floats) -> float:
        """What a plan costs, all in all, at values of the policy part's columns, shape (m,)."""
        return float(self.part.cost @ x) + self.part.offset + self.customers_cost(x[: self.num_y] > 0.5)

    def broken(self, x: Floats) -> Ints:
        """Constraints of the policy part that do not hold at these values."""
        value, part = self.part.matrix @ x, self.part
        room = _ROUNDING * np.maximum(1.0, np.abs(value))
        return np.flatnonzero((value < part.row_lower - room) | (value > part.row_upper + room))

    def holds(self, x: Floats) -> bool:
        """Whether the constraints of the policy part hold at these values."""
        return not len(self.broken(x))

    def missing(self, x: Floats, tolerance: float) -> Cuts:
        """The cuts missing at a solution of the master, where it is too low by more than the tolerance in all."""
        y = np.clip(x[: self.num_y], 0.0, 1.0)
        of_rows = self.grouped.separate(y, self.unit * x[self.theta], tolerance / max(1, self.grouped.num_groups))
        of_loads = self.loads.separate(y, x[self.overflow], tolerance / max(1, self.loads.num_pairs))
        return stacked([self.of_rows(of_rows.group, of_rows.matrix, of_rows.right), self.of_loads(of_loads)])

    def of_rows(self, group: Ints, matrix: scipy.sparse.csr_array, right: Floats) -> Cuts:
        """Cuts on the cost of groups."""
        return Cuts(held(matrix, self.theta.start + group, self.width, amount=self.unit), right)

    def of_loads(self, cuts: LoadCuts) -> Cuts:
        """Cuts on the load of sites."""
        holder = np.where(cuts.pair >= 0, self.overflow.start + cuts.pair, -1)
        return Cuts(held(cuts.matrix, holder, self.width), cuts.right)


def cut_problem(problem: PlanningProblem) -> CutProblem:
    """The policy part through PuLP, the rows as cuts."""
    formulation = formulate(problem, with_rows=False)
    part, variables = from_pulp(formulation.lp, formulation.policy.columns)
    rows = objective_rows(problem)
    names = tuple(variable.name for variable in variables)
    return CutProblem(formulation, part, names, rows, rows.grouped, Loads.of(problem, rows), _unit(rows.grouped))


def _unit(rows: Grouped) -> float:
    """A power of ten, a hundredth of what a group usually costs at most, between 1 and 10,000."""
    dearest = rows.summed(rows.rows.weight * rows.rows.penalty)
    usual = float(np.median(dearest[dearest > 0])) if (dearest > 0).any() else 1.0
    return float(10.0 ** np.clip(np.floor(np.log10(usual)) - 2.0, 0.0, 4.0))


def held(matrix: scipy.sparse.csr_array, holder: Ints, width: int, *, amount: float = 1.0) -> scipy.sparse.csr_array:
    """The matrix with an amount in each row at its holder (-1: none), widened."""
    has = np.flatnonzero(holder >= 0)
    at = matrix.indptr[1:][has]
    indices = np.insert(matrix.indices.astype(np.int64), at, holder[has])
    data = np.insert(matrix.data, at, amount)
    starts = matrix.indptr.astype(np.int64) + np.append(0, np.cumsum(holder >= 0))
    return scipy.sparse.csr_array((data, indices, starts), shape=(matrix.shape[0], width))


def stacked(cuts: list[Cuts]) -> Cuts:
    """All of these cuts."""
    matrix = scipy.sparse.vstack([part.matrix for part in cuts], format="csr")
    return Cuts(scipy.sparse.csr_array(matrix), np.concatenate([part.right for part in cuts]))
