"""A kind of rule or price: how to make it bind, given the optimum without it, and how to tell that it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brute import Answer, brute_force

from netplan.policy import Policy
from netplan.problem import PlanningProblem

Parts = Mapping[str, Any]
"""Parts of a plan file to change, as `Policy.replace` takes them."""
Tighten = Callable[[Answer, np.random.Generator], Iterable[Parts]]
"""Changes to a plan file that should cut off its optimum, in the order in which to try them."""


@dataclass(frozen=True)
class Case:
    """A problem of one theme and seed, and the brute force's answer to it."""

    theme: str
    seed: int
    problem: PlanningProblem
    answer: Answer

    def value_with(self, **parts: Any) -> float | None:
        """The optimum under a changed plan file."""
        return brute_force(self.problem.replace(**parts), self.answer).value

    @property
    def policy(self) -> Policy:
        """The plan file."""
        return self.problem.policy


IsActive = Callable[[Case], bool]


@dataclass(frozen=True)
class Kind:
    """A kind of rule or price, and the themes in which it may be made active."""

    name: str
    tighten: Tighten
    is_active: IsActive
    themes: tuple[str, ...] = ("town",)


def nothing(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
    """No change: the kind is active by itself or not."""
    yield {}


def label_matters(*endings: str, prefix: str = "") -> IsActive:
    """Dropping a rule or price whose label ends (and begins) so changes the optimum."""

    def is_active(case: Case) -> bool:
        labels = [*case.answer.kept, *case.answer.penalties]
        named = [label for label in labels if label.startswith(prefix) and label.endswith(endings)]
        return any(case.answer.matters(label) for label in named)

    return is_active


def cut(answer: Answer, quantity: np.ndarray, *, is_most: bool, is_whole: bool) -> float | None:
    """A bound on a quantity, (M,) or (M, U), that the optimum breaks and some other allowed plan keeps."""
    spread = np.broadcast_to(quantity if quantity.ndim == 2 else quantity[:, None], answer.allowed.shape)
    now = spread[answer.best]
    values = np.unique(spread[answer.allowed])
    other = values[values < now - 1e-6] if is_most else values[values > now + 1e-6]
    if not len(other):
        return None
    nearest = float(other.max() if is_most else other.min())
    return round(nearest) if is_whole else (nearest + float(now)) / 2
