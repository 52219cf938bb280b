"""Bounds of the plan file: counts, capital, changes of running cost and staff, stance - network and districts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import NONE, Flags, Floats, Ints, sum_by
from netplan.evaluate.breaches import Breach
from netplan.evaluate.facts import Facts
from netplan.evaluate.money import Cash, Moves
from netplan.evaluate.network import Network
from netplan.policy import Limits

RELATIVE = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """``least <= measure <= most`` over the network (place -1) or one district."""

    rule: str
    text: str
    measure: int
    place: int
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Every bound of a plan file against a matrix of measures, shape (measures, districts + 1), the network last."""

    names: tuple[str, ...]
    rules: tuple[Bound, ...]
    at: tuple[Ints, Ints]
    least: Floats
    most: Floats
    running_today: Floats
    staff_today: Floats

    @classmethod
    def of(cls, facts: Facts, today: Network, cash_today: Cash) -> Bounds:
        """Flatten the bounds of `[policy]`, `[budget]` and `[district.ID]`."""
        names = (*_MEASURES, *(_in_format(name) for name in facts.formats.names))
        rules = tuple(_rules(facts, names))
        districts = len(facts.district_ids)
        return cls(
            names=names,
            rules=rules,
            at=(
                np.array([rule.measure for rule in rules], dtype=np.int64),
                np.array([rule.place if rule.place >= 0 else districts for rule in rules], dtype=np.int64),
            ),
            least=np.array([rule.least for rule in rules]),
            most=np.array([rule.most for rule in rules]),
            running_today=running_by_district(facts, cash_today),
            staff_today=_by_district(facts, staff_of(facts, today)),
        )

    def breaches(self, facts: Facts, network: Network, cash: Cash) -> Iterator[Breach]:
        """Bounds that a network does not keep."""
        if not self.rules:
            return
        values = self._measures(facts, network, cash)[self.at]
        slack = RELATIVE * np.maximum(1.0, np.abs(np.where(np.isfinite(self.most), self.most, self.least)))
        for index in np.flatnonzero((values > self.most + slack) | (values < self.least - slack)):
            yield Breach(self.rules[index].rule, f"{self.rules[index].text}, not {values[index]:,.10g}")

    def _measures(self, facts: Facts, network: Network, cash: Cash) -> Floats:
        """Every measure that some bound is about; the others are not worked out, and their rows are NaN."""
        values = np.full((len(self.names), len(facts.district_ids) + 1), np.nan)
        for measure in sorted({rule.measure for rule in self.rules}):
            values[measure] = self._measure(facts, network, cash, self.names[measure])
        return values

    def _measure(self, facts: Facts, network: Network, cash: Cash, name: str) -> Floats:
        if name == "running":
            return running_by_district(facts, cash) - self.running_today
        if name == "staff":
            return _by_district(facts, staff_of(facts, network)) - self.staff_today
        if name == "capital":
            return _by_district(facts, cash.drawing(facts.policy.budget.draws))
        counts = _COUNTED[name](facts, network, cash.moves) if name in _COUNTED else None
        if counts is None:
            counts = network.format_of == self.names.index(name) - len(_MEASURES)
        return _by_district(facts, counts.astype(np.float64))


def _physical(facts: Facts, format_of: Ints) -> Flags:
    return (format_of >= 0) & facts.formats.is_physical[format_of]


_COUNTED: dict[str, Callable[[Facts, Network, Moves], Flags]] = {
    "openings": lambda facts, network, moves: (
        moves.is_opened & _physical(facts, network.format_of) & ~moves.is_moved_into
    ),
    "closures": lambda facts, _, moves: moves.is_closed & _physical(facts, facts.sites.present),
    "conversions": lambda _, __, moves: moves.is_converted,
    "relocations": lambda _, __, moves: moves.is_relocated,
    "outlets": lambda facts, network, _: _physical(facts, network.format_of),
}
"""Measures that count sites, as flags of the sites that count, shape (S,)."""

_MEASURES = ("openings", "closures", "conversions", "relocations", "outlets", "capital", "running", "staff")

_BARRED: dict[str | None, tuple[str, ...]] = {
    "advance": ("closures",),
    "hold": ("openings", "closures"),
    "retreat": ("openings",),
    None: (),
}

_LIMITS = {
    "max_openings": ("openings", "at most {:,.10g} openings"),
    "min_openings": ("openings", "at least {:,.10g} openings"),
    "max_closures": ("closures", "at most {:,.10g} closures"),
    "min_closures": ("closures", "at least {:,.10g} closures"),
    "max_conversions": ("conversions", "at most {:,.10g} conversions"),
    "max_relocations": ("relocations", "at most {:,.10g} relocations"),
    "max_outlets": ("outlets", "at most {:,.10g} physical outlets"),
    "min_outlets": ("outlets", "at least {:,.10g} physical outlets"),
    "capital": ("capital", "capital of at most {:,.0f}"),
    "max_running_cost_change": ("running", "a running cost change of at most {:,.0f} a year"),
    "max_staff_change": ("staff", "a staff change of at most {:,.10g}"),
    "min_staff_change": ("staff", "a staff change of at least {:,.10g}"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """The network or one district, as rules name it."""

    prefix: str
    name: str
    position: int
    names: tuple[str, ...]
    """Names of the measures."""

    def bound(self, key: str, words: str, measure: str, limits: tuple[float, float]) -> Bound:
        """A bound of this place on one measure."""
        text = f"{self.name}: {words}"
        return Bound(f"{self.prefix}.{key}", text, self.names.index(measure), self.position, *limits)


def _rules(facts: Facts, names: tuple[str, ...]) -> Iterator[Bound]:
    network = _Place("policy", "the network", NONE, names)
    yield from _rules_of(network, facts.policy.policy)
    capital = facts.policy.budget.capital
    if capital is not None:
        yield network.bound("capital", f"capital of at most {capital:,.0f}", "capital", (-np.inf, capital))
    for district_id, limits in facts.policy.district.items():
        if district_id in facts.district_ids:
            position = facts.district_ids.index(district_id)
            label = facts.district_labels[position]
            yield from _rules_of(_Place(f"district.{district_id}", label, position, names), limits)


def _rules_of(place: _Place, limits: Limits) -> Iterator[Bound]:
    for key, (measure, words) in _LIMITS.items():
        value = getattr(limits, key)
        if value is not None:
            span = (float(value), np.inf) if key.startswith("min_") else (-np.inf, float(value))
            yield place.bound(key, words.format(float(value)), measure, span)
    for measure in _BARRED[limits.stance]:
        yield place.bound("stance", f"stance {limits.stance}, no {measure}", measure, (-np.inf, 0.0))
    for name, most in limits.max_of_format.items():
        span = (-np.inf, float(most))
        yield place.bound(f"max_of_format.{name}", f"at most {most:,} in format {name}", _in_format(name), span)
    for name, least in limits.min_of_format.items():
        span = (float(least), np.inf)
        yield place.bound(f"min_of_format.{name}", f"at least {least:,} in format {name}", _in_format(name), span)


def _in_format(name: str) -> str:
    """The measure that counts sites in a format."""
    return f"in {name}"


def _by_district(facts: Facts, by_site: Floats) -> Floats:
    """Sum over the sites of each district, then the network, shape (districts + 1,)."""
    place = np.where(facts.sites.district >= 0, facts.sites.district, len(facts.district_ids))
    inside = sum_by(place, by_site, len(facts.district_ids) + 1)
    inside[-1] = by_site.sum()
    return inside


def running_by_district(facts: Facts, cash: Cash) -> Floats:
    """Running cost of sites and vans by district, then the network; a van counts in its base's district."""
    by_site = cash.running.copy()
    np.add.at(by_site, facts.channels.base_site[facts.channels.van_base], cash.vans)
    return _by_district(facts, by_site)


def staff_of(facts: Facts, network: Network) -> Floats:
    """Staff at each site, full-time equivalents, shape (S,)."""
    return np.where(network.is_open, facts.formats.staff[network.format_of], 0.0)
