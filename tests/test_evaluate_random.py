"""The audit on random networks: equal to the formula in plain loops, and to what the solver claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain_costs import PlainCosts
from plans import problem_of, random_plan
from random_regions import THEMES, random_region

from netplan.evaluate import audit, evaluate
from netplan.problem import PlanningProblem
from netplan.solve import solve


def random_parts(rng: np.random.Generator) -> dict[str, Any]:
    """Prices of every shape, with penalties that some visits do not reach."""
    shapes = {"linear": 1.0, "power": 1.3, "exponential": 0.02}

    def service() -> dict[str, Any]:
        shape = str(rng.choice(list(shapes)))
        return {
            "reach_minutes": float(rng.choice([15.0, 30.0, 60.0])),
            "unserved_cost": 600.0,
            "shape": shape,
            "exponent": shapes[shape],
            "day_wait_cost": float(rng.choice([0.0, 4.0, 40.0])),
            "not_postponable_share": 0.5,
            "overflow_cost": float(rng.choice([0.0, 7.0])),
        }

    return {
        "money": {"discount_rate": float(rng.choice([0.0, 0.06])), "transition_margin_share": 0.2},
        "access": {
            "service": {name: service() for name in ("cash", "counter", "advice")},
            "segment_weight": {"elderly": 2.5, "children": 0.0},
        },
        "policy": {"keep_last_outlet": False, "relocation_minutes": 45.0},
    }


def random_problem(seed: int) -> tuple[PlanningProblem, np.random.Generator]:
    """A random region with random prices."""
    rng = np.random.default_rng([seed, 20])
    return problem_of(random_region(seed, THEMES[seed % len(THEMES)]), **random_parts(rng)), rng


@pytest.mark.parametrize("seed", range(12))
def test_costs_equal_the_formula_in_plain_loops(seed: int) -> None:
    """Component by component, on networks that keep rules and on networks that do not."""
    problem, rng = random_problem(seed)
    for _ in range(4):
        plan = random_plan(problem, rng)
        costs = dict(evaluate(problem, plan).after.costs)
        assert costs.pop("standards") == 0
        assert costs == pytest.approx(PlainCosts(problem, plan).all(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["net_cost", "access", "coverage"])
def test_the_solver_agrees(seed: int, kind: str) -> None:
    """What formulation and solver claim, the audit finds, and no rule is broken."""
    problem, _ = random_problem(seed + 100)
    objective = {"kind": kind, **({"service": "cash", "minutes": 6.0} if kind == "coverage" else {})}
    result = solve(problem.replace(objective=objective, budget={"capital": 400_000.0}))
    assert result.plan is not None
    audit(result.plan.problem, result.plan)
