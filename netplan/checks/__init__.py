"""All tables of a region checked together: each by its contract, then against each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd

from netplan.checks.contract import CheckedTable, check_table
from netplan.checks.places import check_places, read_outlines
from netplan.checks.references import check_one_site_list, check_references
from netplan.checks.sense import SENSE_CHECKS
from netplan.readers import RawTable
from netplan.tables import TABLES
from netplan.violations import Violation

Found = Mapping[str, CheckedTable]
SenseCheck = Callable[[Found], Iterator[Violation | str]]


@dataclass(frozen=True, slots=True)
class CheckedTables:
    """What checking all tables gave.

    Attributes
    ----------
    found
        Table name -> the table, for those that exist and could be read.
    outlines
        Outlines in WGS-84 by district id; ``None`` where the region has none.
    """

    found: Found
    outlines: gpd.GeoSeries | None
    violations: tuple[Violation, ...]
    notes: tuple[str, ...]


def check_tables(
    raws: Mapping[str, RawTable], outlines: RawTable | None = None, unreadable: Collection[str] = ()
) -> CheckedTables:
    """Check every table, and every table against the others, in one pass.

    Parameters
    ----------
    outlines
        The file that holds nothing but the outlines of the districts, where there is one.
    unreadable
        Tables of which a file exists that could not be read; what refers to them is not judged.
    """
    people = _segments(raws)
    found = {
        table.stem: check_table(raws[table.stem], table, people if table.stem == "nodes" else ())
        for table in TABLES
        if table.stem in raws
    }
    shapes = read_outlines(found.get("districts"), outlines)
    place_findings = check_places(found, shapes.shapes)
    missing = _missing(found, unreadable)
    findings: list[Violation | str] = [*missing.values(), *shapes.findings]
    for checked in found.values():
        findings += [
            violation
            for violation in checked.violations
            if (checked.table.stem, violation.row, violation.column) not in place_findings.replaced
        ]
        findings += checked.notes
    findings += place_findings.findings
    findings += check_references(found, {*unreadable, *missing})
    findings += check_one_site_list(found)
    for check in SENSE_CHECKS:
        findings += check(found)
    violations = [finding for finding in findings if isinstance(finding, Violation)]
    notes = [finding for finding in findings if isinstance(finding, str)]
    order = {checked.file: place for place, checked in enumerate(found.values())}
    violations.sort(key=lambda violation: (order.get(violation.file, -1), violation.row or 0))
    return CheckedTables(found, shapes.shapes, tuple(violations), tuple(notes))


def _segments(raws: Mapping[str, RawTable]) -> tuple[str, ...]:
    """Columns of `nodes` that hold people, as far as `visits` names them."""
    if "visits" not in raws or "segment" not in raws["visits"].cells:
        return ()
    return tuple(dict.fromkeys(str(cell) for cell in raws["visits"].cells["segment"] if cell))


def _missing(found: Found, unreadable: Collection[str]) -> dict[str, Violation]:
    """A violation for each table that must be there and is not, by its name."""
    return {
        table.stem: Violation(
            f"{table.stem}.csv",
            None,
            "",
            None,
            "the table is missing",
            f"add it; docs/tables.md#{table.stem} lists its columns",
        )
        for table in TABLES
        if table.stem not in found and table.stem not in unreadable and not table.is_optional
    }
