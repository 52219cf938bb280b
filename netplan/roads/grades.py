"""How steepness slows walkers and drivers: minutes on a grade over minutes on the level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WalkingGrades:
    """Tobler's hiking function, as a factor on the minutes of level ground.

    Tobler walks W = 6 exp(-3.5 |S + 0.05|) km/h on a grade S (rise over run), 5.04 km/h on the level and 6 km/h at the
    gentle descent of 5 %. The factor is W(0) / W(S), so that a level road keeps the walking speed it has.

    Attributes
    ----------
    decay
        3.5: how fast the speed falls with the distance from the best grade.
    best_grade
        -0.05: the grade on which walking is fastest.

    References
    ----------
    W. Tobler, "Three presentations on geographical analysis and modeling", National Center for Geographic Information
    and Analysis, Technical Report 93-1, 1993.
    """

    decay: float = 3.5
    best_grade: float = -0.05

    def __post_init__(self) -> None:
        _require(math.isfinite(self.decay) and self.decay >= 0, "decay", self.decay, "at least 0")
        _require(abs(self.best_grade) < 1, "best_grade", self.best_grade, "between -1 and 1, for example -0.05")

    def pace(self, grade: Floats) -> Floats:
        """Minutes over minutes on the level; `grade` is positive uphill."""
        return np.exp(self.decay * (np.abs(grade - self.best_grade) - abs(self.best_grade)))


@dataclass(frozen=True, slots=True)
class DrivingGrades:
    """Cars keep their speed up to a free grade; beyond it they lose a share of it with every percent.

    speed(S) = speed x max(least_share, 1 - loss per percent x (|S| in percent - free)), with a loss uphill and another
    downhill. The defaults are set to measured free-flow speeds of passenger cars on two-lane rural highways: in the
    operating-speed equations of Fitzpatrick et al. (2000) the speed on gentle curves is 104.8 km/h on grades of 0 to
    4 % and 96.6 km/h on 4 to 9 % (-7.8 % in a class whose middle lies 2.5 percent above 4 %: 3 % a percent);
    downhill 106.0 km/h on 0 to -4 % and 102.1 km/h on -4 to -9 % (-3.7 %: 1.5 % a percent). Beyond 9 % the rule
    extends those lines down to `least_share`; that part is an assumption.

    Attributes
    ----------
    free_grade
        Grade up to which nobody slows down.
    uphill_loss, downhill_loss
        Share of the speed lost with each further percent of grade.
    least_share
        Share of the speed that is kept on the steepest roads.

    References
    ----------
    K. Fitzpatrick et al., "Speed prediction for two-lane rural highways", Federal Highway Administration,
    FHWA-RD-99-171, 2000.
    """

    free_grade: float = 0.04
    uphill_loss: float = 0.03
    downhill_loss: float = 0.015
    least_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("free_grade", "uphill_loss", "downhill_loss"):
            value = getattr(self, name)
            _require(0 <= value < 1, name, value, "at least 0 and below 1")
        _require(0 < self.least_share <= 1, "least_share", self.least_share, "above 0 and at most 1")

    def pace(self, grade: Floats) -> Floats:
        """Minutes over minutes on the level; `grade` is positive uphill."""
        beyond = 100.0 * np.maximum(np.abs(grade) - self.free_grade, 0.0)
        loss = np.where(grade > 0, self.uphill_loss, self.downhill_loss) * beyond
        return 1.0 / np.maximum(self.least_share, 1.0 - loss)


def _require(is_right: bool, name: str, value: float, remedy: str) -> None:
    if not is_right:
        raise InputError(f"{name} = {value}: out of range; give a number {remedy}")
