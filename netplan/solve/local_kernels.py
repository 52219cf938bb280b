"""Local search over the states of sites, compiled: single changes, two at neighbours, and two that trade a scarce resource.

A move sets one or two sites to other states. What it does to customers and overflow is told by the rows it touches
(`move_kernels`), what it does to the policy part by the constraints it touches. Columns of the policy part that follow the sites'
- a cover, a sum of covers - are set to the least that their constraint allows; all others stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, compiled_inside
from netplan.solve.local_changes import IMPOSSIBLE, commit, customers_change, missed_by, policy_change, room_made, weigh
from netplan.solve.local_moves import Known, Move, Scratch, Search, State, Walk, assemble, new_move, owner, wake

Ints = NDArray[np.int64]

_ENOUGH = 1.0 - 1e-9
"""What room is as good as what is needed, as a share of it."""

_PARTNERS = 4
"""So many changes at most make room for another."""


@compiled
def descend(search: Search, state: State, scratch: Scratch, known: Known, walk: Walk) -> float:
    """Change sites, alone or with a neighbour, as long as that is cheaper, or until enough was weighed; what that changes the cost by."""
    is_due, cursor, left, _ = walk
    num_sites = len(is_due)
    move = new_move()
    idle, change = 0, 0.0
    while idle < num_sites and left[0] > 0:
        site = cursor[0]
        if is_due[site]:
            gained = _improve(search, state, scratch, known, (move, walk, site))
            if gained < 0.0:
                change += gained
                wake(search, move, is_due)
                idle = 0
                continue
            is_due[site] = False
        idle += 1
        cursor[0] = (site + 1) % num_sites
    return change


@compiled_inside
def _improve(
    search: Search,
    state: State,
    scratch: Scratch,
    known: Known,
    at: tuple[Move, Walk, int],
) -> float:
    """Make the change of one site that gains most, or the best one together with a neighbour; what that changes the cost by."""
    move, (_, _, left, least), site = at
    starts, target = search[3][0]
    best, first = -least, -1
    for t in range(starts[site], starts[site + 1]):
        _price(search, state, scratch, known, (move, left, site, t))
        if known[2][t] < 0 and known[0][t] < best:
            best, first = known[0][t], t
    second = -1
    if first < 0:
        best, first, second = _best_pair(search, state, scratch, known, at)
    if first < 0:
        return 0.0
    move[2][0] = 0
    assemble(search, state, (site, target[first]), move)
    if second >= 0:
        assemble(search, state, (owner(starts, second), target[second]), move)
    commit(search, state, scratch, move)
    return best


@compiled_inside
def _best_pair(
    search: Search,
    state: State,
    scratch: Scratch,
    known: Known,
    at: tuple[Move, Walk, int],
) -> tuple[float, int, int]:
    """The best change of a site and a neighbour: gain, and the two states; only such as may gain if customers of one go to the other."""
    move, (_, _, left, least), site = at
    cost, customers, _ = known
    (starts, target), (near_start, near) = search[3][0], search[3][2]
    best, first, second = -least, -1, -1
    for position in range(near_start[site], near_start[site + 1]):
        other = near[position]
        for u in range(starts[other], starts[other + 1]):
            for t in range(starts[site], starts[site + 1]):
                hope = cost[t] + cost[u] - max(0.0, customers[t]) - max(0.0, customers[u])
                if not hope < best:
                    continue
                move[2][0] = 0
                if not assemble(search, state, (site, target[t]), move):
                    continue
                if not assemble(search, state, (other, target[u]), move):
                    continue
                change = weigh(search, state, scratch, move, left)
                if change < best:
                    best, first, second = change, t, u
    return best, first, second


@compiled_inside
def _price(
    search: Search,
    state: State,
    scratch: Scratch,
    known: Known,
    at: tuple[Move, Ints, int, int],
) -> None:
    """Note what a state of a site costs more than the one it has: infinitely much if it has it, or cannot have it."""
    move, left, site, t = at
    cost, customers, breaks = known
    move[2][0] = 0
    cost[t], customers[t], breaks[t] = np.inf, 0.0, -1
    if not assemble(search, state, (site, search[3][0][1][t]), move):
        return
    of_policy, broken = policy_change(search, state, scratch, move)
    if broken == IMPOSSIBLE:
        return
    left[0] -= 1
    customers[t] = customers_change(search, state, scratch, move)
    cost[t], breaks[t] = of_policy + customers[t], broken


@compiled
def trade(search: Search, state: State, scratch: Scratch, known: Known, walk: tuple[Walk, Ints]) -> int:
    """Join changes that would be cheaper but break a constraint with others, anywhere, that make room for them; how many."""
    (is_due, _, left, least), order = walk  # with the states, cheapest first
    move, traded = new_move(), 0
    for first in order:
        if known[0][first] >= -least or left[0] <= 0:
            break
        if known[2][first] >= 0:
            change = _alone(search, state, scratch, (move, first, left))  # others may have made room
            if not change < -least:
                change = _with_another(search, state, scratch, known, (move, first, left, least))
            if not change < -least:
                change = _with_several(search, state, scratch, known, (move, first, left, least))
            if change < -least:
                commit(search, state, scratch, move)
                wake(search, move, is_due)
                traded += 1
    return traded


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
    search: Search, state: State, scratch: Scratch, known: Known, at: tuple[Move, int, Ints, float]
) -> float:
    """Join a change that breaks a constraint with the one of all in that constraint that makes the best of it; what both cost."""
    move, first, left, least = at
    cost, _, breaks = known
    site_of, starts, (row_start, columns) = search[1][0], search[3][0][0], search[2][4]
    row, best, second = breaks[first], -least, -1
    needed = missed_by(search, state, scratch, (move, row))  # the move is the first change alone
    for e in range(row_start[row], row_start[row + 1]):
        other = site_of[columns[e]] if columns[e] < len(site_of) else -1
        if other < 0 or state[4][0][other] != columns[e]:
            continue
        for u in range(starts[other], starts[other + 1]):
            if cost[first] + cost[u] < best and _joined(search, state, move, (u, first, row, needed)):
                change = weigh(search, state, scratch, move, left)
                if change < best:
                    best, second = change, u
    return best if second >= 0 and _joined(search, state, move, (second, first, row, needed)) else np.inf


@compiled_inside
def _joined(search: Search, state: State, move: Move, at: tuple[int, int, int, float]) -> bool:
    """Whether a change makes as much room in a constraint as another needs; both are the move then."""
    (starts, target), (u, first, row, needed) = search[3][0], at
    move[2][0] = 0
    if not assemble(search, state, (owner(starts, u), target[u]), move):
        return False
    makes_room = room_made(search[2], state, (move, 0), row) >= _ENOUGH * needed
    return needed > 0.0 and makes_room and assemble(search, state, (owner(starts, first), target[first]), move)


@compiled_inside
def _with_several(
    search: Search, state: State, scratch: Scratch, known: Known, at: tuple[Move, int, Ints, float]
) -> float:
    """Join a change that breaks a constraint with those that cost least for the room it needs; what all cost."""
    move, first, left, least = at
    starts, target = search[3][0]
    row, spent = known[2][first], known[0][first]
    move[2][0] = 0
    assemble(search, state, (owner(starts, first), target[first]), move)
    for _ in range(_PARTNERS):
        u = _cheapest_room(search, state, known, (move, row, missed_by(search, state, scratch, (move, row))))
        if u < 0 or not spent + known[0][u] < -least:
            return np.inf
        assemble(search, state, (owner(starts, u), target[u]), move)
        spent += known[0][u]
        change = weigh(search, state, scratch, move, left)
        if change < np.inf:
            return change
    return np.inf


@compiled_inside
def _cheapest_room(search: Search, state: State, known: Known, at: tuple[Move, int, float]) -> int:
    """The state that costs least for what it makes of the room needed in a constraint, of a site that the move has not; -1 for none."""
    move, row, needed = at
    cost, _, breaks = known
    policy, site_of, (starts, target) = search[2], search[1][0], search[3][0]
    row_start, columns = policy[4]
    best, found, size = np.inf, -1, move[2][0]
    for e in range(row_start[row], row_start[row + 1]):
        j = columns[e]
        other = site_of[j] if j < len(site_of) else -1
        if other < 0 or state[4][0][other] != j:
            continue
        for u in range(starts[other], starts[other + 1]):
            if cost[u] < np.inf and (breaks[u] < 0 or breaks[u] == row):
                move[2][0] = size
                if assemble(search, state, (other, target[u]), move):
                    room = min(needed, room_made(policy, state, (move, size), row))
                    if room > 0.0 and max(cost[u], 0.0) / room < best:
                        best, found = max(cost[u], 0.0) / room, u
    move[2][0] = size
    return found
