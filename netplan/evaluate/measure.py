"""Measure one network: every figure of a `Score`."""

from __future__ import annotations

import numpy as np

from netplan.evaluate.arrays import dot
from netplan.evaluate.bounds import staff_of
from netplan.evaluate.breakdown import (
    count_actions,
    district_table,
    equity_of,
    minutes_table,
    minutes_to_physical,
    people_within,
    segment_table,
    site_table,
    utilisation_spread,
)
from netplan.evaluate.case import Basis, Case
from netplan.evaluate.channels import in_format
from netplan.evaluate.customers import overflow
from netplan.evaluate.network import Network
from netplan.evaluate.score import Score
from netplan.evaluate.standards import objective_reach
from netplan.policy import ONE_OFFS


def net_cost_components(basis: Basis, case: Case) -> dict[str, float]:
    """Every component of `net_cost`, money per year, in the order of docs/model.md."""
    facts, visits, policy = basis.facts, case.visits, basis.facts.policy
    per_year = policy.money.capital_recovery_factor
    priced = policy.capacity.overflow == "priced"
    overflow_cost = np.array([policy.service_access(service).overflow_cost for service in facts.services])
    above = overflow(facts, case.network, case.load)
    return {
        "running": float(case.cash.running.sum()),
        "van": float(case.cash.vans.sum()),
        **{kind: per_year * case.cash.one_off(kind) for kind in ONE_OFFS},
        "access_time": dot(visits.weighted, visits.time),
        "day_wait": dot(visits.weighted, visits.wait),
        "unserved": dot(visits.weighted, visits.penalty),
        "overflow": dot(above, overflow_cost) if priced else 0.0,
        "lost_margin": case.lost_margin,
        "won_margin": 0.0 - case.won_margin,
        "standards": basis.rules.standards.penalties(facts, case.network, case.covered),
    }


def objective_costs(basis: Basis, network: Network, components: dict[str, float]) -> dict[str, float]:
    """The components of the objective in force; they sum to the objective."""
    kind = basis.facts.policy.objective.kind
    if kind == "coverage":
        reach = objective_reach(basis.facts)
        return {"uncovered": float(reach.weight.sum()) - reach.covered(network)}
    if kind == "access":
        return {name: components[name] for name in ("access_time", "day_wait", "unserved", "standards")}
    return components


def measure(basis: Basis, case: Case) -> Score:
    """Every figure of one network."""
    facts, network, cash = basis.facts, case.network, case.cash
    components = net_cost_components(basis, case)
    costs = objective_costs(basis, network, components)
    minutes = minutes_table(facts, case.visits)
    sites = site_table(facts, case)
    nearest_minutes = minutes_to_physical(facts, network)
    return Score(
        costs=costs,
        objective=sum(costs.values()),
        components=components,
        cash_cost=components["running"] + components["van"] + sum(components[kind] for kind in ONE_OFFS),
        running_cost=components["running"],
        van_cost=components["van"],
        one_offs={kind: cash.one_off(kind) for kind in ONE_OFFS},
        capital=float(cash.drawing(facts.policy.budget.draws).sum()),
        staff=float(staff_of(facts, network).sum()),
        lost_margin=case.lost_margin,
        won_margin=case.won_margin,
        visits=float(facts.nodes.visits.sum()),
        unserved_visits=float(minutes["unserved"].iloc[0]),
        overflow_visits=float(sites["overflow"].sum()),
        minutes=minutes,
        sites=sites,
        utilisation_spread=utilisation_spread(facts, case),
        equity=equity_of(facts, nearest_minutes),
        people_within=people_within(facts, nearest_minutes),
        outlets={name: int((network.format_of == f).sum()) for f, name in enumerate(facts.formats.names)},
        physical_outlets=int(in_format(facts.formats.is_physical, network).sum()),
        actions=count_actions(facts, network),
        districts=district_table(facts, case, nearest_minutes),
        segments=segment_table(facts, case.visits, nearest_minutes),
    )
