"""The area that roads are wanted for: cutting to it, and whether a file covers it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.tables import Roads

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A (multi)polygon in WGS-84, widened by a margin.

    Attributes
    ----------
    shape
        The widened polygon, degrees.
    margin_km
        By how much it was widened.
    """

    shape: Any
    margin_km: float

    @classmethod
    def around(cls, polygon: Any, margin_km: float) -> Area:
        """`polygon` widened by `margin_km`, measured in a projection centred on it.

        Raises
        ------
        InputError
            Not a polygon in degrees, or empty; a negative margin.
        """
        if not (math.isfinite(margin_km) and margin_km >= 0):
            raise InputError(f"area: a margin of {margin_km} km; give a distance of 0 or more")
        if not isinstance(polygon, shapely.Geometry) or not shapely.area(polygon) > 0:
            raise InputError("area: not a polygon; give the outline of the region in longitude and latitude")
        west, south, east, north = polygon.bounds
        if west < -180 or east > 180 or south < -90 or north > 90:
            raise InputError("area: not in longitude and latitude; convert the outline to WGS-84")
        if margin_km == 0:
            return cls(polygon, 0.0)
        local = pyproj.CRS(f"+proj=aeqd +lon_0={(west + east) / 2} +lat_0={(south + north) / 2} +datum=WGS84 +units=m")
        there = pyproj.Transformer.from_crs("EPSG:4326", local, always_xy=True).transform
        back = pyproj.Transformer.from_crs(local, "EPSG:4326", always_xy=True).transform
        wide = shapely.transform(polygon, there, interleaved=False).buffer(margin_km * 1000.0)
        return cls(shapely.transform(wide, back, interleaved=False), margin_km)

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each position lies in the widened polygon, shape (positions,)."""
        west, south, east, north = self.shape.bounds
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        shapely.prepare(self.shape)
        inside[inside] = shapely.contains_xy(self.shape, lon[inside], lat[inside])
        return np.asarray(inside)


def roads_cover(roads: Roads, area: Any, *, file: str = "roads") -> None:
    """Refuse roads that lie somewhere else than `area`.

    Parameters
    ----------
    area
        Shapely geometry in WGS-84: the outline of the region, or its demand nodes as points.

    Raises
    ------
    InputError
        No junction lies within the box of the area; names both boxes.
    """
    west, south, east, north = area.bounds
    lon, lat = roads.junctions["lon"], roads.junctions["lat"]
    if not len(lon):
        raise InputError(f"{file}: holds no roads; take a file with the roads of the region")
    if not (lon.between(west, east) & lat.between(south, north)).any():
        raise InputError(
            f"{file}: the roads lie at {box_words(roads.bounds)}, the region at {box_words(area.bounds)}, and no road comes into "
            "it; take the road file of the region's own country"
        )


def box_words(box: Box) -> str:
    """A box of degrees in words."""
    west, south, east, north = box
    return f"longitude {west:.3f} to {east:.3f}, latitude {south:.3f} to {north:.3f}"
