"""What customers do and cost where the planner splits the visits (`system` assignment)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.run import Options
from netplan.engine.run import Run as Clock
from netplan.solve.cut_problem import CutProblem, Cuts, stacked
from netplan.solve.rounds import Run
from netplan.solve.served import Customers, Nearest, Served
from netplan.solve.split_cuts import as_matrix, missing_cuts
from netplan.solve.split_flow import Flow, flow_at
from netplan.solve.split_rows import SplitRows, split_rows

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WHOLE = 1e-6
"""A decision this near to 0 or 1 is whole."""

_SHARE = 1e-7
"""A smaller share of a row is rounding."""


@dataclass(frozen=True, slots=True)
class Split:
    """Visits are split, so that no site is too full or starves, or as few visits as pays are above capacity."""

    problem: CutProblem
    rows: SplitRows
    run: Run

    def serve(self, chosen: Flags, most: float) -> Served:
        """The cheapest split, where it can be of interest: without any limits it would cost no more."""
        problem, rows = self.problem, self.rows
        prices, weight = problem.rows.sorted.prices(chosen), problem.rows.sorted.weight
        each = np.where(weight > 0.0, weight * prices, 0.0)
        if each.sum() > most:
            return Served(np.inf)
        flow = flow_at(rows, chosen.astype(np.float64), Clock(Options()))
        if flow is None or flow.is_short:
            return Served(np.inf)
        flow = _tidy(rows, flow)
        others = float(each[len(rows.visits) :].sum())
        shares = flow.visits / rows.visits[rows.row_of(flow.entries)]
        by_option = dict(zip(rows.option_of(flow.entries).tolist(), shares.tolist(), strict=True))
        return Served(others + rows.worth * cost_of(rows, flow), by_option)

    def missing(self, x: Floats, tolerance: float) -> Cuts:
        """The cuts of rows without any limits, and those of rows that full and starving sites tie."""
        problem = self.problem
        without_limits = problem.missing(x, tolerance)
        y = np.clip(x[: problem.num_y], 0.0, 1.0)
        whole = np.round(y)
        flow = flow_at(self.rows, np.where(np.abs(y - whole) < _WHOLE, whole, y), self.run.clock)
        if flow is None:
            return without_limits
        each = tolerance / max(1, problem.grouped.num_groups)
        lacking = missing_cuts(self.rows, flow, y, problem.unit * x[problem.theta], each)
        found = Cuts(*as_matrix(lacking, (problem.theta.start, problem.unit), problem.width))
        return stacked([without_limits, found])


def customers_of(problem: CutProblem, run: Run) -> Customers:
    """Who goes where, by the plan file's rule of assignment."""
    question = problem.formulation.problem
    if question.policy.access.assignment == "nearest":
        return Nearest(problem)
    rows = split_rows(question, problem.rows)
    return Split(problem, rows, run) if rows.limits.matter else Nearest(problem)


def cost_of(rows: SplitRows, flow: Flow) -> float:
    """What a split costs at whole decisions: the visits, those unserved, and those above capacity."""
    limits, row = rows.limits, rows.row_of(flow.entries)
    load = np.bincount(rows.pair_of(flow.entries), weights=flow.visits, minlength=len(limits.capacity))
    price = np.where(np.isfinite(limits.price_of_pair), limits.price_of_pair, 0.0)
    above = np.maximum(0.0, load - limits.capacity)
    left = rows.visits - np.bincount(row, weights=flow.visits, minlength=len(rows.visits))
    return float(rows.cost[flow.entries] @ flow.visits + rows.unserved @ np.maximum(0.0, left) + price @ above)


def _tidy(rows: SplitRows, flow: Flow) -> Flow:
    """The same without what is rounding of the solver."""
    row = rows.row_of(flow.entries)
    kept = flow.visits > _SHARE * rows.visits[row]
    row, visits = row[kept], flow.visits[kept]
    served = np.bincount(row, weights=visits, minlength=len(rows.visits))
    is_all = served > (1.0 - 10.0 * _SHARE) * rows.visits
    scale = np.where(is_all, rows.visits / np.where(is_all, served, 1.0), 1.0)
    return replace(flow, entries=flow.entries[kept], visits=visits * scale[row])
