"""Places on the road network: demand nodes, sites, other banks' outlets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.policy import Travel
from netplan.travel.graph import SearchGraph
from netplan.travel.network import RoadNetwork
from netplan.travel.search import Hung, Index
from netplan.travel.snap import Feet, nearest_roads

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where places are, where they enter the network, and what that takes; shape (P,) each.

    Attributes
    ----------
    feet
        Foot points on the nearest roads; None without roads.
    leg_minutes
        From the place to its foot point; 0 without roads or where there is no foot point.
    cell_minutes
        Inside the cell of a demand node; 0 for other places.
    """

    lon: Floats
    lat: Floats
    feet: Feet | None
    leg_minutes: Floats
    cell_minutes: Floats

    def __len__(self) -> int:
        return len(self.lon)

    @property
    def is_reached(self) -> NDArray[np.bool_]:
        """Which places have a road within the longest leg; all of them without roads."""
        return np.ones(len(self), dtype=bool) if self.feet is None else self.feet.road >= 0


def places_of(points: pd.DataFrame, travel: Travel, network: RoadNetwork | None, graph: SearchGraph | None) -> Places:
    """Snap a table with lon, lat and perhaps area_km2 to the nearest roads of a network."""
    lon, lat = points["lon"].to_numpy(dtype=np.float64), points["lat"].to_numpy(dtype=np.float64)
    area_km2 = points["area_km2"].to_numpy(dtype=np.float64) if "area_km2" in points else np.zeros(len(lon))
    cell = (2.0 / 3.0) * np.sqrt(area_km2 / np.pi) * travel.leg_minutes_per_km
    if network is None or graph is None:
        return Places(lon, lat, None, np.zeros(len(lon)), cell)
    feet = nearest_roads(network, graph.roads, lon, lat, travel.max_leg_metres)
    leg = np.where(feet.road >= 0, feet.metres, 0.0) / 1000.0 * travel.leg_minutes_per_km
    return Places(lon, lat, feet, leg, cell)


def hung(places: Places, graph: SearchGraph, *, backwards: bool) -> Hung:
    """Places as a search in one direction sees them: backwards, from and to change sides.

    A place at a junction hangs on the junction: both its ends are that, and those with which it shares a "road" are the
    others at this junction.
    """
    if places.feet is None:
        raise ValueError("places without roads cannot be searched for on them")
    roads, road, share = graph.roads, places.feet.road, places.feet.share
    at_junction = (road >= 0) & ((share == 0.0) | (share == 1.0))
    first, last = _numbers(graph, roads.first, road), _numbers(graph, roads.last, road)
    junction = np.where(share == 0.0, first, last)
    first, last = np.where(at_junction, junction, first), np.where(at_junction, junction, last)
    from_first, to_last = _minutes(roads.there, road, share), _minutes(roads.there, road, 1.0 - share)
    from_last, to_first = _minutes(roads.back, road, 1.0 - share), _minutes(roads.back, road, share)
    from_first, to_first = np.where(at_junction, 0.0, from_first), np.where(at_junction, 0.0, to_first)
    from_last, to_last = np.where(at_junction, np.inf, from_last), np.where(at_junction, np.inf, to_last)
    if backwards:
        to_first, to_last, from_first, from_last = from_first, from_last, to_first, to_last
    return Hung(
        road=np.where(at_junction, len(roads.edge) + junction, road),
        first=first.astype(np.int32),
        last=last.astype(np.int32),
        along=np.where(at_junction, 0.0, share),
        to_first=to_first,
        to_last=to_last,
        from_first=from_first,
        from_last=from_last,
        extra=places.leg_minutes + places.cell_minutes,
        cell=places.cell_minutes,
        lon=places.lon,
        lat=places.lat,
    )


def _numbers(graph: SearchGraph, junction: Ints, road: Ints) -> Ints:
    """Search numbers of the junctions at one end of some roads; 0 where there is no road."""
    return np.where(road >= 0, graph.number[junction[road]], 0) if len(junction) else np.zeros_like(road)


def _minutes(minutes: Floats, road: Ints, share: Floats) -> Floats:
    """A share of the minutes of some roads, not meant for a share of nothing; infinite where there is no road."""
    if not len(minutes):
        return np.full(len(road), np.inf)
    return np.where(road >= 0, minutes[road], np.inf) * np.where(share > 0.0, share, 1.0)


def index_of(places: Hung, num_junctions: int, num_roads: int) -> Index:
    """The places by the junctions at which they are reached, and by the road or the junction they hang on."""
    place = np.arange(len(places.road), dtype=np.int64)
    junction = np.concatenate([places.first, places.last]).astype(np.int64)
    minutes = np.concatenate([places.from_first, places.from_last])
    usable = np.isfinite(minutes) & np.tile(places.road >= 0, 2)
    junction, minutes, hooked = junction[usable], minutes[usable], np.tile(place, 2)[usable]
    order = np.argsort(junction, kind="stable")
    on_road = place[places.road >= 0]
    by_road = on_road[np.argsort(places.road[on_road], kind="stable")]
    return Index(
        _starts(junction, num_junctions),
        hooked[order].astype(np.int32),
        minutes[order] + places.extra[hooked[order]],
        _starts(places.road[on_road], num_roads + num_junctions),
        by_road.astype(np.int32),
    )


def _starts(group: Ints, size: int) -> Ints:
    start = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(group, minlength=size), out=start[1:])
    return start
