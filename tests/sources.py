"""Source files of a small made-up region: a raster of people, census zones, streets as OSM XML, a list of branches."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import from_origin

WEST, SOUTH, EAST, NORTH = 10.0, 46.0, 10.08, 46.04
"""About 6.2 km by 4.4 km."""

PEOPLE = {"Z1": (120.0, 600.0, 180.0), "Z2": (80.0, 400.0, 120.0), "Z3": (60.0, 310.0, 130.0), "Z4": (10.0, 45.0, 45.0)}
"""Children, working and elderly of each zone: 2,100 people."""


def write_sources(folder: Path) -> dict[str, Path]:
    """Write all files; their names by what they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "population": write_raster(folder / "pop.tif"),
        "zones": write_zones(folder / "zones.gpkg"),
        "roads": write_streets(folder / "streets.osm"),
        "outlets": write_branches(folder / "branches.csv"),
    }


def write_raster(path: Path, *, crs: str | None = "EPSG:4326") -> Path:
    """People in pixels of 0.002 degrees: more in the west than in the east, and a rim of 30 people outside the zones."""
    rows, columns = 22, 42
    people = np.tile(np.linspace(3.0, 1.0, columns), (rows, 1))
    people[5, 7] = -9999.0
    transform = from_origin(WEST - 0.002, NORTH + 0.002, 0.002, 0.002)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float64",
        crs=crs,
        transform=transform,
        nodata=-9999.0,
    ) as raster:
        raster.write(people, 1)
    return path


def zones_frame() -> gpd.GeoDataFrame:
    """Four zones side by side, two to a district, with their people by age."""
    edges = np.linspace(WEST, EAST, 5)
    shapes = [shapely.box(edges[k], SOUTH, edges[k + 1], NORTH) for k in range(4)]
    ages = np.array(list(PEOPLE.values()))
    return gpd.GeoDataFrame(
        {
            "code": list(PEOPLE),
            "label": ["Abad", "Bergen", "Castell", "Dorf"],
            "county": ["D1", "D1", "D2", "D2"],
            "young": ages[:, 0],
            "mid": ages[:, 1],
            "old": ages[:, 2],
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def write_zones(path: Path, frame: gpd.GeoDataFrame | None = None) -> Path:
    """Write zones as a GeoPackage, in a projected system as offices deliver them."""
    (zones_frame() if frame is None else frame).to_crs("EPSG:32632").to_file(path)
    return path


def write_streets(path: Path, *, west: float = WEST, south: float = SOUTH) -> Path:
    """A grid of streets 0.01 degrees apart as OSM XML: tertiary roads, 50 km/h where a sign says so."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="by hand">']
    number = lambda i, j: 1 + 9 * j + i  # noqa: E731
    lines += [
        f'<node id="{number(i, j)}" lat="{south + 0.01 * j:.6f}" lon="{west + 0.01 * i:.6f}"/>'
        for j in range(5)
        for i in range(9)
    ]
    ways = [[number(i, j) for i in range(9)] for j in range(5)] + [[number(i, j) for j in range(5)] for i in range(9)]
    for place, nodes in enumerate(ways, start=1):
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        sign = '<tag k="maxspeed" v="50"/>' if place % 2 else ""
        lines.append(f'<way id="{place}">{refs}<tag k="highway" v="tertiary"/>{sign}</way>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def branches_frame() -> pd.DataFrame:
    """Five branches, of which one is another bank's, with deposits in thousands."""
    return pd.DataFrame(
        {
            "branch_id": ["001", "002", "003", "004", "X1"],
            "branch": ["Mitte", "West", "Ost", "Dorf", "Other"],
            "longitude": [10.021, 10.006, 10.062, 10.071, 10.031],
            "latitude": [46.021, 46.012, 46.031, 46.011, 46.019],
            "deposits": [90_000, 40_000, 55_000, 12_000, 70_000],
            "bank": ["Ours"] * 4 + ["Theirs"],
        }
    )


def write_branches(path: Path, frame: pd.DataFrame | None = None) -> Path:
    """Write the list as CSV."""
    (branches_frame() if frame is None else frame).to_csv(path, index=False)
    return path
