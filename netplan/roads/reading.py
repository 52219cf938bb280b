"""One front door for road files of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from netplan.errors import InputError
from netplan.roads.cover import Area, roads_cover
from netplan.roads.cutting import MAX_EDGE_METRES, check_max_edge
from netplan.roads.graphml import read_graphml
from netplan.roads.lines import read_lines
from netplan.roads.osm import read_osm
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import Roads

OSM_ENDINGS = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")
LINE_ENDINGS = (".gpkg", ".shp", ".shp.zip", ".zip", ".geojson", ".fgb", ".parquet")
GRAPHML = ".graphml"
ENDINGS = (*OSM_ENDINGS, GRAPHML, *LINE_ENDINGS)
"""File name endings that are read as roads, in any case."""


def read_roads(
    path: str | Path,
    *,
    country: str = "",
    area: Any = None,
    area_margin_km: float = 10.0,
    max_edge_metres: float = MAX_EDGE_METRES,
    walk_speed_km_per_hour: float = 4.8,
    speeds: SpeedRules | None = None,
    layer: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Roads:
    """Read a road file as junctions and edges with driving and walking minutes.

    Parameters
    ----------
    path
        OpenStreetMap PBF or XML (``.osm.pbf``, ``.pbf``, ``.osm``, ``.osm.bz2``, ``.osm.gz``), GraphML as osmnx saves it, or lines in any
        coordinate system (GeoPackage, Shapefile or zipped Shapefile, GeoJSON, FlatGeobuf, Parquet).
    country
        ISO 3166 code of two letters whose legal limits hold where no speed is known; empty: general limits.
    area
        Shapely (multi)polygon in WGS-84: roads farther away than the margin are left out. Not for GraphML, which is taken whole.
    area_margin_km
        How far beyond the area roads are kept, since the fastest way may leave it.
    max_edge_metres
        Longer roads are cut along their shape.
    walk_speed_km_per_hour
        Speed on foot, for walk_minutes.
    speeds
        All rules of speed at once, in place of `country` and `walk_speed_km_per_hour`.
    layer
        Layer of a GeoPackage with several.
    progress
        Called with what is being done and the share done, 0 to 1.

    Returns
    -------
    Roads
        With notes on what was read, defaulted and left out.

    Raises
    ------
    InputError
        The file is missing, damaged, of another kind, without roads or elsewhere; the message names the remedy.
    """
    path = Path(path)
    check_max_edge(max_edge_metres)
    if not path.is_file():
        raise InputError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}; name the road file")
    if not path.stat().st_size:
        raise InputError(f"{path.name}: the file is empty; download or export it again")
    rules = speeds or SpeedRules(country=country, walk_speed_km_per_hour=walk_speed_km_per_hour)
    within = None if area is None else Area.around(area, area_margin_km)
    roads = _read(path, rules, within, max_edge_metres, layer=layer, progress=progress)
    if not (roads.edges["minutes"].notna()).any():
        raise InputError(f"{path.name}: no road is open to cars; take a file with the streets, not with paths only")
    if area is not None:
        roads_cover(roads, within.shape if within is not None else area, file=path.name)
    return roads


def ending_of(path: Path) -> str:
    """The ending that says what kind of road file this is; empty: none that is read."""
    name = path.name.casefold()
    return next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if name.endswith(ending)), "")


def _read(
    path: Path,
    speeds: SpeedRules,
    area: Area | None,
    max_edge_metres: float,
    *,
    layer: str | None,
    progress: Callable[[str, float], None] | None,
) -> Roads:
    ending = ending_of(path)
    if ending in OSM_ENDINGS:
        return read_osm(path, speeds, area, max_edge_metres, progress)
    if progress is not None:
        progress(f"{path.name}: roads", 0.0)
    if ending == GRAPHML:
        roads = read_graphml(path, speeds, max_edge_metres)
    elif ending:
        roads = read_lines(path, speeds, area, max_edge_metres, layer=layer)
    else:
        raise InputError(f"{path.name}: not a road file by its name; one that ends in {', '.join(ENDINGS)} is read")
    if progress is not None:
        progress(f"{path.name}: read", 1.0)
    return replace(roads)
