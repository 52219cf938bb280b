"""Columns of people in a table: by segment as they are, several added up, or one total with a share for each segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.checks.cells import typed_column
from netplan.errors import InputError
from netplan.readers import RawTable
from netplan.tables import SEGMENTS
from netplan.violations import Violation, counted, listing, some

Floats = NDArray[np.float64]
Columns = Mapping[str, str | Sequence[str] | float]
"""Segment -> the column, the columns that add up to it, or (beside a total) its share as a number."""

TOTALS = ("people", "population", "pop")
"""Names under which one column of all people is found if no columns are named."""
SHARE_TOLERANCE = 0.005
"""Published shares are rounded: they may miss 1 (or 100 %) by this much and are then scaled to add up."""
_FILL_IN = "an unknown number is not 0: fill it in, or remove the row"


@dataclass(frozen=True, slots=True)
class PeopleRead:
    """People by segment, each of shape (rows,), NaN where a cell is blank; and notes."""

    people: Mapping[str, Floats]
    notes: tuple[str, ...]

    @property
    def is_blank(self) -> NDArray[np.bool_]:
        """Rows in which any segment is blank, shape (rows,)."""
        return np.asarray(np.isnan(np.column_stack(list(self.people.values()))).any(axis=1))


def read_people(raw: RawTable, columns: Columns | None, total: str = "") -> PeopleRead:
    """People by segment.

    Parameters
    ----------
    columns
        Segment -> column of people, or columns that add up to them; with `total`, segment -> column of shares (fractions or
        percentages that add up in every row) or one share as a number. ``None``: children, working and elderly if the table
        has these columns, else one column named people, population or pop.
    total
        Column of all people, which the shares split.

    Raises
    ------
    InputError
        A column is missing, a cell is no number or negative, or the shares of a row do not add up.
    """
    wanted = usual_columns(raw) if columns is None else {name: _names(value) for name, value in columns.items()}
    if not wanted:
        raise InputError(f"{raw.file}: no column of people is named; columns: {some(raw.cells, 20)}")
    if not total:
        if any(isinstance(value, float) for value in wanted.values()):
            raise InputError(f"{raw.file}: a share needs a total to split; name its column with total")
        return PeopleRead(
            {name: _sum(raw, value) for name, value in wanted.items() if not isinstance(value, float)}, ()
        )
    shares, notes = _shares(raw, wanted)
    whole = numbers(raw, total)
    return PeopleRead({name: whole * share for name, share in shares.items()}, notes)


def numbers(raw: RawTable, column: str, *, what: str = "people") -> Floats:
    """A column of numbers of 0 or more, NaN where blank, shape (rows,).

    Raises
    ------
    InputError
        The column is missing, or a cell is no number or negative.
    """
    return _numbers(raw, [column], what)


def refuse_blanks(raw: RawTable, people: PeopleRead, columns: Columns | None) -> None:
    """Name the rows without a number of people.

    Raises
    ------
    InputError
        There are any.
    """
    if people.is_blank.any():
        named = some(people.people if columns is None else columns)
        rows = raw.rows[people.is_blank]
        raise InputError(
            listing([Violation(raw.file, int(row), named, None, "no number of people", _FILL_IN) for row in rows])
        )


def refuse(violations: Sequence[Violation]) -> None:
    """Raise InputError with the list, if there is anything in it."""
    if violations:
        raise InputError(listing(violations))


def require(raw: RawTable, names: Sequence[str]) -> None:
    """Refuse a table without these columns.

    Raises
    ------
    InputError
        Naming the columns that it has.
    """
    missing = [name for name in names if name not in raw.cells]
    if missing:
        raise InputError(f"{raw.file}: no column {some(missing)}; its columns are {some(raw.cells, 20)}")


def usual_columns(raw: RawTable) -> dict[str, tuple[str, ...] | float]:
    """Children, working and elderly if the table has these columns, else its one column named people, population or pop."""
    if set(SEGMENTS) <= set(raw.cells):
        return {name: (name,) for name in SEGMENTS}
    found = [name for name in raw.cells if name.casefold() in TOTALS]
    return {"people": (found[0],)} if len(found) == 1 else {}


def _names(value: str | Sequence[str] | float) -> tuple[str, ...] | float:
    if isinstance(value, (int, float)):
        return float(value)
    return (value,) if isinstance(value, str) else tuple(value)


def _sum(raw: RawTable, names: tuple[str, ...]) -> Floats:
    return _numbers(raw, names, "people")


def _numbers(raw: RawTable, names: Sequence[str], what: str) -> Floats:
    """Sum of columns; blank where any of them is."""
    require(raw, names)
    total, faults = np.zeros(len(raw)), []
    for name in names:
        typed = typed_column(raw.cells[name], "number")
        values = typed.series.to_numpy(dtype=np.float64)
        faults += [_violation(raw, place, name, problem, remedy) for place, problem, remedy in typed.faults]
        low = np.flatnonzero(values < 0).tolist()
        faults += [_violation(raw, place, name, f"negative {what}", "correct the value") for place in low]
        total = total + values
    refuse(faults)
    return total


def _violation(raw: RawTable, place: int, name: str, problem: str, remedy: str) -> Violation:
    return Violation(raw.file, int(raw.rows[place]), name, str(raw.cells[name][place]), problem, remedy)


def _shares(raw: RawTable, wanted: Mapping[str, tuple[str, ...] | float]) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Shares that add up to 1 in each row."""
    read = [
        np.full(len(raw), value) if isinstance(value, float) else _numbers(raw, value, "share")
        for value in wanted.values()
    ]
    shares = np.column_stack(read)
    added = shares.sum(axis=1)
    unit = 100.0 if np.nanmax(added, initial=0.0) > 50.0 else 1.0
    off = np.abs(added / unit - 1.0)
    refuse(list(_not_one(raw, wanted, added, off, unit)))
    notes = _share_notes(raw.file, off, unit)
    return dict(zip(wanted, (shares / added[:, None]).T, strict=True)), notes


def _not_one(
    raw: RawTable, wanted: Mapping[str, object], added: Floats, off: Floats, unit: float
) -> Iterator[Violation]:
    for place in np.flatnonzero(off > SHARE_TOLERANCE):
        problem = f"the shares add up to {added[place]:g}, not {unit:g}"
        remedy = "correct them, or name the column of every segment"
        yield Violation(raw.file, int(raw.rows[place]), some(wanted), None, problem, remedy)


def _share_notes(file: str, off: Floats, unit: float) -> tuple[str, ...]:
    notes = [f"{file}: the shares are read as percentages"] if unit > 1 else []
    rounded = off > 1e-9
    if rounded.any():
        notes.append(
            f"{file}: the shares of {counted(int(rounded.sum()), 'row')} miss {unit:g} by up to {np.nanmax(off):.2%} "
            "and are scaled to add up, so that totals are kept"
        )
    return tuple(notes)
