"""Access rows as the split of visits needs them: every entry, priced per visit, with the limits of who serves it.

Under `system` assignment a visit may go farther than the nearest open site, so nothing is cut off a row here, whatever else is
certain to be open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.problem import PlanningProblem
from netplan.rows import ACCESS
from netplan.solve.objective_rows import ObjectiveRows
from netplan.solve.row_entries import count_kept, keep_entries

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a column can take of each service, and what it needs.

    Attributes
    ----------
    capacity
        cap_jc, visits per year by column and service, infinite where nothing limits them; shape (J * S,).
    price
        Cost of a visit above capacity, infinite where capacity is hard, by service; shape (S,).
    least
        min_visits_per_year of each column, 0 where viability is ignored; shape (J,).
    """

    capacity: Floats
    price: Floats
    least: Floats

    @property
    def column_of_pair(self) -> Ints:
        """Column of each pair (column, service), shape (J * S,)."""
        return np.repeat(np.arange(len(self.least), dtype=np.int64), len(self.price))

    @property
    def price_of_pair(self) -> Floats:
        """Cost of a visit above capacity of each pair, shape (J * S,)."""
        return np.tile(self.price, len(self.least))

    @property
    def matter(self) -> bool:
        """Whether anything is limited at all."""
        return bool(np.isfinite(self.capacity).any() or (self.least > 0).any())

    @classmethod
    def of(cls, problem: PlanningProblem) -> Limits:
        """The limits that the plan file puts in force."""
        columns, formats, rules = problem.columns, problem.formats, problem.policy.capacity
        services = problem.demand.services
        is_hard = rules.overflow == "hard"
        is_priced = rules.overflow == "priced" and problem.policy.objective.kind == "net_cost"
        capacity = np.full((len(columns), len(services)), np.inf)
        least, operating = np.zeros(len(columns)), columns.operating
        if is_hard or is_priced:
            capacity[operating] = formats.capacity[columns.format[operating]]
        if rules.viability == "hard":
            least[operating] = formats.min_visits_per_year[columns.format[operating]]
        price = [np.inf if is_hard else problem.policy.service_access(c).overflow_cost for c in services]
        capacity[:, np.array(price) <= 0.0] = np.inf
        return cls(capacity.ravel(), np.array(price, dtype=np.float64), least)


@dataclass(frozen=True, slots=True)
class SplitRows:
    """A access rows with E entries over J columns, S services; money per visit, visits per year.

    Attributes
    ----------
    start, column, cost
        Entries of row i are ``start[i] : start[i + 1]``, cheapest first; of each its column, and what a visit costs there,
        w_ic c_o / d_ic; shapes (A + 1,), (E,), (E,).
    visits, unserved, service, group
        d_ic, what an unserved visit costs, the service and the group of each row; shape (A,).
    first, column_start
        Where the entries of each row begin in `problem.rows`, shape (A,), and those of each option there.
    worth
        1; or 0 where visits are no part of the objective, and the costs are only there to make a sensible plan.
    """

    start: Ints
    column: Columns
    cost: Floats
    visits: Floats
    unserved: Floats
    service: Ints
    group: Ints
    first: Ints
    column_start: NDArray[np.integer]
    limits: Limits
    worth: float

    @property
    def num_columns(self) -> int:
        """J."""
        return len(self.limits.least)

    def row_of(self, entries: Ints) -> Ints:
        """The row of each of these entries."""
        return np.asarray(np.searchsorted(self.start, entries, side="right") - 1)

    def pair_of(self, entries: Ints) -> Ints:
        """Column and service of each of these entries, ``column * S + service``."""
        column = self.column[entries].astype(np.int64)
        return np.asarray(column * len(self.limits.price) + self.service[self.row_of(entries)])

    def option_of(self, entries: Ints) -> Ints:
        """The option of `problem.rows` that each of these entries is part of."""
        row = self.row_of(entries)
        return np.asarray(
            np.searchsorted(self.column_start, self.first[row] + entries - self.start[row], side="right") - 1
        )


def split_rows(problem: PlanningProblem, rows: ObjectiveRows) -> SplitRows:
    """The access rows of a problem, in the order in which the objective's rows have them."""
    whole = problem.rows
    access = np.flatnonzero(whole.kind == ACCESS)
    everything = np.full(len(whole), -1, dtype=np.int64)
    arrays = (whole.option_start, whole.option_cost, whole.column_start, whole.column)
    start = np.zeros(len(access) + 1, dtype=np.int64)
    np.cumsum(count_kept(arrays, access, everything), out=start[1:])
    column, cost = keep_entries(arrays, access, everything, start)
    visits, weight = whole.load[access], whole.weight[access]
    counts = bool((weight > 0).any())
    per_visit = weight / visits if counts else np.ones(len(access))
    cost *= np.repeat(per_visit, np.diff(start))
    return SplitRows(
        start,
        column,
        cost,
        visits,
        per_visit * whole.penalty[access],
        whole.service[access],
        rows.group[: len(access)],
        whole.column_start[whole.option_start[access]].astype(np.int64),
        whole.column_start,
        Limits.of(problem),
        float(counts),
    )
