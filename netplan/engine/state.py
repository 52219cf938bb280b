"""What a search knows so far: the best solution, the bound, and the rows and columns that a better solution can still use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netplan.engine.completion import Completion
from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import SortedRows, restricted_rows
from netplan.engine.run import Run, Step

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDING = 1e-7
"""A gap that is within the tolerances of linear programming."""

_ROUNDING = 1e-9
"""Relative error of a sum in double precision that is allowed for."""


@dataclass(slots=True)
class Search:
    """The state of one search.

    Attributes
    ----------
    total, part
        The problem: what the rows cost when these columns are open, and the policy part.
    run
        Its options and clock.
    step
        Every solution's value is a multiple of it; 0: no such number is known.
    left_rows, left_part
        The rows and the policy part restricted to what a solution better than `cutoff` can use.
    value, y, x
        Best value, its open columns, and all its policy columns; infinite and None until there is one.
    bound
        Proven lower bound.
    is_exhausted
        Whether it is proven that nothing lies below the cutoff.
    is_window
        Whether it is a small search inside another.
    most_nodes
        Nodes that branching may take.
    ceiling
        Solutions at or above it are of no interest even if there is no other.
    first_will_do
        Whether any solution below the ceiling ends the search.
    trace
        How value and bound went.
    """

    total: Callable[[Flags], float]
    part: PolicyPart
    run: Run
    step: float
    completion: Completion
    left_rows: SortedRows
    left_part: PolicyPart
    value: float = float("inf")
    y: Flags | None = None
    x: Floats | None = None
    bound: float = float("-inf")
    is_exhausted: bool = False
    is_window: bool = False
    most_nodes: float = float("inf")
    ceiling: float = float("inf")
    first_will_do: bool = False
    trace: list[Step] = field(default_factory=list)

    @classmethod
    def of(cls, rows: SortedRows, part: PolicyPart, run: Run) -> Search:
        """A search that knows nothing yet."""
        paying = rows.select(rows.weight > 0)
        useful = restricted_rows(paying, part, np.full(len(paying), np.inf))
        return cls(paying.total, part, run, granularity(paying, part), Completion(part), useful, part)

    @classmethod
    def of_total(cls, total: Callable[[Flags], float], part: PolicyPart, run: Run) -> Search:
        """A search whose rows are not sorted lists of options."""
        none, nothing = np.empty(0), np.zeros(1, dtype=np.int64)
        no_rows = SortedRows(nothing, np.empty(0, dtype=np.int32), none, none.copy(), none.copy(), part.num_columns)
        return cls(total, part, run, 0.0, Completion(part), no_rows, part)

    @property
    def tolerance(self) -> float:
        """What counts as nothing in the objective."""
        return _ROUNDING * max(1.0, abs(self.value) if np.isfinite(self.value) else 1.0)

    @property
    def cutoff(self) -> float:
        """Only solutions below this are of interest: better by a step, or by the gap asked for."""
        if not np.isfinite(self.value):
            return self.ceiling
        if self.step > 0.0:
            better = self.value - self.step + max(1e-6 * self.step, self.tolerance)
        else:
            better = self.value - max(self.tolerance, 0.5 * self.run.options.gap * max(1.0, abs(self.value)))
        return min(self.ceiling, better)

    @property
    def gap(self) -> float:
        """(value - bound) / max(1, |value|); infinite without a value."""
        if not np.isfinite(self.value) or not np.isfinite(self.bound):
            return float("inf")
        return max(0.0, self.value - self.bound) / max(1.0, abs(self.value))

    @property
    def is_proven(self) -> bool:
        """Whether the gap asked for is proven, or that there is nothing better."""
        return self.is_exhausted or self.bound >= self.cutoff or self.gap <= self.run.options.gap

    @property
    def is_done(self) -> bool:
        """Whether to stop."""
        found = self.first_will_do and self.value < self.ceiling
        return found or self.is_proven or self.run.is_over is not None

    def offer(self, y: Flags) -> bool:
        """Value these open columns and keep them if they are feasible and better; whether they were."""
        rows_cost = self.total(y)
        if not rows_cost + self.completion.least_cost < self.value:
            return False
        completed = self.completion.at(y)
        if completed is None:
            return False
        cost, x = completed
        if not rows_cost + cost < self.value - self.tolerance:
            return False
        self.value, self.y, self.x = rows_cost + cost, y.copy(), x
        return True

    def prove(self, bound: float) -> None:
        """Note that nothing in what is left lies below `bound`."""
        if bound >= self.cutoff:
            self.is_exhausted = True
        else:
            self.raise_bound(bound)

    @property
    def proven_bound(self) -> float:
        """The best lower bound on every solution, what was left out as not better than the best included."""
        if not self.is_exhausted:
            return min(self.bound, self.value)
        if self.step > 0.0 and np.isfinite(self.cutoff):  # nothing below the cutoff, and nothing between two steps
            return min(self.value, self.step * float(np.ceil(self.cutoff / self.step)))
        return max(self.bound, min(self.cutoff, self.value))

    def raise_bound(self, bound: float) -> None:
        """Keep a bound that holds for every solution, if it is better; with steps it does not lie between two."""
        if self.step > 0.0 and np.isfinite(bound):
            bound = self.step * np.ceil((bound - max(1e-6 * self.step, self.tolerance)) / self.step)
        self.bound = max(self.bound, min(bound, self.value))

    def tell(self, stage: str) -> None:
        """Note where the search stands, and tell the listener."""
        value = self.value if np.isfinite(self.value) else None
        step = Step(self.run.seconds, stage, value, self.bound if np.isfinite(self.bound) else None)
        self.trace.append(step)
        self.run.options.listener(step)


def granularity(rows: SortedRows, part: PolicyPart) -> float:
    """The largest whole number that divides all costs, 0 where they are not whole; then every value is a multiple of it."""
    if not part.is_plain:
        return 0.0
    penalty = np.where(np.isfinite(rows.penalty), rows.penalty, 0.0)
    costs = np.concatenate([rows.cost * rows.weight[rows.row_of_entry], penalty * rows.weight, part.y_cost])
    whole = np.append(costs, part.offset)
    if not len(whole) or np.abs(whole).max() > 1e9 or (whole != np.floor(whole)).any():
        return 0.0
    return float(np.gcd.reduce(np.unique(np.abs(whole)).astype(np.int64)))
