"""District outlines: decode, shift from GCJ-02 to WGS-84, check the area.

ECharts stores each ring as text: pairs of characters, each (code - 64) a zigzag-coded step in 1/1024 degree from the
point before. The positions agree with GCJ-02, the shifted datum of Chinese web maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from metric import PLANE, Floats
from shapely import make_valid, normalize, set_precision, unary_union
from shapely.geometry import MultiPolygon, Polygon

FACTS = Path(__file__).with_name("facts") / "districts.csv"
RENUMBERED = {"500228": "500155", "500232": "500156"}
"""Liangping and Wulong became districts in 2016 and were given new codes."""

_SPECK = 1e-7
"""Square degrees (about 1,000 m2): smaller parts are left-overs of the simplification."""
_AXIS = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943


def read_district_facts(path: Path = FACTS) -> pd.DataFrame:
    """The 38 districts and their 2020 census facts, in the order of their codes."""
    facts = pd.read_csv(path, dtype={"district_id": str, "percent_children": str, "percent_elderly": str})
    return facts.sort_values("district_id", ignore_index=True)


@dataclass(frozen=True, slots=True)
class Districts:
    """The districts: facts, seat and outline in degrees and in the plane, row by row."""

    table: pd.DataFrame
    degrees: gpd.GeoSeries
    plane: gpd.GeoSeries

    @property
    def area_km2(self) -> float:
        """True area of all outlines."""
        return float(self.plane.area.sum() / 1e6)


def read_districts(collection: dict[str, Any], facts: pd.DataFrame) -> Districts:
    """Outlines and seats of the 38 districts, joined to their facts.

    Raises
    ------
    ValueError
        The outlines and the facts do not name the same districts.
    """
    shapes, seats = {}, {}
    for feature in collection["features"]:
        code = RENUMBERED.get(feature["id"], feature["id"])
        shapes[code] = _outline(feature["geometry"])
        seats[code] = wgs84_from_gcj02(np.array([feature["properties"]["cp"]]))[0]
    if sorted(shapes) != facts["district_id"].tolist():
        raise ValueError(f"outlines and facts differ: {sorted(set(shapes) ^ set(facts['district_id']))}")
    codes = facts["district_id"]
    table = facts.assign(lon=[round(seats[c][0], 5) for c in codes], lat=[round(seats[c][1], 5) for c in codes])
    degrees = gpd.GeoSeries([shapes[c] for c in codes], crs="EPSG:4326")
    return Districts(table, degrees, gpd.GeoSeries(make_valid(degrees.to_crs(PLANE).array), crs=PLANE))


def write_outlines(districts: Districts, path: Path) -> None:
    """`districts.geojson`, one feature a line, five decimals."""
    lines = []
    for row, shape in zip(districts.table.itertuples(), districts.degrees, strict=True):
        names = f'"district_id":"{row.district_id}","name":"{row.name}","name_en":"{row.name_en}"'
        rings = ",".join("[" + ",".join(_ring_text(ring) for ring in _rings(part)) + "]" for part in _parts(shape))
        geometry = f'{{"type":"MultiPolygon","coordinates":[{rings}]}}'
        lines.append(f'{{"type":"Feature","properties":{{{names}}},"geometry":{geometry}}}')
    head = '{"type":"FeatureCollection","features":[\n'
    path.write_bytes((head + ",\n".join(lines) + "\n]}\n").encode("utf-8"))


def wgs84_from_gcj02(shifted: Floats) -> Floats:
    """Undo the GCJ-02 shift by fixed-point iteration on its published forward formula.

    The shift changes by less than 1 mm per metre, so every round gains three digits: five leave far less than 1 cm.
    """
    degrees = shifted.copy()
    for _ in range(5):
        degrees = shifted - (gcj02_from_wgs84(degrees) - degrees)
    return degrees


def gcj02_from_wgs84(degrees: Floats) -> Floats:
    """The published GCJ-02 shift (Krasovsky 1940 ellipsoid), shape (n, 2) of lon, lat."""
    x, y = degrees[:, 0] - 105.0, degrees[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    short = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    latitude = np.radians(degrees[:, 1])
    magic = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    metres_north = _AXIS * (1.0 - _ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic)) * np.pi / 180.0
    metres_east = _AXIS / np.sqrt(magic) * np.cos(latitude) * np.pi / 180.0
    return degrees + np.column_stack([east / metres_east, north / metres_north])


def _outline(geometry: dict[str, Any]) -> MultiPolygon:
    coordinates, offsets = geometry["coordinates"], geometry["encodeOffsets"]
    if geometry["type"] == "Polygon":
        coordinates, offsets = [coordinates], [offsets]
    parts = []
    for rings, starts in zip(coordinates, offsets, strict=True):
        outer, *holes = [
            np.round(wgs84_from_gcj02(_decode(ring, start)), 5) for ring, start in zip(rings, starts, strict=True)
        ]
        if len(outer) >= 4:
            parts.append(Polygon(outer, holes))
    merged = normalize(set_precision(unary_union([make_valid(part) for part in parts]), 1e-5))
    polygons = [part for part in _parts(merged) if part.area > _SPECK]
    return MultiPolygon(sorted(polygons, key=lambda part: -part.area))


def _decode(text: str, start: list[int]) -> Floats:
    steps = np.array([ord(letter) - 64 for letter in text], dtype=np.int64)
    steps = (steps >> 1) ^ -(steps & 1)
    return (np.cumsum(steps.reshape(-1, 2), axis=0) + np.array(start)) / 1024.0


def _parts(shape: Any) -> list[Polygon]:
    if isinstance(shape, Polygon):
        return [shape]
    return [part for member in getattr(shape, "geoms", []) for part in _parts(member)]


def _rings(polygon: Polygon) -> list[Any]:
    return [polygon.exterior, *polygon.interiors]


def _ring_text(ring: Any) -> str:
    return "[" + ",".join(f"[{x:.5f},{y:.5f}]" for x, y in ring.coords) + "]"
