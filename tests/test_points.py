"""Towns and villages: read from any table or layer of points, in any coordinate system, as nodes with their people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from netplan.coordinates.systems import from_wgs84
from netplan.demand.points import read_points
from netplan.errors import InputError

TOWNS = {
    "id": ["007", "8", "9", "10"],
    "name": ["Port", "Hill", "Mill", "Ford"],
    "lon": [106.5, 106.6, 106.7, 106.8],
    "lat": [29.5, 29.6, 29.7, 29.8],
    "population": [1200.0, 300.5, 0.0, None],
}
GEONAMES = Path(__file__).parents[2] / "shared" / "data" / "regions" / "chongqing" / "geonames_places.csv"


def towns(**columns: list[Any]) -> pd.DataFrame:
    """The towns, with other columns."""
    return pd.DataFrame({**TOWNS, **columns})


def test_towns_become_cells_as_they_are() -> None:
    """Position, people, id and name are those of the row; the area is 0 without a column, the geometry the point itself."""
    population = read_points(towns(), id="id")
    cells = population.cells
    assert cells["cell_id"].tolist() == ["007", "8", "9", "10"]
    assert cells["people"].tolist() == [1200, 300.5, 0, 0]
    assert (cells.geometry.x.tolist(), cells.geometry.y.tolist()) == (TOWNS["lon"], TOWNS["lat"])
    assert cells["area_km2"].tolist() == [0, 0, 0, 0]
    assert read_points(towns(km2=[1, 2, 3, 4.5]), area="km2").cells["area_km2"].tolist() == [1, 2, 3, 4.5]
    assert read_points(towns()).cells["cell_id"].tolist() == ["P2", "P3", "P4", "P5"]


def test_unknown_and_zero_people_are_counted_and_listed() -> None:
    """A blank and a 0 are both told by name, each in a note of its own, and neither row is lost."""
    notes = read_points(towns()).notes
    assert "the table: 1 place without people (0; in some lists that means unknown), 0 taken: Mill" in notes
    assert "the table: 1 place of unknown people, 0 taken: Ford" in notes
    assert "the table: 4 places read, with people: people 1,500" in notes


def test_repeated_places_are_left_out_and_neighbours_kept() -> None:
    """The same name, position and people twice count once; the same position with other people stays; both are noted."""
    table = pd.DataFrame(
        {
            "name": ["Port", "Port", "Quay", "Hill"],
            "lon": [1.0, 1.0, 1.0, 2.0],
            "lat": [1.0, 1.0, 1.0, 2.0],
            "people": [10, 10, 7, 5],
        }
    )
    population = read_points(table)
    assert population.people == 22
    told = "\n".join(population.notes)
    assert "1 place given again with the same name, position and people left out: Port (row 3)" in told
    assert "2 places at the position of another, all of them kept: Port, Quay" in told


def test_segments_by_share_and_kept_columns() -> None:
    """A total may be split by shares, and a district column may stay."""
    table = towns(population=[100, 200, 300, 400], district=["A", "A", "B", "B"])
    population = read_points(
        table, {"children": 0.2, "working": 0.6, "elderly": 0.2}, total="population", keep=["district"]
    )
    assert population.cells["working"].tolist() == pytest.approx([60, 120, 180, 240])
    assert population.cells["district"].tolist() == ["A", "A", "B", "B"]
    assert population.people == pytest.approx(1000)


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:4490", "EPSG:32648"])
def test_positions_arrive_in_wgs84(system: str) -> None:
    """Coordinates of a Chinese vendor or in UTM come back to the same places to a centimetre, and the note says so."""
    x, y = from_wgs84(TOWNS["lon"], TOWNS["lat"], system)
    population = read_points(towns(lon=list(x), lat=list(y)), system=system)
    assert population.cells["lon"].tolist() == pytest.approx(TOWNS["lon"], abs=1e-7)
    assert population.cells["lat"].tolist() == pytest.approx(TOWNS["lat"], abs=1e-7)
    assert population.cells.geometry.x.tolist() == population.cells["lon"].tolist()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "gpkg", "geojson", "shp"])
def test_places_from_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    """The same towns from text, workbook and layers, of which one is in UTM."""
    path, table = tmp_path / f"towns.{kind}", towns(population=[1200, 300, 4, 5])
    if kind == "csv":
        table.to_csv(path, index=False)
    elif kind == "xlsx":
        table.to_excel(path, index=False)
    else:
        layer = gpd.GeoDataFrame(
            table.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(table["lon"], table["lat"])
        )
        layer.set_crs("EPSG:4326").to_crs("EPSG:32648" if kind == "gpkg" else "EPSG:4326").to_file(path)
    population = read_points(path, id="id")
    assert population.cells["cell_id"].tolist() == TOWNS["id"]
    assert population.people == 1509
    assert population.cells["lon"].tolist() == pytest.approx(TOWNS["lon"], abs=1e-8)
    assert population.cells["lat"].tolist() == pytest.approx(TOWNS["lat"], abs=1e-8)


Refused = tuple[Callable[[], pd.DataFrame], dict[str, Any], str]
REFUSED: dict[str, Refused] = {
    "blank position": (lambda: towns(lon=[1, None, 3, 4]), {}, "row 3, lon: no position; fill it in"),
    "text as position": (lambda: towns(lat=["1", "north", "3", "4"]), {}, "row 3, lat = 'north': not a number"),
    "off the Earth": (lambda: towns(lat=[1, 2, 3, 291]), {}, "Earth|latitude"),
    "two longitudes": (lambda: towns(x=[1, 2, 3, 4]), {}, r"several columns could be the longitude \(lon, x\)"),
    "no latitude": (lambda: towns().drop(columns="lat"), {}, "no column is the latitude; name lon and lat"),
    "no such column": (towns, {"lon": "easting"}, "no column easting"),
    "repeated id": (
        lambda: towns(id=["1", "1", "2", "3"]),
        {"id": "id"},
        r"id: used more than once; merge .*\n +row 2: '1'",
    ),
    "negative people": (lambda: towns(population=[1, -1, 2, 3]), {}, "row 3, population = '-1': negative people"),
    "no people": (lambda: towns().drop(columns="population"), {}, "no column of people is named"),
    "blank area": (lambda: towns(km2=[1, None, 2, 3]), {"area": "km2"}, "row 3, km2: no area; fill it in"),
    "unknown system": (towns, {"system": "mars"}, "mars"),
    "no rows": (lambda: towns().iloc[:0], {}, "the layer is empty"),
    "taken name": (towns, {"columns": {"name": "population"}}, "a segment cannot be called name"),
    "polygons": (
        lambda: gpd.GeoDataFrame({"people": [1]}, geometry=[box(0, 0, 1, 1)], crs="EPSG:4326"),
        {},
        "row 2, geometry: no point; read zones",
    ),
    "two systems": (
        lambda: gpd.GeoDataFrame({"people": [1]}, geometry=gpd.points_from_xy([1], [1]), crs="EPSG:4326"),
        {"system": "EPSG:32648"},
        "states its own coordinate system; leave out",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_places_are_refused(case: str) -> None:
    """One message that names the table, the row where there is one, and the remedy."""
    make, options, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read_points(make(), **options)


@pytest.mark.skipif(not GEONAMES.exists(), reason="the shared data are not beside the project")
def test_the_places_of_geonames_are_read() -> None:
    """Every row of the GeoNames list is a place or told as a repeat, its people are kept, and those of 0 people are counted."""
    table = pd.read_csv(GEONAMES, dtype=str, keep_default_na=False)
    lon, lat = ("lon", "lat") if "lon" in table else ("longitude", "latitude")
    population = read_points(GEONAMES, {"people": "population"}, lon=lon, lat=lat)
    people = table["population"].astype(float)
    repeats = table.assign(name=table.get("name", "")).duplicated(["name", lon, lat, "population"])
    assert len(population.cells) == len(table) - repeats.sum()
    assert population.people == people[~repeats].sum()
    nobody = int((people[~repeats] == 0).sum())
    assert not nobody or [note for note in population.notes if f"{nobody:,} place" in note]
