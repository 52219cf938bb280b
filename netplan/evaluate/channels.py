"""The rural channel: hosts, cash supply, counters staffed from bases, van stops and van-days.

Rules about one site are checked for the sites asked about, so that a change of one site need not check them all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netplan.evaluate.arrays import Flags, Floats, Ints, count_by, sum_by
from netplan.evaluate.breaches import Breach
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import WEEKS, Network

SLACK = 1e-6


def in_format(flags: Flags, network: Network) -> Flags:
    """Sites that operate in one of the flagged formats, shape (S,)."""
    return np.asarray(network.is_open & flags[network.format_of])


def working_bases(facts: Facts, network: Network) -> Flags:
    """Bases whose outlet operates in a staffed format, shape (B,)."""
    return in_format(facts.formats.is_staffed, network)[facts.channels.base_site]


def host_breaches(facts: Facts, network: Network) -> Iterator[Breach]:
    """Points without a host, and hosts with more points than they take."""
    hosted, host = in_format(facts.formats.is_hosted, network), facts.sites.host
    for site in np.flatnonzero(hosted & (host < 0)).tolist():
        yield Breach(f"host.{facts.sites.ids[site]}", f"{facts.sites.label(site)} is a hosted point without a host")
    points = count_by(host[hosted & (host >= 0)], len(facts.channels.host_ids))
    for h in np.flatnonzero(points > facts.channels.max_points):
        name, most = facts.channels.host_ids[h], facts.channels.max_points[h]
        yield Breach(f"host.{name}", f"host {name} takes {most:g} points, not {points[h]}")


def supply_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    """Points among `sites` that no other open outlet supplies with cash in time."""
    limit = np.where(network.is_open, facts.formats.max_supply[network.format_of], np.nan)
    supplies = in_format(facts.formats.supplies_cash, network)
    for site in sites[~np.isnan(limit[sites])]:
        origin, minutes = facts.arriving.at(site)
        if not (supplies[origin] & (origin != site) & (minutes <= limit[site])).any():
            text = f"{facts.sites.label(site)} has no open outlet within {limit[site]:g} minutes that supplies it with cash"
            yield Breach(f"supply.{facts.sites.ids[site]}", text)


def counter_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    """Counters among `sites` without a base that is open, staffed and near enough; bases short of staff-days."""
    is_counter = in_format(facts.formats.of_channel("counter"), network)
    stray = ~is_counter & (network.base_of >= 0) & (network.van_of < 0)
    for site in sites[stray[sites]]:
        text = f"{facts.sites.label(site)} is no fixed-time counter and yet has a base"
        yield Breach(f"counter.{facts.sites.ids[site]}", text)
    works = working_bases(facts, network)
    for site in sites[is_counter[sites]]:
        yield from _counter(facts, network, works, int(site))
    yield from _staff_days(facts, network)


def _counter(facts: Facts, network: Network, works: Flags, site: int) -> Iterator[Breach]:
    label, base = facts.sites.label(site), int(network.base_of[site])
    if base < 0:
        yield Breach(f"counter.{facts.sites.ids[site]}", f"no base staffs the counter {label}")
        return
    name = facts.channels.base_ids[base]
    minutes = facts.travel.between_sites.get(int(facts.channels.base_site[base]), site)
    # Negated, so that a format without a limit (NaN) has no base.
    if not minutes <= facts.formats.max_base[network.format_of[site]]:
        yield Breach(f"counter.{facts.sites.ids[site]}", f"base {name} is too far from the counter {label}")
    if not works[base]:
        yield Breach(f"base.{name}", f"base {name} of the counter {label} is not open and staffed")


def staff_days_used(facts: Facts, network: Network) -> Floats:
    """Staff-days a week that each base sends out, shape (B,)."""
    is_counter = in_format(facts.formats.of_channel("counter"), network) & (network.base_of >= 0)
    days = facts.formats.days[network.format_of[is_counter]]
    return sum_by(network.base_of[is_counter], days, len(facts.channels.base_ids))


def _staff_days(facts: Facts, network: Network) -> Iterator[Breach]:
    has, needs = facts.channels.staff_days, staff_days_used(facts, network)
    for base in np.flatnonzero(needs > has + SLACK):
        name = facts.channels.base_ids[base]
        text = f"base {name} has {has[base]:g} staff-days a week, its counters need {needs[base]:g}"
        yield Breach(f"base.{name}", text)


def van_day_size(facts: Facts, format_: int, site: int, van: int) -> float:
    """Share of a van-day that one visit takes: 1/2, 1, or infinite where the van cannot make the trip in a shift."""
    base = int(facts.channels.base_site[facts.channels.van_base[van]])
    trip = 2.0 * facts.travel.between_sites.get(base, site) + float(facts.formats.dwell[format_])
    shift = float(facts.channels.shift[van])
    # Negated, so that a format without a dwell (NaN) cannot be driven.
    if not trip <= shift:
        return float("inf")
    return 0.5 if trip <= shift / 2.0 else 1.0


def weeks_of(facts: Facts, format_: int) -> tuple[int, ...]:
    """Week patterns (positions in `WEEKS`) in which a stop of this format may be served."""
    return (WEEKS.index("every"),) if facts.formats.days[format_] >= 1.0 else (WEEKS.index("odd"), WEEKS.index("even"))


def van_days(facts: Facts, format_: int, size: float, week: int) -> Floats:
    """Van-days that one stop takes in the odd and the even week, shape (2,)."""
    visits = max(1.0, float(facts.formats.days[format_]))
    pattern = WEEKS[week]
    return size * visits * np.array([pattern in ("every", "odd"), pattern in ("every", "even")], dtype=np.float64)


def van_days_used(facts: Facts, network: Network) -> Floats:
    """Van-days of each van in the odd and the even week, shape (V, 2); trips that no van can make take none."""
    days = np.zeros((len(facts.channels.van_ids), 2))
    for site in np.flatnonzero(in_format(facts.formats.of_channel("van"), network) & (network.van_of >= 0)):
        format_, van = int(network.format_of[site]), int(network.van_of[site])
        size = van_day_size(facts, format_, int(site), van)
        if np.isfinite(size):
            days[van] += van_days(facts, format_, size, int(network.week_of[site]))
    return days


def van_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    """Stops among `sites` that no van can serve as planned; vans short of days or without a working base."""
    is_stop = in_format(facts.formats.of_channel("van"), network)
    stray = ~is_stop & ((network.van_of >= 0) | (network.week_of > 0))
    for site in sites[stray[sites]]:
        text = f"{facts.sites.label(site)} is no van stop and yet has a van or a week"
        yield Breach(f"van_stop.{facts.sites.ids[site]}", text)
    for site in sites[is_stop[sites]]:
        yield from _van_stop(facts, network, int(site))
    yield from _vans(facts, network)


def _vans(facts: Facts, network: Network) -> Iterator[Breach]:
    channels = facts.channels
    if not network.is_van_used.any():
        return
    works = working_bases(facts, network)
    for van in np.flatnonzero(network.is_van_used & ~works[channels.van_base]):
        name, base = channels.van_ids[van], channels.base_ids[channels.van_base[van]]
        yield Breach(f"van.{name}", f"van {name} drives although its base {base} is not open and staffed")
    days = van_days_used(facts, network)
    for van, week in np.argwhere(days > channels.van_days[:, None] + SLACK):
        name, parity = channels.van_ids[van], ("odd", "even")[week]
        has, needs = channels.van_days[van], days[van, week]
        yield Breach(
            f"van.{name}", f"van {name} drives {has:g} days a week, its stops need {needs:g} in the {parity} week"
        )


def _van_stop(facts: Facts, network: Network, site: int) -> Iterator[Breach]:
    rule, label = f"van_stop.{facts.sites.ids[site]}", facts.sites.label(site)
    van, format_, week = int(network.van_of[site]), int(network.format_of[site]), int(network.week_of[site])
    if van < 0:
        yield Breach(rule, f"no van serves the stop {label}")
        return
    name = facts.channels.van_ids[van]
    if not np.isfinite(van_day_size(facts, format_, site, van)):
        yield Breach(rule, f"van {name} cannot reach the stop {label} and return within its shift")
    if week not in weeks_of(facts, format_):
        yield Breach(rule, f"the stop {label} has the week pattern {WEEKS[week]!r}, which its format does not allow")
    base = int(network.base_of[site])
    if base not in (-1, facts.channels.van_base[van]):
        yield Breach(rule, f"the stop {label} names another base than that of van {name}")
