"""A linear model alive in HiGHS: columns, rows and bounds can be changed and solved again from where it stands.

Statuses are read here, from HiGHS itself, and nowhere else. MIPs run beside the main thread, so that Ctrl-C keeps the best solution.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import highspy
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run, Stopped
from netplan.errors import SolverError

Floats = NDArray[np.float64]

_NO_AGGREGATOR = 1 << 12
"""HiGHS's presolve rule "Aggregator" is left out. With it HiGHS 1.10 to 1.15.1 called a plan 0.14 % above the optimum
optimal, on 1 of 300 seeded models with a coverage standard; without it all agreed with presolve off, as fast as before."""

MANY = 2**31 - 1
"""Iterations, where there is no limit."""

_TREE_LOOKS = 12.0
"""HiGHS asks so many times as often whether to end in the tree as at the root; an effort counts one look at the root as 1."""

_HEURISTIC_EFFORT = 0.05
"""The share of a MIP's time that HiGHS gives to its heuristics, if it is not told otherwise."""

_LISTEN_SECONDS = 0.1
"""A thread that waits for HiGHS wakes up this often to hear of Ctrl-C; what HiGHS finds wakes it at once."""

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
class Watch:
    """Who looks on while a MIP runs.

    Attributes
    ----------
    tell
        Called with best value and bound whenever HiGHS asks whether to end; returns whether that is enough.
    found
        Called in the caller's thread with the values of every column at each better solution; the MIP waits meanwhile.
    """

    tell: Callable[[float | None, float | None], bool] = lambda _objective, _bound: False
    found: Callable[[Floats], None] | None = None


@dataclass(slots=True)
class _Ear:
    """What HiGHS calls while it runs, in its own thread.

    Nothing here depends on who is faster: HiGHS asks at the same points of every run, and waits while a solution is looked at.
    """

    run: Run
    watch: Watch
    effort: float = float("inf")
    spent: float = 0.0
    enough: threading.Event = field(default_factory=threading.Event)
    news: threading.Event = field(default_factory=threading.Event)
    seen: threading.Event = field(default_factory=threading.Event)
    better: list[Floats] = field(default_factory=list)

    def ask(self, event: Any) -> None:
        """End it when it is time: HiGHS looks at its own clock too seldom, and with 7 s left a root node took 24.

        A wish of an earlier run of the same object to end would still stand, and is taken back.
        """
        event.data_in.user_interrupt = bool(
            self.enough.is_set() or self.spent >= self.effort or self.run.is_over is not None
        )

    def look(self, event: Any) -> None:
        """Tell value and bound besides.

        What HiGHS logs is not told: that comes too seldom (what a root node proved in 2 s was logged after 9), and the first line
        of a MIP with a start shows the start's value as the bound.
        """
        seen = event.data_out
        self.spent += 1.0 if seen.mip_node_count <= 0 else 1.0 / _TREE_LOOKS
        if self.watch.tell(_finite(seen.mip_primal_bound), _finite(seen.mip_dual_bound)):
            self.enough.set()
        self.ask(event)

    def improve(self, event: Any) -> None:
        """Show a solution to the caller's thread and wait until it has been looked at, or nobody is there any more."""
        self.seen.clear()
        self.better.append(np.array(event.data_out.mip_solution))
        self.news.set()
        while not self.seen.wait(_LISTEN_SECONDS) and self.watch.found is not None:
            pass

    def hand_over(self) -> None:
        """In the caller's thread: show what was found, if anything."""
        if self.better and self.watch.found is not None:
            self.watch.found(self.better.pop())
            self.seen.set()

    def leave(self) -> None:
        """Nobody listens any more: let HiGHS end."""
        self.enough.set()
        self.watch = Watch()


class LiveModel:
    """A policy part inside HiGHS; further columns and rows can be put behind its own."""

    def __init__(self, part: PolicyPart, *, integral: bool = False, seed: int = 0) -> None:
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self.effort_spent, self.iterations = 0.0, 0  # of the last MIP; of the last `resolve`
        for name, value in (("log_to_console", False), ("random_seed", seed), ("mip_abs_gap", 1e-9), ("threads", 1)):
            self.highs.setOptionValue(name, value)
        self.highs.setOptionValue("presolve_rule_off", _NO_AGGREGATOR)
        self.highs.setOptionValue(
            "mip_allow_restart", False
        )  # seconds at the root again, and a bound lower than before
        self.add_columns(part.cost, part.lower, part.upper)
        self.integers = np.flatnonzero(part.is_integer).astype(np.int32)
        self.add_rows(part.matrix, part.row_lower, part.row_upper)
        least, most = part.num_open
        if (least, most) != (0, part.num_columns):
            self.add_rows(_count_row(part), np.array([float(least)]), np.array([float(most)]))
        self.highs.changeObjectiveOffset(part.offset)
        self.set_integral(integral)

    @property
    def num_rows(self) -> int:
        """Rows in the model now."""
        return int(self.highs.getNumRow())

    @property
    def num_entries(self) -> int:
        """Coefficients other than 0 in the model now."""
        return int(self.highs.getNumNz())

    def twin(self) -> LiveModel:
        """The same model where it stands, alive on its own."""
        other = copy(self)
        other.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        other.highs.passOptions(self.highs.getOptions())
        other.highs.passModel(self.highs.getLp())
        other.highs.setBasis(self.highs.getBasis())
        return other

    def add_columns(self, cost: Floats, lower: Floats, upper: Floats) -> slice:
        """Put continuous columns behind the others; where they are."""
        first, size = int(self.highs.getNumCol()), len(cost)
        none = np.empty(0, dtype=np.int32)
        self.highs.addCols(size, cost, lower, upper, 0, np.zeros(size, dtype=np.int32), none, np.empty(0))
        return slice(first, first + size)

    def add_rows(self, matrix: scipy.sparse.csr_array, lower: Floats, upper: Floats) -> None:
        """Put rows ``lower <= matrix x <= upper`` behind the others."""
        if matrix.shape[0]:
            starts, index = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
            self.highs.addRows(matrix.shape[0], lower, upper, matrix.nnz, starts, index, matrix.data.astype(np.float64))

    def delete_rows(self, rows: NDArray[np.integer]) -> None:
        """Take rows out; those behind move up."""
        self.highs.deleteRows(len(rows), rows.astype(np.int32))

    def set_integral(self, integral: bool) -> None:
        """Demand whole values of the integer columns, or relax them."""
        kind = highspy.HighsVarType.kInteger if integral else highspy.HighsVarType.kContinuous
        size = len(self.integers)
        self.highs.changeColsIntegrality(size, self.integers, np.full(size, int(kind), dtype=np.uint8))

    def set_bounds(self, columns: NDArray[np.integer], lower: Floats, upper: Floats) -> None:
        """Change the bounds of some columns."""
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def start_from(self, columns: NDArray[np.integer], values: Floats) -> None:
        """Start the next MIP from these values; ignored if they lead to no solution."""
        self.highs.setSolution(len(columns), columns.astype(np.int32), values)

    def solve_relaxation(self, run: Run) -> Stopped:
        """Solve as a linear program, beside this thread: it may take long, and Ctrl-C ends it."""
        self._limit(run.seconds_left)
        ear = _Ear(run, Watch())
        self._listen(ear)
        _run_beside(self.highs, ear)
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # lost its way from the old basis
            self.highs.clearSolver()
            self._limit(run.seconds_left)
            _run_beside(self.highs, ear)
        self._listen_no_more()
        stopped = STOPPED.get(self.highs.getModelStatus(), "nothing")
        return run.is_over or "time_limit" if stopped == "interrupted" else stopped

    def resolve(
        self, run: Run, *, cutoff: float = float("inf"), iterations: int = MANY
    ) -> Stopped | Literal["iterations"]:
        """Solve a small linear program again after a change, in this thread; it may end at a cutoff or a number of iterations.

        "proven" with an `objective` of at least the cutoff says only that the optimum is not below the cutoff.
        """
        self._limit(run.seconds_left)
        self.highs.setOptionValue("objective_bound", min(cutoff, highspy.kHighsInf))
        self.highs.setOptionValue("simplex_iteration_limit", iterations)
        self.highs.run()
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # lost its way from the old basis
            self.highs.clearSolver()
            self.highs.run()
        status = self.highs.getModelStatus()
        self.iterations = max(0, int(self.highs.getInfo().simplex_iteration_count))
        self.highs.setOptionValue("objective_bound", highspy.kHighsInf)
        self.highs.setOptionValue("simplex_iteration_limit", MANY)
        if status == highspy.HighsModelStatus.kIterationLimit:
            return "iterations"
        return "proven" if status == highspy.HighsModelStatus.kObjectiveBound else STOPPED.get(status, "nothing")

    def let_restart(self, wanted: bool) -> None:
        """Let MIPs start anew at the root once much is fixed.

        A whole model gets small that way; over cuts it costs seconds at the root again, and the bound falls behind what it was.
        """
        self.highs.setOptionValue("mip_allow_restart", wanted)

    def take_as_it_is(self) -> None:
        """Leave out presolving and jumping to a first solution: for what is small and reduced, both take longer than its relaxation."""
        self.highs.setOptionValue("presolve", "off")
        self.highs.setOptionValue("mip_heuristic_run_feasibility_jump", False)

    def look_for_solutions(self, wanted: bool) -> None:
        """Let MIPs spend time on sub-MIPs that look for better solutions, or leave that."""
        for heuristic in ("rins", "rens", "root_reduced_cost"):
            self.highs.setOptionValue(f"mip_heuristic_run_{heuristic}", wanted)
        self.highs.setOptionValue("mip_heuristic_effort", _HEURISTIC_EFFORT if wanted else 0.0)

    def solve_mip(self, run: Run, *, gap: float, watch: Watch, effort: float = float("inf")) -> Stopped:
        """Solve in a thread of its own until done, out of time, asked to stop or told that it is enough ("proven").

        An effort, in units of about a tenth of a second for a district, ends it at the same point of every run, whatever the
        clock says ("effort"); `effort_spent` tells what it took.

        HiGHS 1.15 has called small models with a solution infeasible, or ended in an error, after presolving them. Neither is
        believed until it says so without presolve, too.
        """
        self.highs.setOptionValue("mip_rel_gap", gap)
        self._limit(run.seconds_left)
        ear = _Ear(run, watch, effort)
        self._listen(ear)
        _run_beside(self.highs, ear)
        stopped = STOPPED.get(self.highs.getModelStatus(), "nothing")
        if stopped in {"nothing", "infeasible"}:
            self.highs.setOptionValue("presolve", "off")
            self._limit(run.seconds_left)
            _run_beside(self.highs, ear)
            self.highs.setOptionValue("presolve", "choose")
            stopped = STOPPED.get(self.highs.getModelStatus(), "nothing")
        self._listen_no_more()
        self.effort_spent = ear.spent
        if stopped == "interrupted":
            return "proven" if ear.enough.is_set() else run.is_over or "effort"
        return "interrupted" if run.stop.is_set() and stopped != "proven" else stopped

    def _limit(self, seconds: float) -> None:
        spent = self.highs.getRunTime()  # HiGHS counts all runs of one object together
        self.highs.setOptionValue("time_limit", min(highspy.kHighsInf, spent + max(0.01, seconds)))

    def _listen(self, ear: _Ear) -> None:
        self._listen_no_more()
        live = self.highs
        live.cbMipInterrupt += ear.look
        live.cbSimplexInterrupt += ear.ask
        if ear.watch.found is not None:
            live.cbMipImprovingSolution += ear.improve

    def _listen_no_more(self) -> None:
        live = self.highs
        for callback in (live.cbMipInterrupt, live.cbSimplexInterrupt, live.cbMipImprovingSolution):
            callback.clear()  # type: ignore[no-untyped-call]

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
    def reduced_costs(self) -> Floats:
        """Reduced cost of every column after a linear program."""
        return np.array(self.highs.getSolution().col_dual)

    @property
    def row_prices(self) -> Floats:
        """Dual value of every row after a linear program."""
        return np.array(self.highs.getSolution().row_dual)


def _count_row(part: PolicyPart) -> scipy.sparse.csr_array:
    n = part.num_columns
    return scipy.sparse.csr_array((np.ones(n), np.arange(n), np.array([0, n])), shape=(1, len(part.cost)))


def _finite(value: float) -> float | None:
    return float(value) if abs(value) < highspy.kHighsInf / 2 else None


def _run_beside(highs: highspy.Highs, ear: _Ear) -> None:
    failure: list[BaseException] = []

    def work() -> None:
        try:
            highs.run()
        except BaseException as error:  # noqa: BLE001 (raised again in the main thread)
            failure.append(error)
        finally:
            ear.news.set()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while worker.is_alive():
            ear.news.wait(_LISTEN_SECONDS)
            ear.news.clear()
            ear.hand_over()
    except BaseException:
        ear.leave()
        raise
    if failure:
        raise SolverError(f"HiGHS stopped: {failure[0]}") from failure[0]
