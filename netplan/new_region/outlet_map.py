"""A map of a branch list: our outlets by volume, and the other banks' beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OURS, _OTHERS = "#b2182b", "#9a9a9a"


def draw(outlets: gpd.GeoDataFrame, competitors: gpd.GeoDataFrame, ax: Axes | None) -> Axes:
    """Points in degrees, drawn as wide as they are on the ground at their latitude."""
    if ax is None:
        import matplotlib.pyplot as plt  # noqa: PLC0415 (slow to import)

        _, ax = plt.subplots(figsize=(7, 7), layout="constrained")
    if len(competitors):
        label = f"other banks ({len(competitors):,})"
        ax.scatter(competitors["lon"], competitors["lat"], s=9, color=_OTHERS, linewidths=0, label=label)
    sizes = _sizes(outlets)
    ours = f"ours ({len(outlets):,})" + ("" if np.ptp(sizes) == 0 else ", by volume")
    ax.scatter(
        outlets["lon"], outlets["lat"], s=sizes, color=_OURS, alpha=0.75, edgecolors="white", linewidths=0.6, label=ours
    )
    ax.set_aspect(1 / np.cos(np.radians(float(outlets["lat"].mean()))))
    ax.set_title("Outlets")
    ax.set_xlabel("longitude (degrees)")
    ax.set_ylabel("latitude (degrees)")
    ax.grid(visible=True, color="#e5e5e5", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="best")
    return ax


def _sizes(outlets: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Areas proportional to the volume, at most fifteen times the usual one."""
    if "volume" not in outlets or not (outlets["volume"] > 0).any():
        return np.full(len(outlets), 28.0)
    volume = outlets["volume"].fillna(0.0).to_numpy(dtype=np.float64)
    return np.asarray(6.0 + 30.0 * np.clip(volume / np.median(volume[volume > 0]), 0.0, 15.0))
