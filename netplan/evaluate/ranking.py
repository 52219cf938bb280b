"""The cheapest open option of each row, and the next one from another site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netplan.compiled import compiled
from netplan.evaluate.arrays import NONE, Floats, Ints


@dataclass(frozen=True, slots=True)
class Options:
    """Open options, one per (row, site); those of a row are ordered by site."""

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
    return Ranking(*_two_cheapest(options.row, options.site, options.cost, penalty))


@compiled
def _two_cheapest(row: Ints, site: Ints, cost: Floats, penalty: Floats) -> tuple[Floats, Ints, Floats, Ints]:
    """Cost and site of the cheapest and of the second option of each row; of equal ones the first in order."""
    best_cost, next_cost = penalty.copy(), penalty.copy()
    best_site, next_site = np.full(len(penalty), NONE), np.full(len(penalty), NONE)
    for at in range(len(row)):
        i = row[at]
        if cost[at] < best_cost[i]:
            next_cost[i], next_site[i] = best_cost[i], best_site[i]
            best_cost[i], best_site[i] = cost[at], site[at]
        elif cost[at] < next_cost[i]:
            next_cost[i], next_site[i] = cost[at], site[at]
    return best_cost, best_site, next_cost, next_site
