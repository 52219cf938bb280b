"""Any other solver that PuLP knows; its bound is the linear relaxation's, since PuLP does not pass theirs on."""

from __future__ import annotations

import time

import pulp

from netplan.engine.run import Options, Stopped
from netplan.errors import InputError, SolverError
from netplan.solve.attempt import Attempt
from netplan.solve.highs import relaxation_bound

DEFAULT_SOLVER = "HiGHS"


def installed_solvers() -> list[str]:
    """Names of the PuLP solvers that can run here."""
    return list(pulp.listSolvers(onlyAvailable=True))


def check_solver(name: str | None) -> str:
    """The name of an installed solver, as PuLP spells it.

    Raises
    ------
    InputError
        Naming the installed ones.
    """
    if name is None:
        return DEFAULT_SOLVER
    installed = installed_solvers()
    for known in installed:
        if known.lower() == name.lower():
            return str(known)
    raise InputError(f"solver {name!r} is not installed; installed: {', '.join(installed)}")


def run_other(lp: pulp.LpProblem, name: str, options: Options) -> Attempt:
    """Solve with the named solver.

    PuLP's status is trusted for "infeasible" and for having a solution, and never for being optimal after a time limit.
    """
    began = time.perf_counter()
    bound = relaxation_bound(lp)
    settings = {"msg": False, "gapRel": options.gap}
    if options.time_limit is not None:
        settings["timeLimit"] = max(1.0, options.time_limit - (time.perf_counter() - began))
    try:
        solver = pulp.getSolver(name, **settings)
        lp.solve(solver)
    except pulp.PulpSolverError as error:
        raise SolverError(f"solver {name} stopped: {error}") from None
    stopped = _why(lp, options, time.perf_counter() - began)
    if lp.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return Attempt(stopped, bound=bound if stopped != "infeasible" else None)
    values = {variable.name: float(variable.varValue or 0.0) for variable in lp.variables()}
    return Attempt(stopped, values, float(pulp.value(lp.objective)), bound)


def _why(lp: pulp.LpProblem, options: Options, seconds: float) -> Stopped:
    if lp.status == pulp.LpStatusInfeasible:
        return "infeasible"
    if lp.status == pulp.LpStatusUnbounded:
        return "unbounded"
    if options.time_limit is not None and seconds >= 0.95 * options.time_limit:
        return "time_limit"
    return "proven" if lp.sol_status == pulp.LpSolutionOptimal else "nothing"
