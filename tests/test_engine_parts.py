"""The parts of the engine, each against a plain computation: rows, separation, prices, fixing, moves, components."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from test_engine_solve import Case, best_of, draw, value_of

from netplan.engine import kernels, swaps
from netplan.engine.completion import Completion
from netplan.engine.components import splits
from netplan.engine.cuts import grouped
from netplan.engine.fixing import column_changes, fix_at
from netplan.engine.lagrange import ascend, at_prices, first_prices
from netplan.engine.policy_part import plain_part
from netplan.engine.rows import SortedRows, from_dense, from_entries, merged, restricted_rows
from netplan.engine.run import Options, Run
from netplan.engine.search import Descent
from netplan.engine.solve import solve_rows
from netplan.engine.state import Search, granularity

SHARED = Path(os.environ.get("NETPLAN_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "benchmarks"


def some_y(case: Case, seed: int) -> np.ndarray:
    """Sites open at random."""
    return np.random.default_rng(seed).random(len(case.opening)) < 0.5


@pytest.mark.parametrize("seed", range(80))
def test_total_is_row_by_row(seed: int) -> None:
    """What rows cost for open columns is what a plain loop over the matrix says, infinite where a row is not served."""
    case = draw(seed)
    y = some_y(case, seed)
    assert case.rows.total(y) + case.opening @ y == pytest.approx(value_of(case, y))


def test_rows_are_sorted_and_read_only() -> None:
    """Entries come in any order, are sorted by cost and then column, and those that no row would use are left out."""
    rows = from_entries(
        np.array([1, 0, 1, 0, 1]),
        np.array([2, 1, 0, 0, 1]),
        np.array([5.0, 3.0, 2.0, 3.0, 9.0]),
        weight=np.ones(2),
        penalty=np.array([np.inf, 9.0]),
        num_columns=3,
    )
    assert rows.start.tolist() == [0, 2, 4]
    assert rows.column.tolist() == [0, 1, 0, 2]
    assert rows.cost.tolist() == [3.0, 3.0, 2.0, 5.0]
    assert rows.is_forced.tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        rows.cost[0] = 0.0


@pytest.mark.parametrize("seed", range(20))
def test_merged_rows_cost_the_same(seed: int) -> None:
    """Rows with the same options become one of their summed weight, and everything costs what it did."""
    case = draw(seed)
    doubled = np.concatenate([case.costs, case.costs, case.costs[:1]])
    weight, penalty = (np.concatenate([part, part, part[:1]]) for part in (case.weights, case.penalty))
    rows = from_dense(doubled, weight=weight, penalty=penalty)
    fewer, into = merged(rows)
    assert len(fewer) <= len(case.rows)
    assert fewer.weight.sum() == pytest.approx(weight.sum())
    assert (into[: len(case.rows)] == into[len(case.rows) : 2 * len(case.rows)]).all()
    y = some_y(case, seed)
    assert fewer.total(y) == pytest.approx(rows.total(y))


@pytest.mark.parametrize("seed", range(80))
def test_separation_is_the_row_s_linear_program(seed: int) -> None:
    """At fractional y the cut of a row is worth what the linear program of its best service is, and holds at every whole y."""
    case = draw(seed)
    rng = np.random.default_rng(seed)
    rows = case.rows.select(~case.rows.is_forced & (case.rows.weight > 0))
    if not len(rows):
        rows = from_dense(case.costs, weight=np.ones(len(case.costs)), penalty=np.full(len(case.costs), 12.0))
    y = rng.random(len(case.opening)) * rng.choice([0.3, 1.0])
    parts = grouped(rows, np.arange(len(rows)))
    cuts = parts.separate(y, np.full(len(rows), -np.inf), 0.0)
    assert cuts.group.tolist() == list(range(len(rows)))
    worth = cuts.right - cuts.matrix @ y
    for r in range(len(rows)):
        assert worth[r] == pytest.approx(service(rows, r, y), abs=1e-7)
    for flags in itertools.product([0.0, 1.0], repeat=len(y)):
        whole = np.array(flags)
        true = rows.weight * rows.prices(whole > 0.5)
        assert (cuts.right - cuts.matrix @ whole <= true + 1e-9).all()


def service(rows: SortedRows, r: int, y: np.ndarray) -> float:
    """Cheapest way to serve one row: shares of at most y, the rest at the penalty."""
    part = slice(rows.start[r], rows.start[r + 1])
    cost = np.append(rows.cost[part], rows.penalty[r])
    most = [(0.0, float(y[j])) for j in rows.column[part]] + [(0.0, None)]
    found = scipy.optimize.linprog(cost, A_eq=np.ones((1, len(cost))), b_eq=[1.0], bounds=most)
    return float(found.fun) * rows.weight[r]


@pytest.mark.parametrize("seed", range(30))
def test_groups_add_up(seed: int) -> None:
    """The cut of a group of rows is the sum of its rows' cuts."""
    case = draw(seed)
    rows = from_dense(case.costs, weight=case.weights, penalty=np.full(len(case.costs), 12.0))
    y = np.random.default_rng(seed).random(len(case.opening))
    group = np.arange(len(rows)) % 2 if len(rows) > 1 else np.zeros(1, dtype=np.int64)
    alone = grouped(rows, np.arange(len(rows))).separate(y, np.full(len(rows), -np.inf), 0.0)
    together = grouped(rows, group)
    found = together.separate(y, np.full(together.num_groups, -np.inf), 0.0)
    for g in range(together.num_groups):
        mine = group == g
        assert found.right[g] == pytest.approx(alone.right[mine].sum())
        expected = np.asarray(alone.matrix.todense())[mine].sum(axis=0)
        assert np.asarray(found.matrix.todense())[g] == pytest.approx(expected)


def test_rows_that_must_be_served_ask_for_cover() -> None:
    """Where a row without penalty is not served in full, the cut says that some column of it must open."""
    rows = from_dense(np.array([[1.0, np.inf, 2.0], [4.0, 5.0, 6.0]]), weight=np.ones(2), penalty=np.full(2, np.inf))
    cuts = grouped(rows, np.arange(2)).separate(np.array([0.2, 0.9, 0.3]), np.zeros(2), 1e-9)
    assert cuts.group.tolist() == [-1]
    assert cuts.right.tolist() == [1.0]
    assert np.asarray(cuts.matrix.todense()).tolist() == [[1.0, 0.0, 1.0]]


@pytest.mark.parametrize("seed", range(60))
def test_closed_form_is_enumeration(seed: int) -> None:
    """The least of a plain part at any prices, and what closing or opening a column adds to it, are those of enumeration."""
    case = draw(seed)
    width = len(case.opening)
    price = np.random.default_rng(seed).normal(0, 5, width)
    value = dict(plain_values(case, price))
    found, y = case.part.at_prices(price)
    if not value:
        assert found == np.inf
        return
    assert found == pytest.approx(min(value.values()))
    assert value[tuple(y > 0.5)] == pytest.approx(found)
    to_zero, to_one = column_changes(case.part, price)
    for j in np.flatnonzero(case.part.is_free):
        for state, change in ((False, to_zero[j]), (True, to_one[j])):
            least = min((v for flags, v in value.items() if flags[j] == state), default=np.inf)
            if (y[j] > 0.5) != state:
                assert change <= least - found + 1e-9


def plain_values(case: Case, price: np.ndarray) -> list[tuple[tuple[bool, ...], float]]:
    """Every set of sites that the part allows, and its cost at these prices."""
    found = []
    for flags in itertools.product([False, True], repeat=len(price)):
        y = np.array(flags)
        fixed = all(y[list(case.required)]) and not any(y[list(case.forbidden)])
        if fixed and case.limits[0] <= y.sum() <= case.limits[1]:
            found.append((flags, float((case.opening + price) @ y)))
    return found


@pytest.mark.parametrize("seed", range(200))
def test_fixing_keeps_everything_better(seed: int) -> None:
    """No set of sites below the cutoff is lost by fixing, and each keeps its value; no set gets dearer than it is."""
    case = draw(seed)
    optimum = best_of(case)
    if not np.isfinite(optimum):
        return
    search = Search.of(case.rows, case.part, Run(Options(gap=0.0)))
    search.value = optimum + 1.5 * max(1.0, search.step)  # as if the best known were a little worse
    bound = ascend(
        search.left_rows,
        case.part.at_prices,
        first_prices(search.left_rows, case.part.always_open),
        target=search.value,
        steps=60,
    )
    fix_at(search, bound)
    assert not search.is_exhausted
    part, rows = search.left_part, search.left_rows
    for flags, cost in plain_values(case, np.zeros(len(case.opening))):
        y = np.array(flags)
        true = value_of(case, y)
        kept = not (y & (part.upper < 0.5)).any() and not (~y & (part.lower > 0.5)).any()
        assert kept or true >= search.cutoff - 1e-6
        if kept:
            left = rows.total(y) + cost
            assert left <= true + 1e-6
            assert true >= search.cutoff - 1e-6 or left == pytest.approx(true)


@pytest.mark.parametrize("seed", range(60))
def test_gains_stay_up_to_date(seed: int) -> None:
    """After any toggles, gain, loss and extra are what a fresh start computes, and the best move saves what it says."""
    case = draw(seed)
    rng = np.random.default_rng(seed)
    rows = from_dense(case.costs, weight=case.weights, penalty=np.full(len(case.costs), 25.0))
    descent = Descent.of(rows, plain_part(len(case.opening), cost=case.opening))
    y = some_y(case, seed)
    state = swaps.prepare(descent.arrays, y)
    for j in rng.integers(0, len(y), 12):
        swaps.toggle(descent.arrays, state, y, int(j))
    fresh = swaps.prepare(descent.arrays, y)
    swaps.shrink_reach(descent.arrays, state)
    for kept, new in zip(state, fresh, strict=True):
        assert kept == pytest.approx(new, abs=1e-9)
    free = np.ones(len(y), dtype=bool)
    now = rows.total(y) + case.opening @ y
    for move in (swaps.best_add, swaps.best_drop):
        saved, opened, closed = move(state, y, free, case.opening)
        assert saved == pytest.approx(now - after(rows, case.opening, y, opened, closed)) or opened == closed == -1
    easiest = swaps.best_drop(state, y, free, case.opening)
    for f in np.flatnonzero(~y):
        outs = {int(r): now - after(rows, case.opening, y, f, r) for r in np.flatnonzero(y)}
        if outs:
            stay = (case.opening, easiest[0])
            saved, out = swaps.best_out(descent.arrays, state, f, stay, np.zeros(len(y)))
            found = state[2][f] - case.opening[f] + saved
            assert found == pytest.approx(max(outs.values()))
            assert outs[out if out >= 0 else easiest[2]] == pytest.approx(found)


def after(rows: SortedRows, opening: np.ndarray, y: np.ndarray, opened: int, closed: int) -> float:
    """Cost after a move."""
    moved = y.copy()
    if opened >= 0:
        moved[opened] = True
    if closed >= 0:
        moved[closed] = False
    return rows.total(moved) + float(opening @ moved)


@pytest.mark.parametrize("seed", range(40))
def test_descent_keeps_the_rules(seed: int) -> None:
    """Local search ends within the number open, with required sites open and forbidden ones closed, at a local optimum."""
    case = draw(seed)
    low, high = case.limits
    if low > len(case.opening) - len(case.forbidden) or high < len(case.required):
        return
    rows = from_dense(case.costs, weight=case.weights, penalty=np.full(len(case.costs), 25.0))
    y = Descent.of(rows, case.part).from_open(some_y(case, seed))
    assert low <= y.sum() <= high
    assert y[list(case.required)].all()
    assert not y[list(case.forbidden)].any()
    free = np.flatnonzero(case.part.is_free)
    now = rows.total(y) + case.opening @ y
    for f, r in itertools.product(free[~y[free]], free[y[free]]):
        assert after(rows, case.opening, y, f, r) >= now - 1e-6


def test_components_are_found_where_fixing_leaves_them() -> None:
    """Three far clusters whose rows are cut short are three components; one cluster that holds most is not taken apart."""
    at = np.array([0, 1, 2, 3, 100, 101, 102, 103, 200, 201, 202, 203], dtype=float)
    metres = np.abs(at[:, None] - at[None, :])
    rows = from_dense(metres, weight=np.ones(12), penalty=np.full(12, 10.0))
    search = Search.of(rows, plain_part(12, num_open=(4, 4)), Run(Options(gap=0.0)))
    assert splits(search) == []
    search.offer(np.isin(np.arange(12), [0, 4, 8, 9]))
    assert [group.tolist() for group in splits(search)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    wide = from_dense(metres, weight=np.ones(12), penalty=np.full(12, 150.0))
    search = Search.of(wide, plain_part(12, num_open=(4, 4)), Run(Options(gap=0.0)))
    search.offer(np.isin(np.arange(12), [0, 4, 8, 9]))
    assert splits(search) == []


@pytest.mark.parametrize("seed", range(60))
def test_restricted_rows_know_who_is_open(seed: int) -> None:
    """Rows without closed columns and behind those always open cost the same for every set that the part allows."""
    case = draw(seed)
    rows = restricted_rows(case.rows, case.part, np.full(len(case.rows), np.inf))
    for flags, cost in plain_values(case, np.zeros(len(case.opening))):
        y = np.array(flags)
        paying = rows.select(rows.weight > 0)
        assert paying.total(y) + cost == pytest.approx(value_of(case, y))


def test_step_of_whole_costs() -> None:
    """The step is the largest number that divides every cost, and none where a cost is broken."""
    rows = from_dense(np.array([[4.0, 10.0]]), weight=np.array([3.0]), penalty=np.array([np.inf]))
    assert granularity(rows, plain_part(2, cost=np.array([6.0, 9.0]))) == 3.0
    assert granularity(rows, plain_part(2, cost=np.array([6.5, 9.0]))) == 0.0


def test_completion_refuses_what_is_not_allowed() -> None:
    """A plain part has no completion for too many sites, a forbidden one open or a required one closed."""
    part = plain_part(3, cost=np.array([1.0, 2.0, 4.0]), num_open=(1, 2), required=[0], forbidden=[2])
    completion = Completion(part)
    assert completion.at(np.array([True, True, False]))[0] == 3.0
    assert completion.at(np.array([False, True, False])) is None
    assert completion.at(np.array([True, False, True])) is None
    assert completion.least_cost <= 1.0


def test_critical_entry_by_hand() -> None:
    """Prefix sums .5, .9, 1.2: the third entry is critical; a row that never reaches 1 pays its penalty for the rest."""
    rows = from_dense(
        np.array([[1.0, 2.0, 5.0, 7.0], [3.0, np.inf, np.inf, np.inf]]), weight=np.ones(2), penalty=np.array([9.0, 8.0])
    )
    y = np.array([0.5, 0.4, 0.3, 1.0])
    end, price, value = kernels.critical(rows.start, rows.column, rows.cost, rows.penalty, y)
    assert end.tolist() == [2, 5]
    assert price.tolist() == [5.0, 8.0]
    assert value == pytest.approx([0.5 * 1 + 0.4 * 2 + 0.1 * 5, 0.5 * 3 + 0.5 * 8])


def test_prices_prove_their_bound() -> None:
    """Two customers, two sites, one to open: at prices 3 and 4 the bound is 7 less what the better site saves."""
    rows = from_dense(np.array([[1.0, 5.0], [6.0, 2.0]]), weight=np.array([1.0, 2.0]), penalty=np.full(2, np.inf))
    bound = at_prices(rows, plain_part(2, num_open=(1, 1)).at_prices, np.array([3.0, 4.0]))
    assert bound.saving.tolist() == [2.0, 4.0]
    assert bound.value == 1 * 3 + 2 * 4 - 4


@pytest.mark.parametrize(("number", "optimum"), [(1, 5819), (3, 4250), (5, 1355), (6, 7824), (10, 1255)])
def test_pmed(number: int, optimum: int) -> None:
    """OR-Library p-medians of 100 and 200 places are proven at their published optima, recomputed from the sites."""
    path = SHARED / "pmed" / f"pmed{number}.txt"
    if not path.exists():
        pytest.skip("the OR-Library files lie beside the repository and are not here")
    metres, p = read_pmed(path)
    size = len(metres)
    rows = from_dense(metres, weight=np.ones(size), penalty=np.full(size, np.inf))
    answer = solve_rows(rows, plain_part(size, num_open=(p, p)), Options(gap=0.0))
    assert answer.status == "optimal"
    assert metres[:, answer.y].min(axis=1).sum() == optimum == answer.objective == answer.bound


def read_pmed(path: Path) -> tuple[np.ndarray, int]:
    """All shortest paths of an OR-Library network, whose last mention of an edge counts; and p."""
    numbers = np.array(path.read_text(encoding="utf-8").split(), dtype=float)
    size, p = int(numbers[0]), int(numbers[2])
    metres = np.full((size, size), np.inf)
    for i, j, cost in numbers[3:].reshape(-1, 3):
        metres[int(i) - 1, int(j) - 1] = metres[int(j) - 1, int(i) - 1] = cost
    np.fill_diagonal(metres, 0.0)
    for k in range(size):
        np.minimum(metres, metres[:, k : k + 1] + metres[k : k + 1, :], out=metres)
    return metres, p
