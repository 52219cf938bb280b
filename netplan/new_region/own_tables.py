"""Tables of the planner's own, taken over into a new region: read as text, held against their contract, kept as they are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from netplan.checks.contract import check_table
from netplan.errors import InputError
from netplan.readers import EXTENSIONS, UnreadableFileError, parse_table, read_bytes
from netplan.tables import TABLES
from netplan.violations import listing, some

MADE = ("nodes", "districts", "townships", "outlets", "road_nodes", "road_edges")
"""Tables that are made from the sources of a region and cannot be given ready."""


def own_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of a folder, cells as text, by its name.

    Raises
    ------
    InputError
        It is no folder, holds no table, holds one that is made here, or a table breaks its contract.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a folder; name the one that holds your formats.csv, visits.csv ...")
    stems = {table.stem for table in TABLES}
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS and path.stem in stems)
    _check_files(folder, files)
    return {path.stem: own_table(path, path.stem) for path in files}


def _check_files(folder: Path, files: list[Path]) -> None:
    """Refuse tables that are made here, a folder without tables, and two files of one table."""
    made = [path.name for path in files if path.stem in MADE]
    if made:
        raise InputError(
            f"{folder}: {some(made)} are made from the population, outlines, roads and outlets; move them away"
        )
    if not files:
        raise InputError(f"{folder}: holds no table of a region, such as formats.csv or visits.csv")
    twice = [path.name for path in files if [other.stem for other in files].count(path.stem) > 1]
    if twice:
        raise InputError(f"{folder}: {some(twice)} hold the same table; keep one of them")


def own_table(path: Path, stem: str) -> pd.DataFrame:
    """One table, cells as text.

    Raises
    ------
    InputError
        It cannot be read or breaks its contract.
    """
    contract = next(table for table in TABLES if table.stem == stem)
    try:
        raw = parse_table(path, read_bytes(path), stem, list(contract.schema.columns))
    except UnreadableFileError as error:
        raise InputError(f"{path.name}: {error.problem}; {error.remedy}") from None
    checked = check_table(raw, contract)
    if checked.violations:
        raise InputError(f"{path}: {listing(checked.violations)}")
    return pd.DataFrame({name: raw.cells[name] for name in checked.columns}).astype("str")
