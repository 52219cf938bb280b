"""Ways to divide a problem: by district, into few large blocks of neighbouring districts, or into pieces of districts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.solve.block_kernels import count_ties
from netplan.solve.cut_problem import CutProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LEAST_COLUMNS = 3000
"""A large block has at least so many columns: few blocks are tied by little, and their prices are soon found."""


@dataclass(frozen=True, slots=True)
class Division:
    """The block of every site, shape (sites,), and of the customers of every township, shape (townships,); numbered from 0."""

    number: int
    of_site: Ints
    of_township: Ints


def by_district(problem: CutProblem) -> Division:
    """One block per district with sites; townships of districts without sites are the first one's."""
    whole = problem.formulation.problem
    names, of_site = np.unique(whole.sites["district_id"].to_numpy(dtype=str), return_inverse=True)
    known = {name: number for number, name in enumerate(names)}
    townships = whole.region.townships["district_id"]
    of_township = np.array([known.get(str(name), 0) for name in townships], dtype=np.int64)
    return Division(len(names), of_site.astype(np.int64), of_township)


def in_large_blocks(problem: CutProblem, fine: Division) -> Division:
    """Few blocks: small ones go with the neighbour that they have most to do with."""
    whole = problem.formulation.problem
    of_column = fine.of_site[whole.columns.site]
    of_row = fine.of_township[problem.rows.place][problem.rows.group]
    ties = count_ties(problem.rows.sorted.arrays, whole.columns.present, of_row, of_column, fine.number)
    ties += ties.T
    np.fill_diagonal(ties, 0.0)
    size = np.bincount(of_column, minlength=fine.number).astype(np.float64)
    block = np.arange(fine.number)
    left = set(range(fine.number))
    while len(left) > 1:
        small = min(left, key=lambda d: (size[d], d))
        if size[small] >= _LEAST_COLUMNS:
            break
        partner = max((d for d in left if d != small), key=lambda d: (ties[small, d] / (size[d] + size[small]), -d))
        block[block == small] = partner
        ties[partner] += ties[small]
        ties[:, partner] += ties[:, small]
        ties[partner, partner] = 0.0
        size[partner] += size[small]
        left.remove(small)
    merged = np.unique(block, return_inverse=True)[1].astype(np.int64)
    return Division(int(merged.max(initial=0)) + 1, merged[fine.of_site], merged[fine.of_township])


def in_pieces(problem: CutProblem, division: Division, pieces: Ints) -> tuple[Division, Ints]:
    """Each block in so many pieces at most, shape (blocks,), powers of two; and the block that each piece is of.

    A piece has neighbouring townships, and all pieces of a block about as many decisions.
    """
    whole = problem.formulation.problem
    home = _townships_of_sites(problem)
    place = _places(problem, home)
    size = np.bincount(home[whole.columns.site], minlength=len(place)).astype(np.float64)
    piece = np.empty(len(place), dtype=np.int64)
    of_block: list[int] = []
    for b in range(division.number):
        for part in _halved(np.flatnonzero(division.of_township == b), place, size, int(pieces[b])):
            piece[part] = len(of_block)
            of_block.append(b)
    return Division(len(of_block), piece[home], piece), np.array(of_block, dtype=np.int64)


def _townships_of_sites(problem: CutProblem) -> Ints:
    whole = problem.formulation.problem
    position = {name: number for number, name in enumerate(whole.region.townships["township_id"])}
    return np.array([position[name] for name in whole.sites["township_id"]], dtype=np.int64)


def _places(problem: CutProblem, home: Ints) -> Floats:
    """Longitude and latitude of each township: the middle of its sites and demand nodes; shape (townships, 2)."""
    whole = problem.formulation.problem
    townships, nodes, sites = whole.region.townships["township_id"], whole.region.nodes, whole.sites
    position = {name: number for number, name in enumerate(townships)}
    of_node = np.array([position[name] for name in nodes["township_id"]], dtype=np.int64)
    at = np.concatenate([home, of_node])
    count = np.maximum(1, np.bincount(at, minlength=len(townships)))
    middle = [
        np.bincount(at, weights=np.concatenate([sites[axis], nodes[axis]]), minlength=len(townships)) / count
        for axis in ("lon", "lat")
    ]
    return np.column_stack(middle)


def _halved(townships: Ints, place: Floats, size: Floats, number: int) -> list[Ints]:
    """Townships cut in two across their longer side, where half of the decisions are, until there are so many parts."""
    if number <= 1 or len(townships) < 2:
        return [townships]
    longer = int(np.argmax(np.ptp(place[townships], axis=0)))
    order = townships[np.argsort(place[townships][:, longer], kind="stable")]
    sums = np.cumsum(size[order])
    half = int(np.clip(np.searchsorted(sums, sums[-1] / 2) + 1, 1, len(order) - 1))
    return [part for side in (order[:half], order[half:]) for part in _halved(side, place, size, number // 2)]
