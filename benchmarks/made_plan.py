"""The plan file of a made-up region: budgets and standards for each district, work above capacity priced or ignored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netplan import PlanningProblem, read_policy, read_region

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CASH_MINUTES, _COUNTER_MINUTES = 10.0, 15.0
_MORE = 0.25
"""How much of the way from what today's network gives to what all sites would give a standard asks for."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a district may spend, close and open, for each outlet that it has today."""

    capital: float
    closed: float
    opened: float


FREELY = Change(capital=300_000, closed=0.2, opened=0.2)
LIKE_THE_MUNICIPALITY = Change(capital=140_000, closed=0.1, opened=0.09)
"""As data/chongqing/plan-municipality.toml: 250 million, 180 closures and 160 openings for 1,776 outlets."""

_PLAN = """\
[objective]
kind = "net_cost"

[money]
discount_rate = 0.05
horizon_years = 10
value_of_time_per_hour = 18.0
transition_margin_share = 0.02
plan_date = 2026-01-01

[access.service.cash]
reach_minutes = 22
unserved_cost = 25
overflow_cost = 8

[access.service.counter]
reach_minutes = 22
unserved_cost = 28
overflow_cost = 12

[access.segment_weight]
elderly = 1.5

[capacity]
overflow = "{overflow}"

[policy]
keep_last_outlet = true

[[standard]]
id = "township-outlet"
kind = "township"
"""

_STANDARDS = """
[[standard]]
id = "cash-{district}"
service = "cash"
districts = ["{district}"]
minutes = {cash_minutes}
share = {cash_share}

[[standard]]
id = "rural-counter-{district}"
service = "counter"
group = "rural"
districts = ["{district}"]
minutes = {counter_minutes}
share = {counter_share}
hard = false
penalty = 60

[district.{district}]
capital = {capital:_}
max_closures = {closures}
max_openings = {openings}
"""


def plan_file(folder: Path, *, overflow: str, change: Change) -> str:
    """The plan for the tables in this folder; its standards depend on the minutes between people and sites."""
    head = _PLAN.format(overflow=overflow)
    (folder / "plan.toml").write_text(head, encoding="utf-8")
    problem = PlanningProblem.build(read_region(folder), read_policy(folder / "plan.toml"))
    return head + "".join(_district(problem, district, change) for district in problem.region.districts["district_id"])


def _district(problem: PlanningProblem, district: str, change: Change) -> str:
    nodes, sites = problem.region.nodes, problem.sites
    is_here = (nodes["district_id"] == district).to_numpy()
    people = nodes[["children", "working", "elderly"]].sum(axis=1).to_numpy(dtype=float) * is_here
    rural = people * (nodes["is_urban"].to_numpy(dtype=int) == 0)
    with_counter = (sites["format"] != "selfservice").to_numpy()
    outlets = int((problem.is_outlet & (sites["district_id"] == district).to_numpy()).sum())
    return _STANDARDS.format(
        district=district,
        cash_minutes=_CASH_MINUTES,
        cash_share=_asked(problem, people, _CASH_MINUTES, problem.is_outlet),
        counter_minutes=_COUNTER_MINUTES,
        counter_share=_asked(problem, rural, _COUNTER_MINUTES, problem.is_outlet & with_counter),
        capital=round(change.capital * outlets),
        closures=round(change.closed * outlets),
        openings=round(change.opened * outlets),
    )


def _asked(problem: PlanningProblem, people: Floats, minutes: float, today: Flags) -> float:
    """A share of these people within so many minutes, between what today's sites and what all sites give."""
    now, most = (_share_within(problem, people, minutes, sites) for sites in (today, np.ones_like(today)))
    return math.floor(1000 * (now + _MORE * (most - now))) / 1000


def _share_within(problem: PlanningProblem, people: Floats, minutes: float, sites: Flags) -> float:
    pairs = problem.travel.to_site
    near = pairs.origin[(pairs.minutes <= minutes) & sites[pairs.target]]
    return float(people[np.unique(near)].sum() / people.sum())
