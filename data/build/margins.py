"""What each of today's outlets earns and costs (modelled): margins by service, running cost, lease, severance."""

from __future__ import annotations

import calendar
from typing import Any

import numpy as np
import pandas as pd
from metric import Floats, draws, spread
from scipy.spatial import cKDTree

_NEIGHBOURS = 10
_SERVICES = ("cash", "counter", "advice")


def margins(sites: pd.DataFrame, nodes: pd.DataFrame, facts: pd.DataFrame, economics: dict[str, Any]) -> pd.DataFrame:
    """m_kc, money per year: people around, shared among the outlets that attract them (Huff 1964), by service."""
    margin = economics["margin"]
    total = _share_of_people(sites, nodes, facts, margin) * spread("margin", len(sites), margin["spread"])
    proper = sites["channel"].to_numpy() == "branch"
    is_weak = proper & (sites["rank"].to_numpy() > 0) & (draws("weak", len(sites)) < 2.0 * margin["weak_share"])
    total = total * np.where(is_weak, margin["weak_factor"], 1.0)
    offers = [set(economics["format"][name]["services"].split()) for name in sites["format"]]
    table = {}
    for service in _SERVICES:
        offered = np.array([service in services for services in offers])
        table[f"margin_{service}"] = np.round(np.where(offered, total * margin[f"share_{service}"], 0.0), -2).astype(
            int
        )
    return pd.DataFrame(table)


def _share_of_people(sites: pd.DataFrame, nodes: pd.DataFrame, facts: pd.DataFrame, margin: dict[str, Any]) -> Floats:
    away, near = cKDTree(sites[["x", "y"]].to_numpy()).query(nodes[["x", "y"]].to_numpy(), k=_NEIGHBOURS)
    urban = nodes["is_urban"].to_numpy()
    reach = np.where(urban, margin["pull_metres_urban"], margin["pull_metres_rural"])
    attraction = np.array([margin["pull"][name] for name in sites["format"]])
    pull = attraction[near] * np.exp(-away / reach[:, None]) + 1e-12
    is_central = facts["is_central"].to_numpy(dtype=bool)[nodes["district"]]
    city = np.where(is_central, margin["per_person_central"], margin["per_person_urban"])
    worth = nodes["people"].to_numpy() * np.where(urban, city, margin["per_person_rural"])
    return np.bincount(
        near.ravel(), (pull / pull.sum(axis=1, keepdims=True) * worth[:, None]).ravel(), minlength=len(sites)
    )


def premises(sites: pd.DataFrame, place: Floats, economics: dict[str, Any]) -> pd.DataFrame:
    """is_owned, lease_end, running_cost_per_year and the one-off items of closing; blank or zero off the branch channel.

    `place` is "central", "seat" or "town" for each site.
    """
    outlet = economics["outlet"]
    formats = economics["format"]
    is_branch = sites["channel"].to_numpy() == "branch"
    usual = np.array([formats[name]["running_cost_per_year"] for name in sites["format"]], dtype=float)
    staff = np.array([formats[name]["staff"] for name in sites["format"]], dtype=float)
    level = np.array([outlet[f"cost_{name}"] for name in place])
    cost = np.round(usual * level * spread("running cost", len(sites), outlet["cost_spread"]), -3)
    cost = np.where(is_branch, cost, usual)
    owned = is_branch & (draws("owned", len(sites)) < np.array([outlet["owned_share"][name] for name in place]))
    leased = is_branch & ~owned
    months = 1 + np.floor(draws("lease", len(sites)) * 12 * outlet["lease_years"]).astype(int)
    rest = cost * outlet["rent_share"] * months / 12.0 * 0.35
    worth = cost * np.array([outlet["proceeds_per_running_cost"][name] for name in place])
    return pd.DataFrame(
        {
            "is_owned": owned.astype(int),
            "lease_end": [
                _month_end(outlet["plan_year"], int(month)) if flag else ""
                for month, flag in zip(months, leased, strict=True)
            ],
            "running_cost_per_year": cost.astype(int),
            "severance_cost": np.where(is_branch, np.round(staff * outlet["severance_per_staff"], -3), 0).astype(int),
            "lease_break_cost": np.where(leased, np.round(rest, -3), 0).astype(int),
            "disposal_proceeds": np.where(owned, np.round(worth, -4), 0).astype(int),
        }
    )


def _month_end(year: int, month: int) -> str:
    """Last day of the month that is `month` - 1 months after January of `year`."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"
