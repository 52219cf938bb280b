"""Rounding: what the linear relaxation wants, as whole decisions, whether or not they keep every constraint (`fitting` mends that)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.solve.cut_problem import CutProblem

Floats = NDArray[np.float64]

_HALF = 0.5


def rounded(problem: CutProblem, values: Floats) -> Floats:
    """The columns of the policy part, shape (m,), at a solution of the master's relaxation, sites' columns whole.

    A site that is more than half open gets the column that most of it is in, and all others none.
    """
    x = values[: len(problem.names)].copy()
    y, columns = x[: problem.num_y], problem.formulation.problem.columns
    home = np.where(columns.origin < 0, columns.site, columns.origin)
    order = np.lexsort((-y, home))
    most = order[np.append(True, np.diff(home[order]) != 0)]
    is_open = np.bincount(home, weights=y)[home[most]] > _HALF
    x[: problem.num_y] = 0.0
    x[most[is_open]] = 1.0
    return x
