"""The cheapest open option of each row, and the next one from another site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import NONE, Floats, Ints


@dataclass(frozen=True, slots=True)
class Options:
    """Open options, one per (row, site), ordered by row and within a row by site."""

    row: Ints
    site: Ints
    cost: Floats


@dataclass(frozen=True, slots=True)
class Ranking:
    """The two cheapest options of each row, equal costs by site order; a missing one is site -1 at the penalty."""

    cost: Floats
    site: Ints
    next_cost: Floats
    next_site: Ints


def rank(options: Options, penalty: Floats) -> Ranking:
    """Rank the options of each row; `penalty` has one entry per row, options not below it do not count."""
    counts = options.cost < penalty[options.row]
    row, site, cost = options.row[counts], options.site[counts], options.cost[counts]
    first = _first_minimum(row, cost)
    best_cost, best_site = _fill(penalty, row[first], cost[first], site[first])
    rest = np.ones(len(row), dtype=bool)
    rest[first] = False
    row, site, cost = row[rest], site[rest], cost[rest]
    second = _first_minimum(row, cost)
    next_cost, next_site = _fill(penalty, row[second], cost[second], site[second])
    return Ranking(best_cost, best_site, next_cost, next_site)


def _first_minimum(row: Ints, cost: Floats) -> Ints:
    """Position of the first cheapest entry of each row that has any; `row` is sorted."""
    if not len(row):
        return np.empty(0, dtype=np.int64)
    is_start = np.concatenate([[True], np.diff(row) != 0])
    start = np.flatnonzero(is_start)
    cheapest = np.minimum.reduceat(cost, start)
    group = np.cumsum(is_start) - 1
    hit = np.flatnonzero(cost == cheapest[group])
    return np.asarray(hit[np.concatenate([[True], np.diff(group[hit]) != 0])])


def _fill(penalty: Floats, row: Ints, cost: Floats, site: Ints) -> tuple[Floats, Ints]:
    costs, sites = penalty.copy(), np.full(len(penalty), NONE, dtype=np.int64)
    costs[row], sites[row] = cost, site
    return costs, sites
