"""Key figures and standards in planner's words, shared by the map and the workbook."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from netplan.evaluate import Score, Scorecard, StandardScore
from netplan.policy import Policy, Standard
from netplan.result import Certificate

Better = Literal["less", "more", ""]
_NEAR_MINUTES = 30
MINUS = "\N{MINUS SIGN}"
_STOPPED = {
    "optimal": "Proven best plan",
    "gap_limit": "Proven within {gap} of the best possible plan",
    "time_limit": "Stopped at the time limit, within {gap} of the best possible plan",
    "interrupted": "Interrupted, within {gap} of the best possible plan",
}
_NO_BOUND = "Stopped early; how far from the best possible plan is not known"
_UNITS = (
    (1e10, 1e9, "billion ", 2),
    (1e9, 1e6, "million ", 0),
    (1e8, 1e6, "million ", 1),
    (1e7, 1e6, "million ", 2),
    (1e6, 1e3, "thousand ", 0),
    (2e4, 1e3, "thousand ", 1),
)
"""From this size on: divisor, word, decimals; four or five digits in all."""
_LAST_OUTLET = "No township loses its last physical outlet"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure, today and with the plan.

    Attributes
    ----------
    better
        Whether a smaller or a larger value is what a planner hopes for; empty: neither.
    digits
        Decimals in text.
    """

    label: str
    unit: str
    before: float
    after: float
    better: Better = ""
    digits: int = 0

    @property
    def change(self) -> float:
        """Plan less today; not a number where either is unknown."""
        return self.after - self.before

    @property
    def shown_change(self) -> float:
        """The change as a reader subtracts the two printed texts."""
        return round(round(self.after, self.digits) - round(self.before, self.digits), self.digits)

    @property
    def is_better(self) -> bool | None:
        """Whether the change is for the better; ``None`` where it is neither, or too small to print."""
        change = self.shown_change
        if not self.better or not change or not math.isfinite(change):
            return None
        return (change < 0) == (self.better == "less")

    @property
    def change_text(self) -> str:
        """The shown change with its sign; empty where there is none to state."""
        change = self.shown_change
        if not math.isfinite(change):
            return ""
        return f"{'+' if change > 0 else MINUS}{self.text(abs(change))}" if change else "±0"

    def text(self, value: float) -> str:
        """A value with thousands separated; a dash where it is unknown."""
        if not math.isfinite(value):
            return "–"
        text = f"{value:,.{self.digits}f}"
        if float(text.replace(",", "")) == 0:
            return text.lstrip("-")
        return text.replace("-", MINUS)


def key_figures(card: Scorecard) -> tuple[Figure, ...]:
    """What a board asks first: money, capital, trips, who is left out; today and with the plan."""
    return (*_money_figures(card), *_service_figures(card))


def _money_figures(card: Scorecard) -> Iterator[Figure]:
    """Bank's money, all in one scale."""
    lines: tuple[tuple[str, str, Better], ...] = (
        ("Bank's cash cost", "cash_cost", "less"),
        ("Margin won", "won_margin", "more"),
        ("Margin lost", "lost_margin", "less"),
        ("Capital, once", "capital", ""),
    )
    values = {key: (getattr(card.before, key), getattr(card.after, key)) for _, key, _ in lines}
    scale, word, digits = _scale(values.values())
    for label, key, better in lines:
        unit = card.currency if key == "capital" else f"{card.currency} a year"
        before, after = values[key]
        yield Figure(label, word + unit, before / scale, after / scale, better, digits)


def _service_figures(card: Scorecard) -> Iterator[Figure]:
    """Trips, people and outlets."""
    scores = (card.before, card.after)
    for label, statistic in (("Mean trip", "mean"), ("Nine in ten trips", "p90")):
        trips = [score.minutes.set_index("service")[statistic]["all"] for score in scores]
        yield Figure(label, "minutes, one way", float(trips[0]), float(trips[1]), "less", 1)
    worst = [score.equity.worst_tenth_minutes for score in scores]
    yield Figure("Worst-served tenth of people", "minutes to an outlet", worst[0], worst[1], "less", 1)
    near = [_share_within(score, _NEAR_MINUTES) for score in scores]
    yield Figure(f"People within {_NEAR_MINUTES} minutes", "% of all, to an outlet", near[0], near[1], "more", 1)
    visits = [(score.unserved_visits, score.overflow_visits) for score in scores]
    scale, word, digits = _scale(visits)
    for label, pair in zip(("Visits not served", "Visits above capacity"), zip(*visits, strict=True), strict=True):
        yield Figure(label, f"{word}a year", pair[0] / scale, pair[1] / scale, "less", digits)
    yield Figure("Physical outlets", "", card.before.physical_outlets, card.after.physical_outlets)


def _scale(values: Iterable[tuple[float, ...]]) -> tuple[float, str, int]:
    """One unit for figures that belong together, such that the largest has few digits: divisor, word, decimals."""
    largest = max(abs(value) for group in values for value in group)
    return next(((unit, word, digits) for least, unit, word, digits in _UNITS if largest >= least), (1.0, "", 0))


def _share_within(score: Score, minutes: int) -> float:
    people = score.people_within.get(minutes)
    total = float(score.districts["people"].sum())
    return math.nan if people is None or not total else 100 * people / total


@dataclass(frozen=True, slots=True)
class StandardFigure:
    """One standard in words.

    Attributes
    ----------
    text
        What is owed.
    target, before, after
        As text, in the standard's own unit.
    is_met
        By the plan.
    """

    id: str
    text: str
    target: str
    before: str
    after: str
    is_met: bool
    is_hard: bool

    @property
    def change(self) -> str:
        """Today and plan side by side."""
        return self.after if self.before == self.after else f"{self.before} → {self.after}"


def standard_figures(policy: Policy, card: Scorecard) -> tuple[StandardFigure, ...]:
    """The standards of the plan file, then the default one, in the order of the scorecard."""
    words = {standard.id: standard_words(standard) for standard in policy.standard}
    return tuple(
        StandardFigure(
            id=score.id,
            text=words.get(score.id, _LAST_OUTLET),
            target=_value(score, score.target),
            before=_value(score, score.before),
            after=_value(score, score.after),
            is_met=score.met,
            is_hard=score.is_hard,
        )
        for score in card.standards
    )


def standard_words(standard: Standard) -> str:
    """A standard as a planner would say it."""
    distance = f"{standard.minutes:g} minutes" if standard.minutes is not None else f"{standard.kilometres or 0:g} km"
    if standard.kind == "township":
        return f"Every township{_where(standard)} has a physical outlet"
    if standard.kind == "spacing":
        formats = ", ".join(standard.formats) or "physical outlets"
        return f"No two {formats}{_where(standard)} within {distance} of each other, unless both stand today"
    group = {"all": "people", "urban": "urban people", "rural": "rural people"}.get(standard.group, standard.group)
    return f"{standard.share or 0:.0%} of {group}{_where(standard)} within {distance} of {standard.service}" + "".join(
        f", {condition}" for condition in _conditions(standard)
    )


def _conditions(standard: Standard) -> Iterator[str]:
    if standard.only:
        yield " and ".join(standard.only).replace("_", "-")
    if standard.min_days_per_week:
        yield f"open {standard.min_days_per_week:g} days a week or more"
    if standard.any_bank:
        yield "any bank"


def _where(standard: Standard) -> str:
    return f" in {', '.join(standard.districts)}" if standard.districts else ""


def _value(score: StandardScore, value: float) -> str:
    """A value in the standard's unit; a share that falls short is never rounded up to its target."""
    if score.kind == "coverage":
        digits = next(
            (digits for digits in (1, 2, 3) if value >= score.target or round(value, digits + 2) < score.target), 4
        )
        return f"{value:.{digits}%}"
    return (
        f"{value:,.0f} of {score.target:,.0f}"
        if score.kind == "township" and value != score.target
        else f"{value:,.0f}"
    )


def status_words(certificate: Certificate | None) -> str:
    """Why the run stopped and how good the plan is proven to be."""
    if certificate is None:
        return "A plan that no solver made; nothing is proven about it"
    if certificate.gap is None:
        return _NO_BOUND
    return _STOPPED.get(certificate.status, _NO_BOUND).format(gap=_percentage(certificate.gap))


def _percentage(share: float) -> str:
    """A small share, readable: 0.42 %, or < 0.01 %."""
    return "less than 0.01 %" if 0 < share < 1e-4 else f"{100 * share:.2g} %"
