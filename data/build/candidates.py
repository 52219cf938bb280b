"""Candidate sites (modelled): one in every township, growth areas and thin spots of cities, larger villages."""

from __future__ import annotations

import numpy as np
import pandas as pd
from metric import Floats, draws, whole_shares
from network import Network
from scipy.spatial import cKDTree

VILLAGE_SITES = 1_400
INFILL_SITES = 420
SITES_PER_GROWTH_AREA = 3
_BY_COUNTER = "fixed_1d fixed_2d point"
_BY_VAN = "point van_fortnightly van_weekly"
_COUNTER_METRES = 16_000.0
_VAN_METRES = 70_000.0
"""Villages farther than 16 km from every base are offered a van, where one is stationed within 70 km, not a counter."""
_TOWN_FORMATS = "community light selfservice"
_CITY_FORMATS = "community full light wealth"
_INFILL_FORMATS = "community light selfservice wealth"
_CITY_PEOPLE = 9_000
_CLEAR_METRES = 250.0
_VILLAGE_SPACING = 2_200.0
_INFILL_SPACING = 700.0
_FAR_METRES = 5_000.0


def build_candidates(towns: pd.DataFrame, nodes: pd.DataFrame, network: Network, growth: pd.DataFrame) -> pd.DataFrame:
    """The candidates with x, y, district, township, formats and village (-1 where not in a village)."""
    sites = network.sites
    taken = sites[["x", "y"]].to_numpy()
    parts = [_town_sites(towns, nodes, taken), _growth_sites(nodes, growth)]
    taken = np.vstack([taken, *(part[["x", "y"]].to_numpy() for part in parts)])
    parts.append(_infill_sites(nodes, taken))
    parts.append(_village_sites(network))
    return pd.concat(parts, ignore_index=True)


def _town_sites(towns: pd.DataFrame, nodes: pd.DataFrame, taken: Floats) -> pd.DataFrame:
    tree = cKDTree(taken)
    urban = dict(tuple(nodes[nodes["is_urban"]].groupby("township")))
    u = draws("town sites", len(towns))
    rows = []
    for row, town in enumerate(towns.itertuples()):
        spots = urban[row][["x", "y"]].to_numpy()
        people = urban[row]["people"].to_numpy()
        middle = np.average(spots, axis=0, weights=people)
        turn = 2.0 * np.pi * u[row]
        around = np.vstack([middle, spots, middle + 320.0 * np.array([np.cos(turn), np.sin(turn)])])
        clear = np.flatnonzero(tree.query(around)[0] >= _CLEAR_METRES)
        near = clear[np.round(np.hypot(*(around[clear] - middle).T), 1).argmin()] if len(clear) else len(around) - 1
        formats = _CITY_FORMATS if town.people_urban >= _CITY_PEOPLE else _TOWN_FORMATS
        rows.append((*np.round(around[near], 1), town.district, row, formats))
    return _frame(rows)


def _growth_sites(nodes: pd.DataFrame, growth: pd.DataFrame) -> pd.DataFrame:
    urban = nodes[nodes["is_urban"]].reset_index(drop=True)
    rows = []
    for area in growth.itertuples():
        here = urban[urban["district"] == area.district]
        away = np.round(np.hypot(here["x"] - area.x, here["y"] - area.y), 1)
        close = here.loc[away.sort_values(kind="stable").index[:40]]
        best = _greedy(close, close["people"].to_numpy(), SITES_PER_GROWTH_AREA, 450.0)
        rows.extend((n.x, n.y, n.district, n.township, _CITY_FORMATS) for n in close.iloc[best].itertuples())
    return _frame(rows)


def _infill_sites(nodes: pd.DataFrame, taken: Floats) -> pd.DataFrame:
    urban = nodes[nodes["is_urban"] & (nodes["people"] >= 600)]
    away = np.minimum(cKDTree(taken).query(urban[["x", "y"]].to_numpy())[0], _FAR_METRES)
    need = urban["people"].to_numpy() * np.where(away >= _INFILL_SPACING, away, 0.0)
    rows = []
    quota = whole_shares(urban.assign(need=need).groupby("district")["people"].sum().to_numpy(), INFILL_SITES)
    for district, count in enumerate(quota):
        here = (urban["district"] == district).to_numpy()
        best = _greedy(urban[here], need[here], int(count), _INFILL_SPACING)
        rows.extend((n.x, n.y, n.district, n.township, _INFILL_FORMATS) for n in urban[here].iloc[best].itertuples())
    return _frame(rows)


def _village_sites(network: Network) -> pd.DataFrame:
    villages, sites = network.villages, network.sites
    free = villages[villages["is_village"] & ~villages["is_taken"]]
    away = np.minimum(cKDTree(sites[["x", "y"]].to_numpy()).query(free[["x", "y"]].to_numpy())[0], _FAR_METRES)
    need = np.round(away * np.sqrt(free["people_around"].to_numpy()), 3)
    counts = free.groupby("district").size()
    rows = []
    for district, count in zip(counts.index, whole_shares(counts.to_numpy(), VILLAGE_SITES), strict=True):
        here = (free["district"] == district).to_numpy()
        best = _greedy(free[here], need[here], int(count), _VILLAGE_SPACING)
        chosen = free[here].iloc[best]
        formats = _village_formats(chosen[["x", "y"]].to_numpy(), network)
        rows.extend(
            (v.x, v.y, v.district, v.township, f, v.Index) for v, f in zip(chosen.itertuples(), formats, strict=True)
        )
    return _frame(rows)


def _village_formats(xy: Floats, network: Network) -> list[str]:
    where = network.sites.set_index("site_id")[["x", "y"]]
    home = network.bases.set_index("base_id")["site_id"]
    to_base = cKDTree(where.loc[home].to_numpy()).query(xy)[0]
    to_van = cKDTree(where.loc[home.loc[network.vans["base_id"]]].to_numpy()).query(xy)[0]
    is_remote = (to_base > _COUNTER_METRES) & (to_van < _VAN_METRES)
    return [_BY_VAN if flag else _BY_COUNTER for flag in is_remote]


def _greedy(places: pd.DataFrame, need: Floats, count: int, spacing: float) -> list[int]:
    """Positions of the places with the most need, in that order, none within `spacing` of another."""
    xy = places[["x", "y"]].to_numpy()
    tree = cKDTree(xy)
    free = need > 0
    chosen: list[int] = []
    for row in np.argsort(-need, kind="stable"):
        if len(chosen) == count:
            break
        if free[row]:
            chosen.append(int(row))
            free[tree.query_ball_point(xy[row], spacing)] = False
    return chosen


def _frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    columns = ["x", "y", "district", "township", "formats", "village"]
    return pd.DataFrame([row if len(row) == 6 else (*row, -1) for row in rows], columns=columns)
