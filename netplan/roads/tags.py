"""What the tags of an OpenStreetMap way say: who may use it, in which direction, how fast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netplan.roads.signs import NO_SIGN, Sign, read_duration, read_sign

DRIVEN = (
    *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link"),
    *("tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "track", "road"),
)
WALKED = ("footway", "path", "pedestrian", "steps", "cycleway", "bridleway")
"""Classes closed to cars unless a tag opens them; cycleways and bridle paths are walked unless foot=no."""

CAR_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most to the least special, as OpenStreetMap orders them."""

KEYS = (
    *("highway", "route", "duration", "junction", "area", "service", "motorroad", "impassable"),
    *("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar"),
    *("motorcar", "motor_vehicle", "vehicle", "foot", "access", "ferry"),
    *("maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type", "source:maxspeed", "zone:maxspeed"),
    *("zone:traffic", "surface", "tracktype", "smoothness"),
)
"""The tags that decide anything here."""

_CLOSED = frozenset(
    ("no", "private", "agricultural", "forestry", "agricultural;forestry", "emergency", "military", "psv", "bus")
)
_OPEN = frozenset(("yes", "designated", "permissive", "destination", "official"))
_NOT_WALKED = frozenset(("no", "private", "use_sidepath", "agricultural", "forestry", "emergency", "military"))
_NOT_DRIVEN_SERVICE = frozenset(("parking_aisle", "drive-through", "emergency_access"))
_FORWARD = frozenset(("yes", "true", "1"))
_BACKWARD = frozenset(("-1", "reverse"))
_ROUND = frozenset(("roundabout", "circular"))

SURFACE_PACE: Mapping[str, float] = {
    **dict.fromkeys(("gravel", "fine_gravel", "grass_paver", "pebblestone", "cobblestone", "unhewn_cobblestone"), 30.0),
    **dict.fromkeys(("unpaved", "ground", "dirt", "earth", "clay"), 25.0),
    **dict.fromkeys(("grass", "sand", "mud", "rock"), 12.0),
    "sett": 40.0,
    "compacted": 50.0,
}
TRACK_PACE: Mapping[str, float] = {"grade1": 40.0, "grade2": 30.0, "grade3": 20.0, "grade4": 15.0, "grade5": 10.0}
SMOOTHNESS_PACE: Mapping[str, float] = {"intermediate": 60.0, "bad": 30.0, "very_bad": 15.0, "horrible": 5.0}
"""Km/h that a surface, a track's grade and a road's smoothness allow at most; others allow any."""
_IMPASSABLE = frozenset(("very_horrible", "impassable"))


@dataclass(frozen=True, slots=True)
class WayRule:
    """What one combination of tags means.

    Attributes
    ----------
    road_class
        Value of `highway`, or ``ferry``.
    pace_class
        The class whose pace applies: ``walkway`` for a path opened to cars.
    forward, backward
        Whether cars may drive along and against the way.
    foot
        Whether it may be walked.
    sign, sign_back
        Limit along and against the way.
    place
        ``urban`` or ``rural`` where a tag says so.
    at_most
        Km/h that its surface allows.
    minutes
        Duration of a ferry; NaN: not stated.
    bad_sign
        The limit as written, where it could not be understood.
    """

    road_class: str
    pace_class: str
    forward: bool
    backward: bool
    foot: bool
    sign: Sign = NO_SIGN
    sign_back: Sign = NO_SIGN
    place: str = ""
    at_most: float = math.inf
    minutes: float = math.nan
    bad_sign: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether a limit is stated, in figures or by naming the law."""
        return self.sign != NO_SIGN or self.sign_back != NO_SIGN


def way_rule(tags: Mapping[str, str]) -> WayRule | str:
    """The rule of a way, or the reason for leaving it out, in words that follow a number of ways."""
    if tags.get("route") == "ferry" and "highway" not in tags:
        return _ferry(tags)
    road_class = tags.get("highway", "")
    is_area = tags.get("area") == "yes"
    if unused := _unused_words(road_class, is_area=is_area):
        return unused
    forward, backward = (False, False) if is_area else _driving(tags, road_class)
    foot = _walking(tags, road_class)
    if not (forward or backward or foot):
        return _closed_words(tags)
    signs, bad = _signs(tags)
    paces = (road_class if road_class in DRIVEN else "walkway", tags.get("tracktype", ""))
    return WayRule(
        road_class, paces[0], forward, backward, foot, *signs, _place(tags, signs[0]), _surface(tags), bad_sign=bad
    )


def is_barrier(tags: Mapping[str, str]) -> bool:
    """Whether a point on a road stops cars but lets walkers through: a bollard, or a gate that is private."""
    if not (barrier := tags.get("barrier", "")) or barrier == "no":
        return False
    access = _first(tags, CAR_KEYS)
    if access:
        return access in _CLOSED
    return barrier in _STOPS_CARS


_STOPS_CARS = frozenset(
    (
        *("bollard", "block", "jersey_barrier", "log", "debris", "cycle_barrier", "motorcycle_barrier", "kissing_gate"),
        *("stile", "turnstile", "full-height_turnstile", "bus_trap", "sump_buster", "planter", "chain", "horse_stile"),
    )
)


def _ferry(tags: Mapping[str, str]) -> WayRule | str:
    driven = _first(tags, CAR_KEYS) not in _CLOSED
    foot = tags.get("foot", tags.get("access", "")) not in _NOT_WALKED
    if not (driven or foot):
        return "ferries closed to cars and walkers"
    one_way = tags.get("oneway", "") in _FORWARD
    minutes = read_duration(tags.get("duration", ""))
    minutes = minutes if minutes > 0 else math.nan
    return WayRule("ferry", "ferry", driven, driven and not one_way, foot, minutes=minutes)


def _unused_words(road_class: str, *, is_area: bool) -> str:
    """Why a way of this class is no road at all; empty where it may be one."""
    if road_class in WALKED:
        return ""
    if road_class not in DRIVEN:
        return f"{_class_words(road_class)}, no road in use"
    return "areas without a line through them" if is_area else ""


def _driving(tags: Mapping[str, str], road_class: str) -> tuple[bool, bool]:
    """Whether cars may drive along the way, and against it."""
    oneway = _first(tags, ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway"))
    if not _is_driven(tags, road_class) or oneway == "reversible":
        return False, False
    if oneway in _BACKWARD:
        return False, True
    implied = tags.get("junction") in _ROUND or road_class == "motorway"
    return True, not (oneway in _FORWARD or (implied and not oneway))


def _is_driven(tags: Mapping[str, str], road_class: str) -> bool:
    """Whether cars may use the way in any direction."""
    if tags.get("impassable") == "yes" or tags.get("smoothness") in _IMPASSABLE:
        return False
    if road_class == "service" and tags.get("service") in _NOT_DRIVEN_SERVICE:
        return False
    if road_class in WALKED:
        return road_class != "steps" and _first(tags, CAR_KEYS[:2]) in _OPEN
    return _first(tags, CAR_KEYS) not in _CLOSED


def _walking(tags: Mapping[str, str], road_class: str) -> bool:
    foot = tags.get("foot", "")
    if foot:
        return foot not in _NOT_WALKED
    if road_class in ("motorway", "motorway_link") or tags.get("motorroad") == "yes":
        return False
    return tags.get("access", "") not in _NOT_WALKED


def _first(tags: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((tags[key] for key in keys if key in tags), "")


def _signs(tags: Mapping[str, str]) -> tuple[tuple[Sign, Sign], str]:
    """Limits along and against the way, and the first that could not be understood."""
    general = _general_sign(tags)
    along, against = (
        read_sign(tags[key]) if key in tags else None for key in ("maxspeed:forward", "maxspeed:backward")
    )
    written = (tags.get(key, "") for key in ("maxspeed", "maxspeed:forward", "maxspeed:backward"))
    bad = next((text for text in written if text and read_sign(text) is None), "")
    return (along or general, against or general), bad


def _general_sign(tags: Mapping[str, str]) -> Sign:
    """The limit of both directions, from the first tag that states one."""
    for key in ("maxspeed", "zone:maxspeed", "maxspeed:type", "source:maxspeed"):
        sign = read_sign(tags[key]) if key in tags else None
        if sign not in (None, NO_SIGN):
            return sign
    return NO_SIGN


def _place(tags: Mapping[str, str], sign: Sign) -> str:
    for text in (tags.get(key, "") for key in ("zone:traffic", "maxspeed:type", "source:maxspeed")):
        context = text.casefold().rpartition(":")[2]
        if context in ("urban", "rural"):
            return context
    return sign.context if sign.context in ("urban", "rural") else ""


def _surface(tags: Mapping[str, str]) -> float:
    paces = (
        SURFACE_PACE.get(tags.get("surface", "")),
        TRACK_PACE.get(tags.get("tracktype", "")),
        SMOOTHNESS_PACE.get(tags.get("smoothness", "")),
    )
    return min((pace for pace in paces if pace is not None), default=math.inf)


def _closed_words(tags: Mapping[str, str]) -> str:
    if tags.get("oneway") == "reversible":
        return "reversible lanes"
    return "closed to cars and walkers (private, restricted or impassable)"


def _class_words(road_class: str) -> str:
    known = ("construction", "proposed", "abandoned", "razed", "raceway", "platform", "corridor", "busway", "elevator")
    return f"highway={road_class}" if road_class in known else "highway of another kind"
