"""Outlet formats as arrays: what each serves, when, at what cost, and which may become which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.frozen import Frozen

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Formats(Frozen):
    """The formats table by position (F formats, C services).

    Attributes
    ----------
    offers
        Whether a format offers a service, shape (F, C).
    capacity
        Visits of a service per year, infinite where unlimited, shape (F, C).
    conversion_cost
        One-off cost from one format to another, NaN where it is not allowed, shape (F, F).
    relocation_cost, max_base_minutes, max_supply_minutes, dwell_minutes
        NaN where the format cannot relocate, has no base, needs no supply, is no van stop; shape (F,).
    """

    ids: tuple[str, ...]
    channel: tuple[str, ...]
    offers: Flags
    capacity: Floats
    conversion_cost: Floats
    days_per_week: Floats
    is_staffed: Flags
    is_hosted: Flags
    is_physical: Flags
    is_step_free: Flags
    supplies_cash: Flags
    staff: Floats
    gain_factor: Floats
    min_visits_per_year: Floats
    running_cost_per_year: Floats
    opening_cost: Floats
    closing_cost: Floats
    relocation_cost: Floats
    dwell_minutes: Floats
    max_base_minutes: Floats
    max_supply_minutes: Floats

    @classmethod
    def from_tables(cls, formats: pd.DataFrame, conversions: pd.DataFrame, services: Sequence[str]) -> Formats:
        """Build from the `formats` and `conversions` tables."""
        ids = tuple(formats["format"])
        numbers = {name: _frozen(formats[name].to_numpy(dtype=np.float64)) for name in _NUMBERS}
        flags = {name: _frozen(formats[name].to_numpy(dtype=np.bool_)) for name in _FLAGS}
        return cls(
            ids=ids,
            channel=tuple(formats["channel"]),
            offers=_frozen(np.array([[c in offered for c in services] for offered in formats["services"]], dtype=bool)),
            capacity=_frozen(_capacity(formats, services)),
            conversion_cost=_frozen(_conversion_cost(ids, conversions)),
            **flags,
            **numbers,
        )

    def position(self, format_id: str) -> int:
        """Position of a format; -1 for no format."""
        return self.ids.index(format_id) if format_id else -1

    def with_attributes(self, only: Sequence[str]) -> Flags:
        """Formats that have every named attribute (staffed, step_free, physical, hosted), shape (F,)."""
        chosen = np.ones(len(self.ids), dtype=bool)
        for attribute in only:
            chosen &= getattr(self, f"is_{attribute}")
        return chosen


_FLAGS = ("is_staffed", "is_hosted", "is_physical", "is_step_free", "supplies_cash")
_NUMBERS = (
    "days_per_week",
    "staff",
    "gain_factor",
    "min_visits_per_year",
    "running_cost_per_year",
    "opening_cost",
    "closing_cost",
    "relocation_cost",
    "dwell_minutes",
    "max_base_minutes",
    "max_supply_minutes",
)


def _capacity(formats: pd.DataFrame, services: Sequence[str]) -> Floats:
    shared = formats["capacity_visits_per_year"].to_numpy(dtype=np.float64)
    shared = np.where(np.isnan(shared), np.inf, shared)
    capacity = np.repeat(shared[:, None], len(services), axis=1)
    for c, service in enumerate(services):
        if f"capacity_for_{service}" in formats:
            own = formats[f"capacity_for_{service}"].to_numpy(dtype=np.float64)
            capacity[:, c] = np.where(np.isnan(own), capacity[:, c], own)
    return capacity


def _conversion_cost(ids: tuple[str, ...], conversions: pd.DataFrame) -> Floats:
    cost = np.full((len(ids), len(ids)), np.nan)
    for old, new, price in zip(conversions["from_format"], conversions["to_format"], conversions["cost"], strict=True):
        cost[ids.index(old), ids.index(new)] = price
    return cost


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = np.array(array)
    array.setflags(write=False)
    return array
