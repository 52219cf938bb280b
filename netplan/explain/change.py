"""What a reversal changes, worked out from the rows it touches only.

`evaluate` of the plan with the action reversed gives the same figures; this is the same arithmetic on the customers,
outlets and nodes whose cheapest option changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, count_by, distinct, dot
from netplan.evaluate.breaches import Breach
from netplan.evaluate.case import Basis, Case
from netplan.evaluate.channels import num_suppliers
from netplan.evaluate.customers import access_ranking, overflow, overflow_in
from netplan.evaluate.facts import Arriving, Facts
from netplan.evaluate.margin import (
    gain_ranking,
    gain_value,
    margin_rows,
    retention_cost,
    retention_ranking,
)
from netplan.evaluate.money import Cash, cash_like
from netplan.evaluate.network import Assignment, Network, minutes_between
from netplan.evaluate.ranking import Ranking
from netplan.evaluate.standards import Reach, objective_reach
from netplan.explain.reversal import Reversal, dependents
from netplan.policy import ONE_OFFS


@dataclass(frozen=True, slots=True)
class Change:
    """A plan with one action reversed, less the plan. Money per year; minutes one way.

    Attributes
    ----------
    objective, cash, margin
        Change of the objective in force, of the bank's cash cost, and of margin (won less lost).
    people
        People at the nodes of which some visit goes elsewhere.
    visits, minutes
        Visits per year that go elsewhere and are served before and after, and the sum of their minutes' change.
    unserved_visits
        Change of the visits per year that nobody serves.
    breaches
        Rules that the reversal breaks and the plan does not.
    """

    objective: float
    cash: float
    margin: float
    people: float
    visits: float
    minutes: float
    unserved_visits: float
    breaches: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class _Moved:
    """Records that go elsewhere: where to, at what cost per visit and minutes."""

    record: Ints
    site: Ints
    cost: Floats
    minutes: Floats


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan with its rankings: what every row would fall back to."""

    basis: Basis
    case: Case
    plan_breaches: frozenset[Breach]
    access_cost: Floats
    """Cost of the cheapest and second option of each (node, service), shape (2, N, C)."""
    access_site: Ints
    access_minutes: Floats
    records_by_site: Arriving
    """Records served by each site."""
    records_by_row: Arriving
    """Records of each row node x C + service."""
    retention: Ranking
    gain: Ranking
    coverage: tuple[tuple[Reach, Ints], ...]
    """Reach of each coverage standard and how many sites cover each node; last, those of a coverage objective."""
    current: Floats
    """Money per visit of each record."""
    suppliers: Ints
    """How many outlets supply each site with cash, shape (S,)."""
    margin_rows: Floats
    """m_kc by retention row."""
    above: Floats
    """Visits above capacity, shape (S, C)."""
    cash_per_year: float
    overflow_per_year: float

    @classmethod
    def of(cls, basis: Basis, network: Network, assignment: Assignment) -> Standing:
        """Rank every row of a plan."""
        facts, rules = basis.facts, basis.rules
        case = Case.of(basis, network, assignment)
        rankings = access_ranking(facts, basis.prices, network)
        cost, site, minutes = _two_best(facts, rankings)
        reaches = [rule.reach for rule in rules.standards.coverage]
        if facts.policy.objective.kind == "coverage":
            reaches.append(objective_reach(facts))
        row = assignment.node * len(facts.services) + assignment.service
        above = overflow(facts, network, case.load)
        return cls(
            basis=basis,
            case=case,
            plan_breaches=frozenset(rules.breaches(network, case.cash, case.load, case.covered)),
            access_cost=cost,
            access_site=site,
            access_minutes=minutes,
            records_by_site=_index(
                np.where(case.visits.site >= 0, case.visits.site, len(facts.sites.ids)), len(facts.sites.ids) + 1
            ),
            records_by_row=_index(row, facts.nodes.visits.size),
            retention=retention_ranking(facts, basis.curves, network),
            gain=gain_ranking(facts, basis.curves, network),
            coverage=tuple((reach, reach.covering(network)) for reach in reaches),
            current=case.visits.cost,
            suppliers=num_suppliers(facts, network, np.arange(len(facts.sites.ids))),
            margin_rows=margin_rows(facts),
            above=above,
            cash_per_year=_cash_per_year(facts, case.cash),
            overflow_per_year=_overflow_per_year(basis, above),
        )

    def reassigned(self, reversal: Reversal) -> Assignment:
        """The plan's assignment with the visits moved that a reversal moves."""
        records, moved = self.case.visits.assignment, self._moved(reversal)
        site, minutes = self.case.visits.site.copy(), records.minutes.copy()
        site[moved.record], minutes[moved.record] = moved.site, moved.minutes
        return Assignment(records.node, records.service, site, records.share, minutes)

    def change(self, reversal: Reversal) -> Change:
        """What reversing one action changes."""
        facts = self.basis.facts
        moved = self._moved(reversal)
        load = self._load(moved)
        cash = cash_like(facts, reversal.network, self.case.cash, reversal.sites)
        covered = tuple(reach.covered_by(self._covering(reach, count, reversal)) for reach, count in self.coverage)
        margin = self._margin(reversal)
        costs = self._cost_changes(reversal, moved, load, cash, covered)
        people, visits, minutes, unserved = self._customers(moved)
        standards = covered[: len(self.basis.rules.standards.coverage)]
        sites = dependents(self.basis, reversal, self.suppliers)
        found = self.basis.rules.breaches(reversal.network, cash, load, standards, sites=sites)
        return Change(
            objective=self._objective(costs, margin, covered),
            cash=costs["cash"],
            margin=margin,
            people=people,
            visits=visits,
            minutes=minutes,
            unserved_visits=unserved,
            breaches=tuple(breach for breach in found if breach not in self.plan_breaches),
        )

    def _objective(self, costs: dict[str, float], margin: float, covered: tuple[float, ...]) -> float:
        kind = self.basis.facts.policy.objective.kind
        if kind == "coverage":
            reach, count = self.coverage[-1]
            return reach.covered_by(count) - covered[-1]
        if kind == "access":
            return costs["access"] + costs["standards"]
        return costs["cash"] + costs["access"] + costs["overflow"] + costs["standards"] - margin

    def _cost_changes(
        self, reversal: Reversal, moved: _Moved, load: Floats, cash: Cash, covered: tuple[float, ...]
    ) -> dict[str, float]:
        facts, case = self.basis.facts, self.case
        weight = case.visits.weighted[moved.record]
        standards = self.basis.rules.standards
        return {
            "cash": _cash_per_year(facts, cash) - self.cash_per_year,
            "access": dot(weight, moved.cost - self.current[moved.record]),
            "overflow": self._overflow_cost(reversal, moved, load) - self.overflow_per_year,
            "standards": standards.penalties(facts, reversal.network, covered[: len(standards.coverage)])
            - standards.penalties(facts, case.network, case.covered),
        }

    def _overflow_cost(self, reversal: Reversal, moved: _Moved, load: Floats) -> float:
        facts, before = self.basis.facts, self.case.visits.site[moved.record]
        at = distinct(len(load), reversal.sites, before[before >= 0], moved.site[moved.site >= 0])
        above = self.above.copy()
        above[at] = overflow_in(facts, reversal.network.format_of[at], load[at])
        return _overflow_per_year(self.basis, above)

    def _moved(self, reversal: Reversal) -> _Moved:
        """Records whose site no longer operates as planned, or for which the site that comes back is cheaper."""
        facts, visits = self.basis.facts, self.case.visits
        leaving = self._records_at(reversal.removed)
        reach_minutes, nearby = self._near(reversal.added)
        record = distinct(len(visits.site), leaving, nearby)
        node, service = visits.assignment.node[record], visits.assignment.service[record]
        cost, site, minutes = self.current[record], visits.site[record], visits.assignment.minutes[record]
        falls = (site == reversal.removed) & (site != NONE)
        back = self._fallback(reversal.removed, node, service)
        cost, site, minutes = (np.where(falls, new, old) for new, old in zip(back, (cost, site, minutes), strict=True))
        if reversal.added != NONE:
            format_of = np.full(len(record), reversal.network.format_of[reversal.added])
            offer = self._offers(service, format_of, reach_minutes[node])
            # What stays unserved costs the penalty and has no site, so a tie with it is not won.
            wins = (offer < cost) | ((offer == cost) & (site > reversal.added))
            cost, site = np.where(wins, offer, cost), np.where(wins, reversal.added, site)
            minutes = np.where(wins, reach_minutes[node], minutes)
        differs = (site != visits.site[record]) | (cost != self.current[record])
        differs &= facts.nodes.visits[node, service] * visits.assignment.share[record] > 0
        return _Moved(record[differs], site[differs], cost[differs], minutes[differs])

    def _records_at(self, site: int) -> Ints:
        return self.records_by_site.at(site)[0] if site != NONE else np.empty(0, dtype=np.int64)

    def _near(self, site: int) -> tuple[Floats, Ints]:
        """Minutes of every node to a site (infinite beyond the cut-off), and the records of the nodes within it."""
        facts = self.basis.facts
        minutes = np.full(len(facts.nodes.ids), np.inf)
        if site == NONE:
            return minutes, np.empty(0, dtype=np.int64)
        node, near = facts.visitors.at(site)
        minutes[node] = near
        services = len(facts.services)
        rows = (node[:, None] * services + np.arange(services)).ravel()
        return minutes, self._records_of(rows)

    def _records_of(self, rows: Ints) -> Ints:
        index = self.records_by_row
        first, count = index.start[rows], index.start[rows + 1] - index.start[rows]
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.asarray(index.origin[np.repeat(first, count) + offset])

    def _fallback(self, removed: int, node: Ints, service: Ints) -> tuple[Floats, Ints, Floats]:
        """Cost, site and minutes of the cheapest open option of rows once a site is gone."""
        second = (self.access_site[0, node, service] == removed).astype(np.int64)
        at = (second, node, service)
        return self.access_cost[at], self.access_site[at], self.access_minutes[at]

    def _offers(self, service: Ints, format_of: Ints, minutes: Floats) -> Floats:
        cost = np.full(len(service), np.inf)
        for c in range(len(self.basis.prices.classes)):
            here = service == c
            cost[here] = self.basis.prices.visit(c, format_of[here], minutes[here])
        return cost

    def _load(self, moved: _Moved) -> Floats:
        visits = self.case.visits
        load = self.case.load.copy()
        service, volume = visits.assignment.service[moved.record], visits.visits[moved.record]
        before = visits.site[moved.record]
        for site, sign in ((before, -1.0), (moved.site, 1.0)):
            served = site >= 0
            np.add.at(load, (site[served], service[served]), sign * volume[served])
        return np.maximum(load, 0.0)

    def _customers(self, moved: _Moved) -> tuple[float, float, float, float]:
        """People, visits, minutes and unserved visits of the records that go elsewhere."""
        visits, people = self.case.visits, self.basis.facts.nodes.people
        before = visits.site[moved.record]
        elsewhere: Flags = before != moved.site
        record, after, was = moved.record[elsewhere], moved.site[elsewhere], before[elsewhere]
        volume = visits.visits[record]
        both = (was >= 0) & (after >= 0)
        change = (moved.minutes[elsewhere] - visits.assignment.minutes[record])[both]
        nodes = distinct(len(people), visits.assignment.node[record])
        unserved = float(volume[after < 0].sum() - volume[was < 0].sum())
        return float(people[nodes].sum()), float(volume[both].sum()), dot(volume[both], change), unserved

    def _margin(self, reversal: Reversal) -> float:
        """Change of won margin less lost margin."""
        return self._won(reversal) - self._lost(reversal)

    def _lost(self, reversal: Reversal) -> float:
        facts, ranking = self.basis.facts, self.retention
        cost = np.where((ranking.site == reversal.removed) & (ranking.site != NONE), ranking.next_cost, ranking.cost)
        if reversal.added != NONE:
            services = len(facts.services)
            outlet, minutes = facts.arriving.at(reversal.added)
            known = outlet < int(facts.sites.is_existing.sum())
            outlet, minutes = outlet[known], minutes[known]
            pairs = (outlet, np.full(len(outlet), reversal.added))
            offer = retention_cost(facts, self.basis.curves, reversal.network, pairs, minutes)
            rows = outlet[:, None] * services + np.arange(services)
            cost[rows] = np.minimum(cost[rows], offer)
        return dot(self.margin_rows, cost - ranking.cost)

    def _won(self, reversal: Reversal) -> float:
        facts, ranking = self.basis.facts, self.gain
        cost = np.where((ranking.site == reversal.removed) & (ranking.site != NONE), ranking.next_cost, ranking.cost)
        if reversal.added != NONE:
            node, minutes = facts.visitors.at(reversal.added)
            format_of = np.full(len(node), reversal.network.format_of[reversal.added])
            cost[node] = np.minimum(cost[node], -gain_value(facts, self.basis.curves, format_of, minutes))
        return dot(facts.nodes.market_margin, ranking.cost - cost)

    def _covering(self, reach: Reach, count: Ints, reversal: Reversal) -> Ints:
        before, after = self.case.network.format_of, reversal.network.format_of
        covering = count.copy()
        for site, format_, sign in (
            (reversal.removed, before[reversal.removed], -1),
            (reversal.added, after[reversal.added], 1),
        ):
            if site != NONE and reach.fits[format_]:
                covering[reach.of(site)] += sign
        return covering


def _cash_per_year(facts: Facts, cash: Cash) -> float:
    one_offs = sum(cash.one_off(kind) for kind in ONE_OFFS)
    return float(cash.running.sum() + cash.vans.sum() + facts.policy.money.capital_recovery_factor * one_offs)


def _overflow_per_year(basis: Basis, above: Floats) -> float:
    if basis.facts.policy.capacity.overflow != "priced":
        return 0.0
    return dot(above, np.array([each.overflow_cost for each in basis.prices.classes]))


def _index(key: Ints, keys: int) -> Arriving:
    """Positions by key."""
    order = np.argsort(key, kind="stable")
    start = np.concatenate([[0], np.cumsum(count_by(key, keys))])
    return Arriving(start, order, np.zeros(len(order)))


def _two_best(facts: Facts, rankings: tuple[Ranking, ...]) -> tuple[Floats, Ints, Floats]:
    cost = np.stack([np.column_stack([getattr(each, name) for each in rankings]) for name in ("cost", "next_cost")])
    site = np.stack([np.column_stack([getattr(each, name) for each in rankings]) for name in ("site", "next_site")])
    node = np.broadcast_to(np.arange(site.shape[1])[None, :, None], site.shape)
    minutes = minutes_between(facts, node.ravel(), site.ravel()).reshape(site.shape)
    return cost, site, minutes
