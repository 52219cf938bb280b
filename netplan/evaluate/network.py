"""The state of a network by position: what operates where, who staffs it, who goes there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from netplan.errors import AuditError
from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, positions
from netplan.evaluate.facts import Facts

WEEKS = ("", "every", "odd", "even")


class PlanLike(Protocol):
    """What the audit reads of a plan: one entry per site position, and who goes where."""

    @property
    def format_after(self) -> tuple[str, ...]:
        """The format each site operates in, "" for none."""

    @property
    def relocated_to(self) -> tuple[int, ...]:
        """Position of the candidate that the outlet moved to, -1 for none."""

    @property
    def base_of(self) -> tuple[str, ...]:
        """Base of a counter or van stop, "" for none."""

    @property
    def van_of(self) -> tuple[str, ...]:
        """Van of a van stop, "" for none."""

    @property
    def week_of(self) -> tuple[str, ...]:
        """Week pattern of a van stop: every, odd, even, "" for none."""

    @property
    def assignments(self) -> pd.DataFrame:
        """node_id, service, site_id ("" = unserved), share, minutes."""


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A plan without a certificate: today's network, or a plan with one action reversed.

    Attributes are those of `netplan.plan.Plan`. `is_today` marks the network of today, for which the tables name no
    van rounds: every van counts as used if any van stop runs.
    """

    format_after: tuple[str, ...]
    relocated_to: tuple[int, ...]
    base_of: tuple[str, ...]
    van_of: tuple[str, ...]
    week_of: tuple[str, ...]
    assignments: pd.DataFrame
    is_today: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who goes where, one record per (node, service, site): positions, share, one-way minutes.

    `site` is -1 and `minutes` NaN for visits that stay unserved.
    """

    node: Ints
    service: Ints
    site: Ints
    share: Floats
    minutes: Floats


@dataclass(frozen=True, slots=True)
class Network:
    """A network by position, shape (S,) each; -1 stands for none."""

    format_of: Ints
    relocated_to: Ints
    base_of: Ints
    van_of: Ints
    week_of: Ints
    """Position in `WEEKS`."""
    is_van_used: Flags
    """Shape (V,)."""

    @property
    def is_open(self) -> Flags:
        """Sites that operate in some format."""
        return self.format_of >= 0

    def replace(self, **changes: Ints | Flags) -> Network:
        """The same network with some arrays replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


def network_of(facts: Facts, plan: PlanLike) -> Network:
    """The network a plan leaves; names that do not exist become -1 (`unknown_names` reports them)."""
    van_of = positions(facts.channels.van_ids, plan.van_of)
    return Network(
        format_of=positions(facts.formats.names, plan.format_after),
        relocated_to=np.asarray(plan.relocated_to, dtype=np.int64),
        base_of=positions(facts.channels.base_ids, plan.base_of),
        van_of=van_of,
        week_of=positions(WEEKS, plan.week_of),
        is_van_used=_vans_today(facts) if getattr(plan, "is_today", False) else vans_used(facts, van_of),
    )


def network_of_today(facts: Facts) -> Network:
    """Today's network: every outlet in its present format, no candidate open."""
    none = np.full(len(facts.sites.ids), NONE)
    return Network(facts.sites.present, none, none, none, np.zeros(len(none), dtype=np.int64), _vans_today(facts))


def vans_used(facts: Facts, van_of: Ints) -> Flags:
    """Vans that serve at least one stop, shape (V,)."""
    used = np.zeros(len(facts.channels.van_ids), dtype=bool)
    used[van_of[van_of >= 0]] = True
    return used


def _vans_today(facts: Facts) -> Flags:
    present = facts.sites.present[facts.sites.is_existing]
    return np.full(len(facts.channels.van_ids), bool(facts.formats.of_channel("van")[present].any()))


def check_shape(facts: Facts, plan: PlanLike) -> None:
    """Refuse a plan that is not one entry per site, or relocates to a site that does not exist.

    Raises
    ------
    AuditError
        Naming the column.
    """
    sites = len(facts.sites.ids)
    for name in ("format_after", "relocated_to", "base_of", "van_of", "week_of"):
        if len(getattr(plan, name)) != sites:
            raise AuditError(f"the plan's {name} has {len(getattr(plan, name))} entries for {sites} sites")
    stray = [site for site in plan.relocated_to if not NONE <= site < sites]
    if stray:
        raise AuditError(f"the plan's relocated_to names site {stray[0]}; there are {sites} sites")


def unknown_names(facts: Facts, plan: PlanLike) -> Iterator[str]:
    """Names in a plan that the region does not have."""
    known = {
        "format_after": facts.formats.names,
        "base_of": facts.channels.base_ids,
        "van_of": facts.channels.van_ids,
        "week_of": WEEKS,
    }
    for name, names in known.items():
        for stranger in sorted(set(getattr(plan, name)) - {"", *names}):
            yield f"the plan's {name} names {stranger!r}, which does not exist"
    sites = set(plan.assignments["site_id"].dropna()) - {"", *facts.sites.ids}
    for stranger in sorted(sites):
        yield f"the plan's assignments name site {stranger!r}, which does not exist"


def assignment_of(facts: Facts, assignments: pd.DataFrame) -> Assignment:
    """The plan's assignment by position, its minutes looked up in the travel times (NaN beyond the cut-off)."""
    node = positions(facts.nodes.ids, assignments["node_id"])
    service = positions(facts.services, assignments["service"])
    site = positions(facts.sites.ids, assignments["site_id"])
    share = assignments["share"].to_numpy(dtype=np.float64)
    return Assignment(node, service, site, share, minutes_between(facts, node, site))


def minutes_between(facts: Facts, node: Ints, site: Ints) -> Floats:
    """One-way minutes of each (node, site), NaN where either is -1 or the pair is beyond the cut-off."""
    table = facts.travel.to_site
    known = (node >= 0) & (site >= 0)
    row = np.where(known, node, 0)
    low, end = table.start[row], table.start[row + 1]
    high = np.where(known, end, low)
    # Bisection of all rows at once: targets ascend within a row.
    while (low < high).any():
        middle = (low + high) // 2
        is_left = (low < high) & (table.target[np.minimum(middle, len(table.target) - 1)] < site)
        low, high = np.where(is_left, middle + 1, low), np.where(is_left, high, middle)
    inside = known & (low < end)
    found = np.zeros(len(row), dtype=bool)
    found[inside] = table.target[low[inside]] == site[inside]
    minutes = np.full(len(row), np.nan)
    minutes[found] = table.minutes[low[found]]
    return minutes


def assignment_frame(facts: Facts, assignment: Assignment) -> pd.DataFrame:
    """An assignment as the plan's table: node_id, service, site_id ("" = unserved), share, minutes."""
    sites = np.array([*facts.sites.ids, ""], dtype=object)
    return pd.DataFrame(
        {
            "node_id": np.array(facts.nodes.ids, dtype=object)[assignment.node],
            "service": np.array(facts.services, dtype=object)[assignment.service],
            "site_id": sites[assignment.site],
            "share": assignment.share,
            "minutes": assignment.minutes,
        }
    )
