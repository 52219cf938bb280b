"""The linear relaxation by cuts, and what its prices fix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.cuts import CutModel, Grouped, grouped
from netplan.engine.fixing import fix_at, restrict
from netplan.engine.lagrange import at_prices
from netplan.engine.rows import SortedRows
from netplan.engine.state import Search

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_GROUPS = 3000
"""Rows share a theta where there are more of them than this."""

_ROUNDS = 500
_EXACT = 1e-9


def groups_of(rows: SortedRows) -> Ints:
    """A group for each row: rows whose first choices are neighbours in the order of columns share one; shape (R,)."""
    if len(rows) <= MOST_GROUPS:
        return np.arange(len(rows), dtype=np.int64)
    first = np.where(np.diff(rows.start) > 0, np.append(rows.column, 0)[rows.start[:-1]], rows.num_columns)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return np.asarray(rank * MOST_GROUPS // len(rows), dtype=np.int64)


def cut_model(search: Search, prices: Floats) -> tuple[CutModel, Grouped]:
    """The cut model of what is left, with the cuts at these prices; and its rows in groups."""
    rows = grouped(search.left_rows, groups_of(search.left_rows))
    model = CutModel(search.left_part, rows, seed=search.run.options.seed)
    everyone = np.arange(rows.num_groups)
    model.add(rows.at_prices(np.minimum(prices, search.left_rows.penalty), everyone))
    return model, rows


def relax(search: Search, model: CutModel) -> Floats:
    """Add cuts until the relaxation lacks none, and fix by its prices; the y of the relaxation, shape (n,)."""
    model.live.set_integral(False)
    y = np.zeros(search.part.num_columns)
    for number in range(_ROUNDS):
        stopped = model.live.solve_relaxation(search.run)
        if stopped == "infeasible":
            search.is_exhausted = True
        if stopped != "proven":
            return y
        values, objective = model.live.values, model.live.objective
        y = model.y_of(values)
        search.prove(objective - _EXACT * max(1.0, abs(objective)))
        cuts = model.rows.separate(
            y, model.theta_of(values), _EXACT * max(1.0, abs(objective)) / max(1, model.rows.num_groups)
        )
        search.tell(f"relaxing, {len(cuts)} cuts")
        if search.is_done or not len(cuts):
            break
        if number % 10 == 9:
            model.drop_slack(0.01 * max(1.0, abs(objective)) / max(1, model.rows.num_groups))
        model.add(cuts)
    return y


def fix_by_relaxation(search: Search, model: CutModel, prices: Floats) -> int:
    """Fix by the prices of the last relaxation, shape (R,); how many columns are newly fixed."""
    prices = np.minimum(prices, search.left_rows.penalty)
    if search.left_part.is_plain:
        bound = at_prices(search.left_rows, search.left_part.at_prices, prices)
        search.prove(bound.value)
        return 0 if search.is_exhausted else fix_at(search, bound)
    return fix_by_reduced_costs(search, model, prices)


def fix_by_reduced_costs(search: Search, model: CutModel, prices: Floats) -> int:
    """The same for any linear policy, by the reduced costs of the last linear program."""
    live, part, n = model.live, search.left_part, search.part.num_columns
    room = search.cutoff - live.objective + 1e-6 * max(1.0, abs(live.objective))
    if not np.isfinite(room):
        return 0
    reduced = live.reduced_costs[:n]
    at_zero, at_one = part.is_free & (reduced > room), part.is_free & (-reduced > room)
    restrict(search, at_zero, at_one, prices + room / search.left_rows.weight)
    return int(at_zero.sum() + at_one.sum())
