"""Nearest-outlet catchments: who has which outlet nearest, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from netplan.choice.pairs import Floats, Ints, Pairs, amounts, flags, names, ratio
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NONE = -1
"""The outlet of a node that has none in reach."""


@dataclass(frozen=True, slots=True, repr=False)
class Catchments:
    """Each demand node and its nearest outlet.

    Attributes
    ----------
    outlet
        Position of the nearest outlet per node, -1 where none is within the cut-off, shape (N,).
    minutes
        Minutes to it, infinite where there is none, shape (N,).
    weights
        People, visits or money per node, shape (N,).
    num_outlets
        J.
    """

    outlet: Ints
    minutes: Floats
    weights: Floats
    num_outlets: int

    @property
    def volume(self) -> Floats:
        """Weight in the catchment of each outlet, shape (J,)."""
        return self._per_outlet(self.weights)

    @property
    def mean_minutes(self) -> Floats:
        """Weighted mean minutes to each outlet, shape (J,); NaN where nobody is in its catchment."""
        volume = self.volume
        total = self._per_outlet(
            np.where(self.weights > 0, self.weights, 0.0) * np.where(self.outlet >= 0, self.minutes, 0)
        )
        return ratio(total, volume)

    @property
    def max_minutes(self) -> Floats:
        """Minutes of the farthest node with any weight, shape (J,); NaN where nobody is in the catchment."""
        here = (self.outlet >= 0) & (self.weights > 0)
        farthest = np.full(self.num_outlets, -np.inf)
        np.maximum.at(farthest, self.outlet[here], self.minutes[here])
        return np.where(np.isfinite(farthest), farthest, np.nan)

    @property
    def unreached(self) -> float:
        """Weight of the nodes without an outlet within the cut-off."""
        return float(self.weights[self.outlet < 0].sum())

    def _per_outlet(self, values: Floats) -> Floats:
        here = self.outlet >= 0
        return np.bincount(self.outlet[here], values[here], self.num_outlets).astype(np.float64, copy=False)

    def outlets(self, outlet_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """A row per outlet: outlet, nodes, volume, mean_minutes, max_minutes (blank where nobody is near)."""
        here = self.outlet >= 0
        return pd.DataFrame(
            {
                "outlet": names(outlet_ids, self.num_outlets, "outlet"),
                "nodes": np.bincount(self.outlet[here], minlength=self.num_outlets),
                "volume": self.volume,
                "mean_minutes": self.mean_minutes,
                "max_minutes": self.max_minutes,
            }
        )

    def nodes(self, cells: gpd.GeoDataFrame, outlet_ids: Sequence[str] | None = None) -> gpd.GeoDataFrame:
        """`cells` (one row per node, in their order) with the columns outlet, outlet_minutes and weight; blank where none."""
        if len(cells) != len(self.outlet):
            raise InputError(
                f"cells: {len(cells):,} rows for {counted(len(self.outlet), 'demand node')}; give one for each"
            )
        known = pd.Series(names(outlet_ids, self.num_outlets, "outlet"), dtype=object if outlet_ids else "Int64")
        reached = np.isfinite(self.minutes)
        return cells.assign(
            outlet=known.reindex(self.outlet).array,
            outlet_minutes=np.where(reached, self.minutes, np.nan),
            weight=self.weights,
        )

    def areas(self, cells: gpd.GeoDataFrame, outlet_ids: Sequence[str] | None = None) -> gpd.GeoDataFrame:
        """One shape per outlet with a catchment: the union of its cells, with the columns of `outlets`."""
        reached = self.outlet >= 0
        shapes = gpd.GeoDataFrame(
            {"at": self.outlet[reached]}, geometry=cells.geometry.to_numpy()[reached], crs=cells.crs
        ).dissolve("at")
        table = self.outlets(outlet_ids).iloc[shapes.index].reset_index(drop=True)
        return gpd.GeoDataFrame(table, geometry=shapes.geometry.to_numpy(), crs=cells.crs)

    def plot(
        self,
        cells: gpd.GeoDataFrame,
        *,
        outlets: gpd.GeoDataFrame | None = None,
        by: Literal["outlet", "minutes"] = "outlet",
        ax: Axes | None = None,
    ) -> Axes:
        """A map of the catchments (neighbours in different colours) or of the minutes; `outlets` are drawn as points."""
        from netplan.choice.plots import draw_catchments  # noqa: PLC0415 - matplotlib loads when a plot is asked for

        return draw_catchments(self, cells, outlets=outlets, by=by, ax=ax)

    def __repr__(self) -> str:
        total = float(self.weights.sum())
        reached = total - self.unreached
        mean = float(np.nansum(self.volume * self.mean_minutes) / reached) if reached > 0 else float("nan")
        return (
            f"Catchments of {counted(self.num_outlets, 'outlet')}: {reached:,.0f} of {total:,.0f} within the cut-off, "
            f"{mean:.1f} minutes away on average; {self.unreached:,.0f} have no outlet in reach"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.outlets().to_html(index=False, na_rep='', float_format='{:,.1f}'.format, max_rows=20)}"


def catchments(minutes: SparseMinutes, weights: ArrayLike, *, is_open: ArrayLike | None = None) -> Catchments:
    """Give each demand node its nearest outlet.

    Parameters
    ----------
    minutes
        One-way minutes from N nodes to J outlets, within a cut-off.
    weights
        People, visits or money per node, shape (N,), 0 or more.
    is_open
        Outlets that count, shape (J,); all where it is left out.

    Returns
    -------
    Catchments
        Ties go to the outlet of the lowest position.

    Raises
    ------
    InputError
        Weights that are negative or missing, or a wrong number of values.

    """
    pairs = Pairs.of(minutes)
    weight = amounts(weights, pairs.shape[0], "weights", "demand node")
    counts = np.isfinite(pairs.minutes)
    if is_open is not None:
        counts &= flags(is_open, pairs.shape[1], "is_open")[pairs.target]
    shortest = -pairs.node_max(np.where(counts, -pairs.minutes, -np.inf))
    hit = np.flatnonzero(counts & (pairs.minutes == shortest[pairs.origin]))
    node, first = np.unique(pairs.origin[hit], return_index=True)  # the first of a node is its lowest outlet
    outlet = np.full(pairs.shape[0], NONE, dtype=np.int64)
    outlet[node] = pairs.target[hit[first]]
    for array in (outlet, shortest):
        array.setflags(write=False)
    return Catchments(outlet, shortest, weight, pairs.shape[1])
