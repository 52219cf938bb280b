"""A calibrated choice model: its parameters, how sure they are, and how well they predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from netplan.choice.decay import Decay
from netplan.choice.fit import Fit
from netplan.choice.huff import Shares, huff_utility, logit_shares
from netplan.choice.pairs import Floats, Ints, names
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ATTRACTIVENESS = "attractiveness"
"""Name of the coefficient of ln(attractiveness), where it is one number per outlet."""


@dataclass(frozen=True, slots=True, repr=False)
class Calibration:
    """Distance decay and attractiveness, as observed volumes have them.

    Attributes
    ----------
    decay
        The estimated decay.
    reach_minutes
        The longest trip of the calibration, beyond which the decay was not seen.
    covariates
        Names of the covariates; ``("attractiveness",)`` for one number per outlet, which enters by its logarithm.
    coefficients
        One per covariate, shape (M,).
    outside_utility
        Utility of the outside option, given or estimated; ``None``: there is none.
    scale
        Volume per unit of weight.
    table
        A row per estimated parameter (covariates, decay, outside, log_scale): estimate, std_error (robust: right whatever the
        variance of the volumes), std_error_model (if the volumes were Poisson, or of equal variance in logs), low and high (95 %
        interval from the robust error and Student's t).
    observed_idx, observed, fitted, left_out
        Positions and volumes of the n observed outlets; their predictions, and those made while the outlet's fold was left out
        (``None``: not asked for, or not possible).
    fit, fit_left_out
        How well both agree with the observed volumes.
    method
        ``poisson`` or ``log_least_squares``.
    notes
        What a planner should know before using it.
    """

    decay: Decay
    reach_minutes: float
    covariates: tuple[str, ...]
    coefficients: Floats
    outside_utility: float | None
    scale: float
    table: pd.DataFrame
    observed_idx: Ints
    observed: Floats
    fitted: Floats
    left_out: Floats | None
    fit: Fit
    fit_left_out: Fit | None
    method: str
    notes: tuple[str, ...]

    def utility(self, attractiveness: ArrayLike | pd.DataFrame | None = None) -> Floats:
        """V_j of any outlets, for `logit_shares` and `impact`; the same kind of covariates as in the calibration, shape (J,).

        Raises
        ------
        InputError
            Covariates are missing, or a table was calibrated and a single number is given, or the other way round.
        """
        if self.covariates == (ATTRACTIVENESS,) and not isinstance(attractiveness, pd.DataFrame):
            if attractiveness is None:
                raise InputError("attractiveness: needed, as it was calibrated; give one number per outlet")
            return huff_utility(attractiveness, float(self.coefficients[0]))
        if not isinstance(attractiveness, pd.DataFrame):
            raise InputError(
                f"covariates: give a table with the columns {', '.join(self.covariates) or '(none; a row per outlet)'}"
            )
        missing = [name for name in self.covariates if name not in attractiveness.columns]
        if missing:
            raise InputError(f"covariates: column {', '.join(missing)} is missing; it was calibrated")
        return np.asarray(attractiveness[list(self.covariates)].to_numpy(dtype=np.float64) @ self.coefficients)

    def shares(self, minutes: SparseMinutes, attractiveness: ArrayLike | pd.DataFrame | None = None) -> Shares:
        """Shares of these or other outlets under the calibrated model."""
        if attractiveness is None and not self.covariates:
            attractiveness = pd.DataFrame(index=range(minutes.shape[1]))
        return logit_shares(
            minutes, self.utility(attractiveness), decay=self.decay, outside_utility=self.outside_utility
        )

    def frame(self, outlet_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Columns outlet, observed, fitted, left_out (blank where not asked for): a row per observed outlet.

        `outlet_ids` are those of all outlets of the minutes.
        """
        ids = (
            self.observed_idx
            if outlet_ids is None
            else np.asarray(names(outlet_ids, len(outlet_ids), "outlet"))[self.observed_idx]
        )
        without = np.full(len(self.observed), np.nan) if self.left_out is None else self.left_out
        return pd.DataFrame({"outlet": ids, "observed": self.observed, "fitted": self.fitted, "left_out": without})

    def errors(self) -> pd.DataFrame:
        """The figures of `Fit`: a row in sample, and one for outlets left out."""
        rows = {"in sample": self.fit.row()} | (
            {} if self.fit_left_out is None else {"left out": self.fit_left_out.row()}
        )
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot(self, *, unit: str = "volume") -> Figure:
        """Observed against fitted volumes with the 45-degree line, and the decay curve with its 95 % interval."""
        from netplan.choice.plots import draw_calibration  # noqa: PLC0415 - matplotlib loads when a plot is asked for

        return draw_calibration(self, unit=unit)

    def __repr__(self) -> str:
        out = "" if self.fit_left_out is None else f" ({self.fit_left_out.r_squared:.2f} for outlets left out)"
        head = (
            f"Calibration on {self.fit.num_outlets:,} outlets: R2 {self.fit.r_squared:.2f}{out}, {self.decay.kind} decay "
            f"{self.decay.rate:.4g}, half the pull at {self.decay.half_minutes:.1f} minutes"
        )
        return "\n".join([head, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{note}</li>" for note in self.notes)
        return f"<p>{repr(self).splitlines()[0]}</p>{self.table.to_html()}{self.errors().to_html()}<ul>{notes}</ul>"
