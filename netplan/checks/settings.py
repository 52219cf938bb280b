"""region.toml: what the region is called, its currency and language, and where each table comes from."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pyproj
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from netplan.tables import TABLES
from netplan.violations import Violation

FILE = "region.toml"
Words = Annotated[str, Field(min_length=1, strict=True)]


class SourceSettings(BaseModel):
    """`[sources.TABLE]`: where a table comes from and whether it is modelled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Words = Field(description="where the table comes from")
    licence: Words = Field(description="its licence")
    attribution: str = Field("", description="whom to name when it is shown, as on the map")
    modelled: bool = Field(strict=True, description="true if it is modelled rather than observed; the map says so")
    note: str = Field("", description="anything a reader should know")


class RegionSettings(BaseModel):
    """The keys of region.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Words = Field(description="name of the region, shown on the map")
    currency: Words = Field(description="the one currency of every money column, such as CNY")
    language: Words = Field(description="language of the `name` columns, such as zh")
    country: Words = Field(description="country, such as CN")
    crs: Words = Field(description='"EPSG:4326": lon and lat are longitude and latitude in WGS-84')
    note: str = Field("", description="what a reader of the map must know, such as that outlines are simplified")
    sources: Mapping[str, SourceSettings] = Field(
        default_factory=dict, description="`[sources.TABLE]` for each table, see below"
    )


@dataclass(frozen=True, slots=True)
class CheckedSettings:
    """region.toml as read: the settings, ``None`` if anything is wrong with them."""

    settings: RegionSettings | None
    violations: tuple[Violation, ...]


def check_settings(data: bytes | None) -> CheckedSettings:
    """Read the bytes of region.toml; ``None`` (told elsewhere) is not judged."""
    if data is None:
        return CheckedSettings(None, ())
    try:
        content = tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        return _refused(f"not UTF-8 text ({error.reason} at byte {error.start})", "save it as UTF-8")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _refused(f"not valid TOML: {error}", "correct it at the place named")
    return parse_settings(content)


def parse_settings(content: Mapping[str, Any]) -> CheckedSettings:
    """Check the content of region.toml, or the same keys given from Python."""
    found: list[Violation] = []
    settings: RegionSettings | None = None
    try:
        settings = RegionSettings.model_validate(content)
    except ValidationError as error:
        found.extend(_violations(error))
    found.extend(_check_crs(content.get("crs")))
    found.extend(_check_sources(content.get("sources")))
    return CheckedSettings(None if found else settings, tuple(found))


def _refused(problem: str, remedy: str) -> CheckedSettings:
    return CheckedSettings(None, (Violation(FILE, None, "", None, problem, remedy),))


def _violations(error: ValidationError) -> Iterator[Violation]:
    for item in error.errors():
        keys = [str(key) for key in item["loc"]]
        options = list(SourceSettings.model_fields if keys[0] == "sources" else RegionSettings.model_fields)
        where = ".".join(keys)
        if item["type"] == "extra_forbidden":
            yield Violation(FILE, None, where, None, "unknown key", _nearest(keys[-1], options))
        elif item["type"] == "missing":
            yield Violation(FILE, None, where, None, "the key is missing", "add it (docs/tables.md says what it means)")
        else:
            message = item["msg"][0].lower() + item["msg"][1:]
            yield Violation(FILE, None, where, str(item["input"]), message, "correct the value")


def _nearest(name: str, options: list[str]) -> str:
    close = difflib.get_close_matches(name.casefold(), options, n=1)
    return f"write {close[0]}, or remove it" if close else f"remove it; the keys are {', '.join(options)}"


def _check_crs(crs: object) -> Iterator[Violation]:
    if not isinstance(crs, str) or not crs:
        return  # already told as a missing or mistyped key
    try:
        known = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError:
        remedy = 'write crs = "EPSG:4326" (longitude and latitude, WGS-84)'
        yield Violation(FILE, None, "crs", crs, "unknown coordinate reference system", remedy)
        return
    if not known.equals(pyproj.CRS("EPSG:4326"), ignore_axis_order=True):
        remedy = (
            'convert lon and lat to WGS-84 and write crs = "EPSG:4326", or give the places as GeoPackage or GeoJSON '
            "with their own reference system, which are converted"
        )
        yield Violation(FILE, None, "crs", crs, "lon and lat are read as WGS-84 only", remedy)


def _check_sources(sources: object) -> Iterator[Violation]:
    if not isinstance(sources, Mapping):
        return
    stems = [table.stem for table in TABLES]
    for stem in sources:
        if stem not in stems:
            yield Violation(FILE, None, f"sources.{stem}", None, "no table has this name", _nearest(stem, stems))
