"""What a long step tells while it runs, and what is kept of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from netplan.progress import Progress
from netplan.result import Certificate

__all__ = ["Listener", "Progress", "Recorder", "nobody", "now_and_then"]

Listener = Callable[[Progress], None]

_MOST_STEPS = 2_000
"""Steps a trace holds at most: more than a picture of it is wide."""

_FINEST_SECONDS = 1e-3
"""The stretch of time of which one step is kept when a trace is first thinned."""


def nobody(progress: Progress) -> None:
    """Listen to nothing."""


def now_and_then(listener: Listener, *, seconds: float = 0.5) -> Listener:
    """A listener that hears a step only if the last one it heard was so many seconds before."""
    heard_at = -seconds

    def hear(progress: Progress) -> None:
        nonlocal heard_at
        if progress.seconds - heard_at >= seconds:
            heard_at = progress.seconds
            listener(progress)

    return hear


class Recorder:
    """A listener that keeps the steps at which objective, bound or stage changed, and passes everything on.

    What it passes on and keeps carries the best objective and the best bound heard so far, so that neither ever gets worse,
    and a stage that tells none still shows them.

    Parameters
    ----------
    listener
        Hears every step.
    most
        Steps kept; beyond that they are thinned evenly in time, the latest of each stretch staying.
    """

    def __init__(self, listener: Listener = nobody, *, most: int = _MOST_STEPS) -> None:
        self._listener = listener
        self._most = most
        self._steps: list[Progress] = []
        self._stretch_seconds = _FINEST_SECONDS
        self._lock = threading.Lock()  # HiGHS tells from a thread of its own

    def __call__(self, progress: Progress) -> None:
        """Hear a step."""
        with self._lock:
            step = self._standing(progress)
            if not self._steps or _differ(self._steps[-1], step):
                self._steps.append(step)
                self._thin()
        self._listener(step)

    @property
    def trace(self) -> tuple[Progress, ...]:
        """The steps kept, in order."""
        return tuple(self._steps)

    def ended(self, certificate: Certificate) -> tuple[Progress, ...]:
        """The whole trace: what was heard, then the certificate.

        A solver's callback may round a value for the better; no step shows more than the certificate proves.
        """
        objective, bound = certificate.objective, certificate.bound
        steps = [_no_better(step, objective, bound) for step in self._steps]
        if bound is None and steps:
            bound = steps[-1].bound  # what the relaxation of a problem without a plan proved
        return (*steps, Progress("done", certificate.seconds, certificate.status, objective, bound))

    def _standing(self, progress: Progress) -> Progress:
        """The step with the best values heard so far."""
        if not self._steps:
            return progress
        before = self._steps[-1]
        objective = _least(progress.objective, before.objective)
        return replace(progress, objective=objective, bound=_most(progress.bound, before.bound))

    def _thin(self) -> None:
        """Once there are too many, keep the latest step of each stretch of time; the first and the last stay.

        Stretches only ever double, so that each is made of whole earlier ones and no step is thinned out twice.
        """
        if len(self._steps) <= self._most:
            return
        self._steps = self._one_a_stretch()
        while len(self._steps) > self._most // 2:
            self._stretch_seconds *= 2.0
            self._steps = self._one_a_stretch()

    def _one_a_stretch(self) -> list[Progress]:
        first, *others, last = self._steps
        return [first, *{int(step.seconds / self._stretch_seconds): step for step in others}.values(), last]


def _differ(one: Progress, other: Progress) -> bool:
    return (one.stage, one.objective, one.bound) != (other.stage, other.objective, other.bound)


def _no_better(step: Progress, objective: float | None, bound: float | None) -> Progress:
    """The step, its values no better than these where both are known."""
    return replace(
        step,
        objective=None if step.objective is None else _most(step.objective, objective),
        bound=None if step.bound is None else _least(step.bound, bound),
    )


def _least(one: float | None, other: float | None) -> float | None:
    """The lesser of what is known."""
    return min((value for value in (one, other) if value is not None), default=None)


def _most(one: float | None, other: float | None) -> float | None:
    """The greater of what is known."""
    return max((value for value in (one, other) if value is not None), default=None)
