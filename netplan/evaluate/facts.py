"""What the audit knows of a region: its tables as arrays by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.evaluate.arrays import Flags, Floats, Ints
from netplan.policy import Policy
from netplan.region import Region
from netplan.travel import SparseMinutes, TravelTimes


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """Formats by position, shape (F,) unless said otherwise; a blank number is NaN, a blank capacity infinite."""

    names: tuple[str, ...]
    channel: tuple[str, ...]
    serves: Flags
    """Shape (F, C)."""
    capacity: Floats
    """cap_fc, visits per year, shape (F, C)."""
    days: Floats
    staff: Floats
    gain_factor: Floats
    min_visits: Floats
    running: Floats
    opening: Floats
    closing: Floats
    relocation: Floats
    conversion: Floats
    """Cost from the row's format to the column's, NaN where there is no such conversion, shape (F, F)."""
    dwell: Floats
    max_base: Floats
    max_supply: Floats
    is_staffed: Flags
    is_hosted: Flags
    is_physical: Flags
    is_step_free: Flags
    supplies_cash: Flags

    def of_channel(self, channel: str) -> Flags:
        """Which formats belong to a channel, shape (F,)."""
        return np.array([name == channel for name in self.channel], dtype=bool)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Sites by position, outlets of today first, shape (S,) unless said otherwise."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: Floats
    lat: Floats
    district: Ints
    township: Ints
    host: Ints
    present: Ints
    """Position of today's format; -1 for a candidate."""
    allowed: Flags
    """May the site operate in the format (keep, convert or open), shape (S, F)."""
    own_running: Floats
    """Running cost in today's format where it differs from the format's, else NaN."""
    margin: Floats
    """m_kc, money per year, shape (S, C); 0 for candidates."""
    severance: Floats
    lease_break: Floats
    """0 unless leased with a lease that ends after the plan date."""
    disposal: Floats
    """0 unless owned."""
    lease_end: NDArray[np.datetime64]

    @property
    def is_existing(self) -> Flags:
        """Outlets of today, shape (S,)."""
        return self.present >= 0

    def label(self, site: int) -> str:
        """A site as the planner knows it: its name and identifier."""
        name = self.names[site]
        return f"{name} ({self.ids[site]})" if name and name != self.ids[site] else self.ids[site]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """Demand nodes by position, shape (N,) unless said otherwise."""

    ids: tuple[str, ...]
    people: Floats
    people_of: dict[str, Floats]
    """People by group: all, urban, rural and each segment."""
    district: Ints
    is_urban: Flags
    visits: Floats
    """d_ic, visits per year, shape (N, C)."""
    weighted: Floats
    """w_ic, shape (N, C)."""
    visits_by_segment: Floats
    """d_igc, shape (G, N, C)."""
    market_margin: Floats

    def visits_of(self, group: str, segments: Sequence[str], service: int) -> Floats:
        """Visits per year of a group for one service, shape (N,)."""
        if group in segments:
            return self.visits_by_segment[segments.index(group), :, service]
        return np.where(self.people_mask(group), self.visits[:, service], 0.0)

    def people_mask(self, group: str) -> Flags:
        """Which nodes belong to the group all, urban or rural, shape (N,)."""
        if group == "all":
            return np.ones(len(self.ids), dtype=bool)
        return self.is_urban if group == "urban" else ~self.is_urban


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """Hosts, bases and vans by position."""

    host_ids: tuple[str, ...]
    max_points: Floats
    base_ids: tuple[str, ...]
    base_site: Ints
    """Position of the base's outlet."""
    staff_days: Floats
    van_ids: tuple[str, ...]
    van_base: Ints
    van_days: Floats
    shift: Floats
    van_running: Floats


@dataclass(frozen=True, slots=True)
class Arriving:
    """Minutes by target: who can reach each site, origins ascending."""

    start: Ints
    origin: Ints
    minutes: Floats

    @classmethod
    def of(cls, table: SparseMinutes) -> Arriving:
        """Turn a table of minutes by origin around."""
        return cls(*_turned(table.start, table.target, table.minutes, table.shape[1]))

    def at(self, target: int) -> tuple[Ints, Floats]:
        """Origins within the cut-off of one target, and their minutes."""
        part = slice(self.start[target], self.start[target + 1])
        return self.origin[part], self.minutes[part]


@compiled
def _turned(start: Ints, target: Ints, minutes: Floats, targets: int) -> tuple[Ints, Ints, Floats]:
    """Where each target's pairs start, their origins, ascending, and minutes: counted, not sorted."""
    first = np.zeros(targets + 1, dtype=np.int64)
    for at in range(len(target)):
        first[target[at] + 1] += 1
    for place in range(targets):
        first[place + 1] += first[place]
    free, origins, turned = first[:-1].copy(), np.empty(len(target), dtype=np.int64), np.empty(len(target))
    for origin in range(len(start) - 1):
        for at in range(start[origin], start[origin + 1]):
            place = free[target[at]]
            origins[place], turned[place] = origin, minutes[at]
            free[target[at]] += 1
    return first, origins, turned


@dataclass(frozen=True)
class Facts:
    """Everything the audit reads; without slots, so that the large tables are turned around when first asked for."""

    region: Region
    policy: Policy
    travel: TravelTimes
    services: tuple[str, ...]
    segments: tuple[str, ...]
    district_ids: tuple[str, ...]
    district_labels: tuple[str, ...]
    township_ids: tuple[str, ...]
    township_labels: tuple[str, ...]
    formats: FormatFacts
    sites: SiteFacts
    nodes: NodeFacts
    channels: ChannelFacts

    @cached_property
    def arriving(self) -> Arriving:
        """Between sites, by the site where the trip ends."""
        return Arriving.of(self.travel.between_sites)

    @cached_property
    def visitors(self) -> Arriving:
        """From nodes to sites, by site."""
        return Arriving.of(self.travel.to_site)
