"""Simulated annealing for rows that pay one of two prices, compiled: swaps of an open column for a closed one.

Most swaps are with a near column, which moves what is served a little; the others carry a column across the map, without which each quarter
keeps the number of open columns it began with. A swap that loses d is taken with probability exp(-d / t), the temperature t falling
from the first to the last by the same factor each step (Kirkpatrick, Gelatt, Vecchi 1983, doi 10.1126/science.220.4598.671).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.compiled import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Covering = tuple[Ints, Ints, Ints, Ints, Floats, Floats]
"""column starts and the rows that each column serves; column starts and the near columns of each; what serving each row saves, what
opening each column costs"""

_NEAR = 0.9
"""Share of the swaps that are with a near column."""


@compiled
def _draw(word: Words) -> float:
    """A number from 0 to 1, 1 left out, and the next state of the generator (xorshift: Marsaglia 2003, doi 10.18637/jss.v008.i14)."""
    x = word[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    word[0] = x
    return float(x >> np.uint64(11)) * 2.0**-53


@compiled
def _open(covering: Covering, served: Ints, j: int) -> float:
    """Open a column; what that saves. `served` is how many open columns serve each row."""
    start, rows, saving = covering[0], covering[1], covering[4]
    saved = -float(covering[5][j])
    for e in range(start[j], start[j + 1]):
        if served[rows[e]] == 0:
            saved += saving[rows[e]]
        served[rows[e]] += 1
    return saved


@compiled
def _close(covering: Covering, served: Ints, j: int) -> float:
    """Close a column; what that loses."""
    start, rows, saving = covering[0], covering[1], covering[4]
    lost = -float(covering[5][j])
    for e in range(start[j], start[j + 1]):
        served[rows[e]] -= 1
        if served[rows[e]] == 0:
            lost += saving[rows[e]]
    return lost


@compiled
def _would_save(covering: Covering, served: Ints, j: int) -> float:
    """What opening a column would save."""
    start, rows, saving = covering[0], covering[1], covering[4]
    saved = -float(covering[5][j])
    for e in range(start[j], start[j + 1]):
        if served[rows[e]] == 0:
            saved += saving[rows[e]]
    return saved


@compiled
def _other(covering: Covering, j: int, word: Words) -> int:
    """A column to open for this one."""
    start, near = covering[2], covering[3]
    size = start[j + 1] - start[j]
    if _draw(word) < _NEAR and size > 0:
        return int(near[start[j] + int(_draw(word) * size)])
    return int(_draw(word) * (len(start) - 1))


@compiled
def anneal(covering: Covering, opened: Ints, temperatures: tuple[float, float], steps: int, word: Words) -> Ints:
    """The best set of open columns met in the second half of the way from one to a frozen one, as many as at first; shape (number open,).

    `word` seeds the draws: any number but 0, shape (1,); it is changed.
    """
    inside, best = opened.copy(), opened.copy()
    is_open = np.zeros(len(covering[5]), dtype=np.bool_)
    is_open[opened] = True
    served = np.zeros(len(covering[4]), dtype=np.int64)
    for j in opened:
        _open(covering, served, j)
    ahead, most = 0.0, 0.0
    cooling, temperature = (temperatures[1] / temperatures[0]) ** (1.0 / steps), temperatures[0]
    for step in range(steps):
        if step == steps // 2:  # what it began with may be better than anything it comes to, and is known
            ahead, most, best[:] = 0.0, 0.0, inside
        temperature *= cooling
        k = int(_draw(word) * len(inside))
        closing = inside[k]
        opening = _other(covering, closing, word)
        if is_open[opening]:
            continue
        lost = _close(covering, served, closing)
        change = _would_save(covering, served, opening) - lost
        if change >= temperature * np.log(1.0 - _draw(word)):
            _open(covering, served, opening)
            is_open[closing], is_open[opening], inside[k] = False, True, opening
            ahead += change
            if ahead > most:
                most, best[:] = ahead, inside
        else:
            _open(covering, served, closing)
    return best
