"""Sweeps: districts decided anew beside all others as they are (`windows`), those with most to gain first.

How much a district can gain is known: what it costs at the prices, less its bound at them. What all districts draw on - the budget,
the number of moves - goes at a share of its price, so that nobody takes it for little; when that brings nothing more, at a
smaller share, and last for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.solve.blocks import Partition
from netplan.solve.cut_problem import CutProblem
from netplan.solve.live_blocks import Blocks, Priced
from netplan.solve.windows import better_in_window

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SHARES = (0.7, 0.4, 0.0)
"""Shares of its price at which what many draw on is offered: whole decisions use less of it than the relaxation, which priced it."""

_FEW = 4
"""Blocks that share a constraint with at most so many others do not decide at the same time; more share it at a price."""

_LEAST_SLACK = 0.4
"""A district is decided anew if it may gain this share of the gap asked for, divided evenly among districts."""


def improve(blocks: Blocks, priced: Priced, *, gap: float, seconds: float) -> None:
    """Sweep over the districts with slack until the gap asked for is proven, each window to a gap and for so long at most."""
    problem, touches = blocks.whole.problem, touching(blocks.whole)
    wide = _wide(blocks.whole) * priced.of_shared
    x = blocks.search.x
    for share in _SHARES:
        slack = slack_of_blocks(blocks.whole, priced, x)
        least = _LEAST_SLACK * blocks.run.options.gap * abs(problem.cost_at(x)) / len(slack)
        todo = [int(b) for b in np.argsort(-slack, kind="stable") if slack[b] > least]
        paid = blocks.whole.matrix.T @ (share * wide)
        at_share = replace(problem, part=replace(problem.part, cost=problem.part.cost + paid))
        for side_by_side in _turns(todo, touches):
            if blocks.is_done:
                return
            x = _decided_anew(blocks, at_share, x, side_by_side, gap=gap, seconds=seconds)
            blocks.search.weigh(x)
            blocks.tell("improving")


def slack_of_blocks(whole: Partition, priced: Priced, x: Floats) -> Floats:
    """What each block costs more than its bound at the prices, in a plan with these columns of the policy part; shape (B,)."""
    problem, size = whole.problem, len(whole.blocks)
    is_open = x[: problem.num_y] > 0.5
    rows, loads = problem.rows, problem.loads
    of_rows = rows.sorted.weight * rows.sorted.prices(is_open)
    of_pairs = loads.pair_price * loads.overflow(is_open)
    cost = np.bincount(whole.of_column[problem.theta][rows.group], weights=of_rows, minlength=size)
    cost += np.bincount(whole.of_column[problem.overflow], weights=of_pairs, minlength=size)
    for b, (block, price) in enumerate(zip(whole.blocks, priced.ties.costs(priced.prices), strict=True)):
        own = block.own[block.own < len(x)]
        cost[b] += price[: len(own)] @ x[own] + price[len(block.own) :] @ x[block.copies]
    return np.asarray(cost - priced.bounds, dtype=np.float64)


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


def _turns(todo: Sequence[int], touches: Flags) -> Iterator[list[int]]:
    """Blocks in their order, so many at a time as there are threads, and none that touch at the same time."""
    left, threads = list(todo), os.cpu_count() or 1
    while left:
        turn: list[int] = []
        for b in left:
            if len(turn) < threads and not touches[b, turn].any():
                turn.append(b)
        left = [b for b in left if b not in turn]
        yield turn


def _decided_anew(
    blocks: Blocks, problem: CutProblem, x: Floats, turn: Sequence[int], *, gap: float, seconds: float
) -> Floats:
    """The plan after windows of some blocks that see each other as they were; what makes it cheaper and fits is kept."""
    of_policy = blocks.whole.of_column[: len(x)]

    def better(b: int) -> Floats | None:
        return better_in_window(problem, x, of_policy == b, blocks.run.clock, gap=gap, seconds=seconds)

    now, cost = x, problem.cost_at(x)
    for b, found in zip(turn, blocks.executor.map(better, turn), strict=True):
        if found is None:
            continue
        tried = np.where(of_policy == b, found, now)
        if problem.holds(tried) and problem.cost_at(tried) < cost:
            now, cost = tried, problem.cost_at(tried)
    return now
