"""What a move changes: the policy part by the constraints it touches, customers by the rows it touches; and making it; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled_inside
from netplan.solve.local_moves import Move, Policy, Scratch, Search, State
from netplan.solve.move_kernels import change_by_move, first_open, move_row, resize

Ints = NDArray[np.int64]

_ROOM = 1e-9
"""How far a constraint may be missed, relative to its value."""

FITS, IMPOSSIBLE = -1, -2
"""Instead of the constraint that a move breaks: it breaks none, or a column cannot be switched at all."""


@compiled_inside
def weigh(search: Search, state: State, scratch: Scratch, move: Move, left: Ints) -> float:
    """What a move costs, infinitely much if it breaks a constraint."""
    of_policy, broken = policy_change(search, state, scratch, move)
    if broken != FITS:
        return np.inf
    left[0] -= 1
    return of_policy + customers_change(search, state, scratch, move)


@compiled_inside
def policy_change(search: Search, state: State, scratch: Scratch, move: Move) -> tuple[float, int]:
    """What a move costs in the policy part, and the first constraint it breaks, `FITS` or `IMPOSSIBLE`.

    The changes stay in the workspace.
    """
    policy, stamp = search[2], scratch[0][1]
    scratch[2][2][0], scratch[3][1][0] = 1, 1  # sizes come first in the lists
    stamp[0] += 1
    cost = _switch(search, state, scratch, move)
    if not cost < np.inf:
        return cost, IMPOSSIBLE
    rank_of, broken = policy[3][3], -1
    highest = rank_of.max() if len(rank_of) else 0
    for rank in range(1, highest + 1):
        more, broken = _follow(policy, state, scratch, rank)
        cost += more
        if broken >= 0:
            return cost, broken
    return cost, _broken(policy, state, scratch)


@compiled_inside
def _switch(search: Search, state: State, scratch: Scratch, move: Move) -> float:
    """Note a move's columns, and those that end with them; what they cost, infinitely much if one may not be switched."""
    policy, (support_start, support) = search[2], search[3][3]
    (_, lower, upper), x, cost = policy[1], state[3][0], 0.0
    for k in range(move[2][0]):
        j = move[0][k]
        if (move[1][k] and upper[j] < 0.5) or (not move[1][k] and lower[j] > 0.5):
            return np.inf
        cost += _shift(policy, scratch, j, (1.0 if move[1][k] else 0.0) - x[j])
        if not move[1][k]:
            for e in range(support_start[j], support_start[j + 1]):
                cost += _shift(policy, scratch, support[e], -x[support[e]])
    return cost


@compiled_inside
def _follow(policy: Policy, state: State, scratch: Scratch, rank: int) -> tuple[float, int]:
    """Note the changes of followers of a rank; what they cost, and the constraint of one that cannot follow, -1 for none."""
    determines, _, _, rank_of = policy[3]
    row_list, seen, stamp = scratch[2][2], scratch[3][2], scratch[0][1][0]
    x, upper, cost, position = state[3][0], policy[1][2], 0.0, 1
    while position < row_list[0]:
        v = determines[row_list[position]]
        if v >= 0 and rank_of[v] == rank and seen[v] != stamp:
            seen[v] = stamp
            value = _least(policy, state, scratch, v)
            if value > upper[v] + _ROOM:
                return cost, row_list[position]
            cost += _shift(policy, scratch, v, value - x[v])
        position += 1
    return cost, -1


@compiled_inside
def _shift(policy: Policy, scratch: Scratch, j: int, change: float) -> float:
    """Note the change of a column in its constraints; what it costs."""
    (start, rows, coefficient), cost = policy[0], policy[1][0]
    by_row, row_stamp, row_list = scratch[2]
    amounts, columns, _ = scratch[3]
    if change == 0.0:
        return 0.0
    amounts[columns[0]], columns[columns[0]] = change, j
    columns[0] += 1
    for e in range(start[j], start[j + 1]):
        i = rows[e]
        if row_stamp[i] != scratch[0][1][0]:
            row_stamp[i], by_row[i] = scratch[0][1][0], 0.0
            row_list[row_list[0]] = i
            row_list[0] += 1
        by_row[i] += coefficient[e] * change
    return float(cost[j]) * change


@compiled_inside
def _least(policy: Policy, state: State, scratch: Scratch, v: int) -> float:
    """The least value of a follower that its constraint allows."""
    row_lower, row_upper = policy[2]
    _, constraint, coefficient, _ = policy[3]
    x, value = state[3]
    i = constraint[v]
    rest = value[i] + scratch[2][0][i] - coefficient[v] * x[v]
    side = row_lower[i] if coefficient[v] > 0.0 else row_upper[i]
    return float(max(policy[1][1][v], (side - rest) / coefficient[v]))


@compiled_inside
def _broken(policy: Policy, state: State, scratch: Scratch) -> int:
    """The first constraint that the changes noted break, -1 for none."""
    row_lower, row_upper = policy[2]
    by_row, _, row_list = scratch[2]
    for position in range(1, row_list[0]):
        i = row_list[position]
        value = state[3][1][i] + by_row[i]
        room = _ROOM * max(1.0, abs(value))
        if value < row_lower[i] - room or value > row_upper[i] + room:
            return int(i)
    return -1


@compiled_inside
def missed_by(search: Search, state: State, scratch: Scratch, at: tuple[Move, int]) -> float:
    """By how much a move misses a constraint."""
    policy, (move, row) = search[2], at
    policy_change(search, state, scratch, move)
    row_lower, row_upper = policy[2]
    is_touched = scratch[2][1][row] == scratch[0][1][0]
    value = state[3][1][row] + (scratch[2][0][row] if is_touched else 0.0)
    return float(max(0.0, value - row_upper[row], row_lower[row] - value))


@compiled_inside
def room_made(policy: Policy, state: State, part: tuple[Move, int], row: int) -> float:
    """By how much the last columns of a move, from a position on, take a constraint away from the limit it is at."""
    (start, rows, coefficient), (row_lower, row_upper) = policy[0], policy[2]
    (columns, flags, size), first = part
    value, change = state[3][1][row], 0.0
    for k in range(first, size[0]):
        for e in range(start[columns[k]], start[columns[k] + 1]):
            if rows[e] == row:
                change += coefficient[e] if flags[k] else -coefficient[e]
    is_at_most = row_upper[row] - value < value - row_lower[row]
    return float(-change if is_at_most else change)


@compiled_inside
def customers_change(search: Search, state: State, scratch: Scratch, move: Move) -> float:
    """What a move costs customers, overflow included; the state stays."""
    return change_by_move(search[0], search[1], (state[0], state[1], state[2]), (scratch[0], scratch[1]), move)


@compiled_inside
def commit(search: Search, state: State, scratch: Scratch, move: Move) -> None:
    """Make a move."""
    policy_change(search, state, scratch, move)
    (x, value), (operates, relocated) = state[3], state[4]
    by_row, _, row_list = scratch[2]
    amounts, columns, _ = scratch[3]
    for position in range(1, columns[0]):
        x[columns[position]] += amounts[position]
    for position in range(1, row_list[0]):
        value[row_list[position]] += by_row[row_list[position]]
    site_of, origin = search[1][0], search[3][1][0]
    for is_on in (False, True):
        for k in range(move[2][0]):
            j = move[0][k]
            if move[1][k] == is_on:
                if origin[j] >= 0:
                    relocated[origin[j]] = j if is_on else -1
                else:
                    operates[site_of[j]] = j if is_on else -1
    _serve_anew(search, state, scratch, move)


@compiled_inside
def _serve_anew(search: Search, state: State, scratch: Scratch, move: Move) -> None:
    """Open and close a move's columns and serve the rows they touch by what is open then."""
    (rows, _, by_column), sites = search[0], search[1]
    is_open, serving, (load, capacity) = state[0], state[1], state[2]
    (after_load, after_capacity), touched = scratch[1]
    for k in range(move[2][0]):
        is_open[move[0][k]] = move[1][k]
        resize(sites, move[0][k], is_open, capacity, touched)
    for k in range(move[2][0]):
        for position in range(by_column[0][move[0][k]], by_column[0][move[0][k] + 1]):
            e = by_column[1][position]
            r = by_column[2][e]
            if serving[r] < 0 or e <= serving[r]:
                new = first_open(rows, is_open, r)
                move_row(search[0], sites[0], (r, serving[r], new), load, touched)
                serving[r] = new
    for s in touched[0][: touched[2][0]]:
        touched[1][s] = False
        for c in range(load.shape[1]):
            after_load[s, c], after_capacity[s, c] = load[s, c], capacity[s, c]
    touched[2][0] = 0
