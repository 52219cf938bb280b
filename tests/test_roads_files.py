"""Road files that are missing, damaged or elsewhere, and road files inside a region folder."""

from __future__ import annotations

import bz2
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from osm_files import along_equator, write_osm, write_pbf
from regions import tiny_tables, write_region

from netplan.errors import InputError
from netplan.region import load_region, read_region
from netplan.roads import Roads, read_roads, roads_cover
from netplan.violations import listing

STREET = [([1, 2], {"highway": "residential"})]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No file, a folder, an empty file and a name that says no kind."""
    with pytest.raises(InputError, match="no such file; name the road file"):
        read_roads(tmp_path / "roads.osm.pbf")
    with pytest.raises(InputError, match="a folder; name the road file"):
        read_roads(tmp_path)
    for name, words in (("empty.osm", "the file is empty"), ("roads.docx", "not a road file by its name")):
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"x")
        with pytest.raises(InputError, match=rf"^{name}: {words}"):
            read_roads(tmp_path / name)


def big_map() -> dict[int, tuple[float, float]]:
    """Many points, so that a PBF of them has several blocks."""
    draw = np.random.default_rng(0)
    return {number: (round(10 + draw.random() / 100, 7), round(draw.random() / 100, 7)) for number in range(1, 30_001)}


def test_a_truncated_pbf_is_refused(tmp_path: Path) -> None:
    """Cut anywhere - in the header, the points, the ways - there is one message and no roads."""
    points = big_map()
    whole = write_pbf(
        tmp_path / "whole.osm.pbf",
        points,
        [(list(points)[first : first + 9], {"highway": "residential"}) for first in range(0, 29_000, 7)],
    )
    data = whole.read_bytes()
    assert len(read_roads(whole).edges) > 1000
    path = tmp_path / "cut.osm.pbf"
    for share in (0.0005, 0.1, 0.5, 0.8, 0.95, 0.999):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match=r"^cut\.osm\.pbf: .*(export|download)"):
            read_roads(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.osm.pbf", b"not a pbf at all, just words that go on for a while"),
        ("a.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x05junk!"),
        ("a.osm.pbf", b"PK\x03\x04" + bytes(200)),
        ("a.osm", b"<?xml version='1.0'?><html><body/></html>"),
        ("a.osm", b"lon,lat\n1,2\n"),
        ("a.osm", b"<?xml version='1.0'?><osm version='0.6'><node id='1' lat='0'"),
        ("a.osm.bz2", b"BZh9 no"),
        ("a.osm.gz", b"no gzip"),
    ],
)
def test_what_is_no_openstreetmap_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Another kind of file under the ending of one."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"^{name}: .*; "):
        read_roads(tmp_path / name)


def test_a_file_without_roads_is_refused(tmp_path: Path) -> None:
    """Points only, buildings only, and paths only, which no car can use."""
    points = along_equator(0, 100)
    for ways, words in (
        ([], "holds no way that is a road"),
        ([([1, 2], {"building": "yes"})], "holds no way that is a road"),
        ([([1, 2], {"highway": "construction"})], "1 highway=construction"),
        ([([1, 2], {"highway": "footway"})], "no road is open to cars"),
    ):
        with pytest.raises(InputError, match=rf"^no\.osm: .*{words}"):
            read_roads(write_osm(tmp_path / "no.osm", points, ways))


def test_packed_xml_is_read(tmp_path: Path) -> None:
    """bzip2, as older extracts are delivered."""
    xml = write_osm(tmp_path / "a.osm", along_equator(0, 100), STREET)
    packed = tmp_path / "a.osm.bz2"
    packed.write_bytes(bz2.compress(xml.read_bytes()))
    pd.testing.assert_frame_equal(read_roads(packed).edges, read_roads(xml).edges)


def test_roads_of_another_country_are_refused(tmp_path: Path) -> None:
    """The error names both boxes, whether the area is cut to or only compared with."""
    path = write_osm(tmp_path / "far.osm", along_equator(0, 100), STREET)
    area = shapely.box(105, 28, 110, 32)
    with pytest.raises(
        InputError, match=r"longitude 10\.000 to 10\.001, latitude 0\.000 to 0\.000.*longitude 105\.000 to 110\.000"
    ):
        roads_cover(read_roads(path), area, file="far.osm")
    with pytest.raises(InputError, match=r"^far\.osm: no road lies where it is needed"):
        read_roads(path, area=area)
    roads_cover(read_roads(path), shapely.box(9.9, -0.1, 10.1, 0.1))


@pytest.mark.parametrize("area", [shapely.Point(1, 1), "POLYGON", shapely.Polygon(), shapely.box(0, 0, 5e5, 5e5)])
def test_an_area_that_is_no_outline_is_refused(tmp_path: Path, area: object) -> None:
    """Points, text, nothing, and metres in place of degrees."""
    path = write_osm(tmp_path / "a.osm", along_equator(0, 100), STREET)
    with pytest.raises(InputError, match=r"^area: "):
        read_roads(path, area=area)
    with pytest.raises(InputError, match="margin of -1"):
        read_roads(path, area=shapely.box(0, 0, 1, 1), area_margin_km=-1)


def road_folder(tmp_path: Path, name: str) -> Path:
    """The tiny region with its road as a file of another program: junctions 1 to 6 where its places lie, 40 km/h."""
    tables = tiny_tables()
    places = tables["road_nodes"][["lon", "lat"]].astype(float)
    for stem in ("road_nodes", "road_edges"):
        del tables[stem]
    write_region(tables, tmp_path)
    points = {number: (lon, lat) for number, (lon, lat) in enumerate(places.itertuples(index=False), 1)}
    ways = [([1, 2, 3, 4, 5, 6], {"highway": "secondary", "maxspeed": "50"})]
    if name.endswith(".pbf"):
        write_pbf(tmp_path / name, points, ways)
    elif name.endswith(".osm"):
        write_osm(tmp_path / name, points, ways)
    else:
        roads = read_roads(write_osm(tmp_path.parent / f"{tmp_path.name}.osm", points, ways))
        if name.endswith(".graphml"):
            import networkx as nx  # noqa: PLC0415

            graph = nx.MultiDiGraph(crs="EPSG:4326")
            graph.add_nodes_from(
                (node, {"x": data["x"], "y": data["y"]}) for node, data in roads.to_networkx().nodes(data=True)
            )
            graph.add_edges_from(
                (a, b, {"length": arc["metres"], "travel_time": arc["minutes"] * 60})
                for a, b, arc in roads.to_networkx("car").edges(data=True)
            )
            nx.write_graphml(graph, tmp_path / name)
        else:
            roads.frame()[["minutes", "is_oneway", "geometry"]].to_file(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["roads.osm.pbf", "roads.osm", "roads.graphml", "roads.gpkg", "roads.geojson", "roads.shp"]
)
def test_a_road_file_takes_the_place_of_the_road_tables(tmp_path: Path, name: str) -> None:
    """A region with roads.* instead of the two tables has typed tables of them, their notes, and the file's hash."""
    region = read_region(road_folder(tmp_path, name))
    assert region.road_edges["metres"].sum() == pytest.approx(0.32 * 111_319.49, rel=1e-4)
    assert region.road_edges["minutes"].sum() == pytest.approx(0.32 * 111.31949 * 1.5, rel=1e-3)
    assert region.road_edges["is_oneway"].dtype == bool
    assert region.road_edges["from_id"].isin(region.road_nodes["road_node_id"]).all()
    assert region.files[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert any(note.startswith(f"{name}: ") and "read" in note for note in region.notes)
    assert not any("not a table" in note for note in region.notes)


def test_the_sidecars_of_a_shapefile_are_hashed_too(tmp_path: Path) -> None:
    """Its columns and its coordinate system lie in files beside it."""
    region = read_region(road_folder(tmp_path, "roads.shp"))
    assert {"roads.shp", "roads.dbf", "roads.prj", "roads.shx"} <= set(region.files)


def problems(folder: Path) -> str:
    """What the check of a folder says."""
    return listing(load_region(folder).violations)


def test_a_damaged_road_file_is_a_violation(tmp_path: Path) -> None:
    """It is told beside everything else, with a remedy; the tables are not taken for absent."""
    folder = road_folder(tmp_path, "roads.osm.pbf")
    (folder / "roads.osm.pbf").write_bytes(b"x" * 50)
    assert "roads.osm.pbf: damaged or cut short" in problems(folder)
    assert "download or export it again" in problems(folder)


def test_roads_come_once(tmp_path: Path) -> None:
    """Two road files, or a road file beside a road table, are refused by name."""
    folder = road_folder(tmp_path, "roads.osm.pbf")
    (folder / "roads.gpkg").write_bytes(b"x")
    assert "roads.gpkg and roads.osm.pbf hold the roads more than once" in problems(folder)
    (folder / "roads.gpkg").unlink()
    (folder / "road_edges.csv").write_text("from_id,to_id,metres,minutes,is_oneway\n", encoding="utf-8")
    assert "roads.osm.pbf and road_edges.csv hold the roads more than once" in problems(folder)


def test_roads_far_from_the_people_are_a_violation(tmp_path: Path) -> None:
    """A road file of another country in a region folder: both boxes are named."""
    folder = road_folder(tmp_path, "roads.osm")
    write_osm(folder / "roads.osm", {1: (106.0, 29.0), 2: (106.1, 29.0)}, STREET)
    assert "roads.osm: the roads lie at longitude 106.000 to 106.100" in problems(folder)
    assert "the demand nodes at longitude 10.000 to 10.320" in problems(folder)


def test_optional_columns_of_road_tables_are_read_and_checked(tmp_path: Path) -> None:
    """Blank minutes close a road; roads nobody can use, all closed to cars, and walkers above 20 km/h are noted; negative minutes refused."""
    tables = tiny_tables()
    edges = tables["road_edges"]
    walk = ["10", "", "400", "0.1", "", *[""] * (len(edges) - 5)][: len(edges)]
    minutes = edges["minutes"].tolist()
    minutes[1] = ""
    tables["road_edges"] = edges.assign(minutes=minutes, walk_minutes=walk, road_class="ferry")
    write_region(tables, tmp_path)
    region = read_region(tmp_path)
    assert region.road_edges["minutes"].isna().sum() == 1
    assert any("road_edges.csv: 1 road closed to cars and walkers alike" in note for note in region.notes)
    assert not any("walked faster" in note for note in region.notes)
    tables["road_edges"] = tables["road_edges"].assign(road_class="path", minutes="")
    write_region(tables, tmp_path)
    notes = read_region(tmp_path).notes
    assert any("every road is closed to cars" in note for note in notes)
    assert any("1 road walked faster than 20 km/h (rows 5)" in note for note in notes)
    tables["road_edges"] = edges.assign(minutes_back="-1")
    write_region(tables, tmp_path)
    assert "minutes_back" in problems(tmp_path)


def test_roads_carry_over_to_region_tables(tmp_path: Path) -> None:
    """What read_roads gives is what the contract of road_edges takes: written as CSV it reads back without a violation."""
    tables = tiny_tables()
    places = tables["road_nodes"][["lon", "lat"]].astype(float)
    points = {number: (lon, lat) for number, (lon, lat) in enumerate(places.itertuples(index=False), 1)}
    roads: Roads = read_roads(
        write_osm(tmp_path / "x.osm", points, [([1, 2, 3, 4, 5, 6], {"highway": "primary", "oneway": "yes"})])
    )
    folder = tmp_path / "region"
    folder.mkdir()
    write_region({**tables, "road_nodes": roads.junctions, "road_edges": roads.edges}, folder)
    region = read_region(folder)
    pd.testing.assert_frame_equal(region.road_edges[roads.edges.columns].astype({"road_class": "str"}), roads.edges)
