"""A modelled road network that joins towns and villages, slower and more winding in the mountains.

Minor roads are the relative neighbourhood graph of all towns and villages (Toussaint 1980; it contains the minimum
spanning tree, so the network is connected), with the further Gabriel edges (Gabriel & Sokal 1969) in gentle land. Main
roads follow shortest paths between neighbouring towns, expressways between neighbouring district seats.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from land import ruggedness
from metric import Flags, Floats, Ints, to_degrees
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

MINOR, MAIN, EXPRESS = 0, 1, 2
_KM_PER_HOUR = np.array([30.0, 50.0, 80.0])
_SLOWED_BY_RUGGEDNESS = np.array([0.45, 0.35, 0.15])
_WINDING = np.array([1.20, 1.12, 1.06])
_WINDING_BY_RUGGEDNESS = np.array([0.55, 0.35, 0.12])
_URBAN_KM_PER_HOUR = np.array([20.0, 28.0, 45.0])
_LONGEST_METRES = 2_500.0
_GENTLE = 0.45
_STRAY_METRES = 800.0
_REUSE = np.array([1.0, 0.75, 0.55])
"""A path prefers roads that are there already."""


def build_roads(
    towns: pd.DataFrame, villages: pd.DataFrame, region: shapely.Geometry
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Junctions (x, y, level) and edges (start, end: positions; metres; minutes; level); few leave the region."""
    xy = np.vstack([towns[["x", "y"]].to_numpy(), villages[["x", "y"]].to_numpy()])
    towns_idx = np.arange(len(towns))
    xy = _apart(xy)
    edges = _delaunay(xy)
    rugged = ruggedness(0.5 * (xy[edges[:, 0]] + xy[edges[:, 1]]))
    straight = np.round(np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T), 1)
    is_near = _is_relative_neighbour(xy, edges, straight)
    stays = is_near | _stays_in(region, xy, edges)
    edges, straight, rugged, is_near = edges[stays], straight[stays], rugged[stays], is_near[stays]
    is_road = is_near | (_is_gabriel(xy, edges, straight) & (rugged < _GENTLE))
    level = np.zeros(len(edges), dtype=np.int64)
    effort = straight * (1.0 + 1.5 * rugged) * np.where(is_road, 1.0, 1.15)
    for rank, ends in ((EXPRESS, towns_idx[towns["is_seat"]]), (MAIN, towns_idx)):
        level = np.maximum(level, rank * _on_paths(xy, edges, effort * _REUSE[level], ends))
    kept = is_road | (level > MINOR)
    _check_connected(len(xy), edges[kept])
    return _subdivided(xy, edges[kept], level[kept], towns)


def _apart(xy: Floats) -> Floats:
    # Two places on one spot would be one junction with an edge of no length.
    _, first = np.unique(xy, axis=0, return_index=True)
    moved = xy.copy()
    again = np.setdiff1d(np.arange(len(xy)), first)
    moved[again, 0] += 40.0
    return moved


def _stays_in(region: shapely.Geometry, xy: Floats, edges: Ints) -> Flags:
    around = region.buffer(_STRAY_METRES).simplify(50.0)
    shapely.prepare(around)
    stays = np.ones(len(edges), dtype=bool)
    for share in (0.2, 0.4, 0.6, 0.8):
        points = xy[edges[:, 0]] * (1.0 - share) + xy[edges[:, 1]] * share
        stays &= shapely.contains_xy(around, points[:, 0], points[:, 1])
    return stays


def _delaunay(xy: Floats) -> Ints:
    triangles = Delaunay(xy).simplices
    pairs = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _is_gabriel(xy: Floats, edges: Ints, length: Floats) -> Flags:
    middle = 0.5 * (xy[edges[:, 0]] + xy[edges[:, 1]])
    nearest = cKDTree(xy).query(middle)[0]
    return np.asarray(nearest >= 0.5 * length - 0.1)


def _is_relative_neighbour(xy: Floats, edges: Ints, length: Floats) -> Flags:
    candidates = np.flatnonzero(_is_gabriel(xy, edges, length))
    around = cKDTree(xy).query_ball_point(xy[edges[candidates, 0]], length[candidates] - 0.2)
    is_near = np.zeros(len(edges), dtype=bool)
    for edge, close in zip(candidates, around, strict=True):
        away = np.hypot(*(xy[close] - xy[edges[edge, 1]]).T)
        is_near[edge] = not bool((away < length[edge] - 0.2).any())
    return is_near


def _on_paths(xy: Floats, edges: Ints, effort: Floats, ends: Ints) -> Flags:
    """Which edges lie on a shortest path between ends that are Gabriel neighbours of each other."""
    pairs = _delaunay(xy[ends])
    length = np.hypot(*(xy[ends[pairs[:, 0]]] - xy[ends[pairs[:, 1]]]).T)
    pairs = ends[pairs[_is_gabriel(xy[ends], pairs, length)]]
    count = len(xy)
    graph = csr_array((effort, (edges[:, 0], edges[:, 1])), shape=(count, count))
    number = {(int(a), int(b)): row for row, (a, b) in enumerate(edges)}
    used = np.zeros(len(edges), dtype=bool)
    for start in np.unique(pairs[:, 0]):
        before = dijkstra(graph, directed=False, indices=int(start), return_predecessors=True)[1]
        for end in pairs[pairs[:, 0] == start, 1]:
            here = int(end)
            while here != start:
                back = int(before[here])
                used[number[min(here, back), max(here, back)]] = True
                here = back
    return used


def _check_connected(count: int, edges: Ints) -> None:
    graph = csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    parts = connected_components(graph, directed=False)[0]
    if parts != 1:
        raise ValueError(f"the road network falls into {parts} parts")


def _subdivided(xy: Floats, edges: Ints, level: Ints, towns: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    pieces = np.ceil(length / _LONGEST_METRES).astype(int)
    points, spans, levels = list(xy), [], []
    for (start, end), count, rank in zip(edges, pieces, level, strict=True):
        chain = [int(start)]
        for step in range(1, count):
            points.append(np.round(xy[start] + (xy[end] - xy[start]) * (step / count), 1))
            chain.append(len(points) - 1)
        chain.append(int(end))
        spans.extend(pairwise(chain))
        levels.extend([int(rank)] * count)
    return _timed(np.array(points), np.array(spans), np.array(levels), towns)


def _timed(xy: Floats, spans: Ints, level: Ints, towns: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    # Lengths and speeds are taken from the rounded positions, so that the table is consistent with itself.
    degrees = to_degrees(xy)
    middle = 0.5 * (xy[spans[:, 0]] + xy[spans[:, 1]])
    rugged = ruggedness(middle)
    straight = np.hypot(*(xy[spans[:, 0]] - xy[spans[:, 1]]).T)
    metres = np.maximum(1.0, np.round(straight * (_WINDING[level] + _WINDING_BY_RUGGEDNESS[level] * rugged), 0))
    speed = _KM_PER_HOUR[level] * (1.0 - _SLOWED_BY_RUGGEDNESS[level] * rugged)
    speed = np.where(_is_in_city(middle, towns), np.minimum(speed, _URBAN_KM_PER_HOUR[level]), speed)
    minutes = np.maximum(0.01, np.round(metres / 1_000.0 / speed * 60.0, 2))
    best = np.zeros(len(xy), dtype=np.int64)
    np.maximum.at(best, spans.ravel(), np.repeat(level, 2))
    junctions = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "lon": degrees[:, 0], "lat": degrees[:, 1], "level": best})
    edges = pd.DataFrame({"start": spans[:, 0], "end": spans[:, 1], "metres": metres, "minutes": minutes})
    return junctions, edges.assign(level=level)


def _is_in_city(points: Floats, towns: pd.DataFrame) -> Flags:
    cities = towns[towns["built_up_m2"] >= 2e6]
    away, nearest = cKDTree(cities[["x", "y"]].to_numpy()).query(points)
    return np.asarray(away <= np.sqrt(cities["built_up_m2"].to_numpy()[nearest] / np.pi))
