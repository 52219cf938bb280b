"""`solve`: the whole run as a table of contents."""

from __future__ import annotations

import time
from dataclasses import replace

from netplan.engine.run import Options
from netplan.errors import InputError
from netplan.problem import PlanningProblem
from netplan.result import Certificate, Result, Status, relative_gap
from netplan.solve.answer import plan_of
from netplan.solve.conflict import explain_conflict
from netplan.solve.method import METHODS, choose_method
from netplan.solve.other import check_solver
from netplan.solve.progress import Listener, Recorder, nobody
from netplan.solve.rounds import Outcome, Run
from netplan.solve.stop import stop_on_interrupt

OPTIMAL_GAP = 1e-4
"""A gap at which a plan is called optimal."""


def solve(
    problem: PlanningProblem,
    *,
    method: str = "auto",
    time_limit: float | None = None,
    gap: float = OPTIMAL_GAP,
    seed: int = 0,
    solver: str | None = None,
    progress: Listener | None = None,
) -> Result:
    """Find the best plan and prove how good it is.

    Parameters
    ----------
    method
        "compact": one MILP through PuLP with every row in it. "benders": the policy part through PuLP, the rows as cuts; the
        same optimum, in seconds where the compact model takes hours. "decomposition": the same by districts at prices, for
        whole provinces. "auto" picks, and never takes the compact model above 10,000 rows.
    time_limit
        Seconds for building and solving; the best plan so far is returned.
    gap
        Stop when |objective - bound| / max(1, |objective|) is at most this.
    solver
        Any PuLP solver installed; HiGHS if not given. Another one is handed the compact model.
    progress
        Called with a `Progress` now and then.

    Returns
    -------
    Result
        Status, objective, bound, gap, seconds and the plan; the conflicting rules if there is none. Ctrl-C stops the run and
        returns the best plan so far.

    Raises
    ------
    InputError
        An option is wrong, the solver is not installed, or it would be handed more than 10,000 rows unasked.
    """
    began = time.perf_counter()
    name = check_solver(solver)
    _check_options(method, time_limit, gap, seed)
    chosen = choose_method(problem, method, name)
    recorder = Recorder(progress or nobody)
    with stop_on_interrupt() as stop:
        run = Run(Options(gap, time_limit, seed), name, recorder, stop, began)
        found = chosen.solve(problem, run)
    outcome = found.checked()
    conflicts = _conflicts(problem, outcome, run)
    told = {"method": method, "time_limit": time_limit, "gap": gap, "seed": seed, "solver": name}
    how = f"{chosen}, PuLP + {name}"
    certificate = Certificate(_status(outcome, gap), outcome.objective, outcome.bound, run.seconds, how, told)
    if outcome.decisions is None:
        return Result(certificate, None, conflicts, recorder.ended(certificate))
    plan = replace(plan_of(problem, outcome.decisions), certificate=certificate)
    return Result(certificate, plan, trace=recorder.ended(certificate))


def _check_options(method: str, time_limit: float | None, gap: float, seed: int) -> None:
    if method not in METHODS:
        raise InputError(f"method {method!r} is not known; methods: {', '.join(METHODS)}")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"time limit {time_limit!r} must be more than 0 seconds")
    if not 0 <= gap < 1:
        raise InputError(f"gap {gap!r} must be from 0 to below 1 (0.005 is half a per cent)")
    if not 0 <= seed < 2**31:
        raise InputError(f"seed {seed!r} must be from 0 to {2**31 - 1}")


def _conflicts(problem: PlanningProblem, outcome: Outcome, run: Run) -> tuple[str, ...]:
    if outcome.stopped != "infeasible" or outcome.decisions is not None:
        return ()
    run.tell("conflict", "no plan keeps every rule; looking for the rules that conflict")
    return explain_conflict(problem)


def _status(outcome: Outcome, gap_asked: float) -> Status:
    """Why the run stopped, from what was proven."""
    reached = relative_gap(outcome.objective, outcome.bound)
    if outcome.stopped == "interrupted":
        return "interrupted"
    if outcome.decisions is None:
        return "infeasible" if outcome.stopped == "infeasible" else "no_plan"
    if reached is not None and reached <= min(OPTIMAL_GAP, max(gap_asked, 1e-9)):
        return "optimal"
    if outcome.stopped == "time_limit":
        return "time_limit"
    return "optimal" if reached is not None and reached <= OPTIMAL_GAP else "gap_limit"
