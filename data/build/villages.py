"""Where communities and villages lie (modelled): communities in the built-up area, villages spread over the land."""

from __future__ import annotations

import numpy as np
import pandas as pd
from metric import Flags, Floats, Ints, draws
from scipy.spatial import cKDTree


def read_villages(villages: list[dict[str, str]], towns: pd.DataFrame) -> pd.DataFrame:
    """Communities and villages in the order of their codes: village_id, name, township (position), is_village."""
    position = {code: row for row, code in enumerate(towns["township_id"])}
    rows = sorted(
        (v["code"], v["name"], position[v["streetCode"]], v["code"][-3] == "2")
        for v in villages
        if v["streetCode"] in position
    )
    return pd.DataFrame(rows, columns=["village_id", "name", "township", "is_village"])


def locate_villages(villages: pd.DataFrame, land: pd.DataFrame, is_built_up: Flags) -> pd.DataFrame:
    """The villages with x, y: well spaced on the pieces of their township, villages rarely in the high mountains."""
    pieces = land[["x", "y"]].to_numpy()
    rank = _rank(land, is_built_up)
    by_town = _by_town(land["township"].to_numpy())
    located = villages.assign(x=0.0, y=0.0)
    spots = np.zeros((len(villages), 2))
    for township, group in villages.groupby("township"):
        here = by_town[int(township)]  # type: ignore[call-overload]
        built, open_land = here[is_built_up[here]], here[~is_built_up[here]]
        for is_village, rows in group.groupby("is_village").groups.items():
            area = open_land if is_village and len(open_land) >= len(rows) else built
            area = area if len(area) >= len(rows) else here
            order = area[np.argsort(rank[area], kind="stable")]
            spots[rows] = pieces[_spaced(pieces[order], order, len(rows))]
    jitter = (draws("village spots", 2 * len(villages)).reshape(-1, 2) - 0.5) * 200.0
    located[["x", "y"]] = np.round(spots + jitter, 1)
    return located


def _rank(land: pd.DataFrame, is_built_up: Flags) -> Floats:
    # An exponential draw divided by a weight ranks as drawing without replacement by that weight (Efraimidis & Spirakis
    # 2006).
    weight = np.where(is_built_up, 1.0, np.exp(-3.0 * land["ruggedness"].to_numpy()) + 0.02)
    return np.round(-np.log(1.0 - draws("villages", len(land))) / weight, 9)


def _by_town(township: Ints) -> list[Ints]:
    order = np.argsort(township, kind="stable")
    return np.split(order, np.searchsorted(township[order], np.arange(1, township.max() + 1)))


def _spaced(points: Floats, rows: Ints, count: int) -> Ints:
    spacing = 0.75 * np.sqrt(len(points) / max(count, 1)) * 300.0
    while True:
        chosen = _greedy(points, count, spacing)
        if len(chosen) == count:
            return rows[chosen]
        spacing = 0.0 if spacing < 300.0 else spacing * 0.8


def _greedy(points: Floats, count: int, spacing: float) -> list[int]:
    if spacing == 0.0:
        return [row % len(points) for row in range(count)]
    tree = cKDTree(points)
    is_free = np.ones(len(points), dtype=bool)
    chosen: list[int] = []
    for row in range(len(points)):
        if is_free[row]:
            chosen.append(row)
            if len(chosen) == count:
                break
            is_free[tree.query_ball_point(points[row], spacing)] = False
    return chosen
