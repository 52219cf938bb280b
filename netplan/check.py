"""`netplan check`: a region folder and the plan files in it, every violation in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netplan.check_policy import check_policy, scope_notes
from netplan.checks.settings import FILE
from netplan.errors import InputError
from netplan.policy import read_policy
from netplan.region import Region, load_region
from netplan.violations import Violation, counted, listing, printable

PLAN_FILES = "plan*.toml"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check_region` found; its text is meant for the terminal.

    Attributes
    ----------
    violations
        Everything that must be corrected, in the order of the tables.
    notes
        What was defaulted, converted or left out: nothing to correct, but to know.
    region
        The region, if its tables have no violation.
    plan_files
        The plan files that were checked with it.
    """

    path: str
    violations: tuple[Violation, ...]
    notes: tuple[str, ...]
    region: Region | None
    plan_files: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether there is no violation."""
        return not self.violations

    def __str__(self) -> str:
        parts = [f"{printable(self.path)}: {listing(self.violations)}"]
        if self.region is not None:
            parts.append(repr(self.region))
        if self.plan_files:
            parts.append(f"plan files checked: {printable(', '.join(self.plan_files))}")
        if self.notes:
            parts.append(f"{counted(len(self.notes), 'note')}:")
            parts += [f"  {printable(note)}" for note in self.notes]
        return "\n".join(parts)


def check_region(path: str | Path) -> CheckReport:
    """Check a region folder and its plan files (``plan*.toml``) without raising.

    Plan files are checked by themselves even where the tables have violations; against the tables only where they
    have none, since a missing outlet would otherwise be blamed on the plan.
    """
    folder = Path(path)
    loaded = load_region(folder)
    violations, notes = list(loaded.violations), list(loaded.notes)
    plans = sorted(folder.glob(PLAN_FILES)) if folder.is_dir() else []
    for plan in plans:
        found, more = _check_plan_file(plan, loaded.region)
        violations += found
        notes += more
    return CheckReport(
        str(path),
        tuple(violations),
        tuple(notes),
        loaded.region,
        tuple(plan.name for plan in plans if plan.name != FILE),
    )


def _check_plan_file(path: Path, region: Region | None) -> tuple[list[Violation], list[str]]:
    try:
        policy = read_policy(path)
    except InputError as error:
        lines = str(error).removeprefix(f"{path}: ").split(f"\n{path}: ")
        return [Violation(path.name, None, "", None, line, "see docs/plan-file.md") for line in lines], []
    except (OSError, RecursionError) as error:
        return [Violation(path.name, None, "", None, f"cannot be read ({error})", "see docs/plan-file.md")], []
    if region is None:
        return [], []
    violations = check_policy(region, policy, path.name)
    return violations, [] if violations else [f"{path.name}: {note}" for note in scope_notes(region, policy)]
