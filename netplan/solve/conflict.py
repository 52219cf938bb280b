"""Why there is no plan: an irreducible set of rules, of which dropping any one leaves a feasible problem.

QuickXplain (Junker 2004, "QUICKXPLAIN: Preferred Explanations and Relaxations for Over-Constrained Problems"): few feasibility
tests when the conflict is small. Each test switches rules off on one live model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import from_pulp
from netplan.engine.run import Options, Run
from netplan.errors import SolverError
from netplan.formulation import Formulation, formulate
from netplan.problem import PlanningProblem


class FeasibilityTest:
    """Whether a problem has a plan when only some of its rules hold."""

    def __init__(self, problem: PlanningProblem, seconds: float | None = None) -> None:
        capacity = problem.policy.capacity
        loads_matter = capacity.overflow == "hard" or capacity.viability == "hard"
        formulation = formulate(problem, all_loads=loads_matter, shorten=False, with_rows=False)
        self.formulation: Formulation = formulation
        lp = formulation.lp
        part, _ = from_pulp(lp, ())
        self._live = LiveModel(replace(part, cost=np.zeros_like(part.cost)), integral=True)
        self._seconds = seconds
        row = {name: i for i, name in enumerate(lp.constraints)}
        self._rows = {
            rule.id: [(i, part.row_lower[i], part.row_upper[i]) for i in (row[name] for name in rule.constraints)]
            for rule in formulation.rules.values()
        }

    @property
    def rules(self) -> list[str]:
        """Ids of every rule."""
        return list(self._rows)

    def holds(self, rules: Iterable[str]) -> bool:
        """Whether a plan exists that keeps these rules (and what is built in).

        Raises
        ------
        SolverError
            The test could not be decided.
        """
        kept = set(rules)
        for rule_id, rows in self._rows.items():
            for row, lower, upper in rows:
                limits = (lower, upper) if rule_id in kept else (-np.inf, np.inf)
                self._live.highs.changeRowBounds(row, *limits)
        self._live.highs.clearSolver()
        stopped = self._live.solve_mip(Run(Options(time_limit=self._seconds)), gap=0.0, watch=Watch())
        if stopped == "infeasible":
            return False
        if stopped == "proven" or self._live.has_solution:
            return True
        raise SolverError("the conflict could not be narrowed down in the time given")


def explain_conflict(problem: PlanningProblem, seconds: float | None = None) -> tuple[str, ...]:
    """Texts of an irreducible set of rules that no plan can keep together.

    Parameters
    ----------
    seconds
        Limit of each feasibility test.
    """
    test = FeasibilityTest(problem, seconds)
    if not test.holds([]):
        return ("no plan exists even without any rule of the plan file: what is built in already contradicts itself",)
    chosen = _quick_explain(test, [], [], test.rules)
    rules = test.formulation.rules
    return tuple(rules[rule_id].text for rule_id in test.rules if rule_id in set(chosen))


def _quick_explain(
    test: FeasibilityTest, background: Sequence[str], added: Sequence[str], rules: Sequence[str]
) -> list[str]:
    """The part of `rules` that conflicts with `background`."""
    if added and not test.holds(background):
        return []
    if len(rules) == 1:
        return list(rules)
    half = len(rules) // 2
    first, second = rules[:half], rules[half:]
    of_second = _quick_explain(test, [*background, *first], first, second)
    of_first = _quick_explain(test, [*background, *of_second], of_second, first)
    return of_first + of_second
