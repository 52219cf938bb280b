"""The tables that no file of people, roads or branches gives: formats, costs, habits. Modelled, to be replaced by your own.

Costs are written as years of one employee's cost, which makes them good for any currency.
"""

from __future__ import annotations

from importlib import resources
from io import StringIO

import pandas as pd

STAFF_YEARS = "_staff_years"
_PER_YEAR = {"running_staff_years": "running_cost_per_year"}
MARGIN_SPLIT = {"cash": 0.15, "counter": 0.35, "advice": 0.5}
"""Where the margin of an outlet is booked, if its list does not say it."""

MARGIN_PER_RUNNING_COST = 1.5
"""Margin a year of an outlet of which nothing is known, as a multiple of what its format costs to run."""

CANDIDATE_FORMATS = ("full", "light", "advice", "selfservice")
HOURS_PER_STAFF_YEAR = 1_700.0


def default_tables(staff_cost_per_year: float) -> dict[str, pd.DataFrame]:
    """The tables formats, conversions, visits, retention and gain, costs in money.

    Parameters
    ----------
    staff_cost_per_year
        What one employee costs a year, pay and everything that comes with it.
    """
    tables = {stem: _read(stem) for stem in ("formats", "conversions", "visits", "retention", "gain")}
    tables["formats"] = _in_money(tables["formats"], staff_cost_per_year)
    tables["conversions"] = _in_money(tables["conversions"], staff_cost_per_year, {"staff_years": "cost"})
    return tables


def default_plan(num_physical: int, staff_cost_per_year: float) -> str:
    """A first plan file: little capital, few closures, an access standard at a price."""
    closures = max(1, round(0.1 * num_physical))
    return _PLAN.format(
        closures=closures,
        capital=_round_money(2.0 * staff_cost_per_year * max(10, num_physical)),
        time=round(0.5 * staff_cost_per_year / HOURS_PER_STAFF_YEAR, 2),
        unserved=round(1.5 * staff_cost_per_year / HOURS_PER_STAFF_YEAR, 2),
        penalty=round(0.001 * staff_cost_per_year, 2),
    )


def _read(stem: str) -> pd.DataFrame:
    text = resources.files("netplan.new_region").joinpath("default_tables", f"{stem}.csv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text))


def _in_money(frame: pd.DataFrame, staff_cost: float, names: dict[str, str] | None = None) -> pd.DataFrame:
    named = {**_PER_YEAR, **(names or {})}
    money = {}
    for name in frame.columns:
        if name.endswith(STAFF_YEARS) or name in named:
            money[named.get(name, name.removesuffix(STAFF_YEARS) + "_cost")] = _rounded(frame[name] * staff_cost)
        else:
            money[name] = frame[name]
    return pd.DataFrame(money)


def _rounded(amounts: pd.Series) -> pd.Series:
    return amounts.round(2)


def _round_money(amount: float) -> float:
    """Two digits are enough for a first budget."""
    digits = len(str(int(max(1.0, amount)))) - 2
    return float(round(amount, -digits)) if digits > 0 else round(amount, 2)


_PLAN = """\
# A first question, to be changed: what every key means is in docs/plan-file.md.

[objective]
kind = "net_cost"

[money]
discount_rate = 0.05
horizon_years = 10
value_of_time_per_hour = {time}

[budget]
capital = {capital:.0f}

[policy]
keep_last_outlet = true
max_closures = {closures}
relocation_minutes = 5

[access.service.cash]
reach_minutes = 40
unserved_cost = {unserved}

[access.service.counter]
reach_minutes = 45
unserved_cost = {unserved}

[access.service.advice]
reach_minutes = 60
unserved_cost = {unserved}

[[standard]]
id = "cash-half-hour"
service = "cash"
minutes = 30
share = 0.95
hard = false
penalty = {penalty}
"""
