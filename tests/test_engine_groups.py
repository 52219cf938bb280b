"""Cuts of groups of rows: each against every whole y, and what the engine proves with them against plain enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

from netplan.engine import hull, solve
from netplan.engine.cuts import CutModel, grouped
from netplan.engine.group_search import settle
from netplan.engine.groups import groups_of_rows, savings_of_steps
from netplan.engine.hull import Group, Point, separate
from netplan.engine.policy_part import plain_part
from netplan.engine.relax import relax
from netplan.engine.rows import SortedRows, from_dense
from netplan.engine.run import Options, Run
from netplan.engine.solve import solve_rows
from netplan.engine.state import Search
from netplan.engine.strengthen import strengthen


def serving(seed: int, size: int, width: int) -> np.ndarray:
    """Which columns serve which rows, at random."""
    return np.random.default_rng(seed).random((size, width)) < 0.35


def every_y(width: int) -> np.ndarray:
    """All whole y, shape (2 ** width, width)."""
    return np.array(list(itertools.product([False, True], repeat=width)))


def small_problem(serves: np.ndarray, weight: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, ...]:
    """Row and column lists, weights and costs as the compiled search takes them."""
    by_row, by_column = scipy.sparse.csr_array(serves), scipy.sparse.csr_array(serves.T)
    lists = (by_row.indptr, by_row.indices, by_column.indptr, by_column.indices)
    return (*(part.astype(np.int64) for part in lists), weight, cost)


@pytest.mark.parametrize("seed", range(60))
def test_small_search_is_enumeration(seed: int) -> None:
    """The search settles a small problem as trying every y does: the least value below the cutoff, or that there is none."""
    rng = np.random.default_rng(seed)
    serves = serving(seed, 14, 9)
    weight, cost = rng.integers(0, 20, 14).astype(float), rng.integers(0, 40, 9).astype(float)
    plans = every_y(9)
    values = plans @ cost + (plans.astype(int) @ serves.T.astype(int) == 0) @ weight
    cutoff = float(np.quantile(values, rng.choice([0.0, 0.01, 0.2])) + rng.choice([-0.5, 0.5]))
    bound, value, y = settle(small_problem(serves, weight, cost), cutoff, 10_000, (30, 8))
    if values.min() < cutoff:
        assert value == pytest.approx(values.min())
        assert bound == pytest.approx(value)
        assert y @ cost + weight[~serves[:, y].any(axis=1)].sum() == pytest.approx(value)
    else:
        assert np.isinf(value)
        assert bound == cutoff


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("most", [1, 3, 10])
def test_small_search_cut_short_is_a_bound(seed: int, most: int) -> None:
    """Ended after a few nodes, what it proves still is no more than the least value."""
    rng = np.random.default_rng(seed)
    serves = serving(seed, 14, 9)
    weight, cost = rng.integers(0, 20, 14).astype(float), rng.integers(0, 40, 9).astype(float)
    plans = every_y(9)
    values = plans @ cost + (plans.astype(int) @ serves.T.astype(int) == 0) @ weight
    bound, _, _ = settle(small_problem(serves, weight, cost), np.inf if seed % 2 else 1e9, most, (10, 3))
    assert bound <= values.min() + 1e-9


def fraction(seed: int) -> tuple[Group, Point, np.random.Generator]:
    """A group of 12 rows and 9 columns, some of them open by half; and the draws that go on from there."""
    rng = np.random.default_rng(seed)
    serves = serving(seed, 12, 9)
    saving = rng.integers(1, 20, 12).astype(float)
    y = np.where(rng.random(9) < 0.7, 0.5, 0.0)
    group = Group(np.arange(12), np.arange(9), serves, saving)
    return group, Point(y, np.minimum(1.0, serves @ y), rng.random(9)), rng


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize(
    "limits", [{}, {"_MOST_KNOWN": 8}, {"_LIFT_NODES": 1}, {"_NODES": 2}, {"_ITERATIONS": 3}, {"_STARTS": 0}]
)
def test_cuts_hold_at_every_whole_y(seed: int, limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut of a group is violated by the fraction it was made for, and by no whole y, columns not in the fraction's support included.

    Whatever it is limited to: whole y known at a time, nodes of lifting and of the search, steps, local searches.
    """
    for name, value in limits.items():
        monkeypatch.setattr(hull, name, value)
    group, point, rng = fraction(seed)
    serves, y, z = group.serves, point.y, point.z
    cut = separate(group, point, least=1e-3, rng=rng)
    if cut is None:
        return
    assert cut.violation(y, z) >= 1e-3
    for plan in every_y(9):
        assert cut.violation(plan.astype(float), serves[:, plan].any(axis=1).astype(float)) <= 1e-9


@pytest.mark.parametrize("seed", range(60))
def test_lifting_leaves_nothing_to_spare(seed: int) -> None:
    """The column that is lifted first has the least price at which the cut holds: some whole y with it keeps the cut with equality."""
    group, point, rng = fraction(seed)
    cut = separate(group, point, least=1e-3, rng=rng)
    others = np.flatnonzero(point.y == 0.0)
    if cut is None or not (cut.b[others] > 0.0).any():
        return
    first = min(others[cut.b[others] > 0.0], key=lambda j: point.reduced[j])
    plans = every_y(9)
    plans = plans[plans[:, first] & ~plans[:, others[others != first]].any(axis=1)]
    left = [cut.violation(plan.astype(float), group.serves[:, plan].any(axis=1).astype(float)) for plan in plans]
    assert max(left) == pytest.approx(0.0, abs=1e-5)


def test_cuts_are_found() -> None:
    """Three columns of which each pair shares a row: half of each serves all rows, though no one column does."""
    serves = np.array([[True, True, False], [False, True, True], [True, False, True]])
    group = Group(np.arange(3), np.arange(3), serves, np.ones(3))
    half = np.full(3, 0.5)
    cut = separate(group, Point(half, np.ones(3), np.zeros(3)), least=1e-3, rng=np.random.default_rng(0))
    assert cut is not None
    assert cut.violation(half, np.ones(3)) == pytest.approx(0.5, abs=1e-6)


def coverage(seed: int, size: int = 40, p: int = 5) -> tuple[SortedRows, np.ndarray, np.ndarray, int]:
    """Customers and sites at random places, covered within a distance."""
    rng = np.random.default_rng(seed)
    customers, sites = rng.random((size, 2)), rng.random((16, 2))
    serves = np.linalg.norm(customers[:, None] - sites[None], axis=2) < 0.25
    weight = rng.integers(1, 30, size).astype(float)
    rows = from_dense(np.where(serves, 2.0, np.inf), weight=weight, penalty=np.full(size, 5.0))
    return rows, serves, weight, p


def least(serves: np.ndarray, weight: np.ndarray, p: int) -> float:
    """The least cost by enumeration: 2 for each served, 5 for each other."""
    chosen = itertools.combinations(range(serves.shape[1]), p)
    return min(float(weight @ np.where(serves[:, list(sites)].any(axis=1), 2.0, 5.0)) for sites in chosen)


@pytest.mark.parametrize("seed", range(12))
def test_strengthened_relaxation_is_a_bound(seed: int) -> None:
    """With cuts of groups the relaxation rises, and stays below the optimum found by enumeration."""
    rows, serves, weight, p = coverage(seed)
    part = plain_part(16, num_open=(p, p))
    search = Search.of(rows, part, Run(Options()))
    search.step = 0.0
    apart = grouped(search.left_rows, np.arange(len(rows)))
    model = CutModel(part, apart)
    relax(search, model)
    before = model.live.objective
    strengthen(search, model, apart)
    assert before - 1e-6 <= model.live.objective <= least(serves, weight, p) + 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_engine_with_cuts_of_groups_is_enumeration(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every relaxation is strengthened, the engine still proves the optimum found by enumeration."""
    monkeypatch.setattr(solve, "_CUT_GAP", -1.0)
    rows, serves, weight, p = coverage(seed)
    answer = solve_rows(rows, plain_part(16, num_open=(p, p)), Options(gap=0.0))
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(least(serves, weight, p))


@pytest.mark.parametrize("seed", range(40))
def test_strengthening_rules_out_nothing_better(seed: int) -> None:
    """Whatever it fixes, open or closed, the optimum found by enumeration stays allowed if it is better than the plan at hand."""
    rng = np.random.default_rng(seed)
    serves, p = rng.random((30, 12)) < 0.2, 4
    weight = rng.integers(1, 30, 30).astype(float)
    rows = from_dense(np.where(serves, 0.0, np.inf), weight=weight, penalty=np.ones(30))
    plans = [plan for plan in every_y(12) if plan.sum() == p and plan[5]]
    values = np.array([rows.total(plan) for plan in plans])
    search = Search.of(rows, plain_part(12, num_open=(p, p), required=[5]), Run(Options()))
    second = np.flatnonzero(values > values.min())[values[values > values.min()].argmin()]
    search.offer(plans[int(second)])
    apart = grouped(search.left_rows, np.arange(len(search.left_rows)))
    model = CutModel(search.part, apart)
    relax(search, model)
    strengthen(search, model, apart)
    best = plans[int(values.argmin())].astype(float)
    assert search.value == values.min() or not search.is_exhausted
    if search.value > values.min():
        assert (search.left_part.lower <= best).all()
        assert (best <= search.left_part.upper).all()
        assert search.bound <= values.min()


@pytest.mark.parametrize("seed", range(4))
def test_engine_with_cuts_of_groups_is_the_compact_model(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where fixing by the strengthened relaxation closes and opens sites, the optimum is still that of the compact model."""
    monkeypatch.setattr(solve, "_CUT_GAP", -1.0)
    rng = np.random.default_rng(seed)
    customers, p = rng.random((250, 2)), 14
    serves = np.linalg.norm(customers[:, None] - customers[None, :90], axis=2) < 0.13
    weight = rng.integers(1, 200, 250).astype(float)
    rows = from_dense(np.where(serves, 0.0, np.inf), weight=weight, penalty=np.ones(250))
    answer = solve_rows(rows, plain_part(90, num_open=(p, p)), Options(gap=0.0))
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(compact(serves, weight, p))


def compact(serves: np.ndarray, weight: np.ndarray, p: int) -> float:
    """The weight that p sites leave uncovered, by a MIP solver: z <= sum of y, sum of y = p."""
    size, width = serves.shape
    matrix = scipy.sparse.bmat(
        [[-scipy.sparse.csr_array(serves.astype(float)), scipy.sparse.eye(size)], [np.ones((1, width)), None]]
    )
    upper = np.concatenate([np.zeros(size), [p]])
    lower = np.concatenate([np.full(size, -np.inf), [p]])
    found = scipy.optimize.milp(
        np.concatenate([np.zeros(width), -weight]),
        constraints=scipy.optimize.LinearConstraint(matrix, lower, upper),
        bounds=scipy.optimize.Bounds(0.0, 1.0),
        integrality=np.concatenate([np.ones(width), np.zeros(size)]),
        options={"mip_rel_gap": 0.0},
    )
    return float(weight.sum() + found.fun)


@pytest.mark.parametrize("seed", range(5))
def test_groups_have_every_row(seed: int) -> None:
    """Each row that something serves is in a group, with all columns that serve it, those open for sure too; none is too large."""
    rows, serves, weight, _ = coverage(seed)
    part = plain_part(16, forbidden=[3], required=[5])
    saving = savings_of_steps(rows)
    assert saving is not None
    assert saving.tolist() == np.where(serves.any(axis=1), 3.0 * weight, 0.0).tolist()
    serves[:, 3] = False
    seen = np.zeros(len(rows), dtype=bool)
    for group in groups_of_rows((rows, saving), part, np.random.default_rng(seed), size=10, times=1):
        seen[group.rows] = True
        assert len(group.rows) <= 10
        assert (group.serves == serves[np.ix_(group.rows, group.columns)]).all()
        assert group.serves.sum() == serves[group.rows].sum()
    assert (seen == serves.any(axis=1)).all()


def test_rows_of_several_prices_have_no_such_cuts() -> None:
    """Rows with entries of different costs, or that must be served, are not of the kind."""
    two = from_dense(np.array([[1.0, 2.0]]), weight=np.ones(1), penalty=np.array([5.0]))
    must = from_dense(np.array([[1.0, 1.0]]), weight=np.ones(1), penalty=np.array([np.inf]))
    assert savings_of_steps(two) is None
    assert savings_of_steps(must) is None
