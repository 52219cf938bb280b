"""What customers do and cost at whole decisions, and the cuts on it, where each visit goes to its cheapest open site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netplan.solve.cut_problem import CutProblem, Cuts

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_VISITS = 1e-3
"""Visits per year that count as none."""


@dataclass(frozen=True, slots=True)
class Served:
    """What customers cost when some columns are open; infinite where capacity or viability is not kept.

    Attributes
    ----------
    shares
        Share of its row's visits that each option serves, where visits are split.
    refused
        Cuts that refuse these decisions, as far as `Customers.missing` does not find them.
    """

    cost: float
    shares: Mapping[int, float] | None = None
    refused: Cuts | None = None


class Customers(Protocol):
    """Who goes where, for a search by cuts."""

    def serve(self, chosen: Flags, most: float) -> Served:
        """What customers do when these columns are open, shape (J,); of no interest where it costs more than `most`."""

    def missing(self, x: Floats, tolerance: float) -> Cuts:
        """The cuts missing at a solution of the master, where it is too low by more than the tolerance in all."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Each visit goes to its cheapest open site, whatever that does to capacity."""

    problem: CutProblem

    def serve(self, chosen: Flags, most: float) -> Served:  # noqa: ARG002 (a scan costs nothing)
        """A scan of the rows."""
        problem, loads = self.problem, self.problem.loads
        unviable = loads.viability_cuts(chosen)
        overflow = loads.overflow(chosen)
        if len(unviable) or (loads.is_hard and (overflow > _VISITS).any()):
            return Served(np.inf, refused=problem.of_loads(unviable))
        return Served(problem.rows.sorted.total(chosen) + float(loads.pair_price @ overflow))

    def missing(self, x: Floats, tolerance: float) -> Cuts:
        """Cuts on rows and loads."""
        return self.problem.missing(x, tolerance)
