"""What single moves change for customers and loads, by the rows they touch; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled
from netplan.engine.kernels import Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Customers = tuple[Rows, tuple[Floats, Ints], tuple[Ints, Ints, Ints]]
"""The sorted rows; load and service of the access rows, which are the first; starts by column, its entries, row of every entry."""

Sites = tuple[Ints, Floats, Floats]
"""Site of each column, shape (n,); what it can take by service, 0 if it does not operate, shape (n, S); price by service."""

State = tuple[Flags, Ints, Floats, Floats]
"""What is open, shape (n,); the entry that serves each row, -1 for none; load and capacity now, shapes (sites, S)."""

Touched = tuple[Ints, Flags, Ints]
"""Sites touched so far, whether each is among them, and (as the one number of an array) how many they are."""

Scratch = tuple[tuple[Ints, Ints], tuple[tuple[Floats, Floats], Touched]]
"""Stamp of each row and (as the one number of an array) the stamp now; load, capacity and sites while a move is weighed."""


@compiled
def changes_by_move(customers: Customers, sites: Sites, state: State, moves: tuple[Ints, Ints, Ints]) -> Floats:
    """What each move adds to the cost of rows and overflow, shape (moves,).

    Parameters
    ----------
    state
        The state before; each move is tried in it and taken back.
    moves
        Start of each move, its columns, and where those it switches on begin; shapes (moves + 1,), (k,), (moves,).
    """
    is_open, serving, load, capacity = state
    starts, columns, first_on = moves
    change, on, size = np.zeros(len(first_on)), np.ones(len(columns), dtype=np.bool_), np.zeros(1, dtype=np.int64)
    seen = np.zeros(len(serving), dtype=np.int64), np.zeros(1, dtype=np.int64)
    touched = np.empty(len(load), dtype=np.int64), np.zeros(len(load), dtype=np.bool_), np.zeros(1, dtype=np.int64)
    scratch = seen, ((load.copy(), capacity.copy()), touched)
    for m in range(len(first_on)):
        first, last = starts[m], starts[m + 1]
        on[first : first_on[m]] = False
        size[0] = last - first
        move = columns[first:last], on[first:last], size
        change[m] = change_by_move(customers, sites, (is_open, serving, (load, capacity)), scratch, move)
    return change


@compiled
def change_by_move(
    customers: Customers,
    sites: Sites,
    state: tuple[Flags, Ints, tuple[Floats, Floats]],
    scratch: Scratch,
    move: tuple[Ints, Flags, Ints],
) -> float:
    """What a move - columns, whether they are switched on, their number - adds to the cost of rows and overflow; the state stays."""
    (is_open, serving, before), (columns, on, size) = state, move
    (seen, stamp), (after, touched) = scratch
    by_column, change = customers[2], 0.0
    stamp[0] += 1
    for k in range(size[0]):
        is_open[columns[k]] = on[k]
        resize(sites, columns[k], is_open, after[1], touched)
    for k in range(size[0]):
        for position in range(by_column[0][columns[k]], by_column[0][columns[k] + 1]):
            e = by_column[1][position]
            r = by_column[2][e]
            used = serving[r]
            if seen[r] != stamp[0] and (used < 0 or e <= used):  # nothing behind the entry in use matters
                seen[r] = stamp[0]
                change += move_row(
                    customers, sites[0], (r, used, first_open(customers[0], is_open, r)), after[0], touched
                )
    change += settle(sites[2], before, after, touched)
    for k in range(size[0]):
        is_open[columns[k]] = not on[k]
    return change


@compiled
def resize(sites: Sites, j: int, is_open: Flags, capacity: Floats, touched: Touched) -> None:
    """Give the site of a column its capacity, or take it away."""
    site, by_service = sites[0][j], sites[1][j]
    if by_service.sum() != 0.0:
        for c in range(len(by_service)):
            capacity[site, c] = by_service[c] if is_open[j] else 0.0
        _touch(site, touched)


@compiled
def first_open(rows: Rows, is_open: Flags, r: int) -> int:
    """The first open entry of a row, -1 if there is none."""
    for e in range(rows[0][r], rows[0][r + 1]):
        if is_open[rows[1][e]]:
            return e
    return -1


@compiled
def move_row(customers: Customers, site_of: Ints, move: tuple[int, int, int], load: Floats, touched: Touched) -> float:
    """Serve a row by another entry: what it costs more; its visits go along."""
    _, column, cost, weight, penalty = customers[0]
    r, old, new = move
    if r < len(customers[1][0]):
        for entry, amount in ((old, -customers[1][0][r]), (new, customers[1][0][r])):
            if entry >= 0:
                load[site_of[column[entry]], customers[1][1][r]] += amount
                _touch(site_of[column[entry]], touched)
    if weight[r] <= 0.0:
        return 0.0
    change: float = (cost[new] if new >= 0 else penalty[r]) - (cost[old] if old >= 0 else penalty[r])
    return change * float(weight[r])


@compiled
def _touch(site: int, touched: Touched) -> None:
    """Note a site, once."""
    if not touched[1][site]:
        touched[1][site] = True
        touched[0][touched[2][0]] = site
        touched[2][0] += 1


@compiled
def settle(price: Floats, before: tuple[Floats, Floats], after: tuple[Floats, Floats], touched: Touched) -> float:
    """What the overflow of the touched sites costs more than before; they are put back as they were."""
    change = 0.0
    for s in touched[0][: touched[2][0]]:
        touched[1][s] = False
        for c in range(len(price)):
            over = max(0.0, after[0][s, c] - after[1][s, c]) - max(0.0, before[0][s, c] - before[1][s, c])
            change += price[c] * over
            after[0][s, c], after[1][s, c] = before[0][s, c], before[1][s, c]
    touched[2][0] = 0
    return change
