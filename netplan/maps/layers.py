"""One function a layer: each returns what the page needs to draw it, and nothing of how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from netplan.maps.columns import Block, numbers, positions, texts
from netplan.maps.page import MapLayer
from netplan.region import Region

DENSITY_BREAKS = (50, 150, 500, 2_000, 10_000)
"""People per km2 at which the colour of a cell changes: scattered farms, villages, towns, city, dense city."""

MINUTE_BREAKS = ((1, 2, 3, 4, 5), (2, 4, 6, 8, 10), (5, 10, 15, 20, 30), (10, 20, 30, 45, 60), (15, 30, 60, 90, 120))
"""Candidate classes of travel time; the finest that still reaches 19 of 20 trips is taken."""

CHANGE_BREAKS = (-15.0, -5.0, -0.5, 0.5, 5.0, 15.0)

FAST_KM_PER_HOUR = 60.0
MAIN_KM_PER_HOUR = 40.0
MOST_MINOR_ROADS = 40_000
"""Above this many, the minor roads are left off the map (and the legend says so): they would only be a grey haze."""


def districts(region: Region) -> MapLayer:
    """Outlines of the districts."""
    rings = [[_flat(ring) for ring in _rings(shape)] for shape in region.districts.geometry]
    names = region.districts
    columns: Block = {
        "id": texts(names["district_id"]),
        "name": texts(names["name"]),
        "name_en": texts(names["name_en"]),
        "lon": numbers(names["lon"], 5),
        "lat": numbers(names["lat"], 5),
        "rings": rings,
    }
    return MapLayer("districts", "Districts", data={"districts": columns})


def people(nodes: Block) -> MapLayer:
    """Cells coloured by people per square kilometre."""
    labels = _class_labels(DENSITY_BREAKS)
    mode: Block = {
        "key": "people",
        "kind": "people",
        "title": "People",
        "note": "People per km²",
        "breaks": list(DENSITY_BREAKS),
        "labels": labels,
    }
    return MapLayer("cells", "People and travel", data={"nodes": nodes, "cells": [mode]})


def people_served(nodes: Block, before: Block, after: Block) -> MapLayer:
    """The same cells, which can also show minutes today, with the plan, their change, and the outlet that serves them."""
    plain = people(nodes)
    minutes = [value for part in (before, after) for value in part["minutes"] if value is not None]
    breaks = _minute_breaks(minutes)
    classes: Block = {"kind": "minutes", "breaks": list(breaks), "labels": _class_labels(breaks)}
    change: Block = {
        "kind": "change",
        "breaks": list(CHANGE_BREAKS),
        "labels": [_signed(value) for value in CHANGE_BREAKS],
    }
    catchment: Block = {"kind": "catchment"}
    modes: list[Block] = [
        classes | _mode("minutes_before", "Minutes today", "One-way minutes for {service}, today"),
        classes | _mode("minutes_after", "Minutes, plan", "One-way minutes for {service}, with the plan"),
        change | _mode("change", "Change in minutes", "Plan less today, one-way minutes for {service}"),
        catchment | _mode("from_before", "Served from, today", "Which outlet serves a cell for {service}, today"),
        catchment | _mode("from_after", "Served from, plan", "Which outlet serves a cell for {service}, with the plan"),
    ]
    return MapLayer("cells", plain.title, data={"nodes": nodes, "cells": [*plain.data["cells"], *modes]})


def _mode(key: str, title: str, note: str) -> Block:
    return {"key": key, "when": key.rpartition("_")[2], "title": title, "note": note}


def served(before: Block, after: Block) -> MapLayer:
    """Lines from every cell to the outlet that serves it."""
    return MapLayer(
        "served", "Who is served from where", shown=False, data={"served": {"before": before, "after": after}}
    )


def roads(region: Region, bounds: Sequence[Sequence[float]]) -> MapLayer:
    """Roads in and around the planned area, thin, by their speed."""
    (south, west), (north, east) = bounds
    junctions, edges = region.road_nodes, region.road_edges
    lon, lat = junctions["lon"].to_numpy(float), junctions["lat"].to_numpy(float)
    margin = 0.06 * max(north - south, east - west)
    near = (lon > west - margin) & (lon < east + margin) & (lat > south - margin) & (lat < north + margin)
    ids = texts(junctions["road_node_id"])
    start, end = (np.array(positions(ids, edges[name]), dtype=np.int64) for name in ("from_id", "to_id"))
    rank = _road_rank(edges)
    wanted = near[start] & near[end] & (start != end)
    if np.count_nonzero(wanted & (rank == 2)) > MOST_MINOR_ROADS:
        wanted &= rank < 2
    used, ends = np.unique(np.concatenate([start[wanted], end[wanted]]), return_inverse=True)
    block: Block = {
        "lon": numbers(lon[used], 4),
        "lat": numbers(lat[used], 4),
        "from": ends[: wanted.sum()].tolist(),
        "to": ends[wanted.sum() :].tolist(),
        "rank": rank[wanted].tolist(),
    }
    return MapLayer("roads", "Roads", data={"roads": block})


def today() -> MapLayer:
    """Today's outlets by format."""
    return MapLayer("today", "Today's network", shown=False)


def plan() -> MapLayer:
    """Outlets by format once the plan is carried out."""
    return MapLayer("plan", "The plan's network", shown=False)


def actions() -> MapLayer:
    """What happens to each outlet, by colour and shape; a relocation as an arrow."""
    return MapLayer("actions", "Actions")


def candidates() -> MapLayer:
    """Candidate sites that nothing opens at."""
    return MapLayer("candidates", "Candidates not taken up", shown=False)


def names() -> MapLayer:
    """Names of districts, townships and changed outlets, as many as there is room for."""
    return MapLayer("names", "Names")


def _rings(shape: BaseGeometry | None) -> Iterator[Any]:
    parts = list(shape.geoms) if isinstance(shape, MultiPolygon) else [shape]
    for part in parts:
        if isinstance(part, Polygon) and not part.is_empty:
            yield part.exterior
            yield from part.interiors


def _flat(ring: Any) -> list[float | int | None]:
    """lon, lat, lon, lat ... without the repeated last point."""
    return numbers(np.asarray(ring.coords)[:-1, :2].ravel(), 4)


def _road_rank(edges: pd.DataFrame) -> NDArray[np.int64]:
    minutes = np.maximum(edges["minutes"].to_numpy(float), 1e-9)
    speed = 0.06 * edges["metres"].to_numpy(float) / minutes
    return np.where(speed >= FAST_KM_PER_HOUR, 0, np.where(speed >= MAIN_KM_PER_HOUR, 1, 2)).astype(np.int64)


def _minute_breaks(minutes: Sequence[float]) -> tuple[int, ...]:
    far = float(np.percentile(minutes, 95)) if minutes else 0.0
    return next((breaks for breaks in MINUTE_BREAKS if breaks[-1] >= far), MINUTE_BREAKS[-1])


def _class_labels(breaks: Sequence[int]) -> list[str]:
    return [f"{value // 1000}k" if value >= 1000 else str(value) for value in breaks]


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "\N{MINUS SIGN}")
