"""All the minutes a plan needs: node to site, site to site, node to other banks' outlets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import chord_of_km, great_circle_km, unit_vectors
from netplan.errors import InputError
from netplan.policy import Travel
from netplan.travel.graph import SearchGraph
from netplan.travel.many import TripRules, Work, road_minutes
from netplan.travel.minutes import SparseMinutes, TravelTimes
from netplan.travel.network import RoadNetwork
from netplan.travel.places import Places, places_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def travel_times(
    nodes: pd.DataFrame,
    sites: pd.DataFrame,
    competitors: pd.DataFrame,
    roads: RoadNetwork | None,
    travel: Travel,
    *,
    limit_minutes: float,
    site_limit_minutes: float,
    work: Work | None = None,
) -> TravelTimes:
    """Compute every pair of minutes within the cut-offs; the formula is in docs/model.md, "Minutes".

    Parameters
    ----------
    nodes, sites, competitors
        Tables with lon and lat (degrees); nodes also area_km2.
    roads
        The road network of the mode of `travel`, or None for great-circle distance x detour factor / speed.
    work
        Cache, progress, memory and cores; nothing in it changes the minutes.

    Raises
    ------
    InputError
        The network is not of the mode of `travel`, or the cache folder cannot be written.
    """
    measure = _Measure(roads, travel, work or Work())
    node_places, site_places, rival_places = (measure.places(table) for table in (nodes, sites, competitors))
    return TravelTimes(
        to_site=measure.minutes("node to site", node_places, site_places, limit_minutes),
        between_sites=measure.minutes("site to site", site_places, site_places, site_limit_minutes).with_own(),
        to_competitor=measure.minutes("node to other banks", node_places, rival_places, limit_minutes),
        limit_minutes=limit_minutes,
        site_limit_minutes=site_limit_minutes,
        is_from_roads=roads is not None,
        unreached_nodes=tuple(nodes["node_id"][~node_places.is_reached]),
        unreached_sites=tuple(sites["site_id"][~site_places.is_reached]),
        unreached_competitors=tuple(competitors["site_id"][~rival_places.is_reached]),
    )


def minutes_between(
    origins: pd.DataFrame,
    targets: pd.DataFrame,
    roads: RoadNetwork | None,
    travel: Travel,
    *,
    limit_minutes: float,
    direction: Literal["forwards", "backwards"] = "forwards",
    work: Work | None = None,
) -> SparseMinutes:
    """Minutes between two tables of places with lon and lat (degrees), and perhaps area_km2.

    Parameters
    ----------
    roads
        The road network of the mode of `travel`, or None for great-circle distance x detour factor / speed.
    direction
        ``"forwards"``: from the origins to the targets; ``"backwards"``: from the targets to the origins, as for
        couriers, or home visits. Rows are the origins either way.
    work
        Cache, progress, memory and cores; nothing in it changes the minutes.

    Returns
    -------
    SparseMinutes
        Shape (origins, targets), pairs within the limit.

    Raises
    ------
    InputError
        The network is not of the mode of `travel`, or the cache folder cannot be written.
    """
    measure = _Measure(roads, travel, work or Work())
    places, others = measure.places(origins), measure.places(targets)
    if direction == "forwards":
        return measure.minutes("minutes", places, others, limit_minutes)
    return measure.minutes("minutes", others, places, limit_minutes).transposed()


class _Measure:
    """One way of measuring: a network of one mode, made ready once, or great circles."""

    def __init__(self, roads: RoadNetwork | None, travel: Travel, work: Work) -> None:
        if roads is not None and roads.mode != travel.mode:
            raise InputError(f"the road network is for {roads.mode}, the plan travels by {travel.mode}: build it anew")
        self._roads, self._travel, self._work = roads, travel, work
        self._graph = None if roads is None else SearchGraph.of(roads)

    def places(self, points: pd.DataFrame) -> Places:
        return places_of(points, self._travel, self._roads, self._graph)

    def minutes(self, what: str, origins: Places, targets: Places, limit: float) -> SparseMinutes:
        shape = (len(origins), len(targets))
        if 0 in shape:
            return _no_pairs(shape)
        if self._graph is None:
            return _crow_minutes(origins, targets, self._travel, limit)
        rules = TripRules.of(self._travel, limit)
        return road_minutes(origins, targets, self._graph, rules, self._work.named(what))


def _near_pairs(origins: Places, targets: Places, kilometres: float) -> tuple[Ints, Ints, Floats]:
    """Pairs within a great-circle distance, and their kilometres."""
    tree = KDTree(unit_vectors(targets.lon, targets.lat))
    near = tree.query_ball_point(unit_vectors(origins.lon, origins.lat), chord_of_km(kilometres) * (1 + 1e-9))
    origin = np.repeat(np.arange(len(origins), dtype=np.int64), [len(found) for found in near])
    target = np.fromiter((j for found in near for j in found), dtype=np.int64, count=len(origin))
    km = great_circle_km(origins.lon[origin], origins.lat[origin], targets.lon[target], targets.lat[target])
    return origin, target, km


def _crow_minutes(origins: Places, targets: Places, travel: Travel, limit: float) -> SparseMinutes:
    per_km = travel.crow_minutes_per_km
    shape = (len(origins), len(targets))
    if limit < travel.trip_minutes:
        return _no_pairs(shape)
    origin, target, km = _near_pairs(origins, targets, (limit - travel.trip_minutes) / per_km)
    minutes = travel.trip_minutes + km * per_km + origins.cell_minutes[origin] + targets.cell_minutes[target]
    keep = minutes <= limit
    return SparseMinutes.from_pairs(shape, origin[keep], target[keep], minutes[keep])


def _no_pairs(shape: tuple[int, int]) -> SparseMinutes:
    nothing = np.empty(0, dtype=np.int64)
    return SparseMinutes.from_pairs(shape, nothing, nothing, np.empty(0))
