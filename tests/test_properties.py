"""What must hold of any optimum, whatever the numbers: checked at zero gap on seeded random regions."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from activity.cases import base_policy
from random_regions import random_region

from netplan.policy import Policy, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.solve import solve

THEMES = ("town", "rural", "tight")
SEEDS = range(4)
CASES = [pytest.param(theme, seed, id=f"{theme}-{seed}") for theme in THEMES for seed in SEEDS]


def problem_of(theme: str, seed: int, **parts: Any) -> PlanningProblem:
    """A random region under the base plan file, changed in parts."""
    return PlanningProblem.build(random_region(seed, theme), base_policy(seed).replace(**parts))


def optimum(problem: PlanningProblem) -> float:
    """The objective at zero gap; infinite where there is no plan."""
    result = solve(problem, gap=0)
    if result.plan is None:
        assert result.status == "infeasible"
        return float("inf")
    assert result.status == "optimal"
    assert result.objective is not None
    assert result.bound is not None
    assert result.bound <= result.objective + 1e-6 * max(1.0, abs(result.objective)), "the bound exceeds the optimum"
    return result.objective


def never_better(values: list[float]) -> None:
    """Each value is at least the one before, to rounding; what has no plan stays without one."""
    for looser, tighter in pairwise(values):
        assert tighter == looser or tighter >= looser - 1e-6 * abs(looser)


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_more_budget_is_never_worse(theme: str, seed: int) -> None:
    """With more capital the optimum is no dearer; here the smallest budget does bind."""
    draws = {"draws": ["opening", "conversion", "relocation"]}
    free = problem_of(theme, seed, budget=draws)
    values = [optimum(free)] + [optimum(free.replace(budget={"capital": capital})) for capital in (250_000, 60_000, 0)]
    never_better(values)
    assert values[-1] > values[0]


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_looser_standard_is_never_worse(theme: str, seed: int) -> None:
    """With a smaller share, a larger reach or a smaller penalty a standard costs no more."""

    def owed(**keys: Any) -> float:
        standard = {"id": "near", "service": "counter", "minutes": 12, "share": 0.6, **keys}
        return optimum(problem_of(theme, seed, standard=[standard]))

    never_better([owed(share=share) for share in (0.1, 0.5, 0.9)])
    never_better([owed(minutes=minutes) for minutes in (25, 12, 6)])
    soft = {"hard": False, "share": 0.95}
    never_better([*(owed(**soft, penalty=price) for price in (5, 60, 600)), owed(share=0.95)])


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_rules_never_help(theme: str, seed: int) -> None:
    """Each further rule makes the optimum no better."""
    rules = [
        {"max_conversions": 1},
        {"keep_last_outlet": True},
        {"max_closures": 1},
        {"cluster": [{"formats": ["light"], "needs": ["full"], "minutes": 30}]},
        {"stance": "hold"},
    ]
    problem, values = problem_of(theme, seed), []
    for rule in rules:
        problem = problem.replace(policy=rule)
        values.append(optimum(problem))
    never_better([optimum(problem_of(theme, seed)), *values])


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_ids_do_not_matter(theme: str, seed: int) -> None:
    """Renaming every site, node, base, van and host, and naming formats otherwise, keeps the objective."""
    region = random_region(seed, theme)
    names: dict[str, str] = {}
    for table, column in (("outlets", "site_id"), ("candidates", "site_id"), ("nodes", "node_id")):
        names |= {old: f"x y-{place}/{table}" for place, old in enumerate(getattr(region, table)[column])}
    names |= {old: f"名{old}" for column in ("base_id", "van_id") for old in region.table(f"{column[:-3]}s")[column]}
    names |= {old: f"{old}'s" for old in region.hosts["host_id"]}
    names |= {old: f"format {place}" for place, old in enumerate(region.formats["format"])}
    columns = ("site_id", "node_id", "base_id", "van_id", "host_id", "format", "from_format", "to_format")
    tables = {}
    for stem in ("nodes", "outlets", "candidates", "formats", "conversions", "hosts", "bases", "vans"):
        table = region.table(stem).copy()
        for column in columns:
            if column in table:
                table[column] = [names.get(value, value) for value in table[column]]
        if "formats" in table:
            table["formats"] = [tuple(names[name] for name in members) for members in table["formats"]]
        tables[stem] = table
    renamed = PlanningProblem.build(dataclasses.replace(region, **tables), base_policy(seed))
    assert optimum(renamed) == pytest.approx(optimum(problem_of(theme, seed)), rel=1e-9)


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_order_of_rows_does_not_matter(theme: str, seed: int) -> None:
    """Shuffling the rows of every table keeps the objective."""
    region = random_region(seed, theme)
    stems = ("nodes", "outlets", "candidates", "conversions", "road_nodes", "road_edges", "retention", "hosts", "vans")
    tables = {stem: region.table(stem).sample(frac=1, random_state=seed).reset_index(drop=True) for stem in stems}
    tables["retention"] = region.retention
    shuffled = PlanningProblem.build(dataclasses.replace(region, **tables), base_policy(seed))
    assert optimum(shuffled) == pytest.approx(optimum(problem_of(theme, seed)), rel=1e-9)


MONEY_COLUMNS = {
    "nodes": ["market_margin_per_year"],
    "outlets": ["running_cost_per_year", "severance_cost", "lease_break_cost", "disposal_proceeds"],
    "formats": ["running_cost_per_year", "opening_cost", "closing_cost", "relocation_cost"],
    "conversions": ["cost"],
    "vans": ["running_cost_per_year"],
}


def in_another_currency(region: Region, policy: Policy, rate: float) -> PlanningProblem:
    """All money times a rate: tables, value of time, prices, penalties and budgets."""
    tables: dict[str, pd.DataFrame] = {}
    for stem, columns in MONEY_COLUMNS.items():
        more = [name for name in region.table(stem) if name.startswith("margin_")]
        tables[stem] = region.table(stem).copy()
        tables[stem][[*columns, *more]] *= rate
    prices = ("unserved_cost", "day_wait_cost", "overflow_cost")
    service = {
        name: {**access.model_dump(), **{key: getattr(access, key) * rate for key in prices}}
        for name, access in policy.access.service.items()
    }
    changed = policy.replace(
        money={"value_of_time_per_hour": policy.money.value_of_time_per_hour * rate},
        access={"service": service},
        budget={"capital": (policy.budget.capital or 0) * rate},
        standard=[{**one.model_dump(), "penalty": one.penalty and one.penalty * rate} for one in policy.standard],
    )
    return PlanningProblem.build(dataclasses.replace(region, **tables), changed)


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_money_scales(theme: str, seed: int) -> None:
    """All money times 7.3, time values and penalties too: the objective is 7.3 times as much."""
    soft = {"id": "near", "service": "cash", "minutes": 8, "share": 0.8, "hard": False, "penalty": 90}
    policy = base_policy(seed).replace(budget={"capital": 200_000}, standard=[soft])
    region = random_region(seed, theme)
    plain = optimum(PlanningProblem.build(region, policy))
    assert optimum(in_another_currency(region, policy, 7.3)) == pytest.approx(7.3 * plain, rel=1e-6)


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_another_candidate_is_never_worse(theme: str, seed: int) -> None:
    """Without its first candidate a region costs no less."""
    region = random_region(seed, theme)
    fewer = dataclasses.replace(region, candidates=region.candidates[1:].reset_index(drop=True))
    with_all = optimum(PlanningProblem.build(region, base_policy(seed)))
    assert optimum(PlanningProblem.build(fewer, base_policy(seed))) >= with_all - 1e-6 * abs(with_all)


@pytest.mark.parametrize("seed", SEEDS)
def test_split_visits_never_cost_more(seed: int) -> None:
    """`system` assignment, with overflow ignored, equals `nearest`; with overflow priced it costs no more."""
    ignored = {"overflow": "ignored"}
    nearest = problem_of("split", seed)
    system = nearest.replace(access={"assignment": "system"})
    assert optimum(system.replace(capacity=ignored)) == pytest.approx(
        optimum(nearest.replace(capacity=ignored)), rel=1e-6
    )
    assert optimum(system) <= optimum(nearest) + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_scope_is_the_region_cut_out(seed: int) -> None:
    """Planning district A of a region equals planning a region that holds nothing but district A (and its vans)."""
    region, policy = random_region(seed, "rural"), base_policy(seed)
    scoped = PlanningProblem.build(region, policy.replace(scope={"districts": ["A"]}))
    cut: dict[str, Any] = {}
    for stem in ("nodes", "outlets", "candidates", "townships", "districts"):
        table = region.table(stem)
        cut[stem] = table[table["district_id"] == "A"].reset_index(drop=True)
    cut["bases"] = region.bases[region.bases["site_id"].isin(cut["outlets"]["site_id"])].reset_index(drop=True)
    cut["vans"] = region.vans[region.vans["base_id"].isin(cut["bases"]["base_id"])].reset_index(drop=True)
    alone = PlanningProblem.build(dataclasses.replace(region, **cut), policy)
    assert 0 < len(alone.sites) < len(region.outlets) + len(region.candidates)
    assert optimum(scoped) == pytest.approx(optimum(alone), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_if_leaves_the_problem_alone(seed: int) -> None:
    """`replace` makes a new problem: the old one keeps its plan file, its arrays cannot be written, and both solve as built anew."""
    problem = problem_of("town", seed)
    before = optimum(problem)
    changed = problem.replace(access={"assignment": "nearest"}, policy={"relocation_minutes": 5})
    assert problem.policy.policy.relocation_minutes == 45
    assert len(changed.columns) <= len(problem.columns)
    assert optimum(changed) == pytest.approx(
        optimum(problem_of("town", seed, policy={"relocation_minutes": 5})), rel=1e-9
    )
    assert optimum(problem) == before
    for array in (
        problem.rows.weight,
        problem.columns.site,
        problem.margin,
        problem.demand.visits,
        problem.travel.to_site.minutes,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert np.isfinite(before)


@pytest.mark.parametrize(("district", "capital", "moves"), [("B", 0, True), ("A", 89_999, False), ("A", 90_000, True)])
def test_a_move_draws_on_the_district_it_leaves(tiny: Region, district: str, capital: float, *, moves: bool) -> None:
    """O3 moves from A into C2 in B for 90,000 of A's capital: B needs none, and with less than that A cannot pay."""
    policy = {"forced_closures": ["O3"], "relocation_minutes": 45, "keep_last_outlet": False}
    plan = {
        "policy": policy,
        "district": {district: {"capital": capital}},
        "budget": {"draws": ["opening", "relocation"]},
    }
    problem = PlanningProblem.build(tiny, parse_policy(plan, origin="move"))
    result = solve(problem.with_constraint(lambda v: v.r["O3", "C2"] == 1), gap=0)
    assert result.status == ("optimal" if moves else "infeasible")
    if result.plan is not None:
        assert result.plan.actions.set_index("site_id").loc["O3", "relocate_to"] == "C2"
        assert result.plan.scorecard.problems == ()
