"""CSV as people save it: UTF-8 with or without BOM or GB18030; comma, semicolon or tab; any line ending."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Collection

from netplan.readers.raw import Grid, RawTable, UnreadableFileError
from netplan.violations import Violation, shown

SEPARATORS = (",", ";", "\t")
_SAVE_AS = "save it as CSV in UTF-8"
_ODD_SHARE = 0.02
"""More unprintable characters than this, and it is not text."""


def read_delimited(file: str, data: bytes, known: Collection[str]) -> RawTable:
    """Read a CSV file's bytes as text cells.

    Parameters
    ----------
    known
        Column names of the table's contract; they tell the separator.

    Raises
    ------
    UnreadableFileError
        The bytes are not a text table in one of the encodings.
    """
    text, note = _decoded(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFileError("the file is empty", "write at least its header row")
    grid = _parsed(file, text, _separator(text, known))
    if note:
        grid.notes.insert(0, f"{file}: {note}")
    return grid.table()


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and a note if it is not plain UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFileError("the text is in UTF-16, which is not read", _SAVE_AS)
    if data.startswith(b"PK\x03\x04"):
        raise UnreadableFileError(
            "this is a workbook or archive, not CSV", "give it the extension .xlsx, or " + _SAVE_AS
        )
    if b"\0" in data:
        raise UnreadableFileError("holds NUL bytes, so it is not a text table", _SAVE_AS)
    try:
        text, note = data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        text = _decoded_gb18030(data, error)
        note = f"read as GB18030, for example {_foreign_word(text)}"
    _refuse_garbage(text)
    return text, note


def _decoded_gb18030(data: bytes, error: UnicodeDecodeError) -> str:
    """The text in GB18030, unless it looks like UTF-8 with a few damaged bytes, which GB18030 would garble."""
    lenient = data.decode("utf-8", errors="replace")
    damaged = lenient.count("\ufffd")
    foreign = sum(not letter.isascii() for letter in lenient) - damaged
    if foreign > damaged:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(f"not valid UTF-8 in line {line} ({error.reason})", _SAVE_AS)
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise UnreadableFileError("neither UTF-8 nor GB18030 text", _SAVE_AS) from None


def _refuse_garbage(text: str) -> None:
    sample = text[:20_000]
    odd = sum(unicodedata.category(letter) in ("Cc", "Cn", "Co", "Cs") for letter in sample if letter not in "\t\r\n")
    if odd > _ODD_SHARE * len(sample):
        raise UnreadableFileError("not a text table (mostly unprintable characters)", _SAVE_AS)


def _foreign_word(text: str) -> str:
    cells = text.replace("\n", ",").replace(";", ",").replace("\t", ",").split(",")
    return shown(next((cell for cell in cells if not cell.isascii()), ""))


def _separator(text: str, known: Collection[str]) -> str:
    header = text.split("\n", 1)[0]

    def fit(separator: str) -> tuple[int, int]:
        names = [name.strip().strip('"').strip() for name in header.split(separator)]
        return sum(name in known for name in names), len(names)

    return max(SEPARATORS, key=fit)


def _parsed(file: str, text: str, separator: str) -> Grid:
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    grid = Grid(file, [], [], [])
    start = 1
    try:
        grid.header = next(reader)
        width = len(grid.header)
        start = reader.line_num + 1
        for cells in reader:
            grid.lines.append(_trimmed(cells, width))
            grid.rows.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        problem = f"cannot be split into cells ({error}), so the rows from here on are not checked"
        remedy = 'close every quotation mark, and double those inside a quoted cell ("")'
        grid.violations.append(Violation(file, start, "", None, problem, remedy))
    while grid.lines and not any(grid.lines[-1]):
        grid.lines.pop()
        grid.rows.pop()
    return grid


def _trimmed(cells: list[str], width: int) -> list[str]:
    """Cells of white space as blank, and nothing where separators alone run on past the header's width."""
    cells = [cell if cell and not cell.isspace() else "" for cell in cells]
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    return cells
