"""The ground of a new region: outlines of zones and districts, and the people that zones carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import geopandas as gpd
import rasterio
import rasterio.warp
import shapely

from netplan.demand.layers import read_layer
from netplan.demand.outlines import read_outlines
from netplan.demand.people_columns import usual_columns
from netplan.demand.population import Population
from netplan.demand.zone_report import zone_report
from netplan.demand.zones import read_zones
from netplan.errors import InputError
from netplan.new_region.people import points_of
from netplan.new_region.recipe import OutlineFile, Recipe
from netplan.new_region.report import Report
from netplan.violations import counted

Progress = Callable[[str, float], None]

HULL_MARGIN_DEGREES = 0.01
"""Round points that have no outline: about a kilometre."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Outlines that were read; ``None`` where there are none.

    Attributes
    ----------
    zones
        cell_id, name, geometry, and where known district_id and district_name.
    people
        The zones with their people, where they carry any.
    """

    zones: gpd.GeoDataFrame | None
    districts: gpd.GeoDataFrame | None
    people: Population | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing says where the region ends."""
        return self.zones is None and self.districts is None


def read_ground(recipe: Recipe, report: Report, progress: Progress) -> Ground:
    """Read zones and districts, and report where zones overlap or leave gaps.

    Raises
    ------
    InputError
        An outline cannot be used; the message names the file and the rows.
    """
    districts = None
    if recipe.districts is not None:
        read = _outlines(recipe.districts)
        districts = read[0]
        report.add(
            "Outlines of districts",
            {"file": recipe.districts.path.name, "read": counted(len(districts), "outline")},
            read[1],
        )
    if recipe.zones is None:
        return Ground(None, districts, None)
    zones, notes, people = _zones(recipe.zones)
    facts = {"file": recipe.zones.path.name, "read": counted(len(zones), "outline")}
    if people is not None:
        facts["people"] = f"{people.people:,.0f}"
        notes = (*notes, *zone_report(people, progress=progress).notes)
    report.add("Zones", facts, notes)
    return Ground(zones, districts, people)


def extent_of(recipe: Recipe) -> shapely.Geometry:
    """The outline of a region that has neither zones nor districts: the box of its raster, the hull of its points."""
    points = points_of(recipe)
    if points is not None:
        return shapely.convex_hull(shapely.union_all(points.cells.geometry.to_numpy())).buffer(HULL_MARGIN_DEGREES)
    path = next(iter(recipe.rasters.values()))
    try:
        with rasterio.open(path) as raster:
            bounds = rasterio.warp.transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    except (rasterio.errors.RasterioError, rasterio.errors.CRSError) as error:
        raise InputError(f"{path.name}: cannot be read as a raster with a place on Earth ({error})") from None
    return shapely.box(*bounds)


def _outlines(file: OutlineFile) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    read = read_outlines(file.path, id=file.id, name=file.name, layer=file.layer, repair=file.repair)
    return _named(read.frame, file), read.notes


def _zones(file: OutlineFile) -> tuple[gpd.GeoDataFrame, tuple[str, ...], Population | None]:
    file = _recognised(file)
    keep = tuple(dict.fromkeys(name for name in (file.district, file.district_name) if name))
    if not file.people:
        read = read_outlines(file.path, id=file.id, name=file.name, keep=keep, layer=file.layer, repair=file.repair)
        return _named(read.frame, file), read.notes, None
    if file.table is None:
        people = read_zones(
            file.path, file.people, id=file.id, name=file.name, keep=keep, layer=file.layer, repair=file.repair
        )
    else:
        outlines = read_outlines(file.path, id=file.id, keep=keep, layer=file.layer, repair=file.repair)
        people = read_zones(file.table, file.people, id=file.id, name=file.name, outlines=outlines)
    return _named(people.cells, file), people.notes, people


def _recognised(file: OutlineFile) -> OutlineFile:
    """Columns of people and of the district under their usual names, where none are named."""
    raw = read_layer(file.path, layer=file.layer)
    people = file.people
    if people is None:
        table = raw if file.table is None else read_layer(file.table)
        people = {name: str(column[0]) for name, column in usual_columns(table).items() if isinstance(column, tuple)}
    usual = {name: name if name in raw.cells else "" for name in ("district_id", "district_name")}
    own_id = next((name for name in ("zone_id", "township_id") if name in raw.cells), "")
    return replace(
        file,
        id=file.id or own_id,
        people=people,
        district=file.district or usual["district_id"],
        district_name=file.district_name or usual["district_name"],
    )


def _named(frame: gpd.GeoDataFrame, file: OutlineFile) -> gpd.GeoDataFrame:
    """Names where the file has none, and the district's columns under netplan's names."""
    named = frame.assign(name=frame["name"].where(frame["name"] != "", frame["cell_id"]))
    columns = {file.district: "district_id", file.district_name: "district_name"}
    return named.rename(columns={old: new for old, new in columns.items() if old})
