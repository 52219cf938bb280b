"""The master problem: the planner's policy part, live in HiGHS, with an estimate of what each group of rows costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.solve.cut_problem import CutProblem, Cuts
from netplan.solve.live_cuts import LiveCuts

Floats = NDArray[np.float64]


class Master(LiveCuts):
    """A live model of the policy part, with a theta per group of rows, overflow per pair, and cuts on both."""

    def __init__(self, problem: CutProblem, *, seed: int) -> None:
        super().__init__(problem.part, seed=seed)
        self._problem, size = problem, len(problem.part.cost)
        lower, upper = problem.bounds
        self.live.add_columns(problem.cost[size:], lower[size:], upper[size:])

    def missing(self, values: Floats, tolerance: float) -> Cuts:
        """The cuts that the model lacks at these values, where it is too low by more than the tolerance in all."""
        return self._problem.missing(values, tolerance)

    def add(self, cuts: Cuts) -> int:
        """Add cuts; how many."""
        self.live.add_rows(cuts.matrix, cuts.right, np.full(len(cuts), np.inf))
        return len(cuts)
