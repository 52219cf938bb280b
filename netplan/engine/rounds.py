"""MIP rounds: HiGHS solves the policy part over the cuts so far, its solutions call for the cuts still missing, and so on.

For any linear policy part. Each MIP's bound holds for the whole problem, and each of its solutions is valued exactly. HiGHS 1.15
has no lazy constraints, so each round starts anew from the best solution; the first rounds stop at a wide gap, since what they
are for is to find out which cuts are missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netplan.engine.cuts import CutModel, Cuts
from netplan.engine.live import Watch
from netplan.engine.run import Stopped
from netplan.engine.state import ROUNDING, Search

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FIRST_GAP, _NEXT_GAP = 0.03, 0.3
"""Gap of the first MIP, and what each further one keeps of it."""

_EXACT, _FEASIBLE = 1e-9, 1e-9
"""How far a cut may be missed, relative to the objective; the same of the solver, absolute."""


def branch_by_rounds(search: Search, model: CutModel) -> None:
    """Solve MIPs over the cuts until bound and best value meet, or the run is over."""
    model.live.set_integral(True)
    model.live.highs.setOptionValue("mip_feasibility_tolerance", _FEASIBLE)
    final = max(0.0, 0.5 * search.run.options.gap)
    gap = max(final, _FIRST_GAP) if model.rows.num_groups else final
    before = (-np.inf, np.inf, -1)
    while not search.is_done:
        missing, stopped = _solve(search, model, gap)
        if stopped == "infeasible":
            search.is_exhausted = True
        if stopped != "proven" or search.is_done:
            return
        now = (search.bound, search.value, missing)
        if gap <= final and (not missing or search.gap <= ROUNDING or now == before):
            return  # what is missing by now lies within the solver's tolerance
        before = now
        gap = _NEXT_GAP * gap if missing and _NEXT_GAP * gap > 2.0 * final else final


def _solve(search: Search, model: CutModel, gap: float) -> tuple[int, Stopped]:
    """One MIP; how many cuts its own solution lacks (those are in the model now), and why it ended."""
    live, n = model.live, search.part.num_columns
    if search.x is not None:
        live.start_from(np.flatnonzero(search.part.is_integer), search.x[search.part.is_integer])
    seen: list[Cuts] = []
    later: list[Flags] = []
    stopped = live.solve_mip(search.run, gap=gap, watch=_watch(search, model, seen, later))
    if live.bound is not None and stopped != "infeasible":
        search.prove(live.bound)
    missing = 0
    for is_open in later:
        search.offer(is_open)
    if live.has_solution:
        values = live.values
        y = np.round(model.y_of(values))
        search.offer(y > 0.5)
        cuts = model.rows.separate(y, model.theta_of(values), _tolerance(search, model))
        missing = len(cuts)
        seen.append(cuts)
    for cuts in seen:
        model.add(cuts)
    search.tell(f"solving, {missing} cuts, {n} columns")
    return missing, stopped


def _watch(search: Search, model: CutModel, seen: list[Cuts], later: list[Flags]) -> Watch:
    """Value every solution the MIP finds, at once or later, note the cuts it lacks, and end it once enough is proven."""

    def tell(_value: float | None, bound: float | None) -> bool:
        if bound is not None and np.isfinite(search.value):
            search.prove(bound)
        return search.is_proven

    def found(values: Floats) -> None:
        y = np.round(model.y_of(values))
        if search.completion.is_mip:
            later.append(y > 0.5)
        else:
            search.offer(y > 0.5)
        seen.append(model.rows.separate(y, model.theta_of(values), _tolerance(search, model)))

    return Watch(tell, found)


def _tolerance(search: Search, model: CutModel) -> float:
    scale = max(1.0, abs(search.value) if np.isfinite(search.value) else 1.0)
    return _EXACT * scale / max(1, model.rows.num_groups)
