"""Every violation that `netplan check` promises: found, in one pass, with file, row, column, value and remedy."""

from __future__ import annotations

import io
import json
import random
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from regions import SETTINGS, outlines, tiny_tables, write_region

from netplan.check import check_region
from netplan.checks import CheckedTables, check_tables
from netplan.checks.cells import typed_column
from netplan.readers import RawTable, parse_table, read_frame
from netplan.tables import TABLES
from netplan.violations import Violation, listing, shown, some

Tables = dict[str, pd.DataFrame]
Place = tuple[str, int | None, str]
"""File, row, column."""


def checked(tables: Tables, *, with_outlines: bool = True) -> CheckedTables:
    """The tables checked as if they were CSV files."""
    raws = {stem: read_frame(f"{stem}.csv", frame) for stem, frame in tables.items()}
    shapes = parse_table(Path("districts.geojson"), outlines().encode(), "districts", ()) if with_outlines else None
    return check_tables(raws, shapes)


def places(result: CheckedTables) -> list[Place]:
    """Where the violations are."""
    return [(one.file, one.row, one.column) for one in result.violations]


def cell(stem: str, row: int, column: str, value: str) -> Callable[[Tables], None]:
    """A change of one cell; rows count as a spreadsheet shows them."""

    def change(tables: Tables) -> None:
        tables[stem].loc[row - 2, column] = value

    return change


def without(stem: str, column: str) -> Callable[[Tables], None]:
    """A change that drops a column."""

    def change(tables: Tables) -> None:
        tables[stem] = tables[stem].drop(columns=column)

    return change


def renamed(stem: str, old: str, new: str) -> Callable[[Tables], None]:
    """A change that renames a column."""

    def change(tables: Tables) -> None:
        tables[stem] = tables[stem].rename(columns={old: new})

    return change


def dropped(*stems: str) -> Callable[[Tables], None]:
    """A change that removes whole tables."""

    def change(tables: Tables) -> None:
        for stem in stems:
            del tables[stem]

    return change


def headers_only(stem: str) -> Callable[[Tables], None]:
    """A change that leaves only the header."""

    def change(tables: Tables) -> None:
        tables[stem] = tables[stem].iloc[:0]

    return change


ONE_VIOLATION: dict[str, tuple[Callable[[Tables], None], Place, str, str]] = {
    "text in a number": (cell("nodes", 3, "elderly", "many"), ("nodes.csv", 3, "elderly"), "not a number", "digits"),
    "decimal comma": (cell("nodes", 3, "area_km2", "1,5"), ("nodes.csv", 3, "area_km2"), "not a number", "point"),
    "digits of another script": (cell("nodes", 3, "working", "１２"), ("nodes.csv", 3, "working"), "not a", "digits"),
    "grouped digits": (cell("nodes", 3, "working", "1_000"), ("nodes.csv", 3, "working"), "not a number", "digits"),
    "NaN": (cell("nodes", 3, "working", "NaN"), ("nodes.csv", 3, "working"), "no number", "not 0"),
    "infinity": (cell("nodes", 3, "working", "-inf"), ("nodes.csv", 3, "working"), "infinite", "finite"),
    "overflow": (cell("nodes", 3, "working", "1e999"), ("nodes.csv", 3, "working"), "too large", "finite"),
    "blank": (cell("nodes", 3, "working", ""), ("nodes.csv", 3, "working"), "empty", "fill"),
    "blank id": (cell("hosts", 2, "name", ""), ("hosts.csv", 2, "name"), "empty", "fill"),
    "negative people": (cell("nodes", 3, "children", "-1"), ("nodes.csv", 3, "children"), "at least 0", "correct"),
    "a share above one": (cell("visits", 2, "digital_share", "1.2"), ("visits.csv", 2, "digital_share"), "at most 1", ""),
    "fraction of a van day": (cell("vans", 2, "days_per_week", "2.5"), ("vans.csv", 2, "days_per_week"), "whole", ""),
    "no yes or no": (cell("nodes", 3, "is_urban", "2"), ("nodes.csv", 3, "is_urban"), "neither yes nor no", "1 or 0"),
    "an impossible date": (cell("outlets", 3, "lease_end", "2026-02-30"), ("outlets.csv", 3, "lease_end"), "date", "2026"),
    "a local date": (cell("outlets", 3, "lease_end", "31.12.2026"), ("outlets.csv", 3, "lease_end"), "not a date", ""),
    "an unknown channel": (cell("formats", 2, "channel", "shop"), ("formats.csv", 2, "channel"), "one of outlet", ""),
    "padded id": (cell("nodes", 3, "node_id", " N2"), ("nodes.csv", 3, "node_id"), "blanks around", "remove"),
    "blank in an id": (cell("hosts", 3, "host_id", "H 3"), ("hosts.csv", 3, "host_id"), "blanks or control", ""),
    "control characters": (cell("hosts", 2, "name", "a\x1b[31mb"), ("hosts.csv", 2, "name"), "control", "remove"),
    "a list by commas": (
        cell("formats", 2, "services", "cash,counter"),
        ("formats.csv", 2, "services"),
        "not separated by spaces",
        "spaces",
    ),
    "a list entry twice": (cell("formats", 4, "services", "cash cash"), ("formats.csv", 4, "services"), "twice", "once"),
    "missing column": (without("vans", "shift_minutes"), ("vans.csv", 1, "shift_minutes"), "missing", "length of a shift"),
    "renamed column": (renamed("vans", "shift_minutes", "Shift_Minutes"), ("vans.csv", 1, "shift_minutes"), "missing", "rename"),
    "missing table": (dropped("visits"), ("visits.csv", None, ""), "the table is missing", "tables.md#visits"),
    "empty table": (headers_only("retention"), ("retention.csv", None, ""), "no rows", "add"),
    "unknown district": (cell("townships", 4, "district_id", "C"), ("townships.csv", 4, "district_id"), "not in d", "A, B"),
    "unknown format by case": (cell("outlets", 3, "format", "Light"), ("outlets.csv", 3, "format"), "not in f", "light"),
    "unknown format in a list": (
        cell("candidates", 2, "formats", "light pount"),
        ("candidates.csv", 2, "formats"),
        "not in formats.csv",
        "write point",
    ),
    "unknown service": (cell("competitors", 2, "services", "loans"), ("competitors.csv", 2, "services"), "not in", "cash"),
    "unknown junction": (cell("road_edges", 2, "to_id", "J9"), ("road_edges.csv", 2, "to_id"), "not in road_nodes", ""),
    "unknown outlet of a base": (cell("bases", 2, "site_id", "C1"), ("bases.csv", 2, "site_id"), "not in outlets", ""),
    "unknown base of a van": (cell("vans", 2, "base_id", "base1"), ("vans.csv", 2, "base_id"), "not in", "BASE1"),
    "candidate with an outlet's id": (cell("candidates", 2, "site_id", "O1"), ("candidates.csv", 2, "site_id"), "also", ""),
    "swapped": (
        lambda tables: (cell("nodes", 6, "lon", "0")(tables), cell("nodes", 6, "lat", "10.26")(tables), None)[-1],
        ("nodes.csv", 6, "lon lat"),
        "look swapped",
        "exchange",
    ),
    "outside the region": (cell("hosts", 2, "lon", "12"), ("hosts.csv", 2, "lon lat"), "outside the region", "correct"),
    "not on earth": (cell("hosts", 2, "lat", "-200"), ("hosts.csv", 2, "lon lat"), "outside the region", "correct"),
    "district of another township": (cell("nodes", 6, "district_id", "A"), ("nodes.csv", 6, "district_id"), "town", "B1"),
    "margin for a service not offered": (
        cell("outlets", 3, "margin_advice", "5"),
        ("outlets.csv", 3, "margin_advice"),
        "does not offer",
        "advice",
    ),
    "margin for a service that is none": (
        renamed("outlets", "margin_advice", "margin_advise"),
        ("outlets.csv", 1, "margin_advise"),
        "no service class advise",
        "margin_advice",
    ),
    "hosted outlet without host": (cell("outlets", 5, "host_id", ""), ("outlets.csv", 5, "host_id"), "hosted", "name"),
    "hosted format without host": (cell("candidates", 2, "host_id", ""), ("candidates.csv", 2, "host_id"), "hosted", "host"),
    "more points than the host holds": (cell("hosts", 2, "max_points", "0"), ("hosts.csv", 2, "max_points"), "1 point", ""),
    "a point that is not hosted": (
        lambda tables: (cell("formats", 4, "is_hosted", "0")(tables), None)[-1],
        ("formats.csv", 4, "is_hosted"),
        "not hosted",
        "is_hosted = 1",
    ),
    "a counter without base minutes": (
        cell("formats", 5, "max_base_minutes", ""),
        ("formats.csv", 5, "max_base_minutes"),
        "blank for a counter",
        "minutes",
    ),
    "a van stop without dwell": (cell("formats", 6, "dwell_minutes", ""), ("formats.csv", 6, "dwell_minutes"), "a van", ""),
    "a van stop that comes 1.5 days": (
        cell("formats", 6, "days_per_week", "1.5"),
        ("formats.csv", 6, "days_per_week"),
        "cannot come that often",
        "0.5",
    ),
    "conversion to itself": (cell("conversions", 2, "to_format", "full"), ("conversions.csv", 2, "to_format"), "same", ""),
    "retention that falls": (cell("retention", 4, "lost_share", "0.1"), ("retention.csv", 4, "lost_share"), "falls", ""),
    "gain that rises": (cell("gain", 3, "won_share", "0.9"), ("gain.csv", 3, "won_share"), "rises", "sort"),
    "minutes out of order": (cell("gain", 4, "minutes", "10"), ("gain.csv", 4, "minutes"), "must rise", "sort"),
    "a segment that is no column": (cell("visits", 3, "segment", "eldery"), ("visits.csv", 3, "segment"), "not a column", "elderly"),
    "a segment that is no people": (cell("visits", 3, "segment", "area_km2"), ("visits.csv", 3, "segment"), "not a col", "add"),
    "junctions without roads": (dropped("road_edges"), ("road_nodes.csv", None, ""), "no readable table road_edges", "crow"),
    "roads without junctions": (dropped("road_nodes"), ("road_edges.csv", None, ""), "no readable table road_nodes", "crow"),
}  # fmt: skip


def test_the_tiny_region_is_clean() -> None:
    """Without a change there is no violation, so each one below is due to its change."""
    assert places(checked(tiny_tables())) == []


@pytest.mark.parametrize("name", ONE_VIOLATION)
def test_each_violation_is_told_where_it_is(name: str) -> None:
    """One change gives a violation at its file, row and column, with problem and remedy."""
    change, place, problem, remedy = ONE_VIOLATION[name]
    tables = tiny_tables()
    change(tables)
    told = [one for one in checked(tables).violations if (one.file, one.row, one.column) == place]
    assert len(told) == 1, name
    assert problem in told[0].problem
    assert remedy in told[0].remedy
    assert told[0].remedy


def test_values_are_shown_as_found() -> None:
    """The value of a violation is the cell of the file, before anything was made of it."""
    tables = tiny_tables()
    cell("nodes", 3, "elderly", "007,5 ")(tables)
    cell("conversions", 3, "from_format", "full")(tables)
    cell("conversions", 3, "to_format", "light")(tables)
    assert [one.value for one in checked(tables).violations] == ["007,5 ", "full light", "full light"]


def test_repeated_ids_are_told_on_every_row() -> None:
    """Each of the rows that share an id is named, so that the planner sees which to change."""
    tables = tiny_tables()
    cell("hosts", 3, "host_id", "H1")(tables)
    cell("candidates", 2, "host_id", "H1")(tables)
    assert places(checked(tables)) == [("hosts.csv", 2, "host_id"), ("hosts.csv", 3, "host_id")]


def test_one_fault_is_told_once() -> None:
    """A cell that is not a number is not also out of bounds, unknown, repeated and outside the region."""
    tables = tiny_tables()
    cell("nodes", 2, "lon", "east")(tables)
    cell("nodes", 3, "node_id", " ")(tables)
    cell("nodes", 4, "lat", "95")(tables)
    assert places(checked(tables)) == [
        ("nodes.csv", 2, "lon"),
        ("nodes.csv", 3, "node_id"),
        ("nodes.csv", 4, "lon lat"),
    ]


def test_all_violations_are_found_in_one_pass(tmp_path: Path) -> None:
    """Changes in many tables, a broken file, wrong settings and a wrong plan file are all in one report."""
    tables = tiny_tables()
    chosen = ["text in a number", "unknown format by case", "fraction of a van day", "unknown junction", "swapped"]
    for name in chosen:
        ONE_VIOLATION[name][0](tables)
    folder = write_region(tables, tmp_path, settings=SETTINGS.replace('currency = "EUR"', 'crncy = "EUR"'))
    (folder / "gain.csv").write_bytes(b"\0\1\2")
    (folder / "plan.toml").write_text("[budget]\ncapitol = 5\n", encoding="utf-8")
    report = check_region(folder)
    told = {(one.file, one.row, one.column) for one in report.violations}
    assert {ONE_VIOLATION[name][1] for name in chosen} <= told
    assert {("region.toml", None, "currency"), ("region.toml", None, "crncy"), ("gain.csv", None, "")} <= told
    assert ("plan.toml", None, "") in told
    assert len(told) == len(chosen) + 4
    assert report.region is None
    assert not report.is_clean


def test_what_refers_to_an_unreadable_table_is_not_blamed(tmp_path: Path) -> None:
    """If formats.csv is damaged, every outlet's format would be unknown: that is one violation, not hundreds."""
    folder = write_region(tiny_tables(), tmp_path)
    (folder / "formats.csv").write_bytes(b"\0")
    assert [one.file for one in check_region(folder).violations] == ["formats.csv"]


def test_references_into_an_absent_optional_table_are_told() -> None:
    """Without hosts.csv nothing can be hosted, so every name of a host is a violation."""
    tables = tiny_tables()
    dropped("hosts")(tables)
    result = checked(tables)
    assert places(result) == [("outlets.csv", 5, "host_id"), ("candidates.csv", 2, "host_id")]
    assert result.violations[0].problem == "not in hosts.csv, which does not exist"


def test_another_table_under_a_name_is_one_violation(tmp_path: Path) -> None:
    """A file with none of the columns is said to be the wrong table, not to lack twelve columns."""
    folder = write_region(tiny_tables(), tmp_path)
    (folder / "vans.csv").write_text("colour,wheels\nred,4\n", encoding="utf-8")
    violations = check_region(folder).violations
    assert [(one.file, one.value) for one in violations] == [("vans.csv", "colour wheels")]
    assert "none of the columns" in violations[0].problem


def test_ragged_rows_are_not_judged_cell_by_cell(tmp_path: Path) -> None:
    """A row with a cell too few is told once, with its number; rows after it keep theirs."""
    folder = write_region(tiny_tables(), tmp_path)
    path = folder / "hosts.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("H1,Lake-store,", "H1,") + "H3,x,y,0,1\n", encoding="utf-8"
    )
    told = [(one.row, one.problem) for one in check_region(folder).violations if one.file == "hosts.csv"]
    assert told == [(2, "too few cells"), (4, "not a number")]


def test_optional_tables_may_be_absent_or_empty(tmp_path: Path) -> None:
    """Each absent optional table is noted with what that means; a header alone is fine for these."""
    tables = tiny_tables()
    dropped("gain", "competitors", "vans")(tables)
    headers_only("conversions")(tables)
    report = check_region(write_region(tables, tmp_path))
    assert report.is_clean
    assert "no table gain: openings win no margin" in report.notes
    assert any(note.startswith("no table competitors") for note in report.notes)
    assert "candidates.csv: 1 site list van_weekly, which cannot open as there are no vans" in report.notes


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (cell("road_edges", 2, "minutes", "0.5"), "road_edges.csv: 1 road faster than 200 km/h (rows 2)"),
        (cell("road_edges", 2, "to_id", "J1"), "road_edges.csv: 1 road from a junction to itself"),
        (cell("road_edges", 2, "to_id", "J1"), "the roads fall into 2 parts that do not meet; 1 junction outside"),
        (cell("outlets", 2, "lease_end", "2030-01-01"), "outlets.csv: lease_end of 1 owned outlet is not used"),
        (cell("outlets", 3, "disposal_proceeds", "9"), "outlets.csv: disposal_proceeds of 1 leased outlet is not used"),
        (cell("formats", 2, "dwell_minutes", "5"), "formats.csv row 2: dwell_minutes is not used (channel outlet)"),
        (cell("nodes", 2, "lon", "10.23"), "nodes.csv: 1 row outside the outline of their own district (N1)"),
        (renamed("nodes", "market_margin_per_year", "market_margin"), "is market_margin_per_year meant?"),
        (without("nodes", "market_margin_per_year"), "nodes.csv: without the columns market_margin_per_year (0)"),
        (without("outlets", "margin_advice"), "outlets: no margin is booked for advice (no column margin_advice)"),
        (
            cell("bases", 2, "site_id", "O4"),
            "bases.csv: 1 base at an outlet without staff works only once it is staffed",
        ),
        (without("formats", "capacity_visits_per_year"), "capacity_visits_per_year (no limit)"),
        (dropped("bases", "vans"), "no table bases: no fixed-time counters and no vans"),
        (
            cell("hosts", 3, "name", "x"),
            "visits.csv: no row for children counter, children advice: they make no visits",
        ),
        (cell("road_nodes", 7, "lon", "12"), "road_nodes.csv: 1 row outside the region"),
        (renamed("hosts", "name", " name"), "hosts.csv: column ' name' is read as 'name'"),
    ],
)
def test_what_is_odd_but_possible_is_noted(change: Callable[[Tables], None], note: str, tmp_path: Path) -> None:
    """Nothing is defaulted or ignored in silence: each is one note, and no violation."""
    tables = tiny_tables()
    change(tables)
    report = check_region(write_region(tables, tmp_path))
    assert report.is_clean, str(report)
    assert [found for found in report.notes if note in found], report.notes


def test_identifiers_that_differ_by_case_are_noted() -> None:
    """h1 and H1 are two hosts; a planner who meant one should see it."""
    tables = tiny_tables()
    cell("hosts", 3, "host_id", "h1")(tables)
    cell("candidates", 2, "host_id", "h1")(tables)
    result = checked(tables)
    assert places(result) == []
    assert "hosts.csv: 2 identifiers differ in upper and lower case only (H1, h1)" in result.notes


def test_an_idle_service_and_a_lonely_township_are_noted() -> None:
    """A class that no format offers and a township without a node are worth knowing."""
    tables = tiny_tables()
    tables["formats"]["services"] = tables["formats"]["services"].str.replace(" advice", "")
    cell("outlets", 2, "margin_advice", "0")(tables)
    tables["townships"].loc[3] = ["B2", "B", "Far", "Far", "10.30", "0"]
    result = checked(tables)
    assert places(result) == []
    assert "formats.csv: no format offers advice, so all its visits stay unserved" in result.notes
    assert "townships.csv: 1 township without a node (B2)" in result.notes


def test_formats_that_nobody_supplies_are_noted() -> None:
    """If no format supplies cash, points that need it cannot operate."""
    tables = tiny_tables()
    tables["formats"]["supplies_cash"] = "0"
    assert "no format supplies cash, so point cannot operate" in " ".join(checked(tables).notes)


def test_a_further_segment_is_people() -> None:
    """A segment column beyond the three is read as people: text and more people than there are are refused."""
    tables = tiny_tables()
    tables["nodes"]["disabled"] = ["10", "x", "-1", "5000", "0", "0"]
    tables["visits"].loc[7] = ["disabled", "cash", "1", "0", "0.5"]
    told = [(one.row, one.column, one.problem) for one in checked(tables).violations]
    assert told == [
        (3, "disabled", "not a number"),
        (4, "disabled", "must be at least 0"),
        (5, "disabled", "more than the people of the node"),
    ]


def test_nobody_in_the_region_is_a_violation() -> None:
    """Nodes without any people cannot be planned for; some empty nodes are noted."""
    tables = tiny_tables()
    for segment in ("children", "working", "elderly"):
        tables["nodes"].loc[0, segment] = "0"
    assert "nodes.csv: 1 node without people" in checked(tables).notes
    for segment in ("children", "working", "elderly"):
        tables["nodes"][segment] = "0"
    assert [one.problem for one in checked(tables).violations] == ["nobody lives in the region"]


def test_without_outlines_strays_are_told_from_the_other_places() -> None:
    """A swapped place is found even if there is no outline to hold it against; a region without strays is clean."""
    tables = tiny_tables()
    assert places(checked(tables, with_outlines=False)) == []
    ONE_VIOLATION["swapped"][0](tables)
    assert places(checked(tables, with_outlines=False)) == [("nodes.csv", 6, "lon lat")]


def outlined(
    change: Callable[[dict[str, object], dict[str, object]], None], tmp_path: Path
) -> list[tuple[object, ...]]:
    """Violations after a change of the first outline's properties and geometry."""
    folder = write_region(tiny_tables(), tmp_path)
    content = json.loads(outlines())
    change(content["features"][0]["properties"], content["features"][0])
    (folder / "districts.geojson").write_text(json.dumps(content), encoding="utf-8")
    report = check_region(folder)
    return [(one.file, one.row, one.column, one.problem) for one in report.violations]


def test_outlines_are_checked_too(tmp_path: Path) -> None:
    """An unknown or repeated district, a line in place of an area, swapped coordinates: each is told."""
    box = [[-100.0, 100.0], [0.0, 100.0], [0.0, 120.0], [-100.0, 100.0]]
    cases: list[tuple[Callable[[dict[str, object], dict[str, object]], None], int, str]] = [
        (lambda properties, _: properties.update(district_id="Z"), 2, "not in the table of districts"),
        (lambda properties, _: properties.update(district_id="B"), 3, "a second outline of this district"),
        (lambda _, one: one.update(geometry={"type": "Point", "coordinates": [10, 0]}), 2, "the outline is a Point"),
        (
            lambda _, one: one.update(geometry={"type": "Polygon", "coordinates": [box]}),
            2,
            "not longitude and latitude",
        ),
    ]
    for number, (change, row, problem) in enumerate(cases):
        told = [one for one in outlined(change, tmp_path / str(number)) if one[0] == "districts.geojson"]
        assert [one[:3] for one in told] == [("districts.geojson", row, "district_id")]
        assert problem in str(told[0][3])


def test_outlines_need_a_district_and_a_geometry(tmp_path: Path) -> None:
    """A file of outlines without district_id, or without any outline, is told as one violation."""
    folder = write_region(tiny_tables(), tmp_path)
    path = folder / "districts.geojson"
    path.write_text(outlines().replace("district_id", "code"), encoding="utf-8")
    first = check_region(folder).violations
    assert [(one.file, one.column, one.problem) for one in first] == [
        ("districts.geojson", "district_id", "the column is missing")
    ]
    path.unlink()
    buffer = io.BytesIO()
    pd.DataFrame({"district_id": ["A", "B"]}).to_parquet(buffer)
    raws = {stem: read_frame(f"{stem}.csv", frame) for stem, frame in tiny_tables().items()}
    shapes = parse_table(Path("districts.parquet"), buffer.getvalue(), "districts", ())
    assert [one.problem for one in check_tables(raws, shapes).violations] == ["holds no outlines"]


def test_outlines_that_cross_themselves_are_repaired_and_noted(tmp_path: Path) -> None:
    """A bow tie is drawn as its two halves, and a district without outline is named."""
    folder = write_region(tiny_tables(), tmp_path)
    content = json.loads(outlines())
    content["features"] = content["features"][:1]
    bow_tie = [[9.95, -0.05], [10.2, 0.05], [10.2, -0.05], [9.95, 0.05], [9.95, -0.05]]
    content["features"][0]["geometry"]["coordinates"] = [bow_tie]
    (folder / "districts.geojson").write_text(json.dumps(content), encoding="utf-8")
    report = check_region(folder)
    assert report.region is not None
    shapes = report.region.districts.geometry
    assert shapes[0].is_valid
    assert shapes[1] is None
    assert "districts.geojson: 1 outline crossed itself and was repaired for drawing" in report.notes
    assert "districts.geojson: no outline of 1 district (B)" in report.notes


@pytest.mark.parametrize(
    ("old", "new", "column", "problem"),
    [
        ('crs = "EPSG:4326"', 'crs = "EPSG:999999"', "crs", "unknown coordinate reference system"),
        ('crs = "EPSG:4326"', 'crs = "EPSG:32649"', "crs", "WGS-84 only"),
        ('crs = "EPSG:4326"', "", "crs", "missing"),
        ('country = "XX"', "country = 5", "country", "valid string"),
        ('country = "XX"', 'country = "XX"\ncapital = 5', "capital", "unknown key"),
        ("modelled = true", 'modelled = "yes"', "sources.nodes.modelled", "boolean"),
        ("modelled = true", "", "sources.nodes.modelled", "missing"),
        ("modelled = true", "modelled = true\nlicense = 1", "sources.nodes.license", "unknown key"),
        ("[sources.nodes]", "[sources.node]", "sources.node", "no table has this name"),
        ("[sources.nodes]", "[sources.nodes", "", "not valid TOML"),
        ('name = "Tiny"', 'name = ""', "name", "at least 1"),
    ],
)
def test_region_toml_is_checked(old: str, new: str, column: str, problem: str, tmp_path: Path) -> None:
    """Every key of region.toml is checked; unknown ones are refused with the nearest that exists."""
    folder = write_region(tiny_tables(), tmp_path, settings=SETTINGS.replace(old, new))
    told = check_region(folder).violations
    assert [(one.file, one.column) for one in told] == [("region.toml", column)]
    assert problem in told[0].problem


def test_a_missing_region_toml_is_one_violation(tmp_path: Path) -> None:
    """A folder without region.toml still has its tables checked."""
    tables = tiny_tables()
    cell("nodes", 2, "working", "x")(tables)
    folder = write_region(tables, tmp_path)
    (folder / "region.toml").unlink()
    assert [one.file for one in check_region(folder).violations] == ["region.toml", "nodes.csv"]


def test_a_missing_folder_is_one_violation(tmp_path: Path) -> None:
    """Not a list of sixteen missing tables."""
    assert [one.problem for one in check_region(tmp_path / "none").violations] == ["no such folder"]


def test_checking_writes_nothing(tmp_path: Path) -> None:
    """The folder holds the same files, byte for byte, afterwards."""
    folder = write_region(tiny_tables(), tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    check_region(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_report_names_the_region_and_its_notes(tmp_path: Path) -> None:
    """A clean report says so, sums the region up and lists the notes."""
    report = check_region(write_region(tiny_tables(), tmp_path))
    text = str(report)
    assert "no violations" in text
    assert "3,100 in 6 nodes" in text
    assert f"{len(report.notes)} notes:" in text
    assert all(note in text for note in report.notes)


def test_many_violations_of_one_kind_are_grouped() -> None:
    """500 rows with one fault are printed as 20 rows and a count, after the one line that says what is wrong."""
    violations = [Violation("nodes.csv", row, "elderly", "x", "not a number", "write digits") for row in range(2, 502)]
    lines = listing([*violations, Violation("vans.csv", 2, "van_id", "", "empty", "fill it in")]).splitlines()
    assert lines[0] == "501 violations in 2 files"
    assert lines[1] == "  nodes.csv: elderly: not a number; write digits"
    assert lines[2] == "      row 2: 'x'"
    assert lines[22] == "      and 480 more rows"
    assert lines[23] == "  vans.csv: row 2, van_id = '': empty; fill it in"
    assert len(lines) == 24


def test_groups_keep_the_remedy_of_each_row() -> None:
    """Where the remedies differ, each row shows its own."""
    violations = [Violation("a.csv", row, "b", f"v{row}", "unknown", f"write w{row}") for row in (2, 3)]
    assert listing(violations).splitlines()[1:] == [
        "  a.csv: b: unknown",
        "      row 2: 'v2'; write w2",
        "      row 3: 'v3'; write w3",
    ]


def test_values_cannot_steer_the_terminal() -> None:
    """Escape sequences are shown, line ends and bidirectional marks too; long values are cut and their length told."""
    assert shown("\x1b[31mred\n") == "'\\x1b[31mred\\n'"
    assert shown("\u202eabc") == "'\\u202eabc'"
    assert shown("奉节") == "'奉节'"
    assert shown("x" * 5000) == "'" + "x" * 59 + "…' (5000 characters)"
    assert some(["a", "b\x07"], 1) == "a and 1 more"


def test_hostile_cells_are_printed_escaped(tmp_path: Path) -> None:
    """No cell, column name or key reaches the terminal unescaped."""
    tables = tiny_tables()
    cell("nodes", 3, "working", "\x1b]0;x\x07")(tables)
    cell("outlets", 3, "format", "\x1b[2J")(tables)
    tables["hosts"]["\x1b[1mextra"] = "1"
    settings_text = SETTINGS + '\n[sources."\\u001b[3m"]\nsource = "x"\n'
    text = str(check_region(write_region(tables, tmp_path, settings=settings_text)))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b]0;x\\x07" in text


def test_spreadsheet_formulas_are_plain_text() -> None:
    """A name that starts like a formula is a name."""
    tables = tiny_tables()
    cell("hosts", 2, "name", "=CMD()")(tables)
    assert places(checked(tables)) == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", " 12.50 ", 12.5),
        ("number", "-.5e-3", -0.0005),
        ("whole", "3.0", 3.0),
        ("flag", "Yes", True),
        ("flag", "FALSE", False),
        ("id", "007", "007"),
        ("date", "9999-12-31", np.datetime64("9999-12-31", "s")),
        ("list", "cash  counter", ("cash", "counter")),
    ],
)
def test_cells_are_read_by_kind(kind: str, text: str, value: object) -> None:
    """What a cell means follows from its kind alone."""
    column = typed_column(np.array([text, ""], dtype=object), kind)  # type: ignore[arg-type]
    assert column.series[0] == value
    assert column.faults == ()
    assert pd.isna(column.series[1])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8))
def test_numbers_are_finite_or_refused(text: str) -> None:
    """Whatever a cell holds: it is blank, a finite number that Python agrees with, or a fault."""
    cell_text = text if text.strip() else ""
    column = typed_column(np.array([cell_text], dtype=object), "number")
    value = column.series[0]
    if column.faults:
        assert np.isnan(value)
    elif cell_text:
        assert np.isfinite(value)
        assert value == float(cell_text.strip())
    else:
        assert np.isnan(value)


def _damaged(data: bytes, choose: random.Random) -> bytes:
    """The bytes with one random accident."""
    place = choose.randrange(len(data))
    inserts = [b"\0", b'"', b",", b"\n", b"\x1b[31m", b"\xff\xfe", b"\r", b"inf", b"\xe2\x80\xae", b"[" * 500]
    accidents = (
        lambda: data[:place],
        lambda: data[:place] + bytes([choose.randrange(256)]) + data[place + 1 :],
        lambda: data[:place] + choose.choice(inserts) + data[place:],
        lambda: bytes(choose.randrange(256) for _ in range(300)),
        lambda: data + data,
        lambda: b"\n".join(choose.sample(data.split(b"\n"), len(data.split(b"\n")))),
        lambda: "".join(choose.choice(string.printable) for _ in range(200)).encode(),
    )
    return choose.choice(accidents)()


@pytest.mark.parametrize("stem", sorted(tiny_tables()))
@pytest.mark.parametrize("kept", [slice(0, 1), slice(1, None)], ids=["key only", "no key"])
def test_checks_do_without_any_column(stem: str, kept: slice) -> None:
    """Whatever columns a table lacks, each that is required is told, and comparisons that need it are left out."""
    tables = tiny_tables()
    columns = list(tables[stem].columns[kept])
    tables[stem] = tables[stem][columns]
    contract = next(table for table in TABLES if table.stem == stem).schema.columns
    required = {name for name, one in contract.items() if one.required} - set(columns)
    told = {one.column for one in checked(tables).violations if one.problem == "the column is missing"}
    assert told == required


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_accident_ends_in_a_report(seed: int, tmp_path: Path) -> None:
    """Damage any files in any way: the check returns a printable report, with a region only if there is no violation."""
    choose = random.Random(seed)
    folder = write_region(tiny_tables(), tmp_path / "region")
    (folder / "plan.toml").write_text('[policy]\nprotected = ["O1"]\n', encoding="utf-8")
    for path in choose.sample(sorted(folder.iterdir()), choose.choice([1, 1, 3])):
        path.write_bytes(_damaged(path.read_bytes(), choose))
    report = check_region(folder)
    assert str(report).replace("\n", "").isprintable()
    about_tables = [one for one in report.violations if one.file != "plan.toml"]
    assert (report.region is None) == bool(about_tables)


def test_every_table_of_the_contract_is_in_the_tiny_region() -> None:
    """So that no table goes unchecked here."""
    assert set(tiny_tables()) == {table.stem for table in TABLES}


def test_raw_tables_count_their_rows() -> None:
    """The length of a raw table is its number of rows."""
    raw: RawTable = read_frame("hosts.csv", tiny_tables()["hosts"])
    assert len(raw) == 2
