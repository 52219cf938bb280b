"""Polygons in longitude and latitude as cells: their area on the ground, a point inside, cut with the area of interest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from netplan.errors import InputError
from netplan.violations import some

Floats = NDArray[np.float64]
Geometries = NDArray[Any]

_WGS84_AXIS_KM, _WGS84_ECCENTRICITY = 6378.137, 0.0818191908426215
_GAUSS_AT, _GAUSS_WEIGHT = (0.5 * (1 + np.array([-np.sqrt(0.6), 0.0, np.sqrt(0.6)])), np.array([5.0, 8.0, 5.0]) / 18.0)
_LONGEST_DEGREES = 0.5
"""Edges are cut to this length before the three-point rule, which then errs by less than 1e-10 of the area."""

_CELLS_A_CUT = 256
_ROUNDING, _ROUNDING_SQUARE_DEGREES = 1e-9, 1e-15
"""Shared by two cells without counting as an overlap: a billionth of the smaller, or some square centimetres."""

_POLYGON, _MULTIPOLYGON = 3, 6


def area_km2(shapes: Geometries) -> Floats:
    """Square kilometres on the WGS-84 ellipsoid of polygons whose edges are straight in longitude and latitude.

    Parameters
    ----------
    shapes
        Polygons and multipolygons, shape (N,).

    Returns
    -------
    Shape (N,). Equal-area: the parts of a cut polygon add up to it. The area under an edge is the difference in longitude times the
    mean of the authalic function along it (Snyder 1987, eq. 3-12), by Gauss's three-point rule.
    """
    whole = shapely.segmentize(np.asarray(shapes, dtype=object), _LONGEST_DEGREES)
    polygons, shape_of = shapely.get_parts(whole, return_index=True)
    rings, polygon_of = shapely.get_rings(polygons, return_index=True)
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    step = np.diff(points, axis=0)
    middle = sum(
        w * authalic_km2(points[:-1, 1] + at * step[:, 1]) for at, w in zip(_GAUSS_AT, _GAUSS_WEIGHT, strict=True)
    )
    under = np.where(ring_of[1:] == ring_of[:-1], step[:, 0] * middle, 0.0)
    by_ring = np.abs(np.bincount(ring_of[1:], under, minlength=len(rings)))
    is_hole = np.concatenate([[False], polygon_of[1:] == polygon_of[:-1]]) if len(rings) else np.zeros(0, dtype=bool)
    by_polygon = np.bincount(polygon_of, np.where(is_hole, -by_ring, by_ring), minlength=len(polygons))
    return np.asarray(np.bincount(shape_of, by_polygon, minlength=len(whole)), dtype=np.float64)


def authalic_km2(lat: Floats) -> Floats:
    """Square kilometres between the equator and a latitude, per degree of longitude: with longitude, an equal-area plane."""
    e, sine = _WGS84_ECCENTRICITY, np.sin(np.radians(lat))
    q = (1 - e * e) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.asarray(np.radians(1.0) * _WGS84_AXIS_KM**2 * q / 2)


def checked_area(area: BaseGeometry, name: str = "area") -> BaseGeometry:
    """The area, a polygon or multipolygon in WGS-84 that can be cut with.

    Raises
    ------
    InputError
        It is empty, no polygon, crosses itself, leaves the Earth, or spans more than 180 degrees.
    """
    if not isinstance(area, BaseGeometry) or area.geom_type not in {"Polygon", "MultiPolygon"}:
        kind = area.geom_type if isinstance(area, BaseGeometry) else type(area).__name__
        raise InputError(f"{name}: a {kind} is no area; give a polygon or multipolygon in WGS-84")
    if area.is_empty:
        raise InputError(f"{name}: the polygon is empty; give the outline of the region")
    if not area.is_valid:
        raise InputError(f"{name}: the outline crosses itself ({shapely.is_valid_reason(area)}); repair the polygon")
    west, south, east, north = area.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise InputError(
            f"{name}: {west:g} to {east:g} east, {south:g} to {north:g} north is not in degrees; convert it to WGS-84 (EPSG:4326)"
        )
    if east - west > 180:
        raise InputError(
            f"{name}: spans {east - west:.0f} degrees, over the date line; plan each side as a region of its own"
        )
    return area


def cut(shapes: Geometries, area: BaseGeometry) -> Geometries:
    """The part of every polygon inside the area, shape (N,); empty where they share no area.

    Polygons wholly inside come back as they are, so that neighbours keep the same edge.
    """
    shapely.prepare(area)
    parts = np.array(shapes, dtype=object)
    is_inside = shapely.covers(area, parts)
    is_cut = ~is_inside & shapely.intersects(area, parts)
    parts[~is_inside & ~is_cut] = shapely.Polygon()
    for group in _neighbours(parts, np.flatnonzero(is_cut)):
        west, south, east, north = shapely.total_bounds(parts[group])
        # A cell is cut with the piece of the outline around it: an outline of 100,000 points is not walked for every cell.
        around = shapely.intersection(area, shapely.box(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6))
        parts[group] = _polygonal(shapely.intersection(parts[group], around))
    return parts


def _neighbours(shapes: Geometries, which: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Positions of cells that lie near each other, some hundred at a time."""
    if not len(which):
        return
    bounds = shapely.bounds(shapes[which])
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    columns = max(1, int(np.sqrt(len(which) / _CELLS_A_CUT)))
    by_lon = np.array_split(np.argsort(middle[:, 0], kind="stable"), columns)
    for strip in by_lon:
        ordered = strip[np.argsort(middle[strip, 1], kind="stable")]
        yield from (which[group] for group in np.array_split(ordered, columns) if len(group))


def _polygonal(shapes: Geometries) -> Geometries:
    """Polygons only: the lines and points in which a cell touches the outline hold no one."""
    kinds = shapely.get_type_id(shapes)
    for place in np.flatnonzero((kinds != _POLYGON) & (kinds != _MULTIPOLYGON)):
        parts = shapely.get_parts(shapes[place])
        polygons = parts[shapely.get_type_id(parts) == _POLYGON]
        shapes[place] = shapely.multipolygons(polygons) if len(polygons) else shapely.Polygon()
    return shapes


def inner_points(shapes: Geometries) -> tuple[Floats, Floats]:
    """Longitude and latitude of a point inside each polygon: its centre where that is inside, shape (N,) each."""
    middle = shapely.centroid(shapes)
    strays = ~shapely.contains(shapes, middle)
    middle[strays] = shapely.point_on_surface(shapes[strays])
    return shapely.get_x(middle), shapely.get_y(middle)


def cell_frame(ids: Sequence[str], shapes: Geometries) -> gpd.GeoDataFrame:
    """Cells as a table: cell_id, lon, lat, area_km2, geometry; those without an area are left out."""
    has_area = shapely.area(shapes) > 0
    kept = shapes[has_area]
    lon, lat = inner_points(kept)
    columns = {"cell_id": np.asarray(ids, dtype=object)[has_area], "lon": lon, "lat": lat, "area_km2": area_km2(kept)}
    return gpd.GeoDataFrame(columns, geometry=kept, crs="EPSG:4326").astype({"cell_id": str})


def checked_cells(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cells in WGS-84 with a unique cell_id, each a polygon that neither crosses itself nor overlaps another.

    Raises
    ------
    InputError
        There are none, they have no coordinate system, no or repeated ids, are not polygons, or overlap.
    """
    if "cell_id" not in cells.columns or not len(cells):
        raise InputError("cells: no cells with a cell_id; make them with square_cells or h3_cells")
    if cells.crs is None:
        raise InputError("cells: no coordinate system; set the one they are in")
    _refuse(cells, cells["cell_id"].duplicated().to_numpy(), "cell_id used more than once", "give every cell its own")
    shapes = cells.geometry.array
    kinds = shapely.get_type_id(shapes)
    _refuse(
        cells, (kinds != _POLYGON) & (kinds != _MULTIPOLYGON), "not polygons", "people live on areas; give polygons"
    )
    _refuse(cells, ~shapely.is_valid(shapes) | shapely.is_empty(shapes), "empty or crossing themselves", "repair them")
    converted = cells.to_crs("EPSG:4326")
    overlaps = _overlapping(converted.geometry.to_numpy())
    _refuse(cells, overlaps, "overlap other cells", "people would count twice; remove the overlap")
    return converted


def _overlapping(shapes: Geometries) -> NDArray[np.bool_]:
    """Whether each polygon shares area with another, beyond rounding, shape (N,)."""
    is_wrong = np.zeros(len(shapes), dtype=bool)
    # Edges that do not meet a neighbour's: by overlap, or by rounding where the outline cut both. Much quicker than all pairs.
    doubtful = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    if len(doubtful):
        place, other = shapely.STRtree(shapes).query(shapes[doubtful], predicate="intersects")
        one, other = doubtful[place][doubtful[place] != other], other[doubtful[place] != other]
        shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
        smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
        is_shared = shared > _ROUNDING * smaller + _ROUNDING_SQUARE_DEGREES
        is_wrong[np.concatenate([one[is_shared], other[is_shared]])] = True
    return is_wrong


def _refuse(cells: gpd.GeoDataFrame, is_wrong: NDArray[np.bool_], problem: str, remedy: str) -> None:
    if is_wrong.any():
        raise InputError(f"cells {some(cells.loc[is_wrong, 'cell_id'].unique())}: {problem}; {remedy}")
