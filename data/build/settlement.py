"""How many people live in and around each town (modelled within the census totals), and where its built-up area lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from metric import Flags, Floats, Ints, draws, whole_shares
from scipy.spatial import cKDTree

_PEOPLE_PER_COMMUNITY = {"subdistrict": 6.0, "town": 1.6, "township": 0.7}
_CENTRAL_TOWN = 4.0
_SEAT_BONUS = 1.3
_LISTED_POWER = 0.4
_DENSITY_AT_1000 = 2_200.0
_DENSITY_POWER = 0.35
_DENSITY_RANGE = (2_000.0, 14_000.0)
_CENTRAL_DENSITY = 1.3
_MOST_CROWDED = 32_000.0
"""People per km2 of a township's land."""
_MOST_BUILT_UP = 0.9


def territories(land: pd.DataFrame, towns: pd.DataFrame) -> Ints:
    """The township of each piece of land: the one whose town is nearest within the district."""
    township = np.zeros(len(land), dtype=np.int64)
    for district in sorted(set(towns["district"])):
        rows = np.flatnonzero(towns["district"].to_numpy() == district)
        here = np.flatnonzero(land["district"].to_numpy() == district)
        tree = cKDTree(towns.loc[rows, ["x", "y"]].to_numpy())
        township[here] = rows[tree.query(land.loc[here, ["x", "y"]].to_numpy())[1]]
    return township


def town_sizes(towns: pd.DataFrame, land: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """The towns with people_urban, people_rural (whole, exact per district) and built_up_m2.

    Urban people go by the number of communities, the kind of township and, weakly, by the people GeoNames lists; rural
    people by the number of villages, fewer in rugged land.
    """
    is_central = facts["is_central"].to_numpy(dtype=bool)[towns["district"]]
    sized = towns.assign(people_urban=0, people_rural=0)
    urban_weight = _urban_weight(towns, is_central)
    rural_weight = (towns["villages"] + 0.05 * towns["communities"]) * (1.0 - 0.35 * towns["ruggedness"])
    room = _MOST_CROWDED * _territory_m2(land, len(towns)) / 1e6
    for district, fact in enumerate(facts.itertuples()):
        here = towns.index[towns["district"] == district]
        sized.loc[here, "people_urban"] = whole_shares(_capped(urban_weight[here], room[here], fact.urban), fact.urban)
        sized.loc[here, "people_rural"] = whole_shares(rural_weight[here].to_numpy(), int(fact.rural))
    sized["built_up_m2"] = _built_up(sized, land, is_central)
    return sized


def built_up(land: pd.DataFrame, towns: pd.DataFrame) -> Flags:
    """Which pieces are built up: from the town's centre outwards, raggedly, until its built-up area is reached."""
    away = np.hypot(*(land[["x", "y"]].to_numpy() - towns.loc[land["township"], ["x", "y"]].to_numpy()).T)
    ragged = 1.0 + 0.5 * draws("built-up", len(land))
    score = np.round(away * ragged * (1.0 + 0.6 * land["ruggedness"].to_numpy()), 3)
    order = np.lexsort((score, land["township"].to_numpy()))
    township = land["township"].to_numpy()[order]
    area = land["area_m2"].to_numpy()[order]
    running = np.cumsum(area)
    first = np.concatenate([[True], township[1:] != township[:-1]])
    before = running - area - (running - area)[first][np.cumsum(first) - 1]
    chosen = np.zeros(len(land), dtype=bool)
    chosen[order] = before < towns["built_up_m2"].to_numpy()[township]
    return chosen


def _urban_weight(towns: pd.DataFrame, is_central: Flags) -> Floats:
    per_community = towns["kind"].map(_PEOPLE_PER_COMMUNITY).to_numpy(dtype=float)
    per_community = np.where(is_central & (towns["kind"] == "town"), _CENTRAL_TOWN, per_community)
    weight = per_community * np.maximum(towns["communities"].to_numpy(), 0.5)
    weight = weight * np.where(towns["is_seat"], _SEAT_BONUS, 1.0)
    listed = towns["people_listed"].where(towns["people_listed"] > 0)
    usual = listed.groupby(towns["kind"]).transform("median")
    return np.asarray(weight * (listed / usual).fillna(1.0).clip(0.2, 5.0).to_numpy() ** _LISTED_POWER)


def _capped(weight: Floats, room: Floats, total: int) -> Floats:
    """People by weight, but in no town more than there is room for; what does not fit goes to the others by weight."""
    people = np.zeros(len(weight))
    for _ in range(len(weight)):
        free = people < room
        people[free] = np.minimum(room[free], (total - people[~free].sum()) * weight[free] / weight[free].sum())
        if people.sum() >= total - 0.5:
            return people
    raise ValueError(f"{total} urban people do not fit at {_MOST_CROWDED:g} a square kilometre")


def _territory_m2(land: pd.DataFrame, count: int) -> Floats:
    return np.bincount(land["township"].to_numpy(), land["area_m2"].to_numpy(), minlength=count)


def _built_up(towns: pd.DataFrame, land: pd.DataFrame, is_central: Flags) -> Floats:
    urban = towns["people_urban"].to_numpy(dtype=float)
    density = _DENSITY_AT_1000 * (np.maximum(urban, 1.0) / 1_000.0) ** _DENSITY_POWER
    density = np.clip(density, *_DENSITY_RANGE) * np.where(is_central, _CENTRAL_DENSITY, 1.0)
    territory = _territory_m2(land, len(towns))
    most = np.where(towns["people_rural"] > 0, _MOST_BUILT_UP, 1.0)
    return np.round(np.minimum(urban / density * 1e6, territory * most), 0)
