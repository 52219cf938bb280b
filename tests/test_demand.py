"""People turned into visits: the product of the table's columns, by node, segment and service."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from activity.cases import base_policy
from brute import brute_force
from plain_costs import PlainCosts
from random_regions import random_region
from regions import tiny_tables

from netplan.demand import DemandNodes, demand_of
from netplan.errors import InputError
from netplan.evaluate import audit, evaluate, today
from netplan.problem import PlanningProblem
from netplan.region import CRS, LoadedRegion, Region, _from_frames
from netplan.solve import solve


@pytest.fixture(scope="module")
def demand(tiny: Region) -> DemandNodes:
    """The demand of the tiny region, elderly visits weighing double."""
    return demand_of(tiny.nodes, tiny.visits, {"elderly": 2.0})


def test_visits_by_hand(demand: DemandNodes) -> None:
    """N1: 1,000 working x 0.4 x 10 x 0.5 + 100 elderly x 0.5 x 20 = 3,000 cash visits; counter 1,200, advice 500."""
    assert demand.services == ("cash", "counter", "advice")
    assert demand.visits[0] == pytest.approx([3_000, 1_200, 500])
    assert demand.visits.sum(axis=0) == pytest.approx([8_900, 3_100, 1_100])


def test_weights_count_in_the_weighted_visits_only(demand: DemandNodes) -> None:
    """Double weight doubles the elderly part: N1 2,000 + 2 x 1,000 cash visits."""
    assert demand.weighted[0] == pytest.approx([4_000, 1_400, 500])


def test_groups(demand: DemandNodes) -> None:
    """All = urban + rural; segments are people, and visits of a group are that group's part."""
    assert demand.people_of("all").sum() == 3_100
    assert demand.people_of("urban").tolist() == [1_300, 800, 0, 0, 0, 0]
    assert demand.people_of("rural").tolist() == [0, 0, 400, 300, 200, 100]
    assert demand.people_of("elderly").tolist() == [100, 100, 100, 50, 50, 50]
    assert demand.visits_of("elderly", "cash").tolist() == [1_000, 1_000, 1_000, 500, 500, 500]
    assert demand.visits_of("rural", "cash").sum() + demand.visits_of("urban", "cash").sum() == pytest.approx(8_900)
    with pytest.raises(InputError, match="unknown group 'pensioners'; groups: all, urban, rural, children"):
        demand.people_of("pensioners")


def test_further_segments_overlap_and_add_no_people() -> None:
    """A segment beyond the three brings visits of its own; people stay children + working + elderly."""
    nodes = pd.DataFrame(
        {
            "district_id": ["A"],
            "is_urban": [True],
            "children": [10.0],
            "working": [60.0],
            "elderly": [30.0],
            "disabled": [20.0],
        }
    )
    visits = pd.DataFrame(
        {
            "segment": ["disabled", "working", "disabled"],
            "service": ["home", "cash", "cash"],
            "visits_per_year": [4.0, 10.0, 6.0],
            "digital_share": [0.0, 0.5, 0.25],
            "customer_share": [0.5, 0.4, 1.0],
            "district_id": "",
        }
    )
    demand = demand_of(nodes, visits, {})
    assert demand.services == ("home", "cash")
    assert demand.segments == ("children", "working", "elderly", "disabled")
    assert demand.people.tolist() == [100.0]
    assert demand.visits[0].tolist() == pytest.approx([40.0, 60 * 0.4 * 10 * 0.5 + 20 * 6 * 0.75])


def test_arrays_are_read_only(demand: DemandNodes) -> None:
    """Nothing computed once can be changed by whoever uses it."""
    for array in (demand.visits, demand.weighted, demand.people, demand.people_by_segment, demand.is_urban):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert np.all(demand.visits >= 0)


OWN_RATES = """
segment  service visits_per_year digital_share customer_share district_id
working  cash    30              0.5           0.2            B
elderly  advice  2               0             0.25           B
elderly  counter 0               0             0              A
working  home    3               0             0.5            B
"""
"""In B cash is 3 a head and year for the working and advice 0.5 for the elderly, who in A never come to the counter."""


def with_own_rates() -> dict[str, pd.DataFrame]:
    """The tables of the tiny region with `OWN_RATES` below its visits, and a service that only B asks for."""
    lines = [line.split() for line in OWN_RATES.strip().splitlines()]
    tables = tiny_tables()
    tables["visits"] = pd.concat([tables["visits"], pd.DataFrame(lines[1:], columns=lines[0])]).fillna("")
    return tables


def test_rates_of_a_district_stand_in_place_of_the_general_ones() -> None:
    """By hand: N5 (B) 100 working x 3 + 50 elderly x 10 = 800 cash visits, N1 (A) 3,000 as before; `home` in B only."""
    region = Region.from_tables(name="Tiny", currency="EUR", tables=with_own_rates())
    demand = demand_of(region.nodes, region.visits, {"elderly": 2.0})
    assert demand.services == ("cash", "counter", "advice", "home")
    assert demand.visits[0] == pytest.approx([3_000, 1_000, 500, 0])
    assert demand.visits[4] == pytest.approx([100 * 3 + 50 * 10, 100 * 1 + 50 * 2, 50 * 0.5 + 50, 150])
    assert demand.weighted[4] == pytest.approx([100 * 3 + 2 * 50 * 10, 300, 2 * 50 * 0.5 + 50, 150])
    assert demand.visits_of("elderly", "counter").tolist() == [0, 0, 0, 0, 100, 100]


def test_the_order_of_the_rows_does_not_matter() -> None:
    """A district's row counts wherever it stands, before or after the general one."""
    region = Region.from_tables(name="Tiny", currency="EUR", tables=with_own_rates())
    demand = demand_of(region.nodes, region.visits, {})
    turned = demand_of(region.nodes, region.visits.iloc[::-1], {})
    order = [turned.services.index(service) for service in demand.services]
    assert np.array_equal(turned.visits[:, order], demand.visits)


def test_what_a_district_asks_for_is_noted() -> None:
    """A pair of segment and service with a district's row only makes no visits elsewhere, and the check says so."""
    tables = with_own_rates()
    report = load(tables)
    assert not report.violations
    note = "visits: working home only with a district_id: they make no visits in the other districts"
    assert note in report.notes


def test_an_unknown_district_and_repeated_rows_are_refused() -> None:
    """A district that does not exist, a second general row and a second row of one district are three violations."""
    tables = with_own_rates()
    visits = tables["visits"]
    visits.iloc[8, visits.columns.get_loc("district_id")] = "Z"
    tables["visits"] = pd.concat([visits, visits.iloc[[1, 7]]])
    told = [(one.row, one.column, one.value, one.problem) for one in load(tables).violations]
    key = "segment service district_id"
    assert told == [
        (3, key, "working cash", "given more than once"),
        (9, key, "working cash B", "given more than once"),
        (10, "district_id", "Z", "not in districts"),
        (13, key, "working cash", "given more than once"),
        (14, key, "working cash B", "given more than once"),
    ]


def test_a_scope_keeps_services_that_only_other_districts_name() -> None:
    """Within A nobody asks for `home` and the rates of B apply to no node, yet services keep their order."""
    region = Region.from_tables(name="Tiny", currency="EUR", tables=with_own_rates())
    part = region.within(["A"])
    demand = demand_of(part.nodes, part.visits, {})
    assert demand.services == region.services
    assert demand.visits[:, 3].sum() == 0
    assert np.array_equal(demand.visits, demand_of(region.nodes, region.visits, {}).visits[:4])


@pytest.mark.parametrize("theme", ["town", "rural", "tight"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_plans_with_rates_by_district_equal_brute_force(seed: int, theme: str) -> None:
    """Half of the rates differ in a district: MILP, brute force, audit and the plain loops agree on the optimum."""
    region = random_region(seed, theme)
    rng = np.random.default_rng([seed, len(theme)])
    own = region.visits.sample(3, random_state=seed).assign(
        district_id=rng.choice(["A", "B"], 3),
        visits_per_year=rng.uniform(0, 30, 3).round(1),
        digital_share=rng.uniform(0, 0.8, 3).round(2),
    )
    mixed = replace(region, visits=pd.concat([own, region.visits], ignore_index=True))
    problem = PlanningProblem.build(mixed, base_policy(seed))
    general = PlanningProblem.build(region, base_policy(seed))
    assert not np.allclose(problem.demand.visits.sum(axis=0).sum(), general.demand.visits.sum())
    result, value = solve(problem, gap=0), brute_force(problem).value
    assert value is not None
    assert result.plan is not None
    assert result.objective == pytest.approx(value, rel=1e-6)
    audit(problem, result.plan)
    before = evaluate(problem, today(problem)).before.costs
    assert before == pytest.approx({**PlainCosts(problem, today(problem)).all(), "standards": 0.0}, rel=1e-9, abs=1e-6)


def load(tables: dict[str, pd.DataFrame]) -> LoadedRegion:
    """What checking the tables gives, violations and all."""
    return _from_frames({"name": "Tiny", "currency": "EUR", "language": "en", "country": "XX", "crs": CRS}, tables)
