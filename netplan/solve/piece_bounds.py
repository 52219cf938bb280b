"""A better bound where districts are too hard to be decided whole: their pieces, at prices between these.

What the relaxation misses is mostly among near neighbours - which of ten sites of a town to open, in which format, so that none
is overrun - and a piece of two dozen sites is decided in seconds where a district of hundreds is not. The dual values of the
districts' relaxations price what ties the pieces; at these prices the pieces' least costs add up to a bound on the whole, as
those of districts do (`prices`). A district that goes undivided keeps the bound that it has, less what its costs changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netplan.solve.blocks import Block
from netplan.solve.cut_problem import stacked
from netplan.solve.division import by_district, in_pieces
from netplan.solve.live_blocks import Blocks, Priced
from netplan.solve.prices import Ties, finer, with_kept_prices

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_HARD = 2.0
"""A district is hard if what it could not decide alone is more than so many times its even share of the gap asked for."""

_PIECE_COLUMNS = 200
"""Decisions of a usual piece; a town is never cut."""


def bound_by_pieces(districts: Blocks, priced: Priced, *, gap: float, effort: float) -> None:
    """Raise the bound by deciding hard districts in pieces, each to a gap and with so much effort at most."""
    numbers = np.where(hard_ones(districts, priced), _numbers(districts), 1)
    if (numbers <= 1).all():
        return
    whole = districts.whole
    division, home = in_pieces(whole.problem, by_district(whole.problem), numbers)
    undivided = np.bincount(home, minlength=len(numbers))[home] == 1
    same = [whole.blocks[b] if alone else None for b, alone in zip(home, undivided, strict=True)]
    pieces = Blocks.of(districts.search, districts.executor, division, same)
    ties, prices = _prices(districts, priced, pieces, np.flatnonzero(numbers > 1), home)
    bounds = _kept_bounds(districts, priced, pieces, ties.costs(prices), home)
    _inherit(districts, pieces, home)
    todo = [int(f) for f in np.argsort([-len(block.own) for block in pieces.whole.blocks], kind="stable")]
    _decide(pieces, ties, prices, bounds, [f for f in todo if not np.isfinite(bounds[f])], gap=gap, effort=effort)


def hard_ones(districts: Blocks, priced: Priced) -> Flags:
    """Which districts are too hard to be decided whole, shape (B,)."""
    worth = districts.run.options.gap * abs(districts.search.best.bound or 0.0)
    return np.asarray(priced.open * len(priced.open) > _HARD * worth)


def _numbers(districts: Blocks) -> Ints:
    """In how many pieces each district would go."""
    problem = districts.whole.problem
    size = np.bincount(districts.whole.of_column[: problem.num_y], minlength=len(districts.models))
    return np.asarray(2 ** np.ceil(np.log2(np.maximum(1.0, size / _PIECE_COLUMNS))), dtype=np.int64)


def _prices(districts: Blocks, priced: Priced, pieces: Blocks, hard: Ints, home: Ints) -> tuple[Ties, Floats]:
    """What ties the pieces, and prices of it from the relaxations of the hard districts; those between districts stay."""
    districts.relaxed(priced.ties.costs(priced.prices), which=hard.tolist())
    models = [districts.models[b] for b in hard]
    ties, found = finer(priced.ties, priced.prices, models, pieces.whole)
    return ties, with_kept_prices(priced.ties, priced.prices, ties, found, home)


def _kept_bounds(districts: Blocks, priced: Priced, pieces: Blocks, costs: Sequence[Floats], home: Ints) -> Floats:
    """Bounds of the districts that stayed whole, less what they fall by at most as their costs change; -inf of all others."""
    before, upper = priced.ties.costs(priced.prices), districts.whole.problem.bounds[1]
    bounds = np.full(len(home), -np.inf)
    for f, b in enumerate(home):
        old, new = districts.whole.blocks[b], pieces.whole.blocks[f]
        if _is_same(old, new):
            change = np.minimum(0.0, costs[f] - before[b])
            cheaper = np.flatnonzero(change)
            bounds[f] = priced.bounds[b] + change[cheaper] @ upper[old.columns[cheaper]]
    return bounds


def _is_same(old: Block, new: Block) -> bool:
    return np.array_equal(old.columns, new.columns) and np.array_equal(old.constraints, new.constraints)


def _inherit(districts: Blocks, pieces: Blocks, home: Ints) -> None:
    """Give the pieces the cuts that their districts found."""
    for b in np.unique(home):
        mine = np.flatnonzero(home == b)
        if len(mine) > 1 and districts.models[b].found:
            cuts = stacked(districts.models[b].found)
            for f in mine:
                pieces.models[f].add(pieces.models[f].mine(cuts))


def _decide(
    pieces: Blocks, ties: Ties, prices: Floats, bounds: Floats, todo: Sequence[int], *, gap: float, effort: float
) -> None:
    """Relax, then decide, these pieces, and note the bound that they make with those already known."""
    costs = ties.costs(prices)
    for f, answer in zip(todo, pieces.relaxed(costs, which=todo), strict=True):
        bounds[f] = answer.cost
    for done, (f, answer) in enumerate(pieces.decided(todo, costs, gap=gap, effort=effort)):
        bounds[f] = max(bounds[f], answer.bound)
        pieces.tell("deciding", f"{done + 1} of {len(todo)} pieces of districts")
    if np.isfinite(bounds).all():
        pieces.search.best = pieces.search.best.with_bound(pieces.bound_of(ties, bounds, prices))
        pieces.tell("deciding", "pieces of districts")
