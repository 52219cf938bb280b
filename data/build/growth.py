"""Growth areas (modelled): edges of cities where people are moving in and no outlet stands yet."""

from __future__ import annotations

import numpy as np
import pandas as pd
from metric import Floats, draws
from scipy.spatial import cKDTree

_PEOPLE_PER_AREA = 220_000
_MOST_AREAS = 6
_LEAST_TOWN = 12_000
_EDGE = 0.55
_CLEAR_METRES = 1_100.0


def growth_centres(nodes: pd.DataFrame, towns: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """One to six growth areas a district: x, y, district, township; well apart, at the edge of the larger towns."""
    picks = []
    for district, fact in enumerate(facts.itertuples()):
        edge = _edge_nodes(nodes[(nodes["district"] == district) & nodes["is_urban"]], towns)
        count = int(np.clip(round(int(fact.urban) / _PEOPLE_PER_AREA), 1, _MOST_AREAS))
        picks.append(edge.iloc[_well_apart(edge[["x", "y"]].to_numpy(), count, f"growth {district}")])
    return pd.concat(picks)[["x", "y", "district", "township"]].reset_index(drop=True)


def in_growth_area(xy: Floats, centres: pd.DataFrame) -> Floats:
    """Metres to the nearest growth centre less the radius kept clear of today's outlets; negative means inside."""
    return np.asarray(cKDTree(centres[["x", "y"]].to_numpy()).query(xy)[0] - _CLEAR_METRES)


def market_margin(nodes: pd.DataFrame, centres: pd.DataFrame, facts: pd.DataFrame, market: dict[str, float]) -> Floats:
    """g_i, money per year: people x what other banks earn on a person here, more in growth areas."""
    is_central = facts["is_central"].to_numpy(dtype=bool)[nodes["district"]]
    urban = np.where(is_central, market["per_person_central"], market["per_person_urban"])
    per_person = np.where(nodes["is_urban"], urban, market["per_person_rural"])
    away = cKDTree(centres[["x", "y"]].to_numpy()).query(nodes[["x", "y"]].to_numpy())[0]
    more = 1.0 + (market["growth_factor"] - 1.0) * np.exp(-((away / market["growth_metres"]) ** 2))
    return np.round(nodes["people"].to_numpy() * per_person * np.where(nodes["is_urban"], more, 1.0), 0)


def _edge_nodes(urban: pd.DataFrame, towns: pd.DataFrame) -> pd.DataFrame:
    home = towns.loc[urban["township"]]
    radius = np.sqrt(home["built_up_m2"].to_numpy() / np.pi)
    away = np.hypot(*(urban[["x", "y"]].to_numpy() - home[["x", "y"]].to_numpy()).T)
    large = (home["people_urban"].to_numpy() >= _LEAST_TOWN) | home["is_seat"].to_numpy()
    edge = urban[large & (away > _EDGE * radius)]
    return edge if len(edge) else urban


def _well_apart(xy: Floats, count: int, stream: str) -> list[int]:
    chosen = [int(draws(stream, 1)[0] * len(xy))]
    while len(chosen) < min(count, len(xy)):
        away = np.round(cKDTree(xy[chosen]).query(xy)[0], 1)
        chosen.append(int(away.argmax()))
    return chosen
