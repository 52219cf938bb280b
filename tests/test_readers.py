"""Reading files as text cells: formats, encodings, separators, damage."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from regions import tiny_tables, write_region

from netplan.readers import RawTable, UnreadableFileError, parse_table, read_bytes, read_frame
from netplan.readers.folder import read_folder
from netplan.readers.raw import as_text

KNOWN = ("node_id", "name", "lon", "lat", "children")
SMALL = pd.DataFrame(
    {"node_id": ["007", "N2"], "name": ["Tor", "奉节"], "lon": ["109.5", "110"], "lat": ["31", "31.25"]}, dtype="str"
)
"""Two places; the name of the second is Chinese."""


def read(name: str, data: bytes, stem: str = "nodes") -> RawTable:
    """The table in the bytes of a file of this name."""
    return parse_table(Path(name), data, stem, KNOWN)


def cells(raw: RawTable) -> dict[str, list[str]]:
    """Columns as plain lists."""
    return {name: list(column) for name, column in raw.cells.items()}


def expected() -> dict[str, list[str]]:
    """The cells of SMALL."""
    return {str(name): list(SMALL[name]) for name in SMALL}


def workbook(frame: pd.DataFrame, sheet: str = "nodes") -> bytes:
    """An Excel file of this frame."""
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False, sheet_name=sheet)
    return buffer.getvalue()


def points(frame: pd.DataFrame, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    """The frame with lon and lat as geometry only."""
    geometry = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float), crs=crs)
    return gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=geometry)


def geopackage(frame: gpd.GeoDataFrame, folder: Path, layer: str = "nodes") -> bytes:
    """The bytes of a GeoPackage with one layer."""
    path = folder / "made.gpkg"
    frame.to_file(path, driver="GPKG", layer=layer)
    return path.read_bytes()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_is_read_as_people_save_it(separator: str, encoding: str, line_end: str) -> None:
    """Separator, encoding and line ends are told from the file; cells and row numbers are the same."""
    data = SMALL.to_csv(index=False, sep=separator, lineterminator=line_end).encode(encoding)
    raw = read("nodes.csv", data)
    assert cells(raw) == expected()
    assert list(raw.rows) == [2, 3]
    assert not raw.violations
    assert [note for note in raw.notes if "GB18030" in note and "奉节" in note] == list(
        raw.notes if encoding == "gb18030" else ()
    )


def test_a_single_column_needs_no_separator() -> None:
    """A table of one column has nothing to sniff."""
    assert cells(read("nodes.csv", b"node_id\nA\nB\n")) == {"node_id": ["A", "B"]}


def test_separators_inside_quotes_belong_to_the_text() -> None:
    """A quoted comma, quotation mark and line end stay in the cell; rows count in lines of the file."""
    raw = read("nodes.csv", b'node_id,name\nA,"one, ""two""\nthree"\nB,x\n')
    assert cells(raw) == {"node_id": ["A", "B"], "name": ['one, "two"\nthree', "x"]}
    assert list(raw.rows) == [2, 4]


def test_blank_rows_are_left_out_and_counted() -> None:
    """Rows without any cell are counted in a note, those at the end of the file are not worth one."""
    raw = read("nodes.csv", b"node_id,name\nA,x\n\n , \nB,y\n,\n\n")
    assert cells(raw)["node_id"] == ["A", "B"]
    assert list(raw.rows) == [2, 5]
    assert raw.notes == ("nodes.csv: 2 blank rows left out",)


def test_ragged_rows_are_named() -> None:
    """A row with too few or too many cells is a violation with its number; extra separators alone are not."""
    raw = read("nodes.csv", b"node_id,name,lon\nA,x,1,,\nB,y\nC,z,3,4\n")
    assert [(one.row, one.problem) for one in raw.violations] == [(3, "too few cells"), (4, "too many cells")]
    assert raw.ambiguous_rows == {3, 4}
    assert len(raw) == 3


def test_an_open_quotation_mark_is_named_with_its_row() -> None:
    """The rest of the file is not swallowed silently."""
    raw = read("nodes.csv", b'node_id,name\nA,x\nB,"y\nC,z\n')
    assert [one.row for one in raw.violations] == [3]
    assert cells(raw)["node_id"] == ["A"]


def test_repeated_and_unnamed_columns_are_violations() -> None:
    """Two columns of one name, or values under no name, would be lost otherwise; blank columns are not missed."""
    raw = read("nodes.csv", b"node_id,name,name,,\nA,x,y,5,\n")
    assert [(one.row, one.column, one.problem) for one in raw.violations] == [
        (1, "name", "two columns have this name"),
        (1, "", "column 4 holds values but has no name"),
    ]


def test_blanks_around_column_names_are_noted() -> None:
    """A padded header is read, and said."""
    raw = read("nodes.csv", b"node_id, lon \nA,1\n")
    assert list(raw.cells) == ["node_id", "lon"]
    assert raw.notes == ("nodes.csv: column ' lon ' is read as 'lon'",)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("node_id\nA\n".encode("utf-16"), "UTF-16"),
        (b"node_id\nA\0\n", "NUL"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\n  \n", "empty"),
        (bytes(range(128, 160)) * 20, "text"),
        (b"\x01\x02\x03\x04" * 50, "unprintable"),
        ("node_id,name\nA,重庆奉节巫山\n".encode()[:-2] + b"\xff\n", "not valid UTF-8 in line 2"),
    ],
)
def test_what_is_no_text_table_is_refused(data: bytes, problem: str) -> None:
    """Binary content, UTF-16 and damaged UTF-8 give one clear problem each."""
    with pytest.raises(UnreadableFileError) as caught:
        read("nodes.csv", data)
    assert problem in caught.value.problem
    assert caught.value.remedy


def test_excel_values_arrive_as_typed_by_hand() -> None:
    """Numeric ids lose their .0, dates are ISO, flags 1 and 0, blank cells blank."""
    frame = pd.DataFrame(
        {
            "node_id": [500236.0, 500237.0],
            "name": ["a", None],
            "lon": [109.5, np.nan],
            "children": [True, False],
            "lat": [pd.Timestamp("2027-12-31"), pd.Timestamp("2027-01-01 12:30")],
        }
    )
    assert cells(read("nodes.xlsx", workbook(frame))) == {
        "node_id": ["500236", "500237"],
        "name": ["a", ""],
        "lon": ["109.5", ""],
        "children": ["1", "0"],
        "lat": ["2027-12-31", "2027-01-01T12:30:00"],
    }


def test_excel_rows_count_as_the_sheet_shows_them() -> None:
    """A blank row in a sheet is left out and counted, and the next keeps its number."""
    book = openpyxl.Workbook()
    for row in (["node_id", "name", None], ["A", "x"], [None, None], ["B", "y"], [None]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    raw = read("nodes.xlsx", buffer.getvalue())
    assert list(raw.rows) == [2, 4]
    assert raw.notes == ("nodes.xlsx: 1 blank row left out",)


def test_excel_formulas_are_never_evaluated() -> None:
    """A formula without a stored value is a violation with its cell, not a blank; an error value too."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["node_id", "lon"])
    sheet.append(["A", "=1+1"])
    sheet.append(["B", "#DIV/0!"])
    sheet["B3"].data_type = "e"
    buffer = io.BytesIO()
    book.save(buffer)
    raw = read("nodes.xlsx", buffer.getvalue())
    told = {one.row: (one.column, one.value, one.problem) for one in raw.violations}
    assert told == {2: ("lon", "=1+1", "a formula without a stored value"), 3: ("lon", "#DIV/0!", "an Excel error")}


def test_excel_reads_the_sheet_of_the_table() -> None:
    """Among several sheets the one named like the table counts, and the others are noted; else it is refused."""
    book = openpyxl.Workbook()
    book.active.title = "remarks"
    sheet = book.create_sheet("nodes")
    sheet.append(["node_id"])
    sheet.append(["A"])
    buffer = io.BytesIO()
    book.save(buffer)
    raw = read("nodes.xlsx", buffer.getvalue())
    assert cells(raw) == {"node_id": ["A"]}
    assert raw.notes == ("nodes.xlsx: 1 further sheet not read (remarks)",)
    with pytest.raises(UnreadableFileError, match="none is named outlets"):
        read("outlets.xlsx", buffer.getvalue(), "outlets")
    assert cells(read("nodes.xlsx", workbook(SMALL, "any name"))) == expected()


def test_an_empty_sheet_is_refused() -> None:
    """A workbook without a single cell has no header."""
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    with pytest.raises(UnreadableFileError, match="sheet is empty"):
        read("nodes.xlsx", buffer.getvalue())


def test_parquet_keeps_text_numbers_and_lists() -> None:
    """Typed columns become the same text as in a CSV file."""
    frame = pd.DataFrame({"node_id": ["007", "8"], "children": [1, None], "name": [["cash", "advice"], None]})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    raw = read("nodes.parquet", buffer.getvalue())
    assert cells(raw) == {"node_id": ["007", "8"], "children": ["1", ""], "name": ["cash advice", ""]}


def _as_geojson(frame: gpd.GeoDataFrame, folder: Path) -> tuple[str, bytes]:
    return "nodes.geojson", str(frame.to_json()).encode()


def _as_geopackage(frame: gpd.GeoDataFrame, folder: Path) -> tuple[str, bytes]:
    return "nodes.gpkg", geopackage(frame, folder)


def _as_geoparquet(frame: gpd.GeoDataFrame, folder: Path) -> tuple[str, bytes]:
    frame.to_parquet(folder / "made.parquet")
    return "nodes.parquet", (folder / "made.parquet").read_bytes()


@pytest.mark.parametrize("save", [_as_geojson, _as_geopackage, _as_geoparquet])
def test_points_give_lon_and_lat(save: Callable[[gpd.GeoDataFrame, Path], tuple[str, bytes]], tmp_path: Path) -> None:
    """Where the columns are absent, lon and lat are the coordinates of the points."""
    raw = read(*save(points(SMALL), tmp_path))
    assert {name: cells(raw)[name] for name in expected()} == expected()
    assert raw.notes == ()


@pytest.mark.parametrize("save", [_as_geopackage, _as_geoparquet])
def test_other_reference_systems_are_converted_and_noted(
    save: Callable[[gpd.GeoDataFrame, Path], tuple[str, bytes]], tmp_path: Path
) -> None:
    """Points in metres come back as degrees within a millimetre, and a note says from where."""
    raw = read(*save(points(SMALL).to_crs("EPSG:32649"), tmp_path))
    assert np.allclose([float(cell) for cell in raw.cells["lon"]], [109.5, 110.0], atol=1e-8)
    assert np.allclose([float(cell) for cell in raw.cells["lat"]], [31.0, 31.25], atol=1e-8)
    assert "2 geometries reprojected from WGS 84 / UTM zone 49N to WGS-84" in raw.notes[0]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("save", [_as_geopackage, _as_geoparquet])
def test_geometry_without_a_reference_system_is_refused(
    save: Callable[[gpd.GeoDataFrame, Path], tuple[str, bytes]], tmp_path: Path
) -> None:
    """Nobody guesses where the numbers lie."""
    with pytest.raises(UnreadableFileError, match="reference system is not stated"):
        read(*save(points(SMALL, crs=None), tmp_path))


def test_geojson_names_its_old_style_reference_system() -> None:
    """The crs member of older GeoJSON is honoured; an unknown one is refused."""
    content = json.loads(points(SMALL).to_json())
    content["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    raw = read("nodes.geojson", json.dumps(content).encode())
    assert "reprojected from China Geodetic Coordinate System 2000" in raw.notes[0]
    assert cells(raw)["lon"] == ["109.5", "110"]
    content["crs"]["properties"]["name"] = "EPSG:999999"
    with pytest.raises(UnreadableFileError, match="unknown coordinate reference system 'EPSG:999999'"):
        read("nodes.geojson", json.dumps(content).encode())


def test_areas_give_a_point_inside_and_say_so() -> None:
    """Hexagons or squares in place of points are read by a point inside each."""
    squares = points(SMALL)
    squares["geometry"] = shapely.buffer(squares.geometry.to_numpy(), 0.1, cap_style="square")
    raw = read("nodes.geojson", squares.to_json().encode())
    assert np.allclose([float(cell) for cell in raw.cells["lon"]], [109.5, 110.0], atol=0.1)
    assert raw.notes == ("nodes.geojson: lon and lat of 2 rows are a point inside the outline",)


def test_lon_and_lat_win_over_a_different_geometry() -> None:
    """If a file has both and they differ, the columns count and the difference is noted."""
    frame = gpd.GeoDataFrame(SMALL.assign(lon=["109.5", "111"]), geometry=points(SMALL).geometry)
    raw = read("nodes.geojson", frame.to_json().encode())
    assert cells(raw)["lon"] == ["109.5", "111"]
    assert raw.notes == ("nodes.geojson: in 1 row lon and lat differ from the geometry; lon and lat are used",)


def test_missing_geometry_leaves_the_place_blank() -> None:
    """A feature without a point has no lon and lat, so that its contract can refuse it."""
    content = json.loads(points(SMALL).to_json())
    content["features"][1]["geometry"] = None
    assert cells(read("nodes.geojson", json.dumps(content).encode()))["lon"] == ["109.5", ""]


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("nodes.geojson", b"{", "not valid JSON"),
        ("nodes.geojson", b"[" * 100_000, "not valid JSON"),
        ("nodes.geojson", b"\xff\xfe", "not UTF-8"),
        ("nodes.geojson", b'{"type": "Point"}', "not a GeoJSON FeatureCollection"),
        ("nodes.geojson", b'{"features": [{"geometry": {"type": "Point"}}]}', "geometry of row 2"),
        ("nodes.gpkg", b"anything", "not a GeoPackage"),
        ("nodes.gpkg", b"SQLite format 3\0" + bytes(4096), "damaged"),
        ("nodes.parquet", b"anything", "not a Parquet file"),
        ("nodes.parquet", b"PAR1" + bytes(100), "damaged"),
        ("nodes.xlsx", b"anything", "damaged"),
        ("nodes.xlsx", b"PK\x03\x04" + bytes(100), "damaged"),
    ],
)
def test_damaged_files_give_one_clear_problem(name: str, data: bytes, problem: str) -> None:
    """Whatever a library makes of garbage, the planner reads one sentence and a remedy."""
    with pytest.raises(UnreadableFileError) as caught:
        read(name, data)
    assert problem in caught.value.problem
    assert caught.value.remedy


def test_a_truncated_geopackage_is_refused(tmp_path: Path) -> None:
    """Half a database is not read as a short table."""
    data = geopackage(points(pd.concat([SMALL] * 400)), tmp_path)
    with pytest.raises(UnreadableFileError, match="damaged"):
        read("nodes.gpkg", data[: len(data) // 2])


def test_a_geopackage_reads_the_layer_of_the_table(tmp_path: Path) -> None:
    """Among several layers the one named like the table counts; else it is refused."""
    geopackage(points(SMALL), tmp_path, "remarks")
    data = geopackage(points(SMALL), tmp_path, "nodes")
    raw = read("nodes.gpkg", data)
    assert raw.notes == ("nodes.gpkg: 1 further layer not read (remarks)",)
    with pytest.raises(UnreadableFileError, match="none is named outlets"):
        read("outlets.gpkg", data, "outlets")


def test_reading_a_geopackage_writes_nothing(tmp_path: Path) -> None:
    """SQLite side files never appear in the region folder."""
    path = tmp_path / "region" / "nodes.gpkg"
    path.parent.mkdir()
    path.write_bytes(geopackage(points(SMALL), tmp_path))
    parse_table(path, read_bytes(path), "nodes", KNOWN)
    assert [found.name for found in path.parent.iterdir()] == ["nodes.gpkg"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        ("  ", ""),
        ("007", "007"),
        (7, "7"),
        (7.0, "7"),
        (-0.25, "-0.25"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (True, "1"),
        (np.False_, "0"),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (np.datetime64("2026-01-31"), "2026-01-31"),
        ((1, "b"), "1 b"),
        (b"abc", "abc"),
    ],
)
def test_typed_cells_become_text(value: object, text: str) -> None:
    """One rule for every format that has types of its own."""
    assert as_text(value) == text


def test_frames_in_memory_are_read_like_files() -> None:
    """Row 2 is the first row of a frame, whatever its index."""
    raw = read_frame("nodes", SMALL.set_index(pd.Index([40, 50])))
    assert cells(raw) == expected()
    assert list(raw.rows) == [2, 3]


def contracts() -> dict[str, list[str]]:
    """Columns of every table of the tiny region."""
    return {stem: list(frame.columns) for stem, frame in tiny_tables().items()}


def test_a_folder_is_read_whole_and_hashed(tmp_path: Path) -> None:
    """Every table, the outlines and region.toml are there, each with its SHA-256."""
    contents = read_folder(write_region(tiny_tables(), tmp_path), contracts())
    assert set(contents.tables) == set(tiny_tables())
    assert contents.outlines is not None
    assert len(contents.files) == len(tiny_tables()) + 2
    assert all(len(digest) == 64 for digest in contents.files.values())
    assert not contents.violations
    assert not contents.notes


def test_two_files_of_one_table_are_refused(tmp_path: Path) -> None:
    """It is not for netplan to choose; the message names both."""
    write_region(tiny_tables(), tmp_path)
    (tmp_path / "nodes.xlsx").write_bytes(workbook(tiny_tables()["nodes"]))
    violations = read_folder(tmp_path, contracts()).violations
    assert [one.problem for one in violations] == ["nodes.csv and nodes.xlsx both hold the table nodes"]


def test_formats_that_are_not_read_are_refused(tmp_path: Path) -> None:
    """A table in an unknown format is not taken for an absent one."""
    write_region(tiny_tables(), tmp_path)
    (tmp_path / "gain.csv").rename(tmp_path / "gain.dbf")
    violations = read_folder(tmp_path, contracts()).violations
    assert [(one.file, one.problem) for one in violations] == [("gain.dbf", "the format .dbf is not read")]


def test_a_road_file_beside_road_tables_is_refused(tmp_path: Path) -> None:
    """Which of the two holds the roads would be a guess; neither is read until one is moved away."""
    write_region(tiny_tables(), tmp_path)
    (tmp_path / "roads.osm.pbf").write_bytes(b"x")
    contents = read_folder(tmp_path, contracts())
    assert [(one.file, one.problem) for one in contents.violations] == [
        ("roads.osm.pbf", "roads.osm.pbf and road_edges.csv and road_nodes.csv hold the roads more than once")
    ]
    assert {"road_nodes", "road_edges"} <= contents.unreadable
    assert contents.roads is None


def test_files_of_no_table_are_noted(tmp_path: Path) -> None:
    """A misspelt table does not disappear; plan files, notes and hidden files are left alone."""
    write_region(tiny_tables(), tmp_path)
    for name in ("outlet.csv", "README.md", ".hidden.csv", "~lock.xlsx", "plan.toml", "nodes.md"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    contents = read_folder(tmp_path, contracts())
    assert contents.notes == ["not a table of a region, not read: outlet.csv"]
    assert not contents.violations


@pytest.mark.parametrize("name", ["nodes.csv", "region.toml", "districts.geojson"])
def test_folders_and_empty_files_in_place_of_files_are_refused(name: str, tmp_path: Path) -> None:
    """A file that cannot be read at all is one violation and the rest is still read."""
    write_region(tiny_tables(), tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    first = read_folder(tmp_path, contracts())
    (tmp_path / name).rmdir()
    (tmp_path / name).write_bytes(b"")
    second = read_folder(tmp_path, contracts())
    assert [(one.file, one.problem) for one in first.violations] == [(name, "not an ordinary file")]
    assert [(one.file, one.problem) for one in second.violations] == [(name, "the file is empty")]
    assert len(first.tables) >= len(tiny_tables()) - 1


def test_files_that_may_not_be_read_are_violations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder without permission gives a violation each, and no traceback."""
    write_region({"nodes": tiny_tables()["nodes"]}, tmp_path)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    told = {one.file: one.problem for one in read_folder(tmp_path, contracts()).violations}
    assert told == dict.fromkeys(
        ["region.toml", "nodes.csv", "districts.geojson"], "cannot be read (Permission denied)"
    )
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert [one.problem for one in read_folder(tmp_path, contracts()).violations] == [
        "cannot be read (Permission denied)"
    ]


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A missing folder and a file are told apart."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert read_folder(tmp_path / "none", contracts()).violations[0].problem == "no such folder"
    assert read_folder(tmp_path / "file", contracts()).violations[0].problem == "is a file, not a folder"
