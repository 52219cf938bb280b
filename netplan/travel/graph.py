"""A road network prepared for searching: numbered along a curve, by junction, in both directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.travel.curve import hilbert_order
from netplan.travel.network import RoadNetwork
from netplan.travel.search import Graph
from netplan.travel.snap import Roads

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_WIDTH_QUANTILE = 0.05
"""Buckets as wide as a short road: hardly any junction is settled twice, and few buckets are empty."""
_MOST_BUCKETS = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class SearchGraph:
    """Directed roads from each junction on (`forwards`) and to each junction (`backwards`).

    Attributes
    ----------
    number
        Number of each junction in the search, shape (J,): along a Hilbert curve, so that neighbours lie side by side in memory.
    roads
        The roads that places snap to, with junctions of the network, not of the search.
    """

    number: Ints
    roads: Roads
    forwards: Graph
    backwards: Graph

    @classmethod
    def of(cls, network: RoadNetwork) -> SearchGraph:
        """Prepare a network."""
        size = len(network.ids)
        number = np.empty(size, dtype=np.int64)
        number[hilbert_order(network.lon, network.lat)] = np.arange(size)
        tail, head = number[network.tail], number[network.head]
        return cls(
            number,
            Roads.of(network),
            _by_junction(size, tail, head, network.minutes),
            _by_junction(size, head, tail, network.minutes),
        )


def _by_junction(size: int, tail: Ints, head: Ints, minutes: Floats) -> Graph:
    """Roads sorted by the junction they leave; of parallel roads the fastest, of roads back to their start none."""
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], minutes[order]
    kept = tail != head
    kept[1:] &= (np.diff(tail) != 0) | (np.diff(head) != 0)
    tail, head, minutes = tail[kept], head[kept], minutes[kept]
    start = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=size), out=start[1:])
    return Graph(start, head.astype(np.int32), minutes, *_buckets(minutes))


def _buckets(minutes: Floats) -> tuple[float, int]:
    """Buckets a minute, and their number, a power of two: junctions that wait lie within the longest road of each other."""
    positive = minutes[minutes > 0]
    if not len(positive):
        return 1.0, 4
    longest = float(positive.max())
    width = max(float(np.quantile(positive, _WIDTH_QUANTILE)), longest / _MOST_BUCKETS)
    return 1.0 / width, 1 << int(longest / width + 3).bit_length()
