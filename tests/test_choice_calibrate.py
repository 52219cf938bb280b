"""Calibration of decay and attractiveness: known answers, other programs, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from choice_markets import table, town
from scipy.optimize import approx_fprime, minimize

from netplan.choice import Calibration, Decay, calibrate, logit_shares, shares
from netplan.choice.decay import Kind
from netplan.choice.estimate import Method, objective
from netplan.choice.market import Setting, design_of
from netplan.errors import InputError, SolverError

RATES: dict[Kind, float] = {"power": 1.5, "exponential": 0.12, "gaussian": 0.006}
OUTSIDE: dict[Kind, float] = {"power": -2.0, "exponential": 0.0, "gaussian": 0.5}


def volumes_of(seed: int, kind: Kind, outside: float | None, scale: float) -> tuple[object, ...]:
    """A town of 400 nodes and 80 outlets, with Poisson volumes of a known model: attractiveness counts to the power 0.8."""
    rng = np.random.default_rng(seed)
    minutes, size, weight = town(seed, 400, 80), rng.lognormal(0, 0.7, 80), rng.gamma(1, 500, 400)
    model = shares(minutes, size, decay=Decay(kind, RATES[kind]), exponent=0.8, outside_utility=outside)
    return minutes, weight, size, rng.poisson(scale * model.volumes(weight)).astype(float)


@pytest.mark.parametrize("kind", ["power", "exponential", "gaussian"])
@pytest.mark.parametrize(("leaks", "scale"), [(False, 0.7), (True, 1.0), (True, 0.7)])
def test_known_parameters_are_recovered(kind: Kind, leaks: bool, scale: float) -> None:
    """Over ten simulated towns at least four in five 95 % intervals hold the truth, and the mean estimate is near it."""
    outside = OUTSIDE[kind] if leaks else None
    truth = {"attractiveness": 0.8, "decay": RATES[kind]}
    truth |= {} if outside is None else {"outside": outside}
    truth |= {} if scale == 1 else {"log_scale": np.log(scale)}
    runs = [
        calibrate(
            *volumes_of(seed, kind, outside, scale),  # type: ignore[arg-type]
            decay=kind,
            fit_outside=leaks,
            fit_scale=scale != 1,
            folds=0,
        ).table
        for seed in range(10)
    ]
    hits = [run.loc[name, "low"] <= value <= run.loc[name, "high"] for run in runs for name, value in truth.items()]
    assert np.mean(hits) >= 0.8
    for name, value in truth.items():
        errors = np.array([run.loc[name, "std_error"] for run in runs])
        mean = np.mean([run.loc[name, "estimate"] for run in runs])
        assert abs(mean - value) <= 4 * np.median(errors) / np.sqrt(10)


@pytest.mark.parametrize("method", ["poisson", "log_least_squares"])
def test_exact_volumes_give_exact_parameters(method: Method) -> None:
    """Volumes straight from the model, competitors' hidden: estimates to six digits, R2 of 1, left out as well."""
    minutes, size = town(1, 200, 30), np.random.default_rng(1).lognormal(0, 0.7, 30)
    weight = np.random.default_rng(2).gamma(1, 500, 200)
    volume = 3.0 * shares(minutes, size, decay=Decay("power", 1.2, 2.0), exponent=0.6).volumes(weight)
    volume[20:] = np.nan
    own = np.arange(30) < 20
    told: list[float] = []
    found = calibrate(
        minutes,
        weight,
        size,
        volume,
        is_own=own,
        offset_minutes=2.0,
        method=method,
        progress=lambda _, share: told.append(share),
    )
    assert found.table["estimate"].tolist() == pytest.approx([0.6, 1.2, np.log(3.0)], rel=1e-6)
    assert found.scale == pytest.approx(3.0)
    assert found.fit_left_out is not None
    assert found.fit_left_out.r_squared == pytest.approx(1.0)
    assert found.observed_idx.tolist() == list(range(20))
    assert told == sorted(told)
    assert told[-1] == 1.0
    again = found.shares(minutes, size).volumes(weight) * found.scale
    assert again[:20] == pytest.approx(found.observed, rel=1e-6)


@pytest.mark.parametrize("method", ["poisson", "log_least_squares"])
def test_slopes_are_those_of_finite_differences(method: Method) -> None:
    """The analytic gradient equals central differences, with every kind of parameter there is, away from the optimum."""
    minutes, weight, size, volume = volumes_of(4, "gaussian", -2.0, 0.7)
    setting = Setting("gaussian", 1.0, method, None, True, True)
    covariates = pd.DataFrame({"size": np.log(np.asarray(size)), "corner": np.arange(80) % 2})
    known = np.arange(0, 80, 3)
    design = design_of(minutes, weight, covariates, known, setting)  # type: ignore[arg-type]
    observed = np.asarray(volume)[known] + 1.0
    at = np.array([0.4, -0.3, 0.9, -1.1, 0.2])
    numeric = approx_fprime(at, lambda point: objective(design, observed, method, point)[0], 1e-7)
    assert objective(design, observed, method, at)[1] == pytest.approx(numeric, rel=1e-4, abs=1e-6)


def test_scaled_poisson_is_the_multinomial() -> None:
    """With a free scale the estimate is where the multinomial likelihood of the volumes, given their sum, is flat."""
    minutes, weight, size, volume = volumes_of(5, "exponential", None, 0.7)
    found = calibrate(minutes, weight, size, volume, decay="exponential", folds=0)  # type: ignore[arg-type]

    def log_likelihood(point: np.ndarray) -> float:
        decay = Decay("exponential", float(point[1]))
        part = shares(minutes, size, decay=decay, exponent=float(point[0])).volumes(weight)  # type: ignore[arg-type]
        return float(np.asarray(volume) @ np.log(part / part.sum()))

    best = found.table["estimate"].to_numpy()[:2]
    for step in ([1e-3, 0], [-1e-3, 0], [0, 1e-4], [0, -1e-4]):
        assert log_likelihood(best + step) < log_likelihood(best)


def test_equal_to_a_poisson_regression() -> None:
    """Where the outside option takes nearly all, volumes are log-linear: the same estimates and errors as statsmodels' GLM."""
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(6)
    away, size, weight = rng.uniform(1, 30, 60), rng.lognormal(0, 1, 60), rng.uniform(1e6, 9e6, 60)
    minutes = table(np.where(np.eye(60, dtype=bool), away, np.inf))
    volume = weight * size**0.5 * np.exp(-0.05 * away - 5) * rng.lognormal(0, 0.3, 60)
    found = calibrate(minutes, weight, size, volume, decay="exponential", outside_utility=25.0, folds=0)
    design = np.column_stack([np.log(size), -away, np.ones(60)])
    model = api.GLM(volume, design, family=api.families.Poisson(), offset=np.log(weight) - 25.0)
    plain, robust = model.fit(tol=1e-12), model.fit(tol=1e-12, cov_type="HC0")
    assert found.table["estimate"].to_numpy() == pytest.approx(plain.params, rel=1e-5)
    assert found.table["std_error_model"].to_numpy() == pytest.approx(plain.bse, rel=1e-4)
    assert found.table["std_error"].to_numpy() == pytest.approx(robust.bse * np.sqrt(60 / 57), rel=1e-4)
    assert found.fit.deviance_explained == pytest.approx(1 - plain.deviance / _null_deviance(volume), rel=1e-5)
    logs = calibrate(
        minutes, weight, size, volume, decay="exponential", outside_utility=25.0, folds=0, method="log_least_squares"
    )
    least = api.OLS(np.log(volume / weight) + 25.0, design).fit()
    assert logs.table["estimate"].to_numpy() == pytest.approx(least.params, rel=1e-5)
    assert logs.table["std_error_model"].to_numpy() == pytest.approx(least.bse, rel=1e-4)
    assert logs.table["std_error"].to_numpy() == pytest.approx(least.HC1_se, rel=1e-4)


def _null_deviance(volume: np.ndarray) -> float:
    return float(2 * np.sum(volume * np.log(volume / volume.mean())))


@pytest.mark.parametrize("method", ["poisson", "log_least_squares"])
def test_noisy_volumes_reach_the_optimum(method: Method) -> None:
    """With volumes far from the model, a slow search without gradients from the truth finds nothing better."""
    rng = np.random.default_rng(16)
    minutes, weight, size, volume = volumes_of(16, "power", None, 1.0)
    noisy = np.asarray(volume) * rng.lognormal(0, 0.8, 80)
    found = calibrate(minutes, weight, size, noisy, method=method, folds=0)  # type: ignore[arg-type]
    setting = Setting("power", 1.0, method, None, False, True)
    design = design_of(minutes, weight, size, np.arange(80), setting)  # type: ignore[arg-type]
    truth = np.array([0.8, 1.5, 0.3]) * design.units
    slow = minimize(
        lambda point: objective(design, noisy, method, point)[0],
        truth,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000},
    )
    best = found.table["estimate"].to_numpy() * design.units
    assert objective(design, noisy, method, best)[0] <= slow.fun + 1e-9
    assert best == pytest.approx(slow.x, rel=1e-3, abs=1e-3)


def test_a_plateau_is_crossed() -> None:
    """Where the outside option is barely there, the search refines its answer, and a slow search finds nothing better."""
    rng = np.random.default_rng(5)
    homes, places = rng.uniform(0, 60, (200, 2)), rng.uniform(0, 60, (40, 2))
    away = 0.5 + np.linalg.norm(homes[:, None] - places[None], axis=2)
    minutes = table(np.where(away - 0.5 < 29.5, away, np.inf))
    size, weight = rng.lognormal(0, 0.7, 40), rng.gamma(0.5, 500, 200)
    model = shares(minutes, size, decay=Decay("gaussian", 0.006), exponent=0.8, outside_utility=-1.0)
    volume = model.volumes(weight) * rng.lognormal(0, 2.0, 40)
    volume[25:] = np.nan
    found = calibrate(minutes, weight, size, volume, decay="gaussian", fit_outside=True, fit_scale=False, folds=0)
    setting = Setting("gaussian", 1.0, "poisson", None, True, False)
    design = design_of(minutes, weight, size, np.arange(25), setting)
    best = found.table["estimate"].to_numpy() * design.units
    slow = minimize(
        lambda point: objective(design, volume[:25], "poisson", point)[0],
        best + 0.2,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000},
    )
    assert objective(design, volume[:25], "poisson", best)[0] <= slow.fun + 1e-9


def test_a_search_that_stops_short_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters at which the next step would still matter are never handed out."""
    for step in ("_searched", "_refined"):
        monkeypatch.setattr(f"netplan.choice.estimate.{step}", lambda *given: given[-1])
    with pytest.raises(SolverError, match="did not converge"):
        calibrate(*volumes_of(17, "power", None, 1.0), folds=0)  # type: ignore[arg-type]


def test_left_out_is_another_fit() -> None:
    """The prediction for an outlet left out is that of a calibration which never saw its volume."""
    minutes, weight, size, volume = volumes_of(7, "power", None, 1.0)
    found = calibrate(minutes, weight, size, volume, folds=80)  # type: ignore[arg-type]
    hidden = np.asarray(volume).copy()
    hidden[11] = np.nan
    other = calibrate(minutes, weight, size, hidden, folds=0)  # type: ignore[arg-type]
    alone = other.shares(minutes, size).volumes(weight)[11] * other.scale  # type: ignore[arg-type]
    assert found.left_out is not None
    assert found.left_out[11] == pytest.approx(alone, rel=1e-5)
    assert found.errors().index.tolist() == ["in sample", "left out"]


def test_figures_of_the_fit() -> None:
    """R2, error, and percentage error are those of the definitions, an outlet without volume left out of the last."""
    minutes, weight, size, volume = volumes_of(8, "power", None, 1.0)
    volume = np.asarray(volume).copy()
    volume[3] = 0.0
    found = calibrate(minutes, weight, size, volume, folds=0)  # type: ignore[arg-type]
    error = found.fitted - volume
    assert found.fit.r_squared == pytest.approx(1 - (error**2).sum() / ((volume - volume.mean()) ** 2).sum())
    assert found.fit.rmse == pytest.approx(np.sqrt((error**2).mean()))
    assert found.fit.mape == pytest.approx((np.abs(error) / np.where(volume > 0, volume, np.nan))[volume > 0].mean())
    assert found.fit.mean_error == pytest.approx(error.mean(), abs=1e-6)
    assert any("1 outlet with no volume" in note for note in found.notes)
    assert "Calibration on 80 outlets" in repr(found)


def test_covariates_of_a_table() -> None:
    """A logit with named covariates: utilities of other outlets follow from the same columns; a brand can be one of them."""
    rng = np.random.default_rng(9)
    minutes, weight = town(9, 300, 60), rng.gamma(1, 500, 300)
    covariates = pd.DataFrame({"log_positions": rng.normal(0, 1, 60), "is_own": (np.arange(60) < 40).astype(float)})
    utility = covariates.to_numpy() @ [0.5, 0.3]
    volume = logit_shares(minutes, utility, decay=Decay("exponential", 0.1)).volumes(weight)
    found = calibrate(
        minutes,
        weight,
        covariates,
        volume,
        is_own=np.arange(60) < 40,
        decay="exponential",
        fit_scale=False,
        folds=0,
    )
    assert found.coefficients == pytest.approx([0.5, 0.3], rel=1e-5)
    assert found.utility(covariates) == pytest.approx(utility, rel=1e-5)
    with pytest.raises(InputError, match="column is_own is missing"):
        found.utility(covariates[["log_positions"]])
    with pytest.raises(InputError, match="give a table with the columns log_positions, is_own"):
        found.utility([1.0])


def test_distance_alone() -> None:
    """Without attractiveness only the decay is estimated, and the shares need none."""
    minutes, weight = town(10, 200, 30), np.ones(200)
    volume = logit_shares(minutes, np.zeros(30), decay=Decay("exponential", 0.1)).volumes(weight)
    found = calibrate(minutes, weight, None, volume, decay="exponential", folds=0, fit_scale=False)
    assert found.decay.rate == pytest.approx(0.1, rel=1e-6)
    assert found.shares(minutes).volumes(weight) == pytest.approx(volume, rel=1e-6)


def _refused(minutes: object, weight: object, size: object, volume: object, **how: object) -> str:
    with pytest.raises(InputError) as caught:
        calibrate(minutes, weight, size, volume, **how)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_cannot_be_told_is_said() -> None:
    """Equal attractiveness, too few outlets, no choice, no decay, leakage that is not there: each has its own message."""
    minutes, weight, size, volume = volumes_of(11, "power", None, 1.0)
    assert "attractiveness is the same for all outlets" in _refused(minutes, weight, np.ones(80), volume)
    few = np.where(np.arange(80) < 3, np.asarray(volume), np.nan)
    assert "3 observed outlets for 3 parameters" in _refused(minutes, weight, size, few)
    lonely = table(np.where(np.eye(8, dtype=bool), np.arange(1.0, 9), np.inf))
    said = _refused(lonely, np.ones(8), None, np.arange(1.0, 9), fit_scale=False, folds=0)
    assert "depend on no parameter" in said
    assert "do not depend on decay" in _refused(lonely, np.ones(8), None, np.arange(1.0, 9), folds=0)
    away = logit_shares(minutes, np.zeros(80), decay=Decay("power", 0.0))  # type: ignore[arg-type]
    remote = away.pairs.outlet_sum(away.pairs.minutes)
    assert "show no decay with distance" in _refused(minutes, weight, None, remote**2, folds=0)
    twice = pd.DataFrame({"a": np.asarray(size), "b": 2 * np.asarray(size)})
    assert "cannot tell a and b apart" in _refused(minutes, weight, twice, volume, folds=0)
    same = table(np.full((5, 5), 7.0))
    assert "equally far" in _refused(same, np.ones(5), None, np.ones(5))
    assert "no room for an outside option" in _refused(
        minutes, weight, size, 1.5 * np.asarray(volume), fit_outside=True, fit_scale=False, folds=0
    )


def test_a_flat_decay_is_noted() -> None:
    """Volumes that follow size but hardly distance: the interval of the decay holds 0, and a note says so."""
    rng = np.random.default_rng(4)
    minutes, size, weight = town(12, 300, 20), rng.lognormal(0, 1, 20), np.full(300, 9.0)
    volume = shares(minutes, size, decay=Decay("exponential", 0.02)).volumes(weight) * rng.lognormal(0, 0.3, 20)
    found = calibrate(minutes, weight, size, volume, decay="exponential", folds=0)
    assert found.table.loc["decay", "low"] < 0 < found.decay.rate
    assert any("do not show a decay with distance" in note for note in found.notes)
    assert any("intervals are rough" in note for note in found.notes)


def test_a_fold_that_fails_is_noted() -> None:
    """When too few outlets remain without a fold, there is no left-out fit, and a note says why."""
    minutes, weight, size, volume = volumes_of(13, "power", None, 1.0)
    few = np.where(np.arange(80) < 4, np.asarray(volume), np.nan)
    found = calibrate(minutes, weight, size, few, folds=4)  # type: ignore[arg-type]
    assert found.fit_left_out is None
    assert "too few observed outlets remain" in found.notes[0]
    assert found.frame()["left_out"].isna().all()


def test_wrong_values_are_refused() -> None:
    """Each argument that is wrong is named, with a remedy."""
    minutes, weight, size, volume = volumes_of(14, "power", None, 1.0)
    first = np.arange(80) == 0
    blank, zero = np.where(first, np.nan, np.asarray(volume)), np.where(first, 0.0, np.asarray(volume))
    table_ = pd.DataFrame({"decay": np.asarray(size)})
    holes = pd.DataFrame({"a": blank})
    alone = np.array([[1.0, 2, np.inf], [3, 1, np.inf], [2, 3, np.inf], [2, 5, np.inf]])
    for said, told in [
        ("missing for own outlets at position 0", _refused(minutes, weight, size, blank, is_own=first)),
        ("'poisson', or leave them blank", _refused(minutes, weight, size, zero, method="log_least_squares")),
        ("volumes: (2,) values for 80 outlets", _refused(minutes, weight, size, [1, 2])),
        ("none above 0 is observed", _refused(minutes, weight, size, np.full(80, np.nan))),
        ("attractiveness: 0 at position 0", _refused(minutes, weight, zero, volume)),
        ("unknown 'ols'", _refused(minutes, weight, size, volume, method="ols")),
        ("give it or fit it", _refused(minutes, weight, size, volume, outside_utility=1.0, fit_outside=True)),
        ("outside_utility: not a number", _refused(minutes, weight, size, volume, outside_utility=np.nan)),
        ("folds: 1 for 80", _refused(minutes, weight, size, volume, folds=1)),
        ("column names must differ", _refused(minutes, weight, table_, volume)),
        ("a has missing", _refused(minutes, weight, holes, volume)),
        ("1 row for 80 outlets", _refused(minutes, weight, table_.head(1), volume)),
        ("position 2 have nobody within", _refused(table(alone), np.ones(4), None, np.ones(3), fit_scale=False)),
    ]:
        assert said in told


def test_a_calibration_is_a_record() -> None:
    """Arrays cannot be changed, and the model it gives is the one in its table."""
    found: Calibration = calibrate(*volumes_of(15, "power", None, 1.0), folds=0)  # type: ignore[arg-type]
    assert not found.coefficients.flags.writeable
    assert not found.fitted.flags.writeable
    assert found.decay.rate == found.table.loc["decay", "estimate"]
    with pytest.raises(InputError, match="attractiveness: needed"):
        found.utility()
