"""Sites that cost something to open: uncapacitated and capacitated facility location."""

from __future__ import annotations

from typing import Any, Unpack

from numpy.typing import ArrayLike

from netplan.classic.arguments import Limits, Positions, amounts
from netplan.classic.capacitated import loads_of, solve_loads
from netplan.classic.case import Case, case_of, stranded_note
from netplan.classic.result import Solution
from netplan.classic.served import rows_solution, served_or_not


def ufl(
    costs: Any,
    sites: Any = None,
    *,
    opening_costs: ArrayLike,
    p: int | None = None,
    weights: ArrayLike | None = None,
    penalty: ArrayLike | None = None,
    radius: float | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open sites so that opening costs and the weighted cost of every customer to its site are least together.

        minimise  sum_j f_j y_j + sum_ij w_i c_ij x_ij   subject to   sum_j x_ij = 1,  x_ij <= y_j

    (uncapacitated facility location, simple plant location; Erlenkotter 1978, doi 10.1287/opre.26.6.992).

    Parameters
    ----------
    opening_costs
        f_j, one per site, in the unit of weight times cost.
    p
        Exactly so many sites; None: as many as pay.

    Other parameters, result and errors are those of `p_median`.
    """
    case = case_of("ufl", costs, sites, limits, weights=weights, required=required, forbidden=forbidden, radius=radius)
    opening = amounts("opening_costs", opening_costs, case.num_sites, per="site")
    unserved = served_or_not(penalty, len(case.costs))
    num_open = _num_open(case, p)
    stranded = case.bare(unserved)
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "can reach no site that may open"))
    return rows_solution(case, case.part(num_open, opening), unserved)


def cflp(
    costs: Any,
    sites: Any = None,
    *,
    opening_costs: ArrayLike | None = None,
    capacities: ArrayLike,
    demands: ArrayLike,
    single_source: bool = False,
    p: int | None = None,
    weights: ArrayLike | None = None,
    penalty: ArrayLike | None = None,
    radius: float | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Uncapacitated facility location, and no site serves more than its capacity.

        minimise  sum_j f_j y_j + sum_ij w_i c_ij x_ij
        subject to  sum_j x_ij = 1,  x_ij <= y_j,  sum_i d_i x_ij <= Q_j y_j

    Parameters
    ----------
    costs
        c_ij is the cost of serving all of customer i from site j; for a cost per unit give the demands as `weights`.
    opening_costs
        f_j, 0 by default.
    capacities, demands
        Q_j per site and d_i per customer, in one unit.
    single_source
        A customer goes to one site with all its demand; else it may be split among sites (the default), and `assignment` is a
        sparse matrix of shares.
    p
        Exactly so many sites: with it and without opening costs, the capacitated p-median.

    Other parameters, result and errors are those of `p_median`.
    """
    case = case_of("cflp", costs, sites, limits, weights=weights, required=required, forbidden=forbidden, radius=radius)
    opening = amounts("opening_costs", opening_costs, case.num_sites, default=0.0, per="site")
    unserved = served_or_not(penalty, len(case.costs))
    stranded = case.bare(unserved)
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "can reach no site that may open"))
    loads = loads_of(
        case,
        demands,
        capacities,
        num_open=_num_open(case, p),
        opening=opening,
        penalty=unserved,
        single_source=single_source,
    )
    return solve_loads(case, loads)


def _num_open(case: Case, p: int | None) -> tuple[int, int]:
    if p is None:
        return 0, case.num_sites
    count = case.count(p)
    return count, count
