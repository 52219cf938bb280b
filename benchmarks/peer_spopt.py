"""spopt with a solver of PuLP; run by peers.py in a process of its own."""

from __future__ import annotations

from peer_instances import Given
from peer_pulp import pulp_solver, told
from peer_task import Found, run_task
from spopt.locate import LSCP, MCLP, PMedian


def solve(case: Given, limit: float, solver: str) -> Found:
    """By spopt's own constructors, as its tutorials have it."""
    if case.kind == "pmedian":
        model = PMedian.from_cost_matrix(case.costs, case.weights, p_facilities=case.p)
    elif case.kind == "mclp":
        model = MCLP.from_cost_matrix(case.costs, case.weights, case.radius, p_facilities=case.p)
    else:
        model = LSCP.from_cost_matrix(case.costs, case.radius)
    model = model.solve(pulp_solver(solver, limit))
    return told(model.problem, model.fac_vars)


if __name__ == "__main__":
    run_task(solve)
