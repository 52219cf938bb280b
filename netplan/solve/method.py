"""Which method solves a problem, and why."""

from __future__ import annotations

from dataclasses import dataclass

from netplan.errors import InputError
from netplan.problem import PlanningProblem
from netplan.solve.benders import solve_benders
from netplan.solve.compact import solve_compact
from netplan.solve.decomposition import solve_by_blocks
from netplan.solve.other import DEFAULT_SOLVER
from netplan.solve.rounds import Outcome, Run

METHODS = ("auto", "compact", "benders", "decomposition")

SMALL = 2_000
"""Options up to which the compact model is solved as it is."""

LARGE = 10_000
"""Decisions from which a problem of several districts is decomposed."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method by name, and why it was taken."""

    name: str
    why: str

    def solve(self, problem: PlanningProblem, run: Run) -> Outcome:
        """Solve by this method."""
        if self.name == "compact":
            return solve_compact(problem, run)
        return solve_benders(problem, run) if self.name == "benders" else solve_by_blocks(problem, run)

    def __str__(self) -> str:
        return f"{self.name} ({self.why})"


def choose_method(problem: PlanningProblem, asked: str, solver: str) -> Method:
    """The compact model where it is small or needed; else cuts, by district where it is large.

    Raises
    ------
    InputError
        The method asked for cannot solve this problem.
    """
    needs = _needs_compact(problem, solver)
    if asked in ("benders", "decomposition") and needs:
        raise InputError(f"method {asked!r} needs nearest assignment and the HiGHS solver; use method 'compact'")
    if asked != "auto":
        return Method(asked, "as asked")
    options, decisions = len(problem.rows.option_cost), len(problem.columns)
    if needs:
        return Method("compact", needs)
    if options <= SMALL:
        return Method("compact", f"small: {options:,} options")
    districts = problem.sites["district_id"].nunique()
    if decisions >= LARGE and districts > 1:
        return Method("decomposition", f"large: {decisions:,} decisions in {districts} districts")
    return Method("benders", f"{options:,} options, too many for the compact model")


def _needs_compact(problem: PlanningProblem, solver: str) -> str:
    """Why nothing but the compact model will do; empty if it is not needed."""
    if problem.policy.access.assignment == "system":
        return "visits are split by the planner"
    return "" if solver == DEFAULT_SOLVER else f"solver {solver}"
