"""Lagrangian bound: the rows priced apart, the policy part solved at these prices.

With a price v_i for each row (what it would pay if nothing cheaper is open, at most its penalty),

    L(v) = sum_i w_i v_i + min over the policy part of  f(y) - sum_j s_j(v) y_j,     s_j(v) = sum_i w_i max(0, v_i - c_ij)

is a lower bound for every v: each row pays at least v_i minus what the open columns save it. The best v gives the bound of the
linear relaxation. It is found by steps along the subgradient 1 - (number of open columns cheaper than v_i), the direction
smoothed and the step cut as in the volume algorithm (Barahona and Anbil 2000, doi 10.1007/s101070050002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.engine import kernels
from netplan.engine.rows import SortedRows

Floats = NDArray[np.float64]
Oracle = Callable[[Floats], tuple[float, Floats]]
"""Price of each column, shape (n,) -> a lower bound on the policy part at these prices, and a y that attains it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A valid lower bound, the prices that prove it, what is left of each column's price, and a fractional y near the optimum.

    Attributes
    ----------
    value
        L(prices).
    prices
        v, shape (R,).
    saving
        s_j(v), shape (n,).
    y
        The smoothed solution of the policy part, shape (n,).
    steps
        Steps taken.
    """

    value: float
    prices: Floats
    saving: Floats
    y: Floats
    steps: int


def at_prices(rows: SortedRows, oracle: Oracle, prices: Floats) -> Bound:
    """The bound at given prices, each at most the row's penalty."""
    saving = kernels.savings(rows.arrays, prices, rows.num_columns)
    value, y = oracle(-saving)
    return Bound(value + float(rows.weight @ prices), prices, saving, y, 1)


def first_prices(rows: SortedRows, is_open: NDArray[np.bool_]) -> Floats:
    """Prices to start from: halfway between the nearest and the second nearest open column of each row."""
    first = rows.prices(is_open)
    second = np.minimum(kernels.second_price(rows.start, rows.column, rows.cost, rows.penalty, is_open), rows.penalty)
    both = np.isfinite(first) & np.isfinite(second)
    start = np.where(both, 0.5 * (first + np.where(both, second, 0.0)), first)
    dearest = float(rows.cost.max(initial=1.0))
    return np.where(np.isfinite(start), start, dearest)


def ascend(
    rows: SortedRows,
    oracle: Oracle,
    start: Floats,
    *,
    target: float,
    steps: int = 1000,
    tolerance: float = 1e-6,
    is_over: Callable[[], bool] = lambda: False,
) -> Bound:
    """Raise the bound from given prices until it meets the target (the best known value), stalls or is over.

    Parameters
    ----------
    target
        An upper bound on the optimum; steps are sized by the distance to it.
    tolerance
        It ends once the bound is within this share of the target.
    """
    best = at_prices(rows, oracle, start)
    center, smooth, smooth_y = best.prices, _slope(rows, best), best.y
    scale, failures, taken, earlier = 1.0, 0, 1, -np.inf
    least = kernels.cheapest(rows.start, rows.cost, rows.penalty)
    weight = np.maximum(rows.weight, 1e-12)
    while taken < steps and not is_over():
        distance = target - best.value if np.isfinite(target) else _GUESS * max(1.0, abs(best.value))
        norm = float(weight @ smooth**2)
        if distance <= tolerance * max(1.0, abs(best.value)) or norm <= 1e-12 or scale < 1e-4:
            break
        if taken % _STRETCH == 0:
            if best.value - earlier < _WORTH * distance:
                break
            earlier = best.value
        step = scale * max(distance, 1e-4 * abs(best.value)) / norm
        here = at_prices(rows, oracle, np.clip(center + step * smooth, least, rows.penalty))
        taken += 1
        slope = _slope(rows, here)
        is_green = float((weight * slope) @ smooth) > 0.0
        share = _MIX if taken > _WARM else 0.5
        smooth, smooth_y = (1 - share) * smooth + share * slope, (1 - share) * smooth_y + share * here.y
        if here.value > best.value:
            gained = here.value - best.value > 0.01 * distance
            best, center, failures = here, here.prices, 0
            scale = min(2.0, scale * (1.1 if is_green or gained else 1.0))
        else:
            failures += 1
            if failures >= _PATIENCE:
                scale, failures = 0.66 * scale, 0
    return Bound(best.value, best.prices, best.saving, smooth_y, taken)


_MIX, _WARM, _PATIENCE = 0.15, 20, 8
"""Share of the newest slope once warm, steps until then, failed steps before the step is cut."""

_STRETCH, _WORTH = 150, 0.01
"""It ends when so many steps bring less than this share of what is left to the target."""

_GUESS = 0.05
"""How far above the bound the optimum is taken to be where no solution is known."""


def _slope(rows: SortedRows, bound: Bound) -> Floats:
    """1 - how often each row is served at the y that attains the bound, shape (R,)."""
    return 1.0 - kernels.covered_mass(rows.start, rows.column, rows.cost, bound.prices, bound.y)
