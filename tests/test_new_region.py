"""`netplan region new`: files of people, outlines, roads and branches become a region that checks and plans, or one clear error."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sources import (
    EAST,
    NORTH,
    PEOPLE,
    SOUTH,
    WEST,
    branches_frame,
    write_branches,
    write_raster,
    write_sources,
    write_streets,
    write_zones,
    zones_frame,
)
from typer.testing import CliRunner

from netplan.cli.app import app
from netplan.errors import InputError
from netplan.new_region import Cells, Growth, OutletFile, OutlineFile, Recipe, RoadFile, new_region
from netplan.new_region.defaults import default_tables
from netplan.new_region.places import places_of
from netplan.new_region.stubs import without_stubs
from netplan.new_region.suggest import suggested_nodes
from netplan.policy import read_policy
from netplan.problem import PlanningProblem
from netplan.region import read_region
from netplan.roads import Roads
from netplan.solve import solve

AGES = ("children", "working", "elderly")
ZONES = {"--zone-id": "code", "--zone-name": "label", "--zone-district": "county"}
ZONE_PEOPLE = "children=young,working=mid,elderly=old"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All source files."""
    return write_sources(tmp_path_factory.mktemp("sources"))


def recipe(sources: dict[str, Path], **parts: object) -> Recipe:
    """Raster, zones with people, streets and branches."""
    given: dict[str, object] = {
        "name": "Valley",
        "currency": "EUR",
        "country": "DE",
        "rasters": {"people": sources["population"]},
        "zones": OutlineFile(
            sources["zones"],
            id="code",
            name="label",
            people=dict(zip(AGES, ("young", "mid", "old"), strict=True)),
            district="county",
        ),
        "outlets": OutletFile(sources["outlets"], bank="Ours", margin_share=0.02, volume_unit=1000.0),
        "roads": RoadFile(sources["roads"]),
        "num_suggested": 3,
    }
    return Recipe(**{**given, **parts})  # type: ignore[arg-type]


def arguments(sources: dict[str, Path], folder: Path, **options: object) -> list[str]:
    """The command line of the same region; ``None`` leaves an option out."""
    given: dict[str, object] = {
        "--currency": "EUR",
        "--country": "DE",
        "--population": sources["population"],
        "--zones": sources["zones"],
        **ZONES,
        "--zone-people": ZONE_PEOPLE,
        "--roads": sources["roads"],
        "--outlets": sources["outlets"],
        "--bank": "Ours",
        "--margin-share": "2%",
        "--volume-unit": 1000,
        "--suggest": 3,
    }
    given.update({f"--{name.replace('_', '-')}": value for name, value in options.items()})
    told = [str(part) for name, value in given.items() if value is not None for part in (name, value)]
    return ["region", "new", str(folder), *told]


def test_the_folder_checks_plans_and_solves(sources: dict[str, Path], tmp_path: Path) -> None:
    """What the command writes has no violation, and a plan for it is found and proven."""
    folder = tmp_path / "valley"
    outcome = CliRunner().invoke(app, arguments(sources, folder))
    assert outcome.exit_code == 0, outcome.output
    region = read_region(folder)
    assert {path.name for path in folder.iterdir()} >= {
        "nodes.csv",
        "districts.geojson",
        "plan.toml",
        "region.toml",
        "report.md",
    }
    problem = PlanningProblem.build(region, read_policy(folder / "plan.toml"))
    assert problem.travel.is_from_roads
    result = solve(problem, gap=0)
    assert result.status == "optimal"
    assert result.plan is not None


def test_every_zone_keeps_its_people(sources: dict[str, Path]) -> None:
    """By zone and age the nodes add up to the census: cells are cut at the border; the raster says where in a zone people live."""
    made = new_region(recipe(sources))
    nodes = made.region.nodes
    per_zone = nodes.groupby("township_id")[list(AGES)].sum()
    whole = np.array([PEOPLE[zone] for zone in per_zone.index])
    np.testing.assert_allclose(per_zone.to_numpy(), whole, rtol=1e-9)
    assert made.region.people == pytest.approx(2_100, rel=1e-9)
    west = nodes.loc[nodes["township_id"] == "Z1"]
    density = west["working"] / west["area_km2"]
    assert np.corrcoef(density, west["lon"])[0, 1] < -0.5, "the raster thins out eastwards"


def test_a_raster_alone_gives_its_own_total(sources: dict[str, Path]) -> None:
    """People inside and outside the outlines add up to the raster; ages split as asked."""
    given = recipe(sources, zones=OutlineFile(sources["zones"], id="code"), age_shares=(0.1, 0.7, 0.2))
    made = new_region(given)
    column = np.linspace(3.0, 1.0, 42)
    in_file = 22 * column.sum() - column[7]
    assert made.region.people + sum(made.population.outside.values()) == pytest.approx(in_file, rel=1e-9)
    inside = 20 * column[1:41].sum() - column[7]
    assert made.region.people == pytest.approx(inside, rel=1e-6)
    assert made.region.nodes["working"].sum() == pytest.approx(0.7 * made.region.people)


def test_growth_is_compound(sources: dict[str, Path]) -> None:
    """Two per cent a year for ten years are 1.02 to the tenth."""
    made = new_region(recipe(sources, growth=Growth(2020, 2030, 0.02)))
    assert made.region.people == pytest.approx(2_100 * 1.02**10)


def test_hexagons_and_squares_hold_the_same_people(sources: dict[str, Path]) -> None:
    """The shape of the cells changes no total."""
    for cells in (Cells.parse("h3:8"), Cells.parse("500m")):
        made = new_region(recipe(sources, cells=cells, roads=None))
        assert made.region.people == pytest.approx(2_100, rel=1e-9)
        assert len(made.region.nodes) > 20


def test_outlets_competitors_and_margins(sources: dict[str, Path]) -> None:
    """Ids keep their zeros, the other bank competes, and margins are 2 % of the deposits in money."""
    region = new_region(recipe(sources)).region
    assert list(region.outlets["site_id"]) == ["001", "002", "003", "004"]
    assert list(region.competitors["name"]) == ["Other"]
    margins = region.outlets[["margin_cash", "margin_counter", "margin_advice"]].to_numpy().sum(axis=1)
    np.testing.assert_allclose(margins, 0.02 * 1000 * np.array([90_000, 40_000, 55_000, 12_000]))
    assert list(region.outlets["township_id"]) == ["Z2", "Z1", "Z4", "Z4"]
    assert list(region.outlets["district_id"]) == ["D1", "D1", "D2", "D2"]


def test_margins_unknown_are_modelled_and_said(sources: dict[str, Path]) -> None:
    """Without volumes a margin is a multiple of the running cost, and the report says so."""
    made = new_region(recipe(sources, outlets=OutletFile(sources["outlets"], columns={"volume": ""}, bank="Ours")))
    cost = default_tables(50_000)["formats"].set_index("format").loc["full", "running_cost_per_year"]
    margins = made.region.outlets[["margin_cash", "margin_counter", "margin_advice"]].to_numpy().sum(axis=1)
    np.testing.assert_allclose(margins, 1.5 * cost, rtol=1e-6)
    assert any("margins modelled" in note for note in made.report.notes)


def test_gcj02_branches_land_where_they_are(sources: dict[str, Path], tmp_path: Path) -> None:
    """Outside China the system changes nothing; a projected list comes back to its degrees."""
    frame = branches_frame()
    points = gpd.GeoSeries(gpd.points_from_xy(frame["longitude"], frame["latitude"]), crs="EPSG:4326").to_crs(
        "EPSG:32632"
    )
    moved = write_branches(tmp_path / "utm.csv", frame.assign(longitude=points.x, latitude=points.y))
    region = new_region(recipe(sources, outlets=OutletFile(moved, system="EPSG:32632", bank="Ours"))).region
    np.testing.assert_allclose(region.outlets["lon"], frame["longitude"][:4], atol=1e-7)


def test_own_tables_replace_defaults(sources: dict[str, Path], tmp_path: Path) -> None:
    """A table in the folder is taken as it is; the others stay modelled, and region.toml tells which is which."""
    own = tmp_path / "own"
    own.mkdir()
    pd.DataFrame({"minutes": [0, 30], "lost_share": [0, 0.9], "relocated_lost_share": [0, 0.5]}).to_csv(
        own / "retention.csv", index=False
    )
    new_region(recipe(sources, tables=own)).write(tmp_path / "r")
    region = read_region(tmp_path / "r")
    assert list(region.retention["lost_share"]) == [0.0, 0.9]
    settings = tomllib.loads((tmp_path / "r" / "region.toml").read_text(encoding="utf-8"))
    assert settings["sources"]["retention"] == {
        "source": "retention.csv",
        "licence": "not stated: write the licence of the files here",
        "modelled": False,
    }
    assert settings["sources"]["gain"]["modelled"] is True
    assert set(settings["sources"]) == {path.stem for path in (tmp_path / "r").glob("*.csv")}


def test_names_are_data(sources: dict[str, Path], tmp_path: Path) -> None:
    """Names with quotes, markup and backslashes come through region.toml, and the report shows them as text."""
    name = 'A"\\ <script>alert(1)</script> | [x](y)\n'
    new_region(recipe(sources, name=name)).write(tmp_path / "r")
    assert read_region(tmp_path / "r").name == name
    page = (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "[x](y)" not in page


def test_the_report_counts_what_was_left_out(sources: dict[str, Path], tmp_path: Path) -> None:
    """An outlet outside, people outside, nodes off the road: each is counted and named."""
    far = pd.concat(
        [branches_frame(), branches_frame().iloc[[0]].assign(branch_id="099", longitude=11.5, branch="Far")]
    )
    made = new_region(recipe(sources, outlets=OutletFile(write_branches(tmp_path / "far.csv", far), bank="Ours")))
    assert "1 outlet of ours outside the region, left out (Far)" in str(made.report)
    assert "099" not in set(made.region.outlets["site_id"])
    assert "snapped to a road" in str(made.report)
    assert made.report.markdown().startswith("# Valley")


def test_outlines_of_the_districts_come_along(sources: dict[str, Path], tmp_path: Path) -> None:
    """Districts are the union of their zones, and the map's outlines hold no other columns."""
    new_region(recipe(sources)).write(tmp_path / "r")
    shapes = gpd.read_file(tmp_path / "r" / "districts.geojson").set_index("district_id")
    assert set(shapes.columns) == {"geometry"}
    middle = (WEST + EAST) / 2
    assert shapes.loc["D1", "geometry"].symmetric_difference(shapely.box(WEST, SOUTH, middle, NORTH)).area < 1e-9
    json.loads((tmp_path / "r" / "districts.geojson").read_text(encoding="utf-8"))


def test_zones_without_districts_are_one_district(sources: dict[str, Path]) -> None:
    """Nothing is made up: one district, and a note."""
    zones = OutlineFile(sources["zones"], id="code")
    made = new_region(recipe(sources, zones=zones))
    assert len(made.region.districts) == 1
    assert any("one district" in note for note in made.report.notes)


def test_border_places_count_to_the_nearest_township() -> None:
    """A place 300 m outside is counted to its nearest township, one 3 km outside to none."""
    frame = zones_frame().rename(columns={"code": "cell_id", "label": "name"})
    places = places_of(frame, None, None, "x")
    lon, lat = np.array([10.01, 10.05, 10.05]), np.array([46.0 - 0.0027, 46.02, 46.0 - 0.027])
    assert list(places.township_of(lon, lat)) == [0, 2, -1]


def test_suggestions_are_the_greedy_p_median() -> None:
    """Each suggested node is the one that, given those before it, saves most people-kilometres (checked one by one)."""
    rng = np.random.default_rng(5)
    nodes = gpd.GeoDataFrame({"lon": rng.uniform(10, 10.2, 60), "lat": rng.uniform(46, 46.2, 60)})
    for age in AGES:
        nodes[age] = rng.integers(0, 500, 60)
    outlets = pd.DataFrame({"lon": [10.02], "lat": [46.02]})
    people = nodes[list(AGES)].to_numpy().sum(axis=1)

    def km(lon: float, lat: float) -> np.ndarray:
        a, b, c = np.radians(nodes["lat"]), np.radians(lat), np.radians(nodes["lon"] - lon)
        return (
            6371.0088 * np.arccos(np.clip(np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(c), -1, 1)).to_numpy()
        )

    today = np.minimum(km(10.02, 46.02), 20.0)
    for chosen in suggested_nodes(nodes, outlets, 5):
        saved = [
            people @ np.maximum(0, today - km(lon, lat)) for lon, lat in zip(nodes["lon"], nodes["lat"], strict=True)
        ]
        assert saved[chosen] == pytest.approx(max(saved), rel=1e-4)
        today = np.minimum(today, km(nodes["lon"][chosen], nodes["lat"][chosen]))


def test_stubs_go_and_islands_stay() -> None:
    """A loose yard 100 m beside the network goes; a loose road 5 km away stays, and so does every road that meets the rest."""
    junctions = pd.DataFrame(
        {
            "road_node_id": ["a", "b", "c", "y1", "y2", "i1", "i2"],
            "lon": [10.0, 10.002, 10.004, 10.001, 10.0012, 10.1, 10.101],
            "lat": [46.0, 46.0, 46.0, 46.001, 46.001, 46.0, 46.0],
        }
    )
    edges = pd.DataFrame(
        {
            "from_id": ["a", "b", "y1", "i1"],
            "to_id": ["b", "c", "y2", "i2"],
            "metres": 150.0,
            "minutes": 0.2,
            "is_oneway": False,
        }
    )
    left = without_stubs(Roads(junctions, edges))
    assert set(left.junctions["road_node_id"]) == {"a", "b", "c", "i1", "i2"}
    assert list(left.edges["from_id"]) == ["a", "b", "i1"]
    assert "1 part of at most 30 junctions" in left.notes[-1]


@pytest.mark.parametrize("text", ["", "1", "km", "0km", "h3:16", "h3:-1", "h3:x", "-5m", "1e9km", "nan m"])
def test_cells_refuse_nonsense(text: str) -> None:
    """What is no size is refused with examples."""
    with pytest.raises(InputError, match="1km"):
        Cells.parse(text)


def truncated(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A PBF cut off in the middle."""
    osmium = pytest.importorskip("osmium")
    whole = folder / "whole.osm.pbf"
    with osmium.SimpleWriter(str(whole)) as writer:
        for each in osmium.FileProcessor(str(sources["roads"])):
            writer.add(each)
    path = folder / "cut.osm.pbf"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return {"roads": path}


def no_crs(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A raster that does not say where it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rasterio warns of what the test is about
        return {"population": write_raster(folder / "nowhere.tif", crs=None)}


def swapped(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """Latitude and longitude exchanged."""
    frame = branches_frame().rename(columns={"longitude": "latitude", "latitude": "longitude"})
    return {"outlets": write_branches(folder / "swapped.csv", frame)}


def lines_for_zones(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """Outlines as lines."""
    frame = zones_frame()
    return {"zones": write_zones(folder / "lines.gpkg", frame.set_geometry(frame.boundary))}


def bow_ties(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A polygon that crosses itself."""
    frame = zones_frame()
    shapes = list(frame.geometry)
    shapes[2] = shapely.Polygon([(10.04, 46.0), (10.06, 46.04), (10.06, 46.0), (10.04, 46.04)])
    return {"zones": write_zones(folder / "bow.gpkg", frame.set_geometry(gpd.GeoSeries(shapes, crs=4326)))}


def another_country(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """Roads far away."""
    return {"roads": write_streets(folder / "far.osm", west=25.0, south=60.0)}


def empty_layer(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A layer without rows."""
    return {"zones": write_zones(folder / "empty.gpkg", zones_frame().iloc[:0])}


def missing_column(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A column that the file does not have."""
    return {"zone_id": "no_such_column"}


def no_people(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """Neither raster nor people in the zones."""
    return {"population": None, "zone_people": None}


def unknown_bank(sources: dict[str, Path], folder: Path) -> dict[str, object]:
    """A bank that is not in the list."""
    return {"bank": "Nobody"}


BAD = {
    truncated: "cut.osm.pbf",
    no_crs: "nowhere.tif",
    swapped: "swapped.csv",
    lines_for_zones: "lines.gpkg",
    bow_ties: "bow.gpkg",
    another_country: "far.osm",
    empty_layer: "empty.gpkg",
    missing_column: "no_such_column",
    no_people: "raster",
    unknown_bank: "Nobody",
}


@pytest.mark.parametrize("break_it", BAD, ids=lambda function: function.__name__)
def test_bad_input_is_one_clear_message(
    break_it: Callable[[dict[str, Path], Path], dict[str, object]], sources: dict[str, Path], tmp_path: Path
) -> None:
    """Exit code 2, one message that names the file (or the option's value), no traceback, nothing written."""
    folder = tmp_path / "out" / "region"
    outcome = CliRunner().invoke(app, [*arguments(sources, folder, **break_it(sources, tmp_path)), "--quiet"])
    assert outcome.exit_code == 2, outcome.output
    assert BAD[break_it] in outcome.stderr
    assert outcome.stderr.startswith("netplan: ")
    assert "Traceback" not in outcome.output
    assert not folder.parent.exists()


def test_an_existing_folder_is_left_alone(sources: dict[str, Path], tmp_path: Path) -> None:
    """A folder that holds something is refused before anything is read."""
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    outcome = CliRunner().invoke(app, arguments(sources, tmp_path))
    assert outcome.exit_code == 2
    assert "not empty" in outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
