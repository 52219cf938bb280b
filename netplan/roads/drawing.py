"""A picture of the roads by driving speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from netplan.roads.tables import Roads

_SLOW_TO_FAST = "viridis_r"
_CLOSED_COLOUR = "#c9c4bb"
_FASTEST = 110.0


def draw_roads(roads: Roads, ax: Any = None) -> Any:
    """Draw every road as a straight line between its junctions: faster roads darker and wider, those closed to cars grey.

    Returns the matplotlib axes.
    """
    from matplotlib import pyplot as plt  # noqa: PLC0415 - drawing is optional and slow to load
    from matplotlib.collections import LineCollection  # noqa: PLC0415

    if ax is None:
        _, ax = plt.subplots(figsize=(9, 8), layout="constrained")
    positions = roads.junctions[["lon", "lat"]].to_numpy(dtype=np.float64)
    first, last = roads.ends()
    lines = np.stack([positions[first], positions[last]], axis=1)
    minutes = roads.edges["minutes"].to_numpy(dtype=np.float64)
    metres = roads.edges["metres"].to_numpy(dtype=np.float64)
    is_open = ~np.isnan(minutes)
    speed = np.full(len(minutes), np.nan)
    np.divide(metres * 0.06, minutes, out=speed, where=is_open & (minutes > 0))
    ax.add_collection(LineCollection(list(lines[~is_open]), colors=_CLOSED_COLOUR, linewidths=0.5, zorder=1))
    order = np.flatnonzero(~np.isnan(speed))
    order = order[np.argsort(speed[order], kind="stable")]
    drawn = LineCollection(
        list(lines[order]), cmap=_SLOW_TO_FAST, linewidths=0.5 + speed[order] / 60.0, zorder=2, capstyle="round"
    )
    drawn.set_array(speed[order])
    drawn.set_clim(0, min(_FASTEST, float(speed[order].max())) if len(order) else _FASTEST)
    ax.add_collection(drawn)
    ax.figure.colorbar(drawn, ax=ax, label="driving speed, km/h", shrink=0.7, pad=0.02)
    _frame(roads, ax)
    return ax


def _frame(roads: Roads, ax: Any) -> None:
    west, south, east, north = roads.bounds
    margin = 0.02 * max(east - west, north - south, 1e-4)
    ax.set_xlim(west - margin, east + margin)
    ax.set_ylim(south - margin, north + margin)
    ax.set_aspect(1.0 / np.cos(np.radians((south + north) / 2)))
    ax.set_xlabel("longitude, degrees")
    ax.set_ylabel("latitude, degrees")
    ax.ticklabel_format(useOffset=False)
    closed = int(roads.edges["minutes"].isna().sum())
    grey = f"; grey: closed to cars ({closed:,})" if closed else ""
    ax.set_title(f"{len(roads.edges):,} roads, {roads.kilometres:,.0f} km{grey}", fontsize=11)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
