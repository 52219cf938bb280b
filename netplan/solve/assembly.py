"""A plan put together block by block: each block decides with what its neighbours have decided, and leaves room for the rest.

Blocks that have decided fix the copies of their columns in the others, and what they have used of a shared constraint is gone. Blocks
that have not are stood in for by prices, and by what they are planned to use of each shared constraint; room that is left
over goes to those who decide next. The last block of a shared constraint gets exactly what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netplan.engine.run import Run
from netplan.solve.block_model import BlockModel
from netplan.solve.blocks import Partition
from netplan.solve.live_cuts import Found

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FEW = 4
"""Blocks that share a constraint with at most so many others do not decide at the same time."""

_SLACK = 1e-9
"""Room that rounding may take up, relative to a limit."""


@dataclass(slots=True)
class Assembly:
    """What is decided so far.

    Attributes
    ----------
    costs, mix
        Cost of each block's columns and copies at the prices; the mix of decisions that the prices make out, shape (m,).
    x
        Values of the policy part's columns; those of blocks that have not decided mean nothing.
    is_decided
        Which blocks have decided, shape (B,).
    planned, used
        Each block's part of the shared constraints by the mix, and by what is decided; shape (B, S).
    least, most
        The least and the most that each block's part can be, by the bounds of its columns; shape (B, S).
    """

    whole: Partition
    models: Sequence[BlockModel]
    costs: list[Floats]
    mix: Floats
    run: Run
    planned: Floats = field(init=False)
    least: Floats = field(init=False)
    most: Floats = field(init=False)
    x: Floats = field(init=False)
    is_decided: Flags = field(init=False)
    used: Floats = field(init=False)
    touches: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.x = np.zeros(len(self.whole.problem.names))
        self.is_decided = np.zeros(len(self.models), dtype=bool)
        self.touches = touching(self.whole)
        self.planned = self._parts(self.mix)
        self.used = np.zeros_like(self.planned)
        self.least, self.most = np.zeros_like(self.planned), np.zeros_like(self.planned)
        for b, model in enumerate(self.models):
            self.least[b, model.block.shared], self.most[b, model.block.shared] = self._extent(model)

    def _extent(self, model: BlockModel) -> tuple[Floats, Floats]:
        """The least and the most that a block's part of its shared constraints can be."""
        part, own = self.whole.problem.part, model.block.own[: model.num_policy]
        matrix = model.shared
        at_lower, at_upper = part.lower[own][matrix.indices], part.upper[own][matrix.indices]
        rising = matrix.data > 0
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        low = matrix.data * np.where(rising, at_lower, at_upper)
        high = matrix.data * np.where(rising, at_upper, at_lower)
        size = matrix.shape[0]
        least, most = (np.bincount(row, weights=part_of, minlength=size).astype(np.float64) for part_of in (low, high))
        return least, most

    def _parts(self, x: Floats) -> Floats:
        """Each block's part of the shared constraints at x, shape (B, S)."""
        parts = np.zeros((len(self.models), len(self.whole.shared)))
        for b, model in enumerate(self.models):
            parts[b, model.block.shared] = model.shared @ x[model.block.own[: model.num_policy]]
        return parts

    def decide(self, wave: Sequence[int], executor: Executor, *, gap: float, seconds: float) -> None:
        """Let blocks decide side by side, and take in what they decided; those who together used too much decide again."""
        self.is_decided[list(wave)] = False
        limits = [self._limits(b, wave) for b in wave]
        answers = list(executor.map(lambda b, limit: self._ask(b, limit, gap, seconds), wave, limits))
        for b, answer in zip(wave, answers, strict=True):
            values = answer.values
            if values is not None and not self._fits(b, values):
                values = self._ask(b, self._limits(b, [b]), gap, seconds).values
            if values is not None:
                self.take(b, values)

    def neighbours(self, b: int) -> list[int]:
        """Blocks that share a constraint with few members, or customers, with a block."""
        return [int(c) for c in np.flatnonzero(self.touches[b]) if c != b]

    def take(self, b: int, values: Floats) -> None:
        """Take in what a block decided."""
        model = self.models[b]
        own = values[: model.num_policy]
        self.x[model.block.own[: model.num_policy]] = own
        self.used[b, model.block.shared] = model.shared @ own
        self.is_decided[b] = True

    def _fits(self, b: int, values: Floats) -> bool:
        """Whether what a block decided leaves room for what the others have and must have."""
        model = self.models[b]
        low, high = self._possible(b)
        used = model.shared @ values[: model.num_policy]
        return bool((used >= low - 1e-6).all() and (used <= high + 1e-6).all())

    def _ask(self, b: int, limits: tuple[Floats, Floats], gap: float, seconds: float) -> Found:
        """What a block decides within limits; if it must, without those that only leave room for others' wishes."""
        model = self.models[b]
        model.set_costs(self.costs[b])
        model.set_copies(*self._copies(b))
        model.set_shared(*limits)
        found = model.decide(self.run, gap=gap, seconds=seconds)
        if found.values is None and np.isinf(found.bound):
            model.set_shared(*self._possible(b))
            found = model.decide(self.run, gap=gap, seconds=seconds)
        return found

    def _copies(self, b: int) -> tuple[Floats, Floats]:
        """Bounds of a block's copies: what their own block decided, else free."""
        whole, copies = self.whole, self.models[b].block.copies
        is_fixed = self.is_decided[whole.of_column[copies]]
        part = whole.problem.part
        lower = np.where(is_fixed, self.x[copies], part.lower[copies])
        return lower, np.where(is_fixed, self.x[copies], part.upper[copies])

    def _limits(self, b: int, wave: Sequence[int]) -> tuple[Floats, Floats]:
        """What a block may use: its planned part and its share of the room left over, within what is possible."""
        mine = self.models[b].block.shared
        planned = self.planned[np.ix_(np.flatnonzero(~self.is_decided), mine)].sum(axis=0)
        gone = self.used[np.ix_(np.flatnonzero(self.is_decided), mine)].sum(axis=0) + planned
        low, high = self._right(mine)
        deciding = np.maximum(1, np.count_nonzero(self._has_part(wave, mine), axis=0))
        least, most = self._possible(b)
        own, free = self.planned[b, mine], low == high
        lower = np.where(free, -np.inf, own + np.minimum(0.0, (low - gone) / deciding))
        upper = np.where(free, np.inf, own + np.maximum(0.0, (high - gone) / deciding))
        return np.minimum(np.maximum(lower, least), most), np.maximum(np.minimum(upper, most), least)

    def _possible(self, b: int) -> tuple[Floats, Floats]:
        """What a block may use at all: what is left if those who have not decided use as little as they can."""
        mine = self.models[b].block.shared
        low, high = self._right(mine)
        waiting = ~self.is_decided
        waiting[b] = False
        gone = self.used[np.ix_(np.flatnonzero(self.is_decided), mine)].sum(axis=0)
        least = low - gone - self.most[np.ix_(np.flatnonzero(waiting), mine)].sum(axis=0)
        most = high - gone - self.least[np.ix_(np.flatnonzero(waiting), mine)].sum(axis=0)
        room = _SLACK * np.maximum(1.0, np.abs(gone))
        return least - room, most + room

    def _right(self, mine: Ints) -> tuple[Floats, Floats]:
        part, rows = self.whole.problem.part, self.whole.shared[mine]
        return part.row_lower[rows], part.row_upper[rows]

    def _has_part(self, blocks: Sequence[int], mine: Ints) -> Flags:
        members = [np.isin(mine, self.models[b].block.shared, assume_unique=True) for b in blocks]
        return np.array(members, dtype=bool)


def touching(whole: Partition) -> Flags:
    """Which blocks share customers, or a constraint that few have a part in; shape (B, B)."""
    size = len(whole.blocks)
    touches = np.zeros((size, size), dtype=bool)
    for b, block in enumerate(whole.blocks):
        touches[b, np.unique(whole.of_column[block.copies])] = True
    parts: dict[int, list[int]] = {}
    for b, block in enumerate(whole.blocks):
        for i in block.shared.tolist():
            parts.setdefault(i, []).append(b)
    for members in parts.values():
        if len(members) <= _FEW:
            touches[np.ix_(members, members)] = True
    return np.asarray(touches | touches.T)


def waves(whole: Partition, touches: Flags) -> list[list[int]]:
    """Blocks in groups of which no two touch, the largest blocks first."""
    size = len(whole.blocks)
    colour: dict[int, int] = {}
    for b in sorted(range(size), key=lambda b: (-len(whole.blocks[b].own), b)):
        taken = {colour[c] for c in np.flatnonzero(touches[b]).tolist() if c in colour}
        colour[b] = next(number for number in range(size) if number not in taken)
    return [[b for b in colour if colour[b] == number] for number in range(max(colour.values(), default=-1) + 1)]
