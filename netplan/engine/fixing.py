"""Fixing: what no solution below the cutoff can use, by reduced cost, at prices that prove a bound.

With L the bound at prices v, and what is left of each column's price, total_j = f_j - s_j(v):

- y_j is 0 if L plus what opening j adds reaches the cutoff, and 1 if L plus what closing j adds does;
- row i pays less than v_i + (cutoff - L) / w_i: a solution in which it pays more costs w_i more for each unit above v_i. What
  is dearer than that is cut off, and that number is its penalty.

The restricted problem has every solution below the cutoff at its true value, and no solution above its true value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.lagrange import Bound
from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import restricted_rows
from netplan.engine.state import Search

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def fix_at(search: Search, bound: Bound) -> int:
    """Restrict a search by a Lagrangian bound of what is left of it, with a plain part; how many columns are newly fixed."""
    part, room = search.left_part, search.cutoff - bound.value
    if not np.isfinite(room):
        return 0
    if room <= 0.0:
        search.is_exhausted = True
        return 0
    to_zero, to_one = column_changes(part, -bound.saving)
    at_zero, at_one = part.is_free & (to_one > room), part.is_free & (to_zero > room)
    if (at_zero & at_one).any():
        search.is_exhausted = True
        return 0
    limit = bound.prices + (room + search.tolerance) / search.left_rows.weight
    if search.step > 0.0:  # what rows pay stays a multiple of the step
        limit = np.ceil(limit * search.left_rows.weight / search.step) * search.step / search.left_rows.weight
    restrict(search, at_zero, at_one, limit)
    return int(at_zero.sum() + at_one.sum())


def restrict(search: Search, at_zero: Flags, at_one: Flags, limit: Floats) -> None:
    """Leave out columns at zero, cut rows behind columns at one and at their limits; shapes (n,), (n,), (R,)."""
    search.left_part = search.left_part.fixed(at_zero, at_one)
    search.left_rows = restricted_rows(search.left_rows, search.left_part, limit)


def column_changes(part: PolicyPart, price: Floats) -> tuple[Floats, Floats]:
    """What closing each open column, and opening each closed one, adds to the least of a plain part at these prices.

    Lower bounds, shape (n,) each; -inf where a column is not in that state at the least.
    """
    total = part.y_cost + price
    _, y = part.at_prices(price)
    free, is_open = part.is_free, y > 0.5
    inside, outside = total[free & is_open], total[free & ~is_open]
    worst, best = inside.max(initial=-np.inf), outside.min(initial=np.inf)
    least, most = part.num_open
    count = int(is_open.sum())
    released = worst if count >= most else max(0.0, worst)
    replaced = best if count <= least else min(0.0, best)
    to_one = np.where(is_open, -np.inf, total - released)
    to_zero = np.where(is_open, replaced - total, -np.inf)
    return to_zero, to_one
