"""What the bank pays in every state, by the place where it counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brute.instance import Instance
from brute.states import States


def running(instance: Instance, states: States) -> np.ndarray:
    """Running cost of each site, money a year, (M, S); an outlet's own figure in its present format, where given."""
    cost = states.amount(instance.of_format("running_cost_per_year"))
    own = instance.number("running_cost_per_year")
    for k in np.flatnonzero(~np.isnan(own)):
        cost[states.format[:, k] == instance.present[k], k] = own[k]
    return cost


def running_today(instance: Instance) -> np.ndarray:
    """Running cost of each site today, (S,)."""
    usual = instance.of_format("running_cost_per_year").astype(float)
    own = instance.number("running_cost_per_year")
    cost = np.zeros(len(instance.ids))
    for k, f in enumerate(instance.present):
        cost[k] = usual[f] if np.isnan(own[k]) else own[k]
    return cost


def vans_today(instance: Instance) -> bool:
    """Whether any van stop runs today."""
    return any(instance.of_format("channel")[f] == "van" for f in instance.present)


def one_offs(instance: Instance, states: States) -> dict[str, np.ndarray]:
    """One-off items in full, by kind, each (M, S), at the place where they count."""
    table, outlets = instance.region.formats, instance.region.outlets
    count = instance.num_outlets

    def by_outlet(values: np.ndarray) -> np.ndarray:
        padded = np.zeros(len(instance.ids))
        padded[:count] = values
        return padded

    owned = outlets["is_owned"].to_numpy(dtype=bool)
    runs_on = outlets["lease_end"] > pd.Timestamp(instance.policy.money.plan_date)
    closing = table["closing_cost"].to_numpy(dtype=float)[instance.present]
    moving = np.nan_to_num(table["relocation_cost"].to_numpy(dtype=float)[instance.present])
    transition = instance.policy.money.transition_margin_share * instance.margin.sum(axis=1)
    opened = states.is_open & (instance.present_of_site < 0) & ~states.is_arrived
    left = (instance.present_of_site >= 0) & ~states.is_open
    conversion = np.zeros(states.format.shape)
    for k in range(count):
        for (old, new), cost in instance.conversions.items():
            if old == instance.present[k]:
                conversion[states.format[:, k] == new, k] = cost
    return {
        "opening": opened * states.amount(table["opening_cost"].to_numpy()),
        "closing": states.is_closed * by_outlet(closing),
        "severance": states.is_closed * by_outlet(instance.number("severance_cost")),
        "lease_break": left * by_outlet(np.where(~owned & runs_on, instance.number("lease_break_cost"), 0.0)),
        "disposal": left * by_outlet(np.where(owned, -instance.number("disposal_proceeds"), 0.0)),
        "conversion": conversion,
        "relocation": states.is_moved * by_outlet(moving),
        "transition": (states.is_converted | states.is_moved) * by_outlet(transition),
    }
