"""Columns of the policy part that follow from the others: as small as one constraint allows, since nothing else wants them large.

A node's cover, the sum of a district's, what a standard is short of. A local search sets them after every move.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.policy_part import PolicyPart
from netplan.solve.local_moves import Policy

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MISSED = 1e-6
"""A constraint that the plan itself misses by so little, relative to its value, counts as kept."""

_MOST_RANKS = 8
"""Followers of followers: a cover, their sum, what is short of it; more are a circle."""


def at_least(part: PolicyPart, x: Floats) -> tuple[Policy, Floats]:
    """The policy part by column, and x with followers at the least that their constraints allow; it keeps what x keeps."""
    constraint, coefficient, rank = followers(part)
    x, by_column = x.copy(), scipy.sparse.csc_array(part.matrix)
    for level in range(1, int(rank.max(initial=0)) + 1):
        v = np.flatnonzero(rank == level)
        rest = (part.matrix @ x)[constraint[v]] - coefficient[v] * x[v]
        side = np.where(coefficient[v] > 0.0, part.row_lower[constraint[v]], part.row_upper[constraint[v]])
        x[v] = np.clip((side - rest) / coefficient[v], part.lower[v], part.upper[v])
    value = part.matrix @ x
    room = _MISSED * np.maximum(1.0, np.abs(value))
    low = np.where(value > part.row_lower - room, np.minimum(value, part.row_lower), part.row_lower)
    high = np.where(value < part.row_upper + room, np.maximum(value, part.row_upper), part.row_upper)
    determines = np.full(len(value), -1, dtype=np.int64)
    determines[constraint[rank > 0]] = np.flatnonzero(rank > 0)
    entries = (by_column.indptr.astype(np.int64), by_column.indices.astype(np.int64), by_column.data)
    columns = (part.cost, part.lower, part.upper)
    by_row = part.matrix.indptr.astype(np.int64), part.matrix.indices.astype(np.int64)
    of_others = abs(part.matrix[:, part.num_columns :]).sum(axis=1) > 0.0
    return (entries, columns, (low, high), (determines, constraint, coefficient, rank), by_row, ~of_others), x


def followers(part: PolicyPart) -> tuple[Ints, Floats, Ints]:
    """Columns that one constraint keeps from being small and nothing else wants large: constraint, coefficient there, rank; shapes (m,).

    The rank is one more than the highest of the followers in its constraint; 0 for columns that are none.
    """
    entries = part.matrix.tocoo()
    row, column, value = entries.row, entries.col, entries.data
    at_least, at_most = np.isfinite(part.row_lower)[row], np.isfinite(part.row_upper)[row]
    holds_up = np.where(value > 0.0, at_least, at_most)
    holds_down = np.where(value > 0.0, at_most, at_least)
    size = len(part.cost)
    may = ~part.is_integer & (part.cost >= 0.0) & (np.bincount(column[holds_up], minlength=size) == 1)
    may[: part.num_columns] = False
    may &= np.bincount(column[holds_up & holds_down], minlength=size) == 0
    is_its = holds_up & may[column]
    alone = np.bincount(row[is_its], minlength=len(part.row_lower)) == 1
    is_its &= alone[row]
    constraint, coefficient = np.zeros(size, dtype=np.int64), np.ones(size)
    constraint[column[is_its]], coefficient[column[is_its]] = row[is_its], value[is_its]
    follows = np.zeros(size, dtype=bool)
    follows[column[is_its]] = True
    return constraint, coefficient, _ranks(part, constraint, follows)


def _ranks(part: PolicyPart, constraint: Ints, follows: Flags) -> Ints:
    """One more than the highest rank in each follower's constraint, shape (m,); none for those that follow each other in a circle."""
    matrix = part.matrix
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    rank = follows.astype(np.int64)
    chosen = np.flatnonzero(follows)
    for _ in range(_MOST_RANKS):
        others = rank[matrix.indices]
        others[constraint[matrix.indices] == row] *= ~follows[matrix.indices][constraint[matrix.indices] == row]
        highest = np.zeros(matrix.shape[0], dtype=np.int64)
        np.maximum.at(highest, row, others)
        before = rank.copy()
        rank[chosen] = 1 + highest[constraint[chosen]]
        if (rank == before).all():
            return rank
    rank[rank >= _MOST_RANKS] = 0
    return rank
