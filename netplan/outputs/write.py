"""Write a plan's files: assignments.parquet, plan.gpkg, plan.xlsx, map.html, and plan.json last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from netplan.evaluate import today
from netplan.maps import plan_map
from netplan.outputs.geopackage import write_geopackage
from netplan.outputs.plan_json import plan_document, write_json
from netplan.outputs.staging import COMPANIONS, digest, prepare_output, staging
from netplan.plan import Plan
from netplan.report import write_workbook


def write_outputs(plan: Plan, directory: str | Path, inputs: Mapping[str, str] | None = None) -> Path:
    """Write all files of a plan into a folder, made if missing; other files there are left alone.

    Parameters
    ----------
    inputs
        Files that went in beside those of the region, name -> SHA-256.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        The folder cannot be written; earlier outputs are then as they were.
    """
    directory = Path(directory)
    prepare_output(directory)
    card, before = plan.scorecard, today(plan.problem).assignments
    with staging(directory) as stage:
        write_assignments(plan.assignments, stage / "assignments.parquet")
        write_geopackage(plan, card, before, stage / "plan.gpkg")
        write_workbook(plan, card, stage / "plan.xlsx")
        plan_map(plan.problem, plan, card, plan.reasons, before=before).save(stage / "map.html")
        written = {name: digest(stage / name) for name in COMPANIONS}
        write_json(plan_document(plan, card, written, inputs or {}), stage / "plan.json")
    return directory


def write_assignments(assignments: pd.DataFrame, path: Path) -> None:
    """Who is served where: node_id, service, site_id (null: unserved), share, minutes (null: unserved)."""
    columns = {
        "node_id": pa.array(assignments["node_id"].tolist(), pa.string()),
        "service": pa.array(assignments["service"].tolist(), pa.string()),
        "site_id": pa.array([site or None for site in assignments["site_id"]], pa.string()),
        "share": pa.array(assignments["share"].to_numpy(dtype=float), pa.float64()),
        "minutes": pa.array(assignments["minutes"].to_numpy(dtype=float), pa.float64(), from_pandas=True),
    }
    pq.write_table(pa.table(columns), path)
