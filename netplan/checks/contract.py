"""One table against its contract: cells read as declared, then pandera's checks, all violations kept."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from netplan.checks.cells import TypedColumn, typed_column
from netplan.readers import RawTable
from netplan.tables import Kind, Table, column
from netplan.violations import Violation, counted, shown, some

_REMEDIES = {
    "not_nullable": ("empty", "fill it in; only columns whose contract says so may be blank"),
    "field_uniqueness": ("given more than once", "make it unique, or remove the repeated row"),
    "multiple_fields_uniqueness": ("given more than once", "keep one row for each combination"),
}
_NULL_FIRST = {"not_nullable": 0, "field_uniqueness": 1, "multiple_fields_uniqueness": 1}


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A table read by its contract.

    Attributes
    ----------
    frame
        Typed columns of the contract that the file has, with a RangeIndex. Missing values are still missing.
    faulty
        Column -> rows whose value is not to be trusted, because a violation was found there; shape (rows,), bool.
    """

    table: Table
    raw: RawTable
    frame: pd.DataFrame
    faulty: Mapping[str, NDArray[np.bool_]]
    violations: tuple[Violation, ...]
    notes: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Columns of the contract that the file has."""
        return [str(name) for name in self.frame.columns]

    @property
    def file(self) -> str:
        """Name of the file, for messages."""
        return self.raw.file

    @property
    def geometry(self) -> gpd.GeoSeries | None:
        """Geometry of the rows, where the file has it."""
        return self.raw.geometry

    def has(self, *columns: str) -> bool:
        """Whether the file has every one of these columns."""
        return all(name in self.frame for name in columns)

    def violation(self, place: int, name: str, problem: str, remedy: str) -> Violation:
        """A violation at row position `place`, showing the cell as it was found."""
        cells = self.raw.cells.get(name)
        value = None if cells is None else str(cells[place])
        return Violation(self.file, int(self.raw.rows[place]), name, value, problem, remedy)

    def sound(self, *columns: str) -> NDArray[np.bool_]:
        """Rows in which every one of these columns is present, filled and free of violations."""
        good = np.ones(len(self.frame), dtype=bool)
        for name in columns:
            if name not in self.frame:
                return np.zeros(len(self.frame), dtype=bool)
            good &= ~self.faulty[name] & self.frame[name].notna().to_numpy()
        return good


def check_table(raw: RawTable, table: Table, people_columns: tuple[str, ...] = ()) -> CheckedTable:
    """Read `raw` by the contract of `table`.

    Parameters
    ----------
    people_columns
        Columns outside the contract that hold people, as named by the segments of `visits`.
    """
    schema = _with_people(table.schema, [name for name in people_columns if name in raw.cells])
    strange = [name for name in raw.cells if declared(schema, name) is None]
    if len(strange) == len(raw.cells):
        return CheckedTable(table, raw, pd.DataFrame(), {}, (*raw.violations, _not_this_table(raw, table)), raw.notes)
    absent = [name for name in schema.columns if name not in raw.cells]
    notes = [f"{raw.file}: column {shown(name)} is not used{_meant(name, absent)}" for name in strange]
    typed = _typed(raw, schema)
    frame = pd.DataFrame({name: one.series for name, one in typed.items()}, index=range(len(raw)))
    notes += _look_alikes(raw.file, frame, table)
    unclear = np.isin(raw.rows, list(raw.ambiguous_rows))
    faulty = {name: unclear.copy() for name in typed}
    checked = CheckedTable(table, raw, frame, faulty, raw.violations, (*raw.notes, *notes))
    found = [*_unreadable_cells(checked, typed), *_contract_failures(checked, schema)]
    found.sort(key=lambda violation: violation.row or 0)
    return replace(checked, violations=(*raw.violations, *_no_rows(checked), *found))


def having(found: Mapping[str, CheckedTable], stem: str, *columns: str) -> CheckedTable | None:
    """The table `stem` if it could be read and has these columns; otherwise there is nothing to compare."""
    checked = found.get(stem)
    return checked if checked is not None and checked.has(*columns) else None


def declared(schema: pa.DataFrameSchema, name: str) -> str | None:
    """The column or pattern of the contract that a column `name` falls under, if any."""
    if name in schema.columns:
        return name
    patterns = (key for key, one in schema.columns.items() if one.regex)
    return next((pattern for pattern in patterns if re.match(pattern, name)), None)


def kind_of(schema: pa.DataFrameSchema, key: str) -> Kind:
    """How the cells of a declared column or pattern are read."""
    kind: Kind = schema.columns[key].metadata["kind"]
    return kind


def _with_people(schema: pa.DataFrameSchema, names: list[str]) -> pa.DataFrameSchema:
    new = {
        name: column("number", "people of this segment", "people", at_least=0)
        for name in names
        if declared(schema, name) is None
    }
    return schema.add_columns(new) if new else schema


def _not_this_table(raw: RawTable, table: Table) -> Violation:
    header = " ".join(raw.cells)
    remedy = f"write the header that docs/tables.md lists: {some(table.schema.columns, 4)}"
    return Violation(raw.file, 1, "", header, f"has none of the columns of the table {table.stem}", remedy)


def _meant(name: str, options: list[str]) -> str:
    close = difflib.get_close_matches(name.casefold(), options, n=1, cutoff=0.7)
    return f" (is {close[0]} meant?)" if close else ""


def _look_alikes(file: str, frame: pd.DataFrame, table: Table) -> Iterator[str]:
    """Identifiers that differ in upper and lower case only are different, which is seldom meant."""
    if len(table.key) == 1 and table.key[0] in frame and kind_of(table.schema, table.key[0]) == "id":
        ids = frame[table.key[0]].dropna().drop_duplicates()
        alike = ids[ids.str.casefold().duplicated(keep=False)]
        if len(alike):
            yield f"{file}: {counted(len(alike), 'identifier')} differ in upper and lower case only ({some(alike)})"


def _typed(raw: RawTable, schema: pa.DataFrameSchema) -> dict[str, TypedColumn]:
    keys = {name: declared(schema, name) for name in raw.cells}
    return {name: typed_column(raw.cells[name], kind_of(schema, key)) for name, key in keys.items() if key is not None}


def _no_rows(checked: CheckedTable) -> Iterator[Violation]:
    if not len(checked.raw) and not checked.table.is_optional:
        yield Violation(checked.file, None, "", None, "has a header but no rows", "add the rows")


def _unreadable_cells(checked: CheckedTable, typed: Mapping[str, TypedColumn]) -> Iterator[Violation]:
    for name, one in typed.items():
        for place, problem, remedy in one.faults:
            if not checked.faulty[name][place]:
                yield checked.violation(place, name, problem, remedy)
            checked.faulty[name][place] = True


def _contract_failures(checked: CheckedTable, schema: pa.DataFrameSchema) -> Iterator[Violation]:
    """What pandera finds, less what follows from a fault already told; marks the cells as faulty."""
    for name, check, place in _failure_cases(checked.frame, schema):
        if check == "column_in_dataframe":
            yield _missing_column(checked, schema, name)
        elif check == "multiple_fields_uniqueness":
            yield from _repeated_key(checked, name, place)
        elif name in checked.frame and not checked.faulty[name][place]:
            problem, remedy = _REMEDIES.get(check, (f"must be {check}", "correct the value"))
            yield checked.violation(place, name, problem, remedy)
            checked.faulty[name][place] = True


def _failure_cases(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> list[tuple[str, str, int]]:
    """Column, check and row position of every failure; blanks before what blanks provoke."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # how pandera joins its cases is no matter of the planner's
            schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    is_missing = cases["check"] == "column_in_dataframe"
    names = cases["column"].where(~is_missing, cases["failure_case"])
    places = [-1 if pd.isna(place) else int(place) for place in cases["index"]]
    found = zip(names.astype(str), cases["check"].astype(str), places, strict=True)
    return sorted(found, key=lambda case: (_NULL_FIRST.get(case[1], 2), case[2]))


def _missing_column(checked: CheckedTable, schema: pa.DataFrameSchema, name: str) -> Violation:
    known = [found for found in checked.raw.cells if found not in checked.frame]
    close = difflib.get_close_matches(name, [found.casefold() for found in known], n=1, cutoff=0.75)
    meant = next((found for found in known if close and found.casefold() == close[0]), None)
    means = schema.columns[name].description
    remedy = f"rename the column {shown(meant)} to {name}" if meant else f"add it ({means})"
    return Violation(checked.file, 1, name, None, "the column is missing", remedy)


def _repeated_key(checked: CheckedTable, name: str, place: int) -> Iterator[Violation]:
    """One violation a row for a repeated combination, though pandera reports each column of it.

    A part of the key that may be blank counts as it stands, and one that may be absent only where it is there.
    """
    key = [part for part in checked.table.key if part in checked.frame]
    schema = checked.table.schema
    filled = checked.sound(*(part for part in key if not schema.columns[part].nullable))[place]
    if name == key[0] and filled and not any(checked.faulty[part][place] for part in key):
        value = " ".join(str(checked.raw.cells[part][place]) for part in key).rstrip()
        row = int(checked.raw.rows[place])
        yield Violation(checked.file, row, " ".join(key), value, *_REMEDIES["multiple_fields_uniqueness"])
