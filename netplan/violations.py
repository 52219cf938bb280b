"""What is wrong with an input, cell by cell, and how a list of it reads in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

LONGEST_VALUE = 60
ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with one cell, row, column or file.

    Attributes
    ----------
    file
        Name of the file in the region folder.
    row
        Row as a spreadsheet or editor numbers it, the header being row 1; ``None``: not about one row.
    column
        Column, or the key of a TOML file; empty: not about one column.
    value
        The text found there; ``None``: nothing to show.
    problem, remedy
        What is wrong, and what to do about it.
    """

    file: str
    row: int | None
    column: str
    value: str | None
    problem: str
    remedy: str

    def __str__(self) -> str:
        row = "" if self.row is None else f" row {self.row},"
        value = "" if self.value is None else f" = {shown(self.value)}"
        column = f" {printable(self.column)}" if self.column else ""
        where = f"{printable(self.file)}:{row}{column}{value}".rstrip(":,")
        return f"{where}: {printable(self.problem)}; {printable(self.remedy)}"


def shown(value: str) -> str:
    """A value as it may be printed: quoted, control characters escaped, long ones cut."""
    kept = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    tail = "" if kept is value else f" ({len(value)} characters)"
    return f"'{printable(kept)}'{tail}"


def some(names: Iterable[object], most: int = 5) -> str:
    """The first few of `names` for a note, and how many more there are."""
    listed = [printable(str(name)) for name in names]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(number: int, one: str, many: str = "") -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(violations: Sequence[Violation]) -> str:
    """All violations as text, those of one kind in one column together, at most 20 rows each."""
    if not violations:
        return "no violations"
    per_file = Counter(violation.file for violation in violations)
    head = f"{counted(len(violations), 'violation')} in {counted(len(per_file), 'file')}"
    return "\n".join([head, *_groups(violations)])


def _groups(violations: Sequence[Violation]) -> Iterator[str]:
    first_seen = {_kind(violation): place for place, violation in reversed(list(enumerate(violations)))}
    ordered = sorted(violations, key=lambda violation: first_seen[_kind(violation)])
    for _, group in groupby(ordered, key=_kind):
        members = list(group)
        if len(members) == 1:
            yield f"  {members[0]}"
        else:
            yield from _group(members)


def _kind(violation: Violation) -> tuple[str, str, str]:
    return violation.file, violation.column, violation.problem


def _group(members: Sequence[Violation]) -> Iterator[str]:
    first = members[0]
    same_remedy = len({member.remedy for member in members}) == 1
    column = f" {printable(first.column)}" if first.column else ""
    yield f"  {printable(first.file)}:{column}: {printable(first.problem)}" + (
        f"; {printable(first.remedy)}" if same_remedy else ""
    )
    for member in members[:ROWS_SHOWN]:
        row = "" if member.row is None else f"row {member.row}"
        value = "" if member.value is None else shown(member.value)
        remedy = "" if same_remedy else f"; {printable(member.remedy)}"
        yield f"      {': '.join(part for part in (row, value) if part)}{remedy}"
    if len(members) > ROWS_SHOWN:
        yield f"      and {counted(len(members) - ROWS_SHOWN, 'more row')}"


def printable(text: str) -> str:
    """Text with control and other unprintable characters escaped, so that a file cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
