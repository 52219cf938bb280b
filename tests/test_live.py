"""The live model: MIPs that end by effort, solutions that are waited for, bounds that are told."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import PolicyPart, plain_part
from netplan.engine.run import Options, Run


def covering(seed: int, *, columns: int = 60, rows: int = 90) -> PolicyPart:
    """Open columns of random costs so that every row has two of its own: hard enough to branch."""
    rng = np.random.default_rng(seed)
    matrix = (rng.random((rows, columns)) < 0.06).astype(float)
    matrix[np.arange(rows)[:, None], rng.random((rows, columns)).argsort(axis=1)[:, :3]] = 1.0
    part = plain_part(columns, cost=rng.integers(20, 30, columns).astype(float))
    least, most = np.full(rows, 2.0), np.full(rows, np.inf)
    return replace(part, matrix=scipy.sparse.csr_array(matrix), row_lower=least, row_upper=most)


def optimum(part: PolicyPart) -> float:
    """What scipy's solver says."""
    rules = scipy.optimize.LinearConstraint(part.matrix, part.row_lower, part.row_upper)
    bounds = scipy.optimize.Bounds(part.lower, part.upper)
    return float(scipy.optimize.milp(part.cost, integrality=part.is_integer, bounds=bounds, constraints=rules).fun)


@pytest.mark.parametrize("seed", range(4))
def test_bounds_told_are_never_above_the_optimum(seed: int) -> None:
    """Also where the MIP starts from a solution, and whatever HiGHS logs first."""
    part, told = covering(seed), []
    best = optimum(part)
    live = LiveModel(part, integral=True)
    live.start_from(live.integers, np.ones(len(live.integers)))

    def tell(_objective: float | None, bound: float | None) -> bool:
        told.append(bound)
        return False

    assert live.solve_mip(Run(Options()), gap=0.0, watch=Watch(tell)) == "proven"
    assert live.objective == pytest.approx(best)
    known = [bound for bound in told if bound is not None]
    assert known
    assert max(known) <= best + 1e-6


def test_effort_ends_a_mip_where_it_ended_before() -> None:
    """A slow listener changes nothing: the same looks, the same bound, the same solution."""
    ended = []
    for pause in (0.0, 0.001):
        live = LiveModel(covering(1), integral=True)
        looks = [0]

        def tell(
            _objective: float | None, _bound: float | None, looks: list[int] = looks, pause: float = pause
        ) -> bool:
            looks[0] += 1
            time.sleep(pause)
            return False

        stopped = live.solve_mip(Run(Options()), gap=0.0, watch=Watch(tell), effort=6.0)
        assert stopped == "effort"
        assert live.effort_spent >= 6.0
        ended.append((looks[0], live.bound, live.objective, live.values.tolist()))
    assert ended[0] == ended[1]


def test_a_mip_that_was_ended_goes_on_when_asked_again() -> None:
    """The wish to end a run, by effort or because it was enough, is not taken for one to end the next."""
    part = covering(1)
    best, live = optimum(part), LiveModel(part, integral=True)
    assert live.solve_mip(Run(Options()), gap=0.0, watch=Watch(), effort=3.0) == "effort"
    assert live.solve_mip(Run(Options()), gap=0.0, watch=Watch(lambda _objective, _bound: True)) == "proven"
    assert live.bound is None or live.bound < best - 1e-6
    assert live.solve_mip(Run(Options()), gap=0.0, watch=Watch()) == "proven"
    assert live.objective == pytest.approx(best)
    assert live.bound == pytest.approx(best)


def test_a_mip_waits_until_its_solution_was_looked_at() -> None:
    """While a solution is looked at nothing else is found, and all are shown, in order, in the caller's thread."""
    part, shown, busy = covering(2), [], threading.Event()
    live = LiveModel(part, integral=True)

    def tell(_objective: float | None, _bound: float | None) -> bool:
        assert not busy.is_set()
        return False

    def found(values: np.ndarray) -> None:
        busy.set()
        assert threading.current_thread() is threading.main_thread()
        time.sleep(0.02)
        shown.append(float(part.cost @ values))
        busy.clear()

    assert live.solve_mip(Run(Options()), gap=0.0, watch=Watch(tell, found)) == "proven"
    assert len(shown) > 1
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] == pytest.approx(live.objective)


def test_an_error_while_a_solution_is_looked_at_ends_the_mip() -> None:
    """The error reaches the caller, and no thread is left waiting."""
    live = LiveModel(covering(3), integral=True)

    def found(_values: np.ndarray) -> None:
        raise ArithmeticError("looked at it the wrong way")

    before = threading.active_count()
    with pytest.raises(ArithmeticError, match="the wrong way"):
        live.solve_mip(Run(Options()), gap=0.0, watch=Watch(found=found))
    end = time.perf_counter() + 10.0
    while threading.active_count() > before and time.perf_counter() < end:
        time.sleep(0.02)
    assert threading.active_count() == before


def test_a_relaxation_tells_its_iterations() -> None:
    """A limit of iterations ends it, and so many were taken."""
    live = LiveModel(covering(0))
    assert live.resolve(Run(Options()), iterations=3) == "iterations"
    assert live.iterations == 3
    assert live.resolve(Run(Options())) == "proven"
    assert live.iterations > 0
