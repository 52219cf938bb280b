"""Outlines of zones (census tracts, townships, districts) from any vector file, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.demand.cells import area_km2, inner_points
from netplan.demand.layers import Source, read_layer
from netplan.demand.people_columns import refuse, require
from netplan.errors import InputError
from netplan.readers import RawTable
from netplan.violations import Violation, counted, some

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Geometries = NDArray[Any]

ID_NAMES = ("zone_id", "cell_id", "district_id", "township_id", "id", "code", "geoid")
"""Columns in which an identifier is looked for if none is named."""
_AREAS = (3, 6)
_KINDS = {0: "a point", 1: "a line", 2: "a line", 4: "points", 5: "lines", 7: "a collection"}
_CROSSES = "a polygon that crosses itself"


@dataclass(frozen=True, slots=True)
class Outlines:
    """Polygons with an identifier.

    Attributes
    ----------
    frame
        cell_id, name, further columns that were asked for (text), lon and lat of a point inside, area_km2, geometry (EPSG:4326).
    notes
        What was read, converted or repaired.
    """

    frame: gpd.GeoDataFrame
    notes: tuple[str, ...]

    def plot(self, ax: Axes | None = None) -> Axes:
        """The outlines as lines, on a map whose degrees have the same length both ways."""
        drawn: Axes = self.frame.boundary.plot(ax=ax, color="#3b4a6b", linewidth=0.8)
        drawn.set_xlabel("longitude, degrees")
        drawn.set_ylabel("latitude, degrees")
        drawn.set_title(counted(len(self.frame), "zone"))
        return drawn


def read_outlines(
    source: Source,
    *,
    id: str = "",  # noqa: A002 (what planners call it)
    name: str = "",
    keep: Sequence[str] = (),
    layer: str = "",
    repair: bool = False,
) -> Outlines:
    """Read polygons from a GeoPackage, GeoJSON, Parquet or Shapefile, or from a GeoDataFrame.

    Parameters
    ----------
    id, name
        Columns of the identifier and of the name; empty: a usual name such as zone_id, id or code, and `name` where there is one.
    keep
        Further columns to keep as text, such as district_id.
    repair
        Repair polygons that cross themselves, which is counted in the notes, instead of refusing them.

    Raises
    ------
    InputError
        The file cannot be read or states no coordinate system; an outline is missing, a line or a point, or crosses itself; an
        identifier is blank or used twice; a column is not there.
    """
    return outlines_of(read_layer(source, layer=layer), id, name, keep, repair=repair)


def outlines_of(raw: RawTable, id_column: str, name: str, keep: Sequence[str], *, repair: bool) -> Outlines:
    """The outlines of a layer that was read; arguments and errors as for `read_outlines`."""
    if raw.geometry is None:
        raise InputError(f"{raw.file}: has no geometry; give a layer of polygons (GeoPackage, GeoJSON, Shapefile)")
    require(raw, keep)
    ids = identifiers(raw, id_column)
    shapes, notes = _shapes(raw, raw.geometry.to_numpy(), repair=repair)
    lon, lat = inner_points(shapes)
    columns = {"cell_id": ids, "name": names(raw, name), **{column: raw.cells[column] for column in keep}}
    frame = pd.DataFrame(columns).astype(str).assign(lon=lon, lat=lat, area_km2=area_km2(shapes))
    return Outlines(gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326"), (*raw.notes, *notes))


def identifiers(raw: RawTable, column: str) -> NDArray[np.object_]:
    """Unique identifiers of the rows, shape (rows,).

    Raises
    ------
    InputError
        No column is named and none or several have a usual name, or an identifier is blank or used twice.
    """
    column = column or _id_column(raw)
    require(raw, [column])
    ids = np.array([str(cell).strip() for cell in raw.cells[column]], dtype=object)
    is_repeated = pd.Series(ids).duplicated(keep=False).to_numpy() & (ids != "")
    refuse(list(_bad_ids(raw, column, ids, is_repeated)))
    return ids


def names(raw: RawTable, column: str) -> NDArray[np.object_]:
    """Names of the rows, blank where there are none, shape (rows,)."""
    if column:
        require(raw, [column])
    return raw.cells.get(column or "name", np.full(len(raw), "", dtype=object))


def _id_column(raw: RawTable) -> str:
    folded = {name.casefold(): name for name in raw.cells}
    found = [folded[name] for name in ID_NAMES if name in folded]
    if len(found) != 1:
        problem = f"which of {some(found)} identifies a zone" if found else "no column identifies a zone"
        raise InputError(
            f"{raw.file}: {problem}; name it with id (--zone-id, --district-id), out of {some(raw.cells, 20)}"
        )
    return found[0]


def _bad_ids(
    raw: RawTable, column: str, ids: NDArray[np.object_], is_repeated: NDArray[np.bool_]
) -> Iterator[Violation]:
    for place in np.flatnonzero((ids == "") | is_repeated):
        problem = "used more than once" if ids[place] else "no identifier"
        remedy = "merge (dissolve) the rows that are one, or give each its own" if ids[place] else "fill it in"
        yield Violation(raw.file, int(raw.rows[place]), column, str(ids[place]) or None, problem, remedy)


def _shapes(raw: RawTable, drawn: Geometries, *, repair: bool) -> tuple[Geometries, list[str]]:
    """Polygons of the rows, and notes on what was repaired."""
    shapes = shapely.force_2d(np.array(drawn, dtype=object))
    kinds = shapely.get_type_id(shapes)
    is_none = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    is_area = np.isin(kinds, _AREAS)
    is_valid = shapely.is_valid(shapes)
    refuse(list(_no_areas(raw, shapes, is_none, is_area, is_valid | repair)))
    bounds = shapely.bounds(shapes)
    if (bounds[:, [0, 1]] < [-180, -90]).any() or (bounds[:, [2, 3]] > [180, 90]).any():
        raise InputError(f"{raw.file}: the outlines are not in degrees; state the coordinate system they are in")
    crossing = counted(int((~is_valid).sum()), "polygon that crosses itself", "polygons that cross themselves")
    notes = [f"{raw.file}: {crossing} repaired"]
    for place in np.flatnonzero(~is_valid):
        shapes[place] = _repaired(raw, int(place), shapes[place])
    return shapes, [] if is_valid.all() else notes


def _no_areas(
    raw: RawTable,
    shapes: Geometries,
    is_none: NDArray[np.bool_],
    is_area: NDArray[np.bool_],
    is_fine: NDArray[np.bool_],
) -> Iterator[Violation]:
    for place in np.flatnonzero(is_none | ~is_area | ~is_fine):
        row = int(raw.rows[place])
        if is_none[place]:
            yield Violation(raw.file, row, "geometry", None, "no outline", "draw it, or remove the row")
        elif not is_area[place]:
            kind = _KINDS[int(shapely.get_type_id(shapes[place]))]
            yield Violation(raw.file, row, "geometry", kind, "no area", "give the polygon of the zone")
        else:
            where = shapely.is_valid_reason(shapes[place])
            remedy = "repair it (in QGIS: Fix geometries), or ask for repair"
            yield Violation(raw.file, row, "geometry", where, _CROSSES, remedy)


def _repaired(raw: RawTable, place: int, shape: Any) -> Any:
    parts = shapely.get_parts(shapely.make_valid(shape))
    areas = shapely.get_parts(parts[np.isin(shapely.get_type_id(parts), _AREAS)])
    if not len(areas):
        raise InputError(f"{raw.file}: row {raw.rows[place]}: the polygon has no area; draw it, or remove the row")
    return areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
