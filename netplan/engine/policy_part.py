"""The policy part: what is decided besides the rows, as arrays of a linear model whose first columns are y."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pulp
import scipy.sparse
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PolicyPart:
    """m columns, the first n of them y in {0, 1}; minimise cost x + offset subject to linear constraints.

    Attributes
    ----------
    num_columns
        n, the columns that rows know.
    cost, lower, upper
        Cost and bounds of each column, shape (m,).
    is_integer
        Whether a column must be whole, shape (m,); true for every y.
    matrix, row_lower, row_upper
        ``row_lower <= matrix x <= row_upper``; sparse, shape (k, m), and shapes (k,).
    num_open
        Least and most y at 1; a constraint of its own, because it can be used in closed form.
    offset
        Constant of the objective.
    """

    num_columns: int
    cost: Floats
    lower: Floats
    upper: Floats
    is_integer: Flags
    matrix: scipy.sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    num_open: tuple[int, int]
    offset: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but y, its costs and bounds, and the number open: solved by sorting."""
        return len(self.cost) == self.num_columns and self.matrix.shape[0] == 0

    @property
    def y_cost(self) -> Floats:
        """Cost of each y, shape (n,)."""
        return self.cost[: self.num_columns]

    @property
    def is_free(self) -> Flags:
        """Whether each y can be 0 and can be 1, shape (n,)."""
        n = self.num_columns
        return np.asarray((self.lower[:n] < 0.5) & (self.upper[:n] > 0.5))

    @property
    def always_open(self) -> Flags:
        """Whether each y is fixed at 1, shape (n,)."""
        return np.asarray(self.lower[: self.num_columns] > 0.5)

    def fixed(self, at_zero: Flags, at_one: Flags) -> PolicyPart:
        """The same with some y fixed, shapes (n,)."""
        lower, upper = self.lower.copy(), self.upper.copy()
        upper[: self.num_columns][at_zero] = 0.0
        lower[: self.num_columns][at_one] = 1.0
        return replace(self, lower=lower, upper=upper)

    def at_prices(self, price: Floats) -> tuple[float, Floats]:
        """The least of (y_cost + price) y + offset and a y that attains it, where the part `is_plain`.

        Infinite where bounds and number contradict each other.
        """
        total = self.y_cost + price
        y = np.where(self.always_open, 1.0, 0.0)
        free = np.flatnonzero(self.is_free)
        least, most = (int(limit - y.sum()) for limit in self.num_open)
        if most < 0 or least > len(free):
            return float("inf"), y
        count = min(max(int(np.count_nonzero(total[free] < 0.0)), least), most)
        y[free[np.argsort(total[free], kind="stable")[:count]]] = 1.0
        return float(total @ y) + self.offset, y


def plain_part(
    num_columns: int,
    *,
    cost: Floats | None = None,
    num_open: tuple[int, int] | None = None,
    required: Sequence[int] | NDArray[np.integer] = (),
    forbidden: Sequence[int] | NDArray[np.integer] = (),
    offset: float = 0.0,
) -> PolicyPart:
    """A policy part with nothing but costs, a number open, columns fixed open and columns fixed closed."""
    lower, upper = np.zeros(num_columns), np.ones(num_columns)
    lower[np.asarray(required, dtype=np.int64)] = 1.0
    upper[np.asarray(forbidden, dtype=np.int64)] = 0.0
    return PolicyPart(
        num_columns=num_columns,
        cost=np.zeros(num_columns) if cost is None else np.asarray(cost, dtype=np.float64),
        lower=lower,
        upper=upper,
        is_integer=np.ones(num_columns, dtype=bool),
        matrix=scipy.sparse.csr_array((0, num_columns)),
        row_lower=np.empty(0),
        row_upper=np.empty(0),
        num_open=(0, num_columns) if num_open is None else num_open,
        offset=offset,
    )


def with_constraints(part: PolicyPart, matrix: Any, row_lower: Floats, row_upper: Floats) -> PolicyPart:
    """The same with further constraints over its columns; matrix of shape (k, m)."""
    stacked = scipy.sparse.vstack([part.matrix, scipy.sparse.csr_array(matrix)], format="csr")
    return replace(
        part,
        matrix=scipy.sparse.csr_array(stacked),
        row_lower=np.concatenate([part.row_lower, row_lower]),
        row_upper=np.concatenate([part.row_upper, row_upper]),
    )


def from_pulp(lp: pulp.LpProblem, columns: Sequence[pulp.LpVariable]) -> tuple[PolicyPart, list[pulp.LpVariable]]:
    """The arrays of a PuLP model that minimises, with these variables first; and all its variables in the order used.

    Variables of `columns` that the model does not mention are in it all the same.
    """
    first = list(columns)
    known = {variable.name for variable in first}
    variables = first + [variable for variable in lp.variables() if variable.name not in known]
    place = {variable.name: position for position, variable in enumerate(variables)}
    constraints = list(lp.constraints.values())
    row_lower, row_upper = _row_bounds(constraints)
    lower, upper = _bounds(variables)
    part = PolicyPart(
        num_columns=len(first),
        cost=_costs(lp.objective, place),
        lower=lower,
        upper=upper,
        is_integer=np.array([v.cat == pulp.LpInteger for v in variables], dtype=bool),
        matrix=_matrix(constraints, place),
        row_lower=row_lower,
        row_upper=row_upper,
        num_open=(0, len(first)),
        offset=float(getattr(lp.objective, "constant", 0.0) or 0.0),
    )
    return part, variables


def _bounds(variables: list[pulp.LpVariable]) -> tuple[Floats, Floats]:
    lower = [-np.inf if variable.lowBound is None else float(variable.lowBound) for variable in variables]
    upper = [np.inf if variable.upBound is None else float(variable.upBound) for variable in variables]
    return np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)


def _row_bounds(constraints: list[pulp.LpConstraint]) -> tuple[Floats, Floats]:
    right = np.array([-float(constraint.constant or 0.0) for constraint in constraints], dtype=np.float64)
    sense = np.array([constraint.sense for constraint in constraints], dtype=np.int64)
    lower = np.where(sense == pulp.LpConstraintLE, -np.inf, right)
    return lower, np.where(sense == pulp.LpConstraintGE, np.inf, right)


def _costs(objective: pulp.LpAffineExpression | None, place: dict[str, int]) -> Floats:
    cost = np.zeros(len(place))
    for variable, value in (objective or {}).items():
        cost[place[variable.name]] = float(value)
    return cost


def _matrix(constraints: list[pulp.LpConstraint], place: dict[str, int]) -> scipy.sparse.csr_array:
    starts = np.zeros(len(constraints) + 1, dtype=np.int64)
    np.cumsum([len(constraint) for constraint in constraints], out=starts[1:])
    columns: list[int] = []
    values: list[float] = []
    for constraint in constraints:
        columns += [place[variable.name] for variable in constraint]
        values += constraint.values()
    entries = np.array(values, dtype=np.float64), np.array(columns, dtype=np.int64)
    return scipy.sparse.csr_array((*entries, starts), shape=(len(constraints), len(place)))
