"""A model alive in HiGHS whose missing cuts are found at its own solutions: its relaxation, and whole decisions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import MANY, LiveModel, Watch
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run
from netplan.solve.cut_problem import Cuts

Floats = NDArray[np.float64]

_ROUNDS = 60
"""Rounds of cuts at most, each time a relaxation is solved."""

_EXACT = 0.02
"""How far below the truth a model may stay at its own solution, as a share of the gap asked for."""

_FIRST_GAP, _NEXT_GAP, _SMALL_GAP = 0.01, 0.3, 1e-5
"""Gap of the first MIP, what each further one keeps of it, and when it is no use to go on that way."""

_ROUNDING = 1e-6
"""What is known of the cost of a start, relative to it."""

_LEAST_EFFORT = 5.0
"""What each MIP may take at least."""


@dataclass(frozen=True, slots=True)
class Start:
    """Whole decisions to start from: values of the columns, and what they truly cost."""

    values: Floats
    cost: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a solver found: values of the columns (None: nothing), their cost, and a bound on the least cost."""

    values: Floats | None
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """(cost - bound) / max(1, |cost|), infinite if nothing was found."""
        is_known = np.isfinite(self.cost) and np.isfinite(self.bound)
        return float((self.cost - self.bound) / max(1.0, abs(self.cost))) if is_known else np.inf


class LiveCuts(ABC):
    """A live model with cuts."""

    def __init__(self, part: PolicyPart, *, seed: int) -> None:
        self.live = LiveModel(part, seed=seed)
        self._limits = part.lower[self.live.integers], part.upper[self.live.integers]
        self._relaxed = -np.inf, np.zeros(len(self.live.integers))  # value and reduced costs of the last relaxation
        self.iterations = 0  # that it took

    @abstractmethod
    def missing(self, values: Floats, tolerance: float) -> Cuts:
        """The cuts that the model lacks at these values, where it is too low by more than the tolerance in all."""

    @abstractmethod
    def add(self, cuts: Cuts) -> int:
        """Add cuts; how many."""

    def relax(self, run: Run, *, iterations: float = np.inf) -> Found:
        """The linear relaxation, in so many iterations at most; a model without any solution costs infinitely much."""
        cost, values = -np.inf, None
        self.iterations = 0
        for _ in range(_ROUNDS):
            stopped = self.live.resolve(run, iterations=int(min(iterations - self.iterations, MANY)))
            self.iterations += self.live.iterations
            if stopped == "iterations":
                return Found(None, -np.inf, -np.inf)
            if stopped != "proven":
                return Found(None, np.inf, np.inf) if stopped == "infeasible" else Found(values, cost, cost)
            cost, values = self.live.objective, self.live.values
            self._relaxed = cost, self.live.reduced_costs[self.live.integers]
            if not self.add(self.missing(values, _exact(run) * max(1.0, abs(cost)))):
                break
        return Found(values, cost, cost)

    def decide(self, run: Run, *, gap: float, effort: float, start: Start | None = None) -> Found:
        """Whole decisions, to a gap, and a bound; it stops after so much effort (`LiveModel.solve_mip`).

        With a start, which may be used right after a relaxation only, columns are fixed that no cheaper decisions have.
        """
        if start is None:
            return self._decided(run, Found(None, np.inf, -np.inf), gap=gap, effort=effort)
        self._fix(start.cost)
        found = self._decided(run, Found(start.values, np.inf, -np.inf), gap=gap, effort=effort)
        self.live.set_bounds(self.live.integers, *self._limits)
        if found.values is None:  # there are decisions: only rounding can deny that
            return Found(start.values, np.inf, self._relaxed[0])
        most = start.cost + _ROUNDING * max(1.0, abs(start.cost))  # what was fixed costs more than this
        return replace(found, bound=min(found.bound, most))

    def _fix(self, cost: float) -> None:
        """Fix the whole columns whose change from the relaxation costs more than decisions that are known."""
        (relaxed, reduced), (lower, upper) = self._relaxed, self._limits
        room = cost + _ROUNDING * max(1.0, abs(cost)) - relaxed
        stays_low, stays_high = reduced > room, -reduced > room
        self.live.set_bounds(self.live.integers, np.where(stays_high, upper, lower), np.where(stays_low, lower, upper))

    def _decided(self, run: Run, found: Found, *, gap: float, effort: float) -> Found:
        """MIPs to smaller and smaller gaps, with the cuts that each lacks, from decisions to start with, if any."""
        step = max(gap, _FIRST_GAP)
        self.live.set_integral(True)
        while True:
            stopped, found = self._mip(run, found, gap=step, effort=max(_LEAST_EFFORT, effort))
            effort -= self.live.effort_spent
            if found.values is None or stopped == "infeasible" or not np.isfinite(found.cost):
                break
            missing = self.add(self.missing(found.values, _exact(run) * max(1.0, abs(found.cost))))
            if stopped != "proven" or effort <= 0.0 or (not missing and step <= gap):
                break
            following = _NEXT_GAP * step
            step = following if missing and following > max(2.0 * gap, _SMALL_GAP) else gap
        self.live.set_integral(False)
        return found

    def _mip(self, run: Run, before: Found, *, gap: float, effort: float) -> tuple[str, Found]:
        """One MIP from the last solution."""
        live = self.live
        if before.values is not None:
            live.start_from(live.integers, np.round(before.values[live.integers]))
        stopped = live.solve_mip(run, gap=gap, watch=Watch(), effort=effort)
        if stopped == "infeasible":
            return stopped, Found(None, np.inf, np.inf)
        bound = max(before.bound, live.bound if live.bound is not None else -np.inf)
        if not live.has_solution:
            return stopped, Found(before.values, np.inf, bound)
        values = live.values
        values[live.integers] = np.round(values[live.integers])
        return stopped, Found(values, live.objective, bound)


def _exact(run: Run) -> float:
    return max(1e-9, _EXACT * run.options.gap)
