"""A reason in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from netplan.evaluate.facts import Facts
from netplan.evaluate.standards import LAST_OUTLET
from netplan.explain.change import Change
from netplan.explain.reversal import Reversal

_DOING = {
    "keep": "Keeping it",
    "close": "Closing",
    "convert": "Converting",
    "relocate": "Relocating",
    "open": "Opening",
}
_REVERSING = {
    "keep": "Closing it",
    "close": "Keeping it open",
    "convert": "Keeping its present format",
    "relocate": "Staying where it is",
    "open": "Not opening it",
}
_MUST = {
    "keep": "Must stay",
    "close": "Must close",
    "convert": "Must be converted",
    "relocate": "Must move",
    "open": "Must open",
}
_MOST_SHOWN = 3


def told(facts: Facts, reversal: Reversal, change: Change) -> str:
    """Why the action was chosen; figures from the plan's side, then what reversing it would do."""
    effects = [_cash(reversal.action, change), *_people(change), *_margin(change)]
    obstacles = _obstacles(facts, reversal.action, change)
    return " ".join([*obstacles, f"{_listed(effects)}.", _verdict(facts, reversal.action, change.objective)])


def _cash(action: str, change: Change) -> str:
    """The bank's cash, seen from the plan: a reversal that costs more is a saving of the action."""
    if _is_nothing(change.cash):
        return f"{_DOING[action]} leaves the bank's cash cost as it is"
    return f"{_DOING[action]} {'saves' if change.cash > 0 else 'costs'} {_amount(change.cash)} a year"


def _people(change: Change) -> Iterator[str]:
    mean = -change.minutes / change.visits if change.visits > 0 else 0.0
    if change.people < 0.5:
        yield "nobody goes elsewhere"
    elif abs(mean) < 0.05:
        yield f"{change.people:,.0f} people go elsewhere, as far as before"
    else:
        yield f"{change.people:,.0f} people travel {abs(mean):,.1f} minutes {'longer' if mean > 0 else 'less'}"
    if not _is_nothing(change.unserved_visits):
        word = "fewer" if change.unserved_visits > 0 else "more"
        yield f"{_amount(change.unserved_visits)} {word} visits a year stay unserved"


def _margin(change: Change) -> Iterator[str]:
    if not _is_nothing(change.margin):
        yield f"{_amount(change.margin)} of margin is {'lost' if change.margin > 0 else 'gained'}"


def _verdict(facts: Facts, action: str, objective: float) -> str:
    doing, value = _REVERSING[action], _amount(objective)
    kind = facts.policy.objective.kind
    if _is_nothing(objective):
        return f"{doing} would change nothing in the objective."
    if kind == "coverage":
        counted = "people" if facts.policy.objective.measure == "people" else "visits a year"
        return f"{doing} would leave {value} {'more' if objective > 0 else 'fewer'} {counted} uncovered."
    worth = " in customers' time" if kind == "access" else ""
    if objective > 0:
        return f"{doing} would cost {value} a year more{worth}, all counted."
    return f"{doing} would cost {value} a year less{worth}, all counted."


def _obstacles(facts: Facts, action: str, change: Change) -> Iterator[str]:
    """Why the action cannot be reversed alone: what is the last of its township first, then the other rules."""
    last = f"policy.{LAST_OUTLET}."
    townships = [breach.rule.removeprefix(last) for breach in change.breaches if breach.rule.startswith(last)]
    others = [breach.text for breach in change.breaches if not breach.rule.startswith(last)]
    places = " and ".join(facts.township_labels[facts.township_ids.index(township)] for township in townships)
    if places:
        yield f"{_MUST[action]}: the last physical outlet of {places}."
    if others:
        more = f"; and {len(others) - _MOST_SHOWN} more" if len(others) > _MOST_SHOWN else ""
        told = "; ".join(others[:_MOST_SHOWN]) + more
        yield (
            f"{_REVERSING[action]} would also break: {told}." if places else f"{_MUST[action]}, or this breaks: {told}."
        )


def _listed(parts: list[str]) -> str:
    return parts[0] + ("; " + ", ".join(parts[1:]) if len(parts) > 1 else "")


def _is_nothing(value: float) -> bool:
    return abs(value) < 0.5


def _amount(value: float) -> str:
    return f"{abs(value):,.0f}"
