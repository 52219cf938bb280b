"""What an open column is worth at given prices of its customers: a knapsack with as many visits as its site can take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.solve.split_kernels import before
from netplan.solve.split_rows import Limits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offers:
    """Visits that columns may serve, and what serving one of them is worth; arrays of one length, in any order.

    Attributes
    ----------
    column, pair
        Who may serve them, and that column and their service as `SplitRows.pair`.
    visits, gain
        How many they are, and what one of them brings: v_i less its cost there.
    """

    column: Ints
    pair: Ints
    visits: Floats
    gain: Floats

    def at(self, chosen: NDArray[np.bool_] | Ints) -> Offers:
        """Some of them."""
        return Offers(self.column[chosen], self.pair[chosen], self.visits[chosen], self.gain[chosen])


def column_gains(offers: Offers, limits: Limits, least: Floats) -> Floats:
    """The most that each column can bring when it is open, shape (J,).

    G_j = max sum_i g_ij f_i - sum_c price_c o_c  over  0 <= f_i <= d_i, sum_{i of c} f_i <= cap_jc + o_c, sum_i f_i >= least_j:
    the best offers first, those above capacity at its price or not at all; and then, until there are enough of them, the least bad
    ones. A column that never finds enough is in no plan at all, so that any number would do; it is charged 1 for every visit missing.
    """
    steps = _steps(offers.at((offers.gain > 0.0) | (least[offers.column] > 0.0)), limits)
    size = len(least)
    pays = steps.gain > 0.0
    total = np.bincount(steps.column[pays], weights=(steps.visits * steps.gain)[pays], minlength=size)
    need = np.maximum(0.0, least - np.bincount(steps.column[pays], weights=steps.visits[pays], minlength=size))
    if not need.any():
        return np.asarray(total, dtype=np.float64)
    rest = steps.at(~pays & (need[steps.column] > 0.0))
    rest = rest.at(np.lexsort((-rest.gain, rest.column)))
    taken = np.clip(need[rest.column] - before(rest.visits, rest.column), 0.0, rest.visits)
    total = total + np.bincount(rest.column, weights=taken * rest.gain, minlength=size)
    missing = need - np.bincount(rest.column, weights=taken, minlength=size)
    return np.asarray(total - np.maximum(0.0, missing), dtype=np.float64)


def _steps(offers: Offers, limits: Limits) -> Offers:
    """The offers of each pair as far as its capacity goes, best first, and what is above capacity at what that leaves of them."""
    order = np.lexsort((-offers.gain, offers.pair))
    offers = offers.at(order)
    room = limits.capacity[offers.pair] - before(offers.visits, offers.pair)
    within = np.clip(room, 0.0, offers.visits)
    price = limits.price[offers.pair % len(limits.price)]
    steps = Offers(
        np.concatenate([offers.column, offers.column]),
        np.concatenate([offers.pair, offers.pair]),
        np.concatenate([within, offers.visits - within]),
        np.concatenate([offers.gain, offers.gain - price]),
    )
    return steps.at((steps.visits > 0.0) & np.isfinite(steps.gain))
