"""Scans of the access rows for cuts on the load of sites, compiled; the mathematics is in `load_cuts`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, doubled

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]

Access = tuple[Ints, Columns, Floats, Floats, Ints]
"""start, column and cost of the sorted rows, and of each row its visits and its service."""

_SHARE = 1e-6
"""A node that a site serves by less than this is left out of the site's cuts."""

_NOBODY_LEFT = 2.0
"""Where so much is open before, no site has a share left: it has at most 1 itself, and others at least 1."""


@compiled
def served_shares(access: Access, y: Floats, site_of: Ints, num_sites: int) -> tuple[Ints, Ints, Ints, int]:
    """Who is served by whom at y: rows, sites and the last entry of the best lower bound on the share, and how many.

    The bound on the share of row i that site s serves, at entry k of s, is what s has open up to k less what others have
    open before k; the entry returned is the last one of the same site and cost as the best.
    """
    start, size = access[0], 0
    rows = np.empty(len(start) + 1024, dtype=np.int64)
    sites = np.empty(len(rows), dtype=np.int64)
    last = np.empty(len(rows), dtype=np.int64)
    shares = np.zeros(num_sites), np.zeros(num_sites)
    places = np.full(num_sites, -1, dtype=np.int64), np.empty(num_sites, dtype=np.int64)
    best, at, seen = shares[1], places[0], places[1]
    for r in range(len(start) - 1):
        count = _shares_of_row(access, y, site_of, r, (shares, places))
        for place in range(count):
            s = seen[place]
            if best[s] > _SHARE:
                if size == len(rows):
                    rows, sites, last = doubled(rows), doubled(sites), doubled(last)
                rows[size], sites[size], last[size] = r, s, _last_alike(access, site_of, at[s], start[r + 1])
                size += 1
            at[s] = -1
    return rows, sites, last, size


@compiled
def _shares_of_row(
    access: Access, y: Floats, site_of: Ints, r: int, state: tuple[tuple[Floats, Floats], tuple[Ints, Ints]]
) -> int:
    """What each site has open for a row, its best bound and where, in the workspace; how many sites there are."""
    start, column = access[0], access[1]
    (own, best), (at, seen) = state
    count, prefix = 0, 0.0
    for e in range(start[r], start[r + 1]):
        share = y[column[e]]
        if share <= 0.0:
            continue
        s = site_of[column[e]]
        if at[s] < 0:
            seen[count] = s
            count += 1
            at[s], own[s], best[s] = e, 0.0, 0.0
        elsewhere = prefix - own[s]
        own[s] += share
        if own[s] - elsewhere > best[s]:
            best[s], at[s] = own[s] - elsewhere, e
        prefix += share
        if prefix >= _NOBODY_LEFT:
            break
    return count


@compiled
def _last_alike(access: Access, site_of: Ints, e: int, end: int) -> int:
    """The last entry behind e of the same site at the same cost."""
    column, cost = access[1], access[2]
    while e + 1 < end and cost[e + 1] == cost[e] and site_of[column[e + 1]] == site_of[column[e]]:
        e += 1
    return e


@compiled
def visits_by_column(
    access: Access, site_of: Ints, taken: tuple[Ints, Ints, Ints], pairs: tuple[Ints, Ints], num_columns: int
) -> tuple[Ints, Columns, Floats]:
    """Visits that each column keeps at its site (negative) or takes away from it (positive), pair by pair.

    Parameters
    ----------
    taken
        Rows, sites and last entries of `served_shares`, those of one pair together.
    pairs
        Start of each pair among these, and its site; shapes (pairs + 1,), (pairs,).

    Returns
    -------
    starts, columns, visits
        Entries of pair p are ``starts[p] : starts[p + 1]``.
    """
    start, column, load = access[0], access[1], access[3]
    rows, last = taken[0], taken[2]
    most = 0
    for t in range(len(rows)):
        most += last[t] - start[rows[t]] + 1
    starts = np.zeros(len(pairs[1]) + 1, dtype=np.int64)
    columns, visits = np.empty(most, dtype=np.int32), np.empty(most)
    place = np.full(num_columns, -1, dtype=np.int64)
    size = 0
    for p in range(len(pairs[1])):
        first = size
        for t in range(pairs[0][p], pairs[0][p + 1]):
            for e in range(start[rows[t]], last[t] + 1):
                j = column[e]
                if place[j] < first:
                    place[j], columns[size], visits[size] = size, j, 0.0
                    size += 1
                visits[place[j]] += -load[rows[t]] if site_of[j] == pairs[1][p] else load[rows[t]]
        starts[p + 1] = size
    return starts, columns[:size].copy(), visits[:size].copy()


@compiled
def loads_of(access: Access, is_open: NDArray[np.bool_], site_of: Ints, num_sites: int, num_services: int) -> Floats:
    """L_sc when each visit goes to its first open entry, shape (sites, services)."""
    start, column, load, service = access[0], access[1], access[3], access[4]
    total = np.zeros((num_sites, num_services))
    for r in range(len(load)):
        for e in range(start[r], start[r + 1]):
            if is_open[column[e]]:
                total[site_of[column[e]], service[r]] += load[r]
                break
    return total
