"""The sheets of the workbook, one function each."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from netplan._version import __version__
from netplan.evaluate import Scorecard
from netplan.explain import Reason
from netplan.figures import key_figures, standard_figures, status_words
from netplan.plan import Plan
from netplan.region import Region
from netplan.report.cells import (
    BOLD_FONT,
    HUNDREDTH,
    NOTE_FONT,
    PERCENT,
    SIGNED_HUNDREDTH,
    SIGNED_TENTH,
    SIGNED_WHOLE,
    TENTH,
    TITLE_FONT,
    WHOLE,
    Column,
    make_filterable,
    put,
    put_heading,
    put_table,
    records,
    set_page,
    set_widths,
)

ACTION_COLOURS = {
    "keep": ("FF5F5B53", None),
    "close": ("FFC9401A", "FFFBE9E2"),
    "convert": ("FF1668AD", "FFE4EFF8"),
    "relocate": ("FF9A2F86", "FFF6E6F2"),
    "open": ("FF00794F", "FFE2F3EC"),
}
"""Text and fill of an action; the text's word says the same, so that nobody has to tell colours apart."""

_FORMATS = ((WHOLE, SIGNED_WHOLE), (TENTH, SIGNED_TENTH), (HUNDREDTH, SIGNED_HUNDREDTH))


def scope_of(region: Region) -> str:
    """The region, and its districts where they are few."""
    names = region.districts["name"].tolist()
    return f"{region.name}: {', '.join(names)}" if 0 < len(names) <= 6 else region.name


def summary(sheet: Worksheet, plan: Plan, card: Scorecard) -> None:
    """What was asked, what was proven, what changes."""
    columns = (Column("", 44), Column("today", 18), Column("plan", 18), Column("change", 18), Column("unit", 30))
    set_widths(sheet, columns)
    row = put_heading(sheet, 1, f"Branch network plan, {scope_of(plan.problem.region)}", TITLE_FONT)
    row = put_heading(sheet, row, status_words(plan.certificate), BOLD_FONT) + 1
    row = _certificate(sheet, row, plan, card) + 1
    row = put_heading(sheet, row, "What the plan changes")
    row = _key_figures(sheet, row, columns, card) + 1
    row = put_heading(sheet, row, f"The objective ({card.objective_kind.replace('_', ' ')}) by component")
    row = _costs(sheet, row, columns, card) + 1
    row = put_heading(sheet, row, "Actions")
    counts = plan.actions["action"].value_counts()
    row = put_table(sheet, row, (Column("action"), Column("sites", number_format=WHOLE)), _counted(counts)) + 1
    for problem in card.problems:
        put(sheet, row, 1, f"Rule broken: {problem}").font = Font(color="FFC9401A")
        row += 1
    sheet.freeze_panes = "A3"
    set_page(sheet)


def _counted(counts: pd.Series[int]) -> Iterator[tuple[object, ...]]:
    yield from ((action, int(counts.get(action, 0))) for action in ACTION_COLOURS)


def _certificate(sheet: Worksheet, row: int, plan: Plan, card: Scorecard) -> int:
    certificate = plan.certificate
    unit = "not covered" if card.objective_kind == "coverage" else f"{card.currency} a year"
    lines: list[tuple[str, object, str, str]] = [("Objective", card.after.objective, WHOLE, unit)]
    if certificate is not None:
        lines += [
            ("No plan can be below", certificate.bound, WHOLE, unit),
            ("Gap", certificate.gap, "0.000%", "of the objective"),
            ("Time", certificate.seconds, TENTH, "seconds"),
            ("Method", certificate.method, "", ""),
        ]
    for label, value, number_format, words in lines:
        put(sheet, row, 1, label)
        put(sheet, row, 2, value, number_format)
        put(sheet, row, 5, words)
        row += 1
    return row


def _key_figures(sheet: Worksheet, row: int, columns: tuple[Column, ...], card: Scorecard) -> int:
    row = put_table(sheet, row, columns, ())
    for figure in key_figures(card):
        number, signed = _FORMATS[figure.digits]
        put(sheet, row, 1, figure.label)
        put(sheet, row, 2, figure.before, number)
        put(sheet, row, 3, figure.after, number)
        put(sheet, row, 4, figure.change, signed)
        put(sheet, row, 5, figure.unit)
        row += 1
    return row


def _costs(sheet: Worksheet, row: int, columns: tuple[Column, ...], card: Scorecard) -> int:
    row = put_table(sheet, row, columns, ())
    unit = "people or visits" if card.objective_kind == "coverage" else f"{card.currency} a year"
    lines = [(name.replace("_", " "), card.before.costs[name], value) for name, value in card.after.costs.items()]
    for label, before, after in [*lines, ("sum", card.before.objective, card.after.objective)]:
        cells = [put(sheet, row, 1, label), put(sheet, row, 2, before, WHOLE), put(sheet, row, 3, after, WHOLE)]
        cells += [put(sheet, row, 4, after - before, SIGNED_WHOLE), put(sheet, row, 5, unit)]
        if label == "sum":
            for cell in cells:
                cell.font = BOLD_FONT
        row += 1
    return row


def actions(sheet: Worksheet, plan: Plan, card: Scorecard) -> None:
    """Every outlet and every candidate that opens, with what changes if the action alone were reversed."""
    money = f"{card.currency} a year"
    columns = (
        Column("site_id", 17),
        Column("name", 24),
        Column("district", 14),
        Column("township", 14),
        Column("action", 10),
        Column("format today", 19),
        Column("format in the plan", 19),
        Column("relocates to", 17),
        Column("base", 15),
        Column("van", 15),
        Column("weeks", 8),
        Column("visits a year today", 11, WHOLE),
        Column("visits a year in the plan", 11, WHOLE),
        Column("busiest service, share of capacity", 12, PERCENT),
        Column(f"if reversed: objective, {money}", 15, SIGNED_WHOLE),
        Column(f"if reversed: cash cost, {money}", 15, SIGNED_WHOLE),
        Column(f"if reversed: margin, {money}", 15, SIGNED_WHOLE),
        Column("if reversed: people who go elsewhere", 12, WHOLE),
        Column("if reversed: their minutes", 11, SIGNED_TENTH),
        Column("reason", 120),
    )
    rows = list(_action_rows(plan, card))
    put_table(sheet, 1, columns, rows)
    styles = {
        action: (Font(bold=fill is not None, color=text), fill and PatternFill("solid", fgColor=fill))
        for action, (text, fill) in ACTION_COLOURS.items()
    }
    for at, row in enumerate(rows, start=2):
        cell = sheet.cell(at, 5)
        cell.font, fill = styles[str(row[4])]
        if fill:
            cell.fill = fill
    make_filterable(sheet, columns, len(rows) + 1)


def _action_rows(plan: Plan, card: Scorecard) -> Iterator[tuple[object, ...]]:
    region, lines = plan.problem.region, plan.actions
    district = _names(region.districts, "district_id")
    township = _names(region.townships, "township_id")
    format_name = {"": "", **_names(region.formats, "format")}
    place = {line[0]: line[1:] for line in records(plan.problem.sites, ["site_id", "district_id", "township_id"])}
    before, after = (score.sites.groupby("site_id")["visits"].sum().to_dict() for score in (card.before, card.after))
    busiest = card.after.sites.groupby("site_id")["utilisation"].max().to_dict()
    reasons = {reason.site_id: reason for reason in plan.reasons}
    for site, name, action, was, now, target, *staffed_by, text in records(lines, list(lines.columns)):
        serves_at = target or site
        in_district, in_township = place[site]
        yield (
            *(site, name, district.get(in_district, ""), township.get(in_township, ""), action),
            *(format_name[was], format_name[now], target, *staffed_by),
            *(before.get(site), after.get(serves_at), busiest.get(serves_at)),
            *_reversal(reasons.get(site)),
            text,
        )


def _reversal(reason: Reason | None) -> tuple[float | None, ...]:
    if reason is None:
        return (None,) * 5
    return reason.cost_per_year, reason.cash_per_year, reason.margin_per_year, reason.people, reason.minutes


def _names(table: pd.DataFrame, key: str) -> dict[str, str]:
    return dict(zip(table[key].tolist(), table["name"].tolist(), strict=True))


def districts(sheet: Worksheet, plan: Plan, card: Scorecard) -> None:
    """One line a district, today and in the plan, with its actions."""
    currency = card.currency
    pairs = (
        ("physical_outlets", "physical outlets", WHOLE),
        ("outlets", "outlets of any format", WHOLE),
        ("people_within_30", "people within 30 minutes of a physical outlet", WHOLE),
        ("minutes_mean", "mean minutes, one way", TENTH),
        ("minutes_p90", "nine in ten trips within, minutes", TENTH),
        ("unserved_visits", "visits not served a year", WHOLE),
        ("cash_cost", f"cash cost, {currency} a year", WHOLE),
    )
    columns = [
        Column("district_id", 12),
        Column("name", 16),
        Column("name in English", 16),
        Column("people", 12, WHOLE),
    ]
    columns += [Column(f"{title}, {when}", 15, form) for _, title, form in pairs for when in ("today", "plan")]
    columns += [Column(action, 10, WHOLE) for action in ACTION_COLOURS]
    before, after = (score.districts.set_index("district_id") for score in (card.before, card.after))
    english = dict(records(plan.problem.region.districts, ["district_id", "name_en"]))
    where = dict(records(plan.problem.sites, ["site_id", "district_id"]))
    counts = plan.actions.groupby([plan.actions["site_id"].map(where), "action"]).size()
    rows = []
    for district_id in after.index:
        values = [table.loc[district_id, name] for name, _, _ in pairs for table in (before, after)]
        done = [int(counts.get((district_id, action), 0)) for action in ACTION_COLOURS]
        head = (district_id, after.loc[district_id, "name"], english.get(district_id, ""))
        rows.append((*head, float(after.loc[district_id, "people"]), *map(float, values), *done))
    make_filterable(sheet, columns, put_table(sheet, 1, columns, rows) - 1)


def standards(sheet: Worksheet, plan: Plan, card: Scorecard) -> None:
    """What the network owes to people, today and in the plan."""
    columns = (
        *(Column("id", 22), Column("standard", 70, wraps=True), Column("kind", 8), Column("target", 14)),
        *(Column("today", 14), Column("plan", 14), Column("met by the plan", 10)),
        *(Column("short", 12, WHOLE), Column("unit", 18), Column(f"penalty, {card.currency} a year", 14, WHOLE)),
    )
    rows = [
        (
            *(figure.id, figure.text, "hard" if figure.is_hard else "soft", figure.target, figure.before, figure.after),
            *("yes" if figure.is_met else "no", score.short, score.unit, score.penalty),
        )
        for figure, score in zip(standard_figures(plan.problem.policy, card), card.standards, strict=True)
    ]
    last = put_table(sheet, 1, columns, rows) - 1
    for at in range(2, last + 1):
        met = sheet.cell(at, 7)
        met.font = Font(bold=True, color="FF00794F" if met.value == "yes" else "FFC9401A")
    make_filterable(sheet, columns, last)


def service(sheet: Worksheet, plan: Plan, card: Scorecard) -> None:
    """Who is served by each outlet: visits, cells, minutes and use of capacity by service."""
    columns = (
        *(Column("site_id", 17), Column("name", 24), Column("service", 12), Column("visits a year today", 13, WHOLE)),
        *(Column("visits a year in the plan", 13, WHOLE), Column("cells served", 10, WHOLE)),
        *(Column("mean minutes, one way", 11, TENTH), Column("capacity, visits a year", 13, WHOLE)),
        *(Column("share of capacity", 11, PERCENT), Column("visits above capacity", 13, WHOLE)),
    )
    keys = ["site_id", "service"]
    today = card.before.sites.set_index(keys)["visits"]
    now = card.after.sites.set_index(keys)
    served = _served(plan)
    lines = now.index.union(today.index, sort=False)
    names = dict(records(plan.problem.sites, ["site_id", "name"]))
    table = pd.DataFrame({"today": today.reindex(lines)}).join(now).join(served).reset_index()
    table.insert(1, "name", table["site_id"].map(names))
    shown = ["site_id", "name", "service", "today", "visits", "cells", "minutes", "capacity", "utilisation", "overflow"]
    make_filterable(sheet, columns, put_table(sheet, 1, columns, records(table, shown)) - 1)


def _served(plan: Plan) -> pd.DataFrame:
    """Cells and visit-weighted minutes by site and service."""
    demand, table = plan.problem.demand, plan.assignments[plan.assignments["site_id"] != ""]
    node = pd.Index(plan.problem.region.nodes["node_id"]).get_indexer(pd.Index(table["node_id"]))
    service = pd.Index(demand.services).get_indexer(pd.Index(table["service"]))
    visits = demand.visits[node, service] * table["share"].to_numpy(dtype=float)
    weighted = table.assign(visits=visits, travelled=visits * table["minutes"].to_numpy(dtype=float), cells=1)
    sums = weighted.groupby(["site_id", "service"])[["visits", "travelled", "cells"]].sum()
    return pd.DataFrame(
        {"cells": sums["cells"], "minutes": sums["travelled"] / sums["visits"].where(sums["visits"] > 0)}
    )


def method(sheet: Worksheet, plan: Plan) -> None:
    """How it was computed, from what, and what to keep in mind."""
    region, certificate = plan.problem.region, plan.certificate
    sheet.column_dimensions["A"].width = 26
    for letter in "BCDEF":
        sheet.column_dimensions[letter].width = 40
    row = put_heading(sheet, 1, "Method")
    for line in _method_lines():
        row = put_heading(sheet, row, line, Font())
    settings = {"netplan": __version__, **(dict(certificate.options) if certificate else {})}
    row = put_table(sheet, row + 1, (Column("setting"), Column("value")), [(k, str(v)) for k, v in settings.items()])
    row = put_heading(sheet, row + 1, "Sources")
    head = ("table", "source", "licence", "attribution", "modelled", "note")
    sources = [
        (s.table, s.source, s.licence, s.attribution, "yes" if s.is_modelled else "no", s.note) for s in region.sources
    ]
    row = put_table(sheet, row, [Column(title, wraps=True) for title in head], sources)
    row = put_heading(sheet, row + 1, "Files read")
    row = put_table(sheet, row, (Column("file"), Column("SHA-256")), list(region.files.items()))
    row = put_heading(sheet, row + 1, "Notes")
    for note in plan.problem.notes:
        row = put_heading(sheet, row, note, NOTE_FONT)
    set_page(sheet)


def _method_lines() -> tuple[str, ...]:
    return (
        "One mixed-integer linear program decides every site's format, relocations, bases and vans at once.",
        "Today and the plan are measured by code of its own, which shares nothing with the optimisation.",
        "Minutes are one way. Customers' time is a shadow cost on its own lines, never part of the bank's cash cost.",
        "'If reversed' is what would change if that one action alone were undone; a positive objective speaks for it.",
    )
