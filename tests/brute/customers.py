"""What customers do in every state: where they go, what it costs them, which margin is lost and won."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brute.instance import Instance
from brute.states import States
from netplan.policy import ServiceAccess


@dataclass(frozen=True)
class Visits:
    """Costs of customers by state, and the load of each site and service, (M, S, C)."""

    access_time: np.ndarray
    day_wait: np.ndarray
    unserved: np.ndarray
    load: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """All three together, (M,)."""
        return self.access_time + self.day_wait + self.unserved


def trip_cost(instance: Instance, access: ServiceAccess, minutes: np.ndarray) -> np.ndarray:
    """time(2t), money per visit."""
    h, m = instance.policy.money.value_of_time_per_hour / 60.0, 2.0 * minutes
    if access.shape == "power":
        return h * m**access.exponent
    if access.shape == "exponential":
        return h * (np.exp(access.exponent * m) - 1.0) / access.exponent
    return h * m


def wait_cost(instance: Instance, access: ServiceAccess) -> np.ndarray:
    """wait(f,c), money per visit, by format."""
    days = instance.of_format("days_per_week").astype(float)
    return access.day_wait_cost * access.not_postponable_share * np.maximum(0.0, (7.0 / days - 1.0) / 2.0)


def option_costs(instance: Instance, c: int) -> tuple[np.ndarray, np.ndarray]:
    """Time cost (N, S), and wait cost by format with a last entry for "closed"; infinite where it is no option.

    The time cost alone decides with the wait whether an option is below the penalty, so both come back raw.
    """
    access = instance.policy.service_access(instance.services[c])
    minutes = instance.to_site
    time = np.where(
        minutes <= access.reach_minutes, trip_cost(instance, access, np.where(minutes < np.inf, minutes, 0)), np.inf
    )
    wait = np.where(instance.offers[:, c], wait_cost(instance, access), np.inf)
    return time, np.append(wait, np.inf)


def nearest_visits(instance: Instance, states: States) -> Visits:
    """Each visit goes to its cheapest open option; ties go to the first site."""
    size, sites = states.format.shape
    parts = {name: np.zeros(size) for name in ("access_time", "day_wait", "unserved")}
    load = np.zeros((size, sites, len(instance.services)))
    visits, weighted = instance.visits(is_weighted=False), instance.visits(is_weighted=True)
    rows = np.arange(size)
    for c, service in enumerate(instance.services):
        penalty = instance.policy.service_access(service).unserved_cost
        time, wait = option_costs(instance, c)
        waits = wait[states.format]
        for i in np.flatnonzero(visits[:, c] > 0):
            cost = time[i] + waits
            cost = np.where(cost < penalty, cost, np.inf)
            site = cost.argmin(axis=1)
            served = cost[rows, site] < np.inf
            parts["access_time"] += weighted[i, c] * np.where(served, time[i][site], 0.0)
            parts["day_wait"] += weighted[i, c] * np.where(
                served,
                waits[rows, site],
                0.0,
            )
            parts["unserved"] += weighted[i, c] * np.where(served, 0.0, penalty)
            load[rows[served], site[served], c] += visits[i, c]
    return Visits(**parts, load=load)


def lost_margin(instance: Instance, states: States) -> np.ndarray:
    """Margin of today's outlets that goes with their customers, (M,)."""
    curve = instance.region.retention.sort_values("minutes")
    minutes, stay, move = (
        curve[name].to_numpy(dtype=float) for name in ("minutes", "lost_share", "relocated_lost_share")
    )
    lost = np.zeros(len(states))
    for c in range(len(instance.services)):
        offers = states.flag(instance.offers[:, c])
        for k in np.flatnonzero(instance.margin[:, c] > 0):
            reach = instance.between[k]
            known = np.where(reach < np.inf, reach, minutes[-1])
            share = np.interp(known, minutes, stay)
            share[k] = 0.0
            best = np.where(offers, share, stay[-1]).min(axis=1)
            target = states.target[:, k]
            moved = np.where(target >= 0, np.interp(known, minutes, move)[target], stay[-1])
            offered_after = instance.offers[instance.present[k], c]
            best = np.minimum(best, moved if offered_after else stay[-1])
            lost += instance.margin[k, c] * np.minimum(best, stay[-1])
    return lost


def won_margin(instance: Instance, states: States) -> np.ndarray:
    """Margin of the market won beyond what today's network wins, (M,), positive."""
    curve = instance.region.gain.sort_values("minutes")
    won = np.zeros(len(states))
    if not len(curve):
        return won
    share = np.interp(instance.to_site, curve["minutes"], curve["won_share"], right=0.0)
    factor = np.append(instance.of_format("gain_factor").astype(float), 0.0)
    worth = instance.region.nodes["market_margin_per_year"].to_numpy(dtype=float)
    for i in np.flatnonzero(worth > 0):
        today = max([0.0, *(factor[instance.present[k]] * share[i, k] for k in range(instance.num_outlets))])
        after = (factor[states.format] * share[i]).max(axis=1)
        won += worth[i] * np.maximum(0.0, after - today)
    return won


def uncovered(instance: Instance, states: States) -> np.ndarray:
    """The `coverage` objective: people or visits out of reach, (M,)."""
    goal = instance.policy.objective
    c = instance.services.index(str(goal.service))
    weight = instance.group(goal.group)
    if goal.measure == "visits":
        weight = instance.visits(is_weighted=False, group=goal.group)[:, c]
    near = instance.to_site <= float(goal.minutes or 0)
    is_missed = np.ones((len(states), len(weight)))
    offers = states.flag(instance.offers[:, c])
    for i in range(len(weight)):
        is_missed[:, i] = ~(offers & near[i]).any(axis=1)
    return is_missed @ weight
