"""Compiled loops behind the rows: what each origin can use at what cost, sorted into options, and the first one open."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Starts = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Pairs = tuple[Ints, Starts, Floats]
"""Start of each origin's pairs, their targets, and the cost of each pair (NaN: out of reach)."""
Offers = tuple[Ints, Ints32, Ints32, Floats, Floats]
"""Start of each target's offers; their sites and columns; what multiplies and adds to the cost of a pair at each."""
Bounds = tuple[Floats, Floats]
"""Of each row: only what costs less than the first is an entry, and its cost is counted from the second."""
Loose = tuple[Ints, Floats, Ints32, Ints32]
"""Start of each origin's further entries; their costs, sites and columns."""
Question = tuple[Pairs, Offers, Bounds, Loose]
Entries = tuple[Floats, Ints32, Ints32]
"""Cost, site and column of each entry of one row."""
Options = tuple[Ints, Floats, Ints32, Ints32, Ints32]
"""Options of each row; cost, site and number of columns of each option; all their columns."""


@compiled
def cheapest(origin: Ints, pairs: Pairs, offers: Offers, limit: Floats) -> Floats:
    """The least cost of any offer in reach of each row's origin; the row's limit if none is below it."""
    start, target, pair_cost = pairs
    offer_start, _, _, factor, extra = offers
    least = limit.copy()
    for row in range(len(origin)):
        for pair in range(start[origin[row]], start[origin[row] + 1]):
            for offer in range(offer_start[target[pair]], offer_start[target[pair] + 1]):
                cost = pair_cost[pair] * factor[offer] + extra[offer]
                least[row] = np.fmin(least[row], cost)  # of a number and a NaN, the number
    return least


@compiled
def sorted_options(origin: Ints, question: Question) -> Options:
    """The options of each row, cheapest first, then by site: its entries of one cost and site, columns ascending.

    Parameters
    ----------
    origin
        Origin of each row, shape (R,).
    """
    sizes = _count(origin, question)
    total, longest = sizes.sum(), 0 if len(sizes) == 0 else sizes.max()
    entries = np.empty(longest), np.empty(longest, dtype=np.int32), np.empty(longest, dtype=np.int32)
    first = np.empty(longest + 1, dtype=np.int64)
    ints = np.empty((3, total), dtype=np.int32)
    site, width, column = ints[0], ints[1], ints[2]
    cost = np.empty(total)
    counts = np.empty(len(origin), dtype=np.int64)
    option, done = 0, 0
    for row in range(len(origin)):
        size = _gather(row, origin[row], question, entries)
        runs = _runs(entries, size, first)
        order = _order(entries, first[:runs])
        kept = (cost[option:], site[option:], width[option:], column[done : done + size])
        counts[row] = _join_runs(entries, first, order, kept)
        option += counts[row]
        done += size
    return counts, cost[:option], site[:option], width[:option], column


@compiled
def _count(origin: Ints, question: Question) -> Ints:
    """Entries of each row."""
    pairs, offers, bounds, loose = question
    start, target, pair_cost = pairs
    offer_start, _, _, factor, extra = offers
    count = np.zeros(len(origin), dtype=np.int64)
    for row in range(len(origin)):
        i = origin[row]
        count[row] = loose[0][i + 1] - loose[0][i]
        for pair in range(start[i], start[i + 1]):
            for offer in range(offer_start[target[pair]], offer_start[target[pair] + 1]):
                if pair_cost[pair] * factor[offer] + extra[offer] < bounds[0][row]:
                    count[row] += 1
    return count


@compiled
def _gather(row: int, i: int, question: Question, entries: Entries) -> int:
    """Write down the entries of one row, of origin i; how many they are."""
    pairs, offers, bounds, loose = question
    start, target, pair_cost = pairs
    offer_start, offer_site, offer_column, factor, extra = offers
    cost, site, column = entries
    limit, base, size = bounds[0][row], bounds[1][row], 0
    for pair in range(start[i], start[i + 1]):
        for offer in range(offer_start[target[pair]], offer_start[target[pair] + 1]):
            value = pair_cost[pair] * factor[offer] + extra[offer]
            if value < limit:
                cost[size], site[size], column[size] = value - base, offer_site[offer], offer_column[offer]
                size += 1
    for at in range(loose[0][i], loose[0][i + 1]):
        cost[size], site[size], column[size] = loose[1][at], loose[2][at], loose[3][at]
        size += 1
    return size


@compiled
def _runs(entries: Entries, size: int, first: Ints) -> int:
    """Where runs of entries of one cost and site with ascending columns begin, and the end; how many they are."""
    cost, site, column = entries
    runs = 0
    for at in range(size):
        is_same = at > 0 and cost[at] == cost[at - 1] and site[at] == site[at - 1]
        if not is_same or column[at] < column[at - 1]:
            first[runs] = at
            runs += 1
    first[runs] = size
    return runs


@compiled
def _order(entries: Entries, first: Ints) -> Ints:
    """The runs by cost, then site."""
    cost, site, _ = entries
    costs = np.empty(len(first))
    for run in range(len(first)):
        costs[run] = cost[first[run]]
    order = np.argsort(costs)
    for place in range(1, len(order)):
        run, at = order[place], place
        while at > 0 and costs[order[at - 1]] == costs[run] and site[first[run]] < site[first[order[at - 1]]]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = run
    return order


@compiled
def _join_runs(entries: Entries, first: Ints, order: Ints, out: tuple[Floats, Ints32, Ints32, Ints32]) -> int:
    """Write runs down as options, those of one cost and site as one; how many they are."""
    option_cost, option_site, width, columns = out
    cost, site, column = entries
    option, done = -1, 0
    for run in order:
        head = first[run]
        if option < 0 or cost[head] != option_cost[option] or site[head] != option_site[option]:
            option += 1
            option_cost[option], option_site[option], width[option] = cost[head], site[head], 0
        for entry in range(head, first[run + 1]):
            begin, at = done - width[option], done
            while at > begin and column[entry] < columns[at - 1]:
                columns[at] = columns[at - 1]
                at -= 1
            columns[at] = column[entry]
            width[option] += 1
            done += 1
    return option + 1


@compiled
def first_open(option_start: Ints, column_start: Starts, column: Ints32, is_open: Bools) -> Ints:
    """The first option of each row that has an open column; -1 where there is none."""
    found = np.full(len(option_start) - 1, -1, dtype=np.int64)
    for row in range(len(option_start) - 1):
        for option in range(option_start[row], option_start[row + 1]):
            for entry in range(column_start[option], column_start[option + 1]):
                if is_open[column[entry]]:
                    found[row] = option
                    break
            if found[row] >= 0:
                break
    return found


@compiled
def met_option(option_start: Ints, column_start: Starts, column: Ints32, sets: tuple[Ints, Ints, Ints]) -> Ints:
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
