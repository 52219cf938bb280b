"""Minutes: networkx says the same, the formula of docs/model.md holds to the last digit, and who is not reached is told."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from netplan.policy import Travel, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.travel import RoadNetwork, SparseMinutes, TravelTimes, travel_times
from netplan.travel.geodesy import EARTH_RADIUS_KM, chord_of_km, great_circle_km, unit_vectors

LEG = Travel(leg_speed_km_per_hour=12, leg_detour_factor=1.25, max_leg_metres=3_000)
PER_KM = 60 * 1.25 / 12
"""Minutes per great-circle kilometre on a leg: 6.25."""


def km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle kilometres by the law of cosines, another formula than the one under test."""
    a, b, c = np.radians(lat_a), np.radians(lat_b), np.radians(lon_b - lon_a)
    return float(EARTH_RADIUS_KM * np.arccos(np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(c)))


def random_roads(seed: int, junctions: int = 40, roads: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A random road network with one-way, parallel, zero-length and looping roads; usually in several pieces."""
    rng = np.random.default_rng(seed)
    ids = [f"J{n}" for n in rng.permutation(junctions)]
    nodes = pd.DataFrame(
        {"road_node_id": ids, "lon": rng.uniform(5, 5.5, junctions), "lat": rng.uniform(45, 45.5, junctions)}
    )
    ends = rng.integers(0, junctions, (roads, 2))
    minutes = np.where(rng.random(roads) < 0.1, 0.0, rng.uniform(0.5, 9, roads))
    edges = pd.DataFrame(
        {
            "from_id": [ids[a] for a in ends[:, 0]],
            "to_id": [ids[b] for b in ends[:, 1]],
            "metres": minutes * 700,
            "minutes": minutes,
            "is_oneway": rng.random(roads) < 0.4,
        }
    )
    doubled = edges.iloc[:8].assign(minutes=edges["minutes"].iloc[:8] * rng.uniform(0.5, 2, 8))
    return nodes, pd.concat([edges, doubled], ignore_index=True)


def table(prefix: str, lon: Any, lat: Any, **more: Any) -> pd.DataFrame:
    """A table of places."""
    name = {"N": "node_id", "S": "site_id", "X": "site_id"}[prefix]
    return pd.DataFrame({name: [f"{prefix}{n}" for n in range(len(lon))], "lon": lon, "lat": lat, **more})


def at_junctions(nodes: pd.DataFrame, picks: Any, prefix: str) -> pd.DataFrame:
    """Places exactly at junctions, so that legs are zero."""
    places = nodes.iloc[picks]
    more = {"area_km2": np.zeros(len(places))} if prefix == "N" else {}
    return table(prefix, places["lon"].to_numpy(), places["lat"].to_numpy(), **more)


def minutes_of(
    nodes: pd.DataFrame, sites: pd.DataFrame, roads: RoadNetwork | None, travel: Travel = LEG, limit: float = 1e6
) -> TravelTimes:
    """Travel times without other banks' outlets."""
    nobody = table("X", [], [])
    return travel_times(nodes, sites, nobody, roads, travel, limit_minutes=limit, site_limit_minutes=limit)


@pytest.mark.parametrize("seed", range(12))
def test_minutes_equal_networkx(seed: int) -> None:
    """On random networks, one-way roads and all, minutes are networkx's to 1e-9, and pairs without a way are missing."""
    road_nodes, road_edges = random_roads(seed)
    roads = RoadNetwork.from_tables(road_nodes, road_edges)
    rng = np.random.default_rng(seed)
    origins, targets = rng.choice(40, 15, replace=False), rng.choice(40, 70)
    travel = minutes_of(at_junctions(road_nodes, origins, "N"), at_junctions(road_nodes, targets, "S"), roads)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(road_nodes["road_node_id"])
    for edge in road_edges.itertuples():
        graph.add_edge(edge.from_id, edge.to_id, minutes=edge.minutes)
        if not edge.is_oneway:
            graph.add_edge(edge.to_id, edge.from_id, minutes=edge.minutes)
    found = 0
    for i, origin in enumerate(road_nodes["road_node_id"].iloc[origins]):
        lengths = nx.single_source_dijkstra_path_length(graph, origin, weight="minutes")
        for s, target in enumerate(road_nodes["road_node_id"].iloc[targets]):
            expected = lengths.get(target, np.inf)
            assert travel.to_site.get(i, s) == pytest.approx(expected, abs=1e-9)
            found += np.isfinite(expected)
    assert 0 < found < 15 * 70, "the network should have several pieces"


@pytest.mark.parametrize("seed", range(3))
def test_cut_off(seed: int) -> None:
    """A cut-off keeps exactly the pairs within it, a pair at the cut-off included."""
    road_nodes, road_edges = random_roads(seed)
    roads = RoadNetwork.from_tables(road_nodes, road_edges)
    nodes, sites = at_junctions(road_nodes, range(20), "N"), at_junctions(road_nodes, range(10, 40), "S")
    whole = minutes_of(nodes, sites, roads).to_site.frame()
    limit = float(whole["minutes"].sort_values().iloc[len(whole) // 2])
    near = minutes_of(nodes, sites, roads, limit=limit).to_site.frame()
    pd.testing.assert_frame_equal(near, whole[whole["minutes"] <= limit].reset_index(drop=True))
    assert near["minutes"].max() == limit


def test_batches_of_targets_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searching from the targets in batches of 7 finds what one batch finds."""
    road_nodes, road_edges = random_roads(4)
    roads = RoadNetwork.from_tables(road_nodes, road_edges)
    nodes, sites = at_junctions(road_nodes, range(30), "N"), at_junctions(road_nodes, range(40), "S")
    at_once = minutes_of(nodes, sites, roads).to_site.frame()
    monkeypatch.setattr("netplan.travel.network._SOURCES_AT_ONCE", 7)
    pd.testing.assert_frame_equal(minutes_of(nodes, sites, roads).to_site.frame(), at_once)


@pytest.fixture
def one_road() -> RoadNetwork:
    """J1 -> J2 in 10 minutes, one way; J2 -> J1 in 25."""
    road_nodes = pd.DataFrame({"road_node_id": ["J1", "J2"], "lon": [10.0, 10.2], "lat": [0.0, 0.0]})
    road_edges = pd.DataFrame(
        {
            "from_id": ["J1", "J2"],
            "to_id": ["J2", "J1"],
            "metres": [22_000.0, 22_000.0],
            "minutes": [10.0, 25.0],
            "is_oneway": [True, True],
        }
    )
    return RoadNetwork.from_tables(road_nodes, road_edges)


def test_formula_of_node_to_site(one_road: RoadNetwork) -> None:
    """t_is = leg(i) + road + leg(s) + cell(i): legs at 6.25 minutes a kilometre, the cell's 2/3 sqrt(area / pi) as well.

    The node lies 0.01 degrees (1.11195 km) from J1 on a cell of pi km2, whose mean distance to the centre is 2/3 km; the site
    0.02 degrees (2.2239 km) from J2: 6.9497 + 10 + 13.8994 + 4.1667 minutes. The way back takes 25 minutes on the road.
    """
    nodes = table("N", [10.0], [0.01], area_km2=[np.pi])
    sites = table("S", [10.2, 10.0], [-0.02, 0.0])
    travel = minutes_of(nodes, sites, one_road)
    leg_i, leg_s = PER_KM * km(10, 0.01, 10, 0), PER_KM * km(10.2, -0.02, 10.2, 0)
    assert (leg_i, leg_s) == (pytest.approx(6.9497, abs=1e-4), pytest.approx(13.8994, abs=1e-4))
    assert travel.to_site.get(0, 0) == pytest.approx(leg_i + 10 + leg_s + PER_KM * 2 / 3, rel=1e-8)
    assert travel.between_sites.get(1, 0) == pytest.approx(10 + leg_s, rel=1e-8)
    assert travel.between_sites.get(0, 1) == pytest.approx(25 + leg_s, rel=1e-8)
    assert (travel.between_sites.get(0, 0), travel.between_sites.get(1, 1)) == (0.0, 0.0)


def test_direct_way_where_a_junction_is_shared(one_road: RoadNetwork) -> None:
    """Two points at one junction go straight across if that is shorter than in and out of the junction."""
    nodes = table("N", [10.01, 10.001], [0.0, 0.0], area_km2=[0.0, np.pi])
    sites = table("S", [10.012, 9.99], [0.0, 0.0])
    travel = minutes_of(nodes, sites, one_road)
    across = PER_KM * km(10.01, 0, 10.012, 0)
    assert travel.to_site.get(0, 0) == pytest.approx(across, rel=1e-6)
    around = PER_KM * (km(10.001, 0, 10, 0) + km(10, 0, 9.99, 0))
    assert travel.to_site.get(1, 1) == pytest.approx(around + PER_KM * 2 / 3, rel=1e-6)
    assert travel.between_sites.get(0, 1) == pytest.approx(PER_KM * km(10.012, 0, 9.99, 0), rel=1e-6)


def test_far_places_are_not_reached_and_listed(one_road: RoadNetwork) -> None:
    """A node or site farther than max_leg_metres from every junction has no pair and is named; the others keep theirs."""
    nodes = table("N", [10.0, 10.1], [0.0, 0.0], area_km2=[0.0, 0.0])
    sites = table("S", [10.2, 10.1, 10.2269], [0.0, 0.001, 0.0])
    travel = minutes_of(nodes, sites, one_road)
    assert travel.unreached_nodes == ("N1",)
    assert travel.unreached_sites == ("S1",)
    assert 1_000 * km(10.2269, 0, 10.2, 0) < LEG.max_leg_metres
    assert set(map(tuple, travel.to_site.frame()[["origin", "target"]].to_numpy())) == {(0, 0), (0, 2)}
    assert travel.between_sites.get(1, 1) == 0.0
    assert not np.isfinite(travel.between_sites.get(1, 0))


def test_without_roads() -> None:
    """Without roads: great-circle kilometres x detour factor / speed, and the cell from the node; nobody is unreached."""
    travel = Travel(speed_km_per_hour=40, detour_factor=1.5, leg_speed_km_per_hour=12, leg_detour_factor=1.25)
    nodes = table("N", [10.0, 10.9], [0.0, 0.0], area_km2=[0.0, np.pi])
    sites = table("S", [10.1, 10.1], [0.0, 0.2])
    found = minutes_of(nodes, sites, None, travel, limit=60)
    per_km = 60 * 1.5 / 40
    assert not found.is_from_roads
    assert found.to_site.get(0, 0) == pytest.approx(per_km * km(10, 0, 10.1, 0), rel=1e-6)
    assert found.to_site.get(0, 1) == pytest.approx(per_km * km(10, 0, 10.1, 0.2), rel=1e-9)
    assert found.between_sites.get(0, 1) == pytest.approx(per_km * km(10.1, 0, 10.1, 0.2), rel=1e-9)
    assert not np.isfinite(found.to_site.get(1, 0))
    near = minutes_of(nodes, table("S", [10.9], [0.01]), None, travel, limit=60)
    assert near.to_site.get(1, 0) == pytest.approx(per_km * km(10.9, 0, 10.9, 0.01) + PER_KM * 2 / 3, rel=1e-6)
    assert found.unreached_nodes == found.unreached_sites == ()


def test_crow_pairs_at_the_edge_are_kept() -> None:
    """Without roads every pair within the cut-off is found, compared with all pairs."""
    rng = np.random.default_rng(8)
    nodes = table("N", rng.uniform(100, 101, 80), rng.uniform(59, 60, 80), area_km2=rng.uniform(0, 4, 80))
    sites = table("S", rng.uniform(100, 101, 50), rng.uniform(59, 60, 50))
    found = minutes_of(nodes, sites, None, limit=55).to_site
    a, b = (np.array(nodes[["lon", "lat"]]), np.array(sites[["lon", "lat"]]))
    cell = 2 / 3 * np.sqrt(nodes["area_km2"].to_numpy() / np.pi) * PER_KM
    every = great_circle_km(a[:, :1], a[:, 1:], b[None, :, 0], b[None, :, 1]) * 60 * 1.4 / 30 + cell[:, None]
    assert len(found.minutes) == (every <= 55).sum()
    np.testing.assert_allclose(found.minutes, every[every <= 55], rtol=1e-12)


def test_to_networkx_keeps_the_fastest_of_parallel_roads() -> None:
    """The networkx view has one edge each way where roads run parallel, with the shorter minutes, and names the junctions."""
    road_nodes = pd.DataFrame({"road_node_id": ["a", "b", "c"], "lon": [0.0, 1.0, 2.0], "lat": [0.0, 0.0, 0.0]})
    lines = [("a", "b", 5.0, False), ("a", "b", 3.0, True), ("b", "a", 4.0, True)]
    road_edges = pd.DataFrame(lines, columns=["from_id", "to_id", "minutes", "is_oneway"]).assign(metres=1.0)
    roads = RoadNetwork.from_tables(road_nodes, road_edges)
    graph = roads.to_networkx()
    assert {ends: data["minutes"] for *ends_, data in graph.edges(data=True) for ends in [tuple(ends_)]} == {
        ("a", "b"): 3.0,
        ("b", "a"): 4.0,
    }
    assert roads.components() == [{"a", "b"}, {"c"}]


def test_sparse_minutes() -> None:
    """Pairs are sorted, the shorter of a repeated pair counts, and what is not there is infinitely far."""
    origin, target, minutes = np.array([2, 0, 0, 2]), np.array([1, 3, 0, 1]), np.array([7.0, 4.0, 2.0, 5.0])
    pairs = SparseMinutes.from_pairs((3, 4), origin, target, minutes)
    assert pairs.frame().to_numpy().tolist() == [[0, 0, 2.0], [0, 3, 4.0], [2, 1, 5.0]]
    assert [pairs.get(0, 3), pairs.get(2, 1), pairs.get(1, 1)] == [4.0, 5.0, np.inf]
    assert pairs.lookup(np.array([2, 1, 0]), np.array([1, 0, 0])).tolist() == [5.0, np.inf, 2.0]
    assert [part.tolist() for part in pairs.of(0)] == [[0, 3], [2.0, 4.0]]
    assert [part.tolist() for part in pairs.of(1)] == [[], []]
    nothing = np.empty(0, dtype=np.int64)
    empty = SparseMinutes.from_pairs((2, 0), nothing, nothing, np.empty(0))
    assert empty.lookup(np.array([1]), np.array([0])).tolist() == [np.inf]
    square = SparseMinutes.from_pairs((2, 2), np.array([0, 1]), np.array([1, 0]), np.array([9.0, 4.0]))
    assert square.symmetric().frame()["minutes"].tolist() == [4.0, 4.0]


def test_great_circle() -> None:
    """A degree of the equator is 111.195 km, half the globe 20,015 km, and near points keep their millimetres."""
    assert great_circle_km(0, 0, 1, 0) == pytest.approx(111.19508, abs=1e-5)
    assert great_circle_km(0, 0, 180, 0) == pytest.approx(np.pi * EARTH_RADIUS_KM, rel=1e-12)
    assert great_circle_km(106, 30, 106, 30.00001) == pytest.approx(0.00111195, rel=1e-6)
    chord = np.linalg.norm(unit_vectors([0.0], [0.0]) - unit_vectors([1.0], [0.0]))
    assert chord == pytest.approx(chord_of_km(float(great_circle_km(0, 0, 1, 0))), rel=1e-12)


def test_replace_measures_again_only_what_changed(tiny: Region) -> None:
    """A what-if on the budget shares the minutes; another travel speed or a longer reach measures them anew."""
    problem = PlanningProblem.build(tiny, parse_policy({}, origin="travel"))
    assert problem.replace(budget={"capital": 1}).travel is problem.travel
    slower = problem.replace(travel={"leg_speed_km_per_hour": 3})
    assert slower.travel is not problem.travel
    farther = problem.replace(standard=[{"id": "far", "service": "cash", "minutes": 75, "share": 0.5}])
    assert farther.travel.limit_minutes == 75
    assert problem.travel.limit_minutes == 60
    assert np.isfinite(farther.travel.to_site.get(1, 3))
    assert not np.isfinite(problem.travel.to_site.get(1, 3))
