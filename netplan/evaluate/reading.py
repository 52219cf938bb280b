"""Read the tables for the audit.

The formulation has its own reading of the same tables. This one shares no code with it on purpose: a mistake in either
then shows as a disagreement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from netplan.errors import AuditError
from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, positions
from netplan.evaluate.facts import ChannelFacts, Facts, FormatFacts, NodeFacts, SiteFacts
from netplan.policy import Policy
from netplan.problem import PlanningProblem
from netplan.region import Region


def facts_of(problem: PlanningProblem) -> Facts:
    """Read the tables of a problem.

    Raises
    ------
    AuditError
        The problem's sites are not the outlets followed by the candidates.
    """
    region, policy = problem.region, problem.policy
    services = tuple(dict.fromkeys(region.visits["service"]))
    segments = tuple(dict.fromkeys(["children", "working", "elderly", *region.visits["segment"]]))
    formats = _formats(region, services)
    facts = Facts(
        region=region,
        policy=policy,
        travel=problem.travel,
        services=services,
        segments=segments,
        district_ids=tuple(region.districts["district_id"]),
        district_labels=_labels(region.districts, "district_id"),
        township_ids=tuple(region.townships["township_id"]),
        township_labels=_labels(region.townships, "township_id"),
        formats=formats,
        sites=_sites(region, policy, formats, services),
        nodes=_nodes(region, policy, services, segments),
        channels=_channels(region),
    )
    if facts.sites.ids != tuple(problem.sites["site_id"]):
        raise AuditError("the sites of the problem are not its outlets followed by its candidates")
    return facts


def _labels(table: pd.DataFrame, key: str) -> tuple[str, ...]:
    """Places as the planner knows them: name and identifier."""
    return tuple(f"{name} ({key})" if name else key for name, key in zip(table["name"], table[key], strict=True))


def _numbers(table: pd.DataFrame, column: str) -> Floats:
    return table[column].to_numpy(dtype=np.float64)


def _flags(table: pd.DataFrame, column: str) -> Flags:
    return table[column].to_numpy(dtype=bool)


def _formats(region: Region, services: tuple[str, ...]) -> FormatFacts:
    table = region.formats
    names = tuple(table["format"])
    return FormatFacts(
        names=names,
        channel=tuple(table["channel"]),
        serves=np.array([[c in offered for c in services] for offered in table["services"]], dtype=bool),
        capacity=_capacity(table, services),
        days=_numbers(table, "days_per_week"),
        staff=_numbers(table, "staff"),
        gain_factor=_numbers(table, "gain_factor"),
        min_visits=_numbers(table, "min_visits_per_year"),
        running=_numbers(table, "running_cost_per_year"),
        opening=_numbers(table, "opening_cost"),
        closing=_numbers(table, "closing_cost"),
        relocation=_numbers(table, "relocation_cost"),
        conversion=_conversion(region.conversions, names),
        dwell=_numbers(table, "dwell_minutes"),
        max_base=_numbers(table, "max_base_minutes"),
        max_supply=_numbers(table, "max_supply_minutes"),
        is_staffed=_flags(table, "is_staffed"),
        is_hosted=_flags(table, "is_hosted"),
        is_physical=_flags(table, "is_physical"),
        is_step_free=_flags(table, "is_step_free"),
        supplies_cash=_flags(table, "supplies_cash"),
    )


def _capacity(table: pd.DataFrame, services: tuple[str, ...]) -> Floats:
    general = _numbers(table, "capacity_visits_per_year")
    general = np.where(np.isnan(general), np.inf, general)
    capacity = np.repeat(general[:, None], len(services), axis=1)
    for c, service in enumerate(services):
        if f"capacity_for_{service}" in table:
            special = _numbers(table, f"capacity_for_{service}")
            capacity[:, c] = np.where(np.isnan(special), general, special)
    return capacity


def _conversion(conversions: pd.DataFrame, names: tuple[str, ...]) -> Floats:
    cost = np.full((len(names), len(names)), np.nan)
    if len(conversions):
        cost[positions(names, conversions["from_format"]), positions(names, conversions["to_format"])] = _numbers(
            conversions, "cost"
        )
    return cost


def _sites(region: Region, policy: Policy, formats: FormatFacts, services: tuple[str, ...]) -> SiteFacts:
    outlets, candidates = region.outlets, region.candidates
    shared = ["site_id", "name", "lon", "lat", "district_id", "township_id", "host_id"]
    both = pd.concat([outlets[shared], candidates[shared]]) if len(candidates) else outlets[shared]
    present = np.concatenate([positions(formats.names, outlets["format"]), np.full(len(candidates), NONE)])
    lease_end = outlets["lease_end"].to_numpy(dtype="datetime64[D]")

    def padded(values: Floats, blank: float = 0.0) -> Floats:
        return np.concatenate([values, np.full(len(candidates), blank)])

    is_owned = _flags(outlets, "is_owned")
    breaks_lease = ~is_owned & (lease_end > np.datetime64(policy.money.plan_date))
    return SiteFacts(
        ids=tuple(both["site_id"]),
        names=tuple(both["name"]),
        lon=_numbers(both, "lon"),
        lat=_numbers(both, "lat"),
        district=positions(region.districts["district_id"], both["district_id"]),
        township=positions(region.townships["township_id"], both["township_id"]),
        host=positions(region.hosts["host_id"], both["host_id"]),
        present=present,
        allowed=_allowed(present, candidates, formats),
        own_running=padded(_numbers(outlets, "running_cost_per_year"), np.nan),
        margin=np.column_stack([padded(_margin(outlets, service)) for service in services]),
        severance=padded(_numbers(outlets, "severance_cost")),
        lease_break=padded(np.where(breaks_lease, _numbers(outlets, "lease_break_cost"), 0.0)),
        disposal=padded(np.where(is_owned, _numbers(outlets, "disposal_proceeds"), 0.0)),
        lease_end=np.concatenate([lease_end, np.full(len(candidates), "NaT", dtype="datetime64[D]")]),
    )


def _margin(outlets: pd.DataFrame, service: str) -> Floats:
    """m_kc of one class; a class without a column books no margin."""
    column = f"margin_{service}"
    return _numbers(outlets, column) if column in outlets else np.zeros(len(outlets))


def _allowed(present: Ints, candidates: pd.DataFrame, formats: FormatFacts) -> Flags:
    allowed = np.zeros((len(present), len(formats.names)), dtype=bool)
    outlet = np.flatnonzero(present >= 0)
    allowed[outlet] = ~np.isnan(formats.conversion[present[outlet]])
    allowed[outlet, present[outlet]] = True
    for row, names in enumerate(candidates["formats"]):
        allowed[len(outlet) + row, [formats.names.index(name) for name in names]] = True
    return allowed


def _nodes(region: Region, policy: Policy, services: tuple[str, ...], segments: tuple[str, ...]) -> NodeFacts:
    table = region.nodes
    by_segment = {segment: _numbers(table, segment) for segment in segments}
    people = by_segment["children"] + by_segment["working"] + by_segment["elderly"]
    is_urban = table["is_urban"].to_numpy(dtype=bool)
    visits = _visits_by_segment(region, by_segment, services)
    weight = np.array([policy.access.segment_weight.get(segment, 1.0) for segment in segments])
    return NodeFacts(
        ids=tuple(table["node_id"]),
        people=people,
        people_of={
            "all": people,
            "urban": np.where(is_urban, people, 0.0),
            "rural": np.where(is_urban, 0.0, people),
            **by_segment,
        },
        district=positions(region.districts["district_id"], table["district_id"]),
        is_urban=is_urban,
        visits=visits.sum(axis=0),
        weighted=np.einsum("g,gnc->nc", weight, visits),
        visits_by_segment=visits,
        market_margin=_numbers(table, "market_margin_per_year"),
    )


def _visits_by_segment(region: Region, people: dict[str, Floats], services: tuple[str, ...]) -> Floats:
    """d_igc, shape (G, N, C); where a district has a row of its own the row without a district does not hold."""
    home = region.nodes["district_id"].to_numpy(dtype=object)
    visits = np.zeros((len(people), len(home), len(services)))
    keys = ["segment", "service", "district_id"]
    districts_of: dict[tuple[str, str], list[str]] = {}
    for segment, service, district in region.visits[keys].itertuples(index=False):
        districts_of.setdefault((segment, service), []).append(district)
    for segment, service, district, rate, digital, customers in region.visits[
        [*keys, "visits_per_year", "digital_share", "customer_share"]
    ].itertuples(index=False):
        holds = home == district if district else ~np.isin(home, districts_of[segment, service])
        made = np.where(holds, people[segment] * customers * rate * (1.0 - digital), 0.0)
        visits[list(people).index(segment), :, services.index(service)] += made
    return visits


def _channels(region: Region) -> ChannelFacts:
    hosts, bases, vans = region.hosts, region.bases, region.vans
    base_ids = tuple(bases["base_id"])
    return ChannelFacts(
        host_ids=tuple(hosts["host_id"]),
        max_points=_numbers(hosts, "max_points"),
        base_ids=base_ids,
        base_site=positions(region.outlets["site_id"], bases["site_id"]),
        staff_days=_numbers(bases, "staff_days_per_week"),
        van_ids=tuple(vans["van_id"]),
        van_base=positions(base_ids, vans["base_id"]),
        van_days=_numbers(vans, "days_per_week"),
        shift=_numbers(vans, "shift_minutes"),
        van_running=_numbers(vans, "running_cost_per_year"),
    )
