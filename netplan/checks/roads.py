"""The road network as a whole: both tables there, speeds that roads can have, parts that do not meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from netplan.checks.contract import CheckedTable, having
from netplan.violations import Violation, counted, some

FASTEST_KM_PER_HOUR = 200.0
"""Faster roads are noted: metres and kilometres, or minutes and hours, may be mixed up."""

Findings = Iterator[Violation | str]


def check_roads(found: Mapping[str, CheckedTable]) -> Findings:
    """Junctions and roads come together; odd speeds, loops and separate parts are noted."""
    junctions, roads = found.get("road_nodes"), found.get("road_edges")
    for here, stem in ((junctions, "road_edges"), (roads, "road_nodes")):
        if here is not None and stem not in found:
            remedy = f"add {stem}.csv, or remove {here.file} to plan as the crow flies"
            yield Violation(here.file, None, "", None, f"there is no readable table {stem} beside it", remedy)
    junctions = having(found, "road_nodes", "road_node_id")
    roads = having(found, "road_edges", "from_id", "to_id")
    if junctions is None or roads is None:
        return
    yield from _odd_roads(roads)
    yield from _parts(junctions, roads)


def _odd_roads(roads: CheckedTable) -> Iterator[str]:
    loops = int((roads.frame["from_id"] == roads.frame["to_id"]).sum())
    if loops:
        yield f"{roads.file}: {counted(loops, 'road')} from a junction to itself"
    if not roads.has("metres", "minutes"):
        return
    metres, minutes = (roads.frame[name].to_numpy(dtype=float) for name in ("metres", "minutes"))
    fast = roads.sound("metres", "minutes") & (metres * 60 / 1000 > FASTEST_KM_PER_HOUR * minutes)
    if fast.any():
        rows = some(roads.raw.rows[fast])
        yield f"{roads.file}: {counted(int(fast.sum()), 'road')} faster than {FASTEST_KM_PER_HOUR:g} km/h (rows {rows})"


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
