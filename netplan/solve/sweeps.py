"""Sweeps: districts decided anew beside all others as they are (`windows`), those with most to gain first.

How much a district can gain is known: what it costs at the prices, less its bound at them. What all districts draw on - the budget,
the number of moves - goes at a share of its price, so that nobody takes it for little; when that brings nothing more, at a
smaller share, and last for nothing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Event

import numpy as np
from numpy.typing import NDArray

from netplan.solve.blocks import Partition
from netplan.solve.cut_problem import CutProblem
from netplan.solve.live_blocks import Blocks, Priced, costs_of_blocks
from netplan.solve.piece_bounds import hard_ones, parts
from netplan.solve.pieces import Piece, pieces_of
from netplan.solve.windows import decided_in_window

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SHARES = (0.7, 0.4, 0.0)
"""Shares of its price at which what many draw on is offered: whole decisions use less of it than the relaxation, which priced it."""

_FEW = 4
"""Blocks that share a constraint with at most so many others do not decide at the same time; more share it at a price."""

_LOOK_SECONDS = 0.1
"""How often a sweep looks whether the run is over."""

_UNDER_WAY = 2
"""Windows under way per thread."""

_LEAST_SLACK = 0.4
"""A district is decided anew if it may gain this share of the gap asked for, divided evenly among districts."""

_LEAST_GAIN = 0.06
"""What the last sweeps have to gain to go on, as a share of the gap asked for."""

_PIECE_COLUMNS = 600
"""Decisions of a usual piece of a hard district: smaller ones find nothing that local search has not found."""

_WEIGHED = 16
"""Better plans between two that are weighed by their whole model: a window's gain is exact, and weighing takes longer than some."""


def improve(blocks: Blocks, priced: Priced, *, gap: float, effort: float) -> None:
    """Sweep over the districts with slack until the gap asked for is proven or nothing more is gained, each window to a gap and with so much effort at most."""
    problem, touches = blocks.whole.problem, touching(blocks.whole)
    wide = _wide(blocks.whole) * priced.of_shared
    x, worth = blocks.search.x, blocks.run.options.gap * abs(problem.cost_at(blocks.search.x))
    pieces = _pieces(blocks, priced)
    for turn in count():
        share = _SHARES[min(turn, len(_SHARES) - 1)]
        slack = slack_of_blocks(blocks.whole, priced, x)
        order = [int(b) for b in np.argsort(-slack, kind="stable") if slack[b] > _LEAST_SLACK * worth / len(slack)]
        sweep = Sweep(blocks, blocks.whole.matrix.T @ (share * wide), touches, gap, effort)
        todo = [piece for b in order for piece in pieces_of(blocks.whole, b, int(pieces[b]), turn=turn)]
        after = _swept(sweep, todo, x)
        gained, x = problem.cost_at(x) - problem.cost_at(after), after
        if blocks.is_done or (turn >= len(_SHARES) - 1 and gained <= _LEAST_GAIN * worth):
            return


@dataclass(frozen=True, slots=True)
class Sweep:
    """The blocks of a sweep, what columns pay for shared constraints, shape (m,), and how close and with what effort windows are solved."""

    blocks: Blocks
    paid: Floats
    touches: Flags
    gap: float
    effort: float
    enough: Event = field(default_factory=Event)

    @property
    def problem(self) -> CutProblem:
        """The problem with what shared constraints cost in it."""
        problem = self.blocks.whole.problem
        return replace(problem, part=replace(problem.part, cost=problem.part.cost + self.paid))

    def window(self, piece: Piece, x: Floats) -> Floats:
        """A piece decided anew beside all else at x; cut short once it is enough."""
        clock = replace(self.blocks.run.clock, stop=self.enough)
        return decided_in_window(self.problem, x, piece.is_free, clock, gap=self.gap, effort=self.effort)

    def found(self, window: Future[Floats]) -> Floats | None:
        """What a window has found, at once if the run is over; None if it had not begun, or if the gap is closed.

        What windows had found by then that were under way when another closed the gap depends on who was faster: nobody asks.
        """
        while not window.done() and not self.blocks.is_done:
            wait([window], _LOOK_SECONDS)
        if self.blocks.is_done:
            self.enough.set()
            if window.cancel() or self.blocks.search.best.closes(self.blocks.run.options.gap):
                return None
        return window.result()

    def kept(self, piece: Piece, found: Floats | None, at: Standing) -> Standing:
        """The plan with what a window found for a piece, if that fits and is cheaper; else as it was."""
        if found is None:
            return at
        problem, tried = self.blocks.whole.problem, np.where(piece.is_free, found, at.x)
        if not problem.holds(tried):
            return at
        cost = problem.cost_at(tried)
        is_cheaper = cost + self.paid @ tried < at.cost + self.paid @ at.x
        return Standing(tried, cost, at.unweighed + 1) if is_cheaper else at

    def weighed(self, at: Standing, *, now: bool) -> Standing:
        """Weigh the plan by its whole model if it is time, or if it closes the gap asked for."""
        search, gap = self.blocks.search, self.blocks.run.options.gap
        closes = replace(search.best, objective=at.cost).closes(gap)
        if not at.unweighed or not (now or closes or at.unweighed >= _WEIGHED):
            return at
        search.weigh(at.x)
        self.blocks.tell("improving")
        return replace(at, unweighed=0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sweep stands: the columns of the policy part, shape (m,), what that plan costs, and how many better ones were not weighed."""

    x: Floats
    cost: float
    unweighed: int = 0


def _pieces(blocks: Blocks, priced: Priced) -> Ints:
    """In how many pieces each district is decided anew: one, unless it is too hard to be decided whole; shape (B,)."""
    whole = blocks.whole
    size = np.bincount(whole.of_column[: whole.problem.num_y], minlength=len(whole.blocks))
    return np.where(hard_ones(blocks, priced), parts(size, _PIECE_COLUMNS), 1)


def _swept(sweep: Sweep, todo: Sequence[Piece], x: Floats) -> Floats:
    """The plan after windows of these pieces in order.

    Each window sees what those had found that left when it came in. Twice as many are under way as there are threads, so that none
    waits for a slow one; those under way do not touch. What each sees depends on the order alone, not on who is faster.
    """
    blocks, left = sweep.blocks, list(todo)
    at = Standing(x, blocks.whole.problem.cost_at(x))
    under_way: deque[tuple[Piece, Future[Floats]]] = deque()
    while left or under_way:
        busy = [piece.block for piece, _ in under_way]
        free = next((piece for piece in left if not sweep.touches[piece.block, busy].any()), None)
        if free is not None and len(under_way) < _UNDER_WAY * (os.cpu_count() or 1) and not blocks.is_done:
            left.remove(free)
            under_way.append((free, blocks.executor.submit(sweep.window, free, at.x)))
            continue
        if not under_way:
            break
        piece, future = under_way.popleft()
        at = sweep.kept(piece, sweep.found(future), at)
        at = sweep.weighed(at, now=not under_way)
    return at.x


def slack_of_blocks(whole: Partition, priced: Priced, x: Floats) -> Floats:
    """What each block costs more than its bound at the prices, in a plan with these columns of the policy part; shape (B,)."""
    return costs_of_blocks(whole, priced.ties.costs(priced.prices), x) - priced.bounds


def touching(whole: Partition) -> Flags:
    """Which blocks share customers, or a constraint that few have a part in; shape (B, B)."""
    size = len(whole.blocks)
    touches = np.zeros((size, size), dtype=bool)
    for b, block in enumerate(whole.blocks):
        touches[b, np.unique(whole.of_column[block.copies])] = True
    has_part = _has_part(whole)
    for members in has_part.T[has_part.sum(axis=0) <= _FEW]:
        touches[np.ix_(members, members)] = True
    return np.asarray(touches | touches.T)


def _has_part(whole: Partition) -> Flags:
    """Which block has a part in which shared constraint, shape (B, S)."""
    has_part = np.zeros((len(whole.blocks), len(whole.shared)), dtype=bool)
    for b, block in enumerate(whole.blocks):
        has_part[b, block.shared] = True
    return has_part


def _wide(whole: Partition) -> Flags:
    """Which shared constraints many blocks have a part in, shape (S,)."""
    return np.asarray(_has_part(whole).sum(axis=0) > _FEW)
