"""Standards: coverage, a physical outlet per township, spacing; hard or at a price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pulp
from numpy.typing import NDArray

from netplan.coordinates.geodesy import great_circle_km
from netplan.formulation.model import GE, LE, PolicyModel
from netplan.formulation.policy_variables import PolicyVariables, operating_at
from netplan.policy import Standard
from netplan.problem import PlanningProblem
from netplan.rows import Rows

KEEP_LAST_OUTLET = "keep_last_outlet"


def add_standards(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """Every `[[standard]]`, and keep_last_outlet."""
    for position, standard in enumerate(problem.policy.standard):
        if standard.kind == "coverage":
            add_coverage_standard(model, problem, policy, standard, position)
        elif standard.kind == "township":
            add_township_standard(model, problem, policy, standard)
        else:
            add_spacing_standard(model, problem, policy, standard)
    if problem.policy.policy.keep_last_outlet:
        add_last_outlets(model, problem, policy)


def add_coverage_standard(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, standard: Standard, position: int
) -> None:
    """sum_i p_i z_i <= (1 - share) sum_i p_i [+ short], z_i >= 1 - sum of the columns that cover i.

    Nodes covered by the same columns share one z.
    """
    rows = problem.rows.select(problem.rows.measure == position)
    uncovered = model.amount("uncovered", standard.id)
    terms = [(uncovered, -1.0)]
    missed = 0.0
    for number, (columns, weight) in enumerate(sorted(_covering_sets(rows).items())):
        if not columns:
            missed += weight
            continue
        miss = model.fraction("z", standard.id, number)
        cover = [(policy.columns[j], 1.0) for j in columns]
        model.add(f"cover_{standard.id}_{number}", [(miss, 1.0), *cover], GE, 1)
        terms.append((miss, weight))
    model.add(f"uncovered_{standard.id}", terms, LE, -missed)
    rule = (f"standard.{standard.id}", standard_text(standard))
    total = standard_people(problem, standard)
    short = _short(model, standard)
    allowed = [(uncovered, 1.0), *((variable, -1.0) for variable in short)]
    most = (1.0 - float(standard.share or 0.0)) * total
    model.add(f"standard_{standard.id}", allowed, LE, most, rule=rule if standard.hard else None)


def _covering_sets(rows: Rows) -> dict[tuple[int, ...], float]:
    """People by the set of columns that covers them; the empty set for those nothing covers."""
    sets: dict[tuple[int, ...], float] = defaultdict(float)
    for row in range(len(rows)):
        options = range(rows.option_start[row], rows.option_start[row + 1])
        columns = [rows.column[rows.column_start[o] : rows.column_start[o + 1]] for o in options]
        sets[tuple(int(j) for part in columns for j in part)] += float(rows.weight[row])
    return sets


def standard_people(problem: PlanningProblem, standard: Standard) -> float:
    """The people whom a coverage standard counts."""
    people = problem.demand.people_of(standard.group)
    if not standard.districts:
        return float(people.sum())
    return float(people[problem.region.nodes["district_id"].isin(standard.districts).to_numpy()].sum())


def add_township_standard(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, standard: Standard
) -> None:
    """sum of the physical y in the township >= 1 [- short], for every township (of its districts)."""
    townships, physical = problem.region.townships, physical_columns(problem)
    named = (
        townships["district_id"].isin(standard.districts) if standard.districts else townships["district_id"].notna()
    )
    for township_id, name in zip(townships["township_id"][named], townships["name"][named], strict=True):
        short = _short(model, standard, township_id)
        terms = [(policy.columns[j], 1.0) for j in physical.get(township_id, ())]
        text = f"standard {standard.id!r}: {name} ({township_id}) has a physical outlet"
        rule = (f"standard.{standard.id}.{township_id}", text) if standard.hard else None
        terms += [(variable, 1.0) for variable in short]
        model.add(f"township_{standard.id}_{township_id}", terms, GE, 1, rule=rule)


def add_last_outlets(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """sum of the physical y in the township >= 1, for every township that has a physical outlet today."""
    names = dict(zip(problem.region.townships["township_id"], problem.region.townships["name"], strict=True))
    physical = physical_columns(problem)
    for township_id in townships_served_today(problem):
        terms = [(policy.columns[j], 1.0) for j in physical.get(township_id, ())]
        text = f"{names[township_id]} ({township_id}) keeps its last physical outlet"
        rule = (f"policy.{KEEP_LAST_OUTLET}.{township_id}", text)
        model.add(f"{KEEP_LAST_OUTLET}_{township_id}", terms, GE, 1, rule=rule)


def townships_served_today(problem: PlanningProblem) -> list[str]:
    """Townships with a physical outlet today, in order of first appearance."""
    outlets = problem.is_outlet
    physical = problem.formats.is_physical[problem.present_format[outlets]]
    return list(dict.fromkeys(problem.sites["township_id"][outlets][physical]))


def physical_columns(problem: PlanningProblem) -> dict[str, NDArray[np.int64]]:
    """Positions of the y[s,f] in a physical format, ascending, by township; townships without any are left out."""
    columns = problem.columns
    physical = columns.operating[problem.formats.is_physical[columns.format[columns.operating]]]
    township_of = list(problem.sites["township_id"])
    at: dict[str, list[int]] = defaultdict(list)
    for j, s in zip(physical.tolist(), columns.site[physical].tolist(), strict=True):
        at[township_of[s]].append(j)
    return {township_id: np.array(positions, dtype=np.int64) for township_id, positions in at.items()}


def add_spacing_standard(
    model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables, standard: Standard
) -> None:
    """sum_f y[s,f] + sum_f y[s',f] <= 1 [+ short] for two sites too close, unless both are outlets of today."""
    chosen = problem.formats.is_physical.copy()
    if standard.formats:
        chosen &= np.isin(problem.formats.ids, standard.formats)
    at = operating_at(problem, policy, chosen)
    site_ids = list(problem.sites["site_id"])
    for s, other in _too_close(problem, standard):
        if s in at and other in at:
            short = _short(model, standard, site_ids[s], site_ids[other])
            terms = [*((y, 1.0) for y in (*at[s], *at[other])), *((variable, -1.0) for variable in short)]
            rule = (f"standard.{standard.id}", standard_text(standard)) if standard.hard else None
            model.add(f"spacing_{standard.id}_{site_ids[s]}_{site_ids[other]}", terms, LE, 1, rule=rule)


def _too_close(problem: PlanningProblem, standard: Standard) -> Iterator[tuple[int, int]]:
    """Pairs of sites nearer than the standard allows, not both of today."""
    is_outlet = problem.is_outlet
    if standard.minutes is not None:
        near = problem.travel.between_sites.symmetric()
        close = near.minutes < standard.minutes
        first, second = near.origin[close], near.target[close]
    else:
        lon, lat = problem.sites["lon"].to_numpy(dtype=float), problem.sites["lat"].to_numpy(dtype=float)
        rows = (
            great_circle_km(x, y, lon, lat) < float(standard.kilometres or 0.0) for x, y in zip(lon, lat, strict=True)
        )
        first, second = np.nonzero(np.array(list(rows)))
    for s, other in zip(first, second, strict=True):
        if s < other and not (is_outlet[s] and is_outlet[other]):
            yield int(s), int(other)


def _short(model: PolicyModel, standard: Standard, *where: str) -> list[pulp.LpVariable]:
    """The shortfall of a soft standard, priced; nothing for a hard one."""
    if standard.hard:
        return []
    short = model.amount("short", standard.id, *where)
    model.cost(short, float(standard.penalty or 0.0))
    return [short]


def standard_text(standard: Standard) -> str:
    """A standard in one line."""
    within = f"{standard.minutes:g} minutes" if standard.minutes is not None else f"{standard.kilometres or 0:g} km"
    if standard.kind == "spacing":
        return f"standard {standard.id!r}: physical outlets at least {within} apart"
    if standard.kind == "township":
        return f"standard {standard.id!r}: every township has a physical outlet"
    who = "people" if standard.group == "all" else f"{standard.group} people"
    where = f" of {', '.join(standard.districts)}" if standard.districts else ""
    share = 100.0 * float(standard.share or 0.0)
    return f"standard {standard.id!r}: {share:g} % of {who}{where} have {standard.service} within {within}"
