"""Fitting: districts have decided alone what they wish; the plan nearest to it that keeps every constraint.

What customers cost is held linear around the wishes x: each open column keeps off a loss l_j, what its customers would pay to go to
the next open site, overflow included. Then

    minimise  cost x' + sum_{j open at x} l_j (1 - x'_j)    over the policy part, closed columns at no less than nothing,

is a small MIP without customers. First only the sites are free that broken constraints are about; if that is not enough, those
that short constraints tie to them as well; then all. Where that is not enough, or broken constraints are about most sites - a coverage
standard in every district, whose customers at the border counted on a neighbour - the districts give way one after the other
first, each keeping what it has a part in.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.live import LiveModel, Watch
from netplan.engine.run import Run
from netplan.solve.blocks import Partition
from netplan.solve.cut_problem import CutProblem
from netplan.solve.fitting_kernels import losses_if_closed
from netplan.solve.linked import with_linked
from netplan.solve.restricted import restricted

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GAP, _TURN_GAP = 1e-4, 2e-3
"""Gap of the fitting MIP, and of one district's: their objective is an estimate."""

_TURN_EFFORT = 15.0
"""Effort that a district may take to give way (`LiveModel.solve_mip`)."""

_MOST = 0.3
"""Broken constraints about more than this share of the columns are mended district by district."""

_TURNS = 3
"""How often each district gives way at most."""

_SHORT = 10
"""A constraint on so few columns ties them closely: a township's outlets, the base of a counter."""


def fitted(whole: Partition, x: Floats, run: Run, *, effort: float) -> Floats | None:
    """The columns of the policy part nearest to wishes, both of shape (m,), that keep every constraint; None if none was found."""
    problem = whole.problem
    if _concerned(problem, problem.broken(x)).mean() <= _MOST:
        found = _nearest_nearby(problem, x, run, effort=effort)
        if found is not None:
            return found
    return nearest_plan(problem, _in_turns(whole, x, run), run, effort=effort)


def nearest_plan(problem: CutProblem, x: Floats, run: Run, *, effort: float) -> Floats | None:
    """The same by a single MIP, or a few with more and more sites free, each with so much effort at most."""
    found = _nearest_nearby(problem, x, run, effort=effort)
    if found is not None:
        return found
    return _nearest(
        problem, x, losses(problem, x[: problem.num_y] > 0.5), np.ones(len(x), dtype=bool), run, effort=effort
    )


def _nearest_nearby(problem: CutProblem, x: Floats, run: Run, *, effort: float) -> Floats | None:
    """The nearest columns that keep every constraint, the sites free that broken ones are about, or those that these are tied to as well."""
    broken = problem.broken(x)
    if not len(broken):
        return x
    concerned, loss = _concerned(problem, broken), losses(problem, x[: problem.num_y] > 0.5)
    for is_free in (concerned, _with_close_ties(problem, concerned)):
        free = np.concatenate([is_free, np.ones(len(x) - problem.num_y, dtype=bool)])
        found = _nearest(problem, x, loss, free, run, effort=effort)
        if found is not None:
            return found
    return None


def _in_turns(whole: Partition, x: Floats, run: Run) -> Floats:
    """The columns after every district has given way, at most a few times, to keep its own constraints and those of who did before."""
    problem = whole.problem
    for _ in range(_TURNS):
        loss = losses(problem, x[: problem.num_y] > 0.5)
        for b in _breaking(whole, x):
            found = _given_way(whole, x, loss, b, run)
            x = x if found is None else found
    return x


def _breaking(whole: Partition, x: Floats) -> Ints:
    """Blocks that break a constraint: whose cover or sum it is, or, if it is about sites alone, whose site is in it."""
    problem, matrix = whole.problem, whole.problem.part.matrix
    broken = scipy.sparse.csr_array(matrix[problem.broken(x)])
    row, column = np.repeat(np.arange(broken.shape[0]), np.diff(broken.indptr)), broken.indices
    is_site = column < problem.num_y
    of_sites_alone = np.ones(broken.shape[0], dtype=bool)
    of_sites_alone[row[~is_site]] = False
    return np.unique(whole.of_column[column[~is_site | of_sites_alone[row]]])


def _given_way(whole: Partition, x: Floats, loss: Floats, b: int, run: Run) -> Floats | None:
    """The columns nearest to x, a block's free, that keep all its constraints, and others' but for blocks that break some anyway."""
    problem, of_column, matrix = whole.problem, whole.of_column[: len(x)], abs(whole.problem.part.matrix)
    is_mine = of_column == b
    breaks = np.isin(of_column, _breaking(whole, x))
    is_left = (matrix @ is_mine.astype(np.float64) == 0.0) & (matrix @ breaks.astype(np.float64) > 0.0)
    free = with_linked(problem, is_mine[: problem.num_y]) | is_mine
    return _nearest(problem, x, loss, free, run, gap=_TURN_GAP, effort=_TURN_EFFORT, left_out=is_left)


def losses(problem: CutProblem, is_open: Flags) -> Floats:
    """What customers lose if an open column closes and all others stay, its own site's overflow taken off; shape (J,)."""
    loads, rows = problem.loads, problem.rows
    overflow = loads.overflow(is_open).reshape(-1, len(loads.price))
    is_full = (overflow > 0.0) * loads.price
    loss = losses_if_closed(rows.sorted.arrays, (rows.load, rows.service), is_open, loads.site, is_full)
    return np.asarray(np.where(is_open, loss - (overflow @ loads.price)[loads.site], 0.0), dtype=np.float64)


def _concerned(problem: CutProblem, broken: Ints) -> Flags:
    """Columns at the sites that broken constraints are about, directly or through columns that are not sites'; shape (J,)."""
    matrix, n = abs(problem.part.matrix), problem.num_y
    touched = matrix[broken].sum(axis=0) > 0
    through = np.flatnonzero(touched[n:]) + n
    linked = np.flatnonzero(matrix[:, through].sum(axis=1) > 0)
    return _at_sites_of(problem, touched | (matrix[linked].sum(axis=0) > 0))


def _with_close_ties(problem: CutProblem, is_free: Flags) -> Flags:
    """These columns, and all at the sites that short constraints tie to them; shape (J,)."""
    matrix = abs(problem.part.matrix)
    tied = (matrix[:, : problem.num_y] @ is_free.astype(np.float64) > 0) & (np.diff(matrix.indptr) <= _SHORT)
    return is_free | _at_sites_of(problem, matrix[np.flatnonzero(tied)].sum(axis=0) > 0)


def _at_sites_of(problem: CutProblem, touched: Flags) -> Flags:
    """Columns at the sites of some columns of the policy part, shape (m,), and at those which they relocate from; shape (J,)."""
    columns, mine = problem.formulation.problem.columns, np.flatnonzero(touched[: problem.num_y])
    origin = columns.origin[mine]
    return np.asarray(np.isin(columns.site, np.concatenate([columns.site[mine], origin[origin >= 0]])))


def _nearest(
    problem: CutProblem,
    x: Floats,
    loss: Floats,
    is_free: Flags,
    run: Run,
    *,
    effort: float,
    gap: float = _GAP,
    left_out: Flags | None = None,
) -> Floats | None:
    """The columns nearest to x, some free, that keep the constraints on these but for some left out; None if none was found in time."""
    part, n = problem.part, problem.num_y
    is_open = x[:n] > 0.5
    cost, columns = part.cost.copy(), np.flatnonzero(is_free)
    cost[:n] = np.where(is_open, cost[:n] - loss, np.maximum(cost[:n], 0.0))
    small = restricted(replace(part, cost=cost), x, columns, is_free, left_out=left_out)
    live = LiveModel(small, integral=True, seed=run.options.seed)
    live.solve_mip(run, gap=gap, watch=Watch(), effort=effort)
    if not live.has_solution:
        return None
    after = x.copy()
    after[columns] = np.where(small.is_integer, np.round(live.values), live.values)
    return after
