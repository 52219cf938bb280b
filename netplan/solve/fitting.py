"""Fitting: districts have decided alone what they wish; the plan nearest to it that keeps every constraint.

What customers cost is held linear around the wishes x: each open column keeps off a loss l_j, what its customers would pay to go to
the next open site, overflow included. Then

    minimise  cost x' + sum_{j open at x} l_j (1 - x'_j)    over the policy part, closed columns at no less than nothing,

is a small MIP without customers. First only the sites are free that broken constraints are about; if that is not enough, all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel, Watch
from netplan.engine.run import Run
from netplan.solve.cut_problem import CutProblem
from netplan.solve.fitting_kernels import losses_if_closed

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GAP = 1e-4
"""Gap of the fitting MIP: its objective is an estimate."""


def fitted(problem: CutProblem, x: Floats, run: Run, *, seconds: float) -> Floats | None:
    """The columns of the policy part nearest to wishes, both of shape (m,), that keep every constraint; None if none was found."""
    broken = problem.broken(x)
    if not len(broken):
        return x
    loss = losses(problem, x[: problem.num_y] > 0.5)
    for is_free in (_concerned(problem, broken), np.ones(problem.num_y, dtype=bool)):
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


def _concerned(problem: CutProblem, broken: NDArray[np.int64]) -> Flags:
    """Columns at the sites that broken constraints are about, directly or through columns that are not sites'; shape (J,)."""
    matrix, n = abs(problem.part.matrix), problem.num_y
    touched = matrix[broken].sum(axis=0) > 0
    through = np.flatnonzero(touched[n:]) + n
    linked = np.flatnonzero(matrix[:, through].sum(axis=1) > 0)
    touched = np.flatnonzero((touched | (matrix[linked].sum(axis=0) > 0))[:n])
    columns = problem.formulation.problem.columns
    origin = columns.origin[touched]
    sites = np.concatenate([columns.site[touched], origin[origin >= 0]])
    return np.asarray(np.isin(columns.site, sites))


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
