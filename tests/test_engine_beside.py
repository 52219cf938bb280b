"""Work side by side: answers in order, the same for any number of cores, and none once the run is over."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from netplan import classic
from netplan.classic import covering
from netplan.engine.beside import side_by_side
from netplan.engine.run import Options, Run


def test_answers_come_in_order_without_none() -> None:
    """Later items that are done sooner do not come first."""

    def slow_first(item: int) -> int | None:
        time.sleep(0.02 * (5 - item))
        return None if item == 2 else 10 * item

    assert side_by_side(slow_first, range(5), Run(Options())) == [0, 10, 30, 40]


def test_nothing_begins_once_the_run_is_over() -> None:
    """What has not begun is left out."""
    run, begun = Run(Options()), []

    def stop_it(item: int) -> int:
        begun.append(item)
        run.stop.set()
        return item

    found = side_by_side(stop_it, range(100), run)
    assert found == sorted(begun)
    assert len(begun) <= (os.cpu_count() or 1)


def test_an_error_is_raised() -> None:
    """Not swallowed by a thread."""

    def fail(_item: int) -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        side_by_side(fail, range(3), Run(Options()))


def test_the_number_of_cores_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A covering with a gap to close by groups gives the same sites and the same steps on one core and on three."""
    rng = np.random.default_rng(3)
    costs = np.hypot(*(rng.random((300, 1, 2)) - rng.random((1, 300, 2))).transpose(2, 0, 1))
    weights = rng.integers(1, 100, 300).astype(float)
    monkeypatch.setattr(covering, "MOST_PAIRS", -1)
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(classic.mclp(costs, p=20, radius=0.12, weights=weights))
    assert found[0].status == found[1].status == "optimal"
    assert list(found[0].sites) == list(found[1].sites)
    told = [[(step.stage, step.objective, step.bound) for step in one.trace] for one in found]
    assert told[0] == told[1]
    assert any("cuts of groups" in stage for stage, _, _ in told[0])
