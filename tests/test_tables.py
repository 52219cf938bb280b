"""The contracts: what they declare hangs together, and the page is generated from them."""

from __future__ import annotations

import pandera.pandas as pa
import pytest

from netplan import docs_tables
from netplan.tables import SEGMENTS, TABLES, Table, column

COLUMNS = [(table, name, one) for table in TABLES for name, one in table.schema.columns.items()]
BY_STEM = {table.stem: table for table in TABLES}


def test_the_page_is_up_to_date() -> None:
    """docs/tables.md is what the contracts say; `make docs` writes it."""
    assert docs_tables.PAGE.read_text(encoding="utf-8") == docs_tables.page()


def test_the_page_names_every_column() -> None:
    """Each table has its section and each column its line, with meaning and bounds."""
    sections = dict(part.split("\n", 1) for part in docs_tables.page().split("\n## ")[1:])
    for table, name, one in COLUMNS:
        shown = f"`{name.removeprefix('^')}...`" if one.regex else f"`{name}`"
        line = next(line for line in sections[table.stem].splitlines() if line.startswith(f"| {shown} |"))
        assert one.description in line
        assert one.metadata["unit"] in line
    assert "at least 0; at most 1" in sections["visits"]


def test_pages_are_one_cell_a_column() -> None:
    """No text breaks the Markdown: every line of a table has as many cells as its header."""
    width = 0
    for line in docs_tables.page().splitlines():
        if not line.startswith("|"):
            width = 0
        elif not width:
            width = line.count("|")
        else:
            assert line.count("|") == width, line


@pytest.mark.parametrize(("table", "name", "one"), COLUMNS, ids=[f"{table.stem}.{name}" for table, name, _ in COLUMNS])
def test_columns_say_what_they_mean(table: Table, name: str, one: pa.Column) -> None:
    """Each column has a meaning; numbers have a unit; what may be absent says what that means; references exist."""
    told = one.metadata
    assert one.description
    if told["kind"] in ("number", "whole"):
        assert told["unit"], "a number without a unit"
    if not one.required and not one.regex:
        assert told["blank"] or told["default"] is not None, "absent, and then?"
    if told["refers_to"]:
        stem, target = told["refers_to"].split(".")
        assert target in BY_STEM[stem].schema.columns


@pytest.mark.parametrize("table", TABLES, ids=[table.stem for table in TABLES])
def test_keys_are_columns(table: Table) -> None:
    """A key names columns of its table, and one column alone is declared unique."""
    assert set(table.key) <= set(table.schema.columns)
    if len(table.key) == 1:
        assert table.schema.columns[table.key[0]].unique
    elif table.key:
        assert table.schema.unique == list(table.key)


def test_the_three_segments_are_columns_of_nodes() -> None:
    """People are children + working + elderly."""
    assert set(SEGMENTS) <= set(BY_STEM["nodes"].schema.columns)


def test_columns_hold_their_checks() -> None:
    """Bounds and choices become pandera checks with words a planner understands."""
    one = column("whole", "days", "days", at_least=0, at_most=7, more_than=-1, blank="none")
    assert [check.error for check in one.checks] == ["a whole number", "at least 0", "at most 7", "more than -1"]
    assert one.nullable
    assert [check.error for check in column("text", "channel", one_of=("a", "b")).checks] == ["one of a, b"]
