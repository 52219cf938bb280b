"""Formats of a branch list's outlets: its own words into the formats there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from netplan.new_region.outlet_rows import refuse
from netplan.violations import Violation, counted, some


@dataclass(frozen=True, slots=True)
class FormatRule:
    """How formats are read.

    Attributes
    ----------
    column
        Column of the list that says the format; empty: none.
    usual
        Format of outlets of which the list does not say it.
    words
        Word of the list -> format; an empty format leaves such outlets out.
    known
        Formats there are; empty: any word is one.
    is_asked
        Whether the planner named the column, so that every word in it must be a format.
    """

    column: str
    usual: str
    words: Mapping[str, str]
    known: frozenset[str]
    is_asked: bool


def with_formats(file: str, frame: pd.DataFrame, rule: FormatRule, notes: list[str]) -> pd.DataFrame:
    """Every outlet with a format. A column that merely looks like formats is not forced into them: it is told and not used.

    Raises
    ------
    InputError
        A word that is no format, where the planner named the column or gave words for it.
    """
    said = frame["format"] if "format" in frame else pd.Series([""] * len(frame), dtype="str")
    named = said.replace(dict(rule.words))
    strange = sorted(set(named) - {""} - rule.known) if rule.known else []
    if strange and (rule.words or rule.is_asked):
        _refuse_words(file, frame["row"][named.isin(strange)], named[named.isin(strange)], rule)
    if strange:
        notes.append(f"{file}: {rule.column} holds words that are no formats ({some(strange)}), so it is not used")
        named = pd.Series([""] * len(frame), dtype="str")
    left = (said.ne("") & named.eq("")).to_numpy() & (not strange)
    if left.any():
        notes.append(f"{file}: {counted(int(left.sum()), 'outlet')} of formats that do not count, left out")
    unsaid = int((named.eq("").to_numpy() & ~left).sum())
    if unsaid:
        notes.append(f"{file}: {counted(unsaid, 'outlet')} without a format taken as {rule.usual}")
    frame = frame.assign(format=np.where(named.eq(""), rule.usual, named))
    return frame[~left].reset_index(drop=True)


def _refuse_words(file: str, rows: pd.Series, words: pd.Series, rule: FormatRule) -> None:
    remedy = f"say which of the formats it is ({some(sorted(rule.known), 20)})"
    refuse(
        [
            Violation(file, int(row), rule.column, str(word), "not a format", remedy)
            for row, word in zip(rows, words, strict=True)
        ]
    )
