"""Text cells to typed values, one kind at a time; what cannot be read is told, never guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.tables import Kind

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_WORDS_FOR_NONE = {"nan", "na", "n/a", "none", "null", "-", "#n/a"}

Fault = tuple[int, str, str]
"""Position of the cell, what is wrong, the remedy."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """Values of a column and what could not be read.

    Attributes
    ----------
    series
        One a cell; blank and unreadable cells are missing (NaN, NaT, NA, None).
    faults
        The unreadable cells.
    """

    series: pd.Series
    faults: tuple[Fault, ...]


def typed_column(cells: NDArray[np.object_], kind: Kind) -> TypedColumn:
    """Read the text cells of one column as `kind`."""
    faults: list[Fault] = []
    values = _READERS[kind](cells, faults)
    return TypedColumn(values, tuple(faults))


def _numbers(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells], dtype=float)
    except ValueError:
        return _numbers_one_by_one(cells, faults)
    # float() also takes "nan", "1_000" and digits of other scripts
    as_expected = np.isfinite(values).sum() == sum(1 for cell in cells if cell)
    if as_expected and "".join(cells).isascii() and not any("_" in cell for cell in cells):
        return pd.Series(values)
    return _numbers_one_by_one(cells, faults)


def _numbers_one_by_one(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    values = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        text = cell.strip()
        if _NUMBER.fullmatch(text):
            values[place] = float(text)
            if not np.isfinite(values[place]):
                values[place] = np.nan
                faults.append((place, "too large a number", "give a finite number"))
        elif text:
            faults.append((place, *_number_fault(text)))
    return pd.Series(values)


def _number_fault(text: str) -> tuple[str, str]:
    word = text.casefold()
    if word in _WORDS_FOR_NONE:
        return "no number", "give the number; an unknown number is not 0"
    if word.lstrip("+-") in ("inf", "infinity"):
        return "infinite", "give a finite number"
    return "not a number", "write digits, with a point as decimal sign and no thousands separators or units"


def _flags(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    values: list[bool | None] = []
    for place, cell in enumerate(cells):
        flag = _FLAGS.get(cell) if cell in _FLAGS else _FLAGS.get(cell.strip().casefold())
        if flag is None and cell:
            faults.append((place, "neither yes nor no", "write 1 or 0 (or true / false, yes / no)"))
        values.append(flag)
    return pd.Series(values, dtype="boolean")


def _dates(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    values: list[dt.date | None] = []
    for place, cell in enumerate(cells):
        date = _date(cell.strip())
        if date is None and cell:
            faults.append((place, "not a date", "write it as year-month-day, for example 2026-01-31"))
        values.append(date)
    return pd.Series(np.array(values, dtype="datetime64[s]"))


def _date(text: str) -> dt.date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _texts(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    for place, cell in enumerate(cells):
        if not cell.isprintable() and any(ord(letter) < ord(" ") and letter not in "\t\n" for letter in cell):
            faults.append((place, "holds control characters", "remove them"))
    return _text_series([cell or None for cell in cells])


def _ids(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    for place, cell in enumerate(cells):
        if " " in cell or not cell.isprintable():  # every other white space is unprintable
            faults.append((place, *_id_fault(cell)))
    return _text_series([cell.strip() or None for cell in cells])


def _id_fault(cell: str) -> tuple[str, str]:
    if cell != cell.strip():
        return "an identifier with blanks around it", "remove the blanks"
    return "an identifier with blanks or control characters in it", "use letters, digits, '-' and '_' only"


def _lists(cells: NDArray[np.object_], faults: list[Fault]) -> pd.Series:
    values = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        members = tuple(cell.split())
        values[place] = members or None
        if len(set(members)) < len(members):
            faults.append((place, "the same entry twice", "name each entry once, separated by spaces"))
        elif any(mark in cell for mark in ",;|"):
            faults.append((place, "not separated by spaces", "separate the entries by spaces"))
    return pd.Series(values, dtype=object)


def _text_series(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


_READERS: dict[Kind, Callable[[NDArray[np.object_], list[Fault]], Any]] = {
    "id": _ids,
    "text": _texts,
    "number": _numbers,
    "whole": _numbers,
    "flag": _flags,
    "date": _dates,
    "list": _lists,
}
