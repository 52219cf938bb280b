"""The master problem: the planner's policy part, live in HiGHS, with an estimate of what each group of rows costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.solve.cut_problem import CutProblem, Cuts

Floats = NDArray[np.float64]


class Master:
    """A live model of the policy part, with a theta per group of rows, overflow per pair, and cuts on both."""

    def __init__(self, problem: CutProblem, *, seed: int) -> None:
        self.live = LiveModel(problem.part, seed=seed)
        size = len(problem.part.cost)
        lower, upper = problem.bounds
        self.live.add_columns(problem.cost[size:], lower[size:], upper[size:])

    def add(self, cuts: Cuts) -> int:
        """Add cuts; how many."""
        self.live.add_rows(cuts.matrix, cuts.right, np.full(len(cuts), np.inf))
        return len(cuts)
