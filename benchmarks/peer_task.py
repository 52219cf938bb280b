"""What every library's script does: make the instance, solve it, say what it took. Only numpy is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from measuring import peak_mb, reset_peak, timed
from peer_instances import Given, given

Found = tuple[str, float | None, list[int]]
"""The status told, the value told, the chosen sites."""

OPTIMAL_GAP = 1e-6
"""Relative gap that solvers are asked to close."""


def run_task(solve: Callable[[Given, float, str], Found], prepare: Callable[[Given, str], None] | None = None) -> None:
    """Solve the instance of the command line by this library and print what it took as JSON.

    Parameters
    ----------
    solve
        Takes the instance, the seconds it may take and the name of a solver.
    prepare
        Is called before the clock starts.
    """
    *size, solver, limit = json.loads(sys.argv[2])
    case = given(*size)
    if prepare is not None:
        prepare(case, solver)
    before = reset_peak()
    (status, told, chosen), wall, cpu = timed(lambda: solve(case, limit, solver))
    facts = {"status": status, "told": told, "value": case.value(chosen), "wall": wall, "cpu": cpu}
    print(json.dumps(facts | {"mb": peak_mb() - before}))
