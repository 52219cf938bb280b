"""Capacity, assignment, the rural channels, objectives and prices, made to matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from brute import Answer, brute_force
from brute.answer import differs

from activity.kind import Case, IsActive, Kind, Parts, Tighten, label_matters, nothing


def operation_kinds() -> Iterator[Kind]:
    """What is built in, and what `[capacity]`, `[access]` and `[objective]` choose."""
    yield Kind("hosted", _crowded, label_matters("hosted"), ("rural",))
    yield Kind("supply", nothing, label_matters("supply"), ("rural",))
    for name, variant in (
        ("counter staff-days", "no_staff_days"),
        ("counter reach of a base", "any_base"),
        ("base open", "bases_open"),
        ("van days", "no_van_days"),
        ("van shift", "no_shift"),
        ("van half days", "halves_whole"),
        ("van whole days", "wholes_half"),
        ("van fortnightly", "fortnightly_weekly"),
    ):
        yield Kind(name, _crowded, _variant_matters(variant), ("rural",))
    yield Kind("overflow priced", nothing, _overflow_matters, ("tight",))
    yield Kind("overflow hard", _set(capacity={"overflow": "hard"}), label_matters("capacity"), ("tight",))
    yield Kind("viability hard", _set(capacity={"viability": "hard"}), label_matters("viability"), ("tight", "town"))
    system = {"assignment": "system"}
    split = ("split",)
    yield Kind("system overflow priced", _set(access=system), _system_matters, split)
    yield Kind("system overflow hard", _set(access=system, capacity={"overflow": "hard"}), _system_matters, split)
    viable = {"overflow": "ignored", "viability": "hard"}
    yield Kind("system viability hard", _set(access=system, capacity=viable), _system_matters, split)
    yield Kind("objective access", _objectives("access"), _is_objective("access"), ("town", "rural"))
    yield Kind(
        "objective coverage people", _objectives("coverage", "people"), _is_objective("coverage"), ("town", "rural")
    )
    yield Kind(
        "objective coverage visits", _objectives("coverage", "visits"), _is_objective("coverage"), ("town", "rural")
    )
    for shape in ("linear", "power", "exponential"):
        yield Kind(f"access {shape}", nothing, _shape_pays(shape), ("town", "rural", "tight"))


def _set(**parts: Any) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        yield parts

    return tighten


def _crowded(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
    """As it is, or with counters, points and stops that must open somewhere."""
    yield {}
    wanted = (
        {"van_half": 2},
        {"van_1": 1, "van_half": 1},
        {"counter_1": 2},
        {"point": 2},
        {"counter_2": 1, "van_2": 1},
    )
    for least in wanted:
        yield {"policy": {"min_of_format": least}}


def _variant_matters(variant: str) -> IsActive:
    def is_active(case: Case) -> bool:
        value = case.answer.value
        return value is not None and differs(value, case.answer.value_as(variant))

    return is_active


def _overflow_matters(case: Case) -> bool:
    """Some visits overflow in the optimum, and it would be another plan if they were free."""
    free = case.problem.replace(capacity={"overflow": "ignored"})
    answer, (m, _) = case.answer, case.answer.best
    paid = answer.components.get("overflow")
    return paid is not None and bool(paid[m] > 1) and brute_force(free).best[0] != m


def _system_matters(case: Case) -> bool:
    """Splitting the visits changes the value: against `nearest`, and against capacity and viability ignored."""
    if case.answer.value is None:
        return False
    nearest = case.value_with(access={"assignment": "nearest"})
    free = case.value_with(capacity={"overflow": "ignored", "viability": "ignored"})
    return differs(case.answer.value, nearest) and differs(case.answer.value, free)


def _objectives(kind: str, measure: str = "people") -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        goal: dict[str, Any] = {"kind": kind}
        if kind == "coverage":
            group = str(rng.choice(["all", "rural", "elderly", "merchants"]))
            goal |= {
                "service": "cash",
                "minutes": round(float(rng.uniform(3, 15)), 2),
                "group": group,
                "measure": measure,
            }
        limit = {"policy": {"max_outlets": 2}, "budget": {"capital": round(float(rng.uniform(30_000, 300_000)))}}
        yield {"objective": goal, **limit}

    return tighten


def _is_objective(kind: str) -> IsActive:
    """The limits keep it from its ideal: without them it would be better."""

    def is_active(case: Case) -> bool:
        value, free = case.answer.value, case.answer.value_without("policy.max_outlets", "budget.capital")
        return case.policy.objective.kind == kind and value is not None and bool(value > 0) and differs(value, free)

    return is_active


def _shape_pays(shape: str) -> IsActive:
    def is_active(case: Case) -> bool:
        shapes = {access.shape for access in case.policy.access.service.values()}
        paid = case.answer.components.get("access_time")
        return shapes == {shape} and paid is not None and bool(paid[case.answer.best[0]] > 1)

    return is_active
