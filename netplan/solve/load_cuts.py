"""Capacity and viability under nearest assignment, as cuts on the policy columns alone.

Take a site s, a service c and, for some nodes I, one option k of s each. Node i is served by s if a column of s up to k is open and no
column of another site before k is, so its share is at least

    x_is >= sum_{j at s, up to k} y_j - sum_{j elsewhere, before k} y_j.

Summed with the visits d_i, less the capacity: with D_f the visits of the nodes that count format f,

    o_sc >= sum_f max(0, D_f - cap_fc) y[s,f] - sum_{i in I} d_i sum_{j elsewhere, before k} y_j,

valid for every y, and equal to the overflow at an integer y when I are the nodes that s serves. Where capacity is hard, o = 0.

Viability asks for the other side: a node that another site's open column j takes away leaves
sum_c L_sc <= sum_i d_i - sum_{i taken} d_i y_j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.formulation.decisions import nearest_loads
from netplan.problem import PlanningProblem
from netplan.rows import ACCESS, Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LoadCuts:
    """Cuts sum coefficient[e] y[column[e]] + overflow[pair] >= right; pair -1 has no overflow; entries by cut."""

    pair: Ints
    right: Floats
    entry_cut: Ints
    column: Ints
    coefficient: Floats

    def __len__(self) -> int:
        return len(self.pair)


_NONE = np.empty(0, dtype=np.int64)
NO_CUTS = LoadCuts(_NONE, np.empty(0), _NONE, _NONE, np.empty(0))


@dataclass(frozen=True, slots=True)
class Loads:
    """Access rows by (row, site), what separation needs of them, and the limits at each pair (site, service).

    Attributes
    ----------
    order
        Options sorted by row, site and position; `first` marks the first of each (row, site), `owner` its number.
    pair
        site * C + service of each (row, site).
    price
        Overflow cost per visit by service; 0 where overflow is ignored.
    """

    problem: PlanningProblem
    rows: Rows
    order: Ints
    first: Ints
    owner: Ints
    pair: Ints
    price: Floats
    is_hard: bool

    @classmethod
    def of(cls, problem: PlanningProblem) -> Loads:
        """The access rows of a problem."""
        rows = problem.rows.select(problem.rows.kind == ACCESS)
        services = len(problem.demand.services)
        row_of = rows.option_row
        order = np.lexsort((np.arange(len(row_of)), rows.option_site, row_of))
        key = row_of[order] * len(problem.sites) + rows.option_site[order]
        starts = np.ones(len(key), dtype=bool)
        starts[1:] = np.diff(key) != 0
        first = np.flatnonzero(starts)
        pair = rows.option_site[order[first]] * services + rows.service[row_of[order[first]]]
        rule = problem.policy.capacity.overflow
        is_priced = rule == "priced" and problem.policy.objective.kind == "net_cost"
        price = [problem.policy.service_access(c).overflow_cost * is_priced for c in problem.demand.services]
        owner = np.cumsum(starts) - 1
        return cls(problem, rows, order, first, owner, pair, np.array(price), rule == "hard")

    @property
    def num_pairs(self) -> int:
        """How many (site, service) there are."""
        return len(self.problem.sites) * len(self.price)

    @property
    def pair_price(self) -> Floats:
        """Overflow cost per visit of each pair."""
        return np.tile(self.price, len(self.problem.sites))

    @property
    def is_limited(self) -> bool:
        """Whether capacity has any say."""
        return self.is_hard or bool((self.price > 0).any())

    def overflow(self, chosen: NDArray[np.bool_]) -> Floats:
        """Visits above capacity at each pair when these columns are open."""
        problem = self.problem
        loads = nearest_loads(self.rows, chosen, len(problem.sites), len(self.price))
        capacity = np.zeros_like(loads)
        operating = problem.columns.operating[chosen[problem.columns.operating]]
        capacity[problem.columns.site[operating]] = problem.formats.capacity[problem.columns.format[operating]]
        return np.maximum(0.0, loads - capacity).ravel()

    def separate(self, y: Floats, overflow: Floats, tolerance: float) -> LoadCuts:
        """A cut for every pair whose overflow is too low at y by more than a cost (hard: visits) of the tolerance."""
        if not self.is_limited or not len(self.order):
            return NO_CUTS
        share, option = self._best_options(y)
        taken = np.flatnonzero(share > 1e-6)
        cuts = self._cuts(taken, option[taken])
        value = np.bincount(cuts.entry_cut, weights=-cuts.coefficient * y[cuts.column], minlength=len(cuts))
        weight = np.ones(self.num_pairs) if self.is_hard else self.pair_price
        worth = (value - (0.0 if self.is_hard else overflow[cuts.pair])) * weight[cuts.pair]
        return _select(cuts, worth > tolerance, has_overflow=not self.is_hard)

    def _best_options(self, y: Floats) -> tuple[Floats, Ints]:
        """The largest lower bound on the share x_is of each (row, site), and the option that gives it."""
        rows = self.rows
        mass = np.add.reduceat(y[rows.column], rows.column_start[:-1])
        prefix = np.cumsum(mass) - mass
        before = prefix - prefix[rows.option_start[rows.option_row]]
        own = np.cumsum(mass[self.order])
        upto = own - np.concatenate([[0.0], own])[self.first][self.owner]
        bound = np.empty(len(mass))
        bound[self.order] = upto - (before[self.order] - (upto - mass[self.order]))
        sorted_bound = bound[self.order]
        best = np.maximum.reduceat(sorted_bound, self.first)
        at = np.flatnonzero(sorted_bound >= best[self.owner] - 1e-12)
        option = np.empty(len(self.first), dtype=np.int64)
        option[self.owner[at][::-1]] = self.order[at][::-1]
        return best, option

    def _cuts(self, taken: Ints, option: Ints) -> LoadCuts:
        """The cut of every pair over these (row, site), each with its option."""
        rows, columns = self.rows, self.problem.columns
        pairs, cut = np.unique(self.pair[taken], return_inverse=True)
        row = rows.option_row[option]
        start, end = rows.column_start[rows.option_start[row]], rows.column_start[option + 1]
        count = end - start
        entry = np.repeat(start - (np.cumsum(count) - count), count) + np.arange(count.sum())
        column = rows.column[entry]
        entry_cut = np.repeat(cut, count)
        load = np.repeat(rows.load[row], count)
        is_own = columns.site[column] == np.repeat(rows.option_site[option], count)
        last = np.repeat(rows.column_start[option], count)
        counts = is_own | (entry < last)
        width = len(columns)
        key = (entry_cut * width + column)[counts]
        unique, inverse = np.unique(key, return_inverse=True)
        visits = np.bincount(inverse, weights=load[counts], minlength=len(unique))
        entry_cut, column = unique // width, unique % width
        own = columns.site[column] == pairs[entry_cut] // len(self.price)
        capacity = self.problem.formats.capacity[columns.format[column], pairs[entry_cut] % len(self.price)]
        coefficient = np.where(own, -np.maximum(0.0, visits - np.where(own, capacity, 0.0)), visits)
        keep = coefficient != 0.0
        return LoadCuts(pairs, np.zeros(len(pairs)), entry_cut[keep], column[keep], coefficient[keep])

    def viability_cuts(self, chosen: NDArray[np.bool_]) -> LoadCuts:
        """A cut for every site that operates with fewer visits than its format needs, at an integer y."""
        problem = self.problem
        if problem.policy.capacity.viability != "hard":
            return NO_CUTS
        visits = nearest_loads(self.rows, chosen, len(problem.sites), len(self.price)).sum(axis=1)
        columns, least = problem.columns, problem.formats.min_visits_per_year
        operating = columns.operating[chosen[columns.operating]]
        starved = operating[visits[columns.site[operating]] < least[columns.format[operating]] - 1e-3]
        cuts = [self._viability_cut(int(j), chosen) for j in starved]
        return _stack(cuts)

    def _viability_cut(self, j: int, chosen: NDArray[np.bool_]) -> tuple[float, Ints, Floats]:
        """sum_{i taken} d_i y_{j(i)} + min y_j <= sum_i d_i over the nodes that j can serve, as coefficients of a >= row."""
        rows, columns = self.rows, self.problem.columns
        site = int(columns.site[j])
        offers = np.searchsorted(rows.column_start, np.flatnonzero(rows.column == j), side="right") - 1
        mine = rows.option_row[offers]
        used = rows.first_open(chosen)[mine]
        lost = used[(used >= 0) & (rows.option_site[used] != site)]
        rival = [self._open_column(int(option), chosen) for option in lost]
        load = rows.load[rows.option_row[lost]]
        column = np.array([*rival, j], dtype=np.int64)
        amount = np.append(load, self.problem.formats.min_visits_per_year[columns.format[j]])
        return -float(rows.load[mine].sum()), column, -amount

    def _open_column(self, option: int, chosen: NDArray[np.bool_]) -> int:
        part = self.rows.column[self.rows.column_start[option] : self.rows.column_start[option + 1]]
        return int(part[chosen[part]][0])


def _select(cuts: LoadCuts, keep: NDArray[np.bool_], *, has_overflow: bool) -> LoadCuts:
    number = np.cumsum(keep) - 1
    entries = keep[cuts.entry_cut]
    pair = cuts.pair[keep] if has_overflow else np.full(int(keep.sum()), -1, dtype=np.int64)
    return LoadCuts(
        pair, cuts.right[keep], number[cuts.entry_cut[entries]], cuts.column[entries], cuts.coefficient[entries]
    )


def _stack(cuts: list[tuple[float, Ints, Floats]]) -> LoadCuts:
    if not cuts:
        return NO_CUTS
    entry_cut = np.repeat(np.arange(len(cuts)), [len(column) for _, column, _ in cuts])
    key = np.concatenate([column for _, column, _ in cuts])
    width = int(key.max()) + 1
    unique, inverse = np.unique(entry_cut * width + key, return_inverse=True)
    coefficient = np.zeros(len(unique))
    np.add.at(coefficient, inverse, np.concatenate([amount for _, _, amount in cuts]))
    right = np.array([right for right, _, _ in cuts])
    return LoadCuts(np.full(len(cuts), -1, dtype=np.int64), right, unique // width, unique % width, coefficient)
