"""Reading a solution back: the one place where solver values become decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.formulation.assembly import Formulation
from netplan.rows import Rows

Values = Mapping[str, float]
"""Value of each PuLP variable by name."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided, by position.

    Attributes
    ----------
    chosen
        Which columns are 1, shape (J,).
    base_of, van_of, week_of
        By site: the base that staffs its counter or stations its van; its van; the van's weeks.
    shares
        Share of its row's visits that each option serves, by option; only under `system` assignment.
    """

    chosen: NDArray[np.bool_]
    base_of: Mapping[int, str] = field(default_factory=dict)
    van_of: Mapping[int, str] = field(default_factory=dict)
    week_of: Mapping[int, str] = field(default_factory=dict)
    shares: Mapping[int, float] | None = None


def read_decisions(formulation: Formulation, values: Values) -> Decisions:
    """Round the binaries and name who staffs and visits what."""
    policy, problem = formulation.policy, formulation.problem
    position = {site_id: s for s, site_id in enumerate(problem.sites["site_id"])}
    stationed = dict(zip(problem.region.vans["van_id"], problem.region.vans["base_id"], strict=True))
    base_of: dict[int, str] = {}
    van_of: dict[int, str] = {}
    week_of: dict[int, str] = {}
    for (site_id, _, base_id), variable in policy.staffed.items():
        if is_one(values, variable):
            base_of[position[site_id]] = base_id
    for (site_id, _, van_id, week), variable in policy.visited.items():
        if is_one(values, variable):
            s = position[site_id]
            base_of[s], van_of[s], week_of[s] = stationed[van_id], van_id, week
    chosen = np.array([is_one(values, variable) for variable in policy.columns], dtype=bool)
    shares = None
    if formulation.shares is not None:
        shares = {o: min(1.0, max(0.0, values.get(x.name, 0.0))) for o, x in formulation.shares.x.items()}
    return Decisions(chosen, base_of, van_of, week_of, shares)


def is_one(values: Values, variable: pulp.LpVariable) -> bool:
    """Whether a binary is 1; a variable that is in no constraint and no cost has no value and counts as 0."""
    return values.get(variable.name, 0.0) > 0.5


def nearest_loads(access: Rows, chosen: NDArray[np.bool_], num_sites: int, num_services: int) -> NDArray[np.float64]:
    """L_sc when each visit of the access rows goes to its cheapest open option, shape (sites, services)."""
    option = access.first_open(chosen)
    served = option >= 0
    loads = np.zeros((num_sites, num_services))
    np.add.at(loads, (access.option_site[option[served]], access.service[served]), access.load[served])
    return loads
