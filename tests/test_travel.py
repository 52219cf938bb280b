"""Minutes: networkx says the same, the formula of docs/model.md holds to the last digit, and who is not reached is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from netplan.coordinates.geodesy import EARTH_RADIUS_KM, chord_of_km, great_circle_km, unit_vectors
from netplan.errors import InputError
from netplan.policy import Travel, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.travel import RoadNetwork, SparseMinutes, TravelTimes, minutes_between, travel_times

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


ROAD = (
    pd.DataFrame({"road_node_id": ["J1", "J2"], "lon": [10.0, 10.2], "lat": [0.0, 0.0]}),
    pd.DataFrame(
        {
            "from_id": ["J1"],
            "to_id": ["J2"],
            "metres": [22_000.0],
            "minutes": [10.0],
            "is_oneway": [False],
            "minutes_back": [20.0],
            "walk_minutes": [np.nan],
        }
    ),
)
"""One road along the equator, J1 to J2 in 10 minutes and back in 20."""


@pytest.fixture
def two_way_road() -> RoadNetwork:
    """The road by car."""
    return RoadNetwork.from_tables(*ROAD)


def ends_of(edges: pd.DataFrame, travel: Travel | None = None) -> tuple[float, float]:
    """Minutes from J1 to J2 and back between sites at them, by the mode of `travel`; walking across forbidden by a slow leg."""
    travel = (travel or Travel()).model_copy(update={"leg_detour_factor": 1e6})
    sites = table("S", [10.0, 10.2], [0.0, 0.0])
    found = minutes_of(table("N", [], [], area_km2=[]), sites, RoadNetwork.from_tables(ROAD[0], edges, travel), travel)
    return tuple(
        round(value, 9) if np.isfinite(value := found.between_sites.get(*pair)) and value < 1e6 else np.inf
        for pair in ((0, 1), (1, 0))
    )


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


def test_a_trip_enters_the_road_at_its_nearest_point(one_road: RoadNetwork) -> None:
    """A node a quarter along the road pays three quarters of it to J2 and a quarter of the other carriageway to J1.

    The node lies 0.01 degrees (1.11195 km, 6.9497 minutes of leg) north of 10.05 on the road from 10.0 to 10.2. Once the way
    back is closed, it drives to J2 and from there nowhere.
    """
    nodes = table("N", [10.05], [0.01], area_km2=[0.0])
    sites = table("S", [10.2, 10.0], [0.0, 0.0])
    travel = minutes_of(nodes, sites, one_road)
    leg = PER_KM * km(10.05, 0.01, 10.05, 0.0)
    assert leg == pytest.approx(6.9497, abs=1e-4)
    assert travel.to_site.get(0, 0) == pytest.approx(leg + 0.75 * 10, rel=1e-6)
    assert travel.to_site.get(0, 1) == pytest.approx(leg + 0.25 * 25, rel=1e-6)
    one_way = RoadNetwork.from_tables(ROAD[0], ROAD[1].assign(is_oneway=True))
    travel = minutes_of(nodes, sites, one_way)
    assert travel.to_site.get(0, 0) == pytest.approx(leg + 0.75 * 10, rel=1e-6)
    assert not np.isfinite(travel.to_site.get(0, 1))


def test_along_the_same_road(two_way_road: RoadNetwork) -> None:
    """Two places on one road go along it, each direction at its own minutes, without visiting a junction."""
    nodes = table("N", [10.05], [0.0], area_km2=[0.0])
    sites = table("S", [10.15, 10.01], [0.0, 0.0])
    found = minutes_of(nodes, sites, two_way_road).to_site
    assert found.get(0, 0) == pytest.approx(5, rel=1e-6)
    assert found.get(0, 1) == pytest.approx(4, rel=1e-6)


def test_direct_way_where_a_road_is_shared(two_way_road: RoadNetwork) -> None:
    """Two places on one road, or at one junction, go straight across if that is shorter than by it; the cell is counted, a wait for the bus is not."""
    nodes = table("N", [10.05, 10.05], [0.001, 0.001], area_km2=[0.0, np.pi])
    sites = table("S", [10.051], [0.002])
    across = PER_KM * km(10.05, 0.001, 10.051, 0.002)
    found = minutes_of(nodes, sites, two_way_road).to_site
    assert found.get(0, 0) == pytest.approx(across, rel=1e-6)
    assert found.get(1, 0) == pytest.approx(across + PER_KM * 2 / 3, rel=1e-6)
    at_junction = table("N", [10.0], [0.01], area_km2=[0.0]), table("S", [9.99], [0.0])
    across_there = PER_KM * km(10.0, 0.01, 9.99, 0.0)
    assert minutes_of(*at_junction, two_way_road).to_site.get(0, 0) == pytest.approx(across_there, rel=1e-6)
    by_bus = Travel(mode="bus", walk_speed_km_per_hour=12, leg_detour_factor=1.25, bus_wait_minutes=30)
    bus = RoadNetwork.from_tables(*ROAD, by_bus)
    assert minutes_of(nodes, sites, bus, by_bus).to_site.get(0, 0) == pytest.approx(across, rel=1e-6)


def test_far_places_are_not_reached_and_listed(two_way_road: RoadNetwork) -> None:
    """A place farther than max_leg_metres from every road has no pair and is named; the others keep theirs."""
    nodes = table("N", [10.1, 10.1], [0.0, 0.028], area_km2=[0.0, 0.0])
    sites = table("S", [10.2, 10.1, 10.2269], [0.0, -0.028, 0.0])
    rivals = table("X", [10.0, 10.3], [0.0, 0.0])
    assert 1_000 * km(10.2269, 0, 10.2, 0) < LEG.max_leg_metres < 1_000 * km(10, 0.028, 10, 0)
    travel = travel_times(nodes, sites, rivals, two_way_road, LEG, limit_minutes=1e6, site_limit_minutes=1e6)
    assert travel.unreached_nodes == ("N1",)
    assert travel.unreached_sites == ("S1",)
    assert travel.unreached_competitors == ("X1",)
    assert set(map(tuple, travel.to_site.frame()[["origin", "target"]].to_numpy())) == {(0, 0), (0, 2)}
    assert travel.to_competitor.frame()[["origin", "target"]].to_numpy().tolist() == [[0, 0]]
    assert travel.between_sites.get(1, 1) == 0.0
    assert not np.isfinite(travel.between_sites.get(1, 0))


def test_modes() -> None:
    """By car the table's minutes, on foot its walking minutes or metres / walking speed, by bus metres / bus speed and a wait.

    Only on foot do one-way signs not count; what is closed to cars is closed to the bus. The road is 22 km: by bus at 20 km/h 66 minutes + 7 of waiting; on foot at 5.5 km/h 240 minutes.
    """
    walk, bus = (
        Travel(mode="walk", walk_speed_km_per_hour=5.5),
        Travel(mode="bus", bus_speed_km_per_hour=20, bus_wait_minutes=7),
    )
    assert ends_of(ROAD[1]) == (10, 20)
    assert ends_of(ROAD[1].assign(is_oneway=True)) == (10, np.inf)
    assert ends_of(ROAD[1].assign(minutes_back=np.nan)) == (10, 10)
    assert ends_of(ROAD[1].assign(minutes=np.nan)) == (np.inf, np.inf)
    assert ends_of(ROAD[1].assign(is_oneway=True), walk) == (240, 240)
    assert ends_of(ROAD[1].assign(is_oneway=True, walk_minutes=90.0), walk) == (90, 90)
    assert ends_of(ROAD[1].assign(walk_minutes=90.0, walk_minutes_back=70.0), walk) == (90, 70)
    assert ends_of(ROAD[1].assign(walk_minutes=np.nan), walk) == (240, 240)
    assert ends_of(ROAD[1].assign(is_oneway=True), bus) == (73, np.inf)
    assert ends_of(ROAD[1].assign(minutes=np.nan), bus) == (np.inf, np.inf)


def test_a_road_closed_to_walkers_is_not_walked_nor_walked_to() -> None:
    """Where walk_minutes is blank walkers neither use the road nor leave it: they go to the next one that is open."""
    nodes, closed = ROAD[0], ROAD[1].assign(walk_minutes=np.nan)
    more = pd.DataFrame({"road_node_id": ["J3", "J4"], "lon": [10.0, 10.2], "lat": [0.02, 0.02]})
    path = closed.assign(from_id="J3", to_id="J4", walk_minutes=100.0, minutes=np.nan)
    tables = pd.concat([nodes, more]), pd.concat([closed, path], ignore_index=True)
    walk = LEG.model_copy(update={"mode": "walk", "walk_speed_km_per_hour": 12})
    places = table("N", [10.05], [0.001], area_km2=[0.0]), table("S", [10.15], [0.02])
    on_foot = minutes_of(*places, RoadNetwork.from_tables(*tables, walk), walk).to_site.get(0, 0)
    assert on_foot == pytest.approx(
        min(50 + PER_KM * km(10.05, 0.001, 10.05, 0.02), PER_KM * km(10.05, 0.001, 10.15, 0.02)), rel=1e-5
    )
    by_car = minutes_of(*places, RoadNetwork.from_tables(*tables, LEG), LEG).to_site.get(0, 0)
    assert by_car == pytest.approx(5 + PER_KM * (km(10.05, 0.001, 10.05, 0) + km(10.15, 0.02, 10.15, 0)), rel=1e-5)


def test_legs_on_foot() -> None:
    """On foot and by bus legs and cells go at the walking speed, by car at the leg speed."""
    for mode, speed in (("car", 10.0), ("walk", 4.0), ("bus", 4.0)):
        travel = Travel(mode=mode, walk_speed_km_per_hour=4, leg_detour_factor=1.5)
        assert travel.leg_minutes_per_km == pytest.approx(60 * 1.5 / speed)


def test_no_road_for_the_mode() -> None:
    """Where no road is open to the mode nobody is reached, and all are named."""
    closed = RoadNetwork.from_tables(ROAD[0], ROAD[1].assign(minutes=np.nan), LEG)
    travel = minutes_of(table("N", [10.0], [0.0], area_km2=[0.0]), table("S", [10.0], [0.0]), closed)
    assert len(travel.to_site.minutes) == 0
    assert (travel.unreached_nodes, travel.unreached_sites) == (("N0",), ("S0",))
    assert travel.between_sites.get(0, 0) == 0.0
    assert closed.nearest_junction(np.array([10.0]), np.array([0.0]))[0].tolist() == [-1]


def test_a_network_of_another_mode_is_refused(two_way_road: RoadNetwork) -> None:
    """Minutes on foot are not measured on the drivers' network."""
    with pytest.raises(InputError, match="for car, the plan travels by walk"):
        minutes_of(table("N", [], []), table("S", [], []), two_way_road, Travel(mode="walk"))


def test_forwards_and_backwards(one_road: RoadNetwork) -> None:
    """Backwards are the minutes from the targets to the origins, in rows of origins."""
    origins, targets = table("S", [10.0], [0.0]), table("S", [10.2, 10.1], [0.0, 0.0])
    there = minutes_between(origins, targets, one_road, LEG, limit_minutes=1e6)
    back = minutes_between(origins, targets, one_road, LEG, limit_minutes=1e6, direction="backwards")
    assert there.shape == back.shape == (1, 2)
    assert there.get(0, 0) == pytest.approx(10, rel=1e-9)
    assert back.get(0, 0) == pytest.approx(25, rel=1e-9)


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


def test_zero_minutes_to_itself() -> None:
    """Every place is 0 minutes from itself, whether it had a pair of its own or not; the other pairs stay as they are."""
    origin, target = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 3, 0, 1, 3, 1])
    pairs = SparseMinutes.from_pairs((5, 5), origin, target, np.array([7.0, 4.0, 2.0, 5.0, 6.0, 3.0]))
    table = np.full((5, 5), np.nan)
    table[origin, target] = [7.0, 4.0, 2.0, 5.0, 6.0, 3.0]
    np.fill_diagonal(table, 0.0)
    own = pairs.with_own()
    told = [[i, j, table[i, j]] for i in range(5) for j in range(5) if not np.isnan(table[i, j])]
    assert own.frame().to_numpy().tolist() == told
    assert own.start.tolist() == [0, 2, 4, 7, 9, 10]
    assert not own.minutes.flags.writeable
    assert own.with_own().frame().equals(own.frame())


def test_rows_and_blocks_of_sparse_minutes() -> None:
    """A table in runs of rows holds the same pairs, however small the runs; transposed twice it is itself."""
    rng = np.random.default_rng(2)
    origin, target = rng.integers(0, 30, 200), rng.integers(0, 20, 200)
    pairs = SparseMinutes.from_pairs((30, 20), origin, target, rng.uniform(0, 9, 200))
    for size in (1, 7, 50, 1_000):
        frames = [
            part.frame().assign(origin=lambda f, first=first: f["origin"] + first) for first, part in pairs.blocks(size)
        ]
        pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), pairs.frame())
        assert all(len(part.minutes) <= size or part.shape[0] == 1 for _, part in pairs.blocks(size))
    flipped = pairs.transposed()
    assert flipped.get(int(target[0]), int(origin[0])) == pairs.get(int(origin[0]), int(target[0]))
    pd.testing.assert_frame_equal(flipped.transposed().frame(), pairs.frame())


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


def test_the_plan_file_names_the_mode(tiny: Region) -> None:
    """`[travel] mode` changes the minutes: the five minutes of J1 to J2 become metres / speed on foot, with the wait by bus."""
    metres = float(tiny.road_edges["metres"].iloc[0])
    ends = [tiny.road_edges[end].iloc[0] for end in ("from_id", "to_id")]
    sites = tiny.road_nodes.set_index("road_node_id").loc[ends].reset_index(drop=True)
    for mode, speed, wait in (("walk", 5.0, 0.0), ("bus", 20.0, 4.0)):
        asked = {"mode": mode, "walk_speed_km_per_hour": 5, "bus_speed_km_per_hour": 20, "bus_wait_minutes": 4}
        travel = parse_policy({"travel": {**asked, "leg_detour_factor": 50}}, origin="travel").travel
        network = RoadNetwork.from_tables(tiny.road_nodes, tiny.road_edges, travel)
        found = minutes_between(sites, sites, network, travel, limit_minutes=1e4)
        assert found.get(0, 1) == pytest.approx(metres * 0.06 / speed + wait, rel=1e-9)
    problem = PlanningProblem.build(tiny, parse_policy({"travel": {"mode": "bus"}}, origin="travel"))
    assert problem.travel.to_site.minutes.min() == 0.0, "on foot at one junction, no bus is waited for"
    away = problem.travel.to_site.minutes[problem.travel.to_site.minutes > 0]
    assert away.min() > 10


def test_minutes_of_a_problem_are_kept_and_found_again(tiny: Region, tmp_path: Path) -> None:
    """A problem built with a cache leaves its minutes there; a what-if and a second build read them and agree to the bit."""
    policy = parse_policy({}, origin="travel")
    told: list[tuple[str, float]] = []
    first = PlanningProblem.build(tiny, policy, cache=tmp_path, progress=lambda what, share: told.append((what, share)))
    kept = sorted(tmp_path.rglob("*.bin"))
    assert kept
    assert ("node to site", 1.0) in told
    times = [path.stat().st_mtime_ns for path in kept]
    again = PlanningProblem.build(tiny, policy, cache=str(tmp_path))
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.bin"))] == times
    np.testing.assert_array_equal(again.travel.to_site.minutes, first.travel.to_site.minutes)
    first.replace(travel={"leg_speed_km_per_hour": 3})
    assert len(list(tmp_path.rglob("*.bin"))) > len(kept)
