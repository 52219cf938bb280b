"""The nearest road: every road tried, far away and near the poles, ties, junctions, and places that nothing is near."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_travel_networkx import far, foot, unit

from netplan.travel import RoadNetwork, snap
from netplan.travel.curve import hilbert_order
from netplan.travel.snap import Feet, Roads, nearest_roads


def network_of(lon: list[float], lat: list[float], ends: list[tuple[int, int]]) -> RoadNetwork:
    """Two-way roads of ten minutes between junctions given by position."""
    nodes = pd.DataFrame({"road_node_id": [f"J{n}" for n in range(len(lon))], "lon": lon, "lat": lat})
    from_id, to_id = ([f"J{pair[k]}" for pair in ends] for k in (0, 1))
    edges = pd.DataFrame({"from_id": from_id, "to_id": to_id})
    return RoadNetwork.from_tables(nodes, edges.assign(metres=1.0, minutes=10.0, is_oneway=False))


def feet_of(network: RoadNetwork, lon: object, lat: object, most: float = 1e7) -> Feet:
    """Nearest roads of places given in degrees."""
    return nearest_roads(network, Roads.of(network), np.asarray(lon, float), np.asarray(lat, float), most)


@pytest.mark.parametrize("corner", [(106.5, 29.5), (-0.2, -0.2), (179.9, 60.0), (25.0, 78.0)], ids=str)
def test_every_road_tried(corner: tuple[float, float]) -> None:
    """The nearest road, its share and the metres are those of trying all roads, from metres to kilometres away, in every clime.

    Junctions stand on a jittered lattice of 40 km with roads of 100 m to 30 km, across the 180th meridian too.
    """
    rng = np.random.default_rng(3)
    scale = 0.4 / np.cos(np.radians(corner[1]))
    lon, lat = corner[0] + rng.uniform(0, scale, 120), corner[1] + rng.uniform(0, 0.4, 120)
    lon = (lon + 180) % 360 - 180
    near = np.argsort(rng.random((120, 120)), axis=1)[:, :1]
    network = network_of(list(lon), list(lat), [(n, int(m)) for n in range(120) for m in near[n]])
    roads = Roads.of(network)
    ends = list(zip(roads.first.tolist(), roads.last.tolist(), strict=True))
    at_lon = (corner[0] + rng.uniform(-scale, 2 * scale, 60) + 180) % 360 - 180
    at_lat = corner[1] + rng.uniform(-0.2, 0.6, 60)
    feet = feet_of(network, at_lon, at_lat)
    for n in range(60):
        tried = [foot(unit(at_lon[n], at_lat[n]), unit(lon[a], lat[a]), unit(lon[b], lat[b])) for a, b in ends]
        best = min(range(len(ends)), key=lambda road: tried[road][1])
        assert feet.metres[n] == pytest.approx(1000 * tried[best][1], abs=1e-4)
        assert tried[feet.road[n]][1] == pytest.approx(tried[best][1], abs=2e-6)
        assert feet.share[n] == pytest.approx(tried[feet.road[n]][0], abs=1e-4)


def test_a_dense_town_beside_an_empty_plain() -> None:
    """A place five kilometres from hundreds of short roads still gets the nearest of them: neighbours are taken until sure."""
    rng = np.random.default_rng(1)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 900))
    km = 5 + rng.uniform(0, 0.01, 900)
    degree = 180 / np.pi / 6371.0088
    lon, lat = 10 + km * np.cos(angle) * degree, km * np.sin(angle) * degree
    network = network_of(list(lon), list(lat), [(n, n + 1) for n in range(899)])
    feet = feet_of(network, [10.0, 10.001], [0.0, 0.002])
    for n, place in enumerate((unit(10.0, 0.0), unit(10.001, 0.002))):
        arcs = [(unit(lon[k], lat[k]), unit(lon[k + 1], lat[k + 1])) for k in range(899)]
        assert feet.metres[n] == pytest.approx(1000 * min(foot(place, *arc)[1] for arc in arcs), abs=1e-4)


def test_of_roads_equally_near_the_first_counts() -> None:
    """At a crossing, and between two roads at the same distance, the road that comes first in the table is taken."""
    crossing = network_of([10.0, 10.1, 9.9, 10.0], [0.0, 0.0, 0.0, 0.1], [(3, 0), (0, 1), (2, 0)])
    feet = feet_of(crossing, [10.0, 10.05, 9.95], [0.0, 0.0, 0.0])
    assert feet.road.tolist() == [0, 1, 2]
    assert feet.share[0] == 0.0
    assert feet.metres[0] == 0.0
    parallel = network_of([10.0, 10.1, 10.0, 10.1], [0.01, 0.01, -0.01, -0.01], [(0, 1), (2, 3)])
    assert feet_of(parallel, [10.05, 10.03], [0.0, 0.0]).road.tolist() == [0, 0]


def test_a_foot_within_a_metre_of_a_junction_is_the_junction() -> None:
    """Nobody is cut off by a one-way sign half a metre from a crossing; two metres from it the sign counts."""
    road = network_of([10.0, 10.1], [0.0, 0.0], [(0, 1)])
    metre = 1 / 111_195.08
    feet = feet_of(road, [10.0 + 0.5 * metre, 10.0 + 2 * metre, 10.1 - 0.9 * metre], [5 * metre, 0.0, 0.0])
    assert feet.share.tolist()[::2] == [0.0, 1.0]
    assert 0 < feet.share[1] < 1e-3
    assert feet.metres[0] == pytest.approx(np.hypot(5, 0.5), rel=1e-4)
    assert feet.metres[2] == pytest.approx(0.9, rel=1e-3)


def test_the_longest_leg() -> None:
    """A place exactly within the longest leg is reached, one a metre farther is not; far away costs no search."""
    road = network_of([10.0, 10.1], [0.0, 0.0], [(0, 1)])
    distance = 1000 * far(unit(10.05, 0.02), unit(10.05, 0.0))
    assert feet_of(road, [10.05], [0.02], distance + 0.5).road.tolist() == [0]
    missed = feet_of(road, [10.05, 50.0], [0.02, 50.0], distance - 0.5)
    assert missed.road.tolist() == [-1, -1]
    assert np.isinf(missed.metres).all()


def test_roads_without_length_and_roads_to_where_they_start() -> None:
    """A road whose ends lie at one place is a point: places snap to it without a division by zero."""
    network = network_of([10.0, 10.0, 10.1], [0.0, 0.0, 0.0], [(0, 1), (2, 2)])
    feet = feet_of(network, [10.0, 10.11], [0.001, 0.0])
    assert feet.road.tolist() == [0, 1]
    assert feet.share.tolist() == [0.0, 0.0]
    assert feet.metres == pytest.approx([111.195, 1111.95], rel=1e-4)


def test_links_are_no_roads_to_snap_to() -> None:
    """A directed road with edge -1 (a ferry) is never the nearest road."""
    network = network_of([10.0, 10.1, 10.0, 10.1], [0.0, 0.0, 0.01, 0.01], [(0, 1), (2, 3)])
    edge = np.where(network.edge == 0, -1, network.edge)
    linked = RoadNetwork(
        network.ids, network.lon, network.lat, network.tail, network.head, network.minutes, network.metres, edge
    )
    roads = Roads.of(linked)
    feet = nearest_roads(linked, roads, np.array([10.05]), np.array([0.0]), 1e6)
    assert roads.edge[feet.road].tolist() == [1]


def test_rows_between_the_same_junctions_are_one_road() -> None:
    """Carriageways given one by one and parallel roads are one road with the fastest minutes of each direction."""
    nodes = pd.DataFrame({"road_node_id": ["A", "B", "C"], "lon": [10.0, 10.1, 10.2], "lat": 0.0})
    rows = [("B", "C", 1.0, True), ("B", "A", 7.0, True), ("A", "B", 9.0, True), ("A", "B", 8.0, False)]
    edges = pd.DataFrame(rows, columns=["from_id", "to_id", "minutes", "is_oneway"]).assign(metres=1.0)
    roads = Roads.of(RoadNetwork.from_tables(nodes, edges))
    assert (roads.edge.tolist(), roads.first.tolist(), roads.last.tolist()) == ([0, 1], [1, 0], [2, 1])
    assert (roads.there.tolist(), roads.back.tolist()) == ([1.0, 8.0], [np.inf, 7.0])


def test_blocks_of_places_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places in blocks of 7, candidates in blocks of 20 and sparse points on the roads give what one block gives."""
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(10, 10.5, 80), rng.uniform(0, 0.5, 80)
    network = network_of(list(lon), list(lat), [(n, n + 1) for n in range(79)])
    places = rng.uniform(10, 10.5, 50), rng.uniform(0, 0.5, 50)
    whole = feet_of(network, *places)
    monkeypatch.setattr(snap, "_PLACES_AT_ONCE", 7)
    monkeypatch.setattr(snap, "_MOST_CELLS", 20)
    monkeypatch.setattr(snap, "_MOST_POINTS", 90)
    parts = feet_of(network, *places)
    np.testing.assert_array_equal(parts.road, whole.road)
    np.testing.assert_allclose(parts.metres, whole.metres, atol=1e-6)
    np.testing.assert_allclose(parts.share, whole.share, atol=1e-9)


def test_the_curve_visits_all_cells_side_by_side() -> None:
    """On a square of 32 x 32 places the order is a walk from neighbour to neighbour, the mark of a Hilbert curve."""
    x, y = (part.ravel().astype(float) for part in np.meshgrid(np.arange(32), np.arange(32)))
    order = hilbert_order(x, y)
    assert sorted(order.tolist()) == list(range(32 * 32))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (steps == 1).all()
    assert hilbert_order(np.empty(0), np.empty(0)).tolist() == []
    assert sorted(hilbert_order(np.zeros(3), np.zeros(3)).tolist()) == [0, 1, 2]
