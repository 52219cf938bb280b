"""One instance solved by hand: every component of the objective, worked out below, against solver and audit."""

from __future__ import annotations

import pytest
from regions import tiny_tables

from netplan.evaluate import evaluate
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.result import Result
from netplan.solve import solve

PLAN = {
    "money": {"discount_rate": 0, "horizon_years": 10, "value_of_time_per_hour": 12, "transition_margin_share": 0.1},
    "access": {
        "service": {
            "cash": {"unserved_cost": 30, "day_wait_cost": 4, "not_postponable_share": 0.5, "overflow_cost": 3},
            "counter": {"unserved_cost": 30},
            "advice": {"unserved_cost": 30, "overflow_cost": 4},
        }
    },
    "policy": {"forced_closures": ["O3"], "forbidden": ["C3"]},
}

COSTS = {
    "running": 148_000.0,
    "van": 0.0,
    "opening": 1_000.0,
    "closing": 50.0,
    "severance": 60.0,
    "lease_break": 40.0,
    "disposal": -5_000.0,
    "conversion": 1_500.0,
    "relocation": 9_000.0,
    "transition": 800.0,
    "access_time": 19_950.0,
    "day_wait": 6_290.0,
    "unserved": 2_250.0,
    "overflow": 1_000.0,
    "lost_margin": 4_800.0,
    "won_margin": -26.875,
    "standards": 0.0,
}


def hand_region() -> Region:
    """The tiny region with a dear shop O4 on a lease, an owned O3, cheaper fixed-time counters and more staff-days."""
    tables = tiny_tables()
    outlets = tables["outlets"].set_index("site_id")
    outlets.loc["O3", ["is_owned", "disposal_proceeds"]] = ["1", "50000"]
    shop = {
        "lease_end": "2028-06-30",
        "lease_break_cost": "400",
        "severance_cost": "600",
        "running_cost_per_year": "12000",
    }
    outlets.loc["O4", list(shop)] = list(shop.values())
    tables["outlets"] = outlets.reset_index()
    formats = tables["formats"].set_index("format")
    formats.loc["fixed_2d", "running_cost_per_year"] = "4000"
    tables["formats"] = formats.reset_index()
    tables["bases"]["staff_days_per_week"] = "4"
    return Region.from_tables(name="Hand", currency="EUR", tables=tables)


@pytest.fixture(scope="module")
def problem() -> PlanningProblem:
    """The hand-solved problem."""
    return PlanningProblem.build(hand_region(), parse_policy(PLAN, origin="hand"))


@pytest.fixture(scope="module")
def result(problem: PlanningProblem) -> Result:
    """Its optimum at zero gap."""
    return solve(problem, gap=0)


def test_actions(result: Result) -> None:
    """All five actions are in the optimum: keep O1, convert O2, relocate O3 into C1, close O4, open C2.

    CRF = 1/10, a visit t minutes away costs 0.4 t, and a cash visit waits 4 x 0.5 per day until the next open one: 0.4 at
    5 days a week, 2.5 at 2 days, 6 at 1 day, 0 at 7.

    O1 stays full: 100,000 to run, 5,500 for advice visits (below), 100 overflow of advice = 105,600; light would be
    40,000 + 6,000 conversion + 1,500 transition + 0.6 x 50,000 lost advice margin + 1,100 x 30 advice visits unserved
    + 200 x 3 cash overflow (5,200 visits, 5,000 fit) = 111,100.

    O2 becomes a counter of two days, staffed from O1 (5 minutes): 4,000 + 1,500 + 350 transition; its cash visits prefer O1
    (2 + 0.4 < 2.5): 2,200 x 2.4 = 5,280; 11,130 in all. Kept it costs 40,000 + 880; closed 2,000 + 800 + 300
    + 0.1 x 35,000 + 2,200 x 2.4 + 800 x 2 = 13,480.

    O3 must leave, its township A2 may not lose its last physical outlet, only C1 as light is left: moved in, 9,000 + 450
    transition + 0.1 x 45,000 lost = 13,950; closed and opened anew 2,000 + 800 + 15,000 + 0.2 x 45,000 = 26,800.

    At N5 and N6, O4 closed with a counter of two days at C2: 4,000 + 1,000 opening + 150 to leave O4 + 300 margin + access
    1,750 + (6 + 2.5) x 600 + 6 x 150 + overflow 300 x 3 = 14,100 (less 6.875 won, which C1 wins too). O4 kept beside it:
    12,000 + 5,000 + 1,750 + 900 = 19,650. O4 alone: 12,000 + 700 x 6 + 200 x 12 + 150 x 18 = 21,300. Nothing:
    150 + 600 + 700 x 12.4 + 600 x 18.4 + 5,100 = 25,570. A light branch or a van at C2: above 40,000 and 20,000 to run.
    """
    assert result.plan is not None
    actions = result.plan.actions.set_index("site_id")
    assert dict(actions["action"]) == {"O1": "keep", "O2": "convert", "O3": "relocate", "O4": "close", "C2": "open"}
    assert dict(actions["format_after"]) == {"O1": "full", "O2": "fixed_2d", "O3": "light", "O4": "", "C2": "fixed_2d"}
    assert actions.loc["O3", "relocate_to"] == "C1"
    assert list(actions.loc[["O2", "C2"], "base_id"]) == ["BASE1", "BASE1"]


def test_objective(result: Result) -> None:
    """The components add up to 189,713.125 a year, proven optimal."""
    assert sum(COSTS.values()) == 189_713.125
    assert result.status == "optimal"
    assert result.objective == pytest.approx(189_713.125, rel=1e-9)
    assert result.bound == pytest.approx(189_713.125, rel=1e-6)


@pytest.mark.parametrize("component", COSTS)
def test_component(problem: PlanningProblem, result: Result, component: str) -> None:
    """Each line of the objective is what it comes to by hand.

    running      100,000 O1 + 4,000 O2 + 40,000 C1 + 4,000 C2 (O4's 12,000 and O3's 30,000 end)
    opening      0.1 x 10,000 for C2; C1 is moved into
    closing, severance, lease_break   0.1 x (500, 600, 400) of O4, leased until 2028
    disposal     -0.1 x 50,000 of O3, owned and left
    conversion   0.1 x 15,000 of O2; relocation 0.1 x 90,000 of O3
    transition   0.1 x 0.1 x (35,000 of O2 + 45,000 of O3)
    access_time  cash: 2,200 x 2 (N2 to O1) + 1,500 x 4 (N3 to C1) + 600 x 6 (N6 to C2) = 14,000
                 counter: 450 x 4 (N3) + 150 x 6 (N6) = 2,700 (N2 at O2: 0)
                 advice to O1: 300 x 2 (N2) + 125 x 10 (N3) + 100 x 14 (N4) = 3,250
    day_wait     cash: (3,000 + 2,200) x 0.4 at O1 + (1,500 + 900) x 0.4 at C1 + (700 + 600) x 2.5 at C2
    unserved     advice of N5 and N6, more than 60 minutes from O1: (50 + 25) x 30
    overflow     advice at O1 1,025 of 1,000: 25 x 4; cash at C2 1,300 of 1,000: 300 x 3
    lost_margin  O3 moved 10 minutes: 0.1 x 45,000; O4's cash to C2, 15 minutes: 0.3 x 1,000
    won_margin   N4: (0.8 x 0.5 - 0.8 x 0.375) x 200 = 20; N5: (0.2 x 0.5 - 0.1 x 0.3125) x 100 = 6.875
    """
    assert result.plan is not None
    after = evaluate(problem, result.plan).after
    assert set(after.costs) == set(COSTS)
    assert after.costs[component] == pytest.approx(COSTS[component], abs=1e-6)
