"""plan.gpkg: sites, cells, districts and relocations for a GIS, in WGS-84."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from netplan.evaluate import Scorecard
from netplan.plan import Plan
from netplan.tables import SEGMENTS

CRS = "EPSG:4326"


def write_geopackage(plan: Plan, card: Scorecard, before: pd.DataFrame, path: Path) -> None:
    """Write layers sites, nodes, districts and relocations.

    Parameters
    ----------
    before
        Today's assignments, as `Plan.assignments`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    layers = {
        "sites": (site_layer(plan, card), "Point"),
        "nodes": (node_layer(plan, before), "Point"),
        "districts": (district_layer(plan, card), "MultiPolygon"),
        "relocations": (relocation_layer(plan), "LineString"),
    }
    try:
        for name, (frame, geometry_type) in layers.items():
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", geometry_type=geometry_type, append=path.exists()
            )
    except (DataSourceError, DataLayerError) as error:
        raise OSError(str(error)) from error


def site_layer(plan: Plan, card: Scorecard) -> gpd.GeoDataFrame:
    """Every site, outlets then candidates; a candidate that nothing opens at has no action."""
    sites = plan.problem.sites.drop(columns=["formats", "format"])
    actions = plan.actions.set_index("site_id").drop(columns="name").reindex(sites["site_id"])
    table = pd.concat([sites.reset_index(drop=True), actions.fillna("").reset_index(drop=True)], axis=1)
    # A candidate that an outlet moves into operates, though its line of actions is the outlet's.
    table["format_after"] = list(plan.format_after)
    for when, score in (("before", card.before), ("after", card.after)):
        visits = score.sites.groupby("site_id")["visits"].sum()
        table[f"visits_{when}"] = visits.reindex(table["site_id"]).to_numpy(dtype=float)
    return _points(table)


def node_layer(plan: Plan, before: pd.DataFrame) -> gpd.GeoDataFrame:
    """Every cell: people, and for each service the outlet that serves most of its visits and the minutes there."""
    problem = plan.problem
    nodes = problem.region.nodes
    table = nodes.assign(people=nodes[list(SEGMENTS)].sum(axis=1))
    for service in problem.demand.services:
        now = main_outlet(plan.assignments, service).reindex(nodes["node_id"])
        was = main_outlet(before, service).reindex(nodes["node_id"])
        table[f"site_{service}"] = now["site_id"].to_numpy()
        table[f"minutes_{service}"] = now["minutes"].to_numpy(dtype=float)
        table[f"minutes_before_{service}"] = was["minutes"].to_numpy(dtype=float)
    return _points(table)


def main_outlet(assignments: pd.DataFrame, service: str) -> pd.DataFrame:
    """By node: the site with the largest share of its visits (missing: unserved) and the minutes there."""
    lines = assignments[assignments["service"] == service].sort_values("share", ascending=False, kind="stable")
    first = lines.drop_duplicates("node_id").set_index("node_id")
    return first.assign(site_id=first["site_id"].replace("", None))[["site_id", "minutes"]]


def district_layer(plan: Plan, card: Scorecard) -> gpd.GeoDataFrame:
    """Districts with their outlines, where there are any, and the main figures before and after."""
    districts = plan.problem.region.districts
    table = pd.DataFrame(districts.drop(columns=[districts.geometry.name]))
    for when, score in (("before", card.before), ("after", card.after)):
        figures = score.districts.set_index("district_id").reindex(table["district_id"])
        for name in figures.columns.drop(["name", "people"]):
            table[f"{name}_{when}"] = figures[name].to_numpy()
    table["people"] = card.after.districts.set_index("district_id")["people"].reindex(table["district_id"]).to_numpy()
    return _frame(table, [_multi(shape) for shape in districts.geometry])


def relocation_layer(plan: Plan) -> gpd.GeoDataFrame:
    """A straight line from each outlet that relocates to where it goes."""
    sites = plan.problem.sites
    moves = [(s, target) for s, target in enumerate(plan.relocated_to) if target >= 0]
    from_site, to_site = (np.array([pair[k] for pair in moves], dtype=np.int64) for k in (0, 1))
    ids, at = sites["site_id"].to_numpy(dtype=object), sites[["lon", "lat"]].to_numpy(dtype=float)
    table = pd.DataFrame({"site_id": ids[from_site], "relocate_to": ids[to_site]}, dtype=object)
    table["format"] = [plan.format_after[target] for target in to_site]
    return _frame(table, [LineString([at[s], at[target]]) for s, target in moves])


def distinct_names(names: Iterable[str]) -> Mapping[str, str]:
    """Column names that differ even where case does not count, as SQLite asks; 'fid' and 'geom' are its own."""
    taken = {"fid", "geom"}
    chosen = {}
    for name in names:
        candidate, number = name, 2
        while candidate.lower() in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate.lower())
        chosen[name] = candidate
    return chosen


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    return _frame(table, gpd.points_from_xy(table["lon"], table["lat"]))


def _frame(table: pd.DataFrame, geometry: Iterable[BaseGeometry | None]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.rename(columns=distinct_names(table.columns)), geometry=list(geometry), crs=CRS)


def _multi(shape: BaseGeometry | None) -> BaseGeometry | None:
    return MultiPolygon([shape]) if isinstance(shape, Polygon) else shape
