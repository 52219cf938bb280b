"""Ctrl-C as a wish: the run ends soon, with the best plan so far."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Stop = threading.Event
"""Set once the user wants the run to end."""


@contextmanager
def stop_on_interrupt() -> Iterator[Stop]:
    """While open, Ctrl-C sets the event; a second one ends the program at once.

    Outside the main thread signals cannot be caught, and the event is never set.
    """
    wanted = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield wanted
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(_signal: int, _frame: Any) -> None:
        if wanted.is_set():
            raise KeyboardInterrupt
        wanted.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield wanted
    finally:
        signal.signal(signal.SIGINT, before)
