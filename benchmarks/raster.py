"""A population raster of a country the size of China onto cells: seconds, peak memory, and people before and after.

    python benchmarks/raster.py [--finest-metres 500] [--cells-km 8]

Each raster is drawn from a seed, 5,000 km x 4,000 km in Mollweide metres as GHSL delivers it, with a nodata value and a sea; it is read
in a process of its own whose peak resident memory is printed (the libraries alone take about 250 MB of it).
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin
from rasterio.windows import Window

from netplan.demand.cells import area_km2
from netplan.demand.grid import h3_cells, square_cells
from netplan.demand.raster import read_population

WIDE_METRES, HIGH_METRES = 5_000_000, 4_000_000
LEFT, TOP = 6_800_000, 6_000_000
CRS = "ESRI:54009"
OUTLINE = shapely.Polygon(
    [(82, 28), (88, 44), (97, 42), (110, 44), (119, 47), (122, 40), (121, 31), (110, 21), (99, 22), (92, 28)]
)
ROWS = 256


def write(path: Path, metres: int) -> tuple[int, float]:
    """A raster of this pixel size, written a strip at a time; returns its pixels and its people."""
    columns, rows = WIDE_METRES // metres, HIGH_METRES // metres
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "crs": CRS, "nodata": -200.0, "compress": "lzw"}
    place = from_origin(LEFT, TOP, metres, metres)
    shape = {"width": columns, "height": rows, "tiled": True, "blockxsize": 256, "blockysize": 256}
    draw, total = np.random.default_rng(0), 0.0
    with rasterio.open(path, "w", transform=place, **profile, **shape) as file:
        for row in range(0, rows, ROWS):
            strip = draw.gamma(0.3, 500.0, (min(ROWS, rows - row), columns)).astype("float32")
            strip[:, : columns // 10] = -200.0
            total += float(strip[strip >= 0].sum(dtype="float64"))
            file.write(strip, 1, window=Window(0, row, columns, len(strip)))
    return columns * rows, total


def read(path: Path, kind: str, cells_km: float, answer: multiprocessing.Queue[tuple[float, str]]) -> None:
    """Read it onto squares, H3 cells or the outline as one cell; hand over the people inside and how it went."""
    start = time.perf_counter()
    if kind == "outline":
        cells = gpd.GeoDataFrame({"cell_id": ["all"]}, geometry=[OUTLINE], crs="EPSG:4326")
    else:
        cells = square_cells(OUTLINE, 1000 * cells_km) if kind == "squares" else h3_cells(OUTLINE, 5)
    gridded = time.perf_counter()
    population = read_population(path, cells, OUTLINE)
    seconds = time.perf_counter() - gridded
    # The libraries' own memory and the grid are part of the peak.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    took = f"{len(cells):>8,} {kind:8} {gridded - start:7.1f} {seconds:8.1f} {peak:6.2f}"
    outside = population.outside["people"]
    answer.put(
        (
            population.people,
            f"{took} {population.people:>17,.1f} {outside:>17,.1f} {population.people + outside:>18,.1f}",
        )
    )


def main() -> None:
    """Print one line a raster and kind of cells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finest-metres", type=int, default=500)
    parser.add_argument("--cells-km", type=float, default=8.0)
    options = parser.parse_args()
    area = float(area_km2(np.array([OUTLINE], dtype=object))[0])
    print(f"region of {area:,.0f} km2; GB: peak resident memory of the process")
    print(
        "     pixels    cells            grid s   read s     GB            inside           outside      in all (known)   inside / outline - 1"
    )
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for metres in sorted({1000, options.finest_metres}, reverse=True):
            path = Path(folder) / f"people_{metres}.tif"
            pixels, total = write(path, metres)
            known = 0.0
            for kind in ("outline", "squares", "H3 cells"):
                answer = processes.Queue()
                reader = processes.Process(target=read, args=(path, kind, options.cells_km, answer))
                reader.start()
                inside, line = answer.get()
                known = known or inside
                print(f"{pixels:>11,} {line} ({total:,.1f}) {inside / known - 1:>9.1e}", flush=True)
                reader.join()


if __name__ == "__main__":
    main()
