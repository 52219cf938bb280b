"""Sums and maxima over the pairs of a sparse table, by demand node and by outlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from netplan.errors import InputError
from netplan.travel.minutes import SparseMinutes
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The (demand node, outlet) pairs within the cut-off, with the node of each pair spelled out."""

    shape: tuple[int, int]
    start: Ints
    origin: Ints
    target: Ints
    minutes: Floats

    @classmethod
    def of(cls, table: SparseMinutes) -> Pairs:
        """The pairs of a table of minutes."""
        start = np.asarray(table.start, dtype=np.int64)
        origin = np.repeat(np.arange(table.shape[0], dtype=np.int64), np.diff(start))
        return cls(table.shape, start, origin, np.asarray(table.target), np.asarray(table.minutes, dtype=np.float64))

    def node_sum(self, values: Floats) -> Floats:
        """Sum over the pairs of each node, shape (N,)."""
        return np.bincount(self.origin, values, self.shape[0]).astype(np.float64, copy=False)

    def node_max(self, values: Floats) -> Floats:
        """Largest value of each node, shape (N,); minus infinity where a node has no pair."""
        top = np.full(self.shape[0], -np.inf)
        reached = np.flatnonzero(np.diff(self.start))
        if len(reached):  # between the starts of two rows with pairs lie only rows without
            top[reached] = np.maximum.reduceat(values, self.start[reached])
        return top

    def outlet_sum(self, values: Floats) -> Floats:
        """Sum over the pairs of each outlet, shape (J,)."""
        return np.bincount(self.target, values, self.shape[1]).astype(np.float64, copy=False)

    def log_sum(self, utility: Floats) -> Floats:
        """Logarithm of the sum of exp(utility) over the pairs of each node, shape (N,); minus infinity where there is none."""
        top = self.node_max(utility)
        safe = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.node_sum(np.exp(utility - safe[self.origin]))) + safe)

    def matrix(self, values: Floats) -> sparse.csr_array:
        """The values as a sparse matrix (N, J)."""
        return sparse.csr_array((values, self.target, self.start), shape=self.shape)


def side_by_side(*tables: SparseMinutes) -> SparseMinutes:
    """Join tables of the same demand nodes: the outlets of the second follow those of the first, and so on.

    Parameters
    ----------
    *tables
        Minutes from the same N nodes, for instance to own sites and to other banks' outlets.

    Returns
    -------
    SparseMinutes
        Shape (N, sum of the outlets).

    Raises
    ------
    InputError
        No table, or tables of different numbers of nodes.

    """
    if len({table.shape[0] for table in tables}) != 1:
        raise InputError(
            "minutes: the tables to join need the same demand nodes, but have "
            f"{', '.join(f'{table.shape[0]:,}' for table in tables) or 'no'} rows; compute them from the same nodes"
        )
    offset = np.cumsum([0, *(table.shape[1] for table in tables)])
    pairs = [Pairs.of(table) for table in tables]
    return SparseMinutes.from_pairs(
        (tables[0].shape[0], int(offset[-1])),
        np.concatenate([each.origin for each in pairs]),
        np.concatenate([each.target + first for each, first in zip(pairs, offset, strict=False)]),
        np.concatenate([each.minutes for each in pairs]),
    )


def amounts(values: ArrayLike, number: int, name: str, of: str) -> Floats:
    """`values` as `number` finite amounts that are not negative, read-only; `InputError` names what is not."""
    array = np.array(values, dtype=np.float64)
    if array.shape != (number,):
        raise InputError(f"{name}: {array.shape} values for {counted(number, of)}; give one value for each {of}")
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if len(wrong):
        raise InputError(
            f"{name}: negative, infinite or missing for {counted(len(wrong), of)} "
            f"(position {some(wrong.tolist())}); give a number of 0 or more"
        )
    array.setflags(write=False)
    return array


def flags(values: ArrayLike, number: int, name: str) -> Flags:
    """`values` as one yes or no per outlet; `InputError` where the number differs or they are positions."""
    array = np.array(values)
    if array.shape != (number,) or array.dtype != np.bool_:
        raise InputError(f"{name}: needs True or False for each of the {counted(number, 'outlet')} of the minutes")
    return array


def names(ids: Sequence[str] | None, number: int, of: str) -> list[str] | Ints:
    """The ids, or positions where there are none; `InputError` where their number differs."""
    if ids is None:
        return np.arange(number, dtype=np.int64)
    if len(ids) != number:
        raise InputError(f"ids: {len(ids):,} ids for {counted(number, of)}; give one id for each {of}")
    return [str(each) for each in ids]


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part` over `whole`; NaN where there is nothing to divide by."""
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))
