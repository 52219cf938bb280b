"""plan.xlsx: summary, actions, districts, standards, service by outlet, rural rounds, method and sources."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

from netplan.evaluate import Scorecard
from netplan.plan import Plan
from netplan.report import rural, sheets


def write_workbook(plan: Plan, card: Scorecard, path: Path) -> None:
    """Write the workbook of a plan.

    Parameters
    ----------
    card
        The plan's scorecard.
    """
    book = Workbook()
    book.remove(book.active)
    book.properties.title = f"Branch network plan, {sheets.scope_of(plan.problem.region)}"
    book.properties.creator = "netplan"
    sheets.summary(book.create_sheet("Summary"), plan, card)
    sheets.actions(book.create_sheet("Actions"), plan, card)
    sheets.districts(book.create_sheet("Districts"), plan, card)
    sheets.standards(book.create_sheet("Standards"), plan, card)
    sheets.service(book.create_sheet("Service by outlet"), plan, card)
    rural.bases_and_vans(book.create_sheet("Bases and vans"), plan)
    sheets.method(book.create_sheet("Method and sources"), plan)
    book.save(path)
