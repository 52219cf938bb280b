"""The two maps: of a plan, and of a region before any plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from netplan.demand import demand_of
from netplan.evaluate import Scorecard, today
from netplan.explain import Reason
from netplan.figures import key_figures, standard_figures
from netplan.maps import layers, panel
from netplan.maps.columns import (
    ACTIONS,
    Block,
    bounds_of,
    catchment_colours,
    format_rows,
    known_sites,
    node_columns,
    numbers,
    place_columns,
    positions,
    served_columns,
    site_columns,
    texts,
)
from netplan.maps.page import MapLayer, PlanMap
from netplan.plan import Plan
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.tables import SEGMENTS


def plan_map(
    problem: PlanningProblem,
    plan: Plan,
    scorecard: Scorecard,
    reasons: Iterable[Reason] = (),
    *,
    before: pd.DataFrame | None = None,
) -> PlanMap:
    """The map of a plan: today and after, every action with its reason, and who is served from where.

    Parameters
    ----------
    scorecard
        The plan's, as `netplan.evaluate` returns it.
    reasons
        Why each action was chosen, as `netplan.explain.explain` returns them.
    before
        Today's assignments where they are at hand, as `netplan.evaluate.today` returns them; worked out otherwise.
    """
    region, sites = problem.region, problem.sites
    before = today(problem).assignments if before is None else before
    nodes = node_columns(region, problem.demand.visits)
    # As Python's own strings: those of pandas are slow to go through one by one.
    tables = [
        each.astype({"node_id": object, "service": object, "site_id": object}) for each in (before, plan.assignments)
    ]
    parts = [served_columns(each, region, sites, problem.demand.services) for each in tables]
    site_block = site_columns(region, sites) | _action_columns(
        plan, {reason.site_id: reason.text for reason in reasons}
    )
    for when, score in (("before", scorecard.before), ("after", scorecard.after)):
        site_block |= _load_columns(problem, score.sites, when)
    site_block["colour"] = catchment_colours(nodes, len(sites), parts)
    data: Block = _shared(region, sites, problem.demand.services) | {
        **panel.heading(region, "branch network plan"),
        "sites": site_block,
        "figures_title": "What the plan changes",
        "figures_head": ["today", "plan", "change"],
        "figures": panel.figure_rows(key_figures(scorecard)),
        "standards": panel.standard_rows(standard_figures(problem.policy, scorecard)),
        "status": panel.status(plan.certificate, problem.policy.objective.kind, region.currency),
    }
    drawn = (
        layers.actions(),
        layers.people_served(nodes, *parts),
        layers.served(*parts),
        layers.today(),
        layers.plan(),
        *_when(not sites["is_existing"].all(), layers.candidates()),
        *_ground(region, data["bounds"]),
    )
    return PlanMap(data["title"], drawn, data)


def region_map(region: Region) -> PlanMap:
    """The map of a region before any plan: people, roads, today's outlets, candidates."""
    sites = known_sites(region)
    demand = demand_of(region.nodes, region.visits, {})
    data: Block = _shared(region, sites, demand.services) | {
        **panel.heading(region, "region"),
        "sites": site_columns(region, sites),
        "figures_title": "What is there",
        "figures_head": [""],
        "figures": panel.region_rows(region),
        "standards": [],
        "status": None,
    }
    drawn = (
        MapLayer("today", "Today's network"),
        layers.people(node_columns(region, demand.visits)),
        *_when(not sites["is_existing"].all(), MapLayer("candidates", "Candidates", shown=False)),
        *_ground(region, data["bounds"]),
    )
    return PlanMap(data["title"], drawn, data)


def _shared(region: Region, sites: pd.DataFrame, services: Sequence[str]) -> Block:
    return {
        "language": region.language,
        "bounds": bounds_of(region, sites),
        "services": list(services),
        "segments": list(SEGMENTS),
        "actions": list(ACTIONS),
        "formats": format_rows(region),
        "townships": place_columns(region.townships, "township_id"),
        "served": {"before": None, "after": None},
        "roads": None,
        "statements": panel.statements(region),
        "credit": panel.credit(region),
        "sources": panel.source_lines(region),
    }


def _ground(region: Region, bounds: list[list[float]]) -> tuple[MapLayer, ...]:
    roads = _when(len(region.road_edges) > 0, layers.roads(region, bounds))
    return (*roads, layers.districts(region), layers.names())


def _when(wanted: bool, layer: MapLayer) -> tuple[MapLayer, ...]:
    return (layer,) if wanted else ()


def _action_columns(plan: Plan, reason_of: dict[str, str]) -> Block:
    sites, problem = plan.problem.sites, plan.problem
    actions = plan.actions.set_index("site_id").reindex(sites["site_id"])
    named = actions["action"].fillna("")
    target = np.array(plan.relocated_to)
    is_target = np.isin(np.arange(len(sites)), target)
    return {
        "after": positions(texts(problem.region.formats["format"]), pd.Series(plan.format_after)),
        "action": positions(ACTIONS, named),
        "to": target.tolist(),
        "is_target": is_target.astype(int).tolist(),
        "reason": [reason_of.get(site_id, "") for site_id in sites["site_id"]],
        "note": [_staffing(*row) for row in zip(plan.base_of, plan.van_of, plan.week_of, strict=True)],
    }


def _staffing(base: str, van: str, week: str) -> str:
    """Who serves a counter or a van stop."""
    if van:
        rounds = {"every": "every week", "odd": "in odd weeks", "even": "in even weeks"}.get(week, "")
        return f"Served by van {van} of base {base} {rounds}".rstrip()
    return f"Staffed from base {base}" if base else ""


def _load_columns(problem: PlanningProblem, loads: pd.DataFrame, when: str) -> Block:
    index = pd.MultiIndex.from_product([problem.demand.services, problem.sites["site_id"]])
    table = loads.set_index(["service", "site_id"])[["visits", "utilisation"]].reindex(index)
    size = len(problem.sites)
    rows = [slice(c * size, (c + 1) * size) for c in range(len(problem.demand.services))]
    return {
        f"visits_{when}": [numbers(table["visits"].iloc[row], 0) for row in rows],
        f"used_{when}": [numbers(table["utilisation"].iloc[row], 3) for row in rows],
    }
