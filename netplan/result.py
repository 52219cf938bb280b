"""The answer: why the run stopped, what it proved, and the plan."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from netplan.convergence import draw_convergence, trace_table
from netplan.plan import Plan
from netplan.progress import Progress, relative_gap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Certificate", "Result", "Status", "relative_gap"]

_WHY = {
    "optimal": "proven",
    "gap_limit": "the gap asked for, reached",
    "time_limit": "out of time",
    "interrupted": "interrupted",
    "no_plan": "given up",
}

_NOTHING = 1e-9
"""A gap that is rounding."""

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


@dataclass(frozen=True, slots=True)
class Result:
    """What `solve` returns.

    Attributes
    ----------
    plan
        The best plan found; None if there is none.
    conflicts
        If infeasible: rules of which dropping any one leaves a feasible problem, in the planner's words.
    trace
        Where the run stood whenever the best plan, the bound or the stage changed; the certificate's values last.
    """

    certificate: Certificate
    plan: Plan | None
    conflicts: tuple[str, ...] = ()
    trace: tuple[Progress, ...] = ()

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

    @property
    def trace_table(self) -> pd.DataFrame:
        """The trace, a line per step: seconds, stage, objective, bound, gap; NaN where not known yet."""
        return trace_table(self.trace)

    def plot_convergence(self, ax: Axes | None = None) -> Axes:
        """Draw objective and bound against seconds, the gap between them shaded, with the stages of the run.

        Parameters
        ----------
        ax
            Matplotlib axes to draw on; a new figure if not given.
        """
        return draw_convergence(self.trace, title=self._standing(), unit=self._unit(), ax=ax)

    def __repr__(self) -> str:
        return f"Result({', '.join(f'{label}: {value}' for label, value in self._facts())})"

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<table>{lines}</table>"

    def _standing(self) -> str:
        """What was proven, in plain words."""
        if self.status == "infeasible":
            return f"No plan keeps every rule, proven after {_seconds(self.seconds)}"
        if self.plan is None:
            return f"No plan found, {_WHY[self.status]} after {_seconds(self.seconds)}"
        if self.gap is None:
            return f"A plan, and no bound yet: {_WHY[self.status]} after {_seconds(self.seconds)}"
        better = "better" if self.gap < _NOTHING else f"more than {_share(self.gap)} better"
        return f"No plan is {better}: {_WHY[self.status]} after {_seconds(self.seconds)}"

    def _unit(self) -> str:
        if self.plan is None:
            return "objective"
        problem = self.plan.problem
        return "not covered" if problem.policy.objective.kind == "coverage" else f"{problem.region.currency} a year"

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


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:.2g} s"


def _share(gap: float) -> str:
    """A gap as a percentage that is never rounded down to nothing."""
    percent = 100 * gap
    if percent < 0.001:
        return "0.001 %"
    return f"{percent:.3f} %" if percent < 0.1 else f"{percent:.2f} %" if percent < 10 else f"{percent:.0f} %"
