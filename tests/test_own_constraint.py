"""A constraint of the planner's own: one line, honoured by every method, named when it conflicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from activity.cases import base_policy
from brute import brute_force
from brute.instance import Instance
from brute.states import States
from random_regions import random_region

from netplan.errors import InputError
from netplan.evaluate import evaluate
from netplan.plan import Plan
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.solve import solve

METHODS = ("compact", "benders", "decomposition")
Holds = Callable[[Instance, States], np.ndarray]

OWN: dict[str, tuple[Callable[[Any], Any], Holds]] = {
    "not both open": (
        lambda v: v.open("C1") + v.open("C2") <= 1,
        lambda _instance, states: states.is_open[:, [3, 4]].sum(axis=1) <= 1,
    ),
    "one of today's closes": (
        lambda v: v.closed("O1") + v.closed("O2") + v.closed("O3") == 1,
        lambda _instance, states: states.is_closed[:, :3].sum(axis=1) == 1,
    ),
    "somebody moves": (
        lambda v: [v.moved("O1") + v.moved("O2") + v.moved("O3") >= 1],
        lambda _instance, states: states.is_moved.any(axis=1),
    ),
    "as many full as light": (
        lambda v: v.count("full") == v.count("light"),
        lambda instance, states: (
            (states.format == instance.formats.index("full")).sum(axis=1)
            == (states.format == instance.formats.index("light")).sum(axis=1)
        ),
    ),
    "a single variable": (
        lambda v: next(variable for (site_id, _), variable in v.y.items() if site_id == "C1") <= 0,
        lambda instance, states: (
            states.format[:, 3] != instance.formats.index(instance.region.candidates["formats"][0][0])
        ),
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", OWN)
def test_own_constraint_is_honoured(name: str, method: str) -> None:
    """The optimum under a constraint of one's own is that of the plans that keep it, and the constraint does cost something."""
    constraint, holds = OWN[name]
    dearer = 0
    for seed in range(9):
        problem = PlanningProblem.build(random_region(seed, "town"), base_policy(seed))
        answer = brute_force(problem)
        kept = answer.allowed & holds(answer.instance, answer.states)[:, None]
        expected = float(np.where(kept, answer.total, np.inf).min())
        result = solve(problem.with_constraint(constraint), gap=0, method=method)
        if not np.isfinite(expected):
            assert result.status == "infeasible"
            continue
        assert result.objective == pytest.approx(expected, rel=1e-6)
        assert isinstance(result.plan, Plan)
        assert evaluate(problem, result.plan).problems == ()
        dearer += expected > (answer.value or 0) + 1
    assert dearer >= 1


def test_constraints_add_up_and_survive_what_ifs(tiny: Region) -> None:
    """Each `with_constraint` adds one, `replace` keeps them, and the problem it was called on is as before."""
    problem = PlanningProblem.build(tiny, parse_policy({}, origin="own"))
    both = problem.with_constraint(lambda v: v.open("C1") == 0).with_constraint(lambda v: v.closed("O2") == 1)
    assert (len(problem.constraints), len(both.constraints)) == (0, 2)
    result = solve(both.replace(money={"value_of_time_per_hour": 15}), gap=0)
    assert result.plan is not None
    actions = dict(zip(result.plan.actions["site_id"], result.plan.actions["action"], strict=True))
    assert actions["O2"] == "close"
    assert "C1" not in actions


def test_own_constraint_is_named_in_a_conflict(tiny: Region) -> None:
    """A constraint that leaves no plan is named as the planner numbered and called it, beside the rules it contradicts."""

    def keep_two_points(v: Any) -> Any:
        return v.count("point") >= 2

    problem = PlanningProblem.build(tiny, parse_policy({"policy": {"forbidden": ["C1"]}}, origin="own"))
    free = problem.with_constraint(lambda v: v.open("O1") <= 1)
    result = solve(free.with_constraint(keep_two_points))
    assert result.status == "infeasible"
    assert set(result.conflicts) == {"your constraint 2: keep_two_points", "C1 must not open"}


def test_rural_variables_are_named_too(tiny: Region) -> None:
    """Counters, van visits and vans can be constrained by the ids of their tables."""
    policy = parse_policy({"policy": {"forced_openings": ["C2"], "max_of_format": {"light": 2}}}, origin="own")
    problem = PlanningProblem.build(tiny, policy)
    by_van = solve(
        problem.with_constraint(lambda v: v.van_used["V1"] == 1).with_constraint(
            lambda v: v.visited["C2", "van_weekly", "V1", "every"] == 1
        )
    )
    assert by_van.plan is not None
    at_c2 = by_van.plan.actions.set_index("site_id").loc["C2"]
    assert (at_c2["format_after"], at_c2["base_id"], at_c2["van_id"], at_c2["week"]) == (
        "van_weekly",
        "BASE1",
        "V1",
        "every",
    )
    staffed = solve(problem.with_constraint(lambda v: v.staffed["C2", "fixed_2d", "BASE1"] == 1))
    assert staffed.plan is not None
    at_c2 = staffed.plan.actions.set_index("site_id").loc["C2"]
    assert (at_c2["format_after"], at_c2["base_id"], at_c2["van_id"]) == ("fixed_2d", "BASE1", "")


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (lambda v: v.open("O9") <= 1, "names site 'O9', which is not in the planned region"),
        (lambda _: True, "your constraint 1 returned bool: return a PuLP constraint"),
        (lambda _: None, "your constraint 1 returned NoneType"),
        (lambda v: v.open("O1"), "your constraint 1 returned LpAffineExpression"),
    ],
)
def test_mistakes_are_explained(tiny: Region, constraint: Callable[[Any], Any], words: str) -> None:
    """A constraint that names a site that is not there, or is no constraint, is an input error that says so."""
    problem = PlanningProblem.build(tiny, parse_policy({}, origin="own")).with_constraint(constraint)
    with pytest.raises(InputError, match=words):
        solve(problem)


def test_a_constraint_is_a_function(tiny: Region) -> None:
    """What cannot be called is refused at once."""
    problem = PlanningProblem.build(tiny, parse_policy({}, origin="own"))
    with pytest.raises(InputError, match="takes a function"):
        problem.with_constraint("O1 <= 1")  # type: ignore[arg-type]
