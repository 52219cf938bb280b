"""Minutes from 80,000 demand nodes to 10,000 sites on 300,000 junctions, in one run.

    python benchmarks/many_to_many.py                    # the province, its growth, and other libraries
    python benchmarks/many_to_many.py --scales 1         # the province alone
    python benchmarks/many_to_many.py --scales 1 2 4 --libraries

The road graph is generated from a seed: one junction at a random place of each cell of a square grid over 82,400 km2, three
of four grid roads kept (planar, mean degree 3), 25 to 80 km/h drawn for each road. A larger scale is a larger province
of the same density: junctions, nodes, sites and area grow together. Every measurement runs in a process of its own, so that
its peak memory is its own. Compilation happens before the clock starts and is printed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.policy import Travel
from netplan.travel import RoadNetwork
from netplan.travel.graph import SearchGraph
from netplan.travel.many import ManyToMany, TripRules, Work, road_minutes
from netplan.travel.places import places_of

JUNCTIONS, NODES, SITES, KM2 = 300_000, 80_000, 10_000, 82_400
LIMIT_MINUTES = 60.0
KM_PER_DEGREE = 6371.0088 * np.pi / 180
SOUTH, WEST = 28.2, 105.3
LIBRARIES = ("networkx", "scipy", "igraph", "rustworkx", "pandana")

Floats = NDArray[np.float64]
Nearby = tuple[Callable[[int], Any], Callable[[Any], Floats]]
"""What is timed: one junction to what a library finds near it; and that as minutes to every junction, infinite where far."""


def degrees(x_km: Floats, y_km: Floats) -> tuple[Floats, Floats]:
    """Kilometres east and north of the corner as lon and lat, area kept: x counts at its own latitude."""
    lat = SOUTH + y_km / KM_PER_DEGREE
    return WEST + x_km / (KM_PER_DEGREE * np.cos(np.radians(lat))), lat


def road_tables(scale: float, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Junctions and roads of the generated province."""
    rng = np.random.default_rng(seed)
    side = round((JUNCTIONS * scale) ** 0.5)
    step = (KM2 * scale) ** 0.5 / side
    cell = np.arange(side * side).reshape(side, side)
    row, column = np.divmod(cell.ravel(), side)
    x, y = ((place + 0.5 + rng.uniform(-0.45, 0.45, side * side)) * step for place in (column, row))
    ends = np.concatenate(
        [
            np.column_stack([cell[:-1].ravel(), cell[1:].ravel()]),
            np.column_stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()]),
        ]
    )
    ends = ends[rng.random(len(ends)) < 0.75]
    metres = 1000 * np.hypot(x[ends[:, 0]] - x[ends[:, 1]], y[ends[:, 0]] - y[ends[:, 1]])
    lon, lat = degrees(x, y)
    names = np.array([f"j{n}" for n in range(side * side)], dtype=object)
    nodes = pd.DataFrame({"road_node_id": names, "lon": lon, "lat": lat})
    minutes = metres / 1000 / rng.uniform(25, 80, len(ends)) * 60
    edges = {"from_id": names[ends[:, 0]], "to_id": names[ends[:, 1]], "metres": metres, "minutes": minutes}
    return nodes, pd.DataFrame({**edges, "is_oneway": False})


def place_table(count: int, scale: float, seed: int) -> pd.DataFrame:
    """Places all over the province."""
    side = (KM2 * scale) ** 0.5
    lon, lat = degrees(*np.random.default_rng(seed).uniform(0, side, (2, count)))
    return pd.DataFrame({"lon": lon, "lat": lat, "area_km2": 1.0})


class Clock:
    """Seconds and processor seconds of the steps, printed as they end."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a step."""
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self, what: str) -> float:
        """Print the step that ends, and start the next."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        print(f"  {what:<44} {wall:8.2f} s   {cpu:8.2f} s of processor")
        self.start()
        return wall


def peak_gb() -> float:
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def compile_first() -> None:
    """Call everything once on a small province."""
    network = RoadNetwork.from_tables(*road_tables(0.002))
    graph = SearchGraph.of(network)
    places = places_of(place_table(30, 0.002, 5), Travel(), network, graph)
    for side in ("origins", "targets"):
        road_minutes(places, places, graph, TripRules.of(Travel(), 10.0), Work(search_from=side))


def province(scale: float, memory_gb: float) -> None:
    """The whole job at one scale."""
    num_nodes, num_sites = round(NODES * scale), round(SITES * scale)
    print(f"scale {scale:g}: {num_sites:,} sites x {num_nodes:,} nodes, {LIMIT_MINUTES:g} minutes", flush=True)
    clock, travel = Clock(), Travel()
    compile_first()
    clock.stop("compilation (or loading what is compiled)")
    nodes, edges = road_tables(scale)
    origins, targets = place_table(num_nodes, scale, 2), place_table(num_sites, scale, 3)
    degree = 2 * len(edges) / len(nodes)
    print(f"  {len(nodes):,} junctions, mean degree {degree:.2f}, {KM2 * scale:,.0f} km2")
    work = Work(memory_bytes=int(memory_gb * 1024**3))
    base = peak_gb()
    clock.start()
    begin = time.perf_counter()
    network = RoadNetwork.from_tables(nodes, edges)
    graph = SearchGraph.of(network)
    clock.stop("tables to search graph")
    from_, to = (places_of(table, travel, network, graph) for table in (origins, targets))
    clock.stop("places to nearest roads")
    table = road_minutes(from_, to, graph, TripRules.of(travel, LIMIT_MINUTES), work)
    searching = clock.stop("search and table")
    seconds = time.perf_counter() - begin
    on_disk = "as memory maps" if isinstance(table.minutes, np.memmap) else "in memory"
    print(
        f"  total {seconds:.2f} s; {len(table.minutes):,} entries {on_disk}; peak {peak_gb():.2f} GB (before: {base:.2f})"
    )
    one = ManyToMany.of(from_, to, graph, TripRules.of(travel, LIMIT_MINUTES), work)
    sample = np.ascontiguousarray(one.order[:: max(1, len(one.order) // 500)])
    clock.start()
    piece = one.search(sample, np.zeros(1, dtype=np.uint8))
    each = 1000 * (time.process_time() - clock.cpu) / len(sample)
    print(
        f"  one source, one core: {each:.2f} ms, {piece.settled.mean():,.0f} junctions settled, {piece.counts.mean():,.0f} entries"
    )
    print(f"  {searching / num_sites * 1e6:,.0f} microseconds a source on {work.num_workers} threads", flush=True)


def library(name: str, num_sources: int) -> None:
    """One library from a sample of junctions, in processor time of one core, its minutes compared with netplan's."""
    network = RoadNetwork.from_tables(*road_tables(1.0))
    before = peak_gb()
    begin = time.process_time()
    nearby, as_row = globals()[f"{name}_nearby"](network)
    prepared = time.process_time() - begin
    memory = peak_gb() - before
    sources = np.random.default_rng(4).choice(len(network.ids), num_sources, replace=False)
    nearby(int(sources[0]))
    begin = time.process_time()
    found = [nearby(int(source)) for source in sources]
    each = (time.process_time() - begin) / num_sources
    theirs = np.array([as_row(one) for one in found])
    theirs[theirs > LIMIT_MINUTES] = np.inf
    ours, our_each = netplan_minutes(network, sources), netplan_seconds(network)
    same, edge = np.isfinite(theirs) & np.isfinite(ours), np.isfinite(theirs) != np.isfinite(ours)
    print(
        f"  {name:<10} {1000 * each:8.2f} ms a source (prepared in {prepared:5.1f} s, +{memory:.2f} GB), netplan "
        f"{1000 * our_each:.2f} ms: {each / our_each:.0f} times on one core, {Work().num_workers} in use; largest difference "
        f"{np.abs(theirs[same] - ours[same]).max():.1e} minutes, {edge.sum()} pairs at the cut-off differ",
        flush=True,
    )


def netplan_minutes(network: RoadNetwork, sources: NDArray[np.int64]) -> Floats:
    """Minutes between a sample of junctions and every junction within the limit (all roads are two-way)."""
    graph = SearchGraph.of(network)
    every = pd.DataFrame({"lon": network.lon, "lat": network.lat})
    travel = Travel(leg_speed_km_per_hour=1e-6)
    from_, to = (places_of(table, travel, network, graph) for table in (every.iloc[sources], every))
    found = road_minutes(from_, to, graph, TripRules.of(travel, LIMIT_MINUTES))
    full = np.full(found.shape, np.inf)
    full[found.origin, found.target] = found.minutes
    return full


def netplan_seconds(network: RoadNetwork) -> float:
    """Processor seconds a source of the job, places and all, on a run of 500 sites as it searches them."""
    graph, travel = SearchGraph.of(network), Travel()
    from_, to = (
        places_of(place_table(count, 1.0, seed), travel, network, graph) for count, seed in ((NODES, 2), (SITES, 3))
    )
    asked = ManyToMany.of(from_, to, graph, TripRules.of(travel, LIMIT_MINUTES))
    stop = np.zeros(1, dtype=np.uint8)
    run = asked.order[SITES // 2 : SITES // 2 + 500]
    asked.search(run[:5], stop)
    begin = time.process_time()
    asked.search(run, stop)
    return (time.process_time() - begin) / len(run)


def networkx_nearby(network: RoadNetwork) -> Nearby:
    """The loop that a planner would write first."""
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        zip(network.tail.tolist(), network.head.tolist(), network.minutes.tolist(), strict=True)
    )
    return (
        lambda source: nx.single_source_dijkstra_path_length(graph, source, cutoff=LIMIT_MINUTES, weight="weight"),
        lambda found: row_of(network, list(found), list(found.values())),
    )


def scipy_nearby(network: RoadNetwork) -> Nearby:
    """Dijkstra of scipy.sparse.csgraph with a limit: a dense row for each source."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - each library is loaded in its own process
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    size = len(network.ids)
    graph = csr_array((network.minutes, (network.tail, network.head)), shape=(size, size))
    return lambda source: dijkstra(graph, indices=source, limit=LIMIT_MINUTES), np.asarray


def igraph_nearby(network: RoadNetwork) -> Nearby:
    """Distances of igraph: it has no cut-off, so every junction is settled."""
    import igraph  # noqa: PLC0415

    graph = igraph.Graph(
        n=len(network.ids), edges=np.column_stack([network.tail, network.head]).tolist(), directed=True
    )
    graph.es["minutes"] = network.minutes.tolist()
    return lambda source: graph.distances(source=[source], weights="minutes")[0], np.array


def rustworkx_nearby(network: RoadNetwork) -> Nearby:
    """Dijkstra of rustworkx: it has no cut-off either."""
    import rustworkx  # noqa: PLC0415

    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(len(network.ids)))
    graph.add_edges_from(list(zip(network.tail.tolist(), network.head.tolist(), network.minutes.tolist(), strict=True)))

    def as_row(found: tuple[int, Any]) -> Floats:
        source, minutes = found
        return row_of(network, [*minutes.keys(), source], [*minutes.values(), 0.0])  # it leaves out the source

    return lambda source: (source, rustworkx.dijkstra_shortest_path_lengths(graph, source, float)), as_row


def pandana_nearby(network: RoadNetwork) -> Nearby:
    """The contraction hierarchy of pandana, asked for the nodes in range."""
    import pandana  # noqa: PLC0415

    graph = pandana.Network(
        pd.Series(network.lon),
        pd.Series(network.lat),
        pd.Series(network.tail),
        pd.Series(network.head),
        pd.DataFrame({"minutes": network.minutes}),
        twoway=False,
    )
    return (
        lambda source: graph.nodes_in_range([source], LIMIT_MINUTES, imp_name="minutes"),
        lambda found: row_of(network, found["destination"].tolist(), found["minutes"].tolist()),
    )


def row_of(network: RoadNetwork, junctions: list[int], minutes: list[float]) -> Floats:
    """Minutes by junction; infinite where it was not found."""
    row = np.full(len(network.ids), np.inf)
    row[junctions] = minutes
    return row


def main() -> None:
    """Run what the arguments ask for, each measurement in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scales", type=float, nargs="*", default=[1.0, 2.0, 4.0])
    parser.add_argument("--libraries", nargs="*", default=list(LIBRARIES), choices=LIBRARIES)
    parser.add_argument("--sources", type=int, default=20, help="sample for the comparison with other libraries")
    parser.add_argument("--memory-gb", type=float, default=3.0, help="what pieces and table may hold in memory")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one in LIBRARIES:
        library(options.one, options.sources)
    elif options.one:
        province(float(options.one), options.memory_gb)
    else:
        again = [
            sys.executable,
            str(Path(__file__)),
            "--memory-gb",
            str(options.memory_gb),
            "--sources",
            str(options.sources),
        ]
        for one in (*options.scales, *options.libraries):
            subprocess.run([*again, "--one", str(one)], check=True)


if __name__ == "__main__":
    main()
