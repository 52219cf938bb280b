"""Branching on one side and on two: what they prove against plain enumeration, and that the answer is the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import values_of

from netplan.engine import branch as branching
from netplan.engine.branch import Tree, branch
from netplan.engine.cuts import CutModel
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


def relaxed(rows: SortedRows, p: int, y: np.ndarray) -> tuple[Search, CutModel]:
    """A search that knows a solution, and its relaxation."""
    search = Search.of(rows, plain_part(rows.num_columns, num_open=(p, p)), Run(Options(gap=0.0)))
    search.offer(y)
    model, _ = cut_model(search, search.left_rows.penalty)
    relax(search, model)
    return search, model


def searched(rows: SortedRows, p: int, y: np.ndarray) -> Search:
    """A search by branching alone from a given solution."""
    search, model = relaxed(rows, p, y)
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
        plans, values = values_of(rows, 5)
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
        plans, values = values_of(rows, 5)
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
        search, model = relaxed(rows, 5, np.arange(18) < 5)
        before = model.live.objective
        dives.clear()
        branch(search, model, worth=1.0)
        assert len(dives) <= 2
        if not search.is_exhausted:
            gave_up += 1
            relax(search, model)
            assert model.live.objective >= before - 1e-6
            assert search.proven_bound <= values_of(rows, 5)[1].min()
    assert gave_up


@pytest.mark.parametrize("most", [0, 1, 3, 10])
def test_branching_that_ends_early_proves_no_more_than_the_optimum(most: int) -> None:
    """With few nodes to take, nothing is called exhausted that is not, and the bound is no more than the optimum."""
    exhausted = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        serves, p = rng.random((30, 12)) < 0.2, 4
        weight = rng.integers(1, 30, 30).astype(float)
        rows = from_dense(np.where(serves, 0.0, np.inf), weight=weight, penalty=np.ones(30))
        plans, values = values_of(rows, p)
        search, model = relaxed(rows, p, plans[int(values.argmax())])
        search.most_nodes = most
        branch(search, model)
        exhausted += search.is_exhausted
        assert search.proven_bound <= values.min() + 1e-9
        assert not search.is_exhausted or search.value == values.min()
    assert exhausted < 12 or most == 10
