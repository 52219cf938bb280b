"""From decisions to a plan: formats, moves and who is served where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from netplan.formulation.decisions import Decisions
from netplan.plan import Plan
from netplan.problem import PlanningProblem
from netplan.rows import ACCESS, Rows


def plan_of(problem: PlanningProblem, decisions: Decisions) -> Plan:
    """The plan that the decisions describe."""
    columns, formats = problem.columns, problem.formats.ids
    size = len(problem.sites)
    format_after = [""] * size
    relocated_to = [-1] * size
    for j in np.flatnonzero(decisions.chosen):
        if columns.origin[j] < 0:
            format_after[columns.site[j]] = formats[columns.format[j]]
        else:
            relocated_to[columns.origin[j]] = int(columns.site[j])
    return Plan(
        problem,
        tuple(format_after),
        tuple(relocated_to),
        tuple(decisions.base_of.get(s, "") for s in range(size)),
        tuple(decisions.van_of.get(s, "") for s in range(size)),
        tuple(decisions.week_of.get(s, "") for s in range(size)),
        assignments_of(problem, decisions),
    )


def assignments_of(problem: PlanningProblem, decisions: Decisions) -> pd.DataFrame:
    """node_id, service, site_id ("" = unserved), share, minutes (NaN = unserved)."""
    is_access = problem.rows.kind == ACCESS
    access = problem.rows.select(is_access)
    if decisions.shares is None:
        option = access.first_open(decisions.chosen)
        row, share = np.arange(len(access)), np.ones(len(access))
    else:
        row, option, share = _split(
            access, decisions, np.flatnonzero(np.repeat(is_access, np.diff(problem.rows.option_start)))
        )
    served = option >= 0
    site = np.where(served, access.option_site[option] if len(access.option_site) else -1, -1)
    node = access.subject[row]
    minutes = np.full(len(row), np.nan)
    minutes[served] = problem.travel.to_site.lookup(node[served], site[served])
    site_ids = np.append(problem.sites["site_id"].to_numpy(dtype=object), "")
    return pd.DataFrame(
        {
            "node_id": problem.region.nodes["node_id"].to_numpy(dtype=object)[node],
            "service": np.array(problem.demand.services, dtype=object)[access.service[row]],
            "site_id": site_ids[site],
            "share": share,
            "minutes": minutes,
        }
    )


def _split(access: Rows, decisions: Decisions, whole_option: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, options and shares above zero; what is left of a row is unserved (option -1)."""
    shares = decisions.shares or {}
    share = np.array([shares.get(int(o), 0.0) for o in whole_option])
    share = np.where(share > 1e-9, share, 0.0)
    used = np.flatnonzero(share)
    row = access.option_row[used]
    total = np.bincount(row, weights=share[used], minlength=len(access))
    left = np.flatnonzero(total < 1.0 - 1e-9)
    return (
        np.concatenate([row, left]),
        np.concatenate([used, np.full(len(left), -1, dtype=np.int64)]),
        np.concatenate([share[used] / np.maximum(total[row], 1.0), 1.0 - total[left]]),
    )
