"""Instances for the comparison with other libraries, made from a seed: whole costs and weights, so that every solver can be exact.

Only numpy is needed, so that an interpreter without netplan can make the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """One instance: customers and sites at random places of a square of side 1,000.

    Attributes
    ----------
    kind
        pmedian, mclp or lscp.
    costs
        Euclidean distances rounded to whole numbers, shape (customers, sites).
    weights
        Whole numbers from 1 to 100, shape (customers,).
    p
        Sites to choose; 0 where that is what is asked.
    radius
        Within which a site covers; 0 where none is needed.
    """

    kind: str
    costs: Floats
    weights: Floats
    p: int
    radius: float

    def value(self, sites: list[int]) -> float:
        """Value of these sites, worked out from the costs alone."""
        nearest = self.costs[:, sites].min(axis=1) if sites else np.full(len(self.costs), np.inf)
        if self.kind == "pmedian":
            return float((self.weights * nearest).sum()) if len(sites) == self.p else float("inf")
        if self.kind == "mclp":
            return float(self.weights[nearest <= self.radius].sum()) if len(sites) <= self.p else float("-inf")
        return float(len(sites)) if nearest.max() <= self.radius else float("inf")


def given(kind: str, customers: int, sites: int, p: int, radius: float) -> Given:
    """The instance of this size; in a set covering problem the customers' own places are the sites, so that there is a solution."""
    rng = np.random.default_rng([customers, sites])
    where, at = (rng.uniform(0.0, 1000.0, (count, 2)) for count in (customers, sites))
    at = where if kind == "lscp" else at
    costs = np.rint(np.hypot(*(where[:, None] - at[None]).transpose(2, 0, 1)))
    return Given(kind, costs, rng.integers(1, 101, customers).astype(float), p, radius)
