"""Local search: gains are exact, constraints are kept, nothing that single changes could gain is left, and no plan beats brute force."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from activity.cases import base_policy
from brute import brute_force
from random_regions import THEMES, random_region, wide_region

from netplan.engine.run import Options, Run
from netplan.problem import PlanningProblem
from netplan.solve.cut_problem import CutProblem, cut_problem
from netplan.solve.fixed_value import FixedValue
from netplan.solve.followers import at_least, followers
from netplan.solve.linked import supports
from netplan.solve.local_search import improved, is_told_by_rows
from netplan.solve.polish import after, moves
from netplan.solve.windows import window_at

LIMITED = {"policy": {"max_closures": 2, "max_openings": 2}, "budget": {"capital": 900_000.0}}
COVERED = {
    "standard": [
        {"id": "near-A", "service": "cash", "districts": ["A"], "minutes": 20.0, "share": 0.3},
        {"id": "soft", "service": "cash", "minutes": 20.0, "share": 0.95, "hard": False, "penalty": 300.0},
    ]
}
RULES = ({}, LIMITED, COVERED, LIMITED | COVERED)


def starting(problem: CutProblem) -> tuple[CutProblem, np.ndarray] | None:
    """Today's network as a plan, if the rules allow it."""
    x = np.zeros(len(problem.names))
    x[: problem.num_y] = problem.formulation.problem.columns.present
    exact = FixedValue(problem.part).at(x)
    return None if exact is None else (problem, exact[1])


def plans(*, wide: bool) -> Iterator[tuple[CutProblem, np.ndarray]]:
    """Problems with one set of rules after the other, and today's network in them."""
    for seed in range(12):
        region = (
            wide_region(seed, nodes=40, outlets=12, candidates=12)
            if wide
            else random_region(seed, THEMES[seed % len(THEMES)])
        )
        policy = base_policy(seed).replace(**RULES[seed % len(RULES)])
        start = starting(cut_problem(PlanningProblem.build(region, policy)))
        if start is not None:
            yield start


def test_between_start_and_optimum() -> None:
    """A plan that local search leaves keeps every rule, costs no more than before, and no less than brute force finds."""
    gained = 0
    for problem, x in plans(wide=False):
        found = improved(problem, x, Run(Options()))
        optimum = brute_force(problem.formulation.problem).value
        assert optimum is not None
        assert problem.holds(found)
        assert optimum - 1e-6 * abs(optimum) <= problem.cost_at(found) <= problem.cost_at(x) + 1e-6
        gained += problem.cost_at(found) < problem.cost_at(x) - 1.0
    assert gained >= 3


def test_no_single_change_is_left() -> None:
    """What no constraint forbids and a single site could still gain, weighed one by one by other means, is nothing."""
    weighed = 0
    for problem, x in plans(wide=True):
        found = improved(problem, x, Run(Options()))
        value, (column, support) = FixedValue(problem.part), supports(problem)
        chosen, cost = found[: problem.num_y] > 0.5, problem.cost_at(found)
        for move in moves(problem.formulation, chosen):
            moved = found.copy()
            moved[: problem.num_y] = after(move, chosen)
            moved[support[moved[column] < 0.5]] = 0.0
            exact = value.at(moved)
            if exact is not None:
                weighed += 1
                assert exact[0] + problem.customers_cost(exact[1][: problem.num_y] > 0.5) >= cost - 1e-6 * abs(cost)
    assert weighed > 100


def test_better_than_single_changes() -> None:
    """Pairs of neighbours, and trades of what is scarce, find what single changes cannot."""
    better = 0
    for problem, x in plans(wide=True):
        found = problem.cost_at(improved(problem, x, Run(Options())))
        value, (column, support) = FixedValue(problem.part), supports(problem)
        at, cost, went_on = x, problem.cost_at(x), True
        while went_on:
            went_on = False
            chosen = at[: problem.num_y] > 0.5
            for move in moves(problem.formulation, chosen):
                moved = at.copy()
                moved[: problem.num_y] = after(move, chosen)
                moved[support[moved[column] < 0.5]] = 0.0
                exact = value.at(moved)
                if exact is not None and problem.cost_at(exact[1]) < cost - 1.0:
                    at, cost, went_on = exact[1], problem.cost_at(exact[1]), True
                    break
        better += found < cost - 1.0
    assert better >= 3


def test_parts_gain_what_the_whole_does() -> None:
    """With some sites free, what a part of the problem gains is what the whole gains, and nothing else has changed."""
    gained = 0
    for problem, x in plans(wide=True):
        columns = problem.formulation.problem.columns
        is_free = np.zeros(len(x), dtype=bool)
        is_free[: problem.num_y] = np.where(columns.origin < 0, columns.site, columns.origin) % 2 == 0
        is_free[problem.num_y :] = True
        window = window_at(problem, x, is_free)
        y = window.columns[: window.problem.num_y]
        found = improved(window.problem, x[window.columns], Run(Options()), columns=y)
        whole = x.copy()
        whole[window.columns] = found
        assert problem.holds(whole)
        assert (whole[~is_free] == x[~is_free]).all()
        change = window.problem.cost_at(found) - window.problem.cost_at(x[window.columns])
        assert problem.cost_at(whole) - problem.cost_at(x) == pytest.approx(change, rel=1e-6, abs=1.0)
        gained += change < -1.0
    assert gained >= 3


def test_followers_are_at_their_least() -> None:
    """Covers, sums and what standards are short of are where a linear program puts them when the sites are fixed."""
    short = 0
    for problem, x in plans(wide=True):
        exact = FixedValue(problem.part).at(x)
        assert exact is not None
        high = x.copy()
        is_follower = followers(problem.part)[2] > 0
        high[is_follower] = np.minimum(problem.part.upper[is_follower], 1e9)
        _, low = at_least(problem.part, high)
        assert float(problem.part.cost @ low) + problem.part.offset == pytest.approx(exact[0], rel=1e-9)
        names = np.array(problem.names)
        short += (low[np.char.startswith(names, "short")] > 0.0).any()
        assert is_follower[np.char.startswith(names, "z")].all()
    assert short > 0


def test_split_visits_are_left_alone() -> None:
    """Where visits are split, rows do not say what a plan costs: the plan comes back as it is."""
    policy = base_policy(0).replace(access={"assignment": "system"})
    problem = cut_problem(PlanningProblem.build(random_region(0, THEMES[0]), policy))
    x = np.zeros(len(problem.names))
    assert not is_told_by_rows(problem)
    assert improved(problem, x, Run(Options())) is x
