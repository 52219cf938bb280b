"""The p-center: a search over radii, each a set covering problem with at most p sites."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import Limits, Positions
from netplan.classic.case import Case, case_of, stranded_note
from netplan.classic.compact import solve_compact
from netplan.classic.cover import cover_part, greedy_cover
from netplan.classic.result import Solution
from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Step
from netplan.engine.search import Descent

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


Verdict = tuple[Ints | None, bool]
"""Sites that do, or None; and whether it is proven that none do."""

_ATTEMPTS = 40


@dataclass(slots=True)
class Range:
    """What is left of the radii.

    Attributes
    ----------
    radii
        All costs that occur, ascending.
    counts
        Whether a customer has to be reached, shape (I,).
    low, high
        Position of the least radius not ruled out, and of the best one reached (one past the end: none).
    sites
        Those that reach it.
    """

    radii: Floats
    counts: Flags
    low: int
    high: int
    sites: Ints | None

    @property
    def bound(self) -> float:
        """No sites do with less."""
        return float(self.radii[min(self.low, len(self.radii) - 1)]) if len(self.radii) else 0.0

    def take(self, search: Case, sites: Ints) -> None:
        """Keep these sites if they are better."""
        _, cost = search.costs.nearest(sites)
        reached = float(cost[self.counts].max(initial=0.0))
        place = int(np.searchsorted(self.radii, reached))
        if np.isfinite(reached) and (self.sites is None or place < self.high):
            self.sites, self.high = sites, place

    def tell(self, search: Case, trace: list[Step]) -> None:
        """Note where the search stands."""
        value = float(self.radii[self.high]) if self.high < len(self.radii) else None
        step = Step(search.run.seconds, "covering", value, self.bound)
        trace.append(step)
        search.run.options.listener(step)


def p_center(
    costs: Any,
    sites: Any = None,
    *,
    p: int,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    **limits: Unpack[Limits],
) -> Solution:
    """Open p sites so that the dearest way of any customer to its site is least (Hakimi 1964, Minieka 1970).

        minimise  max_i min_{j open} w_i c_ij   subject to   sum_j y_j = p

    The value is one of the costs: whether p sites can cover everyone within a radius is asked for the middle one of those left.

    Parameters
    ----------
    weights
        w_i, 1 by default; a customer of weight 0 does not count.

    Other parameters, result and errors are those of `p_median`.
    """
    case = case_of("p_center", costs, sites, limits, weights=weights, required=required, forbidden=forbidden)
    count = case.count(p)
    stranded = case.bare(np.full(len(case.costs), np.inf))
    if len(stranded):
        return case.infeasible(stranded_note(stranded, "can reach no site that may open"))
    return _answer(case, count, _shrink(_weighted(case), count, case.trace))


def _weighted(case: Case) -> Case:
    """The same over weighted costs, without the pairs of customers that do not count."""
    counts = case.weights[case.costs.row] > 0
    costs = case.costs.keep(counts)
    weighted = costs.with_values(case.weights[costs.row] * costs.value)
    return replace(case, costs=weighted, trace=[])


def _shrink(search: Case, count: int, trace: list[Step]) -> Range:
    """Radii ruled out by relaxations, then by whatever it takes."""
    found = _first_range(search, count)
    for ask in (_relaxed_away, _tried, _decided):
        low, high = found.low, found.high  # each question halves its own range: what cannot be told is left to the next
        while low < high and found.low < found.high and search.run.is_over is None:
            middle = (low + high) // 2
            sites, is_ruled_out = ask(search, float(found.radii[middle]), count)
            if sites is not None:
                found.take(search, sites)
                high = min(middle, found.high)
            elif is_ruled_out:
                found.low = low = middle + 1
            elif ask is _relaxed_away:
                high = middle
            elif ask is _tried:
                low = middle + 1
            else:
                break
            found.tell(search, trace)
    return found


def _first_range(search: Case, count: int) -> Range:
    """From everyone's cheapest way, which nobody can do better than, to that of a first solution."""
    radii = np.unique(search.costs.value)
    allowed = np.ones(search.num_sites, dtype=bool)
    allowed[search.closed] = False
    _, nearest = search.costs.nearest(np.flatnonzero(allowed).astype(np.int64))
    counts = np.isfinite(nearest)
    low = int(np.searchsorted(radii, nearest[counts].max(initial=0.0)))
    found = Range(radii, counts, low, len(radii), None)
    found.take(search, _farthest_first(search, count))
    return found


def _farthest_first(search: Case, count: int) -> Ints:
    """Required sites, and then the cheapest for the customer who has the dearest way so far (Gonzalez 1985)."""
    allowed = np.ones(search.num_sites, dtype=bool)
    allowed[search.closed] = False
    sites = list(search.required)
    while len(sites) < count:
        _, cost = search.costs.nearest(np.array(sites, dtype=np.int64))
        best, _ = search.costs.nearest(np.flatnonzero(allowed).astype(np.int64))
        dearest = int(np.argmax(np.where(best >= 0, cost, -np.inf)))
        if best[dearest] < 0 or best[dearest] in sites:
            break
        sites.append(int(best[dearest]))
    return np.array(sites, dtype=np.int64)


def _relaxed_away(search: Case, radius: float, count: int) -> Verdict:
    """Whether the relaxation of covering everyone within the radius takes more sites than that."""
    within = replace(search, costs=search.costs.within(radius))
    if (search.costs.reachable(search.closed) & ~within.costs.reachable(search.closed)).any():
        return None, True
    greedy = greedy_cover(within, np.ones(search.num_sites))
    if greedy.sum() <= count:
        return np.flatnonzero(greedy).astype(np.int64), False
    live = LiveModel(cover_part(within, np.ones(search.num_sites)), seed=search.run.options.seed)
    return None, live.solve_relaxation(search.run) == "proven" and live.objective > count + 1e-6


def _tried(search: Case, radius: float, count: int) -> Verdict:
    """So many sites that cover everyone, by descents on the number of customers left out, from disturbed copies of the best."""
    near = search.costs.within(radius)
    covering = near.with_values(np.zeros(len(near.value)))
    rows = covering.rows(search.costs.reachable(search.closed).astype(np.float64), np.ones(len(near)))
    part = search.part((count, count))
    descent = Descent.of(rows.select(rows.weight > 0), part)
    rng, best, missed = np.random.default_rng(search.run.options.seed), part.always_open, np.inf
    for _ in range(_ATTEMPTS):
        found = descent.from_open(_disturbed(best, part, rng))
        left = rows.total(found)
        if left <= missed:
            best, missed = found, left
        if missed == 0.0:
            return np.flatnonzero(best).astype(np.int64), False
    return None, False


def _disturbed(y: Flags, part: PolicyPart, rng: np.random.Generator) -> Flags:
    """Some open sites closed and others opened at random; nothing where none is open yet."""
    found, free = y.copy(), part.is_free
    inside, outside = np.flatnonzero(y & free), np.flatnonzero(~y & free)
    number = min(len(inside), len(outside), int(rng.integers(1, 5)))
    found[rng.choice(inside, number, replace=False)] = False
    found[rng.choice(outside, number, replace=False)] = True
    return found


def _decided(search: Case, radius: float, count: int) -> Verdict:
    """Whether so many sites cover everyone within the radius, by the program."""
    sites, is_ruled_out = _relaxed_away(search, radius, count)
    if sites is None and not is_ruled_out:
        sites, _ = _tried(search, radius, count)
    if sites is not None or is_ruled_out:
        return sites, is_ruled_out
    found = solve_compact(
        cover_part(replace(search, costs=search.costs.within(radius)), np.ones(search.num_sites), (0, count)),
        search.run,
        enough=lambda value, bound: (value is not None and value < count + 0.5) or (bound or 0.0) > count + 1e-6,
    )
    if found.values is not None and found.objective < count + 0.5:
        return np.flatnonzero(found.values[: search.num_sites] > 0.5).astype(np.int64), False
    return None, found.bound > count + 1e-6


def _answer(case: Case, count: int, found: Range) -> Solution:
    if found.sites is None:
        if found.low == len(found.radii):
            return case.infeasible(f"p: no {count} sites can be reached by every customer")
        return case.nothing(found.bound)
    spare = np.setdiff1d(np.arange(case.num_sites), np.concatenate([found.sites, case.closed]))
    sites = np.sort(np.concatenate([found.sites, spare[: count - len(found.sites)]]))
    site, cost = case.costs.nearest(sites)
    counts = case.weights > 0
    value = float((case.weights[counts] * cost[counts]).max(initial=0.0))
    return case.solved(value, min(value, found.bound), sites, site)
