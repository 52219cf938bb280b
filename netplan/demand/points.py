"""Towns and villages with their people: points that become demand nodes as they are."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.checks.cells import typed_column
from netplan.coordinates.systems import reprojected, system_name
from netplan.demand.layers import Source, read_layer
from netplan.demand.outlines import identifiers, names
from netplan.demand.people_columns import Columns, PeopleRead, numbers, read_people, refuse, require
from netplan.demand.population import Population
from netplan.errors import InputError
from netplan.readers import RawTable
from netplan.violations import Violation, counted, some

Floats = NDArray[np.float64]

LON_NAMES, LAT_NAMES = ("lon", "lng", "long", "longitude", "x"), ("lat", "latitude", "y")
_POINT = 0


def read_points(
    source: Source,
    columns: Columns | None = None,
    *,
    id: str = "",  # noqa: A002 (what planners call it)
    name: str = "",
    lon: str = "",
    lat: str = "",
    system: str = "wgs84",
    area: str = "",
    total: str = "",
    keep: Sequence[str] = (),
    layer: str = "",
) -> Population:
    """Read places with their people; every place is a cell of the population, whose geometry is a point.

    Parameters
    ----------
    source
        CSV, Excel or DataFrame with columns of position, or a layer of points (GeoPackage, GeoJSON, Shapefile, Parquet).
    columns, total
        Columns of people, as in `read_zones`.
    id, name
        Columns of identifier and name. Without an identifier places are called P2, P3 ... by their row.
    lon, lat
        Columns of the position (x and y in a projected system); empty: a usual name, or the points of the layer.
    system
        Coordinate system of the position: ``wgs84``, ``gcj02``, ``bd09``, or an EPSG code. Layers that state their own system are
        converted while reading; for these only gcj02 and bd09, which no file can state, may be named.
    area
        Column of the area in km2, for the travel inside the place; empty: 0.
    keep
        Further columns to keep as text, such as district_id.

    Returns
    -------
    Population
        Rows that repeat another (same name, position and people) are left out, and places without people, or whose people are not
        known, hold 0; both are counted and listed in the notes.

    Raises
    ------
    InputError
        The file cannot be read; a column is missing or ambiguous; a position is blank, no number or off the Earth; a layer holds
        lines or polygons; an identifier is blank or used twice; a number of people is no number or negative.
    """
    raw = read_layer(source, layer=layer)
    _refuse_shapes(raw)
    people = read_people(raw, columns, total)
    require(raw, keep)
    x, y = _position(raw, lon, lat)
    if raw.geometry is not None and system_name(system) not in ("wgs84", "gcj02", "bd09"):
        raise InputError(f"{raw.file}: the layer states its own coordinate system; leave out system = {system}")
    moved = reprojected(x, y, system)
    ids = identifiers(raw, id) if id else np.array([f"P{row}" for row in raw.rows], dtype=object)
    km2 = numbers(raw, area, what="area") if area else np.zeros(len(raw))
    refuse(_blank(raw, area, km2))
    frame = pd.DataFrame({"cell_id": ids, "name": names(raw, name), **{one: raw.cells[one] for one in keep}}).astype(
        str
    )
    frame = frame.assign(lon=moved.lon, lat=moved.lat, area_km2=km2)
    return _population(raw, frame, people, [note for note in (*raw.notes, moved.note, *people.notes) if note])


def _population(raw: RawTable, frame: pd.DataFrame, people: PeopleRead, notes: list[str]) -> Population:
    columns = tuple(people.people)
    clash = [name for name in columns if name in frame.columns]
    if clash:
        raise InputError(f"{raw.file}: a segment cannot be called {some(clash)}; give it another name")
    filled = frame.assign(**{name: np.nan_to_num(values, nan=0.0) for name, values in people.people.items()})
    label = filled["name"].where(filled["name"] != "", filled["cell_id"])
    repeats = filled.duplicated(["name", "lon", "lat", *columns]).to_numpy()
    if repeats.any():
        rows = ", ".join(
            f"{one} (row {row})" for one, row in zip(label[repeats][:5], raw.rows[repeats][:5], strict=True)
        )
        more = f" and {repeats.sum() - 5:,} more" if repeats.sum() > 5 else ""
        notes.append(
            f"{raw.file}: {counted(int(repeats.sum()), 'place')} given again with the same name, position and people left "
            f"out: {rows}{more}"
        )
    kept = filled[~repeats].reset_index(drop=True)
    notes += _place_notes(raw, kept, columns, people.is_blank[~repeats])
    cells = gpd.GeoDataFrame(kept, geometry=gpd.points_from_xy(kept["lon"], kept["lat"]), crs="EPSG:4326")
    return Population(cells, columns, dict.fromkeys(columns, 0.0), tuple(notes))


def _place_notes(raw: RawTable, kept: pd.DataFrame, columns: Sequence[str], is_blank: NDArray[np.bool_]) -> list[str]:
    label = kept["name"].where(kept["name"] != "", kept["cell_id"])
    totals = kept[list(columns)].sum()
    by_column = ", ".join(f"{name} {totals[name]:,.0f}" for name in columns)
    notes = [f"{raw.file}: {counted(len(kept), 'place')} read, with people: {by_column}"]
    nobody = ~is_blank & (kept[list(columns)].to_numpy() == 0).all(axis=1)
    for which, what in (
        (nobody, "without people (0; in some lists that means unknown)"),
        (is_blank, "of unknown people"),
    ):
        if which.any():
            notes.append(f"{raw.file}: {counted(int(which.sum()), 'place')} {what}, 0 taken: {some(label[which])}")
    shared = kept.duplicated(["lon", "lat"], keep=False).to_numpy()
    if shared.any():
        notes.append(
            f"{raw.file}: {counted(int(shared.sum()), 'place')} at the position of another, all of them kept: {some(label[shared])}"
        )
    return notes


def _refuse_shapes(raw: RawTable) -> None:
    if raw.geometry is None:
        return
    kinds = shapely.get_type_id(raw.geometry.to_numpy())
    shapes = np.flatnonzero((kinds != _POINT) & (kinds >= 0))
    remedy = "read zones with read_zones (--zones), or give the points of the places"
    refuse([Violation(raw.file, int(raw.rows[place]), "geometry", None, "no point", remedy) for place in shapes])


def _position(raw: RawTable, lon: str, lat: str) -> tuple[Floats, Floats]:
    """Coordinates as given, shape (rows,) each."""
    columns = [_column(raw, lon, LON_NAMES, "longitude"), _column(raw, lat, LAT_NAMES, "latitude")]
    require(raw, columns)
    found: list[Violation] = []
    axes = []
    for name in columns:
        typed = typed_column(raw.cells[name], "number")
        values = typed.series.to_numpy(dtype=np.float64)
        found += [_at(raw, place, name, problem, remedy) for place, problem, remedy in typed.faults]
        told = {place for place, _, _ in typed.faults}
        blank = [int(place) for place in np.flatnonzero(np.isnan(values)) if place not in told]
        found += [_at(raw, place, name, "no position", "fill it in, or remove the row") for place in blank]
        axes.append(values)
    refuse(found)
    return axes[0], axes[1]


def _column(raw: RawTable, given: str, usual: Sequence[str], what: str) -> str:
    if given:
        return given
    found = [name for name in raw.cells if name.casefold() in usual]
    if len(found) == 1:
        return found[0]
    problem = f"several columns could be the {what} ({some(found)})" if found else f"no column is the {what}"
    raise InputError(f"{raw.file}: {problem}; name lon and lat, out of {some(raw.cells, 20)}")


def _at(raw: RawTable, place: int, name: str, problem: str, remedy: str) -> Violation:
    return Violation(raw.file, int(raw.rows[place]), name, str(raw.cells[name][place]) or None, problem, remedy)


def _blank(raw: RawTable, name: str, values: Floats) -> list[Violation]:
    return [_at(raw, int(place), name, "no area", "fill it in") for place in np.flatnonzero(np.isnan(values))]
