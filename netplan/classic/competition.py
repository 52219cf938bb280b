"""Shares of a market as rows of an unusual kind: concave in the pull of the open sites, bounded by tangents and submodular cuts.

With A_i the pull of our open sites on customer i and B_i that of all others, phi_i(A) = w_i A / (A + B_i). It is minimised with its
sign turned: theta_i >= -phi_i. Three kinds of cut, at a fractional y or at the sites S that it rounds to:

    tangent      phi(A) <= phi(A') + phi'(A') (A - A')
    submodular   phi(T) <= phi(S) + sum_{j in T - S} [phi(S + j) - phi(S)] - sum_{j in S - T} [phi(all) - phi(all - j)]
    B_i = 0      phi(T) <= w_i min(1, |T|): who has no choice but ours comes whole

(Benati and Hansen 2002, doi 10.1016/S0377-2217(01)00340-X; Nemhauser and Wolsey 1981; Ljubic and Moreno 2018,
doi 10.1016/j.ejor.2017.09.023.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.cuts import Cuts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_GROUPS = 3000
_BLOCK = 64
_THRESHOLDS = (0.5, 0.1, 0.9)
_BISECTIONS = 30

_LOOSE = 1e-5
"""At a fractional y cuts that are lower by less than this share of everything are not worth a round."""


@dataclass(frozen=True, slots=True)
class Market:
    """Who pulls whom.

    Attributes
    ----------
    ours
        Pull of each of our sites on each customer, sparse, all entries above 0; shape (I, J).
    against
        B: pull of competitors and of the outside option, shape (I,).
    weights
        w, shape (I,).
    """

    ours: scipy.sparse.csr_array
    against: Floats
    weights: Floats

    def won(self, drawn: Floats) -> Floats:
        """phi: weight won of each customer at pull A; shape (I,) or (I, columns)."""
        against, weight = (part if drawn.ndim == 1 else part[:, None] for part in (self.against, self.weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(drawn > 0, weight * drawn / (drawn + against), 0.0))

    def drawn(self, y: NDArray[np.generic]) -> Floats:
        """A: our pull on each customer, shape (I,)."""
        return np.asarray(self.ours @ y.astype(np.float64))

    def total(self, is_open: Flags) -> float:
        """Weight won in all."""
        return float(self.won(self.drawn(is_open)).sum())

    def shares(self, is_open: Flags) -> scipy.sparse.csr_array:
        """Share of each customer that each open site wins, shape (I, J)."""
        used = self.ours @ scipy.sparse.diags_array(is_open.astype(np.float64))
        pull = self.drawn(is_open) + self.against
        scaled = scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / np.where(pull > 0, pull, 1.0)) @ used)
        scaled.eliminate_zeros()
        return scaled

    def with_each(self, drawn: Floats) -> Floats:
        """Weight won in all if each site were added to a pull A, shape (J,)."""
        columns, width = scipy.sparse.csc_array(self.ours), self.ours.shape[1]
        won = np.empty(width)
        for first in range(0, width, _BLOCK):
            block = columns[:, first : first + _BLOCK].toarray()
            won[first : first + _BLOCK] = self.won(drawn[:, None] + block).sum(axis=0)
        return won


@dataclass(frozen=True, slots=True)
class MarketRows:
    """A market as rows with cuts, customers in groups that share a theta; what a `CutModel` asks for.

    Attributes
    ----------
    group
        Adds customers up over groups, sparse, shape (groups, I).
    whole
        Weight won of each customer with all sites open, shape (I,).
    last
        What each pair is the last to win: phi(all) - phi(all - j), in the order of the entries of the market's pulls.
    """

    market: Market
    group: scipy.sparse.csr_array
    whole: Floats
    last: Floats

    @classmethod
    def of(cls, market: Market) -> MarketRows:
        """Put the customers into groups."""
        size, width = market.ours.shape
        number = np.arange(size) * min(size, _MOST_GROUPS) // size
        group = scipy.sparse.csr_array((np.ones(size), (number, np.arange(size))))
        drawn = market.drawn(np.ones(width))
        whole = market.won(drawn)
        return cls(market, group, whole, np.repeat(whole, _lengths(market)) - _entrywise(market, drawn, sign=-1.0))

    @property
    def num_groups(self) -> int:
        """How many thetas there are."""
        return int(self.group.shape[0])

    @property
    def floor(self) -> Floats:
        """Minus the weight won with all sites open, shape (groups,)."""
        return np.asarray(-(self.group @ self.whole))

    def separate(self, y: Floats, theta: Floats, tolerance: float) -> Cuts:
        """The lowest cut of each customer at y, added up over groups, where theta violates it by more than the tolerance."""
        right, value = self._tangents(y)
        height = right - self._at(value, y)
        for inside in self._inside(y):
            other_right, other_value = self._submodular(inside)
            other_height = other_right - self._at(other_value, y)
            lower = other_height > height
            right, height = np.where(lower, other_right, right), np.where(lower, other_height, height)
            value = np.where(np.repeat(lower, _lengths(self.market)), other_value, value)
        matrix, total = scipy.sparse.csr_array(self.group @ self._matrix(value)), np.asarray(self.group @ right)
        is_whole = bool((np.minimum(y, 1.0 - y) < 1e-6).all())
        enough = tolerance if is_whole else max(tolerance, _LOOSE * float(self.whole.sum()) / self.num_groups)
        lacking = np.flatnonzero(total - matrix @ y - theta > enough).astype(np.int64)
        return Cuts(lacking, total[lacking], scipy.sparse.csr_array(matrix[lacking]), np.zeros(len(self.whole)))

    def _at(self, value: Floats, y: Floats) -> Floats:
        return np.asarray(self._matrix(value) @ y)

    def _inside(self, y: Floats) -> Iterator[Flags]:
        """Sets S to try, as a flag per entry: the sites above a threshold of y, the same for all customers or one for each.

        Each customer's own is that of the compact program x_ij <= a_ij / (a_ij + B_i) y_j, x_ij <= a_ij / B_i x_i0 with x_i0 the share of
        the others (Haase 2009): the entries where the second row binds.
        """
        at = y[self.market.ours.indices]
        for threshold in _THRESHOLDS:
            yield at > threshold
        lengths = _lengths(self.market)
        against = np.repeat(np.maximum(self.market.against, 1e-300), lengths)
        ratio = self.market.ours.data / against
        low, high = np.zeros(len(lengths)), np.ones(len(lengths))
        for _ in range(_BISECTIONS):
            others = 0.5 * (low + high)
            share = np.minimum(ratio / (1.0 + ratio) * at, ratio * np.repeat(others, lengths))
            is_high = np.bincount(self._row, weights=share, minlength=len(lengths)) + others > 1.0
            low, high = np.where(is_high, low, others), np.where(is_high, others, high)
        yield at >= np.repeat(high, lengths) * (1.0 + ratio)

    @property
    def _row(self) -> Ints:
        return np.repeat(np.arange(len(self.whole)), _lengths(self.market))

    def _matrix(self, value: Floats) -> scipy.sparse.csr_array:
        ours = self.market.ours
        return scipy.sparse.csr_array((value, ours.indices, ours.indptr), shape=ours.shape)

    def _tangents(self, y: Floats) -> tuple[Floats, Floats]:
        """Right sides per customer and coefficients per entry: theta_i + sum_j value_ij y_j >= right_i."""
        market, lengths = self.market, _lengths(self.market)
        drawn = market.drawn(y)
        contested = market.against > 0
        whole = np.where(contested, drawn + market.against, 1.0)
        slope = np.where(contested, market.weights * market.against / whole**2, 0.0)
        reached = np.asarray(self._matrix(np.ones(len(market.ours.data))) @ y)
        scarce = ~contested & (reached < 1.0)
        right = np.where(contested, slope * drawn - market.won(drawn), np.where(scarce, 0.0, -self.whole))
        value = np.repeat(slope, lengths) * market.ours.data + np.repeat(np.where(scarce, market.weights, 0.0), lengths)
        return right, value

    def _submodular(self, inside: Flags) -> tuple[Floats, Floats]:
        """The same at sets S of each customer, as a flag per entry."""
        market, lengths = self.market, _lengths(self.market)
        drawn = _summed(self._row, np.where(inside, market.ours.data, 0.0), len(lengths))
        won = market.won(drawn)
        gain = _entrywise(market, drawn, sign=1.0) - np.repeat(won, lengths)
        value = np.where(inside, self.last, gain)
        kept = _summed(self._row, np.where(inside, self.last, 0.0), len(lengths))
        return kept - won, value


def _lengths(market: Market) -> Ints:
    return np.asarray(np.diff(market.ours.indptr), dtype=np.int64)


def _summed(row: Ints, amount: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(row, weights=amount, minlength=size), dtype=np.float64)


def _entrywise(market: Market, drawn: Floats, *, sign: float) -> Floats:
    """Weight won of an entry's customer if the entry's pull were added to (sign 1) or taken from (-1) A; shape (entries,)."""
    lengths = _lengths(market)
    changed = np.repeat(drawn, lengths) + sign * market.ours.data
    # what is left after the only pull is taken away is nothing, not what rounding leaves of it
    changed[np.abs(changed) <= 1e-12 * np.repeat(drawn, lengths)] = 0.0
    against, weight = (np.repeat(part, lengths) for part in (market.against, market.weights))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(changed > 0, weight * changed / (changed + against), 0.0))
