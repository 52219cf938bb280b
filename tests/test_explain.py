"""A reason is what `evaluate` shows for the plan with that one action reversed, less the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plans import plan_with, problem_of, random_plan, table_changed, with_assignment
from random_regions import THEMES, random_region
from regions import tiny_tables

from netplan.errors import InputError
from netplan.evaluate import NetworkPlan, evaluate, today
from netplan.evaluate.money import cash_like, cash_of
from netplan.evaluate.network import network_of
from netplan.evaluate.reading import facts_of
from netplan.explain import Reason, explain, reversed_plan
from netplan.explain.reversal import reversals
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.solve import solve

FREE = {"keep_last_outlet": False}


@pytest.fixture(name="region", scope="module")
def _region() -> Region:
    return Region.from_tables(name="Tiny", currency="EUR", tables=tiny_tables())


def reason_of(problem: PlanningProblem, plan: NetworkPlan, site_id: str) -> Reason:
    """The reason of one site."""
    return next(reason for reason in explain(problem, plan) if reason.site_id == site_id)


def agrees_with_the_audit(problem: PlanningProblem, plan: NetworkPlan) -> int:
    """Compare every reason with the audit of the plan reversed; returns how many reversals break a rule."""
    card, breaking = evaluate(problem, plan), 0
    scale = max(1.0, abs(card.after.objective))
    for reason in explain(problem, plan):
        other = evaluate(problem, reversed_plan(problem, plan, reason.site_id))
        now, then = card.after, other.after
        assert reason.cost_per_year == pytest.approx(then.objective - now.objective, abs=1e-9 * scale), reason
        assert reason.cash_per_year == pytest.approx(then.cash_cost - now.cash_cost, abs=1e-6), reason
        margin = (then.won_margin - then.lost_margin) - (now.won_margin - now.lost_margin)
        assert reason.margin_per_year == pytest.approx(margin, abs=1e-6), reason
        unserved = then.unserved_visits - now.unserved_visits
        assert reason.unserved_visits_per_year == pytest.approx(unserved, abs=1e-6), reason
        moved = changes(problem, plan, reversed_plan(problem, plan, reason.site_id))
        assert (reason.people, reason.minutes) == pytest.approx(moved, abs=1e-9), reason
        new = {breach.rule for breach in set(other.breaches) - set(card.breaches)}
        assert set(reason.breaks) == new, reason
        breaking += bool(new)
    return breaking


def changes(problem: PlanningProblem, plan: NetworkPlan, other: NetworkPlan) -> tuple[float, float]:
    """People at the nodes of which a visit goes elsewhere, and the mean change of minutes of those served both times."""
    keys = ["node_id", "service"]
    both = plan.assignments.merge(other.assignments, on=keys, suffixes=("", "_then"))
    both = both[both["site_id"] != both["site_id_then"]]
    people = dict(zip(problem.region.nodes["node_id"], problem.demand.people, strict=True))
    where = {node: n for n, node in enumerate(problem.region.nodes["node_id"])}
    visits = np.array(
        [problem.demand.visits[where[n], problem.demand.services.index(c)] for n, c in both[keys].to_numpy()]
    )
    served = ((both["site_id"] != "") & (both["site_id_then"] != "")).to_numpy()
    longer = (both["minutes_then"] - both["minutes"]).to_numpy()[served]
    mean = float(np.average(longer, weights=visits[served])) if served.any() else 0.0
    return float(sum(people[node] for node in set(both["node_id"]))), mean


def busy_parts(rng: np.random.Generator) -> dict[str, Any]:
    """A plan file in which every kind of rule can break and every component can cost."""
    service = {"unserved_cost": 300.0, "day_wait_cost": 5.0, "not_postponable_share": 0.4, "overflow_cost": 6.0}
    names = ("cash", "counter", "advice")
    soft = {"hard": False, "penalty": 40.0}
    return {
        "access": {"service": {name: {**service, "reach_minutes": float(rng.choice([20, 60]))} for name in names}},
        "money": {"transition_margin_share": 0.15},
        "capacity": {
            "overflow": str(rng.choice(["priced", "priced", "hard", "ignored"])),
            "viability": str(rng.choice(["hard", "ignored"])),
        },
        "budget": {"capital": float(rng.choice([50_000, 500_000])), "draws": ["opening", "conversion", "disposal"]},
        "policy": {
            "relocation_minutes": 45.0,
            "max_closures": 1,
            "min_outlets": 2,
            "max_running_cost_change": 0.0,
            "max_staff_change": 3.0,
            "cluster": [{"formats": ["small", "kiosk"], "needs": ["light", "full"], "minutes": 12.0}],
            "zone_share": [{"name": "a", "townships": ["A1"], "min_share": 0.2, "max_share": 0.6}],
            "protected": ["O1"],
        },
        "district": {"A": {"max_openings": 1, "stance": "advance"}, "B": {"max_of_format": {"light": 1}}},
        "standard": [
            {"id": "near", "service": "cash", "group": "elderly", "minutes": 12.0, "share": 0.8, **soft},
            {"id": "rural", "service": "cash", "group": "rural", "minutes": 20.0, "share": 0.7, "any_bank": True},
            {"id": "towns", "kind": "township", "hard": False, "penalty": 9_000.0},
            {"id": "apart", "kind": "spacing", "kilometres": 6.0, "hard": False, "penalty": 3_000.0},
            {"id": "apart_hard", "kind": "spacing", "minutes": 3.0},
        ],
    }


@pytest.mark.parametrize("kind", ["net_cost", "access", "coverage"])
@pytest.mark.parametrize("seed", range(6))
def test_reasons_equal_the_audit_of_the_reversed_plan(seed: int, kind: str) -> None:
    """Cost, cash, margin, people, minutes, unserved visits and rules, for every action of random networks."""
    rng = np.random.default_rng([seed, 7])
    parts = busy_parts(rng)
    if kind == "coverage":
        parts["standard"] = [each for each in parts["standard"] if each.get("hard", True)]
        parts["objective"] = {"service": "cash", "minutes": 7.0, "measure": str(rng.choice(["people", "visits"]))}
    parts["objective"] = {"kind": kind, **parts.get("objective", {})}
    problem = problem_of(random_region(seed, THEMES[seed % len(THEMES)]), **parts)
    for _ in range(2):
        agrees_with_the_audit(problem, random_plan(problem, rng))


def test_reversals_break_rules_and_keep_them(region: Region) -> None:
    """On random networks of the rural region some reversals break rules and some do not, so both are compared above."""
    rng = np.random.default_rng(3)
    problem = problem_of(random_region(1, "rural"), **busy_parts(rng))
    plan = random_plan(problem, rng)
    assert 0 < agrees_with_the_audit(problem, plan) < len(explain(problem, plan))


@pytest.mark.parametrize("seed", range(3))
def test_reasons_under_system_assignment(seed: int) -> None:
    """Where the planner splits visits, freed visits go to the cheapest outlet and cheaper sites that come back attract them."""
    rng = np.random.default_rng([seed, 9])
    parts = {**busy_parts(rng), "capacity": {"overflow": "priced"}}
    parts["access"]["assignment"] = "system"
    problem = problem_of(random_region(seed, "split"), **parts)
    plan = random_plan(problem, rng)
    card = evaluate(problem, plan)
    for reason in explain(problem, plan):
        other = evaluate(problem, reversed_plan(problem, plan, reason.site_id))
        change = other.after.objective - card.after.objective
        assert reason.cost_per_year == pytest.approx(change, abs=1e-9 * max(1.0, abs(card.after.objective)))


@pytest.mark.parametrize("seed", range(4))
def test_cash_of_a_reversal_is_that_of_its_network(seed: int) -> None:
    """Worked out at the sites that change, running costs, vans and one-offs equal those of the whole network exactly."""
    rng = np.random.default_rng([seed, 11])
    problem = problem_of(random_region(seed, THEMES[seed % len(THEMES)]), **busy_parts(rng))
    facts = facts_of(problem)
    network = network_of(facts, random_plan(problem, rng))
    known = cash_of(facts, network)
    for reversal in reversals(facts, network):
        whole, part = cash_of(facts, reversal.network), cash_like(facts, reversal.network, known, reversal.sites)
        assert part.running.tolist() == whole.running.tolist()
        assert part.vans.tolist() == whole.vans.tolist()
        for kind, values in whole.one_offs.items():
            assert part.one_offs[kind].tolist() == values.tolist(), (kind, reversal)


def test_split_visits_leave_in_parts(region: Region) -> None:
    """Half of N4's 900 cash visits at O3, half at O1: closing O3 sends its half 35 minutes to O1 (25 more), the other stays."""
    problem = problem_of(region, access={"assignment": "system"}, policy=FREE)
    half = with_assignment(today(problem), "N4", "cash", share=0.5)
    away = pd.DataFrame([("N4", "cash", "O1", 0.5, 35.0)], columns=list(half.assignments.columns))
    plan = replace(half, assignments=pd.concat([half.assignments, away], ignore_index=True))
    after = reversed_plan(problem, plan, "O3").assignments
    lines = after[(after["node_id"] == "N4") & (after["service"] == "cash")]
    assert lines["share"].sum() == 1.0
    assert dict(lines.groupby("site_id")["minutes"].max()) == {"O2": 30.0, "O1": 35.0}
    assert evaluate(problem, reversed_plan(problem, plan, "O3")).problems == (
        "Lake-shop (O4) has no open outlet within 60 minutes that supplies it with cash",
    )


@pytest.mark.parametrize("seed", range(6))
def test_no_reversal_improves_an_optimum(seed: int) -> None:
    """A plan proven optimal has no action that could be reversed at a gain without breaking a rule."""
    problem = problem_of(random_region(seed + 50, THEMES[seed % 3]), policy={"relocation_minutes": 45.0})
    result = solve(problem, gap=0.0)
    assert result.plan is not None
    for reason in explain(problem, result.plan):
        assert reason.breaks or reason.cost_per_year >= -1e-6 * max(1.0, abs(result.objective or 0.0)), reason


def test_closing_worked_out_by_hand(region: Region) -> None:
    """Closing O2 and what keeping it would do.

    Cash: O2 runs at 40,000; its one-offs 20,000 + 8,000 + 3,000, a tenth a year, are 3,100: keeping costs 36,900 more. Margin:
    35,000 x 0.1 come back. N2's 800 people make 2,200 + 800 cash and counter visits 5 minutes nearer: 15,000 minutes
    one way, 10,000 of time there and back.
    """
    problem = problem_of(region, money={"discount_rate": 0.0})
    reason = reason_of(problem, plan_with(problem, {"O2": ""}), "O2")
    assert reason.action == "close"
    assert reason.cash_per_year == pytest.approx(36_900)
    assert reason.margin_per_year == pytest.approx(3_500)
    assert (reason.people, reason.minutes) == (800.0, -5.0)
    assert reason.total_minutes_per_year == pytest.approx(-15_000)
    assert reason.cost_per_year == pytest.approx(36_900 - 3_500 - 10_000)
    assert reason.breaks == ()
    assert reason.text == (
        "Closing saves 36,900 a year; 800 people travel 5.0 minutes longer, 3,500 of margin is lost. "
        "Keeping it open would cost 23,400 a year more, all counted."
    )


def test_visits_that_stay_may_wait_longer(region: Region) -> None:
    """O2 becomes a two-day counter: nobody goes elsewhere, but 2,200 cash visits wait (3.5 - 1) / 2 - 0.2 days longer at 1 each."""
    cash = {"day_wait_cost": 1.0, "not_postponable_share": 1.0}
    problem = problem_of(region, access={"service": {"cash": cash}}, money={"discount_rate": 0.0})
    plan = plan_with(problem, {"O2": "fixed_2d"}, bases={"O2": "BASE1"})
    reason = reason_of(problem, plan, "O2")
    assert (reason.action, reason.people, reason.minutes) == ("convert", 0.0, 0.0)
    # 32,000 of running cost and a tenth of the 15,000 that the conversion cost.
    assert reason.cash_per_year == pytest.approx(32_000 - 1_500)
    assert reason.cost_per_year == pytest.approx(32_000 - 1_500 - 2_200 * 1.05)
    agrees_with_the_audit(problem, plan)


@pytest.mark.parametrize("gone", ["O1", "O2"])
def test_outlets_side_by_side_share_by_order(region: Region, gone: str) -> None:
    """O1 and O2 at one place tie for cash: O1 coming back takes all its visits from O2, O2 coming back takes none."""
    together = table_changed(region, "outlets", lon=[10.00, 10.00, 10.10, 10.32])
    problem = problem_of(together, policy=FREE)
    plan = plan_with(problem, {gone: ""})
    moved = reversed_plan(problem, plan, gone).assignments
    assert set(moved[moved["site_id"].isin(["O1", "O2"])]["site_id"]) == {"O1"}
    assert (reason_of(problem, plan, gone).people > 0) == (gone == "O1")
    agrees_with_the_audit(problem, plan)


@pytest.mark.parametrize("seed", range(4))
def test_reasons_on_the_small_region(region: Region, seed: int) -> None:
    """The same comparison where outlets become counters that open on fewer days."""
    rng = np.random.default_rng([seed, 8])
    service = {"day_wait_cost": 9.0, "not_postponable_share": 0.5, "unserved_cost": 60.0, "overflow_cost": 2.0}
    problem = problem_of(region, access={"service": {"cash": service, "counter": service}}, policy=FREE)
    for _ in range(4):
        agrees_with_the_audit(problem, random_plan(problem, rng))


def test_the_last_outlet_must_stay(region: Region) -> None:
    """Closing O3 would leave Mill without a physical outlet and O4 without cash: said first, and in the rules broken."""
    problem = problem_of(region)
    reason = reason_of(problem, today(problem), "O3")
    assert set(reason.breaks) == {"policy.keep_last_outlet.A2", "supply.O4"}
    assert reason.text.startswith(
        "Must stay: the last physical outlet of Mill (A2). Closing it would also break: Lake-shop"
    )


def test_every_action_has_a_reason(region: Region) -> None:
    """Outlets of today and openings, in the order of sites; the candidate moved into speaks through its outlet."""
    problem = problem_of(region)
    formats = {"O2": "", "O4": "light", "C2": "van_weekly"}
    plan = plan_with(problem, formats, moves={"O3": "C1"}, vans={"C2": ("V1", "every")})
    actions = [(reason.site_id, reason.action) for reason in explain(problem, plan)]
    expected = [("O1", "keep"), ("O2", "close"), ("O3", "relocate"), ("O4", "convert"), ("C2", "open")]
    assert actions == expected
    assert all(reason.text.endswith(".") for reason in explain(problem, plan))


def test_the_last_stop_frees_its_van(region: Region) -> None:
    """Not opening C2 saves the stop (1,500), its opening (1,000, a tenth) and the van (20,000)."""
    problem = problem_of(region, money={"discount_rate": 0.0})
    plan = plan_with(problem, {"C2": "van_weekly"}, vans={"C2": ("V1", "every")})
    assert reason_of(problem, plan, "C2").cash_per_year == pytest.approx(-21_600)


def rounds(region: Region) -> Region:
    """O2 is a counter and O4 a van stop today; a second van stands at a second base, O3."""
    changed = table_changed(region, "outlets", format=["full", "fixed_2d", "light", "van_weekly"])
    bases = pd.DataFrame({"base_id": ["B1", "B3"], "site_id": ["O1", "O3"], "staff_days_per_week": [4.0, 4.0]})
    vans = pd.DataFrame(
        {
            "van_id": ["V1", "V3"],
            "base_id": ["B1", "B3"],
            "days_per_week": [1, 1],
            "shift_minutes": [360.0, 360.0],
            "running_cost_per_year": [20_000.0, 30_000.0],
        }
    )
    return replace(changed, bases=bases, vans=vans)


def test_a_counter_comes_back_to_the_nearest_base_with_room(region: Region) -> None:
    """O2 is 5 minutes from B1 and 20 from B3; without staff-days or open doors at B1 it goes to B3."""
    moving = rounds(region)
    problem = problem_of(moving, policy=FREE)
    vans = {"O4": ("V3", "every")}
    plan = plan_with(problem, {"O2": ""}, vans=vans)
    assert reversed_plan(problem, plan, "O2").base_of[1] == "B1"
    shut = plan_with(problem, {"O1": "", "O2": ""}, vans=vans)
    assert reversed_plan(problem, shut, "O2").base_of[1] == "B3"
    tired = problem_of(replace(moving, bases=moving.bases.assign(staff_days_per_week=[1.0, 2.0])), policy=FREE)
    assert reversed_plan(tired, plan, "O2").base_of[1] == "B3"


def test_a_counter_that_no_base_can_staff_breaks_a_rule(region: Region) -> None:
    """With too few staff-days everywhere the nearest base is named and over-used; with none in reach nobody is."""
    moving = rounds(region)
    none_left = problem_of(replace(moving, bases=moving.bases.assign(staff_days_per_week=1.0)), policy=FREE)
    plan = plan_with(none_left, {"O2": "", "O4": ""})
    reason = reason_of(none_left, plan, "O2")
    assert reason.breaks == ("base.B1",)
    far = table_changed(
        moving, "formats", max_base_minutes=region.formats["max_base_minutes"].where(lambda m: m.isna(), 4.0)
    )
    unreached = problem_of(far, policy=FREE)
    assert reason_of(unreached, plan, "O2").breaks == ("counter.O2",)


def test_a_van_stop_comes_back_on_a_van_with_room(region: Region) -> None:
    """O4 goes to the van that drives already if it has half a day left, else to the other, else a rule breaks."""
    moving = rounds(region)
    problem = problem_of(moving, policy=FREE)
    driving = plan_with(problem, {"O4": "", "C2": "van_weekly"}, vans={"C2": ("V3", "every")})
    assert reversed_plan(problem, driving, "O4").van_of[3] == "V3"
    assert reason_of(problem, driving, "O4").cash_per_year == pytest.approx(1_500.0)
    full_day = problem_of(replace(moving, vans=moving.vans.assign(shift_minutes=[360.0, 200.0])), policy=FREE)
    assert reversed_plan(full_day, driving, "O4").van_of[3] == "V1"
    alone = problem_of(replace(moving, vans=moving.vans.assign(shift_minutes=[100.0, 200.0])), policy=FREE)
    assert reason_of(alone, driving, "O4").breaks == ("van.V3",)
    nowhere = problem_of(replace(moving, vans=moving.vans.assign(shift_minutes=100.0)), policy=FREE)
    closed = plan_with(nowhere, {"O4": ""})
    assert reason_of(nowhere, closed, "O4").breaks == ("van_stop.O4",)


def test_a_base_that_closes_takes_its_counters_and_vans_along(region: Region) -> None:
    """Closing O3 leaves the counter and the van of B3 without a base."""
    problem = problem_of(rounds(region), policy=FREE)
    plan = plan_with(problem, bases={"O2": "B3"}, vans={"O4": ("V3", "every")})
    assert evaluate(problem, plan).problems == ()
    assert set(reason_of(problem, plan, "O3").breaks) == {"base.B3", "van.V3"}


@pytest.mark.parametrize("site_id", ["C1", "C3", "Z9"])
def test_only_actions_can_be_reversed(region: Region, site_id: str) -> None:
    """A candidate that stays closed, or that an outlet moves into, has no action of its own."""
    problem = problem_of(region)
    with pytest.raises(InputError, match="no action to reverse"):
        reversed_plan(problem, plan_with(problem, moves={"O3": "C1"}), site_id)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"objective": {"kind": "access"}}, "in customers' time"),
        ({"objective": {"kind": "coverage", "service": "cash", "minutes": 5.0}}, "more people uncovered"),
        (
            {"objective": {"kind": "coverage", "service": "cash", "minutes": 5.0, "measure": "visits"}},
            "more visits a year uncovered",
        ),
    ],
)
def test_the_verdict_is_in_the_unit_of_the_objective(region: Region, parts: dict[str, Any], words: str) -> None:
    """Money, customers' time, people or visits."""
    problem = problem_of(region, **parts)
    assert words in reason_of(problem, today(problem), "O3").text


def test_what_changes_nothing_says_so(region: Region) -> None:
    """C3 beside O1, full like it, serves nobody: not opening it moves nobody and saves its cost."""
    problem = problem_of(region, objective={"kind": "access"})
    reason = reason_of(problem, plan_with(problem, {"C3": "full"}), "C3")
    assert "nobody goes elsewhere" in reason.text
    assert reason.text.endswith("Not opening it would change nothing in the objective.")
    assert (reason.people, reason.minutes, reason.cost_per_year) == (0.0, 0.0, 0.0)


def test_without_a_gain_curve_nothing_is_won(region: Region) -> None:
    """A region without `gain` explains its actions too: O2's reversal brings back margin that was lost, none that is won."""
    problem = problem_of(replace(region, gain=region.gain[:0]), policy=FREE)
    plan = plan_with(problem, {"O2": "", "C1": "light"})
    assert reason_of(problem, plan, "O2").margin_per_year == pytest.approx(3_500)
    agrees_with_the_audit(problem, plan)


def test_an_action_may_leave_the_cash_cost_alone(region: Region) -> None:
    """A point that costs nothing is said to leave the bank's cash as it is."""
    free = table_changed(
        region,
        "formats",
        running_cost_per_year=region.formats["running_cost_per_year"].mask(region.formats["format"] == "point", 0.0),
        opening_cost=region.formats["opening_cost"].mask(region.formats["format"] == "point", 0.0),
    )
    problem = problem_of(free)
    text = reason_of(problem, plan_with(problem, {"C1": "point"}), "C1").text
    assert text.startswith("Opening leaves the bank's cash cost as it is; 300 people travel 10.0 minutes less")
