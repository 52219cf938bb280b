"""Figures of one network in tables: by service class, site, district and segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from netplan.evaluate.arrays import Floats, sum_by
from netplan.evaluate.bounds import running_by_district
from netplan.evaluate.case import Case
from netplan.evaluate.channels import in_format
from netplan.evaluate.customers import Visits, capacities, overflow
from netplan.evaluate.facts import Facts
from netplan.evaluate.money import Moves
from netplan.evaluate.network import Network
from netplan.evaluate.score import Equity
from netplan.evaluate.statistics import gini, ratio, spread_by, weighted_mean, worst_tenth_mean
from netplan.policy import ONE_OFFS

WITHIN_MINUTES = (15, 30, 60)


def minutes_to_physical(facts: Facts, network: Network) -> Floats:
    """One-way minutes of each node to its nearest physical outlet, infinite beyond the cut-off, shape (N,)."""
    table = facts.travel.to_site
    physical = in_format(facts.formats.is_physical, network)[table.target]
    minutes = np.append(np.where(physical, table.minutes, np.inf), np.inf)
    return np.where(np.diff(table.start) > 0, np.minimum.reduceat(minutes, table.start[:-1]), np.inf)


def minutes_table(facts: Facts, visits: Visits) -> pd.DataFrame:
    """One line for all classes, then one per class: one-way minutes over served visits, and visits."""
    services, records = len(facts.services), visits.assignment
    served = np.where(visits.is_served, visits.visits, 0.0)
    minutes = np.where(visits.is_served, records.minutes, 0.0)
    overall = spread_by(np.zeros(len(served), dtype=np.int64), minutes, served, 1)
    by_service = spread_by(records.service, minutes, served, services)
    unserved = sum_by(records.service, visits.visits - served, services)
    return pd.DataFrame(
        {
            "service": ["all", *facts.services],
            **{
                name: np.concatenate([getattr(overall, name), getattr(by_service, name)])
                for name in ("mean", "p90", "worst")
            },
            "visits": np.concatenate([[facts.nodes.visits.sum()], facts.nodes.visits.sum(axis=0)]),
            "unserved": np.concatenate([[unserved.sum()], unserved]),
        }
    )


def site_table(facts: Facts, case: Case) -> pd.DataFrame:
    """One line per operating site and class that it offers: visits, capacity, utilisation, overflow."""
    network, capacity = case.network, capacities(facts, case.network)
    above = overflow(facts, network, case.load)
    offers = network.is_open[:, None] & facts.formats.serves[network.format_of]
    site, service = np.nonzero(offers)
    limit = capacity[site, service]
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(np.isfinite(limit) & (limit > 0), case.load[site, service] / limit, np.nan)
    return pd.DataFrame(
        {
            "site_id": np.array(facts.sites.ids, dtype=object)[site],
            "service": np.array(facts.services, dtype=object)[service],
            "visits": case.load[site, service],
            "capacity": np.where(np.isfinite(limit), limit, np.nan),
            "utilisation": used,
            "overflow": above[site, service],
        }
    )


def utilisation_spread(facts: Facts, case: Case) -> float:
    """Standard deviation over sites of (visits of limited classes / their capacity)."""
    capacity = capacities(facts, case.network)
    limited = np.isfinite(capacity) & facts.formats.serves[case.network.format_of]
    room = np.where(limited, capacity, 0.0).sum(axis=1)
    used = np.where(limited, case.load, 0.0).sum(axis=1)
    some = room > 0
    return float(np.std(used[some] / room[some])) if some.any() else float("nan")


def equity_of(facts: Facts, nearest_minutes: Floats) -> Equity:
    """How evenly people live from the nearest physical outlet."""
    people = facts.nodes.people_of
    minutes = np.minimum(nearest_minutes, facts.travel.limit_minutes)
    mean = {group: weighted_mean(minutes, people[group]) for group in ("all", "urban", "rural", "elderly")}
    return Equity(
        mean_minutes=mean["all"],
        worst_tenth_minutes=worst_tenth_mean(minutes, people["all"]),
        gini=gini(minutes, people["all"]),
        rural_to_urban=ratio(mean["rural"], mean["urban"]),
        elderly_to_all=ratio(mean["elderly"], mean["all"]),
    )


def people_within(facts: Facts, nearest_minutes: Floats) -> dict[int, float | None]:
    """People within so many minutes of a physical outlet; None beyond the cut-off."""
    return {
        limit: float(facts.nodes.people[nearest_minutes <= limit].sum())
        if limit <= facts.travel.limit_minutes
        else None
        for limit in WITHIN_MINUTES
    }


def count_actions(facts: Facts, network: Network) -> dict[str, int]:
    """How many sites are kept, closed, converted, relocated and opened."""
    moves = Moves.of(facts, network)
    return {
        "keep": int(moves.is_kept.sum()),
        "close": int(moves.is_closed.sum()),
        "convert": int(moves.is_converted.sum()),
        "relocate": int(moves.is_relocated.sum()),
        "open": int((moves.is_opened & ~moves.is_moved_into).sum()),
    }


def district_table(facts: Facts, case: Case, nearest_minutes: Floats) -> pd.DataFrame:
    """One line per district; visits and people where people live, outlets and cash where sites stand."""
    districts, nodes, records = len(facts.district_ids), facts.nodes, case.visits.assignment
    per_year = facts.policy.money.capital_recovery_factor
    served = np.where(case.visits.is_served, case.visits.visits, 0.0)
    minutes = np.where(case.visits.is_served, records.minutes, 0.0)
    spread = spread_by(nodes.district[records.node], minutes, served, districts)
    one_offs = np.sum([case.cash.one_offs[kind] for kind in ONE_OFFS], axis=0)
    known = facts.sites.district >= 0

    def sites_in(values: Floats) -> Floats:
        return sum_by(facts.sites.district[known], values[known], districts)

    def people_in(values: Floats) -> Floats:
        inside = nodes.district >= 0
        return sum_by(nodes.district[inside], values[inside], districts)

    physical = in_format(facts.formats.is_physical, case.network)
    return pd.DataFrame(
        {
            "district_id": facts.district_ids,
            "name": facts.region.districts["name"].to_numpy(),
            "people": people_in(nodes.people),
            "people_within_30": people_in(np.where(nearest_minutes <= WITHIN_MINUTES[1], nodes.people, 0.0)),
            "physical_outlets": sites_in(physical.astype(np.float64)).astype(np.int64),
            "outlets": sites_in(case.network.is_open.astype(np.float64)).astype(np.int64),
            "minutes_mean": spread.mean,
            "minutes_p90": spread.p90,
            "visits": people_in(nodes.visits.sum(axis=1)),
            "unserved_visits": np.maximum(0.0, people_in(nodes.visits.sum(axis=1)) - spread.weight),
            "cash_cost": running_by_district(facts, case.cash)[:-1] + per_year * sites_in(one_offs),
        }
    )


def segment_table(facts: Facts, visits: Visits, nearest_minutes: Floats) -> pd.DataFrame:
    """One line per segment: people, visits, minutes of its visits and to the nearest physical outlet."""
    records = visits.assignment
    minutes = np.where(visits.is_served, records.minutes, 0.0)
    to_outlet = np.minimum(nearest_minutes, facts.travel.limit_minutes)
    lines = []
    for g, segment in enumerate(facts.segments):
        asked = facts.nodes.visits_by_segment[g, records.node, records.service] * records.share
        served = np.where(visits.is_served, asked, 0.0)
        spread = spread_by(np.zeros(len(served), dtype=np.int64), minutes, served, 1)
        people = facts.nodes.people_of[segment]
        lines.append(
            {
                "segment": segment,
                "people": float(people.sum()),
                "visits": float(asked.sum()),
                "minutes_mean": float(spread.mean[0]),
                "minutes_p90": float(spread.p90[0]),
                "unserved_visits": float(asked.sum() - served.sum()),
                "minutes_to_outlet": weighted_mean(to_outlet, people),
            }
        )
    return pd.DataFrame(lines)
