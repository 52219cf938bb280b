"""Rounding: the relaxation's wishes as whole decisions, and a plan before the first MIP."""

from __future__ import annotations

import numpy as np
from activity.cases import base_policy
from random_regions import THEMES, random_region, wide_region

from netplan import solve
from netplan.problem import PlanningProblem
from netplan.solve.cut_problem import cut_problem
from netplan.solve.progress import Progress
from netplan.solve.rounding import drawn, rounded


def test_most_of_a_site_decides() -> None:
    """More than half of a site opens the column that most of it is in, less opens none; nothing else changes."""
    for seed in range(6):
        problem = cut_problem(PlanningProblem.build(random_region(seed, THEMES[seed % len(THEMES)]), base_policy(seed)))
        columns, rng = problem.formulation.problem.columns, np.random.default_rng(seed)
        home = np.where(columns.origin < 0, columns.site, columns.origin)
        values = rng.random(problem.width)
        for site in np.unique(home):
            mine = np.flatnonzero(home == site)
            values[mine] *= rng.random() / values[mine].sum()
        x = rounded(problem, values)
        assert (x[problem.num_y :] == values[problem.num_y : len(problem.names)]).all()
        for site in np.unique(home):
            mine = np.flatnonzero(home == site)
            expected = np.zeros(len(mine))
            expected[values[mine].argmax()] = values[mine].sum() > 0.5
            assert (x[mine] == expected).all()


def test_drawing_opens_as_often_as_the_relaxation_does() -> None:
    """Over many draws every column is open as often as its share says, never two of one site; and one seed draws the same."""
    problem = cut_problem(PlanningProblem.build(random_region(4, THEMES[0]), base_policy(4)))
    home, rng = problem.formulation.problem.columns.home, np.random.default_rng(4)
    values = rng.random(problem.width)
    for site in np.unique(home):
        mine = np.flatnonzero(home == site)
        values[mine] *= rng.random() / values[mine].sum()
    share, times = values[: problem.num_y], 4000
    draws = np.array([drawn(problem, values, rng)[: problem.num_y] for _ in range(times)])
    assert (np.array([np.bincount(home, weights=draw) for draw in draws[:50]]) <= 1.0).all()
    error = np.sqrt(share * (1.0 - share) / times)
    assert (np.abs(draws.mean(axis=0) - share) <= 5.0 * error + 1e-9).all()
    assert (drawn(problem, values, np.random.default_rng(1)) == drawn(problem, values, np.random.default_rng(1))).all()


def test_a_plan_comes_before_the_first_mip() -> None:
    """With rules that today's network breaks, the first plan is told before any MIP over the cuts begins."""
    told: list[Progress] = []
    policy = base_policy(3).replace(policy={"max_outlets": 4})
    problem = PlanningProblem.build(wide_region(3, nodes=60, outlets=12, candidates=12), policy)
    result = solve(problem, method="benders", gap=1e-4, progress=told.append)
    assert result.objective is not None
    stages = [step.stage for step in told]
    assert "rounding" in stages
    assert all(step.objective is None for step in told[: stages.index("rounding")])
    assert told[stages.index("rounding") + 1].objective is not None
    assert stages.index("rounding") < stages.index("solving")
