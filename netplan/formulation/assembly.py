"""The whole model, assembled: reads as the table of contents of docs/model.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pulp

from netplan.errors import InputError
from netplan.formulation.capacity import LoadOf, add_capacity, add_viability
from netplan.formulation.certain import certain_sets, last_needed_option
from netplan.formulation.channels import add_cash_supply, add_fixed_time_counters, add_hosted_points, add_van_stops
from netplan.formulation.customers import Chains, add_row_costs, nearest_load
from netplan.formulation.limits import add_clusters, add_limits, add_named_sites, add_zone_shares
from netplan.formulation.model import PolicyModel, Rule, weighted
from netplan.formulation.network import add_one_state_per_site, add_relocation_links
from netplan.formulation.policy_variables import PolicyVariables, create_policy_variables
from netplan.formulation.split import Shares, add_split_access
from netplan.formulation.standards import add_standards
from netplan.ledger import Ledger, build_ledger
from netplan.policy import ONE_OFFS
from netplan.problem import PlanningProblem
from netplan.rows import ACCESS


@dataclass(frozen=True, slots=True)
class Formulation:
    """The model of a problem, and what is needed to read a solution back."""

    problem: PlanningProblem
    model: PolicyModel
    policy: PolicyVariables
    chains: Chains
    shares: Shares | None

    @property
    def lp(self) -> pulp.LpProblem:
        """The PuLP problem, its objective up to date."""
        return self.model.finish()

    @property
    def rules(self) -> dict[str, Rule]:
        """Rules by id."""
        return self.model.rules


def formulate(
    problem: PlanningProblem, *, all_loads: bool = False, shorten: bool = True, with_rows: bool = True
) -> Formulation:
    """Build the model.

    Parameters
    ----------
    all_loads
        Add every capacity and viability row (always so with rows under `system` assignment).
    shorten
        Cut rows where the rules make an option certain; turned off to explain infeasibility, where rules are dropped.
    with_rows
        Write the objective's rows into the model; a method that holds them as cuts leaves them out. Under `system` assignment the
        access rows are written for loads, too.
    """
    model = PolicyModel("netplan")
    policy = create_policy_variables(model, problem)
    ledger = build_ledger(problem)
    is_split = problem.policy.access.assignment == "system"
    rows = problem.rows
    chained = rows.select(rows.kind != ACCESS) if is_split else rows
    sets = certain_sets(problem) if shorten and (with_rows or all_loads) else []  # nothing to cut without rows
    chains = Chains(chained, last_needed_option(chained, sets, len(problem.columns)))

    add_one_state_per_site(model, problem, policy)
    add_relocation_links(model, problem, policy)
    add_hosted_points(model, problem, policy)
    add_cash_supply(model, problem, policy)
    add_fixed_time_counters(model, problem, policy)
    add_van_stops(model, problem, policy)
    add_limits(model, problem, policy, ledger)
    add_named_sites(model, problem, policy)
    add_clusters(model, problem, policy)
    add_zone_shares(model, problem, policy, ledger)
    add_standards(model, problem, policy)
    _add_costs(model, problem, policy, ledger)
    shares = add_split_access(model, policy, rows) if is_split and (with_rows or all_loads) else None
    if with_rows:
        add_row_costs(model, policy, chains)
    formulation = Formulation(problem, model, policy, chains, shares)
    if all_loads or shares is not None:
        _add_loads(formulation)
    _add_own_constraints(model, problem, policy)
    return formulation


def _add_costs(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, ledger: Ledger) -> None:
    """Running costs, and one-off items times the capital recovery factor."""
    if problem.policy.objective.kind != "net_cost":
        return
    recovery = problem.policy.money.capital_recovery_factor
    for items, factor in ((("running",), 1.0), (ONE_OFFS, recovery)):
        coefficients, constant = ledger.total(items, len(problem.columns))
        for variable, amount in weighted(policy.columns, factor * coefficients):
            model.cost(variable, amount)
        model.constant(factor * constant)


def _add_loads(formulation: Formulation) -> None:
    """The capacity row of each (site, service) that has a limit, the viability row of each site that owes visits."""
    problem, model, policy = formulation.problem, formulation.model, formulation.policy
    shares, chains = formulation.shares, formulation.chains

    def nearest(site: int, service: int) -> pulp.LpAffineExpression:
        return nearest_load(model, policy, chains, site, service)

    load_of: LoadOf = nearest if shares is None else shares.load
    for site, service in _limited_loads(problem):
        add_capacity(model, problem, policy, load_of, site=site, service=service)
    for site in _limited_sites(problem):
        add_viability(model, problem, policy, load_of, site=site)


def _limited_loads(problem: PlanningProblem) -> list[tuple[int, int]]:
    if problem.policy.capacity.overflow == "ignored":
        return []
    if problem.policy.capacity.overflow == "priced" and problem.policy.objective.kind != "net_cost":
        return []
    columns = problem.columns
    limited = np.isfinite(problem.formats.capacity)
    operating = columns.operating
    return sorted(
        {(int(columns.site[j]), int(c)) for j in operating for c in np.flatnonzero(limited[columns.format[j]])}
    )


def _limited_sites(problem: PlanningProblem) -> list[int]:
    if problem.policy.capacity.viability != "hard":
        return []
    columns = problem.columns
    least = problem.formats.min_visits_per_year[columns.format[columns.operating]]
    return sorted({int(columns.site[j]) for j in columns.operating[least > 0]})


def _add_own_constraints(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """The planner's own constraints, each a rule."""
    for number, function in enumerate(problem.constraints, start=1):
        made = function(policy)
        constraints = list(made) if isinstance(made, (list, tuple)) else [made]
        for constraint in constraints:
            if not isinstance(constraint, pulp.LpConstraint):
                raise InputError(
                    f"your constraint {number} returned {type(constraint).__name__}: return a PuLP constraint such as "
                    "lambda v: v.open('A') + v.open('B') <= 1"
                )
            constraint.name = model.name(f"own_{number}")
            rule = (f"own.{number}", f"your constraint {number}: {getattr(function, '__name__', 'function')}")
            model.add_constraint(constraint, rule=rule)
