"""Large neighbourhoods: free the columns around a place, keep the others as in the best solution, and solve that exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.rows import restricted_rows
from netplan.engine.run import Run, nobody
from netplan.engine.state import Search

Flags = NDArray[np.bool_]

_SMALLEST, _OPEN, _LARGEST = 60, 8, 0.25
"""Columns freed at a time: at least so many, and so many open ones; then twice as many, up to this share of all that are free.

Small windows where few columns are open hold two or three of those and find nothing: of 2,713 Manhattan blocks, 80 of them
open, 60 hold two and 500 hold fifteen.
"""


def search_windows(search: Search, *, explore_window: Callable[[Search], None]) -> None:
    """Solve windows around columns in a random order, small ones and then larger ones, each size until it finds nothing better."""
    rng = np.random.default_rng(search.run.options.seed + 1)
    for size in _sizes(search):
        _pass(search, rng, size, explore_window)


def _sizes(search: Search) -> Iterator[int]:
    """Columns to free at a time; a size comes again while it finds something better."""
    free = search.left_part.is_free
    num_free, num_open = int(free.sum()), int((free & search.y).sum()) if search.y is not None else 0
    size = max(_SMALLEST, _OPEN * num_free // max(1, num_open))
    while size < num_free and (size <= 2 * _SMALLEST or size <= _LARGEST * num_free):
        before = search.value
        yield size
        size = size if search.value < before else 2 * size


def _pass(search: Search, rng: np.random.Generator, size: int, explore_window: Callable[[Search], None]) -> None:
    """Windows of a size around columns drawn at random, so many that each column is in about four."""
    free = np.flatnonzero(search.left_part.is_free)
    for seed in rng.permutation(free)[: max(1, 4 * len(free) // size)]:
        if search.is_done:
            return
        solve_window(search, window(search, int(seed), size), explore_window)
    search.tell(f"searching windows of {size}")


def window(search: Search, seed: int, size: int) -> Flags:
    """The columns that share the most rows with a column, or with those that do; shape (n,)."""
    rows, free = search.left_rows, search.left_part.is_free
    inside = np.zeros(search.part.num_columns, dtype=bool)
    inside[seed] = True
    row_of = rows.row_of_entry
    while True:
        touched = np.zeros(len(rows), dtype=bool)
        touched[row_of[inside[rows.column]]] = True
        shared = np.bincount(rows.column[touched[row_of]], minlength=len(inside)) * free
        shared[inside] = 0
        room = size - int(inside.sum())
        found = np.flatnonzero(shared)
        if len(found) == 0 or room <= 0:
            return inside
        inside[found[np.argsort(-shared[found], kind="stable")[:room]]] = True


def solve_window(
    search: Search, inside: Flags, explore_window: Callable[[Search], None], *, most_nodes: float = float("inf")
) -> None:
    """Look for something better with only these columns free, shape (n,), in at most so many nodes of branching."""
    if search.y is None:
        return
    outside = search.left_part.is_free & ~inside
    part = search.left_part.fixed(outside & ~search.y, outside & search.y)
    run = Run(replace(search.run.options, listener=nobody, time_limit=_limit(search)), stop=search.run.stop)
    limit = np.full(len(search.left_rows), np.inf)
    small = Search.of(restricted_rows(search.left_rows, part, limit), part, run)
    small.step = search.step
    small.offer(search.y)
    small.is_window, small.most_nodes = True, most_nodes
    explore_window(small)
    if small.y is not None:
        search.offer(small.y)


def _limit(search: Search) -> float | None:
    left = search.run.seconds_left
    return None if left == np.inf else left
