"""Solutions of capacitated problems for given open sites: the cheapest flow, and customers assigned whole one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.compact import stacked, whole_step
from netplan.engine.live import LiveModel
from netplan.engine.policy_part import plain_part
from netplan.engine.run import Options, Run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_OVER = 1e-6
"""Share of a capacity, or of a customer, that counts as rounding."""


@dataclass(frozen=True, slots=True)
class Loads:
    """A capacitated problem over the J sites, I customers and K pairs of a `Case`.

    Attributes
    ----------
    demand
        d, shape (I,).
    capacity, opening
        Q and f, shape (J,).
    cost
        c of each pair, weight included; shape (K,).
    penalty
        g, infinite where a customer must be served; shape (I,).
    num_open
        Least and most sites open.
    single_source
        Whether a customer goes to one site only.
    offset
        A constant in the objective.
    """

    demand: Floats
    capacity: Floats
    opening: Floats
    cost: Floats
    penalty: Floats
    num_open: tuple[int, int]
    single_source: bool
    offset: float = 0.0

    def shortened(self, pairs: Flags, penalty: Floats) -> Loads:
        """With these pairs only, shape (K,), and another penalty, shape (I,)."""
        return replace(self, cost=self.cost[pairs], penalty=penalty)

    @property
    def step(self) -> float:
        """A number that every solution's value is a multiple of; 0: none is known."""
        by_pair = np.append(self.cost, self.penalty[np.isfinite(self.penalty)])
        if self.single_source or not by_pair.any():
            return whole_step(np.concatenate([by_pair, self.opening, [self.offset]]))
        return 0.0


def weighed(penalty: Floats, weights: Floats) -> Floats:
    """Penalty of each customer from that per unit of weight: infinite where that is, whatever the weight; shapes (I,)."""
    known = np.isfinite(penalty)
    return np.where(known, np.where(known, penalty, 0.0) * weights, np.inf)


@dataclass(frozen=True, slots=True)
class Flow:
    """A solution of a capacitated problem.

    Attributes
    ----------
    value
        What it costs.
    sites
        Positions of open sites, sorted.
    pairs, share
        Pairs in use and the share of the customer that goes there.
    site
        The site of each customer, -1 where there is none or more than one; shape (I,).
    """

    value: float
    sites: Ints
    pairs: Ints
    share: Floats
    site: Ints


def flow_of(case: Case, loads: Loads, is_open: Flags, pairs: Ints, share: Floats) -> Flow | None:
    """These shares of these pairs with these sites open; None if they leave someone out or break a capacity."""
    size = len(case.costs)
    row, column = case.costs.row[pairs], case.costs.column[pairs]
    served = np.bincount(row, weights=share, minlength=size)
    load = np.bincount(column, weights=share * loads.demand[row], minlength=case.num_sites)
    idle = served < 1.0 - _OVER
    fits = load <= np.where(is_open, loads.capacity, 0.0) * (1.0 + _OVER) + 1e-9
    if (served > 1.0 + _OVER).any() or not fits.all() or not np.isfinite(loads.penalty[idle]).all():
        return None
    unserved = np.where(idle, 1.0 - served, 0.0)
    lost = float(unserved[idle] @ loads.penalty[idle])
    site = np.full(size, -1, dtype=np.int64)
    whole = share > 1.0 - _OVER
    site[row[whole]] = column[whole]
    value = loads.offset + float(loads.opening[is_open].sum()) + float(loads.cost[pairs] @ share) + lost
    return Flow(value, np.flatnonzero(is_open).astype(np.int64), pairs, share, site)


def assigned(case: Case, loads: Loads, is_open: Flags, pairs: Ints) -> Flow | None:
    """Customers whole on these pairs."""
    return flow_of(case, loads, is_open, pairs, np.ones(len(pairs)))


def cheapest_flow(case: Case, loads: Loads, is_open: Flags) -> Flow | None:
    """The cheapest way to split customers among these open sites; None if they do not have the capacity.

    It takes little time, and has it even when the run is over: what was found last is not lost.
    """
    pairs = np.flatnonzero(is_open[case.costs.column]).astype(np.int64)
    row, column = case.costs.row[pairs], case.costs.column[pairs]
    size, idle, entry = len(case.costs), np.flatnonzero(np.isfinite(loads.penalty)), np.arange(len(pairs))
    ends = scipy.sparse.csr_array((np.ones(len(pairs)), (row, entry)), shape=(size, len(pairs)))
    spare = scipy.sparse.csr_array((np.ones(len(idle)), (idle, np.arange(len(idle)))), shape=(size, len(idle)))
    load = scipy.sparse.csr_array((loads.demand[row], (column, entry)), shape=(case.num_sites, len(pairs)))
    matrix, lower, upper = stacked(
        [[ends, spare], [load, None]],
        [np.ones(size), np.full(case.num_sites, -np.inf)],
        [np.ones(size), loads.capacity],
    )
    part = plain_part(0)
    width = len(pairs) + len(idle)
    live = LiveModel(
        replace(
            part,
            cost=np.concatenate([loads.cost[pairs], loads.penalty[idle]]),
            lower=np.zeros(width),
            upper=np.ones(width),
            is_integer=np.zeros(width, dtype=bool),
            matrix=matrix,
            row_lower=lower,
            row_upper=upper,
        )
    )
    if live.solve_relaxation(Run(Options())) != "proven":
        return None
    share = np.clip(live.values[: len(pairs)], 0.0, 1.0)
    used = share > 1e-9
    return flow_of(case, loads, is_open, pairs[used], share[used])


def first_flow(case: Case, loads: Loads, y: Floats) -> Flow | None:
    """A solution with the sites that a relaxation wants most, shape (J,); None if rounding finds none."""
    is_open = _rounded(case, loads, y)
    if is_open is None:
        return None
    return greedy(case, loads, is_open) if loads.single_source else cheapest_flow(case, loads, is_open)


def _rounded(case: Case, loads: Loads, y: Floats) -> Flags | None:
    """The sites of highest y until there is room for all who must be served, and as many as there must be."""
    part = case.part(loads.num_open)
    need = float(loads.demand[~np.isfinite(loads.penalty)].sum())
    is_open = part.always_open.copy()
    least, most = loads.num_open
    ranked = np.argsort(-y, kind="stable")
    for site in ranked[part.is_free[ranked]]:
        full = loads.capacity[is_open].sum() >= need
        if is_open.sum() >= most or (is_open.sum() >= least and full and y[site] < 0.5):
            break
        is_open[site] = True
    return is_open if least <= is_open.sum() <= most and loads.capacity[is_open].sum() >= need else None


def greedy(case: Case, loads: Loads, is_open: Flags) -> Flow | None:
    """Customers whole, the one that loses most by waiting first, each to the cheapest site with room (regret)."""
    sites = np.flatnonzero(is_open)
    costs = np.full((len(case.costs), case.num_sites), np.inf)
    pair_of = np.full(costs.shape, -1, dtype=np.int64)
    costs[case.costs.row, case.costs.column] = loads.cost
    pair_of[case.costs.row, case.costs.column] = np.arange(len(loads.cost))
    costs, pair_of, left = costs[:, sites], pair_of[:, sites], loads.capacity[sites].copy()
    waiting, pairs = np.ones(len(costs), dtype=bool), []
    while waiting.any() and len(sites):
        rest = np.flatnonzero(waiting)
        fits = np.where(loads.demand[rest, None] <= left[None, :], costs[rest], np.inf)
        first = fits.min(axis=1)
        best = fits.argmin(axis=1)
        fits[np.arange(len(rest)), best] = np.inf
        second = np.minimum(fits.min(axis=1), np.where(np.isfinite(loads.penalty[rest]), loads.penalty[rest], 1e300))
        can = np.isfinite(first) & (first <= loads.penalty[rest])
        if not can.any():
            break
        at = int(np.argmax(np.where(can, second - np.where(can, first, 0.0), -np.inf)))
        customer, site = int(rest[at]), int(best[at])
        pairs.append(int(pair_of[customer, site]))
        left[site] -= loads.demand[customer]
        waiting[customer] = False
    return assigned(case, loads, is_open, np.array(pairs, dtype=np.int64))
