"""SCIP through OR-Tools' MathOpt; run by peers.py in a process of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from ortools.math_opt.python import mathopt
from peer_instances import Given
from peer_task import OPTIMAL_GAP, Found, run_task


def solve(case: Given, limit: float, _solver: str) -> Found:
    """Build the model and solve it."""
    model = mathopt.Model()
    n, m = case.costs.shape
    y = [model.add_binary_variable() for _ in range(m)]
    if case.kind != "lscp":
        model.add_linear_constraint(mathopt.fast_sum(y) == case.p)
    if case.kind == "pmedian":
        x = [[model.add_variable(lb=0, ub=1) for _ in range(m)] for _ in range(n)]
        for i in range(n):
            model.add_linear_constraint(mathopt.fast_sum(x[i]) == 1)
            for j in range(m):
                model.add_linear_constraint(x[i][j] <= y[j])
        cost = case.costs * case.weights[:, None]
        model.minimize(mathopt.fast_sum(float(cost[i, j]) * x[i][j] for i in range(n) for j in range(m)))
    else:
        _scip_cover(model, y, case)
    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=limit), threads=1, relative_gap_tolerance=OPTIMAL_GAP
    )
    result = mathopt.solve(model, mathopt.SolverType.GSCIP, params=parameters)
    if not result.has_primal_feasible_solution():
        return result.termination.reason.name, None, []
    values = result.variable_values()
    return result.termination.reason.name, result.objective_value(), [j for j, v in enumerate(y) if values[v] > 0.5]


def _scip_cover(model: Any, y: list[Any], case: Given) -> None:
    near = [[y[j] for j in np.flatnonzero(line <= case.radius)] for line in case.costs]
    if case.kind == "lscp":
        for sites in near:
            model.add_linear_constraint(mathopt.fast_sum(sites) >= 1)
        model.minimize(mathopt.fast_sum(y))
        return
    z = [model.add_variable(lb=0, ub=1) for _ in near]
    for covered, sites in zip(z, near, strict=True):
        model.add_linear_constraint(covered <= mathopt.fast_sum(sites))
    model.maximize(mathopt.fast_sum(float(w) * v for w, v in zip(case.weights, z, strict=True)))


if __name__ == "__main__":
    run_task(solve)
