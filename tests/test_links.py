"""Links: ferries and missing bridges shorten trips, never lengthen one, and what cannot be joined is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from regions import tiny_tables, write_region

from netplan.check import check_region
from netplan.policy import Travel, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region, read_region
from netplan.travel.links import with_links
from netplan.travel.network import RoadNetwork

TRAVEL = Travel(leg_speed_km_per_hour=12, leg_detour_factor=1.25, max_leg_metres=3_000)
PER_KM = 60 * 1.25 / 12
"""Minutes per kilometre of an access leg."""
DEGREE_KM = 2 * np.pi * 6371.0088 / 360
"""Kilometres of a degree on the equator."""


def two_islands(travel: Travel = TRAVEL) -> RoadNetwork:
    """J0 - J1 (10 minutes) and, 0.1 degrees east of J1, J2 - J3 (10 minutes); nothing between. J4 has no road."""
    nodes = pd.DataFrame(
        {"road_node_id": [f"J{n}" for n in range(5)], "lon": [10.0, 10.1, 10.2, 10.3, 10.15], "lat": [0.0] * 5}
    )
    edges = pd.DataFrame(
        {
            "from_id": ["J0", "J2"],
            "to_id": ["J1", "J3"],
            "metres": 11_000.0,
            "minutes": 10.0,
            "is_oneway": False,
        }
    )
    return RoadNetwork.from_tables(nodes, edges, travel)


def links(*rows: tuple[float, float], **more: Any) -> pd.DataFrame:
    """Links L0, L1, ... along the equator, from longitude to longitude, 30 minutes each."""
    frame = pd.DataFrame(
        {
            "link_id": [f"L{n}" for n in range(len(rows))],
            "name": "",
            "from_lon": [a for a, _ in rows],
            "from_lat": 0.0,
            "to_lon": [b for _, b in rows],
            "to_lat": 0.0,
            "minutes": 30.0,
            "is_oneway": False,
            "modes": [()] * len(rows),
        }
    )
    return frame.assign(**more)


def minutes(network: RoadNetwork, start: str, end: str) -> float:
    """Fastest minutes between junctions, by networkx; infinite where there is no way."""
    graph = network.to_networkx()
    return float(nx.single_source_dijkstra_path_length(graph, start, weight="minutes").get(end, np.inf))


def test_a_ferry_joins_two_islands_by_hand() -> None:
    """10 minutes on the road, 30 on the ferry, 10 on the road, there and back; before there was no way at all."""
    alone = two_islands()
    linked = with_links(alone, links((10.1, 10.2)), TRAVEL)
    assert minutes(alone, "J0", "J3") == np.inf
    assert minutes(linked.network, "J0", "J3") == pytest.approx(50.0, abs=1e-9)
    assert minutes(linked.network, "J3", "J0") == pytest.approx(50.0, abs=1e-9)
    assert linked.network.edge.tolist() == [*alone.edge, -1, -1]
    assert linked.network.metres[-1] == pytest.approx(0.1 * DEGREE_KM * 1000, rel=1e-6)
    assert linked.notes == ()
    assert linked.joined[["from_junction", "to_junction"]].to_numpy().tolist() == [["J1", "J2"]]


def test_a_one_way_link_leads_one_way() -> None:
    """A ferry that only goes east brings nobody back."""
    network = with_links(two_islands(), links((10.1, 10.2), is_oneway=True), TRAVEL).network
    assert minutes(network, "J0", "J3") == pytest.approx(50.0, abs=1e-9)
    assert minutes(network, "J3", "J0") == np.inf


def test_the_ways_to_a_pier_count_as_access_legs() -> None:
    """Piers 0.002 degrees (222 m) and 0.01 degrees (1,112 m) off their junctions: 30 minutes and 1.334 km at 6.25 minutes a km.

    The second is farther than 500 m from its junction, and that is noted.
    """
    linked = with_links(two_islands(), links((10.102, 10.19)), TRAVEL)
    expected = 10 + 30 + 0.012 * DEGREE_KM * PER_KM + 10
    assert minutes(linked.network, "J0", "J3") == pytest.approx(expected, abs=1e-6)
    assert linked.notes == (
        "road_links: 1 link (L0) more than 500 m from the nearest junction (up to 1,112 m), which counts as an access leg",
    )


def test_links_out_of_reach_are_left_out_and_named() -> None:
    """An end 3.3 km from every junction with a road (the idle junction J4 does not count) is refused; so is a link to itself."""
    alone = two_islands()
    linked = with_links(alone, links((10.1, 10.15), (10.1, 10.101), (10.1, 10.2)), TRAVEL)
    assert linked.joined["is_used"].tolist() == [False, False, True]
    assert len(linked.network.tail) == len(alone.tail) + 2
    assert linked.notes == (
        (
            "road_links: 1 link (L0) not used: an end is more than 3,000 m from every junction; correct the place, or raise "
            "[travel] max_leg_metres"
        ),
        ("road_links: 1 link (L1) not used: both ends are joined to the same junction; the roads beyond are missing"),
    )


@pytest.mark.parametrize(("mode", "used"), [("car", ["L0", "L1"]), ("walk", ["L0", "L2"]), ("bus", ["L0", "L1"])])
def test_links_serve_the_modes_they_name(mode: str, used: list[str]) -> None:
    """A link without modes serves everybody; a car ferry no walker, a footbridge no car and no bus."""
    travel = Travel(mode=mode, max_leg_metres=3_000)
    table = links((10.1, 10.2), (10.1, 10.2), (10.1, 10.2), modes=[(), ("car", "bus"), ("walk",)])
    linked = with_links(two_islands(travel), table, travel)
    assert linked.joined["link_id"].tolist() == used
    assert (linked.network.edge == -1).sum() == 4


def test_no_links_change_nothing() -> None:
    """An empty table, or links of other modes only, give the network back."""
    alone = two_islands()
    assert with_links(alone, links(), TRAVEL).network is alone
    assert with_links(alone, links((10.1, 10.2), modes=[("walk",)]), TRAVEL).network is alone


def test_links_on_a_network_without_roads_are_told() -> None:
    """Where the mode has no road there is no junction to join: nothing is used, everything is named."""
    nodes = pd.DataFrame({"road_node_id": ["J0"], "lon": [10.0], "lat": [0.0]})
    edges = pd.DataFrame({"from_id": [], "to_id": [], "metres": [], "minutes": [], "is_oneway": []})
    bare = RoadNetwork.from_tables(nodes, edges.astype({"metres": float, "minutes": float, "is_oneway": bool}), TRAVEL)
    linked = with_links(bare, links((10.1, 10.2)), TRAVEL)
    assert not len(linked.network.tail)
    assert "1 link (L0) not used" in linked.notes[0]


@pytest.mark.parametrize("seed", range(8))
def test_adding_links_never_lengthens_a_trip(seed: int) -> None:
    """On random networks every pair of junctions is at most as far with links as without, and some pairs are nearer."""
    rng = np.random.default_rng(seed)
    size = 25
    lon, lat = rng.uniform(10, 10.4, size), rng.uniform(0, 0.4, size)
    ends = rng.integers(0, size, (40, 2))
    nodes = pd.DataFrame({"road_node_id": [f"J{n}" for n in range(size)], "lon": lon, "lat": lat})
    edges = pd.DataFrame(
        {
            "from_id": [f"J{a}" for a in ends[:, 0]],
            "to_id": [f"J{b}" for b in ends[:, 1]],
            "metres": 1000.0,
            "minutes": rng.uniform(1, 20, 40),
            "is_oneway": rng.random(40) < 0.5,
        }
    )
    table = links(*rng.uniform(10, 10.4, (6, 2)), minutes=rng.uniform(0, 5, 6), is_oneway=rng.random(6) < 0.5)
    table = table.assign(from_lat=rng.uniform(0, 0.4, 6), to_lat=rng.uniform(0, 0.4, 6))
    alone = RoadNetwork.from_tables(nodes, edges, TRAVEL)
    linked = with_links(alone, table, Travel(max_leg_metres=20_000, leg_speed_km_per_hour=60)).network
    before, after = (
        dict(nx.all_pairs_dijkstra_path_length(net.to_networkx(), weight="minutes")) for net in (alone, linked)
    )
    shorter = 0
    for start, reached in before.items():
        for end, old in reached.items():
            assert after[start][end] <= old + 1e-9
        shorter += len(after[start]) > len(reached) or any(after[start][end] < reached[end] - 1e-9 for end in reached)
    assert shorter


def region_with(tmp_path: Path, change: Callable[[dict[str, pd.DataFrame]], None]) -> Region:
    """The tiny region, changed, from a folder."""
    tables = tiny_tables()
    change(tables)
    return read_region(write_region(tables, tmp_path / "region"))


def fast_bridge(tables: dict[str, pd.DataFrame]) -> None:
    """A bridge from J1 to J6 in 7 minutes, where the road takes 80."""
    tables["road_links"] = tables["road_links"].assign(minutes="7", modes="")


def test_links_of_a_region_reach_the_minutes(tmp_path: Path) -> None:
    """In the tiny region O1 is 80 road minutes from N6 at the other end of the road; a bridge of 7 minutes makes it 7."""
    policy = parse_policy({"travel": {"max_leg_metres": 2_000}}, origin="plan.toml")
    plain = PlanningProblem.build(read_region(write_region(tiny_tables(), tmp_path / "a" / "region")), policy)
    bridged = PlanningProblem.build(region_with(tmp_path / "b", fast_bridge), policy)
    far = list(plain.region.nodes["node_id"]).index("N6")
    site = list(plain.sites["site_id"]).index("O1")
    assert not plain.travel.to_site.get(far, site) < 80
    assert bridged.travel.to_site.get(far, site) == pytest.approx(7.0, abs=1e-6)
    old, new = (problem.travel.to_site for problem in (plain, bridged))
    frame = old.frame()
    assert (new.lookup(frame["origin"].to_numpy(), frame["target"].to_numpy()) <= frame["minutes"] + 1e-9).all()


def island(tables: dict[str, pd.DataFrame]) -> None:
    """The last road is gone: N6, O4 and J6 are cut off; J6 keeps a lane of its own; the only ferry is out of reach."""
    edges = tables["road_edges"].iloc[:-1]
    lane = tables["road_edges"].iloc[-1:].assign(from_id="J6", to_id="J7", minutes="1")
    tables["road_edges"] = pd.concat([edges, lane], ignore_index=True)
    pier = pd.DataFrame({"road_node_id": ["J7"], "lon": ["10.33"], "lat": ["0"]})
    tables["road_nodes"] = pd.concat([tables["road_nodes"], pier], ignore_index=True)
    tables["road_links"] = tables["road_links"].assign(to_lon="10.39")


def test_a_cut_off_part_and_a_lost_link_are_notes_of_the_problem(tmp_path: Path) -> None:
    """The 100 people of N6 live on a part of their own, the ferry ends 6.7 km from every junction: both are told."""
    policy = parse_policy({"travel": {"max_leg_metres": 2_000}}, origin="plan.toml")
    notes = PlanningProblem.build(region_with(tmp_path, island), policy).notes
    assert any("1 part of the road network does not meet the largest; 100 people in 1 node" in note for note in notes)
    assert any("1 link (L1) not used: an end is more than 2,000 m" in note for note in notes)
    again = PlanningProblem.build(region_with(tmp_path / "again", island), policy)
    changed = again.replace(policy={"max_closures": 1})
    assert changed.notes == again.notes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modes": "boat"}, "no way to travel: boat"),
        ({"modes": "car walk tram"}, "no way to travel: tram"),
        ({"to_lon": "10.00"}, "ends where it begins"),
        ({"from_lon": "0", "from_lat": "10.0"}, "longitude and latitude look swapped"),
        ({"minutes": "-1"}, "at least 0"),
        ({"from_lon": "190"}, "at most 180"),
        ({"link_id": ""}, "empty"),
    ],
)
def test_links_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    """Unknown modes, a link to itself, exchanged coordinates, impossible numbers: one violation with row and remedy."""
    tables = tiny_tables()
    tables["road_links"] = tables["road_links"].assign(**change)
    report = check_region(write_region(tables, tmp_path / "region"))
    found = [str(one) for one in report.violations]
    assert len(found) == 1
    assert found[0].startswith("road_links.csv: row 2")
    assert said in found[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"minutes": "2"}, "road_links.csv: 1 link faster than 200 km/h (rows 2)"),
        ({"to_lon": "12"}, "road_links.csv: 1 link far from every junction, not used (rows 2)"),
    ],
)
def test_odd_links_are_noted(tmp_path: Path, change: dict[str, str], said: str) -> None:
    """A ferry at aeroplane speed, and one that leaves the map, are kept and noted."""
    tables = tiny_tables()
    tables["road_links"] = tables["road_links"].assign(**change)
    report = check_region(write_region(tables, tmp_path / "region"))
    assert not report.violations
    assert said in report.notes


def test_links_without_roads_are_noted(tmp_path: Path) -> None:
    """Without roads there is nothing to link, and the region says so."""
    tables = {stem: frame for stem, frame in tiny_tables().items() if stem not in ("road_nodes", "road_edges")}
    report = check_region(write_region(tables, tmp_path / "region"))
    assert not report.violations
    assert "road_links.csv: not used, as there are no roads (road_nodes, road_edges) to link" in report.notes
