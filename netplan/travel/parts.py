"""Parts of a road network that do not meet, one-way traps, and who lives on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from netplan.policy import Travel
from netplan.travel.network import RoadNetwork
from netplan.travel.snap import Feet, Roads, nearest_roads
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_TOLD = 5
"""Parts described one by one in the notes."""
_NAMED = 3
"""Nodes named of each."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadParts:
    """Which junctions, nodes, people and sites hang together.

    Attributes
    ----------
    table
        One row a part, most junctions first. Columns part (0, 1, ...), junctions, trapped_junctions (one-way roads lead only in
        or only out), metres (directed roads, each way counted), nodes, people, trapped_people, sites, lon, lat (a junction of
        the part, near its middle).
    junction_part, node_part, site_part
        Part of each junction, node and site; -1 where a junction has no road of the mode or a place is joined to no road.
    junction_trapped, node_trapped
        Where one-way roads lead only in or only out: from there one cannot go to the core of the part (its largest set of
        junctions that all reach each other), or not come from it.
    notes
        The findings in a planner's words; empty if all roads meet and every road leads back.
    """

    table: pd.DataFrame
    junction_part: Ints
    node_part: Ints
    site_part: Ints
    junction_trapped: Bools
    node_trapped: Bools
    notes: tuple[str, ...]
    _lon: Floats
    _lat: Floats

    def __repr__(self) -> str:
        first = f"{counted(len(self.table), 'part')} of the road network"
        return "\n".join([f"RoadParts: {first}", *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        return str(self.table.head(20).to_html(index=False))

    def plot(self, ax: Any = None) -> Any:
        """Draw the junctions, the largest part grey, the others in colour, traps as crosses; returns the axes."""
        import matplotlib.pyplot as plt  # noqa: PLC0415

        ax = plt.subplots()[1] if ax is None else ax
        main, others = self.junction_part == 0, self.junction_part > 0
        ax.scatter(self._lon[main], self._lat[main], s=1, color="0.7", label="largest part")
        if others.any():
            colours = self.junction_part[others] % 10
            ax.scatter(self._lon[others], self._lat[others], s=6, c=colours, cmap="tab10", label="other parts")
        trapped = self.junction_trapped
        if trapped.any():
            ax.scatter(self._lon[trapped], self._lat[trapped], s=12, color="black", marker="x", label="one-way traps")
        ax.set_aspect(1.0 / max(0.1, float(np.cos(np.radians(self._lat.mean())))) if len(self._lat) else 1.0)
        ax.set(xlabel="longitude", ylabel="latitude")
        ax.legend(loc="best")
        return ax


def road_parts(
    network: RoadNetwork, nodes: pd.DataFrame, people: Floats, sites: pd.DataFrame, travel: Travel
) -> RoadParts:
    """Parts of the network that do not meet, with the people and sites on them.

    Parts are weakly connected: they do not meet even if one-way roads are driven both ways. A node or site belongs to the part
    of the road that it is joined to, as for minutes.

    Parameters
    ----------
    network
        Roads of one mode, with its links.
    nodes, sites
        Tables with lon and lat; nodes also node_id.
    people
        People of each node, shape (nodes,).
    """
    junctions = _Junctions.of(network)
    roads = Roads.of(network)
    node_feet, site_feet = (_feet(network, roads, places, travel) for places in (nodes, sites))
    node_part, site_part = (junctions.part_of(roads, feet) for feet in (node_feet, site_feet))
    node_trapped = junctions.traps(roads, node_feet)
    table = _table(network, junctions)
    size = len(table)
    table["nodes"] = _sum(node_part, np.ones(len(node_part)), size).astype(np.int64)
    table["people"] = _sum(node_part, people, size)
    table["trapped_people"] = _sum(np.where(node_trapped, node_part, -1), people, size)
    table["sites"] = _sum(site_part, np.ones(len(site_part)), size).astype(np.int64)
    names = nodes["node_id"].to_numpy(dtype=object)
    notes = (*_apart(table, node_part, names), *_one_way(junctions, node_trapped, people, names))
    return RoadParts(
        table=table,
        junction_part=junctions.part,
        node_part=node_part,
        site_part=site_part,
        junction_trapped=junctions.is_trapped,
        node_trapped=node_trapped,
        notes=notes,
        _lon=network.lon,
        _lat=network.lat,
    )


@dataclass(frozen=True, slots=True)
class _Junctions:
    """Part of each junction (-1: no road), and whether it can go to and come from the core of its part."""

    part: Ints
    goes_to_core: Bools
    comes_from_core: Bools

    @classmethod
    def of(cls, network: RoadNetwork) -> _Junctions:
        size = len(network.ids)
        ones = np.ones(len(network.tail), dtype=np.int8)
        graph = coo_array((ones, (network.tail, network.head)), shape=(size, size)).tocsr()
        _, weak = connected_components(graph, directed=True, connection="weak")
        part = _largest_first(weak, network.is_used)
        _, strong = connected_components(graph, directed=True, connection="strong")
        cores = _cores(part, strong)
        return cls(part, _reached(graph.T.tocsr(), cores), _reached(graph, cores))

    @property
    def is_trapped(self) -> Bools:
        return (self.part >= 0) & ~(self.goes_to_core & self.comes_from_core)

    def part_of(self, roads: Roads, feet: Feet) -> Ints:
        """Part of the road on which each place stands; -1 where it stands on none."""
        part = np.full(len(feet.road), -1, dtype=np.int64)
        on_road = feet.road >= 0
        part[on_road] = self.part[roads.first[feet.road[on_road]]]
        return part

    def traps(self, roads: Roads, feet: Feet) -> Bools:
        """Which places cannot go to the core of their part, or not come from it."""
        trapped = np.zeros(len(feet.road), dtype=bool)
        on_road = np.flatnonzero(feet.road >= 0)
        road, share = feet.road[on_road], feet.share[on_road]
        there, back = np.isfinite(roads.there[road]), np.isfinite(roads.back[road])
        first, last = roads.first[road], roads.last[road]
        # a place at a junction needs no road to it
        goes = (self.goes_to_core[last] & (there | (share == 1.0))) | (
            self.goes_to_core[first] & (back | (share == 0.0))
        )
        comes = (self.comes_from_core[first] & (there | (share == 0.0))) | (
            self.comes_from_core[last] & (back | (share == 1.0))
        )
        trapped[on_road] = ~(goes & comes)
        return trapped


def _largest_first(weak: NDArray[np.int32], is_used: Bools) -> Ints:
    """Parts numbered by junctions, most first; of equal ones that with the first junction; -1 without a road."""
    size = np.bincount(weak[is_used], minlength=int(weak.max()) + 1 if len(weak) else 0)
    number = np.empty(len(size), dtype=np.int64)
    number[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.where(is_used, number[weak], -1)


def _cores(part: Ints, strong: NDArray[np.int32]) -> Ints:
    """One junction of the largest strongly connected set of each part."""
    used = np.flatnonzero(part >= 0)
    size = np.bincount(strong[used], minlength=int(strong.max()) + 1 if len(strong) else 0)
    order = used[np.lexsort((used, -size[strong[used]], part[used]))]
    return order[np.unique(part[order], return_index=True)[1]]


def _reached(graph: csr_array, starts: Ints) -> Bools:
    """Junctions that can be reached from any of the starts; one search, from a junction of its own before them all."""
    size = graph.shape[0]
    first = coo_array(
        (np.ones(len(starts), dtype=np.int8), (np.full(len(starts), size), starts)), shape=(size + 1, size + 1)
    )
    inner = graph.tocoo()
    whole = coo_array((inner.data, (inner.row, inner.col)), shape=(size + 1, size + 1)).tocsr() + first.tocsr()
    found = np.zeros(size + 1, dtype=bool)
    found[breadth_first_order(whole, size, directed=True, return_predecessors=False)] = True
    return found[:size]


def _feet(network: RoadNetwork, roads: Roads, places: pd.DataFrame, travel: Travel) -> Feet:
    """Where each place enters the network, as for minutes."""
    lon, lat = (places[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
    return nearest_roads(network, roads, lon, lat, travel.max_leg_metres)


def _table(network: RoadNetwork, junctions: _Junctions) -> pd.DataFrame:
    number = int(junctions.part.max()) + 1 if len(junctions.part) else 0
    size = _sum(junctions.part, np.ones(len(junctions.part)), number).astype(np.int64)
    middle = _middles(network, junctions.part, number)
    metres = _sum(junctions.part[network.tail], network.metres, number)
    return pd.DataFrame(
        {
            "part": np.arange(number, dtype=np.int64),
            "junctions": size,
            "trapped_junctions": _sum(junctions.part, junctions.is_trapped.astype(np.float64), number).astype(np.int64),
            "metres": metres,
            "lon": network.lon[middle],
            "lat": network.lat[middle],
        }
    )


def _middles(network: RoadNetwork, part: Ints, number: int) -> Ints:
    """The junction of each part that lies nearest to the mean of its junctions."""
    count = np.maximum(1.0, _sum(part, np.ones(len(part)), number))
    used = np.flatnonzero(part >= 0)
    off = [at[used] - (_sum(part, at, number) / count)[part[used]] for at in (network.lon, network.lat)]
    # rounded, so that of junctions equally near the first counts on every machine
    distance = np.round(off[0] ** 2 + off[1] ** 2, 12)
    order = used[np.lexsort((used, distance, part[used]))]
    return order[np.unique(part[order], return_index=True)[1]]


def _sum(part: Ints, values: Floats, number: int) -> Floats:
    """Sums by part; what belongs to none is left out."""
    known = part >= 0
    return np.bincount(part[known], weights=values[known], minlength=number).astype(np.float64)


def _apart(table: pd.DataFrame, node_part: Ints, names: NDArray[np.object_]) -> Iterator[str]:
    others = table[table["part"] > 0]
    if others.empty:
        return
    one = len(others) == 1
    start = f"{counted(len(others), 'part')} of the road network {'does' if one else 'do'} not meet the largest"
    lived = others[(others["nodes"] > 0) | (others["sites"] > 0)].sort_values(
        ["people", "sites"], ascending=False, kind="stable"
    )
    if lived.empty:
        yield f"{start}; no node and no site is joined to {'it' if one else 'them'}"
        return
    nodes, people, sites = (lived[name].sum() for name in ("nodes", "people", "sites"))
    told = "; ".join(_described(row, names[node_part == row.part]) for row in lived.head(_TOLD).itertuples())
    more = f"; and {counted(len(lived) - _TOLD, 'further part')}" if len(lived) > _TOLD else ""
    yield (
        f"{start}; {people:,.0f} people in {counted(int(nodes), 'node')}, and {counted(int(sites), 'site')}, are joined to "
        f"{'it' if one else 'them'}: {told}{more}. Add ferries and missing roads to road_links"
    )


def _described(row: Any, names: NDArray[np.object_]) -> str:
    listed = f" ({some(names, _NAMED)})" if len(names) else ""
    sites = f", {counted(int(row.sites), 'site')}" if row.sites else ""
    at = f"near {row.lon:.4f} {row.lat:.4f}, {counted(int(row.junctions), 'junction')}"
    return f"{row.people:,.0f} people in {counted(int(row.nodes), 'node')}{listed}{sites} {at}"


def _one_way(junctions: _Junctions, node_trapped: Bools, people: Floats, names: NDArray[np.object_]) -> Iterator[str]:
    trapped = int(junctions.is_trapped.sum())
    if not trapped:
        return
    start = f"one-way roads lead only in or only out of {counted(trapped, 'junction')}"
    if node_trapped.any():
        yield (
            f"{start}; {people[node_trapped].sum():,.0f} people in {counted(int(node_trapped.sum()), 'node')} are joined to "
            f"such roads ({some(names[node_trapped], _NAMED)}), and have no way there or no way back"
        )
    else:
        yield f"{start}; no node is joined to such a road"
