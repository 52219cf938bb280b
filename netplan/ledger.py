"""Everything that money, staff and counts ask of the decisions, as one table of linear entries.

An entry says: this column, when chosen, adds this amount of this item at this place; column -1 is a constant. Costs, budgets,
staff and counts, for the network or a district, are sums over some of the entries (docs/model.md, "Objective" and "Rules").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.policy import ONE_OFFS
from netplan.problem import PlanningProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COUNTS = ("openings", "closures", "conversions", "relocations", "outlets")
ITEMS = ("running", "staff", *ONE_OFFS, *COUNTS)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Linear entries: item (position in `ITEMS`), place (site), column (-1 = constant), amount; shape (L,) each."""

    item: Ints
    place: Ints
    column: Ints
    amount: Floats

    def total(
        self, items: Iterable[str], num_columns: int, places: NDArray[np.bool_] | None = None
    ) -> tuple[Floats, float]:
        """Coefficient per column, shape (J,), and constant, of some items at some places (default: everywhere)."""
        wanted = np.isin(self.item, [ITEMS.index(name) for name in items])
        if places is not None:
            wanted &= places[self.place]
        constant = wanted & (self.column < 0)
        entry = wanted & (self.column >= 0)
        coefficients = np.zeros(num_columns)
        np.add.at(coefficients, self.column[entry], self.amount[entry])
        return coefficients, float(self.amount[constant].sum())


class _Entries:
    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []

    def add(self, item: str, place: Ints, column: Ints, amount: Floats) -> None:
        part = {"item": ITEMS.index(item), "place": place, "column": column, "amount": amount}
        self._parts.append(pd.DataFrame(part))

    def ledger(self) -> Ledger:
        table = pd.concat(self._parts, ignore_index=True)
        table = table[table["amount"] != 0.0]
        item, place, column = (table[name].to_numpy(dtype=np.int64) for name in ("item", "place", "column"))
        return Ledger(item, place, column, table["amount"].to_numpy(dtype=np.float64))


def build_ledger(problem: PlanningProblem) -> Ledger:
    """Write down every entry of a problem."""
    entries = _Entries()
    _operating(entries, problem)
    _leaving(entries, problem)
    _relocating(entries, problem)
    _changing(entries, problem)
    return entries.ledger()


def _operating(entries: _Entries, problem: PlanningProblem) -> None:
    """What a site costs and counts for while it operates, and opening costs at candidates."""
    columns, formats = problem.columns, problem.formats
    chosen = columns.operating
    site, format_ = columns.site[chosen], columns.format[chosen]
    entries.add("running", site, chosen, _running_cost(problem)[chosen])
    entries.add("staff", site, chosen, formats.staff[format_])
    physical = formats.is_physical[format_]
    entries.add("outlets", site, chosen, physical.astype(float))
    new = ~problem.is_outlet[site]
    entries.add("openings", site[new], chosen[new], physical[new].astype(float))
    entries.add("opening", site[new], chosen[new], formats.opening_cost[format_[new]])


def _running_cost(problem: PlanningProblem) -> Floats:
    """run(s,f) per column: the outlet's own figure in its present format where given, else the format's."""
    columns = problem.columns
    cost = problem.formats.running_cost_per_year[columns.format].copy()
    own = problem.region.outlets["running_cost_per_year"].to_numpy(dtype=np.float64)
    present = np.flatnonzero(columns.present)
    given = ~np.isnan(own[columns.site[present]])
    cost[present[given]] = own[columns.site[present[given]]]
    return cost


def _leaving(entries: _Entries, problem: PlanningProblem) -> None:
    """What an outlet costs and counts for when it closes (close_k) or leaves its premises (close_k + r)."""
    outlets, formats = problem.region.outlets, problem.formats
    present = problem.present_format[: len(outlets)]
    owned = outlets["is_owned"].to_numpy(dtype=bool)
    breaks = ~owned & (outlets["lease_end"] > pd.Timestamp(problem.policy.money.plan_date)).to_numpy(dtype=bool)
    closing = {
        "closures": formats.is_physical[present].astype(float),
        "closing": formats.closing_cost[present],
        "severance": outlets["severance_cost"].to_numpy(dtype=np.float64),
    }
    leaving = {
        "lease_break": np.where(breaks, outlets["lease_break_cost"].to_numpy(dtype=np.float64), 0.0),
        "disposal": np.where(owned, -outlets["disposal_proceeds"].to_numpy(dtype=np.float64), 0.0),
    }
    for item, amount in closing.items():
        _unless(entries, problem, item, amount, moves_too=True)
    for item, amount in leaving.items():
        _unless(entries, problem, item, amount, moves_too=False)


def _unless(entries: _Entries, problem: PlanningProblem, item: str, amount: Floats, *, moves_too: bool) -> None:
    """amount_k x (1 - sum_f y[k,f]), less sum_s r[k,s] as well where moving spares it."""
    columns = problem.columns
    outlet = np.arange(len(amount), dtype=np.int64)
    entries.add(item, outlet, np.full(len(amount), -1, dtype=np.int64), amount)
    stays = columns.operating[problem.is_outlet[columns.site[columns.operating]]]
    entries.add(item, columns.site[stays], stays, -amount[columns.site[stays]])
    if moves_too:
        moves = columns.relocating
        entries.add(item, columns.origin[moves], moves, -amount[columns.origin[moves]])


def _relocating(entries: _Entries, problem: PlanningProblem) -> None:
    """A relocation: its own cost, in place of the opening cost that y[s,f] would pay at the candidate."""
    columns, formats = problem.columns, problem.formats
    moves = columns.relocating
    origin, site, format_ = columns.origin[moves], columns.site[moves], columns.format[moves]
    one = np.ones(len(moves))
    entries.add("relocation", origin, moves, formats.relocation_cost[format_])
    entries.add("transition", origin, moves, _transition(problem)[origin])
    entries.add("opening", site, moves, -formats.opening_cost[format_])
    entries.add("openings", site, moves, -one * formats.is_physical[format_])
    entries.add("relocations", origin, moves, one)


def _changing(entries: _Entries, problem: PlanningProblem) -> None:
    """A conversion: its cost and the margin lost on the way."""
    columns = problem.columns
    operating = columns.operating
    changes = operating[problem.is_outlet[columns.site[operating]] & ~columns.present[operating]]
    site = columns.site[changes]
    cost = problem.formats.conversion_cost[problem.present_format[site], columns.format[changes]]
    entries.add("conversion", site, changes, cost)
    entries.add("transition", site, changes, _transition(problem)[site])
    entries.add("conversions", site, changes, np.ones(len(changes)))


def _transition(problem: PlanningProblem) -> Floats:
    return np.asarray(problem.policy.money.transition_margin_share * problem.margin.sum(axis=1))
