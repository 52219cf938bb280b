"""Candidate sites where nobody has listed any: the nodes that bring most people nearer to an outlet."""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import EARTH_RADIUS_KM, chord_of_km, unit_vectors

Floats = NDArray[np.float64]

REACH_KM = 20.0
"""Farther people count as this far: one remote village should not outweigh a suburb."""

_LEAST_KM = 0.3


def suggested_nodes(nodes: gpd.GeoDataFrame, outlets: pd.DataFrame, number: int) -> list[int]:
    """Positions of nodes, one after the other the one that shortens people's way to the nearest outlet most.

    The greedy algorithm for the p-median as the crow flies, with today's outlets open (its gain never grows as sites are added, so
    gains are looked at again only when they may be the largest: Minoux 1978). Fewer than `number` come back where nobody gains.
    """
    here = unit_vectors(nodes["lon"], nodes["lat"])
    people = nodes[["children", "working", "elderly"]].to_numpy(dtype=np.float64).sum(axis=1)
    tree = KDTree(here)
    nearest, _ = KDTree(unit_vectors(outlets["lon"], outlets["lat"])).query(here)
    today = np.minimum(_km(nearest), REACH_KM)

    def around(node: int) -> tuple[NDArray[np.int64], Floats]:
        near = np.asarray(tree.query_ball_point(here[node], chord_of_km(REACH_KM)), dtype=np.int64)
        return near, _km(np.linalg.norm(here[near] - here[node], axis=1))

    def gain(node: int) -> float:
        near, km = around(node)
        return float(people[near] @ np.maximum(0.0, today[near] - km))

    far = np.flatnonzero(today > _LEAST_KM)
    queue = [(-gain(int(node)), int(node)) for node in far]
    heapq.heapify(queue)
    chosen: list[int] = []
    while queue and len(chosen) < number:
        _, node = heapq.heappop(queue)
        worth = gain(node)
        if worth <= 0 or today[node] <= _LEAST_KM:
            continue
        if queue and worth < -queue[0][0] - 1e-9:
            heapq.heappush(queue, (-worth, node))
            continue
        near, km = around(node)
        today[near] = np.minimum(today[near], km)
        chosen.append(node)
    return chosen


def _km(chord: Floats) -> Floats:
    """Great-circle kilometres of a chord of the unit sphere."""
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2.0)))
