"""What customers lose when one column closes, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.engine.kernels import Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@compiled
def losses_if_closed(rows: Rows, visits: tuple[Floats, Ints], is_open: Flags, site: Ints, full_price: Floats) -> Floats:
    """Loss of each open column, shape (J,): its rows go to the next open site, where visits cost what overflow does if it is full.

    Parameters
    ----------
    visits
        Visits and service of each access row; these come first.
    full_price
        Overflow cost per visit where a site is full already, 0 elsewhere; shape (sites, services).
    """
    start, column, cost, weight, penalty = rows
    load, service = visits
    lost = np.zeros(len(is_open))
    for r in range(len(weight)):
        first, second = _first_two(start[r], start[r + 1], column, is_open, site)
        if first < 0:
            continue
        dearer = cost[second] if second >= 0 else penalty[r]
        lost[column[first]] += weight[r] * (dearer - cost[first])
        if r < len(load) and second >= 0:
            lost[column[first]] += load[r] * full_price[site[column[second]], service[r]]
    return lost


@compiled
def _first_two(begin: int, end: int, column: NDArray[np.int32], is_open: Flags, site: Ints) -> tuple[int, int]:
    """Positions of the first open entry and of the first one of another site behind it; -1 where there is none."""
    first = -1
    for e in range(begin, end):
        if is_open[column[e]]:
            if first < 0:
                first = e
            elif site[column[e]] != site[column[first]]:
                return first, e
    return first, -1
