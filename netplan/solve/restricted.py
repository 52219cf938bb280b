"""The policy part with some columns free and all others as they are."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.policy_part import PolicyPart

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ROUNDING = 1e-9
"""What fixed columns use of a constraint is known this well."""


def restricted(
    part: PolicyPart, x: Floats, columns: Ints, is_free: Flags, *, left_out: Flags | None = None
) -> PolicyPart:
    """Constraints that free columns are in, with what the fixed ones use taken off.

    Parameters
    ----------
    x, is_free
        Values of all columns and which of them are free, shape (m,).
    columns
        Columns that it shall have, those of the problem first: all the free ones, and fixed ones, which stay at x.
    left_out
        Constraints to leave out, if any, by constraint.
    """
    matrix = part.matrix
    is_touched = scipy.sparse.csr_array(abs(matrix)) @ is_free.astype(np.float64) > 0.0
    touched = np.flatnonzero(is_touched if left_out is None else is_touched & ~left_out)
    mine = scipy.sparse.csr_array(matrix[touched])
    fixed = mine @ np.where(is_free, 0.0, x)
    free = np.flatnonzero(is_free[columns])
    place = np.full(len(is_free), -1, dtype=np.int64)
    place[columns[free]] = free
    at = place[mine.indices]
    kept = at >= 0
    row = np.repeat(np.arange(mine.shape[0]), np.diff(mine.indptr))
    local = scipy.sparse.coo_array(
        (mine.data[kept], (row[kept], at[kept])), shape=(mine.shape[0], len(columns))
    ).tocsr()
    stands, num_y = ~is_free[columns], int(np.searchsorted(columns, part.num_columns))
    return PolicyPart(
        num_columns=num_y,
        cost=part.cost[columns],
        lower=np.where(stands, x[columns], part.lower[columns]),
        upper=np.where(stands, x[columns], part.upper[columns]),
        is_integer=part.is_integer[columns],
        matrix=scipy.sparse.csr_array(local),
        row_lower=part.row_lower[touched] - fixed - _ROUNDING,
        row_upper=part.row_upper[touched] - fixed + _ROUNDING,
        num_open=(0, num_y),
        offset=0.0,
    )
