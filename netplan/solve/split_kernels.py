"""Scans of the access rows where visits may be split, compiled; the mathematics is in `split_cuts`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, doubled

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SERVED = 1e-9
"""A share of a row that counts as nothing left."""


@compiled
def cheapest_shares(start: Ints, column: Columns, y: Floats) -> tuple[Ints, Floats, Ints]:
    """Who serves each row at y where nothing limits it.

    Returns
    -------
    entries, shares, last
        Entries that serve, in ascending order, with their share of the row; the entry at which each row is served whole, -1 for
        none, shape (A,).
    """
    entries = np.empty(len(start) + 1024, dtype=np.int64)
    shares = np.empty(len(entries))
    last, size = np.full(len(start) - 1, -1, dtype=np.int64), 0
    for r in range(len(start) - 1):
        left = 1.0
        for e in range(start[r], start[r + 1]):
            if y[column[e]] <= 0.0:
                continue
            if size == len(entries):
                entries, shares = doubled(entries), doubled(shares)
            entries[size], shares[size] = e, min(y[column[e]], left)
            left -= shares[size]
            size += 1
            if left <= _SERVED:
                last[r] = e
                break
    return entries[:size].copy(), shares[:size].copy(), last


@compiled
def entries_of(start: Ints, rows: Ints) -> Ints:
    """Entries of some rows, one row after the other."""
    size = 0
    for r in rows:
        size += start[r + 1] - start[r]
    entries, at = np.empty(size, dtype=np.int64), 0
    for r in rows:
        for e in range(start[r], start[r + 1]):
            entries[at] = e
            at += 1
    return entries


@compiled
def entries_at(column: Columns, is_wanted: Flags) -> Ints:
    """Entries of the columns that are wanted, shape (J,)."""
    size = 0
    for j in column:
        size += is_wanted[j]
    entries, at = np.empty(size, dtype=np.int64), 0
    for e in range(len(column)):
        if is_wanted[column[e]]:
            entries[at] = e
            at += 1
    return entries


@compiled
def visits_in_reach(start: Ints, column: Columns, visits: Floats, num_columns: int) -> Floats:
    """Visits of all rows that each column may serve, shape (J,)."""
    total = np.zeros(num_columns)
    for r in range(len(visits)):
        for e in range(start[r], start[r + 1]):
            total[column[e]] += visits[r]
    return total


@compiled
def before(amount: Floats, key: Ints) -> Floats:
    """Sum of the amounts before each one among those of the same key, which stand together."""
    total = np.zeros(len(amount))
    for position in range(1, len(amount)):
        if key[position] == key[position - 1]:
            total[position] = total[position - 1] + amount[position - 1]
    return total


@compiled
def linked(group: Ints, link: Ints, num_groups: int) -> Ints:
    """The first group of the component that each group is in; groups that share a link are connected.

    Parameters
    ----------
    group, link
        A group and a link that it has, both sorted by link; shapes (k,).
    """
    parent = np.arange(num_groups)
    for k in range(1, len(group)):
        if link[k] == link[k - 1]:
            a, b = group[k], group[k - 1]
            while parent[a] != a:
                a = parent[a]
            while parent[b] != b:
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    for g in range(num_groups):
        parent[g] = parent[parent[g]]
    return parent
