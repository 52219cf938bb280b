"""Problems too large for luck: thousands of choices looked at all at once, so that relaxations, programs and branching have to work."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from netplan import classic
from netplan.classic import centre, program, small_median

SEEDS = range(12)


def places(seed: int, size: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances of random customers to random sites, and weights."""
    rng = np.random.default_rng(1000 + seed)
    here, there = rng.uniform(0, 100, (size, 2)), rng.uniform(0, 100, (width, 2))
    return np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)) + 0.5, rng.integers(1, 40, size).astype(float)


def every(width: int, p: int) -> np.ndarray:
    """Every choice of p sites, shape (choices, p)."""
    return np.array(list(combinations(range(width), p)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("steps", [3, 10, 200])
@pytest.mark.parametrize("most_cells", [0, small_median.MOST_CELLS])
def test_p_median(seed: int, steps: int, most_cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The median is the best of 10,626 choices, those with two required sites and without two others included.

    On the row engine, and by prices, after few steps of which the program has much to do.
    """
    monkeypatch.setattr(small_median, "_STEPS", steps)
    monkeypatch.setattr(small_median, "MOST_CELLS", most_cells)
    costs, weights = places(seed, 40, 24)
    choices = every(24, 4)
    values = weights @ costs[:, choices].min(axis=2)
    found = classic.p_median(costs, p=4, weights=weights)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(values.min())
    required, forbidden = choices[values.argmax()][:2], found.sites[:2]
    forbidden = forbidden[~np.isin(forbidden, required)]
    fits = np.isin(choices, required).sum(axis=1) == 2
    fits &= ~np.isin(choices, forbidden).any(axis=1)
    found = classic.p_median(costs, p=4, weights=weights, required=required, forbidden=forbidden)
    assert found.objective == pytest.approx(values[fits].min())
    assert found.bound == pytest.approx(found.objective)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_center(seed: int) -> None:
    """The centre is the best of 10,626 choices, weighted or not."""
    costs, weights = places(seed, 40, 24)
    nearest = costs[:, every(24, 4)].min(axis=2)
    for weight in (np.ones(40), weights):
        centre = classic.p_center(costs, p=4, weights=weight)
        assert centre.status == "optimal"
        assert centre.objective == pytest.approx((weight[:, None] * nearest).max(axis=0).min())
        assert centre.bound == pytest.approx(centre.objective)


@pytest.mark.parametrize("seed", SEEDS)
def test_centre_of_a_grid(seed: int) -> None:
    """On a square of points, where many ways are equal and relaxations weak, the centre is the best of 12,650 choices."""
    x, y = np.meshgrid(np.arange(5), np.arange(5))
    points = np.column_stack([x.ravel(), y.ravel()]) * 1.0
    rng = np.random.default_rng(seed)
    costs = np.abs(points[:, None] - points[None]).sum(axis=2) + rng.integers(0, 2, (25, 25))
    found = classic.p_center(costs, p=4)
    assert found.status == "optimal"
    assert found.objective == costs[:, every(25, 4)].min(axis=2).max(axis=0).min()


@pytest.mark.parametrize("seed", SEEDS)
def test_dispersion(seed: int) -> None:
    """The dispersion of 6 of 20 is the best of 38,760 choices, and that with two required sites of those that have them."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 100, (20, 2))
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    choices = every(20, 6)
    least = np.min([apart[choices[:, j], choices[:, k]] for j, k in combinations(range(6), 2)], axis=0)
    assert classic.p_dispersion(apart, p=6).objective == pytest.approx(least.max())
    has_both = (choices == 3).any(axis=1) & (choices == 11).any(axis=1)
    found = classic.p_dispersion(apart, p=6, required=[3, 11])
    assert found.status == "optimal"
    assert found.objective == pytest.approx(least[has_both].max())


@pytest.mark.parametrize("seed", SEEDS)
def test_coverage(seed: int) -> None:
    """Maximal, partial and backup coverage of 60 customers are the best of all choices of 3 to 5 of 15 sites."""
    costs, weights = places(seed, 60, 15)
    radius = 32.0
    times = {p: (costs[:, every(15, p)] <= radius).sum(axis=2) for p in range(1, 9)}
    found = classic.mclp(costs, p=3, radius=radius, weights=weights)
    assert found.objective == pytest.approx((weights @ (times[3] > 0)).max())
    fewest = next(p for p in times if (weights @ (times[p] > 0)).max() >= 0.8 * weights.sum())
    assert classic.partial_cover(costs, radius=radius, share=0.8, weights=weights).objective == fewest
    cover = [p for p in times if (times[p] > 0).all(axis=0).any()]
    backup = classic.backup_cover(costs, radius=radius, weights=weights)
    if not cover:
        assert backup.status == "infeasible" or len(backup.sites) > 8
        return
    does = (times[cover[0]] > 0).all(axis=0)
    assert len(backup.sites) == cover[0] == classic.lscp(costs, radius=radius).objective
    assert backup.objective == pytest.approx((weights @ (times[cover[0]] > 1))[does].max())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_market(seed: int, power: float) -> None:
    """The most of a market for 4 of 14 sites is the best of 1,001 choices; the fewest sites for a share need all choices below."""
    costs, weights = places(seed, 40, 18)
    pull = costs**-power
    ours, against = pull[:, 4:], pull[:, :4].sum(axis=1)[:, None]

    def best(p: int) -> float:
        drawn = ours[:, every(14, p)].sum(axis=2)
        return float((weights @ (drawn / (drawn + against))).max())

    given = {"competitors": range(4), "weights": weights, "parameter": power}
    found = classic.max_market_share(costs, p=4, **given)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best(4))
    for share in (0.5, 0.999 * best(5) / weights.sum()):
        fewest = next(p for p in range(1, 15) if best(p) >= share * weights.sum())
        target = classic.target_market_share(costs, share=share, **given)
        assert (target.status, target.objective) == ("optimal", fewest)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("single_source", [False, True])
def test_strong_rows_as_cuts(seed: int, single_source: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With x <= y only where it is violated, as on large problems, the capacitated optimum is the same."""
    costs, weights = places(seed, 14, 6) if single_source else places(seed, 25, 8)
    given = {"capacities": weights.sum() / 4, "demands": weights, "weights": weights, "single_source": single_source}
    at_once = classic.cflp(costs, opening_costs=4000.0, **given)
    monkeypatch.setattr(program, "_ALL_AT_ONCE", 0)
    as_cuts = classic.cflp(costs, opening_costs=4000.0, **given)
    assert at_once.status == as_cuts.status == "optimal"
    assert as_cuts.objective == pytest.approx(at_once.objective, rel=2e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_programs_decide_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither relaxations nor descents can tell, the covering program finds the same centre."""
    costs, weights = places(seed, 30, 14)
    expected = (weights[:, None] * costs[:, every(14, 3)].min(axis=2)).max(axis=0).min()
    for name in ("_relaxed_away", "_tried"):
        monkeypatch.setattr(centre, name, lambda *_: (None, False))
    found = classic.p_center(costs, p=3, weights=weights)
    assert (found.status, found.objective) == ("optimal", pytest.approx(expected))
