"""Rows: everything customers do has one shape - the cheapest open option of a sorted list, or a penalty.

The formula of each kind is in docs/model.md, "Rows". Rows are the only source of access, retention, gain and coverage:
the compact model is generated from them, and so will be every faster method.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netplan.frozen import Frozen
from netplan.row_kernels import Options, first_open

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Starts = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]

ACCESS, RETENTION, GAIN, COVERAGE = range(4)
KIND_NAMES = ("access", "retention", "gain", "coverage")
OBJECTIVE = -1
"""`Rows.measure` of a row that is a term of the objective; others measure the standard at that position."""


@dataclass(frozen=True, slots=True)
class Rows(Frozen):
    """Sparse rows: R rows, O options, E (option, column) entries.

    A municipality has tens of millions of options, so their sites and columns are 32-bit integers: widen them before
    arithmetic that may leave that range.

    Attributes
    ----------
    kind, measure, subject, service
        What each row is, what it measures, its node or outlet, its service (-1 if none); shape (R,).
    weight, load, penalty
        Weight of the cost; visits per year that use the chosen site's capacity; cost if no option is open; shape (R,).
    option_start
        Options of row r are ``option_start[r] : option_start[r + 1]``, cheapest first; shape (R + 1,).
    option_cost, option_site
        Cost, and the site that serves (-1 if several may; int32); shape (O,).
    column_start, column
        Columns of option o are ``column[column_start[o] : column_start[o + 1]]`` (int32; `column_start` int64 where E
        is beyond its range); shapes (O + 1,), (E,).
    """

    kind: Ints
    measure: Ints
    subject: Ints
    service: Ints
    weight: Floats
    load: Floats
    penalty: Floats
    option_start: Ints
    option_cost: Floats
    option_site: Ints32
    column_start: Starts
    column: Ints32

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def option_row(self) -> Ints:
        """The row of each option, shape (O,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.option_start))

    def first_open(self, is_open: NDArray[np.bool_]) -> Ints:
        """The option that each row uses when these columns are open; -1 for the penalty; shape (R,)."""
        return np.asarray(first_open(self.option_start, self.column_start, self.column, is_open))

    def cost_at(self, chosen: Ints) -> Floats:
        """Cost per unit of weight at the chosen options (-1: the penalty), shape (R,)."""
        cost = self.penalty.copy()
        cost[chosen >= 0] = self.option_cost[chosen[chosen >= 0]]
        return cost

    def select(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows where `keep` is true."""
        options = np.repeat(keep, np.diff(self.option_start))
        entries = np.repeat(options, np.diff(self.column_start))
        arrays = (
            self.kind[keep],
            self.measure[keep],
            self.subject[keep],
            self.service[keep],
            self.weight[keep],
            self.load[keep],
            self.penalty[keep],
            _starts(np.diff(self.option_start)[keep]),
            self.option_cost[options],
            self.option_site[options],
            _starts(np.diff(self.column_start)[options], self.column_start.dtype),
            self.column[entries],
        )
        return Rows(*_read_only(arrays))


def assemble(
    kind: int,
    subject: Ints,
    options: Options,
    *,
    weight: Floats,
    penalty: Floats,
    measure: int = OBJECTIVE,
    service: int = -1,
    load: Floats | None = None,
) -> Rows:
    """Rows of one kind, measure and service, of options as `netplan.row_kernels.sorted_options` returns them."""
    size = len(subject)
    counts, cost, site, width, column = options
    return Rows(
        np.full(size, kind, dtype=np.int64),
        np.full(size, measure, dtype=np.int64),
        subject.astype(np.int64),
        np.full(size, service, dtype=np.int64),
        weight.astype(np.float64),
        np.zeros(size, dtype=np.float64) if load is None else load.astype(np.float64),
        penalty.astype(np.float64),
        _starts(counts),
        cost,
        site,
        _starts(width, _start_type(len(column))),
        column,
    )


def concatenate(blocks: Iterable[Rows]) -> Rows:
    """Put blocks of rows under each other; the arrays become read-only.

    Each block is let go once it is copied, and the arrays grow in place where the system can do that, so that the rows are
    not in memory twice.
    """
    whole = {field.name: _nothing(field.name) for field in fields(Rows)}
    for block in blocks:
        entries = len(whole["column"]) + len(block.column)
        whole["column_start"] = whole["column_start"].astype(_start_type(entries), copy=False)
        for name, array in whole.items():
            part = getattr(block, name)
            _append(array, part[1:] + array[-1] if name.endswith("_start") else part)
        del block, part
    _read_only(whole.values())
    return Rows(**whole)


_FLOATS = ("weight", "load", "penalty", "option_cost")
_INTS32 = ("option_site", "column_start", "column")

_LARGEST = np.iinfo(np.int32).max


def _start_type(entries: int) -> np.dtype[Any]:
    """The type that can hold the start of every option's entries."""
    return np.dtype(np.int32 if entries <= _LARGEST else np.int64)


def _read_only(arrays: Iterable[NDArray[Any]]) -> Iterable[NDArray[Any]]:
    for array in arrays:
        array.setflags(write=False)
    return arrays


def _nothing(name: str) -> NDArray[Any]:
    """A field of no rows, to be put together."""
    kind = np.float64 if name in _FLOATS else np.int32 if name in _INTS32 else np.int64
    return np.zeros(1 if name.endswith("_start") else 0, dtype=kind)


def _append(whole: NDArray[Any], part: NDArray[Any]) -> None:
    size = len(whole)
    whole.resize(size + len(part), refcheck=False)  # nothing else looks at an array that is being put together
    whole[size:] = part


def _starts(lengths: NDArray[np.integer[Any]], kind: np.dtype[Any] | None = None) -> NDArray[Any]:
    starts = np.zeros(len(lengths) + 1, dtype=kind or np.int64)
    np.cumsum(lengths, dtype=starts.dtype, out=starts[1:])
    return starts
