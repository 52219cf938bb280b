"""Search of a constant shift between points and a reference, judged on points that it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

Floats = NDArray[np.float64]

_COARSE_METRES = 50.0
_FINE_METRES = (25.0, 10.0, 5.0)
_MOST_POINTS = 120
"""Points of a half that the coarse lattice is searched with; enough to find the valley."""

_AGREE_METRES = 60.0
"""The two halves must find the same shift to this."""

_APART_METRES = 150.0
ALONE = 0.10
"""The next best shift farther off than 150 m must be worse by this in the mean logarithm: else a lattice repeats itself."""


@dataclass(frozen=True, slots=True)
class Search:
    """Points and reference in metres, how far to look, the noise added to distances, and the seed of the halves."""

    dots: KDTree
    xy: Floats
    max_metres: float
    noise_metres: float
    seed: int

    def logs(self, part: NDArray[np.int64], offset: Floats) -> Floats:
        """Logarithm of the distances of some points, with `offset` taken off them."""
        metres, _ = self.dots.query(self.xy[part] - offset)
        return np.asarray(np.log(metres + self.noise_metres))

    def scores(self, part: NDArray[np.int64], offsets: Floats) -> Floats:
        """Mean logarithm for each offset, shape (k,)."""
        moved = (self.xy[part][None, :, :] - offsets[:, None, :]).reshape(-1, 2)
        metres, _ = self.dots.query(moved)
        return np.asarray(np.log(metres + self.noise_metres).reshape(len(offsets), -1).mean(axis=1))


@dataclass(frozen=True, slots=True)
class ConstantShift:
    """Metres that the points lie off, and how each half gains from the shift found in the other (logarithms of distances)."""

    east: float
    north: float
    held_out_gains: Floats


def constant_shift(search: Search) -> ConstantShift | None:
    """The shift that both halves of the points agree on; ``None`` if they differ or another fits as well."""
    halves = _halves(len(search.xy), search.seed)
    here, there = (_valley(search, half) for half in halves)
    if here is None or there is None or np.hypot(*(here - there)) > _AGREE_METRES:
        return None
    gains = np.concatenate([_gains(search, halves[0], there), _gains(search, halves[1], here)])
    middle = _refined(search, np.concatenate(halves), (here + there) / 2)
    return ConstantShift(float(middle[0]), float(middle[1]), gains)


def _gains(search: Search, part: NDArray[np.int64], offset: Floats) -> Floats:
    return search.logs(part, np.zeros(2)) - search.logs(part, offset)


def _halves(number: int, seed: int) -> list[NDArray[np.int64]]:
    order = np.random.default_rng(seed).permutation(number)
    return [order[: number // 2], order[number // 2 :]]


def _valley(search: Search, half: NDArray[np.int64]) -> Floats | None:
    """The best offset by a coarse lattice, then finer ones around it; ``None`` if another, far off, is nearly as good."""
    offsets = _lattice(search.max_metres)
    scores = search.scores(half[:_MOST_POINTS], offsets)
    best = offsets[scores.argmin()]
    others = scores[np.hypot(*(offsets - best).T) > _APART_METRES]
    if others.size and others.min() < scores.min() + ALONE:
        return None
    return _refined(search, half, best)


def _refined(search: Search, part: NDArray[np.int64], offset: Floats) -> Floats:
    around = np.array([(i, j) for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2)], dtype=np.float64)
    for step in _FINE_METRES:
        trials = offset + step * around
        offset = np.asarray(trials[search.scores(part, trials).argmin()])
    return offset


def _lattice(max_metres: float) -> Floats:
    steps = (
        np.arange(-np.floor(max_metres / _COARSE_METRES), np.floor(max_metres / _COARSE_METRES) + 1) * _COARSE_METRES
    )
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    offsets = offsets[np.hypot(*offsets.T) <= max_metres]
    nearest_first = np.argsort(np.hypot(*offsets.T), kind="stable")
    return np.asarray(offsets[nearest_first])  # of equal offsets the shortest is the first
