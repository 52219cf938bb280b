"""Read `economics.toml` and write the tables that are economics only: formats, conversions, visits, retention, gain."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

ECONOMICS = Path(__file__).with_name("economics.toml")
FORMAT_COLUMNS = (
    *("name", "name_en", "channel", "services", "days_per_week", "hours_per_day"),
    *("is_staffed", "is_hosted", "is_physical", "is_step_free", "supplies_cash", "staff", "gain_factor"),
    *("capacity_visits_per_year", "capacity_for_cash", "capacity_for_advice", "min_visits_per_year"),
    *("running_cost_per_year", "opening_cost", "closing_cost", "relocation_cost"),
    *("dwell_minutes", "max_base_minutes", "max_supply_minutes"),
)


def read_economics(path: Path = ECONOMICS) -> dict[str, Any]:
    """The economic constants as written in the file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def format_table(economics: dict[str, Any]) -> pd.DataFrame:
    """`formats.csv`; a value that a format does not have is blank."""
    rows = [{"format": name, **values} for name, values in economics["format"].items()]
    unknown = {key for row in rows for key in row} - {"format", *FORMAT_COLUMNS}
    if unknown:
        raise ValueError(f"economics.toml: a format has no {min(unknown)!r}")
    table = pd.DataFrame(rows, columns=["format", *FORMAT_COLUMNS], dtype=object)
    return table.map(_plain).sort_values("format", ignore_index=True)


def small_tables(economics: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """`conversions.csv`, `visits.csv`, `retention.csv` and `gain.csv` as data frames."""
    conversions = pd.DataFrame(economics["conversions"]["rows"], columns=["from_format", "to_format", "cost"])
    tables = {"conversions": conversions.sort_values(["from_format", "to_format"], ignore_index=True)}
    for name in ("visits", "retention", "gain"):
        part = economics[name]
        tables[name] = pd.DataFrame(part["rows"], columns=part["columns"], dtype=object).map(_plain)
    return tables


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value
