"""What the command line says while it works, on stderr: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich import progress as rich_progress
from rich.console import Console
from rich.table import Column

from netplan.solve import Progress

_SECONDS_BETWEEN_LINES = 10.0
"""Off a terminal: a log that grows by a line every ten seconds is still read."""


class Reporter(Protocol):
    """Says which step has begun, and how far the solver is."""

    def step(self, text: str) -> None:
        """A step of the command begins."""

    def share(self, what: str, done: float) -> None:
        """A long step is this far, 0 to 1."""

    def __call__(self, progress: Progress) -> None:
        """The solver reports."""


class Silent:
    """Says nothing (``--quiet``)."""

    def step(self, text: str) -> None:
        """Nothing to say."""

    def share(self, what: str, done: float) -> None:
        """Nothing to say."""

    def __call__(self, progress: Progress) -> None:
        """Nothing to say."""


class PlainLines:
    """A line a step, and while solving a line whenever the stage changes or ten seconds have passed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._last_line = 0.0

    def step(self, text: str) -> None:
        """Print the step."""
        self._print(text)

    def share(self, what: str, done: float) -> None:
        """Print how far a step is, not too often."""
        self._print_sometimes(what, what if done <= 0 else f"{what}: {done:.0%}")

    def __call__(self, progress: Progress) -> None:
        """Print the solver's state, not too often."""
        self._print_sometimes(progress.stage, describe(progress))

    def _print_sometimes(self, stage: str, text: str) -> None:
        """A line whenever the stage changes, and every ten seconds."""
        if stage != self._stage or time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._stage = stage
            self._print(text)

    def _print(self, text: str) -> None:
        self._last_line = time.monotonic()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class MovingLine:
    """One line with the time passed, rewritten in place; it is gone when the command ends."""

    def __init__(self, display: rich_progress.Progress) -> None:
        self._display = display
        self._task = display.add_task("starting")

    def step(self, text: str) -> None:
        """Show the step."""
        self._display.update(self._task, description=text)

    def share(self, what: str, done: float) -> None:
        """Show how far the step is."""
        self.step(f"{what}, {done:.0%}" if done > 0 else what)

    def __call__(self, progress: Progress) -> None:
        """Show the solver's state."""
        self.step(describe(progress))


@contextmanager
def reporting(*, quiet: bool) -> Iterator[Reporter]:
    """The reporter that fits where stderr goes."""
    console = Console(stderr=True)
    if quiet:
        yield Silent()
    elif console.is_terminal:
        with display_on(console) as report:
            yield report
    else:
        yield PlainLines(console)


@contextmanager
def display_on(console: Console) -> Iterator[MovingLine]:
    """A moving line on a terminal."""
    time_passed = Column(no_wrap=True, min_width=len("0:00:00"))  # on a narrow screen the text gives way
    columns = (
        rich_progress.SpinnerColumn(),
        rich_progress.TimeElapsedColumn(time_passed),
        rich_progress.TextColumn("{task.description}", markup=False),
    )
    with rich_progress.Progress(*columns, console=console, transient=True) as display:
        yield MovingLine(display)


def describe(progress: Progress) -> str:
    """The solver's state in one line: ``solving, 12 s: objective 1,234, bound 1,200, gap 2.75%``."""
    parts = [
        f"objective {progress.objective:,.0f}" if progress.objective is not None else "",
        f"bound {progress.bound:,.0f}" if progress.bound is not None else "",
        f"gap {progress.gap:.2%}" if progress.gap is not None else "",
        progress.message,
    ]
    told = ", ".join(part for part in parts if part)
    return f"{progress.stage}, {progress.seconds:.0f} s" + (f": {told}" if told else "")
