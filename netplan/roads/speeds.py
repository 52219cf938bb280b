"""How fast a road is driven: legal limits by class and country, and what part of a limit is reached in practice.

A router that drives every road at its limit is a third too fast in town. The speed used here is

    min(limit x share reached, pace of the class, pace of the surface)

- The *limit* is the sign (`maxspeed`), otherwise the country's law for the class, in or outside built-up areas.
- The *share reached* is 0.9 on motorways, 0.8 elsewhere outside built-up areas - the reduction that the car profile of the
  Open Source Routing Machine applies to every signed limit - and 0.6 inside, where junctions, lights and turning traffic
  leave some 30 km/h of a limit of 50.
- The *pace of the class* stands for bends, width and crossings of minor roads, whatever the sign says; near the speeds
  of that same car profile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from netplan.errors import InputError

Limits = Mapping[str, tuple[float, float]]
"""Road class -> legal km/h inside and outside built-up areas."""

_MPH = 1.609344


def _miles(**limits: tuple[float, float]) -> Limits:
    return {name: (round(urban * _MPH, 1), round(rural * _MPH, 1)) for name, (urban, rural) in limits.items()}


GENERAL: Limits = MappingProxyType(
    {
        "motorway": (100, 120),
        "trunk": (70, 100),
        "primary": (50, 90),
        "secondary": (50, 80),
        "tertiary": (50, 80),
        "unclassified": (50, 80),
        "residential": (50, 50),
        "living_street": (20, 20),
        "service": (30, 30),
        "track": (30, 30),
        "road": (50, 60),
    }
)
"""Where no country is named or its law is not listed: near the commonest values worldwide."""

BY_COUNTRY: Mapping[str, Limits] = MappingProxyType(
    {
        # Codi de circulacio: 50 in town, 90 outside
        "AD": {"motorway": (50, 90), "trunk": (50, 90), "primary": (50, 90)},
        # Codigo de Transito Brasileiro, art. 61: fast 80, arterial 60, collector 40, local 30; highways 110 and 100, roads 60
        "BR": {
            "motorway": (80, 110),
            "trunk": (80, 100),
            "primary": (60, 100),
            "secondary": (60, 100),
            "tertiary": (40, 60),
            "unclassified": (30, 60),
            "residential": (30, 60),
        },
        # Regulations for the Implementation of the Road Traffic Safety Law, art. 45 and 78: 30 / 40 without a centre line,
        # 50 / 70 with one lane a direction, 120 on expressways; wider roads at the design speed of CJJ 37 and JTG B01
        "CN": {
            "motorway": (100, 120),
            "trunk": (80, 80),
            "primary": (60, 70),
            "secondary": (50, 70),
            "tertiary": (50, 40),
            "unclassified": (30, 40),
            "residential": (30, 40),
        },
        # Strassenverkehrs-Ordnung, par. 3: 50 / 100; motorways have an advisory 130; walking pace in living streets
        "DE": {
            "motorway": (130, 130),
            "trunk": (50, 100),
            "primary": (50, 100),
            "secondary": (50, 100),
            "tertiary": (50, 100),
            "unclassified": (50, 100),
            "living_street": (7, 7),
        },
        # Code de la route, R413-2 and R413-3: 50 / 80, 110 on dual carriageways, 130 on motorways, 20 in meeting zones
        "FR": {"motorway": (110, 130), "trunk": (70, 110), "primary": (50, 80), "living_street": (20, 20)},
        # Highway Code, rule 124: 30 mph in built-up areas, 60 mph on single, 70 mph on dual carriageways and motorways
        "GB": _miles(
            motorway=(70, 70),
            trunk=(30, 60),
            primary=(30, 60),
            secondary=(30, 60),
            tertiary=(30, 60),
            unclassified=(30, 60),
            residential=(30, 30),
        ),
        # Notification S.O. 1522(E) of 2018: expressways 120, divided four lanes 100, 70 elsewhere, in municipal limits too
        "IN": {
            "motorway": (100, 120),
            "trunk": (70, 100),
            "primary": (70, 70),
            "secondary": (70, 70),
            "tertiary": (70, 70),
            "unclassified": (70, 70),
        },
        # the commonest of the states' statutes: 25 mph in residential districts, 35 on arterials, 55 outside, 70 on Interstates
        "US": _miles(
            motorway=(55, 70),
            trunk=(45, 55),
            primary=(35, 55),
            secondary=(35, 55),
            tertiary=(30, 45),
            unclassified=(25, 45),
            residential=(25, 25),
            living_street=(15, 15),
        ),
    }
)
"""Legal limits that apply without a sign, by ISO 3166 code; as collected on the OpenStreetMap wiki, "Default speed limits"
and "OSM tags for routing/Maxspeed", with the law each country's line names. Classes not listed are as in `GENERAL`."""

CLASS_PACE: Mapping[str, float] = MappingProxyType(
    {
        "motorway": 110,
        "motorway_link": 60,
        "trunk": 95,
        "trunk_link": 50,
        "primary": 75,
        "primary_link": 45,
        "secondary": 65,
        "secondary_link": 40,
        "tertiary": 55,
        "tertiary_link": 35,
        "unclassified": 45,
        "road": 35,
        "residential": 30,
        "living_street": 10,
        "service": 15,
        "track": 15,
        "walkway": 10,
        "ferry": 15,
    }
)
"""Km/h that a class of road allows at most. `walkway`: a path or square opened to cars; `ferry`: without a duration."""

_SLOWEST_KM_PER_HOUR = 3.0


@dataclass(frozen=True, slots=True)
class SpeedRules:
    """The numbers behind driving and walking speeds; replace what you know better for a region.

    Attributes
    ----------
    country
        ISO 3166 code of two letters whose legal limits apply where no sign is known; empty: general ones.
    motorway_share, rural_share, urban_share
        Part of the limit that is reached on motorways, elsewhere outside and inside built-up areas.
    walk_speed_km_per_hour
        Speed on foot.
    urban_junctions_per_km2
        Where streets meet at least this densely (within some 500 m), a road without a sign is taken as built-up.
    class_pace
        Road class -> km/h that it allows at most.
    """

    country: str = ""
    motorway_share: float = 0.9
    rural_share: float = 0.8
    urban_share: float = 0.6
    walk_speed_km_per_hour: float = 4.8
    urban_junctions_per_km2: float = 20.0
    class_pace: Mapping[str, float] = field(default_factory=lambda: CLASS_PACE)

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, (int, float)) and not (math.isfinite(value) and value > 0):
                raise InputError(f"speeds: {one.name} = {value}; give a number above 0")
        strange = {name: pace for name, pace in self.class_pace.items() if not (math.isfinite(pace) and pace > 0)}
        if strange:
            raise InputError(f"speeds: class_pace = {strange}; give km/h above 0")

    @property
    def is_known_country(self) -> bool:
        """Whether the country's own limits are listed."""
        return self.country.upper() in BY_COUNTRY

    def limit(self, road_class: str, *, is_urban: bool, country: str = "") -> float:
        """Legal km/h of a class of road without a sign."""
        base = road_class.removesuffix("_link")
        own = BY_COUNTRY.get((country or self.country).upper(), {})
        urban, rural = own.get(base, GENERAL.get(base, GENERAL["service"]))
        return urban if is_urban else rural

    def km_per_hour(self, road_class: str, limit: float, *, is_urban: bool, at_most: float = math.inf) -> float:
        """Speed driven in practice where `limit` is in force.

        Parameters
        ----------
        at_most
            What the surface allows.
        """
        if road_class.removesuffix("_link") == "motorway":
            share = self.motorway_share
        else:
            share = self.urban_share if is_urban else self.rural_share
        pace = self.class_pace.get(road_class, CLASS_PACE.get(road_class, math.inf))
        return max(_SLOWEST_KM_PER_HOUR, min(limit * share, pace, at_most))
