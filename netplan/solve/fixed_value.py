"""The exact value of whole decisions: integers fixed, the rest solved as a linear program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Options, Run

Floats = NDArray[np.float64]


class FixedValue:
    """Values of a policy part's other columns, and what all of them cost, for given whole columns."""

    def __init__(self, part: PolicyPart) -> None:
        self._live = LiveModel(part)
        self._whole = np.flatnonzero(part.is_integer)

    def at(self, x: Floats) -> tuple[float, Floats] | None:
        """Objective, constants included, and all columns at these whole ones, shape (m,); None if nothing feasible goes with them."""
        values = np.round(x[self._whole])
        self._live.set_bounds(self._whole, values, values)
        self._live.highs.clearSolver()
        if self._live.resolve(Run(Options())) != "proven":
            return None
        return self._live.objective, self._live.values
