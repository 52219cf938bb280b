"""`docs/tables.md`, written from the contracts: ``python -m netplan.docs_tables``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from netplan.checks.places import MARGIN_DEGREES
from netplan.checks.settings import RegionSettings, SourceSettings
from netplan.tables import TABLES, Table

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"

_HEAD = f"""\
# The tables of a region folder

This page is written from the contracts in `netplan/tables/` by `python -m netplan.docs_tables`; `netplan check REGION`
holds a folder against them and lists everything that does not fit, with file, row, column, value and remedy.

A region folder holds `region.toml`, one file a table and any number of plan files ([plan-file.md](plan-file.md)).

- **Formats.** CSV (comma, semicolon or tab; UTF-8 with or without BOM, or GB18030), GeoPackage, GeoJSON, Excel (.xlsx)
  and Parquet, one file a table, named like the table: `nodes.csv` or `nodes.gpkg`, not both. The one exception:
  `districts.geojson` or `districts.gpkg` beside `districts.csv` gives the outlines, joined by `district_id`.
- **Places.** Longitude and latitude in WGS-84. Where a file has geometry and no `lon` and `lat`, they are taken from it:
  of a point its coordinates, of an area a point inside. Geometry in another coordinate reference system is converted, and that
  is noted; geometry without one is refused. Every place must lie within {MARGIN_DEGREES:g} degrees of the box round the district outlines.
- **Excel.** The sheet named like the table, or the only one. Values are read, formulas are never calculated: a
  formula without a stored value is refused.
- **Identifiers** are text (`007` stays `007`; 500236.0 in a workbook is `500236`), without blanks, and
  upper and lower case differ.
- **Numbers** have a point as decimal sign and neither thousands separators nor units. **Flags** are 1 / 0, true / false or yes / no.
  **Dates** are year-month-day. **Lists** are separated by spaces.
- **Rows** in messages count as a spreadsheet does: the header is row 1.
- **Blank** cells are refused unless the column says what they mean. Columns that are not listed here are left unused, and
  noted. An optional column that is absent takes its default, and that is noted.
"""


def page() -> str:
    """The whole page as Markdown."""
    blocks = [_HEAD, *_settings(), "## Tables\n", _overview(), *(_table(table) for table in TABLES)]
    return "\n".join(blocks)


def _settings() -> Iterator[str]:
    yield "## region.toml\n"
    yield _keys(RegionSettings)
    yield "`[sources.TABLE]`, for the tables that the region has:\n"
    yield _keys(SourceSettings)


def _keys(model: type[BaseModel]) -> str:
    lines = ["| key | must be given | meaning |", "|---|---|---|"]
    for name, key in model.model_fields.items():
        lines.append(f"| `{name}` | {'yes' if key.is_required() else 'no'} | {key.description} |")
    return "\n".join(lines) + "\n"


def _overview() -> str:
    lines = ["| table | holds | if absent |", "|---|---|---|"]
    for table in TABLES:
        lines += [f"| [{table.stem}](#{table.stem}) | {table.meaning} | {table.absent or '**must be there**'} |"]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> str:
    lines = [f"## {table.stem}\n", table.meaning]
    if len(table.key) > 1:
        lines.append(f"One row for each combination of {' and '.join(f'`{name}`' for name in table.key)}.")
    lines += ["", "| column | holds | unit | meaning | bounds | blank cell | if the column is absent |"]
    lines.append("|---|---|---|---|---|---|---|")
    lines += [_column(name, one) for name, one in table.schema.columns.items()]
    return "\n".join(lines) + "\n"


def _column(name: str, one: Any) -> str:
    told = one.metadata
    cells = [
        f"`{name.removeprefix('^')}...`" if one.regex else f"`{name}`",
        _holds(told),
        told["unit"],
        one.description,
        "; ".join(_bounds(one, told)),
        told["blank"] or "refused",
        _absent(one, told),
    ]
    return f"| {' | '.join(cells)} |"


def _holds(told: dict[str, Any]) -> str:
    words = {"whole": "whole number", "list": "list of identifiers", "id": "identifier"}
    return words.get(told["kind"], str(told["kind"]))


def _bounds(one: Any, told: dict[str, Any]) -> Iterator[str]:
    yield from (str(check.error) for check in one.checks if check.error != "a whole number")
    if one.unique:
        yield "unique"
    if told["refers_to"]:
        yield f"in `{told['refers_to']}`"


def _absent(one: Any, told: dict[str, Any]) -> str:
    if one.regex:
        return told["blank"] or "0 for that service"
    if one.required:
        return "refused"
    if told["absent"]:
        return str(told["absent"])
    return str(told["blank"]) if told["default"] is None else f"{told['default']:g}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
