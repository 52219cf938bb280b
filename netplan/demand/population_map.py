"""The picture of a population: people per km2 by cell, or people by place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib import pyplot as plt
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.patches import Patch
from matplotlib.path import Path
from numpy.typing import NDArray

from netplan.coordinates.geodesy import EARTH_RADIUS_KM
from netplan.violations import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from netplan.demand.population import Population

Floats = NDArray[np.float64]

_STEPS = np.array([digit * 10.0**power for power in range(-3, 10) for digit in (1, 2, 5)])
_CLASSES = 6
_NOBODY = "#f1f0ec"
_EDGE, _INK = "#8a8780", "#33312e"


def draw(population: Population, ax: Axes | None) -> Axes:
    """Draw the cells in classes of people per km2, or points sized by their people; returns the axes."""
    cells = population.cells
    if ax is None:
        figure, ax = plt.subplots(figsize=_size(cells.total_bounds))
        figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.12)
    is_area = shapely.get_dimensions(cells.geometry.to_numpy()) == 2
    people = population.by_cell
    if len(cells) and is_area.all():
        _draw_cells(ax, population, people)
    else:
        _draw_points(ax, population, people)
    what = f"{population.people:,.0f} people in {counted(len(cells), 'cell' if is_area.all() else 'place')}"
    left = sum(population.outside.values())
    ax.set_title(what + (f", {left:,.0f} left outside" if left else ""), loc="left", fontsize=11, color=_INK)
    _frame(ax, cells.total_bounds)
    return ax


def class_breaks(values: Floats) -> Floats:
    """Up to five round numbers (1, 2, 5 and their tens) between classes of the positive values, evenly on a log scale.

    The lowest and the highest class are open, so that a single crowded or near-empty cell does not stretch the rest.
    """
    positive = values[values > 0]
    if not len(positive):
        return np.array([1.0])
    low, high = np.quantile(positive, [0.1, 0.97])
    first, last = np.searchsorted(_STEPS, [low, high])
    spread = np.linspace(first, max(last, first), min(_CLASSES - 1, max(last - first, 0) + 1))
    return np.asarray(_STEPS[np.unique(np.round(spread).astype(int)).clip(0, len(_STEPS) - 1)])


def _draw_cells(ax: Axes, population: Population, people: Floats) -> None:
    cells = population.cells
    area = cells["area_km2"].to_numpy(dtype=np.float64)
    density = np.divide(people, area, out=np.zeros_like(people), where=area > 0)
    breaks = class_breaks(density)
    colours = plt.get_cmap("YlGnBu")(np.linspace(0.12, 1.0, len(breaks) + 1))
    parts, cell_of = shapely.get_parts(cells.geometry.to_numpy(), return_index=True)
    face = np.where((density > 0)[:, None], colours[np.searchsorted(breaks, density, side="right")], _rgba(_NOBODY))
    _fill(ax, parts, face[cell_of])
    between = [f"{_short(low)} to {_short(high)}" for low, high in pairwise(breaks.tolist())]
    labels = [f"under {_short(breaks[0])}", *between, f"{_short(breaks[-1])} and more"]
    keys = [Patch(facecolor=colour, label=label) for colour, label in zip(colours, labels, strict=True)][::-1]
    if (density == 0).any():
        keys.append(Patch(facecolor=_NOBODY, edgecolor=_EDGE, linewidth=0.5, label="nobody"))
    _legend(ax, keys, "People per km²")


def _fill(ax: Axes, polygons: NDArray[Any], face: Floats) -> None:
    """Fill polygons, their holes left open, each in its colour."""
    holed = shapely.get_num_interior_rings(polygons) > 0
    outlines = [shapely.get_coordinates(ring) for ring in shapely.get_exterior_ring(polygons[~holed])]
    # The thin edge of its own colour hides the hairlines between neighbours; pixels keep a file of 100,000 cells small.
    look: dict[str, Any] = {"linewidths": 0.4, "rasterized": True}
    ax.add_collection(PolyCollection(outlines, facecolors=face[~holed], edgecolors=face[~holed], **look))
    paths = [_path(polygon) for polygon in polygons[holed]]
    ax.add_collection(PathCollection(paths, facecolors=face[holed], edgecolors=face[holed], **look))


def _path(polygon: shapely.Polygon) -> Path:
    """One path of all rings: matplotlib leaves open what a ring of the other direction encloses."""
    rings = shapely.get_rings(shapely.orient_polygons(polygon))
    return Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings))


def _draw_points(ax: Axes, population: Population, people: Floats) -> None:
    cells = population.cells
    largest = float(people.max()) if len(people) else 1.0
    order = np.argsort(-people)
    size = 220.0 * people / max(largest, 1e-9) + 2.0
    lon, lat = cells["lon"].to_numpy()[order], cells["lat"].to_numpy()[order]
    ax.scatter(lon, lat, s=size[order], color="#1f6f8b", alpha=0.55, linewidths=0.4, edgecolors="white")
    steps = [step for step in _STEPS[::-1] if step <= largest][:5:2]
    keys = [_dot(ax, 220.0 * step / max(largest, 1e-9) + 2.0, _short(step)) for step in steps]
    _legend(ax, keys, "People")


def _dot(ax: Axes, size: float, label: str) -> PathCollection:
    return ax.scatter([], [], s=size, color="#1f6f8b", alpha=0.55, linewidths=0.4, edgecolors="white", label=label)


def _legend(ax: Axes, keys: list[Patch] | list[PathCollection], title: str) -> None:
    box = ax.legend(
        handles=keys,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9,
        title_fontsize=9,
        alignment="left",
        labelspacing=0.6,
        borderaxespad=0.0,
    )
    box.get_title().set_color(_INK)


def _frame(ax: Axes, bounds: Floats) -> None:
    """Whole region, true to scale at its middle latitude, with a bar of kilometres instead of degrees."""
    west, south, east, north = bounds if np.isfinite(bounds).all() else (0.0, 0.0, 1.0, 1.0)
    margin = 0.03 * max(east - west, north - south, 1e-3)
    ax.set_xlim(west - margin, east + margin)
    ax.set_ylim(south - 2.5 * margin, north + margin)
    shrink = max(float(np.cos(np.radians((south + north) / 2))), 0.05)
    ax.set_aspect(1.0 / shrink)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    degree_km = np.radians(1.0) * EARTH_RADIUS_KM * shrink
    bar = float(_STEPS[max(np.searchsorted(_STEPS, 0.25 * (east - west + 2 * margin) * degree_km) - 1, 0)])
    y = south - 1.3 * margin
    ax.plot([west, west + bar / degree_km], [y, y], color=_INK, linewidth=2.0, solid_capstyle="butt")
    ax.text(west + bar / degree_km, y, f"  {_short(bar)} km", va="center", ha="left", fontsize=9, color=_INK)


def _size(bounds: Floats) -> tuple[float, float]:
    """Inches: a map six wide or high, with room for title, bar and legend."""
    west, south, east, north = bounds if np.isfinite(bounds).all() else (0.0, 0.0, 1.0, 1.0)
    wide = max((east - west) * np.cos(np.radians((south + north) / 2)), 1e-6)
    ratio = min(max(max(north - south, 1e-6) / wide, 0.3), 3.0)
    return (6.0 / max(ratio, 1.0) + 2.0, 6.0 * min(ratio, 1.0) + 1.2)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _rgba(colour: str) -> tuple[float, ...]:
    return (*tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)), 1.0)
