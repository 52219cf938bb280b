"""The named policy variables, as a planner's own constraint sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.formulation.model import PolicyModel

if TYPE_CHECKING:
    from netplan.problem import PlanningProblem


@dataclass(frozen=True, slots=True)
class PolicyVariables:
    """Decisions by the ids of the tables.

    Attributes
    ----------
    y
        ``y[site_id, format]``: the site operates in the format.
    r
        ``r[site_id, candidate_id]``: the outlet relocates to the candidate.
    staffed
        ``staffed[site_id, format, base_id]``: the fixed-time counter is staffed from the base.
    visited
        ``visited[site_id, format, van_id, week]``: the van serves the stop; week is every, odd or even.
    van_used
        ``van_used[van_id]``.
    columns
        The variables by position of `PlanningProblem.columns`.
    """

    y: dict[tuple[str, str], pulp.LpVariable]
    r: dict[tuple[str, str], pulp.LpVariable]
    staffed: dict[tuple[str, str, str], pulp.LpVariable]
    visited: dict[tuple[str, str, str, str], pulp.LpVariable]
    van_used: dict[str, pulp.LpVariable]
    columns: tuple[pulp.LpVariable, ...]
    _at_site: dict[str, tuple[pulp.LpVariable, ...]]
    _moves: dict[str, tuple[pulp.LpVariable, ...]]

    def open(self, site_id: str) -> pulp.LpAffineExpression:
        """1 if the site operates, in any format."""
        return pulp.LpAffineExpression((variable, 1.0) for variable in self._known(site_id))

    def moved(self, site_id: str) -> pulp.LpAffineExpression:
        """1 if the outlet relocates."""
        self._known(site_id)
        return pulp.LpAffineExpression((variable, 1.0) for variable in self._moves.get(site_id, ()))

    def closed(self, site_id: str) -> pulp.LpAffineExpression:
        """1 if the outlet closes (neither operates nor relocates)."""
        return 1 - self.open(site_id) - self.moved(site_id)

    def count(self, format_id: str) -> pulp.LpAffineExpression:
        """How many sites operate in a format."""
        chosen = [(variable, 1.0) for (_, name), variable in self.y.items() if name == format_id]
        return pulp.LpAffineExpression(chosen)

    def _known(self, site_id: str) -> tuple[pulp.LpVariable, ...]:
        if site_id not in self._at_site:
            raise InputError(f"your constraint names site {site_id!r}, which is not in the planned region")
        return self._at_site[site_id]


def create_policy_variables(model: PolicyModel, problem: PlanningProblem) -> PolicyVariables:
    """y and r for every column; the channels add theirs to the mappings."""
    columns, site_ids, formats = problem.columns, list(problem.sites["site_id"]), problem.formats.ids
    y: dict[tuple[str, str], pulp.LpVariable] = {}
    r: dict[tuple[str, str], pulp.LpVariable] = {}
    at_site: dict[str, tuple[pulp.LpVariable, ...]] = dict.fromkeys(site_ids, ())
    moves: dict[str, tuple[pulp.LpVariable, ...]] = {}
    for s, f, k in zip(columns.site.tolist(), columns.format.tolist(), columns.origin.tolist(), strict=True):
        if k < 0:
            variable = model.binary("y", site_ids[s], formats[f])
            y[site_ids[s], formats[f]] = variable
            at_site[site_ids[s]] += (variable,)
        else:
            variable = model.binary("r", site_ids[k], site_ids[s])
            r[site_ids[k], site_ids[s]] = variable
            moves[site_ids[k]] = (*moves.get(site_ids[k], ()), variable)
    return PolicyVariables(y, r, {}, {}, {}, (*y.values(), *r.values()), at_site, moves)


def operating_at(
    problem: PlanningProblem, policy: PolicyVariables, formats: NDArray[np.bool_]
) -> Mapping[int, Sequence[pulp.LpVariable]]:
    """The y[s,f] in some formats, shape (F,), by site; sites without any are left out."""
    columns = problem.columns
    chosen = columns.operating[formats[columns.format[columns.operating]]]
    at: dict[int, list[pulp.LpVariable]] = defaultdict(list)
    for j, s in zip(chosen.tolist(), columns.site[chosen].tolist(), strict=True):
        at[s].append(policy.columns[j])
    return dict(at)
