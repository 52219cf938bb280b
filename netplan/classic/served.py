"""From the row engine's answer to a solution: everyone at the nearest open site, or unserved at a penalty."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import amounts
from netplan.classic.case import Case
from netplan.classic.result import Solution
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Step
from netplan.engine.solve import Answer

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def served_or_not(penalty: ArrayLike | None, size: int) -> Floats:
    """Cost per unit of weight of not being served, infinite where everyone must be; shape (size,)."""
    return amounts("penalty", penalty, size, default=np.inf)


def rows_solution(case: Case, part: PolicyPart, penalty: Floats, *, start: Flags | None = None) -> Solution:
    """Minimise the policy part plus the weighted cost of everyone to the nearest open site, or the penalty where that is less."""
    answer = case.solve(case.costs.rows(case.weights, penalty), part, start=start)
    case.trace.extend(answer.trace)
    if answer.y is None:
        return without(case, answer)
    return nearest_solution(case, answer.y, answer.bound, penalty, opening=part.y_cost)


def nearest_solution(
    case: Case, is_open: Flags, bound: float | None, penalty: Floats, *, opening: Floats | None = None
) -> Solution:
    """The answer with these sites, shape (J,), of these opening costs (None: free): everyone at the nearest, or unserved at the penalty."""
    sites = np.flatnonzero(is_open).astype(np.int64)
    site, cost = case.costs.nearest(sites)
    served = cost < penalty
    paid = np.where(served, cost, penalty)
    paying = case.weights > 0
    objective = float(case.weights[paying] @ paid[paying])
    if opening is not None:
        objective += float(opening[sites].sum())
    return case.solved(objective, bound, sites, np.where(served, site, -1))


def without(case: Case, answer: Answer, *, sign: float = 1.0) -> Solution:
    """What there is to say without a solution; the bound is sign times the engine's."""
    if answer.status == "infeasible":
        return case.infeasible("no choice of sites serves every customer")
    return case.nothing(None if answer.bound is None else sign * answer.bound)


def turned(trace: tuple[Step, ...]) -> list[Step]:
    """The trace of a problem that maximises, of which the engine minimised the negative."""
    return [
        Step(
            step.seconds,
            step.stage,
            None if step.objective is None else -step.objective,
            None if step.bound is None else -step.bound,
        )
        for step in trace
    ]
