"""Margin lost and won: retention rows of today's outlets, gain rows of the nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from netplan.evaluate.arrays import Flags, Floats, Ints, rows_at
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import Network
from netplan.evaluate.ranking import Options, Ranking, rank


@dataclass(frozen=True, slots=True)
class Curves:
    """Shares by one-way minutes, linear between the rows of `retention` and `gain`."""

    retention_minutes: Floats
    lost_share: Floats
    relocated_share: Floats
    gain_minutes: Floats
    won_share: Floats
    won_today: Floats
    """n_i: the share of each node's market margin that today's network wins, shape (N,)."""

    @classmethod
    def of(cls, facts: Facts) -> Curves:
        """The curves of the region."""
        retention = facts.region.retention.sort_values("minutes")
        gain = facts.region.gain.sort_values("minutes")
        curves = cls(
            retention["minutes"].to_numpy(dtype=np.float64),
            retention["lost_share"].to_numpy(dtype=np.float64),
            retention["relocated_lost_share"].to_numpy(dtype=np.float64),
            gain["minutes"].to_numpy(dtype=np.float64),
            gain["won_share"].to_numpy(dtype=np.float64),
            np.zeros(len(facts.nodes.ids)),
        )
        return replace(curves, won_today=won_by(facts, curves, facts.sites.present))

    @property
    def all_lost(self) -> float:
        """The penalty of a retention row: the last lost share."""
        return float(self.lost_share[-1])

    def lost(self, minutes: Floats) -> Floats:
        """Share lost to another outlet this far; the first and last values hold outside the rows."""
        return np.asarray(np.interp(minutes, self.retention_minutes, self.lost_share))

    def lost_on_moving(self, minutes: Floats) -> Floats:
        """Share lost when the outlet itself moved this far."""
        return np.asarray(np.interp(minutes, self.retention_minutes, self.relocated_share))

    def won(self, minutes: Floats) -> Floats:
        """Share won by an outlet this far; the first value holds before the first row, 0 beyond the last."""
        if not len(self.gain_minutes):
            return np.zeros(len(minutes))
        return np.asarray(np.interp(minutes, self.gain_minutes, self.won_share, right=0.0))


def retention_options(facts: Facts, curves: Curves, network: Network) -> Options:
    """Open options of the retention rows; row = outlet position x number of services + service position."""
    table = facts.travel.between_sites.rows(0, int(facts.sites.is_existing.sum()))
    # Beyond the last row another site keeps nothing; only an outlet's own move may.
    keep = (table.minutes <= curves.retention_minutes[-1]) | (network.relocated_to[table.origin] == table.target)
    keep &= network.is_open[table.target]
    at = np.flatnonzero(keep)
    outlet, site = rows_at(table.start, at), table.target[at]
    share = retention_cost(facts, curves, network, (outlet, site), table.minutes[at])
    pair, service = np.nonzero(np.isfinite(share))
    return Options(outlet[pair] * share.shape[1] + service, site[pair], share[pair, service])


def retention_cost(facts: Facts, curves: Curves, network: Network, pairs: tuple[Ints, Ints], minutes: Floats) -> Floats:
    """Share of each outlet's margin that is lost if it falls to each site, infinite where it cannot, (pairs, C)."""
    outlet, site = pairs
    share = np.where(outlet == site, 0.0, curves.lost(minutes))
    serves = facts.formats.serves[network.format_of[site]] & network.is_open[site][:, None]
    by_class = np.where(serves, share[:, None], np.inf)
    moved: Flags = network.relocated_to[outlet] == site
    by_class[moved] = np.minimum(by_class[moved], curves.lost_on_moving(minutes[moved])[:, None])
    return by_class


def retention_ranking(facts: Facts, curves: Curves, network: Network) -> Ranking:
    """The two options of each retention row at which least is lost, shape (outlets x C)."""
    rows = int(facts.sites.is_existing.sum()) * len(facts.services)
    return rank(retention_options(facts, curves, network), np.full(rows, curves.all_lost))


def margin_rows(facts: Facts) -> Floats:
    """m_kc by retention row, money per year."""
    return facts.sites.margin[facts.sites.is_existing].ravel()


def gain_value(facts: Facts, curves: Curves, format_of: Ints, minutes: Floats) -> Floats:
    """Share of a node's market margin that sites in these formats win at these minutes."""
    return np.where(format_of >= 0, facts.formats.gain_factor[format_of], 0.0) * curves.won(minutes)


def gain_ranking(facts: Facts, curves: Curves, network: Network) -> Ranking:
    """The two best options of each node; cost = -share won, penalty = -share won today, shape (N,)."""
    node, site, value = _gains(facts, curves, network.format_of)
    return rank(Options(node, site, -value), -curves.won_today)


def won_by(facts: Facts, curves: Curves, format_of: Ints) -> Floats:
    """The share of each node's market margin that the best site of a network wins, shape (N,)."""
    node, _, value = _gains(facts, curves, format_of)
    best = np.zeros(len(facts.nodes.ids))
    np.maximum.at(best, node, value)
    return best


def _gains(facts: Facts, curves: Curves, format_of: Ints) -> tuple[Ints, Ints, Floats]:
    """Node, site and share won of the pairs of open sites within the gain curve, ordered by node, then site."""
    table = facts.travel.to_site
    if not len(curves.gain_minutes):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    at = np.flatnonzero((table.minutes <= curves.gain_minutes[-1]) & (format_of >= 0)[table.target])
    site = table.target[at]
    return rows_at(table.start, at), site, gain_value(facts, curves, format_of[site], table.minutes[at])
