"""From what was typed to the question that is solved: which plan file, and what the options change in it."""

from __future__ import annotations

import enum
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netplan.errors import InputError
from netplan.policy import Objective, Policy, read_policy

DEFAULT_PLAN_FILE = "plan.toml"


class ObjectiveKind(enum.StrEnum):
    """What is minimised."""

    net_cost = "net_cost"
    coverage = "coverage"
    access = "access"


@dataclass(frozen=True, slots=True)
class Question:
    """The plan file as the options leave it, and what they put aside in it."""

    policy: Policy
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """The plan file, with its SHA-256."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the options change in the plan file."""

    districts: tuple[str, ...] = ()
    objective: ObjectiveKind | None = None
    service: str | None = None
    minutes: float | None = None

    def apply(self, policy: Policy) -> Question:
        """The policy with the options in place of its own values."""
        parts: dict[str, Any] = {"scope": {"districts": self.districts}} if self.districts else {}
        notes: tuple[str, ...] = ()
        if (self.objective or policy.objective.kind) == ObjectiveKind.coverage:
            objective, notes = self._coverage(policy)
            parts |= {"objective": objective, "standard": [each for each in policy.standard if each.hard]}
        elif self.service is not None or self.minutes is not None:
            raise InputError("--service and --minutes say what is covered; they go with --objective coverage")
        elif self.objective is not None:
            parts["objective"] = Objective(kind=self.objective.value)
        return Question(policy.replace(**parts) if parts else policy, notes)

    def _coverage(self, policy: Policy) -> tuple[Objective, tuple[str, ...]]:
        """What is covered: the options, else the plan file's objective, else its first coverage standard by road."""
        standards = (each for each in policy.standard if each.kind == "coverage" and each.minutes)
        is_told = policy.objective.kind == ObjectiveKind.coverage
        said = policy.objective if is_told else next(standards, policy.objective)
        service, minutes = self.service or said.service, self.minutes or said.minutes
        if service is None or minutes is None:
            raise InputError(
                "--objective coverage needs --service NAME and --minutes M: what must be within which reach"
            )
        measure = policy.objective.measure
        soft = ", ".join(each.id for each in policy.standard if not each.hard)
        notes = [f"coverage: {measure} ({said.group}) without {service} within {minutes:g} minutes count"]
        notes += [f"soft standards have a price in money and no part in a coverage objective: {soft}"] if soft else []
        return Objective(kind="coverage", service=service, minutes=minutes, group=said.group, measure=measure), tuple(
            notes
        )


def find_plan_file(region: Path, policy: Path | None) -> Path:
    """The plan file meant: a path, or the bare name (with or without .toml) of one in the region folder.

    Raises
    ------
    InputError
        There is none; names those in the folder.
    """
    asked = policy or region / DEFAULT_PLAN_FILE
    choices = [asked]
    if policy is not None and policy.name == str(policy):
        choices += [region / policy, region / f"{policy}.toml"]
    for choice in choices:
        if choice.is_file():
            return choice
    present = (
        sorted(path.name for path in region.glob("*.toml") if path.name != "region.toml") if region.is_dir() else []
    )
    known = (
        f"plan files in {region}: {', '.join(present)}"
        if present
        else f"{region} has no plan file; see docs/plan-file.md"
    )
    raise InputError(f"{asked}: no such plan file; {known}")


def read_question(region: Path, policy: Path | None, changes: Changes) -> Question:
    """Read the plan file and apply the options."""
    path = find_plan_file(region, policy)
    question = changes.apply(read_policy(path))
    return replace(question, files={path.name: hashlib.sha256(path.read_bytes()).hexdigest()})


def parse_gap(text: str) -> float:
    """A relative gap: ``0.005`` or ``0.5%``."""
    value = _number(text.strip().removesuffix("%"), "--gap", "a share such as 0.005, or 0.5%")
    gap = value / 100.0 if text.strip().endswith("%") else value
    if not 0.0 <= gap < 1.0:
        raise InputError(f"--gap {text}: must be at least 0 and below 1 (100%)")
    return gap


def parse_seconds(text: str) -> float:
    """A time limit in seconds: ``60`` or ``60s``."""
    seconds = _number(text.strip().removesuffix("s"), "--time-limit", "seconds, such as 60")
    if seconds <= 0:
        raise InputError(f"--time-limit {text}: must be more than 0 seconds")
    return seconds


def _number(text: str, option: str, meant: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{option} {text}: not a number; give {meant}")
    return value
