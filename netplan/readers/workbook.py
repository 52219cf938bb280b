"""Excel workbooks (.xlsx): values only. Formulas are never evaluated."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import openpyxl
from openpyxl.cell.cell import TYPE_ERROR
from openpyxl.workbook.workbook import Workbook

from netplan.readers.raw import Grid, RawTable, UnreadableFileError, as_text
from netplan.violations import Violation, counted, some

_FORMULA = re.compile(rb"<(\w+:)?f[\s>/]")


def read_workbook(file: str, data: bytes, stem: str) -> RawTable:
    """Read the sheet named like the table, or the only sheet, as text cells.

    Raises
    ------
    UnreadableFileError
        Several sheets and none has the table's name, or the sheet is empty.
    """
    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    name = _sheet_name(values, stem)
    grid = _grid(file, values, name)
    if _holds_formulas(data):
        _refuse_open_formulas(grid, openpyxl.load_workbook(io.BytesIO(data), read_only=True), name)
    others = [other for other in values.sheetnames if other != name]
    if others:
        grid.notes.append(f"{file}: {counted(len(others), 'further sheet')} not read ({some(others)})")
    return grid.table()


def _holds_formulas(data: bytes) -> bool:
    """Whether any sheet has a formula; parsing a large workbook a second time is only then worth it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(_FORMULA.search(archive.read(name)) for name in sheets)


def _sheet_name(workbook: Workbook, stem: str) -> str:
    names = [str(sheet.title) for sheet in workbook.worksheets]
    if stem in names:
        return stem
    if len(names) == 1:
        return names[0]
    raise UnreadableFileError(f"has {counted(len(names), 'sheet')} and none is named {stem}", f"name the sheet {stem}")


def _grid(file: str, workbook: Workbook, name: str) -> Grid:
    sheet = workbook[name]
    sheet.reset_dimensions()  # a workbook may state a wrong size; count the cells instead
    grid = Grid(file, [], [], [])
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_cell_text(grid, row, cell) for cell in cells]
        if row == 1:
            grid.header = _without_tail(texts)
        else:
            width = len(grid.header)
            texts = _without_tail(texts) if len(texts) > width else texts
            grid.lines.append(texts + [""] * (width - len(texts)))
            grid.rows.append(row)
    if not grid.header:
        raise UnreadableFileError("the sheet is empty", "write at least its header row")
    while grid.lines and not any(grid.lines[-1]):
        grid.lines.pop()
        grid.rows.pop()
    return grid


def _cell_text(grid: Grid, row: int, cell: Any) -> str:
    text = as_text(cell.value)
    if cell.data_type == TYPE_ERROR and text:
        column = grid.header[cell.column - 1] if cell.column <= len(grid.header) else ""
        remedy = "correct the formula behind it, or write the value"
        grid.violations.append(Violation(grid.file, row, column, text, "an Excel error", remedy))
        return ""
    return text


def _refuse_open_formulas(grid: Grid, formulas: Workbook, name: str) -> None:
    """A formula that was never calculated has no value to read; it must not pass for a blank cell."""
    width = len(grid.header)
    found = dict(zip(grid.rows, grid.lines, strict=True))
    for row in formulas[name].iter_rows(min_row=2):
        for cell in row:
            if cell.data_type != "f" or cell.column > width or found.get(cell.row, [""] * width)[cell.column - 1]:
                continue
            remedy = "open the workbook, calculate and save it, or write the value"
            problem = "a formula without a stored value"
            column = grid.header[cell.column - 1]
            grid.violations.append(Violation(grid.file, cell.row, column, str(cell.value), problem, remedy))


def _without_tail(texts: list[str]) -> list[str]:
    last = max((place for place, text in enumerate(texts) if text), default=-1)
    return texts[: last + 1]
