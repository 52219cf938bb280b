"""Maximal covering as a whole program, for problems so small that HiGHS has it done before the row engine has begun.

    minimise  - sum_j s_j y_j + sum_g w_g (u_g - 1)   subject to   sum_{j reaches g} y_j + u_g >= 1,  sum_j y_j <= p,  0 <= u_g <= 1

over the sites that no other one stands in for. Customers who have the same of these in reach are one group g; s_j is the weight of those whom
site j alone reaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.compact import rounded_up, solve_compact, stacked, whole_step, widened
from netplan.classic.reduce import dominated_sites, groups_alike, in_reach
from netplan.engine.policy_part import PolicyPart, plain_part

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_PAIRS = 20_000
"""Pairs of customer and site in reach up to which it is tried."""

_EFFORT = 40.0
"""What may be spent on it: 0.01 to 2 s."""


@dataclass(frozen=True, slots=True)
class _Coverage:
    """Sites that may be of use, the weight that each alone reaches, shapes (S,); who reaches each group, and its weight, (G, S), (G,)."""

    sites: Ints
    alone: Floats
    reach: scipy.sparse.csr_array
    weight: Floats


def most_covered(case: Case, count: int) -> tuple[Flags | None, float | None]:
    """So many sites that cover most weight, shape (J,), None if there was no time; and, if they are proven to, a bound on minus that weight."""
    coverage = _coverage(case)
    # the program is small already, and presolving it takes longer than solving it
    found = solve_compact(
        _part(case, coverage, count), case.run, trace=case.trace, sign=-1.0, effort=_EFFORT, is_reduced=True
    )
    if found.values is None:
        return None, None
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[coverage.sites[found.values[: len(coverage.sites)] > 0.5]] = True
    bound = rounded_up(found.bound, whole_step(case.weights)) if found.stopped == "proven" else None
    return _filled(case, is_open, count), bound


def _coverage(case: Case) -> _Coverage:
    """What there is to cover, by which sites."""
    reach, allowed = in_reach(case)
    sites = np.flatnonzero(allowed & ~dominated_sites(case, reach))
    reach = scipy.sparse.csr_array(reach[:, sites])
    reach.sort_indices()
    count = np.diff(reach.indptr)
    single, several = np.flatnonzero(count == 1), np.flatnonzero(count > 1)
    alone = np.bincount(reach.indices[reach.indptr[single]], weights=case.weights[single], minlength=len(sites))
    reach = scipy.sparse.csr_array(reach[several])
    first, group = groups_alike(reach)
    weight = np.bincount(group, weights=case.weights[several], minlength=len(first))
    return _Coverage(sites, alone.astype(np.float64), scipy.sparse.csr_array(reach[first]), weight.astype(np.float64))


def _part(case: Case, coverage: _Coverage, count: int) -> PolicyPart:
    """Columns y, then u; the objective is minus the weight covered."""
    size = len(coverage.weight)
    required = np.flatnonzero(np.isin(coverage.sites, case.required))
    part = plain_part(
        len(coverage.sites), cost=-coverage.alone, num_open=(0, count), required=required, offset=-coverage.weight.sum()
    )
    matrix, lower, upper = stacked(
        [[coverage.reach, scipy.sparse.eye_array(size, format="csr")]], [np.ones(size)], [np.full(size, np.inf)]
    )
    return widened(part, coverage.weight, matrix, lower, upper)


def _filled(case: Case, is_open: Flags, count: int) -> Flags:
    """So many open sites, shape (J,): these, and the first others that may open."""
    filled = is_open.copy()
    filled[case.closed] = True  # not to be chosen
    others = np.flatnonzero(~filled)[: count - int(is_open.sum())]
    filled[case.closed] = False
    filled[others] = True
    return filled
