"""Parts that do not meet: networkx finds the same ones, and the people on them are told."""

from __future__ import annotations

import time
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from netplan.policy import Travel
from netplan.travel.network import RoadNetwork
from netplan.travel.parts import RoadParts, road_parts

TRAVEL = Travel(max_leg_metres=500)
NOWHERE = pd.DataFrame({"site_id": [], "lon": [], "lat": []}).astype({"lon": float, "lat": float})


def network_of(lon: Any, lat: Any, roads: list[tuple[int, int, bool]]) -> RoadNetwork:
    """Junctions J0, J1, ... and (from, to, one-way) roads of a minute each."""
    nodes = pd.DataFrame({"road_node_id": [f"J{n}" for n in range(len(lon))], "lon": lon, "lat": lat})
    edges = pd.DataFrame(
        {
            "from_id": [f"J{a}" for a, _, _ in roads],
            "to_id": [f"J{b}" for _, b, _ in roads],
            "metres": 1000.0,
            "minutes": 1.0,
            "is_oneway": [oneway for _, _, oneway in roads],
        }
    )
    return RoadNetwork.from_tables(nodes, edges, TRAVEL)


def nodes_at(lon: Any, lat: Any) -> pd.DataFrame:
    """Nodes N0, N1, ..."""
    return pd.DataFrame({"node_id": [f"N{n}" for n in range(len(lon))], "lon": lon, "lat": lat})


def parts_of(network: RoadNetwork, nodes: pd.DataFrame, people: Any, sites: pd.DataFrame = NOWHERE) -> RoadParts:
    """The parts of a network."""
    return road_parts(network, nodes, np.asarray(people, dtype=float), sites, TRAVEL)


def random_network(seed: int, junctions: int = 60, roads: int = 55) -> RoadNetwork:
    """A random network in several pieces, with many one-way roads."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, junctions, (roads, 2))
    lon, lat = rng.uniform(5, 6, junctions), rng.uniform(45, 46, junctions)
    return network_of(lon, lat, [(int(a), int(b), bool(rng.random() < 0.5)) for a, b in ends])


@pytest.mark.parametrize("seed", range(12))
def test_parts_are_those_of_networkx(seed: int) -> None:
    """Weakly connected parts, largest first, and the junctions one-way roads cut off from the core, as networkx sees them."""
    network = random_network(seed)
    parts = parts_of(network, nodes_at([], []), [])
    graph = network.to_networkx()
    graph.remove_nodes_from([name for name, used in zip(network.ids, network.is_used, strict=True) if not used])
    expected = sorted(map(frozenset, nx.weakly_connected_components(graph)), key=len, reverse=True)
    ids = np.array(network.ids)
    found = [frozenset(ids[parts.junction_part == part]) for part in parts.table["part"]]
    assert set(found) == set(expected)
    assert parts.table["junctions"].tolist() == [len(part) for part in expected]
    assert (parts.junction_part[~network.is_used] == -1).all()
    for part in found:
        here = graph.subgraph(part)
        strong = max(len(core) for core in nx.strongly_connected_components(here))
        cores = [core for core in nx.strongly_connected_components(here) if len(core) == strong]
        trapped = {name for name in part if parts.junction_trapped[network.ids.index(name)]}
        free = part - trapped
        assert any(free == core for core in cores), "what is not trapped is one of the largest cores"


def test_people_and_sites_are_counted_on_their_part() -> None:
    """Two islands beside the mainland: 30 people in two nodes and a site on one, nobody on the other, one node off the roads."""
    network = network_of(
        [10.0, 10.01, 10.02, 10.1, 10.11, 10.2, 10.21],
        [0.0] * 7,
        [(0, 1, False), (1, 2, False), (3, 4, False), (5, 6, False)],
    )
    nodes = nodes_at([10.005, 10.1, 10.106, 10.3], [0.001, 0.001, -0.001, 0.0])
    sites = pd.DataFrame({"site_id": ["S0", "S1"], "lon": [10.02, 10.11], "lat": [0.0, 0.0]})
    parts = parts_of(network, nodes, [1000.0, 10.0, 20.0, 7.0], sites)
    table = parts.table.set_index("part")
    assert table["junctions"].tolist() == [3, 2, 2]
    assert table["people"].tolist() == [1000.0, 30.0, 0.0]
    assert table["nodes"].tolist() == [1, 2, 0]
    assert table["sites"].tolist() == [1, 1, 0]
    assert table["metres"].tolist() == [4000.0, 2000.0, 2000.0]
    assert parts.node_part.tolist() == [0, 1, 1, -1]
    assert parts.site_part.tolist() == [0, 1]
    assert parts.notes == (
        (
            "2 parts of the road network do not meet the largest; 30 people in 2 nodes, and 1 site, are joined to them: "
            "30 people in 2 nodes (N1, N2), 1 site near 10.1000 0.0000, 2 junctions. Add ferries and missing roads to road_links"
        ),
    )


def test_many_parts_are_summed_up() -> None:
    """Seven inhabited islands: the five with most people are described, the other two counted."""
    lon = [10.0, 10.001, 10.002, *np.repeat(11.0 + np.arange(7), 2) + np.tile([0, 0.001], 7)]
    roads = [(0, 1, False), (1, 2, False), *((3 + 2 * n, 4 + 2 * n, False) for n in range(7))]
    network = network_of(lon, [0.0] * len(lon), roads)
    parts = parts_of(network, nodes_at(11.0 + np.arange(7), [0.0] * 7), np.arange(7) + 1.0)
    assert len(parts.notes) == 1
    assert "7 parts of the road network do not meet the largest; 28 people in 7 nodes" in parts.notes[0]
    assert "7 people in 1 node (N6)" in parts.notes[0]
    assert "3 people in 1 node (N2)" in parts.notes[0]
    assert "N1" not in parts.notes[0]
    assert "; and 2 further parts" in parts.notes[0]


def test_empty_parts_are_told_in_one_clause() -> None:
    """A part without nodes and sites is counted, and that nobody is there is said."""
    network = network_of([10.0, 10.01, 10.02, 11.0, 11.01], [0.0] * 5, [(0, 1, False), (1, 2, False), (3, 4, False)])
    parts = parts_of(network, nodes_at([10.0], [0.0]), [5.0])
    assert parts.notes == ("1 part of the road network does not meet the largest; no node and no site is joined to it",)


def test_one_way_traps_are_told() -> None:
    """A one-way road out of a ring leads to a dead end: who lives on it cannot come back, who lives at its start can.

    Ring J0 J1 J2, one-way J1 -> J3. N0 stands on the ring, N1 in the middle of the dead end, N2 at J1 itself, N3 at J3.
    """
    network = network_of(
        [10.0, 10.01, 10.005, 10.02],
        [0.0, 0.0, 0.01, 0.0],
        [(0, 1, False), (1, 2, False), (2, 0, False), (1, 3, True)],
    )
    parts = parts_of(network, nodes_at([10.005, 10.015, 10.01, 10.02], [0.0] * 4), [100.0, 20.0, 300.0, 4.0])
    assert parts.junction_trapped.tolist() == [False, False, False, True]
    assert parts.node_trapped.tolist() == [False, True, False, True]
    assert parts.table["trapped_people"].tolist() == [24.0]
    assert parts.table["trapped_junctions"].tolist() == [1]
    assert parts.notes == (
        (
            "one-way roads lead only in or only out of 1 junction; 24 people in 2 nodes are joined to such roads (N1, N3), and "
            "have no way there or no way back"
        ),
    )


def test_a_whole_network_has_nothing_to_tell() -> None:
    """One part, all roads two-way: one row and no note."""
    network = network_of([10.0, 10.01], [0.0, 0.0], [(0, 1, False)])
    parts = parts_of(network, nodes_at([10.0], [0.0]), [5.0])
    assert parts.notes == ()
    assert parts.table["people"].tolist() == [5.0]


def test_a_mode_without_roads_has_no_part() -> None:
    """Junctions without a road of the mode are in no part, nor is anybody."""
    network = network_of([10.0, 10.01], [0.0, 0.0], [])
    parts = parts_of(network, nodes_at([10.0], [0.0]), [5.0])
    assert parts.table.empty
    assert parts.node_part.tolist() == [-1]
    assert parts.notes == ()


def test_parts_show_themselves() -> None:
    """Parts print their notes, show a table in a notebook and plot without a screen."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    network = random_network(3)
    parts = parts_of(network, nodes_at([5.5], [45.5]), [5.0])
    assert parts.notes[0] in repr(parts)
    assert "<table" in parts._repr_html_()
    labels = [text.get_text() for text in parts.plot().get_legend().get_texts()]
    assert labels == ["largest part", "other parts", "one-way traps"]
    mpl.pyplot.close("all")


@pytest.mark.slow
def test_three_hundred_thousand_junctions_take_seconds() -> None:
    """A lattice of 300,000 junctions cut into bands: parts are found in under 10 seconds (compare hours of pair searches)."""
    rows, columns = 500, 600
    index = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()])
    down = np.column_stack([index[:-1].ravel(), index[1:].ravel()])
    down = down[(down[:, 1] // columns) % 50 != 0]
    ends = np.concatenate([across, down])
    lon, lat = 100 + (index % columns).ravel() * 0.005, 30 + (index // columns).ravel() * 0.005
    network = RoadNetwork(
        ids=tuple(map(str, index.ravel())),
        lon=lon,
        lat=lat,
        tail=np.concatenate([ends[:, 0], ends[:, 1]]),
        head=np.concatenate([ends[:, 1], ends[:, 0]]),
        minutes=np.ones(2 * len(ends)),
        metres=np.full(2 * len(ends), 500.0),
        edge=np.tile(np.arange(len(ends)), 2),
    )
    rng = np.random.default_rng(0)
    nodes = nodes_at(rng.uniform(100, 103, 2_000), rng.uniform(30, 32.5, 2_000))
    begin = time.perf_counter()
    parts = parts_of(network, nodes, np.ones(2_000))
    assert time.perf_counter() - begin < 10
    assert parts.table["junctions"].tolist() == [50 * columns] * 10
    assert parts.table["people"].sum() == 2_000
