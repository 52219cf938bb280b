"""The least cost of a policy part at given prices of its y, relaxed to a linear program that stays warm in HiGHS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run

Floats = NDArray[np.float64]


class RelaxedPart:
    """An oracle for `lagrange`: valid for every linear policy part, whatever is whole in it."""

    def __init__(self, part: PolicyPart, run: Run) -> None:
        self._live = LiveModel(part)
        self._part, self._run = part, run

    def __call__(self, price: Floats) -> tuple[float, Floats]:
        """A lower bound on the part at these prices of y, shape (n,), and the y of its relaxation; inf: it is infeasible."""
        n = self._part.num_columns
        self._live.highs.changeColsCost(n, np.arange(n, dtype=np.int32), self._part.y_cost + price)
        stopped = self._live.resolve(self._run)
        if stopped != "proven":
            return (np.inf if stopped == "infeasible" else -np.inf), np.zeros(n)
        return self._live.objective, np.clip(self._live.values[:n], 0.0, 1.0)
