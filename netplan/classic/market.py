"""Market share among competitors, and attendance that fades with distance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import Limits, Positions, amounts, apart, number, positions
from netplan.classic.capture import best_share, fewest_for_target
from netplan.classic.case import Case, case_of
from netplan.classic.competition import Market
from netplan.classic.covering import covered_most
from netplan.classic.decay import Decay, attendance, pull
from netplan.classic.result import Solution
from netplan.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Model = Literal["huff", "logit"]


def max_attendance(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    decay: Decay = "linear",
    parameter: float | None = None,
    radius: float | None = None,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites so that most weight comes, of which less comes from further away (Holmes, Williams and Brown 1972).

        maximise  sum_i w_i max_{j open} a(c_ij)   subject to   sum_j y_j = p

    Parameters
    ----------
    decay, parameter, radius
        What share a(c) of a customer's weight comes at a cost c: ``linear`` 1 - c / radius, ``power`` 1 - (c / radius)^parameter,
        ``exponential`` exp(-parameter c); or a function from an array of costs to an array of shares from 0 to 1. Nobody comes
        from beyond the radius.

    Other parameters, result (objective: weight that comes) and errors are those of `mclp`.
    """
    case = case_of(
        "max_attendance", costs, sites, limits, weights=weights, required=required, forbidden=forbidden, radius=radius
    )
    count = case.count(p)
    return covered_most(case, count, 1.0 - attendance(case.costs.value, decay, parameter, radius))


def max_market_share(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    competitors: Positions | None = None,
    attractiveness: ArrayLike | None = None,
    model: Model = "huff",
    decay: Decay = "power",
    parameter: float | None = None,
    outside: ArrayLike | None = None,
    radius: float | None = None,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites so that they win as much weight as possible from competitors (Huff 1964; logit: McFadden 1974).

        maximise  sum_i w_i A_i / (A_i + B_i)   subject to   sum_j y_j = p,   A_i = sum_j a_ij y_j

    with B_i the pull of the competitors and of the outside option on customer i. Each share is a concave function of A_i: solved by
    branch and cut on its tangents and on submodular cuts (Ljubic and Moreno 2018, doi 10.1016/j.ejor.2017.09.023).

    Parameters
    ----------
    competitors
        Positions of the sites that others run; they are always open and cannot be ours.
    attractiveness
        S_j of every site, ours and theirs, 1 by default.
    model, decay, parameter
        ``huff``: a_ij = S_j times what is left of it over the cost: ``power`` c^-parameter (2 where it is not given), ``linear`` 1 / c,
        ``exponential`` exp(-parameter c), or a function of costs. ``logit``: a_ij = exp(S_j - parameter c_ij), S_j being a utility.
    outside
        Pull of going nowhere or elsewhere, per customer or one number for all; 0 by default.
    radius
        Nobody goes further.

    Returns
    -------
    Solution
        Objective: the weight won. `assignment` is a sparse matrix, shape (I, J): the share of each customer that each of our open
        sites wins.

    Other parameters and errors are those of `p_median`.
    """
    case, market = _market(
        "max_market_share",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=radius,
        pulls=(competitors, attractiveness, model, decay, parameter, outside),
    )
    return best_share(case, market, case.count(p))


def target_market_share(
    costs: Any,
    sites: Any = None,
    *,
    share: float,
    competitors: Positions | None = None,
    attractiveness: ArrayLike | None = None,
    model: Model = "huff",
    decay: Decay = "power",
    parameter: float | None = None,
    outside: ArrayLike | None = None,
    radius: float | None = None,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open the fewest sites that win at least a share of all weight from competitors.

    Parameters
    ----------
    share
        Of all weight, from 0 to 1. A share that all sites together do not reach is infeasible, and the note says how much they do.

    Other parameters, result (objective: number of sites) and errors are those of `max_market_share`.
    """
    case, market = _market(
        "target_market_share",
        costs,
        sites,
        limits,
        weights=weights,
        required=required,
        forbidden=forbidden,
        radius=radius,
        pulls=(competitors, attractiveness, model, decay, parameter, outside),
    )
    return fewest_for_target(case, market, number("share", share, most=1.0))


def _market(
    problem: str,
    costs: Any,
    sites: Any,
    limits: Limits,
    *,
    pulls: tuple[Positions | None, ArrayLike | None, str, Decay, float | None, ArrayLike | None],
    **rest: Any,
) -> tuple[Case, Market]:
    """Check the arguments and work out every pull."""
    competitors, attractiveness, model, decay, parameter, outside = pulls
    case = case_of(problem, costs, sites, limits, **rest)
    rivals = positions("competitors", competitors, case.num_sites)
    apart(competitors=rivals, required=case.required, forbidden=case.closed)
    if len(rivals) + len(case.closed) == case.num_sites:
        raise InputError("competitors: no site is left for us to open; leave one out")
    value = _pulls(case, attractiveness, model, decay, parameter)
    is_rival = np.isin(case.costs.column, rivals)
    other = np.bincount(case.costs.row[is_rival], weights=value[is_rival], minlength=len(case.costs))
    against = other + amounts("outside", outside, len(case.costs), default=0.0)
    case = replace(case, closed=np.union1d(case.closed, rivals))
    can_be = ~np.isin(case.costs.column, case.closed)
    ours = case.costs.with_values(np.where(can_be, value, 0.0)).keep(can_be & (value > 0))
    return case, Market(ours.matrix(), against, case.weights)


def _pulls(case: Case, attractiveness: ArrayLike | None, model: str, decay: Decay, parameter: float | None) -> Floats:
    """The pull of each pair, shape (K,)."""
    costs = case.costs
    if model == "logit":
        strength = amounts("attractiveness", attractiveness, case.num_sites, default=0.0, per="site")
        utility = strength[costs.column] - number("parameter", parameter) * costs.value
        if len(utility) and utility.max() > 500.0:
            raise InputError(
                f"attractiveness: a utility of {utility.max():g} is too large to take the exponential; scale it"
            )
        return np.asarray(np.exp(utility))
    if model != "huff":
        raise InputError(f"model: there is no {model!r}; write huff or logit")
    strength = amounts("attractiveness", attractiveness, case.num_sites, per="site")
    if decay == "power" and parameter is None:
        parameter = 2.0
    return np.asarray(strength[costs.column] * pull(costs.value, decay, parameter))
