"""Positions into WGS-84 and back, from any coordinate system that a layer may come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.transformer import AreaOfInterest, TransformerGroup

from netplan.coordinates.china import (
    bd09_from_wgs84,
    gcj02_from_wgs84,
    in_china_box,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)
from netplan.errors import InputError
from netplan.violations import counted, shown

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Change = Callable[[Floats, Floats], Pair]

_NAMES = {
    "wgs84": "wgs84",
    "epsg4326": "wgs84",
    "ogccrs84": "wgs84",
    "crs84": "wgs84",
    "gcj02": "gcj02",
    "gcj02ll": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
}
_TO_WGS84: dict[str, Change] = {"gcj02": wgs84_from_gcj02, "bd09": wgs84_from_bd09}
_FROM_WGS84: dict[str, Change] = {"gcj02": gcj02_from_wgs84, "bd09": bd09_from_wgs84}
_NEAR_WGS84 = ("China 2000",)
"""Datums within decimetres of WGS-84 for which PROJ states no accuracy (CGCS2000 is ITRF97 at epoch 2000.0)."""

_KNOWN = "use wgs84, gcj02, bd09 or a code such as EPSG:4490 or EPSG:32648"


def system_name(system: str) -> str:
    """``wgs84``, ``gcj02`` or ``bd09`` however it is spelt, else the text of a coordinate system that PROJ knows.

    Raises
    ------
    InputError
        Nobody knows a system of this name.
    """
    letters = "".join(letter for letter in system.casefold() if letter.isalnum())
    if letters in _NAMES:
        return _NAMES[letters]
    if letters == "bd09mc":
        raise InputError("coordinate system 'bd09mc': Baidu's Mercator metres are not read; export as bd09 (degrees)")
    _crs(system)
    return system


def to_wgs84(lon: ArrayLike, lat: ArrayLike, system: str) -> Pair:
    """WGS-84 degrees of positions in `system`.

    Parameters
    ----------
    lon, lat
        Longitude and latitude, or easting and northing in a projected system; shape (n,). The order is always x, y, whatever
        axis order the system's definition has.
    system
        ``wgs84``, ``gcj02``, ``bd09``, or what pyproj understands (``EPSG:4490``, WKT).

    Returns
    -------
    tuple of arrays
        lon, lat, shape (n,). The formulas of GCJ-02 and BD-09 are inverted to 1e-11 degrees; they agree with the vendors'
        services to about a metre.

    Raises
    ------
    InputError
        An unknown system, a position that is not a finite number, or one outside the system's range.
    """
    name = system_name(system)
    x, y = _numbers(lon, lat)
    if name in _NAMES.values():
        _refuse_off_earth(x, y, name)
        return _TO_WGS84[name](x, y) if name in _TO_WGS84 else (x, y)
    return _transformed(x, y, _transformer(name, is_inverse=False), name)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, system: str) -> Pair:
    """Positions in `system` of WGS-84 degrees: the inverse of `to_wgs84`, same arguments and errors."""
    name = system_name(system)
    x, y = _numbers(lon, lat)
    _refuse_off_earth(x, y, "wgs84")
    if name in _NAMES.values():
        return _FROM_WGS84[name](x, y) if name in _FROM_WGS84 else (x, y)
    return _transformed(x, y, _transformer(name, is_inverse=True), name)


@dataclass(frozen=True, slots=True)
class Reprojected:
    """What moving a layer into WGS-84 did, for the notes."""

    lon: Floats
    lat: Floats
    note: str


def reprojected(lon: ArrayLike, lat: ArrayLike, system: str) -> Reprojected:
    """`to_wgs84` with a sentence on what was done and how exact it is; no sentence where nothing was done."""
    name = system_name(system)
    new_lon, new_lat = to_wgs84(lon, lat, system)
    return Reprojected(new_lon, new_lat, _note(name, new_lon, new_lat))


def _note(name: str, lon: Floats, lat: Floats) -> str:
    if name == "wgs84" or not lon.size:
        return ""
    if name in _NAMES.values():
        outside = int((~in_china_box(lon, lat)).sum())
        label = {"gcj02": "GCJ-02", "bd09": "BD-09"}[name]
        left = f"; {counted(outside, 'position')} outside the box around China left as found" if outside else ""
        return f"{counted(len(lon), 'position')} turned from {label} into WGS-84 (to about a metre){left}"
    exactness = _exactness(_accuracy_metres(name, lon, lat))
    return f"{counted(len(lon), 'position')} turned from {_crs(name).name} into WGS-84 ({exactness})"


def _exactness(metres: float) -> str:
    if metres < 0:
        return "its datum shift is not known here, so they may be off by 100 m or more: check them against a map"
    return f"to about {metres:g} m" if metres else "same datum"


@lru_cache(maxsize=32)
def _crs(system: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(system)
    except pyproj.exceptions.CRSError:
        raise InputError(f"coordinate system {shown(system)} is not known; {_KNOWN}") from None


@lru_cache(maxsize=32)
def _transformer(system: str, *, is_inverse: bool) -> pyproj.Transformer:
    crs, world = _crs(system), pyproj.CRS("EPSG:4326")
    ends = (world, crs) if is_inverse else (crs, world)
    return pyproj.Transformer.from_crs(*ends, always_xy=True)


def _accuracy_metres(system: str, lon: Floats, lat: Floats) -> float:
    """Stated accuracy of the transformation used where these positions are; 0 for the same datum, -1 where none is known."""
    base = _crs(system).geodetic_crs
    datum = "" if base is None else str(base.datum.name if base.datum else base.name)
    if datum.startswith("World Geodetic System 1984"):
        return 0.0
    if datum in _NEAR_WGS84:
        return 1.0
    here = AreaOfInterest(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    found = TransformerGroup(_crs(system), "EPSG:4326", always_xy=True, area_of_interest=here).transformers
    return float(found[0].accuracy) if found else -1.0


def _numbers(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = np.atleast_1d(np.array(lon, dtype=np.float64)), np.atleast_1d(np.array(lat, dtype=np.float64))
    if x.shape != y.shape or x.ndim != 1:
        raise InputError(f"{x.size} longitudes and {y.size} latitudes do not pair; give one of each per position")
    bad = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if bad.size:
        first = f"the first is number {bad[0] + 1} of {x.size}"
        raise InputError(
            f"{counted(bad.size, 'position')} without a longitude and latitude in numbers ({first}); fill or remove it"
        )
    return x, y


def _refuse_off_earth(lon: Floats, lat: Floats, name: str) -> None:
    off = np.flatnonzero((np.abs(lon) > 180.0) | (np.abs(lat) > 90.0))
    if not off.size:
        return
    at = off[0]
    found = f"number {at + 1} of {lon.size} is lon {lon[at]:g}, lat {lat[at]:g}"
    if abs(lat[at]) <= 180.0 and abs(lon[at]) <= 90.0:
        raise InputError(
            f"{counted(off.size, 'position')} off the Earth: {found}; lon and lat look swapped, exchange them"
        )
    remedy = f"name the coordinate system of the file instead of {name}, or correct them"
    raise InputError(f"{counted(off.size, 'position')} off the Earth: {found}; {remedy}")


def _transformed(x: Floats, y: Floats, transformer: pyproj.Transformer, system: str) -> Pair:
    new_x, new_y = (np.asarray(part, dtype=np.float64) for part in transformer.transform(x, y))
    bad = np.flatnonzero(~(np.isfinite(new_x) & np.isfinite(new_y)))
    if bad.size:
        at = bad[0]
        found = f"the first is {x[at]:g}, {y[at]:g}"
        remedy = "check that the file is in this system, with easting before northing"
        name = _crs(system).name
        raise InputError(f"{counted(bad.size, 'position')} cannot be placed in {name} ({found}); {remedy}")
    return new_x, new_y
