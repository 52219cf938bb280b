"""Plans written by hand: name what differs from today, the visits follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from netplan.evaluate import NetworkPlan, today
from netplan.evaluate.audit import named_plan
from netplan.evaluate.network import network_of
from netplan.evaluate.reading import facts_of
from netplan.policy import Policy, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region


def problem_of(region: Region, **parts: Any) -> PlanningProblem:
    """A problem with these parts of a plan file."""
    return PlanningProblem.build(region, parse_policy(parts, origin="test") if parts else Policy())


def plan_with(
    problem: PlanningProblem,
    formats: Mapping[str, str] | None = None,
    *,
    moves: Mapping[str, str] | None = None,
    bases: Mapping[str, str] | None = None,
    vans: Mapping[str, tuple[str, str]] | None = None,
) -> NetworkPlan:
    """Today's network with some sites changed, every visit at its cheapest open outlet.

    Parameters
    ----------
    formats
        Format by site, "" for closed.
    moves
        Candidate by outlet that relocates there in its present format.
    bases, vans
        Base by counter; van and week by stop.
    """
    ids = list(problem.sites["site_id"])
    now = today(problem)
    after, moved = list(now.format_after), list(now.relocated_to)
    base_of, van_of, week_of = list(now.base_of), list(now.van_of), list(now.week_of)
    for outlet, candidate in (moves or {}).items():
        moved[ids.index(outlet)] = ids.index(candidate)
        after[ids.index(candidate)], after[ids.index(outlet)] = after[ids.index(outlet)], ""
    for site, name in (formats or {}).items():
        after[ids.index(site)] = name
    for site, base in (bases or {}).items():
        base_of[ids.index(site)] = base
    for site, (van, week) in (vans or {}).items():
        van_of[ids.index(site)], week_of[ids.index(site)] = van, week
    drawn = NetworkPlan(
        tuple(after), tuple(moved), tuple(base_of), tuple(van_of), tuple(week_of), now.assignments, is_today=False
    )
    return with_nearest(problem, drawn)


def with_nearest(problem: PlanningProblem, plan: NetworkPlan) -> NetworkPlan:
    """The same plan with every visit at its cheapest open outlet."""
    facts = facts_of(problem)
    return replace(plan, assignments=named_plan(facts, network_of(facts, plan)).assignments)


def with_assignment(plan: NetworkPlan, node: str, service: str, **changes: object) -> NetworkPlan:
    """The same plan with one assignment changed."""
    table = plan.assignments.copy()
    line = (table["node_id"] == node) & (table["service"] == service)
    for column, value in changes.items():
        table.loc[line, column] = value
    return replace(plan, assignments=table)


def random_plan(problem: PlanningProblem, rng: np.random.Generator) -> NetworkPlan:
    """Any network that the decisions can express, whether it keeps the rules or not."""
    moves = _random_moves(problem, rng)
    taken = {*moves, *moves.values()}
    formats = {
        str(site_id): str(rng.choice(["", *formats]))
        for site_id, formats in zip(problem.sites["site_id"], problem.sites["formats"], strict=True)
        if site_id not in taken and rng.random() < 0.6
    }
    plan = plan_with(problem, formats, moves=moves)
    region = problem.region
    channel = dict(zip(region.formats["format"], region.formats["channel"], strict=True))
    bases, vans = {}, {}
    for name, after in zip(problem.sites["site_id"], plan.format_after, strict=True):
        if channel.get(after) == "counter" and rng.random() < 0.9 and len(region.bases):
            bases[name] = str(rng.choice(region.bases["base_id"]))
        if channel.get(after) == "van" and rng.random() < 0.9 and len(region.vans):
            vans[name] = (str(rng.choice(region.vans["van_id"])), str(rng.choice(["every", "odd", "even"])))
    return plan_with(problem, formats, moves=moves, bases=bases, vans=vans)


def _random_moves(problem: PlanningProblem, rng: np.random.Generator) -> dict[str, str]:
    """Some outlets to candidates that allow their format and are near enough, at most one to each."""
    sites, formats = problem.sites, problem.region.formats.set_index("format")
    moves: dict[str, str] = {}
    for k, (outlet, now) in enumerate(zip(sites["site_id"], sites["format"], strict=True)):
        if now and rng.random() < 0.3 and not np.isnan(formats.loc[now, "relocation_cost"]):
            near = [
                name
                for s, (name, allowed, before) in enumerate(
                    zip(sites["site_id"], sites["formats"], sites["format"], strict=True)
                )
                if not before
                and now in allowed
                and name not in moves.values()
                and problem.travel.between_sites.get(k, s) <= problem.policy.policy.relocation_minutes
            ]
            if near:
                moves[str(outlet)] = str(rng.choice(near))
    return moves


def table_changed(region: Region, stem: str, **columns: object) -> Region:
    """A region with columns of one table replaced, without the checks of reading."""
    table: pd.DataFrame = getattr(region, stem)
    return replace(region, **{stem: table.assign(**columns)})
