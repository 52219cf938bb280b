"""A rule that a plan breaks, in the planner's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule.

    Attributes
    ----------
    rule
        Identifier: a key of the plan file (``policy.max_closures``, ``district.500236.max_openings``,
        ``policy.protected.O1``, ``standard.NAME``), or for what is built in ``host.H1``, ``supply.S1``, ``counter.S1``,
        ``base.B1``, ``van_stop.S1``, ``van.V1``, ``site.S1``, ``relocation.S1``, ``capacity.S1.cash``, ``viability.S1``.
    text
        What is wrong, to be read by the planner.
    """

    rule: str
    text: str
