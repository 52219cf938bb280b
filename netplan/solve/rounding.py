"""Rounding: what the linear relaxation wants, as whole decisions, whether or not they keep every constraint (`fitting` mends that)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.solve.cut_problem import CutProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_HALF = 0.5
_TINY = 1e-12


def rounded(problem: CutProblem, values: Floats) -> Floats:
    """The columns of the policy part, shape (m,), at a solution of the master's relaxation, sites' columns whole.

    A site that is more than half open gets the column that most of it is in, and all others none.
    """
    y = values[: problem.num_y]
    most, share = _chosen(problem, y, y)
    return _with_open(problem, values, most[share > _HALF])


def drawn(problem: CutProblem, values: Floats, rng: np.random.Generator) -> Floats:
    """The same by lot: a site opens as often as the relaxation opens it in part, in each of its columns as often as that one.

    The column is that of the largest of log y + Gumbel noise, which draws in proportion to y.
    """
    y = values[: problem.num_y]
    most, share = _chosen(problem, y, np.log(np.maximum(y, _TINY)) + rng.gumbel(size=len(y)))
    return _with_open(problem, values, most[rng.random(len(most)) < share])


def _chosen(problem: CutProblem, y: Floats, score: Floats) -> tuple[Ints, Floats]:
    """Of each site the column with the highest score, and how far the site is open in all."""
    home = problem.formulation.problem.columns.home
    order = np.lexsort((-score, home))
    most = order[np.append(True, np.diff(home[order]) != 0)]
    return most, np.bincount(home, weights=y)[home[most]]


def _with_open(problem: CutProblem, values: Floats, columns: Ints) -> Floats:
    """The columns of the policy part with these of the sites open and no others."""
    x = values[: len(problem.names)].copy()
    x[: problem.num_y] = 0.0
    x[columns] = 1.0
    return x
