"""Benders: the policy part as the planner's PuLP model; what customers do, and the load of sites, as cuts.

First the linear relaxation, round by round until no cut is missing; then the MIP over the cuts, whose solutions call for the
few cuts still missing. Each MIP's bound holds for the whole problem; each of its solutions is a plan, whose true cost is its
policy part plus a scan of the rows (`served`), or, where the planner splits the visits, the cheapest split (`split`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import Watch
from netplan.engine.run import Stopped
from netplan.formulation.decisions import read_decisions
from netplan.problem import PlanningProblem
from netplan.progress import Progress
from netplan.solve.cut_problem import CutProblem, Cuts, cut_problem
from netplan.solve.fitting import nearest_plan
from netplan.solve.fixed_value import FixedValue
from netplan.solve.linked import supports
from netplan.solve.local_search import FAR, NEAR, improved, is_told_by_rows
from netplan.solve.master import Master
from netplan.solve.polish import polish
from netplan.solve.progress import now_and_then
from netplan.solve.rounding import drawn, rounded
from netplan.solve.rounds import Outcome, Run
from netplan.solve.served import Customers
from netplan.solve.split import customers_of

Floats = NDArray[np.float64]

_SLOW_ROUNDS = 3
"""Rounds in a row that hardly lift the relaxation before branching takes over."""

_FIRST_GAP, _NEXT_GAP = 0.03, 0.3
"""Gap of the first MIP, and what each further one keeps of it."""

_CLOSE = 0.005
"""A plan within this of the bound is seldom bettered by looking for others: the time goes to the bound instead."""

_EXACT = 1e-9
"""How far below the truth, relative to the objective, the master may stay at its own solution."""

_ROUNDING_EFFORT, _ROUNDINGS, _FAR_OFF = 30.0, 8, 0.02
"""Effort that a MIP may take to round the relaxation (`LiveModel.solve_mip`); that of a district takes a twentieth of a second.
Plans drawn from it if the best is this far from the bound; where it is not, MIPs find the rest sooner."""

_HALF = 0.5

_ROUNDING = 1e-6
"""What is known of the value of a plan, relative to it."""


@dataclass(slots=True)
class Search:
    """The state of a search: the problem, the best plan and bound, and its values.

    Attributes
    ----------
    x
        Values of the policy part's columns at the best plan, or to start from.
    customers
        Who goes where, and what that costs.
    polished
        The value of the plan that was polished last, and how far local search reached.
    """

    problem: CutProblem
    run: Run
    value: FixedValue
    customers: Customers
    x: Floats
    best: Outcome = field(default_factory=lambda: Outcome("nothing"))
    polished: tuple[float | None, int] = (None, 0)

    @classmethod
    def of(cls, problem: CutProblem, run: Run) -> Search:
        """A search that starts from today's network, if that is allowed."""
        x = np.zeros(len(problem.part.cost))
        x[: problem.num_y] = problem.formulation.problem.columns.present
        search = cls(problem, run, FixedValue(problem.part), customers_of(problem, run), x)
        search.weigh(x)
        return search

    def weigh(self, x: Floats) -> Cuts | None:
        """Find the true cost of a plan and keep it if it is the best; the cuts that refuse it if it is not viable."""
        tidy = without_idle_vans(self.problem, x)
        exact = self.value.at(tidy) or (None if tidy is x else self.value.at(x))
        if exact is None:
            return None
        problem, known = self.problem, self.best.objective
        objective, values = exact
        decisions = read_decisions(problem.formulation, dict(zip(problem.names, values.tolist(), strict=True)))
        served = self.customers.serve(decisions.chosen, np.inf if known is None else known - objective)
        if not np.isfinite(served.cost):
            return served.refused
        total = objective + served.cost
        if known is None or total < known:
            self.x = values
        self.best = self.best.with_plan(replace(decisions, shares=served.shares), total)
        return None


def solve_benders(problem: PlanningProblem, run: Run) -> Outcome:
    """Solve by cuts."""
    run.tell("building", "writing the policy part")
    search = Search.of(cut_problem(problem), run)  # cut short early, a run still has today's network
    return prove_by_cuts(search)


def prove_by_cuts(search: Search) -> Outcome:
    """Relaxation and MIP over the cuts of the whole problem, until bound and plan meet."""
    master = Master(search.problem, seed=search.run.options.seed)
    stopped, relaxed = _relax(search, master)
    if relaxed is not None:
        stopped = _branch(search, master, relaxed)
    return replace(search.best, stopped=stopped)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The value of a relaxation, and there the master's columns and the reduced costs of its whole ones."""

    bound: float
    values: Floats
    reduced_costs: Floats


def _relax(search: Search, master: Master) -> tuple[Stopped, Relaxed | None]:
    """Solve the linear relaxation by cuts, until they no longer lift it; its value is a bound. None if it did not get there."""
    run, live = search.run, master.live
    live.set_integral(False)
    before, slow = -np.inf, 0
    while True:
        stopped = live.solve_relaxation(run.clock)
        if stopped != "proven":
            return stopped, None
        objective, reduced = live.objective, live.reduced_costs[live.integers]
        search.best = search.best.with_bound(objective)
        enough = max(1e-9, 0.02 * run.options.gap) * max(1.0, abs(objective))
        slow = slow + 1 if objective - before < enough else 0
        before = objective
        values = live.values
        added = master.add(search.customers.missing(values, enough))
        run.tell("relaxing", f"{added} cuts", search.best)
        if not added or slow >= _SLOW_ROUNDS:
            return "proven", Relaxed(objective, values, reduced)
        over = run.is_over
        if over:
            return over, None


def _fix(search: Search, master: Master, relaxed: Relaxed) -> None:
    """Fix the whole columns whose change from the relaxation costs more than the best plan is above it: no better plan has it.

    The best plan itself stays, since it would not be that cheap otherwise.
    """
    if search.best.objective is None:
        return
    value = search.best.objective
    room = value + _ROUNDING * max(1.0, abs(value)) - relaxed.bound
    part, whole = search.problem.part, master.live.integers
    lower, upper = part.lower[whole].copy(), part.upper[whole].copy()
    stays_low, stays_high = relaxed.reduced_costs > room, -relaxed.reduced_costs > room
    upper[stays_low] = lower[stays_low]
    lower[stays_high] = upper[stays_high]
    master.live.set_bounds(whole, lower, upper)


def _branch(search: Search, master: Master, relaxed: Relaxed) -> Stopped:
    """Solve the MIP over the cuts, adding those its solutions call for, until bound and plan meet.

    The first MIPs stop at a wide gap: what they are for is to find out which cuts are missing. Where the relaxation, rounded, is
    as good as proven, there is no use for them.
    """
    run, live = search.run, master.live
    _round(search, master, relaxed)
    live.set_integral(True)
    final = 0.5 * run.options.gap
    gap = final if search.best.closes(_CLOSE) else max(final, _FIRST_GAP)
    while True:
        stopped, added = _solve_mip(search, master, relaxed, gap)
        if stopped != "proven" or search.best.closes(run.options.gap):
            return stopped
        if not added and gap <= final:
            return run.is_over or "proven"
        gap = _following_gap(min(gap, search.best.gap or gap), final) if added else final
        run.tell("solving", f"{added} cuts", search.best)
        over = run.is_over
        if over:
            return over


def _solve_mip(search: Search, master: Master, relaxed: Relaxed, gap: float) -> tuple[Stopped, int]:
    """One MIP from the best plan; why it ended, and how many cuts its own answer lacks, which the master has now."""
    run, live = search.run, master.live
    _fix(search, master, relaxed)
    live.start_from(live.integers, search.x[live.integers])
    live.look_for_solutions(not search.best.closes(_CLOSE))
    seen: list[Cuts] = []
    stopped = live.solve_mip(run.clock, gap=gap, watch=_watch(search, seen))
    search.best = search.best.with_bound(live.bound if stopped != "infeasible" else None)
    if not live.has_solution:
        return stopped, 0
    values = live.values
    refused = search.weigh(values)
    _polish(search, reach=NEAR if search.best.closes(_CLOSE) else FAR)
    if stopped != "proven" or search.best.closes(run.options.gap):
        return stopped, 0
    added = _add_missing(search, master, values, refused)
    for cuts in seen:  # these help, and do not count: only the MIP's own answer says whether it lacks any
        master.add(cuts)
    return stopped, added


def _round(search: Search, master: Master, relaxed: Relaxed) -> None:
    """Weigh the plans nearest to the relaxation - rounded, then drawn by it - after local search, until one is near the bound.

    The master gets the cuts that hold it up at each of them that is not.
    """
    problem, rng = search.problem, np.random.default_rng(search.run.options.seed)
    for number in range(_ROUNDINGS):
        if search.run.is_over:
            return
        search.run.tell("rounding", "", search.best)
        wished = drawn(problem, relaxed.values, rng) if number else rounded(problem, relaxed.values)
        plan = nearest_plan(problem, wished, search.run.clock, effort=_ROUNDING_EFFORT)
        if plan is None:
            continue
        search.weigh(plan)
        if not is_told_by_rows(problem):  # site by site takes half a minute where capacity is short
            return
        plan = improved(problem, plan, search.run.clock, reach=FAR)
        search.weigh(plan)
        if search.best.closes(_FAR_OFF):
            return
        values = relaxed.values.copy()
        values[: len(plan)] = plan
        _add_missing(search, master, values, None)


def _add_missing(search: Search, master: Master, values: Floats, refused: Cuts | None) -> int:
    """Add the cuts that a solution of the master lacks, and those that refuse its plan; how many."""
    added = master.add(search.customers.missing(values, _EXACT * max(1.0, abs(master.live.objective))))
    return added + (master.add(refused) if refused is not None else 0)


def _following_gap(gap: float, final: float) -> float:
    """The gap of the next MIP: a share of the last, or the final one where that is near."""
    return _NEXT_GAP * gap if _NEXT_GAP * gap > 2 * final else final


def _polish(search: Search, *, reach: int) -> None:
    """Improve the best plan by local search, if there is time; site by site where rows alone do not say what customers do."""
    value, reached = search.polished
    is_polished = search.best.objective == value and reach <= reached
    if search.best.decisions is None or is_polished or search.run.is_over:
        return
    search.run.tell("polishing", "", search.best)
    problem = search.problem
    if is_told_by_rows(problem):
        search.weigh(improved(problem, search.x, search.run.clock, reach=reach))
    else:
        _polish_by_site(search)
    search.polished = search.best.objective, reach


def _polish_by_site(search: Search) -> None:
    """Weigh every promising change of a single site."""
    problem = search.problem
    column, support = supports(problem)

    def accept(chosen: NDArray[np.bool_]) -> bool:
        before = search.best.objective
        x = search.x.copy()
        x[: problem.num_y] = chosen
        x[support[~chosen[column]]] = 0.0
        search.weigh(x)
        return search.best.objective != before

    chosen = search.x[: problem.num_y] > _HALF
    polish(problem, chosen, accept=accept, is_over=lambda: search.run.is_over is not None)


def without_idle_vans(problem: CutProblem, x: Floats) -> Floats:
    """The same decisions, no van in use that has no stop: solvers leave one behind that a bad plan had paid for."""
    policy = problem.formulation.policy
    if not policy.van_used:
        return x
    position = {name: j for j, name in enumerate(problem.names)}
    on_the_road = {key[2] for key, variable in policy.visited.items() if x[position[variable.name]] > _HALF}
    tidy = x.copy()
    for van_id, variable in policy.van_used.items():
        tidy[position[variable.name]] = float(van_id in on_the_road)
    return tidy


def _watch(search: Search, seen: list[Cuts]) -> Watch:
    """Weigh every plan the MIP finds, note the cuts it lacks, and end it once the gap asked for is proven."""
    run, listener = search.run, now_and_then(search.run.listener)

    def tell(_objective: float | None, bound: float | None) -> bool:
        best = search.best.with_bound(bound)
        listener(Progress("solving", run.seconds, "", best.objective, best.bound))
        return best.closes(run.options.gap)

    def found(values: Floats) -> None:
        search.weigh(values)
        scale = max(1.0, abs(search.best.objective or 0.0))
        seen.append(search.customers.missing(values, max(_EXACT, run.options.gap) * scale))

    return Watch(tell, found)
