"""Built-in links between the decisions: one format a site, relocations."""

from __future__ import annotations

from collections import defaultdict

import pulp

from netplan.formulation.model import LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables
from netplan.problem import PlanningProblem


def add_one_state_per_site(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """sum_f y[s,f] <= 1 for candidates; sum_s r[k,s] + sum_f y[k,f] <= 1 for outlets."""
    at: dict[int, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    columns = problem.columns
    for variable, s, k in zip(policy.columns, columns.site.tolist(), columns.origin.tolist(), strict=True):
        at[s if k < 0 else k].append((variable, 1.0))
    site_ids = list(problem.sites["site_id"])
    for s, terms in at.items():
        model.add(f"one_state_{site_ids[s]}", terms, LE, 1)


def add_relocation_links(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """sum_{k: f_k = f} r[k,s] <= y[s,f]: what moves in operates there, in the format it had (docs/model.md)."""
    columns, site_ids, formats = problem.columns, list(problem.sites["site_id"]), problem.formats.ids
    arrivals: dict[tuple[str, str], list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in columns.relocating:
        arrivals[site_ids[columns.site[j]], formats[columns.format[j]]].append((policy.columns[j], 1.0))
    for key, terms in arrivals.items():
        model.add(f"moves_into_{key[0]}_{key[1]}", [*terms, (policy.y[key], -1.0)], LE, 0)
