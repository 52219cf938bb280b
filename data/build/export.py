"""Write the tables: CSV, UTF-8 without byte-order mark, LF, sorted by id, numbers as short as they are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from outlines import Districts

PLACE = ("lon", "lat", "district_id", "township_id")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """One table; whole numbers without a decimal point, others as the shortest text that reads back the same."""
    text = table.map(_text).to_csv(index=False, lineterminator="\n")
    path.write_bytes(text.encode("utf-8"))


def with_ids(table: pd.DataFrame, towns: pd.DataFrame, districts: Districts) -> pd.DataFrame:
    """The table with district_id and township_id in place of positions."""
    codes = districts.table["district_id"].to_numpy()
    return table.assign(
        district_id=codes[table["district"].to_numpy(dtype=int)],
        township_id=towns["township_id"].to_numpy()[table["township"].to_numpy(dtype=int)],
    )


def node_table(nodes: pd.DataFrame) -> pd.DataFrame:
    """`nodes.csv`: ids are the township's code, u or r, and a running number."""
    kind = np.where(nodes["is_urban"], "u", "r")
    running = nodes.groupby(["township_id", kind]).cumcount() + 1
    ids = [f"{t}-{k}{n:03d}" for t, k, n in zip(nodes["township_id"], kind, running, strict=True)]
    columns = ["node_id", *PLACE, "is_urban", "area_km2", "children", "working", "elderly", "market_margin_per_year"]
    return nodes.assign(node_id=ids, is_urban=nodes["is_urban"].astype(int))[columns].sort_values("node_id")


def road_tables(junctions: pd.DataFrame, edges: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`road_nodes.csv` and `road_edges.csv`."""
    ids = np.array([f"j{row + 1:05d}" for row in range(len(junctions))])
    road_nodes = pd.DataFrame({"road_node_id": ids, "lon": junctions["lon"], "lat": junctions["lat"]})
    road_edges = pd.DataFrame(
        {
            "from_id": ids[edges["start"].to_numpy()],
            "to_id": ids[edges["end"].to_numpy()],
            "metres": edges["metres"],
            "minutes": edges["minutes"],
            "is_oneway": 0,
        }
    )
    return road_nodes, road_edges.sort_values(["from_id", "to_id"])


def _text(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(round(float(value), 6))
    return value
