"""The Region: what a folder becomes, from every file format, and its parts by district."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from regions import SETTINGS, tiny_tables, write_region

from netplan.errors import InputError
from netplan.region import Region, read_region
from netplan.tables import TABLES

STEMS = [table.stem for table in TABLES]


@pytest.fixture(name="tiny", scope="module")
def _tiny(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return read_region(write_region(tiny_tables(), tmp_path_factory.mktemp("tiny")))


def same_tables(one: Region, other: Region) -> None:
    """Every table of two regions is equal, types included."""
    for stem in STEMS:
        pd.testing.assert_frame_equal(pd.DataFrame(one.table(stem)), pd.DataFrame(other.table(stem)), obj=stem)


def in_memory(tables: dict[str, pd.DataFrame]) -> Region:
    """The region of these tables without a folder."""
    return Region.from_tables(name="Tiny", currency="EUR", tables=tables)


def test_settings_and_sources_are_kept(tiny: Region) -> None:
    """Name, currency, language and country come from region.toml, and what is modelled is known by table."""
    assert (tiny.name, tiny.currency, tiny.language, tiny.country, tiny.crs) == ("Tiny", "EUR", "en", "XX", "EPSG:4326")
    assert [(source.table, source.licence, source.is_modelled) for source in tiny.sources] == [("nodes", "MIT", True)]


def test_totals_are_those_of_the_drawing(tiny: Region) -> None:
    """3,100 people live in the tiny region; classes and segments are in the order of visits.csv."""
    assert tiny.people == 3100.0
    assert tiny.services == ("cash", "counter", "advice")
    assert tiny.segments == ("children", "working", "elderly")


@pytest.mark.parametrize("stem", STEMS)
def test_columns_have_the_types_of_their_contract(stem: str, tiny: Region) -> None:
    """Text is str without missing values, numbers float64, whole numbers int64, flags bool, dates datetime64, lists tuples."""
    frame = tiny.table(stem)
    assert isinstance(frame.index, pd.RangeIndex)
    kinds = {
        name: one.metadata["kind"] for name, one in next(t for t in TABLES if t.stem == stem).schema.columns.items()
    }
    for name, kind in kinds.items():
        if name.startswith("^"):
            continue
        column = frame[name]
        if kind in ("id", "text"):
            assert all(type(value) is str for value in column), name
        elif kind == "list":
            assert all(type(value) is tuple and all(type(part) is str for part in value) for value in column), name
        else:
            expected = {"number": "float64", "whole": "int64", "flag": "bool", "date": "datetime64[s]"}[kind]
            assert str(column.dtype) == expected, name


def test_blank_cells_mean_what_the_contract_says(tiny: Region) -> None:
    """A blank lease end is NaT, a blank host "", a blank capacity NaN."""
    outlets, formats = tiny.outlets.set_index("site_id"), tiny.formats.set_index("format")
    assert pd.isna(outlets.loc["O1", "lease_end"])
    assert outlets.loc["O2", "lease_end"] == pd.Timestamp("2027-12-31")
    assert outlets.loc["O1", "host_id"] == ""
    assert np.isnan(formats.loc["van_weekly", "capacity_visits_per_year"])
    assert formats.loc["full", "services"] == ("cash", "counter", "advice")


def test_absent_optional_columns_take_their_default() -> None:
    """Without these columns the market margin is 0, host ids are blank, and every service has its margin and capacity column."""
    tables = tiny_tables()
    tables["nodes"] = tables["nodes"].drop(columns=["market_margin_per_year", "name"])
    tables["candidates"] = tables["candidates"].assign(formats="light").drop(columns="host_id")
    tables["outlets"] = tables["outlets"].drop(columns="margin_advice")
    region = in_memory(tables)
    assert region.nodes["market_margin_per_year"].tolist() == [0.0] * 6
    assert region.nodes["name"].tolist() == [""] * 6
    assert region.candidates["host_id"].tolist() == [""] * 3
    assert region.outlets["margin_advice"].tolist() == [0.0] * 4
    assert region.formats["capacity_for_cash"].isna().all()
    told = " ".join(region.notes)
    assert all(f" {name} (" in told for name in ("market_margin_per_year", "name", "host_id"))


def test_absent_optional_tables_are_empty_with_all_columns() -> None:
    """Code downstream finds every column, whether or not there is a van."""
    tables = tiny_tables()
    region = in_memory({stem: frame for stem, frame in tables.items() if stem not in ("vans", "gain", "competitors")})
    assert region.vans.empty
    assert list(region.vans.columns) == list(tables["vans"].columns)
    assert str(region.vans["days_per_week"].dtype) == "int64"
    assert list(region.competitors.columns) == list(tables["competitors"].columns)


def test_outlines_are_joined_by_district(tiny: Region) -> None:
    """Outlines come in any order of the file and land at their district, in WGS-84."""
    assert isinstance(tiny.districts, gpd.GeoDataFrame)
    assert tiny.districts.crs == "EPSG:4326"
    assert tiny.districts.geometry[0].bounds == (9.95, -0.05, 10.2, 0.05)
    assert tiny.districts.geometry[1].bounds == (10.2, -0.05, 10.4, 0.05)


def test_a_region_needs_no_outlines(tmp_path: Path) -> None:
    """Without outlines the geometry is there, and empty."""
    region = read_region(write_region(tiny_tables(), tmp_path, with_outlines=False))
    assert region.districts.geometry.isna().all()


def test_districts_may_come_with_their_outlines_only(tmp_path: Path) -> None:
    """A GeoJSON file of districts alone gives names, outlines and, by a point inside each, lon and lat."""
    tables = tiny_tables()
    names = tables.pop("districts").drop(columns=["lon", "lat"])
    folder = write_region(tables, tmp_path, with_outlines=False)
    shapes = [shapely.box(9.95, -0.05, 10.2, 0.05), shapely.box(10.2, -0.05, 10.4, 0.05)]
    text = gpd.GeoDataFrame(names, geometry=shapes, crs="EPSG:4326").to_json()
    (folder / "districts.geojson").write_text(text, encoding="utf-8")
    region = read_region(folder)
    assert region.districts["name"].tolist() == ["Unten", "Oben"]
    assert region.districts["lon"].tolist() == pytest.approx([10.075, 10.3])
    assert [shape.area for shape in region.districts.geometry] == pytest.approx([0.025, 0.02])
    assert "districts.geojson: lon and lat of 2 rows are a point inside the outline" in region.notes


def test_files_are_hashed(tmp_path: Path) -> None:
    """SHA-256 by file name, region.toml and outlines included."""
    folder = write_region(tiny_tables(), tmp_path)
    files = read_region(folder).files
    assert set(files) == {path.name for path in folder.iterdir()}
    assert files["vans.csv"] == hashlib.sha256((folder / "vans.csv").read_bytes()).hexdigest()


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as a program would hold it: numbers as numbers wherever a whole column is numeric."""
    typed = {}
    for name in frame:
        try:
            typed[name] = pd.to_numeric(frame[name].replace("", None))
        except ValueError:
            typed[name] = frame[name].replace("", None)
    return pd.DataFrame(typed)


def _as_excel(frame: pd.DataFrame, path: Path) -> None:
    _typed(frame).to_excel(path.with_suffix(".xlsx"), index=False)


def _as_parquet(frame: pd.DataFrame, path: Path) -> None:
    _typed(frame).to_parquet(path.with_suffix(".parquet"))


def _geometry(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    typed = _typed(frame)
    points = gpd.points_from_xy(typed["lon"], typed["lat"], crs="EPSG:4326") if "lon" in typed else [None] * len(typed)
    return gpd.GeoDataFrame(typed.drop(columns=["lon", "lat"], errors="ignore"), geometry=points, crs="EPSG:4326")


def _as_geopackage(frame: pd.DataFrame, path: Path) -> None:
    _geometry(frame).to_file(path.with_suffix(".gpkg"), driver="GPKG")


def _as_geojson(frame: pd.DataFrame, path: Path) -> None:
    path.with_suffix(".geojson").write_text(_geometry(frame).to_json(), encoding="utf-8")


def _as_gb18030(frame: pd.DataFrame, path: Path) -> None:
    path.with_suffix(".csv").write_bytes(frame.to_csv(index=False, sep=";").encode("gb18030"))


@pytest.mark.parametrize("save", [_as_excel, _as_parquet, _as_geopackage, _as_geojson, _as_gb18030])
def test_every_format_gives_the_same_region(
    save: Callable[[pd.DataFrame, Path], None], tiny: Region, tmp_path: Path
) -> None:
    """Typed or text, with geometry or with lon and lat: the tables are equal to those from CSV, types included."""
    tables = tiny_tables()
    folder = write_region({"districts": tables.pop("districts")}, tmp_path)
    for stem, frame in tables.items():
        save(frame, folder / stem)
    same_tables(read_region(folder), tiny)


def test_tables_in_memory_give_the_same_region(tiny: Region) -> None:
    """From Python, as text or typed, and with outlines in a GeoDataFrame of districts."""
    tables = tiny_tables()
    shapes = [shapely.box(9.95, -0.05, 10.2, 0.05), shapely.box(10.2, -0.05, 10.4, 0.05)]
    tables["districts"] = gpd.GeoDataFrame(tables["districts"], geometry=shapes, crs="EPSG:4326")
    text = in_memory(tables)
    typed = in_memory({stem: _typed(frame) if stem != "districts" else frame for stem, frame in tables.items()})
    same_tables(text, typed)
    for stem in STEMS:
        plain = pd.DataFrame(tiny.table(stem)).drop(columns="geometry", errors="ignore")
        pd.testing.assert_frame_equal(pd.DataFrame(text.table(stem)).drop(columns="geometry", errors="ignore"), plain)
    assert all(one.equals(other) for one, other in zip(text.districts.geometry, shapes, strict=True))


def test_wrong_tables_in_memory_raise_with_everything() -> None:
    """One InputError lists every violation, a table of an unknown name and wrong settings too."""
    tables = tiny_tables()
    tables["nodes"].loc[1, "working"] = "x"
    tables["outlets"].loc[1, "format"] = "kiosk"
    tables["depots"] = tables["hosts"]
    with pytest.raises(InputError) as caught:
        Region.from_tables(name="Tiny", currency="", tables=tables)
    text = str(caught.value)
    assert "4 violations in 4 files" in text
    assert all(part in text for part in ("depots", "currency", "row 3, working = 'x'", "row 3, format = 'kiosk'"))


def test_a_wrong_folder_raises_with_everything(tmp_path: Path) -> None:
    """`read_region` says all that `netplan check` would, and InputError is a ValueError."""
    tables = tiny_tables()
    tables["nodes"].loc[1, "working"] = "x"
    del tables["formats"]
    with pytest.raises(ValueError, match="2 violations in 2 files") as caught:
        read_region(write_region(tables, tmp_path))
    assert isinstance(caught.value, InputError)
    assert "the table is missing" in str(caught.value)
    with pytest.raises(InputError, match="no such folder"):
        read_region(tmp_path / "none")


def test_within_cuts_to_the_districts(tiny: Region) -> None:
    """District B has two nodes, the point and the hall; the base in A and its van drop out; roads and hosts stay."""
    part = tiny.within(["B"])
    assert part.nodes["node_id"].tolist() == ["N5", "N6"]
    assert part.outlets["site_id"].tolist() == ["O4"]
    assert part.candidates["site_id"].tolist() == ["C2"]
    assert part.townships["township_id"].tolist() == ["B1"]
    assert part.districts["district_id"].tolist() == ["B"]
    assert isinstance(part.districts, gpd.GeoDataFrame)
    assert part.bases.empty
    assert part.vans.empty
    assert len(part.road_nodes) == 6
    assert len(part.hosts) == 2
    assert len(part.competitors) == 1
    assert part.people == 300.0
    assert isinstance(part.nodes.index, pd.RangeIndex)


def test_within_counts_what_is_left_out(tiny: Region) -> None:
    """Each table that lost rows has a note; the notes of the whole region stay."""
    notes = tiny.within(["B"]).notes
    assert notes[: len(tiny.notes)] == tiny.notes
    assert "scope: 4 demand nodes outside the districts left out" in notes
    assert "scope: 1 van outside the districts left out" in notes
    assert not [note for note in tiny.within(["A"]).notes if "van outside" in note]


def test_within_leaves_the_region_as_it_is(tiny: Region) -> None:
    """A cut is a new region; naming no district, or all, leaves nothing out."""
    before = tiny.nodes.copy()
    tiny.within(["B"])
    pd.testing.assert_frame_equal(tiny.nodes, before)
    assert tiny.within([]) is tiny
    same_tables(tiny.within(["B", "A"]), tiny)


@pytest.mark.parametrize("districts", [["C"], ["A", "a"], "A"])
def test_within_refuses_unknown_districts(districts: list[str], tiny: Region) -> None:
    """A misspelt district does not plan an empty one, and a string is not a list of letters."""
    with pytest.raises(InputError, match="district"):
        tiny.within(districts)


def test_a_region_cannot_be_changed(tiny: Region) -> None:
    """Regions are frozen: what-ifs are new regions."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny.name = "Other"  # type: ignore[misc]
    with pytest.raises(InputError, match="no table 'node'"):
        tiny.table("node")


def test_repr_sums_the_region_up(tiny: Region) -> None:
    """People, outlets by format, roads and what is modelled are visible at a glance."""
    text = repr(tiny)
    for fact in ("Tiny", "3,100 in 6 nodes", "4 (1 full, 2 light, 1 point)", "6 junctions, 5 roads", "modelled: nodes"):
        assert fact in text


def test_html_escapes_names(tmp_path: Path) -> None:
    """A region may be called anything; in Jupyter it is shown, not run, and in a terminal it cannot steer."""
    settings = SETTINGS.replace('"Tiny"', '"<script>alert(1)</script>\\u001b[2J"')
    region = read_region(write_region(tiny_tables(), tmp_path, settings=settings))
    assert "<script>" not in region._repr_html_()
    assert "&lt;script&gt;" in region._repr_html_()
    assert "\x1b" not in repr(region)
