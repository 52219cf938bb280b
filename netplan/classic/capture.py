"""Winning a market: the most with so many sites, and the fewest sites for a share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.competition import Market, MarketRows
from netplan.classic.result import Solution
from netplan.classic.served import turned
from netplan.engine.branch import branch
from netplan.engine.cuts import CutModel
from netplan.engine.run import Run, stop_on_interrupt
from netplan.engine.state import Search

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDING = 1e-9
"""Share of a weight that counts as nothing when it is added up."""

_MOST_SWAP_WORK = 5e8
_PASSES = 20
_ROUNDS, _SLOW = 200, 0.02
_ANY_GAP = 1e9


def best_share(case: Case, market: Market, count: int) -> Solution:
    """So many sites that win the most."""
    search = Search.of_total(lambda y: -market.total(y), case.part((count, count)), case.run)
    with stop_on_interrupt(case.run.stop):
        search.offer(_improved(case, market, _greedy(case, market, lambda y: int(y.sum()) >= count)))
        search.tell("constructing")
        _explore(search, market)
    case.trace.extend(turned(tuple(search.trace)))
    if search.y is None:
        return case.nothing(None)
    bound = search.proven_bound
    is_open = search.y
    told = max(-search.value, -bound) if np.isfinite(bound) else None
    return case.solved(-search.value, told, np.flatnonzero(is_open).astype(np.int64), market.shares(is_open))


def fewest_for_target(case: Case, market: Market, share: float) -> Solution:
    """The fewest sites that win at least a share of all weight: one less at a time, until that is proven not to do."""
    total = float(case.weights.sum())
    wanted = share * total * (1.0 - ROUNDING)
    everyone = np.ones(case.num_sites, dtype=bool)
    everyone[case.closed] = False
    if market.total(everyone) < wanted:
        return case.infeasible(f"all sites together win {100 * market.total(everyone) / total:.4g} % of the weight")
    with stop_on_interrupt(case.run.stop):
        best = _greedy(case, market, lambda y: market.total(y) >= wanted)
        least = _least_count(case, market, wanted)
        while int(best.sum()) > least and case.run.is_over is None:
            fewer, is_ruled_out = _reaching(case, market, int(best.sum()) - 1, wanted)
            if is_ruled_out:
                least = int(best.sum())
            if fewer is None:
                break
            best = fewer
    sites = np.flatnonzero(best).astype(np.int64)
    return case.solved(float(len(sites)), float(min(least, len(sites))), sites, market.shares(best))


def _explore(search: Search, market: Market) -> None:
    """Cuts until they gain little, and branching."""
    model = CutModel(search.part, MarketRows.of(market), seed=search.run.options.seed)
    before = -np.inf
    for number in range(_ROUNDS):
        if model.live.solve_relaxation(search.run) != "proven" or search.is_done:
            break
        objective, values = model.live.objective, model.live.values
        search.prove(objective - ROUNDING * max(1.0, abs(objective)))
        cuts = model.rows.separate(model.y_of(values), model.theta_of(values), ROUNDING * max(1.0, abs(objective)))
        search.tell(f"relaxing, {len(cuts)} cuts")
        model.add(cuts)
        if not len(cuts) or (number % 5 == 4 and objective - before < _SLOW * max(0.0, search.cutoff - objective)):
            break
        before = objective if number % 5 == 4 else before
    if not search.is_done:
        branch(search, model)


def _reaching(case: Case, market: Market, count: int, wanted: float) -> tuple[Flags | None, bool]:
    """So many sites that win as much as wanted, or None; and whether it is proven that there are none."""

    def total(y: Flags) -> float:
        won = market.total(y)
        return -won if won >= wanted else float("inf")

    options = replace(case.run.options, gap=_ANY_GAP)
    run = Run(options, stop=case.run.stop, began=case.run.began)
    search = Search.of_total(total, case.part((count, count)), run)
    search.ceiling = -wanted * (1.0 - ROUNDING)
    search.offer(_improved(case, market, _greedy(case, market, lambda y: int(y.sum()) >= count)))
    if search.y is None:
        _explore(search, market)
    case.trace.extend(replace(step, objective=None, bound=None) for step in search.trace)
    return search.y, search.y is None and search.is_exhausted


def _greedy(case: Case, market: Market, is_enough: Callable[[Flags], bool]) -> Flags:
    """Required sites, and then always the one that wins most, until it is enough."""
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[case.required] = True
    allowed = np.ones(case.num_sites, dtype=bool)
    allowed[case.closed] = False
    while not is_enough(is_open):
        won = np.where(allowed & ~is_open, market.with_each(market.drawn(is_open)), -np.inf)
        is_open[int(np.argmax(won))] = True
    return is_open


def _improved(case: Case, market: Market, is_open: Flags) -> Flags:
    """Swap one site for another as long as that wins more."""
    width = case.num_sites
    if float(is_open.sum()) * len(case.costs) * width > _MOST_SWAP_WORK:
        return is_open
    allowed = np.ones(width, dtype=bool)
    allowed[case.closed] = False
    best, value = is_open.copy(), market.total(is_open)
    for _ in range(_PASSES):
        before = value
        for site in np.setdiff1d(np.flatnonzero(best), case.required):
            rest = best.copy()
            rest[site] = False
            won = np.where(allowed & ~rest, market.with_each(market.drawn(rest)), -np.inf)
            other = int(np.argmax(won))
            if won[other] > value * (1.0 + ROUNDING):
                best, value = rest, float(won[other])
                best[other] = True
        if value <= before or case.run.is_over is not None:
            break
    return best


def _least_count(case: Case, market: Market, wanted: float) -> int:
    """No fewer sites can do: they win together at most what each would win alone."""
    alone = market.with_each(np.zeros(len(case.costs)))
    alone[case.closed] = 0.0
    free = np.setdiff1d(np.arange(case.num_sites), case.required)
    best_first = np.concatenate([[alone[case.required].sum()], np.sort(alone[free])[::-1]])
    enough = np.flatnonzero(np.cumsum(best_first) >= wanted * (1.0 - ROUNDING))
    return len(case.required) + (int(enough[0]) if len(enough) else len(free))
