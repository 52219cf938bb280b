"""A PuLP model that remembers which rule each constraint stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray

LE, GE, EQ = pulp.LpConstraintLE, pulp.LpConstraintGE, pulp.LpConstraintEQ

Terms = Iterable[tuple[pulp.LpVariable, float]]

_NOT_IN_NAMES = re.compile(r"\W")


@dataclass(slots=True)
class Rule:
    """A standard, bound or list entry of the plan file, in the planner's words, and its constraints' names."""

    id: str
    text: str
    constraints: list[str] = field(default_factory=list)


class PolicyModel:
    """The PuLP problem under construction, its rules, and the terms of its objective."""

    def __init__(self, name: str) -> None:
        self.lp = pulp.LpProblem(name, pulp.LpMinimize)
        self.rules: dict[str, Rule] = {}
        self._cost: dict[pulp.LpVariable, float] = {}
        self._constant = 0.0
        self._names: set[str] = set()

    def binary(self, *parts: object) -> pulp.LpVariable:
        """A 0/1 variable named after its parts."""
        return pulp.LpVariable(self.name(*parts), 0, 1, pulp.LpInteger)

    def fraction(self, *parts: object) -> pulp.LpVariable:
        """A variable between 0 and 1."""
        return pulp.LpVariable(self.name(*parts), 0, 1)

    def amount(self, *parts: object) -> pulp.LpVariable:
        """A variable of at least 0."""
        return pulp.LpVariable(self.name(*parts), 0)

    def name(self, *parts: object) -> str:
        """A name that an LP file can hold, made of ids as they are written; repeats are numbered."""
        plain = _NOT_IN_NAMES.sub("_", "_".join(map(str, parts)))
        unique, number = plain, 2
        while unique in self._names:
            unique, number = f"{plain}_{number}", number + 1
        self._names.add(unique)
        return unique

    def add(
        self, name: str, terms: Terms, sense: int, bound: float, *, rule: tuple[str, str] | None = None
    ) -> pulp.LpConstraint:
        """Add ``sum terms (<=, >=, =) bound``, as part of a rule (id, text) if given."""
        constraint = pulp.LpConstraint(_expression(list(terms)), sense, self.name(name), bound)
        return self.add_constraint(constraint, rule=rule)

    def add_constraint(
        self, constraint: pulp.LpConstraint, *, rule: tuple[str, str] | None = None
    ) -> pulp.LpConstraint:
        """Add a ready-made constraint."""
        self.lp.addConstraint(constraint, constraint.name)
        if rule is not None:
            self.rules.setdefault(rule[0], Rule(*rule)).constraints.append(constraint.name)
        return constraint

    def cost(self, variable: pulp.LpVariable, amount: float) -> None:
        """Add a term to the objective."""
        self._cost[variable] = self._cost.get(variable, 0.0) + amount

    def constant(self, amount: float) -> None:
        """Add a constant to the objective."""
        self._constant += amount

    def finish(self) -> pulp.LpProblem:
        """Hand the objective over to PuLP."""
        self.lp.setObjective(pulp.LpAffineExpression(self._cost.items(), self._constant))
        return self.lp


def _expression(terms: list[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """The sum of the terms; of a variable that is in several, their coefficients add up."""
    expression = pulp.LpAffineExpression(terms)
    if len(expression) < len(terms):  # PuLP has kept the last coefficient of a repeated variable
        expression = pulp.LpAffineExpression()
        for variable, coefficient in terms:
            expression.addterm(variable, coefficient)
    return expression


def weighted(
    variables: tuple[pulp.LpVariable, ...], coefficients: NDArray[np.float64]
) -> list[tuple[pulp.LpVariable, float]]:
    """The terms with a coefficient other than 0."""
    chosen = np.flatnonzero(coefficients)
    return [(variables[j], amount) for j, amount in zip(chosen.tolist(), coefficients[chosen].tolist(), strict=True)]
