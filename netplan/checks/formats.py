"""Formats and what uses them: outlets, candidates, hosts, bases, conversions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from netplan.checks.contract import CheckedTable, having
from netplan.violations import Violation, counted, some

Found = Mapping[str, CheckedTable]
Findings = Iterator[Violation | str]

_NEEDS_BASE = {"counter": "max_base_minutes", "van": "dwell_minutes"}
"""Channel -> the column that it alone uses and cannot do without."""


def check_formats(found: Found) -> Findings:
    """Points are hosted, counters know how far a base may be, van stops dwell and come in whole or half weeks."""
    formats = having(found, "formats", "channel")
    if formats is None:
        return
    for place in np.flatnonzero(formats.sound("channel")):
        yield from _check_format(formats, int(place), str(formats.frame["channel"].iloc[place]))
    if formats.has("format", "supplies_cash", "max_supply_minutes"):
        needs = formats.frame["max_supply_minutes"].notna()
        if needs.any() and not formats.frame["supplies_cash"].fillna(False).any():
            names = some(formats.frame.loc[needs, "format"])
            yield f"{formats.file}: no format supplies cash, so {names} cannot operate (max_supply_minutes)"


def check_outlets(found: Found) -> Findings:
    """Margins are booked for services that exist and are offered; hosted outlets have a host."""
    outlets = found.get("outlets")
    if outlets is None:
        return
    yield from _unknown_margins(outlets, having(found, "visits", "service"))
    yield from _premises(outlets)
    formats = having(found, "formats", "format", "services", "channel")
    if formats is None or not outlets.has("format"):
        return
    yield from _margins_not_offered(outlets, formats)
    yield from _outlets_without_host(outlets, formats)
    yield from _outlets_without_staff(found, outlets, formats)


def check_candidates(found: Found) -> Findings:
    """A candidate that lists a hosted format names its host; formats without bases or vans are noted."""
    candidates, formats = having(found, "candidates", "formats"), having(found, "formats", "format", "channel")
    if candidates is None or formats is None:
        return
    hosted = _named(formats, "is_hosted")
    without = candidates.sound("formats")
    if candidates.has("host_id"):
        without &= candidates.frame["host_id"].isna().to_numpy() & ~candidates.faulty["host_id"]
    for place, names in zip(np.flatnonzero(without), candidates.frame.loc[without, "formats"], strict=True):
        listed = [name for name in names if name in hosted]
        if listed:
            problem = "blank although a hosted format is listed"
            remedy = f"name the host, or take {some(listed)} off the formats"
            yield candidates.violation(int(place), "host_id", problem, remedy)
    yield from _formats_that_cannot_open(found, candidates, formats)


def check_hosts(found: Found) -> Findings:
    """A host holds today no more points than it can."""
    hosts, outlets = having(found, "hosts", "host_id", "max_points"), having(found, "outlets", "host_id", "format")
    formats = having(found, "formats", "format")
    if hosts is None or outlets is None or formats is None:
        return
    hosted = outlets.frame["format"].isin(_named(formats, "is_hosted"))
    today = Counter(outlets.frame.loc[hosted, "host_id"].dropna())
    sound = hosts.sound("host_id", "max_points")
    at_most = hosts.frame.loc[sound, ["host_id", "max_points"]].itertuples(index=False)
    for place, (host, max_points) in zip(np.flatnonzero(sound), at_most, strict=True):
        points = today[host]
        if points > max_points:
            remedy = f"raise it to {points}, or correct the outlets' host_id"
            problem = f"fewer than the {counted(points, 'point')} that it hosts today"
            yield hosts.violation(int(place), "max_points", problem, remedy)


def check_conversions(found: Found) -> Findings:
    """A conversion changes the format."""
    conversions = having(found, "conversions", "from_format", "to_format")
    if conversions is None:
        return
    same = (conversions.frame["from_format"] == conversions.frame["to_format"]).to_numpy(dtype=bool, na_value=False)
    for place in np.flatnonzero(same & conversions.sound("from_format", "to_format")):
        yield conversions.violation(
            int(place), "to_format", "the same as from_format", "name another format, or remove"
        )


def _check_format(formats: CheckedTable, place: int, channel: str) -> Findings:
    if channel == "point":
        yield from _point_is_hosted(formats, place)
    for needing, column in _NEEDS_BASE.items():
        if formats.has(column) and not formats.faulty[column][place]:
            yield from _minutes_of_channel(formats, place, column, channel, is_needed=channel == needing)
    if channel == "van":
        yield from _van_days(formats, place)


def _point_is_hosted(formats: CheckedTable, place: int) -> Iterator[Violation]:
    if formats.sound("is_hosted")[place] and not formats.frame["is_hosted"].iloc[place]:
        remedy = "write is_hosted = 1, or another channel"
        yield formats.violation(place, "is_hosted", "a point (channel) that is not hosted", remedy)


def _minutes_of_channel(formats: CheckedTable, place: int, column: str, channel: str, *, is_needed: bool) -> Findings:
    """Minutes that one channel needs and no other uses."""
    is_given = pd.notna(formats.frame[column].iloc[place])
    if is_needed and not is_given:
        yield formats.violation(place, column, f"blank for a {channel}", f"give {column} in minutes")
    elif is_given and not is_needed:
        yield f"{formats.file} row {formats.raw.rows[place]}: {column} is not used (channel {channel})"


def _van_days(formats: CheckedTable, place: int) -> Iterator[Violation]:
    if not formats.sound("days_per_week")[place]:
        return
    days = float(formats.frame["days_per_week"].iloc[place])
    if days != 0.5 and not days.is_integer():
        remedy = "write 0.5 (every second week), or a whole number of days"
        yield formats.violation(place, "days_per_week", "a van stop cannot come that often", remedy)


def _unknown_margins(outlets: CheckedTable, visits: CheckedTable | None) -> Iterator[Violation]:
    if visits is None:
        return
    services = list(visits.frame["service"].dropna().unique())
    for name in outlets.columns:
        if name.startswith("margin_") and name.removeprefix("margin_") not in services:
            problem = f"no service class {name.removeprefix('margin_')} in {visits.file}"
            remedy = f"rename it to one of {some('margin_' + service for service in services)}"
            yield Violation(outlets.file, 1, name, None, problem, remedy)


def _premises(outlets: CheckedTable) -> Iterator[str]:
    """Columns that count only for owned, or only for leased, premises."""
    if not outlets.has("is_owned") or not outlets.sound("is_owned").all():
        return
    is_owned = outlets.frame["is_owned"].to_numpy(dtype=bool)
    for name, counts in (("lease_end", ~is_owned), ("lease_break_cost", ~is_owned), ("disposal_proceeds", is_owned)):
        if not outlets.has(name):
            continue
        column = outlets.frame[name]
        given = (column.notna() & (column != 0)).to_numpy() if name != "lease_end" else column.notna().to_numpy()
        unused = int((given & ~counts).sum())
        if unused:
            whose = "leased" if name == "disposal_proceeds" else "owned"
            yield f"{outlets.file}: {name} of {counted(unused, f'{whose} outlet')} is not used"


def _margins_not_offered(outlets: CheckedTable, formats: CheckedTable) -> Iterator[Violation]:
    offered = dict(zip(formats.frame["format"], formats.frame["services"], strict=True))
    for name in outlets.columns:
        if not name.startswith("margin_"):
            continue
        service = name.removeprefix("margin_")
        serving = {form for form, services in offered.items() if isinstance(services, tuple) and service in services}
        silent = {form for form in offered if form not in serving}
        booked = outlets.sound(name, "format") & (outlets.frame[name].to_numpy(dtype=float) > 0)
        wrong = booked & outlets.frame["format"].isin(silent).to_numpy()
        for place in np.flatnonzero(wrong):
            present = outlets.frame["format"].iloc[place]
            problem = f"margin booked for {service}, which its format does not offer"
            remedy = f"write 0, correct the format, or add {service} to the services of {present}"
            yield outlets.violation(int(place), name, problem, remedy)


def _outlets_without_host(outlets: CheckedTable, formats: CheckedTable) -> Iterator[Violation]:
    is_hosted = outlets.frame["format"].isin(_named(formats, "is_hosted")).to_numpy() & outlets.sound("format")
    if outlets.has("host_id"):
        is_hosted &= outlets.frame["host_id"].isna().to_numpy() & ~outlets.faulty["host_id"]
    for place in np.flatnonzero(is_hosted):
        present = outlets.frame["format"].iloc[place]
        yield outlets.violation(int(place), "host_id", f"blank although {present} is a hosted format", "name the host")


def _outlets_without_staff(found: Found, outlets: CheckedTable, formats: CheckedTable) -> Iterator[str]:
    for channel, stem in (("counter", "bases"), ("van", "vans")):
        names = _with_channel(formats, channel)
        number = int(outlets.frame["format"].isin(names).sum())
        if number and (stem not in found or not len(found[stem].frame)):
            yield f"{outlets.file}: {counted(number, f'{channel} outlet')} of today cannot go on, there are no {stem}"
    bases = having(found, "bases", "site_id")
    if bases is None or not outlets.has("site_id"):
        return
    staffed = _named(formats, "is_staffed")
    unstaffed = outlets.frame.loc[~outlets.frame["format"].isin(staffed), "site_id"]
    idle = bases.frame.loc[bases.frame["site_id"].isin(set(unstaffed.dropna())), "site_id"]
    if len(idle):
        yield f"{bases.file}: {counted(len(idle), 'base')} at an outlet without staff works only once it is staffed ({some(idle)})"


def _formats_that_cannot_open(found: Found, candidates: CheckedTable, formats: CheckedTable) -> Iterator[str]:
    listed = [names for names in candidates.frame["formats"] if isinstance(names, tuple)]
    for channel, stem in (("counter", "bases"), ("van", "vans")):
        if stem in found and len(found[stem].frame):
            continue
        names = _with_channel(formats, channel)
        number = sum(any(name in names for name in one) for one in listed)
        if number:
            many = f"{counted(number, 'site')} list {some(sorted(names))}"
            yield f"{candidates.file}: {many}, which cannot open as there are no {stem}"


def _named(formats: CheckedTable, flag: str) -> set[str]:
    """Formats that have this flag."""
    if not formats.has(flag):
        return set()
    return set(formats.frame.loc[formats.frame[flag].fillna(False).to_numpy(dtype=bool), "format"].dropna())


def _with_channel(formats: CheckedTable, channel: str) -> set[str]:
    return set(formats.frame.loc[formats.frame["channel"] == channel, "format"].dropna())
