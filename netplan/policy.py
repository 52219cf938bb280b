"""The plan file: what the planner wants, what is allowed, what must hold. TOML in, frozen models out.

Unknown keys are refused, and keys that ask for something netplan does not do are refused by name. Every number
here is a default that the plan file overrides; `docs/plan-file.md` explains each key.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from netplan.errors import InputError

ONE_OFFS = (
    "opening",
    "closing",
    "severance",
    "lease_break",
    "disposal",
    "conversion",
    "relocation",
    "transition",
)
"""Kinds of one-off items, as named in `[budget] draws` and in the cost components."""

OneOff = Literal["opening", "closing", "severance", "lease_break", "disposal", "conversion", "relocation", "transition"]
Attribute = Literal["staffed", "step_free", "physical", "hosted"]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

_NOT_OFFERED = {
    "fairness": "fairness objectives are not part of netplan yet",
    "phases": "phasing over years is not part of netplan yet",
    "years": "phasing over years is not part of netplan yet",
    "frontier": "frontiers are not part of netplan yet",
    "competition": "competition inside the optimisation is not part of netplan yet",
    "positions": "positions and waiting are not part of netplan yet",
    "waiting": "positions and waiting are not part of netplan yet",
    "tours": "van tours are not part of netplan yet; a van visit takes a whole or half van-day",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scope(_Part):
    """`[scope]`: the part of the region that is planned."""

    districts: tuple[str, ...] = ()
    """District ids; empty means the whole region."""


class Objective(_Part):
    """`[objective]`: what is minimised."""

    kind: Literal["net_cost", "coverage", "access"] = "net_cost"
    service: str | None = None
    """Coverage: the service class that must be within reach."""
    minutes: Positive | None = None
    """Coverage: one-way minutes within which a node is covered."""
    group: str = "all"
    """Coverage: whose people count (all, urban, rural or a segment)."""
    measure: Literal["people", "visits"] = "people"
    """Coverage: people of the group, or visits per year of the service."""

    @model_validator(mode="after")
    def _coverage_is_complete(self) -> Self:
        if self.kind == "coverage" and (self.service is None or self.minutes is None):
            raise ValueError('a coverage objective needs service = "..." and minutes = ...')
        if self.kind != "coverage" and (self.service is not None or self.minutes is not None):
            raise ValueError(f"service and minutes belong to a coverage objective, not to {self.kind}")
        return self


class Money(_Part):
    """`[money]`: how one-off items, time and transitions are priced."""

    discount_rate: NonNegative = 0.05
    horizon_years: Positive = 10.0
    value_of_time_per_hour: NonNegative = 20.0
    transition_margin_share: Share = 0.0
    """One-off loss on converting or relocating an outlet, as a share of its annual margin."""
    plan_date: dt.date = dt.date(2026, 1, 1)
    """A leased outlet left before its lease ends pays its lease-break cost if the lease ends after this day."""

    @property
    def capital_recovery_factor(self) -> float:
        """CRF(rate, horizon): the yearly payment that repays one unit over the horizon."""
        if self.discount_rate == 0:
            return 1.0 / self.horizon_years
        growth = (1.0 + self.discount_rate) ** self.horizon_years
        return float(self.discount_rate * growth / (growth - 1.0))


class Limits(_Part):
    """Bounds that hold network-wide in `[policy]`, or for one district in `[district.ID]`.

    Openings, closures and the stance count *physical* outlets (formats with `is_physical`); a relocation is
    neither an opening nor a closure and is counted in the district it leaves.
    """

    stance: Literal["advance", "hold", "retreat"] | None = None
    """advance: no closures; hold: neither openings nor closures; retreat: no openings."""
    capital: NonNegative | None = None
    max_running_cost_change: Finite | None = None
    max_staff_change: Finite | None = None
    min_staff_change: Finite | None = None
    min_openings: Annotated[int, Field(ge=0)] | None = None
    max_openings: Annotated[int, Field(ge=0)] | None = None
    min_closures: Annotated[int, Field(ge=0)] | None = None
    max_closures: Annotated[int, Field(ge=0)] | None = None
    max_conversions: Annotated[int, Field(ge=0)] | None = None
    max_relocations: Annotated[int, Field(ge=0)] | None = None
    min_outlets: Annotated[int, Field(ge=0)] | None = None
    max_outlets: Annotated[int, Field(ge=0)] | None = None
    max_of_format: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    min_of_format: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)


class Cluster(_Part):
    """`[[policy.cluster]]`: an outlet of `formats` needs one of `needs` within `minutes`."""

    formats: tuple[str, ...]
    needs: tuple[str, ...]
    minutes: Positive


class ZoneShare(_Part):
    """`[[policy.zone_share]]`: share of all physical outlets that lie in the named districts or townships."""

    name: str
    districts: tuple[str, ...] = ()
    townships: tuple[str, ...] = ()
    min_share: Share = 0.0
    max_share: Share = 1.0


class NetworkPolicy(Limits):
    """`[policy]`: network-wide bounds, named outlets and sites, clusters."""

    keep_last_outlet: bool = True
    """No township loses its last physical outlet."""
    protected: tuple[str, ...] = ()
    """Outlets that stay open where they are (keep or convert)."""
    forced_closures: tuple[str, ...] = ()
    """Outlets that must leave their premises (close or relocate)."""
    close_when_lease_ends_by: dt.date | None = None
    """Outlets whose lease ends on or before this day must leave their premises."""
    forced_openings: tuple[str, ...] = ()
    """Candidates that must open, in any of their formats."""
    forbidden: tuple[str, ...] = ()
    """Candidates that must not open."""
    relocation_minutes: NonNegative = 20.0
    """Farthest candidate an outlet may relocate to, one way."""
    cluster: tuple[Cluster, ...] = ()
    zone_share: tuple[ZoneShare, ...] = ()

    @model_validator(mode="after")
    def _capital_has_one_place(self) -> Self:
        if self.capital is not None:
            raise ValueError("the network's capital belongs in [budget] capital; here it is for districts only")
        return self


class Budget(_Part):
    """`[budget]`: money available once, and which one-off items draw on it in full."""

    capital: NonNegative | None = None
    draws: tuple[OneOff, ...] = ("opening", "conversion", "relocation")


class ServiceAccess(_Part):
    """`[access.service.NAME]`: what a customer's visit of this class costs."""

    reach_minutes: Positive = 60.0
    """Farthest outlet that counts, one way."""
    unserved_cost: NonNegative = 100.0
    """Penalty per visit that no outlet within reach serves."""
    shape: Literal["linear", "power", "exponential"] = "linear"
    exponent: Positive = 1.0
    """power: (round-trip minutes) ** exponent; exponential: rate per minute."""
    day_wait_cost: NonNegative = 0.0
    """Money per visit and day waited until the format opens."""
    not_postponable_share: Share = 0.0
    overflow_cost: NonNegative = 0.0
    """Money per visit above the site's capacity for this class."""


class Access(_Part):
    """`[access]`: how customers choose and what their time is worth."""

    assignment: Literal["nearest", "system"] = "nearest"
    segment_weight: Mapping[str, NonNegative] = Field(default_factory=dict)
    """Weight of a segment's visits in the access cost (default 1)."""
    service: Mapping[str, ServiceAccess] = Field(default_factory=dict)


class Capacity(_Part):
    """`[capacity]`: what happens above a site's capacity and below its viability."""

    overflow: Literal["priced", "hard", "ignored"] = "priced"
    viability: Literal["hard", "ignored"] = "ignored"


class Travel(_Part):
    """`[travel]`: who travels, legs off the road, and minutes where the region has no roads."""

    mode: Literal["car", "walk", "bus"] = "car"
    """How customers get there: driving, on foot, or by bus at an average speed plus a wait."""
    leg_speed_km_per_hour: Positive = 10.0
    """By car: speed from a node or site to the nearest road, and inside a cell."""
    leg_detour_factor: Annotated[float, Field(ge=1)] = 1.3
    max_leg_metres: Positive = 10_000.0
    """A node or site farther than this from every road is not reached (and is listed)."""
    speed_km_per_hour: Positive = 30.0
    """By car and without roads: speed along great circle x detour factor."""
    detour_factor: Annotated[float, Field(ge=1)] = 1.4
    walk_speed_km_per_hour: Positive = 4.8
    """On foot: speed on roads without walk_minutes and without roads; on foot and by bus: speed of legs and inside a cell."""
    bus_speed_km_per_hour: Positive = 18.0
    """By bus: average speed, stops included, on every road open to cars, and without roads."""
    bus_wait_minutes: NonNegative = 10.0
    """By bus: minutes added once to every trip: the wait at the stop."""

    @property
    def leg_minutes_per_km(self) -> float:
        """Minutes per great-circle kilometre off the road: legs to it and travel inside a cell."""
        speed = self.leg_speed_km_per_hour if self.mode == "car" else self.walk_speed_km_per_hour
        return 60.0 * self.leg_detour_factor / speed

    @property
    def crow_minutes_per_km(self) -> float:
        """Minutes per great-circle kilometre where the region has no roads."""
        speed = {
            "car": self.speed_km_per_hour,
            "walk": self.walk_speed_km_per_hour,
            "bus": self.bus_speed_km_per_hour,
        }[self.mode]
        return 60.0 * self.detour_factor / speed

    @property
    def trip_minutes(self) -> float:
        """Minutes that every trip costs once, however short."""
        return self.bus_wait_minutes if self.mode == "bus" else 0.0


class Standard(_Part):
    """`[[standard]]`: what the network owes to people, hard or at a price.

    kind ``coverage``: at least `share` of the people of `group` (in `districts`, if named) have an outlet that
    offers `service` and has every attribute of `only` within `minutes` by road or `kilometres` as the crow flies.
    kind ``township``: every township (of `districts`, if named) has a physical outlet.
    kind ``spacing``: no two physical outlets within `minutes` or `kilometres` of each other, unless both stand today.
    """

    id: str
    kind: Literal["coverage", "township", "spacing"] = "coverage"
    service: str | None = None
    group: str = "all"
    districts: tuple[str, ...] = ()
    minutes: Positive | None = None
    kilometres: Positive | None = None
    share: Share | None = None
    only: tuple[Attribute, ...] = ()
    min_days_per_week: NonNegative = 0.0
    formats: tuple[str, ...] = ()
    """Spacing: the formats it applies to (default: every physical one)."""
    any_bank: bool = False
    """Coverage: other banks' outlets count."""
    hard: bool = True
    penalty: Positive | None = None
    """Soft: money per year and person short (coverage), per township without (township), per pair (spacing)."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.hard == (self.penalty is not None):
            raise ValueError("a hard standard has no penalty, a soft one (hard = false) needs penalty = ...")
        if self.kind == "township":
            if self.minutes is not None or self.kilometres is not None or self.share is not None:
                raise ValueError("a township standard has no minutes, kilometres or share")
            return self
        if (self.minutes is None) == (self.kilometres is None):
            raise ValueError("give either minutes (by road) or kilometres (as the crow flies)")
        if self.kind == "coverage" and (self.service is None or self.share is None):
            raise ValueError('a coverage standard needs service = "..." and share = ...')
        return self


class Policy(_Part):
    """A plan file: the question put to the optimizer."""

    scope: Scope = Scope()
    objective: Objective = Objective()
    money: Money = Money()
    budget: Budget = Budget()
    access: Access = Access()
    capacity: Capacity = Capacity()
    travel: Travel = Travel()
    standard: tuple[Standard, ...] = ()
    policy: NetworkPolicy = NetworkPolicy()
    district: Mapping[str, Limits] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _soft_standards_have_money(self) -> Self:
        soft = [standard.id for standard in self.standard if not standard.hard]
        if soft and self.objective.kind == "coverage":
            raise ValueError(
                f"standard {soft[0]!r} is priced in money, a coverage objective counts people: make it hard"
            )
        return self

    @model_validator(mode="after")
    def _standard_ids_differ(self) -> Self:
        ids = [standard.id for standard in self.standard]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            raise ValueError(f"two standards have the same id: {', '.join(repeated)}")
        return self

    def service_access(self, service: str) -> ServiceAccess:
        """What a visit of this service class costs; the documented defaults where the plan file is silent."""
        return self.access.service.get(service, ServiceAccess())

    def replace(self, **parts: Any) -> Policy:
        """A policy with some parts replaced, validated again.

        A part is given whole or as a mapping of the keys to change: ``policy.replace(budget={"capital": 5e6})``.
        """
        unknown = sorted(set(parts) - set(type(self).model_fields))
        if unknown:
            raise InputError(f"a policy has no part {unknown[0]!r}; parts: {', '.join(type(self).model_fields)}")
        data = self.model_dump()
        for name, value in parts.items():
            given = value.model_dump() if isinstance(value, BaseModel) else value
            whole = isinstance(value, BaseModel) or not isinstance(data[name], dict) or not isinstance(given, Mapping)
            data[name] = given if whole else {**data[name], **given}
        return parse_policy(data, origin="replace()")


def parse_policy(data: Mapping[str, Any], *, origin: str) -> Policy:
    """Validate a plan file's content.

    Raises
    ------
    InputError
        Naming `origin`, each key and the remedy; all problems at once.
    """
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        lines = [f"{origin}: {line}" for line in _explain(error)]
        raise InputError("\n".join(lines)) from None


def read_policy(path: str | Path) -> Policy:
    """Read a plan file (TOML).

    Raises
    ------
    InputError
        The file is missing, is not UTF-8 TOML, or has unknown, missing or impossible values.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such plan file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name a plan file such as plan.toml in it") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    return parse_policy(data, origin=str(path))


def _explain(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        keys = [str(key) for key in item["loc"]]
        where = "[" + ".".join(keys[:-1]) + "] " + keys[-1] if len(keys) > 1 else " ".join(keys) or "plan"
        asked = next((key for key in reversed(keys) if key in _NOT_OFFERED), None) or item.get("input")
        if isinstance(asked, str) and asked in _NOT_OFFERED:
            yield f"{where}: {_NOT_OFFERED[asked]}; remove it"
        elif item["type"] == "extra_forbidden":
            yield f"{where}: unknown key; see docs/plan-file.md for the keys that exist"
        else:
            message = item["msg"].removeprefix("Value error, ")
            yield f"{where} = {item['input']!r}: {message[0].lower()}{message[1:]}"
