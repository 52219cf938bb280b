"""Time limits, Ctrl-C, gaps and seeds: what comes back is a solution with a bound that holds, and says why it stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netplan import classic
from netplan.classic import Solution

MAXIMISING = {"mclp", "capacitated_mclp", "backup_cover", "p_dispersion", "max_attendance", "max_market_share"}


def town(size: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances of customers to sites, weights, and distances of sites to sites."""
    rng = np.random.default_rng(seed)
    here, there = rng.uniform(0, 100, (size, 2)), rng.uniform(0, 100, (width, 2))
    costs = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)) + 1.0
    between = np.hypot(*(there[:, None] - there[None]).transpose(2, 0, 1))
    return costs, rng.integers(1, 50, size).astype(float), between


COSTS, WEIGHTS, BETWEEN = town(60, 25)
ROOM = {"capacities": np.full(25, WEIGHTS.sum() / 5), "demands": WEIGHTS}
PROBLEMS: dict[str, Callable[..., Solution]] = {
    "p_median": lambda **limits: classic.p_median(COSTS, p=6, weights=WEIGHTS, **limits),
    "k_median": lambda **limits: classic.k_median(COSTS, p=6, k=3, weights=WEIGHTS, **limits),
    "ufl": lambda **limits: classic.ufl(COSTS, opening_costs=2000.0, weights=WEIGHTS, **limits),
    "cflp": lambda **limits: classic.cflp(COSTS, opening_costs=2000.0, weights=WEIGHTS, **ROOM, **limits),
    "single_source": lambda **limits: classic.p_median(COSTS, p=6, weights=WEIGHTS, **ROOM, **limits),
    "lscp": lambda **limits: classic.lscp(COSTS, radius=41.0, **limits),
    "backup_cover": lambda **limits: classic.backup_cover(COSTS, radius=41.0, weights=WEIGHTS, **limits),
    "mclp": lambda **limits: classic.mclp(COSTS, p=4, radius=15.0, weights=WEIGHTS, **limits),
    "capacitated_mclp": lambda **limits: classic.capacitated_mclp(
        COSTS, p=3, radius=20.0, weights=WEIGHTS, capacities=WEIGHTS.sum() / 8, single_source=True, **limits
    ),
    "partial_cover": lambda **limits: classic.partial_cover(COSTS, radius=20.0, share=0.8, weights=WEIGHTS, **limits),
    "p_center": lambda **limits: classic.p_center(COSTS, p=6, **limits),
    "p_dispersion": lambda **limits: classic.p_dispersion(BETWEEN, p=7, **limits),
    "max_market_share": lambda **limits: classic.max_market_share(
        COSTS, p=4, weights=WEIGHTS, competitors=range(5), **limits
    ),
    "target_market_share": lambda **limits: classic.target_market_share(
        COSTS, share=0.6, weights=WEIGHTS, competitors=range(5), **limits
    ),
    "max_attendance": lambda **limits: classic.max_attendance(COSTS, p=4, radius=40.0, weights=WEIGHTS, **limits),
}


@pytest.fixture(scope="module")
def optima() -> dict[str, Solution]:
    """The proven optimum of each problem."""
    return {name: solve() for name, solve in PROBLEMS.items()}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("time_limit", [0.0, 0.03])
def test_time_limit(name: str, time_limit: float, optima: dict[str, Solution]) -> None:
    """Cut short, the bound still holds, the solution is no better than the optimum, and only what is proven is called optimal."""
    best, found = optima[name], PROBLEMS[name](time_limit=time_limit)
    assert best.status == "optimal"
    assert found.seconds < time_limit + 5.0
    assert found.status in {"optimal", "time_limit", "no_plan"}
    sign = -1.0 if name in MAXIMISING else 1.0
    slack = 1e-6 * abs(best.objective)
    if found.bound is not None:
        assert sign * found.bound <= sign * best.objective + slack
    if found.objective is not None:
        assert sign * found.objective >= sign * best.objective - slack
    if found.status == "optimal":
        assert found.objective == pytest.approx(best.objective, rel=1e-5)
    assert (found.status == "no_plan") == (found.objective is None)


class Interrupt:
    """A listener that presses Ctrl-C once."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, _step: Any) -> None:
        """Count the steps."""
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("name", "after"),
    [("p_median", 2), ("cflp", 2), ("mclp", 1), ("max_attendance", 2), ("max_market_share", 2), ("single_source", 2)],
)
def test_interrupt_keeps_the_best(name: str, after: int, optima: dict[str, Solution]) -> None:
    """Ctrl-C ends the run with the best solution so far and a bound that holds; the program goes on."""
    before = signal.getsignal(signal.SIGINT)
    found = PROBLEMS[name](progress=Interrupt(after=after))
    assert signal.getsignal(signal.SIGINT) is before
    assert found.status in {"interrupted", "optimal"}
    sign = -1.0 if name in MAXIMISING else 1.0
    slack = 1e-6 * abs(optima[name].objective)
    assert sign * found.objective >= sign * optima[name].objective - slack
    if found.bound is not None:
        assert sign * found.bound <= sign * optima[name].objective + slack


@pytest.mark.parametrize("name", PROBLEMS)
def test_one_seed_one_answer(name: str, optima: dict[str, Solution]) -> None:
    """The same call gives the same sites again."""
    again = PROBLEMS[name](seed=0)
    assert list(again.sites) == list(optima[name].sites)
    assert again.objective == optima[name].objective


def test_a_gap_is_enough() -> None:
    """With a wide gap asked for, what is returned is within it and called so."""
    costs, weights, _ = town(150, 60, seed=3)
    best = classic.max_market_share(costs, p=6, weights=weights, competitors=range(10), gap=0.2)
    assert best.gap <= 0.2
    assert best.status in {"gap_limit", "optimal"}
    assert (best.status == "optimal") == (best.gap <= 1e-6)


def test_progress_is_told(optima: dict[str, Solution]) -> None:
    """Listeners hear of value and bound as the trace keeps them, in the problem's own direction."""
    heard: list[Any] = []
    found = classic.cflp(COSTS, opening_costs=2000.0, weights=WEIGHTS, **ROOM, progress=heard.append)
    assert heard
    assert [step.bound for step in found.trace][-1] == pytest.approx(found.bound)
    values = [step.objective for step in optima["mclp"].trace if step.objective is not None]
    assert values
    assert min(values) >= 0
