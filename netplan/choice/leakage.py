"""Leakage: the demand of an area that goes to other banks or nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from netplan.choice.huff import Shares
from netplan.choice.pairs import Ints, amounts, flags, names
from netplan.errors import InputError
from netplan.violations import counted


def leakage(
    shares: Shares,
    weights: ArrayLike,
    area: ArrayLike,
    *,
    is_own: ArrayLike,
    area_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Where the demand of each area goes.

    Parameters
    ----------
    shares
        Shares of N nodes among J outlets.
    weights
        Demand per node, shape (N,).
    area
        Position of each node's district, or of its nearest own outlet (`Catchments.outlet`), shape (N,); -1 = in none.
    is_own
        Outlets of this bank, shape (J,).
    area_ids
        Ids of the areas; as many areas as ids, or as the largest position says.

    Returns
    -------
    DataFrame
        A row per area: area, demand, own, competitors, outside, unreached (these four sum to demand), leakage (competitors / demand)
        and outside_share; blank shares where there is no demand. A last row with a blank area holds the nodes in none, if any.

    Raises
    ------
    InputError
        Wrong numbers of values, or an area that does not exist.

    """
    pairs = shares.pairs
    weight = amounts(weights, pairs.shape[0], "weights", "demand node")
    own = flags(is_own, pairs.shape[1], "is_own")
    place, number = _areas(area, pairs.shape[0], area_ids)
    is_won = own[pairs.target]
    per_node = {
        "demand": weight,
        "own": weight * pairs.node_sum(np.where(is_won, shares.share, 0.0)),
        "competitors": weight * pairs.node_sum(np.where(is_won, 0.0, shares.share)),
        "outside": weight * shares.outside,
        "unreached": np.where(shares.is_reached, 0.0, weight),
    }
    table = pd.DataFrame({name: np.bincount(place, value, number + 1) for name, value in per_node.items()})
    labels = pd.Series(names(area_ids, number, "area"), dtype=object if area_ids else "Int64")
    table.insert(0, "area", labels.reindex(range(number + 1)).array)
    demand = table["demand"].where(table["demand"] > 0)
    table["leakage"] = table["competitors"] / demand
    table["outside_share"] = table["outside"] / demand
    return table if bool((place == number).any()) else table.iloc[:number]


def _areas(area: ArrayLike, nodes: int, ids: Sequence[str] | None) -> tuple[Ints, int]:
    """The area of each node, those in none last; and how many areas there are."""
    given = np.array(area)
    if given.shape != (nodes,) or not np.issubdtype(given.dtype, np.integer):
        raise InputError(f"area: needs a position (a whole number) for each of the {counted(nodes, 'demand node')}")
    number = len(ids) if ids is not None else int(given.max(initial=-1)) + 1
    if len(given) and (given.min() < -1 or given.max() >= number):
        raise InputError(
            f"area: positions from {given.min()} to {given.max()} for {counted(number, 'area')}; -1 is in none"
        )
    return np.where(given < 0, number, given).astype(np.int64), number
