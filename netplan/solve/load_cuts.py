"""Capacity and viability under nearest assignment, as cuts on the policy columns alone.

Take a site s, a service c and, for some nodes I, one option k of s each. Node i is served by s if a column of s up to k is open and no
column of another site before k is, so its share is at least

    x_is >= sum_{j at s, up to k} y_j - sum_{j elsewhere, before k} y_j.

Summed with the visits d_i, less the capacity, with D_f the visits of the nodes that count format f, E_f = max(0, D_f - cap_fc) and
T_j the visits of the nodes that column j elsewhere takes away:

    o_sc >= sum_f min(E_f, e) y[s,f] - sum_j min(T_j, e) y_j        for any level e > 0.

It holds for every whole y: with format f open, either some open j has T_j >= e, and the right side is at most 0, or the T_j of
the open ones add up as they are. Without the level (e infinite) a column that takes away more than the excess would count for
more than the excess; with it the relaxation is stronger. At a whole y the cut gives the overflow when I are the nodes that s
serves. Where capacity is hard, o = 0.

Viability asks for the other side: a node that another site's open column j takes away leaves
sum_c L_sc <= sum_i d_i - sum_{i taken} d_i y_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.problem import PlanningProblem
from netplan.rows import ACCESS, Rows
from netplan.solve.load_kernels import Access, loads_of, served_shares, visits_by_column
from netplan.solve.objective_rows import ObjectiveRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_VISITS = 1e-3
"""Visits per year that count as none."""


@dataclass(frozen=True, slots=True)
class LoadCuts:
    """Cuts ``matrix y + overflow[pair] >= right``, matrix of shape (cuts, columns); pair -1 has no overflow."""

    pair: Ints
    right: Floats
    matrix: scipy.sparse.csr_array

    def __len__(self) -> int:
        return len(self.pair)

    def at(self, chosen: Ints) -> LoadCuts:
        """Some of the cuts."""
        return LoadCuts(self.pair[chosen], self.right[chosen], scipy.sparse.csr_array(self.matrix[chosen]))


@dataclass(frozen=True, slots=True)
class Loads:
    """Who is served where, and the limits at each pair (site, service).

    Attributes
    ----------
    access
        The sorted access rows (`objective_rows`), their visits and services.
    site, format, operates
        Site and format of each column, and whether it is a state of the site (the others are relocations); shape (J,).
    capacity
        Visits per year by format and service.
    least
        The smallest capacity that any format of the site has, by pair; infinite where none is limited.
    price
        Overflow cost per visit by service; 0 where overflow is ignored.
    """

    problem: PlanningProblem
    access: Access
    site: Ints
    format: Ints
    operates: Flags
    capacity: Floats
    least: Floats
    price: Floats
    is_hard: bool

    @classmethod
    def of(cls, problem: PlanningProblem, rows: ObjectiveRows) -> Loads:
        """The access rows of a problem and its capacities."""
        columns, capacity = problem.columns, problem.formats.capacity
        least = np.full((len(problem.sites), len(problem.demand.services)), np.inf)
        np.minimum.at(least, columns.site[columns.operating], capacity[columns.format[columns.operating]])
        is_nearest = problem.policy.access.assignment == "nearest"  # where visits are split, `split` has all limits
        rule = problem.policy.capacity.overflow if is_nearest else "ignored"
        is_priced = rule == "priced" and problem.policy.objective.kind == "net_cost"
        price = [problem.policy.service_access(c).overflow_cost * is_priced for c in problem.demand.services]
        site, form = (np.asarray(array, dtype=np.int64) for array in (columns.site, columns.format))
        operates = ~columns.is_relocation
        return cls(problem, rows.access, site, form, operates, capacity, least.ravel(), np.array(price), rule == "hard")

    @property
    def num_pairs(self) -> int:
        """How many (site, service) there are."""
        return len(self.least)

    @property
    def pair_price(self) -> Floats:
        """Overflow cost per visit of each pair."""
        return np.tile(self.price, len(self.problem.sites))

    @property
    def is_limited(self) -> bool:
        """Whether capacity has any say."""
        return self.is_hard or bool((self.price > 0).any())

    def overflow(self, chosen: Flags) -> Floats:
        """Visits above capacity at each pair when these columns are open."""
        loads, capacity = self.loads_and_capacity(chosen)
        return np.maximum(0.0, loads - capacity).ravel()

    def loads_and_capacity(self, chosen: Flags) -> tuple[Floats, Floats]:
        """Visits and capacity at each pair when these columns are open, shapes (sites, services)."""
        loads = loads_of(self.access, chosen, self.site, len(self.problem.sites), len(self.price))
        capacity = np.zeros_like(loads)
        operating = np.flatnonzero(self.operates & chosen)
        capacity[self.site[operating]] = self.capacity[self.format[operating]]
        return loads, capacity

    @property
    def capacity_by_column(self) -> Floats:
        """What a site can take with a column open, 0 if the column is not one that operates; shape (columns, services)."""
        capacity = np.zeros((len(self.site), len(self.price)))
        capacity[self.operates] = self.capacity[self.format[self.operates]]
        return capacity

    def separate(self, y: Floats, overflow: Floats, tolerance: float) -> LoadCuts:
        """A cut for every pair whose overflow is too low at y by more than a cost (hard: visits) of the tolerance."""
        if not self.is_limited:
            return self._none()
        weight = np.ones(self.num_pairs) if self.is_hard else self.pair_price
        taken, pair = self._served(y, weight > 0)
        pairs, first = np.unique(pair, return_index=True)
        within = (np.append(first, len(pair)), pairs // len(self.price))
        starts, column, visits = visits_by_column(self.access, self.site, taken, within, len(self.site))
        cuts, value = self._at_best_level(pairs, starts, column, visits, y)
        worth = (value - (0.0 if self.is_hard else overflow[pairs])) * weight[pairs]
        return cuts.at(np.flatnonzero(worth > tolerance))

    def _served(self, y: Floats, counts: Flags) -> tuple[tuple[Ints, Ints, Ints], Ints]:
        """Rows, sites and last entries of who is served where at y, pair by pair, and the pairs; only where it may be too many."""
        rows, sites, last, size = served_shares(self.access, y, self.site, len(self.problem.sites))
        pair = sites[:size] * len(self.price) + self.access[4][rows[:size]]
        visits = np.bincount(pair, weights=self.access[3][rows[:size]], minlength=self.num_pairs)
        kept = np.flatnonzero((counts & (visits > self.least))[pair])
        kept = kept[np.argsort(pair[kept], kind="stable")]
        return (rows[kept], sites[kept], last[kept]), pair[kept]

    def _at_best_level(
        self, pairs: Ints, starts: Ints, column: NDArray[np.int32], visits: Floats, y: Floats
    ) -> tuple[LoadCuts, Floats]:
        """The cut of each pair at the level that is worth most at y, and what it is worth in visits."""
        size = len(pairs)
        cut = np.repeat(np.arange(size), np.diff(starts))
        is_own = self.site[column] == (pairs // len(self.price))[cut]
        capacity = self.capacity[self.format[column], (pairs % len(self.price))[cut]]
        kept = np.maximum(0.0, -visits - np.where(is_own, capacity, 0.0)) * is_own
        lost = np.where(is_own, 0.0, visits)
        level = np.full(size, np.inf)
        value: Floats = np.bincount(cut, weights=(kept - lost) * y[column], minlength=size).astype(np.float64)
        for tried in _levels(kept, cut, size, is_open=y[column] > _OPEN):
            worth = np.minimum(kept, tried[cut]) - np.minimum(lost, tried[cut])
            at_level = np.bincount(cut, weights=worth * y[column], minlength=size)
            better = at_level > value
            level, value = np.where(better, tried, level), np.where(better, at_level, value)
        coefficient = np.minimum(lost, level[cut]) - np.minimum(kept, level[cut])
        matrix = scipy.sparse.csr_array((coefficient, column, starts), shape=(size, len(self.site)))
        matrix.eliminate_zeros()
        return LoadCuts(np.full(size, -1) if self.is_hard else pairs, np.zeros(size), matrix), value

    def viability_cuts(self, chosen: Flags) -> LoadCuts:
        """A cut for every site that operates with fewer visits than its format needs, at a whole y."""
        problem = self.problem
        if problem.policy.capacity.viability != "hard":
            return self._none()
        visits = loads_of(self.access, chosen, self.site, len(problem.sites), len(self.price)).sum(axis=1)
        operating, least = problem.columns.operating, problem.formats.min_visits_per_year
        operating = operating[chosen[operating]]
        starved = operating[visits[self.site[operating]] < least[self.format[operating]] - _VISITS]
        access = problem.rows.select(problem.rows.kind == ACCESS) if len(starved) else problem.rows
        cuts = [self._viability_cut(access, int(j), chosen) for j in starved]
        return self._none() if not cuts else _stack(cuts, len(self.site))

    def _viability_cut(self, rows: Rows, j: int, chosen: Flags) -> tuple[float, Ints, Floats]:
        """sum_{i taken} d_i y_{j(i)} + min y_j <= sum_i d_i over the nodes that j can serve, as coefficients of a >= row."""
        offers = np.searchsorted(rows.column_start, np.flatnonzero(rows.column == j), side="right") - 1
        mine = rows.option_row[offers]
        used = rows.first_open(chosen)[mine]
        lost = used[(used >= 0) & (rows.option_site[used] != self.site[j])]
        rival = [_open_column(rows, int(option), chosen) for option in lost]
        column = np.array([*rival, j], dtype=np.int64)
        amount = np.append(rows.load[rows.option_row[lost]], self.problem.formats.min_visits_per_year[self.format[j]])
        return -float(rows.load[mine].sum()), column, -amount

    def _none(self) -> LoadCuts:
        return LoadCuts(np.empty(0, dtype=np.int64), np.empty(0), scipy.sparse.csr_array((0, len(self.site))))


_OPEN = 1e-6
"""What is open by less than this at y is no format of its site."""


def _levels(kept: Floats, cut: Ints, size: int, *, is_open: Flags) -> Iterator[Floats]:
    """Levels to try, by cut: the most that any format has too much, and the three largest of the formats open at y."""
    yield _largest(kept, cut, size)
    left = np.where(is_open, kept, 0.0)
    for _ in range(3):
        most = _largest(left, cut, size)
        yield most
        left = np.where(left >= most[cut], 0.0, left)


def _largest(amount: Floats, cut: Ints, size: int) -> Floats:
    most = np.zeros(size)
    np.maximum.at(most, cut, amount)
    return most


def _open_column(rows: Rows, option: int, chosen: Flags) -> int:
    part = rows.column[rows.column_start[option] : rows.column_start[option + 1]]
    return int(part[chosen[part]][0])


def _stack(cuts: list[tuple[float, Ints, Floats]], width: int) -> LoadCuts:
    """Cuts given as right side, columns and amounts; a column named twice counts twice."""
    cut = np.repeat(np.arange(len(cuts)), [len(column) for _, column, _ in cuts])
    column = np.concatenate([column for _, column, _ in cuts])
    amount = np.concatenate([amount for _, _, amount in cuts])
    matrix = scipy.sparse.coo_array((amount, (cut, column)), shape=(len(cuts), width)).tocsr()
    right = np.array([right for right, _, _ in cuts])
    return LoadCuts(np.full(len(cuts), -1, dtype=np.int64), right, scipy.sparse.csr_array(matrix))
