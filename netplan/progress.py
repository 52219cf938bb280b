"""Where a run stands at a moment: what a listener hears, and what a trace is made of."""

from __future__ import annotations

from dataclasses import dataclass


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


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective - bound| / max(1, |objective|), or None."""
    if objective is None or bound is None:
        return None
    return abs(objective - bound) / max(1.0, abs(objective))
