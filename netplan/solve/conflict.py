"""Why there is no plan: an irreducible set of rules, of which dropping any one leaves a feasible problem.

QuickXplain (Junker 2004, "QUICKXPLAIN: Preferred Explanations and Relaxations for Over-Constrained Problems"): few feasibility
tests when the conflict is small. Each test switches rules off on one live model.

Where the linear relaxation already has no solution, it names the few rules that matter first: on a municipality a linear program
is done in a second, and to find one plan that keeps half of a plan file's rules takes a MIP minutes. Which of these few can be
dropped is then asked of whole decisions, as always.

Rules of one entry of the plan file (an outlet in every township) stand or fall together at first. Where the conflict is about
many of them - 900 outlets for 1,031 townships - that is the answer; where it is about a few, these are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import from_pulp
from netplan.engine.run import Options, Run, Stopped
from netplan.errors import SolverError
from netplan.formulation import Formulation, formulate
from netplan.problem import PlanningProblem

Unit = tuple[str, ...]
"""Ids of rules that stand or fall together."""

_MOST_TESTS = 100
"""Feasibility tests spent on naming single rules of one entry; three of 2,000 are found by 60."""


class FeasibilityTest:
    """Whether a problem has a plan when only some of its rules hold."""

    def __init__(self, problem: PlanningProblem, seconds: float | None = None) -> None:
        formulation = formulate(problem, all_loads=_loads_matter(problem), shorten=False, with_rows=False)
        self.formulation: Formulation = formulation
        lp = formulation.lp
        part, _ = from_pulp(lp, ())
        self._live = LiveModel(replace(part, cost=np.zeros_like(part.cost)), integral=True)
        self._seconds = seconds
        self._is_relaxed = False
        row = {name: i for i, name in enumerate(lp.constraints)}
        self._rows = {
            rule.id: [(i, part.row_lower[i], part.row_upper[i]) for i in (row[name] for name in rule.constraints)]
            for rule in formulation.rules.values()
        }

    @property
    def rules(self) -> list[str]:
        """Ids of every rule."""
        return list(self._rows)

    def relax(self, relaxed: bool) -> None:
        """Ask the linear relaxation from now on, or whole decisions again."""
        self._live.set_integral(not relaxed)
        self._is_relaxed = relaxed

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
        stopped = self._solve(Run(Options(time_limit=self._seconds)))
        if stopped == "infeasible":
            return False
        if stopped == "proven" or self._live.has_solution:
            return True
        raise SolverError("the conflict could not be narrowed down in the time given")

    def _solve(self, run: Run) -> Stopped:
        if self._is_relaxed:
            return self._live.solve_relaxation(run)
        self._live.highs.clearSolver()
        return self._live.solve_mip(run, gap=0.0, watch=Watch())


def _loads_matter(problem: PlanningProblem) -> bool:
    """Whether loads can leave no plan; capacity alone cannot where the planner may leave visits unserved."""
    capacity, is_split = problem.policy.capacity, problem.policy.access.assignment == "system"
    return capacity.viability == "hard" or (capacity.overflow == "hard" and not is_split)


class _TooManyTestsError(Exception):
    """The conflict is about more rules than are worth naming one by one."""


def explain_conflict(problem: PlanningProblem, seconds: float | None = None) -> tuple[str, ...]:
    """Texts of an irreducible set of rules that no plan can keep together; many rules of one entry of the plan file count as one.

    Parameters
    ----------
    seconds
        Limit of each feasibility test.
    """
    test = FeasibilityTest(problem, seconds)
    if not _has_plan_without_rules(test):
        return ("no plan exists even without any rule of the plan file: what is built in already contradicts itself",)
    families = _irreducible(test, _families(test.rules))
    singles = [(rule_id,) for family in families for rule_id in family]
    try:
        named = _irreducible(test, singles, most=_MOST_TESTS) if len(singles) > len(families) else families
    except _TooManyTestsError:
        named = families
    place = {rule_id: number for number, rule_id in enumerate(test.rules)}
    return tuple(_text(test, unit) for unit in sorted(named, key=lambda unit: place[unit[0]]))


def _has_plan_without_rules(test: FeasibilityTest) -> bool:
    test.relax(True)
    is_possible = test.holds([])
    test.relax(False)
    return is_possible and test.holds([])


def _families(rules: Sequence[str]) -> list[Unit]:
    """Rules by the entry of the plan file they come from: the first two parts of their ids."""
    members: dict[str, list[str]] = {}
    for rule_id in rules:
        members.setdefault(_entry(rule_id), []).append(rule_id)
    return [tuple(family) for family in members.values()]


def _entry(rule_id: str) -> str:
    return ".".join(rule_id.split(".")[:2])


def _text(test: FeasibilityTest, unit: Unit) -> str:
    text = test.formulation.rules[unit[0]].text
    return text if len(unit) == 1 else f"{len(unit):,} rules of {_entry(unit[0])}, the first of them: {text}"


def _irreducible(test: FeasibilityTest, units: Sequence[Unit], *, most: int | None = None) -> list[Unit]:
    """Units that conflict and of which none can be left out; by the relaxation first, if that has no solution already.

    Raises
    ------
    _TooManyTestsError
        It takes more tests than `most`.
    """
    test.relax(True)
    is_clear = not test.holds([rule_id for unit in units for rule_id in unit])
    suspects = _Explanation(test, most).of([], [], units) if is_clear else units
    test.relax(False)
    return _Explanation(test, most).of([], [], suspects)


class _Explanation:
    """QuickXplain with so many tests at most."""

    def __init__(self, test: FeasibilityTest, most: int | None) -> None:
        self._test, self._left = test, most

    def of(self, background: Sequence[Unit], added: Sequence[Unit], units: Sequence[Unit]) -> list[Unit]:
        """The part of `units` that conflicts with `background`."""
        if added and not self._holds(background):
            return []
        if len(units) == 1:
            return list(units)
        half = len(units) // 2
        first, second = units[:half], units[half:]
        of_second = self.of([*background, *first], first, second)
        of_first = self.of([*background, *of_second], of_second, first)
        return of_first + of_second

    def _holds(self, units: Sequence[Unit]) -> bool:
        if self._left is not None:
            if self._left == 0:
                raise _TooManyTestsError
            self._left -= 1
        return self._test.holds([rule_id for unit in units for rule_id in unit])
