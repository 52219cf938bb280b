"""The state of a local search, and the moves in it: sites set to other states; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled_inside
from netplan.solve.move_kernels import Customers, Sites, Touched

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Policy = tuple[
    tuple[Ints, Ints, Floats],
    tuple[Floats, Floats, Floats],
    tuple[Floats, Floats],
    tuple[Ints, Ints, Floats, Ints],
    tuple[Ints, Ints],
    Flags,
]
"""Constraints by column: starts, constraints, coefficients; cost and bounds of each column; limits of each constraint. Followers: which
column each constraint determines (-1: none); by column its constraint, its coefficient there, and its rank (0: no follower). Starts and columns by constraint. Whether a
constraint is on sites alone."""

Choices = tuple[tuple[Ints, Ints], tuple[Ints, Ints], tuple[Ints, Ints], tuple[Ints, Ints]]
"""States of each site: starts and columns, -1 for closed; by column, where a relocation starts and the column it operates as there, both -1
for others; neighbours of each site: starts and sites; by column, starts and columns of the policy part that end with it."""

State = tuple[Flags, Ints, tuple[Floats, Floats], tuple[Floats, Floats], tuple[Ints, Ints]]
"""What is open, shape (n,); the entry that serves each row; load and capacity, shapes (sites, S); columns of the policy part, shape (m,),
and what they make of each constraint, shape (k,); the column each site operates in, and by which it is relocated, -1 for none."""

Scratch = tuple[
    tuple[Ints, Ints], tuple[tuple[Floats, Floats], Touched], tuple[Floats, Ints, Ints], tuple[Floats, Ints, Ints]
]
"""Stamp of each row and the stamp now; load, capacity and sites while a move is weighed; change, stamp and list of constraints; change and
list of columns, and stamp of followers."""

Move = tuple[Ints, Flags, Ints]
"""Columns that a move switches, whether on or off, and (as the one number of an array) how many they are."""

Search = tuple[Customers, Sites, Policy, Choices]
"""What does not change during a search."""

Known = tuple[Floats, Floats, Ints]
"""What each state of each site was last found to cost more than now; what of that are customers; the constraint it breaks, -1 for none."""

Walk = tuple[Flags, Ints, Ints, float]
"""Sites yet to look at; the site to go on with; how many moves may still be weighed; what a move has to gain."""

_MOST = 32
"""Columns that a move may switch."""


@compiled_inside
def new_move() -> Move:
    """Room for a move."""
    return np.empty(_MOST, dtype=np.int64), np.zeros(_MOST, dtype=np.bool_), np.zeros(1, dtype=np.int64)


@compiled_inside
def assemble(search: Search, state: State, change: tuple[int, int], move: Move) -> bool:
    """Put what setting a site to a state switches behind what a move has; False if that is no change, or clashes."""
    site_of, (origin, lands) = search[1][0], search[3][1]
    operates, relocated = state[4]
    site, target = change
    now = relocated[site] if relocated[site] >= 0 else operates[site]
    if target == now:
        return False
    fine = True
    if operates[site] >= 0:
        fine = _put(move, operates[site], False) and fine
    if relocated[site] >= 0:
        there = operates[site_of[relocated[site]]]
        fine = _put(move, relocated[site], False) and (there < 0 or _put(move, there, False)) and fine
    if target >= 0:
        fine = _put(move, target, True) and fine
        if origin[target] >= 0:
            fine = operates[site_of[target]] < 0 and _put(move, lands[target], True) and fine
    return fine


@compiled_inside
def _put(move: Move, j: int, on: bool) -> bool:
    """Switch a column, unless the move does so already."""
    columns, flags, size = move
    for k in range(size[0]):
        if columns[k] == j:
            return False
    columns[size[0]], flags[size[0]] = j, on
    size[0] += 1
    return True


@compiled_inside
def owner(starts: Ints, t: int) -> int:
    """The site that a state is one of."""
    return int(np.searchsorted(starts, t, side="right")) - 1


@compiled_inside
def wake(search: Search, move: Move, is_due: Flags) -> None:
    """The sites of a move and their neighbours are to be looked at again."""
    site_of, origin, (near_start, near) = search[1][0], search[3][1][0], search[3][2]
    for k in range(move[2][0]):
        j = move[0][k]
        for site in (site_of[j], origin[j]):
            if site >= 0:
                is_due[site] = True
                for position in range(near_start[site], near_start[site + 1]):
                    is_due[near[position]] = True
