"""Population rasters (WorldPop, GHSL and alike) summed onto cells, to the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource
from shapely.geometry.base import BaseGeometry

from netplan.demand.cells import Floats, Geometries, area_km2, checked_area, checked_cells, cut, inner_points
from netplan.demand.pixels import PixelRules, PopulationRaster, Tile, open_raster
from netplan.demand.population import Population
from netplan.errors import InputError
from netplan.violations import counted

Told = Callable[[str, float], None]

_CLOSE = 1e-6
"""Totals that differ by less than this share are one total: coverage fractions are single precision."""

_CHORD_ERROR = 3e-8
"""Share of the area's people that may change sides where a straight edge in degrees is bent in the raster's system."""


def read_population(
    path: str | Path | Mapping[str, str | Path],
    cells: gpd.GeoDataFrame,
    area: BaseGeometry | None = None,
    *,
    band: int | None = None,
    column: str = "people",
    nodata: float | None = None,
    is_density: bool = False,
    progress: Told | None = None,
) -> Population:
    """People of a raster file on cells, each pixel shared among the cells by the part of it that they cover.

    Parameters
    ----------
    path
        A GeoTIFF (or another raster that GDAL reads) in any coordinate system, of people per pixel; or one a segment:
        ``{"children": "pop_0_14.tif", ...}``.
    cells
        Polygons with cell_id that do not cover each other, as `square_cells` and `h3_cells` make them; further columns are kept.
    area
        Outline of the region in WGS-84: cells are cut with it. Without one, the cells are the region.
    band
        Band that holds the people, counted from 1; needed where a file has several.
    column
        Name of the column of people where `path` is one file.
    nodata
        Value that stands for "no data" where the file does not say so itself. NaN always does.
    is_density
        The raster holds people per km2 of ground instead of people.
    progress
        Called with what is read and the share done.

    Returns
    -------
    Cells with people, the people outside them, and what was read in words. People plus outside is the total of the raster; the people
    are those that the outline holds, to 1e-6. Cells where no one lives stay (`with_people` leaves them out).

    Raises
    ------
    InputError
        A file is missing, no raster, truncated, not placed on Earth, rotated, holds colours, has several bands and none is chosen, has
        negative or infinite values that are not "no data", no data at all, or no one in the region; the cells or the area are unusable.
    """
    files = path if isinstance(path, Mapping) else {column: path}
    prepared, notes = _prepared(cells, area, tuple(files))
    outside: dict[str, float] = {}
    for name, file in files.items():
        with open_raster(file, PixelRules(band, nodata, is_density)) as raster:
            count = _counted(raster, prepared.geometry.to_numpy(), area, progress)
        prepared[name] = count.by_cell
        outside[name] = count.outside
        notes += count.told(name if len(files) > 1 else "people", area is not None)
    return Population(prepared, tuple(files), outside, tuple(notes))


def _prepared(
    cells: gpd.GeoDataFrame, area: BaseGeometry | None, columns: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The cells cut with the area, with position and size, and what that left out."""
    taken = [name for name in columns if name in cells.columns]
    if not columns or taken:
        raise InputError(
            f"columns of people {', '.join(taken) or 'not named'}: give each raster a column that cells do not have"
        )
    prepared = checked_cells(cells)
    notes: list[str] = []
    if area is not None:
        parts = cut(prepared.geometry.to_numpy(), checked_area(area))
        is_inside = shapely.area(parts) > 0
        prepared = prepared.set_geometry(gpd.GeoSeries(parts, index=prepared.index, crs="EPSG:4326"))[is_inside]
        if not is_inside.any():
            raise InputError("cells: none lies in the area; check that both are of one region")
        if not is_inside.all():
            notes.append(f"{counted(int((~is_inside).sum()), 'cell')} outside the area left out")
    shapes = prepared.geometry.to_numpy()
    lon, lat = inner_points(shapes)
    ids = prepared["cell_id"].astype(str)
    prepared = prepared.assign(cell_id=ids, lon=lon, lat=lat, area_km2=area_km2(shapes)).reset_index(drop=True)
    first = ["cell_id", "lon", "lat", "area_km2"]
    return prepared[[*first, *prepared.columns.difference(first, sort=False)]], notes


@dataclass(frozen=True, slots=True)
class _Count:
    """What was counted in one raster: people by cell, in the outline, in all, and pixels with data."""

    raster: str
    described: str
    by_cell: Floats
    in_area: float
    total: float
    num_data: int
    num_pixels: int
    uncovered_share: float

    @property
    def inside(self) -> float:
        return float(self.by_cell.sum())

    @property
    def outside(self) -> float:
        """People in no cell; less than the rounding of the coverage fractions is no one."""
        rest = self.total - self.inside
        return rest if rest > _CLOSE * self.total else 0.0

    def told(self, name: str, has_area: bool) -> list[str]:
        """In a planner's words."""
        region = "region" if has_area else "cells"
        share = self.outside / self.total
        blank = self.num_pixels - self.num_data
        told = [
            (
                f"{self.raster}: {self.total:,.1f} {name} read in {self.described} ({counted(blank, 'pixel')} without data); "
                f"{self.inside:,.1f} in the {region}, {self.outside:,.1f} outside ({share:.2%}) left out"
            )
        ]
        missed = self.in_area - self.inside
        if has_area and missed > max(_CLOSE * self.in_area, 0.5):
            told.append(
                f"{self.raster}: of those outside, {missed:,.1f} {name} live in the area but in no cell: the cells leave gaps"
            )
        if self.uncovered_share > _CLOSE:
            told.append(
                f"{self.raster}: {self.uncovered_share:.2%} of the {region} lies beyond the raster's edge: no one is counted there"
            )
        return told


def _counted(raster: PopulationRaster, cells: Geometries, area: BaseGeometry | None, progress: Told | None) -> _Count:
    """People of one raster on the cells and, where given, in the whole area (the last zone)."""
    whole = np.array([] if area is None else [area], dtype=object)
    zones = _in_system(np.concatenate([cells, whole]), raster)
    uncovered = _uncovered_share(zones[: len(cells)], raster)
    if uncovered >= 1.0:
        raise InputError(f"{raster.name}: does not overlap the region; give the raster of this country")
    people, total, num_data = np.zeros(len(zones)), 0.0, 0
    tree = shapely.STRtree(zones)
    for tile in raster.tiles():
        total += float(tile.people.sum())
        num_data += tile.num_data
        _add(people, tile, zones, tree, is_global=raster.crs.is_geographic)
        if progress:
            progress(f"reading {raster.name}", tile.done)
    by_cell = people[: len(cells)]
    count = _Count(
        raster=raster.name,
        described=raster.described,
        by_cell=by_cell,
        in_area=float(people[-1]) if area is not None else float(by_cell.sum()),
        total=total,
        num_data=num_data,
        num_pixels=raster.num_pixels,
        uncovered_share=uncovered,
    )
    _check(count)
    return count


def _check(count: _Count) -> None:
    if not count.num_data:
        raise InputError(f"{count.raster}: no pixel holds data; give another file or name its 'no data' value (nodata)")
    if not count.inside:
        raise InputError(
            f"{count.raster}: no one lives in the region ({count.total:,.0f} elsewhere); check that the file and the region belong together"
        )
    limit = min(count.total, count.in_area)
    if count.inside > limit + max(10 * _CLOSE * limit, 0.5):
        raise InputError(
            f"{count.raster}: {count.inside:,.1f} people on the cells where {limit:,.1f} live: cells cover each other; remove the overlap"
        )


def _add(people: Floats, tile: Tile, zones: Geometries, tree: shapely.STRtree, *, is_global: bool) -> None:
    """Add the people of a tile to the zones that it touches."""
    left, bottom, right, top = tile.bounds
    # Rasters that count 0 to 360 degrees east, or reach over the date line, hold some places 360 degrees further on.
    turns = (-360.0, 0.0, 360.0) if is_global else (0.0,)
    if not tile.people.any():
        return
    for turn in turns:
        touched = np.sort(tree.query(shapely.box(left + turn, bottom, right + turn, top)))
        if len(touched):
            source = NumPyRasterSource(tile.people, left + turn, bottom, right + turn, top)
            sums = exact_extract(source, _Zones(zones[touched]), ["sum"], output="pandas")["sum"].to_numpy(
                dtype=np.float64
            )
            people[touched] += np.nan_to_num(sums)


def _in_system(shapes: Geometries, raster: PopulationRaster) -> Geometries:
    """Polygons in the raster's coordinate system, their edges cut so short that bending does not count."""
    if raster.crs.is_projected:
        west, south, east, north = np.radians(shapely.total_bounds(shapes))
        span = max(east - west, north - south)
        # An edge of length s bends by about s squared / 8R; summed over an outline of four spans this is the share of its area.
        shapes = shapely.segmentize(shapes, float(np.degrees(np.sqrt(2 * _CHORD_ERROR * span))))
    to_raster = pyproj.Transformer.from_crs("EPSG:4326", raster.crs, always_xy=True)
    moved: Geometries = np.asarray(shapely.transform(shapes, to_raster.transform, interleaved=False))
    if not np.isfinite(shapely.total_bounds(moved)).all() or not np.isfinite(shapely.bounds(moved)).all():
        raise InputError(
            f"{raster.name}: its coordinate system cannot show the region; give the raster of this country"
        )
    return moved


def _uncovered_share(cells: Geometries, raster: PopulationRaster) -> float:
    """Share of the cells' area that lies beyond the edge of the raster, in its coordinate system."""
    left, bottom, right, top = raster.bounds
    turns = (-360.0, 0.0, 360.0) if raster.crs.is_geographic else (0.0,)
    bounds, covered = shapely.box(*shapely.total_bounds(cells)), 0.0
    for turn in turns:
        box = shapely.box(left + turn, bottom, right + turn, top)
        if box.covers(bounds):
            return 0.0
        if box.intersects(bounds):
            covered += float(shapely.area(shapely.intersection(cells, box)).sum())
    return 1.0 - covered / float(shapely.area(cells).sum())


class _Zone(Feature):  # type: ignore[misc]
    """A polygon as exactextract takes it, without a detour over text."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self._wkb = wkb

    def geometry(self) -> bytes:
        """Well-known binary."""
        return self._wkb

    def fields(self) -> list[str]:
        """Nothing but the polygon."""
        return []


class _Zones(FeatureSource):  # type: ignore[misc]
    def __init__(self, shapes: Geometries) -> None:
        super().__init__()
        self._wkb: list[Any] = list(shapely.to_wkb(shapes))

    def __iter__(self) -> Iterator[_Zone]:
        return (_Zone(wkb) for wkb in self._wkb)

    def count(self) -> int:
        """Number of polygons."""
        return len(self._wkb)

    def srs_wkt(self) -> None:
        """Known to be the raster's."""
