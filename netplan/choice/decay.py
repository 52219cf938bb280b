"""How the pull of an outlet fades with minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from netplan.choice.pairs import Floats
from netplan.errors import InputError

Kind = Literal["power", "exponential", "gaussian"]


@dataclass(frozen=True, slots=True)
class Decay:
    """Distance decay: the pull of an outlet at t minutes, up to a constant.

    Attributes
    ----------
    kind
        ``power``: (t + offset)^-rate (Huff 1964); ``exponential``: exp(-rate t); ``gaussian``: exp(-rate t^2), that is a
        standard deviation of (2 rate)^-1/2 minutes.
    rate
        Positive or 0: without unit, per minute, per minute squared.
    offset_minutes
        Minutes added before the power is taken, so that an outlet next door has a finite pull; used by ``power`` only.

    Raises
    ------
    InputError
        Unknown kind, a negative rate (write 1.5, not -1.5) or a negative offset.

    """

    kind: Kind
    rate: float
    offset_minutes: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(f"decay: unknown kind '{self.kind}'; write one of {', '.join(get_args(Kind))}")
        if not (np.isfinite(self.rate) and self.rate >= 0):
            raise InputError(f"decay: rate {self.rate} is not a number of 0 or more; write 1.5, not -1.5")
        if not (np.isfinite(self.offset_minutes) and self.offset_minutes >= 0):
            raise InputError(f"decay: offset_minutes {self.offset_minutes} is not a number of 0 or more")

    def stretched(self, minutes: Floats) -> Floats:
        """What the rate multiplies: ln(t + offset), t or t^2; same shape as `minutes`."""
        if self.kind == "exponential":
            return minutes
        if self.kind == "gaussian":
            return np.square(minutes)
        shifted = minutes + self.offset_minutes
        if len(shifted) and not shifted.min() > 0:
            raise InputError("decay: an outlet 0 minutes away has an infinite pull; give offset_minutes above 0")
        return np.asarray(np.log(shifted))

    def utility(self, minutes: Floats) -> Floats:
        """Logarithm of the pull: -rate x the stretched minutes."""
        return np.asarray(-self.rate * self.stretched(minutes))

    def pull(self, minutes: Floats) -> Floats:
        """Pull at `minutes` relative to that at 0 minutes (at 1 minute for a power without offset)."""
        at = self.stretched(np.asarray(minutes, dtype=np.float64))
        base = np.log(self.offset_minutes) if self.kind == "power" and self.offset_minutes > 0 else 0.0
        return np.asarray(np.exp(-self.rate * (at - base)))

    @property
    def half_minutes(self) -> float:
        """Minutes at which the pull is half of that next door; infinite where it does not fade."""
        if self.rate == 0:
            return float("inf")
        if self.kind == "exponential":
            return float(np.log(2) / self.rate)
        if self.kind == "gaussian":
            return float(np.sqrt(np.log(2) / self.rate))
        with np.errstate(over="ignore"):
            return float(self.offset_minutes * np.expm1(np.log(2) / self.rate))
