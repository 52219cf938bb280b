"""The modelled population surface: weights on pieces of land, nodes, whole people that add up to the census.

Rural nodes are the pieces of a 5.76 km2 cell in one district that are not built up; urban nodes are the built-up land of
one township, halved until a node has at most 3,000 people or 0.1 km2.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from metric import Floats, Ints, to_degrees, whole_shares
from scipy.spatial import cKDTree

MOST_PEOPLE = 3_000.0
LEAST_KM2 = 0.1
_EMPTY_BELOW = 80.0
"""A rural cell expected to have fewer people has none: high mountains and forest."""
_ELDERLY_RURAL = 1.35
_VILLAGE_METRES = 900.0
_ROAD_METRES = 1_500.0
SEGMENTS = ("children", "working", "elderly")


def spread_people(land: pd.DataFrame, towns: pd.DataFrame, villages: pd.DataFrame, junctions: pd.DataFrame) -> Floats:
    """Expected people on every piece: urban ones towards the town's centre, rural ones towards villages and roads."""
    xy = land[["x", "y"]].to_numpy()
    urban = land["is_urban"].to_numpy()
    township = land["township"].to_numpy()
    weight = np.where(urban, _urban_pull(xy, township, towns), _rural_pull(xy, land, villages, junctions))
    weight = np.round(weight * land["area_m2"].to_numpy() / 9e4, 9)
    wanted = np.where(urban, towns["people_urban"].to_numpy()[township], towns["people_rural"].to_numpy()[township])
    whole = pd.Series(weight).groupby([township, urban]).transform("sum").to_numpy()
    return np.round(weight * wanted / whole, 6)


def build_nodes(land: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """The demand nodes with x, y, district, township, is_urban, area_km2 and whole people by segment."""
    nodes = pd.concat([_urban_nodes(land), _rural_nodes(land)], ignore_index=True)
    nodes = _whole_people(nodes, facts)
    nodes = nodes[nodes["people"] > 0]
    nodes = nodes.sort_values(["district", "township", "is_urban", "y", "x"], ignore_index=True)
    segments = _segments(nodes, facts)
    degrees = to_degrees(nodes[["x", "y"]].to_numpy())
    return nodes.assign(**segments, lon=degrees[:, 0], lat=degrees[:, 1])


def _urban_pull(xy: Floats, township: Ints, towns: pd.DataFrame) -> Floats:
    away = np.hypot(*(xy - towns[["x", "y"]].to_numpy()[township]).T)
    radius = np.maximum(300.0, np.sqrt(towns["built_up_m2"].to_numpy() / np.pi))[township]
    return np.asarray(0.5 + np.exp(-away / (0.8 * radius)))


def _rural_pull(xy: Floats, land: pd.DataFrame, villages: pd.DataFrame, junctions: pd.DataFrame) -> Floats:
    to_village = cKDTree(villages[["x", "y"]].to_numpy()).query(xy)[0]
    to_road = cKDTree(junctions.loc[junctions["level"] > 0, ["x", "y"]].to_numpy()).query(xy)[0]
    settled = 0.03 + np.exp(-to_village / _VILLAGE_METRES)
    served = 0.4 + np.exp(-to_road / _ROAD_METRES)
    return np.asarray(settled * served * (1.0 - 0.5 * land["ruggedness"].to_numpy()))


def _urban_nodes(land: pd.DataFrame) -> pd.DataFrame:
    urban = land[land["is_urban"]]
    order = np.argsort(urban["township"].to_numpy(), kind="stable")
    township = urban["township"].to_numpy()[order]
    xy, people = urban[["x", "y"]].to_numpy()[order], urban["people"].to_numpy()[order]
    area = urban["area_m2"].to_numpy()[order]
    bounds = np.flatnonzero(np.concatenate([[True], township[1:] != township[:-1], [True]]))
    leaf = np.zeros(len(order), dtype=np.int64)
    count = 0
    for start, end in pairwise(bounds):
        for rows in _halved(np.arange(start, end), xy, people, area):
            leaf[rows] = count
            count += 1
    return _grouped(urban.iloc[order], leaf, is_urban=True)


def _halved(rows: Ints, xy: Floats, people: Floats, area: Floats) -> list[Ints]:
    """Halve pieces of land across their longer side, by people, until a part is small enough in people or in area."""
    small = people[rows].sum() <= MOST_PEOPLE or area[rows].sum() <= LEAST_KM2 * 1e6 or len(rows) == 1
    if small:
        return [rows]
    extent = np.ptp(xy[rows], axis=0)
    order = rows[np.lexsort((xy[rows, int(extent[0] >= extent[1])], xy[rows, int(extent[0] < extent[1])]))]
    running = np.cumsum(people[order])
    cut = int(np.clip(np.searchsorted(running, 0.5 * running[-1]), 1, len(order) - 1))
    return [*_halved(order[:cut], xy, people, area), *_halved(order[cut:], xy, people, area)]


def _rural_nodes(land: pd.DataFrame) -> pd.DataFrame:
    rural = land[~land["is_urban"]]
    group = pd.factorize(rural["district"] * 10_000_000 + rural["cell"], sort=True)[0]
    return _grouped(rural, group, is_urban=False)


def _grouped(land: pd.DataFrame, group: Ints, *, is_urban: bool) -> pd.DataFrame:
    people = land["people"].to_numpy()
    total = np.bincount(group, people)
    pull = people + 1e-6
    spot = np.column_stack([np.bincount(group, land[axis].to_numpy() * pull) for axis in ("x", "y")])
    spot /= np.bincount(group, pull)[:, None]
    piece = _nearest_piece(land, group, spot)
    return pd.DataFrame(
        {
            "x": np.round(spot[:, 0], 1),
            "y": np.round(spot[:, 1], 1),
            "district": land["district"].to_numpy()[piece],
            "township": land["township"].to_numpy()[piece],
            "is_urban": is_urban,
            "area_km2": np.round(np.bincount(group, land["area_m2"].to_numpy()) / 1e6, 3),
            "expected": np.round(total, 6),
        }
    )


def _nearest_piece(land: pd.DataFrame, group: Ints, spot: Floats) -> Ints:
    away = np.round(((land[["x", "y"]].to_numpy() - spot[group]) ** 2).sum(axis=1), 1)
    order = np.lexsort((away, group))
    first = np.flatnonzero(np.concatenate([[True], group[order][1:] != group[order][:-1]]))
    return order[first]


def _whole_people(nodes: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    whole = np.zeros(len(nodes), dtype=np.int64)
    for district, fact in enumerate(facts.itertuples()):
        for is_urban, total in ((True, int(fact.urban)), (False, int(fact.rural))):
            here = np.flatnonzero((nodes["district"] == district) & (nodes["is_urban"] == is_urban))
            weight = nodes["expected"].to_numpy()[here]
            if not is_urban and (weight >= _EMPTY_BELOW).any():
                weight = np.where(weight >= _EMPTY_BELOW, weight, 0.0)
            whole[here] = whole_shares(weight, total)
    return nodes.assign(people=whole)


def census_people(total: int, percent: str) -> int:
    """round(total x share) in whole numbers: the share is given in hundredths of a per cent."""
    hundredths = round(float(percent) * 100)
    return (total * hundredths + 5_000) // 10_000


def _segments(nodes: pd.DataFrame, facts: pd.DataFrame) -> dict[str, Ints]:
    people = nodes["people"].to_numpy()
    children, elderly = np.zeros_like(people), np.zeros_like(people)
    age = np.where(nodes["is_urban"], 1.0, _ELDERLY_RURAL)
    for district, fact in enumerate(facts.itertuples()):
        here = np.flatnonzero(nodes["district"] == district)
        children[here] = whole_shares(people[here], census_people(int(fact.people), str(fact.percent_children)))
        others = people[here] - children[here]
        elderly[here] = whole_shares(others * age[here], census_people(int(fact.people), str(fact.percent_elderly)))
    working = people - children - elderly
    if (working < 0).any():
        raise ValueError("a node has more children and elderly than people")
    return dict(zip(SEGMENTS, (children, working, elderly), strict=True))
