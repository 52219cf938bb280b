"""The rural channels: hosted points, cash supply, fixed-time counters, van stops - one function each.

Each takes the model, the problem and the policy variables, and adds its own variables, constraints and costs, so that
van tours can replace `add_van_stops` without touching the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.formulation.model import EQ, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables, operating_at
from netplan.problem import PlanningProblem
from netplan.travel import SparseMinutes

OpenAt = Mapping[int, Sequence[pulp.LpVariable]]
"""The y[s,f] in some formats, by site."""
Floats = NDArray[np.float64]

WEEKS = {"every": ("odd", "even"), "odd": ("odd",), "even": ("even",)}
"""Week patterns of a van stop, and the weeks of the two-week cycle that each takes up."""


def add_hosted_points(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """sum y[s,f] <= max_points_h over the hosted formats of the sites of host h; none without a host."""
    host_of, formats = list(problem.sites["host_id"]), problem.formats
    at_host: dict[str, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, formats.is_hosted):
        at_host[host_of[problem.columns.site[j]]].append((policy.columns[j], 1.0))
    room = dict(zip(problem.region.hosts["host_id"], problem.region.hosts["max_points"], strict=True))
    for host_id, terms in at_host.items():
        model.add(f"host_{host_id or 'none'}", terms, LE, float(room.get(host_id, 0)))


def add_cash_supply(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] <= sum y[s',f'] over other sites within max_supply_minutes_f whose format supplies cash."""
    formats, columns = problem.formats, problem.columns
    supplied = _operating(problem, ~np.isnan(formats.max_supply_minutes))
    if not supplied:
        return
    arriving = _within(problem.travel.between_sites, float(np.nanmax(formats.max_supply_minutes))).transposed()
    suppliers = operating_at(problem, policy, formats.supplies_cash)
    for j in supplied:
        site = int(columns.site[j])
        origin, minutes = arriving.of(site)
        others = origin[(minutes <= formats.max_supply_minutes[columns.format[j]]) & (origin != site)]
        add_need(model, policy.columns[j], suppliers, others, name=f"supply_{policy.columns[j].name}")


def add_need(
    model: PolicyModel,
    needy: pulp.LpVariable,
    helpers: OpenAt,
    sites: NDArray[np.integer],
    *,
    name: str,
    rule: tuple[str, str] | None = None,
) -> None:
    """needy <= sum of the helpers at these sites."""
    help_there = [helper for s in sites.tolist() for helper in helpers.get(s, ())]
    model.add(name, [(needy, 1.0), *_minus(help_there)], LE, 0, rule=rule)


def add_fixed_time_counters(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] = sum_b a[s,f,b]; a <= base open; days_per_week x a within the base's staff-days.

    A base is open while its outlet operates in a staffed format.
    """
    bases, formats, columns = problem.region.bases, problem.formats, problem.columns
    base_ids, base_sites, site_ids = list(bases["base_id"]), _base_sites(problem), list(problem.sites["site_id"])
    minutes, staffed_at = _minutes_from(problem, base_sites), operating_at(problem, policy, formats.is_staffed)
    used: dict[str, list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, np.array(formats.channel) == "counter"):
        s, f = int(columns.site[j]), int(columns.format[j])
        site_id, format_id, days_per_week = site_ids[s], formats.ids[f], float(formats.days_per_week[f])
        staffed: list[pulp.LpVariable] = []
        for b in np.flatnonzero(minutes[:, s] <= formats.max_base_minutes[f]).tolist():
            variable = model.binary("a", site_id, format_id, base_ids[b])
            policy.staffed[site_id, format_id, base_ids[b]] = variable
            staffed.append(variable)
            used[base_ids[b]].append((variable, days_per_week))
            _while_open(model, variable, staffed_at.get(base_sites[b], ()))
        model.add(f"staffed_{site_id}_{format_id}", [(policy.columns[j], 1.0), *_minus(staffed)], EQ, 0)
    for base_id, days in zip(base_ids, bases["staff_days_per_week"], strict=True):
        if used[base_id]:
            model.add(f"staff_days_{base_id}", used[base_id], LE, float(days))


def add_van_stops(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """y[s,f] = sum a[s,f,v,h]; a <= u[v]; u[v] <= base open; van-days per van and week; u[v] costs.

    A visit takes a whole van-day, or half where ``2 t + dwell <= shift / 2``, so that any two halves make a day.
    """
    formats, columns, site_ids = problem.formats, problem.columns, list(problem.sites["site_id"])
    stationed = _van_sites(problem)
    used, minutes = _van_variables(model, problem, policy, stationed), _minutes_from(problem, stationed)
    days: dict[tuple[str, str], list[tuple[pulp.LpVariable, float]]] = defaultdict(list)
    for j in _operating(problem, np.array(formats.channel) == "van"):
        s, f = int(columns.site[j]), int(columns.format[j])
        key = site_ids[s], formats.ids[f]
        served: list[pulp.LpVariable] = []
        for van_id, size in van_day_share(problem, minutes[:, s], f):
            for week in _week_patterns(float(formats.days_per_week[f])):
                variable = model.binary("a", *key, van_id, week)
                policy.visited[*key, van_id, week] = variable
                served.append(variable)
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


def van_day_share(problem: PlanningProblem, minutes: Floats, format_: int) -> Iterator[tuple[str, float]]:
    """Vans that can make the trip within a shift, and the share of a van-day that one visit takes (1 or 1/2).

    The trip is so many minutes one way for each van, shape (vans,).
    """
    dwell = float(problem.formats.dwell_minutes[format_])
    vans = problem.region.vans
    for van_id, shift, one_way in zip(vans["van_id"], vans["shift_minutes"], minutes.tolist(), strict=True):
        trip = 2.0 * one_way + dwell
        if trip <= shift:
            yield van_id, 0.5 if trip <= shift / 2.0 else 1.0


def _van_variables(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, stationed: list[int]
) -> dict[str, pulp.LpVariable]:
    vans, staffed_at = problem.region.vans, operating_at(problem, policy, problem.formats.is_staffed)
    used = {}
    costs = problem.policy.objective.kind == "net_cost"
    for van_id, base, cost in zip(vans["van_id"], stationed, vans["running_cost_per_year"], strict=True):
        used[van_id] = policy.van_used[van_id] = model.binary("u", van_id)
        _while_open(model, used[van_id], staffed_at.get(base, ()))
        if costs:
            model.cost(used[van_id], float(cost))
    return used


def _while_open(model: PolicyModel, variable: pulp.LpVariable, staffed: Sequence[pulp.LpVariable]) -> None:
    """variable <= sum y[site of the base, f] over staffed formats."""
    model.add(f"base_open_{variable.name}", [(variable, 1.0), *_minus(staffed)], LE, 0)


def _week_patterns(days_per_week: float) -> tuple[str, ...]:
    return ("every",) if days_per_week >= 1.0 else ("odd", "even")


def _base_sites(problem: PlanningProblem) -> list[int]:
    position = {site_id: s for s, site_id in enumerate(problem.sites["site_id"])}
    return [position[site_id] for site_id in problem.region.bases["site_id"]]


def _van_sites(problem: PlanningProblem) -> list[int]:
    """Site of each van's base."""
    at = dict(zip(problem.region.bases["base_id"], _base_sites(problem), strict=True))
    return [at[base_id] for base_id in problem.region.vans["base_id"]]


def _within(pairs: SparseMinutes, minutes: float) -> SparseMinutes:
    """The pairs within so many minutes."""
    kept = np.flatnonzero(pairs.minutes <= minutes)
    return SparseMinutes(pairs.shape, np.searchsorted(kept, pairs.start), pairs.target[kept], pairs.minutes[kept])


def _minutes_from(problem: PlanningProblem, origins: list[int]) -> Floats:
    """Minutes from some sites to all, shape (origins, S); infinite beyond the cut-off."""
    between = problem.travel.between_sites
    minutes = np.full((len(origins), between.shape[1]), np.inf)
    for row, origin in enumerate(origins):
        target, there = between.of(origin)
        minutes[row, target] = there
    return minutes


def _operating(problem: PlanningProblem, chosen_formats: NDArray[np.bool_]) -> list[int]:
    columns = problem.columns
    operating = columns.operating
    return [int(j) for j in operating[chosen_formats[columns.format[operating]]]]


def _minus(variables: Sequence[pulp.LpVariable]) -> list[tuple[pulp.LpVariable, float]]:
    return [(variable, -1.0) for variable in variables]
