"""Capacity and viability of a site: overflow priced or refused, and the least visits that make an outlet viable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pulp

from netplan.formulation.customers import Expression
from netplan.formulation.model import GE, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables
from netplan.problem import PlanningProblem

LoadOf = Callable[[int, int], Expression]
"""The load of a (site, service) as a linear expression."""


def add_capacity(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, load_of: LoadOf, *, site: int, service: int
) -> None:
    """L_sc <= sum_f cap_fc y[s,f] + o[s,c]; o costs overflow_cost_c, or is 0 where capacity is hard."""
    terms, constant = load_of(site, service)
    capacity = problem.formats.capacity[:, service]
    columns = problem.columns
    here = columns.operating[columns.site[columns.operating] == site]
    bounded = here[np.isfinite(capacity[columns.format[here]])]
    limitless = here[~np.isfinite(capacity[columns.format[here]])]
    everything = problem.demand.visits[:, service].sum()
    room = [(policy.columns[j], -float(capacity[columns.format[j]])) for j in bounded]
    room += [(policy.columns[j], -float(everything)) for j in limitless]
    site_id, name = problem.sites["site_id"][site], problem.demand.services[service]
    rule = (f"capacity.hard.{site_id}.{name}", f"{site_id} serves no more {name} visits than its capacity")
    is_hard = problem.policy.capacity.overflow == "hard"
    if not is_hard:
        overflow = model.amount("overflow", site_id, name)
        model.cost(overflow, problem.policy.service_access(name).overflow_cost)
        room.append((overflow, -1.0))
    model.add(f"capacity_{site_id}_{name}", [*terms.items(), *room], LE, -constant, rule=rule if is_hard else None)


def add_viability(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, load_of: LoadOf, *, site: int
) -> None:
    """sum_c L_sc >= min_visits_per_year_f y[s,f] for every format of the site."""
    terms: list[tuple[pulp.LpVariable, float]] = []
    constant = 0.0
    for service in range(len(problem.demand.services)):
        part, fixed = load_of(site, service)
        terms += part.items()
        constant += fixed
    columns, least = problem.columns, problem.formats.min_visits_per_year
    site_id = problem.sites["site_id"][site]
    needs = [
        (policy.columns[j], -float(least[columns.format[j]]))
        for j in columns.operating[columns.site[columns.operating] == site]
        if least[columns.format[j]] > 0
    ]
    rule = (f"capacity.viability.{site_id}", f"{site_id} has the visits that make it viable")
    model.add(f"viability_{site_id}", [*terms, *needs], GE, -constant, rule=rule)
