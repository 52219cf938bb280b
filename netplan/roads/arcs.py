"""Arcs of a networkx graph: their minutes and lengths, and opposite arcs joined into one road."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.assembly import ALONG, CLOSED, ON_FOOT, rule_paces
from netplan.roads.cutting import Polylines
from netplan.roads.speeds import SpeedRules
from netplan.roads.tags import KEYS, WayRule, way_rule
from netplan.violations import counted, some


@dataclass(frozen=True, slots=True)
class Names:
    """What attributes of nodes and edges are called; the first that an edge has counts."""

    lon: str = ""
    lat: str = ""
    minutes: tuple[str, ...] = ("minutes",)
    seconds: tuple[str, ...] = ("travel_time",)
    metres: tuple[str, ...] = ("metres", "length")
    km_per_hour: tuple[str, ...] = ("km_per_hour", "speed_kph")
    walk_minutes: tuple[str, ...] = ("walk_minutes",)
    road_class: tuple[str, ...] = ("road_class", "highway")
    geometry: tuple[str, ...] = ("geometry",)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Names:
        """The usual names, less those that are `given`.

        Raises
        ------
        InputError
            A name of something that roads do not have.
        """
        known = [one.name for one in fields(cls)]
        strange = [name for name in given if name not in known]
        if strange:
            raise InputError(f"attributes: {some(strange)} unknown; one of {', '.join(known)}")
        if ("lon" in given) != ("lat" in given):
            raise InputError("attributes: lon and lat come together; name both")
        return cls(**{name: value if name in ("lon", "lat") else (value,) for name, value in given.items()})  # type: ignore[arg-type]


@dataclass(slots=True)
class _Reading:
    names: Names
    speeds: SpeedRules
    rules: dict[tuple[tuple[str, str], ...], WayRule | str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def arcs_of(
    graph: nx.Graph,
    names: Names,
    speeds: SpeedRules,
    junctions: pd.DataFrame,
    *,
    to_wgs84: Any = None,
    file: str = "graph",
) -> tuple[pd.DataFrame, Polylines, list[str]]:
    """Every edge of the graph as a row, its shape, and notes.

    Columns tail, head (positions of nodes), metres, minutes, walk_minutes, road_class; closed is NaN. Walking minutes are NaN throughout where
    the graph has neither them nor a class that tells them.

    Parameters
    ----------
    junctions
        Positions of the nodes in degrees, in the order of the graph.
    to_wgs84
        Transformer of the geometry into degrees, where it is in another system.
    """
    reading = _Reading(names, speeds)
    found = list(graph.edges(data=True))
    tail, head = _ends(graph, found)
    where = [f"{file}: edge {edge[0]} -> {edge[1]}" for edge in found]
    lines = [_geometry(edge[2], names.geometry, text) for edge, text in zip(found, where, strict=True)]
    shapes = _shapes(lines, (tail, head), junctions, to_wgs84=to_wgs84)
    stated = np.array([_number(edge[2], names.metres, text) for edge, text in zip(found, where, strict=True)])
    metres = _metres(reading, stated, shapes)
    timed = [_timed(reading, edge[2], float(far), text) for edge, far, text in zip(found, metres, where, strict=True)]
    minutes, walk = np.array(timed, dtype=np.float64).T
    classes = [next((_text(edge[2][name]) for name in names.road_class if name in edge[2]), "") for edge in found]
    columns = {
        "tail": tail,
        "head": head,
        "metres": metres,
        "minutes": minutes,
        "walk_minutes": walk,
        "road_class": classes,
    }
    notes = [f"{counted(number, 'edge')} {reason}" for reason, number in reading.counts.most_common()]
    return (
        pd.DataFrame(columns),
        shapes,
        [f"{counted(len(graph), 'node')} and {counted(len(found), 'edge')} read", *notes],
    )


def _ends(graph: nx.Graph, found: list[tuple[Any, Any, dict[str, Any]]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in the graph of the first and the last node of every edge."""
    place = {node: number for number, node in enumerate(graph)}
    tail = np.array([place[edge[0]] for edge in found], dtype=np.int64)
    head = np.array([place[edge[1]] for edge in found], dtype=np.int64)
    return tail, head


def _shapes(
    lines: list[Any], ends: tuple[NDArray[np.int64], NDArray[np.int64]], junctions: pd.DataFrame, *, to_wgs84: Any
) -> Polylines:
    """Geometry of every arc from tail to head, the straight line where it has none."""
    positions = junctions[["lon", "lat"]].to_numpy(dtype=np.float64)
    straight = np.stack([positions[ends[0]], positions[ends[1]]], axis=1)
    is_shaped = np.array([line is not None for line in lines])
    drawn = np.array([line for line in lines if line is not None], dtype=object)
    sizes = np.full(len(lines), 2, dtype=np.int64)
    sizes[is_shaped] = shapely.get_num_coordinates(drawn)
    start = np.concatenate([[0], np.cumsum(sizes)])
    points = np.empty((start[-1], 2))
    of_shape = np.repeat(is_shaped, sizes)
    points[~of_shape] = straight[~is_shaped].reshape(-1, 2)
    if is_shaped.any():
        inner = shapely.get_coordinates(drawn)
        points[of_shape] = inner if to_wgs84 is None else np.stack(to_wgs84.transform(*inner.T), axis=1)
        points = _turned(points, start, np.flatnonzero(is_shaped), straight)
    return Polylines(start, points[:, 0].copy(), points[:, 1].copy())


def _turned(
    points: NDArray[np.float64], start: NDArray[np.int64], shaped: NDArray[np.int64], straight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shapes that run from head to tail, as an undirected graph may hold them, turned around."""
    for road in shaped:
        here = slice(start[road], start[road + 1])
        line, ends = points[here], straight[road]
        as_drawn = np.abs(line[0] - ends[0]).sum() + np.abs(line[-1] - ends[1]).sum()
        turned = np.abs(line[-1] - ends[0]).sum() + np.abs(line[0] - ends[1]).sum()
        if turned < as_drawn:
            points[here] = line[::-1].copy()
    return points


def _metres(reading: _Reading, stated: NDArray[np.float64], shapes: Polylines) -> NDArray[np.float64]:
    """Lengths as stated, or of the shape where they are not."""
    unstated = int(np.isnan(stated).sum())
    if unstated:
        reading.counts["without a length, measured along their shape"] = unstated
    return np.where(np.isnan(stated), shapes.metres(), stated)


def _rule(reading: _Reading, data: Mapping[str, Any]) -> WayRule | str | None:
    """What its OpenStreetMap tags say, where the edge has any; direction is the graph's business."""
    if "highway" not in data:
        return None
    unused = ("oneway", "junction", "area")
    tags = tuple((key, _text(data[key])) for key in KEYS if key in data and key not in unused)
    if tags not in reading.rules:
        reading.rules[tags] = way_rule({**dict(tags), "oneway": "no"})
    return reading.rules[tags]


def _timed(reading: _Reading, data: Mapping[str, Any], metres: float, where: str) -> tuple[float, float]:
    """Driving and walking minutes of an arc; NaN: closed."""
    names = reading.names
    rule = _rule(reading, data)
    if isinstance(rule, str):
        reading.counts[f"({rule})"] += 1
        return math.nan, math.nan
    paces = None if rule is None else rule_paces(rule, reading.speeds, 0, is_urban=False)
    if any(name in data for name in names.walk_minutes):
        walk = _number(data, names.walk_minutes, where)
    else:
        walk = math.nan if paces is None or paces[ON_FOOT] == CLOSED else paces[ON_FOOT] * metres
    if paces is not None and paces[ALONG] == CLOSED:
        return math.nan, walk
    return _driven(reading, data, None if paces is None else paces[ALONG], metres, where), walk


def _driven(reading: _Reading, data: Mapping[str, Any], pace: float | None, metres: float, where: str) -> float:
    names = reading.names
    if any(name in data for name in names.minutes):
        return _number(data, names.minutes, where)
    if any(name in data for name in names.seconds):
        return _number(data, names.seconds, where) / 60.0
    speed = _number(data, names.km_per_hour, where)
    if speed > 0:
        return metres * 60.0 / (1000.0 * speed)
    if pace is None:
        raise InputError(
            f"{where} has neither minutes, travel_time (seconds), a speed (speed_kph) nor highway; add one of them, or "
            "name the attribute that holds it (attributes=)"
        )
    reading.counts["without minutes or speed, driven at the speed of their class"] += 1
    return pace * metres


def _number(data: Mapping[str, Any], names: tuple[str, ...], where: str) -> float:
    """The first of these attributes; NaN where there is none, or it says closed (infinite, empty)."""
    name = next((name for name in names if name in data), "")
    value = data.get(name)
    if isinstance(value, str) and value.strip().casefold() in ("", "none", "nan", "inf", "infinity"):
        value = None
    if value is None:
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{where}: {name} = {str(value)[:40]!r} is not a number; correct it") from None
    if number < 0:
        raise InputError(f"{where}: {name} = {number:g} is below 0; correct it")
    return number if math.isfinite(number) else math.nan


def _text(value: Any) -> str:
    """A tag; of several values, as osmnx keeps them where it merged ways, the first."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    return str(value)


def _geometry(data: Mapping[str, Any], names: tuple[str, ...], where: str) -> Any:
    shape = next((data[name] for name in names if name in data), None)
    if isinstance(shape, str):
        try:
            shape = shapely.from_wkt(shape)
        except shapely.errors.GEOSException:
            raise InputError(f"{where}: its geometry is not well-known text of a line; correct it") from None
    if shape is None or (isinstance(shape, shapely.Geometry) and shape.is_empty):
        return None
    if getattr(shape, "geom_type", "") != "LineString":
        raise InputError(f"{where}: its geometry is not a line; give a LineString from its first node to its last")
    return shape
