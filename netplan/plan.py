"""The plan: what every site does, who is served where, which base and van serve what."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from netplan.problem import PlanningProblem

if TYPE_CHECKING:
    from netplan.evaluate import Scorecard
    from netplan.explain import Reason
    from netplan.maps import PlanMap
    from netplan.result import Certificate

ACTIONS = ("keep", "close", "convert", "relocate", "open")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan for a problem. Tuples are aligned with `problem.sites`.

    Attributes
    ----------
    format_after
        The format each site operates in; "" where it does not.
    relocated_to
        The position of the candidate that the outlet at each site relocated to; -1 for none.
    base_of, van_of, week_of
        Base that staffs the counter or stations the van, van, and week pattern (every, odd, even); "" for none.
    assignments
        node_id, service, site_id ("" = unserved), share, minutes (NaN where unserved).
    certificate
        What was proven about it; None for a plan that no solver made.
    reasons
        Why each action was chosen, once explained.
    """

    problem: PlanningProblem
    format_after: tuple[str, ...]
    relocated_to: tuple[int, ...]
    base_of: tuple[str, ...]
    van_of: tuple[str, ...]
    week_of: tuple[str, ...]
    assignments: pd.DataFrame
    certificate: Certificate | None = None
    reasons: tuple[Reason, ...] = ()
    _scorecard: Scorecard | None = field(default=None, init=False, repr=False, compare=False)
    """Kept once worked out; not an argument, so that no changed copy takes it along."""

    @property
    def actions(self) -> pd.DataFrame:
        """One line per outlet of today and per candidate that opens.

        Columns site_id, name, action (keep, close, convert, relocate, open), format_before, format_after, relocate_to
        (site_id or ""), base_id, van_id, week, reason. A candidate that an outlet moves into has no line of its own.
        """
        sites = self.problem.sites
        ids, names, formats = (sites[column].tolist() for column in ("site_id", "name", "format"))
        text = {reason.site_id: reason.text for reason in self.reasons}
        moved_into = {target for target in self.relocated_to if target >= 0}
        lines = []
        for s, before in enumerate(formats):
            if not before and (not self.format_after[s] or s in moved_into):
                continue
            target = self.relocated_to[s]
            at = target if target >= 0 else s
            where = ids[target] if target >= 0 else ""
            staffed_by = self.base_of[at], self.van_of[at], self.week_of[at]
            what = (self._action(s, before), before, self.format_after[at], where)
            lines.append((ids[s], names[s], *what, *staffed_by, text.get(ids[s], "")))
        return pd.DataFrame(lines, columns=_ACTION_COLUMNS)

    def _action(self, s: int, before: str) -> str:
        after = self.format_after[s]
        if not before:
            return "open"
        if self.relocated_to[s] >= 0:
            return "relocate"
        if not after:
            return "close"
        return "keep" if after == before else "convert"

    @property
    def scorecard(self) -> Scorecard:
        """The scorecard, recomputed from the plan and the data when it is first asked for."""
        from netplan.evaluate import evaluate  # noqa: PLC0415 (front door: evaluation lies below in the story)

        card = self._scorecard or evaluate(self.problem, self)
        _keep(self, card)
        return card

    def explained(self) -> Plan:
        """The same plan with a reason for every action."""
        from netplan.explain import explain  # noqa: PLC0415 (front door)

        plan = replace(self, reasons=explain(self.problem, self))
        _keep(plan, self._scorecard)
        return plan

    def map(self) -> PlanMap:
        """An interactive map that opens without a network; shows itself in Jupyter."""
        from netplan.maps import plan_map  # noqa: PLC0415 (front door)

        return plan_map(self.problem, self, self.scorecard, self.reasons)

    def write(self, directory: str | Path, *, inputs: Mapping[str, str] | None = None) -> Path:
        """Write plan.json, assignments.parquet, plan.gpkg, plan.xlsx and map.html into a folder.

        `inputs` are files that went in beside those of the region, such as the plan file, name -> SHA-256; plan.json
        lists them.
        """
        from netplan.outputs import write_outputs  # noqa: PLC0415 (front door)

        return write_outputs(self, Path(directory), inputs)

    def __repr__(self) -> str:
        counts = self.actions["action"].value_counts()
        told = ", ".join(f"{counts[action]} {action}" for action in ACTIONS if action in counts)
        return f"Plan({self.problem.region.name}: {told})"

    def _repr_html_(self) -> str:
        changes = self.actions[self.actions["action"] != "keep"]
        return f"<p>{html.escape(repr(self))}</p>{changes.to_html(index=False, escape=True, max_rows=30)}"


def _keep(plan: Plan, card: Scorecard | None) -> None:
    """Note the scorecard of a plan, which is frozen: nothing that it depends on can change."""
    object.__setattr__(plan, "_scorecard", card)


_ACTION_COLUMNS = [
    "site_id",
    "name",
    "action",
    "format_before",
    "format_after",
    "relocate_to",
    "base_id",
    "van_id",
    "week",
    "reason",
]
