"""One action reversed, all others as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import NONE, Ints, distinct
from netplan.evaluate.case import Basis
from netplan.evaluate.channels import (
    in_format,
    staff_days_used,
    van_day_size,
    van_days,
    van_days_used,
    weeks_of,
    working_bases,
)
from netplan.evaluate.facts import Facts
from netplan.evaluate.money import Moves
from netplan.evaluate.network import Network, vans_used

SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Reversal:
    """A network with one action reversed.

    Attributes
    ----------
    site, action
        Whose action, and which it was: keep, close, convert, relocate or open.
    network
        Everything else as planned.
    removed, added
        The site that no longer operates as planned, and the one that operates in today's format again; -1 for none.
        A conversion reversed names its site as both.
    """

    site: int
    action: str
    network: Network
    removed: int
    added: int

    @property
    def sites(self) -> Ints:
        """The sites at which the network differs from the plan's, ascending."""
        return np.array(sorted({self.site, self.removed, self.added} - {NONE}), dtype=np.int64)


def reversals(facts: Facts, network: Network) -> Iterator[Reversal]:
    """Each action of a plan reversed: one per outlet of today and per candidate opened other than by a relocation."""
    moves = Moves.of(facts, network)
    for site in np.flatnonzero(facts.sites.is_existing | (moves.is_opened & ~moves.is_moved_into)):
        yield reverse(facts, network, int(site))


def reverse(facts: Facts, network: Network, site: int) -> Reversal:
    """Reverse the action of one site.

    A closed outlet stays in its format, an outlet kept closes, a converted one keeps its format, a relocated one stays where
    it is and its new site does not open, a candidate opened does not open. A counter or van stop that comes back takes
    the nearest base, or the first van, that has room for it; if none has, the reversal breaks a rule.
    """
    present, after = int(facts.sites.present[site]), int(network.format_of[site])
    target = int(network.relocated_to[site])
    if present == NONE:
        return _changed(facts, network, site, "open", (site, NONE))
    if target != NONE:
        return _changed(facts, network, site, "relocate", (target, site))
    if after == NONE:
        return _changed(facts, network, site, "close", (NONE, site))
    if after == present:
        return _changed(facts, network, site, "keep", (site, NONE))
    return _changed(facts, network, site, "convert", (site, site))


def _changed(facts: Facts, network: Network, site: int, action: str, change: tuple[int, int]) -> Reversal:
    removed, added = change
    names = ("format_of", "relocated_to", "base_of", "van_of", "week_of")
    arrays = {name: getattr(network, name).copy() for name in names}
    arrays["relocated_to"][site] = NONE
    for name in ("format_of", "base_of", "van_of"):
        arrays[name][[place for place in change if place != NONE]] = NONE
    arrays["week_of"][[place for place in change if place != NONE]] = 0
    if added != NONE:
        arrays["format_of"][added] = facts.sites.present[added]
    after = network.replace(**arrays, is_van_used=vans_used(facts, arrays["van_of"]))
    if added != NONE:
        after = _staffed(facts, after, added)
    return Reversal(site, action, after, removed, added)


def _staffed(facts: Facts, network: Network, site: int) -> Network:
    """Give a counter a base, or a van stop a van, if it is one."""
    channel = facts.formats.channel[network.format_of[site]]
    if channel == "counter":
        base_of = network.base_of.copy()
        base_of[site] = _base_for(facts, network, site)
        return network.replace(base_of=base_of)
    if channel == "van":
        return _with_van(facts, network, site)
    return network


def _base_for(facts: Facts, network: Network, site: int) -> int:
    """The nearest base with staff-days left; the nearest within reach if none has; -1 if none is within reach."""
    format_ = int(network.format_of[site])
    to_site = facts.travel.between_sites
    minutes = np.array([to_site.get(int(base), site) for base in facts.channels.base_site], dtype=np.float64)
    within = np.flatnonzero(minutes <= facts.formats.max_base[format_])
    if not len(within):
        return NONE
    room = facts.channels.staff_days - staff_days_used(facts, network) >= facts.formats.days[format_] - SLACK
    fits = within[(room & working_bases(facts, network))[within]]
    choice = fits if len(fits) else within
    return int(choice[np.argmin(minutes[choice])])


def _with_van(facts: Facts, network: Network, site: int) -> Network:
    """Serve a stop by the first van with room, vans that drive anyway first; by the first that can drive if none has."""
    options = list(_van_options(facts, network, site))
    if not options:
        return network
    roomy = [option for option in options if option[2]]
    van, week, _ = min(roomy or options, key=lambda option: not network.is_van_used[option[0]])
    van_of, week_of, base_of = network.van_of.copy(), network.week_of.copy(), network.base_of.copy()
    van_of[site], week_of[site], base_of[site] = van, week, facts.channels.van_base[van]
    return network.replace(van_of=van_of, week_of=week_of, base_of=base_of, is_van_used=vans_used(facts, van_of))


def _van_options(facts: Facts, network: Network, site: int) -> Iterator[tuple[int, int, bool]]:
    """(van, week pattern, has room) of every van that can drive to a stop and back within its shift."""
    format_ = int(network.format_of[site])
    used, works = van_days_used(facts, network), working_bases(facts, network)
    for van, days in enumerate(facts.channels.van_days):
        size = van_day_size(facts, format_, site, van)
        if np.isfinite(size):
            for week in weeks_of(facts, format_):
                needs = used[van] + van_days(facts, format_, size, week)
                yield van, week, bool((needs <= days + SLACK).all() and works[facts.channels.van_base[van]])


def dependents(basis: Basis, reversal: Reversal, suppliers: Ints) -> Ints:
    """Sites whose own needs a reversal can touch: its own, and those that lean on a site that no longer operates.

    `suppliers` counts who supplies each site with cash under the plan (`num_suppliers`): a site with two keeps one.
    """
    own = reversal.sites
    if reversal.removed == NONE:
        return own
    facts, network, removed = basis.facts, reversal.network, reversal.removed
    target, minutes = facts.travel.between_sites.of(removed)
    origin, _ = facts.arriving.at(removed)
    # A format that needs no supply has no limit (NaN), and no comparison with it holds.
    supplied, minutes = target[suppliers[target] == 1], minutes[suppliers[target] == 1]
    supplied = supplied[minutes <= facts.formats.max_supply[network.format_of[supplied]]]
    clustered = origin[in_format(basis.rules.needs_company, network)[origin]]
    bases = np.flatnonzero(facts.channels.base_site == removed)
    staffed = np.flatnonzero(np.isin(network.base_of, bases))
    return distinct(len(facts.sites.ids), own, supplied, clustered, staffed)
