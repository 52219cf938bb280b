"""Cuts of a group of rows: what holds at every whole y, though not at every fraction of one.

For rows that pay one of two prices, with z_i the share of row i that is served and S the columns that serve any of the group,

    sum_{i in group} a_i z_i <= sum_{j in S} b_j y_j + c,     c = max over whole y of  (sum of a_i over the rows y serves) - b y

holds whatever a, b >= 0 are. The one that a fractional (y, z) violates most, with a_i at most what serving row i saves, comes from a
linear program over (a, b, c) with a constraint for each whole y that is needed, found by `settle` (Fenchel cuts: Boyd 1994,
doi 10.1287/opre.42.1.53). Only columns with y_j > 0 take part in it. The others are lifted one after another, those of least reduced cost first:
b_j is the least price at which the cut still holds with j and the columns before it,

    b_j = max over whole y of those before  (sum of a_i over the rows y or j serves) - b y, less c,

found by `settle` again. It need be no more than the price of columns K that may stand in for j and of what they do not serve, b_j = sum_{k in K} b_k +
sum of a_i over the rows j serves and K does not: replacing j by K in any y changes neither side by more. A relaxation goes over to columns that are
nearly like those of a cut, and with prices of stand-ins alone it rose half as much a round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from netplan.engine import swaps
from netplan.engine.group_search import Small, settle

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_Lists = tuple[Ints, NDArray[np.int32], Ints, Ints, Ints]
"""Row starts, columns, column starts, entries of columns, row of each entry."""

_SUPPORT = 1e-7
_ITERATIONS, _STARTS = 500, 8
_NODES, _LIFT_NODES, _STEPS = 5_000, 200, (60, 10)
_ALLOWANCE, _ENOUGH = 0.1, 0.85
"""Shares of a violation: what whole y may be above c by while prices are sought, and what is enough."""
_POOL, _MOST_KNOWN = 400, 800
"""Whole y that a group keeps, and that one linear program holds: with more of them each step takes longer than forgetting costs."""
_SAFE = 1e-8


@dataclass(frozen=True, slots=True)
class Group:
    """Rows, the columns that serve any of them, which serves which (rows x columns), what serving each row saves; and whole y of use."""

    rows: Ints
    columns: Ints
    serves: Flags
    saving: Floats
    pool: dict[bytes, Flags] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupCut:
    """``a z <= b y + c`` over the rows and columns of a group."""

    group: Group
    a: Floats
    b: Floats
    c: float

    def violation(self, y: Floats, z: Floats) -> float:
        """How much all y, shape (n,), and z, shape (R,), violate it."""
        return float(self.a @ z[self.group.rows] - self.b @ y[self.group.columns] - self.c)


@dataclass(frozen=True, slots=True)
class Point:
    """A solution of the relaxation: y and reduced costs of the columns, shapes (n,), and of each row the share served, shape (R,)."""

    y: Floats
    z: Floats
    reduced: Floats


class _Prices:
    """The linear program over (a, b, c): the most violated cut that holds at the whole y known so far."""

    def __init__(self, y: Floats, z: Floats, saving: Floats) -> None:
        self._rows = len(z)
        size = len(z) + len(y) + 1
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("log_to_console", False), ("threads", 1)):
            self._highs.setOptionValue(name, value)
        most = np.concatenate([saving, np.full(len(y) + 1, highspy.kHighsInf)])
        nothing = np.empty(0, dtype=np.int32)
        cost = np.concatenate([-z, y, [1.0]])
        self._highs.addCols(size, cost, np.zeros(size), most, 0, np.zeros(size, dtype=np.int32), nothing, np.empty(0))
        self._seen: dict[bytes, Flags] = {}
        self.tight: list[Flags] = []  # the y that the last prices depend on

    def add(self, plans: list[Flags], serves: Flags) -> int:
        """Ask that it hold at these whole y; how many are new."""
        new = {plan.tobytes(): plan for plan in plans if plan.tobytes() not in self._seen}
        if new and len(self._seen) > _MOST_KNOWN:
            self._forget()
        self._seen.update(new)
        if new:
            chosen = np.array(list(new.values()))
            served = (chosen.astype(np.int32) @ serves.T.astype(np.int32)) > 0
            matrix = np.hstack([-served.astype(float), chosen.astype(float), np.ones((len(chosen), 1))])
            row, column = np.nonzero(matrix)
            starts = np.searchsorted(row, np.arange(len(chosen))).astype(np.int32)
            infinite = np.full(len(chosen), highspy.kHighsInf)
            entries = (len(row), starts, column.astype(np.int32), matrix[row, column])
            self._highs.addRows(len(chosen), np.zeros(len(chosen)), infinite, *entries)
        return len(new)

    def solve(self) -> tuple[Floats, Floats, float, float]:
        """a, b, c and by how much the point violates them."""
        self._highs.run()
        x = np.maximum(0.0, np.array(self._highs.getSolution().col_value))
        a, b, c = x[: self._rows], x[self._rows : -1], float(x[-1])
        plans, dual = list(self._seen.values()), np.array(self._highs.getSolution().row_dual)
        self.tight = [plans[k] for k in np.flatnonzero(np.abs(dual) > _SUPPORT)]
        return a, b, c, -float(self._highs.getInfo().objective_function_value)

    def _forget(self) -> None:
        """Leave out the half of the y that the last prices keep with most to spare."""
        spare = np.array(self._highs.getSolution().row_value)
        kept = np.sort(np.argsort(spare, kind="stable")[: len(spare) // 2])
        dropped = np.delete(np.arange(len(spare)), kept)
        self._highs.deleteRows(len(dropped), dropped.astype(np.int32))
        known = list(self._seen.items())
        self._seen = dict(known[k] for k in kept)


def separate(group: Group, point: Point, *, least: float, rng: np.random.Generator) -> GroupCut | None:
    """A cut that a fractional point violates by at least so much, if one is found."""
    y, z = point.y[group.columns], point.z[group.rows]
    support = np.flatnonzero(y > _SUPPORT)
    serves = group.serves[:, support]
    if _most(y[support], serves, group.saving) < least:
        return None
    prices = _Prices(y[support], z, group.saving)
    prices.add(_first_plans(group, support), serves)
    found, violation = _converge(prices, serves, y[support], rng=rng, least=least)
    _remember(group, support, prices.tight)
    if violation < least:
        return None
    a, _, c = found
    cheapest_first = np.argsort(point.reduced[group.columns], kind="stable")
    others = cheapest_first[~np.isin(cheapest_first, support)]
    tight = np.array(prices.tight, dtype=bool).reshape(-1, len(support))
    return GroupCut(group, a, _lifted(group, support, found, others, tight), c + _SAFE * (1.0 + float(a.sum())))


def _most(y: Floats, serves: Flags, saving: Floats) -> float:
    """No cut is violated by more: what the rows that more than one fractional column serves save."""
    is_fractional = (y < 1.0 - 1e-6).astype(float)
    return float(saving @ (serves @ is_fractional > 1.0))


def _converge(
    prices: _Prices, serves: Flags, y: Floats, *, rng: np.random.Generator, least: float
) -> tuple[tuple[Floats, Floats, float], float]:
    """Add whole y, exact ones where local search has none, until the cut holds at all of them, or nearly; the best valid a, b, c, and its violation."""
    best, most = (np.empty(0), np.empty(0), 0.0), -np.inf
    lists = _arrays(serves)
    for left in range(_ITERATIONS, 0, -1):
        a, b, c, violation = prices.solve()
        if violation < least:
            break
        above, starts = c + _ALLOWANCE * violation, [rng.random(len(y)) < y for _ in range(_STARTS)]
        if left > 1 and prices.add(_near(lists, serves, (a, b), starts, above), serves):
            continue
        true, plan = _most_over_whole(serves, a, b, above)
        if violation + c - true > most:
            best, most = (a, b, true), violation + c - true
        if most > _ENOUGH * violation:
            best, most = _least_constant(serves, best, most + best[2], c)
            break
        if plan is None or not prices.add([plan], serves):
            break
    return best, most


def _least_constant(
    serves: Flags, found: tuple[Floats, Floats, float], without: float, least: float
) -> tuple[tuple[Floats, Floats, float], float]:
    """The same cut with the allowance taken back, as far as it can be; and its violation, `without` its constant."""
    a, b, c = found
    true, _ = _most_over_whole(serves, a, b, least)
    return (a, b, min(c, true)), without - min(c, true)


def _most_over_whole(
    serves: Flags, a: Floats, b: Floats, enough: float, *, nodes: int = _NODES
) -> tuple[float, Flags | None]:
    """An upper bound on a z - b y over whole y, at least `enough`; and a y above that, if there is one."""
    columns, small = _small(serves, a, b)
    total = float(small[4].sum())
    bound, value, chosen = settle(small, total - enough, nodes, _STEPS)
    if not np.isfinite(value):
        return total - bound, None
    plan = np.zeros(serves.shape[1], dtype=bool)
    plan[columns] = chosen
    return total - bound, plan


def _small(serves: Flags, a: Floats, b: Floats) -> tuple[Ints, Small]:
    """The columns that can pay, and the small problem over them, rows that the same columns serve as one."""
    columns = np.flatnonzero(a @ serves > b)
    rows = np.flatnonzero(a > 0.0)
    inside = serves[np.ix_(rows, columns)]
    _, first, into = np.unique(np.packbits(inside, axis=1), axis=0, return_index=True, return_inverse=True)
    weight = np.bincount(into.ravel(), weights=a[rows], minlength=len(first)).astype(np.float64)
    inside = inside[first]
    return columns, (*_lists(inside), *_lists(inside.T), weight, b[columns])


def _lists(matrix: Flags) -> tuple[Ints, Ints]:
    """Starts and positions of what is true in each row."""
    starts = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
    np.cumsum(matrix.sum(axis=1), out=starts[1:])
    return starts, np.nonzero(matrix)[1].astype(np.int64)


def _near(
    lists: _Lists, serves: Flags, prices: tuple[Floats, Floats], starts: list[Flags], above: float
) -> list[Flags]:
    """The local optima reached from some y whose a z - b y, with a and b the prices, is above a value."""
    a, b = prices
    arrays, size = _covering(lists, a), len(b)
    free, found = np.ones(size, dtype=bool), []
    for plan in starts:
        swaps.descend(arrays, (plan, free), b, (0, size, 1e-9 * (1.0 + float(a.sum()))), 100)
        if a @ serves[:, plan].any(axis=1) - b @ plan > above:
            found.append(plan)
    return found


def _arrays(serves: Flags) -> _Lists:
    """Columns of each row and entries of each column, as local search takes them."""
    row_start, column = _lists(serves)
    column_start, _ = _lists(serves.T)
    row_of = np.repeat(np.arange(len(serves), dtype=np.int64), np.diff(row_start))
    entry = np.argsort(column, kind="stable").astype(np.int64)
    return row_start, column.astype(np.int32), column_start, entry, row_of


def _covering(lists: _Lists, a: Floats) -> swaps.Arrays:
    """The same with prices: serving is free, not serving costs a."""
    row_start, column, column_start, entry, row_of = lists
    return row_start, column, np.zeros(len(column)), a, np.ones(len(a)), column_start, entry, row_of


def _first_plans(group: Group, support: Ints) -> list[Flags]:
    """No column, each alone, and what was of use before and has no other columns than these."""
    plans = [np.zeros(len(support), dtype=bool), *np.eye(len(support), dtype=bool)]
    return plans + [plan[support] for plan in group.pool.values() if plan[support].sum() == plan.sum()]


def _remember(group: Group, support: Ints, plans: list[Flags]) -> None:
    for plan in plans:
        whole = np.zeros(len(group.columns), dtype=bool)
        whole[support] = plan
        group.pool[whole.tobytes()] = whole
    while len(group.pool) > _POOL:
        group.pool.pop(next(iter(group.pool)))


def _lifted(group: Group, support: Ints, found: tuple[Floats, Floats, float], others: Ints, plans: Flags) -> Floats:
    """Prices of every column of the group: those of the support, and the least of the others, in this order.

    `plans` are some whole y of the support, shape (k, support): no price can be less than what they ask for.
    """
    a, b, c = found
    price = _stand_in_prices(group, support, a, b)
    served = a * (plans @ group.serves[:, support].T)
    worth, known = served.sum(axis=1) - plans @ b, support
    for j in others[price[others] > 0.0]:
        mine = group.serves[:, j]
        alone = float(a[mine].sum())
        least = max(0.0, alone + float((worth - served[:, mine].sum(axis=1)).max(initial=-np.inf)) - c)
        if least < price[j]:
            beside = np.where(mine, 0.0, a)
            most, _ = _most_over_whole(
                group.serves[:, known], beside, price[known], c + least - alone, nodes=_LIFT_NODES
            )
            price[j] = min(price[j], alone + most - c)
        known = np.append(known, j)
    return price


def _stand_in_prices(group: Group, support: Ints, a: Floats, b: Floats) -> Floats:
    """The least that up to two columns of the support standing in for each column of the group cost."""
    serves = group.serves.astype(float)
    priced = serves * a[:, None]
    inside = serves[:, support]
    alone = np.asarray(priced.sum(axis=0))
    one = alone[:, None] - priced.T @ inside + b
    nearest = one.argmin(axis=1)
    missing = priced * (1.0 - inside[:, nearest])
    two = one[np.arange(len(alone)), nearest][:, None] - missing.T @ inside + b
    price = np.maximum(0.0, np.minimum(alone, np.minimum(one.min(axis=1), two.min(axis=1))))
    price[support] = b
    return np.asarray(price)
