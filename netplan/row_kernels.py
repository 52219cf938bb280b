"""Compiled loops behind the rows: which columns an origin can use at what cost, and each row's entries sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@compiled
def count_entries(
    row_of: Ints,
    pairs: tuple[Ints, Ints, Floats],
    offers: tuple[Ints, Floats, Floats],
    penalty: Floats,
) -> Ints:
    """Entries of each row: columns at the origin's targets that cost less than the row's penalty.

    Parameters
    ----------
    row_of
        Row of each origin, -1 for none.
    pairs
        Start of each origin's pairs, their targets, and the cost of each pair (NaN: out of reach).
    offers
        Start of each site's columns, and what multiplies and adds to the cost of a pair at each of them.
    """
    start, target, pair_cost = pairs
    column_start, factor, extra = offers
    count = np.zeros(len(penalty), dtype=np.int64)
    for origin in range(len(row_of)):
        row = row_of[origin]
        if row < 0:
            continue
        for pair in range(start[origin], start[origin + 1]):
            cost = pair_cost[pair]
            if np.isnan(cost):
                continue
            for place in range(column_start[target[pair]], column_start[target[pair] + 1]):
                if cost * factor[place] + extra[place] < penalty[row]:
                    count[row] += 1
    return count


@compiled
def fill_entries(
    row_of: Ints,
    pairs: tuple[Ints, Ints, Floats],
    offers: tuple[Ints, Floats, Floats],
    penalty: Floats,
    entry_start: Ints,
) -> tuple[Ints, Ints, Floats]:
    """Site, place among the offers and cost of every entry that `count_entries` counted, row by row."""
    start, target, pair_cost = pairs
    column_start, factor, extra = offers
    site = np.empty(entry_start[-1], dtype=np.int64)
    offer = np.empty(entry_start[-1], dtype=np.int64)
    entry_cost = np.empty(entry_start[-1], dtype=np.float64)
    for origin in range(len(row_of)):
        row = row_of[origin]
        if row < 0:
            continue
        at = entry_start[row]
        for pair in range(start[origin], start[origin + 1]):
            cost = pair_cost[pair]
            if np.isnan(cost):
                continue
            for place in range(column_start[target[pair]], column_start[target[pair] + 1]):
                value = cost * factor[place] + extra[place]
                if value < penalty[row]:
                    site[at], offer[at], entry_cost[at] = target[pair], place, value
                    at += 1
    return site, offer, entry_cost


@compiled
def sort_entries(start: Ints, cost: Floats, site: Ints, column: Ints) -> None:
    """Sort the entries of each row in place, by cost, then site, then column."""
    for row in range(len(start) - 1):
        first, last = start[row], start[row + 1]
        order = np.argsort(cost[first:last])
        costs, sites, columns = cost[first:last][order], site[first:last][order], column[first:last][order]
        for place in range(1, last - first):
            at = place
            while at > 0 and costs[at - 1] == costs[at] and _is_before(sites, columns, at, at - 1):
                sites[at], sites[at - 1] = sites[at - 1], sites[at]
                columns[at], columns[at - 1] = columns[at - 1], columns[at]
                at -= 1
        cost[first:last], site[first:last], column[first:last] = costs, sites, columns


@compiled
def _is_before(site: Ints, column: Ints, a: int, b: int) -> bool:
    return bool(site[a] < site[b] or (site[a] == site[b] and column[a] < column[b]))


@compiled
def met_option(option_start: Ints, column_start: Ints, column: Ints, sets: tuple[Ints, Ints, Ints]) -> Ints:
    """The first option of each row at which all columns of some set have been met; -1 where there is none.

    Parameters
    ----------
    sets
        Start of each column's sets, the sets that it is in, and how many columns each set has.
    """
    set_start, set_of, set_size = sets
    found = np.full(len(option_start) - 1, -1, dtype=np.int64)
    met = np.zeros(len(set_size), dtype=np.int64)
    seen = np.full(len(set_size), -1, dtype=np.int64)
    for row in range(len(option_start) - 1):
        for option in range(option_start[row], option_start[row + 1]):
            for entry in range(column_start[option], column_start[option + 1]):
                for place in range(set_start[column[entry]], set_start[column[entry] + 1]):
                    number = set_of[place]
                    if seen[number] != row:
                        seen[number] = row
                        met[number] = 0
                    met[number] += 1
                    if met[number] == set_size[number]:
                        found[row] = option
            if found[row] >= 0:
                break
    return found
