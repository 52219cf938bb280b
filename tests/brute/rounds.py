"""Who staffs the counters and drives to the van stops: every assignment is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations, product

import numpy as np

from brute.instance import Instance
from brute.states import States

WEEKS = {"every": ("odd", "even"), "odd": ("odd",), "even": ("even",)}
VARIANTS = (
    "no_staff_days",
    "no_van_days",
    "no_shift",
    "bases_open",
    "any_base",
    "halves_whole",
    "wholes_half",
    "fortnightly_weekly",
)
"""What the rules would be if one part of them were otherwise; to see whether that part mattered."""


def van_sets(instance: Instance) -> list[tuple[int, ...]]:
    """Every set of vans that may be used."""
    vans = range(len(instance.region.vans))
    return [chosen for size in range(len(vans) + 1) for chosen in combinations(vans, size)]


def counters_hold(instance: Instance, states: States, variant: str = "") -> np.ndarray:
    """Whether the counters of a state can be staffed, (M,)."""
    base_sites = [instance.ids.index(site) for site in instance.region.bases["site_id"]]
    return _per_pattern(
        instance, states, "counter", base_sites, lambda stops, bases: [_staffed(instance, stops, bases, variant)]
    )[:, 0]


def vans_hold(instance: Instance, states: States, variant: str = "") -> np.ndarray:
    """Whether the van stops of a state can be served by each set of vans, (M, U)."""
    base_sites = [instance.ids.index(site) for site in instance.region.bases["site_id"]]
    sets = van_sets(instance)

    def served(stops: list[tuple[int, int]], bases: list[bool]) -> list[bool]:
        return [_driven(instance, stops, bases, chosen, variant) for chosen in sets]

    return _per_pattern(instance, states, "van", base_sites, served)


def _per_pattern(
    instance: Instance,
    states: States,
    channel: str,
    base_sites: list[int],
    judge: Callable[[list[tuple[int, int]], list[bool]], list[bool]],
) -> np.ndarray:
    """Judge each distinct combination of stops and working bases once."""
    is_channel = instance.of_format("channel") == channel
    stop = np.where(states.flag(is_channel), states.format, -1)
    works = states.flag(instance.of_format("is_staffed"))[:, base_sites].astype(np.int16)
    pattern, which = np.unique(np.hstack([stop, works]), axis=0, return_inverse=True)
    sites = len(instance.ids)
    answers = []
    for row in pattern:
        stops = [(s, int(row[s])) for s in range(sites) if row[s] >= 0]
        answers.append(judge(stops, [bool(flag) for flag in row[sites:]]))
    return np.array(answers, dtype=bool)[which.ravel()]


def _staffed(instance: Instance, stops: list[tuple[int, int]], works: list[bool], variant: str) -> bool:
    if not stops:
        return True
    bases, days = instance.region.bases, instance.of_format("days_per_week")
    reach = instance.of_format("max_base_minutes")
    options = []
    for s, f in stops:
        minutes = [instance.between[instance.ids.index(site), s] for site in bases["site_id"]]
        near = [b for b, far in enumerate(minutes) if far <= reach[f] or variant == "any_base"]
        options.append([b for b in near if works[b] or variant == "bases_open"])
    for chosen in product(*options):
        used = np.zeros(len(bases))
        for (_, f), base in zip(stops, chosen, strict=True):
            used[base] += days[f]
        if variant == "no_staff_days" or (used <= bases["staff_days_per_week"].to_numpy(dtype=float) + 1e-9).all():
            return True
    return False


def _driven(
    instance: Instance, stops: list[tuple[int, int]], works: list[bool], vans: Iterable[int], variant: str
) -> bool:
    table, bases = instance.region.vans, list(instance.region.bases["base_id"])
    stationed = [bases.index(base) for base in table["base_id"]]
    if any(not works[stationed[v]] for v in vans) and variant != "bases_open":
        return False
    options = [[(v, week, days) for v in vans for week, days in _visits(instance, s, f, v, variant)] for s, f in stops]
    most = table["days_per_week"].to_numpy(dtype=float)
    for chosen in product(*options):
        used = {(v, week): 0.0 for v in vans for week in ("odd", "even")}
        for v, pattern, days in chosen:
            for week in WEEKS[pattern]:
                used[v, week] += days
        if variant == "no_van_days" or all(days <= most[v] + 1e-9 for (v, _), days in used.items()):
            return True
    return False


def visit_days(instance: Instance, s: int, f: int, v: int) -> float | None:
    """The van-day that one visit takes: half, whole, or None where the trip does not fit a shift."""
    van = instance.region.vans.iloc[v]
    site = instance.region.bases.set_index("base_id")["site_id"][van["base_id"]]
    trip = 2 * instance.between[instance.ids.index(site), s] + instance.of_format("dwell_minutes")[f]
    if not trip <= van["shift_minutes"]:
        return None
    return 0.5 if trip <= van["shift_minutes"] / 2 else 1.0


def _visits(instance: Instance, s: int, f: int, v: int, variant: str) -> list[tuple[str, float]]:
    """Week patterns in which a van may come, and the van-days that it takes in such a week."""
    size = visit_days(instance, s, f, v)
    if size is None:
        if variant != "no_shift":
            return []
        size = 1.0
    size = {"halves_whole": 1.0, "wholes_half": 0.5}.get(variant, size)
    times = float(instance.of_format("days_per_week")[f])
    if times >= 1 or variant == "fortnightly_weekly":
        return [("every", size * max(1.0, times))]
    return [("odd", size), ("even", size)]
