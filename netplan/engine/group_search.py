"""A small covering problem with prices, solved exactly by a compiled depth-first search.

    minimise  sum_j b_j y_j + sum of a_i over the rows i that no open column serves,   y whole

Bounds come from prices v_i <= a_i of the rows: sum_i v_i + sum_j min(0, b_j - sum_{i served by j} v_i), raised by a few subgradient steps
at every node from where its parent's stood; columns are fixed by what is left of their price. For some 50 rows and columns this takes
a hundredth of what a general solver takes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kinds = NDArray[np.int8]
Small = tuple[Ints, Ints, Ints, Ints, Floats, Floats]
"""row starts and their columns, column starts and their rows, a of each row, b of each column"""
Node = tuple[Kinds, Flags, Floats, Floats, Floats]
"""0, 1 or 2 (free) of each column; rows not served by those at 1; v of each row; b - sum of v, and mean y, of each column"""

_FREE = np.int8(2)
_STEADY, _MIX, _PATIENCE, _SLOWER, _WORTH = 4, 0.25, 4, 0.6, 0.02
_SELDOM, _OFTEN = 0.05, 0.3


@compiled
def _enter(small: Small, node: Node) -> float:
    """Mark the rows that the columns at 1 leave unserved; what these columns cost. A row without a free column has price a."""
    row_start, columns, column_start, rows, weight, cost = small
    kind, bare, price, _, _ = node
    bare[:] = True
    paid = 0.0
    for j in np.flatnonzero(kind == 1):
        paid += cost[j]
        bare[rows[column_start[j] : column_start[j + 1]]] = False
    for i in np.flatnonzero(bare):
        if not (kind[columns[row_start[i] : row_start[i + 1]]] == _FREE).any():
            price[i] = weight[i]
    return paid


@compiled
def _bound(small: Small, node: Node) -> float:
    """The bound at these prices, less what is paid; brings what is left of the columns' costs up to date."""
    row_start, columns, _, _, _, cost = small
    kind, bare, price, left, _ = node
    left[:] = cost
    total = 0.0
    for i in range(len(price)):
        if bare[i]:
            total += price[i]
            for e in range(row_start[i], row_start[i + 1]):
                left[columns[e]] -= price[i]
    for j in range(len(cost)):
        if kind[j] == _FREE and left[j] < 0.0:
            total += left[j]
    return total


@compiled
def _slope(small: Small, node: Node, slope: Floats) -> float:
    """How the bound changes with each price, as far as the price can; its squared length."""
    row_start, columns, _, _, weight, _ = small
    kind, bare, price, left, _ = node
    norm = 0.0
    for i in range(len(price)):
        slope[i] = 0.0
        if bare[i]:
            change = 1.0
            for e in range(row_start[i], row_start[i + 1]):
                if kind[columns[e]] == _FREE and left[columns[e]] < 0.0:
                    change -= 1.0
            if (change > 0.0 and price[i] < weight[i]) or (change < 0.0 and price[i] > 0.0):
                slope[i] = change
                norm += change * change
    return norm


@compiled
def _raise(small: Small, node: Node, paid: float, cutoff: float, steps: int) -> float:
    """Raise the bound of a node towards the cutoff; it is left at the best prices found."""
    weight = small[4]
    kind, _, price, left, mean = node
    best, kept, slope = -np.inf, price.copy(), np.empty(len(price))
    scale, failures = 1.0, 0
    for step in range(steps):
        value = paid + _bound(small, node)
        failures = 0 if value > best + _WORTH * (cutoff - value) else failures + 1
        if value > best:
            best, kept[:] = value, price
        norm = _slope(small, node, slope)
        share = 1.0 / (step + 1.0) if step < _STEADY else _MIX
        for j in range(len(mean)):
            mean[j] = (1.0 - share) * mean[j] + (share if kind[j] == _FREE and left[j] < 0.0 else 0.0)
        if best >= cutoff or norm == 0.0:
            break
        if failures >= _PATIENCE:
            scale, failures = _SLOWER * scale, 0
        for i in range(len(price)):
            price[i] = min(weight[i], max(0.0, price[i] + scale * (cutoff - value) / norm * slope[i]))
    price[:] = kept
    _bound(small, node)
    return best


@compiled
def _fix(node: Node, bound: float, cutoff: float) -> int:
    """Fix the columns that would take the bound to the cutoff; how many are still free."""
    kind, _, _, left, _ = node
    free = 0
    for j in range(len(kind)):
        if kind[j] == _FREE:
            if bound + abs(left[j]) >= cutoff:
                kind[j] = 0 if left[j] >= 0.0 else 1
            else:
                free += 1
    return free


@compiled
def _rounded(small: Small, node: Node, y: Flags) -> float:
    """Open, of the columns that were often open, the one that saves most until none saves anything; the value of that y."""
    _, _, column_start, rows, weight, cost = small
    kind, bare, _, _, mean = node
    value = _enter_open(small, kind, bare, y)
    while True:
        best, chosen = 1e-9, -1
        for j in range(len(cost)):
            if kind[j] == _FREE and not y[j] and mean[j] > _SELDOM:
                saved = -cost[j]
                for e in range(column_start[j], column_start[j + 1]):
                    if bare[rows[e]]:
                        saved += weight[rows[e]]
                if saved * mean[j] > best:
                    best, chosen = saved * mean[j], j
        if chosen < 0:
            return value + float(weight[bare].sum())
        y[chosen] = True
        value += cost[chosen]
        bare[rows[column_start[chosen] : column_start[chosen + 1]]] = False


@compiled
def _enter_open(small: Small, kind: Kinds, bare: Flags, y: Flags) -> float:
    """Open the columns at 1; what they cost."""
    _, _, column_start, rows, _, cost = small
    bare[:] = True
    paid = 0.0
    for j in range(len(kind)):
        y[j] = kind[j] == 1
        if y[j]:
            paid += cost[j]
            bare[rows[column_start[j] : column_start[j + 1]]] = False
    return paid


@compiled
def _branching(node: Node, cost: Floats) -> int:
    """The free column that was open about half of the time, dear ones first."""
    kind, _, _, _, mean = node
    best, chosen = -1.0, -1
    for j in range(len(kind)):
        if kind[j] == _FREE:
            score = (min(mean[j], 1.0 - mean[j]) + 1e-3) * cost[j]
            if score > best:
                best, chosen = score, j
    return chosen


@compiled
def settle(small: Small, cutoff: float, most: int, steps: tuple[int, int]) -> tuple[float, float, Flags]:
    """Search below a cutoff, in at most so many nodes with so many steps at the root and elsewhere.

    Returns a lower bound on the least value, but at most the cutoff or the value found; the value found, infinite without one; and
    its y.
    """
    size, rows = len(small[5]), len(small[4])
    kinds, prices = np.full((size + 2, size), _FREE), np.zeros((size + 2, rows))
    prices[0] = 0.5 * small[4]
    bare, left, mean = np.ones(rows, dtype=np.bool_), np.zeros(size), np.zeros(size)
    best, chosen, y = np.inf, np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    open_bound, depth, nodes = np.inf, 1, 0
    while depth > 0:
        depth -= 1
        nodes += 1
        node = (kinds[depth], bare, prices[depth], left, mean)
        mean[:] = 0.0
        limit = min(cutoff, best)
        bound = _raise(small, node, _enter(small, node), limit, steps[0] if nodes == 1 else steps[1])
        if bound >= limit - 1e-9:
            continue
        if nodes > most:
            open_bound = min(open_bound, bound)
            continue
        free = _fix(node, bound, limit)
        value = _rounded(small, node, y)
        if value < limit - 1e-9:
            best, chosen[:] = value, y
        if free > 0:
            j = _branching(node, small[5])
            first = np.int8(1) if mean[j] > _OFTEN else np.int8(0)
            kinds[depth + 1], prices[depth + 1] = kinds[depth], prices[depth]
            kinds[depth, j], kinds[depth + 1, j] = np.int8(1) - first, first
            depth += 2
    return min(cutoff, best, open_bound), best, chosen
