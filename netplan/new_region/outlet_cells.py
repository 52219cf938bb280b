"""The rows of a branch list as typed values: ids that Excel has not touched, numbers, dates, closed or open."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.checks.cells import typed_column
from netplan.new_region.outlet_columns import MARGIN
from netplan.readers import RawTable
from netplan.tables import Kind
from netplan.violations import Violation, counted, some

Texts = NDArray[np.object_]

KINDS: Mapping[str, Kind] = {
    "lon": "number",
    "lat": "number",
    "volume": "number",
    "branch_number": "number",
    "running_cost_per_year": "number",
    "is_owned": "flag",
    "lease_end": "date",
}
_CLOSED = {"1", "true", "yes", "y", "closed", "是", "已关闭", "关闭", "停业"}
_OPEN = {"", "0", "false", "no", "n", "open", "active", "否", "营业", "正常", "在营"}
_AS_TEXT = re.compile(r'="(.*)"')
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+\d+", re.ASCII)


def typed_rows(raw: RawTable, found: Mapping[str, str], violations: list[Violation], notes: list[str]) -> pd.DataFrame:
    """Columns named by what they say, one row a row of the file, and its row number as `row`.

    Blank cells are missing: ``""`` for texts, NaN for numbers. What cannot be read is added to `violations`, what was put right
    to `notes`.
    """
    frame = pd.DataFrame({"row": raw.rows})
    margins = {name: name for name in raw.cells if name.startswith(MARGIN)}
    for role, column in {**found, **margins}.items():
        cells = np.array([_AS_TEXT.sub(r"\1", cell.strip()) for cell in raw.cells[column]], dtype=object)
        frame[role] = _values(raw, column, role, cells, violations)
    if "site_id" in frame:
        frame["site_id"] = _fit_ids(raw.file, frame["site_id"], notes)
    return frame


def _values(raw: RawTable, column: str, role: str, cells: Texts, violations: list[Violation]) -> pd.Series:
    def tell(at: int, problem: str, remedy: str) -> None:
        violations.append(Violation(raw.file, int(raw.rows[at]), column, str(cells[at]), problem, remedy))

    kind = "number" if role.startswith(MARGIN) else KINDS.get(role)
    if kind == "number":
        cells = np.array([_without_commas(cell) for cell in cells], dtype=object)
    if kind is not None:
        typed = typed_column(cells, kind)
        for at, problem, remedy in typed.faults:
            tell(at, problem, remedy)
        return typed.series
    if role == "closed":
        return _closed(cells, tell)
    if role == "site_id":
        for at in np.flatnonzero([bool(_SCIENTIFIC.fullmatch(cell)) for cell in cells]).tolist():
            tell(at, "an identifier that a spreadsheet has rounded", "format the column as text and export it again")
    return pd.Series(cells, dtype="str")


def _without_commas(cell: str) -> str:
    return cell.replace(",", "") if _THOUSANDS.fullmatch(cell) else cell


def _closed(cells: Texts, tell: Callable[[int, str, str], None]) -> pd.Series:
    """Closed if it says so or holds a date of closing."""
    is_closed = np.zeros(len(cells), dtype=bool)
    for at, cell in enumerate(cells):
        word = cell.casefold()
        is_closed[at] = word in _CLOSED or bool(_DATE.fullmatch(cell))
        if not is_closed[at] and word not in _OPEN:
            tell(at, "neither open nor closed nor a date of closing", "write 1 or 0, or leave the column out (closed=)")
    return pd.Series(is_closed)


def _fit_ids(file: str, ids: pd.Series, notes: list[str]) -> pd.Series:
    """Identifiers hold no blanks in a region folder; a dash takes their place."""
    fit = ids.str.replace(r"\s+", "-", regex=True)
    changed = ids[fit != ids]
    if len(changed):
        notes.append(
            f"{file}: blanks in {counted(len(changed), 'identifier')} became dashes ({some(map(repr, changed))})"
        )
    return fit
