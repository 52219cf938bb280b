"""People per pixel of a raster file, a tile at a time, so that memory does not grow with the file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from netplan.demand.cells import Floats, authalic_km2
from netplan.errors import InputError
from netplan.violations import counted, some

Bounds = tuple[float, float, float, float]

_TILE_PIXELS = 2_000_000
_CACHE_BYTES = 64_000_000
"""Of blocks that GDAL keeps; by default a twentieth of the machine's memory."""


@dataclass(frozen=True, slots=True)
class PixelRules:
    """How the numbers in a raster file are to be taken.

    Attributes
    ----------
    band
        Counted from 1; ``None``: the only one.
    nodata
        The value that stands for "no data" where the file does not say so itself; ``None``: as the file says.
    is_density
        Pixels hold people per km2 of ground instead of people.
    """

    band: int | None = None
    nodata: float | None = None
    is_density: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """People per pixel of a part of a raster.

    Attributes
    ----------
    people
        Shape (rows, columns), northern row first; 0 where there are no data.
    bounds
        Left, bottom, right and top in the raster's coordinate system.
    num_data
        Pixels with data.
    done
        Share of the file read with this tile, 0 to 1.
    """

    people: Floats
    bounds: Bounds
    num_data: int
    done: float


class PopulationRaster:
    """An open raster file of people that passed the checks. Made by `open_raster`."""

    def __init__(self, dataset: rasterio.DatasetReader, name: str, rules: PixelRules) -> None:
        self._dataset = dataset
        self.name = name
        self._rules = rules
        self._band = _band(dataset, name, rules.band)
        _check_place(dataset, name)
        self.crs = pyproj.CRS.from_user_input(dataset.crs.to_wkt())
        self._to_degrees = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        self._unit = self.crs.axis_info[0].unit_conversion_factor

    @property
    def bounds(self) -> Bounds:
        """Left, bottom, right and top in the raster's coordinate system."""
        left, bottom, right, top = self._dataset.bounds
        return min(left, right), min(bottom, top), max(left, right), max(bottom, top)

    @property
    def num_pixels(self) -> int:
        """Rows times columns."""
        return int(self._dataset.width * self._dataset.height)

    @property
    def described(self) -> str:
        """Size, pixels and coordinate system in words."""
        transform, size = self._dataset.transform, f"{self._dataset.width:,} x {self._dataset.height:,} pixels"
        side = (abs(transform.a) + abs(transform.e)) / 2
        ground = f"{side:.4g} degrees" if self.crs.is_geographic else f"{side * self._unit:,.4g} m"
        authority = self.crs.to_authority(min_confidence=70)
        return f"{size} of {ground}, {':'.join(authority) if authority else self.crs.name}"

    def tiles(self) -> Iterator[Tile]:
        """All pixels, each once, in tiles of about two million.

        Raises
        ------
        InputError
            The file ends early, or a pixel with data is negative or infinite.
        """
        windows = list(_windows(self._dataset, self._band))
        done = 0
        for window in windows:
            people, num_data = self._people(window)
            done += people.size
            yield Tile(
                _north_up(people, self._dataset.transform), self._edges(window), num_data, done / self.num_pixels
            )

    def _edges(self, window: Window) -> Bounds:
        transform = self._dataset.transform
        x = transform.c + transform.a * np.array([window.col_off, window.col_off + window.width])
        y = transform.f + transform.e * np.array([window.row_off, window.row_off + window.height])
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def _people(self, window: Window) -> tuple[Floats, int]:
        try:
            raw = self._dataset.read(self._band, window=window, masked=True)
        except (RasterioError, OSError, ValueError) as error:
            raise InputError(
                f"{self.name}: cannot be read to its end, the file is truncated or damaged; download or copy it again"
            ) from error
        is_data = ~np.ma.getmaskarray(raw) & ~np.isnan(raw.data)
        if self._rules.nodata is not None:
            # A float32 file holds the float32 next to the number asked for.
            is_data &= raw.data != (raw.dtype.type(self._rules.nodata) if raw.dtype.kind == "f" else self._rules.nodata)
        scale, offset = self._dataset.scales[self._band - 1], self._dataset.offsets[self._band - 1]
        people = np.zeros(raw.shape)
        people[is_data] = raw.data[is_data].astype(np.float64) * scale + offset
        self._refuse(people, raw.data)
        if self._rules.is_density:
            people *= self._ground_km2(window, people > 0)
        return people, int(is_data.sum())

    def _refuse(self, people: Floats, raw: NDArray[np.generic]) -> None:
        wrong = (people < 0) | np.isinf(people)
        if wrong.any():
            values = some(np.unique(raw[wrong])[:4])
            raise InputError(
                f"{self.name}: {counted(int(wrong.sum()), 'pixel')} of a part read hold numbers of people that cannot be ({values}); "
                "if such a value stands for 'no data', name it (nodata), else repair the file"
            )

    def _ground_km2(self, window: Window, is_wanted: NDArray[np.bool_]) -> Floats:
        """Ground area of the wanted pixels, 0 elsewhere, shape (rows, columns)."""
        row, column = np.nonzero(is_wanted)
        lon, lat = self._degrees(
            window.row_off + np.arange(window.height + 1), window.col_off + np.arange(window.width + 1)
        )
        corners = [(row, column), (row + 1, column + 1), (row, column + 1), (row + 1, column)]
        wanted = _between([(lon[corner], lat[corner]) for corner in corners])
        edge = np.flatnonzero(
            ~np.isfinite(wanted)
        )  # a pixel that reaches off the map's Earth: as large as around its centre
        wanted[edge] = self._around_centre_km2(window.row_off + row[edge] + 0.5, window.col_off + column[edge] + 0.5)
        if not np.isfinite(wanted).all():
            raise InputError(
                f"{self.name}: people in pixels that lie off the Earth; check the raster's coordinate system"
            )
        ground = np.zeros(is_wanted.shape)
        ground[row, column] = wanted
        return ground

    def _degrees(self, rows: NDArray[Any], columns: NDArray[Any]) -> tuple[Floats, Floats]:
        """Longitude and latitude where lines of rows and columns cross, shape (len(rows), len(columns)) each."""
        transform = self._dataset.transform
        x, y = np.meshgrid(transform.c + transform.a * columns, transform.f + transform.e * rows)
        lon, lat = self._to_degrees.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def _around_centre_km2(self, rows: Floats, columns: Floats) -> Floats:
        transform, step = self._dataset.transform, 0.005
        at = [(-step, -step), (step, step), (-step, step), (step, -step)]
        corners = [
            self._to_degrees.transform(
                transform.c + transform.a * (columns + i), transform.f + transform.e * (rows + j)
            )
            for j, i in at
        ]
        return _between(corners) / (2 * step) ** 2


def _between(corners: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Square kilometres of four-sided pixels, given as opposite, then the other opposite corners in degrees, shape (n,).

    Half the cross product of the diagonals in the plane of longitude and authalic latitude. A projection's own scale factors are
    not asked: those of Mollweide and Web Mercator are of a sphere, and up to 0.6 % off on the ellipsoid.
    """
    with np.errstate(invalid="ignore"):
        lon, area = zip(*((lon, authalic_km2(lat)) for lon, lat in corners), strict=True)
        east = [(lon[i + 1] - lon[i] + 180.0) % 360.0 - 180.0 for i in (0, 2)]
        return np.asarray(np.abs(east[0] * (area[3] - area[2]) - east[1] * (area[1] - area[0])) / 2)


@contextmanager
def open_raster(path: str | Path, rules: PixelRules) -> Iterator[PopulationRaster]:
    """A raster of people, checked, open while in the block.

    Raises
    ------
    InputError
        There is no such file, it is no raster, has no coordinate system or georeference, is rotated, holds colours or complex
        numbers, or has several bands and none is chosen.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file.name}: no such file; check the path")
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused in our own words
        try:
            dataset = rasterio.open(file)
        except (RasterioError, OSError) as error:
            raise InputError(
                f"{file.name}: not a raster that can be read, or truncated; give a GeoTIFF, as WorldPop or GHSL deliver it"
            ) from error
        with dataset:
            yield PopulationRaster(dataset, file.name, rules)


def _band(dataset: rasterio.DatasetReader, name: str, band: int | None) -> int:
    if not dataset.count:
        raise InputError(
            f"{name}: holds {counted(len(dataset.subdatasets), 'layer')} and no band of its own; export one as GeoTIFF"
        )
    if band is None and dataset.count > 1:
        named = [f"{place} {text or ''}".strip() for place, text in enumerate(dataset.descriptions, start=1)]
        raise InputError(f"{name}: has {dataset.count} bands ({some(named, 12)}); say which one holds people (band)")
    chosen = 1 if band is None else band
    if chosen not in range(1, dataset.count + 1):
        raise InputError(f"{name}: no band {chosen}; it has {counted(dataset.count, 'band')}, counted from 1")
    colour = dataset.colorinterp[chosen - 1]
    if colour in {ColorInterp.palette, ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha}:
        raise InputError(
            f"{name}: band {chosen} holds colours ({colour.name}), a picture; give the raster of people itself"
        )
    if "complex" in dataset.dtypes[chosen - 1]:
        raise InputError(f"{name}: band {chosen} holds complex numbers; give the raster of people")
    return chosen


def _check_place(dataset: rasterio.DatasetReader, name: str) -> None:
    transform = dataset.transform
    if transform.is_identity:
        by_points = dataset.gcps[0] or dataset.rpcs
        why = (
            "placed by control points only" if by_points else "not georeferenced: it does not say where its pixels lie"
        )
        raise InputError(f"{name}: {why}; give a raster with position and coordinate system (gdalwarp makes one)")
    if dataset.crs is None:
        raise InputError(f"{name}: no coordinate system; set it (gdal_edit.py -a_srs EPSG:4326, if it is in degrees)")
    if transform.b or transform.d:
        raise InputError(f"{name}: its rows are rotated against the coordinate system; straighten it with gdalwarp")
    crs = pyproj.CRS.from_user_input(dataset.crs.to_wkt())
    if not (crs.is_geographic or crs.is_projected):
        raise InputError(
            f"{name}: coordinate system {crs.name} has no place on Earth; give a geographic or projected one"
        )
    if crs.is_geographic:
        _check_degrees(dataset, name, np.degrees(crs.axis_info[0].unit_conversion_factor))


def _check_degrees(dataset: rasterio.DatasetReader, name: str, degree: float) -> None:
    west, south, east, north = (edge * degree for edge in dataset.bounds)
    slack = abs(dataset.transform.e * degree)
    if min(south, north) < -90 - slack or max(south, north) > 90 + slack or abs(east - west) > 360 + slack:
        raise InputError(
            f"{name}: {west:g} to {east:g} east and {south:g} to {north:g} north are not degrees; its coordinate system is set wrongly"
        )


def _windows(dataset: rasterio.DatasetReader, band: int) -> Iterator[Window]:
    """Windows on whole blocks of the file, so that each block is read once."""
    block_rows, block_columns = dataset.block_shapes[band - 1]
    columns = min(dataset.width, _whole(int(_TILE_PIXELS**0.5), block_columns))
    rows = min(dataset.height, _whole(_TILE_PIXELS // columns, block_rows))
    for row in range(0, dataset.height, rows):
        for column in range(0, dataset.width, columns):
            yield Window(column, row, min(columns, dataset.width - column), min(rows, dataset.height - row))


def _whole(wanted: int, block: int) -> int:
    return max(1, wanted // block) * block


def _north_up(people: Floats, transform: rasterio.Affine) -> Floats:
    """Rows from north to south, columns from west to east, however the file keeps them."""
    return np.ascontiguousarray(people[:: 1 if transform.e < 0 else -1, :: 1 if transform.a > 0 else -1])
