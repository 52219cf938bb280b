"""Words and figures of the page's panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netplan.figures import Figure, StandardFigure, status_words
from netplan.maps.columns import Block
from netplan.region import Region, Source
from netplan.result import Certificate
from netplan.tables import SEGMENTS

MOST_NAMED_DISTRICTS = 3


def title_of(region: Region) -> str:
    """The planned districts by name where they are few, else the region."""
    districts = region.districts
    if not 0 < len(districts) <= MOST_NAMED_DISTRICTS:
        return region.name
    pairs = zip(districts["name"], districts["name_en"], strict=True)
    return " · ".join(_both(str(name), str(english)) for name, english in pairs)


def heading(region: Region, kind: str) -> Block:
    """Title and the line above it."""
    title = title_of(region)
    return {"title": title, "kicker": kind if title == region.name else f"{region.name} · {kind}"}


def status(certificate: Certificate | None, objective_kind: str, currency: str) -> Block | None:
    """Why the run stopped and what is proven; nothing for a plan that no solver made."""
    if certificate is None or certificate.objective is None:
        return None
    unit = "not covered" if objective_kind == "coverage" else f"{currency} a year"
    bound = "" if certificate.bound is None else f" · no plan is below {certificate.bound:,.0f}"
    return {
        "kind": "proven" if certificate.status in {"optimal", "gap_limit"} else "partial",
        "text": status_words(certificate),
        "detail": f"Objective {certificate.objective:,.0f} {unit}{bound} · {certificate.seconds:,.0f} s",
    }


def figure_rows(figures: Iterable[Figure]) -> list[Block]:
    """Key figures as text, before and after."""
    return [
        {
            "label": figure.label,
            "unit": figure.unit,
            "cells": [figure.text(figure.before), figure.text(figure.after), figure.change_text],
            "good": figure.is_better,
        }
        for figure in figures
    ]


def region_rows(region: Region) -> list[Block]:
    """How much of everything a region has."""
    nodes, outlets = region.nodes, region.outlets
    physical = outlets["format"].isin(region.formats.loc[region.formats["is_physical"].astype(bool), "format"])
    urban = float(nodes.loc[nodes["is_urban"].astype(bool), list(SEGMENTS)].to_numpy(dtype=float).sum())
    facts = [
        ("People", "", region.people),
        ("urban", "people", urban),
        ("elderly", "people", float(nodes["elderly"].sum())),
        ("Districts", "", len(region.districts)),
        ("Townships", "", len(region.townships)),
        ("Cells", "", len(nodes)),
        ("Physical outlets today", "", int(physical.sum())),
        ("Other points today", "not physical", int((~physical).sum())),
        ("Candidate sites", "", len(region.candidates)),
    ]
    return [{"label": label, "unit": unit, "cells": [f"{value:,.0f}"], "good": None} for label, unit, value in facts]


def standard_rows(standards: Iterable[StandardFigure]) -> list[Block]:
    """Standards as text, with the mark of whether the plan meets them."""
    return [{"text": standard.text, "value": standard.change, "met": standard.is_met} for standard in standards]


def statements(region: Region) -> list[str]:
    """What a reader must know before trusting the map."""
    drawn = "Cells are drawn as squares of their true area around their centre. Minutes are one way."
    return [*_warnings(region), drawn]


def credit(region: Region) -> str:
    """The line on the map itself: what is no survey, and whom to credit."""
    names = dict.fromkeys(source.attribution for source in region.sources if source.attribution)
    data = f"Data: {'; '.join(names)}." if names else ""
    return " ".join([*_warnings(region), data]).strip()


def _warnings(region: Region) -> list[str]:
    said = ["Simplified outlines, not an official map."] if region.districts.geometry.notna().any() else []
    modelled = [source.table.replace("_", " ") for source in region.sources if source.is_modelled]
    return [*said, f"Modelled, not observed: {', '.join(modelled)}."] if modelled else said


def source_lines(region: Region) -> list[str]:
    """One line a source: which tables, from where, under which licence, to be credited how."""
    groups: dict[tuple[str, str, str], list[Source]] = {}
    for source in region.sources:
        groups.setdefault((source.source, source.licence, source.attribution), []).append(source)
    return [_source_line(key, group) for key, group in groups.items()]


def _source_line(key: tuple[str, str, str], group: Sequence[Source]) -> str:
    source, licence, attribution = key
    tables = ", ".join(each.table.replace("_", " ") for each in group)
    credit = "" if attribution in source else attribution
    facts = "; ".join(part for part in (source, credit, licence and f"licence {licence}") if part)
    notes = " ".join(dict.fromkeys(each.note for each in group if each.note))
    return f"{tables[:1].upper()}{tables[1:]}: {facts}." + (f" {notes}" if notes else "")


def _both(name: str, english: str) -> str:
    return f"{name} {english}" if english and english != name else name
