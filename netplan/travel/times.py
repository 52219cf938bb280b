"""All the minutes a plan needs: node to site, site to site, node to other banks' outlets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.policy import Travel
from netplan.travel.geodesy import chord_of_km, great_circle_km, unit_vectors
from netplan.travel.minutes import SparseMinutes, TravelTimes
from netplan.travel.network import RoadNetwork

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Points on the network: where they are, their junction, the leg to it, and the travel inside the cell."""

    lon: Floats
    lat: Floats
    junction: Ints
    leg_minutes: Floats
    cell_minutes: Floats
    is_reached: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lon)


def travel_times(
    nodes: pd.DataFrame,
    sites: pd.DataFrame,
    competitors: pd.DataFrame,
    roads: RoadNetwork | None,
    travel: Travel,
    *,
    limit_minutes: float,
    site_limit_minutes: float,
) -> TravelTimes:
    """Compute every pair of minutes within the cut-offs; the formula is in docs/model.md, "Minutes".

    Parameters
    ----------
    nodes, sites, competitors
        Tables with lon and lat (degrees); nodes also area_km2.
    roads
        The road network, or None for great-circle distance x detour factor / speed.
    """
    node_ends = _ends(nodes, roads, travel)
    site_ends = _ends(sites, roads, travel)
    rival_ends = _ends(competitors, roads, travel)
    pairs = _crow_minutes if roads is None else _RoadMinutes(roads)
    return TravelTimes(
        to_site=pairs(node_ends, site_ends, travel, limit_minutes),
        between_sites=_with_zero_diagonal(pairs(site_ends, site_ends, travel, site_limit_minutes)),
        to_competitor=pairs(node_ends, rival_ends, travel, limit_minutes),
        limit_minutes=limit_minutes,
        site_limit_minutes=site_limit_minutes,
        is_from_roads=roads is not None,
        unreached_nodes=tuple(nodes["node_id"][~node_ends.is_reached]),
        unreached_sites=tuple(sites["site_id"][~site_ends.is_reached]),
    )


def _ends(points: pd.DataFrame, roads: RoadNetwork | None, travel: Travel) -> _Ends:
    lon, lat = points["lon"].to_numpy(dtype=np.float64), points["lat"].to_numpy(dtype=np.float64)
    per_km = 60.0 * travel.leg_detour_factor / travel.leg_speed_km_per_hour
    area_km2 = points["area_km2"].to_numpy(dtype=np.float64) if "area_km2" in points else np.zeros(len(lon))
    cell_minutes = (2.0 / 3.0) * np.sqrt(area_km2 / np.pi) * per_km
    if roads is None or not len(lon):
        nothing = np.zeros(len(lon))
        return _Ends(lon, lat, nothing.astype(np.int64), nothing, cell_minutes, np.ones(len(lon), dtype=bool))
    junction, metres = roads.nearest_junction(lon, lat)
    return _Ends(lon, lat, junction, metres / 1000.0 * per_km, cell_minutes, metres <= travel.max_leg_metres)


def _with_zero_diagonal(table: SparseMinutes) -> SparseMinutes:
    same = np.arange(table.shape[0], dtype=np.int64)
    return SparseMinutes.from_pairs(
        table.shape,
        np.concatenate([table.origin, same]),
        np.concatenate([table.target, same]),
        np.concatenate([table.minutes, np.zeros(len(same))]),
    )


def _near_pairs(origins: _Ends, targets: _Ends, kilometres: float) -> tuple[Ints, Ints, Floats]:
    """Pairs within a great-circle distance, and their kilometres."""
    tree = KDTree(unit_vectors(targets.lon, targets.lat))
    near = tree.query_ball_point(unit_vectors(origins.lon, origins.lat), chord_of_km(kilometres) * (1 + 1e-9))
    origin = np.repeat(np.arange(len(origins), dtype=np.int64), [len(found) for found in near])
    target = np.fromiter((j for found in near for j in found), dtype=np.int64, count=len(origin))
    return (
        origin,
        target,
        great_circle_km(origins.lon[origin], origins.lat[origin], targets.lon[target], targets.lat[target]),
    )


def _crow_minutes(origins: _Ends, targets: _Ends, travel: Travel, limit: float) -> SparseMinutes:
    shape = (len(origins), len(targets))
    if 0 in shape:
        return _no_pairs(shape)
    per_km = 60.0 * travel.detour_factor / travel.speed_km_per_hour
    origin, target, km = _near_pairs(origins, targets, limit / per_km)
    return _within(shape, origin, target, km * per_km + origins.cell_minutes[origin], limit)


@dataclass(frozen=True, slots=True)
class _RoadMinutes:
    roads: RoadNetwork

    def __call__(self, origins: _Ends, targets: _Ends, travel: Travel, limit: float) -> SparseMinutes:
        shape = (len(origins), len(targets))
        if 0 in shape:
            return _no_pairs(shape)
        origin, target, minutes = self.roads.minutes_to(targets.junction, origins.junction, limit)
        minutes = minutes + origins.leg_minutes[origin] + targets.leg_minutes[target] + origins.cell_minutes[origin]
        direct = self._on_foot(origins, targets, travel, origin, target)
        reached = origins.is_reached[origin] & targets.is_reached[target]
        return _within(shape, origin[reached], target[reached], np.minimum(minutes, direct)[reached], limit)

    @staticmethod
    def _on_foot(origins: _Ends, targets: _Ends, travel: Travel, origin: Ints, target: Ints) -> Floats:
        """Minutes straight across where two points share a junction; infinite elsewhere."""
        direct = np.full(len(origin), np.inf)
        same = np.flatnonzero(origins.junction[origin] == targets.junction[target])
        i, s = origin[same], target[same]
        km = great_circle_km(origins.lon[i], origins.lat[i], targets.lon[s], targets.lat[s])
        direct[same] = km * 60.0 * travel.leg_detour_factor / travel.leg_speed_km_per_hour + origins.cell_minutes[i]
        return direct


def _no_pairs(shape: tuple[int, int]) -> SparseMinutes:
    nothing = np.empty(0, dtype=np.int64)
    return SparseMinutes.from_pairs(shape, nothing, nothing, np.empty(0))


def _within(shape: tuple[int, int], origin: Ints, target: Ints, minutes: Floats, limit: float) -> SparseMinutes:
    keep = minutes <= limit
    return SparseMinutes.from_pairs(shape, origin[keep], target[keep], minutes[keep])
