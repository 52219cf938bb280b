"""Positions along a Hilbert curve: what is near on the map gets near numbers, so that searches stay in the cache."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BITS = 16
"""The square is cut into 65,536 x 65,536 cells."""


def hilbert_order(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions in the order in which a Hilbert curve over their bounding box meets them, shape (n,).

    Source: D. Hilbert, Mathematische Annalen 38 (1891), 459-460. Equal cells keep their order.
    """
    if not len(lon):
        return np.empty(0, dtype=np.int64)
    return np.argsort(_along_curve(_cells(lon), _cells(lat)), kind="stable")


def _cells(values: NDArray[np.float64]) -> NDArray[np.int64]:
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.zeros(len(values))
    return np.minimum(share * (1 << _BITS), (1 << _BITS) - 1).astype(np.int64)


def _along_curve(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Quadrant by quadrant, from the largest: turn the square so that the curve enters and leaves as in its parent."""
    distance = np.zeros(len(x), dtype=np.int64)
    for bit in reversed(range(_BITS)):
        side = 1 << bit
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        distance += side * side * ((3 * right) ^ upper)
        x, y = x & (side - 1), y & (side - 1)
        mirrored = (upper == 0) & (right == 1)
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return distance
