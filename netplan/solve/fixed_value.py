"""The exact value of whole decisions: integers fixed, the rest solved as a linear program."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Options, Run

Floats = NDArray[np.float64]


_CLEARLY = 1e-5
"""A constraint missed by more than this, relative to its value, is broken beyond any solver's tolerance."""


class FixedValue:
    """Values of a policy part's other columns, and what all of them cost, for given whole columns."""

    def __init__(self, part: PolicyPart) -> None:
        self._live = LiveModel(part)
        self._whole = np.flatnonzero(part.is_integer)
        others = part.matrix @ scipy.sparse.diags_array((~part.is_integer).astype(np.float64))
        alone = np.flatnonzero(abs(others).sum(axis=1) == 0.0)
        self._alone = scipy.sparse.csr_array(part.matrix[alone][:, self._whole])
        self._lower, self._upper = part.row_lower[alone], part.row_upper[alone]

    def at(self, x: Floats) -> tuple[float, Floats] | None:
        """Objective, constants included, and all columns at these whole ones, shape (m,); None if nothing feasible goes with them."""
        values = np.round(x[self._whole])
        if self._is_broken(values):
            return None
        self._live.set_bounds(self._whole, values, values)
        self._live.highs.clearSolver()
        if self._live.resolve(Run(Options())) != "proven":
            return None
        return self._live.objective, self._live.values

    def _is_broken(self, values: Floats) -> bool:
        """Whether these break a constraint on whole columns alone: no linear program is needed to say so."""
        left = self._alone @ values
        room = _CLEARLY * np.maximum(1.0, np.abs(left))
        return bool(((left < self._lower - room) | (left > self._upper + room)).any())
