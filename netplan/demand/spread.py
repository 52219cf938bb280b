"""People of zones spread onto cells: by area, or by weights such as the people of a raster; every total is kept."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.demand.overlay import Pieces, Progress, are_points, largest_zone, overlay, placed_cells
from netplan.demand.population import Population
from netplan.errors import InputError
from netplan.violations import counted, some

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLLY = 0.99
"""A zone with less than this share of its area on the cells is told as one that reaches beyond them."""


def spread_zones(
    zones: Population,
    cells: gpd.GeoDataFrame,
    *,
    weights: str | ArrayLike | None = None,
    whole: bool = False,
    least_share: float = 0.01,
    progress: Progress | None = None,
) -> Population:
    """Spread the people of zones onto cells so that the total of every zone and column is kept.

    A zone's people are shared among the cells that it meets in proportion to w_c a_zc / sum_z' a_z'c, where a_zc is the area of
    cell c in zone z and w_c the weight of the cell: areal weighting if the weight is the area (Goodchild & Lam 1980), dasymetric if it
    is, for example, the people of a raster (Wright 1936). Where all cells of a zone weigh nothing its people are spread by area.

    Parameters
    ----------
    zones
        Polygons with people, as `read_zones` returns them.
    cells
        Polygons that do not overlap, or points (which a zone shares equally if they have no weights), with cell_id.
    weights
        Weight of each cell, shape (cells,), 0 or more; or the column of `cells` that holds it.
    whole
        People in whole numbers, by largest remainder within each zone and column. Zones with fractions of people are first
        rounded, by largest remainder over their columns.
    least_share
        A zone that has less than this share of its area on the cells is a neighbour that touches them: its people count as outside.
    progress
        Called with what is done and the share done.

    Returns
    -------
    Population
        The cells with the columns of the zones and zone_id, the zone with the largest part of the cell ("" where none has any).
        `outside` holds the people of zones outside the cells.

    Raises
    ------
    InputError
        No zone meets a cell; cells overlap or are neither polygons nor points; a weight is blank, infinite or negative.
    """
    weight = _weights(weights, cells)
    cells = placed_cells(cells)
    pieces = overlay(zones.cells, cells, progress)
    is_in, border = _covered(zones, cells, pieces, least_share)
    kept = is_in[pieces.zone]
    pieces = Pieces(pieces.zone[kept], pieces.cell[kept], pieces.size[kept])
    share, by_area = _shares(pieces, weight, len(zones.cells), len(cells))
    people = zones.cells[list(zones.columns)].to_numpy(dtype=np.float64)
    notes = [*zones.notes, *border, *_fallback_notes(zones, by_area)]
    if whole:
        people, rounded = _whole_zones(people)
        notes += rounded
    each = people[pieces.zone] * share[:, None]
    if whole:
        each = np.column_stack([largest_remainder(column, pieces.zone) for column in each.T])
    result = cells.assign(zone_id=largest_zone(pieces, zones.cells, len(cells)))
    for place, name in enumerate(zones.columns):
        result[name] = np.bincount(pieces.cell, each[:, place], minlength=len(cells))
    outside = {
        name: zones.outside.get(name, 0.0) + float(people[~is_in, g].sum()) for g, name in enumerate(zones.columns)
    }
    return Population(result, zones.columns, outside, (*notes, *_empty_cells(result)))


def largest_remainder(values: Floats, group: Ints) -> Floats:
    """Whole numbers near `values` whose sum in each group is the sum of its values, rounded (Hamilton's method).

    Parameters
    ----------
    values
        0 or more, shape (P,).
    group
        Ascending group of each, shape (P,).
    """
    if not len(values):
        return values
    near = np.round(values)
    exact = np.where(np.abs(values - near) < 1e-9 * np.maximum(1.0, near), near, values)  # 2.9999999999 is 3
    low = np.floor(exact)
    left = np.round(np.bincount(group, values) - np.bincount(group, low)).astype(np.int64)
    order = np.lexsort((low - exact, group))
    first = np.searchsorted(group, group)
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return np.asarray(low + (rank - first < left[group]))


def _weights(weights: str | ArrayLike | None, cells: gpd.GeoDataFrame) -> Floats | None:
    """Weights by cell, shape (C,); ``None``: by area."""
    if weights is None:
        return None
    if isinstance(weights, str) and weights not in cells.columns:
        raise InputError(f"cells: no column {weights} to weigh them by; columns: {some(cells.columns, 20)}")
    values = np.asarray(cells[weights] if isinstance(weights, str) else weights, dtype=np.float64)
    if values.shape != (len(cells),):
        raise InputError(f"weights: {values.shape} for {counted(len(cells), 'cell')}; give one for each")
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        where = some(cells.loc[wrong, "cell_id"])
        raise InputError(f"weights: blank, infinite or negative at cell {where}; give a number of 0 or more")
    return values


def _covered(
    zones: Population, cells: gpd.GeoDataFrame, pieces: Pieces, least_share: float
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which zones have a share of their area on the cells, shape (Z,), and notes on the others."""
    km2 = zones.cells["area_km2"].to_numpy(dtype=np.float64)
    on_cells = np.bincount(pieces.zone, pieces.size, minlength=len(km2))
    if are_points(cells):
        on_cells = np.where(on_cells > 0, km2, 0.0)
    is_in = (on_cells > 0) & (on_cells >= least_share * km2)
    if not is_in.any():
        raise InputError(
            f"zones and cells do not meet: the zones lie in {_box(zones.cells)}, the cells in {_box(cells)}; "
            "check that both are of the same region, and their coordinate systems"
        )
    people, notes = zones.by_cell, []
    if not is_in.all():
        notes.append(
            f"{counted(int((~is_in).sum()), 'zone')} with {people[~is_in].sum():,.0f} people outside the cells (less than "
            f"{least_share:.0%} of the area on them), counted as outside: {some(zones.cells.loc[~is_in, 'cell_id'])}"
        )
    beyond = is_in & (on_cells < WHOLLY * km2)
    if beyond.any():
        notes.append(
            f"{counted(int(beyond.sum()), 'zone reaches', 'zones reach')} beyond the cells, by "
            f"{(km2 - on_cells)[beyond].sum():,.1f} km2 in all; their {people[beyond].sum():,.0f} people are all kept on the part "
            f"that the cells cover: {some(zones.cells.loc[beyond, 'cell_id'])}"
        )
    return is_in, notes


def _shares(pieces: Pieces, weight: Floats | None, num_zones: int, num_cells: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Share of its zone's people in each piece, shape (P,), and the zones without any weight, shape (Z,)."""
    none = np.zeros(num_zones, dtype=bool)
    part = pieces.size
    if weight is not None:
        in_cell = np.bincount(pieces.cell, pieces.size, minlength=num_cells)
        part = weight[pieces.cell] * (pieces.size / in_cell[pieces.cell])
        none = np.bincount(pieces.zone, part, minlength=num_zones) <= 0
        part = np.where(none[pieces.zone], pieces.size, part)
    share = part / np.bincount(pieces.zone, part, minlength=num_zones)[pieces.zone]
    return share, none & (np.bincount(pieces.zone, minlength=num_zones) > 0)


def _fallback_notes(zones: Population, by_area: NDArray[np.bool_]) -> list[str]:
    if not by_area.any():
        return []
    note = (
        f"{counted(int(by_area.sum()), 'zone')} with {zones.by_cell[by_area].sum():,.0f} people spread by area, as the weights of "
        f"all their cells are 0: {some(zones.cells.loc[by_area, 'cell_id'])}"
    )
    return [note]


def _whole_zones(people: Floats) -> tuple[Floats, list[str]]:
    """People of each zone in whole numbers, shape (Z, G); the sum of a zone is kept to half a person."""
    group = np.repeat(np.arange(people.shape[0]), people.shape[1])
    whole = largest_remainder(people.ravel(), group).reshape(people.shape)
    changed = (np.abs(whole - people) > 1e-9).any(axis=1)
    note = f"{counted(int(changed.sum()), 'zone')} with fractions of people rounded, {people.sum():,.3f} to {whole.sum():,.0f} in all"
    return whole, [note] if changed.any() else []


def _empty_cells(cells: gpd.GeoDataFrame) -> list[str]:
    outside = cells["zone_id"] == ""
    if not outside.any():
        return []
    km2 = cells.loc[outside, "area_km2"].sum()
    return [f"{counted(int(outside.sum()), 'cell')} ({km2:,.1f} km2) in no zone: nobody is placed there"]


def _box(frame: gpd.GeoDataFrame) -> str:
    west, south, east, north = frame.total_bounds
    return f"longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"
