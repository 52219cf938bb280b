"""The capacitated program and its linear relaxation.

    minimise    sum_j f_j y_j + sum_ij c_ij x_ij + sum_i g_i u_i
    subject to  sum_j x_ij + u_i = 1,   sum_i d_i x_ij <= Q_j y_j,   x_ij <= y_j,   sum_j Q_j y_j + sum_i d_i u_i >= sum_i d_i

with the weight in c_ij, and u_i only where a customer may stay unserved. The last row follows from the others; the solver finds
cover cuts from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case
from netplan.classic.compact import stacked
from netplan.classic.transport import Flow, Loads
from netplan.engine.live import LiveModel
from netplan.engine.policy_part import PolicyPart

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ALL_AT_ONCE = 30_000
"""Up to so many pairs x <= y is there from the start; beyond, where it is violated."""

_ROUNDS, _EXACT = 60, 1e-6


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What the linear relaxation came to.

    Attributes
    ----------
    value, y
        Its value, and its y, shape (J,).
    reduced_y, reduced
        Reduced costs of y, shape (J,), and of pairs, shape (K,).
    strong
        Pairs with their row x <= y in the model, shape (K,).
    is_infeasible
        Whether it has no solution, so that there is none at all.
    """

    value: float
    y: Floats
    reduced_y: Floats
    reduced: Floats
    strong: Flags
    is_infeasible: bool = False


def program(case: Case, loads: Loads, pairs: Ints, *, strong: Flags) -> PolicyPart:
    """The program over some pairs, shape (k,): columns y, then x of these pairs, then u; `strong` pairs have x <= y, shape (k,)."""
    size, width = len(case.costs), case.num_sites
    row, column = case.costs.row[pairs], case.costs.column[pairs]
    idle = np.flatnonzero(np.isfinite(loads.penalty))
    blocks, lower, upper = _rows(loads, (size, width), row, column, idle)
    held = np.flatnonzero(strong)
    blocks.append(_strong(column[held], held, (width, len(pairs), len(idle))))
    lower.append(np.full(len(held), -np.inf))
    upper.append(np.zeros(len(held)))
    matrix, low, high = stacked(blocks, lower, upper)
    part = case.part(loads.num_open, loads.opening)
    return replace(
        part,
        cost=np.concatenate([loads.opening, loads.cost[pairs], loads.penalty[idle]]),
        lower=np.concatenate([part.lower, np.zeros(len(pairs) + len(idle))]),
        upper=np.concatenate([part.upper, np.ones(len(pairs) + len(idle))]),
        is_integer=np.concatenate([part.is_integer, np.full(len(pairs) + len(idle), loads.single_source)]),
        matrix=matrix,
        row_lower=low,
        row_upper=high,
        offset=loads.offset,
    )


def _rows(
    loads: Loads, shape: tuple[int, int], row: Ints, column: Ints, idle: Ints
) -> tuple[list[list[scipy.sparse.csr_array | None]], list[Floats], list[Floats]]:
    """Everyone served, no site beyond its capacity, and capacity enough in all."""
    size, width = shape
    entry = np.arange(len(row))
    to_row = scipy.sparse.csr_array((np.ones(len(row)), (row, entry)), shape=(size, len(row)))
    unserved = scipy.sparse.csr_array((np.ones(len(idle)), (idle, np.arange(len(idle)))), shape=(size, len(idle)))
    load = scipy.sparse.csr_array((loads.demand[row], (column, entry)), shape=(width, len(row)))
    capacity = scipy.sparse.diags_array(-loads.capacity, format="csr")
    no_x = scipy.sparse.csr_array((1, len(row)))
    spared = scipy.sparse.csr_array(loads.demand[idle][None, :])
    blocks: list[list[scipy.sparse.csr_array | None]] = [
        [scipy.sparse.csr_array((size, width)), to_row, unserved],
        [scipy.sparse.csr_array(capacity), load, None],
        [scipy.sparse.csr_array(loads.capacity[None, :]), no_x, spared],
    ]
    need = float(loads.demand.sum())
    lower = [np.ones(size), np.full(width, -np.inf), np.array([need * (1.0 - 1e-9)])]
    return blocks, lower, [np.ones(size), np.zeros(width), np.array([np.inf])]


def _strong(column: Ints, held: Ints, widths: tuple[int, int, int]) -> list[scipy.sparse.csr_array | None]:
    """Rows x - y <= 0 of the pairs at these places."""
    width, num_pairs, num_idle = widths
    at = np.arange(len(held))
    minus_y = scipy.sparse.csr_array((-np.ones(len(held)), (at, column)), shape=(len(held), width))
    plus_x = scipy.sparse.csr_array((np.ones(len(held)), (at, held)), shape=(len(held), num_pairs))
    return [minus_y, plus_x, scipy.sparse.csr_array((len(held), num_idle))]


def relaxed(case: Case, loads: Loads) -> Relaxed | None:
    """The linear relaxation with all x <= y that it violates; None if there was no time for it."""
    num_pairs, width = len(loads.cost), case.num_sites
    strong = np.full(num_pairs, num_pairs <= _ALL_AT_ONCE)
    everyone = np.arange(num_pairs, dtype=np.int64)
    live = LiveModel(program(case, loads, everyone, strong=strong), seed=case.run.options.seed)
    num_idle = int(np.isfinite(loads.penalty).sum())
    best: Relaxed | None = None
    for _ in range(_ROUNDS):
        stopped = live.solve_relaxation(case.run)
        if stopped == "infeasible":
            nothing = np.empty(0)
            return Relaxed(np.inf, nothing, nothing, nothing, strong, is_infeasible=True)
        if stopped != "proven":
            return best
        values, reduced = live.values, live.reduced_costs
        best = Relaxed(
            live.objective, values[:width], reduced[:width], reduced[width : width + num_pairs], strong.copy()
        )
        over = values[width : width + num_pairs] - values[:width][case.costs.column] > _EXACT
        missing = np.flatnonzero(over & ~strong)
        if not len(missing):
            return best
        strong[missing] = True
        rows = _strong(case.costs.column[missing], missing, (width, num_pairs, num_idle))
        matrix = scipy.sparse.csr_array(scipy.sparse.hstack(rows, format="csr"))
        live.add_rows(matrix, np.full(len(missing), -np.inf), np.zeros(len(missing)))
    return best


def start_values(case: Case, loads: Loads, pairs: Ints, flow: Flow) -> Floats:
    """A solution as values of every column of the program over these pairs; what it has besides is left out."""
    idle = np.flatnonzero(np.isfinite(loads.penalty))
    share = np.zeros(len(loads.cost))
    share[flow.pairs] = flow.share
    y = np.zeros(case.num_sites)
    y[flow.sites] = 1.0
    served = np.bincount(case.costs.row[flow.pairs], weights=flow.share, minlength=len(case.costs))
    return np.concatenate([y, share[pairs], 1.0 - served[idle]])
