"""Huff and multinomial logit shares: which part of a node's demand each outlet wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from netplan.choice.decay import Decay
from netplan.choice.pairs import Flags, Floats, Pairs, amounts, names
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted, some


@dataclass(frozen=True, slots=True, repr=False)
class Shares:
    """Share of each node's demand that each outlet in reach wins.

    Attributes
    ----------
    pairs
        Nodes, outlets and minutes of the pairs.
    share
        Share per pair.
    outside
        Share per node of the outside option (nobody, or somewhere else), shape (N,); 0 where there is no such option.
    is_reached
        Nodes whose demand goes somewhere: with an open outlet in reach, or an outside option, shape (N,).
    """

    pairs: Pairs
    share: Floats
    outside: Floats
    is_reached: Flags

    def volumes(self, weights: ArrayLike) -> Floats:
        """Demand won by each outlet, in the unit of `weights` (one per node), shape (J,)."""
        weight = amounts(weights, self.pairs.shape[0], "weights", "demand node")
        return self.pairs.outlet_sum(weight[self.pairs.origin] * self.share)

    def outside_volume(self, weights: ArrayLike) -> float:
        """Demand that the outside option takes."""
        return float(amounts(weights, self.pairs.shape[0], "weights", "demand node") @ self.outside)

    def unreached_volume(self, weights: ArrayLike) -> float:
        """Demand of the nodes that have no open outlet in reach and no outside option."""
        return float(amounts(weights, self.pairs.shape[0], "weights", "demand node")[~self.is_reached].sum())

    def frame(self, node_ids: Sequence[str] | None = None, outlet_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Columns node, outlet (ids, or positions), minutes, share: a row per pair."""
        nodes = np.asarray(names(node_ids, self.pairs.shape[0], "demand node"))
        outlets = np.asarray(names(outlet_ids, self.pairs.shape[1], "outlet"))
        ids = {"node": nodes[self.pairs.origin], "outlet": outlets[self.pairs.target]}
        return pd.DataFrame(ids | {"minutes": self.pairs.minutes, "share": self.share})

    def __repr__(self) -> str:
        nodes, outlets = self.pairs.shape
        lost = int((~self.is_reached).sum())
        return (
            f"Shares of {counted(outlets, 'outlet')} among {counted(nodes, 'demand node')} "
            f"({counted(len(self.share), 'pair')}; {counted(lost, 'node')} without any choice)"
        )


def shares(
    minutes: SparseMinutes,
    attractiveness: ArrayLike,
    *,
    decay: Decay,
    exponent: float = 1.0,
    outside_utility: float | ArrayLike | None = None,
) -> Shares:
    """Huff shares: p_ij = A_j^a f(t_ij) / (exp(u_0) + sum over k of A_k^a f(t_ik)).

    Parameters
    ----------
    minutes
        Shape (N, J), own and other banks' outlets alike; pairs beyond its cut-off have no share.
    attractiveness
        A_j of 0 or more (floor space, positions, services), shape (J,); 0 is an outlet that is not open.
    decay
        f.
    exponent
        a.
    outside_utility
        u_0, one number or one per node: the utility of going nowhere or elsewhere; ``None``: there is no such option. 0 is
        worth as much as an outlet with A^a f = 1.

    Returns
    -------
    Shares
        The shares of each node and its outside option sum to 1, or to 0 where nothing is in reach.

    Raises
    ------
    InputError
        Negative or missing attractiveness, or a wrong number of values.

    Notes
    -----
    Huff, D. L. (1964), Defining and estimating a trading area, Journal of Marketing 28(3).

    """
    utility = huff_utility(amounts(attractiveness, minutes.shape[1], "attractiveness", "outlet"), exponent)
    return logit_shares(minutes, utility, decay=decay, outside_utility=outside_utility)


def huff_utility(attractiveness: ArrayLike, exponent: float = 1.0) -> Floats:
    """The utility a ln(A_j) of each outlet, shape (J,); minus infinity (not open) where A_j is 0."""
    size = amounts(attractiveness, np.size(attractiveness), "attractiveness", "outlet")
    if not np.isfinite(exponent):
        raise InputError(f"exponent: {exponent} is not a number; the usual one is 1")
    open_ = size > 0
    return np.where(open_, exponent * np.log(np.where(open_, size, 1.0)), -np.inf)


def logit_shares(
    minutes: SparseMinutes,
    utility: ArrayLike,
    *,
    decay: Decay,
    outside_utility: float | ArrayLike | None = None,
) -> Shares:
    """Multinomial logit shares: p_ij is proportional to exp(V_j) f(t_ij).

    Parameters
    ----------
    minutes
        Shape (N, J).
    utility
        V_j, for instance covariates times coefficients, shape (J,); minus infinity is an outlet that is not open.
    decay, outside_utility
        As for `shares`.

    Returns
    -------
    Shares
        See `shares`.

    Raises
    ------
    InputError
        A utility that is missing or plus infinity, or a wrong number of values.

    Notes
    -----
    McFadden, D. (1974), Conditional logit analysis of qualitative choice behavior.

    """
    pairs = Pairs.of(minutes)
    pull = pair_utility(pairs, utility, decay)
    outside = outside_of(outside_utility, pairs.shape[0])
    total = np.logaddexp(pairs.log_sum(pull), outside)
    safe = np.where(np.isfinite(total), total, 0.0)  # nothing to choose from: exp(-inf - 0) = 0
    share = np.exp(pull - safe[pairs.origin])
    left = np.exp(outside - safe)
    for array in (share, left):
        array.setflags(write=False)
    return Shares(pairs, share, left, np.isfinite(total))


def pair_utility(pairs: Pairs, utility: ArrayLike, decay: Decay) -> Floats:
    """V_j + ln f(t_ij) per pair."""
    value = np.asarray(utility, dtype=np.float64)
    if value.shape != (pairs.shape[1],):
        raise InputError(
            f"utility: {value.shape} values for {counted(pairs.shape[1], 'outlet')}; give one for each outlet"
        )
    wrong = np.flatnonzero(np.isnan(value) | (value == np.inf))
    if len(wrong):
        raise InputError(f"utility: missing or infinite for outlets at position {some(wrong.tolist())}; give a number")
    return np.asarray(value[pairs.target] + decay.utility(pairs.minutes))


def outside_of(utility: float | ArrayLike | None, nodes: int) -> Floats:
    """The utility of the outside option per node; minus infinity where there is none."""
    value = np.asarray(-np.inf if utility is None else utility, dtype=np.float64)
    if value.shape not in {(), (nodes,)}:
        raise InputError(
            f"outside_utility: {value.shape} values for {counted(nodes, 'demand node')}; give one, or one each"
        )
    if bool(np.any(np.isnan(value) | (value == np.inf))):
        raise InputError(
            "outside_utility: missing or infinite; give a number, or None where there is no outside option"
        )
    return np.broadcast_to(value, (nodes,))
