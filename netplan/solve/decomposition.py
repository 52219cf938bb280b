"""Decomposition: blocks at prices for a bound, fitted together for a plan, and what is still between them closed block by block.

1. Each district's relaxation with its neighbours as they are today, to have most of the cuts.
2. A few large blocks of districts, from these cuts: what foreign outlets are worth to them as things are is the first price; a
   few steps find the best prices (`prices`), and with them the bound of the whole relaxation, without solving it as one.
3. The large blocks' dual values price what ties the districts. Each district decides at these prices, alone: a better bound, and
   what it wishes.
4. The plan nearest to all wishes that keeps every constraint (`fitting`).
5. Districts too hard to be decided whole are decided in pieces, at prices between these: a better bound (`piece_bounds`).
6. Districts decided anew beside all others as they are, those with most to gain first (`sweeps`).
7. Districts decided once more, with more effort, for the bound: whole where their pieces were decided, else in pieces.
8. If the gap asked for is still not proven: the cuts of the whole problem (`benders`), from that plan and that bound.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netplan.engine.live import LiveModel
from netplan.memory import give_back
from netplan.problem import PlanningProblem
from netplan.solve.benders import Search, prove_by_cuts
from netplan.solve.blocks import limits_beside
from netplan.solve.cut_problem import cut_problem
from netplan.solve.division import by_district, in_large_blocks
from netplan.solve.fitting import fitted
from netplan.solve.live_blocks import Blocks, Priced
from netplan.solve.local_search import FAR, improved
from netplan.solve.piece_bounds import bound_by_pieces, even_share, hard_ones
from netplan.solve.prices import Planes, Ties, finer, ties_of
from netplan.solve.rounds import Outcome, Run
from netplan.solve.stop import Either
from netplan.solve.sweeps import improve, slack_of_blocks

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STEPS = 40
"""Prices tried at most."""

_CLOSE = 0.15
"""Prices are good enough when the planes promise no more than this share of the gap asked for."""

_IDLE_STEPS = 5
"""Steps in a row that bring nothing better before the search for prices ends."""

_STEP_SHARE = 0.5
"""Iterations that a block may take for a further step, as a share of those to the first: the steps of very large blocks do not pay."""

_BLOCK_GAP, _LAST_GAP = 0.3, 0.1
"""Gap of a district's MIP, as a share of the gap asked for: at first, and when only the bound is missing."""

_BLOCK_EFFORT, _LAST_EFFORT = 60.0, 600.0
"""Effort that one MIP of a district may take, at first - a guard, most take a third of it, a second or two (`LiveModel.solve_mip`) - and
when only the bound is missing."""

_PIECE_EFFORT, _LAST_PIECE_EFFORT = 600.0, 1500.0
"""Effort that one MIP of a piece may take, at first and when only the bound is missing: 600 take four seconds."""

_UNDECIDED = 0.1
"""A district's pieces are decided if they lack less than this share of its even part of the gap asked for."""

_FITTING_EFFORT = 500.0
"""Effort that a step of fitting may take; a municipality of 38 districts takes 20."""


def solve_by_blocks(problem: PlanningProblem, run: Run) -> Outcome:
    """Solve by decomposition into districts."""
    run.tell("building", "writing the policy part")
    search = Search.of(cut_problem(problem), run)
    if search.best.decisions is None and LiveModel(search.problem.part).solve_relaxation(run.clock) == "infeasible":
        return replace(search.best, stopped="infeasible")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as executor:
        _by_blocks(search, executor)
    over = run.is_over
    if search.best.closes(run.options.gap):
        return replace(search.best, stopped="proven")
    return replace(search.best, stopped=over) if over else prove_by_cuts(search)


def _by_blocks(search: Search, executor: Executor) -> None:
    """Bound, plan and what closes the gap between them; nothing if some block has no solution at all."""
    districts = Blocks.of(search, executor, by_district(search.problem))
    priced = _at_best_prices(districts)
    if priced is None or districts.is_done:
        return
    gap, wishes = search.run.options.gap, search.x.copy()
    longest_first = np.argsort([-len(block.own) for block in districts.whole.blocks], kind="stable").tolist()
    priced = _decided(districts, priced, wishes, longest_first, gap=_BLOCK_GAP * gap, effort=_BLOCK_EFFORT)
    if priced is None or districts.is_done:
        return
    _fit(districts, wishes)
    if not districts.is_done:
        hard = hard_ones(districts, priced)
        priced = bound_by_pieces(districts, priced, hard, gap=_LAST_GAP * gap, effort=_PIECE_EFFORT)
    if search.best.decisions is not None and not districts.is_done:
        improve(districts, priced, gap=_BLOCK_GAP * gap, effort=_BLOCK_EFFORT)
    if not districts.is_done:
        _raise_bound(districts, priced, wishes)


def _raise_bound(districts: Blocks, priced: Priced, wishes: Floats) -> None:
    """Decide districts once more, with more effort, for the bound alone; those with most to gain first.

    Hard ones go whole if their pieces were decided: what is missing then lies between these. The others go in pieces again.
    """
    gap, search = _LAST_GAP * districts.run.options.gap, districts.search
    hard, share = hard_ones(districts, priced), even_share(districts)
    in_pieces = hard & (priced.open_in_pieces > _UNDECIDED * share)
    slack = slack_of_blocks(districts.whole, priced, search.x)
    most_first = [
        int(b) for b in np.argsort(-slack, kind="stable") if not in_pieces[b] and priced.open[b] > gap * share
    ]
    for b in most_first:
        districts.models[b].live.look_for_solutions(False)
    last = _decided(districts, priced, wishes, most_first, gap=gap, effort=_LAST_EFFORT)
    if last is not None and not districts.is_done:
        bound_by_pieces(districts, last, in_pieces, gap=gap, effort=_LAST_PIECE_EFFORT)


def _at_best_prices(districts: Blocks) -> Priced | None:
    """The best prices found, through large blocks, and the districts' bounds at them; None if the run is over or some block has no solution."""
    districts.tell("relaxing", "each district beside its neighbours of today")
    _beside_today(districts)
    problem = districts.whole.problem
    large = Blocks.of(districts.search, districts.executor, in_large_blocks(problem, by_district(problem)))
    for model in districts.models:
        for cuts in model.found:
            for other in large.models:
                other.add(other.mine(cuts))
    best = _best_prices(large, districts)
    if best is None or large.is_done:
        return None
    del large
    give_back()
    ties, prices = best
    found = districts.relaxed(ties.costs(prices))
    return _with_bounds(
        districts, Priced.at(ties, prices, np.array([answer.cost for answer in found])), "districts", "pricing"
    )


def _beside_today(blocks: Blocks) -> tuple[Floats, Floats]:
    """Each block's relaxation while its neighbours are as today: what ties are worth to it, and its columns' reduced costs."""
    whole = blocks.whole
    today = np.zeros(len(whole.problem.names))
    today[: whole.problem.num_y] = whole.problem.formulation.problem.columns.present
    for model, limits in zip(blocks.models, limits_beside(whole, today), strict=True):
        model.set_copies(today[model.block.copies], today[model.block.copies])
        model.set_shared(*limits)
    found = blocks.relaxed()
    copies, shared = np.zeros(len(whole.copied)), np.zeros(len(whole.shared))
    reduced, start = np.zeros(whole.problem.width), whole.copy_start
    for b, (model, answer) in enumerate(zip(blocks.models, found, strict=True)):
        if answer.values is not None:
            duals = model.live.reduced_costs
            reduced[model.block.own] = duals[: model.num_own]
            copies[start[b] : start[b + 1]] = duals[model.num_own :]
            worth, known = -model.shared_prices, shared[model.block.shared]
            shared[model.block.shared] = np.where(np.abs(worth) > np.abs(known), worth, known)
        model.release()
    return np.concatenate([copies, shared]), reduced[: len(whole.problem.names)]


def _best_prices(large: Blocks, districts: Blocks) -> tuple[Ties, Floats] | None:
    """What ties the districts, at the best prices found between large blocks; None if some block has no solution or time is over."""
    worth, reduced = _beside_today(large)
    copies = len(large.whole.copied)
    ties = ties_of(large.whole, worth[:copies], worth[copies:])
    prices = ties.affordable(worth, reduced)
    planes = Planes.at(ties, prices, large.run.clock)
    enough, best = _CLOSE * large.run.options.gap, None
    taken, limit = np.array([model.iterations for model in large.models]), np.full(len(large.models), np.inf)
    for step in range(_STEPS):
        found = large.relaxed(ties.costs(prices), iterations=limit.tolist())
        values = [answer.values for answer in found if answer.values is not None and np.isfinite(answer.cost)]
        if len(values) < len(found) or large.run.is_over:
            break
        costs = np.array([answer.cost for answer in found])
        value = large.bound_of(ties, costs, prices)
        if planes.note(prices, costs.tolist(), values, value):
            best = finer(ties, prices, large.models, districts.whole)
            large.search.best = large.search.best.with_bound(value)
        large.tell("pricing", f"step {step + 1}")
        if step == 0:
            limit = _STEP_SHARE * (taken + np.array([model.iterations for model in large.models]))
        following = planes.next()
        close = planes.predicted - planes.value <= enough * max(1.0, abs(planes.value))
        if following is None or close or planes.idle >= _IDLE_STEPS or large.run.is_over:
            break
        prices = following
    return best


def _decided(
    blocks: Blocks, priced: Priced, wishes: Floats, which: Sequence[int], *, gap: float, effort: float
) -> Priced | None:
    """These blocks decide at the prices, one after the other, until the gap asked for is proven.

    Better bounds, and their wishes, where they have any; None if a block has no whole solution.
    """
    bounds, undecided, costs = priced.bounds.copy(), priced.open.copy(), priced.ties.costs(priced.prices)
    enough, plan = Either(blocks.run.stop), None if blocks.search.best.decisions is None else blocks.search.x
    answers = blocks.decided(which, costs, gap=gap, effort=effort, plan=plan, enough=enough)
    for done, (b, found) in enumerate(answers):
        bounds[b] = max(bounds[b], found.bound)
        undecided[b] = found.cost - bounds[b]
        if found.values is not None:
            model = blocks.models[b]
            wishes[model.block.own[: model.num_policy]] = found.values[: model.num_policy]
        noted = _with_bounds(blocks, replace(priced, bounds=bounds), f"{done + 1} of {len(which)} districts")
        if noted is None or blocks.is_done:
            enough.set()
            break
    give_back()
    return replace(priced, bounds=bounds, open=undecided) if np.isfinite(bounds).all() else None


def _with_bounds(blocks: Blocks, priced: Priced, message: str, stage: str = "deciding") -> Priced | None:
    """Note the bound on the whole problem; None if a block has no solution (the whole problem then says so, and why)."""
    if not np.isfinite(priced.bounds).all():
        return None
    bound = blocks.bound_of(priced.ties, priced.bounds, priced.prices)
    blocks.search.best = blocks.search.best.with_bound(bound)
    blocks.tell(stage, message)
    return priced


def _fit(blocks: Blocks, wishes: Floats) -> None:
    """The plan nearest to the wishes, if one is found."""
    plan = fitted(blocks.whole, wishes, blocks.run.clock, effort=_FITTING_EFFORT)
    if plan is not None:
        blocks.search.weigh(plan)
        blocks.tell("fitting")
        blocks.search.weigh(improved(blocks.whole.problem, plan, blocks.run.clock, reach=FAR))
        blocks.tell("improving", "site by site")
