"""The Scorecard line by line: measure, unit, before, after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netplan.evaluate.score import Score, Scorecard

Line = tuple[str, str, float, float]
SHORT = (
    "objective",
    "cash cost",
    "capital",
    "lost margin",
    "won margin",
    "minutes, all, mean",
    "minutes, all, p90",
    "unserved visits",
    "overflow visits",
    "physical outlets",
)


def digits(unit: str) -> int:
    """Decimals shown for a unit."""
    return 1 if unit == "minutes" else 3 if unit in ("share", "ratio") else 0


def lines_of(card: Scorecard) -> Iterator[Line]:
    """Every figure as (measure, unit, before, after)."""
    before, after = card.before, card.after
    a_year = f"{card.currency} a year"
    unit = {"coverage": "uncovered"}.get(card.objective_kind, a_year)
    yield "objective", unit, before.objective, after.objective
    for name in after.costs:
        yield f"cost: {name}", unit, before.costs[name], after.costs[name]
    for name, key in _MONEY.items():
        yield name, a_year, getattr(before, key), getattr(after, key)
    yield "capital", card.currency, before.capital, after.capital
    for kind in after.one_offs:
        yield f"one-off in full: {kind}", card.currency, before.one_offs[kind], after.one_offs[kind]
    yield from _service_lines(before, after)
    yield from _people_lines(before, after)
    for name in after.outlets:
        yield f"outlets: {name}", "outlets", float(before.outlets[name]), float(after.outlets[name])
    yield "physical outlets", "outlets", float(before.physical_outlets), float(after.physical_outlets)
    for action in after.actions:
        yield f"actions: {action}", "sites", float(before.actions[action]), float(after.actions[action])
    for standard in card.standards:
        yield f"standard: {standard.id}", standard.unit, standard.before, standard.after


_MONEY = {
    "cash cost": "cash_cost",
    "running cost": "running_cost",
    "van cost": "van_cost",
    "lost margin": "lost_margin",
    "won margin": "won_margin",
}


def _service_lines(before: Score, after: Score) -> Iterator[Line]:
    for position, service in enumerate(after.minutes["service"]):
        for statistic in ("mean", "p90", "worst"):
            was, now = (float(score.minutes[statistic].iloc[position]) for score in (before, after))
            yield f"minutes, {service}, {statistic}", "minutes", was, now
    yield "visits", "visits a year", before.visits, after.visits
    yield "unserved visits", "visits a year", before.unserved_visits, after.unserved_visits
    yield "overflow visits", "visits a year", before.overflow_visits, after.overflow_visits
    yield "utilisation spread", "share", before.utilisation_spread, after.utilisation_spread
    yield "staff", "full-time equivalents", before.staff, after.staff


def _people_lines(before: Score, after: Score) -> Iterator[Line]:
    units = {"gini": "ratio", "rural_to_urban": "ratio", "elderly_to_all": "ratio"}
    for field in fields(after.equity):
        unit = units.get(field.name, "minutes")
        name = "equity: " + field.name.removesuffix("_minutes").replace("_", " ")
        yield name, unit, getattr(before.equity, field.name), getattr(after.equity, field.name)
    for minutes, people in after.people_within.items():
        values = (before.people_within[minutes], people)
        was, now = (float("nan") if value is None else value for value in values)
        yield f"people within {minutes} minutes", "people", was, now
