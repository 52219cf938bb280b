"""What customers do, as rows: access, retention, gain and coverage (docs/model.md, "Rows")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.columns import Columns
from netplan.coordinates.geodesy import great_circle_km
from netplan.demand import DemandNodes
from netplan.formats import Formats
from netplan.policy import Money, Policy, ServiceAccess, Standard
from netplan.row_blocks import Loose, Offers, RowSource, side_by_side
from netplan.rows import ACCESS, COVERAGE, GAIN, OBJECTIVE, RETENTION, Rows, concatenate
from netplan.travel import SparseMinutes, TravelTimes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Market:
    """What the rows are made of: tables, demand, minutes, columns and the plan file."""

    nodes: pd.DataFrame
    sites: pd.DataFrame
    competitors: pd.DataFrame
    margin: Floats
    """m_kc, shape (outlets, C)."""
    retention: pd.DataFrame
    gain: pd.DataFrame
    formats: Formats
    demand: DemandNodes
    travel: TravelTimes
    columns: Columns
    policy: Policy


def visit_cost(access: ServiceAccess, money: Money, minutes: Floats) -> Floats:
    """Money per visit for these one-way minutes: time(2t) of docs/model.md."""
    per_minute = money.value_of_time_per_hour / 60.0
    trip = 2.0 * minutes
    if access.shape == "power":
        return np.asarray(per_minute * trip**access.exponent)
    if access.shape == "exponential":
        return np.asarray(per_minute * np.expm1(access.exponent * trip) / access.exponent)
    return per_minute * trip


def waiting_cost(access: ServiceAccess, days_per_week: Floats) -> Floats:
    """Money per visit for waiting until the format's next open day, wait(f,c)."""
    mean_days = np.maximum(0.0, (7.0 / days_per_week - 1.0) / 2.0)
    return np.asarray(access.day_wait_cost * access.not_postponable_share * mean_days)


def market_rows(market: Market, workers: int = 1) -> Rows:
    """Every row that the objective and the standards of this policy need, made by so many threads."""
    return concatenate(side_by_side((block for source in _sources(market) for block in source.blocks()), workers))


def _sources(market: Market) -> Iterator[RowSource]:
    policy, services = market.policy, market.demand.services
    yield from (access_rows(market, c) for c in range(len(services)))
    if policy.objective.kind == "net_cost":
        yield from (retention_rows(market, c) for c in range(len(services)))
        if len(market.gain):
            yield gain_rows(market)
    if policy.objective.kind == "coverage":
        yield _objective_coverage(market)
    for position, standard in enumerate(policy.standard):
        if standard.kind == "coverage":
            yield coverage_rows(market, standard, position)


def access_rows(market: Market, service: int) -> RowSource:
    """Rows (i,c): each visit goes to the cheapest open option within reach.

    Under a coverage objective they carry no cost (weight 0) and only say where the visits go.
    """
    access, money = market.policy.service_access(market.demand.services[service]), market.policy.money
    visits, weighted = market.demand.visits[:, service], market.demand.weighted[:, service]
    waiting = waiting_cost(access, market.formats.days_per_week)
    return RowSource(
        ACCESS,
        market.travel.to_site,
        lambda part: _within(part, access.reach_minutes, visit_cost(access, money, part.minutes)),
        _offers(market, market.formats.offers[:, service], extra=waiting),
        is_row=visits > 0,
        weight=weighted if market.policy.objective.kind != "coverage" else np.zeros(len(visits)),
        penalty=np.full(len(visits), access.unserved_cost),
        service=service,
        load=visits,
    )


def retention_rows(market: Market, service: int) -> RowSource:
    """Rows (k,c): the share of an outlet's margin that is lost with its customers."""
    margin, retention = market.margin[:, service], market.retention
    curve = retention["minutes"].to_numpy(), retention["lost_share"].to_numpy()
    offered = market.formats.offers[:, service]
    return RowSource(
        RETENTION,
        market.travel.between_sites.rows(0, len(margin)),
        lambda part: np.interp(part.minutes, *curve),
        _offers(market, offered),
        is_row=margin > 0,
        weight=margin,
        penalty=np.full(len(margin), curve[1][-1]),
        service=service,
        loose=_moves(market, offered, len(margin)),
        own_cost=0.0,
    )


def _moves(market: Market, offered: NDArray[np.bool_], outlets: int) -> Loose:
    """What is lost where an outlet's customers follow it to another site, of the moves that keep any."""
    columns, retention = market.columns, market.retention
    moves = columns.relocating[offered[columns.format[columns.relocating]]]
    minutes = market.travel.between_sites.lookup(columns.origin[moves], columns.site[moves])
    cost = np.interp(minutes, retention["minutes"], retention["relocated_lost_share"])
    keep = cost < retention["lost_share"].iloc[-1]
    moves = moves[keep]
    return Loose.of(outlets, columns.origin[moves], cost[keep], columns.site[moves], moves)


def gain_rows(market: Market) -> RowSource:
    """Rows i: the share of the market margin won beyond what today's network already wins."""
    worth = market.nodes["market_margin_per_year"].to_numpy(dtype=np.float64)
    gain, factor = market.gain, market.formats.gain_factor
    curve, reach = (gain["minutes"].to_numpy(), gain["won_share"].to_numpy()), float(gain["minutes"].max())
    every = np.ones(len(market.formats.ids), dtype=bool)
    return RowSource(
        GAIN,
        market.travel.to_site,
        lambda part: _within(part, reach, -np.interp(part.minutes, *curve)),
        _offers(market, every, factor=factor),
        is_row=worth > 0,
        weight=worth,
        penalty=np.zeros(len(worth)),
        today=_offers(market, every, factor=factor, only=market.columns.present),
    )


def coverage_rows(market: Market, standard: Standard, position: int) -> RowSource:
    """Rows i of a coverage standard: covered by any fitting column, or else one person short per person."""
    people = market.demand.people_of(standard.group).copy()
    if standard.districts:
        people[~market.nodes["district_id"].isin(standard.districts).to_numpy()] = 0.0
    if standard.any_bank:
        people[_covered_by_others(market, standard)] = 0.0
    c = market.demand.services.index(str(standard.service))
    fits = market.formats.with_attributes(standard.only) & market.formats.offers[:, c]
    fits &= market.formats.days_per_week >= standard.min_days_per_week
    table, limit = _measured(market.travel.to_site, market.nodes, market.sites, standard)
    return _covering(market, people, (table, limit), fits=fits, measure=position)


def _objective_coverage(market: Market) -> RowSource:
    goal, of = market.policy.objective, market.demand
    service = str(goal.service)
    weight = of.people_of(goal.group) if goal.measure == "people" else of.visits_of(goal.group, service)
    fits = market.formats.offers[:, of.services.index(service)]
    return _covering(market, weight, (market.travel.to_site, float(goal.minutes or 0.0)), fits=fits, measure=OBJECTIVE)


def _covering(
    market: Market, weight: Floats, reach: tuple[SparseMinutes, float], *, fits: NDArray[np.bool_], measure: int
) -> RowSource:
    table, limit = reach
    return RowSource(
        COVERAGE,
        table,
        lambda part: _within(part, limit, np.zeros(len(part.minutes))),
        _offers(market, fits).anywhere(),
        is_row=weight > 0,
        weight=weight,
        penalty=np.ones(len(weight)),
        measure=measure,
    )


def _covered_by_others(market: Market, standard: Standard) -> Ints:
    rivals = market.competitors
    table, limit = _measured(market.travel.to_competitor, market.nodes, rivals, standard)
    fits = np.array([standard.service in offered for offered in rivals["services"]], dtype=bool)
    fits &= rivals["days_per_week"].to_numpy(dtype=np.float64) >= standard.min_days_per_week
    for attribute in standard.only:
        has = f"is_{attribute}"
        fits &= rivals[has].to_numpy(dtype=bool) if has in rivals else False
    return np.unique(table.origin[(table.minutes <= limit) & fits[table.target]])


def _measured(
    minutes: SparseMinutes, nodes: pd.DataFrame, places: pd.DataFrame, standard: Standard
) -> tuple[SparseMinutes, float]:
    """The standard's table, and what it allows: minutes by road, or 0 for all within its kilometres as the crow flies."""
    if standard.minutes is not None:
        return minutes, standard.minutes
    lon, lat = places["lon"].to_numpy(dtype=np.float64), places["lat"].to_numpy(dtype=np.float64)
    found: list[Ints] = [np.empty(0, dtype=np.int64)]
    for x, y in zip(nodes["lon"], nodes["lat"], strict=True):
        found.append(np.flatnonzero(great_circle_km(x, y, lon, lat) <= float(standard.kilometres or 0.0)))
    place = np.concatenate(found)
    arrays = (np.cumsum([len(near) for near in found]), place, np.zeros(len(place)))
    for array in arrays:
        array.setflags(write=False)
    return SparseMinutes((len(nodes), len(places)), *arrays), 0.0


def _offers(
    market: Market,
    fits: NDArray[np.bool_],
    *,
    factor: Floats | None = None,
    extra: Floats | None = None,
    only: NDArray[np.bool_] | None = None,
) -> Offers:
    """The operating columns whose format fits, of those in `only`; factor and extra by format, shape (F,)."""
    columns = market.columns
    chosen = columns.operating[fits[columns.format[columns.operating]]]
    chosen = chosen if only is None else chosen[only[chosen]]
    kind = columns.format[chosen]
    times = np.ones(len(chosen)) if factor is None else factor[kind].astype(np.float64)
    plus = np.zeros(len(chosen)) if extra is None else extra[kind].astype(np.float64)
    return Offers.of(len(market.sites), columns.site[chosen], chosen, times, plus)


def _within(table: SparseMinutes, limit: float, pair_cost: Floats) -> Floats:
    """The cost of each pair, NaN beyond the limit."""
    pair_cost[table.minutes > limit] = np.nan
    return pair_cost
