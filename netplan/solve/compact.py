"""The compact model, solved; capacity rows are added for the sites that turn out to need them.

Leaving load rows out relaxes the model, so its bound holds for the whole problem, and a plan's true cost is the model's
plus the overflow that it did not see. Rounds end when the two meet within the gap.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from netplan.formulation import Formulation, formulate
from netplan.formulation.decisions import Decisions, overloaded, read_decisions, unviable
from netplan.problem import PlanningProblem
from netplan.result import relative_gap
from netplan.solve.attempt import Attempt, Stopped
from netplan.solve.highs import HighsOptions, run_highs, solve_at
from netplan.solve.other import DEFAULT_SOLVER, run_other
from netplan.solve.progress import Listener, Progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best decisions found, their value, the best bound proven, and why it stopped."""

    stopped: Stopped
    decisions: Decisions | None = None
    objective: float | None = None
    bound: float | None = None


def solve_compact(
    problem: PlanningProblem, options: HighsOptions, solver: str, listener: Listener, began: float
) -> Outcome:
    """Build and solve the compact model, in rounds."""
    listener(Progress("building", time.perf_counter() - began, "writing the model"))
    formulation = formulate(problem)
    _load_rows_of_today(formulation)
    best = Outcome("nothing")
    start: dict[str, float] = _present_state(formulation)
    while True:
        left = _time_left(options, began)
        attempt = _attempt(formulation, replace(options, time_limit=left), solver, start, listener)
        best, missing = _account(formulation, attempt, best)
        gap = relative_gap(best.objective, best.bound)
        if attempt.stopped != "proven" or not missing or (gap is not None and gap <= options.gap):
            return best
        start = dict(attempt.values)
        formulation.add_capacity_of(missing.capacity)
        formulation.add_viability_of(missing.viability)
        message = f"{len(missing.capacity) + len(missing.viability)} more sites need their load followed"
        listener(Progress("capacity", time.perf_counter() - began, message, best.objective, best.bound))


@dataclass(frozen=True, slots=True)
class _Missing:
    """Load rows that a solution shows to be needed."""

    capacity: list[tuple[int, int]]
    viability: list[int]

    def __bool__(self) -> bool:
        return bool(self.capacity or self.viability)


def _account(formulation: Formulation, attempt: Attempt, best: Outcome) -> tuple[Outcome, _Missing]:
    """The better of this attempt and the best so far, with the better bound, and what the attempt did not see."""
    bounds = [bound for bound in (best.bound, attempt.bound) if bound is not None]
    best = replace(best, stopped=attempt.stopped, bound=max(bounds) if bounds else None)
    if not attempt.values:
        return best, _Missing([], [])
    exact = solve_at(formulation.lp, attempt.values)
    seen = exact if exact.values else attempt
    decisions = read_decisions(formulation, seen.values)
    extra, missing = _unseen_loads(formulation, decisions)
    if extra is None or seen.objective is None:
        return best, missing
    objective = seen.objective + extra
    if best.objective is None or objective < best.objective:
        best = replace(best, decisions=decisions, objective=objective)
    return best, missing


def _unseen_loads(formulation: Formulation, decisions: Decisions) -> tuple[float | None, _Missing]:
    """Cost of the overflow that has no row yet (None if it is not allowed), and the rows needed."""
    problem = formulation.problem
    if formulation.shares is not None:
        return 0.0, _Missing([], [])
    rule = problem.policy.capacity
    excess: dict[tuple[int, int], float] = {}
    if rule.overflow == "hard" or (rule.overflow == "priced" and problem.policy.objective.kind == "net_cost"):
        found = overloaded(formulation, decisions)
        excess = {pair: visits for pair, visits in found.items() if pair not in formulation.loaded}
    starved = [s for s in unviable(formulation, decisions) if s not in formulation.viable] if rule.viability == "hard" else []
    missing = _Missing(sorted(excess), starved)
    if starved or (excess and rule.overflow == "hard"):
        return None, missing
    prices = [problem.policy.service_access(name).overflow_cost for name in problem.demand.services]
    return sum(prices[c] * visits for (_, c), visits in excess.items()), missing


def _load_rows_of_today(formulation: Formulation) -> None:
    """Sites over capacity today are likely to be so in the plan: follow their load from the start."""
    today = Decisions(formulation.problem.columns.present)
    _, missing = _unseen_loads(formulation, today)
    formulation.add_capacity_of(missing.capacity)


def _present_state(formulation: Formulation) -> dict[str, float]:
    """Today's network as a start: every outlet keeps its format."""
    present = formulation.problem.columns.present
    return {variable.name: float(now) for variable, now in zip(formulation.policy.columns, present, strict=True)}


def _attempt(
    formulation: Formulation, options: HighsOptions, solver: str, start: dict[str, float], listener: Listener
) -> Attempt:
    lp = formulation.lp
    if solver == DEFAULT_SOLVER:
        return run_highs(lp, options, start=start, listener=listener)
    return run_other(lp, solver, options)


def _time_left(options: HighsOptions, began: float) -> float | None:
    if options.time_limit is None:
        return None
    return max(0.1, options.time_limit - (time.perf_counter() - began))


Solve = Callable[[PlanningProblem, HighsOptions, str, Listener, float], Outcome]
