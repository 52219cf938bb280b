"""Independent pieces of work side by side, with answers that do not depend on how many cores there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from netplan.engine.run import Run

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def side_by_side(work: Callable[[_Item], _Answer | None], items: Sequence[_Item], run: Run) -> list[_Answer]:
    """What `work` makes of each item, in their order, without None; what has not begun when the run is over is left out.

    Threads are enough where the work is done by compiled code and HiGHS, which run without the interpreter's lock.
    """

    def in_time(item: _Item) -> _Answer | None:
        return None if run.is_over else work(item)

    return [answer for answer in each_beside(in_time, items) if answer is not None]


def each_beside(work: Callable[[_Item], _Answer], items: Sequence[_Item]) -> list[_Answer]:
    """What `work` makes of each item, in their order, whether the run is over or not: `work` itself sees to that."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(work, items))
