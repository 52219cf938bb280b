"""Metres between two frames of positions, a block at a time, and only between those that can be within a radius."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from netplan.coordinates.geodesy import EARTH_RADIUS_KM, chord_of_km, unit_vectors
from netplan.coordinates.measure import geodesic_metres
from netplan.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK = 2_000_000
_SLACK = 1.01
"""Ellipsoid over sphere: no geodesic is 1 % longer or shorter than its great circle."""


def measured(customers: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, radius: float | None) -> tuple[Ints, Ints, Floats]:
    """Pairs of customer and site at most `radius` apart (None: all) with their metres along the ellipsoid.

    Returns
    -------
    tuple
        Starts of each customer's pairs, shape (I + 1,); site and metres of each pair, sorted by customer and then by site.

    Raises
    ------
    InputError
        A frame is empty, has no coordinate system, or a row without geometry.
    """
    here, there = _degrees("customers", customers), _degrees("sites", sites)
    reach = np.inf if radius is None else radius
    kept = [
        (row[metres <= reach], column[metres <= reach], metres[metres <= reach])
        for row, column, metres in _blocks(here, there, reach)
    ]
    row, column, metres = (np.concatenate(part) for part in zip(*kept, strict=True))
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(here)))]).astype(np.int64)
    return starts, column, metres


def _blocks(here: Floats, there: Floats, reach: float) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Pairs with their metres, a block of customers at a time."""
    is_near = reach < EARTH_RADIUS_KM * 1000.0
    tree = cKDTree(unit_vectors(there[:, 0], there[:, 1])) if is_near else None
    size = max(1, _CHUNK // len(there))
    for first in range(0, len(here), size):
        block = np.arange(first, min(first + size, len(here)))
        if tree is None:
            row, column = np.repeat(block, len(there)), np.tile(np.arange(len(there)), len(block))
        else:
            chord = chord_of_km(_SLACK * reach / 1000.0) + 1e-12
            found = tree.query_ball_point(unit_vectors(here[block, 0], here[block, 1]), chord, return_sorted=True)
            row = np.repeat(block, [len(near) for near in found])
            column = np.array([site for near in found for site in near], dtype=np.int64)
        yield row, column, geodesic_metres(here[row, 0], here[row, 1], there[column, 0], there[column, 1])


def _degrees(name: str, frame: gpd.GeoDataFrame) -> Floats:
    """Longitude and latitude of each geometry, of a point inside it where it is an outline; shape (n, 2)."""
    if not len(frame):
        raise InputError(f"{name}: the frame is empty; give at least one row")
    if frame.crs is None:
        raise InputError(f"{name}: the frame has no coordinate system; set it with frame.set_crs(...)")
    wrong = np.flatnonzero(frame.geometry.isna() | frame.geometry.is_empty)
    if len(wrong):
        raise InputError(f"{name}: row {wrong[0]} has no geometry ({len(wrong)} such); drop it or give it a position")
    points = frame.geometry.representative_point().to_crs(4326)
    degrees = np.column_stack([points.x.to_numpy(), points.y.to_numpy()])
    wrong = np.flatnonzero(~np.isfinite(degrees).all(axis=1))
    if len(wrong):
        raise InputError(f"{name}: row {wrong[0]} is off the Earth ({len(wrong)} such); check its coordinate system")
    return degrees
