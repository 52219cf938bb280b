"""The commands and their options. Each command is a few calls into the library; nothing is computed here."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from netplan._version import __version__
from netplan.cli import region as region_commands
from netplan.cli import run
from netplan.cli.exits import EXIT_CODES, ExitCode, leave_at_once, with_exit_codes
from netplan.cli.question import Changes, ObjectiveKind, parse_gap, parse_seconds

app = typer.Typer(
    name="netplan",
    help="Plan a bank's branch network: what to keep, close, convert, relocate and open, with a proven gap and a map.",
    epilog=EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(region_commands.app, name="region")

RegionFolder = Annotated[
    Path,
    typer.Argument(metavar="REGION", help="Region folder: tables, region.toml and plan files.", show_default=False),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="Plan file: a path, or the name of one in REGION.",
        show_default="REGION/plan.toml",
    ),
]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"netplan {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def netplan(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Print the help when no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog=EXIT_CODES)
@with_exit_codes
def check(region: RegionFolder, *, policy: PlanFile = None) -> None:
    """Check a region folder and its plan files, and list everything that is wrong, with the remedy.

    Example: netplan check data/chongqing
    """
    run.check(region, policy)


@app.command(epilog=EXIT_CODES)
@with_exit_codes
def plan(
    region: RegionFolder,
    *,
    policy: PlanFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where plan.json, the workbook, the map and the other files go.",
            show_default="nothing is written",
        ),
    ] = None,
    district: Annotated[
        list[str] | None,
        typer.Option(
            "--district", metavar="ID", help="Plan this district only; repeat for several.", show_default="plan file"
        ),
    ] = None,
    objective: Annotated[
        ObjectiveKind | None, typer.Option("--objective", help="What is minimised.", show_default="plan file")
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            "--service",
            metavar="NAME",
            help="With --objective coverage: the service that must be in reach (default: of the first coverage standard).",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", metavar="M", help="With --objective coverage: the reach, one way (default likewise)."
        ),
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option(
            "--time-limit",
            metavar="S",
            help="Stop solving after S seconds with the best plan so far.",
            show_default="none",
        ),
    ] = None,
    gap: Annotated[
        str,
        typer.Option("--gap", metavar="G", help="Stop once the plan is proven this close to the best: 0.005 or 0.5%."),
    ] = "0.5%",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of every random choice.")] = 0,
    solver: Annotated[
        str | None,
        typer.Option(
            "--solver", metavar="NAME", help="Any solver PuLP finds installed, such as HiGHS.", show_default="HiGHS"
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="DIR",
            help="Keep minutes by road there, so that the next run need not search them again.",
            show_default="none",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Find the best plan for a region, prove how good it is, explain it, and write it down.

    Ctrl-C stops the search and keeps the best plan so far.

    Example: netplan plan data/chongqing --out out --time-limit 120
    """
    options = run.SolveOptions(
        time_limit=None if time_limit is None else parse_seconds(time_limit),
        gap=parse_gap(gap),
        seed=seed,
        solver=solver,
        cache=cache,
    )
    changes = Changes(tuple(district or ()), objective, service, minutes)
    run.plan(region, policy, changes, options, out=out, quiet=quiet)


@app.command("map", epilog=EXIT_CODES)
@with_exit_codes
def map_region(
    region: RegionFolder,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write.", show_default=False)],
) -> None:
    """Draw the region as it is today: people, roads, outlets, candidates. Useful before planning.

    Example: netplan map data/chongqing --out today.html
    """
    run.map_region(region, out)


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names in Chinese on a terminal that cannot show them
    try:
        app()
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            leave_at_once(ExitCode.INTERRUPTED)
        raise
