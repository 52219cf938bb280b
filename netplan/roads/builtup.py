"""Where a road runs through a built-up area, judged by how densely streets meet there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NO_STREETS = frozenset(("service", "track", "ferry"))
"""Classes whose junctions say nothing about houses around them."""

_CELL_KM = 0.3
_KM_PER_DEGREE = 111.195
_STRIDE = 1 << 32


def built_up(is_street: Bools, first: Ints, last: Ints, lon: Floats, lat: Floats, *, at_least: float) -> Bools:
    """Whether each step between two points runs where at least so many street junctions lie on a km2.

    Parameters
    ----------
    is_street
        Which steps count as streets, shape (steps,).
    first, last
        Points of each step, shape (steps,).
    lon, lat
        Degrees of the points.
    """
    ends = np.concatenate([first[is_street], last[is_street]])
    meets = np.flatnonzero(np.bincount(ends, minlength=len(lon)) >= 3)
    middle = (lon[first] + lon[last]) / 2, (lat[first] + lat[last]) / 2
    return np.asarray(junction_density(lon[meets], lat[meets], *middle) >= at_least)


def junction_density(junction_lon: Floats, junction_lat: Floats, lon: Floats, lat: Floats) -> Floats:
    """Junctions per km2 in the nine cells of 300 m about each position, shape (positions,)."""
    if not len(junction_lon):
        return np.zeros(len(lon))
    middle = float(np.median(junction_lat))
    cells, count = np.unique(_cell(junction_lon, junction_lat, middle), return_counts=True)
    here, inverse = np.unique(_cell(lon, lat, middle), return_inverse=True)
    number = np.zeros(len(here))
    for east in (-1, 0, 1):
        for north in (-1, 0, 1):
            wanted = here + north * _STRIDE + east
            place = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
            number += np.where(cells[place] == wanted, count[place], 0)
    stretch = np.cos(np.radians(lat)) / np.cos(np.radians(middle))  # cells are as wide in degrees everywhere
    return np.asarray(number[inverse] / ((3 * _CELL_KM) ** 2 * np.maximum(stretch, 0.01)))


def _cell(lon: Floats, lat: Floats, middle: float) -> Ints:
    east = np.floor(lon * _KM_PER_DEGREE * np.cos(np.radians(middle)) / _CELL_KM).astype(np.int64)
    north = np.floor(lat * _KM_PER_DEGREE / _CELL_KM).astype(np.int64)
    return np.asarray(north * _STRIDE + east)
