"""`new_region`: from files of people, outlines, roads and branches to a region. Reads as the steps it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from netplan.demand.population import Population
from netplan.new_region.access import access_facts
from netplan.new_region.defaults import default_plan, default_tables
from netplan.new_region.ground import extent_of, read_ground
from netplan.new_region.outlets import OutletList
from netplan.new_region.own_tables import own_table, own_tables
from netplan.new_region.people import nodes_of, people_of
from netplan.new_region.places import Places, places_of
from netplan.new_region.recipe import Recipe
from netplan.new_region.report import FILE, Report
from netplan.new_region.settings import UNSPECIFIED, settings_text, sources_of
from netplan.new_region.sites import candidate_table, competitor_table, market_margin, outlet_table, outlets_of
from netplan.new_region.ways import shift_notes, ways_of
from netplan.new_region.write import checked, new_folder, write_tables
from netplan.region import Region
from netplan.roads import Roads
from netplan.violations import counted

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class NewRegion:
    """A new region, what it was made from, and what was found out on the way.

    Attributes
    ----------
    region
        The region, checked; `netplan.PlanningProblem.build` takes it.
    population, places, outlets, roads
        The layers it was made from; each draws itself with ``plot()``.
    nodes
        The demand nodes with their outlines.
    plan
        A first plan file, as text.
    report
        What was read, matched, snapped and left out.
    """

    recipe: Recipe
    region: Region
    tables: Mapping[str, pd.DataFrame]
    population: Population
    places: Places
    nodes: gpd.GeoDataFrame
    outlets: OutletList
    roads: Roads | None
    plan: str
    report: Report

    def write(self, folder: str | Path) -> Region:
        """Write the region folder: tables, region.toml, plan.toml and report.md.

        Raises
        ------
        InputError
            The folder is there already and not empty, or cannot be written; nothing is left behind.
        """
        target = Path(folder)
        with new_folder(target) as stage:
            settings = settings_text(self.recipe, sources_of(self.recipe, self.tables))
            write_tables(stage, settings, self.tables, self.places.districts)
            (stage / "plan.toml").write_text(self.plan, encoding="utf-8")
            (stage / FILE).write_text(self.report.markdown(), encoding="utf-8")
            return checked(stage, target)

    def __repr__(self) -> str:
        return str(self.report)


def new_region(recipe: Recipe, *, progress: Progress | None = None) -> NewRegion:
    """Make a region from its sources.

    Parameters
    ----------
    progress
        Called with the step and how much of it is done, 0 to 1.

    Raises
    ------
    InputError
        A file cannot be read or does not fit the others; the message names the file and the remedy.
    """
    tell = progress or (lambda _what, _done: None)
    report = Report(recipe.name)
    given = _given_tables(recipe)
    tables = {**default_tables(recipe.staff_cost_per_year), **given}

    tell("reading outlines", 0.0)
    ground = read_ground(recipe, report, tell)
    extent = extent_of(recipe) if ground.is_empty else None
    places = places_of(ground.zones, ground.districts, extent, recipe.name)
    _tell_places(places, report)

    tell("counting people", 0.0)
    population = people_of(recipe, places, ground.people, tell)
    nodes, node_notes = nodes_of(population, places, recipe)
    _tell_people(population, nodes, node_notes, report)

    tell("reading outlets", 0.0)
    listed, sites = _sites(recipe, tables, places, nodes, report)
    nodes["market_margin_per_year"], margin_notes = market_margin(nodes, sites["outlets"], tables["visits"])

    tell("reading roads", 0.0)
    roads = None
    if recipe.roads is not None:
        roads = ways_of(recipe.roads, recipe.country, places.area, tell)
        sites |= {"road_nodes": roads.junctions, "road_edges": roads.edges}
    made = {"nodes": nodes, **places.tables(), **sites}
    tables = {**made, **tables}

    tell("checking the region", 0.0)
    region = Region.from_tables(
        name=recipe.name,
        currency=recipe.currency,
        tables=tables | {"districts": _outlined(tables["districts"], places)},
        language=recipe.language,
        country=recipe.country or UNSPECIFIED,
    )
    facts, access_notes = access_facts(region)
    report.add(
        "Roads", facts, (*(roads.notes if roads else ()), *shift_notes(listed.outlets, nodes, roads), *access_notes)
    )
    report.add("Modelled, to be replaced by your own", _modelled(recipe, given), margin_notes)
    plan = default_plan(len(region.outlets), recipe.staff_cost_per_year)
    return NewRegion(recipe, region, tables, population, places, nodes, listed, roads, plan, report)


def _given_tables(recipe: Recipe) -> dict[str, pd.DataFrame]:
    """Tables of the planner's own, cells as text."""
    tables = own_tables(recipe.tables) if recipe.tables is not None else {}
    if recipe.roads is not None and recipe.roads.links is not None:
        tables["road_links"] = own_table(recipe.roads.links, "road_links")
    return tables


def _sites(
    recipe: Recipe, tables: Mapping[str, pd.DataFrame], places: Places, nodes: gpd.GeoDataFrame, report: Report
) -> tuple[OutletList, dict[str, pd.DataFrame]]:
    """Outlets, competitors and candidates; those that the planner gave ready stay out."""
    formats, services = tables["formats"], tuple(dict.fromkeys(tables["visits"]["service"]))
    listed = outlets_of(recipe.outlets, formats, places.area)
    outlets, outlet_notes = outlet_table(listed, places, formats, services)
    rivals, rival_notes = competitor_table(listed, services)
    candidates, candidate_notes = candidate_table(recipe, nodes, outlets, formats, places)
    per_format = outlets["format"].value_counts()
    report.add(
        "Outlets",
        {
            "outlets": f"{len(outlets):,} ("
            + ", ".join(f"{number:,} {name}" for name, number in per_format.items())
            + ")",
            "other banks": f"{0 if rivals is None else len(rivals):,}",
            "candidate sites": f"{0 if candidates is None else len(candidates):,}",
        },
        (*listed.notes, *outlet_notes, *rival_notes, *candidate_notes),
    )
    found = {"outlets": outlets, "competitors": rivals, "candidates": candidates}
    return listed, {stem: table for stem, table in found.items() if table is not None}


def _outlined(districts: pd.DataFrame, places: Places) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(districts, geometry=places.districts.geometry.to_numpy(), crs="EPSG:4326")


def _tell_places(places: Places, report: Report) -> None:
    facts = {"districts": f"{len(places.districts):,}", "townships": f"{len(places.townships):,}"}
    report.add("Districts and townships", facts, places.notes)


def _tell_people(population: Population, nodes: gpd.GeoDataFrame, notes: tuple[str, ...], report: Report) -> None:
    outside = sum(population.outside.values())
    facts = {
        "people": f"{population.people:,.0f}",
        "by age": ", ".join(f"{name} {nodes[name].sum():,.0f}" for name in population.columns),
        "read but outside the region": f"{outside:,.0f}",
        "demand nodes": counted(len(nodes), "node"),
    }
    report.add("People", facts, (*population.notes, *notes))


def _modelled(recipe: Recipe, given: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    made = [stem for stem in ("formats", "conversions", "visits", "retention", "gain") if stem not in given]
    cost = f"{recipe.staff_cost_per_year:,.0f} {recipe.currency}"
    return {
        "tables": ", ".join(made) or "none",
        "costs": f"multiples of what one employee costs a year, {cost}",
        "yours": ", ".join(given) or "none (give a folder with your tables)",
    }
