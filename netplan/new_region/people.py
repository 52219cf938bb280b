"""People on demand nodes: from rasters, zones or points, in the year that is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import chord_of_km, unit_vectors
from netplan.demand.growth import grow, towards
from netplan.demand.points import read_points
from netplan.demand.population import Population, with_people
from netplan.demand.raster import read_population
from netplan.demand.spread import spread_zones
from netplan.errors import InputError
from netplan.new_region.cells import township_cells
from netplan.new_region.places import Places
from netplan.new_region.recipe import NO_PEOPLE, WHOLE, FutureRasters, Recipe
from netplan.tables import SEGMENTS
from netplan.violations import counted, some

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]

WEIGHT = "people_of_raster"
AROUND_KM = 1.0
"""Density at a point without an area: people of all points within this distance."""


def points_of(recipe: Recipe) -> Population | None:
    """The towns or villages of the recipe, as they are."""
    if recipe.points is None:
        return None
    named = dict(recipe.points_columns)
    places = {key: named.pop(key, "") for key in ("id", "name", "lon", "lat", "area")}
    return read_points(recipe.points, named or None, system=recipe.points_system, **places)


def people_of(recipe: Recipe, places: Places, zones: Population | None, progress: Progress) -> Population:
    """People by age on the cells of the region, in the year that is planned; cells without anyone are left out.

    Parameters
    ----------
    places
        Townships, whose borders cut the cells.
    zones
        Zones with people, whose totals are kept; the raster, if there is one, says where in a zone they live.
    """
    points = points_of(recipe)
    if points is not None:
        return with_people(by_age(_grown(recipe, points, None, progress), recipe))
    cells = township_cells(recipe.cells, places)
    raster = None
    if recipe.rasters:
        raster = read_population(recipe.rasters, cells, is_density=recipe.is_density, progress=progress)
    if zones is not None:
        grown = _grown(recipe, _spread(zones, cells, raster, progress), None, progress)
    elif raster is not None:
        grown = _grown(recipe, raster, cells, progress)
    else:
        raise InputError(NO_PEOPLE)
    return with_people(by_age(grown, recipe), merge_below=recipe.merge_below)


def by_age(population: Population, recipe: Recipe) -> Population:
    """A column of people of all ages split into children, working age and elderly; their sum stays what it was.

    Raises
    ------
    InputError
        Some ages are there and others are not.
    """
    have = set(population.columns)
    if set(SEGMENTS) <= have:
        return population
    if have != {WHOLE}:
        missing = [name for name in SEGMENTS if name not in have]
        raise InputError(
            f"people come by {some(population.columns)}, without {some(missing)}: give {', '.join(SEGMENTS)}, or one column "
            f"{WHOLE} of all ages"
        )
    shares = recipe.age_shares
    whole = population.cells[WHOLE].to_numpy(dtype=np.float64)
    split = {name: whole * share for name, share in zip(SEGMENTS, shares, strict=True)}
    outside = {name: population.outside.get(WHOLE, 0.0) * share for name, share in zip(SEGMENTS, shares, strict=True)}
    told = ", ".join(f"{name} {share:.1%}" for name, share in zip(SEGMENTS, shares, strict=True))
    return replace(
        population,
        cells=population.cells.drop(columns=WHOLE).assign(**split),
        columns=SEGMENTS,
        outside=outside,
        notes=(*population.notes, f"people of all ages split the same way everywhere: {told}"),
    )


def nodes_of(population: Population, places: Places, recipe: Recipe) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """The table `nodes`, with the outline of each node, and what was left out.

    Raises
    ------
    InputError
        No node lies in the region.
    """
    cells = population.cells
    township = _townships(cells, places)
    inside = township >= 0
    if not inside.any():
        raise InputError("no people live within the zones or districts; check that all files show the same region")
    notes = []
    if not inside.all():
        lost = population.by_cell[~inside].sum()
        notes.append(
            f"{counted(int((~inside).sum()), 'node')} with {lost:,.0f} people outside every township left out: "
            + some(cells["cell_id"][~inside])
        )
    kept = cells[inside].reset_index(drop=True)
    people = population.by_cell[inside]
    names = kept["name"] if "name" in kept else pd.Series("", index=kept.index)
    ids = places.ids_of(township[inside])
    nodes = gpd.GeoDataFrame(
        {
            "node_id": kept["cell_id"].astype(str),
            "name": names.astype(str),
            "lon": kept["lon"],
            "lat": kept["lat"],
            "district_id": ids["district_id"],
            "township_id": ids["township_id"],
            "is_urban": _density(kept, people) >= recipe.urban_people_per_km2,
            "area_km2": kept["area_km2"],
            **{name: kept[name] for name in population.columns},
        },
        geometry=kept.geometry.to_numpy(),
        crs="EPSG:4326",
    )
    urban = float(people[nodes["is_urban"].to_numpy()].sum())
    notes.append(
        f"{urban:,.0f} of {people.sum():,.0f} people are urban ({recipe.urban_people_per_km2:g} people per km2 and more)"
    )
    return nodes, tuple(notes)


def _townships(cells: gpd.GeoDataFrame, places: Places) -> NDArray[np.int64]:
    """Position of each node's township: that whose border cut the cell, or in which the point lies; -1: none."""
    if "township_id" in cells:
        found = pd.Index(places.townships["township_id"]).get_indexer(pd.Index(cells["township_id"]))
        return np.asarray(found, dtype=np.int64)
    return places.township_of(cells["lon"].to_numpy(dtype=float), cells["lat"].to_numpy(dtype=float))


def _spread(zones: Population, cells: gpd.GeoDataFrame, raster: Population | None, progress: Progress) -> Population:
    """Zones onto cells, where the raster has people, or evenly."""
    if raster is None:
        return spread_zones(zones, cells, progress=progress)
    weighted = raster.cells[["cell_id", "township_id", "geometry"]].assign(**{WEIGHT: raster.by_cell})
    spread = spread_zones(zones, weighted, weights=WEIGHT, progress=progress)
    plain = spread.cells.drop(columns=WEIGHT, errors="ignore")
    read = f"raster: {raster.people:,.0f} people say where in a zone its people live; the totals are those of the zones"
    return replace(spread, cells=plain, notes=(*spread.notes, *raster.notes, read))


def _grown(recipe: Recipe, population: Population, cells: gpd.GeoDataFrame | None, progress: Progress) -> Population:
    growth = recipe.growth
    if growth is None:
        return population
    if not isinstance(growth, FutureRasters):
        return grow(population, growth.yearly, growth.year - growth.from_year)
    if cells is None:
        remedy = "give a yearly growth"
        raise InputError(f"a raster of a later year goes with a population raster, not with zones or points: {remedy}")
    later = read_population(growth.rasters, cells, is_density=recipe.is_density, progress=progress)
    return towards(population, later, from_year=growth.from_year, future_year=growth.raster_year, year=growth.year)


def _density(cells: gpd.GeoDataFrame, people: Floats) -> Floats:
    """People per km2 of each cell; of a point without an area, of the circle of `AROUND_KM` around it."""
    area_km2 = cells["area_km2"].to_numpy(dtype=np.float64)
    here = unit_vectors(cells["lon"], cells["lat"])
    without = np.flatnonzero(area_km2 <= 0)
    near = KDTree(here).query_ball_point(here[without], chord_of_km(AROUND_KM))
    density = people / np.where(area_km2 > 0, area_km2, 1.0)
    density[without] = [people[found].sum() / (np.pi * AROUND_KM**2) for found in near]
    return np.asarray(density)
