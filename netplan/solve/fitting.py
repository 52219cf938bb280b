"""Fitting: districts have decided alone what they wish; the plan nearest to it that keeps every constraint.

What customers cost is held linear around the wishes x: each open column keeps off a loss l_j, what its customers would pay to go to
the next open site, overflow included. Then

    minimise  cost x' + sum_{j open at x} l_j (1 - x'_j)    over the policy part, closed columns at no less than nothing,

is a small MIP without customers. First only the sites are free that broken constraints are about; if that is not enough, those
that short constraints tie to them as well; then all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel, Watch
from netplan.engine.run import Run
from netplan.solve.cut_problem import CutProblem
from netplan.solve.fitting_kernels import losses_if_closed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GAP = 1e-4
"""Gap of the fitting MIP: its objective is an estimate."""

_SHORT = 10
"""A constraint on so few columns ties them closely: a township's outlets, the base of a counter."""


def fitted(problem: CutProblem, x: Floats, run: Run, *, seconds: float) -> Floats | None:
    """The columns of the policy part nearest to wishes, both of shape (m,), that keep every constraint; None if none was found."""
    broken = problem.broken(x)
    if not len(broken):
        return x
    loss = losses(problem, x[: problem.num_y] > 0.5)
    concerned = _concerned(problem, broken)
    for is_free in (concerned, _with_close_ties(problem, concerned), np.ones(problem.num_y, dtype=bool)):
        found = _nearest(problem, x, loss, is_free, run, seconds=seconds)
        if found is not None:
            return found
    return None


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
    problem: CutProblem, x: Floats, loss: Floats, is_free: Flags, run: Run, *, seconds: float
) -> Floats | None:
    part, n = problem.part, problem.num_y
    is_open = x[:n] > 0.5
    cost, lower, upper = part.cost.copy(), part.lower.copy(), part.upper.copy()
    cost[:n] = np.where(is_open, cost[:n] - loss, np.maximum(cost[:n], 0.0))
    lower[:n] = np.where(is_free, lower[:n], is_open)
    upper[:n] = np.where(is_free, upper[:n], is_open)
    live = LiveModel(replace(part, cost=cost, lower=lower, upper=upper), integral=True, seed=run.options.seed)
    live.solve_mip(run, gap=_GAP, watch=Watch(), seconds=seconds)
    if not live.has_solution:
        return None
    return np.where(part.is_integer, np.round(live.values), live.values)
