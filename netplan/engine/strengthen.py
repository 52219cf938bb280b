"""Strengthen the relaxation by cuts of groups of rows, small groups first, and fix by what that proves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.beside import side_by_side
from netplan.engine.cuts import CutModel, Grouped
from netplan.engine.groups import groups_of_rows, savings_of_steps
from netplan.engine.hull import Group, GroupCut, Point, separate
from netplan.engine.relax import relax
from netplan.engine.rows import SortedRows
from netplan.engine.search import Descent, round_and_descend
from netplan.engine.state import Search

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Rows in a group, in how many groups each row is, whether groups are drawn anew each round, and what rounds are worth.

    It goes on while three rounds close at least the share `worth` of the gap.
    """

    size: int
    times: int
    is_drawn_anew: bool
    worth: float


_SMALL = _Plan(25, 1, True, 0.04)
_KEPT = (_Plan(40, 2, False, 0.05), _Plan(60, 2, False, 0.08))
_LARGE = _Plan(100, 2, False, 0.2)
"""Small groups are cheap, and new ones say new things; the others keep the whole y that they met, since finding these takes long."""

Stages = tuple[tuple[tuple[_Plan, ...], float], ...]

FIRST: Stages = (((_SMALL,), 1.0), (_KEPT, 0.2), ((_LARGE,), 1.0))
"""Sizes one after another, drawn anew as long as that closes at least this share of the gap. A second of the kept ones closes
twice as much as one of the large, until what they can close is closed."""

LATER: Stages = (((_LARGE,), 0.05),)
"""The same where branching closed too little of the gap."""

_ROUNDS, _LOOK_BACK = 60, 3
"""Rounds with one size of groups at most; rounds over which it is seen what they close."""

_LEAST, _SLACK = 5e-3, 1e-5
"""A cut is violated by this share of the gap at least, and dropped once it has this share of the objective to spare."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A search and its relaxation; its rows and what serving each saves, shape (R,); the random draws; what looks for better solutions."""

    search: Search
    model: CutModel
    rows: SortedRows
    saving: Floats
    rng: np.random.Generator
    improve: Callable[[Search], None]


def strengthen(
    search: Search,
    model: CutModel,
    grouped_rows: Grouped,
    *,
    stages: Stages = FIRST,
    improve: Callable[[Search], None] = lambda _search: None,
) -> None:
    """Add cuts of groups until they close little of the gap that is left; nothing where rows are not of the kind or share a theta.

    Each size of groups is followed by `improve`, which may look for better solutions: a better one fixes more.
    """
    rows = grouped_rows.rows
    saving = savings_of_steps(rows)
    if saving is None or grouped_rows.num_groups != len(rows):
        return
    rng = np.random.default_rng(search.run.options.seed + 2)
    work = _Work(search, model, rows, saving, rng, improve)
    for plans, worth in stages:
        is_worth_more = True
        while is_worth_more:
            is_worth_more = _again(work, plans, worth)


def _again(work: _Work, plans: tuple[_Plan, ...], worth: float) -> bool:
    """Some sizes with groups drawn anew; whether that closed enough of the gap."""
    if work.search.is_done:
        return False
    before = _objective(work)
    _sizes(work, plans)
    return _objective(work) - before >= worth * (work.search.cutoff - before)


def _objective(work: _Work) -> float:
    """The relaxation's bound, once it lacks no cut of single rows."""
    relax(work.search, work.model)
    return work.model.live.objective


def _sizes(work: _Work, plans: tuple[_Plan, ...]) -> None:
    """Rounds with groups of one size after another."""
    search = work.search
    for plan in plans:
        if not search.is_done:
            relax(search, work.model)
            _rounds(work, plan)
        if not search.is_done:
            work.improve(search)


def _rounds(work: _Work, plan: _Plan) -> None:
    """Rounds of cuts, one for each group that has one."""
    search, model, rows, saving = work.search, work.model, work.rows, work.saving
    descent, bounds = Descent.of(search.left_rows, search.left_part), [model.live.objective]
    groups: list[Group] = []
    point = _point(model, rows, saving)
    while not search.is_done and len(bounds) <= _ROUNDS and not _is_slow(bounds, search.cutoff, plan.worth):
        if plan.is_drawn_anew or not groups:
            drawn = groups_of_rows((rows, saving), search.left_part, work.rng, size=plan.size, times=plan.times)
            groups = list(drawn)
        found = _cuts(work, groups, point, max(search.tolerance, _LEAST * (search.cutoff - bounds[-1])))
        if not found:
            return
        model.add_joint(*_joint(found, rows))
        round_and_descend(search, descent, relax(search, model))
        bounds.append(model.live.objective)
        point = _point(model, rows, saving)  # before the model is changed: HiGHS forgets its solution then
        search.tell(f"strengthening, {len(found)} cuts of groups of {plan.size}")
        _fix(search, model)
        model.drop_slack(_SLACK * abs(bounds[-1]))


def _cuts(work: _Work, groups: list[Group], point: Point, least: float) -> list[GroupCut]:
    """A cut of each group that has one, until the run is over."""

    def cut(group_rng: tuple[Group, np.random.Generator]) -> GroupCut | None:
        return separate(group_rng[0], point, least=least, rng=group_rng[1])

    return side_by_side(cut, list(zip(groups, work.rng.spawn(len(groups)), strict=True)), work.search.run)


def _is_slow(bounds: list[float], cutoff: float, worth: float) -> bool:
    """Whether the last rounds closed little of the gap that was left before them."""
    if len(bounds) <= _LOOK_BACK:
        return False
    before = bounds[-1 - _LOOK_BACK]
    return bounds[-1] - before < worth * (cutoff - before)


def _point(model: CutModel, rows: SortedRows, saving: Floats) -> Point:
    """The last relaxation's solution."""
    values = model.live.values
    lost = (rows.weight * rows.penalty - model.theta_of(values)) / np.where(saving > 0.0, saving, 1.0)
    served = np.where(saving > 0.0, np.clip(lost, 0.0, 1.0), 0.0)
    return Point(model.y_of(values), served, model.live.reduced_costs[: rows.num_columns])


def _joint(cuts: list[GroupCut], rows: SortedRows) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array, Floats]:
    """The cuts as ``theta_part theta + y_part y >= right``: with z_i = (unserved_i - theta_i) / saving_i in them."""
    theta = scipy.sparse.lil_array((len(cuts), len(rows)))
    y = scipy.sparse.lil_array((len(cuts), rows.num_columns))
    unserved, right = rows.weight * rows.penalty, np.empty(len(cuts))
    for k, cut in enumerate(cuts):
        share = cut.a / cut.group.saving
        theta[k, cut.group.rows], y[k, cut.group.columns] = share, cut.b
        right[k] = float(share @ unserved[cut.group.rows]) - cut.c
    return theta.tocsr(), y.tocsr(), right


def _fix(search: Search, model: CutModel) -> None:
    """Fix the columns that the reduced costs of the relaxation rule out or in."""
    room = search.cutoff - model.live.objective + search.tolerance
    if search.is_done or not np.isfinite(room):
        return
    n, part = search.part.num_columns, search.left_part
    reduced, free = model.live.reduced_costs[:n], part.is_free
    search.left_part = part.fixed(free & (reduced > room), free & (-reduced > room))
    model.live.set_bounds(np.arange(n), search.left_part.lower[:n], search.left_part.upper[:n])
