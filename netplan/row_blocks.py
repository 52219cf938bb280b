"""Rows in blocks: what the origins of one kind of row reach in a table of minutes, several blocks at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from netplan.row_kernels import cheapest, sorted_options
from netplan.rows import OBJECTIVE, Rows, assemble
from netplan.travel import SparseMinutes

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]

_PAIRS_AT_ONCE = 500_000
"""Pairs of a block: some 30 MB while it is made."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Offers:
    """Operating columns by target, and what each makes of the cost of a pair: cost x factor + extra.

    Attributes
    ----------
    start
        Offers of target s are ``start[s] : start[s + 1]``, shape (S + 1,).
    site, column, factor, extra
        Shape (offers,).
    """

    start: Ints
    site: Ints32
    column: Ints32
    factor: Floats
    extra: Floats

    @classmethod
    def of(cls, targets: int, site: Ints, column: Ints, factor: Floats, extra: Floats) -> Offers:
        """Group columns by the site they are at; those that cost the same there lie side by side."""
        order = np.lexsort((column, extra, factor, site))
        start = _starts(site, targets)
        return cls(start, site[order].astype(np.int32), column[order].astype(np.int32), factor[order], extra[order])

    def anywhere(self) -> Offers:
        """The same where it does not matter which site serves: they are at -1."""
        return Offers(self.start, np.full_like(self.site, -1), self.column, self.factor, self.extra)

    @property
    def arrays(self) -> tuple[Ints, Ints32, Ints32, Floats, Floats]:
        """As the kernels take them."""
        return self.start, self.site, self.column, self.factor, self.extra


@dataclass(frozen=True, slots=True)
class Loose:
    """Entries of rows that no offer stands for: those of origin i are ``start[i] : start[i + 1]``."""

    start: Ints
    cost: Floats
    site: Ints32
    column: Ints32

    @classmethod
    def of(cls, origins: int, origin: Ints, cost: Floats, site: Ints, column: Ints) -> Loose:
        """Group entries by origin."""
        order = np.argsort(origin, kind="stable")
        start = _starts(origin, origins)
        return cls(start, cost[order], site[order].astype(np.int32), column[order].astype(np.int32))

    @classmethod
    def none(cls, origins: int) -> Loose:
        """No entries."""
        nothing = np.empty(0, dtype=np.int64)
        return cls.of(origins, nothing, np.empty(0), nothing, nothing)


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows of one kind to be made: one for each origin of a table that is to have one.

    Attributes
    ----------
    kind, measure, service
        As in `Rows`.
    table
        Minutes, one line an origin.
    pair_cost
        Cost of each pair of a run of lines of the table; NaN where it is out of reach.
    offers
        What is offered at the targets.
    is_row, weight, penalty, load
        Of each origin: whether it has a row, and what `Rows` says of it; shape (origins,).
    today
        Offers of today's network: costs and penalty are then counted from the cheapest of them, if it is below the penalty.
    loose
        Entries besides the offers.
    own_cost
        Cost of the pair of an origin and itself, where that is not what its minutes make it.
    """

    kind: int
    table: SparseMinutes
    pair_cost: Callable[[SparseMinutes], Floats]
    offers: Offers
    is_row: NDArray[np.bool_]
    weight: Floats
    penalty: Floats
    measure: int = OBJECTIVE
    service: int = -1
    load: Floats | None = None
    today: Offers | None = None
    loose: Loose | None = None
    own_cost: float | None = None

    def blocks(self) -> Iterator[Callable[[], Rows]]:
        """The work of making the rows, block by block."""
        for first, part in self.table.blocks(_PAIRS_AT_ONCE):
            yield partial(self._block, first, part)

    def _block(self, first: int, part: SparseMinutes) -> Rows:
        origin = np.flatnonzero(self.is_row[first : first + part.shape[0]])
        subject = origin + first
        pairs = (part.start, part.target, self._costs(first, part))
        penalty = self.penalty[subject]
        base = np.zeros(len(origin)) if self.today is None else cheapest(origin, pairs, self.today.arrays, penalty)
        limit = penalty if self.today is None else base
        loose = self.loose or Loose.none(len(self.is_row))
        more = (loose.start[first : first + part.shape[0] + 1], loose.cost, loose.site, loose.column)
        return assemble(
            self.kind,
            subject,
            sorted_options(origin, (pairs, self.offers.arrays, (limit, base), more)),
            weight=self.weight[subject],
            penalty=limit - base,
            measure=self.measure,
            service=self.service,
            load=None if self.load is None else self.load[subject],
        )

    def _costs(self, first: int, part: SparseMinutes) -> Floats:
        cost = self.pair_cost(part)
        if self.own_cost is not None:
            cost[part.target == part.origin + first] = self.own_cost
        return cost


def side_by_side(work: Iterable[Callable[[], _Result]], workers: int) -> Iterator[_Result]:
    """The results in order, made by so many threads, a few ahead of the one that is asked for."""
    with ThreadPoolExecutor(workers, thread_name_prefix="rows") as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for task in work:
                waiting.append(pool.submit(task))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _starts(of: Ints, size: int) -> Ints:
    start = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(of, minlength=size), out=start[1:])
    return start
