"""The textbook models written by hand in PuLP, with care for speed; run by peers.py in a process of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pulp
from peer_instances import Given
from peer_task import OPTIMAL_GAP, Found, run_task


def solve(case: Given, limit: float, solver: str) -> Found:
    """Build the model and solve it."""
    n, m = case.costs.shape
    problem = pulp.LpProblem("p", pulp.LpMaximize if case.kind == "mclp" else pulp.LpMinimize)
    y = [pulp.LpVariable(f"y{j}", cat="Binary") for j in range(m)]
    if case.kind == "pmedian":
        _assign(problem, y, case)
    else:
        near = [np.flatnonzero(case.costs[i] <= case.radius) for i in range(n)]
        _cover(problem, y, near, case)
    if case.kind != "lscp":
        problem += pulp.LpAffineExpression([(v, 1) for v in y]) == case.p
    problem.solve(pulp_solver(solver, limit))
    return told(problem, y)


def _assign(problem: Any, y: list[Any], case: Given) -> None:
    """Every customer to one open site: x_ij <= y_j."""
    n, m = case.costs.shape
    x = [[pulp.LpVariable(f"x{i}_{j}", 0, 1) for j in range(m)] for i in range(n)]
    cost = case.costs * case.weights[:, None]
    problem += pulp.LpAffineExpression([(x[i][j], cost[i, j]) for i in range(n) for j in range(m)])
    for i in range(n):
        problem += pulp.LpAffineExpression([(v, 1) for v in x[i]]) == 1
        for j in range(m):
            problem += pulp.LpAffineExpression([(x[i][j], 1), (y[j], -1)]) <= 0


def _cover(problem: Any, y: list[Any], near: list[Any], case: Given) -> None:
    """A customer counts if a site near it is open; in a set covering problem everybody must."""
    if case.kind == "lscp":
        problem += pulp.LpAffineExpression([(v, 1) for v in y])
        for sites in near:
            problem += pulp.LpAffineExpression([(y[j], 1) for j in sites]) >= 1
        return
    z = [pulp.LpVariable(f"z{i}", 0, 1) for i in range(len(near))]
    problem += pulp.LpAffineExpression([(v, w) for v, w in zip(z, case.weights, strict=True)])
    for i, sites in enumerate(near):
        problem += pulp.LpAffineExpression([(z[i], 1), *((y[j], -1) for j in sites)]) <= 0


def pulp_solver(name: str, limit: float) -> Any:
    """CBC or HiGHS on one core."""
    if name == "cbc":
        return pulp.PULP_CBC_CMD(msg=False, timeLimit=limit, threads=1)
    return pulp.HiGHS(msg=False, timeLimit=limit, threads=1, gapRel=OPTIMAL_GAP)


def told(problem: Any, y: list[Any]) -> Found:
    """What a solved model says."""
    sites = [j for j, v in enumerate(y) if (v.value() or 0) > 0.5]
    return pulp.LpStatus[problem.status], pulp.value(problem.objective), sites


if __name__ == "__main__":
    run_task(solve)
