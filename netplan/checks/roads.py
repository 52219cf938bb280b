"""The road network as a whole: both tables there, speeds that roads can have, parts that do not meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from netplan.checks.contract import CheckedTable, having
from netplan.violations import Violation, counted, some

FASTEST_KM_PER_HOUR = 200.0
"""Faster roads are noted: metres and kilometres, or minutes and hours, may be mixed up."""
_FASTEST = {
    "minutes": ("faster", FASTEST_KM_PER_HOUR),
    "minutes_back": ("faster back", FASTEST_KM_PER_HOUR),
    "walk_minutes": ("walked faster", 20.0),
    "walk_minutes_back": ("walked back faster", 20.0),
}
_WIDENED_DEGREES = 0.2
"""Some 20 km: so far from the roads people may live."""

Findings = Iterator[Violation | str]


def check_roads(found: Mapping[str, CheckedTable]) -> Findings:
    """Junctions and roads come together; odd speeds, loops and separate parts are noted."""
    junctions, roads = found.get("road_nodes"), found.get("road_edges")
    for here, stem in ((junctions, "road_edges"), (roads, "road_nodes")):
        if here is not None and stem not in found:
            remedy = f"add {stem}.csv, or remove {here.file} to plan as the crow flies"
            yield Violation(here.file, None, "", None, f"there is no readable table {stem} beside it", remedy)
    yield from _elsewhere(found)
    junctions = having(found, "road_nodes", "road_node_id")
    roads = having(found, "road_edges", "from_id", "to_id")
    if junctions is None or roads is None:
        return
    yield from _odd_roads(roads)
    yield from _parts(junctions, roads)


def _elsewhere(found: Mapping[str, CheckedTable]) -> Iterator[Violation]:
    """Roads of another country: no demand node lies anywhere near them."""
    junctions, nodes = (having(found, stem, "lon", "lat") for stem in ("road_nodes", "nodes"))
    if junctions is None or nodes is None:
        return
    boxes = []
    for table in (junctions, nodes):
        places = table.frame.loc[table.sound("lon", "lat"), ["lon", "lat"]]
        if places.empty:
            return
        boxes.append((places.min().to_numpy(dtype=float), places.max().to_numpy(dtype=float)))
    (low, high), (south_west, north_east) = boxes
    if (south_west > high + _WIDENED_DEGREES).any() or (north_east < low - _WIDENED_DEGREES).any():
        problem = f"the roads lie at {_box(low, high)}, the demand nodes at {_box(south_west, north_east)}"
        remedy = f"take the roads of the region's own country, or correct lon and lat in {nodes.file}"
        yield Violation(junctions.file, None, "", None, problem, remedy)


def _box(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    return f"longitude {low[0]:.3f} to {high[0]:.3f}, latitude {low[1]:.3f} to {high[1]:.3f}"


def _odd_roads(roads: CheckedTable) -> Iterator[str]:
    loops = int((roads.frame["from_id"] == roads.frame["to_id"]).sum())
    if loops:
        yield f"{roads.file}: {counted(loops, 'road')} from a junction to itself"
    for column, (how, fastest) in _FASTEST.items():
        yield from _too_fast(roads, column, how, fastest)
    yield from _closed(roads)


def _too_fast(roads: CheckedTable, column: str, how: str, fastest: float) -> Iterator[str]:
    if not roads.has("metres", column):
        return
    metres, minutes = (roads.frame[name].to_numpy(dtype=float) for name in ("metres", column))
    fast = roads.sound("metres", column) & (metres * 60 / 1000 > fastest * minutes)
    if column.startswith("walk") and roads.has("road_class"):
        fast &= (roads.frame["road_class"] != "ferry").fillna(value=True).to_numpy(dtype=bool)
    if fast.any():
        rows = some(roads.raw.rows[fast])
        yield f"{roads.file}: {counted(int(fast.sum()), 'road')} {how} than {fastest:g} km/h (rows {rows})"


def _closed(roads: CheckedTable) -> Iterator[str]:
    """Roads that nobody can use; and that all are closed to cars, which is seldom meant."""
    if not roads.has("minutes") or not len(roads.frame):
        return
    no_cars = roads.frame["minutes"].isna()
    if no_cars.all():
        yield f"{roads.file}: every road is closed to cars (no minutes)"
    if roads.has("walk_minutes") and roads.frame["walk_minutes"].notna().any():
        nobody = int((no_cars & roads.frame["walk_minutes"].isna()).sum())
        if nobody:
            yield f"{roads.file}: {counted(nobody, 'road')} closed to cars and walkers alike"


def _parts(junctions: CheckedTable, roads: CheckedTable) -> Iterator[str]:
    ids = junctions.frame["road_node_id"]
    if ids.isna().any() or ids.duplicated().any() or not len(ids):
        return
    index = pd.Index(ids)
    ends = np.stack([index.get_indexer(roads.frame[name]) for name in ("from_id", "to_id")])
    ends = ends[:, (ends >= 0).all(axis=0)]
    graph = coo_array((np.ones(ends.shape[1], dtype=bool), (ends[0], ends[1])), shape=(len(ids), len(ids)))
    number, part = connected_components(graph, directed=False)
    if number > 1:
        outside = len(ids) - int(np.bincount(part).max())
        yield (
            f"{roads.file}: the roads fall into {number:,} parts that do not meet; "
            f"{counted(outside, 'junction')} outside the largest"
        )
