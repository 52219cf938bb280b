"""The rows of the objective as the engine takes them: sorted entries of one column each, cut where the rules make an option certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.engine.cuts import Grouped, grouped
from netplan.engine.rows import SortedRows
from netplan.formulation.certain import certain_sets, last_needed_option
from netplan.problem import PlanningProblem
from netplan.rows import ACCESS, OBJECTIVE, RETENTION, Rows
from netplan.solve.load_kernels import Access
from netplan.solve.row_entries import count_kept, keep_entries

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObjectiveRows:
    """The rows that are terms of the objective, access rows first.

    Attributes
    ----------
    sorted
        Their entries; where some option is open at the latest in every feasible plan, what is dearer is left out and its cost
        is the penalty. The entries of that option itself are kept: it is where the visits go.
    load, service
        Visits per year and service of each access row, shape (A,); access rows are the first A.
    group
        Rows of one kind, service and township: they share an estimate of their cost; shape (R,).
    place
        Position of each group's township, shape (groups,).
    """

    sorted: SortedRows
    load: Floats
    service: Ints
    group: Ints
    place: Ints

    @property
    def access(self) -> Access:
        """The access rows as `load_kernels` takes them."""
        rows = self.sorted
        return rows.start[: len(self.load) + 1], rows.column, rows.cost, self.load, self.service

    @property
    def grouped(self) -> Grouped:
        """The rows with their groups."""
        return grouped(self.sorted, self.group)

    def at(self, chosen: Ints, entries: SortedRows) -> ObjectiveRows:
        """Chosen rows, in ascending order, with these entries and groups of their own."""
        groups, group = np.unique(self.group[chosen], return_inverse=True)
        of_access = chosen[: np.searchsorted(chosen, len(self.load))]
        return ObjectiveRows(entries, self.load[of_access], self.service[of_access], group, self.place[groups])


def objective_rows(problem: PlanningProblem) -> ObjectiveRows:
    """Sort, cut and group the objective's rows."""
    whole = problem.rows
    wanted = (whole.measure == OBJECTIVE) & ((whole.weight > 0) | (whole.kind == ACCESS))
    chosen = np.flatnonzero(wanted)
    chosen = chosen[np.argsort(whole.kind[chosen], kind="stable")]
    certain = last_needed_option(whole, certain_sets(problem), len(problem.columns))
    group, place = _groups(whole, problem, chosen)
    access = chosen[whole.kind[chosen] == ACCESS]
    return ObjectiveRows(
        _sorted(whole, chosen, certain, len(problem.columns)),
        whole.load[access].copy(),
        whole.service[access].copy(),
        group,
        place,
    )


def _sorted(whole: Rows, chosen: Ints, certain: Ints, num_columns: int) -> SortedRows:
    arrays = (whole.option_start, whole.option_cost, whole.column_start, whole.column)
    start = np.zeros(len(chosen) + 1, dtype=np.int64)
    np.cumsum(count_kept(arrays, chosen, certain), out=start[1:])
    column, cost = keep_entries(arrays, chosen, certain, start)
    last, is_cut = whole.penalty[chosen], certain[chosen] >= 0
    last[is_cut] = whole.option_cost[certain[chosen[is_cut]]]
    return SortedRows(start, column, cost, whole.weight[chosen], last, num_columns)


def _groups(rows: Rows, problem: PlanningProblem, chosen: Ints) -> tuple[Ints, Ints]:
    """Group of each chosen row, by kind, service and township of its node or outlet; township of each group."""
    townships = {name: number for number, name in enumerate(problem.region.townships["township_id"])}
    node = np.array([townships[name] for name in problem.region.nodes["township_id"]], dtype=np.int64)
    site = np.array([townships[name] for name in problem.sites["township_id"]], dtype=np.int64)
    kind, subject = rows.kind[chosen], rows.subject[chosen]
    of_outlet = kind == RETENTION
    township = np.zeros(len(chosen), dtype=np.int64)
    township[of_outlet] = site[subject[of_outlet]]
    township[~of_outlet] = node[subject[~of_outlet]]
    services = len(problem.demand.services) + 1
    key = (township * 4 + kind) * services + rows.service[chosen] + 1
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(group, dtype=np.int64), township[first]
