"""Bounds of the plan file, network-wide and per district, and its named outlets and sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pulp
from numpy.typing import NDArray

from netplan.formulation.channels import add_need
from netplan.formulation.model import EQ, GE, LE, PolicyModel, weighted
from netplan.formulation.policy_variables import PolicyVariables, operating_at
from netplan.ledger import Ledger
from netplan.policy import Limits
from netplan.problem import PlanningProblem


@dataclass(frozen=True, slots=True)
class _Part:
    """The network, or one district: its name in rules, its bounds, its sites."""

    id: str
    name: str
    limits: Limits
    places: NDArray[np.bool_]
    district_id: str


@dataclass(frozen=True, slots=True)
class _Bound:
    key: str
    items: tuple[str, ...]
    sense: int
    most: float
    text: str


def add_limits(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, ledger: Ledger) -> None:
    """Every bound of `[policy]`, `[budget]` and `[district.ID]`: a sum of ledger entries against a number."""
    for part in _parts(problem):
        for bound in _bounds(part, problem):
            coefficients, constant = ledger.total(bound.items, len(problem.columns), part.places)
            terms = weighted(policy.columns, coefficients)
            if bound.items == ("running",):
                terms += _van_terms(problem, policy, part)
            rule = (f"{part.id}.{bound.key}", f"{part.name}: {bound.text}")
            model.add(f"{part.id}_{bound.key}", terms, bound.sense, bound.most - constant, rule=rule)
        _add_format_limits(model, problem, policy, part)


def _parts(problem: PlanningProblem) -> Iterator[_Part]:
    sites, plan = problem.sites, problem.policy
    yield _Part("policy", "the network", plan.policy, np.ones(len(sites), dtype=bool), "")
    names = dict(zip(problem.region.districts["district_id"], problem.region.districts["name"], strict=True))
    for district_id, limits in plan.district.items():
        if district_id in names:  # a district out of scope has no decisions
            here = (sites["district_id"] == district_id).to_numpy(dtype=bool)
            yield _Part(f"district.{district_id}", f"{names[district_id]} ({district_id})", limits, here, district_id)


def _bounds(part: _Part, problem: PlanningProblem) -> Iterator[_Bound]:
    limits, budget = part.limits, problem.policy.budget
    capital = limits.capital if part.district_id else budget.capital
    if capital is not None:
        yield _Bound("capital", budget.draws, LE, capital, f"capital of at most {capital:,.0f}")
    for key, item, sense, text in (
        ("max_openings", "openings", LE, "at most {:,} openings"),
        ("min_openings", "openings", GE, "at least {:,} openings"),
        ("max_closures", "closures", LE, "at most {:,} closures"),
        ("min_closures", "closures", GE, "at least {:,} closures"),
        ("max_conversions", "conversions", LE, "at most {:,} conversions"),
        ("max_relocations", "relocations", LE, "at most {:,} relocations"),
        ("max_outlets", "outlets", LE, "at most {:,} physical outlets"),
        ("min_outlets", "outlets", GE, "at least {:,} physical outlets"),
    ):
        value = getattr(limits, key)
        if value is not None:
            yield _Bound(key, (item,), sense, float(value), text.format(value))
    yield from _changes(part, problem)
    if limits.stance in ("advance", "hold"):
        yield _Bound("stance", ("closures",), LE, 0.0, f"stance {limits.stance}")
    if limits.stance in ("retreat", "hold"):
        yield _Bound("stance", ("openings",), LE, 0.0, f"stance {limits.stance}")


def _changes(part: _Part, problem: PlanningProblem) -> Iterator[_Bound]:
    """Running cost and staff: after less today, so today's figure moves to the right-hand side."""
    limits = part.limits
    if limits.max_running_cost_change is not None:
        most = limits.max_running_cost_change
        today = _running_today(problem, part)
        yield _Bound(
            "max_running_cost_change", ("running",), LE, today + most, f"running cost change at most {most:,.0f}"
        )
    staff = problem.formats.staff[problem.present_format[problem.is_outlet & part.places]].sum()
    for key, sense, word in (("max_staff_change", LE, "most"), ("min_staff_change", GE, "least")):
        value = getattr(limits, key)
        if value is not None:
            yield _Bound(key, ("staff",), sense, float(staff + value), f"staff change at {word} {value:,.1f}")


def _running_today(problem: PlanningProblem, part: _Part) -> float:
    outlets = problem.region.outlets
    here = part.places[: len(outlets)]
    present = problem.present_format[: len(outlets)]
    cost = outlets["running_cost_per_year"].fillna(
        pd.Series(problem.formats.running_cost_per_year[present], index=outlets.index)
    )
    runs_vans = bool((np.array(problem.formats.channel)[present] == "van").any())
    vans = problem.region.vans["running_cost_per_year"].to_numpy(dtype=float)[_vans_of(problem, part)]
    return float(cost[here].sum() + (vans.sum() if runs_vans else 0.0))


def _vans_of(problem: PlanningProblem, part: _Part) -> NDArray[np.bool_]:
    """Vans whose base lies in the part."""
    bases, sites = problem.region.bases, problem.sites
    district = dict(zip(sites["site_id"], sites["district_id"], strict=True))
    of_base = {base: district[site] for base, site in zip(bases["base_id"], bases["site_id"], strict=True)}
    vans = problem.region.vans
    return np.array([not part.district_id or of_base[base] == part.district_id for base in vans["base_id"]], dtype=bool)


def _van_terms(problem: PlanningProblem, policy: PolicyVariables, part: _Part) -> list[tuple[pulp.LpVariable, float]]:
    vans = problem.region.vans[_vans_of(problem, part)]
    return [
        (policy.van_used[van_id], float(cost))
        for van_id, cost in zip(vans["van_id"], vans["running_cost_per_year"], strict=True)
        if van_id in policy.van_used
    ]


def _add_format_limits(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, part: _Part) -> None:
    columns = problem.columns
    for key, sense, word in (("max_of_format", LE, "most"), ("min_of_format", GE, "least")):
        for format_id, number in getattr(part.limits, key).items():
            f = problem.formats.position(format_id)
            chosen = (columns.format == f) & ~columns.is_relocation & part.places[columns.site]
            terms = [(policy.columns[j], 1.0) for j in np.flatnonzero(chosen)]
            rule = (f"{part.id}.{key}.{format_id}", f"{part.name}: at {word} {number:,} in format {format_id}")
            model.add(f"{part.id}_{key}_{format_id}", terms, sense, float(number), rule=rule)


def add_named_sites(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """protected and forced_openings: sum_f y = 1; forced closures, expired leases and forbidden: sum_f y = 0."""
    listed = problem.policy.policy
    in_scope = set(problem.sites["site_id"])
    for key, ids, total, text in (
        ("protected", listed.protected, 1, "is protected"),
        ("forced_closures", listed.forced_closures, 0, "must leave its premises"),
        ("forced_openings", listed.forced_openings, 1, "must open"),
        ("forbidden", listed.forbidden, 0, "must not open"),
        ("close_when_lease_ends_by", _expiring(problem), 0, "must leave: its lease ends"),
    ):
        for site_id in ids:
            if site_id in in_scope:
                terms = list(policy.open(site_id).items())
                rule = (f"policy.{key}.{site_id}", f"{site_id} {text}")
                model.add(f"{key}_{site_id}", terms, EQ, total, rule=rule)


def _expiring(problem: PlanningProblem) -> list[str]:
    last_day = problem.policy.policy.close_when_lease_ends_by
    if last_day is None:
        return []
    outlets = problem.region.outlets
    return list(outlets["site_id"][outlets["lease_end"] <= pd.Timestamp(last_day)])


def add_clusters(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] <= sum y[s',f'] over other sites within the cluster's minutes (t_ss') in a format it needs."""
    columns, formats = problem.columns, problem.formats
    for number, cluster in enumerate(problem.policy.policy.cluster, start=1):
        members = np.isin(columns.format, [formats.position(name) for name in cluster.formats])
        needed = np.isin(np.arange(len(formats.ids)), [formats.position(name) for name in cluster.needs])
        helpers = operating_at(problem, policy, needed)
        text = (
            f"cluster {number}: {', '.join(cluster.formats)} needs {' or '.join(cluster.needs)} "
            f"within {cluster.minutes:g} minutes"
        )
        for j in np.flatnonzero(members & ~columns.is_relocation):
            name = f"cluster_{number}_{policy.columns[j].name}"
            rule = (f"policy.cluster.{number}", text)
            site = int(columns.site[j])
            target, minutes = problem.travel.between_sites.of(site)
            others = target[(minutes <= cluster.minutes) & (target != site)]
            add_need(model, policy.columns[j], helpers, others, name=name, rule=rule)


def add_zone_shares(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, ledger: Ledger) -> None:
    """min_share x all <= physical outlets in the zone <= max_share x all."""
    everywhere, _ = ledger.total(("outlets",), len(problem.columns))
    for zone in problem.policy.policy.zone_share:
        inside = problem.sites["district_id"].isin(zone.districts) | problem.sites["township_id"].isin(zone.townships)
        here, _ = ledger.total(("outlets",), len(problem.columns), inside.to_numpy(dtype=bool))
        for key, share, sense, word in (("min", zone.min_share, GE, "least"), ("max", zone.max_share, LE, "most")):
            if (key, share) not in (("min", 0.0), ("max", 1.0)):
                text = f"zone {zone.name}: at {word} {100 * share:g} % of the physical outlets"
                rule = (f"policy.zone_share.{zone.name}.{key}", text)
                terms = weighted(policy.columns, here - share * everywhere)
                model.add(f"zone_{zone.name}_{key}", terms, sense, 0, rule=rule)
