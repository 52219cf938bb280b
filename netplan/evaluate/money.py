"""The bank's cash: running costs, vans, one-off items, by site and by component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import Flags, Floats, Ints
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import Network
from netplan.policy import ONE_OFFS


@dataclass(frozen=True, slots=True)
class Moves:
    """What happens to each site, shape (S,) each."""

    is_kept: Flags
    is_closed: Flags
    is_converted: Flags
    is_relocated: Flags
    is_opened: Flags
    """Candidates that operate, those relocated into included."""
    is_moved_into: Flags

    @classmethod
    def of(cls, facts: Facts, network: Network) -> Moves:
        """Read the moves off a network."""
        existing, present = facts.sites.is_existing, facts.sites.present
        relocated = existing & (network.relocated_to >= 0)
        moved_into = np.zeros(len(existing), dtype=bool)
        moved_into[network.relocated_to[relocated]] = True
        return cls(
            is_kept=existing & (network.format_of == present),
            is_closed=existing & ~network.is_open & ~relocated,
            is_converted=existing & network.is_open & (network.format_of != present),
            is_relocated=relocated,
            is_opened=~existing & network.is_open,
            is_moved_into=moved_into,
        )


@dataclass(frozen=True, slots=True)
class Cash:
    """Money of the bank: per year by site (S,) and van (V,), one-offs in full by kind and site (S,)."""

    running: Floats
    vans: Floats
    one_offs: dict[str, Floats]
    moves: Moves
    """What happens to each site, on which the one-offs follow."""

    def one_off(self, kind: str) -> float:
        """One kind of one-off item over the network, in full."""
        return float(self.one_offs[kind].sum())

    def drawing(self, draws: tuple[str, ...]) -> Floats:
        """One-offs that draw on the capital budget, in full, by site."""
        return np.sum([self.one_offs[kind] for kind in draws], axis=0) if draws else np.zeros(len(self.running))


def cash_of(facts: Facts, network: Network) -> Cash:
    """Running costs and one-offs of a network."""
    moves, every = Moves.of(facts, network), np.arange(len(facts.sites.ids))
    return Cash(
        running=_running_costs(facts, network, every),
        vans=facts.channels.van_running * network.is_van_used,
        one_offs=_one_offs(facts, network, moves, every),
        moves=moves,
    )


def cash_like(facts: Facts, network: Network, known: Cash, at: Ints) -> Cash:
    """`cash_of` a network that differs only at these sites, and in its vans, from the one whose cash is known."""
    moves = Moves.of(facts, network)
    changed = _one_offs(facts, network, moves, at)
    return Cash(
        running=_put(known.running, at, _running_costs(facts, network, at)),
        vans=facts.channels.van_running * network.is_van_used,
        one_offs={kind: _put(values, at, changed[kind]) for kind, values in known.one_offs.items()},
        moves=moves,
    )


def _put(values: Floats, at: Ints, changed: Floats) -> Floats:
    values = values.copy()
    values[at] = changed
    return values


def _running_costs(facts: Facts, network: Network, at: Ints) -> Floats:
    """run(s,f) of these sites, 0 where they do not operate, money per year, shape (len(at),)."""
    own, format_of = facts.sites.own_running[at], network.format_of[at]
    is_own = (format_of == facts.sites.present[at]) & ~np.isnan(own)
    return np.where(format_of >= 0, np.where(is_own, own, facts.formats.running[format_of]), 0.0)


def _one_offs(facts: Facts, network: Network, moves: Moves, at: Ints) -> dict[str, Floats]:
    """One-offs of these sites in full, by kind."""
    sites, formats = facts.sites, facts.formats
    present, after = sites.present[at], network.format_of[at]
    closed, converted, relocated = moves.is_closed[at], moves.is_converted[at], moves.is_relocated[at]
    leaves = closed | relocated
    margin = facts.policy.money.transition_margin_share * sites.margin[at].sum(axis=1)
    items = {
        "opening": _openings(facts, network, moves)[at],
        "closing": np.where(closed, formats.closing[present], 0.0),
        "severance": np.where(closed, sites.severance[at], 0.0),
        "lease_break": np.where(leaves, sites.lease_break[at], 0.0),
        "disposal": np.where(leaves, -sites.disposal[at], 0.0),
        "conversion": np.where(converted, np.nan_to_num(formats.conversion[present, after]), 0.0),
        "relocation": np.where(relocated, np.nan_to_num(formats.relocation[present]), 0.0),
        "transition": np.where(converted | relocated, margin, 0.0),
    }
    return {kind: items[kind] for kind in ONE_OFFS}


def _openings(facts: Facts, network: Network, moves: Moves) -> Floats:
    """Opening costs where they fall due; what a relocation pays instead is taken off where it arrives."""
    cost = np.where(moves.is_opened, facts.formats.opening[network.format_of], 0.0)
    mover: Ints = np.flatnonzero(moves.is_relocated)
    np.subtract.at(cost, network.relocated_to[mover], facts.formats.opening[facts.sites.present[mover]])
    return cost
