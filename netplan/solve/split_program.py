"""Who serves the visits that are tied to each other by a full or a starving site: a small linear program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run
from netplan.solve.split_rows import SplitRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ROUNDING = 1e-6
"""Visits by which a site may fall short of what makes it viable."""


@dataclass(frozen=True, slots=True)
class Tied:
    """The part of a split that has to be decided together.

    Attributes
    ----------
    rows
        Positions of the access rows.
    entries
        Their entries that may serve.
    pairs, columns
        The pairs whose capacity counts, and the columns that must find enough visits.
    """

    rows: Ints
    entries: Ints
    pairs: Ints
    columns: Ints


@dataclass(frozen=True, slots=True)
class Solved:
    """Visits at each entry, the price of each row, of each pair's capacity and of each column's need; what is missing in all."""

    flow: Floats
    price: Floats
    of_pair: Floats
    of_column: Floats
    missing: float


def solve_tied(rows: SplitRows, tied: Tied, y: Floats, run: Run) -> Solved | None:
    """The cheapest way to serve them at y; where there is none, the one that misses the fewest visits; None if it was cut short.

    min sum_e c_e f_e + sum_i unserved_i u_i + sum_p price_p o_p
    with sum_e f_e + u_i = d_i, f_e <= d_i y_j, sum_{e of p} f_e - o_p <= cap_p y_j, sum_{e of j} f_e + short_j >= least_j y_j.
    """
    for is_short in (False, True) if len(tied.columns) else (False,):
        live = LiveModel(_program(rows, tied, y, is_short=is_short))
        stopped = live.resolve(run)
        if stopped == "proven":
            return _read(live, tied, is_short=is_short)
        if stopped != "infeasible":
            return None
    return None


def _program(rows: SplitRows, tied: Tied, y: Floats, *, is_short: bool) -> PolicyPart:
    """Columns f, u, o, short; rows of the visits, of the pairs, of the columns. Costs are 1 for what is missing, if that is asked."""
    entries, sizes = tied.entries, (len(tied.entries), len(tied.rows), len(tied.pairs), len(tied.columns))
    limits, visits = rows.limits, rows.visits[rows.row_of(entries)]
    price = rows.limits.price_of_pair[tied.pairs]
    cost = np.concatenate([rows.cost[entries], rows.unserved[tied.rows], np.where(np.isfinite(price), price, 0.0)])
    upper = np.concatenate(
        [
            visits * y[rows.column[entries]],
            np.full(sizes[1], np.inf),
            np.where(np.isfinite(price), np.inf, 0.0),
            np.full(sizes[3], np.inf if is_short else 0.0),
        ]
    )
    room = limits.capacity[tied.pairs] * y[limits.column_of_pair[tied.pairs]]
    need = limits.least[tied.columns] * y[tied.columns] - _ROUNDING
    amount = rows.visits[tied.rows]
    return PolicyPart(
        num_columns=sum(sizes),
        cost=np.concatenate([np.zeros(len(cost)) if is_short else cost, np.ones(sizes[3])]),
        lower=np.zeros(sum(sizes)),
        upper=upper,
        is_integer=np.zeros(sum(sizes), dtype=bool),
        matrix=_matrix(rows, tied),
        row_lower=np.concatenate([amount, np.full(sizes[2], -np.inf), need]),
        row_upper=np.concatenate([amount, room, np.full(sizes[3], np.inf)]),
        num_open=(0, sum(sizes)),
        offset=0.0,
    )


def _matrix(rows: SplitRows, tied: Tied) -> scipy.sparse.csr_array:
    """Who is in which constraint."""
    entries, each = tied.entries, [len(tied.entries), len(tied.rows), len(tied.pairs), len(tied.columns)]
    starts, m, k = np.cumsum([0, *each]), len(tied.rows), len(tied.pairs)
    of_row = np.searchsorted(tied.rows, rows.row_of(entries))
    in_pair, of_pair = _place(tied.pairs, rows.pair_of(entries))
    in_column, of_column = _place(tied.columns, rows.column[entries].astype(np.int64))
    row = [of_row, np.arange(m), m + of_pair, m + np.arange(k), m + k + of_column, m + k + np.arange(each[3])]
    column = [
        np.arange(each[0]),
        starts[1] + np.arange(m),
        in_pair,
        starts[2] + np.arange(k),
        in_column,
        starts[3] + np.arange(each[3]),
    ]
    sign = [1.0, 1.0, 1.0, -1.0, 1.0, 1.0]
    data = np.concatenate([np.full(len(part), value) for part, value in zip(row, sign, strict=True)])
    shape = (m + k + each[3], int(starts[-1]))
    matrix = scipy.sparse.coo_array((data, (np.concatenate(row), np.concatenate(column))), shape=shape)
    return scipy.sparse.csr_array(matrix)


def _place(some: Ints, value: Ints) -> tuple[Ints, Ints]:
    """Positions of the values that are among some sorted ones, and where they stand there."""
    if not len(some):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    at = np.minimum(np.searchsorted(some, value), len(some) - 1)
    found = np.flatnonzero(some[at] == value)
    return found, at[found]


def _read(live: LiveModel, tied: Tied, *, is_short: bool) -> Solved:
    values, prices, m, k = live.values, live.row_prices, len(tied.rows), len(tied.pairs)
    return Solved(
        values[: len(tied.entries)],
        prices[:m],
        -prices[m : m + k],
        prices[m + k :],
        live.objective if is_short else 0.0,
    )
