"""Minutes by road against networkx: places become junctions of their own, cut into the nearest road, and networkx does the rest."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_travel import random_roads

from netplan.policy import Travel
from netplan.travel import RoadNetwork, SparseMinutes, Work, minutes_between

TRAVEL = Travel(leg_speed_km_per_hour=12, leg_detour_factor=1.25, max_leg_metres=3_000)
PER_KM = 60 * 1.25 / 12


def unit(lon: float, lat: float) -> np.ndarray:
    """A position on the unit sphere, in extended precision: the formulas below lose digits."""
    a, b = np.radians(np.longdouble(lon)), np.radians(np.longdouble(lat))
    return np.array([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])


def far(a: np.ndarray, b: np.ndarray) -> float:
    """Great-circle kilometres between unit vectors."""
    return float(6371.0088 * 2 * np.arcsin(np.sqrt((a - b) @ (a - b)) / 2))


def foot(place: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[float, float]:
    """Share along the arc from start to end where a place is nearest, and the kilometres to it.

    On the arc, point(t) = (sin((1 - t) w) start + sin(t w) end) / sin(w); place . point(t) is largest where
    tan(t w) = (place . end - place . start cos w) / (place . start sin w).
    """
    if (start == end).all():
        return 0.0, far(place, start)
    arc = 2 * np.arcsin(np.sqrt((start - end) @ (start - end)) / 2)
    share = np.arctan2(place @ end - (place @ start) * np.cos(arc), (place @ start) * np.sin(arc)) / arc
    share = min(max(share, np.longdouble(0)), np.longdouble(1))
    point = (np.sin((1 - share) * arc) * start + np.sin(share * arc) * end) / np.sin(arc)
    return float(share), far(place, point)


Cut = tuple[object, float, float]
"""What a place hangs on (the two junctions of a road, or one junction), the share along the road, kilometres of leg."""


def roads_of(edges: pd.DataFrame) -> dict[tuple[str, str], list[float]]:
    """The fastest minutes there and back between any two junctions that are joined, in the order of the table."""
    roads: dict[tuple[str, str], list[float]] = {}
    for edge in edges.itertuples():
        ends = (edge.from_id, edge.to_id)
        key, way = (ends, 0) if ends in roads or ends[::-1] not in roads else (ends[::-1], 1)
        minutes = roads.setdefault(key, [np.inf, np.inf])
        minutes[way] = min(minutes[way], edge.minutes)
        if not edge.is_oneway:
            minutes[1 - way] = min(minutes[1 - way], edge.minutes)
    return roads


def snapped(points: pd.DataFrame, nodes: pd.DataFrame, edges: pd.DataFrame) -> list[Cut | None]:
    """The nearest road to each place; every road is tried."""
    at = {row.road_node_id: unit(row.lon, row.lat) for row in nodes.itertuples()}
    roads = list(roads_of(edges))
    found: list[Cut | None] = []
    for point in points.itertuples():
        place = unit(point.lon, point.lat)
        feet = [foot(place, at[a], at[b]) for a, b in roads]
        shortest = min(leg for _, leg in feet)
        road = next(n for n, (_, leg) in enumerate(feet) if leg <= shortest + 1e-6)
        (share, leg), (a, b) = feet[road], roads[road]
        on: object = roads[road]
        if min(share, 1 - share) * far(at[a], at[b]) <= 1e-3:
            on = a if share <= 0.5 or a == b else b
            leg = far(place, at[on])
        found.append((on, share, leg) if leg * 1000 <= TRAVEL.max_leg_metres else None)
    return found


def network_of(nodes: pd.DataFrame, edges: pd.DataFrame, cuts: list[Cut | None]) -> nx.MultiDiGraph:
    """The roads with a junction ("P", n) where place n enters; roads are cut there, each piece with its share of the minutes."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(nodes["road_node_id"])
    for road, (there, back) in roads_of(edges).items():
        on_it = sorted((cut[1], n) for n, cut in enumerate(cuts) if cut is not None and cut[0] == road)
        stops = [(0.0, road[0]), *((share, ("P", n)) for share, n in on_it), (1.0, road[1])]
        for (share_a, a), (share_b, b) in pairwise(stops):
            _add_way(graph, a, b, there, share_b - share_a)
            _add_way(graph, b, a, back, share_b - share_a)
    for n, cut in enumerate(cuts):
        if cut is not None and isinstance(cut[0], str):
            graph.add_edge(("P", n), cut[0], minutes=0.0)
            graph.add_edge(cut[0], ("P", n), minutes=0.0)
    return graph


def _add_way(graph: nx.MultiDiGraph, a: object, b: object, minutes: float, share: float) -> None:
    """One piece of a road in one direction, if that is open."""
    if np.isfinite(minutes):
        graph.add_edge(a, b, minutes=share * minutes)


def expected(origins: pd.DataFrame, targets: pd.DataFrame, nodes: pd.DataFrame, edges: pd.DataFrame) -> np.ndarray:
    """Minutes of all pairs, shape (origins, targets), infinite where there is no way."""
    points = pd.concat([origins, targets], ignore_index=True)
    cuts = snapped(points, nodes, edges)
    at = [unit(place.lon, place.lat) for place in points.itertuples()]
    graph = network_of(nodes, edges, cuts)
    full = np.full((len(origins), len(targets)), np.inf)
    for i in range(len(origins)):
        if (origin := cuts[i]) is None:
            continue
        lengths = nx.single_source_dijkstra_path_length(graph, ("P", i), weight="minutes")
        for s, target in enumerate(cuts[len(origins) :]):
            if target is None:
                continue
            ride = lengths.get(("P", len(origins) + s), np.inf) + PER_KM * (origin[2] + target[2])
            across = PER_KM * far(at[i], at[len(origins) + s])
            full[i, s] = min(ride, across) if origin[0] == target[0] else ride
    return full


def places(rng: np.random.Generator, nodes: pd.DataFrame, count: int) -> pd.DataFrame:
    """Places all over, one in four exactly at a junction."""
    frame = pd.DataFrame({"lon": rng.uniform(5, 5.5, count), "lat": rng.uniform(45, 45.5, count)})
    at = rng.integers(0, len(nodes), count // 4)
    frame.loc[: len(at) - 1, ["lon", "lat"]] = nodes[["lon", "lat"]].to_numpy()[at]
    return frame


def dense(table: SparseMinutes) -> np.ndarray:
    """All pairs, infinite where missing."""
    full = np.full(table.shape, np.inf)
    full[table.origin, table.target] = table.minutes
    return full


@pytest.mark.parametrize("seed", range(15))
def test_minutes_equal_networkx(seed: int) -> None:
    """On random networks with one-way, parallel, looping and zero-length roads in several pieces minutes are networkx's to 1e-9.

    Searched from either side; places lie off the roads, on them and at junctions, some too far away.
    """
    rng = np.random.default_rng(seed)
    nodes, edges = random_roads(seed)
    origins, targets = places(rng, nodes, 20), places(rng, nodes, 30)
    answer = expected(origins, targets, nodes, edges)
    assert 0 < np.isfinite(answer).sum() < answer.size
    for side in ("origins", "targets"):
        found = dense(
            minutes_between(
                origins,
                targets,
                RoadNetwork.from_tables(nodes, edges),
                TRAVEL,
                limit_minutes=1e6,
                work=Work(search_from=side),
            )
        )
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(answer))
        finite = np.isfinite(answer)
        np.testing.assert_allclose(found[finite], answer[finite], atol=1e-9, rtol=0)


@pytest.mark.parametrize("seed", range(15))
def test_between_junctions_equal_networkx_to_1e_9(seed: int) -> None:
    """Between junctions themselves, where no leg is rounded, minutes are networkx's to 1e-9, cut off or not."""
    nodes, edges = random_roads(100 + seed)
    network = RoadNetwork.from_tables(nodes, edges)
    used = nodes[network.is_used].reset_index(drop=True)
    slow = TRAVEL.model_copy(update={"leg_speed_km_per_hour": 1e-9})
    graph = network.to_networkx()
    for limit in (7.5, 1e6):
        found = minutes_between(used, used, network, slow, limit_minutes=limit)
        answer = dict(nx.all_pairs_dijkstra_path_length(graph, cutoff=limit, weight="minutes"))
        count = 0
        for i, origin in enumerate(used["road_node_id"]):
            for s, target in enumerate(used["road_node_id"]):
                assert found.get(i, s) == pytest.approx(answer[origin].get(target, np.inf), abs=1e-9)
                count += target in answer[origin]
        assert count == len(found.minutes)


def on_junctions(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A random network and its junctions with a road as places."""
    nodes, edges = random_roads(seed)
    used = nodes[RoadNetwork.from_tables(nodes, edges).is_used].reset_index(drop=True)
    return nodes, edges, used


SLOW = Travel(leg_speed_km_per_hour=1e-9, max_leg_metres=1)
"""Nobody walks across."""


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), limit=st.floats(0, 40))
def test_a_cut_off_only_removes(seed: int, limit: float) -> None:
    """With a cut-off the pairs are those of the whole table within it, each with the same minutes."""
    nodes, edges = random_roads(seed)
    rng = np.random.default_rng(seed)
    network, origins, targets = RoadNetwork.from_tables(nodes, edges), places(rng, nodes, 12), places(rng, nodes, 12)
    whole = minutes_between(origins, targets, network, TRAVEL, limit_minutes=1e6).frame()
    near = minutes_between(origins, targets, network, TRAVEL, limit_minutes=limit).frame()
    pd.testing.assert_frame_equal(near, whole[whole["minutes"] <= limit].reset_index(drop=True))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    """Junctions and roads in another order, and two-way roads as two one-way rows, give the same minutes."""
    rng = np.random.default_rng(seed)
    nodes, edges = random_roads(seed)
    origins, targets = places(rng, nodes, 12), places(rng, nodes, 12)
    both = edges[~edges["is_oneway"]]
    apart = pd.concat([edges, both.rename(columns={"from_id": "to_id", "to_id": "from_id"})]).assign(is_oneway=True)
    answer = dense(minutes_between(origins, targets, RoadNetwork.from_tables(nodes, edges), TRAVEL, limit_minutes=1e6))
    for roads in (edges, apart):
        mixed = RoadNetwork.from_tables(
            nodes.sample(frac=1, random_state=seed), roads.sample(frac=1, random_state=seed).reset_index(drop=True)
        )
        found = dense(minutes_between(origins, targets, mixed, TRAVEL, limit_minutes=1e6))
        np.testing.assert_allclose(found, answer, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_triangle_inequality(seed: int) -> None:
    """No way over a third junction is shorter."""
    nodes, edges, used = on_junctions(seed)
    full = dense(minutes_between(used, used, RoadNetwork.from_tables(nodes, edges), SLOW, limit_minutes=1e6))
    over = (full[:, :, None] + full[None, :, :]).min(axis=1)
    assert np.isfinite(full).sum() > len(used)
    assert (full <= over + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), minutes=st.floats(0, 30), is_oneway=st.booleans())
def test_adding_a_road_never_lengthens(seed: int, minutes: float, is_oneway: bool) -> None:
    """A road more makes no trip between junctions longer, and one of no minutes joins its ends."""
    nodes, edges, used = on_junctions(seed)
    a, b = np.random.default_rng(seed).choice(len(used), 2, replace=False)
    ends = {"from_id": used["road_node_id"][a], "to_id": used["road_node_id"][b]}
    road = pd.DataFrame([{**ends, "metres": 1.0, "minutes": minutes, "is_oneway": is_oneway}])
    more = pd.concat([edges, road], ignore_index=True)
    before, after = (
        dense(minutes_between(used, used, RoadNetwork.from_tables(nodes, roads), SLOW, limit_minutes=1e6))
        for roads in (edges, more)
    )
    assert (after <= before + 1e-9).all()
    assert after[a, b] <= minutes + 1e-9


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_backwards_is_the_transpose_of_forwards(seed: int) -> None:
    """Minutes from A to B are the same asked from A forwards, from B backwards, and searched from either."""
    rng = np.random.default_rng(seed)
    nodes, edges = random_roads(seed)
    network, a, b = RoadNetwork.from_tables(nodes, edges), places(rng, nodes, 12), places(rng, nodes, 15)
    forwards = minutes_between(a, b, network, TRAVEL, limit_minutes=60, work=Work(search_from="origins"))
    backwards = minutes_between(
        b, a, network, TRAVEL, limit_minutes=60, direction="backwards", work=Work(search_from="targets")
    )
    np.testing.assert_allclose(dense(forwards), dense(backwards).T, atol=1e-9)
    assert np.isfinite(dense(forwards)).any()


def test_networkx_view_has_the_same_minutes_and_parts() -> None:
    """`to_networkx` and `components` agree with networkx on a network built road by road."""
    nodes, edges = random_roads(9, roads=30)
    network = RoadNetwork.from_tables(nodes, edges)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(nodes["road_node_id"])
    for edge in edges.itertuples():
        graph.add_edge(edge.from_id, edge.to_id, minutes=edge.minutes)
        if not edge.is_oneway:
            graph.add_edge(edge.to_id, edge.from_id, minutes=edge.minutes)
    view = network.to_networkx()
    assert set(view.nodes) == set(graph.nodes)
    assert {(a, b): data["minutes"] for a, b, data in view.edges(data=True)} == {
        (a, b): min(data["minutes"] for data in graph[a][b].values()) for a, b in set(graph.edges())
    }
    parts = sorted(nx.weakly_connected_components(graph), key=len, reverse=True)
    assert sorted(map(sorted, network.components())) == sorted(map(sorted, parts))
    assert [len(part) for part in network.components()] == [len(part) for part in parts]
