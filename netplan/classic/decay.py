"""How attendance and attraction fade with distance or cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from netplan.classic.arguments import number
from netplan.errors import InputError

Floats = NDArray[np.float64]
Kind = Literal["linear", "power", "exponential"]
Decay = Kind | Callable[[Floats], Floats]


def attendance(cost: Floats, decay: Decay, parameter: float | None, radius: float | None) -> Floats:
    """Share of a customer's weight that comes over these costs, from 1 next door to 0 at the radius; same shape.

    linear: 1 - c / radius; power: 1 - (c / radius)^parameter; exponential: exp(-parameter c), with or without a radius.
    """
    if callable(decay):
        return _checked("decay", np.asarray(decay(cost), dtype=np.float64), cost, most=1.0)
    _known(decay)
    if decay == "exponential":
        return np.exp(-_parameter(decay, parameter) * cost)
    if radius is None or not number("radius", radius, is_open=True) < np.inf:
        raise InputError(f"radius: {decay} decay ends there; give the cost at which nobody comes any more")
    power = _parameter(decay, parameter) if decay == "power" else 1.0
    return np.asarray(np.clip(1.0 - (cost / radius) ** power, 0.0, 1.0))


def pull(cost: Floats, decay: Decay, parameter: float | None) -> Floats:
    """What is left of an outlet's attractiveness over these costs, same shape.

    linear: 1 / c; power: c^-parameter (Huff 1964); exponential: exp(-parameter c).
    """
    if callable(decay):
        return _checked("decay", np.asarray(decay(cost), dtype=np.float64), cost, most=np.inf)
    _known(decay)
    if decay == "exponential":
        return np.exp(-_parameter(decay, parameter) * cost)
    if len(cost) and cost.min() <= 0.0:
        raise InputError(
            f"costs: a cost of 0 has an infinite pull with {decay} decay; add a little, such as the cost of parking"
        )
    return np.asarray(cost ** -(1.0 if decay == "linear" else _parameter(decay, parameter)))


def _known(decay: str) -> None:
    if decay not in get_args(Kind):
        raise InputError(
            f"decay: there is no {decay!r}; write one of {', '.join(get_args(Kind))}, or give a function of costs"
        )


def _parameter(decay: str, parameter: float | None) -> float:
    if parameter is None:
        raise InputError(f"parameter: {decay} decay needs one; give a number above 0")
    return number("parameter", parameter, is_open=True)


def _checked(name: str, found: Floats, cost: Floats, most: float) -> Floats:
    if found.shape != cost.shape:
        raise InputError(f"{name}: {found.shape} values came back for {cost.shape} costs; return one for each")
    wrong = np.flatnonzero(~np.isfinite(found) | (found < 0) | (found > most))
    if len(wrong):
        limit = "" if np.isinf(most) else f" to {most:g}"
        raise InputError(
            f"{name}: {found[wrong[0]]} came back for a cost of {cost[wrong[0]]}; return values from 0{limit}"
        )
    return found
