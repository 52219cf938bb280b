"""The shifted coordinates of Chinese map vendors: GCJ-02 (Amap, Tencent, Google in China) and BD-09 (Baidu).

GCJ-02 moves a position by up to about 700 m, by polynomials and sines of its distance from 105 E 35 N, in metres on the
Krasovsky 1940 ellipsoid. The formula was never issued officially; it is the one published since 2009 in many open programs
(for example googollee/eviltransform and wandergis/coordtransform on GitHub), which agree with each other to 1e-7 degrees and with
the vendors' own services to about a metre. BD-09 turns and moves GCJ-02 once more, by up to about 1.1 km.

Both apply inside a box around China only (`CHINA_BOX`) and leave positions outside it alone, as those programs do. The box also
holds neighbouring countries, where the vendors do not shift: use these systems for layers of mainland China.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north in degrees: where the shift applies by convention."""

_KRASOVSKY_METRES = 6_378_245.0
_KRASOVSKY_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_PI = np.pi * 3000.0 / 180.0
_CLOSE_DEGREES = 1e-12
"""A ten-thousandth of a millimetre: where the iteration of an inverse stops."""

_MOST_STEPS = 40


def in_china_box(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Whether positions lie in the box in which the shift applies."""
    west, south, east, north = CHINA_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def gcj02_from_wgs84(lon: Floats, lat: Floats) -> Pair:
    """GCJ-02 of WGS-84 positions, in degrees; unchanged outside `CHINA_BOX`."""
    return _inside_only(_gcj02, lon, lat)


def wgs84_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """WGS-84 of GCJ-02 positions: the inverse of `gcj02_from_wgs84` to 1e-11 degrees, by fixed-point iteration."""
    return _inside_only(lambda x, y: _inverse(_gcj02, x, y), lon, lat)


def bd09_from_wgs84(lon: Floats, lat: Floats) -> Pair:
    """BD-09 (longitude and latitude, not Baidu's Mercator metres) of WGS-84 positions; unchanged outside `CHINA_BOX`."""
    return _inside_only(lambda x, y: _bd09(*_gcj02(x, y)), lon, lat)


def wgs84_from_bd09(lon: Floats, lat: Floats) -> Pair:
    """WGS-84 of BD-09 positions: the inverse of `bd09_from_wgs84` to 1e-11 degrees."""
    return _inside_only(lambda x, y: _inverse(_gcj02, *_inverse(_bd09, x, y)), lon, lat)


def bd09_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """BD-09 of GCJ-02 positions; unchanged outside `CHINA_BOX`."""
    return _inside_only(_bd09, lon, lat)


def _inside_only(change: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    inside = in_china_box(lon, lat)
    new_lon, new_lat = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    new_lon[inside], new_lat[inside] = change(new_lon[inside], new_lat[inside])
    return new_lon, new_lat


def _gcj02(lon: Floats, lat: Floats) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    fine = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    bend = 0.1 * x * y + fine
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * np.sqrt(np.abs(x)) + bend
    east += _waves(x, (1.0, 20.0), (3.0, 40.0), (12.0, 150.0), (30.0, 300.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.2 * np.sqrt(np.abs(x)) + bend
    north += _waves(y, (1.0, 20.0), (3.0, 40.0), (12.0, 160.0), (30.0, 320.0))
    lon_metres, lat_metres = _metres_per_degree(lat)
    return lon + east / lon_metres, lat + north / lat_metres


def _waves(angle: Floats, *terms: tuple[float, float]) -> Floats:
    return sum((2.0 / 3.0 * size * np.sin(np.pi * angle / length) for length, size in terms), np.zeros_like(angle))


def _metres_per_degree(lat: Floats) -> Pair:
    """Metres of a degree of longitude and of latitude on the Krasovsky ellipsoid."""
    phi = np.radians(lat)
    root = np.sqrt(1.0 - _KRASOVSKY_ECCENTRICITY_SQUARED * np.sin(phi) ** 2)
    across = np.radians(_KRASOVSKY_METRES / root * np.cos(phi))
    along = np.radians(_KRASOVSKY_METRES * (1.0 - _KRASOVSKY_ECCENTRICITY_SQUARED) / root**3)
    return across, along


def _bd09(lon: Floats, lat: Floats) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(forward: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Solve forward(x) = (lon, lat): both shifts change by less than 3 % of a step, so each round wins 1.5 digits."""
    x, y = np.array(lon), np.array(lat)
    for _ in range(_MOST_STEPS):
        seen_lon, seen_lat = forward(x, y)
        miss_lon, miss_lat = lon - seen_lon, lat - seen_lat
        x, y = x + miss_lon, y + miss_lat
        if not x.size or max(np.abs(miss_lon).max(), np.abs(miss_lat).max()) < _CLOSE_DEGREES:
            break
    return x, y
