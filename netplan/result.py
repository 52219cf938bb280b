"""The answer: why the run stopped, what it proved, and the plan."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from netplan.plan import Plan

Status = Literal["optimal", "gap_limit", "time_limit", "interrupted", "infeasible", "no_plan"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was proven about a plan.

    Attributes
    ----------
    status
        Why the run stopped: optimal (gap at most 1e-4), gap_limit (the gap asked for, larger than that),
        time_limit, interrupted; infeasible or no_plan where there is no plan.
    objective, bound
        Value of the plan, and a proven lower bound on every plan's; None where there is none.
    gap
        |objective - bound| / max(1, |objective|); None where either is missing.
    seconds
        Wall time of building and solving.
    method
        What solved it, in words.
    options
        The options of `solve`.
    """

    status: Status
    objective: float | None
    bound: float | None
    seconds: float
    method: str
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def gap(self) -> float | None:
        """|objective - bound| / max(1, |objective|)."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective - bound| / max(1, |objective|), or None."""
    if objective is None or bound is None:
        return None
    return abs(objective - bound) / max(1.0, abs(objective))


@dataclass(frozen=True, slots=True)
class Result:
    """What `solve` returns.

    Attributes
    ----------
    plan
        The best plan found; None if there is none.
    conflicts
        If infeasible: rules of which dropping any one leaves a feasible problem, in the planner's words.
    """

    certificate: Certificate
    plan: Plan | None
    conflicts: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """Why the run stopped."""
        return self.certificate.status

    @property
    def objective(self) -> float | None:
        """Value of the plan."""
        return self.certificate.objective

    @property
    def bound(self) -> float | None:
        """Proven lower bound."""
        return self.certificate.bound

    @property
    def gap(self) -> float | None:
        """|objective - bound| / max(1, |objective|)."""
        return self.certificate.gap

    @property
    def seconds(self) -> float:
        """Wall time of building and solving."""
        return self.certificate.seconds

    def __repr__(self) -> str:
        return f"Result({', '.join(f'{label}: {value}' for label, value in self._facts())})"

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<table>{lines}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("status", str(self.status))]
        facts += [(label, _money(value)) for label, value in (("objective", self.objective), ("bound", self.bound))]
        facts.append(("gap", "-" if self.gap is None else f"{100 * self.gap:.3f} %"))
        facts.append(("seconds", f"{self.seconds:.1f}"))
        facts.append(("method", self.certificate.method))
        if self.plan is not None:
            counts = self.plan.actions["action"].value_counts()
            facts.append(("actions", ", ".join(f"{number} {action}" for action, number in counts.items())))
        facts += [("conflict", text) for text in self.conflicts]
        return facts


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
