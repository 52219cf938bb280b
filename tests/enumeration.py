"""Plain enumeration of small choices, to hold the engine against."""

from __future__ import annotations

import itertools

import numpy as np

from netplan.engine.rows import SortedRows


def values_of(rows: SortedRows, p: int) -> tuple[np.ndarray, np.ndarray]:
    """All choices of p columns and what they cost."""
    chosen = np.array(list(itertools.combinations(range(rows.num_columns), p)))
    plans = np.zeros((len(chosen), rows.num_columns), dtype=bool)
    np.put_along_axis(plans, chosen, values=True, axis=1)
    return plans, np.array([rows.total(plan) for plan in plans])
