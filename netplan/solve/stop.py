"""Ctrl-C as a wish: the run ends soon, with the best plan so far."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from netplan.engine import run as engine

Stop = threading.Event
"""Set once the user wants the run to end."""


class Either(Stop):
    """An event that is set once it is set itself or another is: a step that ends early, in a run that the user may end."""

    def __init__(self, other: Stop) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Whether one of the two is."""
        return super().is_set() or self._other.is_set()


@contextmanager
def stop_on_interrupt() -> Iterator[Stop]:
    """While open, Ctrl-C sets the event; a second one ends the program at once."""
    wanted = Stop()
    with engine.stop_on_interrupt(wanted):
        yield wanted
