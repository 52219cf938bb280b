"""Groups of rows that are near one another: those that share the most columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.hull import Group
from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import SortedRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def savings_of_steps(rows: SortedRows) -> Floats | None:
    """What serving each row saves, 0 for one without entries, if all its entries cost the same; else None; shape (R,)."""
    some = np.diff(rows.start) > 0
    if rows.is_forced.any() or not some.any():
        return None
    first, last = rows.cost[rows.start[:-1][some]], rows.cost[rows.start[1:][some] - 1]
    if (first != last).any():
        return None
    saving = np.zeros(len(rows))
    saving[some] = rows.weight[some] * (rows.penalty[some] - first)
    return saving


def groups_of_rows(
    rows_savings: tuple[SortedRows, Floats], part: PolicyPart, rng: np.random.Generator, *, size: int, times: int
) -> Iterator[Group]:
    """Groups of so many rows around rows drawn at random, until each is in so many."""
    rows, saving = rows_savings
    # what is open for sure serves, too: a cut without it would rule out good solutions
    can_open = part.upper[: rows.num_columns] > 0.5
    useful = can_open[rows.column] & (saving > 0.0)[rows.row_of_entry]
    shape = (len(rows), rows.num_columns)
    links = scipy.sparse.csr_array((useful.astype(float), rows.column.copy(), rows.start.copy()), shape=shape)
    links.eliminate_zeros()
    together = scipy.sparse.csr_array(links @ links.T)
    count = np.zeros(len(rows), dtype=np.int64)
    served = np.flatnonzero(np.diff(links.indptr) > 0)
    for seed in rng.permutation(served):
        if count[seed] < times:
            chosen = _around(together, int(seed), size)
            count[chosen] += 1
            yield _group(links, chosen, saving)


def _around(together: scipy.sparse.csr_array, seed: int, size: int) -> Ints:
    """So many rows that share the most columns with one, or with those that do."""
    inside = np.zeros(together.shape[0], dtype=bool)
    inside[seed] = True
    while True:
        shared = np.asarray(inside.astype(float) @ together)
        shared[inside] = 0.0
        found, room = np.flatnonzero(shared), size - int(inside.sum())
        if room <= 0 or not len(found):
            return np.flatnonzero(inside)
        inside[found[np.argsort(-shared[found], kind="stable")[:room]]] = True


def _group(links: scipy.sparse.csr_array, chosen: Ints, saving: Floats) -> Group:
    mine = links[chosen]
    columns = np.unique(mine.indices).astype(np.int64)
    return Group(chosen, columns, np.asarray(mine[:, columns].todense()) > 0.0, saving[chosen])
