"""OR-Tools CP-SAT; run by peers.py in a process of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from peer_instances import Given
from peer_task import Found, run_task


def solve(case: Given, limit: float, _solver: str) -> Found:
    """Build the model and solve it."""
    model = cp_model.CpModel()
    n, m = case.costs.shape
    y = [model.new_bool_var("") for _ in range(m)]
    if case.kind != "lscp":
        model.add(sum(y) == case.p)
    if case.kind == "pmedian":
        x = [[model.new_bool_var("") for _ in range(m)] for _ in range(n)]
        for i in range(n):
            model.add_exactly_one(x[i])
            for j in range(m):
                model.add_implication(x[i][j], y[j])
        cost = (case.costs * case.weights[:, None]).astype(int).ravel().tolist()
        model.minimize(cp_model.LinearExpr.weighted_sum([v for line in x for v in line], cost))
    else:
        _cp_cover(model, y, case)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    sites = [j for j, v in enumerate(y) if solver.value(v)] if status in {2, 4} else []
    return solver.status_name(status), solver.objective_value, sites


def _cp_cover(model: Any, y: list[Any], case: Given) -> None:
    near = [[y[j] for j in np.flatnonzero(line <= case.radius)] for line in case.costs]
    if case.kind == "lscp":
        for sites in near:
            model.add_bool_or(sites)
        model.minimize(sum(y))
        return
    z = [model.new_bool_var("") for _ in near]
    for covered, sites in zip(z, near, strict=True):
        model.add_bool_or([*sites, covered.negated()])
    model.maximize(cp_model.LinearExpr.weighted_sum(z, case.weights.astype(int).tolist()))


if __name__ == "__main__":
    run_task(solve)
