"""Speed limits as OpenStreetMap writes them, and durations of ferries."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(km/?h|kph|kmh|mph|knots)?", re.ASCII | re.IGNORECASE)
_ZONE = re.compile(r"(?:([A-Z]{2}(?:-[A-Z]{1,3})?):)?([a-z_]+):?(\d+)?", re.ASCII | re.IGNORECASE)
_PLAIN_ZONE = re.compile(r"[A-Z]{2}(?:-[A-Z]{1,3})?:(\d+)", re.ASCII)
_UNITS = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_HIGHEST_KM_PER_HOUR = 160.0
_WALKING_PACE = 7.0
_UNLIMITED = 130.0
_NATIONAL = {"nsl_single": 60 * 1.609344, "nsl_dual": 70 * 1.609344, "nsl_restricted": 30 * 1.609344}
_CONTEXTS = ("urban", "rural", "motorway", "trunk", "living_street")


@dataclass(frozen=True, slots=True)
class Sign:
    """What a limit says.

    Attributes
    ----------
    km_per_hour
        The limit; NaN: none is stated in figures.
    context
        ``urban``, ``rural`` or a road class whose law applies; empty: none named.
    country
        ISO 3166 code whose law applies; empty: that of the file.
    """

    km_per_hour: float = math.nan
    context: str = ""
    country: str = ""


NO_SIGN = Sign()


def read_sign(text: str) -> Sign | None:
    """The limit in a `maxspeed` value; of a list the lowest. ``None``: it cannot be understood.

    Understood are figures with and without a unit, ``none``, ``walk``, ``signals`` and ``variable`` (no fixed limit), ``CN:urban``, ``DE:zone30``,
    ``GB:nsl_single`` and the like.
    """
    signs = [_one(part.strip()) for part in re.split(r"[;|,]", text) if part.strip()]
    known = [sign for sign in signs if sign is not None]
    if not known:
        return None
    return min(known, key=lambda sign: math.inf if math.isnan(sign.km_per_hour) else sign.km_per_hour)


def _one(text: str) -> Sign | None:
    number = _NUMBER.fullmatch(text) or _PLAIN_ZONE.fullmatch(text)
    if number:
        unit = (number[2] or "").casefold() if number.re is _NUMBER else ""
        return _limit(float(number[1]) * _UNITS[unit])
    word = text.casefold()
    if word in ("none", "unlimited"):
        return Sign(_UNLIMITED)
    if word in ("signals", "variable", "sign", "default", "implicit"):
        return NO_SIGN
    return _zone(text)


def _zone(text: str) -> Sign | None:
    match = _ZONE.fullmatch(text)
    if not match:
        return None
    country, word, number = (match[1] or "")[:2].upper(), match[2].casefold(), match[3]
    if word in _NATIONAL:
        return Sign(_NATIONAL[word], country=country)
    if word == "walk":
        return Sign(_WALKING_PACE)
    if word == "zone" and number:
        return _limit(float(number))
    return Sign(context=word, country=country) if word in _CONTEXTS else None


def _limit(km_per_hour: float) -> Sign | None:
    return Sign(km_per_hour) if 0 < km_per_hour <= _HIGHEST_KM_PER_HOUR else None


def read_duration(text: str) -> float:
    """Minutes of a `duration`: ``90``, ``1:30``, ``01:30:00`` or ``PT1H30M``; NaN where it is none of these."""
    iso = re.fullmatch(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text.strip(), re.ASCII)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60
    if not re.fullmatch(r"\d+(:\d{1,2}){0,2}", text.strip(), re.ASCII):
        return math.nan
    parts = [float(part) for part in text.strip().split(":")]
    if len(parts) == 1:
        return parts[0] or math.nan
    return parts[0] * 60 + parts[1] + (parts[2] / 60 if len(parts) == 3 else 0.0)
