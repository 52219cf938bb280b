"""p-dispersion: a search over distances, each the question whether p sites can keep apart that far."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.arguments import Limits, Positions
from netplan.classic.case import Case, case_of
from netplan.classic.compact import solve_compact
from netplan.classic.result import Solution
from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart, with_constraints
from netplan.engine.run import Step
from netplan.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_SWAPS = 10_000


def p_dispersion(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites so that the nearest two of them are as far apart as can be (Shier 1977, Kuby 1987).

        maximise  min_{j < k open} c_jk   subject to   sum_j y_j = p

    The value is one of the distances: whether p sites can keep that far apart, that is an independent set of p in the graph of the
    pairs nearer than it, is asked for the middle one of those left.

    Parameters
    ----------
    costs
        Distances between sites, shape (J, J); of the two directions of a pair the lesser counts, and pairs without one (infinite, or
        not in a sparse matrix) are infinitely far apart. Or one GeoDataFrame of sites.
    p
        At least 2.

    Other parameters, result and errors are those of `p_median`; each site is assigned to itself if open, else to none.
    """
    if sites is None and hasattr(costs, "geometry"):
        sites = costs
    case = case_of("p_dispersion", costs, sites, limits, required=required, forbidden=forbidden)
    if len(case.costs) != case.num_sites:
        raise InputError(
            f"costs: shape {(len(case.costs), case.num_sites)} is not square; give distances from every site to every site"
        )
    count = case.count(p)
    if count < 2:
        raise InputError(f"p: {count} site has no other to keep away from; write 2 or more")
    return _spread(case, count, _distances(case))


def _distances(case: Case) -> Floats:
    """The lesser distance of each pair of sites, infinite on the diagonal; shape (J, J)."""
    matrix = np.full((case.num_sites, case.num_sites), np.inf)
    matrix[case.costs.row, case.costs.column] = case.costs.value
    matrix = np.minimum(matrix, matrix.T)
    np.fill_diagonal(matrix, np.inf)
    return np.asarray(matrix)


def _spread(case: Case, count: int, apart: Floats) -> Solution:
    """Distances ruled out by relaxations, then by whatever it takes; `apart` of shape (J, J)."""
    steps = np.unique(apart)
    free = np.setdiff1d(np.arange(case.num_sites), case.closed)
    sites = _swapped(case, apart, _farthest(apart, case, free, count))
    low, high = int(np.searchsorted(steps, _least(apart, sites))), len(steps) - 1
    if len(case.required) > 1:  # they are there whatever else is
        high = min(high, int(np.searchsorted(steps, _least(apart, case.required))))
    for ask in (_relaxed_away, _independent):
        bottom = low  # what a relaxation cannot rule out is left to the program
        while bottom < high and case.run.is_over is None:
            middle = (bottom + high + 1) // 2
            chosen, is_ruled_out = ask(case, count, apart < steps[middle])
            if chosen is not None:
                sites = chosen
                low = bottom = int(np.searchsorted(steps, _least(apart, chosen)))
            elif is_ruled_out:
                high = middle - 1
            elif ask is _relaxed_away:
                bottom = middle
            else:
                break
            _tell(case, float(steps[low]), float(steps[high]))
    own = np.full(case.num_sites, -1, dtype=np.int64)
    own[sites] = sites
    value, bound = _least(apart, sites), float(steps[high])
    note = "these sites cannot be reached from one another" if np.isinf(value) else ""
    return case.solved(value, max(value, bound), sites, own, note)


def _tell(case: Case, value: float, bound: float) -> None:
    step = Step(case.run.seconds, "spreading", value, bound)
    case.trace.append(step)
    case.run.options.listener(step)


def _swapped(case: Case, apart: Floats, sites: Ints) -> Ints:
    """One of the nearest two sites moved to where it is farther from all others, as long as that helps."""
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[sites] = True
    for _ in range(_MOST_SWAPS):
        now = np.flatnonzero(is_open)
        inner = apart[np.ix_(now, now)]
        pair = now[list(np.unravel_index(int(np.argmin(inner)), inner.shape))]
        moves = [_move(case, apart, is_open, int(site)) for site in pair if site not in case.required]
        gain, out, into = max(moves, default=(-np.inf, -1, -1))
        if gain <= inner.min():
            break
        is_open[out], is_open[into] = False, True
    return np.flatnonzero(is_open).astype(np.int64)


def _move(case: Case, apart: Floats, is_open: Flags, site: int) -> tuple[float, int, int]:
    """The least distance after moving a site to the best place, that site, and the place."""
    rest = is_open.copy()
    rest[site] = False
    away = apart[:, rest].min(axis=1)
    away[rest] = -np.inf
    away[case.closed] = -np.inf
    away[site] = -np.inf
    into = int(np.argmax(away))
    return min(float(away[into]), _least(apart, np.flatnonzero(rest))), site, into


def _least(apart: Floats, sites: Ints) -> float:
    return float(apart[np.ix_(sites, sites)].min())


def _farthest(apart: Floats, case: Case, free: Ints, count: int) -> Ints:
    """Required sites, or the two farthest apart, and then always the one farthest from all so far."""
    chosen = list(case.required)
    if not chosen:
        inner = np.where(np.eye(len(free), dtype=bool), -np.inf, apart[np.ix_(free, free)])
        chosen = list(free[list(np.unravel_index(int(np.argmax(inner)), inner.shape))]) if len(free) > 1 else list(free)
    while len(chosen) < count:
        away = apart[:, chosen].min(axis=1)
        away[chosen] = -np.inf
        away[case.closed] = -np.inf
        chosen.append(int(np.argmax(away)))
    return np.sort(np.array(chosen, dtype=np.int64))


def _relaxed_away(case: Case, count: int, conflict: Flags) -> tuple[Ints | None, bool]:
    """None, and whether the relaxation has no room for so many sites without a conflict."""
    blocked = np.asarray(conflict[case.required].any(axis=0), dtype=bool)
    if blocked[case.required].any():
        return None, True
    live = LiveModel(_packing(case, conflict, blocked), seed=case.run.options.seed)
    stopped = live.solve_relaxation(case.run)
    return None, stopped == "infeasible" or (stopped == "proven" and -live.objective < count - 1e-6)


def _independent(case: Case, count: int, conflict: Flags) -> tuple[Ints | None, bool]:
    """So many sites without a conflict, or None; and whether that is proven."""
    _, is_ruled_out = _relaxed_away(case, count, conflict)
    if is_ruled_out:
        return None, True
    found = solve_compact(
        _packing(case, conflict, np.asarray(conflict[case.required].any(axis=0), dtype=bool)),
        case.run,
        enough=lambda value, bound: (
            (value is not None and -value > count - 0.5) or (bound is not None and -bound < count - 1e-6)
        ),
    )
    if found.values is not None and -found.objective > count - 0.5:
        return _trimmed(case, np.flatnonzero(found.values > 0.5).astype(np.int64), count), False
    return None, -found.bound < count - 1e-6


def _trimmed(case: Case, sites: Ints, count: int) -> Ints:
    """So many of these sites, the required ones among them."""
    others = np.setdiff1d(sites, case.required)
    return np.sort(np.concatenate([case.required, others[: count - len(case.required)]]))


def _packing(case: Case, conflict: Flags, blocked: Flags) -> PolicyPart:
    """The most sites without a conflict: at most one of each clique of sites that all conflict."""
    usable = ~blocked
    usable[case.closed] = False
    cliques = _cliques(conflict & usable[:, None] & usable[None, :])
    starts = np.concatenate([[0], np.cumsum([len(clique) for clique in cliques])])
    members = np.concatenate(cliques) if cliques else np.empty(0, dtype=np.int64)
    matrix = scipy.sparse.csr_array((np.ones(len(members)), members, starts), shape=(len(cliques), case.num_sites))
    part = case.part(None, -np.ones(case.num_sites)).fixed(blocked, np.zeros(case.num_sites, dtype=bool))
    return with_constraints(part, matrix, np.full(len(cliques), -np.inf), np.ones(len(cliques)))


def _cliques(conflict: Flags) -> list[Ints]:
    """Cliques that hold every conflict at least once, each grown greedily from a conflict that none holds yet."""
    left, cliques = conflict.copy(), []
    for site in range(len(conflict)):
        while left[site].any():
            clique, joint = [site], conflict[site].copy()
            while joint.any():
                fresh = joint & left[clique].any(axis=0)
                pool = fresh if fresh.any() else joint
                other = int(np.argmax(pool))
                clique.append(other)
                joint &= conflict[other]
            members = np.array(sorted(clique), dtype=np.int64)
            left[np.ix_(members, members)] = False
            cliques.append(members)
    return cliques
