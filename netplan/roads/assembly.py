"""Steps between points, each with its paces, become junctions and edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.roads.cutting import Polylines, cut
from netplan.roads.junctions import Chains, Steps, contracted
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import Roads
from netplan.roads.tags import WayRule
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CLOSED = -1.0
"""A pace of nobody; paces are minutes a metre."""

CLASS, ALONG, AGAINST, ON_FOOT = range(4)
"""Columns of an array of paces: number of the class, driving along and against the way, walking either way."""


@dataclass(frozen=True, slots=True)
class StreetMap:
    """Everything read from a file, before it becomes a graph.

    Attributes
    ----------
    ids
        Identifier of each point, shape (points,), integers or text.
    lon, lat
        Degrees, shape (points,).
    first, last
        Points of each straight step, shape (steps,).
    row
        Row of `paces` of each step, shape (steps,).
    paces
        Class, driving along and against, walking, as `CLASS` ... `ON_FOOT` say; shape (rows, 4).
    classes
        Names of the classes.
    kept
        Points that stay junctions, shape (points,).
    """

    ids: NDArray[np.generic]
    lon: Floats
    lat: Floats
    first: Ints
    last: Ints
    row: Ints
    paces: Floats
    classes: Sequence[str]
    kept: Bools


def rule_paces(rule: WayRule, speeds: SpeedRules, number: int, *, is_urban: bool) -> tuple[float, float, float, float]:
    """A row of paces for one combination of tags, inside or outside built-up areas."""
    is_urban = rule.place == "urban" or (is_urban and rule.place != "rural")
    along, against = (
        60.0 / (1000.0 * _km_per_hour(rule, sign_back, speeds, is_urban)) if is_open else CLOSED
        for sign_back, is_open in ((False, rule.forward), (True, rule.backward))
    )
    walking = 60.0 / (1000.0 * speeds.walk_speed_km_per_hour)
    if rule.road_class == "ferry":
        walking = 60.0 / (1000.0 * _km_per_hour(rule, False, speeds, is_urban))
    return float(number), along, against, walking if rule.foot else CLOSED


def _km_per_hour(rule: WayRule, is_back: bool, speeds: SpeedRules, is_urban: bool) -> float:
    sign = rule.sign_back if is_back else rule.sign
    pace_class = rule.pace_class
    if pace_class == "ferry":
        return speeds.class_pace.get("ferry", 15.0)
    limit = sign.km_per_hour
    if np.isnan(limit):
        law = sign.context if sign.context not in ("", "urban", "rural") else pace_class
        limit = speeds.limit(law, is_urban=is_urban, country=sign.country)
    return speeds.km_per_hour(pace_class, limit, is_urban=is_urban, at_most=rule.at_most)


def assembled(streets: StreetMap, max_edge_metres: float) -> tuple[Roads, list[str]]:
    """Contract, measure and cut; notes on duplicates and rings."""
    notes: list[str] = []
    kinds, kind_of_row, kind_back = _kinds(streets.paces)
    streets, kind, repeated = _without_repeats(streets, kind_of_row[streets.row], kind_back)
    if repeated:
        notes.append(f"{counted(repeated, 'piece')} of road mapped twice or without length, taken once")
    is_main = (kinds[:, ALONG] != CLOSED) | (kinds[:, AGAINST] == CLOSED)
    chains = contracted(Steps(streets.first, streets.last, kind, kind_back, is_main, streets.kept))
    junctions, edges, shapes = _tables(streets, chains, kinds)
    loops = int((edges["from_id"] == edges["to_id"]).sum())
    if loops:
        notes.append(f"{counted(loops, 'closed loop')}, cut in three or more so that they keep a shape")
    before = len(junctions)
    junctions, edges = cut(junctions, edges, shapes, max_edge_metres)
    if len(junctions) > before:
        notes.append(
            f"{counted(len(junctions) - before, 'further junction')} where roads longer than {max_edge_metres:g} m were cut"
        )
    return Roads(junctions, edges), notes


def _kinds(paces: Floats) -> tuple[Floats, Ints, Ints]:
    """Distinct paces, the kind of each row, and the kind that each kind is in the other direction."""
    turned = paces[:, [CLASS, AGAINST, ALONG, ON_FOOT]]
    kinds, number = np.unique(np.concatenate([paces, turned]), axis=0, return_inverse=True)
    number = number.ravel().astype(np.int64)
    here, there = number[: len(paces)], number[len(paces) :]
    back = np.arange(len(kinds), dtype=np.int64)
    back[here], back[there] = there, here
    return kinds, here, back


def _without_repeats(streets: StreetMap, kind: Ints, kind_back: Ints) -> tuple[StreetMap, Ints, int]:
    """Drop steps without length, and those that repeat another of the same kind."""
    swap = streets.first > streets.last
    low, high = np.minimum(streets.first, streets.last), np.maximum(streets.first, streets.last)
    turned = np.where(swap, kind_back[kind], kind)
    order = np.lexsort((turned, high, low))
    same = np.zeros(len(order), dtype=bool)
    for values in (low, high, turned):
        if not len(order):
            break
        differs = np.diff(values[order]) != 0
        same[1:] |= differs
    keep = np.ones(len(order), dtype=bool)
    keep[order[1:]] = same[1:]
    keep &= low != high
    kept = StreetMap(
        streets.ids,
        streets.lon,
        streets.lat,
        streets.first[keep],
        streets.last[keep],
        streets.row[keep],
        streets.paces,
        streets.classes,
        streets.kept,
    )
    return kept, kind[keep], int((~keep).sum())


def _tables(streets: StreetMap, chains: Chains, kinds: Floats) -> tuple[pd.DataFrame, pd.DataFrame, Polylines]:
    start, points = chains.start, chains.points
    shapes = Polylines(start, streets.lon[points], streets.lat[points])
    ends = np.stack([points[start[:-1]], points[start[1:] - 1]])
    used = np.unique(ends)
    names = streets.ids[used].astype(str).astype(object)
    junctions = pd.DataFrame({"road_node_id": names, "lon": streets.lon[used], "lat": streets.lat[used]})
    place = np.searchsorted(used, ends)
    kind = kinds[chains.kind]
    metres = shapes.metres()
    minutes, back, walk = (
        np.where(kind[:, column] == CLOSED, np.nan, kind[:, column] * metres) for column in (ALONG, AGAINST, ON_FOOT)
    )
    columns = {
        "from_id": names[place[0]],
        "to_id": names[place[1]],
        "metres": metres,
        "minutes": minutes,
        "is_oneway": ~np.isnan(minutes) & np.isnan(back),
        "minutes_back": np.where(kind[:, ALONG] == kind[:, AGAINST], np.nan, back),
        "walk_minutes": walk,
        "road_class": np.array([*streets.classes, ""], dtype=object)[kind[:, CLASS].astype(np.int64)],
    }
    return junctions.astype({"road_node_id": "str"}), pd.DataFrame(columns), shapes


def parts_note(roads: Roads) -> str:
    """How many parts of the roads do not meet, with the junctions of each."""
    sizes = roads.part_sizes()
    if len(sizes) < 2:
        return "all roads meet"
    rest = [f"{size:,}" for size in sizes[1:]]
    return (
        f"the roads fall into {len(sizes):,} parts that do not meet: {sizes[0]:,} junctions in the largest, "
        f"{counted(int(sizes[1:].sum()), 'junction')} in the others ({some(rest)})"
    )
