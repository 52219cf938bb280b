"""Branching on one side and on two: what they prove against plain enumeration, and that the answer is the same each time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from netplan.engine import branch as branching
from netplan.engine.branch import Tree, branch
from netplan.engine.policy_part import plain_part
from netplan.engine.relax import cut_model, relax
from netplan.engine.rows import SortedRows, from_dense
from netplan.engine.run import Options, Run
from netplan.engine.state import Search


def coverage(seed: int) -> SortedRows:
    """Customers and sites without geometry, so that the relaxation opens sites in part and a tree is needed."""
    rng = np.random.default_rng(seed)
    serves = rng.random((90, 18)) < 0.2
    return from_dense(np.where(serves, 0.0, np.inf), weight=rng.integers(1, 30, 90).astype(float), penalty=np.ones(90))


def plans_and_values(rows: SortedRows, p: int) -> tuple[np.ndarray, np.ndarray]:
    """All choices of p columns and what they cost."""
    chosen = np.array(list(itertools.combinations(range(rows.num_columns), p)))
    plans = np.zeros((len(chosen), rows.num_columns), dtype=bool)
    np.put_along_axis(plans, chosen, values=True, axis=1)
    return plans, np.array([rows.total(plan) for plan in plans])


def searched(rows: SortedRows, p: int, y: np.ndarray, time_limit: float | None = None) -> Search:
    """A search by branching alone from a given solution."""
    run = Run(Options(gap=0.0, time_limit=time_limit))
    search = Search.of(rows, plain_part(rows.num_columns, num_open=(p, p)), run)
    search.offer(y)
    model, _ = cut_model(search, search.left_rows.penalty)
    relax(search, model)
    branch(search, model)
    return search


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two sides whatever the size, a few nodes at a time; the number of open nodes at each round on two sides."""
    seen: list[int] = []
    on_two_sides = branching._on_two_sides

    def count(tree: Tree) -> None:
        seen.append(len(tree.heap))
        on_two_sides(tree)

    monkeypatch.setattr(branching, "_LARGE", 0)
    monkeypatch.setattr(branching, "_STARTS", 2)
    monkeypatch.setattr(branching, "_AT_A_TIME", 3)
    monkeypatch.setattr(branching, "_on_two_sides", count)
    return seen


def test_two_sides_prove_the_optimum(rounds: list[int]) -> None:
    """From the worst choice, and from the best, they end with the least cost that enumeration finds, and call it exhausted."""
    for seed in range(6):
        rows = coverage(seed)
        plans, values = plans_and_values(rows, 5)
        for start in (values.argmax(), values.argmin()):
            search = searched(rows, 5, plans[int(start)])
            assert search.is_exhausted
            assert search.value == values.min()
            assert search.proven_bound == values.min()
    assert len(rounds) >= 8


def test_two_sides_come_to_the_same_each_time(rounds: list[int]) -> None:
    """The same rounds with the same open nodes, and the same choice, whoever is faster."""
    first, many = np.arange(18) < 5, 0
    for seed in range(4):
        rows, answers = coverage(seed), []
        for _ in range(3):
            rounds.clear()
            search = searched(rows, 5, first)
            assert search.y is not None
            answers.append((search.y.tolist(), list(rounds), [step.bound for step in search.trace]))
        assert answers[0] == answers[1] == answers[2]
        many += len(rounds)
    assert many


def test_two_sides_out_of_time_prove_no_more_than_the_optimum(
    rounds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in mid-round, what is open stays open: nothing is called exhausted, and the bound is no more than the optimum."""
    dive, dives = branching._dive, []

    def stopping(side: branching.Side, node: branching.Node) -> branching.Node | None:
        dives.append(1)
        if len(dives) == most:
            side.search.run.stop.set()
        return dive(side, node)

    monkeypatch.setattr(branching, "_dive", stopping)
    stopped = 0
    for seed in range(6):
        rows = coverage(seed)
        plans, values = plans_and_values(rows, 5)
        for most in (1, 4, 6, 8):  # noqa: B007 (read by `stopping`)
            dives.clear()
            search = searched(rows, 5, plans[int(values.argmax())])
            assert search.proven_bound <= values.min()
            assert not search.is_exhausted or search.value == values.min()
            stopped += not search.is_exhausted
    assert stopped >= 8
    assert rounds


def test_branching_gives_up_where_nodes_close_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a long dive, too; then nothing is called exhausted, and the model is as at the root."""
    monkeypatch.setattr(branching, "_LOOK_AFTER", 2)
    dive, dives = branching._dive, []

    def counted(side: branching.Side, node: branching.Node) -> branching.Node | None:
        dives.append(node)
        return dive(side, node)

    monkeypatch.setattr(branching, "_dive", counted)
    gave_up = 0
    for seed in range(6):
        rows = coverage(seed)
        search = Search.of(rows, plain_part(18, num_open=(5, 5)), Run(Options(gap=0.0)))
        search.offer(np.arange(18) < 5)
        model, _ = cut_model(search, search.left_rows.penalty)
        relax(search, model)
        before = model.live.objective
        dives.clear()
        branch(search, model, worth=1.0)
        assert len(dives) <= 2
        if not search.is_exhausted:
            gave_up += 1
            relax(search, model)
            assert model.live.objective >= before - 1e-6
            assert search.proven_bound <= plans_and_values(rows, 5)[1].min()
    assert gave_up
