"""A region: checked tables of people, places, roads, outlets and formats in one coordinate system."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import geopandas as gpd
import pandas as pd

from netplan.checks import CheckedTables, check_tables
from netplan.checks.frames import finished_tables
from netplan.checks.settings import RegionSettings, check_settings, parse_settings
from netplan.errors import InputError
from netplan.frozen import Frozen
from netplan.readers import RawTable, UnreadableFileError, read_frame
from netplan.readers.folder import FolderContents, read_folder
from netplan.roads.region_tables import road_tables
from netplan.tables import SEGMENTS, TABLES
from netplan.violations import Violation, counted, listing, printable, some

CRS = "EPSG:4326"
_OF_DISTRICTS = ("nodes", "districts", "townships", "outlets", "candidates")
_WORDS = {
    "nodes": ("demand node", "demand nodes"),
    "districts": ("district", "districts"),
    "townships": ("township", "townships"),
    "outlets": ("outlet", "outlets"),
    "candidates": ("candidate site", "candidate sites"),
    "bases": ("base", "bases"),
    "vans": ("van", "vans"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table comes from, under which licence, and whether it is modelled rather than observed."""

    table: str
    source: str
    licence: str
    attribution: str
    is_modelled: bool
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Region(Frozen):
    """A region folder, read and checked.

    Tables are DataFrames with a RangeIndex, one column each that `docs/tables.md` lists: identifiers and text are
    ``str`` (blank: ``""``), numbers float64 (blank: NaN), whole numbers int64, flags bool, dates datetime64 (blank: NaT),
    lists tuples of ``str``. Optional columns that a file lacks hold their documented default, optional tables that
    are absent are empty; `notes` says so. Treat the tables as read-only.

    Attributes
    ----------
    districts
        A GeoDataFrame in WGS-84; its geometry is ``None`` where there are no outlines.
    crs
        Always ``"EPSG:4326"``: other coordinates were converted while reading.
    files
        File name -> SHA-256 of what was read.
    notes
        What was defaulted, converted or left out, in a planner's words.
    note
        What a reader of its maps must know, from region.toml.
    """

    name: str
    currency: str
    language: str
    country: str
    crs: str
    sources: tuple[Source, ...]
    nodes: pd.DataFrame
    districts: gpd.GeoDataFrame
    townships: pd.DataFrame
    outlets: pd.DataFrame
    candidates: pd.DataFrame
    formats: pd.DataFrame
    conversions: pd.DataFrame
    visits: pd.DataFrame
    retention: pd.DataFrame
    gain: pd.DataFrame
    road_nodes: pd.DataFrame
    road_edges: pd.DataFrame
    road_links: pd.DataFrame
    hosts: pd.DataFrame
    bases: pd.DataFrame
    vans: pd.DataFrame
    competitors: pd.DataFrame
    files: Mapping[str, str]
    notes: tuple[str, ...]
    note: str = ""

    @classmethod
    def from_tables(
        cls,
        *,
        name: str,
        currency: str,
        tables: Mapping[str, pd.DataFrame],
        language: str = "en",
        country: str = "unspecified",
        sources: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Region:
        """A region from tables in memory, checked like a folder.

        Parameters
        ----------
        tables
            Table name -> columns as `docs/tables.md` lists them, typed or as text. A GeoDataFrame may carry points in
            place of lon and lat; that of districts, outlines.
        sources
            Table name -> ``source``, ``licence``, ``attribution``, ``modelled``, ``note``, as in region.toml.

        Raises
        ------
        InputError
            Listing every violation; rows count from 2, as under a header.
        """
        settings = {"name": name, "currency": currency, "language": language, "country": country, "crs": CRS}
        loaded = _from_frames({**settings, "sources": sources or {}}, tables)
        return loaded.region_or_error(name)

    @property
    def people(self) -> float:
        """People of all nodes; children, working and elderly together."""
        return float(self.nodes[list(SEGMENTS)].to_numpy(dtype=float).sum())

    @property
    def services(self) -> tuple[str, ...]:
        """Service classes, in the order in which `visits` first names them."""
        return tuple(dict.fromkeys(self.visits["service"]))

    @property
    def segments(self) -> tuple[str, ...]:
        """The three segments that add up to the people, then further ones that `visits` names."""
        return tuple(dict.fromkeys((*SEGMENTS, *self.visits["segment"])))

    def table(self, stem: str) -> pd.DataFrame:
        """A table by its name.

        Raises
        ------
        InputError
            No table has this name.
        """
        if stem not in {table.stem for table in TABLES}:
            raise InputError(f"no table {stem!r}; tables: {', '.join(table.stem for table in TABLES)}")
        frame: pd.DataFrame = getattr(self, stem)
        return frame

    def within(self, districts: Sequence[str]) -> Self:
        """The part of the region that lies in `districts`; none named means all of it.

        Nodes, outlets, candidates and townships of other districts drop out, bases whose outlet does, and their vans.
        Roads, hosts and other banks stay: people may cross the border. So does all of `visits`, which names the services
        and segments; rates of a district left out apply to no node. What is left out is counted in `notes`.

        Raises
        ------
        InputError
            A district that the region does not have.
        """
        if isinstance(districts, str):
            raise InputError(f"districts is a list of district ids; write [{districts!r}]")
        unknown = [district for district in districts if district not in set(self.districts["district_id"])]
        if unknown:
            known = some(self.districts["district_id"], 8)
            raise InputError(f"no district {some(unknown)} in {self.name}; districts: {known}")
        if not districts:
            return self
        kept: dict[str, Any] = {stem: _rows(self.table(stem), "district_id", districts) for stem in _OF_DISTRICTS}
        kept["bases"] = _rows(self.bases, "site_id", kept["outlets"]["site_id"])
        kept["vans"] = _rows(self.vans, "base_id", kept["bases"]["base_id"])
        notes = [_left_out(stem, len(self.table(stem)) - len(frame)) for stem, frame in kept.items()]
        return replace(self, **kept, notes=(*self.notes, *(note for note in notes if note)))

    def __repr__(self) -> str:
        lines = [f"Region {self.name}", *(f"  {label}: {value}" for label, value in self._facts())]
        return "\n".join(printable(line) for line in lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<b>{html.escape(self.name)}</b><table>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        modelled = [source.table for source in self.sources if source.is_modelled]
        per_format = self.outlets["format"].value_counts(sort=False)
        formats = ", ".join(f"{number:,} {name}" for name, number in per_format.items())
        return [
            ("people", f"{self.people:,.0f} in {counted(len(self.nodes), 'node')}"),
            ("districts, townships", f"{len(self.districts):,}, {len(self.townships):,}"),
            ("outlets today", f"{len(self.outlets):,}" + (f" ({formats})" if formats else "")),
            ("candidate sites", f"{len(self.candidates):,}"),
            ("formats", ", ".join(self.formats["format"])),
            ("service classes", ", ".join(self.services)),
            ("roads", f"{counted(len(self.road_nodes), 'junction')}, {counted(len(self.road_edges), 'road')}"),
            ("bases, vans, hosts", f"{len(self.bases):,}, {len(self.vans):,}, {len(self.hosts):,}"),
            ("currency", self.currency),
            ("modelled", ", ".join(modelled) if modelled else "nothing that says so"),
            ("notes", str(len(self.notes))),
        ]


@dataclass(frozen=True, slots=True)
class LoadedRegion:
    """What came of reading: every violation and note, and the region if there is no violation."""

    violations: tuple[Violation, ...]
    notes: tuple[str, ...]
    region: Region | None

    def region_or_error(self, where: str) -> Region:
        """The region; InputError with the whole list if there are violations."""
        if self.region is None:
            raise InputError(f"{where}: {listing(self.violations)}")
        return self.region


def read_region(path: str | Path) -> Region:
    """Read and check a region folder.

    Raises
    ------
    InputError
        Listing all violations found in one pass, with file, row, column, value and remedy.
    """
    return load_region(path).region_or_error(str(path))


def load_region(path: str | Path) -> LoadedRegion:
    """Read and check a region folder without raising."""
    contents = read_folder(Path(path), {table.stem: list(table.schema.columns) for table in TABLES})
    if set(contents.unreadable) == {table.stem for table in TABLES}:
        return LoadedRegion(tuple(contents.violations), (), None)
    settings = check_settings(contents.settings)
    _add_roads(contents, settings.settings)
    tables = check_tables(contents.tables, contents.outlines, contents.unreadable)
    violations = (*settings.violations, *contents.violations, *tables.violations)
    notes = (*contents.notes, *tables.notes)
    return _loaded(settings.settings, tables, violations, notes, contents.files)


def _add_roads(contents: FolderContents, settings: RegionSettings | None) -> None:
    """The road tables of a folder whose roads are a file of another program."""
    if contents.roads is None:
        return
    found = road_tables(contents.roads, "" if settings is None else settings.country)
    if isinstance(found, Violation):
        contents.violations.append(found)
        contents.unreadable.update(("road_nodes", "road_edges"))
        return
    tables, notes = found
    contents.tables.update(tables)
    contents.notes.extend(notes)


def _from_frames(settings: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> LoadedRegion:
    checked = parse_settings(settings)
    raws: dict[str, RawTable] = {}
    violations = list(checked.violations)
    for stem, frame in frames.items():
        if stem not in {table.stem for table in TABLES}:
            remedy = "name it " + ", ".join(table.stem for table in TABLES)
            violations.append(Violation(stem, None, "", None, "no table has this name", remedy))
            continue
        try:
            raws[stem] = read_frame(stem, frame)
        except UnreadableFileError as error:
            violations.append(Violation(stem, None, "", None, error.problem, error.remedy))
    unreadable = set(frames) - set(raws)
    tables = check_tables(raws, None, unreadable)
    return _loaded(checked.settings, tables, (*violations, *tables.violations), tables.notes, {})


def _loaded(
    settings: RegionSettings | None,
    tables: CheckedTables,
    violations: Sequence[Violation],
    notes: Sequence[str],
    files: Mapping[str, str],
) -> LoadedRegion:
    if violations or settings is None:
        return LoadedRegion(tuple(violations), tuple(notes), None)
    frames, more_notes = finished_tables(tables)
    sources = tuple(_source(stem, settings) for stem in settings.sources)
    unsourced = [stem for stem in tables.found if stem not in settings.sources]
    if unsourced:
        more_notes = (*more_notes, f"no source is stated for {', '.join(unsourced)}")
    notes = (*notes, *more_notes)
    parts: dict[str, Any] = {
        **frames,
        "files": MappingProxyType(dict(files)),
        "notes": tuple(notes),
        "note": settings.note,
    }
    head: dict[str, Any] = {field.name: getattr(settings, field.name) for field in fields(Region)[:4]}
    region = Region(**head, crs=CRS, sources=sources, **parts)
    return LoadedRegion((), tuple(notes), region)


def _source(stem: str, settings: RegionSettings) -> Source:
    given = settings.sources[stem]
    return Source(stem, given.source, given.licence, given.attribution, given.modelled, given.note)


def _rows(frame: pd.DataFrame, column: str, values: Sequence[str] | pd.Series) -> pd.DataFrame:
    return frame[frame[column].isin(list(values))].reset_index(drop=True)


def _left_out(stem: str, number: int) -> str:
    one, many = _WORDS[stem]
    return f"scope: {counted(number, one, many)} outside the districts left out" if number else ""
