"""Cuts for visits that the planner splits: what rows cost at least, from the prices of their visits alone.

Take a price v_i per visit of each row i of a set S, at most what an unserved visit costs. Whatever the shares are, the visits of S
cost at least what they are priced at, less what the open columns gain on them:

    sum_{g in S} theta_g + sum_j G_j(v) y_j >= sum_{i in S} d_i v_i,

with G_j(v) the most that column j can gain on visits of S, within its capacity, and with as many visits as it needs (`split_gains`).
For in a plan, each row's visits cost sum_j c_ij f_ij + unserved u_i >= d_i v_i - sum_j (v_i - c_ij) f_ij, the f_ij of one column
keep its limits, and of the formats of a site one is open at most, so that each may be limited as if it were a site of its own. It
needs less of S than of all rows: as many visits fewer as those outside S could bring.

At any y the best prices are the duals of the cheapest split there (`split_flow`), and the cut then gives its cost; so at whole y it
gives the true one. These are the cuts of Fischetti, Ljubic, Sinnl 2016 for capacitated facility location (doi
10.1016/j.ejor.2016.03.002), with the coefficients of closed columns at their least. Rows that no full or starving site ties keep the
cuts of their own (`engine.cuts`).

Where sites cannot all be made viable, the same with the costs left out: with the v_i of the visits that are missing,
0 + sum_j G_j(v) y_j >= sum_i d_i v_i.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.solve.split_flow import Flow
from netplan.solve.split_gains import Offers, column_gains
from netplan.solve.split_kernels import entries_at, entries_of, linked, visits_in_reach
from netplan.solve.split_rows import SplitRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


_LARGEST = 2.0**14
"""Coefficients are scaled to this at most, by a power of two: a cut over many groups holds sums of money that solvers lose their
way in."""


@dataclass(frozen=True, slots=True)
class SplitCut:
    """``sum theta[groups] + gains y >= right``; gains of shape (J,). Without groups: about viability."""

    groups: Ints
    gains: Floats
    right: float


def cost_cuts(rows: SplitRows, flow: Flow) -> Iterator[SplitCut]:
    """One cut for each set of groups that full or starving sites tie to each other; none where visits are worth nothing."""
    first = _component(rows, flow) if rows.worth else np.empty(0, dtype=np.int64)
    for root in np.unique(first[first >= 0]):
        is_member = first == root
        chosen = np.flatnonzero(is_member[rows.group])
        entries = entries_of(rows.start, chosen)
        gains = column_gains(_offers(rows, flow.price, entries), rows.limits, _least(rows, chosen))
        yield SplitCut(np.flatnonzero(is_member), gains, float(flow.price[chosen] @ rows.visits[chosen]))


def missing_cuts(rows: SplitRows, flow: Flow, y: Floats, theta: Floats, tolerance: float) -> list[SplitCut]:
    """The cuts that estimates theta, in money, lack at y by more than a tolerance for each group in them."""
    cuts = [viability_cut(rows, flow)] if flow.is_short else list(cost_cuts(rows, flow))
    lack = (cut.right - float(cut.gains @ y) - float(theta[cut.groups].sum()) for cut in cuts)
    return [cut for cut, amount in zip(cuts, lack, strict=True) if amount > tolerance * len(cut.groups)]


def viability_cut(rows: SplitRows, flow: Flow) -> SplitCut:
    """The cut that says which sites cannot all be made viable."""
    limits = rows.limits
    limits = replace(limits, capacity=np.where(np.isinf(limits.price_of_pair), limits.capacity, np.inf))
    offers = _offers(rows, flow.price, entries_at(rows.column, limits.least > 0.0), has_costs=False)
    gains = column_gains(offers, limits, limits.least)
    return SplitCut(np.empty(0, dtype=np.int64), gains, float(flow.price @ rows.visits))


def as_matrix(cuts: list[SplitCut], places: tuple[int, float], width: int) -> tuple[scipy.sparse.csr_array, Floats]:
    """The cuts over the columns of a master of some width, theta from a place on and in some unit; and their right sides."""
    first, unit = places
    column = [np.concatenate([np.flatnonzero(cut.gains), first + cut.groups]) for cut in cuts]
    amount = [np.concatenate([cut.gains[cut.gains != 0.0], np.full(len(cut.groups), unit)]) for cut in cuts]
    starts = np.cumsum([0, *(len(part) for part in column)])
    none = np.empty(0)
    entries = np.concatenate([none, *amount]), np.concatenate([none, *column]).astype(np.int64), starts
    right = np.array([cut.right for cut in cuts], dtype=np.float64)
    matrix = scipy.sparse.csr_array(entries, shape=(len(cuts), width))
    largest = np.maximum(abs(matrix).max(axis=1).toarray().ravel() if len(cuts) else none, 1.0)
    scale = 2.0 ** -np.maximum(0.0, np.ceil(np.log2(largest / _LARGEST)))
    matrix.data *= np.repeat(scale, np.diff(matrix.indptr))
    return matrix, scale * right


def _component(rows: SplitRows, flow: Flow) -> Ints:
    """The first group that each group is tied to, itself if to no other; -1 if no full or starving site ties it."""
    size = rows.num_columns
    full, drawing = entries_of(rows.start, flow.tied), entries_at(rows.column, _flags(flow.drawing, size))
    full = full[_flags(flow.full, len(rows.limits.capacity))[rows.pair_of(full)]]
    full = full[flow.price[rows.row_of(full)] >= rows.cost[full]]  # also of rows that full sites send away
    group = rows.group[rows.row_of(np.concatenate([full, drawing]))]
    link = np.concatenate([rows.pair_of(full), len(rows.limits.capacity) + rows.column[drawing].astype(np.int64)])
    size = int(rows.group.max(initial=-1)) + 1
    key = np.unique(link * max(1, size) + group)
    first = linked(key % max(1, size), key // max(1, size), size)
    is_tied = np.zeros(size, dtype=bool)
    is_tied[group] = True
    return np.where(is_tied, first, -1)


def _flags(chosen: Ints, size: int) -> Flags:
    flags = np.zeros(size, dtype=bool)
    flags[chosen] = True
    return flags


def _offers(rows: SplitRows, price: Floats, entries: Ints, *, has_costs: bool = True) -> Offers:
    row = rows.row_of(entries)
    gain = price[row] - (rows.cost[entries] if has_costs else 0.0)
    return Offers(rows.column[entries].astype(np.int64), rows.pair_of(entries), rows.visits[row], gain)


def _least(rows: SplitRows, chosen: Ints) -> Floats:
    """Visits that each column needs of some rows: as many fewer as all others could bring."""
    least = rows.limits.least
    if not least.any():
        return least
    others = rows.visits.copy()
    others[chosen] = 0.0
    return np.maximum(0.0, least - visits_in_reach(rows.start, rows.column, others, rows.num_columns))
