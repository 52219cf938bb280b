"""Cells, columns and tables of a worksheet: text that stays text, numbers with their format."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

LONGEST_TEXT = 32_767
"""What a worksheet cell can hold."""

WHOLE = "#,##0"
TENTH = "#,##0.0"
HUNDREDTH = "#,##0.00"
PERCENT = "0.0%"
SIGNED_WHOLE = "+#,##0;-#,##0;0"
SIGNED_TENTH = "+#,##0.0;-#,##0.0;0.0"
SIGNED_HUNDREDTH = "+#,##0.00;-#,##0.00;0.00"

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

HEAD_FONT = Font(bold=True, color="FF3B3529")
HEAD_FILL = PatternFill("solid", fgColor="FFEDE7D9")
TITLE_FONT = Font(bold=True, size=15)
SECTION_FONT = Font(bold=True, size=12, color="FF57503F")
NOTE_FONT = Font(italic=True, color="FF6E675A")
BOLD_FONT = Font(bold=True)
_LINE = Border(bottom=Side(style="thin", color="FFB9AF9B"))
_TOP = Alignment(vertical="top")
_WRAP = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, width in characters, and number format ("" for text)."""

    title: str
    width: float = 12.0
    number_format: str = ""
    wraps: bool = False


def safe_text(text: str) -> str:
    """Text that a worksheet can hold and shows as it is.

    Control characters become their visible pictures, what XML cannot carry the replacement character; text that only looks
    like an escape (``_x0041_``) is escaped itself; what is too long ends in an ellipsis.
    """
    text = _CONTROL.sub(lambda found: chr(0x2400 + ord(found.group())), text)
    text = _LOOKS_ESCAPED.sub("_x005F_", _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def put(sheet: Worksheet, row: int, column: int, value: object, number_format: str = "") -> Cell:
    """Write a cell. Text is stored as text even where it starts like a formula; an unknown number stays blank."""
    cell: Cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = safe_text(value)
        cell.data_type = "s"
        if value.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True
    elif value is not None and math.isfinite(value):  # type: ignore[arg-type]
        cell.value = value
        cell.number_format = number_format or "General"
    return cell


def put_heading(sheet: Worksheet, row: int, text: str, font: Font = SECTION_FONT) -> int:
    """A heading in the first column; returns the row after it."""
    put(sheet, row, 1, text).font = font
    return row + 1


def put_table(sheet: Worksheet, top: int, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
    """A heading line and rows under it; returns the row after the last."""
    for at, column in enumerate(columns, start=1):
        cell = put(sheet, top, at, column.title)
        cell.font, cell.fill, cell.border = HEAD_FONT, HEAD_FILL, _LINE
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="right" if column.number_format else None)
    # Styles cost more than values: a municipality has a hundred thousand cells, and few of them wrap.
    is_tall = any(column.wraps for column in columns)
    row = top
    for row, values in enumerate(rows, start=top + 1):
        for at, (column, value) in enumerate(zip(columns, values, strict=True), start=1):
            cell = put(sheet, row, at, value, column.number_format)
            if is_tall:
                cell.alignment = _WRAP if column.wraps else _TOP
    return row + 1


def set_widths(sheet: Worksheet, columns: Sequence[Column]) -> None:
    """Column widths."""
    for at, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = column.width


def make_filterable(sheet: Worksheet, columns: Sequence[Column], last_row: int) -> None:
    """A sheet that is one table: header frozen, filters on, printed across the page with its header repeated."""
    set_widths(sheet, columns)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(last_row, 1)}"
    set_page(sheet)
    sheet.print_title_rows = "1:1"


def set_page(sheet: Worksheet) -> None:
    """Landscape, as wide as one page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def records(table: Any, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows of a DataFrame as tuples of Python's own types."""
    return list(zip(*(table[name].tolist() for name in names), strict=True))
