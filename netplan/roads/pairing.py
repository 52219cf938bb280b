"""Opposite arcs of a directed graph joined into one road."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.roads.cutting import Polylines


def edges_of(
    arcs: pd.DataFrame, shapes: Polylines, ids: pd.Series, *, is_directed: bool
) -> tuple[pd.DataFrame, Polylines]:
    """Roads and their shapes: opposite arcs of one length (to the centimetre) and class are one road, every other arc a one-way road.

    A one-way road may be walked both ways; an arc that is closed to cars and open to walkers stays a road of its own.
    """
    kept, partner = _partners(arcs) if is_directed else (np.arange(len(arcs)), np.full(len(arcs), -1))
    road = arcs.iloc[kept].reset_index(drop=True)
    has_back = partner >= 0
    back = arcs.iloc[np.maximum(partner, 0)].reset_index(drop=True)
    is_oneway = is_directed & road["minutes"].notna().to_numpy() & ~(has_back & back["minutes"].notna().to_numpy())
    names = ids.to_numpy(dtype=object)
    edges = {
        "from_id": names[road["tail"].to_numpy()],
        "to_id": names[road["head"].to_numpy()],
        "metres": road["metres"].to_numpy(),
        "minutes": road["minutes"].to_numpy(),
        "is_oneway": is_oneway,
        "minutes_back": _other(road["minutes"], back["minutes"], has_back & ~is_oneway),
    }
    if arcs["walk_minutes"].notna().any():
        edges["walk_minutes"] = road["walk_minutes"].to_numpy()
        edges["walk_minutes_back"] = _other(road["walk_minutes"], back["walk_minutes"], has_back)
    if (arcs["road_class"] != "").any():
        edges["road_class"] = road["road_class"].to_numpy()
    return pd.DataFrame(edges), _taken(shapes, kept)


def _other(here: pd.Series, there: pd.Series, counts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The value of the opposite direction where it differs, else blank."""
    differs = counts & (here != there).to_numpy()
    return np.where(differs, there.to_numpy(dtype=np.float64), np.nan)


def _partners(arcs: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Arcs that are written down, and the opposite arc of each, -1 where there is none.

    The n-th arc one way belongs to the n-th the other way among those of one pair of nodes, length, class and openness on foot. Of
    the two, the one open to cars is written down, else the first.
    """
    tail, head = arcs["tail"].to_numpy(), arcs["head"].to_numpy()
    key = pd.DataFrame(
        {
            "low": np.minimum(tail, head),
            "high": np.maximum(tail, head),
            "centimetres": np.round(arcs["metres"].to_numpy() * 100.0),
            "class": arcs["road_class"].to_numpy(),
            "foot": arcs["walk_minutes"].notna().to_numpy(),
        }
    )
    # the two directions of a loop look alike: every other one counts as the way back
    every_other = key.groupby(list(key.columns), sort=False).cumcount().to_numpy() % 2 == 0
    up = np.where(tail == head, every_other, tail < head)
    key["turn"] = key.assign(up=up).groupby([*key.columns, "up"], sort=False).cumcount()
    group = key.groupby(list(key.columns), sort=False).ngroup().to_numpy()
    order = np.lexsort((np.arange(len(arcs)), arcs["minutes"].isna().to_numpy(), group))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = group[order[1:]] != group[order[:-1]]
    first = order[is_first]
    second = np.full(len(first), -1, dtype=np.int64)
    second[np.cumsum(is_first)[~is_first] - 1] = order[~is_first]
    by_arc = np.argsort(first, kind="stable")
    return first[by_arc], second[by_arc]


def _taken(shapes: Polylines, kept: NDArray[np.int64]) -> Polylines:
    """The shapes of some roads."""
    sizes = np.diff(shapes.start)[kept]
    start = np.concatenate([[0], np.cumsum(sizes)])
    place = np.repeat(shapes.start[kept] - start[:-1], sizes) + np.arange(start[-1])
    return Polylines(start, shapes.lon[place], shapes.lat[place])
