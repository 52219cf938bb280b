"""Maximum likelihood and least squares for the parameters of a choice model, with their standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import xlogy

from netplan.choice.design import Design
from netplan.choice.pairs import Floats
from netplan.errors import InputError, SolverError

Method = Literal["poisson", "log_least_squares"]

TINY = 1e-300
RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Decay rates, over the spread of the stretched minutes, from which the best is the start of the search."""
FAR = 1e300
"""Value of a trial step that overflows."""
TOLERANCE, ERROR_TOLERANCE = 1e-6, 1e-3
"""A fit has converged when the next scoring step would move no parameter by more than this part of itself (or of 1), or of its
standard error."""
IDLE, INDISTINCT = 1e-9, 1e-9
"""Smallest effect of a parameter on the volumes, next to the largest; and smallest eigenvalue of the information matrix, in
correlation form, at which parameters count as told apart."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Parameters in the units of `Design`, and their covariances.

    Attributes
    ----------
    robust, plain
        Covariance: sandwich with n / (n - P), and as the model itself has it (Poisson variance, or equal variance in logs).
    """

    parameters: Floats
    robust: Floats
    plain: Floats
    deviance: float


def deviance(observed: Floats, fitted: Floats) -> float:
    """Poisson deviance: 2 sum of y ln(y / v) - (y - v)."""
    safe = np.maximum(fitted, TINY)
    return float(2.0 * np.sum(xlogy(observed, observed / safe) - (observed - fitted)))


def estimate(design: Design, volumes: Floats, method: Method, start: Floats | None = None) -> Estimate:
    """Fit the parameters to the volumes of the observed outlets (n,)."""
    parameters = _start(design, volumes) if start is None else start
    with np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    ):  # a trial step may overshoot; it is then taken back
        answer, is_finished = _assessed(design, volumes, method, _searched(design, volumes, method, parameters))
        if not is_finished:
            parameters = _refined(design, volumes, method, answer.parameters)
            answer, is_finished = _assessed(design, volumes, method, parameters)
    if not is_finished:
        raise SolverError(
            "calibration: did not converge; the volumes do not follow this decay and these covariates. "
            "Try another decay, fewer covariates, or give the outside option and the scale instead of fitting them"
        )
    return answer


def _assessed(design: Design, volumes: Floats, method: Method, parameters: Floats) -> tuple[Estimate, bool]:
    """The estimate at the parameters, and whether the next scoring step would no longer matter."""
    fitted, slopes = design.observed_with_slopes(parameters)
    score, information = _score(fitted, slopes, volumes, method)
    _refuse_indistinct(information, design.names)
    inverse = np.linalg.inv(information)
    number, count = slopes.shape
    robust = inverse @ (score.T @ score) @ inverse * (number / (number - count))
    variance = 1.0 if method == "poisson" else float(np.sum(np.log(fitted / volumes) ** 2)) / (number - count)
    allowed = np.maximum(TOLERANCE * np.maximum(1.0, np.abs(parameters)), ERROR_TOLERANCE * np.sqrt(np.diag(robust)))
    is_finished = bool((np.abs(inverse @ score.sum(axis=0)) <= allowed).all())
    return Estimate(parameters, robust, inverse * variance, deviance(volumes, fitted)), is_finished


def _searched(design: Design, volumes: Floats, method: Method, start: Floats) -> Floats:
    """Trust region with expected second derivatives (Fisher scoring, Gauss-Newton): safe from afar."""

    def curvature(parameters: Floats) -> Floats:
        return _score(*design.observed_with_slopes(parameters), volumes, method)[1] / _size(volumes, method)

    return np.asarray(
        minimize(
            lambda parameters: objective(design, volumes, method, parameters),
            start,
            jac=True,
            hess=curvature,
            method="trust-exact",
            options={"gtol": 1e-8, "maxiter": 200},
        ).x
    )


def _refined(design: Design, volumes: Floats, method: Method, parameters: Floats) -> Floats:
    """BFGS from there, in coordinates that the information makes round: fast where large residuals slow scoring down."""
    information = _score(*design.observed_with_slopes(parameters), volumes, method)[1] / _size(volumes, method)
    round_ = np.linalg.inv(np.linalg.cholesky(information)).T

    def moved(step: Floats) -> tuple[float, Floats]:
        value, slope = objective(design, volumes, method, parameters + round_ @ step)
        return value, round_.T @ slope

    options = {"gtol": 1e-8, "maxiter": 200}
    answer = minimize(moved, np.zeros(len(parameters)), jac=True, method="BFGS", options=options)
    return np.asarray(parameters + round_ @ answer.x)


def objective(design: Design, volumes: Floats, method: Method, parameters: Floats) -> tuple[float, Floats]:
    """Half the deviance per unit of volume, or half the mean square of ln v - ln y; and its derivatives (P,)."""
    fitted, slopes = design.observed_with_slopes(parameters)
    total = _size(volumes, method)
    if method == "poisson":
        value = deviance(volumes, fitted)
    else:
        value = float(np.sum(np.log(np.maximum(fitted, TINY) / volumes) ** 2))
    score, information = _score(fitted, slopes, volumes, method)
    slope = -score.sum(axis=0) / total
    if not all(np.isfinite(each).all() for each in (value, slope, information)):
        return FAR, np.zeros(len(slope))
    return value / (2.0 * total), slope


def _size(volumes: Floats, method: Method) -> float:
    return float(volumes.sum()) if method == "poisson" else float(len(volumes))


def _score(fitted: Floats, slopes: Floats, volumes: Floats, method: Method) -> tuple[Floats, Floats]:
    """What each outlet adds to the first derivatives (n, P), and the expected second derivatives (P, P)."""
    safe = np.maximum(fitted, TINY)
    relative = slopes / safe[:, None]
    if method == "poisson":
        return relative * (volumes - fitted)[:, None], relative.T @ slopes
    return -relative * np.log(safe / volumes)[:, None], relative.T @ relative


def _start(design: Design, volumes: Floats) -> Floats:
    """The best of a few decay rates, attractiveness counting fully or not at all, the scale matched."""
    count = design.covariates.shape[1]
    best: tuple[float, Floats] | None = None
    for rate in RATES:
        for share in (0.0, 1.0) if count else (0.0,):
            trial = np.zeros(len(design.units))
            trial[:count] = share * design.units[:count]
            trial[count] = rate
            if design.is_outside_fitted:  # as large as the typical choice among outlets: half of the demand leaks
                pull = design.log_pull(trial)
                trial[count + 1] = float(np.median(pull[np.isfinite(pull)]))
            fitted = design.volumes(trial)[design.observed]
            if design.is_scale_fitted:
                trial[-1] = np.log(volumes.sum() / max(float(fitted.sum()), TINY))
                fitted = fitted * np.exp(trial[-1])
            value = deviance(volumes, fitted)
            if best is None or value < best[0]:
                best = value, trial
    assert best is not None  # noqa: S101 - RATES is not empty
    return best[1]


def _refuse_indistinct(information: Floats, names: tuple[str, ...]) -> None:
    """`InputError` when the volumes say nothing about a parameter, or cannot tell several apart."""
    size = np.sqrt(np.diag(information))
    if not np.isfinite(information).all():
        raise SolverError(
            "calibration: did not converge; the parameters grew without end. Try another decay or fewer covariates"
        )
    idle = size <= IDLE * size.max(initial=0.0)
    if idle.all():
        raise InputError("calibration: the volumes depend on no parameter; each node needs several outlets in reach")
    if idle[[name == "outside" for name in names]].any():
        raise InputError(
            "calibration: the volumes leave no room for an outside option; do not fit one, or give its utility"
        )
    if idle.any():
        lost = " and ".join(name for name, is_idle in zip(names, idle, strict=True) if is_idle)
        raise InputError(
            f"calibration: the volumes do not depend on {lost}; leave it out, or observe outlets where it matters"
        )
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < INDISTINCT:
        mixed = [name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.1]
        raise InputError(
            f"calibration: the volumes cannot tell {' and '.join(mixed)} apart; fix one of them, leave it out, or observe more outlets"
        )
