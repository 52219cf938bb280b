"""What customers do: where each visit goes, what it costs, and how busy that makes every site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, rows_at, sum_by
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import Assignment, Network, minutes_between
from netplan.evaluate.ranking import Options, Ranking, rank
from netplan.policy import Policy, ServiceAccess

RELATIVE = 1e-9
"""Two costs per visit closer than this, relatively, are equal to the audit."""

SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Prices:
    """What a visit costs, per service class by position."""

    classes: tuple[ServiceAccess, ...]
    value_per_minute: float
    wait: Floats
    """Money per visit for the days until the format opens, shape (F, C)."""
    serves: Flags
    """Shape (F, C)."""

    @classmethod
    def of(cls, facts: Facts) -> Prices:
        """Prices of the plan file."""
        policy: Policy = facts.policy
        classes = tuple(policy.service_access(service) for service in facts.services)
        days_until_open = np.maximum(0.0, (7.0 / facts.formats.days - 1.0) / 2.0)
        per_day = np.array([each.day_wait_cost * each.not_postponable_share for each in classes])
        return cls(
            classes,
            policy.money.value_of_time_per_hour / 60.0,
            np.outer(days_until_open, per_day),
            facts.formats.serves,
        )

    @property
    def penalty(self) -> Floats:
        """unserved_cost_c, shape (C,)."""
        return np.array([each.unserved_cost for each in self.classes])

    def time(self, service: int, minutes: Floats) -> Floats:
        """Money for the time of a visit, there and back, at these one-way minutes."""
        each, both_ways = self.classes[service], 2.0 * minutes
        if each.shape == "power":
            return np.asarray(self.value_per_minute * both_ways**each.exponent)
        if each.shape == "exponential":
            return np.asarray(self.value_per_minute * (np.exp(each.exponent * both_ways) - 1.0) / each.exponent)
        return self.value_per_minute * both_ways

    def visit(self, service: int, format_of: Ints, minutes: Floats) -> Floats:
        """Money per visit to sites in these formats; infinite where the visit is not possible."""
        possible = (format_of >= 0) & (minutes <= self.classes[service].reach_minutes)
        possible &= self.serves[format_of, service]
        cost = np.full(len(minutes), np.inf)
        cost[possible] = self.time(service, minutes[possible]) + self.wait[format_of[possible], service]
        return cost


@dataclass(frozen=True, slots=True)
class Visits:
    """An assignment priced: what each record weighs and costs. Arrays have one entry per record.

    A record that the rules do not allow (closed site, class not offered, beyond reach, dearer than staying unserved)
    is priced as unserved, and reported by `assignment_problems`.
    """

    assignment: Assignment
    site: Ints
    """Where the visits are counted; -1 = unserved."""
    visits: Floats
    weighted: Floats
    time: Floats
    wait: Floats
    penalty: Floats
    """Money per visit, one of time + wait or penalty is 0."""

    @property
    def cost(self) -> Floats:
        """Money per visit."""
        return self.time + self.wait + self.penalty

    @property
    def is_served(self) -> Flags:
        """Records that some site serves."""
        return self.site >= 0


@dataclass(frozen=True, slots=True)
class OpenPairs:
    """Nodes and the open sites within the cut-off, ordered by node, then site."""

    node: Ints
    site: Ints
    format_of: Ints
    minutes: Floats

    @classmethod
    def of(cls, facts: Facts, network: Network) -> OpenPairs:
        """The pairs of a network."""
        table = facts.travel.to_site
        keep = np.flatnonzero(network.is_open[table.target])
        site = table.target[keep]
        return cls(rows_at(table.start, keep), site, network.format_of[site], table.minutes[keep])


def access_options(prices: Prices, pairs: OpenPairs, service: int) -> Options:
    """The open options of every node for one service class."""
    serves = prices.serves[pairs.format_of, service] & (pairs.minutes <= prices.classes[service].reach_minutes)
    at = np.flatnonzero(serves)
    cost = prices.time(service, pairs.minutes[at]) + prices.wait[pairs.format_of[at], service]
    return Options(pairs.node[at], pairs.site[at], cost)


def access_ranking(facts: Facts, prices: Prices, network: Network) -> tuple[Ranking, ...]:
    """The two cheapest options of every node, one ranking per service class."""
    pairs, nodes = OpenPairs.of(facts, network), len(facts.nodes.ids)
    return tuple(
        rank(access_options(prices, pairs, c), np.full(nodes, each.unserved_cost))
        for c, each in enumerate(prices.classes)
    )


def nearest(facts: Facts, rankings: tuple[Ranking, ...]) -> Assignment:
    """Each visit to its cheapest open option: one record per node and class with visits."""
    node, service = np.nonzero(facts.nodes.visits > 0)
    site = np.column_stack([ranking.site for ranking in rankings])[node, service]
    return Assignment(node, service, site, np.ones(len(node)), minutes_between(facts, node, site))


def price(facts: Facts, prices: Prices, network: Network, assignment: Assignment) -> Visits:
    """Weigh and price an assignment."""
    known = (assignment.node >= 0) & (assignment.service >= 0)
    site = np.where(_is_allowed(prices, network, assignment) & known, assignment.site, NONE)
    share = np.where(known, assignment.share, 0.0)
    served = site >= 0
    time, wait = np.zeros(len(site)), np.zeros(len(site))
    for c in range(len(prices.classes)):
        here = served & (assignment.service == c)
        time[here] = prices.time(c, assignment.minutes[here])
        wait[here] = prices.wait[network.format_of[site[here]], c]
    return Visits(
        assignment=assignment,
        site=site,
        visits=facts.nodes.visits[assignment.node, assignment.service] * share,
        weighted=facts.nodes.weighted[assignment.node, assignment.service] * share,
        time=time,
        wait=wait,
        penalty=np.where(served, 0.0, prices.penalty[assignment.service]),
    )


def _is_allowed(prices: Prices, network: Network, assignment: Assignment) -> Flags:
    """Records whose site serves the class within reach for less than the penalty."""
    cost = _record_cost(prices, network, assignment)
    return np.asarray(cost < prices.penalty[assignment.service])


def _record_cost(prices: Prices, network: Network, assignment: Assignment) -> Floats:
    """Money per visit of each record at its site; infinite where it cannot be served there."""
    cost = np.full(len(assignment.site), np.inf)
    for c in range(len(prices.classes)):
        here = np.flatnonzero((assignment.service == c) & (assignment.site >= 0) & ~np.isnan(assignment.minutes))
        cost[here] = prices.visit(c, network.format_of[assignment.site[here]], assignment.minutes[here])
    return cost


def loads(facts: Facts, visits: Visits) -> Floats:
    """L_sc, visits per year, shape (S, C)."""
    shape = (len(facts.sites.ids), len(facts.services))
    served = visits.is_served
    cell = visits.site[served] * shape[1] + visits.assignment.service[served]
    return sum_by(cell, visits.visits[served], shape[0] * shape[1]).reshape(shape)


def capacities(facts: Facts, network: Network) -> Floats:
    """Capacity of every site in the format it operates in, visits per year, 0 where closed, shape (S, C)."""
    return _capacities(facts, network.format_of)


def _capacities(facts: Facts, format_of: Ints) -> Floats:
    return np.where((format_of >= 0)[:, None], facts.formats.capacity[format_of], 0.0)


def overflow(facts: Facts, network: Network, load: Floats) -> Floats:
    """o_sc: visits above capacity, shape (S, C)."""
    return overflow_in(facts, network.format_of, load)


def overflow_in(facts: Facts, format_of: Ints, load: Floats) -> Floats:
    """Visits above capacity of sites in these formats (-1 = closed), shape (sites, C)."""
    return np.asarray(np.maximum(0.0, load - _capacities(facts, format_of)))


def assignment_problems(facts: Facts, prices: Prices, network: Network, assignment: Assignment) -> Iterator[str]:
    """What is wrong with the plan's assignment under the rule in force, in the planner's words."""
    strangers = int(((assignment.node < 0) | (assignment.service < 0)).sum())
    if strangers:
        yield f"{strangers:,} assignments name a node or service that is not part of the plan"
        return
    yield from _share_problems(facts, assignment)
    barred = (assignment.site >= 0) & ~_is_allowed(prices, network, assignment)
    barred &= facts.nodes.visits[assignment.node, assignment.service] > 0
    yield from _named(
        facts, assignment, barred, "go where nobody serves them: closed, class not offered, or out of reach"
    )
    if facts.policy.access.assignment == "nearest" and not barred.any():
        yield from _nearest_problems(facts, prices, network, assignment)


def _share_problems(facts: Facts, assignment: Assignment) -> Iterator[str]:
    width = len(facts.services)
    row = assignment.node * width + assignment.service
    total = sum_by(row, assignment.share, facts.nodes.visits.size)
    bad = np.abs(total.reshape(-1, width) - 1.0) > SHARE_TOLERANCE
    bad &= facts.nodes.visits > 0
    if bad.any():
        node, service = np.argwhere(bad)[0]
        yield (
            f"the shares of {int(bad.sum()):,} nodes and services do not add up to 1, first "
            f"{facts.nodes.ids[node]} {facts.services[service]}"
        )
    outside = (
        (assignment.share < -SHARE_TOLERANCE) | (assignment.share > 1 + SHARE_TOLERANCE) | np.isnan(assignment.share)
    )
    yield from _named(facts, assignment, outside, "have a share that is not between 0 and 1")


def _nearest_problems(facts: Facts, prices: Prices, network: Network, assignment: Assignment) -> Iterator[str]:
    rankings = access_ranking(facts, prices, network)
    best = np.column_stack([ranking.cost for ranking in rankings])[assignment.node, assignment.service]
    first = np.column_stack([ranking.site for ranking in rankings])[assignment.node, assignment.service]
    cost = _record_cost(prices, network, assignment)
    cost = np.where(assignment.site >= 0, cost, prices.penalty[assignment.service])
    counts = (facts.nodes.visits[assignment.node, assignment.service] > 0) & (assignment.share > SHARE_TOLERANCE)
    dearer = counts & (cost > best + RELATIVE * np.maximum(1.0, np.abs(best)))
    yield from _named(facts, assignment, dearer, "do not go to their cheapest open outlet")
    # Costs that only happen to agree may order either way in the last digit; equal minutes and formats may not.
    twins = counts & ~dearer & (first >= 0) & (first < assignment.site)
    same_minutes = minutes_between(facts, assignment.node, first) == assignment.minutes
    twins &= same_minutes & (network.format_of[first] == network.format_of[assignment.site])
    yield from _named(facts, assignment, twins, "go to the later of two equal outlets in the order of sites")
    split = counts & (assignment.share < 1 - SHARE_TOLERANCE)
    yield from _named(facts, assignment, split, "are split although each visit goes to its cheapest open outlet")


def _named(facts: Facts, assignment: Assignment, wrong: Flags, what: str) -> Iterator[str]:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        node, service = facts.nodes.ids[assignment.node[first]], facts.services[assignment.service[first]]
        site = facts.sites.label(assignment.site[first]) if assignment.site[first] >= 0 else "unserved"
        yield f"the visits of {int(wrong.sum()):,} nodes and services {what}, first {node} {service} ({site})"
