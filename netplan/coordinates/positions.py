"""Positions that cannot be right: swapped, sign lost, metres for degrees, far from the area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from netplan.violations import Violation

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Box = tuple[float, float, float, float]

_SWAPPED = "exchange the two columns, or name them the other way round"
_KM_PER_DEGREE = 111.2

FAR = "far outside the area"
"""The problem of a position that is possible but elsewhere."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of wrong position: which rows, what is wrong, the remedy, and which column shows it (empty: both)."""

    is_hit: Flags
    problem: str
    remedy: str
    column: str = ""


def check_positions(
    lon: ArrayLike,
    lat: ArrayLike,
    area: BaseGeometry | Box | None = None,
    *,
    file: str,
    rows: Sequence[int] | NDArray[np.int64] | None = None,
    columns: tuple[str, str] = ("lon", "lat"),
    margin_km: float = 20.0,
) -> tuple[Violation, ...]:
    """What is wrong with WGS-84 positions, one violation a row at most.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,); NaN where there is none.
    area
        Outline in WGS-84 or west, south, east, north: where they ought to lie. Without it only impossible positions are found; with it
        also pairs that are swapped yet possible, whose sign is lost, or that lie more than `margin_km` outside.
    file, rows, columns
        For the messages; `rows` as a spreadsheet numbers them, by default from 2.

    Notes
    -----
    A position is told as swapped only where exchanging helps: lat is no latitude but lon is one, or the exchanged pair lies in the
    area and the pair does not.
    """
    x, y = np.array(lon, dtype=np.float64).ravel(), np.array(lat, dtype=np.float64).ravel()
    numbers = np.arange(2, len(x) + 2) if rows is None else np.asarray(rows)
    violations: list[Violation] = []
    is_told = np.zeros(len(x), dtype=bool)
    elsewhere = () if area is None else _elsewhere(x, y, _outline(area), margin_km)
    for kind in (*_impossible(x, y), *elsewhere):
        new = kind.is_hit & ~is_told
        is_told |= new
        violations += [_violation(kind, file, int(numbers[at]), (x[at], y[at]), columns) for at in np.flatnonzero(new)]
    return tuple(sorted(violations, key=lambda violation: violation.row or 0))


def _impossible(x: Floats, y: Floats) -> tuple[Kind, ...]:
    is_blank = ~(np.isfinite(x) & np.isfinite(y))
    beyond = "not degrees"
    metres = "these look like metres: name the projected coordinate system of the file, or export it in degrees"
    with np.errstate(invalid="ignore"):
        is_large = (np.abs(x) > 360) | (np.abs(y) > 360)
        bad_lat, bad_lon = np.abs(y) > 90, np.abs(x) > 180
        is_swapped = bad_lat & (np.abs(y) <= 180) & (np.abs(x) <= 90)
        is_nowhere = (x == 0) & (y == 0)
    correct = "correct it"
    return (
        Kind(is_blank, "no position", "fill in longitude and latitude, or remove the row"),
        Kind(is_large, beyond, metres),
        Kind(is_swapped, "not a latitude: longitude and latitude look swapped", _SWAPPED, "lat"),
        Kind(bad_lat, "not a latitude (-90 to 90)", correct, "lat"),
        Kind(bad_lon, "not a longitude (-180 to 180)", correct, "lon"),
        Kind(is_nowhere, "0, 0 is what programs write for no position", "look the position up, or remove the row"),
    )


def _elsewhere(x: Floats, y: Floats, area: BaseGeometry, margin_km: float) -> tuple[Kind, ...]:
    near = _widened(area, margin_km)
    is_out = ~_within(near, x, y)
    check = f"correct it, or widen the area (more than {margin_km:g} km outside is refused)"
    return (
        Kind(
            is_out & _within(near, y, x),
            "longitude and latitude look swapped: the other way round it lies in the area",
            _SWAPPED,
        ),
        Kind(
            is_out & _within(near, -x, y),
            "the sign of the longitude looks wrong",
            "write west of Greenwich as negative",
            "lon",
        ),
        Kind(
            is_out & _within(near, x, -y),
            "the sign of the latitude looks wrong",
            "write south of the equator as negative",
            "lat",
        ),
        Kind(is_out, FAR, check),
    )


def _outline(area: BaseGeometry | Box) -> BaseGeometry:
    return area if isinstance(area, BaseGeometry) else shapely.box(*area)


def _widened(area: BaseGeometry, margin_km: float) -> BaseGeometry:
    """The area's hull and a margin around it, in degrees that are as wide as the margin at its latitude nearest a pole."""
    hull = area.convex_hull
    _, south, _, north = hull.bounds
    across = _KM_PER_DEGREE * max(np.cos(np.radians(min(max(abs(south), abs(north)), 85.0))), 0.05)
    squeezed = shapely.transform(hull, lambda xy: xy * (across, _KM_PER_DEGREE)).buffer(margin_km)
    return shapely.transform(squeezed, lambda xy: xy / (across, _KM_PER_DEGREE))


def _within(area: BaseGeometry, x: Floats, y: Floats) -> Flags:
    shapely.prepare(area)
    return np.asarray(shapely.intersects_xy(area, np.nan_to_num(x, nan=999.0), np.nan_to_num(y, nan=999.0)), dtype=bool)


def _violation(kind: Kind, file: str, row: int, position: tuple[float, float], columns: tuple[str, str]) -> Violation:
    texts = tuple("" if np.isnan(degrees) else f"{degrees:.9g}" for degrees in position)
    if kind.column:
        place = ("lon", "lat").index(kind.column)
        return Violation(file, row, columns[place], texts[place], kind.problem, kind.remedy)
    return Violation(file, row, ", ".join(columns), ", ".join(texts), kind.problem, kind.remedy)
