"""The command line: what is typed, what is printed where, and the exit code that a script sees."""

from __future__ import annotations

import hashlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from regions import tiny_tables, write_region
from rich.console import Console

import netplan
from netplan.cli import app as cli_app
from netplan.cli import progress as cli_progress
from netplan.cli import run as cli_run
from netplan.cli.app import app
from netplan.cli.exits import EXIT_CODES
from netplan.cli.progress import MovingLine, PlainLines, describe, display_on, reporting
from netplan.cli.question import Changes, ObjectiveKind, find_plan_file, parse_gap, parse_seconds
from netplan.cli.summary import summary
from netplan.errors import AuditError, InputError, SolverError
from netplan.policy import Policy, parse_policy
from netplan.solve import Progress
from netplan.solve.other import installed_solvers

SAMPLE = Path(__file__).parents[1] / "data" / "chongqing"
OUTPUTS = {"assignments.parquet", "map.html", "plan.gpkg", "plan.json", "plan.xlsx"}
PLAN = """\
[access.service.cash]
reach_minutes = 60
unserved_cost = 60

[[standard]]
id = "cash-in-reach"
service = "cash"
minutes = 30
share = 0.5
"""
IMPOSSIBLE = """\
[policy]
min_openings = 2
max_openings = 1
protected = ["O1"]
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def region(tmp_path: Path) -> Path:
    """The tiny region with two plan files."""
    folder = write_region(tiny_tables(), tmp_path / "tiny")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    (folder / "plan-impossible.toml").write_text(IMPOSSIBLE, encoding="utf-8")
    return folder


@pytest.fixture
def netplan_run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line in this process."""

    def run(*words: object) -> Outcome:
        with pytest.raises(SystemExit) as stopped:
            app([str(word) for word in words], prog_name="netplan")
        captured = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), captured.out, captured.err)

    return run


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class TestHelp:
    """What someone sees who types the name."""

    def test_no_arguments_print_the_help(self, netplan_run: Callable[..., Outcome]) -> None:
        """Without arguments the commands are listed, on stdout, and nothing has failed."""
        outcome = netplan_run()
        assert outcome.code == 0
        assert all(command in outcome.out for command in ("check", "plan", "map", "--version"))

    @pytest.mark.parametrize("command", ["check", "plan", "map"])
    def test_every_command_has_an_example_and_the_exit_codes(
        self, netplan_run: Callable[..., Outcome], command: str
    ) -> None:
        """The help of a command shows how to call it and what it returns."""
        text = " ".join(netplan_run(command, "--help").out.split())
        assert f"Example: netplan {command} data/chongqing" in text
        assert EXIT_CODES.split(";", maxsplit=1)[0] in text

    def test_options_of_the_issue_exist(self, netplan_run: Callable[..., Outcome]) -> None:
        """`netplan plan` offers every option that scripts rely on."""
        text = netplan_run("plan", "--help").out
        for option in ("policy", "out", "district", "objective", "time-limit", "gap", "seed", "solver", "quiet"):
            assert f"--{option}" in text

    def test_version(self, netplan_run: Callable[..., Outcome]) -> None:
        """`--version` prints the version of the package."""
        assert netplan_run("--version").out.strip() == f"netplan {netplan.__version__}"


class TestPlan:
    """`netplan plan`."""

    def test_a_plan_is_found_written_and_summarised(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path
    ) -> None:
        """Exit code 0; the summary says status, bound, gap, actions and where the map is; plan.json agrees with it."""
        outcome = netplan_run("plan", region, "--out", tmp_path / "out")
        assert outcome.code == 0, outcome.err
        written = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
        assert written["status"] == "optimal"
        assert f"{written['objective']:,.0f} EUR a year" in outcome.out
        for word in ("optimal", "bound", "gap", "keep", "cash-in-reach", str(tmp_path / "out" / "map.html")):
            assert word in outcome.out
        assert set(files_in(tmp_path / "out")) == OUTPUTS
        assert all(action["reason"] for action in written["actions"])
        assert written["inputs"]["plan.toml"] == hashlib.sha256((region / "plan.toml").read_bytes()).hexdigest()

    def test_progress_goes_to_stderr_results_to_stdout(self, netplan_run: Callable[..., Outcome], region: Path) -> None:
        """A script that reads stdout sees the result only; off a terminal progress is plain lines."""
        outcome = netplan_run("plan", region)
        assert outcome.err.startswith(f"reading {region}\n")
        assert "\x1b" not in outcome.err + outcome.out
        assert "reading" not in outcome.out

    def test_quiet_says_nothing_on_stderr(self, netplan_run: Callable[..., Outcome], region: Path) -> None:
        """`--quiet` silences progress, not the result."""
        outcome = netplan_run("plan", region, "--quiet")
        assert outcome.err == ""
        assert "optimal" in outcome.out

    def test_without_out_nothing_is_written(
        self, netplan_run: Callable[..., Outcome], region: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without `--out` the folder of the run and the region stay as they were."""
        monkeypatch.chdir(region)
        before = files_in(region)
        outcome = netplan_run("plan", region)
        assert "Nothing was written" in outcome.out
        assert files_in(region) == before

    def test_district_plans_that_district_only(self, netplan_run: Callable[..., Outcome], region: Path) -> None:
        """`--district` overrides the scope of the plan file, and says what it leaves out."""
        outcome = netplan_run("plan", region, "--district", "A")
        assert outcome.code == 0, outcome.err
        assert "left out" in outcome.out

    @pytest.mark.parametrize(
        ("options", "unit"),
        [
            (["--objective", "access"], "(access)"),
            (["--objective", "coverage", "--service", "cash", "--minutes", "30"], "not covered (coverage)"),
        ],
    )
    def test_objective_changes_what_is_minimised(
        self, netplan_run: Callable[..., Outcome], region: Path, options: list[str], unit: str
    ) -> None:
        """`--objective` solves another problem and says so."""
        outcome = netplan_run("plan", region, *options)
        assert outcome.code == 0, outcome.err
        assert unit in outcome.out

    def test_another_solver_finds_the_same_plan(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path
    ) -> None:
        """Any installed solver reaches the objective of HiGHS."""
        others = [name for name in installed_solvers() if name in {"PULP_CBC_CMD", "COIN_CMD", "SCIP_PY", "GLPK_CMD"}]
        if not others:
            pytest.skip("no solver but HiGHS is installed")
        objectives = []
        for name in ("HiGHS", others[0]):
            assert netplan_run("plan", region, "--solver", name, "--out", tmp_path / name).code == 0
            objectives.append(json.loads((tmp_path / name / "plan.json").read_text(encoding="utf-8"))["objective"])
        assert objectives[0] == pytest.approx(objectives[1], rel=1e-6)

    def test_no_plan_names_the_rules_that_conflict(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path
    ) -> None:
        """Infeasible: exit code 1, the two bounds that contradict each other and not the third rule; nothing is written."""
        outcome = netplan_run("plan", region, "--policy", "plan-impossible", "--out", tmp_path / "out", "--quiet")
        assert outcome.code == 1
        rules = [line for line in outcome.err.splitlines() if line.startswith("  - ")]
        assert len(rules) == 2
        assert "O1" not in outcome.err
        assert not files_in(tmp_path).keys() - {f"tiny/{name}" for name in files_in(region)}
        assert "Traceback" not in outcome.err

    def test_a_failed_run_leaves_earlier_results_alone(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path
    ) -> None:
        """What a good run wrote is still there, byte for byte, after one that found no plan."""
        assert netplan_run("plan", region, "--out", tmp_path / "out").code == 0
        before = files_in(tmp_path / "out")
        assert netplan_run("plan", region, "--policy", "plan-impossible", "--out", tmp_path / "out").code == 1
        assert files_in(tmp_path / "out") == before


class TestBadInput:
    """Exit code 2, a message on stderr, no traceback, nothing written."""

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (["--gap", "small"], "--gap small: not a number"),
            (["--gap", "100%"], "must be at least 0 and below 1"),
            (["--gap", "-0.1"], "must be at least 0 and below 1"),
            (["--gap", "nan"], "not a number"),
            (["--time-limit", "0"], "must be more than 0"),
            (["--time-limit", "soon"], "not a number"),
            (["--seed", "-1"], "--seed"),
            (["--solver", "NO_SUCH"], "installed: "),
            (["--district", "Z"], "Z"),
            (["--policy", "other"], "plan files in"),
            (["--objective", "fairness"], "net_cost"),
            (["--objective", "coverage", "--policy", "plan-impossible"], "--service NAME"),
            (["--objective", "access", "--minutes", "5"], "--objective coverage"),
            (["--out", "tiny/region.toml"], "region.toml"),
            (["--no-such-option"], "--no-such-option"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_wrong_options(
        self,
        netplan_run: Callable[..., Outcome],
        region: Path,
        monkeypatch: pytest.MonkeyPatch,
        options: list[str],
        told: str,
    ) -> None:
        """Each wrong option is refused with words that say what is wrong with it."""
        monkeypatch.chdir(region.parent)
        before = files_in(region.parent)
        outcome = netplan_run("plan", region, *options)
        assert outcome.code == 2
        assert told in " ".join(outcome.err.replace("│", " ").split())
        assert outcome.out == ""
        assert "Traceback" not in outcome.err
        assert files_in(region.parent) == before

    @pytest.mark.parametrize("command", ["check", "plan", "map"])
    def test_broken_tables(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path, command: str
    ) -> None:
        """File, row, column, value and remedy of each of two errors; nothing is written."""
        outlets = (region / "outlets.csv").read_text(encoding="utf-8").replace(",full,", ",palace,")
        (region / "outlets.csv").write_text(outlets, encoding="utf-8")
        nodes = (region / "nodes.csv").read_text(encoding="utf-8").replace(",1000,100,", ",many,100,")
        (region / "nodes.csv").write_text(nodes, encoding="utf-8")
        options = {"plan": ["--out", tmp_path / "out"], "map": ["--out", tmp_path / "map.html"], "check": []}[command]
        outcome = netplan_run(command, region, *options)
        assert outcome.code == 2
        for part in ("outlets.csv", "row 2", "format", "palace", "nodes.csv", "working", "many"):
            assert part in outcome.err
        assert "Traceback" not in outcome.err
        assert not (tmp_path / "out").exists()
        assert not (tmp_path / "map.html").exists()

    @pytest.mark.parametrize("command", ["check", "plan"])
    def test_missing_region(self, netplan_run: Callable[..., Outcome], tmp_path: Path, command: str) -> None:
        """A folder that is not there is named."""
        outcome = netplan_run(command, tmp_path / "nowhere")
        assert outcome.code == 2
        assert "nowhere" in outcome.err

    def test_a_key_of_a_later_release_is_refused_by_name(
        self, netplan_run: Callable[..., Outcome], region: Path
    ) -> None:
        """A plan file that asks for fairness is told that netplan has none."""
        (region / "plan.toml").write_text("[objective]\nkind = 'fairness'\n", encoding="utf-8")
        outcome = netplan_run("plan", region)
        assert outcome.code == 2
        assert "fairness objectives are not part of netplan yet" in outcome.err

    def test_unreadable_file(
        self, netplan_run: Callable[..., Outcome], region: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An error of the operating system becomes a message, too."""

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cli_run, "read_region", full)
        outcome = netplan_run("plan", region)
        assert outcome.code == 2
        assert "No space left on device" in outcome.err


class TestCheck:
    """`netplan check`."""

    def test_a_sound_region(self, netplan_run: Callable[..., Outcome], region: Path) -> None:
        """Exit code 0; what was read and what was assumed is on stdout."""
        outcome = netplan_run("check", region)
        assert outcome.code == 0, outcome.err
        assert "no violations" in outcome.out
        assert "plan-impossible.toml" in outcome.out

    def test_a_plan_file_elsewhere(self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path) -> None:
        """`--policy` checks one more plan file against the region."""
        other = tmp_path / "other.toml"
        other.write_text("[policy]\nprotected = ['O9']\n", encoding="utf-8")
        outcome = netplan_run("check", region, "--policy", other)
        assert outcome.code == 2
        assert "O9" in outcome.err
        other.write_text("[policy]\nprotected = ['O1']\n", encoding="utf-8")
        assert str(other) in netplan_run("check", region, "--policy", other).out


class TestMap:
    """`netplan map`."""

    def test_draws_the_region_without_a_plan(
        self, netplan_run: Callable[..., Outcome], region: Path, tmp_path: Path
    ) -> None:
        """A page with the names of the outlets is written where asked."""
        outcome = netplan_run("map", region, "--out", tmp_path / "today.html")
        assert outcome.code == 0, outcome.err
        assert "Port-centre" in (tmp_path / "today.html").read_text(encoding="utf-8")
        assert str(tmp_path / "today.html") in outcome.out


class TestExitCodes:
    """Errors become the exit codes of the README."""

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (AuditError("objectives differ"), 3),
            (SolverError("stopped"), 1),
            (InputError("wrong"), 2),
            (KeyboardInterrupt(), 130),
        ],
    )
    def test_error_to_code(
        self,
        netplan_run: Callable[..., Outcome],
        region: Path,
        monkeypatch: pytest.MonkeyPatch,
        error: BaseException,
        code: int,
    ) -> None:
        """The audit's disagreement is 3, whatever else goes wrong has its own code, and none shows a traceback."""

        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(cli_run, "audit", fail)
        outcome = netplan_run("plan", region, "--quiet")
        assert outcome.code == code
        assert str(error) in outcome.err
        assert "Traceback" not in outcome.err

    @pytest.mark.parametrize(("status", "code"), [("no_plan", 1), ("interrupted", 130)])
    def test_without_a_plan(
        self,
        netplan_run: Callable[..., Outcome],
        region: Path,
        monkeypatch: pytest.MonkeyPatch,
        status: str,
        code: int,
    ) -> None:
        """Time was up before there was a plan: 1. The user stopped it before there was one: 130."""
        result = SimpleNamespace(plan=None, status=status, conflicts=())
        monkeypatch.setattr(cli_run, "solve", lambda *_, **__: result)
        assert netplan_run("plan", region).code == code

    def test_a_bug_is_not_dressed_up(self, region: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An error that netplan did not foresee keeps its traceback: it is a bug to report."""

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(cli_run, "audit", fail)
        with pytest.raises(ZeroDivisionError):
            app(["plan", str(region), "--quiet"], prog_name="netplan")

    def test_the_installed_command(self, region: Path) -> None:
        """`python -m netplan` in a process of its own returns the code and prints to the right streams."""
        command = [sys.executable, "-m", "netplan", "plan", str(region), "--gap", "oops"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "--gap oops" in done.stderr


BEFORE_A_PLAN = """
import sys, time
from netplan.cli import main, run

def slow(path):
    print("now", flush=True)
    time.sleep(60)

run.read_region = slow
main()
"""
SECOND_PRESS = """
import threading, time
import highspy, numpy as np
from netplan.cli import main, run

def work():
    draw, highs, size = np.random.default_rng(0), highspy.Highs(), 60
    highs.setOptionValue("output_flag", False)
    columns = np.arange(size, dtype=np.int32)
    for cost in draw.integers(50, 100, size):
        highs.addVariable(0.0, 1.0, -float(cost))
    highs.changeColsIntegrality(size, columns, np.ones(size, dtype=np.uint8))
    for _ in range(30):
        values = draw.integers(10, 100, size).astype(float)
        highs.addRow(-highspy.kHighsInf, values.sum() / 2.0 + 0.5, size, columns, values)
    highs.run()

def pressed_twice(*_):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.5)
    raise KeyboardInterrupt

run.check = pressed_twice
main()
"""
WHILE_SOLVING = """
import os, signal
from netplan.cli import main, run

solve, pressed = run.solve, []

def watched(problem, *, progress, **options):
    def listen(report):
        progress(report)
        if report.objective is not None and not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
    return solve(problem, progress=listen, **options)

run.solve = watched
main()
"""


class TestInterrupt:
    """Ctrl-C, in a process of its own."""

    def test_before_there_is_a_plan(self, region: Path, tmp_path: Path) -> None:
        """Ctrl-C while the tables are read: exit code 130, one line, nothing written."""
        command = [sys.executable, "-c", BEFORE_A_PLAN, "plan", str(region), "--out", str(tmp_path / "out"), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert err == "netplan: interrupted; nothing was written\n"
        assert not (tmp_path / "out").exists()

    def test_second_press_while_highs_is_at_work(self, region: Path) -> None:
        """A second Ctrl-C does not wait for the solver, which must not abort the process: exit code 130, one line."""
        command = [sys.executable, "-c", SECOND_PRESS, "check", str(region)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 130
        assert done.stderr == "netplan: interrupted; nothing was written\n"

    @pytest.mark.slow
    def test_while_solving_keeps_the_best_plan(self, tmp_path: Path) -> None:
        """Ctrl-C once there is a plan: exit code 0; it is written with all files and says that it was interrupted."""
        command = [sys.executable, "-c", WHILE_SOLVING, "plan", str(SAMPLE), "--district", "500236", "--gap", "0"]
        command += ["--out", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        written = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
        assert written["status"] == "interrupted"
        assert "interrupted" in done.stdout
        assert set(files_in(tmp_path / "out")) == OUTPUTS


class TestQuestion:
    """Options to plan file."""

    @pytest.mark.parametrize(
        ("text", "gap"), [("0.005", 0.005), ("0.5%", 0.005), (" 2 % ", 0.02), ("0", 0.0), ("1e-4", 1e-4)]
    )
    def test_gap(self, text: str, gap: float) -> None:
        """A gap is a share or a percentage."""
        assert parse_gap(text) == pytest.approx(gap)

    @pytest.mark.parametrize(("text", "seconds"), [("60", 60.0), ("90s", 90.0), ("0.5", 0.5)])
    def test_seconds(self, text: str, seconds: float) -> None:
        """A time limit is in seconds."""
        assert parse_seconds(text) == seconds

    @pytest.mark.parametrize("name", ["plan-impossible.toml", "plan-impossible"])
    def test_plan_file_by_name(self, region: Path, name: str) -> None:
        """A bare name is looked up in the region folder, with or without its ending."""
        assert find_plan_file(region, Path(name)) == region / "plan-impossible.toml"

    def test_plan_file_by_path_comes_first(self, region: Path, tmp_path: Path) -> None:
        """A path is taken as it is; without --policy it is plan.toml."""
        other = tmp_path / "elsewhere.toml"
        other.write_text("", encoding="utf-8")
        assert find_plan_file(region, other) == other
        assert find_plan_file(region, None) == region / "plan.toml"

    def test_a_missing_plan_file_names_those_there_are(self, region: Path, tmp_path: Path) -> None:
        """The message lists the plan files of the folder; without any it says where to read on."""
        with pytest.raises(InputError, match=r"plan-impossible\.toml, plan\.toml"):
            find_plan_file(region, Path("nope"))
        with pytest.raises(InputError, match=r"has no plan file; see docs/plan-file\.md"):
            find_plan_file(tmp_path / "nowhere", None)

    def test_options_replace_the_objective_of_the_plan_file(self) -> None:
        """From coverage to access, what belonged to coverage goes; the rest of the plan file stays."""
        coverage = parse_policy(
            {"objective": {"kind": "coverage", "service": "cash", "minutes": 20}, "budget": {"capital": 5}},
            origin="test",
        )
        access = Changes(objective=ObjectiveKind.access).apply(coverage).policy
        assert (access.objective.kind, access.objective.service, access.budget.capital) == ("access", None, 5)
        farther = Changes(minutes=40).apply(coverage).policy
        assert (farther.objective.service, farther.objective.minutes) == ("cash", 40)

    def test_coverage_takes_what_the_first_standard_asks_for(self) -> None:
        """Without --service and --minutes a coverage standard says what is covered; soft ones are put aside, and told."""
        standards = [
            {"id": "town", "kind": "township"},
            {
                "id": "old",
                "service": "cash",
                "group": "elderly",
                "minutes": 20,
                "share": 0.9,
                "hard": False,
                "penalty": 5,
            },
        ]
        question = Changes(objective=ObjectiveKind.coverage).apply(parse_policy({"standard": standards}, origin="test"))
        objective = question.policy.objective
        assert (objective.service, objective.group, objective.minutes) == ("cash", "elderly", 20)
        assert [standard.id for standard in question.policy.standard] == ["town"]
        assert "people (elderly) without cash within 20 minutes" in question.notes[0]
        assert question.notes[1].endswith("no part in a coverage objective: old")

    def test_no_options_change_nothing(self) -> None:
        """Without options the plan file is taken as it is."""
        policy = Policy()
        assert Changes().apply(policy).policy is policy


class TestProgress:
    """What is said while it works."""

    def test_describe(self) -> None:
        """Stage and seconds always, numbers once they are known."""
        assert describe(Progress("building", 1.2)) == "building, 1 s"
        known = Progress("solving", 12.3, "", objective=1000.0, bound=900.0)
        assert describe(known) == "solving, 12 s: objective 1,000, bound 900, gap 10.00%"

    def test_plain_lines_are_few(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A hundred reports of one stage within a moment are one line; a new stage is another."""
        with reporting(quiet=False) as report:
            assert isinstance(report, PlainLines)
            for second in range(100):
                report(Progress("solving", float(second)))
            report(Progress("conflict", 100.0))
        assert len(capsys.readouterr().err.splitlines()) == 2

    def test_plain_lines_come_every_ten_seconds(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Off a terminal a long stage says every ten seconds how far it is: plan, bound and gap, in plain text."""
        clock = iter(range(100, 200))
        monkeypatch.setattr(cli_progress, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
        with reporting(quiet=False) as report:
            for second in range(40):
                report(Progress("solving", float(second), "", objective=1000.0 - second, bound=900.0))
        lines = capsys.readouterr().err.splitlines()
        assert 4 <= len(lines) <= 6
        assert lines[0] == "solving, 0 s: objective 1,000, bound 900, gap 10.00%"
        assert all("gap" in line and "\x1b" not in line for line in lines)

    @pytest.mark.parametrize("width", [80, 200])
    def test_moving_line_is_one_line(self, width: int) -> None:
        """On a terminal plan, bound, gap and seconds share one line, rewritten in place and gone at the end."""
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=True, width=width)
        with display_on(console) as report:
            for second in range(30):
                report(Progress("solving", float(second), "421 cuts", 987_654_321.0 - second, 912_345_678.0))
                report._display.refresh()
            drawn = screen.getvalue()
        assert "solving, 29 s: objective 987,654,292, bound 912,345,678, gap 7.62%" in drawn
        assert ("gap 7.62%, 421 cuts" in drawn) == (width == 200)
        assert drawn.count("0:00:0") > 30  # the time passed is not squeezed out
        assert "\n" not in drawn
        assert "\x1b[2K" in screen.getvalue()[len(drawn) :]

    def test_numbers_stay_while_a_stage_tells_none(self, region: Path) -> None:
        """Once a plan is known, the line never loses it, whatever stage the solver is in."""
        problem = netplan.PlanningProblem.build(netplan.read_region(region), netplan.read_policy(region / "plan.toml"))
        told: list[str] = []
        netplan.solve(problem, method="benders", progress=lambda step: told.append(describe(step)))
        known = ["objective" in text for text in told]
        assert True in known
        assert all(known[known.index(True) :])

    def test_moving_line_shows_text_as_it_is(self) -> None:
        """On a terminal one line says what is going on; square brackets in a path are text, not markup."""
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=True, width=80)
        with display_on(console) as report:
            assert isinstance(report, MovingLine)
            report.step("reading")
            report(Progress("solving", 3.0, "[red]data[/red]"))
        assert "solving, 3 s: [red]data[/red]" in screen.getvalue()


class TestSummary:
    """What a finished run prints."""

    def test_names_are_text(self, region: Path) -> None:
        """A site called [bold] is printed as such."""
        outlets = (region / "outlets.csv").read_text(encoding="utf-8").replace("Hill-street", "[bold]Hill[/]")
        (region / "outlets.csv").write_text(outlets, encoding="utf-8")
        problem = netplan.PlanningProblem.build(netplan.read_region(region), netplan.read_policy(region / "plan.toml"))
        result = netplan.solve(problem)
        assert result.plan is not None
        text = summary(result.plan, result.certificate, None)
        assert "[bold]Hill[/]" in text

    def test_main_is_the_entry_point(self) -> None:
        """The command that pip installs is the one tested here."""
        assert cli_app.main.__module__ == "netplan.cli.app"
