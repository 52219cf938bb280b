"""The cheapest split of all visits at given decisions, whole or not.

Without limits each visit goes to the nearest open site, and that is a scan. Only where that leaves a site with too many visits, or
with too few, a linear program decides, for the rows that are tied by such sites; where it sends visits may then be too full in
turn, so that it grows until nothing else is. What it leaves alone is served as if there were no limits, and that is optimal:
a limit makes the sites that it binds dearer, or for a starving site draws on every row that it can reach, all of them in the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netplan.engine.run import Run
from netplan.solve.split_kernels import cheapest_shares, entries_at, entries_of
from netplan.solve.split_program import Solved, Tied, solve_tied
from netplan.solve.split_rows import SplitRows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_VISITS = 1e-5
"""Visits per year that count as none."""

_OPEN = 1e-9
"""What is open by less serves nobody."""

_USED = 1e-7
"""A smaller share of a row is rounding."""

_PRICE = 1e-9
"""A limit at a lower price per visit does not bind."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Who is served where at some y.

    Attributes
    ----------
    entries, visits
        Entries that serve, and how many visits per year each of them does.
    price
        v_i per visit, at most what an unserved one costs; shape (A,).
    tied
        The rows that some full or starving site ties.
    full, drawing
        Pairs whose capacity has a price and columns whose need has one.
    is_short
        Whether some site cannot be made viable; the prices then are those of the visits that are missing, from -1 to 0.
    """

    entries: Ints
    visits: Floats
    price: Floats
    tied: Ints
    full: Ints
    drawing: Ints
    is_short: bool = False


def flow_at(rows: SplitRows, y: Floats, run: Run) -> Flow | None:
    """The cheapest flow at y, shape (J,); None if it was cut short."""
    growing = _Growing.of(rows, y)
    flow = growing.without_limits
    while growing.takes_in(flow):
        tied = growing.tied
        solved = solve_tied(rows, tied, y, run)
        if solved is None:
            return None
        if solved.missing > _VISITS:
            return _short(rows, tied, solved)
        flow = growing.with_solved(tied, solved)
    return flow


@dataclass(slots=True)
class _Growing:
    """What is tied so far, and the flow where nothing is."""

    rows: SplitRows
    y: Floats
    without_limits: Flow
    is_tied: Flags = field(init=False)
    is_hungry: Flags = field(init=False)
    chosen: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.is_tied = np.zeros(len(self.rows.limits.capacity), dtype=bool)
        self.is_hungry = np.zeros(self.rows.num_columns, dtype=bool)
        self.chosen = np.empty(0, dtype=np.int64)

    @classmethod
    def of(cls, rows: SplitRows, y: Floats) -> _Growing:
        """Nothing is tied yet."""
        y = np.where(y > _OPEN, y, 0.0)
        entries, share, last = cheapest_shares(rows.start, rows.column, y)
        price, none = rows.unserved.copy(), np.empty(0, dtype=np.int64)
        price[last >= 0] = rows.cost[last[last >= 0]]
        return cls(rows, y, Flow(entries, share * rows.visits[rows.row_of(entries)], price, none, none, none))

    def takes_in(self, flow: Flow) -> bool:
        """Take in the pairs and columns whose limits a flow breaks, with all rows that they tie; whether there were any."""
        rows, limits = self.rows, self.rows.limits
        pair = rows.pair_of(flow.entries)
        load = np.bincount(pair, weights=flow.visits, minlength=len(limits.capacity))
        is_limited = np.isfinite(limits.capacity)
        room = np.where(is_limited, limits.capacity, 0.0) * self.y[limits.column_of_pair]
        served = load.reshape(rows.num_columns, -1).sum(axis=1)
        tight = is_limited & (load > room + _VISITS) & ~self.is_tied
        starving = (served < limits.least * self.y - _VISITS) & ~self.is_hungry
        self.is_tied, self.is_hungry = self.is_tied | tight, self.is_hungry | starving
        using = [flow.entries[self.is_tied[pair]], entries_at(rows.column, starving)]
        self.chosen = np.union1d(self.chosen, rows.row_of(np.concatenate(using)))
        return bool(tight.any() or starving.any())

    @property
    def tied(self) -> Tied:
        """The tied rows, and those of their entries that may serve.

        Where nothing starves, none that are dearer than a visit above capacity at the last one needed without any limits.
        """
        rows, entries = self.rows, entries_of(self.rows.start, self.chosen)
        entries = entries[self.y[rows.column[entries]] > 0.0]
        if not self.is_hungry.any():
            row = rows.row_of(entries)
            most = self.without_limits.price[row] + rows.limits.price[rows.service[row]]
            entries = entries[rows.cost[entries] <= most]
        return Tied(self.chosen, entries, np.flatnonzero(self.is_tied), np.flatnonzero(self.is_hungry))

    def with_solved(self, tied: Tied, solved: Solved) -> Flow:
        """The flow without limits, but where it is tied the one of the program."""
        rows, free = self.rows, self.without_limits
        kept = ~np.isin(rows.row_of(free.entries), tied.rows)
        used = solved.flow > 0.0
        entries = np.concatenate([free.entries[kept], tied.entries[used]])
        visits = np.concatenate([free.visits[kept], solved.flow[used]])
        order, price = np.argsort(entries, kind="stable"), free.price.copy()
        price[tied.rows] = _least_price(rows, tied, solved)
        full, drawing = tied.pairs[solved.of_pair > _PRICE], tied.columns[solved.of_column > _PRICE]
        return Flow(entries[order], visits[order], price, tied.rows, full, drawing)


def _least_price(rows: SplitRows, tied: Tied, solved: Solved) -> Floats:
    """The least price that each row can have beside these prices of capacity and need: what its dearest visit costs, with them.

    A row that a site serves whole may be priced at anything from that to the next site's cost: of the cuts that are exact here, the one
    at the least price leaves closed columns the least coefficients.
    """
    of_pair, of_column = np.zeros(len(rows.limits.capacity)), np.zeros(rows.num_columns)
    of_pair[tied.pairs], of_column[tied.columns] = solved.of_pair, solved.of_column
    place = np.searchsorted(tied.rows, rows.row_of(tied.entries))
    amount = rows.visits[tied.rows]
    used = np.flatnonzero(solved.flow > _USED * amount[place])
    entries, place = tied.entries[used], place[used]
    dearest = np.full(len(amount), -np.inf)
    paid = rows.cost[entries] + of_pair[rows.pair_of(entries)] - of_column[rows.column[entries]]
    np.maximum.at(dearest, place, paid)
    served = np.bincount(place, weights=solved.flow[used], minlength=len(amount))
    is_whole = served > (1.0 - 10.0 * _USED) * amount
    return np.minimum(np.minimum(solved.price, np.where(is_whole, dearest, np.inf)), rows.unserved[tied.rows])


def _short(rows: SplitRows, tied: Tied, solved: Solved) -> Flow:
    """What is known where some site cannot be made viable."""
    price, none = np.zeros(len(rows.visits)), np.empty(0, dtype=np.int64)
    price[tied.rows] = np.clip(solved.price, -1.0, 0.0)
    return Flow(none, np.empty(0), price, tied.rows, none, none, is_short=True)
