"""Checked tables as the frames that a Region holds: every declared column, no missing text, plain dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from netplan.checks import CheckedTables
from netplan.checks.contract import CheckedTable, declared, kind_of
from netplan.tables import TABLES, Kind, Table
from netplan.violations import some

CRS = "EPSG:4326"
_EMPTY: dict[str, Any] = {"id": "", "text": "", "number": np.nan, "date": np.datetime64("NaT", "s")}
_DTYPES: dict[str, Any] = {
    "id": "str",
    "text": "str",
    "number": float,
    "whole": "int64",
    "flag": bool,
    "date": "datetime64[s]",
}
_PER_SERVICE = {"outlets": ("margin_", 0.0), "formats": ("capacity_for_", np.nan)}
"""Families of columns, one a service: the value where a service has none."""


def finished_tables(tables: CheckedTables) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """Frames of all tables, and notes on the columns and tables that were absent."""
    frames: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    services = list(dict.fromkeys(tables.found["visits"].frame["service"]))
    for table in TABLES:
        checked = tables.found.get(table.stem)
        if checked is None:
            notes.append(f"no table {table.stem}: {table.absent}")
            frame = pd.DataFrame()
        else:
            frame = _plain(checked)
            notes.extend(_absent_columns(checked))
        frame = _complete(frame, table)
        frames[table.stem] = _per_service(frame, table.stem, services, notes)
    frames["districts"] = _outlined(frames["districts"], tables.outlines)
    return frames, tuple(notes)


def _plain(checked: CheckedTable) -> pd.DataFrame:
    schema = checked.table.schema
    keys = {name: declared(schema, name) for name in checked.columns}
    kinds: dict[str, Kind] = {name: kind_of(schema, key) if key else "number" for name, key in keys.items()}
    return pd.DataFrame({name: _cast(checked.frame[name], kinds[name]) for name in kinds}, index=checked.frame.index)


def _cast(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "list":
        return pd.Series([members or () for members in values], dtype=object)
    if kind in ("id", "text"):
        values = values.fillna("")
    plain: pd.Series = values.astype(_DTYPES[kind])
    return plain


def _absent_columns(checked: CheckedTable) -> list[str]:
    """One line on all optional columns that the file lacks, and what each is then taken for."""
    told = []
    for name in _absent(checked.table.schema, checked.columns):
        meta = checked.table.schema.columns[name].metadata
        value = meta["blank"] if meta["default"] is None else f"{meta['default']:g}"
        told.append(f"{name} ({meta['absent'] or value})")
    return [f"{checked.file}: without the columns {', '.join(told)}"] if told else []


def _absent(schema: pa.DataFrameSchema, names: Sequence[str]) -> list[str]:
    return [name for name, one in schema.columns.items() if not one.regex and name not in names]


def _complete(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """All declared columns in the order of the contract, then the others."""
    schema = table.schema
    for name in _absent(schema, list(frame.columns)):
        kind = kind_of(schema, name)
        default = schema.columns[name].metadata["default"]
        value = _EMPTY.get(kind) if default is None else default
        frame[name] = _constant(value, kind, len(frame))
    order = [name for key in schema.columns for name in frame.columns if declared(schema, name) == key]
    return frame[[*order, *(name for name in frame.columns if name not in order)]].reset_index(drop=True)


def _constant(value: Any, kind: Kind, number: int) -> pd.Series:
    if kind == "list":
        return pd.Series([()] * number, dtype=object)
    constant: pd.Series = pd.Series([value] * number, dtype=_DTYPES[kind])
    return constant


def _per_service(frame: pd.DataFrame, stem: str, services: list[str], notes: list[str]) -> pd.DataFrame:
    """One column a service of a family such as margin_cash, where a file gives it for some services only."""
    if stem not in _PER_SERVICE:
        return frame
    prefix, value = _PER_SERVICE[stem]
    absent = [service for service in services if prefix + service not in frame]
    if absent and stem == "outlets":
        notes.append(f"outlets: no margin is booked for {some(absent)} (no column {prefix}{absent[0]})")
    return frame.assign(**{prefix + service: value for service in absent})


def _outlined(frame: pd.DataFrame, outlines: gpd.GeoSeries | None) -> gpd.GeoDataFrame:
    """Districts with their outlines; `outlines` is indexed by district id."""
    none = gpd.GeoSeries([None] * len(frame), crs=CRS)
    if outlines is None:
        return gpd.GeoDataFrame(frame, geometry=none)
    shapes = outlines.reindex(frame["district_id"]).to_numpy()
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=CRS))
