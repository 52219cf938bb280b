"""The trace: where a run stood whenever plan, bound or stage changed, as a table and as a picture."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from activity.cases import base_policy
from matplotlib import pyplot as plt
from random_regions import random_region

from netplan.convergence import stretches
from netplan.problem import PlanningProblem
from netplan.progress import Progress
from netplan.result import Certificate, Result
from netplan.solve import solve
from netplan.solve.progress import Recorder, now_and_then
from netplan.solve.solve import METHODS

IMPOSSIBLE = {"min_outlets": 5, "max_outlets": 1}


@pytest.fixture(scope="module")
def problem() -> PlanningProblem:
    """A problem that is solved at once."""
    return PlanningProblem.build(random_region(5, "town"), base_policy(5))


@pytest.fixture(autouse=True)
def _no_windows() -> Iterator[None]:
    """Pictures are drawn without a screen, and closed."""
    mpl.use("Agg")
    yield
    plt.close("all")


def steps_never_worse(trace: tuple[Progress, ...]) -> None:
    """Later steps have no lower bound, no dearer plan, and lose neither."""
    for before, after in pairwise(trace):
        assert after.seconds >= before.seconds
        for name, sign in (("objective", -1), ("bound", 1)):
            earlier, later = getattr(before, name), getattr(after, name)
            assert earlier is None or sign * later >= sign * earlier, (name, before, after)


class TestTrace:
    """What `solve` keeps of a run."""

    @pytest.mark.parametrize("method", METHODS)
    def test_ends_with_the_certificate(self, problem: PlanningProblem, method: str) -> None:
        """Values never get worse, and the last ones are the certificate's."""
        result = solve(problem, method=method)
        steps_never_worse(result.trace)
        last = result.trace[-1]
        assert (last.objective, last.bound) == (result.objective, result.bound)
        assert (last.seconds, last.message) == (result.seconds, "optimal")
        assert result.trace[0].stage == "building"
        assert len(result.trace) >= 2

    def test_listener_and_trace_agree(self, problem: PlanningProblem) -> None:
        """Every change that the trace holds was told, when it happened."""
        heard: list[Progress] = []
        result = solve(problem, method="benders", progress=heard.append)
        assert [step.seconds for step in result.trace[:-1]] == [
            step.seconds for step in heard if step.seconds in {kept.seconds for kept in result.trace}
        ]
        assert {step.stage for step in heard} == {step.stage for step in result.trace} - {"done"}

    def test_infeasible_problem_has_a_trace(self, problem: PlanningProblem) -> None:
        """Without a plan the trace still tells the stages; it holds no plan's value."""
        result = solve(problem.replace(policy=IMPOSSIBLE))
        assert [step.stage for step in result.trace][-2:] == ["conflict", "done"]
        assert result.trace[-1].message == "infeasible"
        assert all(step.objective is None for step in result.trace)

    def test_interrupted_run_has_a_trace(self, problem: PlanningProblem) -> None:
        """Ctrl-C while the model is being built: the trace ends with what is returned."""

        def interrupt(progress: Progress) -> None:
            if progress.stage == "building":
                os.kill(os.getpid(), signal.SIGINT)

        result = solve(problem, method="benders", progress=interrupt)
        assert result.status == "interrupted"
        assert result.trace[-1].objective == result.objective
        steps_never_worse(result.trace)

    def test_table(self, problem: PlanningProblem) -> None:
        """The table has a line per step, with the gap of the result in its last."""
        result = solve(problem)
        table = result.trace_table
        assert list(table) == ["seconds", "stage", "objective", "bound", "gap"]
        assert len(table) == len(result.trace)
        assert table["gap"].iloc[-1] == pytest.approx(result.gap)
        assert np.isnan(table["objective"].iloc[0])
        assert table["stage"].iloc[0] == "building"
        bare = Result(result.certificate, None)
        assert bare.trace_table.empty


class TestRecorder:
    """The listener that keeps the trace."""

    def test_keeps_changes_only(self) -> None:
        """A step that changes neither stage nor a value for the better is passed on and not kept."""
        heard: list[Progress] = []
        recorder = Recorder(heard.append)
        told = [(10.0, 1.0), (10.0, 1.0), (12.0, 0.5), (9.0, 1.0), (9.0, 2.0), (None, None)]
        for second, (objective, bound) in enumerate(told):
            recorder(Progress("solving", float(second), "", objective, bound))
        recorder(Progress("polishing", 6.0))
        assert [(one.stage, one.seconds, one.objective, one.bound) for one in recorder.trace] == [
            ("solving", 0.0, 10.0, 1.0),
            ("solving", 3.0, 9.0, 1.0),
            ("solving", 4.0, 9.0, 2.0),
            ("polishing", 6.0, 9.0, 2.0),
        ]
        assert len(heard) == 7

    def test_passes_on_the_best_so_far(self) -> None:
        """A listener never sees the best plan or the bound vanish or get worse, whatever a stage tells."""
        heard: list[Progress] = []
        recorder = Recorder(heard.append)
        for objective, bound in ((10.0, 1.0), (None, None), (11.0, 0.0)):
            recorder(Progress("solving", 0.0, "", objective, bound))
        assert [(one.objective, one.bound) for one in heard] == [(10.0, 1.0)] * 3

    def test_number_of_steps_is_bounded(self) -> None:
        """Of 50,000 changes at most 200 are kept: first and last, evenly in time, with the values of their moment."""
        recorder = Recorder(most=200)
        rng = np.random.default_rng(0)
        seconds = np.cumsum(rng.exponential(1.0, 50_000))
        for at, second in enumerate(seconds):
            recorder(Progress("solving", float(second), "", 1e6 - at, float(at)))
        trace = recorder.trace
        assert 50 <= len(trace) <= 200
        assert (trace[0].bound, trace[-1].bound) == (0.0, 49_999.0)
        assert max(after.seconds - before.seconds for before, after in pairwise(trace)) < seconds[-1] / 20
        moment = dict(zip(seconds.tolist(), range(50_000), strict=True))
        assert all(step.bound == moment[step.seconds] for step in trace)
        steps_never_worse(trace)

    def test_no_step_shows_more_than_is_proven(self) -> None:
        """Where a solver's callback rounds for the better, the trace is held to the certificate, and stays unknown where it was."""
        recorder = Recorder()
        recorder(Progress("building", 0.0))
        recorder(Progress("solving", 1.0, "", 99.999999, 100.000001))
        trace = recorder.ended(Certificate("optimal", 100.0, 100.0, 2.0, "compact"))
        assert [(step.objective, step.bound) for step in trace] == [(None, None), (100.0, 100.0), (100.0, 100.0)]

    def test_hears_threads(self) -> None:
        """Steps told by several threads at once are all kept."""
        recorder = Recorder()

        def tell(start: int) -> None:
            for bound in range(start, 400, 4):
                recorder(Progress("solving", 0.0, str(bound), None, float(bound)))

        threads = [threading.Thread(target=tell, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert recorder.trace[-1].bound == 399.0
        steps_never_worse(recorder.trace)


class TestPlot:
    """`result.plot_convergence()`."""

    def test_draws_both_lines(self, problem: PlanningProblem) -> None:
        """Best plan and bound end at the certificate's values, in the region's currency, under what was proven."""
        result = solve(problem)
        axes = result.plot_convergence()
        lines = {line.get_label(): line for line in axes.lines}
        for label, value in (("best plan", result.objective), ("proven bound", result.bound)):
            seconds, values = lines[label].get_data()
            assert values[-1] == value
            assert seconds[-1] == result.seconds
            assert lines[label].get_drawstyle() == "steps-post"
            assert axes.get_ylim()[0] < values[-1] < axes.get_ylim()[1]
        assert axes.get_ylabel() == "EUR a year"
        assert axes.get_xlabel() == "seconds"
        assert axes.yaxis.get_major_formatter()(540066) == "540,066"
        assert axes.get_title(loc="left").startswith("No plan is ")
        assert len(axes.collections) == 1  # the gap, shaded

    def test_draws_on_given_axes(self, problem: PlanningProblem) -> None:
        """Axes that are given are drawn on and handed back."""
        axes = plt.subplots()[1]
        assert solve(problem).plot_convergence(axes) is axes
        assert axes.lines

    @pytest.mark.parametrize(
        ("status", "objective", "bound", "title"),
        [
            ("optimal", 100.0, 100.0, "No plan is better: proven after 42 s"),
            ("optimal", 100.0, 99.995, "No plan is more than 0.005 % better: proven after 42 s"),
            ("gap_limit", 200.0, 199.0, "No plan is more than 0.50 % better: the gap asked for, reached after 42 s"),
            ("time_limit", -200.0, -250.0, "No plan is more than 25 % better: out of time after 42 s"),
            ("interrupted", 100.0, None, "A plan, and no bound yet: interrupted after 42 s"),
        ],
    )
    def test_title_says_what_was_proven(
        self, problem: PlanningProblem, status: str, objective: float, bound: float | None, title: str
    ) -> None:
        """The gap in plain words, and why the run stopped."""
        certificate = Certificate(status, objective, bound, 42.0, "compact")  # type: ignore[arg-type]
        trace = (Progress("solving", 1.0, "", objective, bound), Progress("done", 42.0, "", objective, bound))
        result = Result(certificate, solve(problem).plan, trace=trace)
        assert result.plot_convergence().get_title(loc="left") == title

    def test_draws_without_a_plan(self, problem: PlanningProblem) -> None:
        """An infeasible problem has a picture too, which says so; so has a run that found nothing, and an empty trace."""
        result = solve(problem.replace(policy=IMPOSSIBLE))
        axes = result.plot_convergence()
        assert axes.get_title(loc="left").startswith("No plan keeps every rule, proven after ")
        nothing = Result(Certificate("no_plan", None, None, 3.0, "compact"), None)
        axes = nothing.plot_convergence()
        assert axes.get_title(loc="left") == "No plan found, given up after 3 s"
        assert "no plan and no bound" in {text.get_text() for text in axes.texts}

    def test_coverage_is_not_money(self, problem: PlanningProblem) -> None:
        """A coverage objective counts people, not currency."""
        covering = problem.replace(objective={"kind": "coverage", "service": "cash", "minutes": 10})
        assert solve(covering).plot_convergence().get_ylabel() == "not covered"

    def test_brief_beginning_does_not_flatten_the_rest(self, problem: PlanningProblem) -> None:
        """A bound that is far off for a moment lies below the picture; everything that lasts is in it."""
        trace = (
            Progress("relaxing", 0.0, "", 1000.0, -1e9),
            Progress("relaxing", 0.1, "", 1000.0, 700.0),
            Progress("solving", 50.0, "", 900.0, 880.0),
            Progress("done", 100.0, "", 900.0, 890.0),
        )
        result = Result(Certificate("time_limit", 900.0, 890.0, 100.0, "benders"), solve(problem).plan, trace=trace)
        low, high = result.plot_convergence().get_ylim()
        assert 600 < low < 700
        assert 1000 < high < 1100

    def test_stages(self) -> None:
        """Stages follow each other without a hole; those too short to draw join a neighbour, and the end is none."""
        told = [("building", 0.0), ("relaxing", 1.0), ("solving", 30.0), ("polishing", 60.0), ("solving", 61.0)]
        trace = [Progress(stage, second) for stage, second in (*told, ("done", 100.0))]
        found = [(one.stage, one.begin, one.end) for one in stretches(trace)]
        assert found == [("relaxing", 0.0, 30.0), ("solving", 30.0, 100.0)]
        assert stretches(()) == []
        axes = Result(Certificate("no_plan", None, None, 100.0, "x"), None, trace=tuple(trace)).plot_convergence()
        assert {text.get_text() for text in axes.texts} >= {"relaxing", "solving"}
        assert len([line for line in axes.lines if line.get_linestyle() == ":"]) == 1


def test_now_and_then_hears_no_more_often_than_told() -> None:
    """Of steps every tenth of a second, one in five is heard, the first among them."""
    heard: list[float] = []
    seldom = now_and_then(lambda step: heard.append(step.seconds), seconds=0.5)
    for tenth in range(20):
        seldom(Progress("solving", tenth / 10.0, "", None, None))
    assert heard == [0.0, 0.5, 1.0, 1.5]
