"""The Scorecard on a region small enough to work out by hand (tests/regions.py draws it)."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from plans import plan_with, problem_of, table_changed, with_assignment
from regions import tiny_tables

from netplan.errors import AuditError
from netplan.evaluate import NetworkPlan, Scorecard, audit, evaluate, today
from netplan.problem import PlanningProblem
from netplan.region import Region

MONEY = {"discount_rate": 0.0, "horizon_years": 10.0, "transition_margin_share": 0.1}
ACCESS = {
    "service": {
        "cash": {"day_wait_cost": 2.0, "not_postponable_share": 0.5},
        "advice": {"overflow_cost": 4.0},
    }
}
NEAR = {
    "id": "near",
    "service": "cash",
    "group": "rural",
    "minutes": 5.0,
    "share": 1.0,
    "hard": False,
    "penalty": 2.0,
}


@pytest.fixture(name="region", scope="module")
def _region() -> Region:
    return Region.from_tables(name="Tiny", currency="EUR", tables=tiny_tables())


@pytest.fixture(name="problem", scope="module")
def _problem(region: Region) -> PlanningProblem:
    return problem_of(region, money=MONEY, access=ACCESS, standard=[NEAR])


@pytest.fixture(name="plan", scope="module")
def _plan(problem: PlanningProblem) -> NetworkPlan:
    """O1 is kept, O2 closes, O3 moves to C1, O4 becomes a light branch, a van stops weekly at C2."""
    formats = {"O2": "", "O4": "light", "C2": "van_weekly"}
    return plan_with(problem, formats, moves={"O3": "C1"}, vans={"C2": ("V1", "every")})


@pytest.fixture(name="card", scope="module")
def _card(problem: PlanningProblem, plan: NetworkPlan) -> Scorecard:
    return evaluate(problem, plan)


def test_today_costs_what_the_tables_say(region: Region) -> None:
    """Today with the defaults: 210,750 a year.

    Running: 100,000 + 40,000 + 30,000 (own figure) + 2,000 = 172,000. Visits travel 46,875 visit-minutes one way (cash 900 x 10
    + 700 x 15; counter 300 x 10 + 200 x 40 + 150 x 55; advice 300 x 5 + 125 x 25 + 100 x 35), twice, at 20 an hour: 31,250.
    Advice is more than 60 minutes away from N5 and N6: 75 visits x 100 = 7,500.
    """
    problem = problem_of(region)
    score = evaluate(problem, today(problem)).after
    costs = {name: cost for name, cost in score.costs.items() if cost}
    assert costs == pytest.approx({"running": 172_000.0, "access_time": 31_250.0, "unserved": 7_500.0})
    assert score.objective == pytest.approx(210_750.0)


def test_every_cost_of_a_plan_worked_out_by_hand(card: Scorecard) -> None:
    """One-offs count a tenth a year (rate 0, ten years); a minute costs a third, there and back.

    running      O1 100,000 + C1 40,000 + O4 40,000 + C2 1,500
    van          V1 20,000
    opening      C2 1,000 x 0.1; the relocation into C1 takes its opening cost off again
    closing      O2 20,000 x 0.1; severance 8,000 x 0.1; lease until 2027: 3,000 x 0.1
    conversion   O4 point to light 140,000 x 0.1
    relocation   O3 90,000 x 0.1; its lease has no end, so nothing is broken
    transition   0.1 x (45,000 + 1,000) x 0.1
    access_time  (cash 2,200 x 5 + 1,500 x 10; counter 800 x 5 + 450 x 10 + 200 x 15; advice 8,125) x 2 / 3
    day_wait     cash: 1 x (7 / 5 - 1) / 2 = 0.2 for 8,200 visits, 1 x (7 / 1 - 1) / 2 = 3 for the 700 at the van stop
    unserved     75 advice visits x 100
    overflow     1,025 advice visits at O1, capacity 1,000: 25 x 4
    lost_margin  O2 35,000 x 0.1 (O1 is 5 minutes away); O3 45,000 x 0.1 (it moved 10 minutes: its own, lower curve)
    won_margin   N4 200 x (0.8 x 0.5 - 0.8 x 0.375); N5 100 x (0.8 x 0.3125 - 0.1 x 0.3125)
    standards    400 rural people (N3) are 10 minutes from cash: 400 x 2
    """
    expected = {
        "running": 181_500.0,
        "van": 20_000.0,
        "opening": 100.0,
        "closing": 2_000.0,
        "severance": 800.0,
        "lease_break": 300.0,
        "disposal": 0.0,
        "conversion": 14_000.0,
        "relocation": 9_000.0,
        "transition": 460.0,
        "access_time": 45_625.0 * 2.0 / 3.0,
        "day_wait": 8_200 * 0.2 + 700 * 3.0,
        "unserved": 7_500.0,
        "overflow": 100.0,
        "lost_margin": 8_000.0,
        "won_margin": -(20.0 + 21.875),
        "standards": 800.0,
    }
    assert dict(card.after.costs) == pytest.approx(expected)
    assert list(card.after.costs) == list(expected)
    assert card.after.objective == pytest.approx(sum(expected.values()))
    assert card.problems == ()


def test_cash_cost_leaves_customers_and_margin_out(card: Scorecard) -> None:
    """Cash cost is running, van and annualised one-offs; capital is opening, conversion and relocation in full."""
    assert card.after.cash_cost == pytest.approx(228_160.0)
    assert card.after.capital == pytest.approx(1_000 + 140_000 + 90_000)
    assert card.after.one_offs["severance"] == pytest.approx(8_000)
    assert card.after.staff == pytest.approx(10 + 4 + 4)
    assert card.before.cash_cost == pytest.approx(172_000)
    assert card.before.capital == 0


def test_minutes_are_weighted_by_visits(card: Scorecard) -> None:
    """8,900 cash visits, 26,000 visit-minutes; 90 % of them (8,010) are reached by the 10-minute ones."""
    table = card.after.minutes.set_index("service")
    assert table.loc["cash", "mean"] == pytest.approx(26_000 / 8_900)
    assert table.loc["cash", "p90"] == 10.0
    assert table.loc["cash", "worst"] == 10.0
    assert table.loc["advice", "unserved"] == 75.0
    assert table.loc["all", "mean"] == pytest.approx(45_625 / (13_100 - 75))
    assert table.loc["all", "worst"] == 35.0


def test_loads_meet_capacities(card: Scorecard) -> None:
    """O1 gives 1,025 of 1,000 advice visits; a van stop has no limit, so it has no utilisation."""
    table = card.after.sites.set_index(["site_id", "service"])
    assert table.loc[("O1", "advice"), "visits"] == pytest.approx(1_025)
    assert table.loc[("O1", "advice"), "utilisation"] == pytest.approx(1.025)
    assert table.loc[("C2", "cash"), "visits"] == pytest.approx(700)
    assert np.isnan(table.loc[("C2", "cash"), "utilisation"])
    assert list(card.after.overflow["site_id"]) == ["O1"]
    spread = np.std([(5_200 + 2_000 + 1_025) / 41_000, (2_400 + 750) / 10_000, (600 + 350) / 10_000])
    assert card.after.utilisation_spread == pytest.approx(spread)


def test_equity_counts_people(card: Scorecard) -> None:
    """Minutes to a physical outlet: N2 5, N3 10, N5 15, else 0; the worst tenth is N5's 200 and 110 of N3's people."""
    minutes = np.repeat([0.0, 5.0, 10.0, 0.0, 15.0, 0.0], [1300, 800, 400, 300, 200, 100])
    equity = card.after.equity
    assert equity.mean_minutes == pytest.approx(minutes.mean())
    assert equity.worst_tenth_minutes == pytest.approx((200 * 15 + 110 * 10) / 310)
    gap = np.abs(minutes[:, None] - minutes[None, :]).mean()
    assert equity.gini == pytest.approx(gap / (2 * minutes.mean()))
    assert equity.rural_to_urban == pytest.approx(7.0 / (800 * 5 / 2100))
    assert equity.elderly_to_all == pytest.approx(5.0 / (11_000 / 3_100))
    assert dict(card.after.people_within) == {15: 3_100.0, 30: 3_100.0, 60: 3_100.0}
    assert dict(card.before.people_within) == {15: 2_800.0, 30: 2_800.0, 60: 3_100.0}


def test_people_within_is_unknown_beyond_the_minutes_measured(region: Region) -> None:
    """With a cut-off of 40 minutes nobody can say who is within 60."""
    reach = {name: {"reach_minutes": 40.0} for name in ("cash", "counter", "advice")}
    problem = problem_of(region, access={"service": reach})
    card = evaluate(problem, today(problem))
    assert card.after.people_within[60] is None
    assert np.isnan(card.frame().set_index("measure").loc["people within 60 minutes", "after"])
    assert card.to_dict()["after"]["people_within"]["60"] is None


def test_actions_and_outlets_are_counted(card: Scorecard) -> None:
    """One of each action; the candidate moved into is no opening."""
    assert dict(card.after.actions) == {"keep": 1, "close": 1, "convert": 1, "relocate": 1, "open": 1}
    assert dict(card.after.outlets) == {"full": 1, "light": 2, "point": 0, "fixed_2d": 0, "van_weekly": 1}
    assert (card.before.physical_outlets, card.after.physical_outlets) == (3, 3)


def test_districts_add_up_to_the_network(card: Scorecard) -> None:
    """People, visits, outlets and cash of the districts sum to the network's; B holds O4 and C2, the van counts at O1."""
    table = card.after.districts.set_index("district_id")
    assert table["people"].sum() == 3_100
    assert table["cash_cost"].sum() == pytest.approx(card.after.cash_cost)
    assert table.loc["B", "cash_cost"] == pytest.approx(40_000 + 1_500 + 100 + 14_000 + 0.1 * 0.1 * 1_000)
    assert list(table["physical_outlets"]) == [2, 1]
    assert table["unserved_visits"].sum() == pytest.approx(75)
    assert table.loc["B", "minutes_mean"] == pytest.approx(200 * 15 / (700 + 600 + 350))


def test_segments_divide_the_visits(card: Scorecard) -> None:
    """Elderly people make 450 x 10 cash and 450 x 2 counter visits and no advice visits."""
    table = card.after.segments.set_index("segment")
    assert table.loc["elderly", "visits"] == pytest.approx(5_400)
    assert table.loc["elderly", "unserved_visits"] == 0
    assert table["visits"].sum() == pytest.approx(card.after.visits)
    assert table.loc["elderly", "minutes_to_outlet"] == pytest.approx(5.0)


def test_standards_show_target_before_and_after(card: Scorecard) -> None:
    """Within 5 minutes of cash: 500 of 1,000 rural people today, 600 after; both townships keep an outlet."""
    near, last = card.standards
    assert (near.id, near.target, near.before, near.after, near.met) == ("near", 1.0, 0.5, 0.6, False)
    assert (near.short, near.penalty, near.is_hard) == (400.0, 800.0, False)
    assert (last.id, last.target, last.before, last.after, last.met) == ("keep_last_outlet", 2.0, 2.0, 2.0, True)


@pytest.mark.parametrize(
    ("group", "service", "measure", "uncovered"),
    [
        ("all", "cash", "people", 1_200),
        ("rural", "cash", "people", 400),
        ("elderly", "cash", "people", 200),
        ("urban", "advice", "people", 800),
        ("rural", "cash", "visits", 1_500),
        ("elderly", "cash", "visits", 2_000),
        ("rural", "counter", "visits", 650),
    ],
)
def test_coverage_counts_whom_nobody_covers(
    region: Region, plan: NetworkPlan, group: str, service: str, measure: str, uncovered: float
) -> None:
    """Within 4 minutes the plan leaves out N2 (800 people, 100 elderly) and N3 (400, 100), and N5 where counters are asked."""
    objective = {"kind": "coverage", "minutes": 4.0, "group": group, "service": service, "measure": measure}
    problem = problem_of(region, objective=objective)
    assert dict(evaluate(problem, plan).after.costs) == {"uncovered": pytest.approx(uncovered)}


def test_access_leaves_the_bank_out(region: Region, problem: PlanningProblem, plan: NetworkPlan) -> None:
    """The access objective is time, waiting, unserved visits and soft standards; the bank's cash is still reported."""
    score = evaluate(problem.replace(objective={"kind": "access"}), plan).after
    assert list(score.costs) == ["access_time", "day_wait", "unserved", "standards"]
    assert score.objective == pytest.approx(45_625 * 2 / 3 + 3_740 + 7_500 + 800)
    assert score.cash_cost == pytest.approx(228_160.0)


def test_segment_weights_price_time_and_leave_loads_alone(region: Region) -> None:
    """With elderly visits counted three times, N4's 900 cash visits weigh 400 + 3 x 500; the load stays 900."""
    problem = problem_of(region, access={"segment_weight": {"elderly": 3.0}})
    plain = problem_of(region)
    one, other = evaluate(problem, today(problem)).after, evaluate(plain, today(plain)).after
    # Elderly visit-minutes: cash 500 x 10 + 500 x 15, counter 100 x 10 + 100 x 40 + 100 x 55.
    assert one.costs["access_time"] - other.costs["access_time"] == pytest.approx(2 * 23_000 * 2 / 3)
    pd.testing.assert_frame_equal(one.sites, other.sites)


@pytest.mark.parametrize(("shape", "expected"), [("power", 20.0**1.5), ("exponential", (np.exp(0.05 * 20) - 1) / 0.05)])
def test_time_costs_have_a_shape(region: Region, shape: str, expected: float) -> None:
    """A visit ten minutes away costs h x m^e or h x (exp(e m) - 1) / e at m = 20 minutes there and back."""
    exponent = 1.5 if shape == "power" else 0.05
    cash = {"shape": shape, "exponent": exponent, "unserved_cost": 10_000.0}
    problem = problem_of(region, access={"service": {"cash": cash}})
    shaped = evaluate(problem, today(problem)).after.costs["access_time"]
    at_15 = 30.0**1.5 if shape == "power" else (np.exp(0.05 * 30) - 1) / 0.05
    others = (19_250 + 8_125) * 2 / 3
    assert shaped == pytest.approx((900 * expected + 700 * at_15) / 3 + others)


def test_a_visit_dearer_than_its_penalty_stays_unserved(region: Region) -> None:
    """A penalty of 40 is reached by 55 minutes one way (36.67) with a wait (8), not by 40 minutes (26.67) with it."""
    counter = {"reach_minutes": 60.0, "unserved_cost": 40.0, "day_wait_cost": 40.0, "not_postponable_share": 1.0}
    problem = problem_of(region, access={"service": {"counter": counter}})
    plan = today(problem)
    lines = plan.assignments[plan.assignments["service"] == "counter"].set_index("node_id")["site_id"]
    assert (lines["N5"], lines["N6"]) == ("O3", "")


def test_today_counts_every_van_if_any_stop_runs(region: Region) -> None:
    """The tables name no rounds of today, so with one van stop among the outlets V1 costs its 20,000."""
    running = table_changed(region, "outlets", format=["full", "light", "light", "van_weekly"])
    problem = problem_of(running)
    card = evaluate(problem, today(problem))
    assert (card.before.costs["van"], card.after.costs["van"]) == (20_000, 20_000)


def test_lease_and_ownership_decide_what_leaving_costs(region: Region) -> None:
    """Closing O1 (owned) brings 200,000; closing O2 breaks a lease until its end only."""
    problem = problem_of(region, policy={"keep_last_outlet": False}, money=MONEY)
    plan = plan_with(problem, {"O1": "", "O2": ""})
    assert evaluate(problem, plan).after.costs["disposal"] == pytest.approx(-20_000)
    assert evaluate(problem, plan).after.costs["lease_break"] == pytest.approx(300)
    later = problem.replace(money={"plan_date": "2027-12-31"})
    assert evaluate(later, plan).after.costs["lease_break"] == 0


def test_overflow_is_priced_only_if_asked(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """With overflow ignored the 25 visits above capacity are still reported, and cost nothing."""
    score = evaluate(problem.replace(capacity={"overflow": "ignored"}), plan).after
    assert score.costs["overflow"] == 0
    assert score.overflow_visits == pytest.approx(25)


def test_system_assignment_is_taken_from_the_plan(region: Region) -> None:
    """Under `system`, half of N4's 900 cash visits sent to O1 (35 minutes, not 10) cost 450 x 25 x 2 / 3 more."""
    problem = problem_of(region, access={"assignment": "system"})
    plan = today(problem)
    half = with_assignment(plan, "N4", "cash", share=0.5)
    away = pd.DataFrame([("N4", "cash", "O1", 0.5, 35.0)], columns=list(plan.assignments.columns))
    split = replace(half, assignments=pd.concat([half.assignments, away], ignore_index=True))
    card = evaluate(problem, split)
    assert card.problems == ()
    assert card.after.costs["access_time"] - card.before.costs["access_time"] == pytest.approx(450 * 25 * 2 / 3)


@pytest.mark.parametrize(
    ("change", "problem_text"),
    [
        ({"node": "N4", "service": "cash", "site_id": "O2"}, "do not go to their cheapest open outlet"),
        ({"node": "N4", "service": "cash", "site_id": ""}, "do not go to their cheapest open outlet"),
        ({"node": "N4", "service": "cash", "site_id": "C1"}, "go where nobody serves them"),
        ({"node": "N6", "service": "counter", "site_id": "O4"}, "go where nobody serves them"),
        ({"node": "N6", "service": "advice", "site_id": "O1"}, "go where nobody serves them"),
        ({"node": "N4", "service": "cash", "site_id": "Z9"}, "names site 'Z9'"),
        ({"node": "N4", "service": "cash", "share": 0.7}, "do not add up to 1"),
        ({"node": "N4", "service": "cash", "share": -0.5}, "is not between 0 and 1"),
        ({"node": "N4", "service": "cash", "node_id": "N99"}, "not part of the plan"),
    ],
)
def test_wrong_assignments_are_found(region: Region, change: dict[str, object], problem_text: str) -> None:
    """Every visit goes to its cheapest open outlet, exists, and is counted once."""
    problem = problem_of(region)
    plan = with_assignment(today(problem), str(change.pop("node")), str(change.pop("service")), **change)
    assert any(problem_text in text.replace("name site", "names site") for text in evaluate(problem, plan).problems)


def test_shares_follow_the_nearest_rule_whole(region: Region) -> None:
    """Two halves to the same outlet are a split that `nearest` does not make."""
    problem = problem_of(region)
    half = with_assignment(today(problem), "N4", "cash", share=0.5)
    twice = pd.concat([half.assignments, half.assignments[half.assignments["share"] == 0.5]], ignore_index=True)
    assert any("are split" in text for text in evaluate(problem, replace(half, assignments=twice)).problems)


def test_equal_outlets_are_taken_in_the_order_of_sites(region: Region) -> None:
    """C3 in O1's format at O1's place serves nobody; sending N1 there is reported."""
    problem = problem_of(region)
    plan = plan_with(problem, {"C3": "full"})
    assert "C3" not in set(plan.assignments["site_id"])
    assert evaluate(problem, plan).problems == ()
    swapped = with_assignment(plan, "N1", "cash", site_id="C3")
    assert any("later of two equal outlets" in text for text in evaluate(problem, swapped).problems)


def certified(plan: NetworkPlan, objective: float | None) -> SimpleNamespace:
    """The plan with a solver's claim."""
    names = NetworkPlan.__dataclass_fields__
    claim = SimpleNamespace(objective=objective)
    return SimpleNamespace(certificate=claim, **{name: getattr(plan, name) for name in names})


def test_the_audit_accepts_a_true_claim(problem: PlanningProblem, plan: NetworkPlan, card: Scorecard) -> None:
    """A claim within 1e-6, relatively, passes."""
    audit(problem, certified(plan, card.after.objective * (1 + 9e-7)))


@pytest.mark.parametrize("factor", [1 + 2e-6, 1 - 2e-6, float("nan"), float("inf")])
def test_the_audit_refuses_a_wrong_claim(
    problem: PlanningProblem, plan: NetworkPlan, card: Scorecard, factor: float
) -> None:
    """A claim that is off by more, or is no number, is a bug that must not pass."""
    with pytest.raises(AuditError, match="the solver claims"):
        audit(problem, certified(plan, card.after.objective * factor))


def test_the_audit_refuses_a_plan_without_a_claim(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """No objective, nothing to agree with."""
    with pytest.raises(AuditError, match="no certificate"):
        audit(problem, certified(plan, None))


def test_the_audit_refuses_a_broken_rule(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """A right claim does not excuse a plan that breaks a rule."""
    strict = problem.replace(policy={"max_closures": 0})
    with pytest.raises(AuditError, match="at most 0 closures"):
        audit(strict, certified(plan, evaluate(strict, plan).after.objective))


def test_the_audit_takes_a_scorecard_at_hand(problem: PlanningProblem, plan: NetworkPlan, card: Scorecard) -> None:
    """The claim is held against the scorecard given, and its broken rules are refused as well."""
    audit(problem, certified(plan, card.after.objective), card)
    with pytest.raises(AuditError, match="the solver claims"):
        audit(problem, certified(plan, card.after.objective + 10.0), card)
    with pytest.raises(AuditError, match="a rule of its own"):
        audit(problem, certified(plan, card.after.objective), replace(card, problems=("a rule of its own",)))


def test_a_plan_of_another_problem_is_refused(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """Columns that are not one entry per site, or move to no site, cannot be read at all."""
    with pytest.raises(AuditError, match="format_after has 3 entries for 7 sites"):
        evaluate(problem, replace(plan, format_after=plan.format_after[:3]))
    with pytest.raises(AuditError, match="names site 70"):
        evaluate(problem, replace(plan, relocated_to=(70, *plan.relocated_to[1:])))


def test_unknown_names_are_reported(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """A format, base or van that the region does not have is a problem, not a crash."""
    wrong = replace(plan, format_after=("villa", *plan.format_after[1:]), van_of=("V9", *plan.van_of[1:]))
    problems = evaluate(problem, wrong).problems
    assert any("format_after names 'villa'" in text for text in problems)
    assert any("van_of names 'V9'" in text for text in problems)


def test_sites_out_of_order_are_refused(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """Positions mean outlets, then candidates; anything else would be read wrongly."""
    mixed = replace(problem, sites=problem.sites.iloc[::-1].reset_index(drop=True))
    with pytest.raises(AuditError, match="not its outlets followed by its candidates"):
        evaluate(mixed, plan)


def test_the_frame_is_tidy(card: Scorecard) -> None:
    """One line a measure; change is after less before."""
    frame = card.frame().set_index("measure")
    assert frame.loc["cash cost", "change"] == pytest.approx(228_160 - 172_000)
    assert frame.loc["standard: near", "after"] == pytest.approx(0.6)
    assert frame.index.is_unique
    costs = frame[frame.index.str.startswith("cost: ")]
    assert costs["after"].sum() == pytest.approx(frame.loc["objective", "after"])


def test_the_dictionary_is_strict_json(card: Scorecard) -> None:
    """No NaN: what is undefined is null."""
    text = json.dumps(card.to_dict(), allow_nan=False)
    data = json.loads(text)
    assert data["after"]["costs"]["running"] == 181_500
    assert data["before"]["equity"]["rural_to_urban"] is None, (
        "urban people live at their outlets: nothing to divide by"
    )
    capacities = {line["site_id"]: line["capacity"] for line in data["after"]["sites"]}
    assert capacities["C2"] is None


def test_shown_in_terminal_and_notebook(card: Scorecard) -> None:
    """The text names the figures; the page escapes what the plan file names."""
    assert "cash cost" in repr(card)
    hostile = replace(card, standards=(replace(card.standards[0], id="<script>alert(1)</script>"),), problems=("<b>",))
    page = hostile._repr_html_()
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert "problem: <b>" in repr(hostile)


def test_a_region_without_gain_competitors_or_candidates(region: Region) -> None:
    """Absent tables are empty tables: nothing to win, nothing to open."""
    bare = replace(region, gain=region.gain[:0], competitors=region.competitors[:0], candidates=region.candidates[:0])
    problem = problem_of(bare)
    card = evaluate(problem, today(problem))
    assert card.problems == ()
    assert card.after.won_margin == 0
    assert card.after.objective == pytest.approx(210_750.0)


def test_other_banks_count_where_the_standard_says_so(region: Region) -> None:
    """X1 at N5 is staffed but not step-free: it covers N5 within 5 minutes only if step-free access is not asked."""

    def covered(**keys: object) -> float:
        problem = problem_of(region, standard=[{**NEAR, **keys}])
        return evaluate(problem, today(problem)).standards[0].after

    assert covered() == pytest.approx(0.5)
    assert covered(any_bank=True) == pytest.approx(0.7)
    assert covered(any_bank=True, only=["staffed"]) == pytest.approx(0.6)
    assert covered(any_bank=True, only=["step_free"]) == pytest.approx(0.4)
    assert covered(any_bank=True, only=["hosted"]) == pytest.approx(0.1)
    assert covered(any_bank=True, min_days_per_week=6.0) == pytest.approx(0.1)
    assert covered(districts=["B"], any_bank=True) == pytest.approx(1.0)


@pytest.mark.parametrize(("kilometres", "share"), [(0.1, 0.5), (4.4, 0.5), (4.5, 0.8), (6.6, 0.8), (6.7, 1.0)])
def test_standards_as_the_crow_flies(region: Region, kilometres: float, share: float) -> None:
    """0.04 degrees from N4 to O3 are 4.45 km, 0.06 degrees from N5 to O4 6.67 km."""
    crow = {key: value for key, value in NEAR.items() if key != "minutes"} | {"kilometres": kilometres}
    problem = problem_of(region, standard=[crow])
    assert evaluate(problem, today(problem)).standards[0].after == pytest.approx(share)


def test_other_banks_as_the_crow_flies(region: Region) -> None:
    """X1 stands at N5: within 0.1 km it covers N5 beside N3 and N6, which have outlets of their own."""
    crow = {key: value for key, value in NEAR.items() if key != "minutes"} | {"kilometres": 0.1, "any_bank": True}
    problem = problem_of(region, standard=[crow])
    assert evaluate(problem, today(problem)).standards[0].after == pytest.approx(0.7)


def test_scores_do_not_depend_on_the_order_of_assignments(problem: PlanningProblem, plan: NetworkPlan) -> None:
    """The plan's table may come in any order."""
    orders = itertools.islice(itertools.permutations(range(4)), 0, None, 7)
    for order in orders:
        lines = np.concatenate([np.arange(len(plan.assignments))[part::4] for part in order])
        shuffled = replace(plan, assignments=plan.assignments.iloc[lines].reset_index(drop=True))
        card = evaluate(problem, shuffled)
        assert card.problems == ()
        assert card.after.objective == pytest.approx(evaluate(problem, plan).after.objective, rel=1e-12)
