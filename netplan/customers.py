"""What customers do, as rows: access, retention, gain and coverage (docs/model.md, "Rows")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.columns import Columns
from netplan.coordinates.geodesy import great_circle_km
from netplan.demand import DemandNodes
from netplan.formats import Formats
from netplan.policy import Money, Policy, ServiceAccess, Standard
from netplan.row_kernels import count_entries, fill_entries
from netplan.rows import ACCESS, COVERAGE, GAIN, OBJECTIVE, RETENTION, Rows, assemble, concatenate
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


def market_rows(market: Market) -> Rows:
    """Every row that the objective and the standards of this policy need."""
    policy, services = market.policy, market.demand.services
    blocks = [access_rows(market, c) for c in range(len(services))]
    if policy.objective.kind == "net_cost":
        blocks += [retention_rows(market, c) for c in range(len(services))]
        blocks.append(gain_rows(market))
    if policy.objective.kind == "coverage":
        blocks.append(_objective_coverage(market))
    blocks += [
        coverage_rows(market, standard, position)
        for position, standard in enumerate(policy.standard)
        if standard.kind == "coverage"
    ]
    return concatenate(blocks)


def access_rows(market: Market, service: int) -> Rows:
    """Rows (i,c): each visit goes to the cheapest open option within reach.

    Under a coverage objective they carry no cost (weight 0) and only say where the visits go.
    """
    access = market.policy.service_access(market.demand.services[service])
    visits = market.demand.visits[:, service]
    subject = np.flatnonzero(visits > 0)
    penalty = np.full(len(subject), access.unserved_cost)
    table = market.travel.to_site
    trip = _within(table, access.reach_minutes, visit_cost(access, market.policy.money, table.minutes))
    offers = _Offers.of(
        market, market.formats.offers[:, service], extra=waiting_cost(access, market.formats.days_per_week)
    )
    row, site, cost, column = _joined(table, trip, offers, _positions(subject, len(visits)), penalty)
    weighted = market.demand.weighted[subject, service]
    return assemble(
        ACCESS,
        subject,
        service=service,
        weight=weighted if market.policy.objective.kind != "coverage" else np.zeros(len(subject)),
        load=visits[subject],
        penalty=penalty,
        entry_row=row,
        entry_site=site,
        entry_cost=cost,
        entry_column=column,
    )


def retention_rows(market: Market, service: int) -> Rows:
    """Rows (k,c): the share of an outlet's margin that is lost with its customers."""
    margin = market.margin[:, service]
    subject = np.flatnonzero(margin > 0)
    row_of = _positions(subject, len(market.sites))
    columns, retention = market.columns, market.retention
    curve = retention["minutes"].to_numpy(), retention["lost_share"].to_numpy()
    table = market.travel.between_sites
    lost = np.where(table.origin == table.target, 0.0, np.interp(table.minutes, *curve))
    penalty = np.full(len(subject), curve[1][-1])
    offers = _Offers.of(market, market.formats.offers[:, service])
    row, site, cost, column = _joined(table, lost, offers, row_of, penalty)
    moves = columns.relocating[market.formats.offers[columns.format[columns.relocating], service]]
    moved = np.array([table.get(columns.origin[j], columns.site[j]) for j in moves])
    move_cost = np.interp(moved, curve[0], retention["relocated_lost_share"].to_numpy())
    keep = (row_of[columns.origin[moves]] >= 0) & (move_cost < curve[1][-1])
    moves, move_cost = moves[keep], move_cost[keep]
    return assemble(
        RETENTION,
        subject,
        service=service,
        weight=margin[subject],
        penalty=penalty,
        entry_row=np.concatenate([row, row_of[columns.origin[moves]]]),
        entry_site=np.concatenate([site, columns.site[moves]]),
        entry_cost=np.concatenate([cost, move_cost]),
        entry_column=np.concatenate([column, moves]),
    )


def gain_rows(market: Market) -> Rows:
    """Rows i: the share of the market margin won beyond what today's network already wins."""
    worth = market.nodes["market_margin_per_year"].to_numpy(dtype=np.float64)
    subject = np.flatnonzero(worth > 0) if len(market.gain) else np.empty(0, dtype=np.int64)
    row_of = _positions(subject, len(worth))
    table, factor = market.travel.to_site, market.formats.gain_factor
    lost = (
        _within(table, float(market.gain["minutes"].max()), -_won(market, table))
        if len(market.gain)
        else _nowhere(table)
    )
    every = np.ones(len(market.formats.ids), dtype=bool)
    offers = _Offers.of(market, every, factor=factor)
    present = _Offers.of(market, every, factor=factor, only=market.columns.present)
    row, _, cost, _ = _joined(table, lost, present, row_of, np.zeros(len(subject)))
    today = np.zeros(len(subject))
    np.minimum.at(today, row, cost)
    row, site, cost, column = _joined(table, lost, offers, row_of, today)
    return assemble(
        GAIN,
        subject,
        weight=worth[subject],
        penalty=np.zeros(len(subject)),
        entry_row=row,
        entry_site=site,
        entry_cost=cost - today[row],
        entry_column=column,
    )


def _won(market: Market, table: SparseMinutes) -> Floats:
    return np.asarray(np.interp(table.minutes, market.gain["minutes"], market.gain["won_share"]))


def coverage_rows(market: Market, standard: Standard, position: int) -> Rows:
    """Rows i of a coverage standard: covered by any fitting column, or else one person short per person."""
    people = market.demand.people_of(standard.group).copy()
    if standard.districts:
        people[~market.nodes["district_id"].isin(standard.districts).to_numpy()] = 0.0
    if standard.any_bank:
        people[_covered_by_others(market, standard)] = 0.0
    c = market.demand.services.index(str(standard.service))
    fits = market.formats.with_attributes(standard.only) & market.formats.offers[:, c]
    fits &= market.formats.days_per_week >= standard.min_days_per_week
    node, site = _within_reach(market.travel.to_site, market.nodes, market.sites, standard)
    return _covering(market, people, node, site, fits=fits, measure=position)


def _objective_coverage(market: Market) -> Rows:
    goal = market.policy.objective
    service = str(goal.service)
    of = market.demand
    weight = of.people_of(goal.group) if goal.measure == "people" else of.visits_of(goal.group, service)
    node, site, _ = _pairs(market.travel.to_site, float(goal.minutes or 0.0))
    fits = market.formats.offers[:, of.services.index(service)]
    return _covering(market, weight, node, site, fits=fits, measure=OBJECTIVE)


def _covering(market: Market, weight: Floats, node: Ints, site: Ints, *, fits: NDArray[np.bool_], measure: int) -> Rows:
    subject = np.flatnonzero(weight > 0)
    row_of = _positions(subject, len(weight))
    reached, column = _columns_at(market, site, fits)
    row = row_of[node[reached]]
    keep = row >= 0
    size = int(keep.sum())
    return assemble(
        COVERAGE,
        subject,
        measure=measure,
        weight=weight[subject],
        penalty=np.ones(len(subject)),
        entry_row=row[keep],
        entry_site=np.full(size, -1, dtype=np.int64),
        entry_cost=np.zeros(size),
        entry_column=column[keep],
    )


def _covered_by_others(market: Market, standard: Standard) -> Ints:
    rivals = market.competitors
    node, rival = _within_reach(market.travel.to_competitor, market.nodes, rivals, standard)
    fits = np.array([standard.service in offered for offered in rivals["services"]], dtype=bool)
    fits &= rivals["days_per_week"].to_numpy(dtype=np.float64) >= standard.min_days_per_week
    for attribute in standard.only:
        has = f"is_{attribute}"
        fits &= rivals[has].to_numpy(dtype=bool) if has in rivals else False
    return np.unique(node[fits[rival]])


def _within_reach(
    minutes: SparseMinutes, nodes: pd.DataFrame, places: pd.DataFrame, standard: Standard
) -> tuple[Ints, Ints]:
    """Pairs (node, place) within the standard's minutes by road or kilometres as the crow flies."""
    if standard.minutes is not None:
        node, place, _ = _pairs(minutes, standard.minutes)
        return node, place
    lon, lat = places["lon"].to_numpy(dtype=np.float64), places["lat"].to_numpy(dtype=np.float64)
    found: list[tuple[Ints, Ints]] = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
    for i, (x, y) in enumerate(zip(nodes["lon"], nodes["lat"], strict=True)):
        near = np.flatnonzero(great_circle_km(x, y, lon, lat) <= float(standard.kilometres or 0.0))
        found.append((np.full(len(near), i, dtype=np.int64), near))
    node, place = (np.concatenate(part) for part in zip(*found, strict=True))
    return node, place


def _pairs(table: SparseMinutes, limit: float) -> tuple[Ints, Ints, Floats]:
    keep = table.minutes <= limit
    return table.origin[keep], table.target[keep], table.minutes[keep]


@dataclass(frozen=True, slots=True)
class _Offers:
    """Operating columns by site, and what each makes of the cost of a pair: cost x factor + extra.

    Attributes
    ----------
    start
        Offers of site s are ``start[s] : start[s + 1]``, shape (S + 1,).
    column, factor, extra
        Shape (offers,).
    """

    start: Ints
    column: Ints
    factor: Floats
    extra: Floats

    @classmethod
    def of(
        cls,
        market: Market,
        fits: NDArray[np.bool_],
        *,
        factor: Floats | None = None,
        extra: Floats | None = None,
        only: NDArray[np.bool_] | None = None,
    ) -> _Offers:
        """The columns whose format fits, of those in `only`; factor and extra by format, shape (F,)."""
        columns = market.columns
        chosen = columns.operating[fits[columns.format[columns.operating]]]
        chosen = chosen if only is None else chosen[only[chosen]]
        chosen = chosen[np.argsort(columns.site[chosen], kind="stable")]
        start = np.zeros(len(market.sites) + 1, dtype=np.int64)
        np.cumsum(np.bincount(columns.site[chosen], minlength=len(market.sites)), out=start[1:])
        kind = columns.format[chosen]
        times = np.ones(len(chosen)) if factor is None else factor[kind].astype(np.float64)
        plus = np.zeros(len(chosen)) if extra is None else extra[kind].astype(np.float64)
        return cls(start, chosen, times, plus)


def _joined(
    table: SparseMinutes, pair_cost: Floats, offers: _Offers, row_of: Ints, penalty: Floats
) -> tuple[Ints, Ints, Floats, Ints]:
    """Row, site, cost and column of every offer that an origin reaches below its row's penalty (NaN: out of reach)."""
    pairs = (table.start, table.target, pair_cost)
    at_site = (offers.start, offers.factor, offers.extra)
    count = count_entries(row_of, pairs, at_site, penalty)
    start = np.zeros(len(count) + 1, dtype=np.int64)
    np.cumsum(count, out=start[1:])
    site, offer, cost = fill_entries(row_of, pairs, at_site, penalty, start)
    return np.repeat(np.arange(len(count), dtype=np.int64), count), site, cost, offers.column[offer]


def _within(table: SparseMinutes, limit: float, pair_cost: Floats) -> Floats:
    """The cost of each pair, NaN beyond the limit."""
    return np.where(table.minutes <= limit, pair_cost, np.nan)


def _nowhere(table: SparseMinutes) -> Floats:
    return np.full(len(table.minutes), np.nan)


def _columns_at(market: Market, site: Ints, fits: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Join pairs with the operating columns at their site whose format fits.

    Returns positions into `site` and columns, one entry per match.
    """
    columns = market.columns
    chosen = columns.operating[fits[columns.format[columns.operating]]]
    count = np.bincount(columns.site[chosen], minlength=len(market.sites))
    start = np.cumsum(count) - count
    repeat = count[site]
    reached = np.repeat(np.arange(len(site), dtype=np.int64), repeat)
    offset = np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    return reached, chosen[start[site][reached] + offset]


def _positions(subject: Ints, size: int) -> Ints:
    position = np.full(size, -1, dtype=np.int64)
    position[subject] = np.arange(len(subject))
    return position
