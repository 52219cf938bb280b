"""An OpenStreetMap file as roads: tags to speeds, ways to junctions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.assembly import AGAINST, ALONG, CLOSED, StreetMap, assembled, parts_note, rule_paces
from netplan.roads.builtup import NO_STREETS, built_up
from netplan.roads.cover import Area
from netplan.roads.cutting import geodesic_metres
from netplan.roads.osm_file import Points, Progress, Ways, read_points, read_ways
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import Roads
from netplan.roads.tags import WayRule
from netplan.violations import counted, printable, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of ways between known points: points, way and rule of each, shape (steps,)."""

    first: Ints
    last: Ints
    way: Ints
    rule: Ints


def read_osm(
    path: Path, speeds: SpeedRules, area: Area | None, max_edge_metres: float, progress: Progress | None = None
) -> Roads:
    """Roads of a PBF or XML file; see `netplan.roads.read_roads`."""
    ways = read_ways(path, progress)
    if not len(ways.sizes):
        raise InputError(
            f"{path.name}: holds no way that is a road{_reasons(ways.left_out)}; "
            "export the highways of the region too, or download the file again if it was cut short"
        )
    refs = np.array(ways.refs, dtype=np.int64)
    points = read_points(path, np.unique(refs), progress)
    if progress is not None:
        progress(f"{path.name}: junctions", 0.8)
    steps, notes = _steps(ways, refs, points)
    if area is not None:
        steps, left_out = _clipped(steps, points, area)
        notes += left_out
    if not len(steps.first):
        raise InputError(f"{path.name}: no road lies where it is needed; take the file of the region's own country")
    streets, speed_notes = _streets(ways, steps, points, speeds)
    roads, graph_notes = assembled(streets, max_edge_metres)
    told = (*_way_notes(ways), *notes, *speed_notes, *graph_notes, parts_note(roads))
    if progress is not None:
        progress(f"{path.name}: read", 1.0)
    return Roads(roads.junctions, roads.edges, tuple(f"{path.name}: {note}" for note in told))


def _steps(ways: Ways, refs: Ints, points: Points) -> tuple[Steps, list[str]]:
    """Pairs of consecutive points; those with a point outside the file are left out and counted."""
    sizes = np.array(ways.sizes, dtype=np.int64)
    way = np.repeat(np.arange(len(sizes)), sizes)
    place = np.searchsorted(points.ids, refs)
    place[place == len(points.ids)] = 0
    is_there = points.ids[place] == refs if len(points.ids) else np.zeros(len(refs), dtype=bool)
    joined = way[1:] == way[:-1]
    whole = joined & is_there[1:] & is_there[:-1]
    lost = int(joined.sum() - whole.sum())
    notes = (
        [f"{counted(lost, 'piece')} of road left out whose points are not in the file (cut at its edge)"]
        if lost
        else []
    )
    rule = np.array(ways.rule, dtype=np.int64)
    return Steps(place[:-1][whole], place[1:][whole], way[:-1][whole], rule[way[:-1][whole]]), notes


def _clipped(steps: Steps, points: Points, area: Area) -> tuple[Steps, list[str]]:
    inside = area.holds(points.lon, points.lat)
    keep = inside[steps.first] | inside[steps.last]
    left = int((~keep).sum())
    notes = (
        [f"{counted(left, 'piece')} of road more than {area.margin_km:g} km outside the area left out"] if left else []
    )
    return Steps(*(getattr(steps, name)[keep] for name in ("first", "last", "way", "rule"))), notes


def _streets(ways: Ways, steps: Steps, points: Points, speeds: SpeedRules) -> tuple[StreetMap, list[str]]:
    classes = list(dict.fromkeys(rule.road_class for rule in ways.rules))
    is_urban = _built_up(ways.rules, steps, points, speeds)
    paces = np.array(
        [
            rule_paces(rule, speeds, classes.index(rule.road_class), is_urban=urban)
            for rule in ways.rules
            for urban in (False, True)
        ]
    )
    row, paces = _timed_ferries(ways.rules, steps, points, steps.rule * 2 + is_urban, paces)
    streets = StreetMap(
        points.ids,
        points.lon,
        points.lat,
        steps.first,
        steps.last,
        row,
        paces,
        classes,
        np.zeros(len(points.ids), bool),
    )
    streets, barriers = _stopped(streets, points.barrier)
    notes = [*_speed_notes(ways, is_urban, speeds)]
    if barriers:
        notes.append(f"{counted(barriers, 'barrier')} (bollards, closed gates) that stop cars and let walkers pass")
    return streets, notes


def _built_up(rules: list[WayRule], steps: Steps, points: Points, speeds: SpeedRules) -> Bools:
    is_street = np.array([(rule.forward or rule.backward) and rule.road_class not in NO_STREETS for rule in rules])
    least = speeds.urban_junctions_per_km2
    return built_up(is_street[steps.rule], steps.first, steps.last, points.lon, points.lat, at_least=least)


def _timed_ferries(rules: list[WayRule], steps: Steps, points: Points, row: Ints, paces: Floats) -> tuple[Ints, Floats]:
    """A ferry with a duration takes that long, however far it goes: a row of paces of its own."""
    minutes = np.array([rule.minutes for rule in rules])[steps.rule]
    timed = np.flatnonzero(~np.isnan(minutes))
    if not len(timed):
        return row, paces
    first, last = steps.first[timed], steps.last[timed]
    metres = geodesic_metres(points.lon[first], points.lat[first], points.lon[last], points.lat[last])
    way, inverse = np.unique(steps.way[timed], return_inverse=True)
    length = np.maximum(np.bincount(inverse, weights=metres), 1.0)
    place = np.zeros(len(way), dtype=np.int64)
    place[inverse] = timed
    own = paces[row[place]].copy()
    pace = minutes[place] / length
    own[:, 1:] = np.where(own[:, 1:] == CLOSED, CLOSED, pace[:, None])
    row = row.copy()
    row[timed] = len(paces) + inverse
    return row, np.concatenate([paces, own])


def _stopped(streets: StreetMap, barrier: Bools) -> tuple[StreetMap, int]:
    """Part the roads at barriers: of the driven steps that end there, each but the first gets a point of its own, joined on foot."""
    driven = (streets.paces[streets.row][:, [ALONG, AGAINST]] != CLOSED).any(axis=1)
    ends = np.stack([streets.first, streets.last])
    side, step = np.nonzero(barrier[ends] & driven)
    point = ends[side, step]
    order = np.argsort(point, kind="stable")
    side, step, point = side[order], step[order], point[order]
    is_further = np.zeros(len(point), dtype=bool)
    is_further[1:] = point[1:] == point[:-1]
    side, step, point = side[is_further], step[is_further], point[is_further]
    if not len(point):
        return streets, 0
    copies = len(streets.ids) + np.arange(len(point))
    ends[side, step] = copies
    gate = np.array([[float(len(streets.classes)), CLOSED, CLOSED, 0.0]])
    ids = np.concatenate([streets.ids.astype(object), [f"{streets.ids[p]}b{n}" for n, p in enumerate(point, 1)]])
    kept = np.concatenate([streets.kept, np.ones(len(point), dtype=bool)])
    kept[point] = True
    parted = StreetMap(
        ids,
        np.concatenate([streets.lon, streets.lon[point]]),
        np.concatenate([streets.lat, streets.lat[point]]),
        np.concatenate([ends[0], point]),
        np.concatenate([ends[1], copies]),
        np.concatenate([streets.row, np.full(len(point), len(streets.paces))]),
        np.concatenate([streets.paces, gate]),
        [*streets.classes, "barrier"],
        kept,
    )
    return parted, len(np.unique(point))


def _way_notes(ways: Ways) -> Iterator[str]:
    numbers = Counter(ways.rules[rule].road_class for rule in ways.rule)
    read = ", ".join(f"{number:,} {name}" for name, number in numbers.most_common())
    yield f"{counted(len(ways.rule), 'way')} read: {read}"
    left = sum(ways.left_out.values())
    if left:
        yield f"{counted(left, 'way')} left out{_reasons(ways.left_out)}"


def _reasons(left_out: Counter[str]) -> str:
    return ": " + "; ".join(f"{number:,} {reason}" for reason, number in left_out.most_common()) if left_out else ""


def _speed_notes(ways: Ways, is_urban: Bools, speeds: SpeedRules) -> Iterator[str]:
    """Where the speeds of the ways open to cars come from."""
    driven = [rule for rule in (ways.rules[number] for number in ways.rule) if rule.forward or rule.backward]
    yield _limits_note([rule for rule in driven if rule.road_class != "ferry"], is_urban, speeds)
    if speeds.country and not speeds.is_known_country:
        yield f"no speed limits are listed for the country {printable(speeds.country)!r}; general ones were taken"
    yield from _odd_signs(driven)
    yield from _untimed([rule for rule in driven if rule.road_class == "ferry"], speeds)


def _limits_note(roads: list[WayRule], is_urban: Bools, speeds: SpeedRules) -> str:
    """How many ways have a speed limit of their own, and what the others take."""
    signed = sum(rule.is_signed for rule in roads)
    law = f"the law of {speeds.country.upper()}" if speeds.is_known_country else "general limits"
    share = float(is_urban.mean()) if len(is_urban) else 0.0
    return (
        f"{counted(signed, 'way')} open to cars with a speed limit; {len(roads) - signed:,} without one take {law} for "
        f"their class ({share:.0%} of the pieces of road lie in built-up areas, by how densely streets meet)"
    )


def _odd_signs(driven: list[WayRule]) -> Iterator[str]:
    """Speed limits that could not be understood, where there are any."""
    odd = Counter(rule.bad_sign for rule in driven if rule.bad_sign)
    if odd:
        found = some((f"{text!r}" for text in odd), 5)
        yield f"{counted(sum(odd.values()), 'speed limit')} not understood ({found}); taken as not signed"


def _untimed(ferries: list[WayRule], speeds: SpeedRules) -> Iterator[str]:
    """Ferries without a duration, where there are any."""
    untimed = sum(bool(np.isnan(rule.minutes)) for rule in ferries)
    if untimed:
        yield f"{counted(untimed, 'ferry', 'ferries')} without a duration, taken at {speeds.class_pace.get('ferry', 15):g} km/h"
