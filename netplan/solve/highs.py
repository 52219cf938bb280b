"""HiGHS on a PuLP model, live: columns, rows and bounds can be changed and solved again from where it stands.

PuLP 3.3 reports a HiGHS run that was cut short with a solution as "Optimal"; statuses are therefore read here, from HiGHS
itself, and nowhere else. Runs happen beside the main thread, so that Ctrl-C keeps the best solution.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.errors import SolverError
from netplan.solve.attempt import Attempt, Stopped
from netplan.solve.stop import Stop

Floats = NDArray[np.float64]

_NO_AGGREGATOR = 1 << 12
"""HiGHS's presolve rule "Aggregator" is left out. With it HiGHS 1.10 to 1.15.1 called a plan 0.14 % above the optimum
optimal, on 1 of 300 seeded models with a coverage standard; without it all agreed with presolve off, as fast as before."""

STOPPED: dict[Any, Stopped] = {
    highspy.HighsModelStatus.kOptimal: "proven",
    highspy.HighsModelStatus.kModelEmpty: "proven",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a run: relative gap, seconds, seed."""

    gap: float = 1e-4
    time_limit: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on while a MIP runs.

    Attributes
    ----------
    stop
        Set once the user wants the run to end.
    tell
        Called with objective and bound now and then; returns whether that is enough.
    found
        Called in the caller's thread with the values of every column at better solutions.
    """

    stop: Stop
    tell: Callable[[float | None, float | None], bool]
    found: Callable[[Floats], None] | None = None


class LiveModel:
    """A PuLP model inside HiGHS; columns and rows in PuLP's order, further ones behind."""

    def __init__(self, lp: pulp.LpProblem, *, seed: int = 0) -> None:
        solver = pulp.HiGHS(msg=False, gapAbs=1e-9, random_seed=seed)
        solver.createAndConfigureSolver(lp)
        solver.buildSolverModel(lp)
        self.highs: highspy.Highs = lp.solverModel
        self.highs.setOptionValue("presolve_rule_off", _NO_AGGREGATOR)
        self.highs.changeObjectiveOffset(float(lp.objective.constant or 0.0))
        self.variables: list[pulp.LpVariable] = lp.variables()
        self.integers = np.array([v.index for v in self.variables if v.cat == pulp.LpInteger], dtype=np.int32)

    def set_integral(self, integral: bool) -> None:
        """Demand whole values of the integer columns, or relax them."""
        kind = highspy.HighsVarType.kInteger if integral else highspy.HighsVarType.kContinuous
        for index in self.integers:
            self.highs.changeColIntegrality(int(index), kind)

    def fix(self, values: Floats) -> None:
        """Fix the integer columns at these values, shape (integers,)."""
        self.highs.changeColsBounds(len(self.integers), self.integers, values, values)

    def start_from(self, values: Floats) -> None:
        """Start from these values of the integer columns; ignored if they lead to no solution."""
        self.highs.setSolution(len(self.integers), self.integers, values)

    def run(self) -> Stopped:
        """Solve a linear program in this thread."""
        self.highs.run()
        return STOPPED.get(self.highs.getModelStatus(), "nothing")

    def run_mip(self, options: Options, watch: Watch) -> Stopped:
        """Solve in a thread of its own until done, out of time, asked to stop or told that it is enough ("proven")."""
        self.highs.setOptionValue("mip_rel_gap", options.gap)
        if options.time_limit is not None:
            spent = self.highs.getRunTime()  # HiGHS counts all runs of one object together
            self.highs.setOptionValue("time_limit", spent + float(options.time_limit))
        enough = Stop()
        found: SimpleQueue[Floats] = SimpleQueue()
        self._listen(watch, enough, found)
        _run_beside(self.highs, lambda: _hand_over(found, watch))
        stopped = STOPPED.get(self.highs.getModelStatus(), "nothing")
        if stopped == "interrupted" and enough.is_set():
            stopped = "proven"
        return "interrupted" if watch.stop.is_set() and stopped != "proven" else stopped

    def _listen(self, watch: Watch, enough: Stop, found: SimpleQueue[Floats]) -> None:
        def ask(event: Any) -> None:
            if watch.stop.is_set() or enough.is_set():
                event.interrupt()

        def log(event: Any) -> None:
            seen = event.data_out
            if watch.tell(_finite(seen.mip_primal_bound), _finite(seen.mip_dual_bound)):
                enough.set()

        def improve(event: Any) -> None:
            found.put(np.array(event.data_out.mip_solution))

        live = self.highs
        for callback in (live.cbMipInterrupt, live.cbSimplexInterrupt, live.cbMipLogging, live.cbMipImprovingSolution):
            callback.clear()  # type: ignore[no-untyped-call]
        live.cbMipInterrupt += ask
        live.cbSimplexInterrupt += ask
        live.cbMipLogging += log
        if watch.found is not None:
            live.cbMipImprovingSolution += improve

    @property
    def has_solution(self) -> bool:
        """Whether there is a feasible solution."""
        feasible = highspy.SolutionStatus.kSolutionStatusFeasible
        return bool(self.highs.getInfo().primal_solution_status == feasible)

    @property
    def objective(self) -> float:
        """Objective of the solution, constants included."""
        return float(self.highs.getInfo().objective_function_value)

    @property
    def bound(self) -> float | None:
        """Proven bound of the last MIP."""
        return _finite(float(self.highs.getInfo().mip_dual_bound))

    @property
    def values(self) -> Floats:
        """Value of every column."""
        return np.array(self.highs.getSolution().col_value)

    @property
    def integer_values(self) -> Floats:
        """Rounded values of the integer columns, shape (integers,)."""
        return np.round(self.values[self.integers])

    def named(self, values: Floats) -> dict[str, float]:
        """Value of every PuLP variable by name."""
        return {variable.name: float(values[variable.index]) for variable in self.variables}


def run_highs(lp: pulp.LpProblem, options: Options, *, start: Mapping[str, float] | None, watch: Watch) -> Attempt:
    """Solve a PuLP model as it stands, starting from some of its variables' values if given."""
    live = LiveModel(lp, seed=options.seed)
    if start:
        live.start_from(np.array([start.get(live.variables[i].name, 0.0) for i in live.integers]))
    stopped = live.run_mip(options, watch)
    bound = live.bound if len(live.integers) else live.objective
    if not live.has_solution:
        return Attempt(stopped, bound=None if stopped == "infeasible" else live.bound)
    return Attempt(stopped, live.named(live.values), live.objective, bound)


def relaxation_bound(lp: pulp.LpProblem) -> float | None:
    """The bound of the linear relaxation, for solvers that do not tell theirs."""
    live = LiveModel(lp)
    live.set_integral(False)
    return live.objective if live.run() == "proven" else None


def _finite(value: float) -> float | None:
    return float(value) if abs(value) < highspy.kHighsInf / 2 else None


def _hand_over(found: SimpleQueue[Floats], watch: Watch) -> None:
    """Show the last of the solutions found since; earlier ones were worse."""
    latest = None
    while not found.empty():
        latest = found.get()
    if latest is not None and watch.found is not None:
        watch.found(latest)


def _run_beside(highs: highspy.Highs, meanwhile: Callable[[], None]) -> None:
    failure: list[BaseException] = []

    def work() -> None:
        try:
            highs.run()
        except BaseException as error:  # noqa: BLE001 (raised again in the main thread)
            failure.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.02)
        meanwhile()
    if failure:
        raise SolverError(f"HiGHS stopped: {failure[0]}") from failure[0]
