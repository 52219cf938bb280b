"""Array types, and the few sums by key that the audit is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = Sequence[str] | pd.Series

NONE = -1
"""Position that stands for "none": no format, no base, nobody serves."""


def positions(ids: Names, wanted: Names) -> Ints:
    """Position of each wanted identifier, -1 where it is unknown or blank."""
    index = pd.Index(_objects(ids), dtype=object)
    return np.asarray(index.get_indexer(pd.Index(_objects(wanted), dtype=object)), dtype=np.int64)


def _objects(names: Names) -> NDArray[np.object_]:
    return np.asarray(names, dtype=object)


def sum_by(key: Ints, weights: Floats, keys: int) -> Floats:
    """Sum of the weights of each key, shape (keys,)."""
    return np.bincount(key, weights=weights, minlength=keys).astype(np.float64)


def count_by(key: Ints, keys: int) -> Ints:
    """How often each key occurs, shape (keys,)."""
    return np.bincount(key, minlength=keys).astype(np.int64)


def rows_at(start: Ints, at: Ints) -> Ints:
    """The row of each of these ascending positions, in a table whose rows start and end at `start`."""
    return np.repeat(np.arange(len(start) - 1), np.diff(np.searchsorted(at, start)))


def distinct(size: int, *parts: Ints) -> Ints:
    """The positions below `size` that occur in any of the parts, once each, ascending."""
    occurs = np.zeros(size, dtype=bool)
    for part in parts:
        occurs[part] = True
    return np.flatnonzero(occurs)


def dot(weights: Floats, values: Floats) -> float:
    """Sum of products. Not through BLAS, whose threads make the last digits depend on the machine."""
    return float((weights * values).sum())
