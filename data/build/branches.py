"""Today's outlets proper (modelled): how many a township has, where they stand and in which format.

Calibrated to figures published by the first bank of the municipality: 1,776 outlets, 1,462 of them in the counties (here:
outside the nine central districts), at least one in every township.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from growth import in_growth_area
from metric import Floats, Ints, draws, whole_shares
from outlines import Districts

OUTLETS = 1_776
OUTLETS_IN_COUNTIES = 1_462
_SIZES = {"central": (45_000, 15_000), "county": (160_000, 28_000)}
"""People of a township from which its first outlet is a flagship, and a full branch."""
_SMALL_TOWN = 8_000
_FIRST_COVERS = {"central": 20_000.0, "county": 15_000.0}
_CLOSE_PAIR = 0.28
"""Share of further outlets that stand within a few streets of another one: left from merged cooperatives."""
_FAR_ENOUGH_METRES = 1_200.0
_FURTHER_FORMATS = {
    "central": (("flagship", 0.15), ("full", 0.45), ("light", 0.75), ("community", 0.92), ("wealth", 1.0)),
    "county": (("full", 0.12), ("light", 0.60), ("community", 0.90), ("wealth", 1.0)),
}


def build_branches(
    towns: pd.DataFrame, nodes: pd.DataFrame, growth: pd.DataFrame, districts: Districts
) -> pd.DataFrame:
    """The outlets proper, township by township: x, y, district, township, format, rank (0 = the first of its township)."""
    people = nodes.groupby("township")["people"].sum().reindex(range(len(towns))).to_numpy()
    is_central = districts.table["is_central"].to_numpy(dtype=bool)[towns["district"]]
    counts = _counts(people, is_central)
    urban = nodes[nodes["is_urban"]]
    clear = in_growth_area(urban[["x", "y"]].to_numpy(), growth) > 0
    by_town = dict(tuple(urban[clear].groupby("township")))
    parts = []
    for row, town in enumerate(towns.itertuples()):
        spots = by_town.get(row, urban[urban["township"] == row])
        xy = _sites(np.array([town.x, town.y]), spots, int(counts[row]), f"branches {town.township_id}")
        shape = districts.plane.iloc[town.district]
        parts.append(
            pd.DataFrame(
                {
                    "x": _inside(xy, shape, spots)[:, 0],
                    "y": _inside(xy, shape, spots)[:, 1],
                    "district": town.district,
                    "township": row,
                    "format": _formats(town, float(people[row]), bool(is_central[row]), int(counts[row])),
                    "rank": range(int(counts[row])),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _counts(people: Floats, is_central: Floats) -> Ints:
    counts = np.ones(len(people), dtype=np.int64)
    totals = {"central": OUTLETS - OUTLETS_IN_COUNTIES, "county": OUTLETS_IN_COUNTIES}
    for zone, here in (("central", np.flatnonzero(is_central)), ("county", np.flatnonzero(~is_central))):
        further = np.maximum(0.0, people[here] - _FIRST_COVERS[zone])
        counts[here] += whole_shares(further, totals[zone] - len(here))
    return counts


def _sites(centre: Floats, spots: pd.DataFrame, count: int, stream: str) -> Floats:
    u = draws(stream, 3 * count + 2)
    chosen = [centre + _step(u[0], 40.0 + 110.0 * u[1])]
    xy = spots[["x", "y"]].to_numpy()
    pull = np.sqrt(spots["people"].to_numpy())
    for rank in range(1, count):
        turn, length, is_close = u[3 * rank - 1], u[3 * rank], u[3 * rank + 1] < _CLOSE_PAIR
        if is_close:
            chosen.append(chosen[int(length * len(chosen))] + _step(turn, 280.0 + 320.0 * length))
            continue
        away = np.min([np.hypot(*(xy - other).T) for other in chosen], axis=0)
        best = int(np.round(pull * np.minimum(away, _FAR_ENOUGH_METRES), 3).argmax())
        chosen.append(xy[best] + _step(turn, 60.0 * length))
    return np.round(np.array(chosen), 1)


def _step(turn: float, length: float) -> Floats:
    angle = 2.0 * np.pi * turn
    return length * np.array([np.cos(angle), np.sin(angle)])


def _inside(xy: Floats, shape: shapely.Geometry, spots: pd.DataFrame) -> Floats:
    """A site that fell over the district's boundary moves to the nearest built-up node of its township."""
    out = ~shapely.contains_xy(shape, xy[:, 0], xy[:, 1])
    moved = xy.copy()
    for row in np.flatnonzero(out):
        away = np.hypot(*(spots[["x", "y"]].to_numpy() - xy[row]).T)
        moved[row] = spots[["x", "y"]].to_numpy()[int(away.argmin())]
    return moved


def _formats(town: Any, people: float, is_central: bool, count: int) -> list[str]:
    u = draws(f"formats {town.township_id}", count + 1)
    huge, large = _SIZES["central" if is_central else "county"]
    first = "flagship" if people >= huge else "full" if people >= large or town.is_seat else "light"
    if people < _SMALL_TOWN and u[count] < 0.35:
        first = "community"
    shares = _FURTHER_FORMATS["central" if is_central else "county"]
    further = [next(name for name, limit in shares if u[rank] < limit) for rank in range(1, count)]
    return [first, *further]
