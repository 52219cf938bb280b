"""What every method shares: the run it serves, and the best plan and bound so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from netplan.engine import run as engine
from netplan.engine.run import Options, Stopped
from netplan.errors import AuditError
from netplan.formulation.decisions import Decisions
from netplan.result import relative_gap
from netplan.solve.progress import Listener, Progress
from netplan.solve.stop import Stop


@dataclass(frozen=True, slots=True)
class Run:
    """One call of `solve`: its options, who listens, whether to stop, when it began."""

    options: Options
    solver: str
    listener: Listener
    stop: Stop
    began: float

    def tell(self, stage: str, message: str = "", best: Outcome | None = None) -> None:
        """Tell the listener where the run stands."""
        objective, bound = (best.objective, best.bound) if best is not None else (None, None)
        self.listener(Progress(stage, self.seconds, message, objective, bound))

    def left(self, gap: float | None = None) -> Options:
        """The options, with the time that is left and another gap if given."""
        options = self.options if gap is None else replace(self.options, gap=gap)
        if options.time_limit is None:
            return options
        return replace(options, time_limit=max(0.1, options.time_limit - self.seconds))

    @property
    def clock(self) -> engine.Run:
        """The same run as the engine's live models take it."""
        return engine.Run(self.options, self.stop, self.began)

    @property
    def seconds(self) -> float:
        """Wall time since it began."""
        return time.perf_counter() - self.began

    @property
    def is_over(self) -> Stopped | None:
        """Whether the user or the clock ends the run."""
        if self.stop.is_set():
            return "interrupted"
        limit = self.options.time_limit
        return "time_limit" if limit is not None and self.seconds >= limit else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best decisions found, their value, the best bound proven, and why it stopped."""

    stopped: Stopped
    decisions: Decisions | None = None
    objective: float | None = None
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """|objective - bound| / max(1, |objective|)."""
        return relative_gap(self.objective, self.bound)

    def closes(self, gap: float) -> bool:
        """Whether the gap asked for is proven."""
        return self.gap is not None and self.gap <= gap

    def with_bound(self, bound: float | None) -> Outcome:
        """The same with the better of two bounds."""
        bounds = [value for value in (self.bound, bound) if value is not None]
        return replace(self, bound=max(bounds)) if bounds else self

    def with_plan(self, decisions: Decisions, objective: float) -> Outcome:
        """The same with a plan, if it is better."""
        if self.objective is not None and objective >= self.objective:
            return self
        return replace(self, decisions=decisions, objective=objective)

    def checked(self) -> Outcome:
        """The same, the bound no higher than the plan's value.

        Raises
        ------
        AuditError
            The bound is above the plan by more than rounding: some cut or bound was not valid.
        """
        if self.objective is None or self.bound is None or self.bound <= self.objective:
            return self
        if self.bound - self.objective > 1e-6 * max(1.0, abs(self.objective)):
            raise AuditError(f"the bound {self.bound:,.2f} is above the plan's value {self.objective:,.2f}: a bug")
        return replace(self, bound=self.objective)
