"""The question, frozen: a region and a plan file as validated, index-aligned arrays."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.check_policy import check_policy, scope_notes
from netplan.columns import Columns, build_columns
from netplan.customers import Market, market_rows
from netplan.demand import DemandNodes, demand_of
from netplan.errors import InputError
from netplan.formats import Formats
from netplan.frozen import Frozen
from netplan.policy import Policy
from netplan.region import Region
from netplan.rows import Rows
from netplan.travel import RoadNetwork, TravelTimes, Work, travel_times
from netplan.travel.links import with_links
from netplan.travel.parts import road_parts

Constraint = Callable[[Any], Any]
"""A planner's own constraint: takes the named policy variables, returns one PuLP constraint or several."""


@dataclass(frozen=True, slots=True)
class PlanningProblem(Frozen):
    """What is to be decided, for whom, under which rules. Immutable; what-ifs are made with `replace`.

    Attributes
    ----------
    region
        The region, cut to the scope of the plan file.
    policy
        The plan file.
    sites
        One line per site: outlets, then candidates. Columns site_id, name, lon, lat, district_id, township_id,
        is_existing, format (today's, or ""), formats (those that may operate there, today's first), host_id.
    demand, travel, formats, columns, rows
        Visits, minutes, formats, policy columns and rows, aligned with the tables by position.
    margin
        m_kc, money per year, shape (outlets, services).
    constraints
        The planner's own constraints, applied to the PuLP model in order.
    road_notes
        Parts of the road network that do not meet, with the people on them, and links that are not used.
    """

    region: Region
    policy: Policy
    sites: pd.DataFrame
    formats: Formats
    demand: DemandNodes
    travel: TravelTimes
    columns: Columns
    rows: Rows
    margin: NDArray[np.float64]
    constraints: tuple[Constraint, ...] = ()
    _whole: Region | None = None
    road_notes: tuple[str, ...] = ()
    _cache: Path | None = None

    @classmethod
    def build(
        cls,
        region: Region,
        policy: Policy,
        *,
        cache: str | Path | None = None,
        progress: Callable[[str, float], None] | None = None,
    ) -> PlanningProblem:
        """Check the plan file against the region, cut to its scope, measure minutes, list decisions and rows.

        Parameters
        ----------
        cache
            Folder in which minutes by road are kept, so that they are not searched twice and an interrupted run goes on
            where it stopped; it may be deleted at any time. None: they are measured anew.
        progress
            Called with what is measured and the share done, 0 to 1.

        Raises
        ------
        InputError
            The plan file names what the region does not have, the scope is empty, or the cache cannot be written.
        """
        return _build(region, policy, None, Work(None if cache is None else Path(cache), progress))

    def replace(
        self, *, region: Region | None = None, policy: Policy | Mapping[str, Any] | None = None, **parts: Any
    ) -> PlanningProblem:
        """The same problem with another region, plan file, or parts of the plan file.

        ``problem.replace(budget={"capital": 5e6})`` changes one key and keeps the rest, as `Policy.replace` does;
        so does ``problem.replace(policy={"max_closures": 2})``, which changes the table `[policy]`.
        Your own constraints are kept; minutes are measured again only if they can have changed.
        """
        whole_policy = policy if isinstance(policy, Policy) else self.policy
        if policy is not None and not isinstance(policy, Policy):
            parts = {**parts, "policy": policy}
        new_policy = whole_policy.replace(**parts) if parts else whole_policy
        whole = region if region is not None else self._whole or self.region
        built = _build(whole, new_policy, self if region is None else None, Work(self._cache))
        return replace(built, constraints=self.constraints)

    def with_constraint(self, constraint: Constraint) -> PlanningProblem:
        """The same problem with a constraint of your own.

        The function gets the named policy variables and returns a PuLP constraint (or a list of them):
        ``problem.with_constraint(lambda v: v.open("A") + v.open("B") <= 1)``.
        """
        if not callable(constraint):
            raise InputError(
                "with_constraint takes a function of the policy variables, e.g. lambda v: v.open('A') == 1"
            )
        return replace(self, constraints=(*self.constraints, constraint))

    @property
    def is_outlet(self) -> NDArray[np.bool_]:
        """Which sites are outlets of today, shape (sites,)."""
        return self.sites["is_existing"].to_numpy(dtype=bool)

    @property
    def present_format(self) -> NDArray[np.int64]:
        """Position of today's format of each site; -1 for candidates."""
        return np.array([self.formats.position(name) for name in self.sites["format"]], dtype=np.int64)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was defaulted, left out or could not be reached, counted and listed."""
        scope = scope_notes(self._whole or self.region, self.policy)
        return (*self.region.notes, *scope, *_travel_notes(self.travel, self.demand, self.region), *self.road_notes)

    def __repr__(self) -> str:
        return f"PlanningProblem({', '.join(f'{label}: {value}' for label, value in self._facts())})"

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<table>{lines}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        outlets = int(self.is_outlet.sum())
        return [
            ("region", self.region.name),
            ("objective", self.policy.objective.kind),
            ("people", f"{self.demand.people.sum():,.0f} at {len(self.demand.people):,} nodes"),
            ("visits per year", f"{self.demand.visits.sum():,.0f} of {', '.join(self.demand.services)}"),
            ("sites", f"{outlets:,} outlets, {len(self.sites) - outlets:,} candidates"),
            ("decisions", f"{len(self.columns):,} ({len(self.columns.relocating):,} relocations)"),
            ("rows", f"{len(self.rows):,} with {len(self.rows.option_cost):,} options"),
            ("minutes", "by road" if self.travel.is_from_roads else "great circle x detour factor"),
            ("own constraints", str(len(self.constraints))),
        ]


def _build(whole: Region, policy: Policy, base: PlanningProblem | None, work: Work) -> PlanningProblem:
    violations = check_policy(whole, policy, "plan")
    if violations:
        raise InputError("\n".join(str(violation) for violation in violations))
    region = whole.within(policy.scope.districts) if policy.scope.districts else whole
    sites = _sites(region)
    if sites.empty:
        where = f"district {', '.join(policy.scope.districts)}" if policy.scope.districts else "the region"
        raise InputError(
            f"plan: [scope] districts: {where} has neither outlets nor candidates, so nothing can be decided"
        )
    demand = demand_of(region.nodes, region.visits, policy.access.segment_weight)
    formats = Formats.from_tables(region.formats, region.conversions, demand.services)
    travel, road_notes = _travel(region, sites, demand.people, policy, (base, work))
    columns = build_columns(sites, formats, travel.between_sites, policy.policy.relocation_minutes)
    margin = _margin(region.outlets, demand.services)
    market = Market(
        nodes=region.nodes,
        sites=sites,
        competitors=region.competitors,
        margin=margin,
        retention=region.retention,
        gain=region.gain,
        formats=formats,
        demand=demand,
        travel=travel,
        columns=columns,
        policy=policy,
    )
    rows = market_rows(market, work.num_workers)
    return PlanningProblem(
        region, policy, sites, formats, demand, travel, columns, rows, margin, (), whole, road_notes, work.cache
    )


def _sites(region: Region) -> pd.DataFrame:
    shared = ["site_id", "name", "lon", "lat", "district_id", "township_id", "host_id"]
    convertible = region.conversions.groupby("from_format", sort=False)["to_format"].agg(list).to_dict()
    outlets = region.outlets[[*shared, "format"]].assign(is_existing=True)
    outlets["formats"] = [(now, *convertible.get(now, ())) for now in outlets["format"]]
    candidates = region.candidates[[*shared, "formats"]].assign(is_existing=False, format="")
    sites = pd.concat([outlets, candidates], ignore_index=True) if len(candidates) else outlets.reset_index(drop=True)
    return sites[[*shared[:-1], "is_existing", "format", "formats", "host_id"]]


def _margin(outlets: pd.DataFrame, services: tuple[str, ...]) -> NDArray[np.float64]:
    nothing = np.zeros(len(outlets))
    columns = [outlets[f"margin_{c}"].to_numpy(float) if f"margin_{c}" in outlets else nothing for c in services]
    margin = np.column_stack(columns)
    margin.setflags(write=False)
    return margin


def _travel(
    region: Region,
    sites: pd.DataFrame,
    people: NDArray[np.float64],
    policy: Policy,
    known: tuple[PlanningProblem | None, Work],
) -> tuple[TravelTimes, tuple[str, ...]]:
    """Minutes, and what is to be told about the road network they were measured on."""
    base, work = known
    limit, site_limit = _node_limit(region, policy), _site_limit(region, policy)
    if base is not None and _same_minutes(base, policy, limit, site_limit):
        return base.travel, base.road_notes
    roads, notes = _roads(region, sites, people, policy)
    times = travel_times(
        region.nodes,
        sites,
        region.competitors,
        roads,
        policy.travel,
        limit_minutes=limit,
        site_limit_minutes=site_limit,
        work=work,
    )
    return times, notes


def _roads(
    region: Region, sites: pd.DataFrame, people: NDArray[np.float64], policy: Policy
) -> tuple[RoadNetwork | None, tuple[str, ...]]:
    """The roads of the mode with their links, and notes on what does not hang together; None without roads."""
    if not len(region.road_edges):
        return None, ()
    roads = RoadNetwork.from_tables(region.road_nodes, region.road_edges, policy.travel)
    linked = with_links(roads, region.road_links, policy.travel)
    parts = road_parts(linked.network, region.nodes, people, sites, policy.travel)
    return linked.network, (*linked.notes, *parts.notes)


def _same_minutes(base: PlanningProblem, policy: Policy, limit: float, site_limit: float) -> bool:
    return (
        base.policy.travel == policy.travel
        and base.policy.scope == policy.scope
        and base.travel.limit_minutes == limit
        and base.travel.site_limit_minutes == site_limit
    )


def _node_limit(region: Region, policy: Policy) -> float:
    """The longest node-to-site trip that anything in the plan file or the tables asks about."""
    asked = [policy.service_access(service).reach_minutes for service in region.visits["service"].unique()]
    asked += [standard.minutes for standard in policy.standard if standard.kind == "coverage" and standard.minutes]
    asked += [policy.objective.minutes or 0.0, float(region.gain["minutes"].max()) if len(region.gain) else 0.0]
    return float(max(asked))


def _site_limit(region: Region, policy: Policy) -> float:
    """The longest site-to-site trip that anything asks about."""
    asked = [float(region.retention["minutes"].max()), policy.policy.relocation_minutes]
    asked += [float(value) for value in region.formats["max_base_minutes"].dropna()]
    asked += [float(value) for value in region.formats["max_supply_minutes"].dropna()]
    asked += [float(shift) / 2.0 for shift in region.vans["shift_minutes"]]
    asked += [cluster.minutes for cluster in policy.policy.cluster]
    asked += [standard.minutes for standard in policy.standard if standard.kind == "spacing" and standard.minutes]
    return max(asked)


def _travel_notes(travel: TravelTimes, demand: DemandNodes, region: Region) -> list[str]:
    notes = []
    if not travel.is_from_roads:
        notes.append("no roads: minutes are great-circle distance x detour factor / speed")
    if travel.unreached_nodes:
        off = region.nodes["node_id"].isin(travel.unreached_nodes).to_numpy()
        notes.append(
            f"{off.sum():,} demand nodes with {demand.people[off].sum():,.0f} people are too far from every road: "
            + _some(travel.unreached_nodes)
        )
    if travel.unreached_sites:
        notes.append(
            f"{len(travel.unreached_sites):,} sites are too far from every road: {_some(travel.unreached_sites)}"
        )
    return notes


def _some(names: tuple[str, ...], most: int = 10) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
