"""What a finished run prints: the certificate, the actions, the money, the service, and where the files are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from netplan.evaluate import Scorecard
from netplan.figures import Figure, StandardFigure, key_figures, standard_figures, status_words
from netplan.outputs.staging import OUTPUTS
from netplan.plan import ACTIONS, Plan
from netplan.policy import Policy
from netplan.result import Certificate

_SITES_SHOWN = 10
_FULL = 0.995
"""A capacity binds when it is used to this share; visits come in whole nodes, so rarely to the last one."""
_WIDTH_OFF_TERMINAL = 120


def summary(plan: Plan, certificate: Certificate, out: Path | None, notes: Sequence[str] = ()) -> str:
    """The whole summary as text, coloured only on a terminal; `notes` come before those of the problem."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OFF_TERMINAL
    with console.capture() as captured:
        for section in _sections(plan, certificate, (*notes, *plan.problem.notes)):
            console.print(section)
            console.print()
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join([*lines, *_files(out)])


def _sections(plan: Plan, certificate: Certificate, notes: Sequence[str]) -> Iterator[RenderableType]:
    card, problem = plan.scorecard, plan.problem
    yield _certificate(certificate, card, problem.region.name)
    yield _actions(plan.actions)
    yield _objective(card)
    yield _before_after("Key figures", key_figures(card))
    if card.standards:
        yield _standards(problem.policy, card)
    yield _capacities(card, dict(zip(problem.sites["site_id"], problem.sites["name"], strict=True)))
    if notes:
        yield _notes(notes)


def _certificate(certificate: Certificate, card: Scorecard, name: str) -> Table:
    number = Figure("objective", _unit(card), certificate.objective or 0.0, certificate.bound or 0.0)
    gap = certificate.gap
    table = _table(name, [])
    for label, text in (
        ("status", f"{certificate.status}: {status_words(certificate)}"),
        ("objective", f"{number.text(number.before)} {number.unit} ({card.objective_kind})"),
        ("bound", "none" if certificate.bound is None else f"{number.text(number.after)}: no plan is below it"),
        ("gap", "unknown" if gap is None else f"{gap:.4%}"),
        ("seconds", f"{certificate.seconds:.1f}"),
    ):
        table.add_row(label, Text(text))
    return table


def _unit(card: Scorecard) -> str:
    return "not covered" if card.objective_kind == "coverage" else f"{card.currency} a year"


def _actions(actions: pd.DataFrame) -> Table:
    table = _table("Actions", ["action", "sites", "formats"], right=["sites"])
    for action in ACTIONS:
        lines = actions[actions["action"] == action]
        if len(lines):
            table.add_row(action, f"{len(lines):,}", Text(_formats(action, lines)))
    return table


def _formats(action: str, lines: pd.DataFrame) -> str:
    names = lines["format_before"].where(lines["format_before"] != "", lines["format_after"])
    if action == "convert":
        names = lines["format_before"] + " to " + lines["format_after"]
    return ", ".join(f"{number:,} {name}" for name, number in names.value_counts(sort=False).items())


def _objective(card: Scorecard) -> Table:
    figures = [
        Figure(name.replace("_", " "), "", card.before.costs[name], after)
        for name, after in card.after.costs.items()
        if after or card.before.costs[name]
    ]
    table = _before_after(f"Objective, {_unit(card)}", figures)
    table.add_section()
    _add(table, Figure("sum", "", card.before.objective, card.after.objective))
    return table


def _standards(policy: Policy, card: Scorecard) -> Table:
    table = _table(
        "Standards", ["id", "what is owed", "target", "today", "plan", "met"], right=["target", "today", "plan"]
    )
    for figure in standard_figures(policy, card):
        values = (
            figure.id,
            figure.text,
            figure.target,
            figure.before,
            figure.after,
            _met(figure),
        )
        table.add_row(*(Text(value) for value in values))
    return table


def _met(figure: StandardFigure) -> str:
    if figure.is_met:
        return "yes"
    return "NO" if figure.is_hard else "no, priced"


def _capacities(card: Scorecard, names: dict[str, str]) -> RenderableType:
    sites = card.after.sites
    full = sites[sites["utilisation"] >= _FULL].sort_values("utilisation", ascending=False, kind="stable")
    if full.empty:
        return Text("Capacities: none binds.")
    title = f"Capacities that bind: {len(full):,} of {sites['capacity'].notna().sum():,}"
    title += f", the {_SITES_SHOWN} tightest" if len(full) > _SITES_SHOWN else ""
    numbers = ["visits", "capacity", "use"]
    table = _table(title, ["site", "name", "service", *numbers], right=numbers)
    shown = full.head(_SITES_SHOWN)
    for site_id, service, *values, use in zip(
        shown["site_id"], shown["service"], shown["visits"], shown["capacity"], shown["utilisation"], strict=True
    ):
        table.add_row(
            Text(site_id), Text(names[site_id]), Text(service), *(f"{value:,.0f}" for value in values), f"{use:.0%}"
        )
    return table


def _notes(notes: Sequence[str]) -> Text:
    return Text("\n".join([f"Notes ({len(notes)})", *(f"  - {note}" for note in notes)]))


def _files(out: Path | None) -> list[str]:
    if out is None:
        return ["Nothing was written; --out DIR writes the plan, the workbook and the map."]
    others = ", ".join(name for name in OUTPUTS if name != "map.html")
    return [f"map: {out / 'map.html'}", f"beside it: {others}"]


def _before_after(title: str, figures: Iterable[Figure]) -> Table:
    numbers = ["today", "plan", "change"]
    table = _table(title, ["", *numbers, "unit"], right=numbers)
    for figure in figures:
        _add(table, figure)
    return table


def _add(table: Table, figure: Figure) -> None:
    values = (figure.text(figure.before), figure.text(figure.after), figure.change_text)
    table.add_row(Text(figure.label), *values, Text(figure.unit))


def _table(title: str, columns: Sequence[str], *, right: Sequence[str] = ()) -> Table:
    table = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    table.pad_edge, table.show_header = False, bool(columns)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table
