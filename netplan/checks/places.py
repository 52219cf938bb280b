"""Where things are: outlines, points outside the region, longitude and latitude swapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from netplan.checks.contract import CheckedTable
from netplan.readers import RawTable
from netplan.violations import Violation, counted, some

MARGIN_DEGREES = 0.5
"""A place this far outside the outlines' box is still taken to belong to the region."""
OUTLINE_TOLERANCE_DEGREES = 0.02
"""Outlines are simplified: a place this close to its district (about 2 km) counts as inside."""

_WGS84 = "EPSG:4326"
_OF_A_DISTRICT = {"nodes": "node_id", "townships": "township_id", "outlets": "site_id", "candidates": "site_id"}
_MAY_LIE_OUTSIDE = ("road_nodes",)
"""Roads do not end at the border; they are used as far as anyone drives on them."""
_STRAY_SHARE = 0.05
"""Without outlines, the region's box is that of all places less this share at either end, then widened by its size."""


@dataclass(frozen=True, slots=True)
class Box:
    """A range of longitudes and latitudes, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie in it, shape (points,)."""
        inside = (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)
        return np.asarray(inside)

    def widened(self, lon_degrees: float, lat_degrees: float) -> Box:
        """The box with a margin on every side."""
        return Box(self.west - lon_degrees, self.south - lat_degrees, self.east + lon_degrees, self.north + lat_degrees)

    def __str__(self) -> str:
        return f"longitude {self.west:.2f} to {self.east:.2f}, latitude {self.south:.2f} to {self.north:.2f}"


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of the districts, indexed by district id, and what was found about them."""

    shapes: gpd.GeoSeries | None
    findings: tuple[Violation | str, ...] = ()


@dataclass(slots=True)
class PlaceFindings:
    """What is wrong with the places; `replaced` names the cells whose range violations it explains better."""

    findings: list[Violation | str] = field(default_factory=list)
    replaced: set[tuple[str, int | None, str]] = field(default_factory=set)


def read_outlines(districts: CheckedTable | None, own_file: RawTable | None) -> Outlines:
    """The outlines from their own file, or from the geometry of the table of districts."""
    if own_file is not None:
        return _outlines(own_file, districts)
    if districts is None or districts.geometry is None or not districts.has("district_id"):
        return Outlines(None)
    if not districts.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).any():
        return Outlines(None)
    return _outlines(districts.raw, districts)


def check_places(found: Mapping[str, CheckedTable], shapes: gpd.GeoSeries | None) -> PlaceFindings:
    """Every table with lon and lat against the region's box; places far from their own district are noted."""
    box = _region_box(found, shapes)
    result = PlaceFindings()
    for checked in found.values():
        if checked.has("lon", "lat"):
            _check_inside(checked, box, result)
            result.findings += _far_from_district(checked, shapes)
    return result


def _outlines(raw: RawTable, districts: CheckedTable | None) -> Outlines:
    if "district_id" not in raw.cells:
        remedy = "give each outline the property district_id"
        return Outlines(None, (Violation(raw.file, 1, "district_id", None, "the column is missing", remedy),))
    if raw.geometry is None:
        return Outlines(None, (Violation(raw.file, None, "", None, "holds no outlines", "export the geometry too"),))
    ids = raw.cells["district_id"].astype(str)
    findings: list[Violation | str] = [*raw.violations, *(note for note in raw.notes if "point inside" not in note)]
    findings += _wrong_outlines(raw, ids, districts)
    repaired = int((~shapely.is_valid(raw.geometry.to_numpy()) & raw.geometry.notna().to_numpy()).sum())
    if repaired:
        findings.append(f"{raw.file}: {counted(repaired, 'outline')} crossed itself and was repaired for drawing")
    known = set(districts.frame["district_id"].dropna()) if districts and districts.has("district_id") else set()
    without = sorted(known - set(ids[raw.geometry.notna().to_numpy()]))
    if without:
        findings.append(f"{raw.file}: no outline of {counted(len(without), 'district')} ({some(without)})")
    shapes = np.array([_areas(shape) for shape in raw.geometry], dtype=object)
    series = gpd.GeoSeries(shapes, index=ids, crs=_WGS84)
    return Outlines(series[~series.index.duplicated() & series.notna()], tuple(findings))


def _wrong_outlines(raw: RawTable, ids: NDArray[np.str_], districts: CheckedTable | None) -> Iterator[Violation]:
    known = set(districts.frame["district_id"].dropna()) if districts and districts.has("district_id") else None
    seen: set[str] = set()
    shapes = [] if raw.geometry is None else list(raw.geometry)
    for row, name, shape in zip(raw.rows.tolist(), ids, shapes, strict=True):
        district = str(name)
        for told in (_wrong_district(district, known, seen), _wrong_shape(shape)):
            if told is not None:
                yield Violation(raw.file, row, "district_id", district, *told)
        seen.add(district)


def _wrong_district(district: str, known: set[str] | None, seen: set[str]) -> tuple[str, str] | None:
    """Problem and remedy of an outline whose district is not in the table, or has one already."""
    if known is not None and district not in known:
        return "not in the table of districts", "correct the id, or add the district"
    if district in seen:
        return "a second outline of this district", "merge the parts into one outline"
    return None


def _wrong_shape(shape: shapely.Geometry | None) -> tuple[str, str] | None:
    """Problem and remedy of an outline that is no area, or not in degrees."""
    if shape is None:
        return None
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return f"the outline is a {shape.geom_type}", "give it as an area (polygon)"
    if not _on_earth(shape):
        return "the outline's coordinates are not longitude and latitude", "export it in EPSG:4326, longitude first"
    return None


def _on_earth(shape: shapely.Geometry) -> bool:
    west, south, east, north = shape.bounds if not shape.is_empty else (0.0, 0.0, 0.0, 0.0)
    return bool(west >= -180 and south >= -90 and east <= 180 and north <= 90)


def _areas(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """The outline as valid areas only; ``None`` if nothing is left."""
    if shape is None or shape.is_empty:
        return None
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shape, return_index=False) if part.geom_type.endswith("Polygon")]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _region_box(found: Mapping[str, CheckedTable], shapes: gpd.GeoSeries | None) -> Box | None:
    if shapes is not None and len(shapes):
        return Box(*(float(edge) for edge in shapes.total_bounds)).widened(MARGIN_DEGREES, MARGIN_DEGREES)
    placed = [one for one in found.values() if one.has("lon", "lat")]
    tables = [one.frame.loc[one.sound("lon", "lat"), ["lon", "lat"]].to_numpy(dtype=float) for one in placed]
    places = np.concatenate([np.empty((0, 2)), *tables])
    if not len(places):
        return None
    west, south = (float(edge) for edge in np.quantile(places, _STRAY_SHARE, axis=0, method="higher"))
    east, north = (float(edge) for edge in np.quantile(places, 1 - _STRAY_SHARE, axis=0, method="lower"))
    return Box(west, south, east, north).widened(MARGIN_DEGREES + east - west, MARGIN_DEGREES + north - south)


def _check_inside(checked: CheckedTable, box: Box | None, result: PlaceFindings) -> None:
    lon, lat = (checked.frame[name].to_numpy(dtype=float) for name in ("lon", "lat"))
    given = ~np.isnan(lon) & ~np.isnan(lat) & ~np.isin(checked.raw.rows, list(checked.raw.ambiguous_rows))
    anywhere = Box(-180, -90, 180, 90)
    region = anywhere if box is None else box
    outside = given & ~region.holds(lon, lat)
    swapped = outside & region.holds(lat, lon)
    if checked.table.stem in _MAY_LIE_OUTSIDE:
        beyond = int((outside & ~swapped & anywhere.holds(lon, lat)).sum())
        if beyond:
            result.findings.append(f"{checked.file}: {counted(beyond, 'row')} outside the region ({region}), kept")
        outside = swapped
    for place in np.flatnonzero(swapped if box is None else outside):
        row = int(checked.raw.rows[place])
        value = f"{checked.raw.cells['lon'][place]} {checked.raw.cells['lat'][place]}"
        if swapped[place]:
            told = "longitude and latitude look swapped", "exchange lon and lat"
        else:
            told = f"outside the region ({region})", "correct the place, or the outlines of the districts"
        result.findings.append(Violation(checked.file, row, "lon lat", value, *told))
        result.replaced.update((checked.table.stem, row, name) for name in ("lon", "lat"))
        checked.faulty["lon"][place] = checked.faulty["lat"][place] = True


def _far_from_district(checked: CheckedTable, shapes: gpd.GeoSeries | None) -> Iterator[str]:
    key = _OF_A_DISTRICT.get(checked.table.stem)
    if key is None or shapes is None or not len(shapes) or not checked.has(key, "district_id"):
        return
    places = np.flatnonzero(checked.sound("lon", "lat", "district_id", key))
    rows = checked.frame.iloc[places]
    outlines = shapes.reindex(rows["district_id"]).to_numpy()
    shapely.prepare(outlines)
    points = shapely.points(rows["lon"].to_numpy(dtype=float), rows["lat"].to_numpy(dtype=float))
    near = shapely.dwithin(outlines, points, OUTLINE_TOLERANCE_DEGREES)
    far = ~near & ~shapely.is_missing(outlines)
    if far.any():
        names = some(rows.loc[far, key])
        yield f"{checked.file}: {counted(int(far.sum()), 'row')} outside the outline of their own district ({names})"
