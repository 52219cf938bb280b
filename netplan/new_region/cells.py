"""Cells of demand nodes, cut at the borders of the townships so that every township has its own people to the last one."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from netplan.demand.cells import area_km2
from netplan.demand.grid import h3_cells, square_cells
from netplan.new_region.places import Places
from netplan.new_region.recipe import Cells

Ints = NDArray[np.int64]
Geometries = NDArray[Any]

SLIVER_SHARE = 0.1
"""A piece of a cell smaller than this share of a usual one joins the nearest larger piece of its township."""


def township_cells(cells: Cells, places: Places) -> gpd.GeoDataFrame:
    """Squares or hexagons over the region, each within one township.

    Returns
    -------
    cell_id (of a cell that a border cuts, with the township behind it), township_id, geometry (EPSG:4326). Where outlines of
    townships overlap, the first of them has the place.
    """
    whole = (
        h3_cells(places.area, cells.h3_resolution)
        if cells.h3_resolution is not None
        else square_cells(places.area, cells.metres)
    )
    cell, township, shapes = _pieces(whole.geometry.to_numpy(), places.townships.geometry.to_numpy())
    shapes, kept = _without_slivers(shapes, township)
    cell, township, shapes = cell[kept], township[kept], shapes[kept]
    ids, names = whole["cell_id"].to_numpy(dtype=object), places.townships["township_id"].to_numpy(dtype=object)
    is_cut = np.bincount(cell, minlength=len(whole))[cell] > 1
    named = [f"{ids[c]}-{names[z]}" if cut else str(ids[c]) for c, z, cut in zip(cell, township, is_cut, strict=True)]
    return gpd.GeoDataFrame({"cell_id": named, "township_id": names[township]}, geometry=shapes, crs="EPSG:4326")


def _pieces(cells: Geometries, townships: Geometries) -> tuple[Ints, Ints, Geometries]:
    """The part of each cell in each township, by cell and township; parts do not overlap."""
    shapely.prepare(townships)
    cell, township = shapely.STRtree(townships).query(cells, predicate="intersects")
    order = np.lexsort((township, cell))
    cell, township = cell[order], township[order]
    parts = _polygons(shapely.intersection(cells[cell], townships[township]))
    for place in np.flatnonzero(np.diff(cell, prepend=-1) == 0):
        first = int(np.searchsorted(cell, cell[place]))
        parts[place] = shapely.difference(parts[place], shapely.union_all(parts[first:place]))
    parts = _polygons(parts)
    kept = shapely.area(parts) > 0
    return cell[kept].astype(np.int64), township[kept].astype(np.int64), parts[kept]


def _polygons(shapes: Geometries) -> Geometries:
    """Without the points and lines in which outlines merely touch."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    cleaned = shapes.copy()
    for place in mixed:
        members = shapely.get_parts(shapes[place])
        cleaned[place] = shapely.union_all(members[shapely.get_dimensions(members) == 2])
    return cleaned


def _without_slivers(shapes: Geometries, township: Ints) -> tuple[Geometries, NDArray[np.bool_]]:
    """Slivers joined to the nearest larger piece of their township; which pieces stay."""
    size = area_km2(shapes)
    is_sliver = size < SLIVER_SHARE * np.median(size)
    joined, kept = shapes.copy(), np.ones(len(shapes), dtype=bool)
    for place in np.unique(township[is_sliver]):
        mine = np.flatnonzero(township == place)
        large, small = mine[~is_sliver[mine]], mine[is_sliver[mine]]
        if not len(large):
            continue
        nearest = shapely.STRtree(shapes[large]).nearest(shapes[small])
        for target in np.unique(nearest):
            joined[large[target]] = shapely.union_all([shapes[large[target]], *shapes[small[nearest == target]]])
        kept[small] = False
    return joined, kept
