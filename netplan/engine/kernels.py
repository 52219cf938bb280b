"""Scans over sorted rows, compiled: plain loops over the arrays of `SortedRows`, no objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = tuple[Ints, Columns, Floats, Floats, Floats]
"""start, column, cost, weight, penalty of `SortedRows`"""

REACHED = 1.0 - 1e-9
"""A prefix sum that counts as 1."""


@compiled
def cheapest(start: Ints, cost: Floats, penalty: Floats) -> Floats:
    """Cost of the first entry of each row, or the penalty where it has none."""
    best = penalty.copy()
    for r in range(len(penalty)):
        if start[r] < start[r + 1]:
            best[r] = min(best[r], cost[start[r]])
    return best


@compiled
def chosen_entries(
    start: Ints, column: Columns, cost: Floats, chosen: Ints, chosen_start: Ints
) -> tuple[Columns, Floats]:
    """Column and cost of the entries of the chosen rows, which begin at `chosen_start`."""
    columns, costs = np.empty(chosen_start[-1], dtype=column.dtype), np.empty(chosen_start[-1])
    for place in range(len(chosen)):
        first, at = start[chosen[place]], chosen_start[place]
        for e in range(chosen_start[place + 1] - at):
            columns[at + e], costs[at + e] = column[first + e], cost[first + e]
    return columns, costs


@compiled
def grouped_order(order: Ints, column: Columns, start: Ints) -> Ints:
    """Entries in a given order, those of one column together; starts of the columns, shape (n + 1,)."""
    place, grouped = start.copy(), np.empty(len(order), dtype=np.int64)
    for e in order:
        grouped[place[column[e]]] = e
        place[column[e]] += 1
    return grouped


@compiled
def first_open(start: Ints, column: Columns, is_open: Flags) -> Ints:
    """First entry of each row whose column is open, or -1."""
    first = np.full(len(start) - 1, -1, dtype=np.int64)
    for r in range(len(start) - 1):
        for e in range(start[r], start[r + 1]):
            if is_open[column[e]]:
                first[r] = e
                break
    return first


@compiled
def critical(start: Ints, column: Columns, cost: Floats, penalty: Floats, y: Floats) -> tuple[Ints, Floats, Floats]:
    """Where the prefix sum of y reaches 1: the entry (or the row's end), its cost, and the row's cost at y.

    The cost at y is that of the best fractional service: sum of cost times y before the critical entry, and the critical
    cost for the rest. It is infinite where the rest has nobody to serve it.
    """
    size = len(penalty)
    end, price, value = np.empty(size, dtype=np.int64), np.empty(size), np.empty(size)
    for r in range(size):
        prefix, paid, e = 0.0, 0.0, start[r]
        while e < start[r + 1]:
            share = y[column[e]]
            if prefix + share >= REACHED:
                break
            prefix += share
            paid += share * cost[e]
            e += 1
        end[r] = e
        price[r] = cost[e] if e < start[r + 1] else penalty[r]
        value[r] = paid + (1.0 - prefix) * price[r]
    return end, price, value


@compiled
def savings(rows: Rows, price: Floats, num_columns: int) -> Floats:
    """What each column saves the rows at these prices: sum of weight times max(0, price - cost), shape (n,)."""
    start, column, cost, weight, _ = rows
    total = np.zeros(num_columns)
    for r in range(len(weight)):
        for e in range(start[r], start[r + 1]):
            if cost[e] >= price[r]:
                break
            total[column[e]] += weight[r] * (price[r] - cost[e])
    return total


@compiled
def covered_mass(start: Ints, column: Columns, cost: Floats, price: Floats, y: Floats) -> Floats:
    """Sum of y over the entries of each row that are cheaper than its price, shape (R,)."""
    mass = np.zeros(len(price))
    for r in range(len(price)):
        for e in range(start[r], start[r + 1]):
            if cost[e] >= price[r]:
                break
            mass[r] += y[column[e]]
    return mass


@compiled
def _count_cheaper(rows: Rows, price: Floats, members: tuple[Ints, Ints], chosen: Ints) -> int:
    """Entries cheaper than the price of their row, over the rows of the chosen groups."""
    start, _, cost, _, _ = rows
    group_start, member = members
    count = 0
    for g in chosen:
        for r in member[group_start[g] : group_start[g + 1]]:
            count += np.searchsorted(cost[start[r] : start[r + 1]], price[r])
    return count


@compiled
def group_coefficients(
    rows: Rows, price: Floats, members: tuple[Ints, Ints], chosen: Ints, num_columns: int
) -> tuple[Ints, Columns, Floats]:
    """Coefficients of one cut for each chosen group: rows of group g are ``members[1][members[0][g] : members[0][g + 1]]``.

    Returns starts of shape (chosen + 1,), columns and coefficients: what a column saves all rows of the group at their prices.
    """
    start, column, cost, weight, _ = rows
    group_start, member = members
    most = _count_cheaper(rows, price, members, chosen)
    starts = np.zeros(len(chosen) + 1, dtype=np.int64)
    columns, values = np.empty(most, dtype=np.int32), np.empty(most)
    place = np.full(num_columns, -1, dtype=np.int64)
    size = 0
    for position in range(len(chosen)):
        g, first = chosen[position], size
        for r in member[group_start[g] : group_start[g + 1]]:
            cheaper = np.searchsorted(cost[start[r] : start[r + 1]], price[r])
            for e in range(start[r], start[r] + cheaper):
                j = column[e]
                if place[j] < first:  # not in this group's cut yet
                    place[j], columns[size], values[size] = size, j, 0.0
                    size += 1
                values[place[j]] += weight[r] * (price[r] - cost[e])
        starts[position + 1] = size
    return starts, columns[:size].copy(), values[:size].copy()


@compiled
def second_price(start: Ints, column: Columns, cost: Floats, penalty: Floats, is_open: Flags) -> Floats:
    """Cost of the second open entry of each row, or its penalty."""
    second = penalty.copy()
    for r in range(len(penalty)):
        seen = 0
        for e in range(start[r], start[r + 1]):
            if is_open[column[e]]:
                seen += 1
                if seen == 2:
                    second[r] = cost[e]
                    break
    return second


@compiled
def restricted(
    start: Ints, column: Columns, cost: Floats, penalty: Floats, closed: Flags
) -> tuple[Ints, Columns, Floats]:
    """Entries cheaper than the penalty whose column is not closed."""
    starts = np.zeros(len(start), dtype=np.int64)
    columns, costs = np.empty_like(column), np.empty_like(cost)
    size = 0
    for r in range(len(penalty)):
        for e in range(start[r], start[r + 1]):
            if cost[e] >= penalty[r]:
                break
            if not closed[column[e]]:
                columns[size], costs[size] = column[e], cost[e]
                size += 1
        starts[r + 1] = size
    return starts, columns[:size].copy(), costs[:size].copy()


@compiled
def min_plus(left: Floats, right: Floats) -> Floats:
    """The least left[a] + right[b] with a + b = s, for each s; shape (len(left) + len(right) - 1,)."""
    best = np.full(len(left) + len(right) - 1, np.inf)
    for a in range(len(left)):
        if left[a] < np.inf:
            for b in range(len(right)):
                best[a + b] = min(best[a + b], left[a] + right[b])
    return best


@compiled
def min_plus_reversed(after: Floats, table: Floats) -> Floats:
    """The least table[k] + after[s + k] over k, for each s; shape (len(after),)."""
    best = np.full(len(after), np.inf)
    for s in range(len(after)):
        for k in range(min(len(table), len(after) - s)):
            best[s] = min(best[s], table[k] + after[s + k])
    return best
