"""The engine proves the optimum of rows and policy parts of every kind, and its bounds are never above it: brute force is the judge."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pulp
import pytest

from netplan.engine.lagrange import ascend, first_prices
from netplan.engine.oracle import RelaxedPart
from netplan.engine.policy_part import PolicyPart, from_pulp, plain_part, with_constraints
from netplan.engine.rows import SortedRows, from_dense, from_entries
from netplan.engine.run import Options, Run
from netplan.engine.solve import Answer, solve_rows

EXACT = Options(gap=0.0)


@dataclass(frozen=True)
class Case:
    """A small problem as plain lists: costs (None: no entry), weights, penalties, what sites cost and what binds them."""

    rows: SortedRows
    part: PolicyPart
    costs: np.ndarray
    weights: np.ndarray
    penalty: np.ndarray
    opening: np.ndarray
    limits: tuple[int, int]
    required: tuple[int, ...]
    forbidden: tuple[int, ...]
    budget: float | None


def draw(seed: int, *, with_budget: bool = False) -> Case:
    """A random case: whole or fractional costs, ties, missing pairs, rows that must be served, weightless rows, fixed sites."""
    rng = np.random.default_rng(seed)
    size, width = int(rng.integers(1, 14)), int(rng.integers(1, 9))
    is_whole = bool(rng.integers(2))
    costs = rng.integers(0, 12, (size, width)).astype(float) if is_whole else rng.random((size, width)) * 10
    costs[rng.random((size, width)) < rng.choice([0.0, 0.3, 0.7])] = np.inf
    penalty = rng.integers(5, 20, size).astype(float)
    penalty[rng.random(size) < rng.choice([0.0, 0.5, 1.0])] = np.inf
    weights = rng.integers(0, 4, size).astype(float) if is_whole else rng.random(size)
    opening = rng.choice([0.0, 1.0]) * rng.integers(-2, 8, width).astype(float)
    low = int(rng.integers(0, width + 1))
    limits = (low, int(rng.integers(low, width + 1))) if rng.integers(3) else (0, width)
    required = tuple(int(j) for j in rng.choice(width, int(rng.random() < 0.3), replace=False))
    forbidden = tuple(int(j) for j in rng.choice(width, int(rng.random() < 0.3), replace=False) if j not in required)
    budget = float(rng.integers(0, 3 * width)) if with_budget else None
    part = plain_part(width, cost=opening, num_open=limits, required=required, forbidden=forbidden)
    if budget is not None:
        price = (1 + np.arange(width) % 4).astype(float)[None, :]
        part = with_constraints(part, price, np.array([-np.inf]), np.array([budget]))
    rows = from_dense(costs, weight=weights, penalty=penalty)
    return Case(rows, part, costs, weights, penalty, opening, limits, required, forbidden, budget)


def best_of(case: Case) -> float:
    """The optimum, looking at every set of sites; infinite if none is feasible."""
    width, best = len(case.opening), np.inf
    for flags in itertools.product([False, True], repeat=width):
        y = np.array(flags)
        within = case.budget is None or (1 + np.arange(width) % 4) @ y <= case.budget
        fixed = all(y[list(case.required)]) and not any(y[list(case.forbidden)])
        if within and fixed and case.limits[0] <= y.sum() <= case.limits[1]:
            best = min(best, value_of(case, y))
    return best


def value_of(case: Case, y: np.ndarray) -> float:
    """What these sites and rows cost, row by row."""
    total = float(case.opening @ y)
    for i in range(len(case.weights)):
        if case.weights[i] > 0:
            total += case.weights[i] * min([case.penalty[i], *case.costs[i, y]])
    return total


def is_proven(answer: Answer, expected: float) -> None:
    """The answer is the expected optimum, with a bound that is not above it; or proven infeasible."""
    if not np.isfinite(expected):
        assert answer.status == "infeasible"
        assert answer.y is None
        assert answer.objective is None
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(expected, abs=1e-6)
    assert answer.bound == pytest.approx(expected, abs=1e-5)
    assert answer.bound <= expected + 1e-6


@pytest.mark.parametrize("seed", range(300))
def test_plain_part_is_brute_force(seed: int) -> None:
    """With costs, a number open and fixed sites the answer is that of brute force, and its sites recompute to its value."""
    case = draw(seed)
    answer = solve_rows(case.rows, case.part, EXACT)
    is_proven(answer, best_of(case))
    if answer.y is not None:
        assert value_of(case, answer.y) == pytest.approx(answer.objective)


@pytest.mark.parametrize("seed", range(1000, 1150))
def test_linear_part_is_brute_force(seed: int) -> None:
    """With a budget over the sites, which no closed form knows, the answer is that of brute force."""
    case = draw(seed, with_budget=True)
    answer = solve_rows(case.rows, case.part, EXACT)
    is_proven(answer, best_of(case))


def clusters(seed: int, *, spread: float, size: int, width: int) -> np.ndarray:
    """Distances between points in clusters so far apart that each is a component; whole, so that many are equal."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, 3, size)
    at = rng.integers(0, 12, (size, 2)) + np.array([[0, 0], [spread, 0], [0, spread]])[home]
    return np.floor(np.hypot(*(at[:, None, axis] - at[None, :width, axis] for axis in (0, 1))))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spread", [0, 500])
def test_medians_of_clusters(seed: int, spread: float) -> None:
    """Clusters far apart, solved one by one and put together, have the p-median of brute force, as does one cluster."""
    metres = clusters(seed, spread=spread, size=30, width=14)
    p = 3 + seed % 5
    rows = from_dense(metres, weight=np.ones(30), penalty=np.full(30, np.inf))
    answer = solve_rows(rows, plain_part(14, num_open=(p, p)), EXACT)
    expected = min(metres[:, list(sites)].min(axis=1).sum() for sites in itertools.combinations(range(14), p))
    is_proven(answer, expected)


def tangled(seed: int, size: int = 60) -> np.ndarray:
    """Costs without geometry: the relaxation of such a p-median is far from whole, and only branching proves it."""
    return np.random.default_rng(seed).integers(1, 60, (size, size)).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_branching_is_the_compact_model(seed: int) -> None:
    """Where the relaxation leaves a gap, branch and cut proves the optimum of the textbook model, solved by HiGHS."""
    costs, p = tangled(seed, 24), 5
    rows = from_dense(costs, weight=np.ones(24), penalty=np.full(24, np.inf))
    answer = solve_rows(rows, plain_part(24, num_open=(p, p)), EXACT)
    is_proven(answer, textbook(costs, p))


def textbook(costs: np.ndarray, p: int) -> float:
    """The p-median with x <= y, in PuLP."""
    size, width = costs.shape
    lp = pulp.LpProblem("textbook", pulp.LpMinimize)
    y = [pulp.LpVariable(f"y{j}", cat="Binary") for j in range(width)]
    x = [[pulp.LpVariable(f"x{i}_{j}", 0, 1) for j in range(width)] for i in range(size)]
    lp += pulp.lpSum(costs[i, j] * x[i][j] for i in range(size) for j in range(width))
    lp += pulp.lpSum(y) == p
    for i in range(size):
        lp += pulp.lpSum(x[i]) == 1
        for j in range(width):
            lp += x[i][j] <= y[j]
    lp.solve(pulp.HiGHS(msg=False, gapRel=0.0))
    return float(pulp.value(lp.objective))


@pytest.mark.parametrize("seed", range(40))
def test_pulp_part(seed: int) -> None:
    """A policy part from a PuLP model may have further columns, whole or not, and any linear constraint."""
    rng = np.random.default_rng(seed)
    size, width = 8, 6
    costs = rng.integers(1, 20, (size, width)).astype(float)
    lp = pulp.LpProblem("policy", pulp.LpMinimize)
    y = [pulp.LpVariable(f"y{j}", cat="Binary") for j in range(width)]
    teams = pulp.LpVariable("teams", 0, 5, cat="Integer")
    spare = pulp.LpVariable("spare", 0, 10)
    lp += pulp.lpSum((1 + j % 3) * y[j] for j in range(width)) + 4 * teams + 0.5 * spare + 7
    lp += pulp.lpSum(y) <= 2 * teams
    lp += pulp.lpSum(y) + spare >= 4
    lp += y[0] + y[1] <= 1
    part, variables = from_pulp(lp, y)
    answer = solve_rows(from_dense(costs, weight=np.ones(size), penalty=np.full(size, 15.0)), part, EXACT)
    expected = np.inf
    for flags in itertools.product([0, 1], repeat=width):
        count = sum(flags)
        if flags[0] + flags[1] <= 1:
            policy = (
                sum((1 + j % 3) * flags[j] for j in range(width)) + 4 * -(-count // 2) + 0.5 * max(0, 4 - count) + 7
            )
            served = [min([15.0, *costs[i, np.array(flags, dtype=bool)]]) for i in range(size)]
            expected = min(expected, policy + sum(served))
    is_proven(answer, expected)
    values = dict(zip((v.name for v in variables), answer.x, strict=True))
    assert values["teams"] == pytest.approx(-(-answer.y.sum() // 2))
    assert values["spare"] == pytest.approx(max(0, 4 - answer.y.sum()))


@pytest.mark.parametrize("first", range(0, 1000, 25))
def test_lagrangian_is_a_bound_at_any_step(first: int) -> None:
    """Stopped after any number of steps, with the plain or the linear oracle, the Lagrangian is not above the optimum."""
    cases = [draw(seed, with_budget=seed % 2 == 1) for seed in range(first, first + 25)]
    feasible = [(case, expected) for case in cases if np.isfinite(expected := best_of(case))]
    assert len(feasible) > 5
    for case, expected in feasible:
        rows = case.rows.select(case.rows.weight > 0)
        oracle = case.part.at_prices if case.part.is_plain else RelaxedPart(case.part, Run(EXACT))
        everything = np.ones(len(case.opening), dtype=bool)
        for steps in (1, 3, 50):
            bound = ascend(rows, oracle, first_prices(rows, everything), target=expected, steps=steps)
            assert bound.value <= expected + 1e-6
            assert bound.steps <= steps


def test_sets_as_entries_of_equal_cost() -> None:
    """An option that is a set of columns is written as entries of equal cost: the answer is that of the set."""
    rows = from_entries(
        np.array([0, 0, 0, 1, 1]),
        np.array([0, 1, 2, 2, 0]),
        np.array([1.0, 1.0, 4.0, 2.0, 9.0]),
        weight=np.array([10.0, 1.0]),
        penalty=np.array([20.0, 20.0]),
        num_columns=3,
    )
    answer = solve_rows(rows, plain_part(3, cost=np.array([50.0, 5.0, 6.0])), EXACT)
    assert answer.objective == pytest.approx(10 * 1 + 1 * 2 + 5 + 6)
    assert answer.y.tolist() == [False, True, True]


def test_one_seed_one_answer() -> None:
    """Two runs with one seed take the same steps and end with the same sites."""
    costs = tangled(7, 40)
    rows = from_dense(costs, weight=np.ones(40), penalty=np.full(40, np.inf))
    runs = [solve_rows(rows, plain_part(40, num_open=(6, 6)), Options(gap=0.0, seed=3)) for _ in range(2)]
    assert runs[0].y.tolist() == runs[1].y.tolist()
    told = [[(step.stage, step.objective, step.bound) for step in run.trace] for run in runs]
    assert told[0] == told[1]


def test_stopped_by_the_clock() -> None:
    """Out of time the best sites come with a bound and the gap is not called optimal."""
    costs = tangled(1, 150)
    rows = from_dense(costs, weight=np.ones(150), penalty=np.full(150, np.inf))
    answer = solve_rows(rows, plain_part(150, num_open=(12, 12)), Options(gap=0.0, time_limit=0.5))
    assert answer.status == "time_limit"
    assert answer.y.sum() == 12
    assert answer.objective == costs[:, answer.y].min(axis=1).sum()
    assert answer.bound < answer.objective
    assert answer.seconds < 5


def once(act: Callable[[object], None]) -> Callable[[object], None]:
    """A listener that acts on the first line only."""
    heard: list[object] = []

    def listen(step: object) -> None:
        if not heard:
            heard.append(step)
            act(step)

    return listen


def test_stopped_by_the_user() -> None:
    """Asked to stop from the listener's first line, the run ends with its best sites and says that it was interrupted."""
    costs = tangled(2)
    rows = from_dense(costs, weight=np.ones(60), penalty=np.full(60, np.inf))

    def press(step: object) -> None:
        signal.raise_signal(signal.SIGINT)

    answer = solve_rows(rows, plain_part(60, num_open=(8, 8)), Options(gap=0.0, listener=once(press)))
    assert answer.status == "interrupted"
    assert answer.objective == costs[:, answer.y].min(axis=1).sum()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_gap_asked_for() -> None:
    """A wide gap is enough when asked for, and is called gap_limit, not optimal, unless it happens to be proven."""
    costs = tangled(4)
    rows = from_dense(costs, weight=np.ones(60), penalty=np.full(60, np.inf))
    answer = solve_rows(rows, plain_part(60, num_open=(8, 8)), Options(gap=0.5))
    assert answer.status == "gap_limit"
    assert 1e-4 < (answer.objective - answer.bound) / answer.objective <= 0.5
