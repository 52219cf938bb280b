"""People in a planning year: compound growth, or the way towards a layer of a later year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.demand.population import Population
from netplan.errors import InputError
from netplan.violations import counted, some

Floats = NDArray[np.float64]
Rates = float | Mapping[str, float] | pd.DataFrame

RATE_COLUMN = "yearly"
_SWIFT = 0.1
"""Growth (or decline) of more than this a year is told: it may be a percentage written as a fraction."""


def grow(population: Population, yearly: Rates, years: float, *, district: str = "district_id") -> Population:
    """People after so many years of compound growth: p (1 + r)^years.

    Parameters
    ----------
    yearly
        Growth a year (0.01 is 1 %; negative where people leave): one for all, one for each column of people, or a table with
        columns `district`, segment and yearly, in which a blank district or segment means every other one; the row of a district
        comes before that of a segment.
    years
        0 or more; may be a fraction.
    district
        Column of the cells that names the district, where `yearly` is a table.

    Returns
    -------
    Population
        The same cells; people outside stay those of today. The notes tell the totals before and after.

    Raises
    ------
    InputError
        A rate is not a number above -1 (or above 1: a percentage?), a segment or district has none or is not known.
    """
    if not np.isfinite(years) or years < 0:
        raise InputError(f"growth over {years} years: give a number of 0 or more")
    rate = _rates(population, yearly, district)
    people = population.cells[list(population.columns)].to_numpy(dtype=np.float64)
    notes = []
    if (np.abs(rate) > _SWIFT).any():
        notes.append(
            f"growth: {rate.min():.1%} to {rate.max():.1%} a year; check that no percentage is meant as a fraction"
        )
    after = _with_people(population, people * (1.0 + rate) ** years)
    return replace(after, notes=(*after.notes, *notes, *_totals(population, after, f"growth over {years:g} years")))


def towards(
    population: Population, future: Population, *, from_year: float, future_year: float, year: float
) -> Population:
    """People in a year between today's layer and a later one, cell by cell and column by column.

    With a = (year - from_year) / (future_year - from_year) people are p0^(1-a) p1^a, that is, at a constant rate of growth; where one of
    both is 0 no rate exists, and (1-a) p0 + a p1 is taken. Both ends are exact.

    Parameters
    ----------
    population, future
        The same cells (by cell_id, in any order) and columns.
    from_year, future_year, year
        Years of both layers, and the year wanted, not outside them.

    Raises
    ------
    InputError
        The cells or columns differ, or the year is not between the others.
    """
    if not from_year < future_year or not from_year <= year <= future_year:
        raise InputError(
            f"year {year:g} is not between {from_year:g} and {future_year:g}; beyond a layer use grow with a rate"
        )
    people, later = _aligned(population, future)
    a = (year - from_year) / (future_year - from_year)
    straight = (1.0 - a) * people + a * later
    both = (people > 0) & (later > 0)
    bent = people[both] * np.exp(a * np.log(later[both] / people[both]))
    result = straight.copy()
    result[both] = np.clip(bent, np.minimum(people, later)[both], np.maximum(people, later)[both])
    result = later.copy() if a == 1.0 else result  # exact at both ends, whatever exp and log round
    after = _with_people(population, result)
    what = f"{from_year:g} to {year:g}, on the way to the layer of {future_year:g}"
    linear = int((~both & ((people > 0) | (later > 0))).any(axis=1).sum())
    notes = (
        [f"growth: {counted(linear, 'cell')} with 0 people in one of the layers taken on a straight line"]
        if linear
        else []
    )
    return replace(after, notes=(*after.notes, *_totals(population, after, what), *notes))


def _with_people(population: Population, people: Floats) -> Population:
    columns = dict(zip(population.columns, people.T, strict=True))
    return replace(population, cells=population.cells.assign(**columns))


def _totals(before: Population, after: Population, what: str) -> list[str]:
    columns = list(before.columns)
    sums = zip(columns, before.cells[columns].sum(), after.cells[columns].sum(), strict=True)
    return [f"{what}: " + ", ".join(f"{name} {old:,.0f} to {new:,.0f}" for name, old, new in sums)]


def _rates(population: Population, yearly: Rates, district: str) -> Floats:
    """Growth a year by cell and column, shape (N, G)."""
    shape = (len(population.cells), len(population.columns))
    if isinstance(yearly, pd.DataFrame):
        rate = _from_table(population, yearly, district)
    elif isinstance(yearly, Mapping):
        _refuse_names("segment", set(yearly) - set(population.columns), population.columns)
        _refuse_missing("segment", [name for name in population.columns if name not in yearly])
        rate = np.broadcast_to(np.array([float(yearly[name]) for name in population.columns]), shape)
    else:
        rate = np.full(shape, float(yearly))
    wrong = rate[~np.isfinite(rate) | (rate <= -1.0) | (rate > 1.0)]
    if wrong.size:
        raise InputError(f"growth of {wrong[0]:g} a year: give a fraction such as 0.01 for 1 %, above -1 and at most 1")
    return rate


def _from_table(population: Population, table: pd.DataFrame, district: str) -> Floats:
    absent = [name for name in (district, "segment", RATE_COLUMN) if name not in table.columns]
    if absent:
        raise InputError(f"growth: no column {some(absent)}; columns: {some(table.columns, 12)}")
    if district not in population.cells.columns:
        raise InputError(f"growth: the cells have no column {district}; keep it when reading, or name another one")
    keys = table[[district, "segment"]].fillna("").astype(str)
    if keys.duplicated().any():
        raise InputError(
            f"growth: more than one row for {some(map(' '.join, keys[keys.duplicated()].to_numpy()))}; keep one"
        )
    rates = {(where, who): rate for (where, who), rate in zip(keys.to_numpy(), table[RATE_COLUMN], strict=True)}
    home = population.cells[district].astype(str)
    _refuse_names(district, set(keys[district]) - set(home) - {""}, sorted(set(home)))
    _refuse_names("segment", set(keys["segment"]) - set(population.columns) - {""}, population.columns)
    codes, districts = pd.factorize(home)
    found = [[_rate(rates, where, who) for who in population.columns] for where in districts]
    lacking = [
        f"{w} {g}"
        for w, line in zip(districts, found, strict=True)
        for g, one in zip(population.columns, line, strict=True)
        if one is None
    ]
    _refuse_missing("district and segment", lacking)
    return np.asarray(np.array(found, dtype=np.float64)[codes])


def _rate(rates: Mapping[tuple[str, str], float], where: str, who: str) -> float | None:
    keys = ((where, who), (where, ""), ("", who), ("", ""))
    return next((rates[key] for key in keys if key in rates), None)


def _refuse_names(what: str, strange: set[str], known: Sequence[str]) -> None:
    if strange:
        raise InputError(f"growth: no {what} {some(sorted(strange))}; known: {some(known, 12)}")


def _refuse_missing(what: str, missing: list[str]) -> None:
    if missing:
        raise InputError(f"growth: no rate for {what} {some(missing)}; give one, 0 where nothing changes")


def _aligned(population: Population, future: Population) -> tuple[Floats, Floats]:
    """People of both layers in the order of the first, shape (N, G) each."""
    columns = list(population.columns)
    if set(columns) != set(future.columns):
        raise InputError(
            f"growth: the layers have people {some(columns)} and {some(future.columns)}; give the same columns"
        )
    ids, later = population.cells["cell_id"], future.cells["cell_id"]
    alone = sorted(set(ids) ^ set(later))
    if alone:
        remedy = "read both layers onto the same cells, before those without people are left out"
        raise InputError(f"growth: {counted(len(alone), 'cell')} in one layer only ({some(alone)}); {remedy}")
    there = future.cells.set_index("cell_id")[columns].loc[ids]
    return population.cells[columns].to_numpy(dtype=np.float64), there.to_numpy(dtype=np.float64)
