"""Set covering as compact programs: fewest sites for everyone or for a share, and most weight covered twice."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.compact import rounded_up, solve_compact, stacked, whole_step, widened
from netplan.classic.reduce import groups_alike, reduced_cover
from netplan.classic.result import Solution
from netplan.engine.policy_part import PolicyPart, with_constraints

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDING = 1e-9
"""Share of a weight that counts as nothing when it is added up."""


def cover_part(case: Case, opening: Floats, num_open: tuple[int, int] | None = None) -> PolicyPart:
    """Open sites so that everyone has one of their pairs; rows and columns that others imply are left out."""
    incidence, useless = reduced_cover(case, opening)
    part = with_constraints(
        case.part(num_open, opening), incidence, np.ones(incidence.shape[0]), np.full(incidence.shape[0], np.inf)
    )
    return part.fixed(useless, np.zeros(case.num_sites, dtype=bool))


def fewest(case: Case, opening: Floats, note: str = "") -> Solution:
    """The cheapest sites that cover everyone who can be."""
    greedy = greedy_cover(case, opening)
    found = solve_compact(cover_part(case, opening), case.run, start=greedy, trace=case.trace)
    is_open = (greedy if found.values is None else found.values) > 0.5
    sites = np.flatnonzero(is_open).astype(np.int64)
    site, _ = case.costs.nearest(sites)
    value = float(opening[sites].sum())
    return case.solved(value, _bound(case, found.bound, value, opening), sites, site, note)


def fewest_for_share(case: Case, opening: Floats, wanted: float) -> Solution:
    """The cheapest sites that cover at least the weight wanted, which all sites together do.

    The program counts weight to the solver's tolerance. A solution that falls short by it is cut off: some other site has to be
    open too.
    """
    part, start = _share_part(case, opening, wanted), _greedy_share(case, opening, wanted)
    width = part.num_columns
    while True:
        found = solve_compact(part, case.run, start=_with_groups(case, start), trace=case.trace)
        is_open = (start if found.values is None else found.values[:width]) > 0.5
        site, _ = case.costs.nearest(np.flatnonzero(is_open).astype(np.int64))
        if case.weights[site >= 0].sum() >= wanted * (1.0 - ROUNDING):
            value, sites = float(opening[is_open].sum()), np.flatnonzero(is_open).astype(np.int64)
            return case.solved(value, _bound(case, found.bound, value, opening), sites, site)
        others = np.append(~is_open, np.zeros(len(part.cost) - width, dtype=bool)).astype(np.float64)
        part = with_constraints(part, others[None, :], np.ones(1), np.full(1, np.inf))


def most_twice(case: Case, count: int | None) -> Solution:
    """So many sites (None: the fewest) that cover everyone, and most weight twice."""
    ones = np.ones(case.num_sites)
    least = solve_compact(cover_part(case, ones), case.run, start=greedy_cover(case, ones))
    if least.values is None or (count is None and rounded_up(least.bound, 1.0) < np.round(least.objective)):
        return case.nothing(None)
    fewest_sites = int(np.round(least.objective))
    if count is not None and rounded_up(least.bound, 1.0) > count:
        return case.infeasible(f"p: {count} sites cannot cover everyone; it takes {fewest_sites}")
    count = fewest_sites if count is None else count
    found = solve_compact(_twice_part(case, count), case.run, trace=case.trace, sign=-1.0)
    if found.stopped == "infeasible":
        return case.infeasible(f"p: {count} sites cannot cover everyone; it takes {fewest_sites}")
    if found.values is None:
        return case.nothing(float(case.weights.sum()))
    sites = np.flatnonzero(found.values[: case.num_sites] > 0.5).astype(np.int64)
    times = np.bincount(case.costs.row, weights=np.isin(case.costs.column, sites), minlength=len(case.costs))
    value = float(case.weights[times > 1.5].sum())
    site, _ = case.costs.nearest(sites)
    step = whole_step(case.weights)
    return case.solved(value, max(value, -rounded_up(found.bound, step)), sites, site)


def greedy_cover(case: Case, opening: Floats) -> Floats:
    """The site that covers most of those left per unit of opening cost, until all are covered; y, shape (J,)."""
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[case.required] = True
    allowed = np.ones(case.num_sites, dtype=bool)
    allowed[case.closed] = False
    row, column = case.costs.row, case.costs.column
    left = np.bincount(row[allowed[column]], minlength=len(case.costs)) > 0
    left[row[is_open[column]]] = False
    while left.any():
        gain = np.bincount(column[left[row]], minlength=case.num_sites) * allowed / np.maximum(opening, 1e-12)
        best = int(np.argmax(gain))
        is_open[best] = True
        left[row[column == best]] = False
    return is_open.astype(np.float64)


def _greedy_share(case: Case, opening: Floats, wanted: float) -> Floats:
    """The site that covers most of the weight left per unit of opening cost, until it is enough; y, shape (J,)."""
    is_open = np.zeros(case.num_sites, dtype=bool)
    is_open[case.required] = True
    allowed = np.ones(case.num_sites, dtype=bool)
    allowed[case.closed] = False
    row, column = case.costs.row, case.costs.column
    left = np.ones(len(case.costs), dtype=bool)
    left[row[is_open[column]]] = False
    while case.weights[~left].sum() < wanted * (1.0 - ROUNDING):
        fresh = np.bincount(column, weights=case.weights[row] * left[row], minlength=case.num_sites)
        best = int(np.argmax(np.where(allowed & ~is_open, fresh / np.maximum(opening, 1e-12), -np.inf)))
        is_open[best] = True
        left[row[column == best]] = False
    return is_open.astype(np.float64)


def _with_groups(case: Case, y: Floats) -> Floats:
    """Values of every column of `_share_part` for a y."""
    incidence, _ = _grouped(case)
    return np.concatenate([y, np.minimum(1.0, incidence @ y)])


def _share_part(case: Case, opening: Floats, wanted: float) -> PolicyPart:
    """Columns y, then z per group of customers with the same sites in reach."""
    incidence, group = _grouped(case)
    weight = np.asarray(np.bincount(group, weights=case.weights, minlength=incidence.shape[0]), dtype=np.float64)
    size = len(weight)
    part = case.part(None, opening)
    matrix, lower, upper = stacked(
        [
            [incidence, -scipy.sparse.eye_array(size, format="csr")],
            [scipy.sparse.csr_array((1, case.num_sites)), scipy.sparse.csr_array(weight[None, :])],
        ],
        [np.zeros(size), np.array([wanted * (1.0 - ROUNDING)])],
        [np.full(size, np.inf), np.array([np.inf])],
    )
    return widened(part, np.zeros(size), matrix, lower, upper)


def _twice_part(case: Case, count: int) -> PolicyPart:
    """Columns y, then u per group of customers with the same sites in reach; minimises what is not covered twice."""
    incidence, group = _grouped(case)
    weight = np.asarray(np.bincount(group, weights=case.weights, minlength=incidence.shape[0]), dtype=np.float64)
    size = len(weight)
    matrix, lower, upper = stacked(
        [[incidence, -scipy.sparse.eye_array(size, format="csr")]], [np.ones(size)], [np.full(size, np.inf)]
    )
    return widened(case.part((count, count)), -weight, matrix, lower, upper)


def _grouped(case: Case) -> tuple[scipy.sparse.csr_array, Ints]:
    """Sites in reach of each group of customers that have the same, and the group of each customer, shape (I,)."""
    incidence = case.costs.matrix(np.ones(len(case.costs.value)))
    first, group = groups_alike(incidence)
    return scipy.sparse.csr_array(incidence[first]), group


def _bound(case: Case, bound: float, value: float, opening: Floats) -> float:
    """The bound rounded up to what opening costs can add up to; at least that of the required sites."""
    found = rounded_up(max(bound, float(opening[case.required].sum())), whole_step(opening))
    return min(found, value)
