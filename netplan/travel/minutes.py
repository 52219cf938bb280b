"""Sparse minutes: the pairs within a cut-off, and what the planner needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netplan.compiled import compiled
from netplan.frozen import Frozen

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SparseMinutes(Frozen):
    """One-way minutes of the (origin, target) pairs within a cut-off, row by row (CSR), targets ascending."""

    shape: tuple[int, int]
    start: Ints
    target: Ints
    minutes: Floats

    @classmethod
    def from_pairs(cls, shape: tuple[int, int], origin: Ints, target: Ints, minutes: Floats) -> SparseMinutes:
        """Sort pairs by origin and target; of a repeated pair the shorter counts."""
        order = np.lexsort((minutes, target, origin))
        origin, target, minutes = origin[order], target[order], minutes[order]
        if len(origin):
            first = np.ones(len(origin), dtype=bool)
            first[1:] = (np.diff(origin) != 0) | (np.diff(target) != 0)
            origin, target, minutes = origin[first], target[first], minutes[first]
        start = np.zeros(shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(origin, minlength=shape[0]), out=start[1:])
        arrays = (start, target.astype(np.int64), minutes.astype(np.float64))
        for array in arrays:
            array.setflags(write=False)
        return cls(shape, *arrays)

    @property
    def origin(self) -> Ints:
        """The origin of each pair."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int64), np.diff(self.start))

    def of(self, origin: int) -> tuple[Ints, Floats]:
        """Targets within the cut-off of one origin, and their minutes."""
        part = slice(self.start[origin], self.start[origin + 1])
        return self.target[part], self.minutes[part]

    def get(self, origin: int, target: int) -> float:
        """Minutes of one pair; infinite beyond the cut-off."""
        targets, minutes = self.of(origin)
        at = int(np.searchsorted(targets, target))
        return float(minutes[at]) if at < len(targets) and targets[at] == target else float("inf")

    def lookup(self, origins: Ints, targets: Ints) -> Floats:
        """Minutes of many pairs; infinite beyond the cut-off."""
        asked = (np.ascontiguousarray(origins, dtype=np.int64), np.ascontiguousarray(targets, dtype=np.int64))
        return np.asarray(_found(self.start, self.target, self.minutes, asked))

    def frame(self) -> pd.DataFrame:
        """Columns origin, target (positions), minutes."""
        return pd.DataFrame({"origin": self.origin, "target": self.target, "minutes": self.minutes})

    def rows(self, first: int, last: int) -> SparseMinutes:
        """The rows `first` to `last` (excluded) as a table of their own, without copying: to stream a table from disk."""
        begin, end = int(self.start[first]), int(self.start[last])
        start = self.start[first : last + 1] - begin
        start.setflags(write=False)
        return SparseMinutes((last - first, self.shape[1]), start, self.target[begin:end], self.minutes[begin:end])

    def blocks(self, pairs: int = 10_000_000) -> Iterator[tuple[int, SparseMinutes]]:
        """The table in runs of rows of about so many pairs, each with the position of its first row."""
        first = 0
        while first < self.shape[0]:
            last = int(np.searchsorted(self.start, self.start[first] + pairs, side="right")) - 1
            last = min(self.shape[0], max(first + 1, last))
            yield first, self.rows(first, last)
            first = last

    def transposed(self) -> SparseMinutes:
        """The same pairs with origins and targets exchanged."""
        # scipy counts instead of sorting, and keeps stored zeros
        turned = csr_array((self.minutes, self.target, self.start), shape=self.shape).tocsc()
        arrays = (turned.indptr.astype(np.int64), turned.indices.astype(np.int64), turned.data)
        for array in arrays:
            array.setflags(write=False)
        return SparseMinutes((self.shape[1], self.shape[0]), *arrays)

    def with_own(self) -> SparseMinutes:
        """The same with 0 minutes from each place to itself, also where it had none; for square tables."""
        arrays = _with_own(self.start, self.target, self.minutes)
        for array in arrays:
            array.setflags(write=False)
        return SparseMinutes(self.shape, *arrays)

    def symmetric(self) -> SparseMinutes:
        """The smaller of the two directions of each pair; for square tables."""
        origin = self.origin
        return SparseMinutes.from_pairs(
            self.shape,
            np.concatenate([origin, self.target]),
            np.concatenate([self.target, origin]),
            np.concatenate([self.minutes, self.minutes]),
        )


@compiled
def _found(start: Ints, target: Ints, minutes: Floats, asked: tuple[Ints, Ints]) -> Floats:
    """Minutes of the pairs asked for; infinite where there is no such pair."""
    found = np.full(len(asked[0]), np.inf)
    for number in range(len(found)):
        first, last = start[asked[0][number]], start[asked[0][number] + 1]
        at = first + np.searchsorted(target[first:last], asked[1][number])
        if at < last and target[at] == asked[1][number]:
            found[number] = minutes[at]
    return found


@compiled
def _with_own(start: Ints, target: Ints, minutes: Floats) -> tuple[Ints, Ints, Floats]:
    rows = len(start) - 1
    own = np.empty(rows, dtype=np.int64)
    new_start = np.zeros_like(start)
    for row in range(rows):
        own[row] = start[row] + np.searchsorted(target[start[row] : start[row + 1]], row)
        is_there = own[row] < start[row + 1] and target[own[row]] == row
        new_start[row + 1] = new_start[row] + start[row + 1] - start[row] + (0 if is_there else 1)
    targets = np.empty(new_start[-1], dtype=target.dtype)
    all_minutes = np.empty(new_start[-1])
    for row in range(rows):
        first, last, at = start[row], start[row + 1], own[row]
        begin, end, place = new_start[row], new_start[row + 1], new_start[row] + at - first
        after = last - (end - place - 1)
        targets[begin:place], all_minutes[begin:place] = target[first:at], minutes[first:at]
        targets[place], all_minutes[place] = row, 0.0
        targets[place + 1 : end], all_minutes[place + 1 : end] = target[after:last], minutes[after:last]
    return new_start, targets, all_minutes


@dataclass(frozen=True, slots=True)
class TravelTimes(Frozen):
    """Minutes between nodes, sites and other banks' outlets, one way, within a cut-off.

    Attributes
    ----------
    to_site
        t_is, shape (N, S), with both legs and the travel inside the cell.
    between_sites
        t_ss', shape (S, S), diagonal 0.
    to_competitor
        Node to other banks' outlets, shape (N, number of competitors).
    limit_minutes, site_limit_minutes
        Cut-offs from nodes, and between sites.
    unreached_nodes, unreached_sites, unreached_competitors
        Ids of those farther than the longest leg from every road of the mode.
    """

    to_site: SparseMinutes
    between_sites: SparseMinutes
    to_competitor: SparseMinutes
    limit_minutes: float
    site_limit_minutes: float
    is_from_roads: bool
    unreached_nodes: tuple[str, ...]
    unreached_sites: tuple[str, ...]
    unreached_competitors: tuple[str, ...] = ()
