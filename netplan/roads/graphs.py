"""Roads from and to networkx graphs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx
import numpy as np
import pandas as pd
import pyproj

from netplan.errors import InputError
from netplan.roads.arcs import Names, arcs_of
from netplan.roads.cutting import check_max_edge, cut
from netplan.roads.pairing import edges_of
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import JUNCTION_COLUMNS, OPTIONAL, REQUIRED, Roads
from netplan.violations import some

_MARK = "netplan_columns"
_LON_LAT = (("lon", "lat"), ("x", "y"), ("longitude", "latitude"))
_WGS84 = pyproj.CRS("EPSG:4326")


def graph_of_roads(roads: Roads, mode: Literal["", "car", "walk"] = "") -> nx.MultiDiGraph:
    """Roads as a graph of junctions, one arc a direction.

    Every arc has ``metres``, ``minutes``, ``walk_minutes`` (where the roads have them), ``road_class`` and ``road``, the
    position of its road; infinite minutes say that the direction is closed. Nodes have ``lon``, ``lat``, and ``x``, ``y`` as osmnx has them.
    `roads_of_graph` turns it back into the same roads.

    Parameters
    ----------
    mode
        ``car`` or ``walk``: only the arcs open to them, with finite ``minutes`` or ``walk_minutes``. Roads without walking minutes are all
        open to walkers, who have ``metres`` only.
    """
    if mode not in ("", "car", "walk"):
        raise InputError(f"mode = {mode!r}; one of '', 'car', 'walk'")
    columns = [*REQUIRED, *(name for name in OPTIONAL if name in roads.edges)]
    graph = nx.MultiDiGraph(crs="EPSG:4326", notes=roads.notes, **{_MARK: columns})
    for name, lon, lat in roads.junctions[list(JUNCTION_COLUMNS)].itertuples(index=False):
        graph.add_node(name, lon=lon, lat=lat, x=lon, y=lat)
    weight = {"": "", "car": "minutes", "walk": "walk_minutes"}[mode]
    for key, (tail, head, arc) in enumerate(_arcs(roads.edges)):
        if math.isfinite(arc.get(weight, 0.0)):
            graph.add_edge(tail, head, key=key, **arc)
    return graph


def _arcs(edges: pd.DataFrame) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Both directions of every road, closed ones with infinite minutes."""
    for place, edge in enumerate(edges.to_dict("records")):
        for is_back, (minutes, walking) in enumerate(zip(_driving(edge), _walking(edge), strict=True)):
            arc = {"metres": edge["metres"], "minutes": math.inf if math.isnan(minutes) else minutes, "road": place}
            if "walk_minutes" in edge:
                arc["walk_minutes"] = math.inf if math.isnan(walking) else walking
            arc |= {"is_oneway": edge["is_oneway"], "is_back": bool(is_back)}
            if "road_class" in edge:
                arc["road_class"] = edge["road_class"]
            ends = (edge["to_id"], edge["from_id"]) if is_back else (edge["from_id"], edge["to_id"])
            yield *ends, arc


def _driving(edge: Mapping[Any, Any]) -> tuple[float, float]:
    """Driving minutes along a road and back; NaN: closed."""
    back = edge["minutes"] if math.isnan(edge.get("minutes_back", math.nan)) else edge["minutes_back"]
    return edge["minutes"], math.nan if edge["is_oneway"] else back


def _walking(edge: Mapping[Any, Any]) -> tuple[float, float]:
    """Walking minutes along a road and back; NaN: closed or not known."""
    walk = edge.get("walk_minutes", math.nan)
    back = edge.get("walk_minutes_back", math.nan)
    return walk, walk if math.isnan(back) else back


@dataclass(frozen=True, slots=True)
class _Placed:
    junctions: pd.DataFrame
    to_wgs84: Any
    """Transformer of coordinates into degrees, ``None`` where they are degrees."""


def roads_of_graph(
    graph: nx.Graph,
    *,
    attributes: Mapping[str, str] | None = None,
    crs: str | None = None,
    speeds: SpeedRules | None = None,
    max_edge_metres: float | None = None,
    name: str = "graph",
) -> Roads:
    """Roads from any networkx graph: Graph, DiGraph, MultiGraph or MultiDiGraph.

    Nodes have lon and lat (or x and y, or longitude and latitude). An arc of a directed graph is one direction; two opposite
    arcs of one length become one road. An edge of an undirected graph is open both ways. Driving minutes are, in this order,
    ``minutes``; ``travel_time`` in seconds (osmnx); length and speed (``speed_kph``, ``km_per_hour``); the speed of ``highway`` (and
    ``maxspeed``). Infinite or missing minutes say closed to cars. ``geometry`` (LineString or WKT, from the arc's first node to its last) gives the shape.

    Parameters
    ----------
    attributes
        Names in this graph for ``lon``, ``lat``, ``minutes``, ``seconds``, ``metres``, ``km_per_hour``, ``walk_minutes``, ``road_class``,
        ``geometry``, where they are others.
    crs
        Of the coordinates; default: what ``graph.graph["crs"]`` says, else degrees.
    speeds
        For arcs that have neither minutes nor a speed.
    max_edge_metres
        Cut longer roads along their ``geometry``; roads without one are straight and never cut.
    name
        What messages call the graph.

    Raises
    ------
    InputError
        Positions are missing or no degrees, an edge has neither minutes nor what they follow from, or nothing is open.
    """
    if max_edge_metres is not None:
        check_max_edge(max_edge_metres)
    if not graph.number_of_edges():
        raise InputError(f"{name}: has no roads; give a graph with edges")
    names = Names.of(attributes or {})
    placed = _junctions(graph, names, crs, name)
    if _MARK in graph.graph and attributes is None:
        return Roads(placed.junctions, _same_edges(graph), tuple(graph.graph.get("notes", ())))
    junctions = placed.junctions
    arcs, shapes, notes = arcs_of(graph, names, speeds or SpeedRules(), junctions, to_wgs84=placed.to_wgs84, file=name)
    edges, shapes = edges_of(arcs, shapes, junctions["road_node_id"], is_directed=graph.is_directed())
    if not _is_open(edges):
        raise InputError(f"{name}: no road is open to cars or walkers; check the minutes of its edges")
    if max_edge_metres is not None:
        before = len(junctions)
        junctions, edges = cut(junctions, edges, shapes, max_edge_metres)
        notes += _cut_notes(len(junctions) - before, max_edge_metres)
    return Roads(junctions, edges, tuple(f"{name}: {note}" for note in notes))


def _junctions(graph: nx.Graph, names: Names, crs: str | None, name: str) -> _Placed:
    """The nodes as junctions in degrees."""
    ids = _ids(graph, name)
    nodes = list(graph.nodes(data=True))
    lon_key, lat_key = _position_keys(nodes, names, name)
    lon, lat = (_numbers([data[key] for _, data in nodes], ids, key, name) for key in (lon_key, lat_key))
    to_wgs84 = None
    if lon_key == "x" or names.lon or crs is not None:
        to_wgs84 = _transformer(crs or graph.graph.get("crs"), name)
    if to_wgs84 is not None:
        lon, lat = to_wgs84.transform(lon, lat)
    if not (np.isfinite(lon).all() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()):
        raise InputError(f"{name}: positions are not longitude and latitude; state the coordinate system (crs)")
    return _Placed(pd.DataFrame({"road_node_id": pd.Series(ids, dtype="str"), "lon": lon, "lat": lat}), to_wgs84)


def _ids(graph: nx.Graph, name: str) -> list[str]:
    """Names of the nodes as text; they must differ and hold no blanks."""
    ids = [str(node) for node in graph]
    if len(set(ids)) < len(ids):
        raise InputError(f"{name}: two nodes have the same name as text (1 and '1'); rename one of them")
    spaced = [node for node in ids if not node or " " in node or not node.isprintable()]
    if spaced:
        raise InputError(f"{name}: node names with blanks in them ({some(map(repr, spaced))}); rename them")
    return ids


def _position_keys(nodes: list[tuple[Any, dict[str, Any]]], names: Names, name: str) -> tuple[str, str]:
    """The attributes of longitude and latitude: the first pair that every node has."""
    pairs = ((names.lon, names.lat),) if names.lon else _LON_LAT
    keys = next((pair for pair in pairs if all(pair[0] in data and pair[1] in data for _, data in nodes)), None)
    if keys is None:
        lacking = [node for node, data in nodes if not any(a in data and b in data for a, b in pairs)]
        raise InputError(
            f"{name}: nodes without position ({some(lacking or dict(nodes))}); give each node lon and lat, or x and y"
        )
    return keys


def _numbers(values: list[Any], ids: list[str], key: str, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.array([float(value) for value in values], dtype=np.float64)
    except (TypeError, ValueError):
        bad = [node for node, value in zip(ids, values, strict=True) if not isinstance(value, (int, float))]
        raise InputError(f"{name}: {key} of node {some(bad)} is not a number; correct it") from None


def _transformer(crs: Any, name: str) -> Any:
    if crs is None:
        return None
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{name}: unknown coordinate system {str(crs)[:60]!r}; name it as EPSG:number") from None
    if known.equals(_WGS84, ignore_axis_order=True):
        return None
    return pyproj.Transformer.from_crs(known, _WGS84, always_xy=True)


def _same_edges(graph: nx.MultiDiGraph) -> pd.DataFrame:
    """Edges of a graph that `graph_of_roads` made, in their old order."""
    columns = graph.graph[_MARK]
    rows: dict[int, dict[str, Any]] = {}
    for tail, head, arc in graph.edges(data=True):
        row = rows.setdefault(arc["road"], {})
        row |= {"from_id": head, "to_id": tail} if arc["is_back"] else {"from_id": tail, "to_id": head}
        suffix = "_back" if arc["is_back"] else ""
        row |= {"metres": arc["metres"], "is_oneway": arc["is_oneway"], "road_class": arc.get("road_class", "")}
        for weight in ("minutes", "walk_minutes"):
            value = arc.get(weight, math.inf)
            row[weight + suffix] = value if math.isfinite(value) else math.nan
    frame = pd.DataFrame([rows[road] for road in sorted(rows)])
    for weight in ("minutes", "walk_minutes"):
        back = frame[weight + "_back"] if weight + "_back" in frame else pd.Series(math.nan, index=frame.index)
        frame[weight] = frame[weight] if weight in frame else pd.Series(math.nan, index=frame.index)
        frame[weight + "_back"] = back.where(back != frame[weight])
    return frame.reindex(columns=columns)


def _is_open(edges: pd.DataFrame) -> bool:
    """Whether cars or walkers may use any road."""
    return any(name in edges and bool(edges[name].notna().any()) for name in ("minutes", "walk_minutes"))


def _cut_notes(further: int, max_edge_metres: float) -> Iterator[str]:
    """What is said of the junctions that cutting added, where it added any."""
    if further > 0:
        yield f"{further:,} further junctions where roads longer than {max_edge_metres:g} m were cut"
