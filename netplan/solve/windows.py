"""Windows: some columns free, all others as they are, solved exactly - the large-neighbourhood search of the decomposition.

With the others fixed a customer looks no further than the first open one of them, so that rows shrink to the free columns before
it and most rows fall away. Visits that go to a fixed site whatever the window decides are kept as one row for each of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.rows import SortedRows
from netplan.engine.run import Run
from netplan.solve.cut_problem import CutProblem
from netplan.solve.live_cuts import Start
from netplan.solve.local_search import FAR, NEAR, improved
from netplan.solve.master import Master
from netplan.solve.objective_rows import ObjectiveRows
from netplan.solve.restricted import restricted
from netplan.solve.window_kernels import count_window_entries, window_entries

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """A problem with some columns of the policy part free.

    Attributes
    ----------
    columns
        Columns of the policy part in it: y first, those free and those that stand open; then others that are free.
    problem
        The problem over these columns alone.
    """

    columns: Ints
    problem: CutProblem


def decided_in_window(problem: CutProblem, x: Floats, is_free: Flags, run: Run, *, gap: float, effort: float) -> Floats:
    """The policy part's columns with the free ones, shape (m,), decided anew beside the others: by local search, by a MIP from there, and by local search again."""
    window = window_at(problem, x, is_free)
    part, size = window.problem, len(window.columns)
    y = window.columns[: part.num_y]
    best = improved(part, x[window.columns], run, columns=y, reach=NEAR)
    model = Master(part, seed=run.options.seed)
    if model.relax(run).values is not None:
        start = Start(np.concatenate([best, np.zeros(part.width - size)]), part.cost_at(best))
        found = model.decide(run, gap=gap, effort=effort, start=start)
        if found.values is not None and np.isfinite(found.cost):
            other = improved(part, found.values[:size], run, columns=y, reach=FAR)
            best = min(best, other, key=part.cost_at)
    after = x.copy()
    after[window.columns] = best
    return after


def window_at(problem: CutProblem, x: Floats, is_free: Flags) -> Window:
    """The problem with these columns free, shape (m,), and the others at x."""
    n = problem.num_y
    stands = (x[:n] > 0.5) & ~is_free[:n]
    rows, shown = _rows_of_window(problem, is_free[:n], stands)
    y = np.flatnonzero(is_free[:n] | shown)
    columns = np.concatenate([y, n + np.flatnonzero(is_free[n:])])
    place = np.full(n, -1, dtype=np.int32)
    place[y] = np.arange(len(y), dtype=np.int32)
    own = SortedRows(
        rows.sorted.start, place[rows.sorted.column], rows.sorted.cost, rows.sorted.weight, rows.sorted.penalty, len(y)
    )
    rows = replace(rows, sorted=own)
    loads = problem.loads
    loads = replace(loads, access=rows.access, site=loads.site[y], format=loads.format[y], operates=loads.operates[y])
    part = restricted(problem.part, x, columns, is_free)
    names = tuple(problem.names[j] for j in columns)
    return Window(columns, replace(problem, part=part, names=names, rows=rows, grouped=rows.grouped, loads=loads))


def _rows_of_window(problem: CutProblem, is_free: Flags, stands: Flags) -> tuple[ObjectiveRows, Flags]:
    """Rows with free entries, a row for the constant visits of each open column that shows; which fixed columns show."""
    whole, arrays = problem.rows, problem.rows.sorted.arrays
    count, last = count_window_entries(arrays, is_free, stands)
    chosen = np.flatnonzero(count > 0)
    start = np.concatenate([[0], np.cumsum(count[chosen] + (last[chosen] >= 0))]).astype(np.int64)
    column, cost = window_entries(arrays, is_free, chosen, last, start)
    shown = np.zeros(len(stands), dtype=bool)
    shown[column] = True
    shown &= stands
    num_access = int(np.searchsorted(chosen, len(whole.load)))
    constant = _constant_visits(whole, count, last, shown)
    entry, service, visits = constant
    split = start[num_access]
    more = len(entry)
    dearest = whole.sorted.cost_of(last[chosen], whole.sorted.penalty[chosen])
    zeros = np.zeros(more)
    groups, group = np.unique(whole.group[chosen], return_inverse=True)
    return (
        ObjectiveRows(
            SortedRows(
                np.concatenate([start[: num_access + 1], split + 1 + np.arange(more), start[num_access + 1 :] + more]),
                np.concatenate([column[:split], entry.astype(np.int32), column[split:]]),
                np.concatenate([cost[:split], zeros, cost[split:]]),
                np.concatenate(
                    [whole.sorted.weight[chosen[:num_access]], zeros, whole.sorted.weight[chosen[num_access:]]]
                ),
                np.concatenate([dearest[:num_access], zeros, dearest[num_access:]]),
                whole.sorted.num_columns,
            ),
            np.concatenate([whole.load[chosen[:num_access]], visits]),
            np.concatenate([whole.service[chosen[:num_access]], service]),
            np.concatenate([group[:num_access], np.zeros(more, dtype=np.int64), group[num_access:]]),
            whole.place[groups],
        ),
        shown,
    )


def _constant_visits(whole: ObjectiveRows, count: Ints, last: Ints, shown: Flags) -> tuple[Ints, Ints, Floats]:
    """Column, service and visits of the access rows without free entries, where the open column shows."""
    access = np.arange(len(whole.load))
    fixed = access[(count[access] == 0) & (last[access] >= 0)]
    column = whole.sorted.column[last[fixed]].astype(np.int64)
    kept = shown[column]
    fixed, column = fixed[kept], column[kept]
    services = int(whole.service.max(initial=0)) + 1
    key, of = np.unique(column * services + whole.service[fixed], return_inverse=True)
    visits = np.bincount(of, weights=whole.load[fixed], minlength=len(key)).astype(np.float64)
    return key // services, key % services, visits
