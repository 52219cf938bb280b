"""Metres above sea of positions, read from an elevation raster (GeoTIFF) window by window."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.windows import Window

from netplan.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LOWEST_METRES, HIGHEST_METRES = -500.0, 9_000.0
"""The shore of the Dead Sea lies at about -430 m, Mount Everest at 8,849 m: no road lies beyond."""

_TILE = 1024
"""Pixels on each side of a window: 8 MB of elevations are held at a time, whatever the size of the raster."""
_METRES_PER_UNIT = {
    **dict.fromkeys(("", "m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet"), 0.3048),
    **dict.fromkeys(("us survey foot", "us-ft", "ftus"), 1200 / 3937),
}


@contextmanager
def opened_elevations(path: str | Path, band: int | None = None) -> Iterator[ElevationRaster]:
    """An elevation raster, open for reading.

    Parameters
    ----------
    band
        The band with the elevations, counted from 1; needed only where the file has several.

    Raises
    ------
    InputError
        The file cannot be read, now or later, or does not say where it lies or in which unit it is.
    """
    path = Path(path)
    remedy = "export it again as GeoTIFF; a file that opens in GIS software will do"
    if not path.is_file():
        raise InputError(f"{path.name}: there is no such file ({path}); give the path of an elevation raster")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told as an error, by `_to_raster`
            with rasterio.open(path) as raster:
                yield ElevationRaster(path.name, raster, _band(path.name, raster, band), _to_raster(path.name, raster))
    except RasterioIOError as error:
        raise InputError(f"{path.name}: not readable as a raster, or cut short ({error}); {remedy}") from error
    except RasterioError as error:
        raise InputError(f"{path.name}: the raster cannot be used ({error}); {remedy}") from error


def _band(name: str, raster: rasterio.DatasetReader, band: int | None) -> int:
    if band is None and raster.count > 1:
        raise InputError(f"{name}: {raster.count} bands, of which one holds elevations; say which: band=1")
    band = 1 if band is None else band
    if not 1 <= band <= raster.count:
        raise InputError(f"{name}: there is no band {band}; bands: 1 to {raster.count}")
    kind = raster.dtypes[band - 1]
    if kind.startswith("complex"):
        raise InputError(f"{name}: band {band} holds complex numbers, not elevations; give a raster of metres")
    unit = (raster.units[band - 1] or "").strip().casefold()
    if unit not in _METRES_PER_UNIT:
        raise InputError(f"{name}: band {band} is in {unit!r}, not in metres or feet; give a raster of metres")
    return band


def _to_raster(name: str, raster: rasterio.DatasetReader) -> Transformer:
    """From longitude and latitude to the raster's coordinates."""
    remedy = "export it with its coordinate reference system"
    if raster.crs is None:
        raise InputError(f"{name}: the raster does not say its coordinate reference system; {remedy}")
    if raster.transform.is_identity or raster.transform.is_degenerate:
        raise InputError(f"{name}: the raster does not say where it lies (no geotransform); {remedy}")
    try:
        return Transformer.from_crs(CRS("EPSG:4326"), CRS(raster.crs.to_wkt()), always_xy=True)
    except ProjError as error:
        raise InputError(f"{name}: the coordinate reference system cannot be used ({error}); {remedy}") from error


@dataclass(frozen=True, slots=True)
class ElevationRaster:
    """One band of an open raster, read window by window."""

    name: str
    raster: rasterio.DatasetReader
    band: int
    to_raster: Transformer

    def metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Bools]:
        """Elevations of positions, and which of them lie inside the raster.

        Parameters
        ----------
        lon, lat
            Degrees, WGS-84, shape (positions,).

        Returns
        -------
        tuple
            Metres above sea, bilinear between the pixels' centres: NaN outside the raster and beside pixels without a
            value; and whether inside, both of shape (positions,).

        Raises
        ------
        InputError
            Values that cannot be elevations.
        """
        column, row = self._pixels(lon, lat)
        inside = (column >= 0) & (row >= 0) & (column < self.raster.width) & (row < self.raster.height)
        metres = np.full(len(lon), np.nan)
        metres[inside] = self._sample(column[inside], row[inside])
        self._check_values(metres)
        return metres, inside

    def require_cover(self, lon: Floats, lat: Floats, metres: Floats, inside: Bools) -> None:
        """InputError if the raster has a value for none of these positions."""
        if not inside.any():
            raise InputError(
                f"{self.name}: the raster covers none of the roads: it spans {self._box()}, the roads {_span(lon, lat)}; "
                "take the elevation raster of this region, or check the coordinates of the roads"
            )
        if np.isnan(metres).all():
            raise InputError(
                f"{self.name}: the raster has no value where the roads are; take one that covers the region"
            )

    def _pixels(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Column and row of each position, in pixels from the upper left corner; infinite where there is none."""
        place = ~self.raster.transform
        x, y = self.to_raster.transform(lon, lat)
        with np.errstate(invalid="ignore"):
            return place.a * x + place.b * y + place.c, place.d * x + place.e * y + place.f

    def _box(self) -> str:
        """Where the raster lies, in degrees."""
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * (self.raster.width, self.raster.height)
        place = self.raster.transform
        x = place.a * corners[:, 0] + place.b * corners[:, 1] + place.c
        y = place.d * corners[:, 0] + place.e * corners[:, 1] + place.f
        lon, lat = self.to_raster.transform(x, y, direction="INVERSE")
        return _span(np.asarray(lon), np.asarray(lat))

    def _sample(self, column: Floats, row: Floats) -> Floats:
        """Elevations of positions inside the raster, one window after the other."""
        across = -(-self.raster.width // _TILE)
        tile = (row // _TILE).astype(np.int64) * across + (column // _TILE).astype(np.int64)
        order = np.argsort(tile, kind="stable")
        metres = np.empty(len(column))
        groups = np.split(order, np.flatnonzero(np.diff(tile[order])) + 1)
        for members in groups if len(order) else ():
            down, right = divmod(int(tile[members[0]]), across)
            window = self._window(right * _TILE, down * _TILE)
            x = column[members] - window.col_off - 0.5
            y = row[members] - window.row_off - 0.5
            metres[members] = _bilinear(self._values(window), x, y)
        return metres

    def _window(self, column: int, row: int) -> Window:
        """A tile with the pixels beside it, of which the positions at its edge need the centres."""
        left, top = max(0, column - 1), max(0, row - 1)
        right, bottom = min(self.raster.width, column + _TILE + 1), min(self.raster.height, row + _TILE + 1)
        return Window(left, top, right - left, bottom - top)

    def _values(self, window: Window) -> Floats:
        """Metres of a window; NaN where the raster has no value."""
        read = self.raster.read(self.band, window=window, masked=True)
        values: Floats = np.ma.filled(read.astype(np.float64), np.nan)
        unit = (self.raster.units[self.band - 1] or "").strip().casefold()
        scale, offset = self.raster.scales[self.band - 1], self.raster.offsets[self.band - 1]
        metres: Floats = (values * scale + offset) * _METRES_PER_UNIT[unit]
        return metres

    def _check_values(self, metres: Floats) -> None:
        known = metres[~np.isnan(metres)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        if low < LOWEST_METRES or high > HIGHEST_METRES:
            raise InputError(
                f"{self.name}: values from {low:,.0f} to {high:,.0f} where the roads are cannot be metres above sea; give "
                "an elevation raster, and declare its nodata value if it has one"
            )


def _bilinear(values: Floats, x: Floats, y: Floats) -> Floats:
    """Values at `x`, `y` in pixels from the first pixel's centre; beyond the outermost centres the nearest holds."""
    height, width = values.shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    total = np.zeros(len(x))
    for rows, share_y in ((top, 1 - (y - top)), (bottom, y - top)):
        for columns, share_x in ((left, 1 - (x - left)), (right, x - left)):
            share = share_x * share_y
            # a pixel that does not count may lack its value
            total += np.where(share > 0, values[rows, columns], 0.0) * share
    return total


def _span(lon: Floats, lat: Floats) -> str:
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return "an area that is not on the earth"
    return f"longitude {lon.min():.2f} to {lon.max():.2f}, latitude {lat.min():.2f} to {lat.max():.2f}"
