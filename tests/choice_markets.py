"""Small markets for the tests of choice/: tables of minutes, and one town drawn from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from netplan.travel.minutes import SparseMinutes


def table(minutes: ArrayLike) -> SparseMinutes:
    """A dense matrix as sparse minutes: infinite or NaN is out of reach."""
    dense = np.array(minutes, dtype=np.float64)
    node, outlet = np.nonzero(np.isfinite(dense))
    return SparseMinutes.from_pairs(dense.shape, node, outlet, dense[node, outlet])


def town(seed: int, nodes: int, outlets: int, cut_off: float = 30.0) -> SparseMinutes:
    """Nodes and outlets in a square of 60 x 60 minutes."""
    rng = np.random.default_rng(seed)
    homes, places = rng.uniform(0, 60, (nodes, 2)), rng.uniform(0, 60, (outlets, 2))
    minutes = 0.5 + np.linalg.norm(homes[:, None] - places[None], axis=2)
    return table(np.where(minutes < cut_off, minutes, np.inf))
