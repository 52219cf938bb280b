"""One run of the engine: its options, its clock, who listens, and Ctrl-C as a wish to end soon."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

Stopped = Literal["proven", "time_limit", "interrupted", "infeasible", "unbounded", "effort", "nothing"]
"""Why a step ended; "effort": it took all that it was allowed; "nothing": the solver gave no answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace: seconds since the start, what is done, best value and bound so far (None: not yet known)."""

    seconds: float
    stage: str
    objective: float | None
    bound: float | None


Listener = Callable[[Step], None]


def nobody(step: Step) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """Relative gap to prove, seconds it may take (None: no limit), seed of every random draw, who listens."""

    gap: float = 1e-6
    time_limit: float | None = None
    seed: int = 0
    listener: Listener = nobody


@dataclass(frozen=True, slots=True)
class Run:
    """Options with a clock and a stop button."""

    options: Options
    stop: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Wall time since it began."""
        return time.perf_counter() - self.began

    @property
    def seconds_left(self) -> float:
        """Wall time that is left, infinite without a limit."""
        limit = self.options.time_limit
        return float("inf") if limit is None else max(0.0, limit - self.seconds)

    @property
    def is_over(self) -> Stopped | None:
        """Whether the user or the clock ends the run."""
        if self.stop.is_set():
            return "interrupted"
        return "time_limit" if self.seconds_left <= 0.0 else None


@contextmanager
def stop_on_interrupt(stop: threading.Event) -> Iterator[None]:
    """While open, Ctrl-C sets the event; a second one ends the program at once.

    Outside the main thread signals cannot be caught, and the event is never set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(_signal: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
