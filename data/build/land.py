"""The land in pieces of 300 m, cut at district outlines, and how rugged it is (modelled)."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from metric import Floats, Ints, to_degrees

PIECE_METRES = 300.0
PIECES_PER_SIDE = 8
CELL_METRES = PIECE_METRES * PIECES_PER_SIDE
"""A cell is 2.4 km x 2.4 km, 5.76 km2."""
_ORIGIN = np.array([-300_000.0, -300_000.0])
_CELLS_PER_ROW = 1_000
_SLIVER = 0.35
"""A cell's part in a district smaller than this share of a cell joins the district's part of a neighbouring cell."""


@dataclass(frozen=True, slots=True)
class Range:
    """A mountain range as a smooth bump: centre and half-widths in degrees, height between 0 and 1."""

    lon: float
    lat: float
    half_width: float
    half_height: float
    height: float


RANGES = {
    "Daba mountains (north-east)": Range(109.20, 31.75, 1.30, 0.45, 0.95),
    "Wu and Qutang gorges": Range(109.80, 31.00, 0.80, 0.45, 0.65),
    "Wuling mountains (south-east)": Range(108.45, 29.10, 0.95, 0.80, 0.75),
    "Dalou mountains (south)": Range(107.20, 28.95, 0.45, 0.30, 0.55),
    "Fangdou and Qiyue ridges": Range(108.35, 30.05, 0.35, 0.45, 0.60),
}
_HILLS = 0.12
_RIDGE_SPACING_METRES = 22_000.0
_RIDGE_STRIKE_DEGREES = 25.0


def ruggedness(xy: Floats) -> Floats:
    """Modelled ruggedness between 0 (flat) and 1 (high mountains) at points of the plane, shape (n,).

    A smooth function of position only: the ranges above, and the parallel folds of the west, about 22 km apart and
    striking north-north-east. It is a stand-in for an elevation model, not a measurement.
    """
    degrees = to_degrees(xy)
    lon, lat = degrees[:, 0], degrees[:, 1]
    total = np.full(len(xy), _HILLS)
    for bump in RANGES.values():
        away = ((lon - bump.lon) / bump.half_width) ** 2 + ((lat - bump.lat) / bump.half_height) ** 2
        total += bump.height * np.exp(-away)
    strike = np.radians(_RIDGE_STRIKE_DEGREES)
    across = xy[:, 0] * np.cos(strike) - xy[:, 1] * np.sin(strike)
    folds = np.cos(np.pi * across / _RIDGE_SPACING_METRES) ** 12
    total += 0.40 * folds / (1.0 + np.exp((lon - 108.0) / 0.15))
    return np.round(np.clip(total, 0.0, 1.0), 4)


def cut_land(outlines: gpd.GeoSeries) -> pd.DataFrame:
    """Every piece of land: x, y (centre, metres), area_m2 (true), district (position) and cell (number).

    A piece on a boundary appears once a district, with the area it has there.
    """
    parts = [_cut_district(shape, position) for position, shape in enumerate(outlines)]
    land = pd.concat(parts, ignore_index=True)
    land["cell"] = _without_slivers(land)
    return land


def _cut_district(shape: shapely.Geometry, district: int) -> pd.DataFrame:
    shapely.prepare(shape)
    cells, boxes = _lattice(shape.bounds, CELL_METRES)
    touched = shapely.intersects(shape, boxes)
    cells, boxes = cells[touched], boxes[touched]
    inside = shapely.contains_properly(shape, boxes)
    whole = _piece_corners(cells[inside])
    edge = _piece_corners(cells[~inside])
    edge_boxes = _boxes(edge * PIECE_METRES + _ORIGIN, PIECE_METRES)
    areas = np.round(shapely.area(shapely.intersection(edge_boxes, shape)), 0)
    kept = areas > 0
    corners = np.vstack([whole, edge[kept]])
    centres = (corners + 0.5) * PIECE_METRES + _ORIGIN
    area = np.concatenate([np.full(len(whole), PIECE_METRES**2), areas[kept]])
    cell = _cell_number(corners // PIECES_PER_SIDE)
    return pd.DataFrame({"x": centres[:, 0], "y": centres[:, 1], "area_m2": area, "district": district, "cell": cell})


def _lattice(bounds: tuple[float, float, float, float], side: float) -> tuple[Ints, Floats]:
    low = np.floor((np.array(bounds[:2]) - _ORIGIN) / side).astype(np.int64)
    high = np.floor((np.array(bounds[2:]) - _ORIGIN) / side).astype(np.int64)
    columns, rows = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    corners = np.column_stack([columns.ravel(), rows.ravel()])
    return corners, _boxes(corners * side + _ORIGIN, side)


def _boxes(corners: Floats, side: float) -> Floats:
    x, y = corners[:, 0], corners[:, 1]
    return np.asarray(shapely.box(x, y, x + side, y + side))


def _piece_corners(cells: Ints) -> Ints:
    steps = np.arange(PIECES_PER_SIDE)
    within = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    return np.asarray((cells[:, None, :] * PIECES_PER_SIDE + within).reshape(-1, 2))


def _cell_number(corners: Ints) -> Ints:
    return np.asarray(corners[:, 1] * _CELLS_PER_ROW + corners[:, 0])


def _without_slivers(land: pd.DataFrame) -> Ints:
    areas = land.groupby(["district", "cell"])["area_m2"].sum()
    size = areas.to_dict()
    moved: dict[tuple[int, int], int] = {}
    for district, cell in areas.index[areas < _SLIVER * CELL_METRES**2]:
        near = [cell - 1, cell + 1, cell - _CELLS_PER_ROW, cell + _CELLS_PER_ROW]
        large = [other for other in near if size.get((district, other), 0.0) >= _SLIVER * CELL_METRES**2]
        if large:
            moved[district, cell] = max(large, key=lambda other: (size[district, other], other))
    if not moved:
        return land["cell"].to_numpy()
    keys = zip(land["district"].to_numpy().tolist(), land["cell"].to_numpy().tolist(), strict=True)
    return np.array([moved.get(key, key[1]) for key in keys], dtype=np.int64)
