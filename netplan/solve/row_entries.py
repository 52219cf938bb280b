"""Options of several columns as entries of one column each, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]

Options = tuple[Ints, Floats, NDArray[np.integer], NDArray[np.integer]]
"""option_start, option_cost, column_start and column of `Rows`"""


@compiled
def count_kept(options: Options, chosen: Ints, last: Ints) -> Ints:
    """Entries of each chosen row up to its last option (-1: all of them), that one included."""
    option_start, column_start = options[0], options[2]
    count = np.empty(len(chosen), dtype=np.int64)
    for place in range(len(chosen)):
        r = chosen[place]
        end = last[r] + 1 if last[r] >= 0 else option_start[r + 1]
        count[place] = column_start[end] - column_start[option_start[r]]
    return count


@compiled
def keep_entries(options: Options, chosen: Ints, last: Ints, start: Ints) -> tuple[Columns, Floats]:
    """Column and cost of the entries that `count_kept` counted; ``start`` has where each row's begin."""
    option_start, option_cost, column_start, column = options
    columns, costs = np.empty(start[-1], dtype=np.int32), np.empty(start[-1], dtype=np.float64)
    for place in range(len(chosen)):
        r, at = chosen[place], start[place]
        end = last[r] + 1 if last[r] >= 0 else option_start[r + 1]
        for option in range(option_start[r], end):
            for entry in range(column_start[option], column_start[option + 1]):
                columns[at], costs[at] = column[entry], option_cost[option]
                at += 1
    return columns, costs
