"""Why there is no plan: the rules named contradict each other, and without any one of them they do not."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from activity.cases import base_policy
from brute import brute_force
from random_regions import random_region

from netplan.formulation import formulate
from netplan.policy import Policy, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.solve import solve
from netplan.solve.conflict import FeasibilityTest, explain_conflict

COUNTED = ("openings", "closures", "conversions", "relocations", "outlets")


def contradictory(seed: int, theme: str) -> PlanningProblem:
    """Eight demanding rules at once, drawn from a seed."""
    rng = np.random.default_rng([seed, 7])
    pool: list[dict[str, Any]] = [
        {"policy": {"min_openings": int(rng.integers(1, 3))}},
        {"policy": {"max_outlets": int(rng.integers(0, 3))}},
        {"policy": {"min_outlets": int(rng.integers(3, 5))}},
        {"policy": {"min_closures": 1}},
        {"policy": {"protected": [str(name) for name in rng.choice(["O1", "O2", "O3"], 2, replace=False)]}},
        {"policy": {"forced_closures": ["O2"], "protected": ["O1"]}},
        {"policy": {"forced_openings": ["C1"]}},
        {"policy": {"forbidden": ["C2"]}},
        {"policy": {"max_running_cost_change": -float(rng.integers(20_000, 90_000))}},
        {"policy": {"min_staff_change": 3, "max_conversions": 0}},
        {"policy": {"cluster": [{"formats": ["light", "small"], "needs": ["full"], "minutes": 5}]}},
        {"policy": {"zone_share": [{"name": "a", "districts": ["A"], "min_share": 0.6}]}},
        {"policy": {"max_of_format": {"light": 0}, "min_of_format": {"full": 1}}},
        {"budget": {"capital": float(rng.integers(0, 60_000))}},
        {"district": {"A": {"stance": "hold"}, "B": {"min_openings": 1}}},
        {"district": {"B": {"capital": 10_000.0, "max_closures": 0}}},
        {"standard": [{"id": "near", "service": "counter", "minutes": 7, "share": 0.9}]},
        {"standard": [{"id": "day", "service": "cash", "kilometres": 6, "share": 0.8, "min_days_per_week": 5}]},
        {"standard": [{"id": "apart", "kind": "spacing", "kilometres": 18}]},
    ]
    policy = base_policy(seed)
    for place in rng.choice(len(pool), 8, replace=False):
        parts = dict(pool[place])
        if "standard" in parts:
            parts["standard"] = [*(one.model_dump() for one in policy.standard), *parts["standard"]]
        policy = policy.replace(**parts)
    return PlanningProblem.build(random_region(seed, theme), policy)


def without(policy: Policy, rule_id: str) -> Policy:
    """The plan file without one rule, named as the model names it."""
    data = policy.model_dump(mode="json")
    part, key, *rest = rule_id.split(".")
    if part == "standard":
        data["standard"] = [one for one in data["standard"] if one["id"] != key]
    elif part == "district":
        drop_limit(data["district"][key], *rest)
    elif key == "capital":
        data["budget"]["capital"] = None
    elif key == "cluster":
        del data["policy"]["cluster"][int(rest[0]) - 1]
    elif key == "zone_share":
        neutral = {"min": 0.0, "max": 1.0}[rest[1]]
        data["policy"]["zone_share"] = [{**zone, f"{rest[1]}_share": neutral} for zone in data["policy"]["zone_share"]]
    elif key in ("protected", "forced_closures", "forced_openings", "forbidden"):
        data["policy"][key] = [name for name in data["policy"][key] if name != rest[0]]
    else:
        drop_limit(data["policy"], key, *rest)
    return parse_policy(data, origin="without")


def drop_limit(limits: dict[str, Any], key: str, *format_id: str) -> None:
    """Take a bound out of a table of bounds."""
    if format_id:
        limits[key] = {name: number for name, number in limits[key].items() if name != format_id[0]}
    else:
        limits[key] = None


@pytest.mark.parametrize("theme", ["town", "rural", "tight"])
def test_conflict_is_irreducible(theme: str) -> None:
    """With nothing but the rules named there is no plan; without any one of them there is (brute force says so)."""
    sizes, seeds = [], iter(range(100))
    while len(sizes) < 8:
        problem = contradictory(next(seeds), theme)
        result = solve(problem)
        if result.status != "infeasible":
            continue
        rules = formulate(problem, with_rows=False).rules
        named = [rule.id for rule in rules.values() if rule.text in result.conflicts]
        assert len(named) == len(result.conflicts), "two rules share their words"
        policy = problem.policy
        for rule_id in rules:
            if rule_id not in named:
                policy = without(policy, rule_id)
        assert brute_force(problem.replace(policy=policy)).value is None, result.conflicts
        for rule_id in named:
            remaining = problem.replace(policy=without(policy, rule_id))
            assert brute_force(remaining).value is not None, f"{rule_id} is not needed in {result.conflicts}"
        sizes.append(len(named))
    assert max(sizes) >= 3, "no conflict of three rules was tried"


def test_dropping_one_rule_restores_the_plan() -> None:
    """Where there is one conflict, dropping any rule it names gives a plan, and dropping another rule does not."""
    limits = {"min_outlets": 4, "max_openings": 0, "max_conversions": 2, "forbidden": ["C3"]}
    policy = base_policy(3).replace(policy=limits)
    problem = PlanningProblem.build(random_region(3, "town"), policy)
    result = solve(problem)
    assert result.status == "infeasible"
    rules = formulate(problem, with_rows=False).rules
    for rule in rules.values():
        status = solve(problem.replace(policy=without(policy, rule.id))).status
        assert (status == "optimal") == (rule.text in result.conflicts), rule.id


def test_townships_and_loads_are_rules_one_by_one(tiny: Region) -> None:
    """A township that is owed an outlet, a site's capacity and its viability are rules of their own, in the planner's words."""
    plan = {
        "policy": {"forced_closures": ["O3"], "forbidden": ["C1"]},
        "capacity": {"overflow": "hard", "viability": "hard"},
        "standard": [{"id": "owed", "kind": "township", "districts": ["B"]}],
    }
    problem = PlanningProblem.build(tiny, parse_policy(plan, origin="tiny"))
    result = solve(problem)
    assert result.status == "infeasible"
    assert set(result.conflicts) == {
        "Mill (A2) keeps its last physical outlet",
        "O3 must leave its premises",
        "C1 must not open",
    }
    rules = formulate(problem, all_loads=True, shorten=False).rules
    assert rules["standard.owed.B1"].text == "standard 'owed': Pass (B1) has a physical outlet"
    assert rules["capacity.viability.O1"].text == "O1 has the visits that make it viable"
    test = FeasibilityTest(problem)
    named = [rule.id for rule in rules.values() if rule.text in result.conflicts]
    assert not test.holds(named)
    for rule_id in named:
        assert test.holds([other for other in named if other != rule_id])


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"budget": {"capital": 1_000}}, "the network: capital of at most 1,000"),
        ({"policy": {"max_running_cost_change": -200_000}}, "the network: running cost change at most -200,000"),
        ({"policy": {"max_of_format": {"light": 0}}}, "the network: at most 0 in format light"),
        ({"district": {"A": {"max_outlets": 1}}}, "Unten (A): at most 1 physical outlets"),
        ({"policy": {"stance": "retreat"}}, "the network: stance retreat"),
        ({"policy": {"max_staff_change": -9}}, "the network: staff change at most -9.0"),
    ],
)
def test_bounds_speak_the_planners_words(tiny: Region, parts: dict[str, Any], words: str) -> None:
    """A bound in a conflict is named with its place and its number."""
    needs = {"forced_openings": ["C1", "C2"], "protected": ["O1", "O2", "O3"], "forced_closures": ["O4"]}
    plan = {**parts, "policy": {**needs, **parts.get("policy", {}), "min_of_format": {"full": 1, "light": 4}}}
    result = solve(PlanningProblem.build(tiny, parse_policy(plan, origin="words")))
    assert result.status == "infeasible"
    assert words in result.conflicts, result.conflicts


def test_what_is_built_in_may_contradict_itself(tiny: Region) -> None:
    """A problem with a plan has no conflict to explain; the empty set of rules always has a plan: to close everything."""
    problem = PlanningProblem.build(tiny, parse_policy({}, origin="free"))
    test = FeasibilityTest(problem)
    assert test.holds([])
    assert test.holds(test.rules)
    impossible = problem.with_constraint(lambda v: v.open("O1") >= 2)
    assert explain_conflict(impossible) == ("your constraint 1: <lambda>",)


def test_many_rules_of_one_entry_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a conflict is about more rules of an entry than are worth naming, the entry is named, with how many it has."""
    towns = {"standard": [{"id": "owed", "kind": "township"}], "policy": {"max_outlets": 0}}
    problem = PlanningProblem.build(random_region(3, "town"), base_policy(3).replace(**towns))
    owed = [rule for rule in formulate(problem, with_rows=False).rules if rule.startswith("standard.owed.")]
    assert len(owed) > 1
    one_by_one = explain_conflict(problem)
    assert len(one_by_one) == 2, "one township is enough for a conflict with no outlet at all"
    monkeypatch.setattr(sys.modules["netplan.solve.conflict"], "_MOST_TESTS", 0)
    together = explain_conflict(problem)
    assert together[0] == one_by_one[0] == "the network: at most 0 physical outlets"
    assert together[1].startswith(f"{len(owed)} rules of standard.owed, the first of them: standard 'owed': ")


@pytest.mark.parametrize("seed", range(4))
def test_irreducible_with_and_without_the_relaxation(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the relaxation narrows the search first or whole decisions are asked alone: what is named conflicts, and is all needed."""
    problem = next(
        p for p in (contradictory(s, "town") for s in range(10 * seed, 100)) if solve(p).status == "infeasible"
    )
    test = FeasibilityTest(problem)
    explanations = [explain_conflict(problem)]
    relax = FeasibilityTest.relax
    monkeypatch.setattr(FeasibilityTest, "relax", lambda self, _relaxed: relax(self, False))
    explanations.append(explain_conflict(problem))
    for texts in explanations:
        named = [rule.id for rule in test.formulation.rules.values() if rule.text in texts]
        assert len(named) == len(texts)
        assert not test.holds(named)
        assert all(test.holds([other for other in named if other != rule_id]) for rule_id in named)


def test_a_large_problem_without_a_plan_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decomposition asks the policy part alone first: no district is solved where its relaxation has no solution."""
    monkeypatch.setattr(sys.modules["netplan.solve.decomposition"], "_by_blocks", lambda *_: pytest.fail("solved"))
    policy = base_policy(3).replace(standard=[{"id": "owed", "kind": "township"}], policy={"max_outlets": 0})
    result = solve(PlanningProblem.build(random_region(3, "town"), policy), method="decomposition")
    assert result.status == "infeasible"
    assert len(result.conflicts) == 2
