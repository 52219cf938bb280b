"""Metres and degrees, seeded draws, and rounding that keeps sums.

The plane is a Lambert azimuthal equal-area projection about the middle of the municipality: areas are true and
lengths are within 0.1 % over its 470 km.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

PLANE = "+proj=laea +lat_0=30.1 +lon_0=107.8 +ellps=WGS84 +units=m +no_defs"
_SEED = 500_000
_TO_PLANE = Transformer.from_crs("EPSG:4326", PLANE, always_xy=True)


def to_plane(lon: Floats, lat: Floats) -> Floats:
    """Degrees -> metres, shape (n, 2), rounded to a decimetre so that later comparisons do not hang on the last bit."""
    x, y = _TO_PLANE.transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return np.round(np.column_stack([x, y]), 1)


def to_degrees(xy: Floats) -> Floats:
    """Metres -> degrees (lon, lat), shape (n, 2), rounded to 5 decimals (about a metre)."""
    lon, lat = _TO_PLANE.transform(xy[:, 0], xy[:, 1], direction="INVERSE")
    return np.round(np.column_stack([lon, lat]), 5)


def draws(stream: str, count: int) -> Floats:
    """`count` uniform draws in [0, 1) of a named stream: a stream does not move when another one is lengthened."""
    return np.random.default_rng([_SEED, zlib.crc32(stream.encode())]).random(count)


def spread(stream: str, count: int, width: float) -> Floats:
    """Factors around one, symmetric in the logarithm, between 1/(1 + width) and 1 + width."""
    return np.asarray((1.0 + width) ** (2.0 * draws(stream, count) - 1.0))


def whole_shares(weights: Floats | Sequence[float], total: int) -> Ints:
    """Split a whole number by weights so that the parts are whole and add up (largest remainder, ties by position)."""
    weight = np.asarray(weights, dtype=float)
    if total == 0 or weight.sum() <= 0:
        if total:
            raise ValueError(f"cannot split {total} over weights that are all zero")
        return np.zeros(len(weight), dtype=np.int64)
    exact = np.round(weight * (total / weight.sum()), 6)
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts
