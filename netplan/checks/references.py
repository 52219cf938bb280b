"""Identifiers that must occur in another table, or nowhere else."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from netplan.checks.contract import CheckedTable, declared, having, kind_of
from netplan.violations import Violation, some

_COMPARED_AT_MOST = 2_000
"""Identifiers looked through for a likely misspelling; more would take minutes and help nobody."""
_GUESSED_AT_MOST = 50
"""Different unknown values for which a likely spelling is looked up, for the same reason."""


def check_references(found: Mapping[str, CheckedTable], unreadable: Collection[str]) -> Iterator[Violation]:
    """Every declared reference; those into tables that could not be read are left to the next run."""
    for checked in found.values():
        for name in checked.columns:
            key = declared(checked.table.schema, name)
            target = checked.table.schema.columns[key].metadata["refers_to"] if key else ""
            if key and target and target.split(".")[0] not in unreadable:
                yield from _unknown(checked, name, key, found)


def check_one_site_list(found: Mapping[str, CheckedTable]) -> Iterator[Violation]:
    """A site id names one place: an outlet or a candidate, never both."""
    outlets, candidates = having(found, "outlets", "site_id"), having(found, "candidates", "site_id")
    if outlets is None or candidates is None:
        return
    taken = set(outlets.frame["site_id"].dropna())
    both = candidates.frame["site_id"].isin(taken).to_numpy() & candidates.sound("site_id")
    for place in np.flatnonzero(both):
        remedy = "give the candidate an id of its own"
        yield candidates.violation(int(place), "site_id", f"also the id of an outlet in {outlets.file}", remedy)


def likely(value: str, options: Collection[str]) -> str:
    """The option that was probably meant by a misspelt value, or ""."""
    few = list(options) if len(options) <= _COMPARED_AT_MOST else []
    folded = {option.casefold(): option for option in options}
    if value.strip().casefold() in folded:
        return folded[value.strip().casefold()]
    close = difflib.get_close_matches(value, few, n=1, cutoff=0.75)
    return close[0] if close else ""


def _unknown(checked: CheckedTable, name: str, key: str, found: Mapping[str, CheckedTable]) -> Iterator[Violation]:
    stem, column = checked.table.schema.columns[key].metadata["refers_to"].split(".")
    source = found.get(stem)
    if source is not None and not source.has(column):
        return  # told as a missing column there
    known = set() if source is None else set(source.frame[column].dropna())
    where = f"{stem}.csv, which does not exist" if source is None else source.file
    cells = checked.frame[name]
    is_list = kind_of(checked.table.schema, key) == "list"
    pairs = cells.dropna().explode() if is_list else cells.dropna()
    wrong = pairs[[value not in known for value in pairs]]
    guessed = list(wrong.unique())[:_GUESSED_AT_MOST]
    remedies = {value: _remedy(value, known, where) for value in guessed}
    for place, value in zip(wrong.index, wrong, strict=True):
        if not checked.faulty[name][place]:
            row = int(checked.raw.rows[place])
            yield Violation(
                checked.file, row, name, value, f"not in {where}", remedies.get(value, f"add it to {where}")
            )
    checked.faulty[name][np.unique(wrong.index.to_numpy(dtype=int))] = True


def _remedy(value: str, known: Collection[str], where: str) -> str:
    meant = likely(value, known)
    if not known:
        return "add that table, or take the name away here"
    if meant:
        return f"write {meant}, if that is meant"
    listed = some(sorted(known)) if len(known) <= 12 else ""
    return f"add it to {where}, or write one that is there" + (f" ({listed})" if listed else "")


def resolved(checked: CheckedTable, name: str, source: CheckedTable, key: str, wanted: str) -> pd.Series:
    """For each row the value of column `wanted` in the row of `source` whose `key` is named; missing where unknown."""
    unique = source.frame[source.frame[key].notna() & ~source.frame[key].duplicated()]
    lookup = unique.set_index(key)[wanted]
    return checked.frame[name].map(lookup)
