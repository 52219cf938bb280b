"""Components: where fixing has left groups of columns that share no rows, each is solved apart.

Only the number of open columns still links them. With f_c(k) the cost of component c with k of its columns open,

    minimise sum_c f_c(k_c)   subject to   least <= sum_c k_c <= most

is a dynamic program over the components. Its tables start with lower bounds for every k from one set of prices; the exact f_c(k) is
computed only where the best combination of the tables uses it, until that combination is exact throughout. Dense clusters far
from one another, as in fl1400, are of this kind, and there branching on the whole would multiply the trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from netplan.engine import kernels
from netplan.engine.policy_part import PolicyPart, plain_part
from netplan.engine.rows import SortedRows
from netplan.engine.run import Run, nobody
from netplan.engine.state import Search

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LARGEST_SHARE = 0.8
"""Components pay unless one of them holds more of the free columns than this."""

_SHARE = 0.25
"""Of the room between the tables' best sum and the cutoff, what one component's bound is raised by at a time."""


_EXACT = 2e-9
"""Relative difference of a value and its bound that counts as none."""


@dataclass(slots=True)
class Component:
    """A group of free columns, its rows with columns renumbered, and what is known of f(k), k = 0 ... number of columns.

    Attributes
    ----------
    lower
        A lower bound on f(k), shape (columns + 1,).
    value
        The best value known, infinite where none is.
    open
        Flags over the component's columns that attain it.
    """

    columns: Ints
    rows: SortedRows
    cost: Floats
    lower: Floats
    value: Floats
    open: list[Flags | None]

    @property
    def is_exact(self) -> Flags:
        """Where value and lower bound meet."""
        return np.asarray(self.value <= self.lower + _EXACT * np.maximum(1.0, np.abs(self.lower)))

    def note(self, y: Flags) -> None:
        """Keep a solution if it is the best of its number."""
        k, value = int(y.sum()), self.rows.total(y) + float(self.cost @ y)
        if value < self.value[k]:
            self.value[k], self.open[k] = value, y


def splits(search: Search) -> list[Ints]:
    """The free columns of what is left by component, those without a row together last; empty if that would not pay."""
    if not search.left_part.is_plain or search.y is None:
        return []
    rows, free = search.left_rows, search.left_part.is_free
    shape = (len(rows), search.part.num_columns)
    links = scipy.sparse.csr_array((np.ones(rows.num_entries), rows.column, rows.start), shape=shape)
    both = scipy.sparse.block_array([[None, links], [links.T, None]], format="csr")
    _, label = connected_components(both, directed=False)
    label = label[len(rows) :]
    used = free & (np.bincount(rows.column, minlength=len(free)) > 0)
    groups = [np.flatnonzero(used & (label == name)) for name in np.unique(label[used])]
    if not groups or max(len(group) for group in groups) > _LARGEST_SHARE * free.sum():
        return []
    idle = np.flatnonzero(free & ~used)
    return [*groups, idle] if len(idle) else groups


def solve_components(
    search: Search, groups: list[Ints], prices: Floats, *, explore_part: Callable[[Search], None]
) -> bool:
    """Solve what is left component by component; whether that settled it, or ended it."""
    components = [_component(search, group, prices) for group in groups]
    constant = search.part.offset + _constant(search)
    least, most = (limit - int(search.left_part.always_open.sum()) for limit in search.part.num_open)
    while not search.is_done:
        bound, chosen, through = _combine(components, least, most)
        search.prove(constant + bound)
        search.tell(f"solving {len(components)} components")
        if _is_settled(search, 0.0):
            return True
        open_question = [c for c, k in enumerate(chosen) if not components[c].is_exact[k]]
        if not open_question:
            _offer(search, components, chosen)
            search.prove(constant + bound)
            return _is_settled(search, 10.0 * _EXACT)
        for c in open_question:
            k = chosen[c]
            room = search.cutoff - constant - through[c][k]
            _answer(search, components[c], k, room, explore_part)
            if search.run.is_over:
                return True
        _offer_best(search, components, least, most)
    return True


def _is_settled(search: Search, gap: float) -> bool:
    return search.is_done or search.gap <= gap


def _component(search: Search, columns: Ints, prices: Floats) -> Component:
    """A component with bounds from prices for every number of open columns, and the best solution's part of it."""
    rows = _rows_of(search.left_rows, columns)
    mine = np.isin(search.left_rows.column, columns)
    touched = np.unique(search.left_rows.row_of_entry[mine])
    price = np.minimum(prices[touched], rows.penalty)
    saving = kernels.savings(rows.arrays, price, len(columns))
    cost = search.part.y_cost[columns]
    ranked = np.sort(cost - saving)
    lower = float(rows.weight @ price) + np.concatenate([[0.0], np.cumsum(ranked)])
    size = len(columns) + 1
    component = Component(columns, rows, cost, _rounded(search, lower), np.full(size, np.inf), [None] * size)
    if search.y is not None:
        component.note(search.y[columns])
    if not len(rows):
        _fill_idle(component)
    return component


def _rounded(search: Search, lower: Floats) -> Floats:
    """Lower bounds less an allowance for rounding; up to the next value there can be, where values have steps."""
    safe = lower - 1e-9 * np.maximum(1.0, np.abs(lower))
    if search.step <= 0.0:
        return safe
    return np.asarray(search.step * np.ceil((safe - 1e-6 * search.step) / search.step))


def _fill_idle(component: Component) -> None:
    """Columns without rows: the cheapest k."""
    order = np.argsort(component.cost, kind="stable")
    for k in range(len(order) + 1):
        y = np.zeros(len(order), dtype=bool)
        y[order[:k]] = True
        component.note(y)
        component.lower[k] = component.value[k]


def _rows_of(rows: SortedRows, columns: Ints) -> SortedRows:
    """The rows that have an entry of these columns, columns renumbered in their order."""
    number = np.full(rows.num_columns, -1, dtype=np.int32)
    number[columns] = np.arange(len(columns), dtype=np.int32)
    touched = np.zeros(len(rows), dtype=bool)
    touched[rows.row_of_entry[number[rows.column] >= 0]] = True
    part = rows.select(touched)
    return SortedRows(
        part.start, number[part.column], part.cost.copy(), part.weight.copy(), part.penalty.copy(), len(columns)
    )


def _constant(search: Search) -> float:
    """Rows without a free column and columns that are always open."""
    rows, part = search.left_rows, search.left_part
    bare = np.diff(rows.start) == 0
    return float(rows.weight[bare] @ rows.penalty[bare]) + float(part.y_cost @ part.always_open)


def _combine(components: list[Component], least: int, most: int) -> tuple[float, list[int], list[Floats]]:
    """The least sum of lower bounds, the number of open columns of each component there, the least sum through each entry."""
    tables = [np.minimum(component.lower, np.inf) for component in components]
    before = [np.array([0.0])]
    for table in tables:
        before.append(kernels.min_plus(before[-1], table)[: most + 1])
    after = [_ends(least, most, len(before[-1]))]
    for table in reversed(tables):
        after.append(kernels.min_plus_reversed(after[-1], table))
    after.reverse()
    best = float((before[-1] + after[-1][: len(before[-1])]).min(initial=np.inf)) if len(before[-1]) else np.inf
    through = [_through(before[c], tables[c], after[c + 1]) for c in range(len(tables))]
    return best, _path(tables, after), through


def _ends(least: int, most: int, size: int) -> Floats:
    """Zero where a total number of open columns is allowed, infinite elsewhere."""
    count = np.arange(max(size, most + 1))
    return np.where((count >= least) & (count <= most), 0.0, np.inf)


def _through(before: Floats, table: Floats, after: Floats) -> Floats:
    """The least sum for each k of one component."""
    found = np.full(len(table), np.inf)
    for k in range(len(table)):
        size = min(len(before), len(after) - k)
        if size > 0:
            found[k] = table[k] + (before[:size] + after[k : k + size]).min()
    return found


def _path(tables: list[Floats], after: list[Floats]) -> list[int]:
    """The number of open columns of each component in a best combination."""
    chosen, used = [], 0
    for c, table in enumerate(tables):
        size = max(0, min(len(table), len(after[c + 1]) - used))
        k = int(np.argmin(table[:size] + after[c + 1][used : used + size]))
        chosen.append(k)
        used += k
    return chosen


def _answer(search: Search, component: Component, k: int, room: float, explore_part: Callable[[Search], None]) -> None:
    """Find f(k) if it is below its bound plus the room there is; else raise the bound to that."""
    part = _part(component, k)
    run = Run(replace(search.run.options, gap=0.0, listener=nobody, time_limit=_seconds(search)), stop=search.run.stop)
    inner = Search.of(component.rows, part, run)
    inner.step, inner.is_window = search.step, True
    inner.ceiling = component.lower[k] + _rise(search, room)
    known = component.open[k]
    if known is not None and component.value[k] < inner.ceiling:
        inner.offer(known)
    explore_part(inner)
    if inner.y is not None:
        component.note(inner.y)
    proven = inner.proven_bound
    if search.step > 0.0:
        proven = float(_rounded(search, np.array([proven]))[0])
    component.lower[k] = max(component.lower[k], min(proven, component.value[k]))


def _rise(search: Search, room: float) -> float:
    """By how much to try to raise a bound: part of the room, all of it once it is small.

    Where values have steps, to halfway between two of them.
    """
    if search.step > 0.0:
        return search.step * (float(np.floor(_SHARE * room / search.step)) + 0.5)
    is_small = room <= 1e-4 * max(1.0, abs(search.value))
    return (room if is_small else _SHARE * room) + search.tolerance


def _part(component: Component, k: int) -> PolicyPart:
    return plain_part(len(component.columns), cost=component.cost, num_open=(k, k))


def _seconds(search: Search) -> float | None:
    left = search.run.seconds_left
    return None if left == np.inf else left


def _offer(search: Search, components: list[Component], chosen: list[int]) -> None:
    y = search.left_part.always_open.copy()
    for component, k in zip(components, chosen, strict=True):
        mine = component.open[k]
        if mine is None:
            return
        y[component.columns] = mine
    search.offer(y)


def _offer_best(search: Search, components: list[Component], least: int, most: int) -> None:
    """Offer the best combination of the solutions known."""
    known = [replace(component, lower=component.value) for component in components]
    value, chosen, _ = _combine(known, least, most)
    if np.isfinite(value):
        _offer(search, components, chosen)
