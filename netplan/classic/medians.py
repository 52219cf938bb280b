"""Least total cost with a given number of sites: the p-median, and the same over the nearest sites only at first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import Limits, Positions, whole
from netplan.classic.capacitated import loads_of, solve_loads
from netplan.classic.case import Case, case_of, stranded_note
from netplan.classic.result import Solution, status_of
from netplan.classic.served import nearest_solution, rows_solution, served_or_not
from netplan.classic.small_median import cheapest
from netplan.classic.transport import Loads, weighed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ROUNDING = 1e-6
"""Share of a customer that counts as nothing."""


def p_median(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    weights: ArrayLike | None = None,
    capacities: ArrayLike | None = None,
    demands: ArrayLike | None = None,
    single_source: bool = True,
    penalty: ArrayLike | None = None,
    radius: float | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites so that the weighted cost of every customer to its site is least (Hakimi 1964, ReVelle and Swain 1970).

        minimise  sum_ij w_i c_ij x_ij   subject to   sum_j x_ij = 1,  x_ij <= y_j,  sum_j y_j = p

    Parameters
    ----------
    costs, sites
        Matrix of shape (customers, sites), dense (infinite: the customer cannot go there) or scipy sparse (only what is stored);
        or two GeoDataFrames, measured in metres along the ellipsoid.
    p
        Number of sites to open, the required ones among them.
    weights
        w_i, 1 by default.
    capacities, demands
        With capacities (one per site) no site serves more than its capacity of demands (one per customer; the weights by default).
    single_source
        With capacities: a customer goes to one site with all its demand (the default), or may be split.
    penalty
        Cost per unit of weight of a customer that nobody serves; None: everyone must be served.
    radius
        Customers do not go further.
    required, forbidden
        Positions of sites that must be and that cannot be open.
    **limits
        ``time_limit``, ``gap``, ``seed``, ``progress``: see `Limits`.

    Returns
    -------
    Solution
        Objective in units of weight times cost.

    Raises
    ------
    InputError
        An argument is wrong.
    """
    case = case_of(
        "p_median", costs, sites, limits, weights=weights, required=required, forbidden=forbidden, radius=radius
    )
    count = case.count(p)
    unserved = served_or_not(penalty, len(case.costs))
    stranded = case.bare(unserved)
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "can reach no site that may open"))
    if capacities is not None:
        given = case.weights if demands is None else demands
        loads = loads_of(
            case, given, capacities, num_open=(count, count), penalty=unserved, single_source=single_source
        )
        return solve_loads(case, loads)
    return _median(case, count, unserved)


def _median(case: Case, count: int, penalty: Floats) -> Solution:
    """The p-median without capacities: a small one at once, else, or if that took too long, on the row engine."""
    found = cheapest(case, count, penalty)
    if found is None:
        return rows_solution(case, case.part((count, count)), penalty)
    if status_of(found.value, found.bound, case.run) in {"optimal", "gap_limit"} or case.run.is_over:
        return nearest_solution(case, found.is_open, found.bound, penalty)
    return rows_solution(case, case.part((count, count)), penalty, start=found.is_open)


def k_median(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    k: int = 10,
    weights: ArrayLike | None = None,
    capacities: ArrayLike | None = None,
    demands: ArrayLike | None = None,
    single_source: bool = True,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """The p-median solved over the k nearest sites of each customer, with more of them for those who need them.

    A customer that none of its k nearest serves is charged the cost of the next one, which is less than it can pay: each round
    is a bound on the whole problem, and once nobody is charged so its solution is the optimum of the whole. The answer is that
    of `p_median`; less has to be kept in mind where there are many sites.

    Parameters
    ----------
    k
        Sites per customer to begin with; doubled for those who need more.

    Other parameters, result and errors are those of `p_median`.
    """
    case = case_of("k_median", costs, sites, limits, weights=weights, required=required, forbidden=forbidden)
    count = case.count(p)
    size = whole("k", k)
    stranded = case.bare(np.full(len(case.costs), np.inf))
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "can reach no site that may open"))
    loads = None
    if capacities is not None:
        given = case.weights if demands is None else demands
        nobody = np.full(len(case.costs), np.inf)
        loads = loads_of(case, given, capacities, num_open=(count, count), penalty=nobody, single_source=single_source)
    return _grow(case, count, np.full(len(case.costs), size, dtype=np.int64), loads)


def _grow(case: Case, count: int, length: Ints, loads: Loads | None) -> Solution:
    """Solve over ever longer lists until they hold everyone's site."""
    costs, rank, bound = case.costs, case.costs.ranked(), -np.inf
    while True:
        near, at_next = rank < length[costs.row], rank == length[costs.row]
        following = np.full(len(costs), np.inf)
        following[costs.row[at_next]] = costs.value[at_next]
        fewer = replace(case, costs=costs.keep(near))
        if loads is None:
            found = _median(fewer, count, following)
        else:
            found = solve_loads(fewer, loads.shortened(near, weighed(following, case.weights)))
        bound = max(bound, -np.inf if found.bound is None else found.bound)
        # whoever pays for a longer list, in part too, and has one
        short = np.flatnonzero((found.shares.sum(axis=1) < 1.0 - ROUNDING) & np.isfinite(following))
        if found.objective is None or case.run.is_over or not len(short):
            return _whole(case, found, bound, is_whole=not len(short), is_limited=loads is not None)
        length[short] *= 2


def _whole(case: Case, found: Solution, bound: float, *, is_whole: bool, is_limited: bool) -> Solution:
    """The solution of the last round, over all pairs."""
    proven = None if bound == -np.inf else bound
    if found.objective is None:
        return case.infeasible(found.note) if found.status == "infeasible" else case.nothing(proven)
    if is_whole:
        return case.solved(found.objective, proven, found.sites, found.assignment)
    site, cost = case.costs.nearest(found.sites)
    paying = case.weights > 0
    if is_limited or (site[paying] < 0).any():
        return case.nothing(proven)
    return case.solved(float(case.weights[paying] @ cost[paying]), proven, found.sites, site)
