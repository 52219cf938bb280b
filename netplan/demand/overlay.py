"""Where zones and cells meet, and which zone a cell belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.coordinates.projected import metric_crs
from netplan.demand.cells import area_km2, cell_frame, checked_cells, cut
from netplan.demand.population import PLACE_COLUMNS
from netplan.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Geometries = NDArray[Any]
Progress = Callable[[str, float], None]

_POINT, _AREAS = 0, (3, 6)
_ZONES_A_STEP = 64


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parts in which zones and cells meet, in the order of zones, then cells.

    Attributes
    ----------
    zone, cell
        Positions, shape (P,).
    size
        Square kilometres of the part; 1 where the cell is a point; shape (P,).
    """

    zone: Ints
    cell: Ints
    size: Floats


def overlay(zones: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, progress: Progress | None = None) -> Pieces:
    """The parts of positive size in which polygons of `zones` and cells (all polygons or all points) meet; both in WGS-84."""
    shapes, outlines = cells.geometry.to_numpy(), zones.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    if are_points(cells):
        zone, cell = tree.query(outlines, predicate="covers")
        order = np.lexsort((cell, zone))
        return Pieces(zone[order].astype(np.int64), cell[order].astype(np.int64), np.ones(len(order)))
    found: list[tuple[Ints, Ints, Floats]] = []
    for start in range(0, len(outlines), _ZONES_A_STEP):
        stop = min(start + _ZONES_A_STEP, len(outlines))
        found.append(_parts(tree, shapes, outlines, range(start, stop)))
        if progress:
            progress("zones onto cells", stop / len(outlines))
    return Pieces(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _parts(tree: shapely.STRtree, shapes: Geometries, outlines: Geometries, batch: range) -> tuple[Ints, Ints, Floats]:
    """Zone, cell and km2 of the parts of some zones."""
    cells = [np.sort(tree.query(outlines[z])).astype(np.int64) for z in batch]
    parts = np.concatenate([cut(shapes[near], outlines[z]) for z, near in zip(batch, cells, strict=True)])
    zone, cell = np.repeat(np.asarray(batch, dtype=np.int64), [len(near) for near in cells]), np.concatenate(cells)
    size = area_km2(parts)
    met = size > 0
    return zone[met], cell[met], size[met]


def zone_of(zones: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, progress: Progress | None = None) -> pd.DataFrame:
    """The zone that each cell (or town) belongs to: that with the largest part of it, else the nearest.

    Parameters
    ----------
    zones, cells
        In WGS-84 with cell_id: the frame of `Outlines` or the cells of a `Population`; polygons, and polygons or points.

    Returns
    -------
    DataFrame
        In the order of `cells`: zone_id; share of the cell's area in that zone (1 for a point inside, 0 where no zone meets the
        cell); km, how far the zone is from it (0 where it meets the cell). Equal parts go to the zone that comes first.
    """
    cells = _any_places(cells)
    pieces = overlay(zones, cells, progress)
    zone_id = largest_zone(pieces, zones, len(cells))
    size = np.zeros(len(cells))
    np.maximum.at(size, pieces.cell, pieces.size)
    share = size if are_points(cells) else size / area_km2(cells.geometry.to_numpy())
    stray = np.flatnonzero(zone_id == "")
    km = np.zeros(len(cells))
    if len(stray):
        zone_id[stray], km[stray] = _nearest(zones, cells.iloc[stray])
    return pd.DataFrame({"zone_id": zone_id.astype(str), "share": np.minimum(share, 1.0), "km": km}, index=cells.index)


def _any_places(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Polygons or points in WGS-84, which may overlap."""
    shapes = cells.geometry.to_numpy()
    is_shape = np.isin(shapely.get_type_id(shapes), _AREAS) & shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    if cells.crs is None or not (is_shape.all() or are_points(cells)):
        raise InputError("cells: give polygons that do not cross themselves, or points, with a coordinate system")
    return cells.to_crs("EPSG:4326")


def are_points(cells: gpd.GeoDataFrame) -> bool:
    """Whether there are cells and all of them are points."""
    return len(cells) > 0 and bool((shapely.get_type_id(cells.geometry.to_numpy()) == _POINT).all())


def placed_cells(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cells with their columns of place only, polygons or points, in their order."""
    if are_points(cells):
        missing = [name for name in PLACE_COLUMNS if name not in cells.columns]
        if missing or cells.crs is None or cells["cell_id"].duplicated().any():
            raise InputError("cells: points need a coordinate system, a unique cell_id, lon, lat and area_km2")
        placed = cells.to_crs("EPSG:4326")
    else:
        placed = checked_cells(cells)
    if not set(PLACE_COLUMNS) <= set(placed.columns):
        return cell_frame(list(placed["cell_id"]), placed.geometry.to_numpy())
    shapes = placed.geometry.to_numpy()
    return gpd.GeoDataFrame(placed[[*PLACE_COLUMNS]].reset_index(drop=True), geometry=shapes, crs="EPSG:4326")


def largest_zone(pieces: Pieces, zones: gpd.GeoDataFrame, num_cells: int) -> NDArray[np.object_]:
    """Identifier of the zone with the largest piece of each cell, "" where there is none, shape (C,)."""
    whole = np.bincount(pieces.cell, pieces.size, minlength=num_cells)[pieces.cell]
    share = np.round(pieces.size / whole, 9)  # halves are equal, whatever the last digit of their areas
    order = np.lexsort((pieces.zone, -share, pieces.cell))
    cell, first = np.unique(pieces.cell[order], return_index=True)
    found = np.full(num_cells, "", dtype=object)
    found[cell] = zones["cell_id"].to_numpy(dtype=object)[pieces.zone[order][first]]
    return found


def _nearest(zones: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], Floats]:
    """Identifier of the nearest zone and how far it is from each cell, km."""
    west, south, east, north = np.array([zones.total_bounds, cells.total_bounds]).T
    crs = metric_crs([west.min(), east.max()], [south.min(), north.max()])
    tree = shapely.STRtree(zones.to_crs(crs).geometry.to_numpy())
    shapes = cells.to_crs(crs).geometry.to_numpy()
    (_, near), metres = tree.query_nearest(shapes, return_distance=True, all_matches=False)
    return zones["cell_id"].to_numpy(dtype=object)[near], metres / 1000.0
