"""One run of a solver on a PuLP model: values, bound and why it stopped - never PuLP's own word for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netplan.engine.run import Stopped


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one run found.

    Attributes
    ----------
    stopped
        proven: within the gap asked for; nothing: stopped without saying why.
    values
        Value of each variable by name; empty if no solution was found.
    objective, bound
        Of the solution, constants included, and the proven bound.
    """

    stopped: Stopped
    values: Mapping[str, float] = field(default_factory=dict)
    objective: float | None = None
    bound: float | None = None
