"""What making a region found, step by step: printed, and written beside the tables as report.md."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from netplan.violations import printable

FILE = "report.md"


@dataclass(frozen=True, slots=True)
class Section:
    """One step: what it read or made, and what the planner should know about it."""

    title: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """The steps in order. Its text is meant for the terminal; `markdown` for the file."""

    name: str
    sections: list[Section] = field(default_factory=list)

    def add(self, title: str, facts: dict[str, str], notes: tuple[str, ...] = ()) -> None:
        """A further step; what an earlier one noted is not said twice."""
        told = set(self.notes)
        new = tuple(note for note in dict.fromkeys(notes) if note not in told)
        self.sections.append(Section(title, tuple(facts.items()), new))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of all steps."""
        return tuple(note for section in self.sections for note in section.notes)

    def __str__(self) -> str:
        lines = [f"New region {printable(self.name)}"]
        for section in self.sections:
            lines.append(f"{section.title}:")
            lines += [f"  {label}: {printable(value)}" for label, value in section.facts]
            lines += [f"  - {printable(note)}" for note in section.notes]
        return "\n".join(lines)

    def markdown(self) -> str:
        """The same as a page; names from files are escaped, so that they cannot become markup."""
        lines = [f"# {_plain(self.name)}: how this region was made", ""]
        for section in self.sections:
            lines += [f"## {section.title}", "", "| | |", "|---|---|"]
            lines += [f"| {_plain(label)} | {_plain(value)} |" for label, value in section.facts]
            lines += [""]
            if section.notes:
                lines += [*(f"- {_plain(note)}" for note in section.notes), ""]
        return "\n".join(lines)


def _plain(text: str) -> str:
    """Text without markup: HTML and what Markdown would read as a table, a link or code."""
    escaped = html.escape(printable(text), quote=False)
    for letter in "\\`*_[]|":
        escaped = escaped.replace(letter, "\\" + letter)
    return escaped
