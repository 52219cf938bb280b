"""One call of a classic problem: costs, weights, which sites may open, the clock; and how its answer is put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from netplan.classic.arguments import Limits, Positions, amounts, apart, num_sites, number, positions, run_of
from netplan.classic.costs import Costs, read_costs
from netplan.classic.result import Solution, status_of
from netplan.engine.policy_part import PolicyPart, plain_part
from netplan.engine.rows import SortedRows
from netplan.engine.run import Run, Step, stop_on_interrupt
from netplan.engine.solve import Answer, answer, explore
from netplan.engine.state import Search
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """What all problems have in common.

    Attributes
    ----------
    problem
        Name of the function that was called.
    costs, weights
        Costs of pairs, and the weight of each customer, shape (I,).
    required, closed
        Positions of the sites that must be and that cannot be open.
    run
        Options and clock.
    trace
        How value and bound went, in the problem's own direction.
    """

    problem: str
    costs: Costs
    weights: Floats
    required: Ints
    closed: Ints
    run: Run
    trace: list[Step] = field(default_factory=list)

    @property
    def num_sites(self) -> int:
        """J."""
        return self.costs.num_sites

    def part(self, num_open: tuple[int, int] | None = None, cost: Floats | None = None) -> PolicyPart:
        """The policy part: the number of open sites, their costs, and those fixed."""
        return plain_part(self.num_sites, cost=cost, num_open=num_open, required=self.required, forbidden=self.closed)

    def solve(self, rows: SortedRows, part: PolicyPart, *, start: Flags | None = None) -> Answer:
        """Minimise on the row engine, from these open sites if they are known; shape (J,)."""
        search = Search.of(rows, part, self.run)
        if start is not None:
            search.offer(start)
        with stop_on_interrupt(self.run.stop):
            explore(search)
        return answer(search)

    def count(self, p: Any) -> int:
        """Check how many sites to open."""
        return num_sites(p, self.num_sites, self.required, self.closed)

    def stranded(self) -> Ints:
        """The customers that no site which may open can serve."""
        return np.flatnonzero(~self.costs.reachable(self.closed)).astype(np.int64)

    def bare(self, penalty: Floats) -> Ints:
        """Those of them that must be served; a customer of weight 0 need not be. Penalty of shape (I,)."""
        stranded = self.stranded()
        return stranded[np.isinf(penalty[stranded]) & (self.weights[stranded] > 0)]

    def solved(
        self,
        objective: float,
        bound: float | None,
        sites: Ints,
        assignment: Ints | scipy.sparse.csr_array,
        note: str = "",
    ) -> Solution:
        """The answer where there is a solution."""
        return self._answer(status_of(objective, bound, self.run), objective, bound, sites, assignment, note)

    def infeasible(self, note: str) -> Solution:
        """The answer where there is proven to be none."""
        return self._without("infeasible", None, note)

    def nothing(self, bound: float | None) -> Solution:
        """The answer where none was found in time."""
        return self._without("no_plan", bound, "no solution was found in the time given; raise time_limit")

    def _without(self, status: Any, bound: float | None, note: str) -> Solution:
        nobody = np.full(len(self.costs), -1, dtype=np.int64)
        return self._answer(status, None, bound, np.empty(0, dtype=np.int64), nobody, note)

    def _answer(self, status: Any, objective: float | None, bound: float | None, sites: Ints, *rest: Any) -> Solution:
        assignment, note = rest
        return Solution(
            problem=self.problem,
            status=status,
            objective=objective,
            bound=bound,
            seconds=self.run.seconds,
            sites=np.sort(sites).astype(np.int64),
            assignment=assignment,
            note=note,
            trace=tuple(self.trace),
            costs=self.costs,
            weights=self.weights,
        )


def case_of(
    problem: str,
    costs: Any,
    sites: Any,
    limits: Limits,
    *,
    weights: ArrayLike | None = None,
    required: Positions | None = None,
    forbidden: Positions | None = None,
    radius: float | None = None,
) -> Case:
    """Read and check what all problems have in common; pairs beyond the radius are left out."""
    run = run_of(limits)
    if radius is not None:
        radius = number("radius", radius)
    found = read_costs(costs, sites, radius=radius)
    must, cannot = (
        positions(name, value, found.num_sites) for name, value in (("required", required), ("forbidden", forbidden))
    )
    apart(required=must, forbidden=cannot)
    weight = amounts("weights", weights, len(found))
    return Case(problem, found, weight, must, cannot, run)


def stranded_note(stranded: Ints, what: str) -> str:
    """Which customers nobody can serve."""
    return f"{counted(len(stranded), 'customer')} {what}: {some(stranded, 10)}"
