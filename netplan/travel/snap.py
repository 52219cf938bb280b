"""The nearest road to each place: not the nearest junction, the nearest point of any road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import EARTH_RADIUS_KM, chord_of_km, great_circle_km, unit_vectors
from netplan.travel.network import RoadNetwork

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EARTH_RADIUS_METRES = 1000.0 * EARTH_RADIUS_KM
_SPACING_METRES = 250.0
"""Roads are searched through points on them this far apart or closer."""
_MOST_POINTS = 20_000_000
_TIE_METRES = 1e-3
"""Roads whose distances differ by less are equally near: a millimetre."""
_AT_JUNCTION_METRES = 1.0
"""A foot point this near the end of its road is the junction: coordinates of five decimals say no more."""
_PLACES_AT_ONCE = 20_000
_MOST_CELLS = 4_000_000
"""Candidates projected at once: some 500 MB of vectors at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """Roads of a network as places see them: one straight road between any two junctions that are joined.

    Rows of `road_edges` between the same two junctions (carriageways given one by one, parallel roads) lie on one line, so a
    place can use them all: in each direction the fastest counts, whatever the order of the rows.

    Attributes
    ----------
    edge
        First row of `road_edges` with this road, ascending, shape (E,).
    first, last
        Junctions at the ends, the lower position first.
    there, back
        Minutes from first to last and from last to first, infinite where the mode may not pass.
    """

    edge: Ints
    first: Ints
    last: Ints
    there: Floats
    back: Floats

    @classmethod
    def of(cls, network: RoadNetwork) -> Roads:
        """The roads of a network; links are none: no place lies on them."""
        on_road = np.flatnonzero(network.edge >= 0)
        tail, head, minutes = (part[on_road] for part in (network.tail, network.head, network.minutes))
        pair = np.minimum(tail, head) * max(1, len(network.ids)) + np.maximum(tail, head)
        joined, road = np.unique(pair, return_inverse=True)
        edge = np.full(len(joined), np.iinfo(np.int64).max)
        np.minimum.at(edge, road, network.edge[on_road])
        there, back = np.full(len(joined), np.inf), np.full(len(joined), np.inf)
        np.minimum.at(there, road[tail <= head], minutes[tail <= head])
        np.minimum.at(back, road[tail >= head], minutes[tail >= head])
        order = np.argsort(edge, kind="stable")
        first, last = np.divmod(joined[order], max(1, len(network.ids)))
        return cls(edge[order], first, last, there[order], back[order])


@dataclass(frozen=True, slots=True, eq=False)
class Feet:
    """Where places enter the road network; shape (P,) each.

    Attributes
    ----------
    road
        Position in `Roads` of the nearest road; -1 where none is within the longest leg.
    share
        How far along the road from its first junction the foot point lies; 0 and 1 are the junctions themselves.
    metres
        Great-circle metres from the place to the foot point; infinite where there is none.
    """

    road: Ints
    share: Floats
    metres: Floats


def nearest_roads(network: RoadNetwork, roads: Roads, lon: Floats, lat: Floats, max_leg_metres: float) -> Feet:
    """The nearest point of any road to each place, on the great circle between the road's two junctions.

    Of roads equally near (to a millimetre) the first in `road_edges` counts. A foot point within a metre of a junction is
    that junction.

    Parameters
    ----------
    lon, lat
        Places, degrees, shape (P,).
    max_leg_metres
        Places farther than this from every road get none.
    """
    feet = Feet(np.full(len(lon), -1, dtype=np.int64), np.zeros(len(lon)), np.full(len(lon), np.inf))
    if not len(roads.edge) or not len(lon):
        return feet
    search = _Search.of(network, roads)
    farthest = chord_of_km(max_leg_metres / 1000.0)
    for begin in range(0, len(lon), _PLACES_AT_ONCE):
        block = slice(begin, begin + _PLACES_AT_ONCE)
        place = unit_vectors(lon[block], lat[block])
        feet.road[block], feet.share[block], chord = search.nearest(place, farthest)
        feet.metres[block] = 2.0 * _EARTH_RADIUS_METRES * np.arcsin(np.minimum(chord / 2.0, 1.0))
    return _at_junctions(feet, network, roads, (lon, lat), max_leg_metres)


def _at_junctions(
    feet: Feet, network: RoadNetwork, roads: Roads, place: tuple[Floats, Floats], max_leg_metres: float
) -> Feet:
    """Move foot points near the end of their road to the junction, and drop those beyond the longest leg."""
    near = np.flatnonzero(feet.road >= 0)
    road = feet.road[near]
    first, last = roads.first[road], roads.last[road]
    length = 1000.0 * great_circle_km(network.lon[first], network.lat[first], network.lon[last], network.lat[last])
    to_first, to_last = feet.share[near] * length, (1.0 - feet.share[near]) * length
    at_end = np.minimum(to_first, to_last) <= _AT_JUNCTION_METRES
    at_first = to_first <= to_last
    feet.share[near[at_end]] = np.where(at_first, 0.0, 1.0)[at_end]
    junction = np.where(at_first, first, last)[at_end]
    there = near[at_end]
    feet.metres[there] = 1000.0 * great_circle_km(
        place[0][there], place[1][there], network.lon[junction], network.lat[junction]
    )
    too_far = feet.metres > max_leg_metres
    feet.road[too_far], feet.share[too_far], feet.metres[too_far] = -1, 0.0, np.inf
    return feet


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Roads as arcs on the unit sphere, and a tree of points on them. All distances are chords of that sphere."""

    start: Floats
    end: Floats
    owner: Ints
    tree: KDTree
    half_spacing: float

    @classmethod
    def of(cls, network: RoadNetwork, roads: Roads) -> _Search:
        start = unit_vectors(network.lon[roads.first], network.lat[roads.first])
        end = unit_vectors(network.lon[roads.last], network.lat[roads.last])
        arc = 2.0 * np.arcsin(np.minimum(np.linalg.norm(end - start, axis=1) / 2.0, 1.0))
        spacing = max(_SPACING_METRES / _EARTH_RADIUS_METRES, arc.sum() / _MOST_POINTS)
        pieces = np.maximum(1, np.ceil(arc / spacing)).astype(np.int64)
        owner = np.repeat(np.arange(len(arc), dtype=np.int64), pieces)
        step = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        points = _on_arc(start, end, arc, owner, (step + 0.5) / pieces[owner])
        return cls(start, end, owner, KDTree(points), spacing / 2.0)

    def nearest(self, place: Floats, farthest: float) -> tuple[Ints, Floats, Floats]:
        """Road, share along it and chord of each place; road -1 and an infinite chord beyond `farthest`.

        Every point of a road is within half a spacing of one of its points in the tree. So once the k-th nearest of these is
        farther than the nearest road found by more than that, no other road is nearer; until then k doubles.
        """
        road = np.full(len(place), -1, dtype=np.int64)
        share, chord = np.zeros(len(place)), np.full(len(place), np.inf)
        to_point, _ = self.tree.query(place)
        open_ = np.flatnonzero(to_point <= farthest + self.half_spacing)
        neighbours = min(8, self.tree.n)
        while len(open_):
            settled = []
            at_once = max(1, _MOST_CELLS // neighbours)
            for begin in range(0, len(open_), at_once):
                part = open_[begin : begin + at_once]
                found = self._among(place[part], neighbours)
                road[part], share[part], chord[part] = found[:3]
                settled.append(found[3] > chord[part] + self.half_spacing + _TIE_METRES / _EARTH_RADIUS_METRES)
            open_ = open_[~np.concatenate(settled)] if neighbours < self.tree.n else open_[:0]
            neighbours = min(2 * neighbours, self.tree.n)
        return road, share, chord

    def _among(self, place: Floats, neighbours: int) -> tuple[Ints, Floats, Floats, Floats]:
        """The nearest of the roads whose points are nearest, and how far the last of those points is."""
        to_point, point = self.tree.query(place, k=[*range(1, neighbours + 1)])
        road = self.owner[point]
        share, chord = _foot(place[:, None, :], self.start[road], self.end[road])
        nearest = chord.min(axis=1, keepdims=True)
        tied = chord <= nearest + _TIE_METRES / _EARTH_RADIUS_METRES
        pick = np.argmin(np.where(tied, road, np.iinfo(np.int64).max), axis=1)[:, None]
        road, share, chord = (np.take_along_axis(part, pick, axis=1)[:, 0] for part in (road, share, chord))
        return road, share, chord, to_point[:, -1]


def _on_arc(start: Floats, end: Floats, arc: Floats, owner: Ints, share: Floats) -> Floats:
    """Points on the great circles from start to end, by spherical linear interpolation (Shoemake 1985)."""
    angle = arc[owner]
    safe = np.where(angle > 0, np.sin(angle), 1.0)
    near = np.where(angle > 0, np.sin((1.0 - share) * angle) / safe, 1.0)
    far = np.where(angle > 0, np.sin(share * angle) / safe, 0.0)
    return near[:, None] * start[owner] + far[:, None] * end[owner]


def _foot(place: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Share along the great circle from start to end of the point nearest to a place, and the chord to it.

    With n the pole of the great circle and u = n x start its direction at the start, the place's angle along it is
    atan2(place . u, place . start), kept between start and end. `place - start` in place of `place` saves the digits.
    """
    pole = np.cross(start, end - start)
    length = np.linalg.norm(pole, axis=-1, keepdims=True)
    is_point = length[..., 0] == 0.0
    pole = pole / np.where(length == 0.0, 1.0, length)
    ahead = np.cross(pole, start)
    angle = np.arctan2(_dot(place - start, ahead), _dot(place, start))
    whole = np.arctan2(_dot(end - start, ahead), _dot(end, start))
    angle = np.where(is_point, 0.0, np.clip(angle, 0.0, whole))
    share = np.where(is_point, 0.0, angle / np.where(is_point, 1.0, whole))
    foot = np.cos(angle)[..., None] * start + np.sin(angle)[..., None] * ahead
    return share, np.linalg.norm(place - foot, axis=-1)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...i->...", a, b))
