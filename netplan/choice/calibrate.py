"""Calibrate distance decay and attractiveness on observed volumes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from netplan.choice.calibration import Calibration
from netplan.choice.decay import Decay, Kind
from netplan.choice.design import Design
from netplan.choice.estimate import Estimate, Method, estimate
from netplan.choice.fit import Fit
from netplan.choice.market import RESERVED, Setting, checked, design_of, known_outlets, refuse_unexplainable
from netplan.choice.pairs import Floats
from netplan.errors import InputError, SolverError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted

Progress = Callable[[str, float], None]
FEW = 10
"""Observed outlets per parameter below which the interval of a parameter is not to be relied on."""


def calibrate(
    minutes: SparseMinutes,
    weights: ArrayLike,
    attractiveness: ArrayLike | pd.DataFrame | None,
    volumes: ArrayLike,
    *,
    is_own: ArrayLike | None = None,
    decay: Kind = "power",
    offset_minutes: float = 1.0,
    method: Method = "poisson",
    outside_utility: float | None = None,
    fit_outside: bool = False,
    fit_scale: bool = True,
    folds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Estimate the decay rate and the weight of attractiveness from the volumes of the outlets that are known.

    The model is v_j = scale x sum over i of w_i p_ij, with p the shares of `logit_shares` among all outlets. Own and other banks'
    outlets compete; only volumes that are known enter the fit.

    Parameters
    ----------
    minutes
        Shape (N, J), all outlets that people choose among.
    weights
        Demand per node, shape (N,).
    attractiveness
        Either one number above 0 per outlet, which enters as a ln(A_j) (Huff), or a table with a row per outlet whose columns
        enter as they are (logit; take logarithms first where that is meant), or ``None``: distance only.
    volumes
        Volume per outlet, shape (J,), NaN where it is not known.
    is_own
        Outlets whose volume is used, shape (J,); all that are known, where it is left out.
    decay, offset_minutes
        Kind of decay, and the fixed offset of a power.
    method
        ``poisson``: quasi-maximum likelihood, right for any volumes whose mean the model gets right; with a fitted scale it is the
        multinomial likelihood of the volumes given their sum. ``log_least_squares``: least squares of the logarithms, which
        weighs small outlets as much as large ones and predicts medians; volumes must be above 0.
    outside_utility, fit_outside
        A given utility of going nowhere or elsewhere, or whether to estimate one.
    fit_scale
        Whether volumes are in another unit than weights; otherwise the scale is 1.
    folds
        Parts into which the observed outlets are cut for the leave-out check; 0: no check. An outlet that is left out still
        competes, its volume alone is hidden.
    seed
        Of the random folds.
    progress
        Called with (what, share done).

    Returns
    -------
    Calibration
        Estimates, robust standard errors, fit in sample and left out.

    Raises
    ------
    InputError
        Values that are missing, negative or of the wrong number; an outlet with a volume but nobody in reach; parameters that
        the volumes cannot tell apart; volumes that grow with distance.
    SolverError
        The search did not converge.

    Notes
    -----
    Poisson quasi-likelihood and its robust errors: Gourieroux, Monfort, Trognon (1984), Econometrica 52(3); Wooldridge (1999).

    """
    setting = checked(Setting(decay, offset_minutes, method, outside_utility, fit_outside, fit_scale))
    known = known_outlets(volumes, is_own, minutes.shape[1])
    design = design_of(minutes, weights, attractiveness, known, setting)
    observed = np.asarray(volumes, dtype=np.float64)[known]
    refuse_unexplainable(design, observed, setting.method)
    tell = progress or _silent
    tell("calibrating", 0.0)
    answer = estimate(design, observed, setting.method)
    tell("calibrating", 1.0 / (1 + folds))
    rate = Decay(decay, _decay_rate(answer, design), offset_minutes)
    left_out, why = _left_out(design, observed, answer, (setting.method, folds, seed), tell)
    tell("calibrating", 1.0)
    return _calibration(design, observed, (answer, rate, setting), left_out, why)


def _silent(what: str, share: float) -> None:
    """No progress asked for."""


def _decay_rate(answer: Estimate, design: Design) -> float:
    at = design.covariates.shape[1]
    rate, error = answer.parameters[at] / design.units[at], np.sqrt(answer.robust[at, at]) / design.units[at]
    if rate < 0:
        raise InputError(
            f"calibration: the volumes show no decay with distance (rate {rate:.3g}, standard error {error:.2g}); check that "
            "minutes, weights and volumes belong together, observe more outlets, or take a decay from elsewhere"
        )
    return float(rate)


def _left_out(
    design: Design, observed: Floats, answer: Estimate, how: tuple[Method, int, int], tell: Progress
) -> tuple[Floats | None, str]:
    """Predictions for outlets whose fold was left out, or why there are none."""
    method, folds, seed = how
    if folds == 0:
        return None, ""
    if not 2 <= folds <= len(observed):
        raise InputError(
            f"folds: {folds} for {counted(len(observed), 'observed outlet')}; write 0, or from 2 to that many"
        )
    fold = np.random.default_rng(seed).permutation(np.arange(len(observed)) % folds)
    predicted = np.empty(len(observed))
    for part in range(folds):
        kept = fold != part
        if kept.sum() <= len(design.names):
            return None, "the leave-out check was not possible: too few observed outlets remain in a fold"
        try:
            again = estimate(design.seeing(design.observed[kept]), observed[kept], method, answer.parameters)
        except (InputError, SolverError) as error:
            return None, f"the leave-out check was not possible: without fold {part + 1} of {folds}, {error}"
        predicted[~kept] = design.volumes(again.parameters)[design.observed[~kept]]
        tell("calibrating", (2 + part) / (1 + folds))
    return predicted, ""


def _calibration(
    design: Design, observed: Floats, answer: tuple[Estimate, Decay, Setting], left_out: Floats | None, why: str
) -> Calibration:
    found, decay, setting = answer
    count = design.covariates.shape[1]
    value = found.parameters / design.units
    fitted = design.volumes(found.parameters)[design.observed]
    table = _table(design, found, len(observed))
    arrays = (value[:count], design.observed, observed, fitted)
    for array in arrays:
        array.setflags(write=False)
    return Calibration(
        decay,
        float(design.pairs.minutes.max()),
        design.names[:count],
        arrays[0],
        float(value[count + 1]) if setting.fit_outside else setting.outside_utility,
        float(np.exp(value[-1])) if setting.fit_scale else 1.0,
        table,
        *arrays[1:],
        left_out,
        Fit.of(observed, fitted),
        None if left_out is None else Fit.of(observed, left_out),
        setting.method,
        tuple(_notes(table, observed, why)),
    )


def _table(design: Design, found: Estimate, number: int) -> pd.DataFrame:
    estimated = found.parameters / design.units
    robust, plain = (np.sqrt(np.diag(each)) / design.units for each in (found.robust, found.plain))
    width = robust * stats.t.ppf(0.975, number - len(estimated))
    return pd.DataFrame(
        {
            "estimate": estimated,
            "std_error": robust,
            "std_error_model": plain,
            "low": estimated - width,
            "high": estimated + width,
        },
        index=pd.Index(design.names, name="parameter"),
    )


def _notes(table: pd.DataFrame, observed: Floats, why: str) -> list[str]:
    notes = [why] if why else []
    holds_zero = (table["low"].to_numpy() <= 0) & (table["high"].to_numpy() >= 0)
    flat = [name for name, is_flat in zip(table.index.astype(str), holds_zero, strict=True) if is_flat]
    if "decay" in flat:
        notes.append("the volumes do not show a decay with distance: its 95 % interval holds 0")
    weak = [name for name in flat if name not in RESERVED]
    if weak:
        notes.append(f"the volumes do not show that {' or '.join(weak)} matters: its 95 % interval holds 0")
    if float(table["std_error"].get("outside", 0.0)) > 1:
        notes.append("the part that leaks outside is hardly known: the standard error of its utility is above 1")
    if len(observed) < FEW * len(table):
        notes.append(
            f"{counted(len(observed), 'outlet')} for {counted(len(table), 'parameter')}: the intervals are rough"
        )
    nothing = int((observed == 0).sum())
    if nothing:
        notes.append(
            f"{counted(nothing, 'outlet')} with no volume: counted in the fit, left out of the percentage error"
        )
    return notes
