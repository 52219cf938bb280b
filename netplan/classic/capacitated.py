"""Capacities: who goes where has to be decided too, on the pairs that matter.

With `program` for the model: its linear relaxation with x <= y is a good bound. A site, or where customers go whole a pair, whose
reduced cost there is above a given room cannot be in any solution below relaxation + room. So the program over the other pairs alone, which are few, proves
min(its own bound, relaxation + room) for the whole, and where its optimum lies within the room it is that of the whole. The room is a
guess at first, or that to a known solution where that is less, and then that to the best solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import amounts
from netplan.classic.case import Case
from netplan.classic.compact import rounded_up, solve_compact
from netplan.classic.program import Relaxed, program, relaxed, start_values
from netplan.classic.result import Solution, relative_gap
from netplan.classic.transport import Flow, Loads, assigned, cheapest_flow, first_flow, weighed
from netplan.engine.run import Step, stop_on_interrupt

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FIRST_ROOM = 0.01
"""Share of the relaxation that is the room at first: most published gaps of the relaxation are less."""

_TOLERANCE = 1e-7


@dataclass(slots=True)
class Hunt:
    """The best solution so far and what is proven.

    Attributes
    ----------
    sign
        The objective told is sign times the one minimised.
    """

    case: Case
    loads: Loads
    sign: float
    value: float = float("inf")
    flow: Flow | None = None
    bound: float = float("-inf")

    @property
    def cutoff(self) -> float:
        """Only solutions below this are of interest."""
        if not np.isfinite(self.value):
            return float("inf")
        step = self.loads.step
        return self.value - (step * (1.0 - 1e-6) if step > 0.0 else 1e-9 * max(1.0, abs(self.value)))

    @property
    def is_proven(self) -> bool:
        """Whether the gap asked for is proven."""
        gap = relative_gap(self.value, self.bound) if np.isfinite(self.value) else None
        return self.bound >= self.cutoff or (gap is not None and gap <= self.case.run.options.gap)

    def offer(self, flow: Flow | None) -> None:
        """Keep a solution if it is better."""
        if flow is not None and flow.value < self.value:
            self.value, self.flow = flow.value, flow
            self.tell("searching")

    def prove(self, bound: float) -> None:
        """Keep a bound if it is better."""
        self.bound = max(self.bound, rounded_up(bound, self.loads.step))

    def tell(self, stage: str) -> None:
        """Note where it stands."""
        value = self._told(self.value)
        step = Step(self.case.run.seconds, stage, value, self._told(min(self.bound, self.value)))
        self.case.trace.append(step)
        self.case.run.options.listener(step)

    def _told(self, value: float) -> float | None:
        return self.sign * value if np.isfinite(value) else None


def loads_of(
    case: Case,
    demands: ArrayLike,
    capacities: ArrayLike,
    *,
    num_open: tuple[int, int],
    penalty: Floats,
    single_source: bool,
    opening: Floats | None = None,
    cost: Floats | None = None,
    offset: float = 0.0,
) -> Loads:
    """Check demands and capacities; `penalty` per unit of weight, shape (I,); `cost` per pair instead of weight times cost."""
    size = len(case.costs)
    return Loads(
        demand=amounts("demands", demands, size),
        capacity=amounts("capacities", capacities, case.num_sites, per="site"),
        opening=np.zeros(case.num_sites) if opening is None else opening,
        cost=case.weights[case.costs.row] * case.costs.value if cost is None else cost,
        penalty=weighed(penalty, case.weights),
        num_open=num_open,
        single_source=single_source,
        offset=offset,
    )


def solve_loads(case: Case, loads: Loads, *, sign: float = 1.0, note: str = "") -> Solution:
    """Minimise, with a bound; the objective told is sign times the one minimised."""
    hunt = Hunt(case, loads, sign)
    with stop_on_interrupt(case.run.stop):
        is_infeasible = _hunt(hunt)
    if hunt.flow is None:
        if is_infeasible:
            return case.infeasible("no choice of sites serves every customer within the capacities")
        return case.nothing(sign * hunt.bound if np.isfinite(hunt.bound) else None)
    bound = min(hunt.value, hunt.bound)
    proven = sign * bound if np.isfinite(bound) else None
    flow = hunt.flow
    told = flow.site if loads.single_source else _shares(case, flow)
    return case.solved(sign * hunt.value, proven, flow.sites, told, note)


def _hunt(hunt: Hunt) -> bool:
    """Bound, first solution, and programs over ever more pairs; whether it is proven that there is no solution."""
    case, loads = hunt.case, hunt.loads
    bound = relaxed(case, loads)
    if bound is None or bound.is_infeasible:
        return bound is not None
    hunt.prove(bound.value - 1e-9 * max(1.0, abs(bound.value)))
    hunt.tell("relaxing")
    hunt.offer(first_flow(case, loads, bound.y))
    room = min(_FIRST_ROOM * max(1.0, abs(bound.value)), max(0.0, hunt.value - bound.value))
    while not hunt.is_proven and case.run.is_over is None:
        if _within(hunt, bound, room):
            return True
        needed = hunt.cutoff - bound.value
        if needed <= room:
            break
        room = needed + _TOLERANCE * max(1.0, abs(bound.value)) if np.isfinite(needed) else _more(room, bound)
    return False


def _more(room: float, bound: Relaxed) -> float:
    """A larger room where no solution was found; at last all pairs."""
    dearest = max(float(bound.reduced.max(initial=0.0)), float(np.abs(bound.reduced_y).max(initial=0.0)))
    return 4.0 * room if 4.0 * room < dearest else float("inf")


def _within(hunt: Hunt, bound: Relaxed, room: float) -> bool:
    """Solve over the pairs that a solution within the room can use; whether it is proven that there is no solution at all."""
    case, loads = hunt.case, hunt.loads
    slack = room + _TOLERANCE * max(1.0, abs(bound.value))
    pairs = _useful(case, loads, bound, slack)
    part = program(case, loads, pairs, strong=bound.strong[pairs])
    part = part.fixed(bound.reduced_y > slack, -bound.reduced_y > slack)
    start = None if hunt.flow is None else start_values(case, loads, pairs, hunt.flow)
    ceiling = bound.value + room

    def enough(objective: float | None, proven: float | None) -> bool:
        best = min(hunt.value, np.inf if objective is None else objective)
        target = min(ceiling, best - (1.0 - 1e-6) * loads.step) if loads.step > 0.0 else ceiling
        return proven is not None and proven >= target

    found = solve_compact(part, case.run, start=start, enough=enough)
    if found.values is not None:
        hunt.offer(_flow(hunt, found.values, pairs))
    everything = len(pairs) == len(loads.cost) and not np.isfinite(room)
    hunt.prove(found.bound if everything else min(found.bound, ceiling))
    hunt.tell(f"solving over {len(pairs)} pairs")
    return everything and found.stopped == "infeasible" and hunt.flow is None


def _useful(case: Case, loads: Loads, bound: Relaxed, slack: float) -> Ints:
    """The pairs that a solution within the room can use: a customer who goes whole pays the reduced cost of the pair and of the site.

    A part of a customer pays only that part of the pair's: where demand splits, only sites can be left out.
    """
    can_open = bound.reduced_y <= slack
    useful = can_open[case.costs.column]
    if loads.single_source:
        useful &= bound.reduced <= slack
    return np.flatnonzero(useful).astype(np.int64)


def _flow(hunt: Hunt, values: Floats, pairs: Ints) -> Flow | None:
    """The solution in the values of a program, its value computed anew."""
    case, loads = hunt.case, hunt.loads
    is_open = values[: case.num_sites] > 0.5
    if loads.single_source:
        return assigned(case, loads, is_open, pairs[values[case.num_sites :][: len(pairs)] > 0.5])
    return cheapest_flow(case, loads, is_open)


def _shares(case: Case, flow: Flow) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array(
        (flow.share, (case.costs.row[flow.pairs], case.costs.column[flow.pairs])),
        shape=(len(case.costs), case.num_sites),
    )
