"""Every rule of docs/model.md in every state: a label and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brute.instance import Instance
from brute.money import one_offs, running, running_today, vans_today
from brute.rounds import van_sets
from brute.states import States
from netplan.policy import Limits

Check = tuple[str, np.ndarray]
"""Label, and whether the rule holds: (M,), or (M, U) where it depends on the vans used."""

SLACK = 1e-7


def checks(instance: Instance, states: States) -> Iterator[Check]:
    """All rules but standards, capacity, viability and rounds."""
    everywhere = np.ones(len(instance.ids), dtype=bool)
    network, budget = instance.policy.policy, instance.policy.budget
    yield from _bounds(instance, states, "policy", network, everywhere)
    if budget.capital is not None:
        yield "budget.capital", _capital(instance, states, everywhere) <= budget.capital + SLACK
    for district_id, limits in instance.policy.district.items():
        here = instance.of_site("district_id") == district_id
        if district_id in set(instance.region.districts["district_id"]):
            yield from _bounds(instance, states, f"district.{district_id}", limits, here)
    yield from _named_sites(instance, states)
    yield from _clusters(instance, states)
    yield from _zones(instance, states)
    yield "hosted", _hosts_hold(instance, states)
    yield "supply", _supply_holds(instance, states)


def _bounds(instance: Instance, states: States, part: str, limits: Limits, here: np.ndarray) -> Iterator[Check]:
    yield from _counted(instance, states, part, limits, here)
    for key, is_most in (("max_of_format", True), ("min_of_format", False)):
        for name, number in getattr(limits, key).items():
            found = (states.format[:, here] == instance.formats.index(name)).sum(axis=1)
            yield f"{part}.{key}", found <= number if is_most else found >= number
    if getattr(limits, "capital", None) is not None:
        yield f"{part}.capital", _capital(instance, states, here) <= limits.capital + SLACK
    change = staff_change(instance, states, here)
    if limits.max_staff_change is not None:
        yield f"{part}.max_staff_change", change <= limits.max_staff_change + SLACK
    if limits.min_staff_change is not None:
        yield f"{part}.min_staff_change", change >= limits.min_staff_change - SLACK
    if limits.max_running_cost_change is not None:
        most = limits.max_running_cost_change + SLACK
        yield f"{part}.max_running_cost_change", running_change(instance, states, here) <= most


def _counted(instance: Instance, states: States, part: str, limits: Limits, here: np.ndarray) -> Iterator[Check]:
    """Bounds on counts, and the stance, which is one on openings and closures."""
    counted = {key: values[:, here].sum(axis=1) for key, values in counts(instance, states).items()}
    for key, number in counted.items():
        most, least = getattr(limits, f"max_{key}"), getattr(limits, f"min_{key}", None)
        if most is not None:
            yield f"{part}.max_{key}", number <= most
        if least is not None:
            yield f"{part}.min_{key}", number >= least
    none_closed, none_opened = counted["closures"] == 0, counted["openings"] == 0
    stances = {"advance": none_closed, "hold": none_closed & none_opened, "retreat": none_opened}
    if limits.stance is not None:
        yield f"{part}.stance", stances[limits.stance]


def counts(instance: Instance, states: States) -> dict[str, np.ndarray]:
    """What the bounds count, each (M, S)."""
    physical = instance.of_format("is_physical").astype(bool)
    was_physical = np.append(physical, False)[instance.present_of_site]
    stands = states.flag(physical)
    return {
        "openings": stands & (instance.present_of_site < 0) & ~states.is_arrived,
        "closures": states.is_closed & was_physical,
        "conversions": states.is_converted,
        "relocations": states.is_moved,
        "outlets": stands,
    }


def capital_of(instance: Instance, states: States) -> np.ndarray:
    """One-off items that draw on the capital budget, in full, by place, (M, S)."""
    items = one_offs(instance, states)
    return sum((items[kind] for kind in instance.policy.budget.draws), np.zeros(states.format.shape))


def _capital(instance: Instance, states: States, here: np.ndarray) -> np.ndarray:
    return np.asarray(capital_of(instance, states)[:, here].sum(axis=1))


def staff_change(instance: Instance, states: States, here: np.ndarray) -> np.ndarray:
    """Staff after less staff today, (M,)."""
    staff = instance.of_format("staff").astype(float)
    today = sum(staff[f] for k, f in enumerate(instance.present) if here[k])
    return np.asarray(states.amount(staff)[:, here].sum(axis=1) - today)


def running_change(instance: Instance, states: States, here: np.ndarray) -> np.ndarray:
    """Running cost after less today, vans included at their base's district, (M, U)."""
    after = running(instance, states)[:, here].sum(axis=1) - running_today(instance)[here].sum()
    vans, bases = instance.region.vans, instance.region.bases.set_index("base_id")["site_id"]
    counted = [
        cost if here[instance.ids.index(bases[base])] else 0.0
        for base, cost in zip(vans["base_id"], vans["running_cost_per_year"], strict=True)
    ]
    before = sum(counted) if vans_today(instance) else 0.0
    return (
        after[:, None] + np.array([sum(counted[v] for v in chosen) for chosen in van_sets(instance)])[None, :] - before
    )


def _named_sites(instance: Instance, states: States) -> Iterator[Check]:
    network, outlets = instance.policy.policy, instance.region.outlets
    expired: tuple[str, ...] = ()
    if network.close_when_lease_ends_by is not None:
        last = np.datetime64(network.close_when_lease_ends_by)
        expired = tuple(outlets["site_id"][outlets["lease_end"].to_numpy() <= last])
    for key, names, must in (
        ("protected", network.protected, True),
        ("forced_openings", network.forced_openings, True),
        ("forced_closures", network.forced_closures, False),
        ("forbidden", network.forbidden, False),
        ("close_when_lease_ends_by", expired, False),
    ):
        for name in names:
            if name in instance.ids:
                yield f"policy.{key}", states.is_open[:, instance.ids.index(name)] == must


def _clusters(instance: Instance, states: States) -> Iterator[Check]:
    for cluster in instance.policy.policy.cluster:
        members = states.flag(np.isin(instance.formats, cluster.formats))
        helps = states.flag(np.isin(instance.formats, cluster.needs))
        holds = np.ones(len(states), dtype=bool)
        for s in range(len(instance.ids)):
            near = instance.between[s] <= cluster.minutes
            near[s] = False
            holds &= ~members[:, s] | (helps & near).any(axis=1)
        yield "policy.cluster", holds


def _zones(instance: Instance, states: States) -> Iterator[Check]:
    physical = states.flag(instance.of_format("is_physical"))
    for zone in instance.policy.policy.zone_share:
        inside = np.isin(instance.of_site("district_id"), zone.districts) | np.isin(
            instance.of_site("township_id"), zone.townships
        )
        here, everywhere = physical[:, inside].sum(axis=1), physical.sum(axis=1)
        yield "policy.zone_share.min", here >= zone.min_share * everywhere - SLACK
        yield "policy.zone_share.max", here <= zone.max_share * everywhere + SLACK


def _hosts_hold(instance: Instance, states: States) -> np.ndarray:
    hosted = states.flag(instance.of_format("is_hosted"))
    host_of = instance.of_site("host_id")
    holds = np.ones(len(states), dtype=bool)
    room = dict(zip(instance.region.hosts["host_id"], instance.region.hosts["max_points"], strict=True))
    for host in set(host_of):
        holds &= hosted[:, host_of == host].sum(axis=1) <= room.get(host, 0)
    return holds


def _supply_holds(instance: Instance, states: States) -> np.ndarray:
    limit = np.append(instance.of_format("max_supply_minutes").astype(float), np.nan)[states.format]
    supplies = states.flag(instance.of_format("supplies_cash"))
    holds = np.ones(len(states), dtype=bool)
    for s in range(len(instance.ids)):
        from_site = instance.between[:, s].copy()
        from_site[s] = np.inf
        nearest = np.where(supplies, from_site, np.inf).min(axis=1)
        holds &= np.isnan(limit[:, s]) | (nearest <= limit[:, s])
    return holds
