"""A better bound where districts are too hard to be decided whole: their pieces, at prices between these.

What the relaxation misses is mostly among near neighbours - which of ten sites of a town to open, in which format, so that none
is overrun - and a piece of two dozen sites is decided in seconds where a district of hundreds is not. The dual values of the
districts' relaxations price what ties the pieces; prices between districts stay. At these prices the least costs of a district's
pieces, less what its own constraints that tie them are priced at, add up to a lower bound of the district's cost, as those of districts do
for the whole (`prices`); the better one of this and the district's own bound counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.solve.blocks import Larger
from netplan.solve.cut_problem import stacked
from netplan.solve.division import by_district, in_pieces
from netplan.solve.live_blocks import Blocks, Priced
from netplan.solve.prices import Ties, copy_keys, finer, with_kept_prices

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_HARD = 1.0
"""A district is hard if what it could not decide alone is more than so many times its even share of the gap asked for."""

_PIECE_COLUMNS = 800
"""Decisions of a usual piece; a town is never cut. Larger ones prove more, smaller ones sooner."""


def bound_by_pieces(districts: Blocks, priced: Priced, which: Flags, *, gap: float, effort: float) -> Priced:
    """The districts' bounds, raised by deciding some in pieces, each piece to a gap and with so much effort at most."""
    numbers = np.where(which, _numbers(districts), 1)
    if (numbers <= 1).all():
        return priced
    whole = districts.whole
    division, home = in_pieces(whole.problem, by_district(whole.problem), numbers)
    undivided = np.bincount(home, minlength=len(numbers))[home] == 1
    same = [whole.blocks[b] if alone else None for b, alone in zip(home, undivided, strict=True)]
    pieces = Blocks.of(districts.search, districts.executor, division, same, Larger(whole, home))
    ties, prices = _prices(districts, priced, pieces, np.flatnonzero(numbers > 1), home)
    _inherit(districts, pieces, home)
    largest_first = np.argsort([-len(block.own) for block in pieces.whole.blocks], kind="stable")
    todo = [int(f) for f in largest_first if not undivided[f]]
    found, undecided = _decided(pieces, ties.costs(prices), todo, gap=gap, effort=effort)
    left = np.where(numbers > 1, np.bincount(home, weights=undecided, minlength=len(numbers)), priced.open_in_pieces)
    raised = replace(priced, bounds=_raised(priced, (ties, prices), found, home), open_in_pieces=left)
    bound = districts.bound_of(raised.ties, raised.bounds, raised.prices)
    districts.search.best = districts.search.best.with_bound(bound)
    districts.tell("deciding", "pieces of districts")
    return raised


def hard_ones(districts: Blocks, priced: Priced) -> Flags:
    """Which districts are too hard to be decided whole, shape (B,)."""
    return np.asarray(priced.open > _HARD * even_share(districts))


def even_share(districts: Blocks) -> float:
    """The gap asked for, divided evenly among the districts."""
    return districts.run.options.gap * abs(districts.search.best.bound or 0.0) / len(districts.models)


def parts(size: Ints, usual: int) -> Ints:
    """In how many parts, a power of two, blocks of these sizes go if a part is of usual size at most."""
    return np.asarray(2 ** np.ceil(np.log2(np.maximum(1.0, size / usual))), dtype=np.int64)


def _numbers(districts: Blocks) -> Ints:
    """In how many pieces each district would go."""
    problem = districts.whole.problem
    size = np.bincount(districts.whole.of_column[: problem.num_y], minlength=len(districts.models))
    return parts(size, _PIECE_COLUMNS)


def _prices(districts: Blocks, priced: Priced, pieces: Blocks, hard: Ints, home: Ints) -> tuple[Ties, Floats]:
    """What ties the pieces, and prices of it from the relaxations of the hard districts; those between districts stay."""
    districts.relaxed(priced.ties.costs(priced.prices), which=hard.tolist())
    models = [districts.models[b] for b in hard]
    ties, found = finer(priced.ties, priced.prices, models, pieces.whole)
    return ties, with_kept_prices(priced.ties, priced.prices, ties, found, home)


def _raised(priced: Priced, fine: tuple[Ties, Floats], found: Floats, home: Ints) -> Floats:
    """Bounds of the districts: the better one of what they had and what bounds of their pieces, -inf where unknown, add up to."""
    (ties, prices), coarse = fine, priced.ties.whole
    owner = np.full(coarse.problem.part.matrix.shape[0], -1, dtype=np.int64)
    for b, block in enumerate(coarse.blocks):
        owner[block.constraints] = b
    of_shared, copies = owner[ties.whole.shared], ties.num_copies
    paid = np.where(prices[copies:] == 0.0, 0.0, prices[copies:] * ties.right[copies:])
    is_inside, size = of_shared >= 0, len(coarse.blocks)
    total = np.bincount(home, weights=found, minlength=size)
    total -= np.bincount(of_shared[is_inside], weights=paid[is_inside], minlength=size)
    return np.where(_stands_alone(priced, ties, home), np.maximum(priced.bounds, total), priced.bounds)


def _stands_alone(priced: Priced, ties: Ties, home: Ints) -> Flags:
    """Whether the pieces of each district have its columns, and copies of all that it pays for, and no others; shape (B,)."""
    coarse, fine = priced.ties.whole, ties.whole
    before, now = coarse.of_column, home[fine.of_column]
    stands = np.ones(len(coarse.blocks), dtype=bool)
    stands[before[before != now]] = stands[now[before != now]] = False
    known, key = copy_keys(coarse, np.arange(len(coarse.blocks))), copy_keys(fine, home)
    lost = ~np.isin(known, key) & (priced.prices[: len(known)] != 0.0)
    stands[known[lost] // coarse.problem.width] = False
    stands[before[coarse.copied[lost]]] = False
    return stands


def _inherit(districts: Blocks, pieces: Blocks, home: Ints) -> None:
    """Give the pieces the cuts that their districts found."""
    for b in np.unique(home):
        mine = np.flatnonzero(home == b)
        if len(mine) > 1 and districts.models[b].found:
            cuts = stacked(districts.models[b].found)
            for f in mine:
                pieces.models[f].add(pieces.models[f].mine(cuts))


def _decided(
    pieces: Blocks, costs: Sequence[Floats], todo: Sequence[int], *, gap: float, effort: float
) -> tuple[Floats, Floats]:
    """Lower bounds of these pieces at these costs, relaxed and then decided, and how far above them their decisions are.

    Nothing is known of all others: -inf and 0; shapes (pieces,). Nobody asks what pieces would decide: none of the effort goes
    into looking for solutions.
    """
    bounds, undecided = np.full(len(pieces.models), -np.inf), np.zeros(len(pieces.models))
    for f, answer in zip(todo, pieces.relaxed(costs, which=todo), strict=True):
        bounds[f] = answer.cost
        pieces.models[f].live.look_for_solutions(False)
    plan = None if pieces.search.best.decisions is None else pieces.search.x
    for done, (f, answer) in enumerate(pieces.decided(todo, costs, gap=gap, effort=effort, plan=plan)):
        bounds[f] = max(bounds[f], answer.bound)
        undecided[f] = answer.cost - bounds[f]
        pieces.tell("deciding", f"{done + 1} of {len(todo)} pieces of districts")
    return bounds, undecided
