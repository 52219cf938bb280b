"""Completing y: the cheapest values of the other policy columns for given open columns."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Options, Run

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Completion:
    """Cost and values of all policy columns for given y; exact, by closed form where the part is plain, else by HiGHS."""

    def __init__(self, part: PolicyPart) -> None:
        self._part = part
        self.is_mip = bool(part.is_integer[part.num_columns :].any())
        """Whether a completion is a MIP of its own, which must not run while another one does: HiGHS 1.15 hangs then."""

    @cached_property
    def _live(self) -> LiveModel:
        return LiveModel(self._part, integral=self.is_mip)

    @cached_property
    def least_cost(self) -> float:
        """A lower bound on the cost of any completion: every column at its better bound."""
        part = self._part
        at_best = np.where(part.cost > 0, part.lower, part.upper)
        used = part.cost != 0
        return part.offset + float(part.cost[used] @ at_best[used])

    def at(self, y: Flags) -> tuple[float, Floats] | None:
        """Cost, constants included, and all policy columns; None if nothing feasible goes with this y, shape (n,)."""
        part, n = self._part, self._part.num_columns
        values = y.astype(np.float64)
        least, most = part.num_open
        if not least <= values.sum() <= most or (values < part.lower[:n]).any() or (values > part.upper[:n]).any():
            return None
        if part.is_plain:
            return float(part.cost @ values) + part.offset, values
        self._live.set_bounds(np.arange(n), values, values)
        self._live.highs.clearSolver()
        run = Run(Options())
        stopped = self._live.solve_mip(run, gap=0.0, watch=Watch()) if self.is_mip else self._live.solve_relaxation(run)
        if stopped != "proven":
            return None
        return self._live.objective, self._live.values
