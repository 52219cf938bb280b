"""The p-median by prices, swaps and a small program, for problems so small that this is done before compiled code is loaded.

    L(u) = sum_i u_i + the p least of  r_j = sum_i min(0, w_i c_ij - u_i)

is a bound at any prices u of the customers (Cornuejols, Fisher, Nemhauser 1977). Sites and pairs that would take it to the best value known are
left out; HiGHS solves what remains as the telescoped program

    minimise  sum_i (c_i1 + sum_k (c_i,k+1 - c_ik) z_ik)   subject to   z_ik + y_ik >= z_i,k-1  (z_i0 = 1),  sum_j y_j = p

with the pairs of each customer in order of cost, z_ik: none of the first k is open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.compact import solve_compact, widened
from netplan.engine.policy_part import PolicyPart, plain_part
from netplan.engine.run import Run, Step, nobody, stop_on_interrupt

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_CELLS = 65_000
"""Customers times sites up to which it is tried."""

_MOST_PAIRS, _EFFORT = 3_000, 10.0
"""Pairs up to which the program is tried, and what it may take: up to half a second."""

_STEPS, _LOOK = 200, 20
"""Steps of the prices at most; steps after which it is seen which sites are still of use."""

_MEMORY, _PATIENCE, _SLOWER = 0.8, 8, 0.5
"""Share of its direction that a step hands on (Camerini, Fratta, Maffioli 1975); steps without a better bound, and what becomes of their length then."""

_WORTH = 0.05
"""It goes on while that many steps close this share of the gap."""

_NEAR = 1.01
"""A choice of sites is improved by swaps if it costs at most this share of the best."""

_EXACT = 1e-9
_WHOLE = 0.5


@dataclass(frozen=True, slots=True)
class _Left:
    """Sites that may be open, which of them must, shapes (S,), what each customer pays there, shape (I, S), and how many open."""

    sites: Ints
    must: Flags
    paid: Floats
    count: int

    def only(self, kept: Flags) -> _Left:
        """The same without the others."""
        return _Left(self.sites[kept], self.must[kept], np.ascontiguousarray(self.paid[:, kept]), self.count)

    def fewest(self, worth: Floats) -> Ints:
        """So many sites of least worth, those that must be open first."""
        ranked = np.where(self.must, -np.inf, worth)
        return np.argpartition(ranked, self.count - 1)[: self.count]


@dataclass(frozen=True, slots=True)
class _Prices:
    """Prices, shape (I,), the bound at them, and what each site is worth at them, r of shape (S,)."""

    price: Floats
    bound: float
    worth: Floats

    def only(self, kept: Flags) -> _Prices:
        """The same without the worth of the other sites."""
        return _Prices(self.price, self.bound, self.worth[kept])

    def opening(self, left: _Left) -> Floats:
        """How much the bound rises if a site is open, shape (S,)."""
        chosen = left.fewest(self.worth)
        optional = chosen[~left.must[chosen]]
        last = self.worth[optional].max() if len(optional) else -np.inf
        rise = np.maximum(0.0, self.worth - last)
        rise[chosen] = 0.0
        return rise

    def closing(self, left: _Left) -> Floats:
        """How much it rises if a site is closed, infinite if too few others are there; shape (S,)."""
        chosen = left.fewest(self.worth)
        others = np.delete(self.worth, chosen)
        rise = np.zeros(len(self.worth))
        rise[chosen] = (others.min() if len(others) else np.inf) - self.worth[chosen]
        return rise


@dataclass(frozen=True, slots=True)
class Choice:
    """Open sites, shape (J,), what everyone pays, and a lower bound on that of any choice."""

    is_open: Flags
    value: float
    bound: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """Open sites by their position in the case, shape (p,), and what everyone pays."""

    sites: Ints
    value: float


def cheapest(case: Case, count: int, penalty: Floats) -> Choice | None:
    """So many sites at least cost, or the best that was found in the time there is.

    None where it does not apply: the problem is large, or some choice leaves somebody without a site although there is no penalty, shape (I,).
    """
    left = _left(case, count, penalty)
    if left is None or case.run.is_over:
        return None
    with stop_on_interrupt(case.run.stop):
        left, prices, plan = _priced(case.run, left)
        bound = prices.bound
        _tell(case, "pricing", plan, bound)
        if plan.value - bound > case.run.options.gap * abs(plan.value):
            plan, bound = _decided(case.run, left, prices, plan)
            _tell(case, "solving", plan, bound)
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[plan.sites] = True
    return Choice(is_open, plan.value, min(bound, plan.value))


def _tell(case: Case, stage: str, plan: _Plan, bound: float) -> None:
    """Tell how far it is."""
    step = Step(case.run.seconds, stage, plan.value, min(bound, plan.value))
    case.run.options.listener(step)
    case.trace.append(step)


def _left(case: Case, count: int, penalty: Floats) -> _Left | None:
    """All sites that may open; None where it does not apply."""
    size, width = len(case.costs), case.num_sites
    if size * width > MOST_CELLS:
        return None
    if case.costs.is_complete:
        cost = case.costs.value.reshape(size, width)
    else:
        cost = np.full((size, width), np.inf)
        cost[case.costs.row, case.costs.column] = case.costs.value
    is_allowed, must = np.ones(width, dtype=bool), np.zeros(width, dtype=bool)
    is_allowed[case.closed], must[case.required] = False, True
    weight = case.weights[:, None]
    capped = np.minimum(cost[:, is_allowed], penalty[:, None])
    paid = np.multiply(capped, weight, out=np.zeros_like(capped), where=weight > 0.0)
    if not np.isfinite(paid).all():
        return None
    return _Left(np.flatnonzero(is_allowed), must[is_allowed], paid, count)


def _priced(run: Run, left: _Left) -> tuple[_Left, _Prices, _Plan]:
    """Raise the bound by subgradient steps, improve what it opens, and leave out sites that are of no use."""
    price = _first_price(left)
    best, plan = _Prices(price, -np.inf, np.empty(0)), _Plan(np.empty(0, dtype=np.int64), np.inf)
    length, failures, direction, before = 1.0, 0, np.zeros(len(price)), -np.inf
    for step in range(1, _STEPS):
        won = np.minimum(left.paid - price[:, None], 0.0)
        worth = won.sum(axis=0)
        chosen = left.fewest(worth)
        bound = float(price.sum() + worth[chosen].sum())
        if bound > best.bound:
            best, failures = _Prices(price, bound, worth), 0
            plan = _better(left, chosen, plan)
        else:
            failures += 1
        if failures >= _PATIENCE:
            length, failures, price, direction = _SLOWER * length, 0, best.price, 0.0 * direction
        slope = 1.0 - np.count_nonzero(won[:, chosen], axis=1)
        gap = plan.value - best.bound
        if not slope.any() or gap <= _EXACT * abs(plan.value):
            break
        direction = slope + _MEMORY * direction
        price = price + length * (plan.value - bound) / max(float(direction @ direction), _EXACT) * direction
        if step % _LOOK == 0:
            if run.is_over or best.bound - before < _WORTH * gap:
                break
            before = best.bound
            left, best = _of_use(left, best, plan)
    return (*_of_use(left, best, plan), plan)


def _first_price(left: _Left) -> Floats:
    """What each customer pays at about the last of the sites that one opened site stands for."""
    rank = min(len(left.sites) - 1, round(len(left.sites) / (2 * left.count)))
    return np.asarray(np.partition(left.paid, rank, axis=1)[:, rank])


def _of_use(left: _Left, prices: _Prices, plan: _Plan) -> tuple[_Left, _Prices]:
    """Leave out the sites that no better choice opens, and mark those that each one opens."""
    limit = plan.value - _EXACT * abs(plan.value)
    must = left.must | (prices.bound + prices.closing(left) > limit)
    kept = (prices.bound + prices.opening(left) <= limit) | must
    if must.sum() > left.count or kept.sum() < left.count:  # no better choice is left
        return left, prices
    marked = _Left(left.sites, must, left.paid, left.count)
    return marked.only(kept), prices.only(kept)


def _better(left: _Left, chosen: Ints, plan: _Plan) -> _Plan:
    """The better one of a plan and of these sites, improved by swaps where they come near it."""
    value = float(left.paid[:, chosen].min(axis=1).sum())
    if value >= _NEAR * plan.value:
        return plan
    chosen, value = _swapped(left, chosen)
    return _Plan(left.sites[chosen], value) if value < plan.value else plan


def _swapped(left: _Left, chosen: Ints) -> tuple[Ints, float]:
    """Swap an open site for a closed one, the best pair each time, until none saves anything (Teitz and Bart 1968).

    What closing loses and opening saves is worked out for all pairs at once, as by Resende and Werneck (2007, doi 10.1016/j.ejor.2005.05.032).
    """
    paid, opened = left.paid, chosen.copy()
    is_fixed, most = left.must, paid.max()
    while True:
        mine, first, second = _two_nearest(paid[:, opened], most)
        loss = np.bincount(mine, weights=second - first, minlength=len(opened))
        saved = np.maximum(first[:, None] - paid, 0.0).sum(axis=0)
        # of those who lose their site, who finds the new one nearer than the second
        spared = (mine == np.arange(len(opened))[:, None]).astype(float) @ np.maximum(
            second[:, None] - np.maximum(paid, first[:, None]), 0.0
        )
        gain = saved[None, :] - loss[:, None] + spared
        gain[:, opened], gain[is_fixed[opened]] = -np.inf, -np.inf
        out, into = np.unravel_index(gain.argmax(), gain.shape)
        if gain[out, into] <= _EXACT * first.sum():
            return opened, float(first.sum())
        opened[out] = into


def _two_nearest(paid: Floats, most: float) -> tuple[Ints, Floats, Floats]:
    """The cheapest column of each row, what it costs, and what the next one does (`most` without one); shapes (I,)."""
    rows = np.arange(len(paid))
    mine = paid.argmin(axis=1)
    first = paid[rows, mine]
    others = paid.copy()
    others[rows, mine] = most
    return mine, first, others.min(axis=1)


def _decided(run: Run, left: _Left, prices: _Prices, plan: _Plan) -> tuple[_Plan, float]:
    """Solve what is left as a program; the best plan, and the bound of all choices."""
    limit = plan.value - _EXACT * abs(plan.value)
    rise = np.maximum(left.paid - prices.price[:, None], 0.0) + prices.opening(left)
    kept = prices.bound + rise <= limit
    if not kept.any(axis=1).all():  # somebody has no pair that a better choice could use
        return plan, limit
    if np.count_nonzero(kept) > _MOST_PAIRS:
        return plan, prices.bound
    quiet = replace(run, options=replace(run.options, listener=nobody))  # its first bounds are lower than what is known
    found = solve_compact(_program(left, kept), quiet, effort=_EFFORT)
    if found.values is not None and found.objective < limit:
        chosen = np.flatnonzero(found.values[: len(left.sites)] > _WHOLE)
        plan = _Plan(left.sites[chosen], float(left.paid[:, chosen].min(axis=1).sum()))
    bound = limit if found.stopped == "infeasible" else min(limit, found.bound)
    return plan, max(prices.bound, bound)


def _program(left: _Left, kept: Flags) -> PolicyPart:
    """The telescoped program over the pairs kept, shape (I, S): columns y, then z."""
    width = len(left.sites)
    ranked = np.where(kept, left.paid, np.inf)
    order = np.argsort(ranked, axis=1, kind="stable")
    count = kept.sum(axis=1)
    customer = np.repeat(np.arange(len(kept)), count)
    rank = np.arange(len(customer)) - np.repeat(np.cumsum(count) - count, count)
    site = order[customer, rank]
    cost = left.paid[customer, site]
    is_first, is_last = rank == 0, rank == count[customer] - 1
    z = np.full(len(customer), -1)
    z[~is_last] = width + np.arange(int((~is_last).sum()))
    pair = np.arange(len(customer))
    entries = [(pair, site, 1.0), (pair[~is_last], z[~is_last], 1.0), (pair[~is_first], z[pair[~is_first] - 1], -1.0)]
    row, column = (np.concatenate([entry[k] for entry in entries]) for k in (0, 1))
    value = np.concatenate([np.full(len(entry[0]), entry[2]) for entry in entries])
    further = np.append(cost[1:], 0.0) - cost
    size = width + int((~is_last).sum())
    part = plain_part(
        width,
        num_open=(left.count, left.count),
        required=np.flatnonzero(left.must),
        offset=float(cost[is_first].sum()),
    )
    matrix = scipy.sparse.csr_array((value, (row, column)), shape=(len(pair), size))
    return widened(part, further[~is_last], matrix, is_first.astype(float), np.full(len(pair), np.inf))
