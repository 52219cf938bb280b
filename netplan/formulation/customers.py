"""Rows in the model: telescoped chains, and their exact form where a site's load must be known.

For a row with sorted costs c_1 <= ... <= c_n and penalty c_{n+1}, z_k = "none of the first k options is open":

    cost = c_1 + sum_k (c_{k+1} - c_k) z_k,    z_k >= z_{k-1} - sum_{j in option k} y_j,    z_0 = 1

(the telescoped form of the p-median row; Elloumi 2010, "A tighter formulation of the p-median problem", writes the same
chain). Where the load of a site matters, z_k <= z_{k-1} and z_k <= 1 - sum_{j in option k} y_j make every z exact, so that
each visit goes to its cheapest open option whatever that does to capacity (closest assignment; Espejo et al. 2012).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.formulation.model import GE, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables
from netplan.rows import ACCESS, OBJECTIVE, Rows

Ints = NDArray[np.int64]
Expression = tuple[dict[pulp.LpVariable, float], float]
"""A linear expression as terms and constant."""


@dataclass(slots=True)
class Chains:
    """The z of each row that has any, and how far each row is exact already."""

    rows: Rows
    last: Ints
    """The last option needed per row; -1 if all are."""
    z: dict[int, list[pulp.LpVariable]] = field(default_factory=dict)
    exact_up_to: dict[int, int] = field(default_factory=dict)

    def options(self, row: int) -> range:
        """The options of a row that are needed."""
        first, end = int(self.rows.option_start[row]), int(self.rows.option_start[row + 1])
        return range(first, int(self.last[row]) + 1 if self.last[row] >= 0 else end)

    def is_certain(self, row: int) -> bool:
        """Whether one of the needed options is always open."""
        return bool(self.last[row] >= 0)

    def step(self, row: int, k: int) -> Expression:
        """z_k of a row: 1 before the first option, 0 after the last of a certain row."""
        if k < 0:
            return {}, 1.0
        chain = self.z[row]
        return ({chain[k]: 1.0}, 0.0) if k < len(chain) else ({}, 0.0)


def add_row_costs(model: PolicyModel, policy: PolicyVariables, chains: Chains) -> None:
    """The cost of every row that is a term of the objective."""
    rows = chains.rows
    for row in map(int, np.flatnonzero((rows.measure == OBJECTIVE) & (rows.weight > 0))):
        add_chain(model, policy, chains, row)
        weight = float(rows.weight[row])
        options = chains.options(row)
        costs = [float(rows.option_cost[o]) for o in options]
        costs += [] if chains.is_certain(row) else [float(rows.penalty[row])]
        model.constant(weight * costs[0])
        for z, cheaper, dearer in zip(chains.z[row], costs, costs[1:], strict=False):
            model.cost(z, weight * (dearer - cheaper))


def add_chain(model: PolicyModel, policy: PolicyVariables, chains: Chains, row: int) -> None:
    """z_k >= z_{k-1} - sum_{j in option k} y_j, for the options needed."""
    if row in chains.z:
        return
    options = chains.options(row)
    size = len(options) - 1 if chains.is_certain(row) else len(options)
    name = f"{row}"
    chain = [model.fraction("z", name, k) for k in range(size)]
    chains.z[row] = chain
    for k, option in enumerate(options):
        if k >= size:
            break
        terms = [(chain[k], 1.0), *((policy.columns[j], 1.0) for j in _columns(chains.rows, option))]
        if k > 0:
            terms.append((chain[k - 1], -1.0))
        model.add(f"chain_{name}_{k}", terms, GE, 0.0 if k else 1.0)


def make_exact(model: PolicyModel, policy: PolicyVariables, chains: Chains, row: int, up_to: int) -> None:
    """z_k <= z_{k-1} and z_k <= 1 - sum_{j in option k} y_j for the first options of an access row."""
    add_chain(model, policy, chains, row)
    chain, options = chains.z[row], chains.options(row)
    for k in range(chains.exact_up_to.get(row, -1) + 1, min(up_to + 1, len(chain))):
        taken = [(policy.columns[j], 1.0) for j in _columns(chains.rows, options[k])]
        model.add(f"exact_{row}_{k}", [(chain[k], 1.0), *taken], LE, 1)
        if k > 0:
            model.add(f"falling_{row}_{k}", [(chain[k], 1.0), (chain[k - 1], -1.0)], LE, 0)
    chains.exact_up_to[row] = max(up_to, chains.exact_up_to.get(row, -1))


def nearest_load(model: PolicyModel, policy: PolicyVariables, chains: Chains, site: int, service: int) -> Expression:
    """L_sc = sum_i d_ic (z_{k-1} - z_k) over the options k of site s, exact."""
    rows = chains.rows
    at_site = np.flatnonzero(rows.option_site == site)
    row_of = rows.option_row[at_site]
    mine = (rows.kind[row_of] == ACCESS) & (rows.service[row_of] == service)
    terms: dict[pulp.LpVariable, float] = {}
    constant = 0.0
    for option, row in zip(at_site[mine], row_of[mine], strict=True):
        k = int(option - rows.option_start[row])
        if k >= len(chains.options(int(row))):
            continue
        make_exact(model, policy, chains, int(row), k)
        for sign, step in ((1.0, k - 1), (-1.0, k)):
            part, fixed = chains.step(int(row), step)
            constant += sign * float(rows.load[row]) * fixed
            for variable, coefficient in part.items():
                terms[variable] = terms.get(variable, 0.0) + sign * float(rows.load[row]) * coefficient
    return terms, constant


def _columns(rows: Rows, option: int) -> NDArray[np.integer]:
    return rows.column[rows.column_start[option] : rows.column_start[option + 1]]
