"""The road network of one mode as integer arrays, and its networkx view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import great_circle_km, unit_vectors
from netplan.policy import Travel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mode = Literal["car", "walk", "bus"]


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """Junctions (integer positions) and the directed roads that one mode may use.

    Attributes
    ----------
    ids
        Identifier of each junction, length J.
    lon, lat
        Degrees (WGS-84), shape (J,).
    tail, head
        Junctions that a directed road leaves and enters, shape (R,).
    minutes, metres
        Of each directed road, shape (R,).
    edge
        Row of `road_edges` that the directed road comes from, shape (R,); of a row's two directions the one from
        `from_id` to `to_id` comes first. -1 for a link (a ferry, a missing bridge): no place snaps to it.
    mode
        Who travels: by car, on foot or by bus.
    trip_minutes
        Minutes that every trip on the network costs once, however short (waiting for the bus).
    """

    ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    tail: Ints
    head: Ints
    minutes: Floats
    metres: Floats
    edge: Ints
    mode: Mode = "car"
    trip_minutes: float = 0.0

    @classmethod
    def from_tables(
        cls, road_nodes: pd.DataFrame, road_edges: pd.DataFrame, travel: Travel | None = None
    ) -> RoadNetwork:
        """The roads of `road_nodes` and `road_edges` that the mode of `travel` may use (default: by car).

        A two-way road becomes two directed ones. docs/model.md, "Minutes", says which minutes each mode takes.

        Raises
        ------
        KeyError
            A road names a junction that `road_nodes` does not have.
        """
        travel = travel or Travel()
        position = pd.Series(np.arange(len(road_nodes)), index=road_nodes["road_node_id"])
        start = position.loc[road_edges["from_id"]].to_numpy(dtype=np.int64)
        end = position.loc[road_edges["to_id"]].to_numpy(dtype=np.int64)
        there, back = _minutes_of(road_edges, travel)
        row = np.arange(len(road_edges), dtype=np.int64)
        open_there, open_back = np.isfinite(there), np.isfinite(back)
        edge = np.concatenate([row[open_there], row[open_back]])
        return cls(
            ids=tuple(road_nodes["road_node_id"]),
            lon=road_nodes["lon"].to_numpy(dtype=np.float64),
            lat=road_nodes["lat"].to_numpy(dtype=np.float64),
            tail=np.concatenate([start[open_there], end[open_back]]),
            head=np.concatenate([end[open_there], start[open_back]]),
            minutes=np.concatenate([there[open_there], back[open_back]]),
            metres=road_edges["metres"].to_numpy(dtype=np.float64)[edge],
            edge=edge,
            mode=travel.mode,
            trip_minutes=travel.trip_minutes,
        )

    @property
    def is_used(self) -> NDArray[np.bool_]:
        """Junctions at which a road of this mode starts or ends, shape (J,)."""
        used = np.zeros(len(self.ids), dtype=bool)
        used[self.tail] = used[self.head] = True
        return used

    def to_networkx(self) -> nx.DiGraph:
        """A networkx graph of the junction ids with `minutes` on each edge (of parallel roads the fastest)."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.ids)
        slowest_first = np.argsort(-self.minutes, kind="stable")
        tails, heads, minutes = (part[slowest_first].tolist() for part in (self.tail, self.head, self.minutes))
        graph.add_weighted_edges_from(
            ((self.ids[a], self.ids[b], m) for a, b, m in zip(tails, heads, minutes, strict=True)), weight="minutes"
        )
        return graph

    def components(self) -> list[set[str]]:
        """Weakly connected parts, largest first, junctions without a road of this mode as parts of their own."""
        size = len(self.ids)
        roads = coo_array((np.ones(len(self.tail), dtype=np.int8), (self.tail, self.head)), shape=(size, size))
        count, part = connected_components(roads, directed=True, connection="weak")
        names = np.array(self.ids, dtype=object)[np.argsort(part, kind="stable")]
        cuts = np.cumsum(np.bincount(part, minlength=count))[:-1]
        return sorted((set(piece) for piece in np.split(names, cuts)), key=len, reverse=True)

    def nearest_junction(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """The nearest junction with a road of this mode to each position, and the great-circle metres to it.

        Where the mode has no road at all: -1 and infinite metres.
        """
        used = np.flatnonzero(self.is_used)
        if not len(used):
            return np.full(len(lon), -1, dtype=np.int64), np.full(len(lon), np.inf)
        _, nearest = KDTree(unit_vectors(self.lon[used], self.lat[used])).query(unit_vectors(lon, lat))
        junction = used[np.asarray(nearest, dtype=np.int64)]
        return junction, 1000.0 * great_circle_km(lon, lat, self.lon[junction], self.lat[junction])


def _minutes_of(road_edges: pd.DataFrame, travel: Travel) -> tuple[Floats, Floats]:
    """Minutes of each road from its from_id to its to_id and back; infinite where the mode may not pass."""
    one_way = road_edges["is_oneway"].to_numpy(dtype=bool)
    if travel.mode == "walk":
        return _walked(road_edges, travel)
    there, back = _given(road_edges, "minutes")
    if travel.mode == "bus":
        ridden = _at_speed(road_edges, travel.bus_speed_km_per_hour)
        there, back = np.where(np.isfinite(there), ridden, np.inf), np.where(np.isfinite(back), ridden, np.inf)
    return there, np.where(one_way, np.inf, back)


def _walked(road_edges: pd.DataFrame, travel: Travel) -> tuple[Floats, Floats]:
    """On foot one-way signs do not count; a column that is blank on every road says no more than one that is absent."""
    if "walk_minutes" in road_edges and road_edges["walk_minutes"].notna().any():
        return _given(road_edges, "walk_minutes")
    minutes = _at_speed(road_edges, travel.walk_speed_km_per_hour)
    return minutes, minutes


def _at_speed(road_edges: pd.DataFrame, km_per_hour: float) -> Floats:
    return road_edges["metres"].to_numpy(dtype=np.float64) * (60.0 / 1000.0 / km_per_hour)


def _given(road_edges: pd.DataFrame, column: str) -> tuple[Floats, Floats]:
    """A column of minutes and its `_back`: blank = closed, a blank `_back` = as there."""
    there = road_edges[column].to_numpy(dtype=np.float64)
    closed = np.isnan(there)
    back = road_edges[f"{column}_back"].to_numpy(dtype=np.float64) if f"{column}_back" in road_edges else there
    back = np.where(np.isnan(back), there, back)
    return np.where(closed, np.inf, there), np.where(closed, np.inf, back)
