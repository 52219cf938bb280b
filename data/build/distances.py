"""Road minutes between points of the modelled network, for siting only: the region's own travel times are netplan's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from metric import Floats, Ints
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree


def nearest_junctions(xy: Floats, junctions: pd.DataFrame) -> Ints:
    """Position of the nearest junction of each point."""
    return np.asarray(cKDTree(junctions[["x", "y"]].to_numpy()).query(xy)[1])


def road_minutes(starts: Floats, ends: Floats, roads: tuple[pd.DataFrame, pd.DataFrame], limit: float) -> Floats:
    """Minutes from each start to each end (inf beyond `limit`), shape (starts, ends)."""
    junctions, edges = roads
    size = (len(junctions), len(junctions))
    graph = csr_array((edges["minutes"].to_numpy(), (edges["start"].to_numpy(), edges["end"].to_numpy())), shape=size)
    found = dijkstra(graph, directed=False, indices=nearest_junctions(starts, junctions), limit=limit)
    return np.round(found[:, nearest_junctions(ends, junctions)], 3)
