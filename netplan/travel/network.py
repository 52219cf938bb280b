"""The road network as integer arrays, its networkx view, and shortest times on it."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from netplan.travel.geodesy import great_circle_km, unit_vectors

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SOURCES_AT_ONCE = 64
"""Dense distance rows held at a time: 64 x 300,000 junctions is 150 MB."""

_MINUTES_FLOOR = 1e-12
"""csgraph reads a stored zero as 'no road'; a road of no length keeps this instead."""


_NO_PAIRS = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """Junctions (integer positions) and directed roads with minutes."""

    ids: tuple[str, ...]
    lon: Floats
    lat: Floats
    tail: Ints
    head: Ints
    minutes: Floats

    @classmethod
    def from_tables(cls, road_nodes: pd.DataFrame, road_edges: pd.DataFrame) -> RoadNetwork:
        """Build from `road_nodes` and `road_edges`; a two-way road becomes two directed ones."""
        position = pd.Series(np.arange(len(road_nodes)), index=road_nodes["road_node_id"])
        tail = position.loc[road_edges["from_id"]].to_numpy(dtype=np.int64)
        head = position.loc[road_edges["to_id"]].to_numpy(dtype=np.int64)
        minutes = road_edges["minutes"].to_numpy(dtype=np.float64)
        back = ~road_edges["is_oneway"].to_numpy(dtype=bool)
        return cls(
            ids=tuple(road_nodes["road_node_id"]),
            lon=road_nodes["lon"].to_numpy(dtype=np.float64),
            lat=road_nodes["lat"].to_numpy(dtype=np.float64),
            tail=np.concatenate([tail, head[back]]),
            head=np.concatenate([head, tail[back]]),
            minutes=np.concatenate([minutes, minutes[back]]),
        )

    def to_networkx(self) -> nx.DiGraph:
        """A networkx graph of the junction ids with `minutes` on each edge (of parallel roads the fastest)."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.ids)
        for tail, head, minutes in zip(self.tail, self.head, self.minutes, strict=True):
            ends = self.ids[tail], self.ids[head]
            if minutes < graph.get_edge_data(*ends, {"minutes": np.inf})["minutes"]:
                graph.add_edge(*ends, minutes=float(minutes))
        return graph

    def components(self) -> list[set[str]]:
        """Weakly connected parts, largest first."""
        return sorted(nx.weakly_connected_components(self.to_networkx()), key=len, reverse=True)

    def nearest_junction(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """The nearest junction to each position, and the great-circle metres to it."""
        tree = KDTree(unit_vectors(self.lon, self.lat))
        _, junction = tree.query(unit_vectors(lon, lat))
        junction = np.asarray(junction, dtype=np.int64)
        metres = 1000.0 * great_circle_km(lon, lat, self.lon[junction], self.lat[junction])
        return junction, metres

    def minutes_to(self, targets: Ints, sources: Ints, limit: float) -> tuple[Ints, Ints, Floats]:
        """Fastest minutes from `sources` to `targets` (junctions) up to a limit.

        Returns positions into `sources`, positions into `targets`, and minutes of the pairs within the limit.
        Searched backwards from the targets, in batches, so memory stays bounded.
        """
        graph = self._backward()
        wanted, back = np.unique(targets, return_inverse=True)
        found: list[tuple[Ints, Ints, Floats]] = [_NO_PAIRS]
        for first in range(0, len(wanted), _SOURCES_AT_ONCE):
            batch = wanted[first : first + _SOURCES_AT_ONCE]
            reach = dijkstra(graph, directed=True, indices=batch, limit=limit)[:, sources]
            row, source = np.nonzero(reach <= limit)
            found.append((source.astype(np.int64), row.astype(np.int64) + first, reach[row, source]))
        source, unique_target, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
        return _spread(source, unique_target, minutes, back)

    def _backward(self) -> csr_array:
        size = len(self.ids)
        order = np.lexsort((self.minutes, self.tail, self.head))
        head, tail, minutes = self.head[order], self.tail[order], self.minutes[order]
        fastest = np.ones(len(head), dtype=bool)
        fastest[1:] = (np.diff(head) != 0) | (np.diff(tail) != 0)
        weights = np.maximum(minutes[fastest], _MINUTES_FLOOR)
        return csr_array((weights, (head[fastest], tail[fastest])), shape=(size, size))


def _spread(source: Ints, unique: Ints, minutes: Floats, back: Ints) -> tuple[Ints, Ints, Floats]:
    """Give every target its junction's pairs: several targets may share a junction."""
    order = np.argsort(unique, kind="stable")
    source, unique, minutes = source[order], unique[order], minutes[order]
    count = np.bincount(unique, minlength=int(back.max()) + 1 if len(back) else 0)
    start = np.concatenate([[0], np.cumsum(count)])
    repeat = count[back]
    target = np.repeat(np.arange(len(back), dtype=np.int64), repeat)
    offset = np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    at = np.repeat(start[back], repeat) + offset
    return source[at], target, minutes[at]
