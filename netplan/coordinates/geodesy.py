"""Great-circle distances on the mean sphere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_KM = 6371.0088
"""Mean Earth radius of the IUGG."""


def great_circle_km(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> NDArray[np.float64]:
    """Great-circle kilometres between positions in degrees, by the haversine formula; broadcasts."""
    lon_1, lat_1, lon_2, lat_2 = (
        np.radians(np.asarray(value, dtype=np.float64)) for value in (lon_a, lat_a, lon_b, lat_b)
    )
    half = np.sin((lat_2 - lat_1) / 2) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2) ** 2
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def unit_vectors(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Positions on the unit sphere, shape (n, 3): nearest by chord is nearest by great circle."""
    lam, phi = np.radians(np.asarray(lon, dtype=np.float64)), np.radians(np.asarray(lat, dtype=np.float64))
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def chord_of_km(kilometres: float) -> float:
    """Length of the chord on the unit sphere that spans these great-circle kilometres."""
    return float(2.0 * np.sin(min(kilometres / (2.0 * EARTH_RADIUS_KM), np.pi / 2)))
