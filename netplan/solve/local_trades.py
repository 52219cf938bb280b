"""Trades in a local search, compiled: a change that would pay but for a constraint, with others anywhere that make room for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, compiled_inside
from netplan.solve.local_changes import commit, missed_by, room_made, weigh
from netplan.solve.local_moves import Known, Move, Scratch, Search, State, Walk, assemble, new_move, owner, wake

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Rooms = tuple[Ints, Floats]
"""Changes that make room in a constraint, cheapest first, and how much; shapes (r,)."""

_ENOUGH = 1.0 - 1e-9
"""What room is as good as what is needed, as a share of it."""

_PARTNERS = 4
"""So many changes at most make room for another."""


@compiled
def trade(search: Search, state: State, scratch: Scratch, known: Known, walk: tuple[Walk, Ints, Ints]) -> int:
    """Join changes that would be cheaper but break a constraint with others that make room for them; how many.

    The changes come in an order that keeps those together which break the same constraint; it goes on from a position, and ends
    when enough was weighed.
    """
    (is_due, _, left, least), order, position = walk
    move, traded, row = new_move(), 0, -1
    rooms = _rooms(search, state, known, row)
    while position[0] < len(order) and left[0] > 0:
        first = order[position[0]]
        position[0] += 1
        if row != known[2][first]:
            row = known[2][first]
            rooms = _rooms(search, state, known, row)
        change = _alone(search, state, scratch, (move, first, left))  # others may have made room
        if not change < -least:
            change = _with_another(search, state, scratch, (known, rooms), (move, first, left, least))
        if not change < -least:
            change = _with_several(search, state, scratch, (known, rooms), (move, first, left, least))
        if change < -least:
            commit(search, state, scratch, move)
            wake(search, move, is_due)
            traded, row = traded + 1, -1  # what makes room is another now
    return traded


@compiled_inside
def _rooms(search: Search, state: State, known: Known, row: int) -> Rooms:
    """The changes of a single site that make room in a constraint; none for no constraint."""
    cost, (starts, target) = known[0], search[3][0]
    site_of, (row_start, columns) = search[1][0], search[2][4]
    found, room, size, move = np.empty(len(target), dtype=np.int64), np.empty(len(target)), 0, new_move()
    if row >= 0:
        for e in range(row_start[row], row_start[row + 1]):
            other = site_of[columns[e]] if columns[e] < len(site_of) else -1
            if other < 0 or state[4][0][other] != columns[e]:
                continue
            for u in range(starts[other], starts[other + 1]):
                move[2][0] = 0
                if cost[u] < np.inf and assemble(search, state, (other, target[u]), move):
                    found[size], room[size] = u, room_made(search[2], state, (move, 0), row)
                    size += 1 if room[size] > 0.0 else 0
    order = np.argsort(cost[found[:size]], kind="mergesort")
    return found[:size][order], room[:size][order]


@compiled_inside
def _alone(search: Search, state: State, scratch: Scratch, at: tuple[Move, int, Ints]) -> float:
    """What a change costs, infinitely much if it still breaks a constraint; it is the move then."""
    (starts, target), (move, first, left) = search[3][0], at
    move[2][0] = 0
    if not assemble(search, state, (owner(starts, first), target[first]), move):
        return np.inf
    return weigh(search, state, scratch, move, left)


@compiled_inside
def _with_another(
    search: Search, state: State, scratch: Scratch, known: tuple[Known, Rooms], at: tuple[Move, int, Ints, float]
) -> float:
    """Join a change that breaks a constraint with the one that makes the best of it; what both cost."""
    (cost, _, breaks), (partners, room) = known
    move, first, left, least = at
    best, second = -least, -1
    needed = missed_by(search, state, scratch, (move, breaks[first]))  # the move is the first change alone
    if not needed > 0.0:
        return np.inf
    for k in range(len(partners)):
        if not cost[first] + cost[partners[k]] < best:
            break
        if room[k] >= _ENOUGH * needed and _joined(search, state, move, (partners[k], first)):
            change = weigh(search, state, scratch, move, left)
            if change < best:
                best, second = change, partners[k]
    return best if second >= 0 and _joined(search, state, move, (second, first)) else np.inf


@compiled_inside
def _joined(search: Search, state: State, move: Move, both: tuple[int, int]) -> bool:
    """Make two changes the move; whether they go together."""
    starts, target = search[3][0]
    move[2][0] = 0
    one, other = both
    return assemble(search, state, (owner(starts, one), target[one]), move) and assemble(
        search, state, (owner(starts, other), target[other]), move
    )


@compiled_inside
def _with_several(
    search: Search, state: State, scratch: Scratch, known: tuple[Known, Rooms], at: tuple[Move, int, Ints, float]
) -> float:
    """Join a change that breaks a constraint with those that cost least for the room it needs; what all cost."""
    (cost, _, breaks), rooms = known
    move, first, left, least = at
    starts, target = search[3][0]
    row, spent = breaks[first], cost[first]
    move[2][0] = 0
    if not assemble(search, state, (owner(starts, first), target[first]), move):
        return np.inf
    for _ in range(_PARTNERS):
        needed = missed_by(search, state, scratch, (move, row))
        u = _cheapest_room(search, state, (known[0], rooms), (move, row, needed))
        if u < 0 or not spent + cost[u] < -least:
            return np.inf
        assemble(search, state, (owner(starts, u), target[u]), move)
        spent += cost[u]
        change = weigh(search, state, scratch, move, left)
        if change < np.inf:
            return change
    return np.inf


@compiled_inside
def _cheapest_room(search: Search, state: State, known: tuple[Known, Rooms], at: tuple[Move, int, float]) -> int:
    """The change that costs least for what it makes of the room needed in a constraint, of a site that the move has not; -1 for none."""
    (cost, _, breaks), (partners, room) = known
    (starts, target), (move, row, needed) = search[3][0], at
    best, found, size = np.inf, -1, move[2][0]
    for k in range(len(partners)):
        u = partners[k]
        price = max(cost[u], 0.0) / min(needed, room[k]) if needed > 0.0 else np.inf
        if not price < best or not (breaks[u] < 0 or breaks[u] == row):
            continue
        move[2][0] = size
        if assemble(search, state, (owner(starts, u), target[u]), move):
            made = min(needed, room_made(search[2], state, (move, size), row))  # without what the move switches anyway
            if made > 0.0 and max(cost[u], 0.0) / made < best:
                best, found = max(cost[u], 0.0) / made, u
    move[2][0] = size
    return found
