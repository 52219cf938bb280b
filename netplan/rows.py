"""Rows: everything customers do has one shape - the cheapest open option of a sorted list, or a penalty.

The formula of each kind is in docs/model.md, "Rows". Rows are the only source of access, retention, gain and coverage:
the compact model is generated from them, and so will be every faster method.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from netplan.frozen import Frozen
from netplan.row_kernels import sort_entries

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ACCESS, RETENTION, GAIN, COVERAGE = range(4)
KIND_NAMES = ("access", "retention", "gain", "coverage")
OBJECTIVE = -1
"""`Rows.measure` of a row that is a term of the objective; others measure the standard at that position."""


@dataclass(frozen=True, slots=True)
class Rows(Frozen):
    """Sparse rows: R rows, O options, E (option, column) entries.

    Attributes
    ----------
    kind, measure, subject, service
        What each row is, what it measures, its node or outlet, its service (-1 if none); shape (R,).
    weight, load, penalty
        Weight of the cost; visits per year that use the chosen site's capacity; cost if no option is open; shape (R,).
    option_start
        Options of row r are ``option_start[r] : option_start[r + 1]``, cheapest first; shape (R + 1,).
    option_cost, option_site
        Cost, and the site that serves (-1 if several may); shape (O,).
    column_start, column
        Columns of option o are ``column[column_start[o] : column_start[o + 1]]``; shapes (O + 1,), (E,).
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
    option_site: Ints
    column_start: Ints
    column: Ints

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def option_row(self) -> Ints:
        """The row of each option, shape (O,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.option_start))

    def first_open(self, is_open: NDArray[np.bool_]) -> Ints:
        """The option that each row uses when these columns are open; -1 for the penalty; shape (R,)."""
        entry_open = is_open[self.column]
        option_open = _any_of(entry_open, self.column_start)
        position = np.where(option_open, np.arange(len(option_open)), len(option_open))
        first = np.full(len(self), len(option_open), dtype=np.int64)
        filled = np.diff(self.option_start) > 0
        if filled.any():
            first[filled] = np.minimum.reduceat(position, self.option_start[:-1][filled])
        return np.where(first < len(option_open), first, -1)

    def cost_at(self, chosen: Ints) -> Floats:
        """Cost per unit of weight at the chosen options (-1: the penalty), shape (R,)."""
        padded = np.append(self.option_cost, 0.0)
        return np.where(chosen >= 0, padded[chosen], self.penalty)

    def select(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows where `keep` is true."""
        options = np.repeat(keep, np.diff(self.option_start))
        entries = np.repeat(options, np.diff(self.column_start))
        return Rows(
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
            _starts(np.diff(self.column_start)[options]),
            self.column[entries],
        )


def assemble(
    kind: int,
    subject: Ints,
    *,
    weight: Floats,
    penalty: Floats,
    entry_row: Ints,
    entry_site: Ints,
    entry_cost: Floats,
    entry_column: Ints,
    measure: int = OBJECTIVE,
    service: int = -1,
    load: Floats | None = None,
) -> Rows:
    """Sort loose (row, site, cost, column) entries into rows: columns of one site at one cost are one option."""
    size = len(subject)
    row, site, column, cost = _grouped(entry_row, entry_site, entry_column, entry_cost)
    sort_entries(_starts(np.bincount(row, minlength=size)), cost, site, column)
    is_new = np.ones(len(row), dtype=bool)
    is_new[1:] = (row[1:] != row[:-1]) | (cost[1:] != cost[:-1]) | (site[1:] != site[:-1])
    first = np.flatnonzero(is_new)
    return Rows(
        np.full(size, kind, dtype=np.int64),
        np.full(size, measure, dtype=np.int64),
        subject.astype(np.int64),
        np.full(size, service, dtype=np.int64),
        weight.astype(np.float64),
        np.zeros(size, dtype=np.float64) if load is None else load.astype(np.float64),
        penalty.astype(np.float64),
        _starts(np.bincount(row[first], minlength=size)),
        cost[first],
        site[first].astype(np.int64),
        np.append(first, len(row)).astype(np.int64),
        column.astype(np.int64),
    )


def _grouped(row: Ints, site: Ints, column: Ints, cost: Floats) -> tuple[Ints, Ints, Ints, Floats]:
    """The entries row by row, as arrays of their own."""
    if (row[1:] >= row[:-1]).all():
        return row, site.astype(np.int64), column.astype(np.int64), cost.astype(np.float64)
    order = np.argsort(row, kind="stable")
    return row[order], site[order].astype(np.int64), column[order].astype(np.int64), cost[order].astype(np.float64)


def concatenate(blocks: list[Rows]) -> Rows:
    """Put blocks of rows under each other; the arrays become read-only."""
    plain = {
        field.name: np.concatenate([getattr(block, field.name) for block in blocks])
        for field in fields(Rows)
        if not field.name.endswith("_start")
    }
    options = np.concatenate([np.diff(block.option_start) for block in blocks])
    entries = np.concatenate([np.diff(block.column_start) for block in blocks])
    rows = Rows(**plain, option_start=_starts(options), column_start=_starts(entries))
    for field in fields(Rows):
        getattr(rows, field.name).setflags(write=False)
    return rows


def _starts(lengths: NDArray[np.integer]) -> Ints:
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _any_of(flags: NDArray[np.bool_], starts: Ints) -> NDArray[np.bool_]:
    """Whether any flag of each part is set; every part has at least one."""
    return np.logical_or.reduceat(flags, starts[:-1]) if len(starts) > 1 else np.zeros(0, dtype=bool)
