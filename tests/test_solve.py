"""Why a run stopped, what it proved, and that it says so honestly - whatever PuLP calls it."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
from itertools import pairwise
from typing import Any

import highspy
import numpy as np
import pulp
import pytest
from activity.cases import base_policy, recipes
from brute import brute_force
from random_regions import random_region, wide_region

from netplan.engine.live import STOPPED
from netplan.errors import InputError
from netplan.evaluate import audit
from netplan.formulation import formulate
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.result import Result, relative_gap
from netplan.solve import Progress, solve

METHODS = ("compact", "benders", "decomposition")


@pytest.fixture(scope="module")
def hard_problem() -> PlanningProblem:
    """A problem that takes much longer than these tests give it."""
    return PlanningProblem.build(wide_region(1, nodes=500, outlets=60, candidates=60), base_policy(0))


@pytest.fixture(scope="module")
def easy_problem() -> PlanningProblem:
    """A problem that is solved at once."""
    return PlanningProblem.build(random_region(5, "town"), base_policy(5))


def check_unfinished(problem: PlanningProblem, result: Result) -> None:
    """A plan that is audited, a bound below it, and a gap that says how far apart they are."""
    assert result.plan is not None
    audit(problem, result.plan)
    assert result.objective is not None
    if result.bound is not None:
        assert result.bound < result.objective
        assert result.gap == relative_gap(result.objective, result.bound)
        assert result.gap is not None
        assert result.gap > 1e-4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seconds", [0.01, 2.0])
def test_run_cut_short_returns_its_best_plan(hard_problem: PlanningProblem, method: str, seconds: float) -> None:
    """Out of time, the best plan so far comes back with status time_limit - at the least today's network."""
    result = solve(hard_problem, method=method, time_limit=seconds)
    assert result.status == "time_limit"
    check_unfinished(hard_problem, result)


def test_pulp_calls_a_run_cut_short_optimal() -> None:
    """PuLP says "Optimal" of a HiGHS run that ran out of time with a solution; netplan reads HiGHS's own status."""
    problem = PlanningProblem.build(wide_region(1, nodes=120, outlets=24, candidates=24), base_policy(0))
    lp = formulate(problem, all_loads=True).lp
    for seconds in (0.5, 1.0, 2.0, 4.0, 8.0):
        lp.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=0.0))
        if lp.status == pulp.LpStatusOptimal:
            break
    assert lp.solverModel.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
    assert lp.solverModel.getInfo().mip_gap > 1e-4
    assert pulp.LpStatus[lp.status] == "Optimal"
    assert solve(problem, method="compact", time_limit=seconds, gap=0).status == "time_limit"


def test_only_a_proof_counts_as_proven() -> None:
    """A run that HiGHS ended for any other reason than being done is never called proven; limits are called by their name."""
    status = highspy.HighsModelStatus
    assert {name for name, stopped in STOPPED.items() if stopped == "proven"} == {status.kOptimal, status.kModelEmpty}
    assert STOPPED[status.kTimeLimit] == "time_limit"
    assert STOPPED[status.kInterrupt] == "interrupted"
    assert {
        STOPPED.get(name, "nothing") for name in (status.kIterationLimit, status.kSolutionLimit, status.kUnknown)
    } == {"nothing"}


@pytest.mark.parametrize("method", METHODS)
def test_interrupt_returns_the_best_plan(hard_problem: PlanningProblem, method: str) -> None:
    """Ctrl-C ends the run soon, with status interrupted and the best plan so far; the handler of before is back."""
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        result = solve(hard_problem, method=method, time_limit=60)
    finally:
        timer.cancel()
    assert result.status == "interrupted"
    assert result.seconds < 40
    check_unfinished(hard_problem, result)
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_ends_the_program(hard_problem: PlanningProblem) -> None:
    """Whoever presses Ctrl-C twice does not wait for the best plan so far."""

    def press_twice(progress: Progress) -> None:
        if progress.stage == "building":
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        solve(hard_problem, method="benders", time_limit=20, progress=press_twice)


def test_solve_works_outside_the_main_thread(easy_problem: PlanningProblem) -> None:
    """In a thread, where Ctrl-C cannot be caught, a run is as good as anywhere."""
    found: list[Result] = []
    worker = threading.Thread(target=lambda: found.append(solve(easy_problem)))
    worker.start()
    worker.join()
    assert found[0].status == "optimal"


def test_gap_asked_for_is_told(easy_problem: PlanningProblem) -> None:
    """A run that may stop at a wide gap is called gap_limit unless it proves 1e-4, and its gap is within what was asked."""
    exact = solve(easy_problem, gap=0)
    told = set()
    for seed in range(8):
        problem = PlanningProblem.build(random_region(seed, "town"), base_policy(seed))
        result = solve(problem, gap=0.3)
        assert result.gap is not None
        assert result.gap <= 0.3
        assert result.status == ("optimal" if result.gap <= 1e-4 else "gap_limit")
        told.add(result.status)
    assert exact.status == "optimal"
    assert exact.gap is not None
    assert exact.gap <= 1e-9
    assert told


@pytest.mark.parametrize("theme", ["town", "rural", "tight", "split"])
def test_other_solver_finds_the_same_optimum(theme: str) -> None:
    """CBC, through the same PuLP model, finds what HiGHS finds; its bound is the relaxation's, and the status honest."""
    if "PULP_CBC_CMD" not in pulp.listSolvers(onlyAvailable=True):
        pytest.skip("CBC does not run here")
    problem = PlanningProblem.build(random_region(2, theme), base_policy(2))
    ours, theirs = solve(problem, gap=0), solve(problem, gap=0, solver="pulp_cbc_cmd")
    assert theirs.objective == pytest.approx(ours.objective, rel=1e-6)
    assert theirs.plan is not None
    audit(problem, theirs.plan)
    assert theirs.certificate.options["solver"] == "PULP_CBC_CMD"
    assert theirs.bound is not None
    assert theirs.bound <= theirs.objective + 1e-6 * abs(theirs.objective)
    assert theirs.status == ("optimal" if theirs.gap <= 1e-4 else "gap_limit")


def test_other_solver_knows_infeasible(easy_problem: PlanningProblem) -> None:
    """What CBC proves infeasible is reported with its conflict."""
    if "PULP_CBC_CMD" not in pulp.listSolvers(onlyAvailable=True):
        pytest.skip("CBC does not run here")
    result = solve(easy_problem.replace(policy={"min_outlets": 5, "max_outlets": 1}), solver="PULP_CBC_CMD")
    assert result.status == "infeasible"
    assert len(result.conflicts) == 2


def test_unknown_solver_is_refused(easy_problem: PlanningProblem) -> None:
    """A solver that is not installed is an input error that names those that are."""
    with pytest.raises(InputError, match=r"'OTHER' is not installed; installed: .*HiGHS"):
        solve(easy_problem, solver="OTHER")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"method": "magic"}, "method 'magic' is not known"),
        ({"time_limit": 0}, "time limit 0 must be more than 0"),
        ({"time_limit": float("nan")}, "time limit nan must be more than 0"),
        ({"gap": -0.1}, "gap -0.1 must be from 0 to below 1"),
        ({"gap": 1}, "gap 1 must be from 0"),
        ({"seed": -1}, "seed -1 must be from 0"),
    ],
)
def test_impossible_options_are_refused(easy_problem: PlanningProblem, option: dict[str, Any], words: str) -> None:
    """An option out of its range is an input error that says the range."""
    with pytest.raises(InputError, match=words):
        solve(easy_problem, **option)


def test_seed_changes_nothing_that_is_proven(easy_problem: PlanningProblem) -> None:
    """Whatever the seed, the optimum is the optimum; with the same seed the plan is the same."""
    results = [solve(easy_problem, gap=0, seed=seed) for seed in (0, 7, 7)]
    assert len({round(result.objective or 0.0, 3) for result in results}) == 1
    assert results[1].plan is not None
    assert results[2].plan is not None
    assert results[1].plan.format_after == results[2].plan.format_after


@pytest.mark.parametrize("method", METHODS)
def test_progress_is_told(easy_problem: PlanningProblem, method: str) -> None:
    """A listener hears each stage; the bound it hears never exceeds the objective it hears."""
    heard: list[Progress] = []
    result = solve(easy_problem, method=method, progress=heard.append)
    assert heard[0].stage == "building"
    assert all(earlier.seconds <= later.seconds for earlier, later in pairwise(heard))
    for progress in heard:
        if progress.objective is not None and progress.bound is not None:
            assert progress.bound <= progress.objective + 1e-6 * abs(progress.objective)
    assert result.certificate.method.startswith(method)


def test_hard_capacity_diverts_no_visit() -> None:
    """Under nearest assignment hard capacity bounds what may open: every visit still goes to its cheapest open option."""
    recipe = next(recipe for recipe in recipes() if "overflow hard" in recipe.kinds)
    case = recipe.cook()
    result = solve(case.problem, gap=0)
    assert result.plan is not None
    after = result.plan.scorecard.after
    assert after.overflow_visits == pytest.approx(0, abs=1e-6)
    audit(case.problem, result.plan)
    free = solve(case.problem.replace(capacity={"overflow": "ignored"}), gap=0)
    assert free.plan is not None
    assert free.plan.scorecard.after.overflow_visits > 0


def test_hard_capacity_may_leave_no_plan(tiny: Region) -> None:
    """Capacity that no plan keeps is named, site by site, as what conflicts."""
    problem = PlanningProblem.build(
        tiny,
        parse_policy(
            {
                "capacity": {"overflow": "hard"},
                "policy": {"protected": ["O1"], "max_conversions": 0, "forbidden": ["C3"]},
            },
            origin="hard",
        ),
    )
    result = solve(problem)
    assert result.status == "infeasible"
    assert set(result.conflicts) == {
        "O1 is protected",
        "the network: at most 0 conversions",
        "O1 serves no more advice visits than its capacity",
    }


@pytest.mark.parametrize("method", METHODS)
def test_viability_where_visits_stay_unserved(method: str) -> None:
    """A site short of visits because nobody is near enough, not because others take them, is refused and the run ends."""
    region = random_region(7, "tight")
    formats = region.formats.assign(min_visits_per_year=3 * region.formats["min_visits_per_year"])
    service = {name: {"reach_minutes": 12, "unserved_cost": 60} for name in ("cash", "counter", "advice")}
    rules = {"capacity": {"viability": "hard", "overflow": "ignored"}, "policy": {"min_outlets": 1}}
    policy = base_policy(7).replace(access={"service": service}, **rules)
    problem = PlanningProblem.build(dataclasses.replace(region, formats=formats), policy)
    result = solve(problem, gap=0, method=method, time_limit=30)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(brute_force(problem).value, rel=1e-6)


def test_result_shows_itself(easy_problem: PlanningProblem) -> None:
    """The repr of a result names status, objective, bound, gap and actions; the HTML escapes what tables hold."""
    result = solve(easy_problem)
    for word in ("status: optimal", "objective: ", "bound: ", "gap: ", "actions: "):
        assert word in repr(result)
    infeasible = Result(result.certificate, None, ("<script>alert(1)</script>",))
    assert "<script>" not in infeasible._repr_html_()


def test_gap_is_relative_to_the_objective() -> None:
    """Gap = |objective - bound| / max(1, |objective|), and None where either is missing."""
    assert relative_gap(200.0, 150.0) == 0.25
    assert relative_gap(-200.0, -250.0) == 0.25
    assert relative_gap(0.5, 0.25) == 0.25
    assert relative_gap(None, 1.0) is None
    assert relative_gap(1.0, None) is None
    assert np.isclose(relative_gap(1e-9, 0.0) or 0.0, 1e-9)


def test_auto_says_which_method_and_why() -> None:
    """The certificate names the method and the reason: small, as asked, or many options."""
    problem = PlanningProblem.build(random_region(1, "town"), base_policy(1))
    assert solve(problem).certificate.method.startswith("compact (small: ")
    assert solve(problem, method="benders").certificate.method == "benders (as asked), PuLP + HiGHS"


def test_auto_says_why_not_the_compact_model(easy_problem: PlanningProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond few options the certificate says how many there are, in how many rows, and that these are too many."""
    monkeypatch.setattr(sys.modules["netplan.solve.method"], "SMALL", 0)
    options, rows = len(easy_problem.rows.option_cost), len(easy_problem.rows)
    why = f"benders ({options:,} options in {rows:,} rows, too many for the compact model)"
    assert solve(easy_problem).certificate.method.startswith(why)


def test_auto_divides_large_problems_of_several_districts(monkeypatch: pytest.MonkeyPatch) -> None:
    """From so many decisions on, auto takes the decomposition where there are districts to divide by, and reaches the optimum."""
    problem = PlanningProblem.build(random_region(3, "town"), base_policy(3))
    expected = solve(problem, gap=0).objective
    limits = sys.modules["netplan.solve.method"]  # by name, `netplan.solve` is the function
    monkeypatch.setattr(limits, "SMALL", 0)
    monkeypatch.setattr(limits, "LARGE", len(problem.columns))
    result = solve(problem, gap=0)
    assert result.certificate.method.startswith("decomposition (large: ")
    assert result.objective == pytest.approx(expected, rel=1e-6)
