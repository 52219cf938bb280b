"""The bound never exceeds the optimum: a thousand runs, of every method, many of them cut short, against brute force.

Each problem has two kinds of rule that bind or contradict each other, drawn at random (`activity.cases.KINDS`); its optimum is
known from writing down every plan. A run is given a moment, interrupted at a step it tells of, asked for a wide gap or left to
end. Whatever it then says of the bound and of its plan must be true, at the end and at every step before.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from activity.cases import KINDS, base_policy, merged
from activity.kind import Case
from brute import brute_force
from random_regions import THEMES, random_region, scaled, wide_region

from netplan.errors import InputError
from netplan.problem import PlanningProblem
from netplan.result import Result
from netplan.solve import Progress, solve
from netplan.solve.solve import METHODS

PARTS = 10
RUNS = 1_000
"""Runs in all parts together."""
RUNS_OF_EACH = 200
"""Runs of each method."""
NODES = 4
"""Nodes of a region: few, since a thousand models are to be built."""
RUNS_OF_A_PROBLEM = 5
SPLIT = 0.25
"""Share of the problems in which the planner splits the visits, besides those whose kinds of rule say so."""
NAMED = tuple(method for method in METHODS if method != "auto")
WAYS = ("full", "time", "stop", "gap")
"""How a run ends: by itself, out of time, by Ctrl-C, at a wide gap."""
ROWS_OF_COMPACT = 10_000
"""Rows beyond which `auto` leaves the compact model alone."""


@dataclass
class Watcher:
    """Hears every step of a run, and presses Ctrl-C at one of them (0: never)."""

    press_at: int
    heard: list[Progress]

    def __call__(self, progress: Progress) -> None:
        """Hear a step; the search for conflicting rules is not the method's."""
        self.heard.append(progress)
        if len(self.heard) == self.press_at and progress.stage != "conflict":
            os.kill(os.getpid(), signal.SIGINT)


def cases(part: int) -> Iterator[Case]:
    """Problems without end, each with two kinds of rule made to bind on a random region, and their optimum."""
    turn = 0
    while True:
        rng = np.random.default_rng([part, turn])
        theme, seed = THEMES[(part + turn) % len(THEMES)], int(rng.integers(1_000, 1_000_000))
        region = random_region(seed, theme)
        region = replace(region, nodes=region.nodes[:NODES].reset_index(drop=True))
        base = PlanningProblem.build(region, base_policy(seed))
        answer = brute_force(base)
        for _ in range(10):
            parts: dict[str, Any] = {}
            for name in rng.choice(list(KINDS), 2, replace=False):
                parts = merged(parts, next(iter(KINDS[name].tighten(answer, rng)), {}))
            if rng.random() < SPLIT:
                parts = merged({"capacity": {"overflow": str(rng.choice(["priced", "hard"]))}}, parts)
                parts = merged(parts, {"access": {"assignment": "system"}})
            try:
                problem = base.replace(**parts)
            except InputError:  # two kinds that no plan file may name together
                continue
            yield Case(theme, seed, problem, brute_force(problem, answer))
        turn += 1


def run(problem: PlanningProblem, method: str, way: str, rng: np.random.Generator) -> tuple[Result, list[Progress]]:
    """Solve in one of the `WAYS`; the result, and every step that was told."""
    watcher = Watcher(int(rng.integers(1, 10)) if way == "stop" else 0, [])
    options: dict[str, Any] = {"gap": float(rng.uniform(0.02, 0.6)) if way == "gap" else 0.0}
    if way == "time":
        options["time_limit"] = float(10 ** rng.uniform(-3, -1.2))
    result = solve(problem, method=method, seed=int(rng.integers(100)), progress=watcher, **options)
    return result, watcher.heard


def check_truth(result: Result, heard: list[Progress], optimum: float | None, label: str) -> None:
    """No bound above the optimum, no plan below it, neither at the end nor on the way; no plan where there is none."""
    if optimum is None:
        assert result.plan is None, label
        assert all(step.objective is None for step in heard), label
        return
    assert result.status != "infeasible", label
    rounding = 1e-6 * max(1.0, abs(optimum))
    for moment in (*heard, result):
        assert moment.bound is None or moment.bound <= optimum + rounding, label
        assert moment.objective is None or moment.objective >= optimum - rounding, label
    assert (result.plan is None) == (result.objective is None), label


def check_end(result: Result, way: str, optimum: float | None, label: str) -> None:
    """A run left to end finds the optimum and proves it, or that there is no plan; what is called optimal is."""
    if way == "full":
        assert result.status == ("infeasible" if optimum is None else "optimal"), label
    if optimum is None:
        return
    if result.status == "optimal":
        loose = 1e-4 if way == "gap" else 1e-6
        assert result.objective == pytest.approx(optimum, rel=loose, abs=loose), label
        assert result.bound == pytest.approx(optimum, rel=loose, abs=loose), label
    if result.status == "gap_limit":
        assert way == "gap", label


@pytest.mark.parametrize("part", range(PARTS))
def test_bound_never_exceeds_the_optimum(part: int) -> None:
    """A tenth of the thousand runs: every method, in every way of ending, tells the truth about bound and plan."""
    runs: Counter[str] = Counter()
    split: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    rng = np.random.default_rng([part, 99])
    for number, case in enumerate(cases(part)):
        optimum = case.answer.value
        if runs.total() >= RUNS / PARTS and min(runs[method] for method in NAMED) >= RUNS_OF_EACH / PARTS:
            break
        for turn in range(RUNS_OF_A_PROBLEM):
            method = NAMED[(number * RUNS_OF_A_PROBLEM + turn + number // len(NAMED)) % len(NAMED)]
            way = WAYS[int(rng.integers(len(WAYS)))]
            label = f"{case.theme} {case.seed} by {method}, {way}, {case.policy.model_dump(exclude_defaults=True)}"
            result, heard = run(case.problem, method, way, rng)
            check_truth(result, heard, optimum, label)
            check_end(result, way, optimum, label)
            runs[method] += 1
            split[method] += case.policy.access.assignment == "system"
            ends[result.status] += 1
    print(f"\nruns {dict(runs)}, of split visits {dict(split)}, ends {dict(ends)}")
    assert runs.total() >= RUNS / PARTS
    assert min(runs[method] for method in NAMED) >= RUNS_OF_EACH / PARTS
    assert min(split[method] for method in NAMED) >= 1
    assert min(ends["optimal"], ends["interrupted"]) >= 1
    assert runs.total() - ends["optimal"] - ends["infeasible"] >= 10, "hardly any run was cut short"


def _forbid_the_compact_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every module's `solve_compact` fail, and every `formulate` that writes the rows into the model."""
    formulate = sys.modules["netplan.formulation"].formulate

    def without_rows(*args: Any, **options: Any) -> Any:
        assert options.get("with_rows") is False, "the rows were written into the model"
        return formulate(*args, **options)

    def no_compact(*_: Any, **__: Any) -> None:
        pytest.fail("the compact model was solved")

    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "netplan":
            for attribute, guard in (("formulate", without_rows), ("solve_compact", no_compact)):
                if hasattr(module, attribute):
                    monkeypatch.setattr(module, attribute, guard)


def test_guard_sees_the_compact_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard below does fail where the compact model is taken."""
    problem = PlanningProblem.build(random_region(1, "town"), base_policy(1))
    _forbid_the_compact_model(monkeypatch)
    with pytest.raises(pytest.fail.Exception, match="the compact model was solved"):
        solve(problem, method="compact")
    with pytest.raises(AssertionError, match="written into the model"):
        sys.modules["netplan.solve.compact"].formulate(problem, all_loads=True)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"budget": {"capital": 400_000}}, id="budget"),
        pytest.param(
            {"capacity": {"viability": "hard", "overflow": "ignored"}, "policy": {"max_outlets": 4}}, id="load"
        ),
        pytest.param(
            {
                "standard": [{"id": "near", "service": "counter", "minutes": 15, "share": 0.06, "hard": True}],
                "policy": {"max_outlets": 3},
            },
            id="coverage",
        ),
    ],
)
def test_auto_leaves_the_compact_model_alone_when_large(monkeypatch: pytest.MonkeyPatch, rules: dict[str, Any]) -> None:
    """Above 10,000 rows `auto` proves brute force's optimum without the compact model, and a bound also when cut short."""
    region = wide_region(1, nodes=3_600, outlets=3, candidates=3)
    problem = PlanningProblem.build(region, base_policy(0).replace(**rules))
    assert len(problem.rows) > ROWS_OF_COMPACT
    _check_that_auto_needs_no_compact_model(problem, monkeypatch)


def test_auto_splits_visits_without_the_compact_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the planner splits the visits: above 10,000 rows, capacity hard and full, `auto` proves brute force's optimum."""
    region = scaled(wide_region(1, nodes=2_700, outlets=3, candidates=1), capacity=200.0, least=1.0)
    rules = {"access": {"assignment": "system"}, "capacity": {"overflow": "hard"}, "policy": {"max_outlets": 3}}
    problem = PlanningProblem.build(region, base_policy(0).replace(**rules))
    assert len(problem.rows) > ROWS_OF_COMPACT
    free = problem.replace(capacity={"overflow": "ignored"})
    _check_that_auto_needs_no_compact_model(problem, monkeypatch, more_than=brute_force(free).value)


def _check_that_auto_needs_no_compact_model(
    problem: PlanningProblem, monkeypatch: pytest.MonkeyPatch, *, more_than: float | None = None
) -> None:
    optimum = brute_force(problem).value
    assert optimum is not None
    assert more_than is None or optimum > 1.01 * more_than
    _forbid_the_compact_model(monkeypatch)
    result = solve(problem, gap=0)
    check_end(result, "full", optimum, "large")
    assert not result.certificate.method.startswith("compact")
    heard: list[Progress] = []
    short = solve(problem, gap=0, time_limit=0.5 * result.seconds, progress=heard.append)
    check_truth(short, heard, optimum, "large, cut short")
    assert short.bound is not None
    assert short.plan is not None
