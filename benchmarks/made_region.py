"""A region made out of nothing from a seed: a folder of the tables that `netplan.read_region` reads, and its plan file.

    .venv/bin/python benchmarks/made_region.py P3 /tmp/p3              # a district, as in docs/benchmarks.md
    .venv/bin/python benchmarks/made_region.py P4 /tmp/p4 --seed 1     # a province

Districts are squares with towns; people live around them (lognormal), on roads like a grid with holes. Outlets stand where people
are; a third of the sites are outlets, the others candidates for every format. Standards ask for somewhat more than today's network
gives, by the minutes that netplan measures.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import made_land
import numpy as np
import pandas as pd
from made_plan import FREELY, LIKE_THE_MUNICIPALITY, Change, plan_file
from made_tables import SERVICES, SETTINGS, fixed_tables


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a region is.

    Attributes
    ----------
    districts, towns, nodes, sites
        How many districts, and how many of the others in each.
    formats
        How many formats: 5 with flagship branches, 4 without.
    overflow
        What happens to work above capacity: "priced" or "ignored".
    change
        How much a district may change.
    side_km
        Side of a district.
    """

    districts: int
    towns: int
    nodes: int
    sites: int
    formats: int
    overflow: str = "priced"
    change: Change = FREELY
    side_km: float = 40.0


SHAPES = {
    "P3": Shape(districts=1, towns=25, nodes=2200, sites=300, formats=5, overflow="ignored"),
    "P3-overflow": Shape(districts=1, towns=25, nodes=2200, sites=300, formats=5),
    "P4": Shape(districts=40, towns=25, nodes=2000, sites=250, formats=4),
    "P4-limited": Shape(districts=40, towns=25, nodes=2000, sites=250, formats=4, change=LIKE_THE_MUNICIPALITY),
}
"""The plans of docs/benchmarks.md; P3-overflow is P3 with one thing more, P4-limited is P4 with less to change."""

_OUTLETS = 0.3
"""Share of the sites that are outlets of today."""

_MIX = {"flagship": 0.02, "full": 0.15, "light": 0.5, "community": 0.22, "selfservice": 0.11}
"""Formats of today."""

_MARGIN = {
    "flagship": (4_000_000, 8_000_000),
    "full": (1_100_000, 2_200_000),
    "light": (340_000, 680_000),
    "community": (200_000, 390_000),
    "selfservice": (110_000, 0),
}
"""Median margin a year from cash and from the counter."""


def write_made_region(folder: Path, shape: Shape, *, seed: int = 0) -> Path:
    """Write the tables and plan.toml into a folder, made if missing; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "region.toml").write_text(SETTINGS.format(name=f"Made-up region {seed}"), encoding="utf-8")
    for stem, table in made_tables(shape, seed).items():
        table.to_csv(folder / f"{stem}.csv", index=False, lineterminator="\n")
    (folder / "plan.toml").write_text(plan_file(folder, overflow=shape.overflow, change=shape.change), encoding="utf-8")
    return folder


def made_tables(shape: Shape, seed: int) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    rng = np.random.default_rng(seed)
    land = made_land.towns(rng, shape.districts, shape.towns, shape.side_km)
    cells = made_land.nodes(rng, land, shape.districts * shape.nodes)
    tables = fixed_tables(shape.formats)
    names = list(tables["formats"]["format"])
    chosen = _chosen_cells(rng, cells, land, shape)
    across = made_land.grid_width(shape.districts)
    up = -(-shape.districts // across)
    junctions, edges = made_land.roads(rng, across * shape.side_km, up * shape.side_km)
    return tables | {
        "districts": _districts(land),
        "townships": _townships(land),
        "nodes": _nodes(rng, cells, land),
        "outlets": _outlets(rng, cells.loc[chosen[0]], land, names),
        "candidates": _candidates(rng, cells.loc[chosen[1]], land, names),
        "road_nodes": junctions,
        "road_edges": edges,
    }


def _chosen_cells(
    rng: np.random.Generator, cells: pd.DataFrame, land: made_land.Towns, shape: Shape
) -> tuple[list[int], list[int]]:
    """Cells with an outlet: one a town, the others where people are; and cells with a candidate, more widely spread."""
    outlets: list[int] = []
    candidates: list[int] = []
    district = land.district[cells["town"].to_numpy()]
    for _, own in cells.groupby(district):
        first = own.groupby("town")["people"].idxmax().to_list()
        rest = own.drop(index=first)
        more = round(_OUTLETS * shape.sites) - len(first)
        there = rng.choice(rest.index, more, replace=False, p=rest["people"] / rest["people"].sum())
        left = rest[~rest.index.isin(there)]
        spread = left["people"] ** 0.6
        at = rng.choice(left.index, shape.sites - len(first) - more, replace=False, p=spread / spread.sum())
        outlets += [*first, *sorted(there)]
        candidates += sorted(at)
    return outlets, candidates


def _names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{n:05d}" for n in range(count)]


def _districts(land: made_land.Towns) -> pd.DataFrame:
    lon, lat = made_land.degrees(land.place[land.is_seat])
    ids = [f"D{n:02d}" for n in range(len(lon))]
    return pd.DataFrame({"district_id": ids, "name": ids, "name_en": ids, "lon": lon, "lat": lat})


def _townships(land: made_land.Towns) -> pd.DataFrame:
    lon, lat = made_land.degrees(land.place)
    ids = _names("T", len(lon))
    districts = [f"D{n:02d}" for n in land.district]
    return pd.DataFrame(
        {"township_id": ids, "district_id": districts, "name": ids, "name_en": ids, "lon": lon, "lat": lat}
    )


def _placed(rng: np.random.Generator, cells: pd.DataFrame, land: made_land.Towns, metres: float) -> pd.DataFrame:
    """Columns lon, lat, district_id, township_id of places within so many metres of their cells."""
    place = cells[["x", "y"]].to_numpy() + rng.uniform(-metres, metres, (len(cells), 2)) / 1000
    lon, lat = made_land.degrees(place)
    town = cells["town"].to_numpy()
    districts = [f"D{n:02d}" for n in land.district[town]]
    return pd.DataFrame({"lon": lon, "lat": lat, "district_id": districts, "township_id": [f"T{n:05d}" for n in town]})


def _nodes(rng: np.random.Generator, cells: pd.DataFrame, land: made_land.Towns) -> pd.DataFrame:
    frame = _placed(rng, cells, land, 0.0)
    frame.insert(0, "node_id", _names("N", len(cells)))
    people = cells["people"].to_numpy()
    elderly = (people * rng.uniform(0.1, 0.3, len(cells))).round()
    children = (people * rng.uniform(0.1, 0.2, len(cells))).round()
    return frame.assign(
        is_urban=cells["is_urban"].to_numpy(),
        area_km2=cells["area_km2"].to_numpy(),
        children=children,
        working=people - children - elderly,
        elderly=elderly,
    )


def _outlets(rng: np.random.Generator, cells: pd.DataFrame, land: made_land.Towns, names: list[str]) -> pd.DataFrame:
    mix = np.array([_MIX[name] for name in names])
    format_ = rng.choice(names, len(cells), p=mix / mix.sum())
    format_[~cells["town"].duplicated().to_numpy()] = "light"
    frame = _placed(rng, cells, land, 100.0)
    frame.insert(0, "site_id", _names("O", len(cells)))
    frame.insert(1, "name", frame["site_id"])
    frame.insert(2, "format", format_)
    median = np.array([_MARGIN[name] for name in format_])
    for place, service in enumerate(SERVICES):
        frame[f"margin_{service}"] = (median[:, place] * rng.lognormal(0.0, 0.5, len(cells))).round(-2)
    return frame.assign(is_owned=0, lease_end="", severance_cost=(median[:, 0] * 0.4).round(-3))


def _candidates(rng: np.random.Generator, cells: pd.DataFrame, land: made_land.Towns, names: list[str]) -> pd.DataFrame:
    frame = _placed(rng, cells, land, 100.0)
    frame.insert(0, "site_id", _names("C", len(cells)))
    return frame.assign(formats=" ".join(names))


def main() -> None:
    """Write the region."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(write_made_region(options.folder, SHAPES[options.shape], seed=options.seed))


if __name__ == "__main__":
    main()
