"""HiGHS on a PuLP model, live: columns, rows and bounds can be changed and solved again from where it stands.

PuLP 3.3 reports a HiGHS run that was cut short with a solution as "Optimal"; statuses are therefore read here, from HiGHS
itself, and nowhere else. Runs happen beside the main thread, so that Ctrl-C keeps the best solution.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.errors import SolverError
from netplan.solve.attempt import Attempt, Stopped
from netplan.solve.stop import Stop

Floats = NDArray[np.float64]
Tell = Callable[[float | None, float | None], None]
"""Called with objective and bound while a MIP runs."""

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


class LiveModel:
    """A PuLP model inside HiGHS; columns and rows in PuLP's order, further ones behind."""

    def __init__(self, lp: pulp.LpProblem, *, seed: int = 0) -> None:
        solver = pulp.HiGHS(msg=False, gapAbs=1e-9, random_seed=seed)
        solver.createAndConfigureSolver(lp)
        solver.buildSolverModel(lp)
        self.highs: highspy.Highs = lp.solverModel
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

    def run_mip(self, options: Options, stop: Stop, tell: Tell) -> Stopped:
        """Solve in a thread of its own, telling how it goes, until done, out of time or asked to stop."""
        self.highs.setOptionValue("mip_rel_gap", options.gap)
        if options.time_limit is not None:
            spent = self.highs.getRunTime()  # HiGHS counts all runs of one object together
            self.highs.setOptionValue("time_limit", spent + float(options.time_limit))
        self._listen(stop, tell)
        _run_beside(self.highs)
        stopped = STOPPED.get(self.highs.getModelStatus(), "nothing")
        return "interrupted" if stop.is_set() and stopped != "proven" else stopped

    def _listen(self, stop: Stop, tell: Tell) -> None:
        def ask(event: Any) -> None:
            if stop.is_set():
                event.interrupt()

        def log(event: Any) -> None:
            seen = event.data_out
            tell(_finite(seen.mip_primal_bound), _finite(seen.mip_dual_bound))

        for callback in (self.highs.cbMipInterrupt, self.highs.cbSimplexInterrupt, self.highs.cbMipLogging):
            callback.clear()  # type: ignore[no-untyped-call]
        self.highs.cbMipInterrupt += ask
        self.highs.cbSimplexInterrupt += ask
        self.highs.cbMipLogging += log

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


class FixedValue:
    """The exact value of integer decisions: integers fixed, the rest solved as a linear program."""

    def __init__(self, lp: pulp.LpProblem) -> None:
        self._live = LiveModel(lp)
        self._live.set_integral(False)

    def at(self, integers: Floats) -> tuple[float, dict[str, float]] | None:
        """Objective and all values at these integer values; None if nothing feasible goes with them."""
        self._live.fix(integers)
        self._live.highs.clearSolver()
        if self._live.run() != "proven":
            return None
        return self._live.objective, self._live.named(self._live.values)


def run_highs(
    lp: pulp.LpProblem, options: Options, *, start: Mapping[str, float] | None, stop: Stop, tell: Tell
) -> Attempt:
    """Solve a PuLP model as it stands, starting from some of its variables' values if given."""
    live = LiveModel(lp, seed=options.seed)
    if start:
        live.start_from(np.array([start.get(live.variables[i].name, 0.0) for i in live.integers]))
    stopped = live.run_mip(options, stop, tell)
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


def _run_beside(highs: highspy.Highs) -> None:
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
    if failure:
        raise SolverError(f"HiGHS stopped: {failure[0]}") from failure[0]
