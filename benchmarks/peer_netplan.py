"""netplan.classic; run by peers.py in a process of its own.

"warm": a small problem of the kind has been solved before, so that the compiled code is there, as in a notebook's second cell.
"""

from __future__ import annotations

from peer_instances import Given, given
from peer_task import Found, run_task

from netplan import classic


def solve(case: Given, limit: float, _solver: str) -> Found:
    """By the function of that name."""
    found = {
        "pmedian": lambda: classic.p_median(case.costs, p=case.p, weights=case.weights, time_limit=limit),
        "mclp": lambda: classic.mclp(case.costs, p=case.p, radius=case.radius, weights=case.weights, time_limit=limit),
        "lscp": lambda: classic.lscp(case.costs, radius=case.radius, time_limit=limit),
    }[case.kind]()
    return found.status, found.objective, found.sites.tolist()


def prepare(case: Given, solver: str) -> None:
    """Load the compiled code, if the run is to be warm."""
    if solver == "warm":
        solve(given(case.kind, 150, 150, 10 if case.p else 0, 120.0), 60.0, solver)


if __name__ == "__main__":
    run_task(solve, prepare)
