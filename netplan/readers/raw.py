"""A table as it was found: text cells, whatever the file format, with the row number of each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.violations import Violation, counted, shown

_EXACT_WHOLE = 2.0**53


class UnreadableFileError(Exception):
    """A file cannot be read as a table at all; carries what is wrong and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class RawTable:
    """Text cells of one file.

    Attributes
    ----------
    file
        Name of the file, for messages.
    cells
        Column name -> text cells, shape (rows,), a blank cell being ``""``.
    rows
        Row number of each, the header being row 1, shape (rows,).
    geometry
        Geometry of each row in WGS-84, where the format has it.
    ambiguous_rows
        Row numbers that have too few or too many cells, so that it is unclear which cell is which.
    """

    file: str
    cells: Mapping[str, NDArray[np.object_]]
    rows: NDArray[np.int64]
    geometry: gpd.GeoSeries | None = None
    ambiguous_rows: frozenset[int] = frozenset()
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(slots=True)
class Grid:
    """Header and rows of text while a file is read; `table` turns them into columns."""

    file: str
    header: list[str]
    lines: list[Sequence[str]]
    rows: list[int]
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def table(self, geometry: gpd.GeoSeries | None = None) -> RawTable:
        """The rows as columns; rows that are blank throughout are left out and counted."""
        names = self._names()
        blank = np.array([not any(line) for line in self.lines], dtype=bool)
        if geometry is not None:
            blank &= geometry.isna().to_numpy()
            geometry = geometry[~blank].reset_index(drop=True)
        lines = [line for line, is_blank in zip(self.lines, blank, strict=True) if not is_blank]
        if blank.any():
            self.notes.append(f"{self.file}: {counted(int(blank.sum()), 'blank row')} left out")
        ambiguous = self._check_widths(blank)
        width = len(self.header)
        if ambiguous:
            lines = [(*line[:width], *[""] * (width - len(line))) for line in lines]
        columns = list(zip(*lines, strict=True)) if lines else [()] * width
        cells = {name: _text_array(columns[place]) for place, name in names.items()}
        rows = np.array(self.rows, dtype=np.int64)[~blank]
        return RawTable(self.file, cells, rows, geometry, ambiguous, tuple(self.violations), tuple(self.notes))

    def _names(self) -> dict[int, str]:
        """Column position -> name; a repeated name is a violation, an unnamed column is left out and noted."""
        names: dict[int, str] = {}
        for place, found in enumerate(self.header):
            name = found.strip()
            if name != found:
                self.notes.append(f"{self.file}: column {shown(found)} is read as {shown(name)}")
            if not name:
                self._unnamed(place)
            elif name in names.values():
                remedy = "keep one of them, or rename the other"
                self.violations.append(Violation(self.file, 1, name, None, "two columns have this name", remedy))
            else:
                names[place] = name
        return names

    def _unnamed(self, place: int) -> None:
        if any(len(line) > place and line[place] for line in self.lines):
            problem = f"column {place + 1} holds values but has no name"
            self.violations.append(Violation(self.file, 1, "", None, problem, "name it in row 1, or remove it"))

    def _check_widths(self, blank: NDArray[np.bool_]) -> frozenset[int]:
        width = len(self.header)
        ambiguous = set()
        for line, row, is_blank in zip(self.lines, self.rows, blank, strict=True):
            if len(line) == width or is_blank:
                continue
            problem = "too few cells" if len(line) < width else "too many cells"
            remedy = f"give this row {width} cells like the header, and quote text that holds the separator"
            found = f"{len(line)} cells"
            self.violations.append(Violation(self.file, row, "", found, problem, remedy))
            ambiguous.add(row)
        return frozenset(ambiguous)


def raw_from_frame(file: str, frame: pd.DataFrame, geometry: gpd.GeoSeries | None = None) -> RawTable:
    """A table with typed columns as text cells; the first row is row 2, as under a header."""
    columns = [as_texts(frame.iloc[:, place]) for place in range(frame.shape[1])]
    lines: list[Sequence[str]] = list(zip(*columns, strict=True)) if columns else []
    header = [str(name) for name in frame.columns]
    return Grid(file, header, lines, list(range(2, len(lines) + 2))).table(geometry)


def as_texts(column: pd.Series) -> list[str]:
    """Each cell of a column as a person would type it; missing is blank."""
    return [as_text(value) for value in column.tolist()]


def as_text(value: Any) -> str:
    """One typed cell as text: 500236.0 is "500236", a date is ISO, a list is joined by spaces."""
    if isinstance(value, str):
        return value if value.strip() else ""
    if isinstance(value, (list, tuple, np.ndarray)):
        return " ".join(as_text(part) for part in value)
    if value is None or pd.isna(value):
        return ""
    return _scalar_text(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        is_whole = math.isfinite(number) and number.is_integer() and abs(number) <= _EXACT_WHOLE
        return str(int(number)) if is_whole else repr(number)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, (dt.datetime, np.datetime64)):
        moment = pd.Timestamp(value)
        return str(moment.date()) if moment == moment.normalize() else moment.isoformat()
    return str(value)


def _text_array(cells: Sequence[str]) -> NDArray[np.object_]:
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    array.flags.writeable = False
    return array
