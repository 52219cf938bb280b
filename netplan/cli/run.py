"""What each command does, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import typer

from netplan.check import check_region
from netplan.check_policy import check_policy
from netplan.cli.exits import ExitCode, stop
from netplan.cli.progress import reporting
from netplan.cli.question import Changes, find_plan_file, read_question
from netplan.cli.summary import summary
from netplan.errors import InfeasibleError
from netplan.evaluate import audit
from netplan.maps import region_map
from netplan.outputs import prepare_output
from netplan.policy import read_policy
from netplan.problem import PlanningProblem
from netplan.region import read_region
from netplan.result import Result
from netplan.solve import solve
from netplan.solve.other import check_solver


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """How the solver is run."""

    time_limit: float | None
    gap: float
    seed: int
    solver: str | None
    cache: Path | None = None
    """Where minutes by road are kept between runs."""


def check(region: Path, policy: Path | None) -> None:
    """Check the folder with its plan files, and a plan file that may lie elsewhere."""
    report = check_region(region)
    if policy is not None:
        path = find_plan_file(region, policy)
        if path.name not in report.plan_files or path.parent.resolve() != region.resolve():
            fits = read_policy(path)
            violations = check_policy(report.region, fits, str(path)) if report.region is not None else []
            names, found = (*report.plan_files, str(path)), (*report.violations, *violations)
            report = replace(report, violations=found, plan_files=names)
    if not report.is_clean:
        stop(str(report), ExitCode.BAD_INPUT)
    typer.echo(str(report))


def plan(
    region: Path, policy: Path | None, changes: Changes, options: SolveOptions, *, out: Path | None, quiet: bool
) -> None:
    """Read, check, build, solve, audit, explain, write, summarise."""
    check_solver(options.solver)
    with reporting(quiet=quiet) as report:
        report.step(f"reading {region}")
        question = read_question(region, policy, changes)
        tables = read_region(region)
        if out is not None:
            prepare_output(out)
        report.step("measuring travel and listing decisions")
        problem = PlanningProblem.build(tables, question.policy, cache=options.cache, progress=report.share)
        result = solve(
            problem,
            time_limit=options.time_limit,
            gap=options.gap,
            seed=options.seed,
            solver=options.solver,
            progress=report,
        )
        if result.plan is None:
            _stop_without_plan(result)
        report.step("auditing the plan")
        audit(problem, result.plan, result.plan.scorecard)
        if out is not None:
            report.step(f"giving the reason of every action, writing {out}")
            result.plan.explained().write(out, inputs=question.files)
    typer.echo(summary(result.plan, result.certificate, out, question.notes))


def _stop_without_plan(result: Result) -> NoReturn:
    if result.status == "interrupted":
        raise KeyboardInterrupt
    if result.status == "infeasible":
        rules = "\n".join(f"  - {rule}" for rule in result.conflicts)
        raise InfeasibleError(f"no plan keeps all of these rules; without any one of them there is a plan:\n{rules}")
    raise InfeasibleError("no plan was found in the time given, and none was ruled out; give it more with --time-limit")


def map_region(region: Path, out: Path) -> None:
    """Draw the region before planning."""
    region_map(read_region(region)).save(out)
    typer.echo(f"map: {out}")
