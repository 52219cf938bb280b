"""Benders: the policy part as the planner's PuLP model; what customers do, and the load of sites, as cuts.

First the linear relaxation, round by round until no cut is missing; then the MIP over the cuts, whose solutions call for the
few cuts still missing. Each MIP's bound holds for the whole problem; each of its solutions is a plan, whose true cost is its
policy part plus a scan of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from netplan.formulation import Formulation, formulate
from netplan.formulation.decisions import read_decisions
from netplan.problem import PlanningProblem
from netplan.solve.attempt import Stopped
from netplan.solve.compact import present_state
from netplan.solve.highs import FixedValue, Watch
from netplan.solve.load_cuts import NO_CUTS, LoadCuts, Loads
from netplan.solve.master import Master
from netplan.solve.polish import polish
from netplan.solve.progress import Progress
from netplan.solve.rounds import Outcome, Run
from netplan.solve.row_cuts import Cuts, RowCuts

_SLOW_ROUNDS = 3
"""Rounds in a row that hardly lift the relaxation before branching takes over."""

_FIRST_GAP, _NEXT_GAP = 0.03, 0.3
"""Gap of the first MIP, and what each further one keeps of it."""

_EXACT = 1e-9
"""How far below the truth, relative to the objective, the master may stay at its own solution."""

_TELL_SECONDS = 0.5
"""The listener hears no more often than this."""


@dataclass(slots=True)
class _Search:
    """The state of a search: the model, what is held as cuts, the best plan and where to start from."""

    formulation: Formulation
    rows: RowCuts
    loads: Loads
    master: Master
    run: Run
    best: Outcome = field(default_factory=lambda: Outcome("nothing"))
    start: dict[str, float] = field(default_factory=dict)
    polished: float | None = None
    """The value of the plan that was polished last."""

    @property
    def start_values(self) -> NDArray[np.float64]:
        """Values of the integer columns to start from."""
        live = self.master.live
        return np.array([self.start.get(live.variables[i].name, 0.0) for i in live.integers])

    def missing_cuts(self, values: NDArray[np.float64], tolerance: float) -> tuple[Cuts, LoadCuts]:
        """The cuts missing at a solution of the master, where it is too low by more than the tolerance."""
        master = self.master
        y, theta, overflow = master.y_of(values), master.theta_of(values), master.overflow_of(values)
        return (
            self.rows.separate(y, theta, tolerance / max(1, self.rows.num_groups)),
            self.loads.separate(y, overflow, tolerance / max(1, self.loads.num_pairs)),
        )

    def add(self, cuts: tuple[Cuts, LoadCuts]) -> int:
        """Add cuts to the master; how many."""
        self.master.add_row_cuts(cuts[0])
        self.master.add_load_cuts(cuts[1])
        return len(cuts[0]) + len(cuts[1])


def solve_benders(problem: PlanningProblem, run: Run) -> Outcome:
    """Solve by cuts."""
    run.tell("building", "writing the policy part")
    formulation = formulate(problem, with_rows=False)
    rows, loads = RowCuts.of(problem), Loads.of(problem)
    master = Master(formulation, rows, loads, seed=run.options.seed)
    search = _Search(formulation, rows, loads, master, run, start=present_state(formulation))
    value = FixedValue(formulation.lp)
    _weigh(search, value, search.start_values)  # cut short early, a run still has today's network, if that is allowed
    stopped = _relax(search)
    if stopped == "proven":
        stopped = _branch(search, value)
    return replace(search.best, stopped=stopped)


def _relax(search: _Search) -> Stopped:
    """Solve the linear relaxation by cuts, until they no longer lift it; its value is a bound."""
    run, live = search.run, search.master.live
    live.set_integral(False)
    before, slow = -np.inf, 0
    while True:
        stopped = live.run()
        if stopped != "proven":
            return stopped
        objective = live.objective
        search.best = search.best.with_bound(objective)
        enough = max(1e-9, 0.02 * run.options.gap) * max(1.0, abs(objective))
        slow = slow + 1 if objective - before < enough else 0
        before = objective
        added = search.add(search.missing_cuts(live.values, enough))
        run.tell("relaxing", f"{added} cuts", search.best)
        if not added or slow >= _SLOW_ROUNDS:
            return "proven"
        over = run.is_over
        if over:
            return over


def _branch(search: _Search, value: FixedValue) -> Stopped:
    """Solve the MIP over the cuts, adding those its solutions call for, until bound and plan meet.

    The first MIPs stop at a wide gap: what they are for is to find out which cuts are missing.
    """
    run, live = search.run, search.master.live
    live.set_integral(True)
    final = 0.5 * run.options.gap
    gap = max(final, _FIRST_GAP)
    while True:
        live.start_from(search.start_values)
        seen: list[tuple[Cuts, LoadCuts]] = []
        stopped = live.run_mip(run.left(gap), _watch(search, value, seen))
        search.best = search.best.with_bound(live.bound if stopped != "infeasible" else None)
        if not live.has_solution:
            return stopped
        refused = _weigh(search, value, live.integer_values)
        _polish(search, value)
        if stopped != "proven" or search.best.closes(run.options.gap):
            return stopped
        missing = search.missing_cuts(live.values, _EXACT * max(1.0, abs(live.objective)))
        search.master.add_load_cuts(refused)
        added = len(refused) + search.add(missing)
        for cuts in seen:  # these help, and do not count: only the MIP's own answer says whether it lacks any
            search.add(cuts)
        if not added and gap <= final:
            return "proven"
        gap = _NEXT_GAP * gap if added and _NEXT_GAP * gap > 2 * final else final
        run.tell("solving", f"{added} cuts", search.best)
        over = run.is_over
        if over:
            return over


def _weigh(search: _Search, value: FixedValue, integers: NDArray[np.float64]) -> LoadCuts:
    """Find the true cost of a plan and keep it if it is the best; the cuts that refuse it if it is not viable."""
    exact = value.at(integers)
    if exact is None:
        return NO_CUTS
    objective, values = exact
    decisions = read_decisions(search.formulation, values)
    loads = search.loads
    unviable = loads.viability_cuts(decisions.chosen)
    overflow = loads.overflow(decisions.chosen)
    if len(unviable) or (loads.is_hard and (overflow > 1e-3).any()):
        return unviable
    total = objective + search.rows.cost(decisions.chosen) + float(loads.pair_price @ overflow)
    if search.best.objective is None or total < search.best.objective:
        search.start = values
    search.best = search.best.with_plan(decisions, total)
    return NO_CUTS


def _polish(search: _Search, value: FixedValue) -> None:
    """Improve the best plan site by site, if there is time."""
    if search.best.decisions is None or search.best.objective == search.polished or search.run.is_over:
        return
    search.run.tell("polishing", "", search.best)
    variables, live = search.formulation.policy.columns, search.master.live
    supports = _supports(search)

    def accept(chosen: NDArray[np.bool_]) -> bool:
        before = search.best.objective
        values = dict(search.start)
        values.update((variable.name, float(on)) for variable, on in zip(variables, chosen, strict=True))
        for name, column in supports:
            if not chosen[column]:
                values[name] = 0.0
        _weigh(search, value, np.array([values.get(live.variables[i].name, 0.0) for i in live.integers]))
        return search.best.objective != before

    chosen, is_over = search.best.decisions.chosen, lambda: search.run.is_over is not None
    polish(search.formulation, search.rows, search.loads, chosen, accept=accept, is_over=is_over)
    search.polished = search.best.objective


def _supports(search: _Search) -> list[tuple[str, int]]:
    """The staffing and van variables, with the column each of them supports."""
    policy = search.formulation.policy
    position = {variable.name: j for j, variable in enumerate(policy.columns)}
    supports = [*policy.staffed.items(), *policy.visited.items()]
    return [(variable.name, position[policy.y[key[0], key[1]].name]) for key, variable in supports]


def _watch(search: _Search, value: FixedValue, seen: list[tuple[Cuts, LoadCuts]]) -> Watch:
    """Weigh every plan the MIP finds, note the cuts it lacks, and end it once the gap asked for is proven."""
    run = search.run
    told_at = [0.0]

    def tell(_objective: float | None, bound: float | None) -> bool:
        best = search.best.with_bound(bound)
        if run.seconds - told_at[0] >= _TELL_SECONDS:
            told_at[0] = run.seconds
            run.listener(Progress("solving", run.seconds, "", best.objective, best.bound))
        return best.closes(run.options.gap)

    def found(values: NDArray[np.float64]) -> None:
        _weigh(search, value, np.round(values[search.master.live.integers]))
        scale = max(1.0, abs(search.best.objective or 0.0))
        seen.append(search.missing_cuts(values, max(_EXACT, run.options.gap) * scale))

    return Watch(run.stop, tell, found)
