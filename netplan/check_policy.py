"""A plan file against the region it is meant for: every id, format, service and group it names must exist."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from netplan.checks.references import likely
from netplan.policy import Limits, Money, NetworkPolicy, Policy, ServiceAccess, Standard
from netplan.region import Region
from netplan.violations import Violation, counted, some

GROUPS = ("all", "urban", "rural")
"""Groups of people besides the segments."""

_CHOICES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name in the plan file and what kind of thing it must be."""

    where: str
    kind: str
    name: str


def check_policy(region: Region, policy: Policy, origin: str) -> list[Violation]:
    """What in a plan file does not fit the region.

    Parameters
    ----------
    region
        The whole region, before it is cut to the scope: a plan file may name outlets of every district, and be run
        for one district only (`scope_notes` counts what then has no effect).
    origin
        Name of the plan file, for the messages.

    Returns
    -------
    list of Violation
        Empty if the plan file fits; `Violation.column` is the key.
    """
    known = _known(region)
    problems = [
        *(_unknown(mention, known) for mention in _mentions(policy) if mention.name not in known[mention.kind]),
        *_penalties(region, policy),
        *_contradictions(policy.policy),
        *_standards(region, policy),
        *_zones(policy.policy),
    ]
    return [Violation(origin, None, where, value, problem, remedy) for where, value, problem, remedy in problems]


def scope_notes(region: Region, policy: Policy) -> tuple[str, ...]:
    """What a plan file names that lies outside its scope and therefore has no effect, counted and listed.

    Parameters
    ----------
    region
        The whole region, before it is cut to the scope.
    """
    if not policy.scope.districts:
        return ()
    known = _known(region.within(policy.scope.districts))
    idle: dict[str, list[str]] = {}
    for mention in _mentions(policy):
        if mention.kind in ("outlet", "candidate", "district", "township") and mention.name not in known[mention.kind]:
            idle.setdefault(mention.where, []).append(mention.name)
    return tuple(
        f"plan file: {where} names {counted(len(names), 'place')} outside the scope, without effect ({some(names)})"
        for where, names in idle.items()
        if where != "[scope] districts"
    )


_Problem = tuple[str, str | None, str, str]
"""Key, value, problem, remedy."""


def _known(region: Region) -> Mapping[str, Collection[str]]:
    return {
        "district": dict.fromkeys(region.districts["district_id"]),
        "township": dict.fromkeys(region.townships["township_id"]),
        "outlet": dict.fromkeys(region.outlets["site_id"]),
        "candidate": dict.fromkeys(region.candidates["site_id"]),
        "format": dict.fromkeys(region.formats["format"]),
        "service class": dict.fromkeys(region.services),
        "segment": dict.fromkeys(region.segments),
        "group": dict.fromkeys((*GROUPS, *region.segments)),
    }


def _mentions(policy: Policy) -> Iterator[_Mention]:
    yield from _each("[scope] districts", "district", policy.scope.districts)
    yield from _each(
        "[objective] service", "service class", [policy.objective.service] if policy.objective.service else []
    )
    yield from _each("[objective] group", "group", [policy.objective.group])
    yield from _each("[access.segment_weight]", "segment", policy.access.segment_weight)
    yield from _each("[access.service]", "service class", policy.access.service)
    for place, standard in enumerate(policy.standard):
        yield from _of_standard(f"[[standard]] {standard.id or place + 1}", standard)
    yield from _of_network(policy.policy)
    yield from _each("[district]", "district", policy.district)
    for name, limits in policy.district.items():
        yield from _of_limits(f"[district.{name}]", limits)


def _each(where: str, kind: str, names: Collection[str]) -> Iterator[_Mention]:
    return (_Mention(where, kind, name) for name in names)


def _of_standard(where: str, standard: Standard) -> Iterator[_Mention]:
    yield from _each(f"{where} service", "service class", [standard.service] if standard.service else [])
    yield from _each(f"{where} group", "group", [standard.group])
    yield from _each(f"{where} districts", "district", standard.districts)
    yield from _each(f"{where} formats", "format", standard.formats)


def _of_network(network: NetworkPolicy) -> Iterator[_Mention]:
    yield from _of_limits("[policy]", network)
    yield from _each("[policy] protected", "outlet", network.protected)
    yield from _each("[policy] forced_closures", "outlet", network.forced_closures)
    yield from _each("[policy] forced_openings", "candidate", network.forced_openings)
    yield from _each("[policy] forbidden", "candidate", network.forbidden)
    for place, cluster in enumerate(network.cluster, start=1):
        yield from _each(f"[[policy.cluster]] {place} formats", "format", cluster.formats)
        yield from _each(f"[[policy.cluster]] {place} needs", "format", cluster.needs)
    for zone in network.zone_share:
        yield from _each(f"[[policy.zone_share]] {zone.name} districts", "district", zone.districts)
        yield from _each(f"[[policy.zone_share]] {zone.name} townships", "township", zone.townships)


def _of_limits(where: str, limits: Limits) -> Iterator[_Mention]:
    yield from _each(f"{where} max_of_format", "format", limits.max_of_format)
    yield from _each(f"{where} min_of_format", "format", limits.min_of_format)


def _unknown(mention: _Mention, known: Mapping[str, Collection[str]]) -> _Problem:
    options = known[mention.kind]
    other = {"outlet": "candidate", "candidate": "outlet"}.get(mention.kind, "")
    meant = likely(mention.name, options)
    if other and mention.name in known[other]:
        remedy = f"{mention.name} is {'an outlet' if other == 'outlet' else 'a candidate'}: name it under another key"
    elif meant:
        remedy = f"write {meant}, if that is meant"
    elif 0 < len(options) <= _CHOICES_SHOWN:
        remedy = f"write one of {', '.join(options)}"
    else:
        remedy = f"correct it, or add the {mention.kind} to the region"
    return mention.where, mention.name, f"the region has no such {mention.kind}", remedy


def _penalties(region: Region, policy: Policy) -> Iterator[_Problem]:
    """An unserved visit must cost at least what the farthest served one does (model.md, access rows)."""
    for service in region.services:
        access = policy.service_access(service)
        farthest = _time_cost(access, policy.money, 2.0 * access.reach_minutes)
        if access.unserved_cost >= farthest:
            continue
        problem = (
            f"below {farthest:,.2f}, the time cost of a visit at reach_minutes = {access.reach_minutes:g}: "
            "customers would rather go unserved than travel"
        )
        remedy = "raise unserved_cost, or lower reach_minutes or [money] value_of_time_per_hour"
        yield f"[access.service.{service}] unserved_cost", f"{access.unserved_cost:g}", problem, remedy


def _time_cost(access: ServiceAccess, money: Money, trip_minutes: float) -> float:
    """time(m) of model.md for m = `trip_minutes`, there and back; infinite where it overflows."""
    per_minute = money.value_of_time_per_hour / 60.0
    try:
        if access.shape == "power":
            return float(per_minute * trip_minutes**access.exponent)
        if access.shape == "exponential":
            return float(per_minute * math.expm1(access.exponent * trip_minutes) / access.exponent)
    except OverflowError:
        return math.inf
    return float(per_minute * trip_minutes)


def _contradictions(network: NetworkPolicy) -> Iterator[_Problem]:
    """A site asked to do two opposite things, or named twice."""
    opposites = (
        ("protected", "forced_closures", "stays", "leaves"),
        ("forced_openings", "forbidden", "opens", "does not open"),
    )
    for one, other, does, does_not in opposites:
        for site in sorted(set(getattr(network, one)) & set(getattr(network, other))):
            problem = f"{does} by {one} and {does_not} by {other}"
            yield f"[policy] {one}", site, problem, f"take it off {one} or {other}"
    for key in ("protected", "forced_closures", "forced_openings", "forbidden"):
        names = getattr(network, key)
        for site in sorted({name for name in names if names.count(name) > 1}):
            yield f"[policy] {key}", site, "named twice", "name it once"


def _standards(region: Region, policy: Policy) -> Iterator[_Problem]:
    physical = set(region.formats.loc[region.formats["is_physical"], "format"])
    listed = set(region.formats["format"])
    for standard in policy.standard:
        where = f"[[standard]] {standard.id}"
        for name in standard.formats:
            if name in listed - physical and standard.kind == "spacing":
                problem = "spacing counts physical outlets, and this format is none"
                yield f"{where} formats", name, problem, "take it off the list"
        if standard.any_bank and region.competitors.empty:
            problem = "the region has no table competitors, so no other bank's outlets can count"
            yield f"{where} any_bank", "true", problem, "add competitors.csv, or remove any_bank"


def _zones(network: NetworkPolicy) -> Iterator[_Problem]:
    for zone in network.zone_share:
        where = f"[[policy.zone_share]] {zone.name}"
        if not zone.districts and not zone.townships:
            yield where, None, "names neither districts nor townships", "name those that make up the zone"
        if zone.min_share > zone.max_share:
            yield f"{where} min_share", f"{zone.min_share:g}", f"above max_share = {zone.max_share:g}", "swap them"
    for place, cluster in enumerate(network.cluster, start=1):
        for key in ("formats", "needs"):
            if not getattr(cluster, key):
                yield f"[[policy.cluster]] {place} {key}", None, "names no format", "name at least one"
