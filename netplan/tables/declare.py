"""How a contract is written down: a column, and a table of columns, as pandera schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa

Kind = Literal["id", "text", "number", "whole", "flag", "date", "list"]

_DTYPES: dict[str, Any] = {
    "id": str,
    "text": str,
    "number": float,
    "whole": float,
    "flag": "boolean",
    "date": "datetime64[s]",
    "list": object,
}
"""While a table is checked every kind can hold a missing value; `netplan.region` then has int64 and bool."""


def column(
    kind: Kind,
    meaning: str,
    unit: str = "",
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    more_than: float | None = None,
    one_of: tuple[str, ...] = (),
    unique: bool = False,
    optional: bool = False,
    blank: str | None = None,
    default: object = None,
    absent: str = "",
    refers_to: str = "",
    pattern: bool = False,
) -> pa.Column:
    """One column of a contract.

    Parameters
    ----------
    kind
        How a cell is read: an identifier, text, a number, a whole number, a flag (0/1, true/false,
        yes/no), an ISO date, or a space-separated list of identifiers.
    blank
        What an empty cell means; ``None`` refuses empty cells.
    default
        The value of an optional column that is absent (stated in the documentation and in the notes of
        `netplan check`, never silent).
    absent
        What it means that an optional column is not there, where that is neither `default` nor `blank`.
    refers_to
        ``table.column`` in which the value must occur.
    pattern
        The name is a regular expression that matches a family of columns (one a service, for example).
    """
    checks = []
    if kind == "whole":
        checks.append(pa.Check(_is_whole, error="a whole number"))
    if at_least is not None:
        checks.append(pa.Check.ge(at_least, error=f"at least {at_least:g}"))
    if at_most is not None:
        checks.append(pa.Check.le(at_most, error=f"at most {at_most:g}"))
    if more_than is not None:
        checks.append(pa.Check.gt(more_than, error=f"more than {more_than:g}"))
    if one_of:
        checks.append(pa.Check.isin(one_of, error="one of " + ", ".join(one_of)))
    return pa.Column(
        _DTYPES[kind],
        checks=checks,
        nullable=blank is not None,
        unique=unique,
        required=not optional and not pattern,
        regex=pattern,
        description=meaning,
        metadata={
            "kind": kind,
            "unit": unit,
            "blank": blank,
            "default": default,
            "absent": absent,
            "refers_to": refers_to,
        },
    )


def _is_whole(values: pd.Series) -> pd.Series:
    return values.mod(1).eq(0) & values.abs().le(2.0**53)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the region folder: its file stem, its columns and whether it may be absent."""

    stem: str
    meaning: str
    schema: pa.DataFrameSchema
    key: tuple[str, ...] = ()
    is_optional: bool = False
    absent: str = ""


def table(
    stem: str,
    meaning: str,
    columns: dict[str, pa.Column],
    *,
    key: tuple[str, ...] = (),
    absent: str = "",
) -> Table:
    """A table of these columns.

    Parameters
    ----------
    key
        The column, or the columns together, whose values differ from row to row.
    absent
        What it means if the table is absent; empty: it must be there.
    """
    schema = pa.DataFrameSchema(columns, name=stem, strict=False, unique=list(key) if len(key) > 1 else None)
    return Table(stem, meaning, schema, key, bool(absent), absent)


def position() -> dict[str, pa.Column]:
    """Columns lon and lat."""
    return {
        "lon": column("number", "longitude", "degrees, WGS-84", at_least=-180, at_most=180),
        "lat": column("number", "latitude", "degrees, WGS-84", at_least=-90, at_most=90),
    }


def place() -> dict[str, pa.Column]:
    """Columns of a position with its district and township."""
    return {
        **position(),
        "district_id": column("id", "the district it lies in", refers_to="districts.district_id"),
        "township_id": column("id", "the township it lies in", refers_to="townships.township_id"),
    }
