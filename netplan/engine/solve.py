"""The engine in one page: sorted rows and a policy part in, the best open columns and a proven bound out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netplan.engine.branch import branch
from netplan.engine.components import solve_components, splits
from netplan.engine.cuts import CutModel, Grouped
from netplan.engine.fixing import fix_at
from netplan.engine.lagrange import Bound, Oracle, ascend, at_prices, first_prices
from netplan.engine.merging import search_by_merging
from netplan.engine.oracle import RelaxedPart
from netplan.engine.policy_part import PolicyPart
from netplan.engine.relax import cut_model, fix_by_relaxation, relax
from netplan.engine.rounds import branch_by_rounds
from netplan.engine.rows import SortedRows
from netplan.engine.run import Options, Run, Step, stop_on_interrupt
from netplan.engine.search import Descent, construct, disturb, round_and_descend
from netplan.engine.state import ROUNDING, Search
from netplan.engine.strengthen import FIRST, LATER, strengthen
from netplan.engine.windows import search_windows

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Status = Literal["optimal", "gap_limit", "time_limit", "interrupted", "infeasible", "no_plan"]

OPTIMAL_GAP = 1e-4
"""A proven gap up to this is called optimal; a larger one that was asked for, gap_limit."""

_STEPS, _ATTEMPTS, _PATIENCE = 1500, 1000, 100
"""Steps of the Lagrangian; disturbed copies to descend from, and how many of them may fail in a row."""

_SHRUNK = 0.8
"""The relaxation is solved again if fixing by it left less than this of the entries."""

_WIDE_GAP = 1e-3
"""Windows pay if the relaxation leaves more than this."""

_CUT_GAP = 5e-4
"""Cuts of groups of rows pay, where there are such, if the relaxation leaves more than this."""

_CUT_AND_BRANCH = ((FIRST, 0.125), (LATER, 0.0))
"""Stages of cuts, and what share of the gap a hundred nodes of branching must close not to be given up for the next stages."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The best open columns and what was proven about them.

    Attributes
    ----------
    status
        Why the run stopped.
    objective, bound
        Value of the solution and a lower bound on every solution's; None where there is none.
    y, x
        Open columns, shape (n,), and all policy columns, shape (m,); None without a solution.
    seconds
        Wall time.
    trace
        How value and bound went.
    """

    status: Status
    objective: float | None
    bound: float | None
    y: Flags | None
    x: Floats | None
    seconds: float
    trace: tuple[Step, ...]


def solve_rows(
    rows: SortedRows, part: PolicyPart, options: Options | None = None, *, start: Flags | None = None
) -> Answer:
    """Minimise the cost of the policy part plus that of the rows.

    Parameters
    ----------
    start
        Open columns to start from, if known; shape (n,).
    """
    run = Run(options or Options())
    search = Search.of(rows, part, run)
    if start is not None:
        search.offer(start)
    with stop_on_interrupt(run.stop):
        explore(search)
    return answer(search)


def explore(search: Search) -> None:
    """Find solutions, bound, fix; then the relaxation by cuts, and branch on what is left."""
    descent = Descent.of(search.left_rows, search.part) if search.part.is_plain else None
    if descent is not None and search.y is None:
        construct(search, descent)
    search.tell("constructing")
    prices = _bound_by_prices(search, descent).prices
    if descent is not None and not search.is_done and not search.is_window:
        disturb(search, Descent.of(search.left_rows, search.left_part), attempts=_ATTEMPTS, patience=_PATIENCE)
        search.tell("searching")
    is_shrinking = True
    while is_shrinking and not search.is_done:
        prices, is_shrinking = _tighten(search, descent, prices)
    _finish(search, prices)


def _tighten(search: Search, descent: Descent | None, prices: Floats) -> tuple[Floats, bool]:
    """Solve the relaxation by cuts, round it, fix by it; its prices, and whether much was fixed."""
    before = search.left_rows.num_entries
    model, rows = cut_model(search, prices)
    y = relax(search, model)
    if search.is_done:
        return prices, False
    prices = model.prices(rows)
    if descent is not None:
        round_and_descend(search, descent, y)
    fix_by_relaxation(search, model, prices)
    return np.minimum(prices, search.left_rows.penalty), search.left_rows.num_entries < _SHRUNK * before


def _bound_by_prices(search: Search, descent: Descent | None) -> Bound:
    """Lagrangian bound, rounding of what it suggests, and fixing by it."""
    plain = search.part.is_plain
    oracle: Oracle = search.part.at_prices if plain else RelaxedPart(search.part, search.run)
    start = search.y if search.y is not None else np.ones(search.part.num_columns, dtype=bool)
    bound = ascend(
        search.left_rows,
        oracle,
        first_prices(search.left_rows, start),
        target=search.value,
        steps=_STEPS if plain else _STEPS // 5,
        is_over=lambda: search.run.is_over is not None,
    )
    search.prove(bound.value)
    if descent is not None and not search.is_done:
        round_and_descend(search, descent, bound.saving - search.part.y_cost)
        round_and_descend(search, descent, bound.y)
        search.prove(bound.value)
        fix_at(search, bound)
    search.tell("pricing")
    return at_prices(search.left_rows, oracle, np.minimum(bound.prices, search.left_rows.penalty))


def _finish(search: Search, prices: Floats) -> None:
    """Components apart where there are any; else merging or windows, if the gap is wide, and branching."""
    # components go on until their tables are exact, whatever that takes
    groups = [] if search.is_done or np.isfinite(search.most_nodes) else splits(search)
    if groups and solve_components(search, groups, prices, explore_part=explore):
        return
    if search.part.is_plain and not search.is_done and not search.is_window and search.gap > _WIDE_GAP:
        _improve(search)
    if not search.is_done:
        _branch(search, prices)


def _improve(search: Search) -> None:
    """Mix annealed solutions, or go through windows where that does not apply."""
    if not search_by_merging(search, explore_window=explore):
        search_windows(search, explore_window=explore)


def _improver() -> Callable[[Search], None]:
    """What mixes other annealed solutions each time it is called, while the gap is wide and as long as the last ones were better."""
    numbers, is_worth_it = count(1), True

    def improve(search: Search) -> None:
        nonlocal is_worth_it
        before = search.value
        if is_worth_it and search.gap > _WIDE_GAP:
            search_by_merging(search, explore_window=explore, again=next(numbers))
            is_worth_it = search.value < before

    return improve


def _branch(search: Search, prices: Floats) -> None:
    """Branch and cut where only y is whole and nothing else constrains it; else MIP rounds."""
    model, rows = cut_model(search, prices)
    relax(search, model)
    if search.is_done:
        return
    if search.part.is_plain:
        if not search.is_window and search.gap > _CUT_GAP:
            _cut_and_branch(search, model, rows)
        else:
            branch(search, model)
    else:
        branch_by_rounds(search, model)


def _cut_and_branch(search: Search, model: CutModel, rows: Grouped) -> None:
    """Cuts of groups, and branching once these are slow; more cuts if that closes little."""
    improve = _improver()
    for stages, worth in _CUT_AND_BRANCH:
        if not search.is_done:
            strengthen(search, model, rows, stages=stages, improve=improve)
            branch(search, model, worth=worth)


def answer(search: Search) -> Answer:
    """What a search came to."""
    has_value = search.y is not None
    bound = search.proven_bound
    return Answer(
        status=status_of(search.run, search.value if has_value else None, bound, is_exhausted=search.is_exhausted),
        objective=float(search.value) if has_value else None,
        bound=float(bound) if np.isfinite(bound) and (has_value or not search.is_exhausted) else None,
        y=search.y,
        x=search.x,
        seconds=search.run.seconds,
        trace=tuple(search.trace),
    )


def status_of(run: Run, value: float | None, bound: float, *, is_exhausted: bool) -> Status:
    """Why a run ended."""
    if value is None:
        return "infeasible" if is_exhausted else "no_plan"
    gap = max(0.0, value - bound) / max(1.0, abs(value))
    if gap <= min(OPTIMAL_GAP, max(run.options.gap, ROUNDING)):
        return "optimal"
    if gap <= run.options.gap:
        return "gap_limit"
    return "interrupted" if run.is_over == "interrupted" else "time_limit"
