"""What a proposed outlet would win, and from whom: its own network, other banks, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from netplan.choice.catchments import catchments
from netplan.choice.decay import Decay
from netplan.choice.huff import Shares, logit_shares, outside_of, pair_utility
from netplan.choice.pairs import Flags, Floats, Ints, Pairs, amounts, flags, names, ratio
from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted, some

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, repr=False)
class Impact:
    """What each of P proposed outlets wins, each opened alone or all together.

    Attributes
    ----------
    proposed
        Their positions among all outlets, shape (P,).
    is_own
        Outlets of this bank, shape (J,).
    won
        Demand won, shape (P,).
    taken
        Demand won from each present outlet, sparse, shape (P, J).
    from_outside, from_unreached
        Demand won from the outside option, and of nodes that had nothing to choose from, shape (P,).
    catchment
        Demand of the nodes that would have it nearest of all own outlets, shape (P,).
    leaked_before, leaked_after
        Part of that demand which goes to other banks, before and after, shape (P,).
    is_together
        Whether they open together.
    """

    proposed: Ints
    is_own: Flags
    won: Floats
    taken: sparse.csr_array
    from_outside: Floats
    from_unreached: Floats
    catchment: Floats
    leaked_before: Floats
    leaked_after: Floats
    is_together: bool

    @property
    def from_own(self) -> Floats:
        """Cannibalisation: demand won from outlets of this bank, shape (P,)."""
        return np.asarray(self.taken @ self.is_own.astype(np.float64))

    @property
    def from_competitors(self) -> Floats:
        """Demand won from other banks' outlets, shape (P,)."""
        return np.asarray(self.taken @ (~self.is_own).astype(np.float64))

    def frame(self, outlet_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """A row per proposed outlet.

        Columns outlet, won = from_own + from_competitors + from_outside + from_unreached, net_own (won - from_own),
        cannibalisation (from_own / won), catchment, leakage_before and leakage_after (to other banks, of the catchment's demand);
        shares are blank where there is nothing to divide by.
        """
        share = {
            "cannibalisation": ratio(self.from_own, self.won),
            "catchment": self.catchment,
            "leakage_before": ratio(self.leaked_before, self.catchment),
            "leakage_after": ratio(self.leaked_after, self.catchment),
        }
        volume = {
            "won": self.won,
            "from_own": self.from_own,
            "from_competitors": self.from_competitors,
            "from_outside": self.from_outside,
            "from_unreached": self.from_unreached,
            "net_own": self.won - self.from_own,
        }
        outlets = np.asarray(names(outlet_ids, len(self.is_own), "outlet"))
        return pd.DataFrame({"outlet": outlets[self.proposed]} | volume | share)

    def losers(self, outlet_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """A row per proposed outlet and present outlet that loses to it: outlet, loser, is_own, volume; largest first."""
        outlets = np.asarray(names(outlet_ids, len(self.is_own), "outlet"))
        pairs = self.taken.tocoo()
        table = pd.DataFrame(
            {
                "outlet": outlets[self.proposed][pairs.row],
                "loser": outlets[pairs.col],
                "is_own": self.is_own[pairs.col],
                "volume": pairs.data,
                "at": pairs.row,
            }
        )
        ordered = table[table["volume"] > 0].sort_values(["at", "volume"], ascending=[True, False], kind="stable")
        return ordered.drop(columns="at").reset_index(drop=True)

    def plot(self, outlet_ids: Sequence[str] | None = None, *, most: int = 20, ax: Axes | None = None) -> Axes:
        """Bars of what the `most` best proposed outlets win, and from whom."""
        from netplan.choice.plots import draw_impact  # noqa: PLC0415 - matplotlib loads when a plot is asked for

        return draw_impact(self, outlet_ids, most=most, ax=ax)

    def __repr__(self) -> str:
        total, own = float(self.won.sum()), float(self.from_own.sum())
        how = "opened together" if self.is_together else "each opened alone"
        part = f", {own / total:.0%} of it from own outlets" if total > 0 else ""
        return f"Impact of {counted(len(self.proposed), 'proposed outlet')}, {how}: {total:,.0f} won in sum{part}"

    def _repr_html_(self) -> str:
        return (
            f"<p>{self!r}</p>{self.frame().to_html(index=False, na_rep='', float_format='{:,.2f}'.format, max_rows=20)}"
        )


def impact(
    minutes: SparseMinutes,
    utility: ArrayLike,
    weights: ArrayLike,
    *,
    is_own: ArrayLike,
    is_proposed: ArrayLike,
    decay: Decay,
    outside_utility: float | ArrayLike | None = None,
    together: bool = False,
) -> Impact:
    """Compute what proposed outlets would win under Huff or logit shares, many sites at once.

    Parameters
    ----------
    minutes
        Shape (N, J): own, other banks' and proposed outlets (`side_by_side` joins tables).
    utility
        V_j of every outlet, shape (J,): `huff_utility(attractiveness, exponent)` or `Calibration.utility(...)`.
    weights
        Demand per node, shape (N,).
    is_own, is_proposed
        Outlets of this bank, and those that are not there yet (a subset of the former), shape (J,).
    decay, outside_utility
        As for `shares`.
    together
        All proposed outlets open at once, rather than each alone. What is won is then split by the shares they have together.

    Returns
    -------
    Impact
        Demand is conserved: what a proposed outlet wins is what the others, the outside option and the unreached lose.

    Raises
    ------
    InputError
        Wrong numbers of values; no proposed outlet; a proposed outlet of another bank.

    Notes
    -----
    Independence of irrelevant alternatives makes the new shares exact without a second pass: with p_is the share of the new
    outlet s at node i, every present option keeps 1 - p_is of its share, so s takes sum_i w_i p_is p_ik from k.

    """
    pairs = Pairs.of(minutes)
    weight = amounts(weights, pairs.shape[0], "weights", "demand node")
    own, new = _checked(is_own, is_proposed, pairs.shape[1])
    pull = pair_utility(pairs, utility, decay)
    present = np.where(new, -np.inf, np.asarray(utility, dtype=np.float64))
    today = logit_shares(minutes, present, decay=decay, outside_utility=outside_utility)
    rival = np.where(new[pairs.target], -np.inf, pull)
    total = np.logaddexp(pairs.log_sum(rival), outside_of(outside_utility, pairs.shape[0]))
    share = _new_shares(pairs, np.where(new[pairs.target], pull, -np.inf), total, together=together)
    opened = np.flatnonzero(new)
    won = pairs.matrix(weight[pairs.origin] * share).tocsc()[:, opened].T.tocsr()
    return Impact(
        opened,
        own,
        np.asarray(won.sum(axis=1)).ravel(),
        sparse.csr_array(won @ pairs.matrix(today.share)),
        np.asarray(won @ today.outside),
        np.asarray(won @ (~today.is_reached).astype(np.float64)),
        *_leaks(minutes, weight, today, (own, new, share), together=together),
        together,
    )


def _new_shares(pairs: Pairs, pull: Floats, total: Floats, *, together: bool) -> Floats:
    """Share of each proposed outlet next to all options of today, whose exp(utility) add up to exp(total)."""
    if together:
        bottom = np.logaddexp(total, pairs.log_sum(pull))[pairs.origin]
    else:
        bottom = np.logaddexp(total[pairs.origin], pull)
    is_open = pull > -np.inf
    return np.exp(pull - np.where(is_open, bottom, 0.0))


def _leaks(
    minutes: SparseMinutes, weight: Floats, today: Shares, new: tuple[Flags, Flags, Floats], *, together: bool
) -> tuple[Floats, Floats, Floats]:
    """Demand that would have each proposed outlet nearest, and the part of it that leaks before and after, shape (P,)."""
    own, is_new, share = new
    pairs = today.pairs
    nearest = catchments(minutes, weight, is_open=own & ~is_new).minutes
    inside = is_new[pairs.target] & (pairs.minutes < nearest[pairs.origin])
    if together:
        inside &= catchments(minutes, weight, is_open=is_new).outlet[pairs.origin] == pairs.target
    gone = weight * pairs.node_sum(np.where(own[pairs.target], 0.0, today.share))
    kept = (1.0 - pairs.node_sum(share)[pairs.origin]) if together else 1.0 - share
    before = np.where(inside, gone[pairs.origin], 0.0)
    opened = np.flatnonzero(is_new)
    return (
        pairs.outlet_sum(np.where(inside, weight[pairs.origin], 0.0))[opened],
        pairs.outlet_sum(before)[opened],
        pairs.outlet_sum(before * kept)[opened],
    )


def _checked(is_own: ArrayLike, is_proposed: ArrayLike, number: int) -> tuple[Flags, Flags]:
    own, new = flags(is_own, number, "is_own"), flags(is_proposed, number, "is_proposed")
    if not new.any():
        raise InputError("is_proposed: no outlet is proposed; mark at least one")
    foreign = np.flatnonzero(new & ~own)
    if len(foreign):
        raise InputError(
            f"is_proposed: outlets at position {some(foreign.tolist())} are another bank's; mark proposed outlets in is_own too"
        )
    return own, new
