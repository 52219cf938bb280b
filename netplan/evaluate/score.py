"""The Scorecard: what a network costs and whom it serves, before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from netplan.evaluate.breaches import Breach
from netplan.evaluate.lines import SHORT, digits, lines_of
from netplan.evaluate.page import scorecard_html


@dataclass(frozen=True, slots=True)
class Equity:
    """How evenly people live from the nearest physical outlet (one-way minutes; those beyond the cut-off count at it)."""

    mean_minutes: float
    worst_tenth_minutes: float
    """Mean over the tenth of the people who are served worst."""
    gini: float
    rural_to_urban: float
    """Mean minutes of rural people over those of urban people; NaN if either is missing."""
    elderly_to_all: float


@dataclass(frozen=True, slots=True)
class StandardScore:
    """One standard, before and after."""

    id: str
    kind: str
    target: float
    before: float
    after: float
    met: bool
    unit: str
    short: float
    """How much is missing after the plan: people, townships or pairs."""
    penalty: float
    """Money per year after the plan; 0 for a hard standard."""
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One network, measured. Money is per year unless it is said to be in full.

    Attributes
    ----------
    costs
        Components of the objective in force; they sum to `objective`.
    components
        Every component of `net_cost`, whatever the objective.
    cash_cost
        The bank's cash: running, vans and annualised one-offs; no customers' time, no margin.
    running_cost, van_cost
        Of the sites, and of the vans.
    one_offs, capital
        In full by kind; the part that draws on the capital budget.
    lost_margin, won_margin
        Both positive.
    minutes
        One-way, visit-weighted over served visits. Columns service ("all" first), mean, p90, worst, visits, unserved.
    sites
        One line per operating site and class it offers: site_id, service, visits, capacity (NaN = no limit), utilisation,
        overflow.
    utilisation_spread
        Standard deviation of utilisation over the operating sites that have a capacity.
    people_within
        People within so many minutes of a physical outlet; None beyond the cut-off of the travel times.
    outlets, actions
        Counts by format and by action.
    districts, segments
        Tables, one line per district and per segment.
    """

    costs: Mapping[str, float]
    objective: float
    components: Mapping[str, float]
    cash_cost: float
    running_cost: float
    van_cost: float
    one_offs: Mapping[str, float]
    capital: float
    staff: float
    lost_margin: float
    won_margin: float
    visits: float
    unserved_visits: float
    overflow_visits: float
    minutes: pd.DataFrame
    sites: pd.DataFrame
    utilisation_spread: float
    equity: Equity
    people_within: Mapping[int, float | None]
    outlets: Mapping[str, int]
    physical_outlets: int
    actions: Mapping[str, int]
    districts: pd.DataFrame
    segments: pd.DataFrame

    @property
    def overflow(self) -> pd.DataFrame:
        """The lines of `sites` with visits above capacity."""
        return self.sites[self.sites["overflow"] > 0].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what is undefined is None."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Today's network and the plan, recomputed from the tables without any solver code.

    Attributes
    ----------
    before, after
        Today's network, and the plan.
    standards
        Every standard of the plan file, then `keep_last_outlet`.
    problems
        Rules that the plan breaks, in the planner's words; empty for a sound plan.
    currency, objective_kind
        Of the region, and of the plan file.
    """

    before: Score
    after: Score
    standards: tuple[StandardScore, ...]
    problems: tuple[str, ...]
    currency: str
    objective_kind: str
    breaches: tuple[Breach, ...] = ()
    """The broken rules among `problems`, with their identifiers."""

    def frame(self) -> pd.DataFrame:
        """Tidy table: measure, unit, before, after, change."""
        lines = [(*line, line[3] - line[2]) for line in lines_of(self)]
        return pd.DataFrame(lines, columns=["measure", "unit", "before", "after", "change"])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: before, after, standards, problems."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "standards": [_plain(asdict(standard)) for standard in self.standards],
            "problems": list(self.problems),
        }

    def __repr__(self) -> str:
        shown = [line for line in lines_of(self) if line[0] in SHORT]
        width = max(len(line[0]) for line in shown)
        lines = [
            f"  {name:<{width}}  {before:>16,.{digits(unit)}f} -> {after:>16,.{digits(unit)}f}  {unit}"
            for name, unit, before, after in shown
        ]
        lines += [f"  problem: {problem}" for problem in self.problems]
        return "\n".join([f"Scorecard ({self.objective_kind}, before -> after)", *lines])

    def _repr_html_(self) -> str:
        return scorecard_html(self)


def _plain(value: Any) -> Any:
    """A value in JSON's own types; NaN and infinity become None."""
    if isinstance(value, pd.DataFrame):
        return [_plain(line) for line in value.to_dict(orient="records")]
    if isinstance(value, Equity):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
