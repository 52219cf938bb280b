"""Roads from and to networkx graphs, and GraphML as osmnx saves it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from netplan.errors import InputError
from netplan.roads import Roads, read_roads


def random_roads(seed: int, *, has_walk: bool) -> Roads:
    """Twenty junctions with parallel roads, loops, one-way streets and roads closed to cars or walkers."""
    draw = np.random.default_rng(seed)
    names = [f"n{number}" for number in range(20)]
    junctions = pd.DataFrame({"road_node_id": names, "lon": draw.uniform(5, 6, 20), "lat": draw.uniform(45, 46, 20)})
    number = 60
    minutes = np.where(draw.random(number) < 0.15, np.nan, draw.uniform(0, 5, number))
    oneway = (draw.random(number) < 0.3) & ~np.isnan(minutes)
    back = np.where((draw.random(number) < 0.4) & ~oneway & ~np.isnan(minutes), draw.uniform(6, 9, number), np.nan)
    edges = pd.DataFrame(
        {
            "from_id": draw.choice(names, number),
            "to_id": draw.choice(names, number),
            "metres": draw.uniform(0, 900, number),
            "minutes": minutes,
            "is_oneway": oneway,
            "minutes_back": back,
        }
    )
    if has_walk:
        edges["walk_minutes"] = np.where(draw.random(number) < 0.2, np.nan, draw.uniform(0, 20, number))
        differs = (draw.random(number) < 0.3) & edges["walk_minutes"].notna()
        edges["walk_minutes_back"] = np.where(differs, draw.uniform(21, 30, number), np.nan)
        edges["road_class"] = draw.choice(["primary", ""], number)
    return Roads(junctions, edges, ("a note",))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("has_walk", [False, True])
def test_roads_survive_networkx_to_the_last_digit(seed: int, has_walk: bool) -> None:
    """Tables -> graph -> tables are equal bit by bit, in order, columns and notes included."""
    roads = random_roads(seed, has_walk=has_walk)
    again = Roads.from_networkx(roads.to_networkx())
    pd.testing.assert_frame_equal(again.edges, roads.edges, check_exact=True)
    pd.testing.assert_frame_equal(again.junctions, roads.junctions, check_exact=True)
    assert again.notes == roads.notes


def arcs(graph: nx.Graph, weight: str) -> list[tuple[str, str, float]]:
    """Every open arc with its weight, sorted."""
    return sorted((a, b, data[weight]) for a, b, data in graph.edges(data=True) if math.isfinite(data[weight]))


@pytest.mark.parametrize("seed", range(6))
def test_a_graph_without_our_marks_keeps_every_arc(seed: int) -> None:
    """The same graph as a stranger's: each open arc comes back with its minutes, by car and on foot, none added and none lost."""
    graph = random_roads(seed, has_walk=True).to_networkx()
    del graph.graph["netplan_columns"]
    again = Roads.from_networkx(graph).to_networkx()
    assert arcs(again, "minutes") == arcs(graph, "minutes")
    assert arcs(again, "walk_minutes") == arcs(graph, "walk_minutes")


@pytest.mark.parametrize("seed", range(4))
def test_a_directed_graph_keeps_every_shortest_time(seed: int) -> None:
    """Minutes between all nodes of a random DiGraph equal those of the graph made from its roads."""
    draw = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(25, 0.12, seed=seed, directed=True)
    nx.set_node_attributes(graph, {node: {"lon": draw.uniform(0, 1), "lat": draw.uniform(0, 1)} for node in graph})
    for _, _, data in graph.edges(data=True):
        data |= {"minutes": draw.uniform(0, 9), "metres": float(draw.integers(1, 4))}
    back = Roads.from_networkx(graph).to_networkx("car")
    back.add_nodes_from(str(node) for node in graph)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="minutes"))
    for start, found in nx.all_pairs_dijkstra_path_length(back, weight="minutes"):
        assert found == {str(end): minutes for end, minutes in expected[int(start)].items()}


def test_a_mode_gets_its_open_arcs_only() -> None:
    """By car a one-way street is one arc; on foot two; a road closed to cars none and two."""
    junctions = pd.DataFrame({"road_node_id": ["a", "b", "c"], "lon": [0.0, 0.01, 0.02], "lat": [0.0] * 3})
    edges = pd.DataFrame(
        {
            "from_id": ["a", "b"],
            "to_id": ["b", "c"],
            "metres": [100.0, 200.0],
            "minutes": [1.0, math.nan],
            "is_oneway": [True, False],
            "walk_minutes": [2.0, 3.0],
        }
    )
    roads = Roads(junctions, edges)
    assert [(a, b) for a, b in roads.to_networkx("car").edges()] == [("a", "b")]
    assert sorted(roads.to_networkx("walk").edges()) == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
    assert math.isinf(nx.shortest_path_length(roads.to_networkx(), "b", "a", weight="minutes"))
    with pytest.raises(InputError, match="mode"):
        roads.to_networkx("train")  # type: ignore[arg-type]


def osmnx_graph() -> nx.MultiDiGraph:
    """A graph with the attributes of osmnx: two-way 1-2, one-way 2-3 with a bend, a motorway 3-1 and a path 1-3."""
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node, (x, y) in {1: (10.0, 0.0), 2: (10.01, 0.0), 3: (10.01, 0.01)}.items():
        graph.add_node(node, x=x, y=y, street_count=2)
    street = {
        "osmid": [5, 6],
        "highway": ["residential", "tertiary"],
        "length": 1113.2,
        "speed_kph": 30.0,
        "oneway": False,
    }
    graph.add_edge(1, 2, **street, travel_time=133.584, reversed=False)
    graph.add_edge(2, 1, **street, travel_time=133.584, reversed=True)
    bend = shapely.LineString([(10.01, 0), (10.02, 0.005), (10.01, 0.01)])
    graph.add_edge(
        2, 3, osmid=7, highway="primary", oneway=True, length=2500.0, speed_kph=50.0, travel_time=180.0, geometry=bend
    )
    graph.add_edge(3, 1, osmid=8, highway="motorway", oneway=True, length=1570.0, speed_kph=100.0, travel_time=56.52)
    graph.add_edge(1, 3, osmid=9, highway="footway", oneway=False, length=1600.0)
    return graph


def save_graphml(graph: nx.MultiDiGraph, path: Path) -> Path:
    """Save as osmnx does: every value as text."""
    text = nx.MultiDiGraph(**{key: str(value) for key, value in graph.graph.items()})
    for node, data in graph.nodes(data=True):
        text.add_node(node, **{key: str(value) for key, value in data.items()})
    for tail, head, data in graph.edges(data=True):
        written = {key: value.wkt if isinstance(value, shapely.Geometry) else str(value) for key, value in data.items()}
        text.add_edge(tail, head, **written)
    nx.write_graphml(text, path)
    return path


def test_a_graph_of_osmnx_is_read_by_its_seconds(tmp_path: Path) -> None:
    """travel_time / 60; the two arcs of a street one road; motorways closed to walkers, footways to cars; the same from a file."""
    graph = osmnx_graph()
    roads = Roads.from_networkx(graph)
    rows = {(row.from_id, row.to_id, row.road_class): row for row in roads.edges.itertuples()}
    street, primary = rows["1", "2", "residential"], rows["2", "3", "primary"]
    motorway, path = rows["3", "1", "motorway"], rows["1", "3", "footway"]
    assert len(roads.edges) == 4
    assert street.minutes == 133.584 / 60
    assert (street.is_oneway, primary.is_oneway, motorway.is_oneway, path.is_oneway) == (False, True, True, False)
    assert math.isnan(street.minutes_back)
    assert math.isnan(motorway.walk_minutes)
    assert math.isnan(path.minutes)
    assert path.walk_minutes == pytest.approx(20)
    assert any("5 edges" in note for note in roads.notes)
    read = read_roads(save_graphml(graph, tmp_path / "g.graphml"), max_edge_metres=1e6)
    pd.testing.assert_frame_equal(read.edges, roads.edges)


def test_a_bend_of_a_graph_is_cut_where_it_bends(tmp_path: Path) -> None:
    """2,500 m in three minutes become five pieces of 500 m and 0.6 minutes, whose ends lie on the bend; straight edges are cut too."""
    roads = read_roads(save_graphml(osmnx_graph(), tmp_path / "g.graphml"), max_edge_metres=500)
    bend = shapely.LineString([(10.01, 0), (10.02, 0.005), (10.01, 0.01)])
    pieces = roads.edges[roads.edges["road_class"] == "primary"]
    assert pieces["metres"].tolist() == pytest.approx([500] * 5)
    assert pieces["minutes"].tolist() == pytest.approx([0.6] * 5)
    inner = roads.junctions.set_index("road_node_id").loc[pieces["to_id"].iloc[:-1]]
    assert all(
        bend.distance(shapely.Point(lon, lat)) < 1e-9 for lon, lat in zip(inner["lon"], inner["lat"], strict=True)
    )


def placed(graph: nx.Graph, **edge: Any) -> nx.Graph:
    """Two nodes 1,113.2 m apart with one edge."""
    graph.add_node("a", lon=10.0, lat=0.0)
    graph.add_node("b", lon=10.01, lat=0.0)
    graph.add_edge("a", "b", **edge)
    return graph


@pytest.mark.parametrize(
    ("edge", "minutes"),
    [
        ({"minutes": 2.5}, 2.5),
        ({"minutes": 2.5, "travel_time": 60}, 2.5),
        ({"travel_time": 90}, 1.5),
        ({"length": 1000, "speed_kph": 50}, 1.2),
        ({"speed_kph": 60}, 1.1131949),
        ({"highway": "primary", "maxspeed": "50"}, 1.1131949 * 60 / 40),
        ({"highway": "motorway", "maxspeed": ["100", "120"]}, 1.1131949 * 60 / 90),
        ({"highway": "residential", "access": "private", "travel_time": 90}, math.nan),
        ({"minutes": math.inf, "walk_minutes": 9}, math.nan),
    ],
)
def test_minutes_come_from_what_the_edge_has(edge: dict[str, Any], minutes: float) -> None:
    """Minutes before seconds before speed before class; lengths that are missing are measured."""
    if math.isnan(minutes) and "walk_minutes" not in edge:
        graph = placed(nx.Graph(), **edge)
        graph.add_edge("b", "a2", minutes=1)
        graph.add_node("a2", lon=10.02, lat=0.0)
        roads = Roads.from_networkx(graph)
    else:
        roads = Roads.from_networkx(placed(nx.Graph(), **edge))
    assert roads.edges["minutes"][0] == pytest.approx(minutes, rel=1e-6, nan_ok=True)
    assert not roads.edges["is_oneway"][0]


def test_attributes_may_have_other_names() -> None:
    """A stranger's names are given one by one."""
    graph = nx.DiGraph()
    graph.add_node("a", east=10.0, north=1.0)
    graph.add_node("b", east=10.1, north=1.0)
    graph.add_edge("a", "b", far=500.0, cost=3.0, kind="lane")
    names = {"lon": "east", "lat": "north", "metres": "far", "minutes": "cost", "road_class": "kind"}
    row = Roads.from_networkx(graph, attributes=names).edges.iloc[0]
    assert (row["metres"], row["minutes"], row["road_class"], row["is_oneway"]) == (500, 3, "lane", True)
    with pytest.raises(InputError, match="attributes: width unknown"):
        Roads.from_networkx(graph, attributes={"width": "w"})
    with pytest.raises(InputError, match="lon and lat come together"):
        Roads.from_networkx(graph, attributes={"lon": "east"})


def test_projected_graphs_come_back_to_degrees() -> None:
    """Osmnx projects x and y and says so; positions and bends are turned back to longitude and latitude."""
    graph = nx.MultiDiGraph(crs="EPSG:32632")
    graph.add_node(1, x=500000.0, y=0.0)
    graph.add_node(2, x=501000.0, y=0.0)
    graph.add_edge(1, 2, travel_time=60.0, geometry=shapely.LineString([(500000, 0), (500500, 800), (501000, 0)]))
    roads = Roads.from_networkx(graph, max_edge_metres=700)
    assert roads.junctions["lon"].tolist()[0] == pytest.approx(9.0, abs=1e-9)
    assert roads.bounds[3] == pytest.approx(800 * (2 / 3) / 110_574.3, rel=1e-3)  # cut in three: two thirds up the bend
    assert roads.edges["metres"].sum() == pytest.approx(2 * math.hypot(500, 800), rel=2e-3)
    assert roads.edges["minutes"].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: g.remove_edges_from(list(g.edges)), "has no roads"),
        (lambda g: g.nodes["a"].pop("lon"), "nodes without position"),
        (lambda g: g.nodes["a"].update(lon="west"), "is not a number"),
        (lambda g: g.nodes["a"].update(lon=500000.0), "not longitude and latitude"),
        (lambda g: g.edges["a", "b"].pop("minutes"), "has neither minutes"),
        (lambda g: g.edges["a", "b"].update(minutes=-1), "is below 0"),
        (lambda g: g.edges["a", "b"].update(minutes="soon"), "is not a number"),
        (lambda g: g.edges["a", "b"].update(geometry="LINE"), "well-known text"),
        (lambda g: g.edges["a", "b"].update(geometry=shapely.Point(1, 1)), "not a line"),
        (lambda g: g.edges["a", "b"].update(minutes=math.inf), "no road is open"),
        (lambda g: g.add_node("a b", lon=10, lat=0), "blanks in them"),
    ],
)
def test_a_graph_that_is_no_road_network_is_refused(change: Any, words: str) -> None:
    """One clear message that names the node or edge and the remedy."""
    graph = placed(nx.Graph(), minutes=1.0)
    change(graph)
    with pytest.raises(InputError, match=words):
        Roads.from_networkx(graph)


@pytest.mark.parametrize("text", ["", "<graphml", "<html></html>", "x,y\n1,2\n", '{"a": 1}'])
def test_what_is_no_graphml_is_refused(tmp_path: Path, text: str) -> None:
    """An empty, cut or different file gives one message with the file's name."""
    path = tmp_path / "bad.graphml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.graphml: "):
        read_roads(path)


def test_a_list_that_would_run_code_is_text(tmp_path: Path) -> None:
    """Lists in a GraphML file are read as literals; an expression is left as the text of an unknown class, and not run."""
    graph = osmnx_graph()
    marker = tmp_path / "ran"
    graph.edges[1, 2, 0]["highway"] = f"[open({str(marker)!r}, 'w').write('x')]"
    roads = read_roads(save_graphml(graph, tmp_path / "e.graphml"))
    assert not marker.exists()
    assert any("highway of another kind" in note for note in roads.notes)


@pytest.mark.parametrize(
    ("junctions", "edges", "words"),
    [
        ({"road_node_id": ["a"], "lon": [1]}, {}, "junctions have no column lat"),
        ({"road_node_id": ["a", "a"], "lon": [1, 2], "lat": [1, 2]}, {"from_id": "a", "to_id": "a"}, "named twice: a"),
        ({"road_node_id": ["a"], "lon": [1], "lat": [1]}, {"from_id": "a", "to_id": "z"}, "no junction z"),
    ],
)
def test_roads_that_do_not_fit_together_are_refused(
    junctions: dict[str, Any], edges: dict[str, Any], words: str
) -> None:
    """Missing columns, repeated junctions and ends that do not exist."""
    frame = pd.DataFrame([{"from_id": "", "to_id": "", "metres": 1, "minutes": 1, "is_oneway": False, **edges}])
    with pytest.raises(InputError, match=words):
        Roads(pd.DataFrame(junctions), frame)


def test_roads_show_themselves() -> None:
    """Counts and notes in text and HTML, a frame of straight lines in WGS-84, and a plot of every road."""
    roads = random_roads(1, has_walk=True)
    assert "60" in repr(roads)
    assert "a note" in repr(roads)
    assert "<table>" in roads._repr_html_()
    frame = roads.frame()
    assert (len(frame), frame.crs.to_epsg()) == (60, 4326)
    import matplotlib as mpl  # noqa: PLC0415 - drawing is optional

    mpl.use("Agg")
    axes = roads.plot()
    assert sum(len(one.get_segments()) for one in axes.collections if hasattr(one, "get_segments")) >= 60
    assert axes.get_xlabel()
    mpl.pyplot.close(axes.figure)
