"""Pictures of catchments, calibrations and impacts; matplotlib is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
from scipy.spatial import KDTree

from netplan.choice.decay import Decay
from netplan.choice.pairs import Floats, Ints
from netplan.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from netplan.choice.calibration import Calibration
    from netplan.choice.catchments import Catchments
    from netplan.choice.impact import Impact

# Okabe and Ito's colours tell apart for most colour-blind readers; lightened, since areas are large
AREAS = ("#a6cbe3", "#f3c78a", "#9fd5c0", "#e9b8d2", "#e8dd8c", "#b9b4dd", "#f0a58f", "#b5c98e", "#c9b39a", "#8fb3b8")
NOTHING = "#e4e4e4"
INK = "#22303c"
OWN, OTHERS, NOBODY, NEW = "#d1603d", "#2a6f97", "#8ab6a9", "#c9a227"
NEIGHBOURS = 8
DECAY_STEPS = 200


def draw_catchments(
    catch: Catchments,
    cells: gpd.GeoDataFrame,
    *,
    outlets: gpd.GeoDataFrame | None = None,
    by: Literal["outlet", "minutes"] = "outlet",
    ax: Axes | None = None,
) -> Axes:
    """A map of the nodes by nearest outlet, or by the minutes to it."""
    if by not in {"outlet", "minutes"}:
        raise InputError(f"by: '{by}' cannot be drawn; write outlet or minutes")
    axes = _axes(ax, (9, 7.5))
    nodes = catch.nodes(cells)
    reached = catch.outlet >= 0
    size = {"markersize": 9} if nodes.geom_type.isin(["Point", "MultiPoint"]).any() else {"linewidth": 0}
    if not reached.all():
        nodes[~reached].plot(ax=axes, color=NOTHING, aspect=None, label="no outlet in reach", **size)
    if reached.any() and by == "outlet":
        nodes[reached].plot(ax=axes, color=_colours(catch, nodes)[reached], aspect=None, **size)
    elif reached.any():
        legend = {"label": "minutes to the nearest outlet, one way", "shrink": 0.7, "pad": 0.02}
        nodes[reached].plot(
            "outlet_minutes", ax=axes, cmap="viridis_r", aspect=None, legend=True, legend_kwds=legend, **size
        )
    if outlets is not None:
        outlets.to_crs(cells.crs).plot(
            ax=axes, color=INK, markersize=22, edgecolor="white", linewidth=0.8, aspect=None, zorder=3
        )
    _label_map(axes, catch, cells, has_outlets=outlets is not None)
    return axes


def _label_map(axes: Axes, catch: Catchments, cells: gpd.GeoDataFrame, *, has_outlets: bool) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - matplotlib loads when a plot is asked for
    from matplotlib.patches import Patch  # noqa: PLC0415

    total = float(catch.weights.sum())
    share = 1.0 - catch.unreached / total if total > 0 else 0.0
    axes.set_title(f"Nearest-outlet catchments: {share:.1%} within the cut-off", loc="left", color=INK)
    keys: list[Line2D | Patch] = []
    if has_outlets:
        keys.append(Line2D([], [], marker="o", color="w", markerfacecolor=INK, markersize=7, label="outlet"))
    if (catch.outlet < 0).any():
        keys.append(Patch(color=NOTHING, label=f"no outlet in reach ({catch.unreached:,.0f} people or visits)"))
    if keys:
        axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.0, -0.01), ncols=2, frameon=False)
    bottom, top = cells.total_bounds[1], cells.total_bounds[3]
    is_degrees = cells.crs is not None and cells.crs.is_geographic
    axes.set_aspect(1.0 / np.cos(np.radians((bottom + top) / 2)) if is_degrees else 1.0)
    axes.margins(0.01)
    axes.set_axis_off()


def _colours(catch: Catchments, nodes: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """A colour per node, so that catchments next to each other differ."""
    middle = np.column_stack(
        [nodes.geometry.bounds[["minx", "maxx"]].mean(axis=1), nodes.geometry.bounds[["miny", "maxy"]].mean(axis=1)]
    )
    reached = catch.outlet >= 0
    size = np.maximum(1, np.bincount(catch.outlet[reached], minlength=catch.num_outlets))
    used = np.unique(catch.outlet[reached])
    centre = np.column_stack(
        [np.bincount(catch.outlet[reached], middle[reached, axis], catch.num_outlets) / size for axis in (0, 1)]
    )[used]
    colour = np.zeros(catch.num_outlets, dtype=np.int64)
    colour[used] = _greedy(centre)
    return np.array(AREAS)[colour[np.maximum(catch.outlet, 0)]]


def _greedy(centre: Floats) -> Ints:
    """The lowest colour that none of the nearest neighbours has yet."""
    near = KDTree(centre).query(centre, k=min(NEIGHBOURS, len(centre)))[1].reshape(len(centre), -1)
    colour = np.full(len(centre), -1, dtype=np.int64)
    for at, neighbours in enumerate(near):
        free = np.setdiff1d(np.arange(len(AREAS)), colour[neighbours])
        colour[at] = free[0] if len(free) else at % len(AREAS)
    return colour


def draw_calibration(found: Calibration, *, unit: str) -> Figure:
    """Observed against fitted volumes, and the decay curve."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - matplotlib loads when a plot is asked for

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    _draw_fit(left, found, unit)
    _draw_decay(right, found)
    return figure


def _draw_fit(axes: Axes, found: Calibration, unit: str) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - matplotlib loads when a plot is asked for

    without = found.observed if found.left_out is None else found.left_out
    every = np.concatenate([found.observed, found.fitted, without])
    low, high = float(every[every > 0].min()) * 0.8, float(every.max()) * 1.25
    axes.plot([low, high], [low, high], color=INK, linewidth=1, linestyle="--", label="equal", zorder=1)
    seen = np.maximum(found.observed, low)  # a volume of 0 is drawn on the edge
    label = f"fitted, R² {found.fit.r_squared:.2f}"
    axes.scatter(seen, np.maximum(found.fitted, low), s=26, zorder=2, alpha=0.85, color=OTHERS, label=label)
    if found.fit_left_out is not None:
        label = f"left out, R² {found.fit_left_out.r_squared:.2f}"
        axes.scatter(seen, np.maximum(without, low), s=26, zorder=3, facecolors="none", edgecolors=OWN, label=label)
    is_wide = high / low > 20
    axes.set(
        xscale="log" if is_wide else "linear",
        yscale="log" if is_wide else "linear",
        xlim=(low, high),
        ylim=(low, high),
        xlabel=f"observed {unit}",
        ylabel=f"predicted {unit}",
    )
    if not is_wide:
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(6))
            axis.set_major_formatter("{x:,.0f}" if high >= 20 else "{x:.3g}")
    axes.set_aspect("equal")
    axes.set_title(f"{found.fit.num_outlets:,} outlets", loc="left", color=INK)
    _finish(axes)
    axes.legend(frameon=False, loc="upper left")


def _draw_decay(axes: Axes, found: Calibration) -> None:
    decay, row = found.decay, found.table.loc[["decay"], ["low", "high"]].to_numpy(dtype=np.float64)[0]
    half = min(decay.half_minutes, found.reach_minutes)
    minutes = np.linspace(0.0, min(found.reach_minutes, max(10.0 * half, found.reach_minutes / 2)), DECAY_STEPS)
    if decay.kind == "power" and decay.offset_minutes == 0:
        minutes = minutes[1:]
    low, high = np.maximum(0.0, row)
    bottom, top = (Decay(decay.kind, float(rate), decay.offset_minutes).pull(minutes) for rate in (high, low))
    axes.fill_between(minutes, bottom, top, color=OTHERS, alpha=0.2, linewidth=0, label="95 % interval")
    axes.plot(
        minutes, decay.pull(minutes), color=OTHERS, linewidth=2, label=f"{decay.kind} decay, rate {decay.rate:.3g}"
    )
    if 0 < decay.half_minutes < minutes[-1]:
        axes.plot([half, half, 0], [0, 0.5, 0.5], color=INK, linewidth=1, linestyle=":")
        axes.annotate(f"half at {half:.1f} minutes", (half, 0.5), (6, 4), textcoords="offset points", color=INK)
    axes.set(xlabel="minutes, one way", ylabel="pull of an outlet, next door = 1", xlim=(0, minutes[-1]))
    if decay.kind != "power" or decay.offset_minutes > 0:
        axes.set_ylim(0, 1.03)
    else:  # without an offset the pull next door is infinite
        axes.set(ylabel="pull of an outlet, 1 minute away = 1", yscale="log")
    axes.set_title("Distance decay", loc="left", color=INK)
    _finish(axes)
    axes.legend(frameon=False, loc="upper right")


def draw_impact(found: Impact, outlet_ids: Sequence[str] | None, *, most: int, ax: Axes | None) -> Axes:
    """Stacked bars: from own outlets, other banks, nobody, and people not reached before."""
    table = found.frame(outlet_ids).sort_values("won", ascending=False).head(most).iloc[::-1]
    axes = _axes(ax, (9, 1.6 + 0.34 * len(table)))
    parts = {
        "from_competitors": ("from other banks", OTHERS),
        "from_outside": ("from nobody or elsewhere", NOBODY),
        "from_unreached": ("not reached before", NEW),
        "from_own": ("from own outlets", OWN),
    }
    start = np.zeros(len(table))
    for column, (label, colour) in parts.items():
        values = table[column].to_numpy()
        if values.any():
            axes.barh(table["outlet"].astype(str), values, left=start, color=colour, label=label, height=0.72)
        start += values
    longest = float(start.max(initial=0.0)) or 1.0
    for at, (end, lost) in enumerate(zip(start, table["cannibalisation"], strict=True)):
        if np.isfinite(lost):
            axes.annotate(f"{lost:.0%} own", (end, at), (5, 0), textcoords="offset points", va="center", color=INK)
    axes.set(xlim=(0, longest * 1.15), xlabel="demand won, in the unit of the weights")
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.xaxis.set_major_formatter("{x:,.0f}" if longest >= 20 else "{x:.2g}")
    rest = len(found.proposed) - len(table)
    tail = f" (best {len(table)} of {len(found.proposed):,})" if rest > 0 else ""
    axes.set_title(f"What each proposed outlet wins, and from whom{tail}", loc="left", color=INK, pad=28)
    _finish(axes)
    axes.grid(visible=False, axis="y")
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4)
    return axes


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    import matplotlib.pyplot as plt  # noqa: PLC0415 - matplotlib loads when a plot is asked for

    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def _finish(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#d8dde2", linewidth=0.6)
    axes.set_axisbelow(True)
