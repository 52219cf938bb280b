"""Look for cases until every kind is active often enough, several kinds to a case, and write `cases.jsonl`.

Run ``python -m activity.search`` in the folder of the tests after a change of `random_regions` or of a kind.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brute import brute_force
from random_regions import THEMES, random_region

from activity.cases import FILE, KINDS, TIMES, base_policy, merged
from activity.kind import Case, Kind
from netplan.errors import InputError
from netplan.problem import PlanningProblem

KINDS_PER_CASE = 3
_TRIES = 5
_PASSIVE = ("hosted", "supply", "counter", "base", "van", "overflow priced", "access")
"""Kinds that may be active without having been asked for."""


def search() -> Iterator[dict[str, Any]]:
    """Lines of `cases.jsonl`."""
    need = Counter(dict.fromkeys(KINDS, TIMES))
    for seed in range(2_000):
        for theme in THEMES:
            wanted = [kind for kind in KINDS.values() if need[kind.name] > 0 and theme in kind.themes]
            if not wanted:
                continue
            line = _case(theme, seed, wanted, need)
            if line is not None:
                yield line
                need.subtract(line["kinds"])
        print(
            seed,
            sum(count > 0 for count in need.values()),
            {k: n for k, n in need.items() if n > 0} if seed % 10 == 9 else "",
        )
        if max(need.values()) <= 0:
            return


def _case(theme: str, seed: int, wanted: list[Kind], need: Counter[str]) -> dict[str, Any] | None:
    problem = PlanningProblem.build(random_region(seed, theme), base_policy(seed))
    case, parts = Case(theme, seed, problem, brute_force(problem)), {}
    if case.answer.value is None:
        return None
    rng = np.random.default_rng([seed, THEMES.index(theme)])
    chosen: list[Kind] = []
    order = sorted(wanted, key=lambda kind: (-need[kind.name], rng.random()))
    for kind in order[:12]:
        if len(chosen) == KINDS_PER_CASE:
            break
        found = _tightened(case, parts, kind, chosen, rng)
        if found is not None:
            case, parts = found
            chosen.append(kind)
    names = [kind.name for kind in chosen]
    names += [
        kind.name for kind in wanted if kind not in chosen and kind.name.startswith(_PASSIVE) and kind.is_active(case)
    ]
    return {"theme": theme, "seed": seed, "parts": parts, "kinds": names} if names else None


def _tightened(
    case: Case, parts: Mapping[str, Any], kind: Kind, chosen: list[Kind], rng: np.random.Generator
) -> tuple[Case, dict[str, Any]] | None:
    """The case with one more kind active, and all others still; None if that cannot be had."""
    for number, new in enumerate(kind.tighten(case.answer, rng)):
        if number == _TRIES or ("standard" in new and "standard" in parts):
            return None
        together = json.loads(json.dumps(merged(parts, new), default=str))
        try:
            problem = case.problem.replace(**together)
        except InputError:
            continue
        tried = Case(case.theme, case.seed, problem, brute_force(problem, case.answer))
        if tried.answer.value is not None and all(one.is_active(tried) for one in (kind, *chosen)):
            return tried, together
    return None


if __name__ == "__main__":
    FILE.write_text("".join(json.dumps(line) + "\n" for line in search()), encoding="utf-8")
