"""Layers that look shifted against each other by a few hundred metres, as GCJ-02 read as WGS-84 does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from netplan.coordinates.measure import geodesic_metres, moved
from netplan.coordinates.projected import metric_crs
from netplan.coordinates.reference import Reference, near_features
from netplan.coordinates.shift_search import ALONE, Search, constant_shift
from netplan.coordinates.systems import from_wgs84, to_wgs84

Floats = NDArray[np.float64]

SYSTEMS = ("wgs84", "gcj02", "bd09")
_LABELS = {"wgs84": "WGS-84", "gcj02": "GCJ-02", "bd09": "BD-09"}
_NOISE_METRES = 5.0
"""Added to a distance before its logarithm, so that centimetres beside a road do not count."""

_MOST_POINTS = 600
_MOST_TO_SIFT = 6_000
"""Points whose neighbourhood is looked at; of those near the reference the first 600 are compared."""

_FEWEST_POINTS = 20
_THIN_METRES = 200.0
"""Points closer together than this say the same thing about a shift: one of them is kept."""

_CHANCE = 1e-4
_GAIN = float(np.log(1.5))
"""A correction counts if distances shrink by a third on average (geometric mean)."""

_CLEARLY = 0.25
"""How much further (in the mean logarithm) an unknown shift must bring points than a known system does, to be told instead."""

_SMALLEST_METRES = 60.0
_STEP = "comparing layers for a shift"


@dataclass(frozen=True, slots=True)
class Shift:
    """How a layer of points looks shifted against a reference.

    Attributes
    ----------
    points_system, reference_system
        Coordinate systems that the two look to be in; both empty for a shift by some constant.
    east_metres, north_metres
        How far the points lie off where they belong, on the median.
    before_metres, after_metres
        Median distance to the nearest feature of the reference, as found and with the shift undone.
    num_points
        Points compared: at most one every 200 m.
    chance
        Probability that so many points come nearer by chance (sign test, times the number of explanations tried).
    names
        What the layers are called.
    """

    points_system: str
    reference_system: str
    east_metres: float
    north_metres: float
    before_metres: float
    after_metres: float
    num_points: int
    chance: float
    names: tuple[str, str] = ("the points", "the reference")

    @property
    def metres(self) -> float:
        """Length of the shift."""
        return float(np.hypot(self.east_metres, self.north_metres))

    def corrected(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """The points with the shift undone, so that they fit the reference."""
        if self.points_system:
            return from_wgs84(*to_wgs84(lon, lat, self.points_system), self.reference_system)
        return moved(lon, lat, -self.east_metres, -self.north_metres)

    def __str__(self) -> str:
        points, reference = self.names
        ways = f"{_way(self.east_metres, 'east', 'west')} and {_way(self.north_metres, 'north', 'south')}"
        nearer = f"{self.before_metres:,.0f} m becomes {self.after_metres:,.0f} m"
        return (
            f"{points} look shifted against {reference} by about {self.metres:,.0f} m ({ways}): {self._cause()}. "
            f"Undone, the median distance of {self.num_points:,} points from {reference} of {nearer}"
        )

    def _cause(self) -> str:
        points, reference = self.names
        if not self.points_system:
            return "the cause is unknown; check the coordinate system and the source of both"
        told = [
            f"{name} look like {_LABELS[system]} read as WGS-84"
            for name, system in ((points, self.points_system), (reference, self.reference_system))
            if system != "wgs84"
        ]
        if self.points_system == "wgs84":
            return f"{told[0]}, or {points} were corrected once too often"
        return " and ".join(told) + f"; name the system {' and '.join(self._named())}"

    def _named(self) -> list[str]:
        return [system for system in (self.points_system, self.reference_system) if system != "wgs84"]


def find_shift(
    lon: ArrayLike,
    lat: ArrayLike,
    reference: Iterable[BaseGeometry],
    *,
    names: tuple[str, str] = ("the points", "the reference"),
    max_metres: float = 1_500.0,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Shift | None:
    """Whether points look shifted against a reference layer, both read as WGS-84.

    Two kinds of explanation are tried. First every pair of coordinate systems (WGS-84, GCJ-02, BD-09) that the points and the
    reference may really be in. Then a constant shift of unknown cause, which is searched on one half of the points and judged on the
    other, both ways round. An explanation is told only if, undone, the geometric mean distance to the nearest feature shrinks by a
    third or more, more points come nearer than chance allows (sign test, p < 1e-4 after the number of explanations), and points
    that say the same thing (closer than 200 m to each other) are counted once. It must also be the only one:
    on a regular lattice, where a step in another direction fits as well, none is told. A constant shift must besides be at least 60 m
    and be found alike in both halves.

    Parameters
    ----------
    lon, lat
        WGS-84 degrees, shape (n,).
    reference
        Roads (lines), points, or zones or cells (polygons: distance 0 inside; no constant shift is searched then), WGS-84.
    names
        What the two layers are called in the sentence.
    max_metres
        Longest shift looked for; points farther than twice this from the reference are not compared.
    progress
        Called with what is done and its share, 0 to 1.

    Returns
    -------
    Shift or None
        ``None`` if no explanation holds, which includes fewer than 20 points to compare.

    Raises
    ------
    InputError
        Positions that are not numbers, or off the Earth.
    """
    x, y = to_wgs84(lon, lat, "wgs84")
    if x.size < _FEWEST_POINTS:
        return None
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", metric_crs(x, y), always_xy=True)
    xy = np.column_stack(to_metres.transform(x, y))
    thin = _thinned(xy, seed)
    tell = progress or _silent
    tell(_STEP, 0.0)
    near = near_features(reference, xy[thin], to_metres, 2 * max_metres)
    if near is None:
        return None
    tell(_STEP, 0.4)
    kept = thin[near.metres(xy[thin]) <= 2 * max_metres][:_MOST_POINTS]
    if len(kept) < _FEWEST_POINTS:
        return None
    found = _Comparison(x[kept], y[kept], near, names, max_metres, seed).best()
    tell(_STEP, 1.0)
    return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    lon: Floats
    lat: Floats
    reference: Reference
    names: tuple[str, str]
    max_metres: float
    seed: int

    def best(self) -> Shift | None:
        """The explanation to tell: a pair of systems, unless an unknown constant shift is clearly better."""
        known = [shift for shift in map(self._by_systems, _pairs()) if shift is not None]
        constant = self._by_constant()
        named = min(known, key=self._score, default=None)
        if named is not None and (constant is None or self._score(named) <= self._score(constant) + _CLEARLY):
            return named
        return constant

    def _score(self, shift: Shift) -> float:
        return float(self._logs(*shift.corrected(self.lon, self.lat)).mean())

    def _logs(self, lon: Floats, lat: Floats) -> Floats:
        return np.log(self._metres(lon, lat) + _NOISE_METRES)

    def _metres(self, lon: Floats, lat: Floats) -> Floats:
        return self.reference.metres(self.reference.project(lon, lat))

    def _by_systems(self, pair: tuple[str, str]) -> Shift | None:
        trial = self._shift(pair, (0.0, 0.0), 1.0)
        new_lon, new_lat = trial.corrected(self.lon, self.lat)
        if trial.metres < _SMALLEST_METRES or trial.metres > self.max_metres:
            return None
        gains = self._logs(self.lon, self.lat) - self._logs(new_lon, new_lat)
        chance = _sign_test(gains) * len(_pairs())
        is_likely = chance < _CHANCE and gains.mean() > _GAIN and self._stands_alone(new_lon, new_lat)
        return self._shift(pair, (0.0, 0.0), chance) if is_likely else None

    def _stands_alone(self, new_lon: Floats, new_lat: Floats) -> bool:
        """Whether steps as long in other directions (turned, or mirrored as in a lattice) bring the points less near."""
        here, there = self.reference.project(self.lon, self.lat), self.reference.project(new_lon, new_lat)
        score = np.log(self.reference.metres(there) + _NOISE_METRES).mean()
        others = ((there - here) @ matrix for matrix in _turns())
        return all(np.log(self.reference.metres(here + step) + _NOISE_METRES).mean() > score + ALONE for step in others)

    def _by_constant(self) -> Shift | None:
        if self.reference.has_areas:
            return None
        xy = self.reference.project(self.lon, self.lat)
        dots = self.reference.dots(xy, 2 * self.max_metres)
        search = Search(dots, xy, self.max_metres, _NOISE_METRES, self.seed)
        found = constant_shift(search)
        if found is None or np.hypot(found.east, found.north) < _SMALLEST_METRES:
            return None
        chance = _sign_test(found.held_out_gains)
        if chance >= _CHANCE or found.held_out_gains.mean() <= _GAIN:
            return None
        return self._shift(("", ""), (found.east, found.north), chance)

    def _shift(self, pair: tuple[str, str], constant: tuple[float, float], chance: float) -> Shift:
        """A shift with its numbers filled in."""
        bare = Shift(*pair, *constant, 0.0, 0.0, len(self.lon), min(chance, 1.0), self.names)
        new_lon, new_lat = bare.corrected(self.lon, self.lat)
        east = np.copysign(geodesic_metres(new_lon, self.lat, self.lon, self.lat), self.lon - new_lon)
        north = np.copysign(geodesic_metres(self.lon, new_lat, self.lon, self.lat), self.lat - new_lat)
        return replace(
            bare,
            east_metres=float(np.median(east)),
            north_metres=float(np.median(north)),
            before_metres=float(np.median(self._metres(self.lon, self.lat))),
            after_metres=float(np.median(self._metres(new_lon, new_lat))),
        )


def _pairs() -> list[tuple[str, str]]:
    return [(points, reference) for points in SYSTEMS for reference in SYSTEMS if points != reference]


def _silent(_step: str, _share: float) -> None:
    """Nobody listens."""


def _thinned(xy: Floats, seed: int) -> NDArray[np.int64]:
    """Positions of one point every 200 m, in an order drawn from the seed."""
    order = np.random.default_rng(seed).permutation(len(xy))
    _, first = np.unique(np.floor(xy[order] / _THIN_METRES), axis=0, return_index=True)
    return np.asarray(order[np.sort(first)][:_MOST_TO_SIFT], dtype=np.int64)


def _turns() -> list[Floats]:
    """Turns by 30 to 330 degrees, and mirrors across the axes and their diagonals."""
    angles = np.radians(np.arange(30, 331, 15))
    turns = [np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) for a in angles]
    mirrors = [
        np.array(rows, dtype=np.float64)
        for rows in ([[1, 0], [0, -1]], [[-1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1], [-1, 0]])
    ]
    return turns + mirrors


def _sign_test(gains: Floats) -> float:
    """Probability of at least so many gains among the points that move nearer or farther, if either were as likely."""
    nearer, farther = int((gains > 0).sum()), int((gains < 0).sum())
    if not nearer + farther:
        return 1.0
    from scipy.stats import binomtest  # noqa: PLC0415 (takes half a second to import)

    return float(binomtest(nearer, nearer + farther, 0.5, alternative="greater").pvalue)


def _way(metres: float, ahead: str, back: str) -> str:
    return f"{abs(metres):,.0f} m {ahead if metres >= 0 else back}"
