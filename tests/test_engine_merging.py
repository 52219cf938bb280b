"""Annealing and merging: what they come to against plain enumeration, and that they keep to what is given."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import values_of

from netplan.engine import solve
from netplan.engine.annealing import anneal
from netplan.engine.groups import savings_of_steps
from netplan.engine.merging import Cover, search_by_merging
from netplan.engine.policy_part import plain_part
from netplan.engine.rows import SortedRows, from_dense
from netplan.engine.run import Options, Run
from netplan.engine.solve import explore, solve_rows
from netplan.engine.state import Search


def coverage(seed: int, size: int = 60, width: int = 14) -> tuple[SortedRows, np.ndarray, np.ndarray]:
    """Customers and sites at random places, covered within a distance; which site covers whom, and weights."""
    rng = np.random.default_rng(seed)
    customers, sites = rng.random((size, 2)), rng.random((width, 2))
    serves = np.linalg.norm(customers[:, None] - sites[None], axis=2) < 0.22
    weight = rng.integers(1, 50, size).astype(float)
    return from_dense(np.where(serves, 0.0, np.inf), weight=weight, penalty=np.ones(size)), serves, weight


def started(rows: SortedRows, p: int, y: np.ndarray, **bounds: list[int]) -> Search:
    """A search that knows a solution."""
    search = Search.of(rows, plain_part(rows.num_columns, num_open=(p, p), **bounds), Run(Options(gap=0.0)))
    search.offer(y)
    return search


@pytest.mark.parametrize("seed", range(10))
def test_annealing_comes_to_the_optimum(seed: int) -> None:
    """From the worst columns, cooled slowly, it comes to the least cost that any choice of as many has."""
    rows, _, _ = coverage(seed)
    plans, values = values_of(rows, 4)
    search = started(rows, 4, plans[int(values.argmax())])
    saving = savings_of_steps(rows)
    assert saving is not None
    cover = Cover.of(search, saving)
    first = np.flatnonzero(plans[int(values.argmax())])
    inside = anneal(cover.covering, first, (150.0, 2.0), 200_000, np.array([seed + 1], dtype=np.uint64))
    y = np.zeros(rows.num_columns, dtype=bool)
    y[cover.columns[inside]] = True
    assert y.sum() == 4
    assert rows.total(y) == values.min()


def test_annealing_is_the_same_for_a_seed() -> None:
    """The same draws give the same columns; others need not."""
    rows, _, _ = coverage(0)
    saving = savings_of_steps(rows)
    assert saving is not None
    covering = Cover.of(started(rows, 4, np.arange(14) < 4), saving).covering
    found = [anneal(covering, np.arange(4), (300.0, 200.0), 500, np.array([w], dtype=np.uint64)) for w in (5, 5, 6)]
    assert found[0].tolist() == found[1].tolist() != found[2].tolist()


@pytest.mark.parametrize("seed", range(10))
def test_what_one_more_column_saves(seed: int) -> None:
    """The most that one more open column saves is found by trying each; a column that stays open serves its rows already."""
    rows, _, _ = coverage(seed)
    y = np.isin(np.arange(14), [0, 3, 5, 8])
    search = started(rows, 4, y, required=[3])
    saving = savings_of_steps(search.left_rows)
    assert saving is not None
    more = [rows.total(y | (np.arange(14) == j)) for j in np.flatnonzero(~y)]
    assert Cover.of(search, saving).most_saved(y) == pytest.approx(rows.total(y) - min(more))


@pytest.mark.parametrize("seed", range(10))
def test_merging_finds_the_optimum(seed: int) -> None:
    """From the worst solution it comes to the best that keeps to the columns that must be open or closed."""
    rows, _, _ = coverage(seed)
    plans, values = values_of(rows, 4)
    kept = plans[:, 3] & ~plans[:, 7]
    search = started(rows, 4, plans[kept][int(values[kept].argmax())], required=[3], forbidden=[7])
    assert search_by_merging(search, explore_window=explore)
    assert search.value == values[kept].min()
    assert search.y is not None
    assert search.y[3]
    assert not search.y[7]
    assert search.y.sum() == 4
    assert rows.total(search.y) == search.value


def test_merging_does_not_apply() -> None:
    """Rows of several prices, and a number of open columns that is free, are left to windows."""
    two = from_dense(np.array([[1.0, 2.0], [2.0, 1.0]]), weight=np.ones(2), penalty=np.full(2, 5.0))
    assert not search_by_merging(started(two, 1, np.array([True, False])), explore_window=explore)
    rows, _, _ = coverage(0)
    free = Search.of(rows, plain_part(14, cost=np.full(14, 9.0)), Run(Options()))
    free.offer(np.arange(14) < 4)
    assert not search_by_merging(free, explore_window=explore)


@pytest.mark.parametrize("seed", range(4))
def test_engine_that_merges_is_enumeration(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine merges whatever the gap, it still proves the optimum found by enumeration."""
    monkeypatch.setattr(solve, "_WIDE_GAP", -1.0)
    rows, _, _ = coverage(seed)
    answer = solve_rows(rows, plain_part(14, num_open=(4, 4)), Options(gap=0.0))
    assert answer.status == "optimal"
    assert answer.objective == values_of(rows, 4)[1].min()
