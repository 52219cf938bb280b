"""People turned into visits: the product of the table's columns, by node, segment and service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netplan.demand import DemandNodes, demand_of
from netplan.errors import InputError
from netplan.region import Region


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
        {"is_urban": [True], "children": [10.0], "working": [60.0], "elderly": [30.0], "disabled": [20.0]}
    )
    visits = pd.DataFrame(
        {
            "segment": ["disabled", "working", "disabled"],
            "service": ["home", "cash", "cash"],
            "visits_per_year": [4.0, 10.0, 6.0],
            "digital_share": [0.0, 0.5, 0.25],
            "customer_share": [0.5, 0.4, 1.0],
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
