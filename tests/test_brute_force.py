"""The MILP against an independent program that writes down every plan, on hundreds of small random regions.

`activity` says which kinds of rule, row, format and action the cases exercise; its table is asserted here: every one is
*active* in an optimum at least ten times. For a rule that means: without it the optimum would have another value.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from activity.cases import KINDS, TIMES, mixed_cases, recipes
from activity.facts import ACTIONS, COMPONENTS, ROWS, happenings
from activity.kind import Case
from random_regions import THEMES, random_region

from netplan.evaluate import audit, evaluate, today
from netplan.region import Region
from netplan.solve import solve

PARTS = 24
FORMATS = ("full", "light", "small", "kiosk", "point", "counter_1", "counter_2", "van_1", "van_2", "van_half")


def methods_for(case: Case) -> tuple[str, ...]:
    """Every method; the slowest takes every third case, and all where the planner splits the visits."""
    if case.policy.access.assignment == "system":
        return ("compact", "benders", "decomposition")
    return ("compact", "benders", "decomposition") if case.seed % 3 == 0 else ("compact", "benders")


def compare(case: Case, method: str) -> None:
    """MILP at zero gap, brute force and audit agree, and so do they that there is no plan."""
    label = f"{case.theme} {case.seed} by {method}"
    result, value = solve(case.problem, gap=0, method=method), case.answer.value
    if value is None:
        assert result.status == "infeasible", label
        assert result.conflicts, label
        return
    assert result.status == "optimal", label
    assert result.objective == pytest.approx(value, rel=1e-6, abs=1e-6), label
    assert result.bound is not None
    assert result.bound <= value + 1e-6 * max(1.0, abs(value)), label
    assert result.plan is not None
    audit(case.problem, result.plan)  # refuses another objective, and any rule that the plan breaks


@pytest.mark.parametrize("part", range(PARTS))
def test_milp_equals_brute_force(part: int) -> None:
    """On each case the MILP at zero gap finds the value of the best of all plans, by any method, and the audit agrees."""
    for recipe in recipes()[part::PARTS]:
        case = recipe.cook()
        for method in methods_for(case):
            compare(case, method)


def test_milp_equals_brute_force_on_mixtures() -> None:
    """Three kinds of rule at once, some of which contradict each other: same value, and infeasible for both or neither."""
    verdicts = Counter()
    for case in mixed_cases(60):
        for method in methods_for(case):
            compare(case, method)
        verdicts[case.answer.value is None] += 1
    assert verdicts[True] >= 5
    assert verdicts[False] >= 40


def test_audit_prices_today_as_the_brute_force_does() -> None:
    """Today's network costs the same in the audit ("before") and among the states of the brute force, component by component."""
    for recipe in recipes()[::5]:
        case = recipe.cook()
        answer = case.answer
        is_today = (answer.states.format == answer.instance.present_of_site).all(axis=1)
        (m,) = np.flatnonzero(is_today & (answer.states.target < 0).all(axis=1))
        before = evaluate(case.problem, today(case.problem)).before.costs
        for name, values in answer.components.items():
            assert before[name] == pytest.approx(values[m], rel=1e-9, abs=1e-6), (name, recipe.theme, recipe.seed)
        if "standards" in before:
            short = sum(values[m] for values in answer.penalties.values())
            assert before["standards"] == pytest.approx(short, rel=1e-9, abs=1e-6)


def test_enough_cases() -> None:
    """There are at least 300 cases, of every theme."""
    assert len(recipes()) >= 300
    assert {recipe.theme for recipe in recipes()} == set(THEMES)


def test_everything_is_active() -> None:
    """Every kind of rule, action, format, row and cost is active in an optimum at least ten times (`pytest -s` prints it)."""
    active: Counter[str] = Counter()
    for recipe in recipes():
        case = recipe.cook()
        for name in recipe.kinds:
            assert KINDS[name].is_active(case), f"{name} no longer matters in {recipe.theme} {recipe.seed}"
        active.update(recipe.kinds)
        active.update(set(happenings(case)))
    wanted = [
        *KINDS,
        *ACTIONS,
        *ROWS,
        *(f"format {name}" for name in FORMATS),
        *(f"cost {name}" for name in COMPONENTS),
    ]
    print("\n" + "\n".join(f"{active[name]:5d}  {name}" for name in wanted))
    assert {name: active[name] for name in wanted if active[name] < TIMES} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_random_regions_are_sound(theme: str) -> None:
    """A random region passes the checks that a region folder passes."""
    region = random_region(3, theme)
    tables = {
        stem: region.table(stem)
        for stem in ("nodes", "districts", "townships", "outlets", "candidates", "formats", "conversions", "visits")
    }
    more = ("retention", "gain", "road_nodes", "road_edges", "hosts", "bases", "vans", "competitors")
    tables |= {stem: region.table(stem) for stem in more if len(region.table(stem))}
    checked = Region.from_tables(name=theme, currency="EUR", tables=tables)
    assert np.array_equal(checked.nodes["working"], region.nodes["working"])
