"""Ways and points of an OpenStreetMap file, read in two passes: which ways are roads, then where their points lie."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.tags import KEYS, WayRule, is_barrier, way_rule

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

_TELL_EVERY = 50_000
_KEYS = frozenset(KEYS)


@dataclass(slots=True)
class Ways:
    """Ways in use: points, and the rule of each.

    Attributes
    ----------
    refs
        Identifiers of points, one way after the other.
    sizes
        Points of each way.
    rule
        Position in `rules` of each way.
    left_out
        Reason -> ways.
    """

    refs: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    rule: array[int] = field(default_factory=lambda: array("q"))
    rules: list[WayRule] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Points:
    """Positions of points, sorted by identifier; `barrier` marks those that stop cars."""

    ids: Ints
    lon: Floats
    lat: Floats
    barrier: NDArray[np.bool_]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What the reader of OpenStreetMap files says of a damaged file, as an InputError with a remedy."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).split("\n", 1)[0][:200]
        raise InputError(
            f"{path.name}: damaged or cut short, or not an OpenStreetMap file ({reason}); download or export it again"
        ) from error


def read_ways(path: Path, progress: Progress | None = None) -> Ways:
    """First pass: every way that is a road, a path or a ferry.

    Raises
    ------
    InputError
        The file is damaged, cut short or not OpenStreetMap data.
    """
    ways = Ways()
    known: dict[tuple[tuple[str, str], ...], int | str] = {}
    with readable(path):
        found = osmium.FileProcessor(str(path), osmium.osm.WAY)
        if found.header.has_multiple_object_versions:
            raise InputError(f"{path.name}: holds the history of objects; export the present state only")
        for number, way in enumerate(found.with_filter(osmium.filter.KeyFilter("highway", "route")), 1):
            if progress is not None and number % _TELL_EVERY == 0:
                progress(f"{path.name}: {number:,} ways", min(0.4, number / 5_000_000))
            _add_way(ways, way, known)
    return ways


def _add_way(ways: Ways, way: Any, known: dict[tuple[tuple[str, str], ...], int | str]) -> None:
    tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in _KEYS)
    rule = known.get(tags)
    if rule is None:
        rule = known[tags] = _numbered(dict(tags), ways.rules)
    if isinstance(rule, str):
        if rule:
            ways.left_out[rule] += 1
        return
    points = [point.ref for point in way.nodes]
    if len(points) < 2:
        ways.left_out["ways with fewer than two points"] += 1
        return
    ways.refs.extend(points)
    ways.sizes.append(len(points))
    ways.rule.append(rule)


def _numbered(tags: dict[str, str], rules: list[WayRule]) -> int | str:
    """Position of the rule of these tags in `rules`, or why the way is left out; empty where it is no road at all."""
    if "highway" not in tags and tags.get("route") != "ferry":
        return ""
    rule = way_rule(tags)
    if isinstance(rule, str):
        return rule
    rules.append(rule)
    return len(rules) - 1


def read_points(path: Path, wanted: Ints, progress: Progress | None = None) -> Points:
    """Second pass: positions of the points `wanted` (sorted, distinct), as far as the file has them.

    The library keeps the positions of all points, 16 bytes each, and hands them out with the ways.

    Raises
    ------
    InputError
        The file is damaged or cut short.
    """
    found = _Found()
    with readable(path):
        things = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations("flex_mem")
        thing: Any  # a Node or a Way, as is_node() says
        for thing in things.with_filter(osmium.filter.KeyFilter("highway", "route", "barrier")):
            if thing.is_node():
                if is_barrier(dict(thing.tags)):
                    found.barriers.append(thing.id)
                continue
            found.add(thing.nodes)
            if (
                progress is not None
                and len(found.ids) // _TELL_EVERY != (len(found.ids) - len(thing.nodes)) // _TELL_EVERY
            ):
                progress(
                    f"{path.name}: {len(found.ids):,} points", 0.4 + 0.4 * min(1.0, len(found.ids) / (2 * len(wanted)))
                )
        points = found.points(wanted)
        if len(points.ids) < len(wanted):  # ways may stand before their points where a file is not sorted
            points = _points_one_by_one(path, wanted)
    return points


@dataclass(slots=True)
class _Found:
    """Positions as they are met, repeated where ways share a point."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    lat: array[float] = field(default_factory=lambda: array("d"))
    barriers: array[int] = field(default_factory=lambda: array("q"))

    def add(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            location = node.location
            if location.valid():
                self.ids.append(node.ref)
                self.lon.append(location.lon)
                self.lat.append(location.lat)

    def points(self, wanted: Ints) -> Points:
        ids, place = np.unique(np.array(self.ids, dtype=np.int64), return_index=True)
        is_wanted = np.isin(ids, wanted, assume_unique=True)
        ids, place = ids[is_wanted], place[is_wanted]
        lon, lat = (np.array(values, dtype=np.float64)[place] for values in (self.lon, self.lat))
        return Points(ids, lon, lat, np.isin(ids, np.array(self.barriers, dtype=np.int64)))


def _points_one_by_one(path: Path, wanted: Ints) -> Points:
    """The same by looking at every point of the file: slower, and in any order."""
    kept = set(wanted.tolist())
    found = _Found()
    node: Any
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
        if node.id in kept and node.location.valid():
            found.ids.append(node.id)
            found.lon.append(node.location.lon)
            found.lat.append(node.location.lat)
            if is_barrier(dict(node.tags)):
                found.barriers.append(node.id)
    return found.points(wanted)
