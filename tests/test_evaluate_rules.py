"""The audit finds every rule of docs/model.md that a plan breaks, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from plans import plan_with, problem_of, table_changed
from regions import tiny_tables

from netplan.evaluate import NetworkPlan, evaluate
from netplan.region import Region

FREE = {"keep_last_outlet": False, "relocation_minutes": 60.0}
VAN = {"vans": {"C2": ("V1", "every")}}
COUNTER = {"bases": {"C2": "BASE1"}}


@pytest.fixture(name="region", scope="module")
def _region() -> Region:
    return Region.from_tables(name="Tiny", currency="EUR", tables=tiny_tables())


def problems(region: Region, parts: dict[str, Any], *changes: Any, **named: Any) -> tuple[str, ...]:
    """What is wrong with a plan."""
    problem = problem_of(region, **parts)
    return evaluate(problem, plan_with(problem, *changes, **named)).problems


OPEN = {"C3": "full"}
CLOSE = {"O2": ""}
CONVERT = {"O2": "fixed_2d"}
MOVE = {"moves": {"O3": "C1"}}

BOUNDS: list[tuple[str, Any, dict[str, Any], str]] = [
    ("max_openings", 0, {"formats": OPEN}, "at most 0 openings"),
    ("max_closures", 0, {"formats": CLOSE}, "at most 0 closures"),
    ("max_conversions", 0, {"formats": CONVERT, "bases": {"O2": "BASE1"}}, "at most 0 conversions"),
    ("max_relocations", 0, MOVE, "at most 0 relocations"),
    ("max_outlets", 3, {"formats": OPEN}, "at most 3 physical outlets"),
    ("min_outlets", 3, {"formats": CLOSE}, "at least 3 physical outlets"),
    ("max_of_format", {"full": 1}, {"formats": OPEN}, "at most 1 in format full"),
    ("min_of_format", {"light": 2}, {"formats": CLOSE}, "at least 2 in format light"),
    ("max_running_cost_change", 99_999.0, {"formats": OPEN}, "a running cost change of at most 99,999"),
    ("max_staff_change", 9.0, {"formats": OPEN}, "a staff change of at most 9"),
    ("min_staff_change", -3.0, {"formats": CLOSE}, "a staff change of at least -3"),
    ("stance", "advance", {"formats": CLOSE}, "stance advance, no closures"),
    ("stance", "hold", {"formats": CLOSE}, "stance hold, no closures"),
    ("stance", "hold", {"formats": OPEN}, "stance hold, no openings"),
    ("stance", "retreat", {"formats": OPEN}, "stance retreat, no openings"),
]


@pytest.mark.parametrize(("key", "value", "plan", "text"), BOUNDS)
def test_bounds_of_the_network(region: Region, key: str, value: Any, plan: dict[str, Any], text: str) -> None:
    """A plan beyond a bound is reported; today, which is not, is sound."""
    parts = {"policy": {**FREE, key: value}}
    assert any(text in problem and "the network" in problem for problem in problems(region, parts, **plan))
    assert problems(region, parts) == ()


@pytest.mark.parametrize(("key", "value", "plan", "text"), BOUNDS)
def test_bounds_of_a_district(region: Region, key: str, value: Any, plan: dict[str, Any], text: str) -> None:
    """The same bound in the district of the site is broken, in the other district it is not."""
    here = problems(region, {"policy": FREE, "district": {"A": {key: value}}}, **plan)
    assert any(text in problem and "Unten (A)" in problem for problem in here)
    slack = {"min_outlets": 0, "min_of_format": {"light": 0}}.get(key, value)
    assert problems(region, {"policy": FREE, "district": {"B": {key: slack}}}, **plan) == ()


@pytest.mark.parametrize(
    ("key", "plan"),
    [("min_openings", {"formats": OPEN}), ("min_closures", {"formats": CLOSE})],
)
def test_least_numbers_of_changes(region: Region, key: str, plan: dict[str, Any]) -> None:
    """Today opens and closes nothing; a plan that does keeps the bound."""
    parts = {"policy": {**FREE, key: 1}}
    assert any("at least 1" in problem for problem in problems(region, parts))
    assert problems(region, parts, **plan) == ()


@pytest.mark.parametrize(("capital", "is_broken"), [(499_999.0, True), (500_000.0, False)])
def test_capital_counts_in_full(region: Region, capital: float, is_broken: bool) -> None:
    """Opening C3 draws 500,000, from the network's budget and from its district's."""
    for parts in ({"budget": {"capital": capital}}, {"district": {"A": {"capital": capital}}}):
        found = problems(region, parts, OPEN)
        assert bool(found) == is_broken
        assert all("capital of at most 499,999, not 500,000" in problem for problem in found)


def test_capital_counts_what_draws_on_it(region: Region) -> None:
    """Closing O1 brings 200,000 if disposals draw; a relocation draws where the outlet stood, less what opening would cost."""
    parts = {"policy": FREE, "budget": {"capital": 0.0, "draws": ["opening", "disposal", "relocation"]}}
    assert problems(region, parts, {"O1": "", "C1": "light"}) == ()
    assert any("not 500,000" in found for found in problems(region, {"budget": {"capital": 0.0}}, OPEN))
    moving = {"policy": FREE, "budget": {"capital": 89_999.0}}
    assert any("not 90,000" in found for found in problems(region, moving, **MOVE))


def test_physical_outlets_only_are_opened_and_closed(region: Region) -> None:
    """A point or van stop opens and a point closes under `hold`; a relocation is neither an opening nor a closure."""
    parts = {"policy": {**FREE, "stance": "hold", "max_outlets": 3, "min_outlets": 3}}
    assert problems(region, parts, {"C2": "van_weekly", "O4": ""}, **VAN) == ()
    assert problems(region, parts, **MOVE) == ()


def test_vans_count_in_the_running_cost_change_of_their_base(region: Region) -> None:
    """C2 costs 1,500 in B, its van 20,000 in A."""

    def found(**district: dict[str, float]) -> tuple[str, ...]:
        return problems(region, {"district": district}, {"C2": "van_weekly"}, **VAN)

    assert found(A={"max_running_cost_change": 20_000.0}, B={"max_running_cost_change": 1_500.0}) == ()
    assert any("Unten (A)" in problem for problem in found(A={"max_running_cost_change": 19_999.0}))
    assert any("Oben (B)" in problem for problem in found(B={"max_running_cost_change": 1_499.0}))


@pytest.mark.parametrize(
    ("parts", "plan", "text"),
    [
        ({"protected": ["O2"]}, {"formats": CLOSE}, "Hill-street (O2) is protected"),
        ({"forced_closures": ["O2"]}, {}, "Hill-street (O2) must leave its premises"),
        ({"close_when_lease_ends_by": "2027-12-31"}, {}, "(O2) must leave its premises: its lease ends"),
        ({"forced_openings": ["C1"]}, {}, "Ford-shop (C1) must open"),
        ({"forbidden": ["C3"]}, {"formats": OPEN}, "Port-quay (C3) must not open"),
    ],
)
def test_lists_of_sites(region: Region, parts: dict[str, Any], plan: dict[str, Any], text: str) -> None:
    """Each list is checked site by site."""
    assert any(text in problem for problem in problems(region, {"policy": {**FREE, **parts}}, **plan))


def test_lists_are_kept_by_other_means(region: Region) -> None:
    """A protected outlet may convert; one that must leave may relocate; one day earlier no lease has ended."""
    assert problems(region, {"policy": {**FREE, "protected": ["O2"]}}, CONVERT, bases={"O2": "BASE1"}) == ()
    assert problems(region, {"policy": {**FREE, "forced_closures": ["O3"]}}, **MOVE) == ()
    assert problems(region, {"policy": {**FREE, "close_when_lease_ends_by": "2027-12-30"}}) == ()


def test_a_site_operates_in_its_formats_only(region: Region) -> None:
    """O1 (full) has no conversion to a point; C3 may not be a point."""
    assert any(
        "Port-centre (O1) may not operate in format point" in text for text in problems(region, {}, {"O1": "point"})
    )
    assert any(
        "Port-quay (C3) may not operate in format point" in text for text in problems(region, {}, {"C3": "point"})
    )


def relocated(region: Region, parts: dict[str, Any], **columns: Any) -> tuple[str, ...]:
    """Problems of O3 moving to C1 with columns of the plan overwritten."""
    problem = problem_of(region, **parts)
    return evaluate(problem, replace(plan_with(problem, **MOVE), **columns)).problems


def test_relocations_are_linked(region: Region) -> None:
    """An outlet moves in its own format to a candidate that opens in it, near enough, and closes where it was."""
    sound = {"policy": {"relocation_minutes": 10.0}}
    assert relocated(region, sound) == ()
    assert any(
        "more than 9 minutes away" in text for text in relocated(region, {"policy": {"relocation_minutes": 9.0}})
    )
    still_open = ("full", "light", "light", "point", "light", "", "")
    assert any("stays open at once" in text for text in relocated(region, sound, format_after=still_open))
    point = ("full", "light", "", "point", "point", "", "")
    assert any("does not operate in its format light" in text for text in relocated(region, sound, format_after=point))
    assert any(
        "only to a candidate" in text for text in relocated(region, sound, relocated_to=(-1, -1, 0, -1, -1, -1, -1))
    )
    assert any("only an outlet" in text for text in relocated(region, sound, relocated_to=(-1, -1, 4, -1, 6, -1, -1)))


def test_one_outlet_moves_into_a_site(region: Region) -> None:
    """O2 and O3 cannot both move to C1."""
    found = relocated(
        region,
        {"policy": FREE},
        format_after=("full", "", "", "point", "light", "", ""),
        relocated_to=(-1, 4, 4, -1, -1, -1, -1),
    )
    assert any("that another outlet moves into" in text for text in found)


def test_a_format_without_relocation_cost_stays(region: Region) -> None:
    """Without a relocation cost for light branches O3 cannot move."""
    cost = region.formats["relocation_cost"].mask(region.formats["format"] == "light")
    fixed = table_changed(region, "formats", relocation_cost=cost)
    assert any("has no relocation cost" in text for text in problems(fixed, {}, **MOVE))


def test_hosts(region: Region) -> None:
    """A host takes as many points as it says; without a host there is no point."""
    assert problems(region, {}, {"C1": "point"}) == ()
    crowded = table_changed(region, "candidates", host_id=["H1", "", ""])
    assert any("host H1 takes 1 points, not 2" in text for text in problems(crowded, {}, {"C1": "point"}))
    homeless = table_changed(region, "candidates", host_id=["", "", ""])
    assert any("(C1) is a hosted point without a host" in text for text in problems(homeless, {}, {"C1": "point"}))


def test_cash_supply(region: Region) -> None:
    """O4 is 55 minutes from O3, its only supplier within 60; a light branch at C2 supplies it too; a van does not."""
    without = {"policy": FREE}
    assert any("Lake-shop (O4) has no open outlet" in text for text in problems(region, without, {"O3": ""}))
    assert problems(region, without, {"O3": "", "C2": "light"}) == ()
    found = problems(region, without, {"O3": "", "C2": "van_weekly"}, **VAN)
    assert any("supplies it with cash" in text for text in found)


@pytest.mark.parametrize(("limit", "is_broken"), [(55.0, False), (54.9, True)])
def test_supply_reaches_as_far_as_the_format_says(region: Region, limit: float, is_broken: bool) -> None:
    """O3 is exactly 55 minutes from O4."""
    limits = region.formats["max_supply_minutes"].mask(region.formats["format"] == "point", limit)
    assert bool(problems(table_changed(region, "formats", max_supply_minutes=limits), {})) == is_broken


def test_a_point_does_not_supply_itself(region: Region) -> None:
    """Even a point that could supply others needs another outlet for its own cash."""
    supplies = region.formats["supplies_cash"] | (region.formats["format"] == "point")
    found = problems(table_changed(region, "formats", supplies_cash=supplies), {"policy": FREE}, {"O3": ""})
    assert any("Lake-shop (O4) has no open outlet" in text for text in found)


def test_supply_is_measured_towards_the_point(region: Region) -> None:
    """With the last road one-way from N6 to N5, nothing can bring cash to O4."""
    away = table_changed(region, "road_edges", is_oneway=[False, False, False, False, True])
    turned = table_changed(
        away, "road_edges", from_id=["J1", "J2", "J3", "J4", "J6"], to_id=["J2", "J3", "J4", "J5", "J5"]
    )
    assert any("Lake-shop (O4) has no open outlet" in text for text in problems(turned, {}))


def test_counters(region: Region) -> None:
    """A counter has a base within reach that is open and staffed and has the staff-days."""
    counter = {"C2": "fixed_2d"}
    assert problems(region, {}, counter, **COUNTER) == ()
    assert any("no base staffs the counter" in text for text in problems(region, {}, counter))
    near = table_changed(region, "formats", max_base_minutes=region.formats["max_base_minutes"] - 26.0)
    assert any("too far from the counter" in text for text in problems(near, {}, counter, **COUNTER))
    closed = problems(region, {"policy": FREE}, {**counter, "O1": ""}, **COUNTER)
    assert any("base BASE1 of the counter Pass-hall (C2) is not open and staffed" in text for text in closed)
    both = problems(region, {}, {**counter, "O2": "fixed_2d"}, bases={"C2": "BASE1", "O2": "BASE1"})
    assert any("has 2 staff-days a week, its counters need 4" in text for text in both)
    stray = problems(region, {}, {}, bases={"O2": "BASE1"})
    assert any("is no fixed-time counter and yet has a base" in text for text in stray)


def test_an_unstaffed_outlet_is_no_base(region: Region) -> None:
    """If light branches were unstaffed, O1 converted to one could not staff C2."""
    staffed = [
        False if name == "light" else flag
        for name, flag in zip(region.formats["format"], region.formats["is_staffed"], strict=True)
    ]
    unstaffed = table_changed(region, "formats", is_staffed=staffed)
    assert problems(region, {}, {"C2": "fixed_2d", "O1": "light"}, **COUNTER) == ()
    found = problems(unstaffed, {}, {"C2": "fixed_2d", "O1": "light"}, **COUNTER)
    assert any("is not open and staffed" in text for text in found)


def test_van_stops(region: Region) -> None:
    """A stop has a van that is back within its shift, in a week pattern of its format."""
    stop = {"C2": "van_weekly"}
    assert problems(region, {}, stop, **VAN) == ()
    assert any("no van serves the stop" in text for text in problems(region, {}, stop))
    odd = problems(region, {}, stop, vans={"C2": ("V1", "odd")})
    assert any("week pattern 'odd', which its format does not allow" in text for text in odd)
    hurried = table_changed(region, "vans", shift_minutes=189.0)
    assert any("cannot reach the stop" in text for text in problems(hurried, {}, stop, **VAN))
    closed = problems(region, {"policy": FREE}, {**stop, "O1": ""}, **VAN)
    assert any("drives although its base BASE1" in text for text in closed)
    stray = problems(region, {}, {}, vans={"O2": ("V1", "every")})
    assert any("is no van stop and yet has a van" in text for text in stray)


def test_a_stop_names_the_base_of_its_van(region: Region) -> None:
    """V1 stands at BASE1; a stop of V1 that names another base is reported."""
    bases = pd.concat([region.bases, region.bases.assign(base_id="BASE2", site_id="O2")], ignore_index=True)
    problem = problem_of(replace(region, bases=bases))
    stop = {"C2": "van_weekly"}
    assert evaluate(problem, plan_with(problem, stop, bases={"C2": "BASE1"}, **VAN)).problems == ()
    found = evaluate(problem, plan_with(problem, stop, bases={"C2": "BASE2"}, **VAN)).problems
    assert any("names another base than that of van V1" in text for text in found)


def two_stops(region: Region, **formats: Any) -> Region:
    """The region with van stops possible at C1 too, and columns of formats changed."""
    wider = table_changed(region, "candidates", formats=[("van_weekly",), ("van_weekly",), ("full",)])
    return table_changed(wider, "formats", **formats) if formats else wider


@pytest.mark.parametrize(
    ("shift", "days", "is_broken"),
    [
        # Trips take 2 x 35 + 60 = 130 and 2 x 65 + 60 = 190 minutes.
        (420.0, 1, False),
        (380.0, 1, False),
        (379.0, 1, True),
        (379.0, 2, False),
        (259.0, 1, True),
        (259.0, 2, False),
    ],
)
def test_two_halves_make_a_van_day(region: Region, shift: float, days: int, is_broken: bool) -> None:
    """A visit takes half a van-day if its trip fits in half a shift, else a whole one."""
    driven = table_changed(two_stops(region), "vans", shift_minutes=shift, days_per_week=days)
    vans = {"C1": ("V1", "every"), "C2": ("V1", "every")}
    found = problems(driven, {}, {"C1": "van_weekly", "C2": "van_weekly"}, vans=vans)
    assert any("its stops need" in text for text in found) == is_broken


def test_fortnightly_stops_share_a_van_day(region: Region) -> None:
    """Whole-day stops served in alternate weeks fit one day a week; both in the odd week they do not."""
    fortnightly = [
        0.5 if name == "van_weekly" else days
        for name, days in zip(region.formats["format"], region.formats["days_per_week"], strict=True)
    ]
    driven = table_changed(two_stops(region, days_per_week=fortnightly), "vans", shift_minutes=200.0)
    stops = {"C1": "van_weekly", "C2": "van_weekly"}
    assert problems(driven, {}, stops, vans={"C1": ("V1", "odd"), "C2": ("V1", "even")}) == ()
    both = problems(driven, {}, stops, vans={"C1": ("V1", "odd"), "C2": ("V1", "odd")})
    assert any("its stops need 2 in the odd week" in text for text in both)
    weekly = problems(driven, {}, stops, vans={"C1": ("V1", "every"), "C2": ("V1", "odd")})
    assert any("'every', which its format does not allow" in text for text in weekly)


def test_stops_twice_a_week_take_two_visits(region: Region) -> None:
    """A stop with two days a week needs two half van-days."""
    twice = [
        2.0 if name == "van_weekly" else days
        for name, days in zip(region.formats["format"], region.formats["days_per_week"], strict=True)
    ]
    driven = table_changed(region, "formats", days_per_week=twice)
    assert problems(driven, {}, {"C2": "van_weekly"}, **VAN) == ()
    slower = table_changed(driven, "vans", shift_minutes=379.0)
    assert any("its stops need 2" in text for text in problems(slower, {}, {"C2": "van_weekly"}, **VAN))


def test_clusters(region: Region) -> None:
    """A light branch within 30 minutes of a full one: O3 (25) is, C1 (35) is not, and C3 next to O1 does not help it."""
    parts = {"policy": {**FREE, "cluster": [{"formats": ["light"], "needs": ["full"], "minutes": 30.0}]}}
    assert problems(region, parts) == ()
    assert any(
        "Ford-shop (C1) has no full within 30 minutes" in text for text in problems(region, parts, {"C1": "light"})
    )
    assert any("has no full" in text for text in problems(region, parts, {"O1": ""}))


def test_a_site_does_not_keep_itself_company(region: Region) -> None:
    """A full branch that needs another full branch within 30 minutes is alone until C3 opens."""
    parts = {"policy": {"cluster": [{"formats": ["full"], "needs": ["full"], "minutes": 30.0}]}}
    assert any("Port-centre (O1) has no full" in text for text in problems(region, parts))
    assert problems(region, parts, OPEN) == ()


def test_clusters_are_measured_from_the_site_that_needs(region: Region) -> None:
    """With the road from N2 to N3 one-way, O3 cannot reach O1, though O1 reaches O3."""
    oneway = table_changed(region, "road_edges", is_oneway=[False, True, False, False, False])
    parts = {"policy": {"cluster": [{"formats": ["light"], "needs": ["full"], "minutes": 30.0}]}}
    assert any("Mill-market (O3) has no full" in text for text in problems(oneway, parts))


@pytest.mark.parametrize(
    ("shares", "plan", "is_broken"),
    [
        ({"max_share": 0.66}, {}, True),
        ({"max_share": 0.67}, {}, False),
        ({"min_share": 0.67}, {}, True),
        ({"min_share": 0.66}, {}, False),
        ({"min_share": 0.66}, CLOSE, True),
    ],
)
def test_zone_shares(region: Region, shares: dict[str, float], plan: dict[str, str], is_broken: bool) -> None:
    """Township A1 holds two of three physical outlets today, district A all three."""
    zone = {"name": "old town", "townships": ["A1"], **shares}
    found = problems(region, {"policy": {**FREE, "zone_share": [zone]}}, plan)
    assert bool(found) == is_broken
    whole = {"name": "lower", "districts": ["A"], "max_share": 0.99}
    assert any("3 of 3 physical outlets" in text for text in problems(region, {"policy": {"zone_share": [whole]}}))


def test_no_township_loses_its_last_outlet(region: Region) -> None:
    """O3 is the only physical outlet of A2; B1 has none to lose; a plan file may drop the rule."""
    assert any(
        "Mill (A2) loses its last physical outlet" in text for text in problems(region, {}, {"O3": "", "C2": "light"})
    )
    assert problems(region, {}, {"O2": ""}) == ()
    assert problems(region, {"policy": {"keep_last_outlet": False}}, {"O3": "", "C2": "light"}) == ()


def test_township_standards(region: Region) -> None:
    """B1 has a point, which is not physical: the standard fails for B, not for A."""
    assert any(
        "Pass (B1) has no physical outlet" in text
        for text in problems(region, {"standard": [{"id": "t", "kind": "township"}]})
    )
    lower = {"id": "t", "kind": "township", "districts": ["A"]}
    assert problems(region, {"standard": [lower]}) == ()


@pytest.mark.parametrize(("share", "is_broken"), [(0.8, False), (0.81, True)])
def test_coverage_standards(region: Region, share: float, is_broken: bool) -> None:
    """Within 10 minutes of cash live 800 of 1,000 rural people."""
    standard = {"id": "near", "service": "cash", "group": "rural", "minutes": 10.0, "share": share}
    found = problems(region, {"standard": [standard]})
    assert bool(found) == is_broken
    assert all("10 people short of 81.0%" in text for text in found)


@pytest.mark.parametrize(
    ("keys", "plan", "is_broken"),
    [
        ({"minutes": 0.5}, OPEN, True),
        ({"minutes": 5.0}, OPEN, True),
        ({"minutes": 5.0}, {}, False),
        ({"minutes": 10.0}, {"C1": "light"}, False),
        ({"minutes": 10.5}, {"C1": "light"}, True),
        ({"kilometres": 4.4}, {"C1": "light"}, False),
        ({"kilometres": 4.5}, {"C1": "light"}, True),
        ({"minutes": 10.5}, {"C1": "light", "O3": ""}, False),
        ({"minutes": 10.5}, {"C1": "point"}, False),
        ({"minutes": 0.5, "formats": ["light"]}, OPEN, False),
        ({"minutes": 5.5, "formats": ["light", "full"]}, {"C3": "light", "O1": "", "O2": ""}, False),
    ],
)
def test_spacing(region: Region, keys: dict[str, Any], plan: dict[str, str], is_broken: bool) -> None:
    """Nearer than the distance is too near, unless both stand today; points are not physical; formats may be named."""
    parts = {"policy": FREE, "standard": [{"id": "apart", "kind": "spacing", **keys}]}
    found = problems(region, parts, plan)
    assert bool(found) == is_broken
    assert all("stand too close" in text for text in found)


def test_soft_standards_cost_and_break_nothing(region: Region) -> None:
    """Each kind has its price: people short, townships without, pairs too close."""
    soft = {"hard": False}
    standards = [
        {"id": "near", "service": "cash", "group": "rural", "minutes": 10.0, "share": 0.81, "penalty": 3.0, **soft},
        {"id": "towns", "kind": "township", "penalty": 5_000.0, **soft},
        {"id": "apart", "kind": "spacing", "minutes": 5.5, "penalty": 700.0, **soft},
    ]
    problem = problem_of(region, standard=standards)
    card = evaluate(problem, plan_with(problem, OPEN))
    assert card.problems == ()
    penalties = {each.id: each.penalty for each in card.standards}
    assert penalties == pytest.approx({"near": 30.0, "towns": 5_000.0, "apart": 1_400.0, "keep_last_outlet": 0.0})
    assert card.after.costs["standards"] == pytest.approx(6_430.0)


def test_hard_capacity(region: Region) -> None:
    """O1 gives 1,025 advice visits of 1,000; a second full branch at the same place takes none of them."""
    parts = {"capacity": {"overflow": "hard"}}
    assert any("has 25 advice visits a year above its capacity" in text for text in problems(region, parts))
    assert problems(region, {}) == ()


def test_hard_viability(region: Region) -> None:
    """A light branch needs 500 visits a year; one at C3 beside the full branch O1 has none."""
    parts = {"capacity": {"viability": "hard"}}
    assert problems(region, parts) == ()
    assert any("has 0 visits a year, its format needs 500" in text for text in problems(region, parts, {"C3": "light"}))


def test_sites_out_of_scope_have_no_rules(region: Region) -> None:
    """With district B alone planned, lists and bounds about A have nothing to check."""
    parts = {
        "scope": {"districts": ["B"]},
        "policy": {"protected": ["O2"], "forced_openings": ["C1"]},
        "district": {"A": {"min_openings": 1}},
    }
    problem = problem_of(region, **parts)
    plan: NetworkPlan = plan_with(problem, {"C2": "light"})
    assert evaluate(problem, plan).problems == ()
