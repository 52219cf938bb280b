"""Scans of a block's rows, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.engine.kernels import Rows


@compiled
def useful_columns(rows: Rows, chosen: NDArray[np.int64], present: NDArray[np.bool_], depth: int) -> NDArray[np.bool_]:
    """Which columns come before the `depth`-th of today's in some chosen row, that one included."""
    start, column = rows[0], rows[1]
    useful = np.zeros(len(present), dtype=np.bool_)
    for r in chosen:
        met = 0
        for e in range(start[r], start[r + 1]):
            useful[column[e]] = True
            met += present[column[e]]
            if met == depth:
                break
    return useful


@compiled
def known_entries(
    rows: Rows, chosen: NDArray[np.int64], is_known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many entries of each chosen row come before the first unknown column, and the cost there (the penalty if all are known)."""
    start, column, cost, penalty = rows[0], rows[1], rows[2], rows[4]
    count, last = np.zeros(len(chosen), dtype=np.int64), np.empty(len(chosen))
    for place in range(len(chosen)):
        r = chosen[place]
        last[place] = penalty[r]
        for e in range(start[r], start[r + 1]):
            if not is_known[column[e]]:
                last[place] = cost[e]
                break
            count[place] += 1
    return count, last


@compiled
def count_ties(
    rows: Rows, present: NDArray[np.bool_], of_row: NDArray[np.int64], of_column: NDArray[np.int64], size: int
) -> NDArray[np.float64]:
    """How many entries that would serve better than today's network lie in a column of each part, by part of the row."""
    start, column = rows[0], rows[1]
    ties = np.zeros((size, size))
    for r in range(len(of_row)):
        for e in range(start[r], start[r + 1]):
            ties[of_row[r], of_column[column[e]]] += 1.0
            if present[column[e]]:
                break
    return ties


@compiled
def rows_using(
    rows: Rows, num_rows: int, present: NDArray[np.bool_], is_own: NDArray[np.bool_], depth: int
) -> NDArray[np.bool_]:
    """Which of the first rows have an own column before the `depth`-th of today's, that one included."""
    start, column = rows[0], rows[1]
    using = np.zeros(len(rows[3]), dtype=np.bool_)
    for r in range(num_rows):
        met = 0
        for e in range(start[r], start[r + 1]):
            if is_own[column[e]]:
                using[r] = True
                break
            met += present[column[e]]
            if met == depth:
                break
    return using
