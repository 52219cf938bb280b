"""What the columns of a file of road lines mean, by their common names."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.roads.speeds import SpeedRules
from netplan.roads.tags import KEYS, WayRule, way_rule
from netplan.violations import counted, some

COMMON_NAMES: Mapping[str, tuple[str, ...]] = {
    "minutes": ("minutes", "drive_minutes", "time_min", "travel_minutes"),
    "minutes_back": ("minutes_back",),
    "km_per_hour": ("km_per_hour", "speed", "speed_kph", "speed_kmh", "kmh", "kph", "avg_speed"),
    "maxspeed": ("maxspeed", "max_speed", "speed_limit", "speedlimit", "limit"),
    "oneway": ("oneway", "one_way", "is_oneway", "direction", "dir_travel"),
    "highway": ("highway", "fclass", "road_class", "class"),
}
"""Names of columns, in any case: driving minutes of the whole feature, and back where they differ; speed as driven (km/h); legal limit; direction; OpenStreetMap class."""

_ONEWAY = {
    **dict.fromkeys(("", "no", "0", "false", "b", "both", "n/a"), "no"),
    **dict.fromkeys(("yes", "1", "true", "f", "ft", "forward"), "yes"),
    **dict.fromkeys(("-1", "t", "tf", "backward", "reverse"), "-1"),
    **dict.fromkeys(("reversible", "alternating"), "reversible"),
}
"""OpenStreetMap's, Geofabrik's (F, T, B) and vendors' (FT, TF) words for one-way."""
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_BLANK = frozenset(("", "nan", "none", "null", "<na>"))


@dataclass(frozen=True, slots=True)
class LineColumns:
    """What is known of each feature.

    Attributes
    ----------
    rules
        Distinct rules.
    rule
        Position in `rules` of each feature, -1 where it is left out; shape (features,).
    minutes, minutes_back, km_per_hour
        As the file states them, NaN where it does not; shape (features,).
    notes
        What was taken from which column, and what was left out.
    """

    rules: Sequence[WayRule]
    rule: NDArray[np.int64]
    minutes: NDArray[np.float64]
    minutes_back: NDArray[np.float64]
    km_per_hour: NDArray[np.float64]
    notes: tuple[str, ...]


def line_columns(frame: pd.DataFrame, file: str, speeds: SpeedRules) -> LineColumns:
    """Read the columns of a file of lines.

    Raises
    ------
    InputError
        A number cannot be read or is not above 0, or a direction is unknown.
    """
    used = _used(frame)
    numbers = {what: _numbers(frame, used[what], file) for what in ("minutes", "minutes_back", "km_per_hour")}
    tags = _tags(frame, {str(used[what]): what for what in ("highway", "maxspeed") if used[what] is not None})
    direction = _directions(frame, used["oneway"], file)
    rules, rule, left_out = _rules(tags, direction, has_class=used["highway"] is not None)
    plain = int((np.isnan(numbers["minutes"]) & np.isnan(numbers["km_per_hour"]) & (rule >= 0)).sum())
    notes = tuple(_notes(used, left_out, plain, speeds))
    return LineColumns(rules, rule, numbers["minutes"], numbers["minutes_back"], numbers["km_per_hour"], notes)


def _used(frame: pd.DataFrame) -> dict[str, Any]:
    """The column that each of `COMMON_NAMES` is read from, ``None`` where there is none."""
    by_name = {str(name).strip().casefold(): name for name in frame.columns}
    return {
        what: next((by_name[name] for name in names if name in by_name), None) for what, names in COMMON_NAMES.items()
    }


def _notes(used: Mapping[str, Any], left_out: Counter[str], plain: int, speeds: SpeedRules) -> Iterator[str]:
    """What was taken from which column, what was left out, and how many features have the speed of their class."""
    yield f"columns used: {', '.join(f'{name} as {what}' for what, name in used.items() if name is not None) or 'none'}"
    if left_out:
        reasons = "; ".join(f"{number:,} {reason}" for reason, number in left_out.most_common())
        yield f"{counted(sum(left_out.values()), 'feature')} left out: {reasons}"
    if plain:
        kind = (
            "their class"
            if used["highway"] is not None
            else f"a road without class ({speeds.class_pace.get('road', 35):g} km/h or less)"
        )
        yield f"{counted(plain, 'feature')} without minutes or speed, driven as {kind}"


def _numbers(frame: pd.DataFrame, name: Any, file: str) -> NDArray[np.float64]:
    """A column of positive numbers, blank ones NaN."""
    if name is None:
        return np.full(len(frame), np.nan)
    text = [_text(value) for value in frame[name]]
    values = pd.to_numeric(pd.Series([part or None for part in text], dtype=object), errors="coerce").to_numpy(
        dtype=np.float64
    )
    bad = np.array([bool(part) for part in text]) & ~(np.isfinite(values) & (values > 0))
    if bad.any():
        shown = some(dict.fromkeys(repr(text[place]) for place in np.flatnonzero(bad)))
        rows = some(np.flatnonzero(bad) + 1)
        raise InputError(
            f"{file}: {name} = {shown} (features {rows}) is not a number above 0; correct it, or leave it blank"
        )
    return values


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)) and math.isfinite(value) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if text.casefold() in _BLANK else text


def _tags(frame: pd.DataFrame, renamed: Mapping[str, str]) -> list[dict[str, str]]:
    """OpenStreetMap tags of each feature, from columns of their names and from GDAL's other_tags."""
    tags = _other_tags(frame)
    for name in frame.columns:
        key = renamed.get(str(name), str(name))
        if key not in KEYS or key == "oneway":
            continue
        for own, value in zip(tags, frame[name], strict=True):
            text = _text(value)
            if text and not (key == "maxspeed" and text == "0"):  # Geofabrik writes 0 for no sign
                own[key] = text
    return tags


def _other_tags(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Tags of each feature in other_tags, none where the file has no such column."""
    if "other_tags" not in frame:
        return [{} for _ in range(len(frame))]
    found = (_HSTORE.findall(str(text)) for text in frame["other_tags"])
    return [{key: value for key, value in pairs if key in KEYS} for pairs in found]


def _directions(frame: pd.DataFrame, name: Any, file: str) -> list[str] | None:
    if name is None:
        return None
    words = [_text(value).casefold() for value in frame[name]]
    unknown = dict.fromkeys(word for word in words if word not in _ONEWAY)
    if unknown:
        raise InputError(
            f"{file}: {name} = {some(map(repr, unknown))} is no direction; write yes, no or -1 (against the line)"
        )
    if {"t", "f"} <= set(words) and "b" not in words:
        raise InputError(
            f"{file}: {name} holds only T and F, which may mean true and false or against and along the line; write yes, no or -1"
        )
    return [_ONEWAY[word] if word else "" for word in words]


def _rules(
    tags: list[dict[str, str]], direction: list[str] | None, *, has_class: bool
) -> tuple[list[WayRule], NDArray[np.int64], Counter[str]]:
    rules: list[WayRule] = []
    known: dict[tuple[tuple[str, str], ...], int | str] = {}
    left_out: Counter[str] = Counter()
    number = np.full(len(tags), -1, dtype=np.int64)
    for place, own in enumerate(tags):
        if not (has_class or "highway" in own or own.get("route") == "ferry"):
            own["highway"] = "road"
        if direction is not None and direction[place]:
            own["oneway"] = direction[place]
        key = tuple(own.items())
        if key not in known:
            rule = way_rule(own)
            known[key] = rule if isinstance(rule, str) else len(rules)
            if not isinstance(rule, str):
                rules.append(rule)
        found = known[key]
        if isinstance(found, str):
            left_out[found] += 1
        else:
            number[place] = found
    return rules, number, left_out
