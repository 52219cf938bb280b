"""Coverage: sites within a radius of everyone, of as many as possible, of enough, or twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import Limits, Positions, amounts, number
from netplan.classic.capacitated import loads_of, solve_loads
from netplan.classic.case import Case, case_of, stranded_note
from netplan.classic.costs import Costs
from netplan.classic.cover import ROUNDING, fewest, fewest_for_share, most_twice
from netplan.classic.result import Solution
from netplan.classic.served import turned, without
from netplan.classic.small_coverage import MOST_PAIRS, most_covered
from netplan.engine.rows import merged

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def lscp(
    costs: Any,
    sites: Any = None,
    *,
    radius: float,
    opening_costs: ArrayLike | None = None,
    capacities: ArrayLike | None = None,
    demands: ArrayLike | None = None,
    single_source: bool = False,
    skip_uncoverable: bool = False,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open the fewest sites that have everyone within the radius (location set covering, Toregas et al. 1971).

        minimise  sum_j f_j y_j   subject to   sum_{j: c_ij <= radius} y_j >= 1

    Parameters
    ----------
    radius
        A customer is covered by a site that costs at most this.
    opening_costs
        f_j, 1 by default.
    capacities, demands, single_source
        With capacities no site covers more than its capacity of demands (1 per customer by default), which may be split among sites
        unless `single_source`.
    skip_uncoverable
        Leave out the customers that no site which may open can cover, and say so in the note; else they make it infeasible.

    Other parameters, result and errors are those of `p_median`.
    """
    case = case_of(
        "lscp", costs, sites, limits, required=required, forbidden=forbidden, radius=number("radius", radius)
    )
    opening = amounts("opening_costs", opening_costs, case.num_sites, per="site")
    stranded = case.stranded()
    note = stranded_note(stranded, "cannot be covered by any site that may open") if len(stranded) else ""
    if len(stranded) and not skip_uncoverable:
        return case.infeasible(note)
    if capacities is None:
        return fewest(case, opening, note)
    penalty = np.full(len(case.costs), np.inf)
    given = amounts("demands", demands, len(case.costs))
    given[stranded], penalty[stranded] = 0.0, 0.0
    loads = loads_of(
        case,
        given,
        capacities,
        num_open=(0, case.num_sites),
        opening=opening,
        penalty=penalty,
        single_source=single_source,
        cost=np.zeros(len(case.costs.value)),
    )
    return solve_loads(case, loads, note=note)


def mclp(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    radius: float,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites that have as much weight as possible within the radius (maximal covering, Church and ReVelle 1974).

        maximise  sum_i w_i z_i   subject to   z_i <= sum_{j: c_ij <= radius} y_j,  sum_j y_j = p

    Customers are assigned to the nearest open site within the radius. Parameters, result (objective: weight covered) and errors are
    those of `p_median` and `lscp`.
    """
    case = case_of(
        "mclp",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=number("radius", radius),
    )
    count = case.count(p)
    return covered_most(case, count, np.zeros(len(case.costs.value)))


def covered_most(case: Case, count: int, lost: Floats) -> Solution:
    """Open so many sites that as little as possible is lost; `lost` is the share of weight lost by each pair, shape (K,)."""
    is_open, bound = most_covered(case, count) if not lost.any() and len(lost) <= MOST_PAIRS else (None, None)
    if is_open is not None and bound is not None:
        return _covered(case, case.costs, is_open, bound)
    fading = case.costs.with_values(lost)
    rows, _ = merged(fading.rows(case.weights, np.ones(len(case.costs))))
    # with this offset the engine's value is what is won, turned round, so that its gap is that of the answer
    part = replace(case.part((count, count)), offset=-float(case.weights.sum()))
    answer = case.solve(rows, part, start=is_open)
    case.trace.extend(turned(answer.trace))
    if answer.y is None:
        return without(case, answer, sign=-1.0)
    return _covered(case, fading if lost.any() else case.costs, answer.y, answer.bound)


def _covered(case: Case, costs: Costs, is_open: Flags, bound: float | None) -> Solution:
    """The answer with these open sites, shape (J,), and a lower bound on minus the weight covered.

    Costs are shares of weight lost, if there are such; else each customer within reach is covered.
    """
    sites = np.flatnonzero(is_open).astype(np.int64)
    site, loss = costs.nearest(sites)
    if costs is case.costs:
        loss = np.where(site < 0, 1.0, 0.0)
    won = float(case.weights @ (1.0 - np.minimum(loss, 1.0)))
    return case.solved(won, None if bound is None else max(won, -bound), sites, np.where(loss < 1.0, site, -1))


def capacitated_mclp(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    radius: float,
    capacities: ArrayLike,
    weights: ArrayLike | None = None,
    demands: ArrayLike | None = None,
    single_source: bool = False,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Maximal covering where no site covers more than its capacity (Current and Storbeck 1988).

        maximise  sum_ij w_i x_ij   subject to   sum_j x_ij <= 1,  sum_i d_i x_ij <= Q_j y_j,  x_ij <= y_j,  sum_j y_j = p

    over the pairs within the radius.

    Parameters
    ----------
    capacities, demands
        Q_j, and d_i in the same unit (the weights by default).
    single_source
        A customer is covered whole by one site or not at all; else part of it may be covered (the default).

    Other parameters, result and errors are those of `mclp`.
    """
    case = case_of(
        "capacitated_mclp",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=number("radius", radius),
    )
    count = case.count(p)
    loads = loads_of(
        case,
        case.weights if demands is None else demands,
        capacities,
        num_open=(count, count),
        penalty=np.ones(len(case.costs)),
        single_source=single_source,
        cost=np.zeros(len(case.costs.value)),
        offset=-float(case.weights.sum()),
    )
    return solve_loads(case, loads, sign=-1.0)


def partial_cover(
    costs: Any,
    sites: Any = None,
    *,
    radius: float,
    share: float,
    weights: ArrayLike | None = None,
    opening_costs: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open the fewest sites that have at least a share of all weight within the radius (partial set covering).

        minimise  sum_j f_j y_j   subject to   z_i <= sum_{j: c_ij <= radius} y_j,  sum_i w_i z_i >= share * sum_i w_i

    (Daskin and Owen 1999).

    Parameters
    ----------
    share
        Of all weight, from 0 to 1. A share that no choice of sites reaches is infeasible, and the note says how much they can.

    Other parameters, result and errors are those of `lscp`.
    """
    case = case_of(
        "partial_cover",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=number("radius", radius),
    )
    wanted = number("share", share, most=1.0) * float(case.weights.sum())
    opening = amounts("opening_costs", opening_costs, case.num_sites, per="site")
    stranded = case.stranded()
    most = float(case.weights.sum() - case.weights[stranded].sum())
    if most < wanted * (1.0 - ROUNDING):
        reached = most / float(case.weights.sum())
        return case.infeasible(
            f"all sites together cover {100 * reached:.4g} % of the weight, less than the share wanted"
        )
    return fewest_for_share(case, opening, wanted)


def backup_cover(
    costs: Any,
    sites: Any = None,
    *,
    radius: float,
    p: int | None = None,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Cover everyone, and as much weight as possible by a second site (backup coverage, Hogan and ReVelle 1986).

        maximise  sum_i w_i u_i   subject to   sum_{j: c_ij <= radius} y_j >= 1 + u_i,  sum_j y_j = p,  0 <= u_i <= 1

    Parameters
    ----------
    p
        Number of sites; None: the fewest that cover everyone, as found by `lscp`.

    Other parameters, result (objective: weight covered twice) and errors are those of `lscp`.
    """
    case = case_of(
        "backup_cover",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=number("radius", radius),
    )
    count = None if p is None else case.count(p)
    stranded = case.stranded()
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "cannot be covered by any site that may open"))
    return most_twice(case, count)
