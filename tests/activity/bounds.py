"""Bounds of the network and of districts, made to bind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from brute import Answer
from brute.rules import capital_of, counts, running_change, staff_change

from activity.kind import Case, Kind, Parts, Tighten, cut, label_matters

COUNTED = ("openings", "closures", "conversions", "relocations", "outlets")
COUNTS = [f"{end}_{name}" for name in COUNTED for end in ("max", "min")]
COUNTS = [key for key in COUNTS if key not in ("min_conversions", "min_relocations")]
CHANGES = ("max_running_cost_change", "max_staff_change", "min_staff_change")
STANCES = ("advance", "hold", "retreat")


def bound_kinds() -> Iterator[Kind]:
    """Every key of `Limits`, in the network and in a district."""
    for place in ("network", "district"):
        prefix = "district." if place == "district" else ("policy.", "budget.")
        for key in (*COUNTS, *CHANGES, "capital", "max_of_format", "min_of_format"):
            themes = ("town", "rural") if key == "max_running_cost_change" else ("town", "tight")
            for start in (
                [prefix] if isinstance(prefix, str) else [p for p in prefix if (p == "budget.") == (key == "capital")]
            ):
                yield Kind(f"{place} {key}", _tighten(place, key), label_matters(key, prefix=start), themes)
        start = "district." if place == "district" else "policy."
        for stance in STANCES:
            yield Kind(
                f"{place} stance {stance}", _stance(place, stance), _stance_matters(start, stance), ("town", "tight")
            )


def _parts(answer: Answer, place: str, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """District ("": the network) and its sites."""
    if place == "network":
        yield "", np.ones(len(answer.instance.ids), dtype=bool)
        return
    for district in rng.permutation(["A", "B"]):
        yield str(district), answer.instance.of_site("district_id") == district


def limits(district: str, **keys: object) -> Parts:
    """The keys where they belong in a plan file."""
    if district:
        return {"district": {district: keys}}
    return {"budget": keys} if "capital" in keys else {"policy": keys}


def _tighten(place: str, key: str) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        for district, here in _parts(answer, place, rng):
            if key.endswith("of_format"):
                yield from _format_bound(answer, rng, district, here, key)
                continue
            is_whole = key in COUNTS
            value = cut(
                answer, _quantity(answer, key, here), is_most=key.startswith(("max", "capital")), is_whole=is_whole
            )
            if value is not None and (value >= 0 or key in CHANGES):
                yield limits(district, **{key: value})

    return tighten


def _quantity(answer: Answer, key: str, here: np.ndarray) -> np.ndarray:
    instance, states = answer.instance, answer.states
    if key == "capital":
        return np.asarray(capital_of(instance, states)[:, here].sum(axis=1))
    if key == "max_running_cost_change":
        return running_change(instance, states, here)
    if key in CHANGES:
        return staff_change(instance, states, here)
    return np.asarray(counts(instance, states)[key[4:]][:, here].sum(axis=1))


def _format_bound(
    answer: Answer, rng: np.random.Generator, district: str, here: np.ndarray, key: str
) -> Iterator[Parts]:
    for f in rng.permutation(len(answer.instance.formats)):
        number = (answer.states.format[:, here] == f).sum(axis=1)
        value = cut(answer, number, is_most=key.startswith("max"), is_whole=True)
        if value is not None:
            yield limits(district, **{key: {answer.instance.formats[f]: value}})
            return


def _stance(place: str, stance: str) -> Tighten:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        for district, _ in _parts(answer, place, rng):
            yield limits(district, stance=stance)

    return tighten


def _stance_matters(prefix: str, stance: str) -> object:
    matters = label_matters("stance", prefix=prefix)

    def is_active(case: Case) -> bool:
        named = [case.policy.policy, *case.policy.district.values()]
        return any(one.stance == stance for one in named) and matters(case)

    return is_active
