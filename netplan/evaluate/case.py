"""A network with what follows from it: priced visits, cash, loads, coverage, margin."""

from __future__ import annotations

from dataclasses import dataclass

from netplan.evaluate.arrays import Floats, dot
from netplan.evaluate.customers import Prices, Visits, loads, price
from netplan.evaluate.facts import Facts
from netplan.evaluate.margin import Curves, gain_ranking, margin_rows, retention_ranking
from netplan.evaluate.money import Cash, cash_of
from netplan.evaluate.network import Assignment, Network
from netplan.evaluate.rules import Rules


@dataclass(frozen=True, slots=True)
class Basis:
    """What is the same for every network of a problem."""

    facts: Facts
    rules: Rules
    prices: Prices
    curves: Curves

    @classmethod
    def of(cls, facts: Facts) -> Basis:
        """Rules, prices and curves of a problem."""
        return cls(facts, Rules.of(facts), Prices.of(facts), Curves.of(facts))


@dataclass(frozen=True, slots=True)
class Case:
    """One network with everything that is derived from it once."""

    network: Network
    visits: Visits
    cash: Cash
    load: Floats
    """L_sc, shape (S, C)."""
    covered: tuple[float, ...]
    """People covered under each coverage standard."""
    lost_margin: float
    won_margin: float

    @classmethod
    def of(cls, basis: Basis, network: Network, assignment: Assignment) -> Case:
        """Price a network and its assignment."""
        facts, curves = basis.facts, basis.curves
        visits = price(facts, basis.prices, network, assignment)
        won_share = -gain_ranking(facts, curves, network).cost - curves.won_today
        return cls(
            network=network,
            visits=visits,
            cash=cash_of(facts, network),
            load=loads(facts, visits),
            covered=basis.rules.standards.covered(network),
            lost_margin=dot(margin_rows(facts), retention_ranking(facts, curves, network).cost),
            won_margin=dot(facts.nodes.market_margin, won_share),
        )
