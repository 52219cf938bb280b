"""The moves of local search, compiled: add, drop and swap with gains kept up to date (Resende and Werneck 2007).

For each column three sums over rows are kept and changed only for rows whose nearest or second nearest open column changes:

    gain[f]   saved if closed f opens:            w max(0, first - c_f)
    loss[r]   lost if open r closes:              w (second - first)                         over rows nearest to r
    extra[f]  of that, not lost if f opens too:   w (second - max(c_f, first))               over rows with c_f < second

so that swapping r for f saves gain[f] - loss[r] + the part of extra[f] that belongs to r. Extra in full bounds any part of it,
which leaves few columns whose rows have to be looked at (after Resende and Werneck, doi 10.1016/j.ejor.2005.05.028).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Arrays = tuple[Ints, Columns, Floats, Floats, Floats, Ints, Ints, Ints]
"""start, column, cost, weight, penalty; column starts, entries by column and then by cost, row of each entry"""
State = tuple[Ints, Ints, Floats, Floats, Floats, Floats]
"""entry of the nearest and second nearest open column of each row (-1: none); gain, loss, extra of each column; and, alone in
the last, the reach: no less than any row's second cost, so that dearer entries change nothing"""


@compiled
def _scan(arrays: Arrays, is_open: Flags, row: int) -> tuple[int, int]:
    """Entries of the nearest and second nearest open column of a row."""
    start, column = arrays[0], arrays[1]
    first = -1
    for e in range(start[row], start[row + 1]):
        if is_open[column[e]]:
            if first >= 0:
                return first, e
            first = e
    return first, -1


@compiled
def _count(arrays: Arrays, state: State, row: int, sign: float) -> None:
    """Add (or take back) what a row contributes to gain, loss and extra."""
    start, column, cost, weight, penalty = arrays[:5]
    near, second, gain, loss, extra, reach = state
    low = cost[near[row]] if near[row] >= 0 else penalty[row]
    high = cost[second[row]] if second[row] >= 0 else penalty[row]
    amount = sign * weight[row]
    reach[0] = max(reach[0], high)
    if near[row] >= 0:
        loss[column[near[row]]] += amount * (high - low)
    for e in range(start[row], start[row + 1]):
        if cost[e] >= high:
            break
        if cost[e] < low:
            gain[column[e]] += amount * (low - cost[e])
        extra[column[e]] += amount * (high - max(cost[e], low))


@compiled
def prepare(arrays: Arrays, is_open: Flags) -> State:
    """The state that goes with these open columns."""
    rows, columns = len(arrays[3]), len(is_open)
    near, second = np.full(rows, -1, dtype=np.int64), np.full(rows, -1, dtype=np.int64)
    state = (near, second, np.zeros(columns), np.zeros(columns), np.zeros(columns), np.full(1, -np.inf))
    for row in range(rows):
        near[row], second[row] = _scan(arrays, is_open, row)
        _count(arrays, state, row, 1.0)
    return state


@compiled
def toggle(arrays: Arrays, state: State, is_open: Flags, j: int) -> None:
    """Open or close a column and bring the state up to date."""
    col_start, col_entry, row_of = arrays[5:]
    near, second = state[0], state[1]
    is_open[j] = not is_open[j]
    for position in range(col_start[j], col_start[j + 1]):
        e = col_entry[position]
        row = row_of[e]
        if arrays[2][e] > state[5][0]:
            break
        if is_open[j]:
            if second[row] >= 0 and second[row] < e:
                continue
            _count(arrays, state, row, -1.0)
            if near[row] < 0 or e < near[row]:
                near[row], second[row] = e, near[row]
            else:
                second[row] = e
        else:
            if near[row] != e and second[row] != e:
                continue
            _count(arrays, state, row, -1.0)
            near[row], second[row] = _scan(arrays, is_open, row)
        _count(arrays, state, row, 1.0)


@compiled
def best_add(state: State, is_open: Flags, is_free: Flags, open_cost: Floats) -> tuple[float, int, int]:
    """The most that opening one column saves: saving, that column, -1."""
    best, which = -np.inf, -1
    for f in range(len(is_open)):
        if is_free[f] and not is_open[f] and state[2][f] - open_cost[f] > best:
            best, which = state[2][f] - open_cost[f], f
    return best, which, -1


@compiled
def best_drop(state: State, is_open: Flags, is_free: Flags, open_cost: Floats) -> tuple[float, int, int]:
    """The most that closing one column saves: saving, -1, that column."""
    best, which = -np.inf, -1
    for r in range(len(is_open)):
        if is_free[r] and is_open[r] and open_cost[r] - state[3][r] > best:
            best, which = open_cost[r] - state[3][r], r
    return best, -1, which


@compiled
def shrink_reach(arrays: Arrays, state: State) -> None:
    """Bring the reach down to the largest second cost of any row."""
    cost, penalty, second = arrays[2], arrays[4], state[1]
    state[5][0] = -np.inf
    for row in range(len(penalty)):
        state[5][0] = max(state[5][0], cost[second[row]] if second[row] >= 0 else penalty[row])


@compiled
def best_out(arrays: Arrays, state: State, f: int, stay: tuple[Floats, float], part: Floats) -> tuple[float, int]:
    """The most that closing one column saves once f is open, beside what opening f saves; and that column, -1: the easiest.

    `stay` is what closing each column saves in opening costs (minus infinity where it must stay), and what the easiest saves;
    `part` is a workspace of zeros, shape (n,).
    """
    column, cost, weight, penalty = arrays[1], arrays[2], arrays[3], arrays[4]
    near, second, loss = state[0], state[1], state[3]
    open_cost, saved = stay
    out, first, last = -1, arrays[5][f], arrays[5][f + 1]
    for position in range(first, last):
        e = arrays[6][position]
        row = arrays[7][e]
        if cost[e] >= state[5][0]:
            last = position
            break
        high = cost[second[row]] if second[row] >= 0 else penalty[row]
        if near[row] >= 0 and cost[e] < high:
            r = column[near[row]]
            part[r] += weight[row] * (high - max(cost[e], cost[near[row]]))
            if open_cost[r] - loss[r] + part[r] > saved:
                saved, out = open_cost[r] - loss[r] + part[r], r
    for position in range(first, last):
        row = arrays[7][arrays[6][position]]
        if near[row] >= 0:
            part[column[near[row]]] = 0.0
    return saved, out


@compiled
def _fill(
    arrays: Arrays, state: State, flags: tuple[Flags, Flags], open_cost: Floats, limits: tuple[int, int, float]
) -> int:
    """Add and drop columns, the best first, until none saves enough and the number open is allowed; the moves taken."""
    is_open, is_free = flags
    lowest, highest, least = limits
    moves, count = 0, int(is_open.sum())
    while True:
        saved, opened, closed = least, -1, -1
        if count < highest:
            add = best_add(state, is_open, is_free, open_cost)
            if add[1] >= 0 and (add[0] > saved or count < lowest):
                saved, opened, closed = add
        if count > lowest:
            drop = best_drop(state, is_open, is_free, open_cost)
            if drop[2] >= 0 and (drop[0] > saved or count > highest):
                saved, opened, closed = drop
        if opened < 0 and closed < 0:
            return moves
        toggle(arrays, state, is_open, max(opened, closed))
        count += 1 if opened >= 0 else -1
        moves += 1


@compiled
def _swap_all(arrays: Arrays, state: State, flags: tuple[Flags, Flags], open_cost: Floats, least: float) -> int:
    """Go through the closed columns once and swap each in for the column that saves most, where that is enough; the swaps."""
    is_open, is_free = flags
    gain, extra = state[2], state[4]
    stay, part = np.where(is_free, open_cost, -np.inf), np.zeros(len(is_open))
    swapped = 0
    easiest, _, cheap = best_drop(state, is_open, is_free, open_cost)
    for f in range(len(is_open)):
        if cheap < 0 or is_open[f] or not is_free[f] or gain[f] - open_cost[f] + extra[f] + easiest <= least:
            continue
        saved, out = best_out(arrays, state, f, (stay, easiest), part)
        if gain[f] - open_cost[f] + saved > least:
            toggle(arrays, state, is_open, f)
            toggle(arrays, state, is_open, out if out >= 0 else cheap)
            easiest, _, cheap = best_drop(state, is_open, is_free, open_cost)
            swapped += 1
    shrink_reach(arrays, state)
    return swapped


@compiled
def descend(
    arrays: Arrays, flags: tuple[Flags, Flags], open_cost: Floats, limits: tuple[int, int, float], most: int
) -> int:
    """Add, drop and swap until nothing saves enough; changes the flags of what is open; returns the moves taken.

    `flags` say what is open and what is free; `limits` are the least and most columns open, and what a move has to save; there
    are at most `most` rounds of swaps.
    """
    state = prepare(arrays, flags[0])
    moves = 0
    for _ in range(most):
        moves += _fill(arrays, state, flags, open_cost, limits)
        if not limits[0] <= flags[0].sum() <= limits[1]:
            return moves
        swaps = _swap_all(arrays, state, flags, open_cost, limits[2])
        moves += swaps
        if swaps == 0:
            return moves
    return moves
