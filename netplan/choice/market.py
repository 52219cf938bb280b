"""What goes into a calibration, checked: the outlets that are known, their covariates, and the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from netplan.choice.calibration import ATTRACTIVENESS
from netplan.choice.decay import Decay, Kind
from netplan.choice.design import Design
from netplan.choice.estimate import Method
from netplan.choice.pairs import Floats, Ints, Pairs, amounts, flags
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted, some

RESERVED = ("decay", "outside", "log_scale")
"""Names of the parameters that are no covariates."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is estimated, and how."""

    decay: Kind
    offset_minutes: float
    method: Method
    outside_utility: float | None
    fit_outside: bool
    fit_scale: bool


def checked(setting: Setting) -> Setting:
    """The setting; `InputError` where it names an unknown decay or method, or contradicts itself."""
    Decay(setting.decay, 0.0, setting.offset_minutes)
    if setting.method not in get_args(Method):
        raise InputError(f"method: unknown '{setting.method}'; write one of {', '.join(get_args(Method))}")
    if setting.fit_outside and setting.outside_utility is not None:
        raise InputError("outside_utility: given, and to be fitted as well; give it or fit it")
    if setting.outside_utility is not None and not np.isfinite(setting.outside_utility):
        raise InputError("outside_utility: not a number; leave it out where there is no outside option")
    return setting


def known_outlets(volumes: ArrayLike, is_own: ArrayLike | None, number: int) -> Ints:
    """Positions of the outlets whose volumes enter the fit."""
    volume = np.asarray(volumes, dtype=np.float64)
    if volume.shape != (number,):
        raise InputError(
            f"volumes: {volume.shape} values for {counted(number, 'outlet')}; give one each, blank where unknown"
        )
    if is_own is None:
        known = np.flatnonzero(~np.isnan(volume))
    else:
        known = np.flatnonzero(flags(is_own, number, "is_own"))
        blank = known[np.isnan(volume[known])]
        if len(blank):
            raise InputError(
                f"volumes: missing for own outlets at position {some(blank.tolist())}; give them, or unmark is_own"
            )
    amounts(volume[known], len(known), "volumes", "observed outlet")
    if not volume[known].sum() > 0:
        raise InputError("volumes: none above 0 is observed; give the volumes of own outlets")
    return known


def design_of(
    minutes: SparseMinutes,
    weights: ArrayLike,
    attractiveness: ArrayLike | pd.DataFrame | None,
    known: Ints,
    setting: Setting,
) -> Design:
    """The market as arrays, its parameters named; `InputError` where there is nothing to estimate from."""
    pairs = Pairs.of(minutes)
    weight = amounts(weights, pairs.shape[0], "weights", "demand node")
    table = _covariates(attractiveness, pairs.shape[1])
    stretched = Decay(setting.decay, 0.0, setting.offset_minutes).stretched(pairs.minutes)
    spread = float(np.std(stretched)) if len(stretched) else 0.0
    if not spread > 0:
        raise InputError("minutes: all pairs are equally far, so no decay can be estimated; widen the cut-off")
    extra = [name for name, wanted in (("outside", setting.fit_outside), ("log_scale", setting.fit_scale)) if wanted]
    names = (*table.columns, "decay", *extra)
    if len(known) <= len(names):
        raise InputError(
            f"volumes: {counted(len(known), 'observed outlet')} for {counted(len(names), 'parameter')} ({', '.join(names)}); "
            "observe more outlets, or estimate fewer parameters"
        )
    columns = table.to_numpy(dtype=np.float64)
    spreads = columns.std(axis=0)
    return Design(
        pairs,
        weight,
        stretched / spread,
        columns / spreads,
        np.concatenate([spreads, [spread], np.ones(len(extra))]),
        names,
        -np.inf if setting.outside_utility is None else float(setting.outside_utility),
        setting.fit_outside,
        setting.fit_scale,
        known,
    )


def _covariates(attractiveness: ArrayLike | pd.DataFrame | None, number: int) -> pd.DataFrame:
    """A column per covariate; one number per outlet enters by its logarithm."""
    if attractiveness is None:
        return pd.DataFrame(index=range(number))
    if isinstance(attractiveness, pd.DataFrame):
        table = attractiveness.astype(np.float64)
    else:
        size = amounts(attractiveness, number, ATTRACTIVENESS, "outlet")
        if not size.all():
            nothing = np.flatnonzero(size == 0).tolist()
            raise InputError(f"attractiveness: 0 at position {some(nothing)}; leave out outlets that are not open")
        table = pd.DataFrame({ATTRACTIVENESS: np.log(size)})
    _refuse_covariates(table, number)
    return table


def _refuse_covariates(table: pd.DataFrame, number: int) -> None:
    """`InputError` for rows or names that do not fit, values that are missing, and columns that say nothing."""
    if len(table) != number:
        raise InputError(f"covariates: {counted(len(table), 'row')} for {counted(number, 'outlet')}; give one row each")
    if len({*table.columns, *RESERVED}) != len(table.columns) + len(RESERVED):
        raise InputError(
            f"covariates: column names must differ from each other and from {', '.join(RESERVED)}; rename them"
        )
    for name, column in table.items():
        values = column.to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError(f"covariates: {name} has missing or infinite values; give a number for every outlet")
        if np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
            raise InputError(
                f"covariates: {name} is the same for all outlets, so its weight cannot be estimated; leave it out"
            )


def refuse_unexplainable(design: Design, observed: Floats, method: Method) -> None:
    """`InputError` for volumes that no parameter could predict: with nobody in reach, or without a logarithm."""
    reach = design.pairs.outlet_sum(design.weights[design.pairs.origin])[design.observed]
    alone = design.observed[reach == 0]
    if len(alone):
        raise InputError(
            f"volumes: outlets at position {some(alone.tolist())} have nobody within the cut-off, so their volume cannot be "
            "explained; widen the cut-off, or leave them out by a blank volume"
        )
    nothing = design.observed[observed == 0]
    if method == "log_least_squares" and len(nothing):
        raise InputError(
            f"volumes: 0 at position {some(nothing.tolist())} has no logarithm; use the method 'poisson', or leave them blank"
        )
