"""The cases of `cases.jsonl`: random regions with plan files in which chosen kinds of rule are active in the optimum.

Each line holds the theme and seed of a region, what its plan file changes of `base_policy`, and the kinds that are active
(`python -m activity.search`, run in this folder's parent, writes it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from brute import brute_force
from random_regions import random_region

from activity.bounds import bound_kinds
from activity.kind import Case, Kind
from activity.operations import operation_kinds
from activity.owed import standard_kinds
from activity.sites import site_kinds
from netplan.errors import InputError
from netplan.policy import Policy, parse_policy
from netplan.problem import PlanningProblem

FILE = Path(__file__).with_name("cases.jsonl")
TIMES = 10
"""How often each kind must be active."""
KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*bound_kinds(), *site_kinds(), *standard_kinds(), *operation_kinds())
}


@dataclass(frozen=True)
class Recipe:
    """A line of `cases.jsonl`."""

    theme: str
    seed: int
    parts: Mapping[str, Any]
    kinds: tuple[str, ...]

    def cook(self) -> Case:
        """The problem, and the brute force's answer."""
        policy = base_policy(self.seed).replace(**self.parts)
        problem = PlanningProblem.build(random_region(self.seed, self.theme), policy)
        return Case(self.theme, self.seed, problem, brute_force(problem))


@lru_cache(maxsize=1)
def recipes() -> tuple[Recipe, ...]:
    """Every line of `cases.jsonl`."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(Recipe(**{**line, "kinds": tuple(line["kinds"])}) for line in map(json.loads, lines))


def base_policy(seed: int) -> Policy:
    """The plan file that a kind is added to: shapes, rates, weights and draws differ from seed to seed."""
    shape, exponent, unserved = (("linear", 1.0, 34.0), ("power", 1.15, 70.0), ("exponential", 0.008, 50.0))[seed % 3]
    access: dict[str, Any] = {
        "shape": shape,
        "exponent": exponent,
        "unserved_cost": unserved,
        "day_wait_cost": 3.0,
        "not_postponable_share": 0.4,
    }
    draws = (["opening", "conversion", "relocation"], ["opening", "closing", "severance", "disposal"])
    return parse_policy(
        {
            "money": {
                "discount_rate": (0.05, 0.0)[seed % 2],
                "horizon_years": 8,
                "transition_margin_share": (0.0, 0.1, 0.2)[seed % 3],
                "value_of_time_per_hour": 18 + seed % 5,
            },
            "budget": {"draws": draws[seed % 2]},
            "access": {
                "segment_weight": {"elderly": 1.5, "merchants": 0.5},
                "service": {
                    "cash": {**access, "reach_minutes": 40, "overflow_cost": 4},
                    "counter": {**access, "reach_minutes": 42, "overflow_cost": 6},
                    "advice": {**access, "reach_minutes": 45, "overflow_cost": 8},
                },
            },
            "policy": {"keep_last_outlet": False, "relocation_minutes": 45},
        },
        origin="base",
    )


def merged(parts: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Changes on top of changes: tables join key by key, districts too, standards one after another."""
    both = dict(parts)
    for table, keys in new.items():
        if table == "standard":
            now = both.get(table, [])
            both[table] = [*now, *({**one, "id": f"{one['id']}{len(now) or ''}"} for one in keys)]
        elif table == "district":
            now = both.get(table, {})
            both[table] = {**now, **{name: {**now.get(name, {}), **limits} for name, limits in keys.items()}}
        else:
            both[table] = {**both.get(table, {}), **keys}
    return both


def mixed_cases(number: int) -> Iterator[Case]:
    """Three kinds at once, whether they agree with each other or not; some of these problems have no plan."""
    names = [name for name in KINDS if not name.startswith(("system", "objective", "access"))]
    for turn in range(number):
        rng = np.random.default_rng(1_000 + turn)
        theme = ("town", "rural", "tight")[turn % 3]
        problem = PlanningProblem.build(random_region(turn, theme), base_policy(turn))
        answer, parts = brute_force(problem), {}
        for name in rng.choice(names, 3, replace=False):
            parts = merged(parts, next(iter(KINDS[name].tighten(answer, rng)), {}))
        try:
            mixed = problem.replace(**parts)
        except InputError:  # two kinds that no plan file may name together
            continue
        yield Case(theme, turn, mixed, brute_force(mixed, answer))
