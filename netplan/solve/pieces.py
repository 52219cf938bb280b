"""Pieces of a district: neighbouring sites, for windows of districts too hard to be decided whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.solve.blocks import Partition
from netplan.solve.linked import with_linked

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A district, whole or in part: its number, and which columns of the policy part are free in its window, shape (m,)."""

    block: int
    is_free: Flags


def pieces_of(whole: Partition, block: int, number: int, *, turn: int) -> list[Piece]:
    """A district in so many pieces, a power of two, of equally many sites; with every turn they are cut along other lines."""
    of_column = whole.of_column[: len(whole.problem.names)]
    if number <= 1:
        return [Piece(block, of_column == block)]
    problem = whole.problem
    columns, sites = problem.formulation.problem.columns, problem.formulation.problem.sites
    home = columns.home
    is_mine = of_column[: problem.num_y] == block
    place = np.column_stack([sites["lon"], sites["lat"]]).astype(np.float64)
    parts = _cut(np.unique(home[is_mine]), place, number, angle=_GOLDEN * turn)
    return [Piece(block, with_linked(problem, is_mine & np.isin(home, part))) for part in parts]


_GOLDEN = np.pi * (3.0 - 5.0**0.5)
"""Radians between the lines of one turn and the next: no two turns cut alike."""


def _cut(sites: Ints, place: Floats, number: int, *, angle: float) -> list[Ints]:
    """Sites cut in half at the median along a direction, the halves likewise across it, until there are so many parts."""
    if number <= 1 or len(sites) < number:
        return [sites]
    along = place[sites] @ np.array([np.cos(angle), np.sin(angle)])
    order = sites[np.argsort(along, kind="stable")]
    halves = np.array_split(order, 2)
    return [part for half in halves for part in _cut(half, place, number // 2, angle=angle + np.pi / 2)]
