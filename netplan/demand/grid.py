"""Cells that cover an area: squares of a metric grid, or H3 hexagons."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import h3
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from netplan.coordinates.projected import equal_area_crs
from netplan.demand.cells import Floats, Geometries, area_km2, cell_frame, checked_area, cut
from netplan.errors import InputError

MOST_CELLS = 2_000_000
"""A typing error in the size should not fill the memory."""

_LATTICE_A_STRIP = 200_000


def square_cells(area: BaseGeometry, metres: float, *, crs: pyproj.CRS | str | int | None = None) -> gpd.GeoDataFrame:
    """Cells of a square grid that cover the area, cut with its outline.

    Grid lines lie at whole multiples of `metres` in the coordinate system, and a cell is named after its lower left corner in those
    units (``E12N34``, west and south of the origin ``W12S34``), so that two runs with one system give the same cells and ids.

    Parameters
    ----------
    area
        Polygon or multipolygon in WGS-84.
    metres
        Side of a cell.
    crs
        Projected system in metres; without one, the equal-area system of `netplan.coordinates.projected.equal_area_crs`, which
        depends on the area's box to half a degree: name a system where ids are to outlast a changed outline.

    Returns
    -------
    cell_id, lon and lat (a point inside), area_km2 (on the ellipsoid, of the part inside), geometry (that part; EPSG:4326).

    Raises
    ------
    InputError
        The area is no polygon in WGS-84, the side is not positive or would make more than 2,000,000 cells, or the system is not
        projected in metres.
    """
    checked_area(area)
    if not metres > 0 or not np.isfinite(metres):
        raise InputError(f"cells of {metres} m: give a side above 0")
    _refuse_too_many(area, metres * metres / 1e6, f"cells of {metres:g} m", "choose a longer side")
    west, south, east, north = area.bounds
    system = _metric(crs) if crs is not None else equal_area_crs([west, east], [south, north])
    to_degrees = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    shapely.prepare(area)
    found = [_touching(area, corner, metres, to_degrees) for corner in _strips(area, metres, to_degrees)]
    corners = np.concatenate([corner for corner, _ in found])
    shapes = np.concatenate([shape for _, shape in found])
    return cell_frame([_square_name(x, y) for x, y in corners.tolist()], cut(shapes, area))


def h3_cells(area: BaseGeometry, resolution: int) -> gpd.GeoDataFrame:
    """Hexagons of the H3 grid that cover the area, cut with its outline; cell_id is the H3 index.

    Parameters
    ----------
    area
        Polygon or multipolygon in WGS-84.
    resolution
        0 (continents) to 15 (a square metre); 7 is about 5.2 km2 a cell, 8 about 0.74, 9 about 0.11.

    Returns
    -------
    As `square_cells`.

    Raises
    ------
    InputError
        The area is no polygon in WGS-84, or the resolution is not 0 to 15 or would make more than 2,000,000 cells.
    """
    checked_area(area)
    if resolution not in range(16):
        raise InputError(f"H3 resolution {resolution}: give a whole number from 0 to 15")
    mean_km2 = h3.average_hexagon_area(resolution, unit="km^2")
    _refuse_too_many(area, mean_km2, f"H3 resolution {resolution}", "choose a lower one")
    around = h3.geo_to_h3shape(_around(area, h3.average_hexagon_edge_length(resolution, unit="km") / 111.0))
    # A set: the parts of a multipolygon each bring the cells they share.
    ids = sorted(set(h3.h3shape_to_cells_experimental(around, resolution, contain="overlap")))
    return cell_frame(ids, cut(_hexagons(ids, _middle(area)), area))


def _around(area: BaseGeometry, degrees: float) -> BaseGeometry:
    """A coarse outline that holds the area: H3 walks the whole outline for many cells, and `cut` drops what is too much."""
    # Simplifying moves the outline by half an edge at most; the blunt corners of the buffer reach 0.92 of 0.6.
    coarse = shapely.buffer(shapely.simplify(area, 0.5 * degrees), 0.6 * degrees, quad_segs=2)
    return shapely.intersection(coarse, shapely.box(-180, -90, 180, 90))


def _hexagons(ids: list[str], middle: float) -> Geometries:
    outlines = [np.array(h3.cell_to_boundary(index))[:, ::-1] for index in ids]
    points = np.concatenate(outlines)
    points[:, 0] = _unwrapped(points[:, 0], middle)
    ring_of = np.repeat(np.arange(len(ids)), [len(outline) for outline in outlines])
    return np.asarray(shapely.polygons(shapely.linearrings(points, indices=ring_of)))


def _unwrapped(lon: Floats, middle: float) -> Floats:
    """Longitudes within half a turn of the middle, so that a cell over the date line is whole, beyond 180 degrees."""
    return np.asarray(lon - 360.0 * (lon - middle > 180.0) + 360.0 * (lon - middle < -180.0))


def _middle(area: BaseGeometry) -> float:
    west, _, east, _ = area.bounds
    return float(west + east) / 2


def _metric(crs: pyproj.CRS | str | int) -> pyproj.CRS:
    try:
        system = pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(f"coordinate system {crs}: not known; give an EPSG number such as EPSG:3857") from error
    if not system.is_projected or any(axis.unit_conversion_factor != 1.0 for axis in system.axis_info[:2]):
        raise InputError(
            f"coordinate system {system.name}: not in metres; give a projected one, as UTM or a national grid"
        )
    return system


def _refuse_too_many(area: BaseGeometry, cell_km2: float, what: str, remedy: str) -> None:
    number = float(area_km2(np.array([area], dtype=object))[0]) / cell_km2
    if number > MOST_CELLS:
        raise InputError(f"{what}: about {number:,.0f} cells, {MOST_CELLS:,} at most; {remedy}")


def _strips(area: BaseGeometry, metres: float, to_degrees: pyproj.Transformer) -> Iterator[NDArray[np.int64]]:
    """Lower left corners in cells over the area's box, shape (n, 2), a strip of rows at a time."""
    box = shapely.segmentize(
        shapely.box(*area.bounds), max(1e-6, max(np.ptp(np.reshape(area.bounds, (2, 2)), axis=0)) / 200)
    )
    lon, lat = shapely.get_coordinates(box).T
    x, y = to_degrees.transform(lon, lat, direction="INVERSE")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("the coordinate system cannot show the whole area; choose one that fits it")
    # One cell more on every side: the box between its probed points may bulge.
    columns = np.arange(np.floor(x.min() / metres) - 1, np.floor(x.max() / metres) + 2).astype(np.int64)
    rows = np.arange(np.floor(y.min() / metres) - 1, np.floor(y.max() / metres) + 2).astype(np.int64)
    for strip in np.array_split(rows, max(1, -(-len(rows) * len(columns) // _LATTICE_A_STRIP))):
        yield np.stack(np.meshgrid(columns, strip), axis=-1).reshape(-1, 2)


def _touching(
    area: BaseGeometry, corner: NDArray[np.int64], metres: float, to_degrees: pyproj.Transformer
) -> tuple[NDArray[np.int64], Geometries]:
    """Of the squares at these corners those that touch the area, as polygons in degrees."""
    around = corner[:, None, :] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    lon, lat = to_degrees.transform(around[..., 0] * metres, around[..., 1] * metres)
    lon = _unwrapped(lon, _middle(area))
    is_near = np.isfinite(lon).all(axis=1) & np.isfinite(lat).all(axis=1) & (np.ptp(lon, axis=1) < 180)
    corner, points = corner[is_near], np.stack([lon, lat], axis=-1)[is_near]
    shapes: Geometries = np.asarray(shapely.polygons(points))
    touches = shapely.intersects(area, shapes)
    return corner[touches], shapes[touches]


def _square_name(x: int, y: int) -> str:
    return f"{'W' if x < 0 else 'E'}{abs(x)}{'S' if y < 0 else 'N'}{abs(y)}"
