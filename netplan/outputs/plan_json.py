"""plan.json: the plan as data, with everything needed to tell what it answers and what was proven."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from netplan._version import __version__
from netplan.evaluate import Scorecard
from netplan.plan import Plan
from netplan.result import Certificate

SCHEMA = "netplan.plan/1"
_LIBRARIES = ("folium", "geopandas", "highspy", "numpy", "pandas", "PuLP", "scipy", "shapely")

Json = dict[str, Any]


def plan_document(plan: Plan, card: Scorecard, outputs: Mapping[str, str], inputs: Mapping[str, str]) -> Json:
    """The content of plan.json in JSON's own types; what is undefined is null.

    Parameters
    ----------
    card
        The plan's scorecard.
    outputs
        Companion file -> SHA-256, so that a reader can tell whether they belong to this plan.
    inputs
        Files that went in beside those of the region (the plan file), name -> SHA-256.
    """
    problem = plan.problem
    score = card.to_dict()
    return {
        "schema": SCHEMA,
        "region": problem.region.name,
        "currency": problem.region.currency,
        "inputs": {**problem.region.files, **inputs},
        "policy": plain(problem.policy.model_dump(mode="json")),
        "own_constraints": len(problem.constraints),
        "versions": versions(),
        **_certificate(plan.certificate, card),
        "costs": plain(card.after.costs),
        "scorecard": {"before": score["before"], "after": score["after"]},
        "actions": _actions(plan),
        "standards": score["standards"],
        "conflicts": [],
        "notes": list(problem.notes),
        "outputs": dict(outputs),
    }


def write_json(document: Json, path: Path) -> None:
    """Strict JSON (no NaN, no infinity), UTF-8, one line end at the end."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", errors="replace", newline="\n")


def versions() -> Json:
    """Versions of netplan, of Python and those of the libraries that shape a result."""
    found: Json = {"netplan": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name.lower()] = version(name)
        except PackageNotFoundError:
            found[name.lower()] = None
    return found


def plain(value: Any) -> Any:
    """A value in JSON's own types; NaN and infinity become null."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _certificate(certificate: Certificate | None, card: Scorecard) -> Json:
    """What was proven; a plan that no solver made has an objective and nothing proven."""
    if certificate is None:
        unknown = dict.fromkeys(("method", "status", "bound", "gap", "seconds"))
        return {"options": {}, **unknown, "objective": plain(card.after.objective)}
    names = ("method", "status", "objective", "bound", "gap", "seconds")
    return {"options": plain(certificate.options), **{name: plain(getattr(certificate, name)) for name in names}}


def _actions(plan: Plan) -> list[Json]:
    """Actions as lines; a blank (no format, no target, no base) is null."""
    kept_as_text = {"name", "reason"}
    lines = plan.actions.to_dict(orient="records")
    return [
        {str(key): value if value or key in kept_as_text else None for key, value in line.items()} for line in lines
    ]
