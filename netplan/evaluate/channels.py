"""The rural channel: hosts, cash supply, counters staffed from bases, van stops and van-days.

Rules about one site are checked for the sites asked about, so that a change of one site need not check them all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, count_by, sum_by
from netplan.evaluate.breaches import Breach
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import WEEKS, Network

SLACK = 1e-6

_IN_WEEK = np.array([[week in ("every", "odd"), week in ("every", "even")] for week in WEEKS], dtype=np.float64)
"""Whether a week pattern has visits in the odd and in the even week, shape (week patterns, 2)."""


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


def num_suppliers(facts: Facts, network: Network, sites: Ints) -> Ints:
    """How many other open outlets supply each of `sites` with cash in time; -1 for one that needs no supply."""
    limit, supplies = _supply_limit(facts, network, sites), in_format(facts.formats.supplies_cash, network)
    number = np.full(len(sites), NONE)
    for at in np.flatnonzero(~np.isnan(limit)):
        origin, minutes = facts.arriving.at(sites[at])
        near = origin[minutes <= limit[at]]
        number[at] = np.count_nonzero(supplies[near] & (near != sites[at]))
    return number


def _supply_limit(facts: Facts, network: Network, sites: Ints) -> Floats:
    format_of = network.format_of[sites]
    return np.where(format_of >= 0, facts.formats.max_supply[format_of], np.nan)


def supply_breaches(facts: Facts, network: Network, sites: Ints) -> Iterator[Breach]:
    """Points among `sites` that no other open outlet supplies with cash in time."""
    lacking = sites[num_suppliers(facts, network, sites) == 0]
    for site, limit in zip(lacking.tolist(), _supply_limit(facts, network, lacking), strict=True):
        text = f"{facts.sites.label(site)} has no open outlet within {limit:g} minutes that supplies it with cash"
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
    minutes = np.array([facts.travel.between_sites.get(base, site)])
    return float(_van_day_sizes(facts, np.array([format_]), minutes, np.array([van]))[0])


def _van_day_sizes(facts: Facts, format_of: Ints, minutes: Floats, van: Ints) -> Floats:
    trip, shift = 2.0 * minutes + facts.formats.dwell[format_of], facts.channels.shift[van]
    # A format without a dwell (NaN) cannot be driven: no comparison with it holds.
    return np.where(trip <= shift, np.where(trip <= shift / 2.0, 0.5, 1.0), np.inf)


def weeks_of(facts: Facts, format_: int) -> tuple[int, ...]:
    """Week patterns (positions in `WEEKS`) in which a stop of this format may be served."""
    return (WEEKS.index("every"),) if facts.formats.days[format_] >= 1.0 else (WEEKS.index("odd"), WEEKS.index("even"))


def van_days(facts: Facts, format_: int, size: float, week: int) -> Floats:
    """Van-days that one stop takes in the odd and the even week, shape (2,)."""
    visits = max(1.0, float(facts.formats.days[format_]))
    return np.asarray(size * visits * _IN_WEEK[week])


def van_days_used(facts: Facts, network: Network) -> Floats:
    """Van-days of each van in the odd and the even week, shape (V, 2); trips that no van can make take none."""
    days = np.zeros((len(facts.channels.van_ids), 2))
    site = np.flatnonzero(in_format(facts.formats.of_channel("van"), network) & (network.van_of >= 0))
    format_of, van = network.format_of[site], network.van_of[site]
    base = facts.channels.base_site[facts.channels.van_base[van]]
    size = _van_day_sizes(facts, format_of, facts.travel.between_sites.lookup(base, site), van)
    drives = np.isfinite(size)
    visits = np.maximum(1.0, facts.formats.days[format_of])[drives]
    takes = (size[drives] * visits)[:, None] * _IN_WEEK[network.week_of[site[drives]]]
    np.add.at(days, van[drives], takes)
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
