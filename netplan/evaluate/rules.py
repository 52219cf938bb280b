"""Does the plan keep every rule? Each family of rules of docs/model.md, checked on its own reading of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import Flags, Floats, Ints
from netplan.evaluate.bounds import Bounds
from netplan.evaluate.breaches import Breach
from netplan.evaluate.channels import counter_breaches, host_breaches, in_format, supply_breaches, van_breaches
from netplan.evaluate.customers import overflow
from netplan.evaluate.facts import Facts
from netplan.evaluate.money import Cash, cash_of
from netplan.evaluate.network import Network, network_of_today
from netplan.evaluate.standards import LAST_OUTLET, SpacingRule, Standards

SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a list of the plan file: this site must operate, or must not."""

    rule: str
    site: int
    must_operate: bool
    words: str


@dataclass(frozen=True, slots=True)
class ClusterRule:
    """A site in one of these formats needs another within so many minutes in one of those; formats as flags, (F,)."""

    rule: str
    members: Flags
    helps: Flags
    minutes: float
    words: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a network must keep, prepared once."""

    facts: Facts
    bounds: Bounds
    standards: Standards
    listed: tuple[Listed, ...]
    clusters: tuple[ClusterRule, ...]

    @classmethod
    def of(cls, facts: Facts) -> Rules:
        """The rules of a problem."""
        today = network_of_today(facts)
        bounds = Bounds.of(facts, today, cash_of(facts, today))
        return cls(facts, bounds, Standards.of(facts), tuple(_listed(facts)), tuple(_clusters(facts)))

    @property
    def needs_company(self) -> Flags:
        """Formats that some cluster ties to another, shape (F,)."""
        tied = np.zeros(len(self.facts.formats.names), dtype=bool)
        for cluster in self.clusters:
            tied |= cluster.members
        return tied

    def breaches(
        self, network: Network, cash: Cash, load: Floats, covered: tuple[float, ...], *, sites: Ints | None = None
    ) -> Iterator[Breach]:
        """Every rule that a network breaks.

        Parameters
        ----------
        cash, load
            `cash_of` the network; L_sc, shape (S, C).
        covered
            People covered under each coverage standard, in order.
        sites
            Sites whose own needs (format, relocation, supply, base, van, cluster) are checked; all of them if not given.
        """
        facts = self.facts
        sites = np.arange(len(facts.sites.ids)) if sites is None else sites
        yield from _site_breaches(facts, network, sites)
        yield from _relocation_breaches(facts, network, sites)
        for entry in self.listed:
            if network.is_open[entry.site] != entry.must_operate:
                yield Breach(entry.rule, f"{facts.sites.label(entry.site)} {entry.words}")
        yield from host_breaches(facts, network)
        yield from supply_breaches(facts, network, sites)
        yield from counter_breaches(facts, network, sites)
        yield from van_breaches(facts, network, sites)
        yield from self.bounds.breaches(facts, network, cash)
        for cluster in self.clusters:
            yield from _cluster_breaches(facts, network, cluster, sites)
        yield from _zone_breaches(facts, network)
        yield from self._standard_breaches(network, covered)
        yield from _overflow_breaches(facts, network, load)
        yield from _viability_breaches(facts, network, load)

    def _standard_breaches(self, network: Network, covered: tuple[float, ...]) -> Iterator[Breach]:
        for rule, people in zip(self.standards.coverage, covered, strict=True):
            short = rule.measure(people).short
            if rule.standard.hard and short > SLACK * max(1.0, rule.total):
                text = f"standard {rule.standard.id}: {short:,.0f} people short of {rule.standard.share:.1%}"
                yield Breach(f"standard.{rule.standard.id}", text)
        for township in self.standards.townships:
            places = township.without(self.facts, network) if township.penalty is None else ()
            yield from (_without_outlet(self.facts, township.id, int(place)) for place in places)
        for spacing in self.standards.spacing:
            if spacing.standard.hard:
                yield from _spacing_breaches(self.facts, network, spacing)


def _spacing_breaches(facts: Facts, network: Network, rule: SpacingRule) -> Iterator[Breach]:
    for one, other in zip(*rule.too_close(network), strict=True):
        pair = f"{facts.sites.label(one)} and {facts.sites.label(other)}"
        yield Breach(f"standard.{rule.standard.id}", f"standard {rule.standard.id}: {pair} stand too close")


def _without_outlet(facts: Facts, rule: str, township: int) -> Breach:
    name, place = facts.township_ids[township], facts.township_labels[township]
    if rule == LAST_OUTLET:
        return Breach(f"policy.{LAST_OUTLET}.{name}", f"{place} loses its last physical outlet")
    return Breach(f"standard.{rule}.{name}", f"standard {rule}: {place} has no physical outlet")


def _listed(facts: Facts) -> Iterator[Listed]:
    policy, sites = facts.policy.policy, facts.sites
    for key, names, must_operate, words in (
        ("protected", policy.protected, True, "is protected and must stay"),
        ("forced_openings", policy.forced_openings, True, "must open"),
        ("forced_closures", policy.forced_closures, False, "must leave its premises"),
        ("forbidden", policy.forbidden, False, "must not open"),
        ("close_when_lease_ends_by", _ending_leases(facts), False, "must leave its premises: its lease ends"),
    ):
        for name in names:
            if name in sites.ids:  # a site out of scope has nothing to decide
                yield Listed(f"policy.{key}.{name}", sites.ids.index(name), must_operate, words)


def _clusters(facts: Facts) -> Iterator[ClusterRule]:
    for number, cluster in enumerate(facts.policy.policy.cluster, start=1):
        yield ClusterRule(
            rule=f"policy.cluster.{number}",
            members=np.isin(facts.formats.names, cluster.formats),
            helps=np.isin(facts.formats.names, cluster.needs),
            minutes=cluster.minutes,
            words=f"has no {' or '.join(cluster.needs)} within {cluster.minutes:g} minutes",
        )


def _ending_leases(facts: Facts) -> tuple[str, ...]:
    last_day = facts.policy.policy.close_when_lease_ends_by
    if last_day is None:
        return ()
    return tuple(facts.sites.ids[k] for k in np.flatnonzero(facts.sites.lease_end <= np.datetime64(last_day)))


def _site_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    format_of = network.format_of[sites]
    for site in sites[(format_of >= 0) & ~facts.sites.allowed[sites, format_of]].tolist():
        name = facts.formats.names[network.format_of[site]]
        yield Breach(f"site.{facts.sites.ids[site]}", f"{facts.sites.label(site)} may not operate in format {name}")


def _relocation_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    """Relocations from or to one of `sites`."""
    asked = np.zeros(len(facts.sites.ids), dtype=bool)
    asked[sites] = True
    leaving = np.flatnonzero(network.relocated_to >= 0)
    movers = leaving[asked[leaving] | asked[network.relocated_to[leaving]]].tolist()
    targets = [int(network.relocated_to[k]) for k in movers]
    for position, k in enumerate(movers):
        label = facts.sites.label(k)
        for problem in _relocation_problems(facts, network, k, targets[position]):
            yield Breach(f"relocation.{facts.sites.ids[k]}", f"{label} {problem}")
        if targets[position] in targets[:position]:
            yield Breach(
                f"relocation.{facts.sites.ids[k]}", f"{label} relocates to a site that another outlet moves into"
            )


def _relocation_problems(facts: Facts, network: Network, k: int, s: int) -> Iterator[str]:
    sites, formats = facts.sites, facts.formats
    if s >= len(sites.ids) or not sites.is_existing[k] or sites.is_existing[s]:
        yield "cannot relocate there: only an outlet moves, and only to a candidate"
        return
    name, limit = formats.names[sites.present[k]], facts.policy.policy.relocation_minutes
    if network.is_open[k]:
        yield "relocates and stays open at once"
    if network.format_of[s] != sites.present[k]:
        yield f"relocates to {sites.label(s)}, which does not operate in its format {name}"
    if np.isnan(formats.relocation[sites.present[k]]):
        yield f"cannot relocate: format {name} has no relocation cost"
    if not facts.travel.between_sites.get(k, s) <= limit:
        yield f"relocates to {sites.label(s)}, more than {limit:g} minutes away"


def _cluster_breaches(facts: Facts, network: Network, cluster: ClusterRule, sites: Ints) -> Iterator[Breach]:
    members, helps = in_format(cluster.members, network), in_format(cluster.helps, network)
    for site in sites[members[sites]].tolist():
        target, minutes = facts.travel.between_sites.of(site)
        if not (helps[target] & (target != site) & (minutes <= cluster.minutes)).any():
            yield Breach(cluster.rule, f"{facts.sites.label(site)} {cluster.words}")


def _zone_breaches(facts: Facts, network: Network) -> Iterator[Breach]:
    if not facts.policy.policy.zone_share:
        return
    physical = in_format(facts.formats.is_physical, network)
    everywhere = int(physical.sum())
    districts, townships = np.array([*facts.district_ids, ""]), np.array([*facts.township_ids, ""])
    for zone in facts.policy.policy.zone_share:
        inside = np.isin(districts[facts.sites.district], zone.districts)
        inside |= np.isin(townships[facts.sites.township], zone.townships)
        here = int((physical & inside).sum())
        words = f"zone {zone.name} has {here:,} of {everywhere:,} physical outlets"
        if here < zone.min_share * everywhere - SLACK:
            yield Breach(f"policy.zone_share.{zone.name}.min", f"{words}, less than {zone.min_share:.1%}")
        if here > zone.max_share * everywhere + SLACK:
            yield Breach(f"policy.zone_share.{zone.name}.max", f"{words}, more than {zone.max_share:.1%}")


def _overflow_breaches(facts: Facts, network: Network, load: Floats) -> Iterator[Breach]:
    if facts.policy.capacity.overflow != "hard":
        return
    above = overflow(facts, network, load)
    for site, c in np.argwhere(above > SLACK * np.maximum(1.0, load)).tolist():
        service = facts.services[c]
        text = f"{facts.sites.label(site)} has {above[site, c]:,.0f} {service} visits a year above its capacity"
        yield Breach(f"capacity.{facts.sites.ids[site]}.{service}", text)


def _viability_breaches(facts: Facts, network: Network, load: Floats) -> Iterator[Breach]:
    if facts.policy.capacity.viability != "hard":
        return
    least = np.where(network.is_open, facts.formats.min_visits[network.format_of], 0.0)
    total = load.sum(axis=1)
    for site in np.flatnonzero(total < least - SLACK * np.maximum(1.0, least)).tolist():
        text = f"{facts.sites.label(site)} has {total[site]:,.0f} visits a year, its format needs {least[site]:,.0f}"
        yield Breach(f"viability.{facts.sites.ids[site]}", text)
