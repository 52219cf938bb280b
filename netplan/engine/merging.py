"""Annealed solutions merged: several runs from the best solution, then an exact search over the columns that any of them opens.

What is good about each lies in another quarter, and a few hundred columns of 3,000 are few enough to find the best mixture in a second (after
tour merging: Cook and Seymour 2003, doi 10.1287/ijoc.15.3.233.16078). The first runs start from random columns. The others start from the best
mixture so far, warm enough to leave it here and there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.annealing import Covering, anneal
from netplan.engine.beside import side_by_side
from netplan.engine.groups import savings_of_steps
from netplan.engine.rows import SortedRows
from netplan.engine.state import Search
from netplan.engine.windows import solve_window

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_RUNS, _STEPS, _MORE = 8, 500, 3
"""Runs that are merged at a time; steps of each for every free column, and how many times as many if it is called again."""

_HEATS, _HOT, _COLD = (None, 0.2, 0.3, 0.35), 0.5, 0.1
"""Temperatures: the first is such a share of `_HOT`, one after another (None: all of it, and from random columns), the last is `_COLD` of it.
`_HOT` is a share of what one more column would save."""

_NEAREST = 60
"""Near columns of a column: so many that serve the most alike."""

_PATIENCE, _NODES = 4, 200
"""It ends after so many mixtures in a row that are not better; nodes that the search for one may take."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The free columns of a search, shape (F,), and which rows they serve."""

    columns: Ints
    covering: Covering

    @classmethod
    def of(cls, search: Search, saving: Floats) -> Cover:
        """What is left of a search; `saving` is what serving each row saves, shape (R,)."""
        columns = np.flatnonzero(search.left_part.is_free)
        serving = _serving(search.left_rows, columns)
        saving = np.where(search.left_rows.serving(search.left_part.always_open) < 0, saving, 0.0)
        lists = (serving.indptr.astype(np.int64), serving.indices.astype(np.int64), *_near(serving))
        return cls(columns, (*lists, saving, search.left_part.y_cost[columns]))

    def most_saved(self, y: Flags) -> float:
        """What one more open column saves at most, shape of y (n,)."""
        start, rows, _, _, saving, cost = self.covering
        column_of = np.repeat(np.arange(len(cost)), np.diff(start))
        unserved = saving.copy()
        unserved[rows[y[self.columns][column_of]]] = 0.0
        saved = np.bincount(column_of, weights=unserved[rows], minlength=len(cost)) - cost
        return float(saved[~y[self.columns]].max(initial=0.0))


def search_by_merging(search: Search, *, explore_window: Callable[[Search], None], again: int = 0) -> bool:
    """Look for better solutions with as many open columns, False where that does not apply.

    The `again`-th time it draws other numbers, and takes more steps. It needs rows that pay one of two prices, and a given number of open columns.
    """
    saving = savings_of_steps(search.left_rows)
    least, most = search.part.num_open
    if search.y is None or saving is None or least != most:
        return False
    rng = np.random.default_rng([search.run.options.seed, 3, again])
    cover = Cover.of(search, saving)
    steps = (_MORE if again else 1) * _STEPS * len(cover.columns)
    failures = 0
    for heat in cycle(_HEATS):
        before = search.value
        _merge(search, _annealed(search, cover, heat, steps, rng), explore_window)
        failures = 0 if search.value < before else failures + 1
        if failures >= _PATIENCE or search.is_done:
            break
    return True


def _annealed(search: Search, cover: Cover, heat: float | None, steps: int, rng: np.random.Generator) -> list[Flags]:
    """What some runs come to, shape (n,) each."""
    y = np.asarray(search.y)
    opened = np.flatnonzero(y[cover.columns])
    hot = _HOT * cover.most_saved(y)
    if hot <= 0.0 or not 0 < len(opened) < len(cover.columns):
        return []
    draws = []
    for _ in range(_RUNS):
        start = opened if heat is not None else rng.permutation(len(cover.columns))[: len(opened)]
        draws.append((start, rng.integers(1, 2**63, 1, dtype=np.uint64)))

    def annealed(drawn: tuple[Ints, NDArray[np.uint64]]) -> Flags:
        start, word = drawn
        inside = anneal(cover.covering, start, (hot * (heat or 1.0), hot * _COLD), steps, word)
        plan = search.left_part.always_open.copy()
        plan[cover.columns[inside]] = True
        return plan

    return side_by_side(annealed, draws, search.run)


def _merge(search: Search, found: list[Flags], explore_window: Callable[[Search], None]) -> None:
    """Offer them, and the best mixture of these and the best."""
    for y in found:
        search.offer(y)
    inside = np.logical_or.reduce([np.asarray(search.y), *found])
    solve_window(search, inside, explore_window, most_nodes=_NODES)
    search.tell(f"merging {len(found)} solutions, {int(inside.sum())} columns")


def _serving(rows: SortedRows, columns: Ints) -> scipy.sparse.csr_array:
    """Which rows each of some columns serves, shape (columns, R)."""
    shape = (len(rows), rows.num_columns)
    links = scipy.sparse.csr_array((np.ones(rows.num_entries), rows.column.copy(), rows.start.copy()), shape=shape)
    return scipy.sparse.csr_array(scipy.sparse.csr_array(links.T)[columns])


def _near(serving: scipy.sparse.csr_array) -> tuple[Ints, Ints]:
    """Starts, and the columns whose rows are most like those of each: shared rows to rows of either."""
    shared, size = scipy.sparse.csr_array(serving @ serving.T), np.diff(serving.indptr)
    of, other = np.repeat(np.arange(len(size)), np.diff(shared.indptr)), shared.indices
    alike = np.where(of == other, 0.0, shared.data / (size[of] + size[other] - shared.data))
    order = np.lexsort((other, -alike, of))
    rank = np.arange(len(order)) - shared.indptr[of]
    kept = order[(rank < _NEAREST) & (alike[order] > 0.0)]
    starts = np.zeros(len(size) + 1, dtype=np.int64)
    np.cumsum(np.bincount(of[kept], minlength=len(size)), out=starts[1:])
    return starts, other[kept].astype(np.int64)
