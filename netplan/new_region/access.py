"""How the people and sites of a new region reach its roads: legs, what could not be snapped, parts that do not meet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from netplan.policy import Travel
from netplan.region import Region
from netplan.tables import SEGMENTS
from netplan.travel import RoadNetwork
from netplan.travel.links import with_links
from netplan.travel.parts import road_parts
from netplan.travel.snap import Roads, nearest_roads
from netplan.violations import counted, some

Notes = tuple[str, ...]


def access_facts(region: Region, travel: Travel | None = None) -> tuple[dict[str, str], Notes]:
    """Facts and notes on the roads of a region and who is joined to them, with a plan file's default legs."""
    if not len(region.road_edges):
        return {"roads": "none: minutes will be great-circle distance x detour factor / speed"}, ()
    travel = travel or Travel()
    linked = with_links(
        RoadNetwork.from_tables(region.road_nodes, region.road_edges, travel), region.road_links, travel
    )
    network = linked.network
    people = region.nodes[list(SEGMENTS)].to_numpy(dtype=np.float64).sum(axis=1)
    sites = _sites(region)
    roads = Roads.of(network)
    facts = {
        "junctions": f"{len(region.road_nodes):,}",
        "roads": f"{len(region.road_edges):,}, {region.road_edges['metres'].sum() / 1000.0:,.0f} km",
        "ferries and missing links": f"{len(region.road_links):,}",
    }
    notes = [*linked.notes]
    for what, places, ids in (("nodes", region.nodes, "node_id"), ("sites", sites, "site_id")):
        lon, lat = (places[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
        feet = nearest_roads(network, roads, lon, lat, travel.max_leg_metres)
        missed = feet.road < 0
        legs = feet.metres[~missed]
        facts[f"{what} snapped to a road"] = f"{len(legs):,} of {len(places):,}" + (
            f", leg {np.median(legs):,.0f} m on the median, {legs.max():,.0f} m at most" if len(legs) else ""
        )
        if missed.any():
            who = f" with {people[missed].sum():,.0f} people" if what == "nodes" else ""
            notes.append(
                f"{counted(int(missed.sum()), what[:-1])}{who} farther than {travel.max_leg_metres:,.0f} m from every road, so "
                f"not reached: {some(places[ids][missed], 20)}"
            )
    notes += road_parts(network, region.nodes, people, sites, travel).notes
    return facts, tuple(notes)


def _sites(region: Region) -> pd.DataFrame:
    columns = ["site_id", "lon", "lat"]
    return pd.concat([region.outlets[columns], region.candidates[columns]], ignore_index=True)
