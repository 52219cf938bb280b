"""The rural channel today (modelled): self-service points, fixed-time counters, van stops, their hosts and bases.

Calibrated to published figures: 564 self-service points in remote townships, 126 fixed-time counters, 3 vans.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from distances import road_minutes
from metric import Floats, Ints, draws, whole_shares
from scipy.spatial import cKDTree

SELF_SERVICE = 564
COUNTERS = 126
VAN_DISTRICTS = ("500229", "500236", "500242")
"""Chengkou, Fengjie and Youyang: the modelled homes of the three vans."""
VAN_ROUND = ("van_weekly",) * 6 + ("van_fortnightly",) * 8
"""Today's stops of a van: six every week and eight every other week, two a day, fill five days."""

_REMOTE_TOWNSHIPS = 560
_SELF_SERVICE_BANK = 0.38
_COUNTER_MINUTES = 60.0
_VAN_MINUTES = 75.0
_COUNTER_PEOPLE = 4_000
_VAN_PEOPLE = 1_200
"""A van stops where so few people live around that nothing else would."""
_AROUND_METRES = 2_000.0
_FAR_METRES = 6_000.0
_MANY_TOWNSHIPS = 24


def people_around(xy: Floats, nodes: pd.DataFrame) -> Floats:
    """People within 2 km of each point."""
    tree = cKDTree(nodes[["x", "y"]].to_numpy())
    people = nodes["people"].to_numpy()
    close = tree.query_ball_point(xy, _AROUND_METRES)
    return np.array([people[rows].sum() for rows in close], dtype=float)


def build_points(towns: pd.DataFrame, villages: pd.DataFrame, sites: pd.DataFrame, is_central: Floats) -> pd.DataFrame:
    """564 self-service points in villages without an outlet: hosted ones, and some self-service banks in the largest."""
    seat = towns[towns["is_seat"]].set_index("district").loc[towns["district"], ["x", "y"]].to_numpy()
    away = np.hypot(*(towns[["x", "y"]].to_numpy() - seat).T) / 1_000.0
    remote = np.round(away * (0.4 + towns["ruggedness"].to_numpy()), 3)
    remote = np.where(is_central | (towns["kind"] == "subdistrict").to_numpy(), 0.0, remote)
    remote[np.argsort(-remote, kind="stable")[_REMOTE_TOWNSHIPS:]] = 0.0
    counts = whole_shares(np.sqrt(remote) * (remote > 0), SELF_SERVICE)
    u = draws("points", len(towns))
    parts = [
        _points_of(towns.iloc[row], villages[villages["township"] == row], sites, int(counts[row]), float(u[row]))
        for row in np.flatnonzero(counts)
    ]
    return pd.concat(parts, ignore_index=True)


def _points_of(town: pd.Series, villages: pd.DataFrame, sites: pd.DataFrame, count: int, draw: float) -> pd.DataFrame:
    best = _best_villages(villages, sites[["x", "y"]].to_numpy(), count)
    first = "selfservice" if draw < _SELF_SERVICE_BANK else "point"
    rows = [
        (v["x"], v["y"], first if turn == 0 else "point", index)
        for turn, (index, v) in enumerate(villages.loc[best].iterrows())
    ]
    frame = pd.DataFrame(rows, columns=["x", "y", "format", "village"])
    return frame.assign(district=town["district"], township=town.name)


def _best_villages(villages: pd.DataFrame, taken: Floats, count: int) -> list[int]:
    """The villages with the most people that have no outlet close by, one after another."""
    chosen: list[int] = []
    xy, sites = villages[["x", "y"]].to_numpy(), taken
    free = np.ones(len(villages), dtype=bool)
    for _ in range(min(count, len(villages))):
        away = np.minimum(cKDTree(sites).query(xy)[0], _FAR_METRES)
        score = np.where(free, np.round(away * np.sqrt(villages["people_around"].to_numpy() + 1.0), 3), -1.0)
        best = int(score.argmax())
        free[best] = False
        chosen.append(int(villages.index[best]))
        sites = np.vstack([sites, xy[best]])
    return chosen


def build_bases(branches: pd.DataFrame, towns: pd.DataFrame, is_central_district: Floats) -> Ints:
    """Rows of the outlets that are bases: the seat's first outlet, and in large counties a full branch far from it."""
    bases = []
    for district in np.flatnonzero(~is_central_district.astype(bool)):
        here = branches[branches["district"] == district]
        first = here[towns["is_seat"].to_numpy()[here["township"]] & (here["rank"] == 0)]
        bases.append(int(first.index[0]))
        others = here[here["format"].isin(("flagship", "full")) & (here.index != first.index[0])]
        if (towns["district"] == district).sum() >= _MANY_TOWNSHIPS and len(others):
            away = np.hypot(others["x"] - first["x"].iloc[0], others["y"] - first["y"].iloc[0])
            bases.append(int(others.index[int(np.asarray(away).argmax())]))
    return np.array(sorted(bases), dtype=np.int64)


def build_counters(
    bases: pd.DataFrame, villages: pd.DataFrame, sites: pd.DataFrame, roads: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """126 fixed-time counters in villages within an hour of a base of their district, one or two days a week in turn."""
    reachable = _reachable(bases, villages, roads, _COUNTER_MINUTES)
    pool = villages[reachable & ~villages["is_taken"] & (villages["people_around"] <= _COUNTER_PEOPLE)]
    need = pool.groupby("district")["people_around"].sum()
    quota = dict(zip(need.index, whole_shares(np.sqrt(need.to_numpy()), COUNTERS), strict=True))
    rows = [
        row
        for district, group in pool.groupby("district")
        for row in _best_villages(group, sites[["x", "y"]].to_numpy(), int(quota[district]))
    ]
    chosen = villages.loc[rows, ["x", "y", "district", "township"]].assign(village=rows)
    return chosen.assign(format=[f"fixed_{1 + turn % 2}d" for turn in range(len(rows))]).reset_index(drop=True)


def build_van_stops(
    bases: pd.DataFrame, villages: pd.DataFrame, sites: pd.DataFrame, roads: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """The stops of each van: villages that a round from its base reaches, far from every outlet."""
    parts, taken = [], sites[["x", "y"]].to_numpy()
    for row in range(len(bases)):
        reachable = _reachable(bases.iloc[[row]], villages, roads, _VAN_MINUTES)
        is_small = villages["people_around"] <= _VAN_PEOPLE
        best = _best_villages(villages[reachable & is_small & ~villages["is_taken"]], taken, len(VAN_ROUND))
        stops = villages.loc[best, ["x", "y", "district", "township"]].assign(village=best, format=list(VAN_ROUND))
        taken = np.vstack([taken, stops[["x", "y"]].to_numpy()])
        parts.append(stops)
    return pd.concat(parts, ignore_index=True)


def _reachable(
    bases: pd.DataFrame, villages: pd.DataFrame, roads: tuple[pd.DataFrame, pd.DataFrame], limit: float
) -> Floats:
    xy = villages[["x", "y"]].to_numpy()
    minutes = road_minutes(bases[["x", "y"]].to_numpy(), xy, roads, limit)
    same = bases["district"].to_numpy()[:, None] == villages["district"].to_numpy()[None, :]
    return np.asarray(((minutes <= limit) & same & villages["is_village"].to_numpy()).any(axis=0))


def staff_days(
    counters: pd.DataFrame, bases: pd.DataFrame, roads: tuple[pd.DataFrame, pd.DataFrame], spare: float
) -> Floats:
    """Staff-days a week of each base: what its nearest counters take today, and some spare."""
    minutes = road_minutes(bases[["x", "y"]].to_numpy(), counters[["x", "y"]].to_numpy(), roads, 600.0)
    days = counters["format"].str[6].astype(int).to_numpy()
    taken = np.bincount(minutes.argmin(axis=0), days, minlength=len(bases))
    return np.round(taken + spare, 1)
