"""The rural channels: hosted points, cash supply, fixed-time counters, van stops - one function each.

Each takes the model, the problem and the policy variables, and adds its own variables, constraints and costs, so that
van tours can replace `add_van_stops` without touching the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.formulation.model import EQ, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables
from netplan.problem import PlanningProblem

WEEKS = {"every": ("odd", "even"), "odd": ("odd",), "even": ("even",)}
"""Week patterns of a van stop, and the weeks of the two-week cycle that each takes up."""


def add_hosted_points(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """sum y[s,f] <= max_points_h over the hosted formats of the sites of host h; none without a host."""
    sites, formats = problem.sites, problem.formats
    at_host: dict[str, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, formats.is_hosted):
        at_host[sites["host_id"][problem.columns.site[j]]].append((policy.columns[j], 1.0))
    room = dict(zip(problem.region.hosts["host_id"], problem.region.hosts["max_points"], strict=True))
    for host_id, terms in at_host.items():
        model.add(f"host_{host_id or 'none'}", terms, LE, float(room.get(host_id, 0)))


def add_cash_supply(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] <= sum y[s',f'] over other sites within max_supply_minutes_f whose format supplies cash."""
    formats, columns = problem.formats, problem.columns
    supplied = _operating(problem, ~np.isnan(formats.max_supply_minutes))
    arriving = problem.travel.between_sites.transposed() if supplied else problem.travel.between_sites
    for j in supplied:
        origin, minutes = arriving.of(int(columns.site[j]))
        near = origin[minutes <= formats.max_supply_minutes[columns.format[j]]]
        name = f"supply_{policy.columns[j].name}"
        add_need(model, problem, policy, j, name=name, helps=formats.supplies_cash, near=near)


def add_need(
    model: PolicyModel,
    problem: PlanningProblem,
    policy: PolicyVariables,
    j: int,
    *,
    name: str,
    helps: NDArray[np.bool_],
    near: NDArray[np.int64],
    rule: tuple[str, str] | None = None,
) -> None:
    """y_j <= sum of the y[s',f'] at the other sites of `near` whose format helps."""
    columns = problem.columns
    others = near[near != columns.site[j]]
    close_by = np.isin(columns.site, others) & helps[columns.format] & ~columns.is_relocation
    terms = [(policy.columns[h], -1.0) for h in np.flatnonzero(close_by)]
    model.add(name, [(policy.columns[j], 1.0), *terms], LE, 0, rule=rule)


def add_fixed_time_counters(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] = sum_b a[s,f,b]; a <= base open; days_per_week x a within the base's staff-days.

    A base is open while its outlet operates in a staffed format.
    """
    bases, formats, columns = problem.region.bases, problem.formats, problem.columns
    base_sites = list(zip(bases["base_id"], _base_sites(problem), strict=True))
    used: dict[str, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, np.array(formats.channel) == "counter"):
        s, f = int(columns.site[j]), int(columns.format[j])
        site_id, format_id = problem.sites["site_id"][s], formats.ids[f]
        staffed: list[tuple[pulp.LpVariable, float]] = []
        for base_id, base in base_sites:
            if problem.travel.between_sites.get(base, s) <= formats.max_base_minutes[f]:
                variable = model.binary("a", site_id, format_id, base_id)
                policy.staffed[site_id, format_id, base_id] = variable
                staffed.append((variable, 1.0))
                used[base_id].append((variable, float(formats.days_per_week[f])))
                _while_open(model, problem, policy, base, variable)
        model.add(f"staffed_{site_id}_{format_id}", [(policy.columns[j], 1.0), *_minus(staffed)], EQ, 0)
    for base_id, days in zip(bases["base_id"], bases["staff_days_per_week"], strict=True):
        if used[base_id]:
            model.add(f"staff_days_{base_id}", used[base_id], LE, float(days))


def add_van_stops(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] = sum a[s,f,v,h]; a <= u[v]; u[v] <= base open; van-days per van and week; u[v] costs.

    A visit takes a whole van-day, or half where ``2 t + dwell <= shift / 2``, so that any two halves make a day.
    """
    formats, columns = problem.formats, problem.columns
    base_site = dict(zip(problem.region.bases["base_id"], _base_sites(problem), strict=True))
    used = _van_variables(model, problem, policy, base_site)
    days: dict[tuple[str, str], list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, np.array(formats.channel) == "van"):
        s, f = int(columns.site[j]), int(columns.format[j])
        key = problem.sites["site_id"][s], formats.ids[f]
        served: list[tuple[pulp.LpVariable, float]] = []
        for van_id, size in van_day_share(problem, base_site, s, f):
            for week in _week_patterns(float(formats.days_per_week[f])):
                variable = model.binary("a", *key, van_id, week)
                policy.visited[*key, van_id, week] = variable
                served.append((variable, 1.0))
                model.add(f"van_used_{variable.name}", [(variable, 1.0), (used[van_id], -1.0)], LE, 0)
                for each in WEEKS[week]:
                    days[van_id, each].append((variable, size * max(1.0, float(formats.days_per_week[f]))))
        model.add(f"visited_{key[0]}_{key[1]}", [(policy.columns[j], 1.0), *_minus(served)], EQ, 0)
    vans = problem.region.vans
    for van_id, most in zip(vans["van_id"], vans["days_per_week"], strict=True):
        for week in ("odd", "even"):
            if days[van_id, week]:
                terms = [*days[van_id, week], (used[van_id], -float(most))]
                model.add(f"van_days_{van_id}_{week}", terms, LE, 0)


def van_day_share(
    problem: PlanningProblem, base_site: Mapping[str, int], site: int, format_: int
) -> Iterator[tuple[str, float]]:
    """Vans that can make the trip within a shift, and the share of a van-day that one visit takes (1 or 1/2)."""
    dwell = float(problem.formats.dwell_minutes[format_])
    vans = problem.region.vans
    for van_id, base_id, shift in zip(vans["van_id"], vans["base_id"], vans["shift_minutes"], strict=True):
        trip = 2.0 * problem.travel.between_sites.get(base_site[base_id], site) + dwell
        if trip <= shift:
            yield van_id, 0.5 if trip <= shift / 2.0 else 1.0


def _van_variables(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, base_site: Mapping[str, int]
) -> dict[str, pulp.LpVariable]:
    vans = problem.region.vans
    used = {}
    costs = problem.policy.objective.kind == "net_cost"
    for van_id, base_id, cost in zip(vans["van_id"], vans["base_id"], vans["running_cost_per_year"], strict=True):
        used[van_id] = policy.van_used[van_id] = model.binary("u", van_id)
        _while_open(model, problem, policy, base_site[base_id], used[van_id])
        if costs:
            model.cost(used[van_id], float(cost))
    return used


def _while_open(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, base: int, variable: pulp.LpVariable
) -> None:
    """variable <= sum y[site of the base, f] over staffed formats."""
    columns = problem.columns
    staffed = (columns.site == base) & ~columns.is_relocation & problem.formats.is_staffed[columns.format]
    terms = [(policy.columns[j], -1.0) for j in np.flatnonzero(staffed)]
    model.add(f"base_open_{variable.name}", [(variable, 1.0), *terms], LE, 0)


def _week_patterns(days_per_week: float) -> tuple[str, ...]:
    return ("every",) if days_per_week >= 1.0 else ("odd", "even")


def _base_sites(problem: PlanningProblem) -> list[int]:
    position = {site_id: s for s, site_id in enumerate(problem.sites["site_id"])}
    return [position[site_id] for site_id in problem.region.bases["site_id"]]


def _operating(problem: PlanningProblem, chosen_formats: NDArray[np.bool_]) -> list[int]:
    columns = problem.columns
    operating = columns.operating
    return [int(j) for j in operating[chosen_formats[columns.format[operating]]]]


def _minus(terms: list[tuple[pulp.LpVariable, float]]) -> list[tuple[pulp.LpVariable, float]]:
    return [(variable, -coefficient) for variable, coefficient in terms]
