"""Long roads cut into pieces along their geometry, so that a straight line between two junctions stays near the road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod

from netplan.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_EDGE_METRES = 500.0
_ELLIPSOID = Geod(ellps="WGS84")
_PIECES_OF_A_LOOP = 3
_SHARED = ("metres", "minutes", "minutes_back", "walk_minutes", "walk_minutes_back")
"""Columns that a piece has its share of, by length."""


@dataclass(frozen=True, slots=True)
class Polylines:
    """Shapes of roads, one after the other.

    Attributes
    ----------
    start
        Where each road's points begin, shape (roads + 1,); at least two points each.
    lon, lat
        Degrees, shape (points,).
    """

    start: Ints
    lon: Floats
    lat: Floats

    def step_metres(self) -> Floats:
        """Geodesic metres from each point to the next, 0 from the last point of a road; shape (points,)."""
        steps = np.zeros(len(self.lon))
        if len(self.lon) > 1:
            steps[:-1] = geodesic_metres(self.lon[:-1], self.lat[:-1], self.lon[1:], self.lat[1:])
        steps[self.start[1:] - 1] = 0.0
        return steps

    def metres(self) -> Floats:
        """Geodesic length of each road, shape (roads,)."""
        return np.add.reduceat(self.step_metres(), self.start[:-1]) if len(self.start) > 1 else np.zeros(0)


def geodesic_metres(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Metres between positions along the WGS-84 ellipsoid (Karney's algorithm, as in PROJ)."""
    _, _, metres = _ELLIPSOID.inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(metres, dtype=np.float64)


def check_max_edge(max_edge_metres: float) -> None:
    """Refuse a length that no road can be cut to.

    Raises
    ------
    InputError
        Not a number of at least one metre.
    """
    if not max_edge_metres >= 1:
        raise InputError(f"max_edge_metres = {max_edge_metres}; give the longest piece of road in metres, at least 1")


def cut(
    junctions: pd.DataFrame, edges: pd.DataFrame, shapes: Polylines, max_edge_metres: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Junctions and edges after cutting every road into equal pieces of at most `max_edge_metres`.

    Minutes and metres are shared out by length. A road from a junction to itself becomes at least three pieces, so that it keeps
    a shape. Cut points are junctions named x1, x2, ... (or xx1, ... where such names are taken).

    Parameters
    ----------
    edges
        Columns of `Roads.edges`; from_id and to_id are the ends of the shapes.
    shapes
        Geometry of each edge, in the order of `edges`.
    """
    steps = shapes.step_metres()
    along = np.concatenate([[0.0], np.cumsum(steps)[:-1]]) if len(steps) else steps
    length = np.add.reduceat(steps, shapes.start[:-1]) if len(edges) else np.zeros(0)
    pieces = _pieces(edges, length, max_edge_metres)
    road = np.repeat(np.arange(len(edges)), pieces - 1)
    turn = np.arange(len(road)) - np.repeat(np.cumsum(pieces - 1) - (pieces - 1), pieces - 1) + 1
    at = along[shapes.start[:-1]][road] + length[road] * turn / pieces[road]
    names = _names(len(road), junctions["road_node_id"])
    columns = {"lon": np.interp(at, along, shapes.lon), "lat": np.interp(at, along, shapes.lat)} if len(road) else {}
    new = pd.DataFrame({"road_node_id": names, **columns})
    whole = pd.concat([junctions, new], ignore_index=True) if len(road) else junctions
    return whole, _cut_edges(edges, pieces, np.array(names, dtype=object))


def _pieces(edges: pd.DataFrame, length: Floats, max_edge_metres: float) -> Ints:
    metres = np.maximum(length, edges["metres"].to_numpy(dtype=np.float64))
    pieces = np.maximum(np.ceil(metres / max_edge_metres - 1e-9), 1).astype(np.int64)
    is_loop = (edges["from_id"] == edges["to_id"]).to_numpy() & (length > 0)
    pieces[is_loop] = np.maximum(pieces[is_loop], _PIECES_OF_A_LOOP)
    pieces[length == 0] = 1  # without geometry there is nowhere to cut
    return np.asarray(pieces)


def _names(number: int, taken: pd.Series) -> list[str]:
    prefix = "x"
    while taken.str.match(rf"{prefix}\d+$").any():
        prefix += "x"
    return [f"{prefix}{count}" for count in range(1, number + 1)]


def _cut_edges(edges: pd.DataFrame, pieces: Ints, names: NDArray[np.object_]) -> pd.DataFrame:
    cut_edges = edges.loc[edges.index.repeat(pieces)].reset_index(drop=True)
    share = np.repeat(pieces, pieces)
    for name in _SHARED:
        if name in cut_edges:
            cut_edges[name] = cut_edges[name].to_numpy(dtype=np.float64) / share
    first = np.concatenate([[0], np.cumsum(pieces)])
    is_start, is_end = np.zeros(len(cut_edges), dtype=bool), np.zeros(len(cut_edges), dtype=bool)
    is_start[first[:-1]], is_end[first[1:] - 1] = True, True
    for name, outer in (("from_id", is_start), ("to_id", is_end)):
        ids = cut_edges[name].to_numpy(dtype=object).copy()
        ids[~outer] = names
        cut_edges[name] = ids
    return cut_edges
