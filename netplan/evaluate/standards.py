"""Service standards measured: who is within reach, which townships have an outlet, which outlets stand too close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import chord_of_km, great_circle_km, unit_vectors
from netplan.evaluate.arrays import Flags, Floats, Ints, count_by, positions
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import Network
from netplan.policy import Standard
from netplan.travel import SparseMinutes

LAST_OUTLET = "keep_last_outlet"
"""Identifier of the default standard that no township loses its last physical outlet."""

RELATIVE = 1e-6


@dataclass(frozen=True, slots=True)
class Measured:
    """One standard under one network: what was reached, and what is short in its own unit."""

    reached: float
    short: float


@dataclass(frozen=True, slots=True)
class Promise:
    """What a standard promises, whatever its kind; `penalty` is None for a hard one."""

    id: str
    kind: str
    target: float
    unit: str
    penalty: float | None
    tolerance: float = 0.0
    """A shortfall up to this is rounding."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which nodes each site can cover, whatever it operates: (site, node) pairs ordered by site."""

    start: Ints
    node: Ints
    fits: Flags
    """Formats that cover, shape (F,)."""
    weight: Floats
    """People (or visits) that count at each node, shape (N,)."""
    is_covered_anyway: Flags
    """Nodes that another bank covers, shape (N,)."""

    def of(self, site: int) -> Ints:
        """Nodes within reach of one site."""
        return self.node[self.start[site] : self.start[site + 1]]

    def covering(self, network: Network) -> Ints:
        """How many open sites cover each node, shape (N,)."""
        site = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        covers = network.is_open & self.fits[network.format_of]
        return count_by(self.node[covers[site]], len(self.weight))

    def covered(self, network: Network) -> float:
        """People (or visits) covered by a network."""
        return self.covered_by(self.covering(network))

    def covered_by(self, covering: Ints) -> float:
        """People (or visits) covered where so many open sites cover each node."""
        return float(self.weight[(covering > 0) | self.is_covered_anyway].sum())


@dataclass(frozen=True, slots=True)
class CoverageRule:
    """A coverage standard with its pairs."""

    standard: Standard
    reach: Reach

    @property
    def total(self) -> float:
        """People of the group in the districts it is about."""
        return float(self.reach.weight.sum())

    @property
    def promise(self) -> Promise:
        """A share of the people."""
        share, tolerance = float(self.standard.share or 0.0), RELATIVE * max(1.0, self.total)
        return Promise(self.standard.id, "coverage", share, "share of people", self.standard.penalty, tolerance)

    def measure(self, covered: float) -> Measured:
        """Share covered and people short of the standard."""
        short = (self.standard.share or 0.0) * self.total - covered
        return Measured(covered / self.total if self.total else 1.0, _positive(short, self.total))


@dataclass(frozen=True, slots=True)
class TownshipRule:
    """Every one of these townships has a physical outlet."""

    id: str
    townships: Ints
    penalty: float | None

    @property
    def promise(self) -> Promise:
        """Every one of the townships."""
        return Promise(self.id, "township", float(len(self.townships)), "townships", self.penalty)

    def without(self, facts: Facts, network: Network) -> Ints:
        """Townships without a physical outlet."""
        return np.asarray(self.townships[physical_by_township(facts, network)[self.townships] == 0])

    def measure(self, facts: Facts, network: Network) -> Measured:
        """Townships with a physical outlet, and how many have none."""
        without = len(self.without(facts, network))
        return Measured(float(len(self.townships) - without), float(without))


@dataclass(frozen=True, slots=True)
class SpacingRule:
    """At most one of each of these pairs operates in these formats."""

    standard: Standard
    first: Ints
    second: Ints
    fits: Flags

    @property
    def promise(self) -> Promise:
        """No pair."""
        return Promise(self.standard.id, "spacing", 0.0, "pairs too close", self.standard.penalty)

    def too_close(self, network: Network) -> tuple[Ints, Ints]:
        """Pairs of sites that operate although they stand too close."""
        stands = network.is_open & self.fits[network.format_of]
        both = stands[self.first] & stands[self.second]
        return self.first[both], self.second[both]

    def measure(self, network: Network) -> Measured:
        """Pairs that stand too close."""
        pairs = float(len(self.too_close(network)[0]))
        return Measured(pairs, pairs)


@dataclass(frozen=True, slots=True)
class Standards:
    """All standards of a plan file, ready to be measured; the default one last."""

    coverage: tuple[CoverageRule, ...]
    townships: tuple[TownshipRule, ...]
    spacing: tuple[SpacingRule, ...]

    @classmethod
    def of(cls, facts: Facts) -> Standards:
        """Prepare the standards of the plan file, and `keep_last_outlet` if it holds."""
        by_kind: dict[str, list[Standard]] = {"coverage": [], "township": [], "spacing": []}
        for standard in facts.policy.standard:
            by_kind[standard.kind].append(standard)
        townships = [TownshipRule(each.id, _townships(facts, each), each.penalty) for each in by_kind["township"]]
        if facts.policy.policy.keep_last_outlet:
            townships.append(TownshipRule(LAST_OUTLET, served_today(facts), None))
        return cls(
            coverage=tuple(CoverageRule(each, standard_reach(facts, each)) for each in by_kind["coverage"]),
            townships=tuple(townships),
            spacing=tuple(_spacing(facts, each) for each in by_kind["spacing"]),
        )

    def covered(self, network: Network) -> tuple[float, ...]:
        """People covered under each coverage standard, in order."""
        return tuple(rule.reach.covered(network) for rule in self.coverage)

    def penalties(self, facts: Facts, network: Network, covered: tuple[float, ...]) -> float:
        """Component `standards`: penalties of the soft standards, money per year."""
        soft = [
            (rule.standard.penalty, rule.measure(people).short)
            for rule, people in zip(self.coverage, covered, strict=True)
        ]
        soft += [(rule.penalty, rule.measure(facts, network).short) for rule in self.townships if rule.penalty]
        soft += [(rule.standard.penalty, rule.measure(network).short) for rule in self.spacing if rule.standard.penalty]
        return sum((penalty * short for penalty, short in soft if penalty is not None), 0.0)


def _positive(short: float, scale: float) -> float:
    """A shortfall, without the dust that sums leave."""
    return short if short > 1e-9 * max(1.0, scale) else 0.0


def physical_by_township(facts: Facts, network: Network) -> Ints:
    """Physical outlets in each township, shape (townships,)."""
    stands = network.is_open & facts.formats.is_physical[network.format_of] & (facts.sites.township >= 0)
    return count_by(facts.sites.township[stands], len(facts.township_ids))


def served_today(facts: Facts) -> Ints:
    """Townships with a physical outlet today."""
    sites = facts.sites
    stands = sites.is_existing & facts.formats.is_physical[sites.present] & (sites.township >= 0)
    return np.unique(sites.township[stands])


def _townships(facts: Facts, standard: Standard) -> Ints:
    district = facts.region.townships["district_id"]
    inside = district.isin(standard.districts) if standard.districts else district.notna()
    return np.flatnonzero(inside.to_numpy())


def standard_reach(facts: Facts, standard: Standard) -> Reach:
    """The pairs of a coverage standard."""
    formats, table = facts.formats, facts.region.formats
    fits = formats.serves[:, facts.services.index(str(standard.service))].copy()
    fits &= formats.days >= standard.min_days_per_week
    for attribute in standard.only:
        fits &= table[f"is_{attribute}"].to_numpy(dtype=bool)
    weight = facts.nodes.people_of[standard.group]
    if standard.districts:
        inside = np.isin(facts.nodes.district, positions(facts.district_ids, standard.districts))
        weight = np.where(inside, weight, 0.0)
    start, node = _covering_pairs(facts, standard)
    return Reach(start, node, fits, weight, _covered_by_others(facts, standard))


def objective_reach(facts: Facts) -> Reach:
    """The pairs of the coverage objective; the weight is its people or visits."""
    objective = facts.policy.objective
    service = facts.services.index(str(objective.service))
    start, node = _visitors_within(facts, float(objective.minutes or 0.0))
    weight = facts.nodes.people_of[objective.group]
    if objective.measure == "visits":
        weight = facts.nodes.visits_of(objective.group, facts.segments, service)
    nobody = np.zeros(len(weight), dtype=bool)
    return Reach(start, node, facts.formats.serves[:, service], weight, nobody)


def _covering_pairs(facts: Facts, standard: Standard) -> tuple[Ints, Ints]:
    """Nodes within reach of each site, as row starts and nodes."""
    if standard.minutes is not None:
        return _visitors_within(facts, standard.minutes)
    node, site = within_km(facts, facts.sites.lon, facts.sites.lat, float(standard.kilometres or 0.0))
    order = np.argsort(site, kind="stable")
    return _starts(count_by(site, len(facts.sites.ids))), node[order]


def _visitors_within(facts: Facts, minutes: float) -> tuple[Ints, Ints]:
    keep = facts.visitors.minutes <= minutes
    seen = _starts(keep.astype(np.int64))
    return seen[facts.visitors.start], facts.visitors.origin[keep]


def _starts(counts: Ints) -> Ints:
    """Where each row starts, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def within_minutes(table: SparseMinutes, minutes: float) -> tuple[Ints, Ints]:
    """Pairs (origin, target) at most this many minutes apart."""
    keep = table.minutes <= minutes
    return table.origin[keep], table.target[keep]


def within_km(facts: Facts, lon: Floats, lat: Floats, kilometres: float) -> tuple[Ints, Ints]:
    """Pairs (node, place) at most this many great-circle kilometres apart."""
    nodes = facts.region.nodes[["lon", "lat"]].to_numpy(dtype=np.float64)
    return _near(nodes[:, 0], nodes[:, 1], lon, lat, kilometres)


def _near(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats, kilometres: float) -> tuple[Ints, Ints]:
    if not len(lon_a) or not len(lon_b):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    tree = KDTree(unit_vectors(lon_b, lat_b))
    # A hair wider than asked, then measured exactly: chords round.
    found = tree.query_ball_point(unit_vectors(lon_a, lat_a), chord_of_km(kilometres) * (1.0 + 1e-9) + 1e-12)
    a = np.repeat(np.arange(len(lon_a)), [len(hits) for hits in found])
    b = np.fromiter((hit for hits in found for hit in hits), dtype=np.int64, count=len(a))
    near = great_circle_km(lon_a[a], lat_a[a], lon_b[b], lat_b[b]) <= kilometres
    return a[near], b[near]


def _covered_by_others(facts: Facts, standard: Standard) -> Flags:
    """Nodes within reach of another bank's outlet that fits a standard, shape (N,)."""
    covered = np.zeros(len(facts.nodes.ids), dtype=bool)
    rivals = facts.region.competitors
    if not standard.any_bank or not len(rivals):
        return covered
    fits = np.array([standard.service in offered for offered in rivals["services"]], dtype=bool)
    fits &= rivals["days_per_week"].to_numpy(dtype=np.float64) >= standard.min_days_per_week
    for attribute in standard.only:
        # The table says of other banks' outlets whether they are staffed, step-free, physical; none is known to be hosted.
        column = f"is_{attribute}"
        fits &= rivals[column].to_numpy(dtype=bool) if column in rivals else False
    if standard.minutes is not None:
        node, rival = within_minutes(facts.travel.to_competitor, standard.minutes)
    else:
        lon, lat = rivals["lon"].to_numpy(dtype=np.float64), rivals["lat"].to_numpy(dtype=np.float64)
        node, rival = within_km(facts, lon, lat, float(standard.kilometres or 0.0))
    covered[node[fits[rival]]] = True
    return covered


def _spacing(facts: Facts, standard: Standard) -> SpacingRule:
    sites, formats = facts.sites, facts.formats
    if standard.minutes is not None:
        table = facts.travel.between_sites
        below = table.minutes < standard.minutes
        one, other = table.origin[below], table.target[below]
    else:
        distance = float(standard.kilometres or 0.0)
        one, other = _near(sites.lon, sites.lat, sites.lon, sites.lat, distance)
        below = great_circle_km(sites.lon[one], sites.lat[one], sites.lon[other], sites.lat[other]) < distance
        one, other = one[below], other[below]
    pair = np.unique(np.minimum(one, other) * len(sites.ids) + np.maximum(one, other))
    first, second = np.divmod(pair, len(sites.ids))
    counts = (first != second) & ~(sites.is_existing[first] & sites.is_existing[second])
    named = np.isin(formats.names, standard.formats) if standard.formats else np.ones(len(formats.names), dtype=bool)
    return SpacingRule(standard, first[counts], second[counts], named & formats.is_physical)
