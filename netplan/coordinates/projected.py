"""Projected coordinate systems that fit an area: metres for distances, equal areas for densities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.crs import GeographicCRS, ProjectedCRS
from pyproj.crs.coordinate_operation import (
    AlbersEqualAreaConversion,
    LambertAzimuthalEqualAreaConversion,
    LambertConformalConic2SPConversion,
    TransverseMercatorConversion,
)

from netplan.errors import InputError

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

_ZONE_MARGIN_DEGREES = 0.5
"""How far an area may reach over the edge of its UTM zone, as national grids do."""

_UTM_SOUTH, _UTM_NORTH = -80.0, 84.0
_PROBES = 9
"""Distortion is measured on a lattice of 9 x 9 positions over the area's box."""


def metric_crs(lon: ArrayLike, lat: ArrayLike) -> pyproj.CRS:
    """A projected system in metres for the box around these WGS-84 positions.

    The UTM zone when the box fits one (to half a degree over its edge); else, of a transverse Mercator, a Lambert azimuthal
    equal-area and a Lambert conformal conic projection about the middle of the box (to half a degree), the one with the least
    distortion of lengths. `distortion` tells how much: at most 0.15 % in a UTM zone, 0.04 % for Chongqing, 0.3 % for Norway or Chile, but
    1.5 % for the United States and 3 % for China: over such areas measure along the ellipsoid (`netplan.coordinates.measure`).

    Raises
    ------
    InputError
        No position, one that is not a finite number, or one off the Earth.
    """
    box = _box(lon, lat)
    zone = _utm_zone(box)
    if zone:
        return pyproj.CRS.from_epsg((32600 if box[1] + box[3] >= 0 else 32700) + zone)
    lon, lat = _middle(box)
    cylinder = TransverseMercatorConversion(
        latitude_natural_origin=lat, longitude_natural_origin=lon, scale_factor_natural_origin=0.9996
    )
    plane = LambertAzimuthalEqualAreaConversion(latitude_natural_origin=lat, longitude_natural_origin=lon)
    candidates = [_named("transverse Mercator", box, cylinder), _named("Lambert azimuthal equal-area", box, plane)]
    if _takes_a_cone(box):
        cone = LambertConformalConic2SPConversion(
            *_parallels(box), latitude_false_origin=lat, longitude_false_origin=lon
        )
        candidates.append(_named("Lambert conformal conic", box, cone))
    return _least_distorted(candidates, box)


def equal_area_crs(lon: ArrayLike, lat: ArrayLike) -> pyproj.CRS:
    """A projected system in metres that keeps areas exactly, for the box around these WGS-84 positions.

    Lambert's azimuthal about the middle of the box (to half a degree), or Albers' conic where that distorts lengths less, as for
    a country that is much wider than high. Same errors as `metric_crs`.
    """
    box = _box(lon, lat)
    lon, lat = _middle(box)
    plane = LambertAzimuthalEqualAreaConversion(latitude_natural_origin=lat, longitude_natural_origin=lon)
    candidates = [_named("Lambert azimuthal equal-area", box, plane)]
    if _takes_a_cone(box):
        cone = AlbersEqualAreaConversion(*_parallels(box), latitude_false_origin=lat, longitude_false_origin=lon)
        candidates.append(_named("Albers equal-area", box, cone))
    return _least_distorted(candidates, box)


def distortion(crs: pyproj.CRS, lon: ArrayLike, lat: ArrayLike) -> float:
    """Largest relative error of a short length in `crs`, in any direction, over the box around these positions.

    Tissot's indicatrix on a lattice over the box: 0.001 means that lengths are wrong by 0.1 % at most. Infinite where part of the box
    cannot be shown.
    """
    return _worst(crs, _box(lon, lat))


def _box(lon: ArrayLike, lat: ArrayLike) -> Box:
    x, y = np.ravel(np.asarray(lon, dtype=np.float64)), np.ravel(np.asarray(lat, dtype=np.float64))
    if not x.size or x.size != y.size:
        raise InputError(f"{x.size} longitudes and {y.size} latitudes: give at least one position")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("a position is not a finite number; fill or remove it")
    if np.abs(x).max() > 360.0 or np.abs(y).max() > 90.0:
        raise InputError("a position is off the Earth; give longitude and latitude in degrees")
    if x.max() - x.min() > 180.0:  # across the date line: count eastwards from there
        x = np.mod(x, 360.0)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _utm_zone(box: Box) -> int:
    """Number of the UTM zone that the box fits, 0 for none."""
    west, south, east, north = box
    if south < _UTM_SOUTH or north > _UTM_NORTH:
        return 0
    zone = int((west + east) / 2 // 6) + 31
    left = zone * 6 - 186
    fits = west >= left - _ZONE_MARGIN_DEGREES and east <= left + 6 + _ZONE_MARGIN_DEGREES
    return (zone - 1) % 60 + 1 if fits else 0


def _middle(box: Box) -> tuple[float, float]:
    """To half a degree, so that two cuts of one area get one system."""
    west, south, east, north = box
    lon = round(west + east) / 2
    return (lon + 180.0) % 360.0 - 180.0, round(south + north) / 2


def _parallels(box: Box) -> tuple[float, float]:
    """Standard parallels a sixth of the height inside the box (Snyder 1987, p. 99), to half a degree."""
    _, south, _, north = box
    sixth = (north - south) / 6
    return round(2 * (south + sixth)) / 2, round(2 * (north - sixth)) / 2


def _takes_a_cone(box: Box) -> bool:
    """A cone has both its parallels on one side of the equator, and not at a pole."""
    lower, upper = _parallels(box)
    return lower * upper > 0 and max(abs(lower), abs(upper)) < 89.0


def _named(kind: str, box: Box, conversion: object) -> pyproj.CRS:
    lon, lat = _middle(box)
    return ProjectedCRS(conversion, f"{kind} about {lon:g}, {lat:g} (WGS 84)", geodetic_crs=GeographicCRS())


def _least_distorted(candidates: Sequence[pyproj.CRS], box: Box) -> pyproj.CRS:
    return min(candidates, key=lambda crs: _worst(crs, box))


def _worst(crs: pyproj.CRS, box: Box) -> float:
    west, south, east, north = box
    lon, lat = np.meshgrid(np.linspace(west, east, _PROBES), np.linspace(south, north, _PROBES))
    lon = np.mod(lon + 180.0, 360.0) - 180.0
    factors = pyproj.Proj(crs).get_factors(lon.ravel(), lat.ravel())
    scales = np.concatenate([factors.tissot_semimajor, factors.tissot_semiminor])
    return float(np.abs(scales - 1.0).max()) if np.isfinite(scales).all() else float("inf")
