"""Tables with geometry: GeoJSON, GeoPackage, Parquet. Geometry arrives in WGS-84, points also as lon and lat."""

from __future__ import annotations

import io
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyogrio
import pyproj
import shapely
import shapely.geometry

from netplan.readers.raw import RawTable, UnreadableFileError, as_text, raw_from_frame
from netplan.violations import counted, some

WGS84 = "EPSG:4326"
_SQLITE = b"SQLite format 3\0"
_NO_CRS = "its coordinate reference system is not stated"
_SET_CRS = "set it in the file (EPSG:4326 for longitude and latitude)"
_SAME_PLACE_DEGREES = 1e-4


def read_geojson(file: str, data: bytes) -> RawTable:
    """Read a GeoJSON FeatureCollection: properties as columns, geometry aside."""
    content = _json_content(data)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise UnreadableFileError("not a GeoJSON FeatureCollection", "export the layer as GeoJSON")
    frame = pd.DataFrame([feature.get("properties") or {} for feature in features], dtype=object)
    shapes = [_shape(feature.get("geometry"), place + 2) for place, feature in enumerate(features)]
    return _placed(file, frame, gpd.GeoSeries(shapes, crs=_geojson_crs(content)))


def _json_content(data: bytes) -> Any:
    """What the bytes say as JSON in UTF-8."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"not UTF-8 text ({error.reason})", "save it as GeoJSON in UTF-8") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableFileError(f"not valid JSON ({error})", "export it again as GeoJSON") from None


def read_geopackage(file: str, data: bytes, stem: str) -> RawTable:
    """Read the layer named like the table, or the only layer, of a GeoPackage."""
    if not data.startswith(_SQLITE):
        raise UnreadableFileError("not a GeoPackage", "export it again as GeoPackage, or save it as CSV")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # SQLite may write beside a database that it only reads; and remarks on its form do not matter, every
        # cell is checked as text
        warnings.simplefilter("ignore")
        copy = Path(folder, f"{stem}.gpkg")
        copy.write_bytes(data)
        layers = [str(name) for name, _ in pyogrio.list_layers(copy)]
        layer = _layer(layers, stem)
        frame = pyogrio.read_dataframe(copy, layer=layer)
    others = [name for name in layers if name != layer]
    note = (f"{file}: {counted(len(others), 'further layer')} not read ({some(others)})",) if others else ()
    return _split(file, frame, note)


def _layer(layers: list[str], stem: str) -> str:
    if stem in layers:
        return stem
    if len(layers) == 1:
        return layers[0]
    raise UnreadableFileError(f"has {counted(len(layers), 'layer')} and none is named {stem}", f"name it {stem}")


def read_parquet(file: str, data: bytes) -> RawTable:
    """Read a Parquet or GeoParquet file."""
    if not data.startswith(b"PAR1"):
        raise UnreadableFileError("not a Parquet file", "export it again as Parquet, or save it as CSV")
    metadata = pyarrow.parquet.read_schema(io.BytesIO(data)).metadata or {}
    if b"geo" in metadata:
        return _split(file, gpd.read_parquet(io.BytesIO(data)))
    return raw_from_frame(file, pd.read_parquet(io.BytesIO(data)).reset_index(drop=True))


def read_frame(file: str, frame: pd.DataFrame) -> RawTable:
    """A table in memory, with or without geometry."""
    return _split(file, frame.reset_index(drop=True))


def _split(file: str, frame: pd.DataFrame, notes: tuple[str, ...] = ()) -> RawTable:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        return _with_notes(raw_from_frame(file, frame), notes)
    plain = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    return _with_notes(_placed(file, plain, frame.geometry), notes)


def _placed(file: str, frame: pd.DataFrame, geometry: gpd.GeoSeries) -> RawTable:
    notes: list[str] = []
    geometry = _in_wgs84(file, geometry.reset_index(drop=True), notes)
    if not {"lon", "lat"} & {str(name).strip() for name in frame.columns}:
        points = _points(file, geometry, notes)
        frame = frame.assign(lon=_rounded(points.x), lat=_rounded(points.y))
    else:
        _note_disagreement(file, frame, geometry, notes)
    return _with_notes(raw_from_frame(file, frame, geometry), tuple(notes))


def _in_wgs84(file: str, geometry: gpd.GeoSeries, notes: list[str]) -> gpd.GeoSeries:
    crs = geometry.crs
    if geometry.isna().all():
        return gpd.GeoSeries(geometry.to_numpy(), crs=WGS84)
    if crs is None or str(crs.name).lower().startswith(("undefined", "unknown")):
        raise UnreadableFileError(_NO_CRS, _SET_CRS)
    if crs.equals(pyproj.CRS(WGS84), ignore_axis_order=True):
        return gpd.GeoSeries(geometry.to_numpy(), crs=WGS84)
    notes.append(f"{file}: {counted(len(geometry), 'geometry', 'geometries')} reprojected from {crs.name} to WGS-84")
    return geometry.to_crs(WGS84)


def _points(file: str, geometry: gpd.GeoSeries, notes: list[str]) -> gpd.GeoSeries:
    """Points of the rows; for areas and lines a point on them, which is noted."""
    is_point = (geometry.geom_type == "Point").to_numpy()
    others = int((~is_point & geometry.notna() & ~geometry.is_empty).sum())
    if others:
        notes.append(f"{file}: lon and lat of {counted(others, 'row')} are a point inside the outline")
    points = np.where(is_point, geometry.to_numpy(), shapely.point_on_surface(geometry.to_numpy()))
    points = np.where(shapely.is_empty(points), None, points)
    return gpd.GeoSeries(points, crs=WGS84)


def _rounded(degrees: pd.Series) -> pd.Series:
    """Reprojection leaves noise in the last digits; 1e-9 degrees are a tenth of a millimetre."""
    return degrees.round(9)


def _note_disagreement(file: str, frame: pd.DataFrame, geometry: gpd.GeoSeries, notes: list[str]) -> None:
    if not {"lon", "lat"} <= set(frame.columns):
        return
    is_point = (geometry.geom_type == "Point").to_numpy() & ~geometry.is_empty.to_numpy()
    lon = pd.to_numeric(frame["lon"], errors="coerce").to_numpy(dtype=float)
    lat = pd.to_numeric(frame["lat"], errors="coerce").to_numpy(dtype=float)
    x, y = shapely.get_x(geometry.to_numpy()), shapely.get_y(geometry.to_numpy())
    with np.errstate(invalid="ignore"):
        differs = is_point & ((np.abs(lon - x) > _SAME_PLACE_DEGREES) | (np.abs(lat - y) > _SAME_PLACE_DEGREES))
    if differs.any():
        found = counted(int(differs.sum()), "row")
        notes.append(f"{file}: in {found} lon and lat differ from the geometry; lon and lat are used")


def _shape(geometry: Any, row: int) -> Any:
    if geometry is None:
        return None
    try:
        return shapely.geometry.shape(geometry)
    except Exception as error:  # noqa: BLE001 - shapely passes on whatever a malformed mapping provokes
        raise UnreadableFileError(f"the geometry of row {row} is not GeoJSON ({error})", "export it again") from None


def _geojson_crs(content: Mapping[str, Any]) -> str:
    """WGS-84 as RFC 7946 has it, or what the `crs` member of the older GeoJSON says."""
    if "crs" not in content:
        return WGS84
    crs = content["crs"]
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
    try:
        return pyproj.CRS(as_text(name)).to_wkt()
    except pyproj.exceptions.CRSError:
        raise UnreadableFileError(f"unknown coordinate reference system {as_text(name)!r}", _SET_CRS) from None


def _with_notes(raw: RawTable, notes: tuple[str, ...]) -> RawTable:
    return RawTable(
        raw.file, raw.cells, raw.rows, raw.geometry, raw.ambiguous_rows, raw.violations, (*notes, *raw.notes)
    )
