"""Standards of every kind, hard and soft, made to bind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from brute import Answer
from brute.answer import differs
from brute.standards import shortfalls

from activity.kind import Case, IsActive, Kind, Parts, Tighten, cut, label_matters
from netplan.policy import Policy, Standard

GROUPS = ("all", "urban", "rural", "elderly", "merchants")


def standard_kinds() -> Iterator[Kind]:
    """Every key of `[[standard]]`."""
    matters = label_matters("standard.s")
    both = ("town", "rural")
    yield Kind("coverage hard", _coverage(), matters, both)
    yield Kind("coverage soft", _coverage(hard=False), matters, both)
    yield Kind("coverage kilometres", _coverage(is_crow=True), matters, both)
    yield Kind("coverage districts", _coverage(districts=["A"]), _matters_without(districts=()), both)
    for group in GROUPS[1:]:
        yield Kind(f"coverage group {group}", _coverage(group=group), matters, both)
    for attribute in ("staffed", "step_free", "physical"):
        yield Kind(f"coverage only {attribute}", _coverage(only=[attribute]), _matters_without(only=()), both)
    yield Kind("coverage only hosted", _coverage(only=["hosted"]), _matters_without(only=()), ("rural",))
    yield Kind(
        "coverage min_days_per_week", _coverage(min_days_per_week=5), _matters_without(min_days_per_week=0), both
    )
    yield Kind("coverage any_bank", _coverage(any_bank=True), _matters_without(any_bank=False), both)
    yield Kind(
        "coverage any_bank kilometres", _coverage(any_bank=True, is_crow=True), _matters_without(any_bank=False), both
    )
    yield Kind("township hard", _township(hard=True), matters, both)
    yield Kind("township soft", _township(hard=False), matters, both)
    for hard in (True, False):
        for unit in ("minutes", "kilometres"):
            name = f"spacing {'hard' if hard else 'soft'} {unit}"
            yield Kind(name, _spacing(unit, hard=hard), matters, both)
    yield Kind("spacing formats", _spacing("minutes", hard=True, is_named=True), _matters_without(formats=()), both)


def _matters_without(**keys: Any) -> IsActive:
    """The standard matters, and so does the key: with another value of it the optimum differs."""
    matters = label_matters("standard.s")

    def is_active(case: Case) -> bool:
        changed = [{**standard.model_dump(), **keys} for standard in case.policy.standard]
        return matters(case) and differs(case.answer.value, case.value_with(standard=changed))

    return is_active


def _covered_short(answer: Answer, standard: dict[str, Any]) -> np.ndarray:
    """People short of full coverage under a standard, (M,)."""
    instance = answer.instance
    kept = instance.policy
    try:
        instance.policy = Policy(standard=(Standard(**{**standard, "share": 1.0}),), policy=kept.policy)
        return next(short for label, _, short in shortfalls(instance, answer.states) if label == "standard.s")
    finally:
        instance.policy = kept


def _coverage(*, is_crow: bool = False, hard: bool = True, **keys: Any) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        for _ in range(12):
            standard = {"id": "s", "kind": "coverage", "group": str(rng.choice(GROUPS)), **keys}
            standard["service"] = str(rng.choice(answer.instance.services[:2]))
            standard["kilometres" if is_crow else "minutes"] = round(float(rng.uniform(2, 20 if is_crow else 30)), 2)
            people = answer.instance.group(standard["group"])
            inside = answer.instance.region.nodes["district_id"].isin(standard.get("districts", ["A", "B"]))
            total = people[inside.to_numpy()].sum()
            short = cut(answer, _covered_short(answer, standard), is_most=True, is_whole=False)
            if short is not None and total > 0:
                price = {} if hard else {"hard": False, "penalty": round(float(rng.uniform(20, 400)), 1)}
                yield {"standard": [{**standard, "share": 1 - short / total, **price}]}

    return tighten


def _township(*, hard: bool) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        for districts in ([], ["A"], ["B"]):
            price = {} if hard else {"hard": False, "penalty": round(float(rng.uniform(5_000, 90_000)))}
            yield {"standard": [{"id": "s", "kind": "township", "districts": districts, **price}]}

    return tighten


def _spacing(unit: str, *, hard: bool, is_named: bool = False) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        instance, (m, _) = answer.instance, answer.best
        physical = np.append(instance.of_format("is_physical").astype(bool), False)
        stands = np.flatnonzero(physical[answer.states.format[m]])
        apart = np.minimum(instance.between, instance.between.T)
        if unit == "kilometres":
            places = {name: instance.of_site(name) for name in ("lon", "lat")}
            apart = instance.kilometres(pd.DataFrame(places), places)
        found = [apart[s, other] for s in stands for other in stands if s < other and other >= instance.num_outlets]
        for least in sorted(found):
            if np.isfinite(least):
                price = {} if hard else {"hard": False, "penalty": round(float(rng.uniform(3_000, 60_000)))}
                named = {"formats": ["light", "small"]} if is_named else {}
                yield {"standard": [{"id": "s", "kind": "spacing", unit: least + 0.01, **price, **named}]}

    return tighten
