"""Polishing a plan: no single site should do better in another state.

A MIP stopped at a gap leaves easy money on the table, and a planner who reads that reversing one action would save is right to ask
why it was taken. Every site is tried in each of its other states, closed included, and every relocation undone; what looks
cheaper by a scan of the rows is weighed exactly, rules and all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netplan.formulation import Formulation
from netplan.solve.cut_problem import CutProblem

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Move:
    """Columns to switch off and on."""

    off: tuple[int, ...]
    on: tuple[int, ...]


def moves(formulation: Formulation, chosen: Flags) -> Iterator[Move]:
    """Every other state of every site, as moves from a plan.

    Opening a counter or a van stop needs a base or a van and is left to the MIP; closing one is not.
    """
    columns = formulation.problem.columns
    relocations = columns.relocating[chosen[columns.relocating]]
    moving = {*columns.site[relocations].tolist(), *columns.origin[relocations].tolist()}
    at_site = _states_by_site(formulation)
    for site, states in at_site.items():
        if site not in moving:
            yield from _other_states(formulation, states, chosen)
    for j in relocations:
        back = [k for k in at_site[int(columns.origin[j])] if columns.present[k]]
        there = [k for k in at_site[int(columns.site[j])] if chosen[k]]
        yield Move((int(j), *there), tuple(back))


def _states_by_site(formulation: Formulation) -> dict[int, list[int]]:
    """Site -> columns in which it operates."""
    columns = formulation.problem.columns
    at_site: dict[int, list[int]] = {}
    for j in columns.operating:
        at_site.setdefault(int(columns.site[j]), []).append(int(j))
    return at_site


def _other_states(formulation: Formulation, states: list[int], chosen: Flags) -> Iterator[Move]:
    """Closing a site, if it operates, and every other state that needs neither a base nor a van."""
    columns, channel = formulation.problem.columns, formulation.problem.formats.channel
    now = tuple(j for j in states if chosen[j])
    if now:
        yield Move(now, ())
    easy = (j for j in states if not chosen[j] and channel[columns.format[j]] in ("outlet", "point"))
    yield from (Move(now, (j,)) for j in easy)


def promising(problem: CutProblem, chosen: Flags) -> list[Move]:
    """Moves that look cheaper, before rules and standards, the cheapest first."""
    price = problem.part.y_cost
    today = problem.customers_cost(chosen) + float(price @ chosen)
    tried = list(moves(problem.formulation, chosen))
    change = problem.changes(chosen, [(move.off, move.on) for move in tried])
    change += [price[list(move.on)].sum() - price[list(move.off)].sum() for move in tried]
    order = np.argsort(change, kind="stable")
    return [tried[m] for m in order if change[m] < -1e-7 * max(1.0, abs(today))]


def after(move: Move, chosen: Flags) -> Flags:
    """The columns after a move."""
    moved = chosen.copy()
    moved[list(move.off)] = False
    moved[list(move.on)] = True
    return moved


def polish(problem: CutProblem, chosen: Flags, *, accept: Callable[[Flags], bool], is_over: Callable[[], bool]) -> None:
    """Offer every promising move to `accept`, which keeps the plan if it is better by the whole model, until it is over."""
    for move in promising(problem, chosen):
        if is_over():
            return
        still_there = chosen[list(move.off)].all() and not chosen[list(move.on)].any()
        moved = after(move, chosen)
        if still_there and not _clashes(problem.formulation, move, moved) and accept(moved):
            chosen = moved


def _clashes(formulation: Formulation, move: Move, moved: Flags) -> bool:
    """Whether a site that the move opens operates in two states, because another move opened it before."""
    columns = formulation.problem.columns
    operating = np.bincount(columns.site[columns.operating], weights=moved[columns.operating])
    return any(operating[columns.site[j]] > 1 for j in move.on)
