"""Roads of map lines: GeoPackage, Shapefile, GeoJSON, FlatGeobuf, Parquet."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import pytest
import shapely
from osm_files import METRES_OF_A_DEGREE

from netplan.errors import InputError
from netplan.roads import Roads, read_roads
from netplan.roads.tables import CRS

STEP = 400 / METRES_OF_A_DEGREE
"""400 m in degrees along the equator."""


def layer(lines: Sequence[Sequence[tuple[float, float]]], crs: Any = CRS, **columns: Any) -> gpd.GeoDataFrame:
    """Lines on a lattice of 400 m from 10 east on the equator."""
    shapes = [shapely.LineString([(10 + x * STEP, y * STEP) for x, y in line]) for line in lines]
    return (
        gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_crs(crs)
        if crs
        else gpd.GeoDataFrame(columns, geometry=shapes)
    )


def roads_of(tmp_path: Path, frame: gpd.GeoDataFrame, name: str = "roads.gpkg", **arguments: Any) -> Roads:
    """The layer written to a file and read back."""
    path = tmp_path / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return read_roads(path, **arguments)


CROSS = [[(0, 0), (1, 0), (2, 0)], [(1, 0), (1, 1)], [(0, -0.5), (2, -0.5)]]


@pytest.mark.parametrize("name", ["r.gpkg", "r.shp", "r.geojson", "r.fgb", "r.parquet"])
def test_every_format_gives_the_same_roads(tmp_path: Path, name: str) -> None:
    """One layer in five formats: the same lengths and minutes; 400 m at 40 km/h are 0.6 minutes."""
    roads = roads_of(tmp_path, layer(CROSS, speed=[40.0, 40.0, 20.0]), name)
    assert roads.edges["metres"].round(1).tolist().count(400.0) == 4
    assert sorted(roads.edges["minutes"]) == pytest.approx([0.596, 0.6, 0.6, 1.2, 1.2], abs=1e-3)


def test_lines_meet_at_shared_points_only(tmp_path: Path) -> None:
    """A line that ends on a point of another joins it there; one that crosses without a common point is a bridge."""
    roads = roads_of(
        tmp_path, layer([[(0, 0), (1, 0), (2, 0)], [(1, 0), (1, 1)], [(0.5, -1), (0.5, 1)]], speed=[40] * 3)
    )
    assert roads.part_sizes().tolist() == [4, 3]  # the crossing line of 796 m is cut in two
    assert any("2 parts that do not meet" in note for note in roads.notes)


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3857", "EPSG:4490", "ESRI:54009"])
def test_any_coordinate_system_gives_true_metres(tmp_path: Path, crs: str) -> None:
    """Metres are geodesic whatever the projection of the file does to lengths."""
    roads = roads_of(tmp_path, layer(CROSS, crs=crs, speed=[40] * 3))
    assert roads.edges["metres"].sum() == pytest.approx(2 * 400 + 397.3 + 2 * 400, rel=1e-4)


def test_minutes_of_a_feature_are_shared_by_length(tmp_path: Path) -> None:
    """Six minutes over 800 m with a junction at 400: three each; a feature of two lines shares them too."""
    frame = layer([[(0, 0), (1, 0), (2, 0)], [(1, 0), (1, 1)]], minutes=[6.0, 2.0])
    roads = roads_of(tmp_path, frame)
    assert sorted(roads.edges["minutes"]) == pytest.approx([2, 3, 3], rel=1e-6)
    both = gpd.GeoDataFrame(
        {"minutes": [6.0]},
        geometry=[shapely.MultiLineString(list(layer([[(0, 0), (1, 0)], [(5, 0), (7, 0)]]).geometry))],
        crs=CRS,
    )
    assert sorted(roads_of(tmp_path, both, "m.gpkg").edges["minutes"]) == pytest.approx([2, 2, 2], rel=1e-6)


def test_the_way_back_may_take_longer(tmp_path: Path) -> None:
    """minutes_back of the feature counts against the line's direction."""
    frame = layer([[(0, 0), (1, 0)], [(0, 1), (1, 1)]], minutes=[1.0, 1.0], minutes_back=[3.0, None])
    roads = roads_of(tmp_path, frame)
    lon = roads.junctions.set_index("road_node_id")["lon"]
    times = {}
    for tail, head, data in roads.to_networkx("car").edges(data=True):
        times.setdefault("east" if lon[tail] < lon[head] else "west", []).append(data["minutes"])
    assert {way: sorted(minutes) for way, minutes in times.items()} == {
        "east": pytest.approx([1, 1]),
        "west": pytest.approx([1, 3]),
    }


def test_speed_as_driven_is_not_a_limit(tmp_path: Path) -> None:
    """A column speed is driven as it is; maxspeed is a limit of which 0.8 is reached; a class without either takes its own pace."""
    frame = layer(
        [[(0, 0), (1, 0)], [(0, 1), (1, 1)], [(0, 2), (1, 2)]],
        highway="primary",
        speed=[50.0, None, None],
        maxspeed=[None, "50", None],
    )
    edges = roads_of(tmp_path, frame, country="CN").edges
    assert (edges["metres"] * 0.06 / edges["minutes"]).tolist() == pytest.approx([50, 40, 56])


def test_lines_without_any_column_are_plain_roads(tmp_path: Path) -> None:
    """Neither class nor speed: 35 km/h, and the note says so."""
    roads = roads_of(tmp_path, layer(CROSS))
    assert (roads.edges["metres"] * 0.06 / roads.edges["minutes"]).tolist() == pytest.approx([35] * len(roads.edges))
    assert any(
        "3 features without minutes or speed, driven as a road without class (35 km/h or less)" in note
        for note in roads.notes
    )


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["yes", "no", "-1"], [(0, 1), None, (1, 0)]),
        (["F", "B", "T"], [(0, 1), None, (1, 0)]),
        (["FT", "", "TF"], [(0, 1), None, (1, 0)]),
        ([1, 0, -1], [(0, 1), None, (1, 0)]),
        ([True, False, True], [(0, 1), None, (0, 1)]),
    ],
)
def test_one_way_in_the_words_of_each_maker(tmp_path: Path, words: list[Any], ends: list[Any]) -> None:
    """OpenStreetMap's, Geofabrik's and vendors' codes, numbers and flags."""
    frame = layer([[(0, 0), (1, 0)], [(0, 1), (1, 1)], [(0, 2), (1, 2)]], oneway=words, speed=[30] * 3)
    roads = roads_of(tmp_path, frame, "w.parquet" if isinstance(words[0], bool) else "w.gpkg")
    lon = roads.junctions.set_index("road_node_id")["lon"]
    lat = roads.junctions.set_index("road_node_id")["lat"]
    for row in roads.edges.itertuples():
        expected = ends[round(lat[row.from_id] / STEP)]
        assert row.is_oneway == (expected is not None)
        if expected is not None:
            assert round((lon[row.from_id] - 10) / STEP) == expected[0]


def test_tags_of_openstreetmap_in_columns_count(tmp_path: Path) -> None:
    """fclass, other_tags and access columns close and open roads as they do in a PBF; Geofabrik's 0 is no limit."""
    frame = layer(
        [[(0, 0), (1, 0)], [(0, 1), (1, 1)], [(0, 2), (1, 2)], [(0, 3), (1, 3)]],
        fclass=["footway", "primary", "primary", "primary"],
        maxspeed=[0, 0, 0, 50],
        access=[None, None, "private", None],
        other_tags=[None, '"oneway"=>"yes","foot"=>"no"', None, None],
    )
    roads = roads_of(tmp_path, frame, country="CN")
    by_class = roads.edges.set_index("road_class")
    assert math.isnan(by_class.loc["footway", "minutes"])
    assert sorted(roads.edges["is_oneway"]) == [False, False, True]
    assert roads.edges["walk_minutes"].isna().sum() == 1
    assert any("1 feature left out: 1 closed to cars and walkers" in note for note in roads.notes)


def test_long_lines_are_cut_and_passed_points_joined(tmp_path: Path) -> None:
    """Ten lines of 400 m in a row of one speed are one road of 4 km, cut into pieces of at most 1 km; times add up."""
    frame = layer([[(x, 0), (x + 1, 0)] for x in range(10)], speed=[60] * 10)
    roads = roads_of(tmp_path, frame, max_edge_metres=1000)
    assert roads.edges["metres"].tolist() == pytest.approx([1000] * 4, rel=1e-6)
    graph = roads.to_networkx("car")
    ends = [node for node in graph if graph.degree(node) == 2]
    assert nx.shortest_path_length(graph, *ends, weight="minutes") == pytest.approx(4, rel=1e-6)


def test_a_zipped_shapefile_is_read(tmp_path: Path) -> None:
    """As download pages deliver it."""
    layer(CROSS, speed=[40] * 3).to_file(tmp_path / "z.shp")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        for part in sorted(tmp_path.glob("z.*")):
            if part.suffix != ".zip":
                packed.write(part, part.name)
    assert len(read_roads(tmp_path / "z.zip").edges) == 5


def test_the_layer_of_roads_is_found(tmp_path: Path) -> None:
    """The only layer of lines, the one named roads, or the one that is named; several others are listed."""
    path = tmp_path / "many.gpkg"
    layer(CROSS, speed=[40] * 3).to_file(path, layer="A")
    gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)], crs=CRS).to_file(path, layer="stops")
    assert any("layer A read, not stops" in note for note in read_roads(path).notes)
    layer(CROSS[:1], speed=[40]).to_file(path, layer="B")
    with pytest.raises(InputError, match=r"2 layers of lines \(A, B\)"):
        read_roads(path)
    assert read_roads(path, layer="B").edges["metres"].tolist() == pytest.approx([400, 400])
    with pytest.raises(InputError, match="no layer 'C'; layers: A, stops, B"):
        read_roads(path, layer="C")
    layer(CROSS[1:], speed=[40] * 2).to_file(path, layer="roads")
    assert any("layer roads read" in note for note in read_roads(path).notes)


def test_an_area_cuts_lines_too(tmp_path: Path) -> None:
    """Roads farther than the margin are left out and counted; the whole outside is refused, naming both boxes."""
    frame = layer([[(x, 0), (x + 1, 0)] for x in range(40)], speed=[60] * 40)
    frame.to_file(tmp_path / "a.gpkg")
    near = read_roads(tmp_path / "a.gpkg", area=shapely.box(9.99, -0.01, 10.01, 0.01), area_margin_km=1)
    assert near.edges["metres"].sum() == pytest.approx(6 * 400, rel=1e-6)
    assert any("34 pieces of road more than 1 km outside the area left out" in note for note in near.notes)
    with pytest.raises(InputError, match=r"a\.gpkg: no road in use lies where it is needed"):
        read_roads(tmp_path / "a.gpkg", area=shapely.box(20, 20, 21, 21))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"speed": [40, -1, 40]}, r"speed = '-1' \(features 2\) is not a number above 0"),
        ({"speed": ["40", "fast", "40"]}, "speed = 'fast'"),
        ({"minutes": [0, 1, 1]}, r"minutes = '0' \(features 1\)"),
        ({"oneway": ["yes", "perhaps", "no"]}, "oneway = 'perhaps' is no direction"),
        ({"oneway": ["T", "F", "T"]}, "may mean true and false"),
        ({"highway": ["construction"] * 3}, "no road in use"),
        ({"highway": ["footway"] * 3}, "no road is open to cars"),
    ],
)
def test_columns_that_cannot_be_read_are_refused(tmp_path: Path, columns: dict[str, Any], words: str) -> None:
    """One message with file, column, value and remedy."""
    with pytest.raises(InputError, match=words) as error:
        roads_of(tmp_path, layer(CROSS, **columns))
    assert str(error.value).startswith("roads.gpkg: ")
    assert ";" in str(error.value)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 1)], crs=CRS), "lines"),
        (gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS), "lines"),
        (layer(CROSS, crs=None), "coordinate reference system is not stated"),
        (layer([], speed=[]), "empty"),
    ],
    ids=["points", "polygons", "no CRS", "empty"],
)
@pytest.mark.parametrize("name", ["bad.gpkg", "bad.shp", "bad.parquet"])
@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_layers_that_are_no_roads_are_refused(tmp_path: Path, frame: gpd.GeoDataFrame, words: str, name: str) -> None:
    """Points, areas, a layer without coordinate system, an empty one."""
    if len(frame) == 0 and name.endswith(".shp"):
        frame = frame.reindex([]).set_geometry(gpd.GeoSeries([], crs=CRS))
    path = tmp_path / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path, geometry_type="LineString" if len(frame) == 0 else None, engine="pyogrio")
    with pytest.raises(InputError, match=words) as error:
        read_roads(path)
    assert str(error.value).startswith(name)


@pytest.mark.parametrize("name", ["x.gpkg", "x.shp", "x.geojson", "x.zip", "x.parquet", "x.fgb"])
@pytest.mark.parametrize("content", [b"not a map", b"\x00" * 300])
def test_what_is_no_map_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Garbage under each ending gives one message with the file's name and a remedy."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"^{name}: .*; export the roads again"):
        read_roads(tmp_path / name)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    """Half a GeoPackage, GeoJSON or Parquet file."""
    frame = layer([[(x, 0), (x + 1, 0)] for x in range(400)], speed=[60] * 400)
    for name in ("h.gpkg", "h.geojson", "h.parquet"):
        path = tmp_path / name
        if name.endswith("parquet"):
            frame.to_parquet(path)
        else:
            frame.to_file(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(InputError, match=rf"^{name}: "):
            read_roads(path)
