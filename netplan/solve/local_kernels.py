"""Local search over the states of sites, compiled: single changes, and two at neighbours (those that trade are `local_trades`).

A move sets one or two sites to other states. What it does to customers and overflow is told by the rows it touches
(`move_kernels`), what it does to the policy part by the constraints it touches. Columns of the policy part that follow the sites'
- a cover, a sum of covers - are set to the least that their constraint allows; all others stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled, compiled_inside
from netplan.solve.local_changes import IMPOSSIBLE, commit, customers_change, policy_change, room_made, weigh
from netplan.solve.local_moves import Known, Move, Scratch, Search, State, Walk, assemble, new_move, owner, wake

Ints = NDArray[np.int64]


@compiled
def descend(search: Search, state: State, scratch: Scratch, known: Known, walk: Walk) -> None:
    """Change sites, alone or with a neighbour, as long as that is cheaper, or until enough was weighed."""
    is_due, cursor, left, _ = walk
    num_sites = len(is_due)
    move = new_move()
    idle = 0
    while idle < num_sites and left[0] > 0:
        site = cursor[0]
        if is_due[site]:
            if _improve(search, state, scratch, known, (move, walk, site)):
                wake(search, move, is_due)
                idle = 0
                continue
            is_due[site] = False
        idle += 1
        cursor[0] = (site + 1) % num_sites


@compiled_inside
def _improve(
    search: Search,
    state: State,
    scratch: Scratch,
    known: Known,
    at: tuple[Move, Walk, int],
) -> bool:
    """Make the change of one site that gains most, or the best one together with a neighbour; whether there is one."""
    move, (_, _, left, least), site = at
    starts, target = search[3][0]
    best, first = -least, -1
    for t in range(starts[site], starts[site + 1]):
        _price(search, state, scratch, known, (move, left, site, t))
        if known[2][t] < 0 and known[0][t] < best:
            best, first = known[0][t], t
    second = -1
    if first < 0:
        first, second = _best_pair(search, state, scratch, known, at)
    if first < 0:
        return False
    move[2][0] = 0
    assemble(search, state, (site, target[first]), move)
    if second >= 0:
        assemble(search, state, (owner(starts, second), target[second]), move)
    commit(search, state, scratch, move)
    return True


@compiled_inside
def _best_pair(
    search: Search,
    state: State,
    scratch: Scratch,
    known: Known,
    at: tuple[Move, Walk, int],
) -> tuple[int, int]:
    """The two states of the best change of a site and a neighbour, -1 for none; only such as may gain if customers of one go to the other."""
    move, (_, _, left, least), site = at
    cost, customers, breaks = known
    starts, (near_start, near) = search[3][0][0], search[3][2]
    best, first, second = -least, -1, -1
    for position in range(near_start[site], near_start[site + 1]):
        other = near[position]
        for u in range(starts[other], starts[other + 1]):
            for t in range(starts[site], starts[site + 1]):
                hope = cost[t] + cost[u] - max(0.0, customers[t]) - max(0.0, customers[u])
                if hope < best:
                    change = _together(search, state, scratch, breaks, (move, left, (site, t), (other, u)))
                    if change < best:
                        best, first, second = change, t, u
    return first, second


@compiled_inside
def _together(
    search: Search,
    state: State,
    scratch: Scratch,
    breaks: Ints,
    at: tuple[Move, Ints, tuple[int, int], tuple[int, int]],
) -> float:
    """What the changes of two sites cost together, infinitely much if they break a constraint; each is a site and the number of a state."""
    target, (move, left, (site, t), (other, u)) = search[3][0][1], at
    move[2][0] = 0
    if not assemble(search, state, (site, target[t]), move) or _stays_broken(search, state, move, 0, breaks[u]):
        return np.inf
    size = move[2][0]
    if not assemble(search, state, (other, target[u]), move) or _stays_broken(search, state, move, size, breaks[t]):
        return np.inf
    return weigh(search, state, scratch, move, left)


@compiled_inside
def _stays_broken(search: Search, state: State, move: Move, first: int, row: int) -> bool:
    """Whether the last columns of a move, from a position on, make no room in a constraint on sites alone; -1 is none."""
    return row >= 0 and search[2][5][row] and not room_made(search[2], state, (move, first), row) > 0.0


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
