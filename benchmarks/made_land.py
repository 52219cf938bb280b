"""The land of a made-up region: square districts with towns, people around them, and roads like a grid with holes.

Places are kilometres east and north of one corner until `degrees` turns them into longitude and latitude.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CORNER = (105.0, 29.0)
_KM_PER_DEGREE = 111.195
_ARTERIAL_KM = 5
_KEPT_ROADS = 0.75
"""Share of the side roads that are there."""


@dataclass(frozen=True, slots=True)
class Towns:
    """Town centres: the first of each district is its seat.

    Attributes
    ----------
    place
        Kilometres, shape (towns, 2).
    district
        District of each, shape (towns,).
    low, high
        Corners of its district, kilometres, shape (towns, 2).
    size
        Weight of each in people, shape (towns,).
    """

    place: Floats
    district: Ints
    low: Floats
    high: Floats
    size: Floats

    @property
    def is_seat(self) -> NDArray[np.bool_]:
        """Whether a town is its district's seat, shape (towns,)."""
        return np.append(True, self.district[1:] != self.district[:-1])


def degrees(place: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude of places in kilometres, rounded to a metre."""
    lat = _CORNER[1] + place[:, 1] / _KM_PER_DEGREE
    lon = _CORNER[0] + place[:, 0] / (_KM_PER_DEGREE * np.cos(np.radians(_CORNER[1])))
    return lon.round(5), lat.round(5)


def towns(rng: np.random.Generator, districts: int, per_district: int, side_km: float) -> Towns:
    """Towns on a jittered grid in each district, the seat in the middle, several times as large as the others."""
    across = grid_width(districts)
    rows = int(np.ceil(np.sqrt(per_district)))
    cell = side_km / rows
    spot = np.argsort(np.hypot(*(np.indices((rows, rows)).reshape(2, -1) - (rows - 1) / 2)), kind="stable")
    spot = np.concatenate([spot[:1], rng.permutation(spot[1:])])[:per_district]
    inside = (np.column_stack([spot % rows, spot // rows]) + 0.5) * cell
    district = np.repeat(np.arange(districts), per_district)
    low = np.asarray(np.column_stack([district % across, district // across]) * side_km, dtype=np.float64)
    jitter = rng.uniform(-0.3, 0.3, (len(district), 2)) * cell
    size = rng.lognormal(0.0, 0.5, len(district))
    size[::per_district] *= per_district / 2
    return Towns(low + np.tile(inside, (districts, 1)) + jitter, district, low, low + side_km, size)


def grid_width(districts: int) -> int:
    """How many districts lie side by side."""
    return int(np.ceil(np.sqrt(1.6 * districts)))


def nodes(rng: np.random.Generator, land: Towns, count: int) -> pd.DataFrame:
    """Cells with people: three in four in town, the others around it; columns x, y, town, is_urban, area_km2, people."""
    town = _crowded_towns(rng, land, count)
    is_urban = rng.random(count) < 0.75
    spread = np.where(is_urban, np.where(land.is_seat[town], 2.5, 0.8), 4.0)
    place = land.place[town] + rng.normal(size=(count, 2)) * spread[:, None]
    place = np.clip(place, land.low[town] + 0.1, land.high[town] - 0.1)
    people = rng.lognormal(np.log(np.where(is_urban, 480.0, 180.0)), 0.7).round() + 1
    return pd.DataFrame(
        {
            "x": place[:, 0],
            "y": place[:, 1],
            "town": town,
            "is_urban": is_urban.astype(int),
            "area_km2": np.where(is_urban, 0.1, 1.5),
            "people": people,
        }
    )


def _crowded_towns(rng: np.random.Generator, land: Towns, count: int) -> Ints:
    """The town of each cell, ascending: as many cells in every district, some in every town, more in larger ones."""
    each = count // (int(land.district[-1]) + 1)
    picked = []
    for district in np.unique(land.district):
        own = np.flatnonzero(land.district == district)
        more = rng.choice(own, each - len(own), p=land.size[own] / land.size[own].sum())
        picked.append(np.sort(np.append(own, more)))
    return np.concatenate(picked)


def roads(rng: np.random.Generator, width_km: float, height_km: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """road_nodes and road_edges: a junction each kilometre, faster roads each five, some side roads missing."""
    across, up = int(width_km) + 1, int(height_km) + 1
    number = np.arange(across * up).reshape(up, across)
    y, x = np.divmod(number.ravel(), across)
    place = np.column_stack([x, y]) + rng.uniform(-0.15, 0.15, (number.size, 2))
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    line = np.where(np.arange(len(start)) < up * (across - 1), start // across, start % across)
    is_arterial = line % _ARTERIAL_KM == 0
    is_there = is_arterial | (rng.random(len(start)) < _KEPT_ROADS)
    start, end, is_arterial = start[is_there], end[is_there], is_arterial[is_there]
    kept = _largest_part(start, end, number.size)
    is_kept = kept[start]
    km = np.hypot(*(place[end] - place[start]).T) * rng.uniform(1.05, 1.3, len(start))
    speed = np.where(is_arterial, 50.0, 25.0) * rng.uniform(0.8, 1.2, len(start))
    names = np.array([f"j{n:06d}" for n in range(number.size)])
    lon, lat = degrees(place)
    junctions = pd.DataFrame({"road_node_id": names, "lon": lon, "lat": lat})[kept]
    edges = pd.DataFrame(
        {
            "from_id": names[start],
            "to_id": names[end],
            "metres": (1000 * km).round(),
            "minutes": (60 * km / speed).round(3),
            "is_oneway": 0,
        }
    )[is_kept]
    return junctions, edges


def _largest_part(start: Ints, end: Ints, count: int) -> NDArray[np.bool_]:
    _, label = connected_components(
        coo_array((np.ones(len(start)), (start, end)), shape=(count, count)), directed=False
    )
    return np.asarray(label == np.bincount(label).argmax())
