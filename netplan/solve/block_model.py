"""One block alive in HiGHS: its relaxation and its MIP at given prices, by cuts on its own rows and sites.

A column of another block that its customers may use and that is not among its copies counts as open, so that every value found
is a lower bound on what the block costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.cuts import grouped
from netplan.engine.policy_part import PolicyPart
from netplan.solve.blocks import Block, Partition
from netplan.solve.cut_problem import Cuts, stacked
from netplan.solve.live_cuts import LiveCuts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class BlockModel(LiveCuts):
    """A block's columns, constraints and cuts, live; shared constraints are in it without limits until they are given some."""

    def __init__(self, whole: Partition, number: int, *, seed: int) -> None:
        problem, block = whole.problem, whole.blocks[number]
        self.problem, self.block = problem, block
        self.columns = block.columns
        self._place = np.full(problem.width, -1, dtype=np.int64)
        self._place[self.columns] = np.arange(len(self.columns))
        self._grouped = grouped(block.rows.sorted, block.rows.group)
        self._loads = replace(problem.loads, access=block.visitors.access)
        self._is_own_pair = whole.of_column[problem.overflow] == number
        super().__init__(_part_of(whole, block), seed=seed)
        self.found: list[Cuts] = []
        self._first_shared = self.live.num_rows
        shared = whole.matrix[block.shared]
        self.shared = scipy.sparse.csr_array(shared[:, block.own[block.own < len(problem.names)]])
        self.live.add_rows(self.shared, *_no_limits(len(block.shared)))

    @property
    def num_own(self) -> int:
        """Own columns, before the copies."""
        return len(self.block.own)

    @property
    def num_policy(self) -> int:
        """Own columns of the policy part, which come first."""
        return int(self.shared.shape[1])

    def at(self, x: Floats) -> Floats:
        """The block's columns at a plan's columns of the policy part, shape (m,); estimates and overflow 0."""
        is_policy = self.columns < len(x)
        return np.where(is_policy, x[np.where(is_policy, self.columns, 0)], 0.0)

    def set_costs(self, cost: Floats) -> None:
        """Cost of own columns and copies."""
        size = len(cost)
        self.live.highs.changeColsCost(size, np.arange(size, dtype=np.int32), cost)

    def set_copies(self, lower: Floats, upper: Floats) -> None:
        """Bounds of the copies."""
        self.live.set_bounds(np.arange(self.num_own, len(self.columns)), lower, upper)

    def set_shared(self, lower: Floats, upper: Floats) -> None:
        """Limits of this block's part of the shared constraints."""
        size = len(lower)
        for row, low, high in zip(range(self._first_shared, self._first_shared + size), lower, upper, strict=True):
            self.live.highs.changeRowBounds(row, float(low), float(high))

    @property
    def shared_prices(self) -> Floats:
        """Dual values of the shared constraints in the last relaxation."""
        return self.live.row_prices[self._first_shared : self._first_shared + len(self.block.shared)]

    def release(self) -> None:
        """Take all limits off copies and shared constraints."""
        part, copies = self.problem.part, self.block.copies
        self.set_copies(part.lower[copies], part.upper[copies])
        self.set_shared(*_no_limits(len(self.block.shared)))

    def mine(self, cuts: Cuts) -> Cuts:
        """Those of these cuts that are on this block's own estimates and overflow."""
        holder = cuts.matrix.indices[cuts.matrix.indptr[1:] - 1]
        keep = np.flatnonzero(self._place[holder] >= 0)
        return Cuts(scipy.sparse.csr_array(cuts.matrix[keep]), cuts.right[keep])

    @property
    def constraint_prices(self) -> Floats:
        """Dual values of the block's own constraints in the last relaxation."""
        return self.live.row_prices[: len(self.block.constraints)]

    def add(self, cuts: Cuts) -> int:
        """Add cuts over the columns of the master; how many."""
        if not len(cuts):
            return 0
        local = self._local(cuts)
        self.live.add_rows(local.matrix, local.right, np.full(len(cuts), np.inf))
        self.found.append(cuts)
        return len(cuts)

    def cut_prices(self) -> tuple[Cuts, Floats]:
        """The cuts and their dual values in the last relaxation."""
        first, none = self._first_shared + len(self.block.shared), scipy.sparse.csr_array((0, self.problem.width))
        return stacked([Cuts(none, np.empty(0)), *self.found]), self.live.row_prices[first:]

    def missing(self, values: Floats, tolerance: float) -> Cuts:
        """The cuts over the columns of the master that the block's customers and sites lack at these values."""
        x = np.zeros(self.problem.width)
        x[: self.problem.num_y] = 1.0
        x[self.columns] = values
        y = np.clip(x[: self.problem.num_y], 0.0, 1.0)
        groups = self.problem.theta.start + self.block.groups
        of_rows = self._grouped.separate(y, self.problem.unit * x[groups], tolerance / max(1, len(groups)))
        of_loads = self._loads.separate(y, x[self.problem.overflow], tolerance / max(1, self._is_own_pair.sum()))
        mine = of_loads.at(np.flatnonzero((of_loads.pair < 0) | self._is_own_pair[of_loads.pair]))
        group = self.block.groups[of_rows.group]
        return stacked([self.problem.of_rows(group, of_rows.matrix, of_rows.right), self.problem.of_loads(mine)])

    def _local(self, cuts: Cuts) -> Cuts:
        """Cuts over the block's columns, what it has no copy of being open."""
        matrix = cuts.matrix
        place = self._place[matrix.indices]
        cut = np.repeat(np.arange(len(cuts)), np.diff(matrix.indptr))
        known = place >= 0
        elsewhere = np.bincount(cut[~known], weights=matrix.data[~known], minlength=len(cuts))
        starts = np.append(0, np.cumsum(np.bincount(cut[known], minlength=len(cuts))))
        shape = (len(cuts), len(self.columns))
        local = scipy.sparse.csr_array((matrix.data[known], place[known], starts), shape=shape)
        return Cuts(local, cuts.right - elsewhere)


def _part_of(whole: Partition, block: Block) -> PolicyPart:
    """Own columns and copies, and the constraints on own columns alone."""
    problem, part, columns = whole.problem, whole.problem.part, block.columns
    size, num_policy = len(columns), len(problem.names)
    lower, upper = problem.bounds
    cost = problem.cost[columns]
    cost[len(block.own) :] = 0.0
    is_integer = np.zeros(size, dtype=bool)
    policy = np.flatnonzero(block.own < num_policy)
    is_integer[policy] = part.is_integer[block.own[policy]]
    matrix = scipy.sparse.csr_array(part.matrix[block.constraints])
    place = np.full(num_policy, -1, dtype=np.int64)
    place[block.own[policy]] = policy
    local = scipy.sparse.csr_array((matrix.data, place[matrix.indices], matrix.indptr), shape=(matrix.shape[0], size))
    limits = part.row_lower[block.constraints], part.row_upper[block.constraints]
    return PolicyPart(size, cost, lower[columns], upper[columns], is_integer, local, *limits, (0, size))


def _no_limits(size: int) -> tuple[Floats, Floats]:
    return np.full(size, -np.inf), np.full(size, np.inf)
