"""Ctrl-C as a wish: the run ends soon, with the best plan so far."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from netplan.engine import run as engine

Stop = threading.Event
"""Set once the user wants the run to end."""


@contextmanager
def stop_on_interrupt() -> Iterator[Stop]:
    """While open, Ctrl-C sets the event; a second one ends the program at once."""
    wanted = Stop()
    with engine.stop_on_interrupt(wanted):
        yield wanted
