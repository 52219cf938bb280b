"""Roads of a new region: read, slowed by slopes, joined by ferries, checked against the people and outlets that use them."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import shapely

from netplan.coordinates.shift import find_shift
from netplan.new_region.recipe import RoadFile
from netplan.new_region.stubs import without_stubs
from netplan.roads import Roads, read_roads, roads_cover
from netplan.roads.slope import with_slope

Progress = Callable[[str, float], None]


def ways_of(file: RoadFile, country: str, area: shapely.Geometry, progress: Progress) -> Roads:
    """Read a road file for the region, with slopes where elevations are given.

    Raises
    ------
    InputError
        The file cannot be read, holds no roads, or lies elsewhere.
    """
    roads = read_roads(
        file.path,
        country=country,
        area=area,
        max_edge_metres=file.max_edge_metres,
        layer=file.layer or None,
        progress=progress,
    )
    roads_cover(roads, area, file=file.path.name)
    roads = without_stubs(roads)
    if file.dem is not None:
        roads = with_slope(roads, file.dem, progress=progress)
    return roads


def shift_notes(outlets: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, roads: Roads | None) -> tuple[str, ...]:
    """Warnings where the outlets, or the people, look shifted against the roads; or the outlets against the people."""
    found = []
    if roads is not None:
        lines = roads.frame().geometry
        for frame, name in ((outlets, "the outlets"), (nodes, "the nodes")):
            found.append(find_shift(frame["lon"], frame["lat"], lines, names=(name, "the roads")))
    return tuple(f"warning: {shift}" for shift in found if shift is not None)
