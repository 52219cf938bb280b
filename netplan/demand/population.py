"""People on cells or at points: what every reader of people hands over, before it becomes demand nodes."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from netplan.coordinates.geodesy import great_circle_km, unit_vectors
from netplan.errors import InputError
from netplan.tables import SEGMENTS
from netplan.violations import counted, some

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

PLACE_COLUMNS = ("cell_id", "lon", "lat", "area_km2")
"""What every cell has beside its people and its geometry."""


@dataclass(frozen=True, slots=True)
class Population:
    """People by cell (or by town), with what was read but lies outside.

    Attributes
    ----------
    cells
        One row a cell, in WGS-84 (EPSG:4326): cell_id (text, unique), lon and lat (degrees, a point inside the cell: its
        centre where that is inside), area_km2 (0 for a point without an area), one column of people per name in
        `columns`, geometry.
    columns
        The columns of people, one a segment, or ``("people",)``.
    outside
        People that were read but belong to no cell, by column.
    notes
        What was read, defaulted, merged or left out, in a planner's words.

    Raises
    ------
    InputError
        A column is missing, the cells are not in WGS-84, an id is used twice, or a number of people is blank, infinite or
        negative.
    """

    cells: gpd.GeoDataFrame
    columns: tuple[str, ...]
    outside: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.cells, self.columns)
        object.__setattr__(self, "outside", MappingProxyType(dict(self.outside)))

    @property
    def by_cell(self) -> Floats:
        """People of each cell over all segments, shape (N,).

        Where children, working and elderly are all there, they are the people and any further column (migrants,
        students) overlaps them, as in `nodes`; otherwise the columns are taken to share no one.
        """
        disjoint = SEGMENTS if set(SEGMENTS) <= set(self.columns) else self.columns
        return np.asarray(self.cells[list(disjoint)].to_numpy(dtype=np.float64).sum(axis=1))

    @property
    def people(self) -> float:
        """People of all cells."""
        return float(self.by_cell.sum())

    def plot(self, ax: Axes | None = None) -> Axes:
        """A map of people per km2 (or of people, for points), in classes of round numbers."""
        from netplan.demand.population_map import draw  # noqa: PLC0415 (matplotlib is slow to import)

        return draw(self, ax)

    def __repr__(self) -> str:
        by_column = ", ".join(f"{name} {self.cells[name].sum():,.0f}" for name in self.columns)
        split = f" ({by_column})" if len(self.columns) > 1 else ""
        left = sum(self.outside.values())
        out = f"; {left:,.0f} outside" if left else ""
        return f"Population({self.people:,.0f} people{split} in {counted(len(self.cells), 'cell')}{out})"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        table = self.cells[["cell_id", "lon", "lat", "area_km2", *self.columns]]
        return f"<p>{html.escape(repr(self))}</p><ul>{notes}</ul>{table.to_html(index=False, max_rows=10)}"


def with_people(population: Population, *, merge_below: float = 0.0) -> Population:
    """The cells where somebody lives; the totals of every column stay what they are.

    Parameters
    ----------
    population
        People by cell.
    merge_below
        Cells with fewer people than this (all segments together) are merged, the smallest first, into the nearest cell that is still
        there, by great circle between the cells' points, until none is left below it; 0: only cells without anyone are left out.
        The cell that takes another in keeps its outline, point and area.

    Raises
    ------
    InputError
        `merge_below` is negative or not a number, or no one lives in any cell.
    """
    if not merge_below >= 0 or not np.isfinite(merge_below):
        raise InputError(f"merge_below = {merge_below}: cells cannot be merged below this; give 0 or more people")
    columns = list(population.columns)
    is_peopled = (population.cells[columns].to_numpy(dtype=np.float64) > 0).any(axis=1)
    if not is_peopled.any():
        raise InputError("population: no one lives in any cell; check the file that people were read from")
    notes = [f"{counted(int((~is_peopled).sum()), 'cell')} without people left out"] if not is_peopled.all() else []
    kept = population.cells[is_peopled].reset_index(drop=True)
    if (population.by_cell[is_peopled] < merge_below).any():
        into = _merges(kept, population.by_cell[is_peopled], merge_below)
        kept, note = _merged(kept, columns, into, merge_below)
        notes.append(note)
    return replace(population, cells=kept, notes=(*population.notes, *notes))


def _merges(cells: gpd.GeoDataFrame, people: Floats, merge_below: float) -> NDArray[np.intp]:
    """The cell at which each cell's people end up: the smallest goes first, into the nearest that is still there."""
    into, people = np.arange(len(cells)), people.copy()
    points = unit_vectors(cells["lon"], cells["lat"])
    tree = cKDTree(points)
    small = [(float(people[i]), int(i)) for i in np.flatnonzero(people < merge_below)]
    heapify(small)
    left = len(cells)
    while small and left > 1:
        count, i = heappop(small)
        if (
            into[i] != i or count != people[i]
        ):  # merged meanwhile, or taken another in and back in the heap with more people
            continue
        j = _nearest_left(tree, points[i], into, i)
        into[i], people[j], left = j, people[j] + people[i], left - 1
        if people[j] < merge_below:
            heappush(small, (float(people[j]), j))
    while (into[into] != into).any():
        into = into[into]
    return into


def _nearest_left(tree: cKDTree, point: Floats, into: NDArray[np.intp], i: int) -> int:
    """The nearest cell that was not merged into another, i itself aside."""
    asked = 8
    while True:
        _, near = tree.query(point, k=min(asked, tree.n))
        there = near[(into[near] == near) & (near != i)]
        if len(there):
            return int(there[0])
        asked *= 4


def _merged(
    cells: gpd.GeoDataFrame, columns: list[str], into: NDArray[np.intp], merge_below: float
) -> tuple[gpd.GeoDataFrame, str]:
    values = cells[columns].to_numpy(dtype=np.float64)
    sums = np.zeros_like(values)
    np.add.at(sums, into, values)
    goes = into != np.arange(len(cells))
    before, after = cells[goes], cells.iloc[into[goes]]
    km = great_circle_km(before["lon"], before["lat"], after["lon"], after["lat"])
    cells = cells.assign(**dict(zip(columns, sums.T, strict=True)))[~goes].reset_index(drop=True)
    note = (
        f"{counted(int(goes.sum()), 'cell')} merged into a cell nearby so that cells have {merge_below:g} people or more: "
        f"{values[goes].sum():,.1f} people moved, {km.max():,.1f} km at most"
    )
    return cells, note


def _check(cells: gpd.GeoDataFrame, columns: tuple[str, ...]) -> None:
    _check_columns(cells, columns)
    _check_places(cells)
    for name in (*PLACE_COLUMNS[1:], *columns):
        _check_numbers(cells, name, at_least=0.0 if name not in {"lon", "lat"} else -np.inf)


def _check_columns(cells: gpd.GeoDataFrame, columns: tuple[str, ...]) -> None:
    """Refuse cells without a column of people, or without a column that is named."""
    if not columns:
        raise InputError("population: no column of people is named; name at least one")
    missing = [name for name in (*PLACE_COLUMNS, *columns) if name not in cells.columns]
    if missing:
        raise InputError(f"population: no column {some(missing)}; columns: {some(cells.columns, 12)}")


def _check_places(cells: gpd.GeoDataFrame) -> None:
    """Refuse cells that are not in WGS-84, share an id or have no geometry."""
    if cells.crs is None or cells.crs.to_epsg() != 4326:
        raise InputError(f"population: cells are in {cells.crs or 'no coordinate system'}; convert them to EPSG:4326")
    twice = cells.loc[cells["cell_id"].duplicated(), "cell_id"]
    if len(twice):
        raise InputError(f"population: cell_id used more than once: {some(twice.unique())}; give every cell its own")
    if shapely.is_missing(cells.geometry.array).any() or shapely.is_empty(cells.geometry.array).any():
        raise InputError("population: a cell has no geometry; leave it out or draw it")


def _check_numbers(cells: gpd.GeoDataFrame, name: str, at_least: float) -> None:
    values = cells[name].to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(values) | (values < at_least)
    if wrong.any():
        where = some(cells.loc[wrong, "cell_id"])
        raise InputError(
            f"population: {name} of cell {where} is blank, infinite or negative; give a number of 0 or more"
        )
