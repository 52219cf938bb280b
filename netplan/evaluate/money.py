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

    def one_off(self, kind: str) -> float:
        """One kind of one-off item over the network, in full."""
        return float(self.one_offs[kind].sum())

    def drawing(self, draws: tuple[str, ...]) -> Floats:
        """One-offs that draw on the capital budget, in full, by site."""
        return np.sum([self.one_offs[kind] for kind in draws], axis=0) if draws else np.zeros(len(self.running))


def cash_of(facts: Facts, network: Network) -> Cash:
    """Running costs and one-offs of a network."""
    return Cash(
        running_costs(facts, network), facts.channels.van_running * network.is_van_used, _one_offs(facts, network)
    )


def running_costs(facts: Facts, network: Network) -> Floats:
    """run(s,f) of every operating site, money per year, shape (S,)."""
    own = facts.sites.own_running
    is_own = (network.format_of == facts.sites.present) & ~np.isnan(own)
    return np.where(network.is_open, np.where(is_own, own, facts.formats.running[network.format_of]), 0.0)


def _one_offs(facts: Facts, network: Network) -> dict[str, Floats]:
    sites, formats, moves = facts.sites, facts.formats, Moves.of(facts, network)
    present, after = sites.present, network.format_of
    leaves = moves.is_closed | moves.is_relocated
    margin = facts.policy.money.transition_margin_share * sites.margin.sum(axis=1)
    items = {
        "opening": _openings(facts, network, moves),
        "closing": np.where(moves.is_closed, formats.closing[present], 0.0),
        "severance": np.where(moves.is_closed, sites.severance, 0.0),
        "lease_break": np.where(leaves, sites.lease_break, 0.0),
        "disposal": np.where(leaves, -sites.disposal, 0.0),
        "conversion": np.where(moves.is_converted, np.nan_to_num(formats.conversion[present, after]), 0.0),
        "relocation": np.where(moves.is_relocated, np.nan_to_num(formats.relocation[present]), 0.0),
        "transition": np.where(moves.is_converted | moves.is_relocated, margin, 0.0),
    }
    return {kind: items[kind] for kind in ONE_OFFS}


def _openings(facts: Facts, network: Network, moves: Moves) -> Floats:
    """Opening costs where they fall due; what a relocation pays instead is taken off where it arrives."""
    cost = np.where(moves.is_opened, facts.formats.opening[network.format_of], 0.0)
    mover: Ints = np.flatnonzero(moves.is_relocated)
    np.subtract.at(cost, network.relocated_to[mover], facts.formats.opening[facts.sites.present[mover]])
    return cost
