"""Assignment by the planner (`system`): visits may be split, so each pair has its own share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pulp

from netplan.formulation.customers import Expression
from netplan.formulation.model import EQ, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables
from netplan.rows import ACCESS, Rows


@dataclass(slots=True)
class Shares:
    """x_o per option of the access rows: the share of the row's visits that it serves."""

    rows: Rows
    x: dict[int, pulp.LpVariable] = field(default_factory=dict)
    at: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Options of a (site, service)."""

    def load(self, site: int, service: int) -> Expression:
        """L_sc = sum_i d_ic x_isc."""
        rows = self.rows
        options = self.at.get((site, service), [])
        return {self.x[o]: float(rows.load[rows.option_row[o]]) for o in options}, 0.0


def add_split_access(model: PolicyModel, policy: PolicyVariables, rows: Rows) -> Shares:
    """sum_s x_isc + unserved = 1; x_isc <= sum y of the option; cost w (sum c x + penalty unserved)."""
    shares = Shares(rows)
    for row in np.flatnonzero(rows.kind == ACCESS):
        weight = float(rows.weight[row])
        unserved = model.fraction("unserved", row)
        model.cost(unserved, weight * float(rows.penalty[row]))
        served = [(unserved, 1.0)]
        for option in range(rows.option_start[row], rows.option_start[row + 1]):
            x = model.fraction("x", row, option - rows.option_start[row])
            shares.x[option] = x
            shares.at[int(rows.option_site[option]), int(rows.service[row])].append(option)
            model.cost(x, weight * float(rows.option_cost[option]))
            columns = rows.column[rows.column_start[option] : rows.column_start[option + 1]]
            model.add(f"open_{x.name}", [(x, 1.0), *((policy.columns[j], -1.0) for j in columns)], LE, 0)
            served.append((x, 1.0))
        model.add(f"split_{row}", served, EQ, 1)
    return shares
