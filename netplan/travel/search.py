"""Bounded shortest-path search: Dijkstra's algorithm on a queue of buckets, compiled.

Junctions wait in buckets of equal width in minutes (Dial 1969, Communications of the ACM 12(11), 632-633; with real lengths
as in Meyer & Sanders 2003, Journal of Algorithms 49(1), 114-152). A junction whose time improves after it was taken out
goes back in, so the times are exact whatever the width; the width only decides how much is done twice. Buckets are rings
of a doubly linked list over the junctions themselves: nothing is allocated during a search, and a junction waits once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, doubled
from netplan.coordinates.geodesy import EARTH_RADIUS_KM

Ints32 = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

VERSION = 1
"""Part of the key of cached minutes: raise it when the same input gives other minutes than before."""


class Graph(NamedTuple):
    """Directed roads in search direction, by the junction they leave (CSR), and the shape of the queue."""

    start: Ints
    head: Ints32
    minutes: Floats
    buckets_per_minute: float
    num_buckets: int
    """A power of two."""


class Hung(NamedTuple):
    """Places on the network, seen in search direction; shape (P,) each.

    A place hangs on a road between the junctions `first` and `last`, or on a junction that is both; `road` numbers the
    roads, then the junctions, and -1 is not reached. `to_first` and `to_last`
    are the minutes from the place to either junction, `from_first` and `from_last` the minutes to the place, infinite where
    direction forbids. `along` orders the places of a road from `first` to `last`. `extra` is the leg and the travel inside
    the cell, `cell` the latter alone.
    """

    road: Ints
    first: Ints32
    last: Ints32
    along: Floats
    to_first: Floats
    to_last: Floats
    from_first: Floats
    from_last: Floats
    extra: Floats
    cell: Floats
    lon: Floats
    lat: Floats


class Index(NamedTuple):
    """The places to be found, by junction and by road (CSR)."""

    junction_start: Ints
    junction_place: Ints32
    junction_minutes: Floats
    road_start: Ints
    road_place: Ints32


class Rules(NamedTuple):
    """The cut-off, what every trip costs once, minutes per kilometre off the road, and whether places come out sorted."""

    limit_minutes: float
    trip_minutes: float
    leg_minutes_per_km: float
    is_sorted: bool


class Question(NamedTuple):
    """Where to search, from where, for what, under which rules."""

    graph: Graph
    sources: Hung
    places: Hung
    hooks: Index
    rules: Rules


class _Memory(NamedTuple):
    """What a search remembers of each junction: its minutes, the search that set them, its neighbours in its ring.

    After the junctions come the anchors of the rings, one a bucket. `touched` lists the junctions reached; `tally` holds the
    number of this search, of junctions reached, and of junctions waiting.
    """

    minutes: Floats
    seen: Ints32
    after: Ints32
    before: Ints32
    touched: Ints32
    tally: Ints


class _Found(NamedTuple):
    """Of each place the best minutes and the search that set them; the places in order of discovery, and their number."""

    minutes: Floats
    seen: Ints32
    places: Ints32
    tally: Ints


_RUN, _REACHED, _WAITING = 0, 1, 2


@compiled
def search_many(question: Question, order: Ints, stop: NDArray[np.uint8]) -> tuple[Ints, Ints32, Floats, Ints]:
    """Minutes from the sources in `order` to every place within the limit, source after source.

    Returns the number of places found per source, the places, their minutes, and the number of junctions settled per
    source. Ends early, with what was found so far, once `stop[0]` is not zero.
    """
    memory = _new_memory(len(question.graph.start) - 1, question.graph.num_buckets)
    found = _nothing_found(len(question.places.road))
    counts, settled = np.zeros(len(order), dtype=np.int64), np.zeros(len(order), dtype=np.int64)
    out_place, out_minutes = np.empty(1024, dtype=np.int32), np.empty(1024)
    filled = 0
    for at in range(len(order)):
        if stop[0] != 0:
            break
        if question.sources.road[order[at]] < 0:
            continue
        memory.tally[_RUN] = at + 1
        _along_the_road(question, order[at], found, at + 1)
        _spread(question, order[at], memory)
        _gather(question.hooks, memory, found)
        settled[at] = memory.tally[_REACHED]
        while filled + found.tally[0] > len(out_place):
            out_place, out_minutes = doubled(out_place), doubled(out_minutes)
        counts[at] = _emit(found, question.rules, out_place[filled:], out_minutes[filled:])
        filled += counts[at]
    return counts, out_place[:filled].copy(), out_minutes[:filled].copy(), settled


@compiled
def _new_memory(num_junctions: int, num_buckets: int) -> _Memory:
    """Every ring is empty: its anchor is its own neighbour."""
    after = np.full(num_junctions + num_buckets, -1, dtype=np.int32)
    for anchor in range(num_junctions, num_junctions + num_buckets):
        after[anchor] = anchor
    return _Memory(
        np.empty(num_junctions),
        np.zeros(num_junctions, dtype=np.int32),
        after,
        after.copy(),
        np.empty(num_junctions, dtype=np.int32),
        np.zeros(3, dtype=np.int64),
    )


@compiled
def _nothing_found(num_places: int) -> _Found:
    return _Found(
        np.empty(num_places),
        np.zeros(num_places, dtype=np.int32),
        np.empty(num_places, dtype=np.int32),
        np.zeros(1, dtype=np.int64),
    )


@compiled
def _spread(question: Question, source: int, memory: _Memory) -> None:
    """Settle every junction within the limit of one source."""
    graph, sources, limit = question.graph, question.sources, question.rules.limit_minutes
    size, tally = len(graph.start) - 1, memory.tally
    begin = question.rules.trip_minutes + sources.extra[source]
    at_first, at_last = begin + sources.to_first[source], begin + sources.to_last[source]
    tally[_REACHED] = tally[_WAITING] = 0
    _offer(graph, memory, sources.first[source], at_first, limit)
    _offer(graph, memory, sources.last[source], at_last, limit)
    bucket = np.int64(min(at_first, at_last, limit) * graph.buckets_per_minute)
    while tally[_WAITING] > 0:
        junction = memory.after[size + (bucket & (graph.num_buckets - 1))]
        if junction >= size:
            bucket += 1
            continue
        _unlink(memory, junction)
        time = memory.minutes[junction]
        for road in range(graph.start[junction], graph.start[junction + 1]):
            _offer(graph, memory, graph.head[road], time + graph.minutes[road], limit)


@compiled
def _offer(graph: Graph, memory: _Memory, junction: int, time: float, limit: float) -> None:
    """Reach a junction at a time: put it into its bucket if that is the earliest so far."""
    if time > limit:
        return
    tally = memory.tally
    if memory.seen[junction] != tally[_RUN]:
        memory.seen[junction] = tally[_RUN]
        memory.touched[tally[_REACHED]] = junction
        tally[_REACHED] += 1
    elif time >= memory.minutes[junction]:
        return
    elif memory.after[junction] >= 0:
        _unlink(memory, junction)
    memory.minutes[junction] = time
    bucket = np.int64(time * graph.buckets_per_minute) & (graph.num_buckets - 1)
    anchor = len(graph.start) - 1 + bucket
    previous = memory.before[anchor]
    memory.after[previous] = junction
    memory.before[junction] = previous
    memory.after[junction] = anchor
    memory.before[anchor] = junction
    tally[_WAITING] += 1


@compiled
def _unlink(memory: _Memory, junction: int) -> None:
    following, previous = memory.after[junction], memory.before[junction]
    memory.after[previous] = following
    memory.before[following] = previous
    memory.after[junction] = -1
    memory.tally[_WAITING] -= 1


@compiled
def _along_the_road(question: Question, source: int, found: _Found, run: int) -> None:
    """Find the places on the source's own road: along it where direction allows, or straight across on foot."""
    sources, places, index, rules = question.sources, question.places, question.hooks, question.rules
    road = sources.road[source]
    num_found = 0
    for at in range(index.road_start[road], index.road_start[road + 1]):
        place = index.road_place[at]
        if places.along[place] >= sources.along[source]:
            ride = _passed(sources.from_first[source], places.from_first[place])
        else:
            ride = _passed(sources.from_last[source], places.from_last[place])
        ride += rules.trip_minutes + sources.extra[source] + places.extra[place]
        km = _great_circle_km(sources.lon[source], sources.lat[source], places.lon[place], places.lat[place])
        walk = km * rules.leg_minutes_per_km + sources.cell[source] + places.cell[place]
        found.seen[place] = run
        found.minutes[place] = min(ride, walk)
        found.places[num_found] = place
        num_found += 1
    found.tally[0] = num_found


@compiled
def _passed(minutes_before: float, minutes_after: float) -> float:
    """Minutes between two places that one passes in this order; infinite where one may not go that way."""
    return minutes_after - minutes_before if minutes_after < np.inf else np.inf


@compiled
def _great_circle_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """The haversine formula of `netplan.coordinates.geodesy` for one pair of degrees."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lon = (math.radians(lon_b) - math.radians(lon_a)) / 2.0
    half = math.sin((phi_b - phi_a) / 2.0) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lon) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(max(half, 0.0), 1.0)))


@compiled
def _gather(index: Index, memory: _Memory, found: _Found) -> None:
    """Find the places that are reached from the junctions settled."""
    run, num_found = memory.tally[_RUN], found.tally[0]
    for at in range(memory.tally[_REACHED]):
        junction = memory.touched[at]
        for hook in range(index.junction_start[junction], index.junction_start[junction + 1]):
            place = index.junction_place[hook]
            minutes = memory.minutes[junction] + index.junction_minutes[hook]
            if found.seen[place] != run:
                found.seen[place] = run
                found.minutes[place] = minutes
                found.places[num_found] = place
                num_found += 1
            elif minutes < found.minutes[place]:
                found.minutes[place] = minutes
    found.tally[0] = num_found


@compiled
def _emit(found: _Found, rules: Rules, out_place: Ints32, out_minutes: Floats) -> int:
    """Write the places within the limit; returns how many."""
    within = 0
    for at in range(found.tally[0]):
        place = found.places[at]
        if found.minutes[place] <= rules.limit_minutes:
            out_place[within] = place
            within += 1
    if rules.is_sorted:
        out_place[:within].sort()
    for at in range(within):
        out_minutes[at] = found.minutes[out_place[at]]
    return within
