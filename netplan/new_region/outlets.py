"""Branch lists as banks and regulators deliver them: our outlets and those of other banks."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from netplan.coordinates import system_name
from netplan.errors import InputError
from netplan.new_region.defaults import MARGIN_SPLIT
from netplan.new_region.outlet_cells import typed_rows
from netplan.new_region.outlet_columns import MARGIN, known_names, recognised, required
from netplan.new_region.outlet_formats import FormatRule, with_formats
from netplan.new_region.outlet_money import capped, tell_outliers, with_margins
from netplan.new_region.outlet_rows import (
    DEGREES,
    inside,
    note_shared_positions,
    own_bank,
    placed,
    refuse,
    with_ids,
    without_closed,
)
from netplan.readers import EXTENSIONS, RawTable, UnreadableFileError, parse_table, read_bytes
from netplan.violations import counted, some

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WGS84 = "EPSG:4326"
_OWN_FIRST = ("site_id", "name", "format", "lon", "lat")
_COMPETITOR = ("site_id", "name", "bank", "lon", "lat", "volume")


@dataclass(frozen=True, slots=True)
class OutletList:
    """Outlets read from a branch list.

    Attributes
    ----------
    outlets
        Ours, in WGS-84: site_id, name, format, lon, lat, is_owned, lease_end (NaT: none), where known margin_SERVICE
        (money per year), volume (money), running_cost_per_year, and geometry.
    competitors
        Other banks', in WGS-84: site_id, name, bank, lon, lat, volume (money, NaN: not said) and geometry.
    notes
        What was recognised, put right and left out, counted.
    """

    outlets: gpd.GeoDataFrame
    competitors: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A map of our outlets by volume, and of the other banks' beneath."""
        from netplan.new_region.outlet_map import draw  # noqa: PLC0415 (matplotlib is slow to import)

        return draw(self.outlets, self.competitors, ax)

    def __repr__(self) -> str:
        return f"OutletList({counted(len(self.outlets), 'outlet')}, {counted(len(self.competitors), 'competitor')})"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        table = pd.DataFrame(self.outlets.drop(columns="geometry")).to_html(index=False, max_rows=10)
        return f"<p>{html.escape(repr(self))}</p><ul>{notes}</ul>{table}"


def read_outlet_list(
    path: str | Path,
    *,
    columns: Mapping[str, str] = MappingProxyType({}),
    system: str = "wgs84",
    bank: str | None = None,
    format: str = "full",  # noqa: A002 - the word of the tables
    formats: Mapping[str, str] = MappingProxyType({}),
    known_formats: Collection[str] = (),
    margin_share: float | None = None,
    margin_split: Mapping[str, float] = MARGIN_SPLIT,
    volume_unit: float = 1.0,
    cap_volume: float | None = None,
    area: BaseGeometry | None = None,
) -> OutletList:
    """Read a branch list: CSV, Excel, GeoPackage, GeoJSON or Parquet.

    Parameters
    ----------
    columns
        What is said -> column that says it, where `netplan.new_region.outlet_columns.ALIASES` does not know the column or knows
        two: ``{"lon": "SIMS_LONGITUDE"}``; an empty name leaves that out of account.
    system
        Coordinate system of the columns lon and lat: ``wgs84``, ``gcj02``, ``bd09``, ``EPSG:...`` (x and y).
    bank
        Our bank: the exact name, or one that fits a single bank but for capitals or as a part of it. All other outlets are competitors.
        ``None``: all outlets are ours.
    format, formats, known_formats
        Format of outlets of which the list does not say it; words of the list -> format (empty: leave such outlets out); formats there are.
    margin_share, margin_split
        Margin a year as a share of the volume, and how it splits by service.
    volume_unit
        Money of one unit of the volume column: 1,000 where deposits are in thousands.
    cap_volume
        Volumes above this (in units of the list) are limited to it; by default none is.
    area
        Outline of the region in WGS-84: outlets more than 500 m outside it are left out and counted.

    Notes
    -----
    Left out and counted: rows that repeat another word for word, closed outlets, outlets outside the area, other banks' outlets without
    a position. Kept and told: outlets that share a position, main offices and volumes over 20 times the median.

    Raises
    ------
    InputError
        The file cannot be read; a column is missing or two fit; cells that are not what they must be; one identifier for different
        outlets; outlets of ours without a position; swapped coordinates; no outlet in the area; a bank that is not in the list.
    """
    path, notes = Path(path), list[str]()
    raw = _raw(path, notes)
    found = recognised(raw.file, raw.cells, columns, has_geometry=raw.geometry is not None)
    required(raw.file, raw.cells, found)
    _check_system(raw, found, system)
    _tell_columns(raw, found, notes)
    violations = list(raw.violations)
    frame = typed_rows(raw, found, violations, notes)
    refuse(violations)
    frame = without_closed(raw.file, with_ids(raw.file, frame, notes), notes)
    rule = FormatRule(found.get("format", ""), format, formats, frozenset(known_formats), bool(columns.get("format")))
    frame = with_formats(raw.file, frame, rule, notes)
    is_own = own_bank(raw.file, frame, bank, notes)
    frame, is_own = placed(raw.file, frame, is_own, system, notes)
    if area is not None:
        kept = inside(raw.file, frame, is_own, area, notes)
        frame, is_own = frame[kept].reset_index(drop=True), is_own[kept]
    note_shared_positions(raw.file, frame, notes)
    tell_outliers(raw.file, frame, notes)
    frame = _in_money(raw.file, capped(raw.file, frame, cap_volume, notes), volume_unit)
    own = with_margins(raw.file, frame[is_own].reset_index(drop=True), margin_share, margin_split, notes)
    if own.empty:
        raise InputError(f"{raw.file}: no outlet of ours is left; " + ("; ".join(notes) or "the list is empty"))
    others = frame[~is_own].reset_index(drop=True)
    return OutletList(_own(raw.file, own, notes), _framed(others, _COMPETITOR), tuple(notes))


def _raw(path: Path, notes: list[str]) -> RawTable:
    if path.suffix.lower() not in EXTENSIONS:
        raise InputError(f"{path.name}: a list in this form is not read; save it as one of {', '.join(EXTENSIONS)}")
    if not path.exists():
        raise InputError(f"{path.name}: there is no such file; check the path")
    try:
        raw = parse_table(path, read_bytes(path), "outlets", known_names())
    except UnreadableFileError as error:
        raise InputError(f"{path.name}: {error.problem}; {error.remedy}") from None
    if not len(raw):
        raise InputError(f"{path.name}: it has a header but no rows; list the outlets below it")
    notes.extend(raw.notes)
    return raw


def _check_system(raw: RawTable, found: Mapping[str, str], system: str) -> None:
    is_from_geometry = raw.geometry is not None and (found["lon"], found["lat"]) == ("lon", "lat")
    if is_from_geometry and system_name(system) not in DEGREES:
        raise InputError(f"{raw.file}: the file states its own coordinate system; leave out {system}")


def _tell_columns(raw: RawTable, found: Mapping[str, str], notes: list[str]) -> None:
    notes.append(f"{raw.file}: " + ", ".join(f"{role} from {column}" for role, column in found.items()))
    unused = [name for name in raw.cells if name not in found.values() and not name.startswith(MARGIN)]
    if unused:
        notes.append(f"{raw.file}: {counted(len(unused), 'column')} not used ({some(unused, 30)})")


def _in_money(file: str, frame: pd.DataFrame, volume_unit: float) -> pd.DataFrame:
    if not 0 < volume_unit < float("inf"):
        raise InputError(f"{file}: volume_unit = {volume_unit:g}: give the money of one unit, above 0")
    return frame.assign(volume=frame["volume"] * volume_unit) if "volume" in frame else frame


def _own(file: str, own: pd.DataFrame, notes: list[str]) -> gpd.GeoDataFrame:
    """Our outlets with what the table outlets asks for."""
    if "is_owned" not in own:
        notes.append(f"{file}: does not say which premises are owned; all are taken as leased")
        own = own.assign(is_owned=False)
    elif own["is_owned"].isna().any():
        blank = int(own["is_owned"].isna().sum())
        notes.append(f"{file}: {counted(blank, 'outlet')} without a word on who owns the premises, taken as leased")
        own = own.assign(is_owned=own["is_owned"].fillna(value=False))
    if "lease_end" not in own:
        own = own.assign(lease_end=np.full(len(own), np.datetime64("NaT"), dtype="datetime64[s]"))
    own = own.astype({"is_owned": bool})
    margins = [name for name in own.columns if name.startswith(MARGIN)]
    return _framed(own, (*_OWN_FIRST, *margins, "is_owned", "lease_end", "running_cost_per_year", "volume"))


def _framed(frame: pd.DataFrame, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    if "volume" not in frame and names is _COMPETITOR:
        frame = frame.assign(volume=np.nan)
    kept = frame[[name for name in names if name in frame]]
    return gpd.GeoDataFrame(kept, geometry=gpd.points_from_xy(kept["lon"], kept["lat"]), crs=WGS84)
