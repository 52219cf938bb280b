"""HiGHS on a PuLP model, run beside the main thread so that Ctrl-C keeps the best solution.

PuLP 3.3 reports a HiGHS run that was cut short with a solution as "Optimal"; statuses are therefore read here, from HiGHS
itself, and nowhere else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pulp

from netplan.errors import SolverError
from netplan.solve.attempt import Attempt, Stopped
from netplan.solve.progress import Listener, Progress

_STOPPED: dict[Any, Stopped] = {
    highspy.HighsModelStatus.kOptimal: "proven",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
    highspy.HighsModelStatus.kHighsInterrupt: "interrupted",
    highspy.HighsModelStatus.kModelEmpty: "proven",
}


@dataclass(frozen=True, slots=True)
class HighsOptions:
    """Options of a run: relative gap, seconds, seed."""

    gap: float = 1e-4
    time_limit: float | None = None
    seed: int = 0


def build_highs(lp: pulp.LpProblem, options: HighsOptions) -> highspy.Highs:
    """The live HiGHS object of a PuLP model; columns and rows in PuLP's order."""
    solver = pulp.HiGHS(msg=False, gapRel=options.gap, gapAbs=1e-6, timeLimit=options.time_limit, random_seed=options.seed)
    solver.createAndConfigureSolver(lp)
    solver.buildSolverModel(lp)
    live: highspy.Highs = lp.solverModel
    live.changeObjectiveOffset(float(lp.objective.constant or 0.0))
    return live


def run_highs(
    lp: pulp.LpProblem,
    options: HighsOptions,
    *,
    start: Mapping[str, float] | None = None,
    listener: Listener,
    stage: str = "solving",
) -> Attempt:
    """Solve a PuLP model.

    Parameters
    ----------
    start
        Values of some integer variables to start from; ignored if they lead to no solution.
    """
    live = build_highs(lp, options)
    variables = lp.variables()
    if start:
        _start_from(live, variables, start)
    interrupted = _run(live, listener, stage)
    stopped = _STOPPED.get(live.getModelStatus(), "nothing")
    if interrupted and stopped != "proven":
        stopped = "interrupted"
    return _read(live, variables, stopped)


def _read(live: highspy.Highs, variables: list[pulp.LpVariable], stopped: Stopped) -> Attempt:
    info = live.getInfo()
    is_mip = any(variable.cat == pulp.LpInteger for variable in variables)
    bound = info.mip_dual_bound if is_mip else info.objective_function_value
    known_bound = float(bound) if abs(bound) < highspy.kHighsInf / 2 and stopped != "infeasible" else None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Attempt(stopped, bound=known_bound if is_mip else None)
    values = live.getSolution().col_value
    found = {variable.name: float(values[variable.index]) for variable in variables}
    return Attempt(stopped, found, float(info.objective_function_value), known_bound)


def _start_from(live: highspy.Highs, variables: list[pulp.LpVariable], start: Mapping[str, float]) -> None:
    known = [(variable.index, start[variable.name]) for variable in variables if variable.name in start]
    index = np.array([i for i, _ in known], dtype=np.int32)
    live.setSolution(len(known), index, np.array([value for _, value in known], dtype=np.float64))


def _run(live: highspy.Highs, listener: Listener, stage: str) -> bool:
    """Run in a thread, telling how it goes; True if the user interrupted it."""
    began = time.perf_counter()
    wanted = threading.Event()
    failure: list[BaseException] = []

    def tell(event: Any) -> None:
        if wanted.is_set():
            event.interrupt()

    def log(event: Any) -> None:
        seen = event.data_out
        objective, bound = (value if abs(value) < highspy.kHighsInf / 2 else None for value in (seen.mip_primal_bound, seen.mip_dual_bound))
        listener(Progress(stage, time.perf_counter() - began, "", objective, bound))

    def work() -> None:
        try:
            live.run()
        except BaseException as error:
            failure.append(error)

    live.cbMipInterrupt += tell
    live.cbSimplexInterrupt += tell
    live.cbIpmInterrupt += tell
    live.cbMipLogging += log
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    with _interrupt_sets(wanted):
        while worker.is_alive():
            worker.join(0.05)
    if failure:
        raise SolverError(f"HiGHS stopped: {failure[0]}") from failure[0]
    return wanted.is_set()


@contextmanager
def _interrupt_sets(wanted: threading.Event) -> Iterator[None]:
    """While open, Ctrl-C asks the solver to stop with what it has; a second one stops at once."""
    import signal  # noqa: PLC0415

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(signum: int, frame: Any) -> None:
        if wanted.is_set():
            raise KeyboardInterrupt
        wanted.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def solve_at(lp: pulp.LpProblem, values: Mapping[str, float]) -> Attempt:
    """The exact value of a solution: integers fixed at their rounded values, the rest solved as a linear program."""
    live = build_highs(lp, HighsOptions())
    variables = lp.variables()
    for variable in variables:
        if variable.cat == pulp.LpInteger:
            value = float(round(values.get(variable.name, 0.0)))
            live.changeColBounds(variable.index, value, value)
            live.changeColIntegrality(variable.index, highspy.HighsVarType.kContinuous)
    live.run()
    stopped = _STOPPED.get(live.getModelStatus(), "nothing")
    if stopped != "proven":
        return Attempt(stopped)
    found = live.getSolution().col_value
    named = {variable.name: float(found[variable.index]) for variable in variables}
    return Attempt(stopped, named, float(live.getInfo().objective_function_value))


def relaxation_bound(lp: pulp.LpProblem) -> float | None:
    """The bound of the linear relaxation, for solvers that do not tell theirs."""
    live = build_highs(lp, HighsOptions())
    for variable in lp.variables():
        if variable.cat == pulp.LpInteger:
            live.changeColIntegrality(variable.index, highspy.HighsVarType.kContinuous)
    live.run()
    if _STOPPED.get(live.getModelStatus()) != "proven":
        return None
    return float(live.getInfo().objective_function_value)
