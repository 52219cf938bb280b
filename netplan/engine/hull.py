"""Cuts of a group of rows: what holds at every whole y, though not at every fraction of one.

For rows that pay one of two prices, with z_i the share of row i that is served and S the columns that serve any of the group,

    sum_{i in group} a_i z_i <= sum_{j in S} b_j y_j + c,     c = max over whole y of  (sum of a_i over the rows y serves) - b y

holds whatever a, b >= 0 are. The one that a fractional (y, z) violates most, with a_i at most what serving row i saves, comes from a
linear program over (a, b, c) with a constraint for each whole y that is needed, found by `settle` (Fenchel cuts: Boyd 1994,
doi 10.1287/opre.42.1.53). Only columns with y_j > 0 take part in it. Another column j gets the price of columns K that may stand in for it
and of what they do not serve, b_j = sum_{k in K} b_k + sum of a_i over the rows j serves and K does not, which keeps the cut valid: replacing j by
K in any y changes neither side by more.
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

_SUPPORT = 1e-7
_ITERATIONS, _STARTS = 60, 8
_NODES, _STEPS = 5_000, (60, 10)
_ALLOWANCE, _ENOUGH, _NEW = 0.1, 0.85, 0.02
"""Shares of a violation: what whole y may be above c by while prices are sought, what is enough, what a new y has to add."""
_POOL = 400
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

    def add(self, plans: list[Flags], serves: Flags) -> int:
        """Ask that it hold at these whole y; how many are new."""
        new = {plan.tobytes(): plan for plan in plans if plan.tobytes() not in self._seen}
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
        return a, b, c, -float(self._highs.getInfo().objective_function_value)

    def tight(self) -> list[Flags]:
        """The y that the last prices depend on."""
        dual = np.array(self._highs.getSolution().row_dual)
        plans = list(self._seen.values())
        return [plans[k] for k in np.flatnonzero(np.abs(dual) > _SUPPORT)]


def separate(group: Group, y: Floats, z: Floats, *, least: float, rng: np.random.Generator) -> GroupCut | None:
    """A cut that a fractional point violates by at least so much, if one is found; y of shape (n,), z of shape (R,)."""
    y, z = y[group.columns], z[group.rows]
    support = np.flatnonzero(y > _SUPPORT)
    serves = group.serves[:, support]
    if _most(y[support], serves, group.saving) < least:
        return None
    prices = _Prices(y[support], z, group.saving)
    prices.add(_first_plans(group, support), serves)
    found, violation = _converge(prices, serves, y[support], rng=rng, least=least)
    _remember(group, support, prices.tight())
    if violation < least:
        return None
    a, b, c = found
    return GroupCut(group, a, _lifted(group, support, a, b), c + _SAFE * (1.0 + float(a.sum())))


def _most(y: Floats, serves: Flags, saving: Floats) -> float:
    """No cut is violated by more: what the rows that more than one fractional column serves save."""
    is_fractional = (y < 1.0 - 1e-6).astype(float)
    return float(saving @ (serves @ is_fractional > 1.0))


def _converge(
    prices: _Prices, serves: Flags, y: Floats, *, rng: np.random.Generator, least: float
) -> tuple[tuple[Floats, Floats, float], float]:
    """Add whole y until the cut holds at all of them, or nearly; the best valid a, b, c, and its violation."""
    best, most = (np.empty(0), np.empty(0), 0.0), -np.inf
    for _ in range(_ITERATIONS):
        a, b, c, violation = prices.solve()
        if violation < least:
            break
        true, plan = _most_over_whole(serves, a, b, c + _ALLOWANCE * violation)
        if violation + c - true > most:
            best, most = (a, b, true), violation + c - true
        if most > _ENOUGH * violation:
            best, most = _least_constant(serves, best, most + best[2], c)
            break
        plans = [] if plan is None else [plan]
        plans += _near(serves, a, b, [rng.random(len(y)) < y for _ in range(_STARTS)], c + _NEW * violation)
        if not prices.add(plans, serves):
            break
    return best, most


def _least_constant(
    serves: Flags, found: tuple[Floats, Floats, float], without: float, least: float
) -> tuple[tuple[Floats, Floats, float], float]:
    """The same cut with the allowance taken back, as far as it can be; and its violation, `without` its constant."""
    a, b, c = found
    true, _ = _most_over_whole(serves, a, b, least)
    return (a, b, min(c, true)), without - min(c, true)


def _most_over_whole(serves: Flags, a: Floats, b: Floats, enough: float) -> tuple[float, Flags | None]:
    """An upper bound on a z - b y over whole y, at least `enough`; and a y above that, if there is one."""
    columns, small = _small(serves, a, b)
    total = float(small[4].sum())
    bound, value, chosen = settle(small, total - enough, _NODES, _STEPS)
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


def _near(serves: Flags, a: Floats, b: Floats, starts: list[Flags], above: float) -> list[Flags]:
    """The local optima reached from some y whose a z - b y is above a value."""
    arrays, size = _arrays(serves, a), len(b)
    free, found = np.ones(size, dtype=bool), []
    for plan in starts:
        swaps.descend(arrays, (plan, free), b, (0, size, 1e-9 * (1.0 + float(a.sum()))), 100)
        if a @ serves[:, plan].any(axis=1) - b @ plan > above:
            found.append(plan)
    return found


def _arrays(serves: Flags, a: Floats) -> swaps.Arrays:
    """What local search takes: serving is free, not serving costs a."""
    row_start, column = _lists(serves)
    column_start, _ = _lists(serves.T)
    row_of = np.repeat(np.arange(len(a), dtype=np.int64), np.diff(row_start))
    entry = np.argsort(column, kind="stable").astype(np.int64)
    return row_start, column.astype(np.int32), np.zeros(len(column)), a, np.ones(len(a)), column_start, entry, row_of


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


def _lifted(group: Group, support: Ints, a: Floats, b: Floats) -> Floats:
    """Prices of every column of the group: the least that up to two columns of the support standing in for it cost."""
    serves = group.serves.astype(float)
    priced = serves * a[:, None]
    inside = serves[:, support]
    alone = np.asarray(priced.sum(axis=0))
    one = alone[:, None] - priced.T @ inside + b
    nearest = one.argmin(axis=1)
    missing = priced * (1.0 - inside[:, nearest])
    two = one[np.arange(len(alone)), nearest][:, None] - missing.T @ inside + b
    return np.asarray(np.maximum(0.0, np.minimum(alone, np.minimum(one.min(axis=1), two.min(axis=1)))))
