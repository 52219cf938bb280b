"""Road centre lines of GeoPackage, Shapefile, GeoJSON, FlatGeobuf and Parquet files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.assembly import AGAINST, ALONG, CLOSED, StreetMap, assembled, parts_note, rule_paces
from netplan.roads.builtup import NO_STREETS, built_up
from netplan.roads.columns import LineColumns, line_columns
from netplan.roads.cover import Area
from netplan.roads.cutting import Polylines
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import CRS, Roads
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_GRID = 1e7
"""Points are one where they agree to 1e-7 degrees, a centimetre, the precision of OpenStreetMap."""
_LINES = ("LineString", "MultiLineString")


@dataclass(frozen=True, slots=True)
class Lines:
    """Simple lines in degrees and the feature each belongs to.

    Attributes
    ----------
    feature
        Row of the file of each line, shape (lines,).
    shapes
        Points of the lines.
    share
        Part of its feature's length that a line is, shape (lines,).
    """

    feature: Ints
    shapes: Polylines
    share: Floats


def read_lines(
    path: Path, speeds: SpeedRules, area: Area | None, max_edge_metres: float, *, layer: str | None = None
) -> Roads:
    """Roads of a file of lines; see `netplan.roads.read_roads`.

    Lines meet where they share a point, an end or one in between; two that cross without a common point do not (a bridge).
    """
    frame, notes = _frame(path, layer)
    lines, geometry_notes = _lines(path, frame)
    columns = line_columns(frame, path.name, speeds)
    roads, more = _assembled(path, lines, columns, speeds, area, max_edge_metres)
    told = (*notes, *geometry_notes, *columns.notes, *more, parts_note(roads))
    return Roads(roads.junctions, roads.edges, tuple(f"{path.name}: {note}" for note in told))


def _frame(path: Path, layer: str | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # remarks of GDAL on the form of the file do not matter; its content is checked
            if path.suffix.lower() == ".parquet":
                return gpd.read_parquet(path), []
            layers = pyogrio.list_layers(path)
            chosen, note = _layer(path, [(str(name), str(kind)) for name, kind in layers], layer)
            return pyogrio.read_dataframe(path, layer=chosen), note
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = str(error).split("\n", 1)[0][:200] or type(error).__name__
        raise InputError(
            f"{path.name}: damaged, or not a file of map lines ({reason}); export the roads again"
        ) from error


def _layer(path: Path, layers: list[tuple[str, str]], wanted: str | None) -> tuple[str, list[str]]:
    """The layer to read, and a note of those that are not read."""
    names = [name for name, _ in layers]
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"{path.name}: no layer {wanted!r}; layers: {some(names, 10)}")
        return wanted, []
    chosen = _layer_of_lines(path, layers)
    others = [name for name in names if name != chosen]
    return chosen, [f"layer {chosen} read, not {some(others)}"] if others else []


def _layer_of_lines(path: Path, layers: list[tuple[str, str]]) -> str:
    """The only layer of lines, or the only one of them that is named as roads are."""
    lines = [name for name, kind in layers if "LineString" in kind or kind in ("Unknown", "GeometryCollection")]
    if not lines:
        found = ", ".join(f"{name} ({kind})" for name, kind in layers) or "none"
        raise InputError(f"{path.name}: has no layer of lines (layers: {found}); export the roads as lines")
    if len(lines) > 1:
        named = [name for name in lines if name.casefold() in ("roads", "road", "edges", "lines", "streets")]
        if len(named) != 1:
            raise InputError(f"{path.name}: has {len(lines)} layers of lines ({some(lines, 10)}); say which (layer=)")
        lines = named
    return lines[0]


def _lines(path: Path, frame: gpd.GeoDataFrame) -> tuple[Lines, list[str]]:
    """Lines in degrees; features without one are counted."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise InputError(f"{path.name}: has no geometry; export the roads as lines")
    if not len(frame):
        raise InputError(f"{path.name}: the layer is empty; export the roads of the region")
    kinds = frame.geometry.geom_type
    is_line = kinds.isin(_LINES).to_numpy() & ~frame.geometry.is_empty.to_numpy()
    if not is_line.any():
        found = some(dict.fromkeys(str(kind) for kind in kinds.dropna())) or "empty geometry"
        raise InputError(f"{path.name}: holds {found}, not lines; export the centre lines of the roads")
    notes = [f"{counted(int(is_line.sum()), 'line')} read"]
    if not is_line.all():
        notes.append(f"{counted(int((~is_line).sum()), 'feature')} left out that are not lines")
    parts, place = shapely.get_parts(
        shapely.force_2d(_degrees(path, frame.geometry).to_numpy()[is_line]), return_index=True
    )
    long_enough = shapely.get_num_coordinates(parts) >= 2
    parts, place = parts[long_enough], place[long_enough]
    start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(parts))]).astype(np.int64)
    lon, lat = shapely.get_coordinates(parts).T
    if not (np.isfinite(lon).all() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()):
        raise InputError(f"{path.name}: positions are off the globe; set the coordinate system the file is really in")
    shapes = Polylines(start, lon.copy(), lat.copy())
    feature = np.flatnonzero(is_line)[place]
    metres = shapes.metres()
    whole = np.bincount(feature, weights=metres, minlength=len(frame))[feature]
    return Lines(feature, shapes, np.divide(metres, whole, out=np.ones(len(whole)), where=whole > 0)), notes


def _degrees(path: Path, geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    crs = geometry.crs
    if crs is None or str(crs.name).lower().startswith(("undefined", "unknown")):
        raise InputError(
            f"{path.name}: its coordinate reference system is not stated; set it in the file (EPSG:4326 for longitude and "
            "latitude; a Shapefile needs its .prj beside it)"
        )
    if crs.equals(pyproj.CRS(CRS), ignore_axis_order=True):
        return geometry
    return geometry.to_crs(CRS)


def _assembled(  # noqa: PLR0917 - private, one call
    path: Path, lines: Lines, columns: LineColumns, speeds: SpeedRules, area: Area | None, max_edge_metres: float
) -> tuple[Roads, list[str]]:
    shapes = lines.shapes
    key, first_of, point = np.unique(_grid_key(shapes), return_index=True, return_inverse=True)
    lon, lat = shapes.lon[first_of], shapes.lat[first_of]
    line = np.repeat(np.arange(len(lines.feature)), np.diff(shapes.start))
    joined = line[1:] == line[:-1]
    first, last, line = point[:-1][joined].astype(np.int64), point[1:][joined].astype(np.int64), line[:-1][joined]
    used = columns.rule[lines.feature[line]] >= 0
    first, last, line = first[used], last[used], line[used]
    notes: list[str] = []
    if area is not None:
        inside = area.holds(lon, lat)
        keep = inside[first] | inside[last]
        if not keep.all():
            left = counted(int((~keep).sum()), "piece")
            notes.append(f"{left} of road more than {area.margin_km:g} km outside the area left out")
        first, last, line = first[keep], last[keep], line[keep]
    if not len(first):
        raise InputError(
            f"{path.name}: no road in use lies where it is needed{_why(columns)}; take the roads of the region"
        )
    row, paces, classes = _paces(lines, line, columns, speeds, (first, last, lon, lat))
    ids = np.arange(1, len(key) + 1)
    kept = np.zeros(len(key), dtype=bool)
    roads, more = assembled(StreetMap(ids, lon, lat, first, last, row, paces, classes, kept), max_edge_metres)
    return roads, [*notes, *more]


def _why(columns: LineColumns) -> str:
    return f" ({'; '.join(columns.notes)})" if columns.notes else ""


def _grid_key(shapes: Polylines) -> Ints:
    east = np.round(shapes.lon * _GRID).astype(np.int64)
    north = np.round(shapes.lat * _GRID).astype(np.int64)
    return np.asarray(east * (1 << 32) + north)


def _paces(
    lines: Lines, line: Ints, columns: LineColumns, speeds: SpeedRules, points: tuple[Ints, Ints, Floats, Floats]
) -> tuple[Ints, Floats, Sequence[str]]:
    """Row of paces of each step, the rows, and the names of classes; lines with minutes or a speed have rows of their own."""
    rules = columns.rules
    classes = list(dict.fromkeys(rule.road_class for rule in rules))
    is_street = np.array([(rule.forward or rule.backward) and rule.road_class not in NO_STREETS for rule in rules])
    rule = columns.rule[lines.feature[line]]
    urban = built_up(is_street[rule], *points, at_least=speeds.urban_junctions_per_km2)
    paces = np.array(
        [
            rule_paces(one, speeds, classes.index(one.road_class), is_urban=is_urban)
            for one in rules
            for is_urban in (False, True)
        ]
    )
    own_pace = _own_paces(lines, columns)
    timed = np.flatnonzero(~np.isnan(own_pace[0]) & (columns.rule[lines.feature] >= 0))
    own = paces[columns.rule[lines.feature[timed]] * 2].copy()
    for column, pace in zip((ALONG, AGAINST), own_pace, strict=True):
        own[:, column] = np.where(own[:, column] == CLOSED, CLOSED, pace[timed])
    row_of_line = np.full(len(lines.feature), -1, dtype=np.int64)
    row_of_line[timed] = len(paces) + np.arange(len(timed))
    own_row = row_of_line[line]
    return np.where(own_row >= 0, own_row, rule * 2 + urban), np.concatenate([paces, own]), classes


def _own_paces(lines: Lines, columns: LineColumns) -> tuple[Floats, Floats]:
    """Minutes a metre that the file states for each line, along it and back, NaN where it does not."""
    metres = lines.shapes.metres()
    of_speed = 60.0 / (1000.0 * columns.km_per_hour[lines.feature])
    stated = []
    for whole in (columns.minutes, columns.minutes_back):
        minutes = whole[lines.feature] * lines.share
        stated.append(np.divide(minutes, metres, out=np.full(len(metres), np.nan), where=metres > 0))
    along = np.where(np.isnan(stated[0]), of_speed, stated[0])
    return along, np.where(np.isnan(stated[1]), along, stated[1])
