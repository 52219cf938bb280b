"""Slopes: elevation rasters made from formulas, so that every grade is known before it is read."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio import Affine

from netplan.errors import InputError
from netplan.policy import Travel
from netplan.roads import elevations, read_roads, slope
from netplan.roads.elevations import opened_elevations
from netplan.roads.grades import DrivingGrades, WalkingGrades
from netplan.roads.slope import with_slope
from netplan.roads.tables import Roads
from netplan.travel import RoadNetwork

EAST, NORTH = 370_000.0, 4_710_000.0
"""Lower left corner of the synthetic land, UTM zone 31 north (Andorra)."""
PIXEL = 25.0


class Land(NamedTuple):
    """Metres east and north of the lower left corner."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]


Height = Callable[[Land], NDArray[np.float64]]


def corner(west: float, north: float, pixel: float) -> Affine:
    """Where a raster of square pixels lies."""
    return Affine(pixel, 0.0, west, 0.0, -pixel, north)


def write_dem(path: Path, height: Height, size: int = 240, crs: str | None = "EPSG:32631", **more: Any) -> Path:
    """A GeoTIFF of the heights at the centres of the pixels."""
    x = (np.arange(size) + 0.5) * PIXEL
    y = (size - np.arange(size) - 0.5) * PIXEL
    values = np.broadcast_to(height(Land(*np.meshgrid(x, y))), (size, size)).astype(more.get("dtype", "float64"))
    profile = {"driver": "GTiff", "width": size, "height": size, "count": 1, "dtype": "float64", "crs": crs, **more}
    with rasterio.open(path, "w", transform=corner(EAST, NORTH + size * PIXEL, PIXEL), **profile) as raster:
        raster.write(values, 1)
    return path


def heights_of(path: Path, lon: Any, lat: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Elevations of positions and which lie inside, from a raster of one band."""
    with opened_elevations(path) as raster:
        return raster.metres(lon, lat)


def lonlat(x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees of metres from the lower left corner."""
    to_degrees = Transformer.from_crs("EPSG:32631", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(np.asarray(x, dtype=float) + EAST, np.asarray(y, dtype=float) + NORTH)
    return np.asarray(lon), np.asarray(lat)


def roads_between(x: Any, y: Any, edges: list[dict[str, Any]]) -> Roads:
    """Roads between junctions J0, J1, ... at metres x, y; `ends`, `metres` and what else an edge has."""
    lon, lat = lonlat(x, y)
    junctions = pd.DataFrame({"road_node_id": [f"J{n}" for n in range(len(lon))], "lon": lon, "lat": lat})
    rows = [
        {"from_id": f"J{edge['ends'][0]}", "to_id": f"J{edge['ends'][1]}", "is_oneway": False, **edge} for edge in edges
    ]
    return Roads(junctions, pd.DataFrame(rows).drop(columns="ends"), ("made for a test",))


def tobler(grade: float) -> float:
    """Tobler's kilometres an hour."""
    return 6.0 * math.exp(-3.5 * abs(grade + 0.05))


def climb(share: float) -> Height:
    """A plane that rises to the east."""
    return lambda at: 1000.0 + share * at.x


def test_a_plane_of_ten_percent_by_hand(tmp_path: Path) -> None:
    """Walking and driving one kilometre on a plane of 10 % take what the formulas say, there and back.

    Tobler walks 3.549 km/h up, against 5.037 on the level, and 5.037 km/h down (-10 % is as far from -5 % as the level
    is), so 12.5 minutes at 4.8 km/h become 17.74 up and stay 12.5 down. A car loses 3 % x 6 up and 1.5 % x 6 down:
    2 minutes become 2 / 0.82 and 2 / 0.91. One kilometre north, along the plane, changes nothing.
    """
    dem = write_dem(tmp_path / "dem.tif", climb(0.10))
    roads = roads_between(
        [1000, 2000, 1000],
        [1000, 1000, 2000],
        [{"ends": (0, 1), "metres": 1000.0, "minutes": 2.0}, {"ends": (0, 2), "metres": 1000.0, "minutes": 2.0}],
    )
    edges = with_slope(roads, dem).edges
    assert tobler(0.10) == pytest.approx(3.549, abs=1e-3)
    assert edges.loc[0, "walk_minutes"] == pytest.approx(12.5 * tobler(0) / tobler(0.1), rel=1e-3)
    assert edges.loc[0, "walk_minutes"] == pytest.approx(17.74, abs=0.02)
    assert edges.loc[0, "walk_minutes_back"] == pytest.approx(12.5, rel=1e-3)
    assert edges.loc[0, "minutes"] == pytest.approx(2 / 0.82, rel=1e-3)
    assert edges.loc[0, "minutes_back"] == pytest.approx(2 / 0.91, rel=1e-3)
    assert edges.loc[1, ["walk_minutes", "walk_minutes_back"]].tolist() == pytest.approx([12.5, 12.5], rel=1e-3)
    assert edges.loc[1, ["minutes", "minutes_back"]].tolist() == pytest.approx([2.0, 2.0], rel=1e-9)


def test_level_ground_keeps_every_minute(tmp_path: Path) -> None:
    """On a level raster a road keeps the walking and driving minutes it has, whatever its own speeds are."""
    dem = write_dem(tmp_path / "dem.tif", climb(0.0))
    edge = {"ends": (0, 1), "metres": 1200.0, "minutes": 3.0, "minutes_back": 4.0, "walk_minutes": 31.0}
    edges = with_slope(roads_between([500, 1500], [500, 900], [edge]), dem).edges
    found = edges.loc[0, ["minutes", "minutes_back", "walk_minutes", "walk_minutes_back"]].tolist()
    assert found == pytest.approx([3.0, 4.0, 31.0, 31.0], rel=1e-12)


def test_a_hill_between_level_ends_counts(tmp_path: Path) -> None:
    """Both ends at 1,000 m and a ridge of 60 m between: 400 m up and 400 m down at 15 %, in both directions alike.

    Walking: half the way at Tobler(+15 %), half at Tobler(-15 %). The same road without cuts sees no hill.
    """

    def ridge(at: Land) -> NDArray[np.float64]:
        return 1000.0 + np.maximum(0.0, 60.0 - 0.15 * np.abs(at.x - 1400.0))

    dem = write_dem(tmp_path / "dem.tif", ridge)
    roads = roads_between([1000, 1800], [1000, 1000], [{"ends": (0, 1), "metres": 800.0, "minutes": 1.0}])
    edges = with_slope(roads, dem).edges
    expected = 10.0 * (tobler(0) / tobler(0.15) + tobler(0) / tobler(-0.15)) / 2
    assert edges.loc[0, "walk_minutes"] == pytest.approx(expected, rel=0.03)
    assert edges.loc[0, "walk_minutes_back"] == pytest.approx(edges.loc[0, "walk_minutes"], rel=1e-3)
    assert edges.loc[0, "minutes"] == pytest.approx((1 / 0.67 + 1 / 0.835) / 2, rel=0.03)
    unseen = with_slope(roads, dem, every_metres=1000).edges
    assert unseen.loc[0, "walk_minutes"] == pytest.approx(10.0, rel=1e-3)


def test_a_winding_road_is_as_steep_as_it_is_long(tmp_path: Path) -> None:
    """Two kilometres of bends between junctions one kilometre apart on a plane of 20 %: the road climbs at 10 %."""
    dem = write_dem(tmp_path / "dem.tif", climb(0.20))
    roads = roads_between([1000, 2000], [1000, 1000], [{"ends": (0, 1), "metres": 2000.0, "minutes": 4.0}])
    edges = with_slope(roads, dem).edges
    assert edges.loc[0, "minutes"] == pytest.approx(4 / 0.82, rel=1e-3)
    assert edges.loc[0, "walk_minutes"] == pytest.approx(25.0 * tobler(0) / tobler(0.1), rel=1e-3)


def waves(at: Land) -> NDArray[np.float64]:
    """Hills and valleys of 80 m, steeper one way than the other."""
    return 900 + 80 * np.sin(0.003 * at.x) * np.cos(0.0017 * at.y)


def scattered_roads(seed: int) -> Roads:
    """Thirty roads of six kilometres between twenty junctions anywhere on the land, some from a junction to itself."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(300, 5_500, (2, 20))
    edge = {"metres": 6_000.0, "minutes": 9.0, "walk_minutes": 70.0}
    return roads_between(x, y, [{"ends": tuple(pair), **edge} for pair in rng.integers(0, 20, (30, 2))])


@pytest.mark.parametrize("seed", range(3))
def test_blocks_of_roads_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Roads read a few at a time get the minutes, and the notes, that they get read all at once."""
    dem = write_dem(tmp_path / "dem.tif", waves)
    roads = scattered_roads(seed)
    at_once = with_slope(roads, dem)
    monkeypatch.setattr(slope, "_CUTS_AT_ONCE", 40)
    monkeypatch.setattr(slope, "_BLOCK_DEGREES", 0.01)
    in_blocks = with_slope(roads, dem)
    pd.testing.assert_frame_equal(in_blocks.edges, at_once.edges)
    assert in_blocks.notes == at_once.notes


@pytest.mark.parametrize("seed", range(4))
def test_turning_a_road_round_exchanges_its_directions(tmp_path: Path, seed: int) -> None:
    """A road written from its other end has the same minutes there and back, exchanged; so slopes have no preferred end."""
    dem = write_dem(tmp_path / "dem.tif", waves)
    there = scattered_roads(seed)
    turned = there.edges.rename(columns={"from_id": "to_id", "to_id": "from_id"})
    one, other = (with_slope(roads, dem).edges for roads in (there, replace(there, edges=turned)))
    for name in ("minutes", "walk_minutes"):
        np.testing.assert_allclose(one[name], other[f"{name}_back"], rtol=1e-9)
        np.testing.assert_allclose(one[f"{name}_back"], other[name], rtol=1e-9)
    assert (one["walk_minutes"] / one["walk_minutes_back"]).std() > 0.01


def test_the_raster_may_have_any_reference_system(tmp_path: Path) -> None:
    """The same plane in degrees, in UTM metres and in UTM with feet as unit gives the same minutes to 1 part in 1,000."""
    share = 0.08
    metric = write_dem(tmp_path / "utm.tif", climb(share))
    feet = write_dem(tmp_path / "feet.tif", lambda at: (1000.0 + share * at.x) / 0.3048)
    with rasterio.open(feet, "r+") as raster:
        raster.units = ("ft",)
    lon, lat = lonlat([0, 6_000], [0, 6_000])
    cell = 0.0002
    columns, rows = int((lon[1] - lon[0]) / cell), int((lat[1] - lat[0]) / cell)
    at_lon = lon[0] + (np.arange(columns) + 0.5) * cell
    at_lat = lat[1] - (np.arange(rows) + 0.5) * cell
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32631", always_xy=True)
    x, _ = to_utm.transform(*np.meshgrid(at_lon, at_lat))
    degrees = tmp_path / "degrees.tif"
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float64", "crs": "EPSG:4326"}
    with rasterio.open(degrees, "w", transform=corner(lon[0], lat[1], cell), **profile) as raster:
        raster.write(1000.0 + share * (x - EAST), 1)
    roads = roads_between(
        [1000, 2000, 3500],
        [2000, 2500, 2500],
        [{"ends": (n, n + 1), "metres": 1600.0, "minutes": 2.0} for n in range(2)],
    )
    expected = with_slope(roads, metric).edges
    for path in (feet, degrees):
        found = with_slope(roads, path).edges
        for name in ("minutes", "minutes_back", "walk_minutes", "walk_minutes_back"):
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-3)


def test_bilinear_values_are_exact_on_a_plane_across_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between pixel centres of a plane the elevation is the plane's to 1e-6 m; windows of 16 pixels give what one window gives."""
    dem = write_dem(tmp_path / "dem.tif", lambda at: 100 + 0.3 * at.x - 0.1 * at.y)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(PIXEL, 240 * PIXEL - PIXEL, (2, 5_000))
    at_once, inside = heights_of(dem, *lonlat(x, y))
    assert inside.all()
    np.testing.assert_allclose(at_once, 100 + 0.3 * x - 0.1 * y, atol=1e-4)
    monkeypatch.setattr(elevations, "_TILE", 16)
    np.testing.assert_array_equal(heights_of(dem, *lonlat(x, y))[0], at_once)


def test_the_raster_is_read_in_windows(tmp_path: Path) -> None:
    """A raster of 400 million pixels (1.6 GB as numbers), sparse on disk, is sampled with less than 200 MB of arrays."""
    path = tmp_path / "wide.tif"
    profile = {"driver": "GTiff", "width": 20_000, "height": 20_000, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    place = corner(0.0, 10.0, 0.0005)
    options = {"tiled": True, "blockxsize": 512, "blockysize": 512, "SPARSE_OK": True}
    with rasterio.open(path, "w", transform=place, **options, **profile) as raster:
        raster.write(np.full((512, 512), 50.0, dtype="float32"), 1, window=((0, 512), (0, 512)))
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(0.001, 9.999, (2, 20_000))
    tracemalloc.start()
    metres, inside = heights_of(path, lon, lat)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert inside.all()
    written = (lon < 0.25) & (lat > 9.76)
    assert set(metres[written]) == {50.0}


def test_roads_off_the_raster_or_on_blanks_keep_their_minutes_and_are_counted(tmp_path: Path) -> None:
    """One road on the plane, one leaving the raster, one over a hole of nodata: only the first changes, the notes say so."""

    def holed(at: Land) -> NDArray[np.float64]:
        return np.where((np.abs(at.x - 3000) < 200) & (np.abs(at.y - 3000) < 200), -9999.0, 1000 + 0.12 * at.x)

    dem = write_dem(tmp_path / "dem.tif", holed, nodata=-9999.0)
    roads = roads_between(
        [1000, 2000, 5500, 6500, 2500, 3500],
        [1000, 1000, 1000, 1000, 3000, 3000],
        [{"ends": (n, n + 1), "metres": 1000.0, "minutes": 2.0, "walk_minutes": 12.5} for n in (0, 2, 4)],
    )
    sloped = with_slope(roads, dem)
    assert sloped.edges["minutes"].tolist()[1:] == [2.0, 2.0]
    assert sloped.edges["walk_minutes"].tolist()[1:] == [12.5, 12.5]
    assert sloped.edges.loc[0, "minutes"] == pytest.approx(2 / 0.76, rel=1e-3)
    assert sloped.notes[0] == "made for a test"
    assert sloped.notes[1] == "slope: elevations from dem.tif for 1 of 3 roads"
    assert "2 roads (2.0 km) outside dem.tif or beside pixels without a value keep their minutes" in sloped.notes[2]
    assert "(5 points along them outside, " in sloped.notes[2]


def test_who_may_not_pass_still_may_not(tmp_path: Path) -> None:
    """Roads closed to cars or to walkers stay closed, one-way roads get no way back for cars and both for walkers."""
    dem = write_dem(tmp_path / "dem.tif", climb(0.1))
    roads = roads_between(
        [1000, 2000],
        [1000, 1000],
        [
            {"ends": (0, 1), "metres": 1000.0, "minutes": np.nan, "walk_minutes": 12.5},
            {"ends": (0, 1), "metres": 1000.0, "minutes": 1.0, "walk_minutes": np.nan},
            {"ends": (0, 1), "metres": 1000.0, "minutes": 1.0, "walk_minutes": 12.5, "is_oneway": True},
        ],
    )
    edges = with_slope(roads, dem).edges
    closed = edges[["minutes", "minutes_back", "walk_minutes", "walk_minutes_back"]].isna().to_numpy().tolist()
    assert closed == [[True, True, False, False], [False, False, True, True], [False, True, False, False]]


def test_tunnels_are_held_at_the_steepest_grade(tmp_path: Path) -> None:
    """Below a mountain of 100 % slopes the raster climbs 500 m; the pieces count as 35 % and the notes count them."""
    dem = write_dem(tmp_path / "dem.tif", lambda at: 1000 + np.maximum(0.0, 500 - np.abs(at.x - 2000)))
    roads = roads_between([1500, 2500], [1000, 1000], [{"ends": (0, 1), "metres": 1000.0, "minutes": 1.0}])
    sloped = with_slope(roads, dem, walking=None)
    assert sloped.edges.loc[0, "minutes"] == pytest.approx((1 / 0.5 + 1 / (1 - 0.015 * 31)) / 2, rel=1e-6)
    assert any("10 pieces of road steeper" in note for note in sloped.notes)
    assert "walk_minutes" not in sloped.edges


def test_rules_are_parameters(tmp_path: Path) -> None:
    """Own rules replace the defaults: no loss downhill, Tobler's off-path decay twice as strong; ``None`` leaves a mode alone."""
    dem = write_dem(tmp_path / "dem.tif", climb(0.10))
    roads = roads_between([1000, 2000], [1000, 1000], [{"ends": (0, 1), "metres": 1000.0, "minutes": 2.0}])
    own = with_slope(roads, dem, driving=DrivingGrades(0.0, 0.05, 0.0, 0.1), walking=WalkingGrades(decay=7.0)).edges
    assert own.loc[0, ["minutes", "minutes_back"]].tolist() == pytest.approx([2 / 0.5, 2.0], rel=1e-3)
    assert own.loc[0, "walk_minutes"] == pytest.approx(12.5 * math.exp(0.7), rel=1e-3)
    walking_only = with_slope(roads, dem, driving=None).edges
    assert walking_only["minutes"].tolist() == [2.0]
    assert "minutes_back" not in walking_only


@pytest.mark.parametrize("rule", [WalkingGrades(), DrivingGrades()])
def test_paces_are_one_on_the_level_and_never_fall_with_steepness(rule: WalkingGrades | DrivingGrades) -> None:
    """The level has pace 1; uphill never gets faster with the grade, nor downhill beyond the best grade."""
    assert rule.pace(np.zeros(1))[0] == pytest.approx(1.0, abs=1e-15)
    up = rule.pace(np.linspace(0, 0.4, 200))
    down = rule.pace(-np.linspace(0.05, 0.4, 200))
    assert (np.diff(up) >= 0).all()
    assert (np.diff(down) >= 0).all()
    assert up[-1] > 1.4


def test_slowing_twice_is_refused(tmp_path: Path) -> None:
    """Roads that carry a slope already are not slowed again: the minutes would be counted twice."""
    dem = write_dem(tmp_path / "dem.tif", climb(0.05))
    roads = roads_between([1000, 2000], [1000, 1000], [{"ends": (0, 1), "metres": 1000.0, "minutes": 2.0}])
    with pytest.raises(InputError, match="already"):
        with_slope(with_slope(roads, dem), dem)


def two_roads() -> Roads:
    """Any roads on the synthetic land."""
    return roads_between([1000, 2000], [1000, 1000], [{"ends": (0, 1), "metres": 1000.0, "minutes": 2.0}])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"crs": None}, "does not say its coordinate reference system"),
        ({"crs": "EPSG:32650"}, "covers none of the roads"),
        ({"nodata": 700.0}, "no value where the roads are"),
        ({"height": lambda at: 12_000.0 + 0 * at.x}, "cannot be metres above sea"),
        ({"height": lambda at: -9999.0 + 0 * at.x}, "declare its nodata value"),
    ],
)
def test_a_raster_that_is_no_help_is_refused(tmp_path: Path, written: dict[str, Any], said: str) -> None:
    """No reference system, another region, nothing but blanks, values that are no elevations: one clear error with the file."""
    height = written.pop("height", lambda at: 700.0 + 0 * at.x)
    dem = write_dem(tmp_path / "dem.tif", height, **written)
    with pytest.raises(InputError, match=said) as caught:
        with_slope(two_roads(), dem)
    assert str(caught.value).startswith("dem.tif: ")


def test_broken_and_unclear_rasters_are_refused(tmp_path: Path) -> None:
    """A missing file, a file that is no raster, one cut short, several bands, odd units: each gets one message with the file."""
    path = tmp_path / "dem.tif"
    with pytest.raises(InputError, match="no such file"):
        with_slope(two_roads(), path)
    path.write_text("not a raster", encoding="utf-8")
    with pytest.raises(InputError, match=r"dem\.tif: not readable as a raster"):
        with_slope(two_roads(), path)
    whole = write_dem(path, climb(0.1)).read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match=r"dem\.tif: not readable as a raster, or cut short"):
        with_slope(two_roads(), path)
    write_dem(path, climb(0.1), count=3)
    with pytest.raises(InputError, match="3 bands"):
        with_slope(two_roads(), path)
    assert with_slope(two_roads(), path, band=1).edges.loc[0, "minutes"] == pytest.approx(2 / 0.82, rel=1e-3)
    with pytest.raises(InputError, match="no band 4"):
        with_slope(two_roads(), path, band=4)
    with rasterio.open(write_dem(path, climb(0.1)), "r+") as raster:
        raster.units = ("kelvin",)
    with pytest.raises(InputError, match="'kelvin'"):
        with_slope(two_roads(), path)


@pytest.mark.parametrize("wrong", [{"every_metres": 0}, {"steepest_grade": -1}, {"walk_speed_km_per_hour": math.nan}])
def test_arguments_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    """Numbers that make no sense are refused by name, and so are rules that cannot be."""
    with pytest.raises(InputError, match=next(iter(wrong))):
        with_slope(two_roads(), tmp_path / "dem.tif", **wrong)
    with pytest.raises(InputError, match="least_share"):
        DrivingGrades(least_share=0)
    with pytest.raises(InputError, match="decay"):
        WalkingGrades(decay=-1)


def test_no_roads_is_refused(tmp_path: Path) -> None:
    """There is nothing to slow without roads."""
    roads = replace(two_roads(), edges=two_roads().edges.iloc[:0])
    with pytest.raises(InputError, match="no roads"):
        with_slope(roads, tmp_path / "dem.tif")


def test_progress_runs_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading tells how far it is, block by block, rising to 1."""
    monkeypatch.setattr(slope, "_CUTS_AT_ONCE", 10)
    dem = write_dem(tmp_path / "dem.tif", climb(0.1))
    told: list[tuple[str, float]] = []
    with_slope(scattered_roads(0), dem, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert told[-1] == ("reading elevations", 1.0)


ANDORRA = {
    "Sant Julia": (1.4913, 42.4637, 908),
    "Andorra la Vella": (1.5218, 42.5063, 1023),
    "Encamp": (1.5801, 42.5345, 1238),
    "Canillo": (1.5976, 42.5676, 1526),
    "Soldeu": (1.6669, 42.5769, 1825),
    "Envalira": (1.7189, 42.5402, 2408),
    "Pas de la Casa": (1.7333, 42.5428, 2080),
    "Ordino": (1.5331, 42.5562, 1298),
    "La Massana": (1.5148, 42.5450, 1230),
    "Arinsal": (1.4847, 42.5717, 1475),
}
"""Longitude, latitude and published metres above sea of towns and of the pass of Envalira."""


@pytest.fixture(scope="module")
def andorra() -> Roads:
    """The roads of Andorra, from the folder `shared` beside the repository or beside one of its parents."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / "regions" / "andorra" / "andorra.osm.pbf"
        if path.is_file():
            return read_roads(path, country="AD")
    pytest.skip("shared/data/regions/andorra/andorra.osm.pbf is not beside the repository")


@pytest.fixture(scope="module")
def andorra_sloped(andorra: Roads, tmp_path_factory: pytest.TempPathFactory) -> Roads:
    """The same roads on a land drawn through the ten known heights (inverse squared distances), 56 m a pixel."""
    west, north, cell = 1.3, 42.75, 0.0005
    lon, lat = np.meshgrid(west + (np.arange(1200) + 0.5) * cell, north - (np.arange(800) + 0.5) * cell)
    known = np.array(list(ANDORRA.values()))
    weight = np.stack([1.0 / (((lon - x) * 0.737) ** 2 + (lat - y) ** 2 + 1e-6) for x, y, _ in known])
    height = np.einsum("k,kij->ij", known[:, 2], weight) / weight.sum(axis=0)
    path = tmp_path_factory.mktemp("dem") / "andorra.tif"
    profile = {"driver": "GTiff", "width": 1200, "height": 800, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", transform=corner(west, north, cell), **profile) as raster:
        raster.write(height.astype("float32"), 1)
    return with_slope(andorra, path)


def trip(roads: Roads, mode: str, start: str, end: str) -> float:
    """Minutes between two towns by networkx, each at its nearest junction from which all others can be reached."""
    network = RoadNetwork.from_tables(roads.junctions, roads.edges, Travel(mode=mode))
    graph = network.to_networkx()
    core = max(nx.strongly_connected_components(graph), key=len)
    inside = np.array([name in core for name in network.ids])
    ends = []
    for name in (start, end):
        lon, lat, _ = ANDORRA[name]
        off = ((network.lon - lon) * 0.737) ** 2 + (network.lat - lat) ** 2
        ends.append(network.ids[int(np.argmin(np.where(inside, off, np.inf)))])
    return float(nx.dijkstra_path_length(graph, *ends, weight="minutes"))


def test_walking_up_to_ordino_takes_longer_than_back(andorra: Roads, andorra_sloped: Roads) -> None:
    """From Andorra la Vella to Ordino the road climbs 275 m on 7.9 km: 98 minutes on the level, about 112 up and 93 down.

    At an even 3.5 % Tobler's factor is exp(3.5 x 0.035) = 1.13 up (111 minutes) and 1 / 1.13 down (87 minutes); the real
    road is not even, so both directions are slower than that.
    """
    level = trip(andorra, "walk", "Andorra la Vella", "Ordino")
    up = trip(andorra_sloped, "walk", "Andorra la Vella", "Ordino")
    down = trip(andorra_sloped, "walk", "Ordino", "Andorra la Vella")
    assert level == pytest.approx(7.9 / 4.8 * 60, rel=0.05)
    assert 1.13 * level <= up * 1.001
    assert up < 1.25 * level
    assert level / 1.13 < down < level


def test_driving_over_the_pass_is_slowed_in_both_directions(andorra: Roads, andorra_sloped: Roads) -> None:
    """Andorra la Vella to Pas de la Casa: 30 km, 40 minutes by the speeds; 1,385 m up and 328 m down cost 5 to 20 %.

    The mean grade up is 5 %, so much of the road lies beyond the free 4 %; uphill is slower than downhill.
    """
    for start, end in (("Andorra la Vella", "Pas de la Casa"), ("Pas de la Casa", "Andorra la Vella")):
        level, sloped = (trip(roads, "car", start, end) for roads in (andorra, andorra_sloped))
        assert 35 < level < 50
        assert 1.05 < sloped / level < 1.20
    eastwards = trip(andorra_sloped, "car", "Andorra la Vella", "Pas de la Casa")
    assert eastwards > trip(andorra_sloped, "car", "Pas de la Casa", "Andorra la Vella")


def test_slopes_of_andorra_keep_the_bounds_of_the_rules(andorra: Roads, andorra_sloped: Roads) -> None:
    """No drive gets faster or takes more than twice as long; no walk gets faster than Tobler's best; who may pass is the same."""
    assert andorra_sloped.notes[len(andorra.notes)].endswith(
        f"for {len(andorra.edges):,} of {len(andorra.edges):,} roads"
    )
    before, after = andorra.edges, andorra_sloped.edges
    driven = (after["minutes"] / before["minutes"]).dropna()
    assert driven.between(1 - 1e-12, 2 + 1e-12).all()
    walked = pd.concat(
        [after[name] / before["walk_minutes"] for name in ("walk_minutes", "walk_minutes_back")]
    ).dropna()
    assert walked.between(math.exp(-0.175) - 1e-12, math.exp(3.5 * 0.35) + 1e-12).all()
    for name in ("minutes", "walk_minutes"):
        assert (before[name].isna() == after[name].isna()).all()
