"""The rows as a window sees them, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.engine.kernels import Rows

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@compiled
def count_window_entries(rows: Rows, is_free: Flags, is_open: Flags) -> tuple[Ints, Ints]:
    """Free entries of each row before the first open one, and that one's position (-1: none)."""
    start, column = rows[0], rows[1]
    count = np.zeros(len(start) - 1, dtype=np.int64)
    last = np.full(len(start) - 1, -1, dtype=np.int64)
    for r in range(len(start) - 1):
        for e in range(start[r], start[r + 1]):
            if is_free[column[e]]:
                count[r] += 1
            elif is_open[column[e]]:
                last[r] = e
                break
    return count, last


@compiled
def window_entries(rows: Rows, is_free: Flags, chosen: Ints, last: Ints, start: Ints) -> tuple[Columns, Floats]:
    """Column and cost of the free entries of the chosen rows, and of the open one behind them."""
    columns, costs = np.empty(start[-1], dtype=np.int32), np.empty(start[-1])
    for place in range(len(chosen)):
        r, at = chosen[place], start[place]
        end = last[r] + 1 if last[r] >= 0 else rows[0][r + 1]
        for e in range(rows[0][r], end):
            if is_free[rows[1][e]] or e == last[r]:
                columns[at], costs[at] = rows[1][e], rows[2][e]
                at += 1
    return columns, costs
