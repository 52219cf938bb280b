"""Census zones onto cells: seconds and memory at the size of a province and of a large census.

    .venv/bin/python benchmarks/zones.py

Zones are Voronoi polygons of seeded points over 82,400 km2 whose edges get a point every 100 m; cells are squares. Each row is measured
in this process, one after the other; run it on a machine that does nothing else.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely

from netplan.demand.grid import square_cells
from netplan.demand.population import Population
from netplan.demand.spread import spread_zones
from netplan.demand.zone_report import zone_report
from netplan.demand.zones import read_zones

T = TypeVar("T")
AREA = shapely.box(106.0, 28.6, 108.9, 31.24)
CASES = ((38, 1_815.0), (3_000, 908.0))
"""Zones, and the side of the cells in metres: about 25,000 and 100,000 of them."""


def timed(label: str, step: Callable[[], T]) -> T:
    """Run a step and print how long it took and the most memory used so far."""
    began = time.perf_counter()
    value = step()
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{label:<44} {time.perf_counter() - began:8.1f} s   {memory_gb:5.2f} GB")
    return value


def zones(count: int) -> gpd.GeoDataFrame:
    """Zones with people in three segments."""
    rng = np.random.default_rng(count)
    west, south, east, north = AREA.bounds
    sites = shapely.multipoints(rng.uniform([west, south], [east, north], (count, 2)))
    shapes = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=AREA)), AREA)
    people = {name: rng.integers(0, 5000, count) for name in ("children", "working", "elderly")}
    ids = [f"T{n}" for n in range(count)]
    return gpd.GeoDataFrame({"zone_id": ids, **people}, geometry=shapely.segmentize(shapes, 0.001), crs="EPSG:4326")


def off_by(before: Population, after: Population) -> float:
    """Largest relative difference of a column's total."""
    columns = list(before.columns)
    there, here = before.cells[columns].sum().to_numpy(), after.cells[columns].sum().to_numpy()
    return float(np.abs(here / there - 1).max())


def main() -> None:
    """Print the table."""
    for count, metres in CASES:
        drawn = zones(count)
        cells = timed(f"{count:,} zones: cells of {metres:g} m", lambda metres=metres: square_cells(AREA, metres))
        weights = np.random.default_rng(0).uniform(0, 9, len(cells))
        read = timed(
            f"  read {shapely.get_num_coordinates(drawn.geometry).sum():,} points",
            lambda drawn=drawn: read_zones(drawn),
        )
        name = f"  onto {len(cells):,} cells"
        by_area = timed(f"{name} by area", lambda read=read, cells=cells: spread_zones(read, cells))
        by_weight = timed(
            f"{name} by weight, whole people",
            lambda read=read, cells=cells, weights=weights: spread_zones(read, cells, weights=weights, whole=True),
        )
        timed("  overlaps and gaps", lambda read=read: zone_report(read))
        print(f"  totals kept to {off_by(read, by_area):.1e} by area, {off_by(read, by_weight):.1e} in whole people")


if __name__ == "__main__":
    main()
