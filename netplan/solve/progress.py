"""What a long step tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netplan.result import relative_gap


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of progress; numbers are None until they are known."""

    stage: str
    seconds: float
    message: str = ""
    objective: float | None = None
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """|objective - bound| / max(1, |objective|)."""
        return relative_gap(self.objective, self.bound)


Listener = Callable[[Progress], None]


def nobody(progress: Progress) -> None:
    """Listen to nothing."""
