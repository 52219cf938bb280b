"""The compact model, every row in it, solved as one MILP by any PuLP solver: the readable reference."""

from __future__ import annotations

import numpy as np

from netplan.engine.live import Watch
from netplan.engine.policy_part import from_pulp
from netplan.formulation import Formulation, formulate
from netplan.formulation.decisions import read_decisions
from netplan.problem import PlanningProblem
from netplan.solve.attempt import Attempt
from netplan.solve.fixed_value import FixedValue
from netplan.solve.highs import run_highs
from netplan.solve.other import DEFAULT_SOLVER, run_other
from netplan.solve.progress import Progress, now_and_then
from netplan.solve.rounds import Outcome, Run


def solve_compact(problem: PlanningProblem, run: Run) -> Outcome:
    """Build and solve the compact model."""
    run.tell("building", "writing the compact model")
    formulation = formulate(problem, all_loads=True)
    attempt = _attempt(formulation, run)
    best = Outcome(attempt.stopped).with_bound(attempt.bound)
    if attempt.stopped == "infeasible":
        return best
    lp = formulation.lp
    values = attempt.values or present_state(formulation)  # cut short early: today's network, if that is allowed
    part, variables = from_pulp(lp, formulation.policy.columns)
    exact = FixedValue(part).at(np.array([values.get(variable.name, 0.0) for variable in variables]))
    if exact is not None:
        exact_values = {variable.name: value for variable, value in zip(variables, exact[1].tolist(), strict=True)}
        return best.with_plan(read_decisions(formulation, exact_values), exact[0])
    if attempt.objective is None:
        return best
    return best.with_plan(read_decisions(formulation, attempt.values), attempt.objective)


def present_state(formulation: Formulation) -> dict[str, float]:
    """Today's network as a start: every outlet keeps its format."""
    present = formulation.problem.columns.present
    return {variable.name: float(now) for variable, now in zip(formulation.policy.columns, present, strict=True)}


def _attempt(formulation: Formulation, run: Run) -> Attempt:
    listener = now_and_then(run.listener)

    def tell(objective: float | None, bound: float | None) -> bool:
        listener(Progress("solving", run.seconds, "", objective, bound))
        return False

    if run.solver != DEFAULT_SOLVER:
        return run_other(formulation.lp, run.solver, run.left())
    return run_highs(formulation.lp, run.clock, start=present_state(formulation), watch=Watch(tell))
