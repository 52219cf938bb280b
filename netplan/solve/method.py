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

MOST_ROWS = 10_000
"""Rows beyond which the compact model is only written when it is asked for by name."""

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
    """The compact model where it is small, or a solver asks for it; else cuts, by district where it is large.

    Raises
    ------
    InputError
        The method asked for cannot solve this problem, or the solver asked for would get a model that is too large for it.
    """
    if solver != DEFAULT_SOLVER:
        return _by_other(problem, asked, solver)
    if asked != "auto":
        return Method(asked, "as asked")
    rows, options, decisions = len(problem.rows), len(problem.rows.option_cost), len(problem.columns)
    if options <= SMALL and rows <= MOST_ROWS:
        return Method("compact", f"small: {options:,} options")
    districts = problem.sites["district_id"].nunique()
    if decisions >= LARGE and districts > 1:
        return Method("decomposition", f"large: {decisions:,} decisions in {districts} districts")
    return Method("benders", f"{options:,} options in {rows:,} rows, too many for the compact model")


def _by_other(problem: PlanningProblem, asked: str, solver: str) -> Method:
    """Other solvers get the whole problem as one model: only that is what a PuLP solver can be handed."""
    if asked in ("benders", "decomposition"):
        raise InputError(f"method {asked!r} needs the HiGHS solver; with solver {solver} use method 'compact'")
    rows = len(problem.rows)
    if asked == "auto" and rows > MOST_ROWS:
        raise InputError(
            f"solver {solver} can only be given the compact model, and {rows:,} rows are too many for it: leave the solver out, "
            "or ask for method 'compact' by name"
        )
    return Method("compact", "as asked" if asked == "compact" else f"solver {solver}")
