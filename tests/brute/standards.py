"""Standards in every state: how much is short of each, in its own unit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from brute.instance import Instance
from brute.states import States
from netplan.policy import Standard

Shortfall = tuple[str, Standard | None, np.ndarray]
"""Label, the standard (None: keep_last_outlet), and what is short, (M,)."""


def shortfalls(instance: Instance, states: States) -> Iterator[Shortfall]:
    """What is short of each standard, and of keep_last_outlet."""
    for standard in instance.policy.standard:
        label = f"standard.{standard.id}"
        if standard.kind == "coverage":
            yield label, standard, _people_short(instance, states, standard)
        elif standard.kind == "township":
            yield label, standard, _townships_without(instance, states, _named(instance, standard))
        else:
            yield label, standard, _pairs_too_close(instance, states, standard)
    if instance.policy.policy.keep_last_outlet:
        served = {
            township
            for township, f in zip(instance.region.outlets["township_id"], instance.present, strict=True)
            if instance.of_format("is_physical")[f]
        }
        yield "policy.keep_last_outlet", None, _townships_without(instance, states, sorted(served))


def _people_short(instance: Instance, states: States, standard: Standard) -> np.ndarray:
    people = instance.group(standard.group).copy()
    if standard.districts:
        people = people * instance.region.nodes["district_id"].isin(standard.districts).to_numpy()
    fits = instance.offers[:, instance.services.index(str(standard.service))].copy()
    fits &= instance.of_format("days_per_week") >= standard.min_days_per_week
    for attribute in standard.only:
        fits &= instance.of_format(f"is_{attribute}").astype(bool)
    near = _near(instance, standard, instance.to_site, {"lon": instance.of_site("lon"), "lat": instance.of_site("lat")})
    others = _covered_by_others(instance, standard) if standard.any_bank else np.zeros(len(people), dtype=bool)
    serves = states.flag(fits)
    covered = np.zeros(len(states))
    for i in range(len(people)):
        covered += people[i] * (others[i] | (serves & near[i]).any(axis=1))
    return np.maximum(0.0, float(standard.share or 0) * people.sum() - covered)


def _near(instance: Instance, standard: Standard, minutes: np.ndarray, places: dict[str, np.ndarray]) -> np.ndarray:
    if standard.minutes is not None:
        return minutes <= standard.minutes
    return instance.kilometres(instance.region.nodes, places) <= float(standard.kilometres or 0)


def _covered_by_others(instance: Instance, standard: Standard) -> np.ndarray:
    rivals = instance.region.competitors
    fits = np.array([standard.service in names for names in rivals["services"]], dtype=bool)
    fits &= rivals["days_per_week"].to_numpy(dtype=float) >= standard.min_days_per_week
    for attribute in standard.only:
        fits &= rivals[f"is_{attribute}"].to_numpy(dtype=bool) if attribute != "hosted" else False
    near = _near(instance, standard, instance.to_rival, {name: rivals[name].to_numpy() for name in ("lon", "lat")})
    return np.asarray((near & fits).any(axis=1))


def _named(instance: Instance, standard: Standard) -> list[str]:
    table = instance.region.townships
    return [
        township
        for township, district in zip(table["township_id"], table["district_id"], strict=True)
        if not standard.districts or district in standard.districts
    ]


def _townships_without(instance: Instance, states: States, townships: list[str]) -> np.ndarray:
    physical = states.flag(instance.of_format("is_physical"))
    at = instance.of_site("township_id")
    return sum(
        ((~physical[:, at == township].any(axis=1)).astype(float) for township in townships), np.zeros(len(states))
    )


def _pairs_too_close(instance: Instance, states: States, standard: Standard) -> np.ndarray:
    named = [not standard.formats or name in standard.formats for name in instance.formats]
    stands = states.flag(instance.of_format("is_physical").astype(bool) & np.array(named))
    if standard.minutes is not None:
        apart, least = np.minimum(instance.between, instance.between.T), standard.minutes
    else:
        places = pd.DataFrame({"lon": instance.of_site("lon"), "lat": instance.of_site("lat")})
        apart, least = instance.kilometres(places, places), float(standard.kilometres or 0)
    pairs = np.zeros(len(states))
    for s in range(len(instance.ids)):
        for other in range(s + 1, len(instance.ids)):
            is_new = other >= instance.num_outlets
            if is_new and apart[s, other] < least:
                pairs += stands[:, s] & stands[:, other]
    return pairs
