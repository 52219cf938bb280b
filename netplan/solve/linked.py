"""Columns of the policy part that follow the sites': who staffs a counter, which customers are covered, how many are not."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.solve.cut_problem import CutProblem

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def with_linked(problem: CutProblem, is_free: Flags) -> Flags:
    """These columns of sites, shape (J,), and what has to be free with them, shape (m,).

    Others follow the sites' that they share a constraint with: a node's cover, those of the sites that could cover it. Columns that
    are in no constraint with a site's are sums of others, and are free with what they are the sum of.
    """
    matrix, n = abs(problem.part.matrix), problem.num_y
    of_sites, is_sum = matrix[:, :n], sums(matrix, n)
    free = np.zeros(matrix.shape[1], dtype=bool)
    free[:n] = is_free
    follows = np.asarray(matrix[np.flatnonzero(of_sites @ is_free.astype(np.float64) > 0)].sum(axis=0)).ravel() > 0
    free[n:] |= follows[n:]
    reached = free.copy()
    reached[:n] = False
    while True:
        touched = np.asarray(matrix[np.flatnonzero(matrix @ reached.astype(np.float64) > 0)].sum(axis=0)).ravel() > 0
        more = touched & is_sum & ~free
        if not more.any():
            return free
        free |= more
        reached = more


def sums(matrix: scipy.sparse.csr_array, num_y: int) -> Flags:
    """Columns that are in no constraint with a site's, shape (m,): what they add up to is."""
    with_sites = np.flatnonzero(np.diff(scipy.sparse.csr_array(matrix[:, :num_y]).indptr))
    is_sum = np.ones(matrix.shape[1], dtype=bool)
    is_sum[matrix[with_sites].indices] = False
    is_sum[:num_y] = False
    return is_sum


def supports(problem: CutProblem) -> tuple[Ints, Ints]:
    """Columns that a base staffs or a van visits, and the column that says so, by the first; of those that the problem has."""
    policy = problem.formulation.policy
    position = {name: j for j, name in enumerate(problem.names)}
    pairs = [
        (position[policy.y[key[0], key[1]].name], position[variable.name])
        for key, variable in (*policy.staffed.items(), *policy.visited.items())
        if variable.name in position and policy.y[key[0], key[1]].name in position
    ]
    both = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()
