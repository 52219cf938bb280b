"""Branch lists of banks and regulators: columns recognised, rows counted, nothing lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from netplan.coordinates import from_wgs84, geodesic_metres
from netplan.errors import InputError
from netplan.new_region.outlet_columns import ALIASES
from netplan.new_region.outlets import OutletList, read_outlet_list

mpl.use("Agg")

LIST = {
    "id": ["007", "008", "009", "010"],
    "name": ["Dock Street", "Hill", "奉节支行", "Market"],
    "bank": ["Ours", "Ours", "Theirs", "Others Inc."],
    "lon": ["106.5", "106.6", "109.5", "107"],
    "lat": ["29.5", "29.6", "31", "30"],
    "deposits": ["1,200", "900", "800", "700"],
}


def written(folder: Path, changes: Mapping[str, list[str] | None] | None = None, name: str = "branches.csv") -> Path:
    """LIST as a CSV file, with columns changed, added, or (None) left out."""
    columns = {key: value for key, value in {**LIST, **(changes or {})}.items() if value is not None}
    path = folder / name
    pd.DataFrame(columns, dtype="str").to_csv(path, index=False, encoding="utf-8")
    return path


def has(notes: tuple[str, ...], text: str) -> bool:
    """Whether a note says so."""
    return any(text in note for note in notes)


# ---------------------------------------------------------------- reading


def test_a_plain_list_becomes_outlets_and_competitors(tmp_path: Path) -> None:
    """Our rows become outlets with margins, the rest competitors; ids keep their zeros, names their Chinese."""
    found = read_outlet_list(
        written(tmp_path),
        bank="Ours",
        margin_share=0.02,
        volume_unit=1_000,
        margin_split={"cash": 0.25, "advice": 0.75},
    )
    assert found.outlets["site_id"].tolist() == ["007", "008"]
    assert found.outlets["margin_cash"].tolist() == [1_200_000 * 0.02 * 0.25, 900_000 * 0.02 * 0.25]
    assert found.outlets["margin_advice"].tolist() == [18_000.0, 13_500.0]
    assert found.outlets["format"].tolist() == ["full", "full"]
    assert found.outlets["is_owned"].tolist() == [False, False]
    assert found.outlets["lease_end"].isna().all()
    assert found.competitors[["site_id", "name", "bank", "volume"]].to_numpy().tolist() == [
        ["009", "奉节支行", "Theirs", 800_000.0],
        ["010", "Market", "Others Inc.", 700_000.0],
    ]
    assert found.outlets.crs.to_epsg() == found.competitors.crs.to_epsg() == 4326
    assert found.outlets.geometry.x.tolist() == [106.5, 106.6]
    assert repr(found) == "OutletList(2 outlets, 2 competitors)"


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".xlsx", ".gpkg", ".geojson", ".parquet"])
def test_every_form_of_file_reads_alike(tmp_path: Path, kind: str) -> None:
    """CSV, tabs, Excel, GeoPackage, GeoJSON and Parquet hold the same outlets."""
    frame = pd.DataFrame(LIST, dtype="str")
    path = tmp_path / f"branches{kind}"
    points = gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]),
        geometry=gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float)),
        crs="EPSG:4326",
    )
    if kind in {".csv", ".tsv"}:
        frame.to_csv(path, index=False, sep="\t" if kind == ".tsv" else ";")
    elif kind == ".xlsx":
        frame.to_excel(path, index=False)
    elif kind == ".parquet":
        points.to_parquet(path)
    else:
        points.to_file(path)
    found = read_outlet_list(path, bank="Ours")
    assert found.outlets["site_id"].tolist() == ["007", "008"]
    assert found.outlets["lon"].tolist() == [106.5, 106.6]
    assert found.outlets["volume"].tolist() == [1_200.0, 900.0]
    assert found.competitors["name"].tolist() == ["奉节支行", "Market"]


def test_chinese_headers_in_gb18030(tmp_path: Path) -> None:
    """A list as a Chinese bank exports it: Chinese headers, GB18030, ids that Excel was kept from touching."""
    text = '网点编号,网点名称,经度,纬度,存款余额,网点类型\n="007",奉节支行,109.5,31,1200,支行\n="0123",巫山分理处,109.9,31.1,800,分理处\n'
    path = tmp_path / "网点.csv"
    path.write_bytes(text.encode("gb18030"))
    found = read_outlet_list(path, known_formats=["full", "light"], formats={"支行": "full", "分理处": "light"})
    assert found.outlets["site_id"].tolist() == ["007", "0123"]
    assert found.outlets["name"].tolist() == ["奉节支行", "巫山分理处"]
    assert found.outlets["format"].tolist() == ["full", "light"]
    assert has(found.notes, "read as GB18030")


@pytest.mark.parametrize("role", sorted(ALIASES))
def test_every_alias_is_recognised(tmp_path: Path, role: str) -> None:
    """Each documented name of a column is found in any capitals, and belongs to one thing only."""
    values = {
        "lon": "106.5", "lat": "29.5", "site_id": "A", "name": "B", "bank": "C", "format": "full", "volume": "5",
        "closed": "0", "branch_number": "3", "is_owned": "1", "lease_end": "2030-01-31", "running_cost_per_year": "7",
    }  # fmt: skip
    for alias in ALIASES[role]:
        header = {**{key: key for key in ("lon", "lat")}, role: alias.upper()}
        path = tmp_path / "one.csv"
        pd.DataFrame({name: [values[key]] for key, name in header.items()}).to_csv(path, index=False)
        assert f"{role} from {alias.upper()}" in read_outlet_list(path).notes[0], alias
    plain = [name.casefold().replace("_", "") for names in ALIASES.values() for name in names]
    assert len(plain) == len(set(plain))


def test_two_columns_that_may_be_the_longitude_are_refused(tmp_path: Path) -> None:
    """Which of lon and 经度 is meant is asked, not guessed; naming it, or naming none, settles it."""
    path = written(tmp_path, {"经度": ["1", "2", "3", "4"]})
    with pytest.raises(InputError, match=r"branches.csv: columns lon, 经度 may all be the lon; say which, as lon=lon"):
        read_outlet_list(path)
    assert read_outlet_list(path, columns={"lon": "lon"}).outlets["lon"].tolist() == [106.5, 106.6, 109.5, 107.0]
    path = written(tmp_path, {"code": ["1", "2", "3", "4"]})
    assert read_outlet_list(path, columns={"site_id": ""}).outlets["site_id"].tolist()[0] == "row-2"


@pytest.mark.parametrize(
    ("changes", "columns", "told"),
    [
        ({"lon": None}, {}, "no column is recognised as lon; it has id, name, bank, lat, deposits"),
        ({}, {"lon": "LON"}, "there is no column LON"),
        ({}, {"longitude": "lon"}, "longitude is nothing that is read"),
    ],
)
def test_missing_columns_are_named(
    tmp_path: Path, changes: Mapping[str, None], columns: Mapping[str, str], told: str
) -> None:
    """A column that is not there is one error that lists what is."""
    with pytest.raises(InputError, match=told):
        read_outlet_list(written(tmp_path, changes), columns=columns)


def test_geometry_goes_before_columns_of_coordinates(tmp_path: Path) -> None:
    """A GeoPackage with columns x and y besides its geometry is placed by the geometry, in whatever system it is."""
    frame = gpd.GeoDataFrame(
        {"id": ["1"], "x": [1.0], "y": [2.0]}, geometry=gpd.points_from_xy([106.5], [29.5]), crs="EPSG:4326"
    ).to_crs("EPSG:32648")
    frame.to_file(tmp_path / "one.gpkg")
    found = read_outlet_list(tmp_path / "one.gpkg")
    assert geodesic_metres(found.outlets["lon"], found.outlets["lat"], 106.5, 29.5)[0] < 0.001
    with pytest.raises(InputError, match="states its own coordinate system; leave out EPSG:32648"):
        read_outlet_list(tmp_path / "one.gpkg", system="EPSG:32648")


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:32648", "EPSG:4490"])
def test_coordinate_systems(tmp_path: Path, system: str) -> None:
    """A list in a vendor's system lands where it belongs, and the notes say so."""
    there = from_wgs84([106.5, 106.6, 109.5, 107], [29.5, 29.6, 31, 30], system)
    path = written(tmp_path, {"lon": [repr(float(v)) for v in there[0]], "lat": [repr(float(v)) for v in there[1]]})
    found = read_outlet_list(path, system=system)
    assert (
        geodesic_metres(
            found.outlets["lon"], found.outlets["lat"], [106.5, 106.6, 109.5, 107], [29.5, 29.6, 31, 30]
        ).max()
        < 1e-3
    )
    assert has(found.notes, "4 positions turned from")


# ---------------------------------------------------------------- rows


def test_ids_that_a_spreadsheet_rounded_are_refused(tmp_path: Path) -> None:
    """5.00101E+11 was a code once; no one knows which."""
    with pytest.raises(InputError, match=r"row 3, id = '5.00101E\+11': an identifier that a spreadsheet has rounded"):
        read_outlet_list(written(tmp_path, {"id": ["007", "5.00101E+11", "009", "010"]}))


def test_numbers_kept_as_text_in_excel_keep_their_zeros(tmp_path: Path) -> None:
    """007 in a text cell of a workbook stays 007; a number stays a whole number."""
    book = openpyxl.Workbook()
    for row in (["id", "lon", "lat"], ["007", 106.5, 29.5], [12, 106.6, 29.6]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert read_outlet_list(tmp_path / "list.xlsx").outlets["site_id"].tolist() == ["007", "12"]


def test_one_identifier_for_two_outlets_is_refused(tmp_path: Path) -> None:
    """Both rows are named; a row repeated word for word is left out and counted instead."""
    with pytest.raises(InputError, match="one identifier for different outlets") as caught:
        read_outlet_list(written(tmp_path, {"id": ["007", "008", "007", "010"]}))
    assert "row 2: '007'" in str(caught.value)
    assert "row 4: '007'" in str(caught.value)
    repeated = {name: [*cells, cells[1]] for name, cells in LIST.items()}
    found = read_outlet_list(written(tmp_path, repeated))
    assert len(found.outlets) == 4
    assert has(found.notes, "left out as repeating another row word for word: 1 outlet (row 6)")


def test_blank_identifiers(tmp_path: Path) -> None:
    """A blank identifier is refused; without the column, outlets are called after their row; blanks inside become dashes."""
    with pytest.raises(InputError, match="row 3, site_id = '': an outlet without an identifier"):
        read_outlet_list(written(tmp_path, {"id": ["007", "", "009", "010"]}))
    found = read_outlet_list(written(tmp_path, {"id": None}))
    assert found.outlets["site_id"].tolist() == ["row-2", "row-3", "row-4", "row-5"]
    found = read_outlet_list(written(tmp_path, {"id": ["A 1", "A 2", "B", "C"]}))
    assert found.outlets["site_id"].tolist() == ["A-1", "A-2", "B", "C"]
    assert has(found.notes, "blanks in 2 identifiers became dashes ('A 1', 'A 2')")


def test_closed_outlets_are_left_out_and_listed(tmp_path: Path) -> None:
    """A flag, a word or a date of closing closes an outlet; a word nobody knows is refused."""
    found = read_outlet_list(written(tmp_path, {"closed": ["", "2021-06-30", "no", "Closed"]}))
    assert found.outlets["site_id"].tolist() == ["007", "009"]
    assert has(found.notes, "2 closed outlets left out (Hill, Market)")
    path = written(tmp_path, {"closed": ["", "perhaps", "0", "1"]})
    with pytest.raises(InputError, match="neither open nor closed"):
        read_outlet_list(path)
    assert len(read_outlet_list(path, columns={"closed": ""}).outlets) == 4


def test_positions_missing(tmp_path: Path) -> None:
    """An outlet of ours without a position is refused with its row; a competitor's is left out and counted."""
    path = written(tmp_path, {"lon": ["106.5", "106.6", "", "107"]})
    with pytest.raises(InputError, match="row 4, lon, lat = '': an outlet of ours without a position"):
        read_outlet_list(path)
    found = read_outlet_list(path, bank="Ours")
    assert found.competitors["site_id"].tolist() == ["010"]
    assert has(found.notes, "left out as without a position (other banks'): 1 outlet (row 4)")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lon": LIST["lat"], "lat": LIST["lon"]}, "not a latitude: longitude and latitude look swapped"),
        ({"lon": ["106.5", "106,6", "109.5", "107"]}, "row 3, lon = '106,6': not a number"),
        ({"lon": ["0", "106.6", "109.5", "107"], "lat": ["0", "29.6", "31", "30"]}, "0, 0 is what programs write"),
        ({"deposits": ["1,200", "n/a", "3", "4"]}, "row 3, deposits = 'n/a': no number"),
    ],
)
def test_wrong_cells_are_refused_with_their_row(tmp_path: Path, changes: Mapping[str, list[str]], told: str) -> None:
    """Swapped coordinates, decimal commas, zero positions and words for numbers are told, never guessed."""
    with pytest.raises(InputError, match=told):
        read_outlet_list(written(tmp_path, changes))


def test_area_cuts_a_national_list(tmp_path: Path) -> None:
    """Outlets outside are counted by whose they are; 300 m over the border counts as inside; none inside is an error."""
    area = shapely.box(106.0, 29.0, 106.597, 30.0)  # the second outlet lies 290 m east of it
    found = read_outlet_list(written(tmp_path), bank="Ours", area=area)
    assert found.outlets["site_id"].tolist() == ["007", "008"]
    assert found.competitors.empty
    assert has(found.notes, "2 outlets of other banks outside the region, left out (奉节支行, Market)")
    with pytest.raises(InputError, match=r"none of its 4 outlets lies in the region \(the nearest is [\d,]+ km"):
        read_outlet_list(written(tmp_path), area=shapely.box(-73, 43, -72, 44))
    with pytest.raises(InputError, match="no outlet of ours is left"):
        read_outlet_list(written(tmp_path), bank="Theirs", area=area)


def test_swapped_list_is_told_by_the_area(tmp_path: Path) -> None:
    """In Europe swapped coordinates are possible ones: the region tells; a single doubtful row among good ones is noted."""
    area = shapely.box(6.0, 47.0, 15.0, 55.0)
    good = {"lon": ["8.7", "13.4", "11.6", "7"], "lat": ["50.1", "52.5", "48.1", "51"]}
    with pytest.raises(InputError, match="look swapped: the other way round it lies in the area"):
        read_outlet_list(written(tmp_path, {"lon": good["lat"], "lat": good["lon"]}), area=area)
    one = {"lon": [*good["lon"][:3], "51"], "lat": [*good["lat"][:3], "7"]}
    found = read_outlet_list(written(tmp_path, one), area=area)
    assert len(found.outlets) == 3
    assert has(found.notes, "check what lies outside in row 5: longitude and latitude look swapped")


# ---------------------------------------------------------------- banks, formats, money


@pytest.mark.parametrize(("asked", "taken"), [("Ours", "Ours"), ("oURS", "Ours"), ("others", "Others Inc.")])
def test_bank_is_found_by_name(tmp_path: Path, asked: str, taken: str) -> None:
    """The exact name, other capitals, or a part that fits one bank only; what it was taken as is noted."""
    found = read_outlet_list(written(tmp_path), bank=asked)
    assert set(found.competitors["bank"]) == set(LIST["bank"]) - {taken}
    assert has(found.notes, f"is taken as {taken!r}") == (asked != taken)


@pytest.mark.parametrize(
    ("bank", "changes", "told"),
    [
        ("Our Bank", {}, "no outlet belongs to 'Our Bank'; did you mean one of 'Ours'"),
        ("h", {}, "'h' may be 'Others Inc.', 'Theirs'"),
        ("Ours", {"bank": None}, "no column says which bank"),
    ],
)
def test_bank_that_is_not_in_the_list(tmp_path: Path, bank: str, changes: Mapping[str, None], told: str) -> None:
    """No bank, or several that fit, is an error with their names."""
    with pytest.raises(InputError, match=told):
        read_outlet_list(written(tmp_path, changes), bank=bank)


def test_without_a_bank_all_are_ours_and_that_is_said(tmp_path: Path) -> None:
    """Three banks in a list of which none is named: all outlets are ours, with a note."""
    found = read_outlet_list(written(tmp_path))
    assert len(found.outlets) == 4
    assert has(found.notes, "outlets of 3 banks (Others Inc., Ours, Theirs) are all taken as ours; name yours")


def test_formats_of_the_list(tmp_path: Path) -> None:
    """Words are translated; an empty format leaves outlets out; a strange word is refused when the planner gave words."""
    path = written(tmp_path, {"type": ["11", "23", "30", ""]})
    known = ["full", "light"]
    found = read_outlet_list(path, formats={"11": "full", "23": "light", "30": ""}, known_formats=known, format="light")
    assert found.outlets["format"].tolist() == ["full", "light", "light"]
    assert has(found.notes, "1 outlet of formats that do not count, left out")
    assert has(found.notes, "1 outlet without a format taken as light")
    with pytest.raises(InputError, match="row 4, type = '30': not a format"):
        read_outlet_list(path, formats={"11": "full", "23": "light"}, known_formats=known)
    with pytest.raises(InputError, match="not a format"):
        read_outlet_list(path, columns={"format": "type"}, known_formats=known)
    found = read_outlet_list(path, known_formats=known)
    assert found.outlets["format"].tolist() == ["full"] * 4
    assert has(found.notes, "type holds words that are no formats (11, 23, 30), so it is not used")


def test_margins_of_the_list_are_taken_as_they_are(tmp_path: Path) -> None:
    """Columns margin_* stay; a share besides them is contradictory; a blank one of ours is refused."""
    path = written(tmp_path, {"margin_cash": ["10", "20", "30", "40"]})
    found = read_outlet_list(path)
    assert found.outlets["margin_cash"].tolist() == [10.0, 20.0, 30.0, 40.0]
    with pytest.raises(InputError, match="leave margin_share out"):
        read_outlet_list(path, margin_share=0.02)
    path = written(tmp_path, {"margin_cash": ["10", "", "-30", ""]})
    with pytest.raises(InputError, match="blank for an outlet of ours") as caught:
        read_outlet_list(path)
    assert "less than 0" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({"deposits": None}, {"margin_share": 0.02}, "no column of volumes is recognised"),
        ({"deposits": None}, {"cap_volume": 10.0}, "no column of volumes is recognised"),
        ({"deposits": ["1", "", "3", "4"]}, {"margin_share": 0.02}, "row 3, volume = '': blank for an outlet of ours"),
        ({}, {"margin_share": 2.0}, "margin_share = 2"),
        ({}, {"margin_share": 0.02, "margin_split": {"cash": 0.5}}, "add up to 1"),
        ({}, {"volume_unit": 0.0}, "volume_unit = 0"),
        ({}, {"cap_volume": 0.0}, "cap_volume = 0"),
        ({}, {"system": "mars"}, "'mars' is not known"),
    ],
)
def test_wrong_options_are_refused(
    tmp_path: Path, changes: Mapping[str, list[str] | None], options: dict[str, float], told: str
) -> None:
    """An option that cannot be meant is one clear error."""
    with pytest.raises(InputError, match=told):
        read_outlet_list(written(tmp_path, changes), **options)


def test_headquarters_are_told_and_only_capped_when_asked(tmp_path: Path) -> None:
    """A volume above 20 medians is noted and kept; with a cap it is cut to it, and what is cut off is told."""
    many = {
        "id": [str(i) for i in range(1, 8)],
        "lon": [f"106.{i}" for i in range(1, 8)],
        "lat": ["29.5"] * 7,
        "name": ["HQ", *"ABCDEF"],
        "BRNUM": ["0", "1", "2", "3", "4", "5", "6"],
        "deposits": ["100000", "100", "110", "90", "0", "105", "95"],
        "bank": None,
    }
    found = read_outlet_list(written(tmp_path, many))
    assert found.outlets["volume"].max() == 100_000
    assert has(found.notes, "1 main office (branch number 0) books 100% of the volume")
    assert has(found.notes, "1 outlet of more than 20 times the median volume (102), kept as they are (HQ)")
    found = read_outlet_list(written(tmp_path, many), cap_volume=500, volume_unit=1_000)
    assert found.outlets["volume"].tolist() == [500_000, 100_000, 110_000, 90_000, 0, 105_000, 95_000]
    assert has(found.notes, "1 volume limited to 500, 99,500 in all cut off (HQ)")


def test_files_that_are_no_list(tmp_path: Path) -> None:
    """A missing file, one of another kind, a damaged one and one without rows each get their message."""
    for name, data, told in (
        ("none.csv", None, "there is no such file"),
        ("list.pdf", b"%PDF", "a list in this form is not read"),
        ("list.xlsx", b"PK\x03\x04 broken", "damaged, or not a .xlsx file"),
        ("list.csv", b"id,lon,lat\n", "it has a header but no rows"),
        ("empty.csv", b"", "the file is empty"),
        ("short.csv", b"id,lon,lat\nA,106.5\n", "too few cells"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=told) as caught:
            read_outlet_list(tmp_path / name)
        assert name in str(caught.value)


def test_ownership_and_leases(tmp_path: Path) -> None:
    """Owned premises and leases are taken from the list; where it is silent that is said."""
    path = written(tmp_path, {"owned": ["1", "no", "", "yes"], "lease_end": ["", "2031-03-31", "2029-12-31", ""]})
    found = read_outlet_list(path)
    assert found.outlets["is_owned"].tolist() == [True, False, False, True]
    assert found.outlets["lease_end"].dt.year.dropna().tolist() == [2031, 2029]
    assert has(found.notes, "1 outlet without a word on who owns the premises, taken as leased")


def test_it_draws_itself(tmp_path: Path) -> None:
    """The map shows every outlet of ours, the larger the volume the larger, and every competitor's."""
    found = read_outlet_list(written(tmp_path), bank="Ours")
    ax = found.plot()
    drawn = {layer.get_label(): layer for layer in ax.collections}
    assert set(drawn) == {"other banks (2)", "ours (2), by volume"}
    sizes = drawn["ours (2), by volume"].get_sizes()
    assert sizes[0] > sizes[1]
    assert drawn["ours (2), by volume"].get_offsets().tolist() == [[106.5, 29.5], [106.6, 29.6]]
    assert "<ul>" in found._repr_html_()
    mpl.pyplot.close(ax.figure)


# ---------------------------------------------------------------- real lists


def fdic(name: str) -> Path:
    """A list of the FDIC, where the data lie beside the repository."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / "regions" / "fdic" / name
        if path.is_file():
            return path
    pytest.skip(f"shared/data/regions/fdic/{name} is not beside the repository")


@pytest.mark.parametrize(
    ("name", "bank", "rows", "ours", "box"),
    [
        (
            "VT_2018_with_closures.csv",
            "People's United Bank, National Association",
            236,
            38,
            (-73.5, 42.7, -71.4, 45.1),
        ),
        ("VT_2023_with_openings.csv", "Manufacturers and Traders Trust Company", 227, 38, (-73.5, 42.7, -71.4, 45.1)),
        ("WV_2018_with_closures.csv", "branch banking and trust company", 618, 63, (-82.7, 37.2, -77.7, 40.7)),
        ("WV_2023_with_openings.csv", "City National Bank of West Virginia", 564, 58, (-82.7, 37.2, -77.7, 40.7)),
    ],
)
def test_real_branch_lists_become_outlets(
    name: str, bank: str, rows: int, ours: int, box: tuple[float, float, float, float]
) -> None:
    """Vermont and West Virginia as the FDIC publishes them: every branch is counted, placed in its state, and keeps its deposits."""
    path = fdic(name)
    found: OutletList = read_outlet_list(path, bank=bank, margin_share=0.02, volume_unit=1_000, area=shapely.box(*box))
    raw = pd.read_csv(path)
    assert len(found.outlets) == ours
    assert len(found.outlets) + len(found.competitors) == rows == len(raw)
    ids = [*found.outlets["site_id"], *found.competitors["site_id"]]
    assert sorted(ids) == sorted(raw["UNINUMBR"].astype(str))
    mine = raw[raw["NAMEFULL"].str.casefold() == bank.casefold()]
    assert found.outlets["volume"].sum() == pytest.approx(1_000 * mine["DEPSUMBR"].sum())
    margins = found.outlets[["margin_cash", "margin_counter", "margin_advice"]].to_numpy().sum()
    assert margins == pytest.approx(20 * mine["DEPSUMBR"].sum(), abs=0.02 * ours)
    assert (found.outlets["lon"].to_numpy() == mine["SIMS_LONGITUDE"].to_numpy()).all()
    assert has(found.notes, "main offices (branch number 0)")


def test_closures_of_a_real_list_count_only_when_asked() -> None:
    """West Virginia 2018: the branches that were closed by 2023 are outlets of 2018, unless the planner names that column."""
    path = fdic("WV_2018_with_closures.csv")
    raw = pd.read_csv(path)
    assert len(read_outlet_list(path).outlets) == 618
    later = read_outlet_list(path, columns={"closed": "closed_by_2023"})
    assert len(later.outlets) == 618 - raw["closed_by_2023"].sum()
    assert not np.isin(raw.loc[raw["closed_by_2023"] == 1, "UNINUMBR"].astype(str), later.outlets["site_id"]).any()
