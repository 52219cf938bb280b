"""A problem in blocks, one per district or part of one: what belongs to one only, and what several share.

A block has the columns of its sites, the rows of its nodes and outlets, and the constraints on its own columns alone. Two things
tie blocks together: constraints over columns of several blocks (the budget, the number of moves, a counter staffed from across
the border), and customers who may use a site of another block. The first are *shared constraints*; for the second a block has
a *copy* of the foreign columns that its customers may use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.solve.block_kernels import known_entries, rows_using, useful_columns
from netplan.solve.cut_problem import CutProblem
from netplan.solve.division import Division
from netplan.solve.linked import sums
from netplan.solve.objective_rows import ObjectiveRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


_MOSTLY = 0.7
"""A sum most of whose terms, at least this share, are one block's is that block's."""

_DEPTH = 3
"""A block has copies of what would serve its customers better than the third of today's outlets from them."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes
    ----------
    own
        Its columns of the master, ascending: policy columns, then estimates of groups, then overflow of pairs.
    copies
        Columns of other blocks that its customers may use.
    constraints
        Constraints of the policy part on its own columns alone.
    shared
        Shared constraints that it has a part in, as positions in `Partition.shared`.
    rows, groups
        Its rows, their groups numbered anew, and the number of each group in the whole problem. A row ends before the first
        column that is neither the block's own nor copied, at its cost.
    visitors
        Access rows, its own and others', whose visits may go to its sites; they end likewise.
    """

    own: Ints
    copies: Ints
    constraints: Ints
    shared: Ints
    rows: ObjectiveRows
    groups: Ints
    visitors: ObjectiveRows

    @property
    def columns(self) -> Ints:
        """Own columns, then copies."""
        return np.concatenate([self.own, self.copies])


@dataclass(frozen=True, slots=True)
class Partition:
    """A problem and its blocks.

    Attributes
    ----------
    of_column
        Block of each column of the master, shape (width,).
    shared
        Constraints of the policy part that columns of several blocks are in.
    matrix
        The shared constraints over the policy part's columns.
    """

    problem: CutProblem
    of_column: Ints
    shared: Ints
    matrix: scipy.sparse.csr_array
    blocks: tuple[Block, ...]

    @property
    def copied(self) -> Ints:
        """The column behind each copy, block by block; shape (K,)."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(block.copies for block in self.blocks)])

    @property
    def copy_start(self) -> Ints:
        """Copies of block b are ``copy_start[b] : copy_start[b + 1]``."""
        return np.cumsum([0, *(len(block.copies) for block in self.blocks)])


@dataclass(frozen=True, slots=True)
class Larger:
    """The larger blocks that blocks are parts of, and which one each is a part of, shape (B,)."""

    whole: Partition
    home: Ints


def partition(
    problem: CutProblem, division: Division, same: Sequence[Block | None] | None = None, larger: Larger | None = None
) -> Partition:
    """The blocks of a problem divided so.

    Where `same` names a block with the same columns, its rows are taken from there. Parts of `larger` blocks have together the
    columns of these, if their sites are.
    """
    of_policy = _block_of_policy_columns(problem, division.of_site)
    if larger is not None:
        _bring_home(problem.part.matrix, of_policy, larger)
    of_group = division.of_township[problem.rows.place]
    of_pair = np.repeat(division.of_site, len(problem.loads.price))
    of_column = np.concatenate([of_policy, of_group, of_pair])
    matrix = problem.part.matrix
    lowest, highest = _span(matrix, of_policy)
    shared = np.flatnonzero(lowest < highest)
    in_shared = scipy.sparse.csr_array(matrix[shared])
    is_local = lowest == highest
    places = [(np.flatnonzero(is_local & (lowest == b)), b) for b in range(division.number)]
    known: Sequence[Block | None] = [None] * division.number if same is None else same
    blocks = tuple(
        _block(problem, of_column, place, in_shared, like) for place, like in zip(places, known, strict=True)
    )
    return Partition(problem, of_column, shared, in_shared, blocks)


def limits_beside(whole: Partition, x: Floats) -> list[tuple[Floats, Floats]]:
    """Limits of each block's part of the shared constraints while the others are at x, shape (columns of the policy part,).

    Room that x leaves is divided by how many columns each block has in the constraint. Where x itself breaks a constraint there
    are no limits.
    """
    part, matrix = whole.problem.part, whole.matrix
    low, high = part.row_lower[whole.shared], part.row_upper[whole.shared]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    of_entry = whole.of_column[matrix.indices]
    total = matrix @ x
    holds = (total >= low - 1e-9) & (total <= high + 1e-9)
    low, high = np.where(holds, low - total, -np.inf), np.where(holds, high - total, np.inf)
    share = 1.0 / np.maximum(1, np.diff(matrix.indptr))
    limits = []
    for b, block in enumerate(whole.blocks):
        mine = of_entry == b
        size = np.bincount(row[mine], minlength=len(total))[block.shared] * share[block.shared]
        used = np.bincount(row[mine], weights=matrix.data[mine] * x[matrix.indices[mine]], minlength=len(total))
        limits.append((used[block.shared] + low[block.shared] * size, used[block.shared] + high[block.shared] * size))
    return limits


def _block_of_policy_columns(problem: CutProblem, of_site: Ints) -> Ints:
    """Block of each policy column: that of its site or outlet; others go with the columns that they are constrained with."""
    whole, policy = problem.formulation.problem, problem.formulation.policy
    columns = whole.columns
    block = np.full(len(problem.names), -1, dtype=np.int64)
    block[: problem.num_y] = of_site[columns.home]
    site = {site_id: s for s, site_id in enumerate(whole.sites["site_id"])}
    position = {name: j for j, name in enumerate(problem.names)}
    for key, variable in (*policy.staffed.items(), *policy.visited.items()):
        block[position[variable.name]] = of_site[site[key[0]]]
    _spread(problem.part.matrix, block)
    _gather(problem.part.matrix, block, problem.num_y)
    return np.maximum(block, 0)


def _spread(matrix: scipy.sparse.csr_array, block: Ints) -> None:
    """Columns of no block go with those that they are constrained with, short constraints first, until no more are known."""
    order = np.argsort(np.diff(matrix.indptr), kind="stable")
    before = -1
    while before != (before := int((block >= 0).sum())):
        for row in order:
            members = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
            known = block[members] >= 0
            if known.any() and not known.all():
                block[members[~known]] = np.bincount(block[members[known]]).argmax()


def _gather(matrix: scipy.sparse.csr_array, block: Ints, num_y: int) -> None:
    """A sum over one block's nodes, and the covers in it that are nearest to another block's sites, go to that block."""
    is_sum = sums(matrix, num_y)
    for row in np.flatnonzero(abs(matrix) @ is_sum.astype(np.float64)):
        members = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        known = block[members][block[members] >= 0]
        counts = np.bincount(known) if len(known) else np.zeros(1, dtype=np.int64)
        if counts.max() >= _MOSTLY * len(members):
            block[members] = counts.argmax()


def _bring_home(matrix: scipy.sparse.csr_array, block: Ints, larger: Larger) -> None:
    """Columns that went with a part of another larger block go with a part of their own: that of most in the shortest constraint."""
    of_larger, by_column = larger.whole.of_column[: len(block)], matrix.tocsc()
    size = np.diff(matrix.indptr)
    is_home = larger.home[block] == of_larger
    first = np.unique(larger.home, return_index=True)[1]
    for column in np.flatnonzero(~is_home):
        rows = by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]
        block[column] = first[of_larger[column]]
        for row in rows[np.argsort(size[rows], kind="stable")]:
            members = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
            members = members[is_home[members] & (of_larger[members] == of_larger[column])]
            if len(members):
                block[column] = np.bincount(block[members]).argmax()
                break


def _span(matrix: scipy.sparse.csr_array, of_policy: Ints) -> tuple[Ints, Ints]:
    """The first and last block of each constraint; constraints without columns are the first block's."""
    lowest, highest = np.zeros(matrix.shape[0], dtype=np.int64), np.zeros(matrix.shape[0], dtype=np.int64)
    filled = np.diff(matrix.indptr) > 0
    if filled.any():
        starts = matrix.indptr[:-1][filled]
        lowest[filled] = np.minimum.reduceat(of_policy[matrix.indices], starts)
        highest[filled] = np.maximum.reduceat(of_policy[matrix.indices], starts)
    return lowest, highest


def _block(
    problem: CutProblem, of_column: Ints, place: tuple[Ints, int], in_shared: scipy.sparse.csr_array, same: Block | None
) -> Block:
    """The block of that number with those constraints; its rows are taken from `same` if that has the same columns."""
    constraints, b = place
    own = np.flatnonzero(of_column == b)
    counts = (of_column[in_shared.indices] == b).astype(np.float64)
    has_part = scipy.sparse.csr_array((counts, in_shared.indices, in_shared.indptr), shape=in_shared.shape).sum(axis=1)
    shared = np.flatnonzero(has_part > 0)
    if same is not None and np.array_equal(same.own, own):
        return replace(same, constraints=constraints, shared=shared)
    present, arrays = problem.formulation.problem.columns.present, problem.rows.sorted.arrays
    is_own = of_column[: problem.num_y] == b
    mine = np.flatnonzero((of_column[problem.theta] == b)[problem.rows.group])
    visits = np.flatnonzero(rows_using(arrays, len(problem.rows.load), present, is_own, _DEPTH))
    is_known = is_own | useful_columns(arrays, mine, present, _DEPTH) | useful_columns(arrays, visits, present, _DEPTH)
    return Block(
        own,
        np.flatnonzero(is_known & ~is_own),
        constraints,
        shared,
        _known(problem.rows, mine, is_known),
        np.unique(problem.rows.group[mine]),
        _known(problem.rows, visits, is_known),
    )


def _known(rows: ObjectiveRows, chosen: Ints, is_known: Flags) -> ObjectiveRows:
    """Chosen rows, each up to its first unknown column: that one counts as open, so that the row goes no further."""
    whole = rows.sorted
    count, last = known_entries(whole.arrays, chosen, is_known)
    return rows.at(chosen, whole.at(chosen, count, last))
