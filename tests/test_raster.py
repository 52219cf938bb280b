"""People of a raster reach the cells to the person, whatever the file's system, nodata or layout; bad files are refused in one sentence."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine, from_origin

from netplan.coordinates.measure import geodesic_km2
from netplan.demand import pixels
from netplan.demand.grid import h3_cells, square_cells
from netplan.demand.raster import read_population
from netplan.errors import InputError

AFRICA = Path(__file__).parents[2] / "shared" / "data" / "regions" / "africa" / "afripop2020.tif"
AREA = shapely.Polygon([(0.31, 0.22), (0.93, 0.17), (0.81, 0.58), (0.64, 0.92), (0.23, 0.71)])
CELLS = square_cells(AREA, 17_000)


def write(path: Path, values: np.ndarray, transform: Affine | None = None, **profile: Any) -> Path:
    """A GeoTIFF of these values; by default 0.1 degrees a pixel with its upper left corner at 0 E 1 N."""
    settings = {"crs": "EPSG:4326", "dtype": values.dtype, "count": 1} | profile
    scale, offset = settings.pop("scale", None), settings.pop("offset", None)
    place = transform or from_origin(0, 1, 0.1, 0.1)
    height, width = values.shape
    with rasterio.open(path, "w", driver="GTiff", width=width, height=height, transform=place, **settings) as file:
        for band in range(1, settings["count"] + 1):
            file.write(values, band)
        if scale is not None:
            file.scales, file.offsets = [scale], [offset]
    return path


def values(seed: int = 0, shape: tuple[int, int] = (10, 10), dtype: str = "float32") -> np.ndarray:
    """Random people."""
    return (np.random.default_rng(seed).gamma(0.5, 40.0, shape) + 1).astype(dtype)


def brute_force(people: np.ndarray, transform: Affine, shapes: Any) -> np.ndarray:
    """People of each polygon, pixel by pixel: the share of the pixel's rectangle inside the polygon times its people."""
    sums = np.zeros(len(shapes))
    for row, column in np.ndindex(*people.shape):
        corners = [transform * (column + i, row + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
        pixel = shapely.Polygon(corners)
        sums += float(people[row, column]) * shapely.area(shapely.intersection(pixel, shapes)) / pixel.area
    return sums


@pytest.mark.parametrize("make", [lambda: CELLS, lambda: h3_cells(AREA, 5)])
def test_equals_the_brute_force(tmp_path: Path, make: Any) -> None:
    """Every cell holds what intersecting it with every single pixel gives."""
    cells, people = make(), values()
    read = read_population(write(tmp_path / "p.tif", people), cells, AREA)
    expected = brute_force(people, from_origin(0, 1, 0.1, 0.1), cells.geometry.values)
    assert read.cells["people"].to_numpy() == pytest.approx(expected, rel=1e-6, abs=1e-5)
    assert list(read.cells["cell_id"]) == list(cells["cell_id"])


@pytest.mark.parametrize(
    ("crs", "area"),
    [
        ("ESRI:54009", AREA),
        ("ESRI:54009", shapely.Polygon([(121.1, 41.2), (123.0, 41.0), (122.4, 43.1), (121.3, 42.6)])),
        ("EPSG:32651", shapely.Polygon([(121.1, 41.2), (123.0, 41.0), (122.4, 43.1), (121.3, 42.6)])),
        ("EPSG:3035", shapely.Polygon([(9.0, 54.6), (11.9, 55.1), (10.4, 57.3)])),
        ("EPSG:2263", shapely.Polygon([(-74.2, 40.6), (-73.8, 40.5), (-73.9, 40.9)])),
    ],
)
def test_any_system(tmp_path: Path, crs: str, area: shapely.Polygon) -> None:
    """In Mollweide, UTM, Lambert or feet: cells as by brute force on finely bent outlines, in all what the outline holds to 1e-6."""
    plane = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform

    def bent(shapes: Any) -> Any:
        return shapely.transform(shapely.segmentize(shapes, 0.0005), plane, interleaved=False)

    left, bottom, right, top = bent(area).bounds
    side = (right - left) / 13
    place = from_origin(left - 1.3 * side, top + 0.7 * side, side, side)
    people = values(3, (int((top - bottom) / side) + 3, 16))
    cells = square_cells(area, np.sqrt(geodesic_km2([area])[0]) * 130)
    read = read_population(write(tmp_path / "p.tif", people, place, crs=crs), cells, area)
    assert read.cells["people"].to_numpy() == pytest.approx(
        brute_force(people, place, bent(cells.geometry.values)), rel=2e-5, abs=0.02
    )
    assert read.people == pytest.approx(brute_force(people, place, [bent(area)])[0], rel=1e-6)
    assert read.people + read.outside["people"] == pytest.approx(people.sum(dtype=float), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 25),
    columns=st.integers(1, 25),
    resolution=st.integers(3, 5),
    is_projected=st.booleans(),
)
def test_people_are_conserved(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, columns: int, resolution: int, is_projected: bool
) -> None:
    """Random rasters, outlines and cells: cells sum to the outline as one polygon to 1e-6; with those outside, to the raster."""
    draw = np.random.default_rng(seed)
    turn = np.sort(draw.uniform(0, 2 * np.pi, 17))
    reach = draw.uniform(0.2, 1.2, 17)
    area = shapely.Polygon(np.column_stack([0.5 + reach * np.cos(turn), 0.5 + reach * np.sin(turn)])).buffer(0)
    area = max(shapely.get_parts(area), key=lambda part: part.area)
    people = values(seed, (rows, columns))
    side = 110_000 if is_projected else 1.0
    place, crs = from_origin(0, side, side / columns, side / rows), "ESRI:54009" if is_projected else "EPSG:4326"
    path = write(tmp_path_factory.mktemp("r") / "p.tif", people, place, crs=crs)
    whole = gpd.GeoDataFrame({"cell_id": ["all"]}, geometry=[area], crs="EPSG:4326")
    one = read_population(path, whole)
    for cells in (h3_cells(area, resolution), square_cells(area, 60_000 / resolution)):
        read = read_population(path, cells, area)
        assert read.people == pytest.approx(one.people, rel=1e-6)
        assert read.people + read.outside["people"] == pytest.approx(people.sum(dtype=float), rel=1e-6)
        assert read.outside["people"] >= 0


def test_cells_are_cut_with_the_area(tmp_path: Path) -> None:
    """Whole cells of a wider grid give the same people as cells made for the area; those outside are left out and counted."""
    path = write(tmp_path / "p.tif", values())
    wide = square_cells(shapely.box(-1, -1, 2, 2), 17_000, crs="EPSG:6933")
    near = square_cells(AREA, 17_000, crs="EPSG:6933")
    read = read_population(path, wide, AREA).cells.set_index("cell_id")
    expected = read_population(path, near, AREA).cells.set_index("cell_id")
    assert read["people"].to_dict() == pytest.approx(expected["people"].to_dict(), rel=1e-6, abs=1e-6)
    assert read["area_km2"].to_dict() == pytest.approx(expected["area_km2"].to_dict())
    told = read_population(path, wide, AREA).notes[0]
    assert told == f"{len(wide) - len(near)} cells outside the area left out"


def test_further_columns_of_cells_are_kept(tmp_path: Path) -> None:
    """The zone a cell belongs to stays with it."""
    read = read_population(write(tmp_path / "p.tif", values()), CELLS.assign(zone_id="z"), AREA)
    assert list(read.cells.columns) == ["cell_id", "lon", "lat", "area_km2", "geometry", "zone_id", "people"]


def test_what_lies_outside_is_said(tmp_path: Path) -> None:
    """The note names the file, its people, size and system, and how many lie in the region and outside it."""
    people = np.full((10, 10), 7.0)
    people[0, 0] = -99
    read = read_population(write(tmp_path / "town.tif", people, nodata=-99), CELLS, AREA)
    assert read.people + read.outside["people"] == pytest.approx(99 * 7)
    assert read.notes == (
        (
            f"town.tif: 693.0 people read in 10 x 10 pixels of 0.1 degrees, EPSG:4326 (1 pixel without data); {read.people:,.1f} in the region, "
            f"{read.outside['people']:,.1f} outside ({read.outside['people'] / 693:.2%}) left out"
        ),
    )


def test_gaps_and_edges_are_said(tmp_path: Path) -> None:
    """Cells that leave a gap in the area, and a region that reaches beyond the raster, are told with their size."""
    path = write(tmp_path / "p.tif", np.full((10, 10), 100.0))
    whole = read_population(path, CELLS, AREA)
    gap = read_population(path, CELLS[CELLS["area_km2"] < CELLS["area_km2"].max()], AREA)
    lost = whole.people - gap.people
    assert any(f"of those outside, {lost:,.1f} people live in the area but in no cell" in note for note in gap.notes)
    area = shapely.box(0.5, 0.2, 1.5, 0.7)
    beyond = read_population(path, square_cells(area, 20_000), area)
    assert beyond.people == pytest.approx(25 * 100, rel=1e-6)
    assert any("50.00% of the region lies beyond the raster's edge" in note for note in beyond.notes)
    assert len(whole.notes) == 1


@pytest.mark.parametrize(
    ("mark", "declared", "dtype", "asked"),
    [
        (np.nan, np.nan, "float32", None),
        (np.nan, None, "float32", None),
        (np.nan, -1.0, "float64", None),
        (-3.4e38, -3.4e38, "float32", None),
        (-3.4028234663852886e38, -3.4028234663852886e38, "float32", None),
        (-200, -200, "float32", None),
        (-200, -200, "int16", None),
        (255, 255, "uint8", None),
        (0, 0, "float32", None),
        (-200, None, "float64", -200.0),
        (-3.4e38, None, "float32", -3.4e38),
        (-99, -1, "int32", -99.0),
        (65535, None, "uint16", 65535),
    ],
)
def test_any_nodata(tmp_path: Path, mark: float, declared: float | None, dtype: str, asked: float | None) -> None:
    """NaN, the most negative float, -200, 255, 0, declared or named by the planner: no one lives there, all others count."""
    people = np.arange(1, 101).reshape(10, 10).astype(dtype)
    people[3:6, 4:8] = mark
    expected = people.astype(float)
    expected[3:6, 4:8] = 0
    path = write(tmp_path / "p.tif", people, nodata=declared)
    read = read_population(path, CELLS, AREA, nodata=asked)
    assert read.people == pytest.approx(brute_force(expected, from_origin(0, 1, 0.1, 0.1), [AREA])[0], rel=1e-6)
    assert read.people + read.outside["people"] == pytest.approx(expected.sum())
    assert "(12 pixels without data)" in read.notes[0]


def test_asking_for_nodata_never_hits_another_value(tmp_path: Path) -> None:
    """-200 in a file of bytes is not the byte 56 that it would wrap to."""
    people = np.full((10, 10), 56, dtype="uint8")
    assert read_population(write(tmp_path / "p.tif", people), CELLS, AREA, nodata=-200).people > 0


def test_scale_and_offset_apply_to_data_only(tmp_path: Path) -> None:
    """Counts stored as (people - 10) / 0.5 in int16 come back as people; "no data" stays no one."""
    people = np.random.default_rng(0).integers(10, 500, (10, 10)).astype(float)
    stored = ((people - 10) / 0.5).astype("int16")
    stored[2, 2] = -32768
    people[2, 2] = 0
    read = read_population(write(tmp_path / "p.tif", stored, nodata=-32768, scale=0.5, offset=10.0), CELLS, AREA)
    assert read.people + read.outside["people"] == pytest.approx(people.sum())
    assert read.people == pytest.approx(brute_force(people, from_origin(0, 1, 0.1, 0.1), [AREA])[0], rel=1e-6)


@pytest.mark.parametrize("flip", [(1, -1), (-1, 1), (-1, -1)])
def test_files_stored_upside_down(tmp_path: Path, flip: tuple[int, int]) -> None:
    """Rows from south to north, columns from east to west: the people stay where they are."""
    people = values()
    dx, dy = flip
    place = Affine(0.1 * dx, 0, 0 if dx > 0 else 1, 0, -0.1 * dy, 1 if dy > 0 else 0)
    read = read_population(write(tmp_path / "p.tif", people[::dy, ::dx], place), CELLS, AREA)
    expected = read_population(write(tmp_path / "q.tif", people), CELLS, AREA)
    assert read.cells["people"].to_numpy() == pytest.approx(expected.cells["people"].to_numpy(), rel=1e-6)


def test_longitudes_from_0_to_360(tmp_path: Path) -> None:
    """A raster that counts to 360 degrees east holds the Americas too; none is counted twice."""
    people = values(1, (18, 36))
    read_at = from_origin(0, 90, 10, 10)
    for west in (-75.0, 75.0, -3.0):
        area = shapely.box(west, -33, west + 12, -11)
        cells = square_cells(area, 300_000)
        read = read_population(write(tmp_path / "p.tif", people, read_at), cells, area)
        turned = np.roll(people, 18, axis=1)
        expected = brute_force(turned, from_origin(-180, 90, 10, 10), [area])[0]
        assert read.people == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("crs", ["EPSG:4326", "ESRI:54009", "EPSG:3857", "EPSG:2263"])
def test_densities_are_multiplied_by_the_ground(tmp_path: Path, crs: str) -> None:
    """A uniform 50 people per km2 gives 50 times the area on the ellipsoid, in degrees, Mollweide, Mercator or feet."""
    area = shapely.Polygon([(-74.2, 40.6), (-73.6, 40.5), (-73.9, 40.95)])
    plane = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    left, bottom, right, top = shapely.transform(shapely.box(-74.5, 40.3, -73.3, 41.2), plane, interleaved=False).bounds
    density = np.full((150, 150), 50.0)
    place = from_origin(left, top, (right - left) / 150, (top - bottom) / 150)
    path = write(tmp_path / "d.tif", density, place, crs=crs)
    read = read_population(path, square_cells(area, 9_000), area, is_density=True)
    assert read.people == pytest.approx(50 * geodesic_km2([shapely.segmentize(area, 0.001)])[0], rel=2e-5)


def test_densities_at_the_edge_of_the_map(tmp_path: Path) -> None:
    """Mollweide pixels that reach over the edge of the Earth have the ground around their centre; off it no one can live."""
    area = shapely.box(178.0, -17.5, 180.0, -15.5)
    place = from_origin(16_900_000, -1_800_000, 5_000, 5_000)
    x, y = np.meshgrid(16_902_500 + 5_000 * np.arange(180), -1_802_500 - 5_000 * np.arange(140))
    centre, _ = pyproj.Transformer.from_crs("ESRI:54009", "EPSG:4326", always_xy=True).transform(x, y)
    density = np.where(np.isfinite(centre), 50.0, -1.0)
    corner, _ = pyproj.Transformer.from_crs("ESRI:54009", "EPSG:4326", always_xy=True).transform(x + 2_500, y - 2_500)
    assert (np.isfinite(centre) & ~np.isfinite(corner)).any()
    path = write(tmp_path / "d.tif", density, place, crs="ESRI:54009", nodata=-1)
    read = read_population(path, square_cells(area, 30_000), area, is_density=True)
    assert read.people == pytest.approx(50 * geodesic_km2([shapely.segmentize(area, 0.001)])[0], rel=0.01)
    off = write(tmp_path / "off.tif", np.full((140, 400), 50.0), place, crs="ESRI:54009")
    with pytest.raises(InputError, match=r"off.tif: people in pixels that lie off the Earth"):
        read_population(off, square_cells(area, 30_000), area, is_density=True)


def test_tiles_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells that lie in many tiles of the file get the same people; progress rises to 1; each pixel is counted once."""
    people = values(5, (90, 130))
    place, steps = from_origin(0, 1, 1 / 130, 1 / 90), list[tuple[str, float]]()
    for layout in ({"tiled": True, "blockxsize": 16, "blockysize": 16}, {"tiled": False, "blockysize": 7}):
        path = write(tmp_path / "p.tif", people, place, **layout)
        at_once = read_population(path, CELLS, AREA)
        with monkeypatch.context() as patch:
            patch.setattr(pixels, "_TILE_PIXELS", 900)
            tiled = read_population(path, CELLS, AREA, progress=lambda what, done: steps.append((what, done)))
        assert len(steps) > 10
        assert [done for _, done in steps] == sorted(done for _, done in steps)
        assert steps[-1] == ("reading p.tif", 1.0)
        steps.clear()
        assert tiled.cells["people"].to_numpy() == pytest.approx(at_once.cells["people"].to_numpy(), rel=1e-6)
        assert tiled.outside["people"] == pytest.approx(at_once.outside["people"], rel=1e-6)


def test_one_raster_a_segment(tmp_path: Path) -> None:
    """Each file fills its column, also from another grid and system; outside is told by segment."""
    plane = from_origin(-20_000, 130_000, 10_000, 10_000)
    files = {
        "children": write(tmp_path / "c.tif", values(1)),
        "elderly": write(tmp_path / "e.tif", values(2, (15, 15)), plane, crs="ESRI:54009"),
    }
    read = read_population(files, CELLS, AREA)
    assert read.columns == ("children", "elderly")
    for name, path in files.items():
        alone = read_population(path, CELLS, AREA, column=name)
        assert list(read.cells[name]) == list(alone.cells[name])
        assert read.outside[name] == alone.outside[name]
    assert len(read.notes) == 2


def test_a_chosen_band(tmp_path: Path) -> None:
    """Of several bands the named one is read; without a name the error lists them; others do not exist."""
    people = values()
    path = write(tmp_path / "p.tif", people, count=2)
    with rasterio.open(path, "r+") as file:
        file.write(3 * people, 2)
        file.descriptions = ("men", "women")
    first, second = (read_population(path, CELLS, AREA, band=band).people for band in (1, 2))
    assert second == pytest.approx(3 * first, rel=1e-6)
    with pytest.raises(InputError, match=r"p.tif: has 2 bands \(1 men, 2 women\); say which one"):
        read_population(path, CELLS, AREA)
    for band in (0, 3):
        with pytest.raises(InputError, match=f"no band {band}; it has 2 bands"):
            read_population(path, CELLS, AREA, band=band)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no system": ({"crs": None}, "no coordinate system; set it"),
    "not placed": ({"transform": Affine.identity()}, "not georeferenced"),
    "rotated": ({"transform": Affine(0.1, 0.01, 0, 0.01, -0.1, 1)}, "rotated"),
    "elsewhere": ({"transform": from_origin(50, 51, 0.1, 0.1)}, "does not overlap the region"),
    "metres as degrees": ({"transform": from_origin(300_000, 4_000_000, 1000, 1000)}, "are not degrees"),
    "local system": ({"crs": 'LOCAL_CS["site",UNIT["metre",1]]'}, "no place on Earth"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG.keys())
def test_rasters_without_a_place_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """No system, no georeference, rotated, another country, metres called degrees: named by file, with the remedy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # that is this test's doing, not the reader's
        path = write(tmp_path / "bad.tif", values(), **change)
    with pytest.raises(InputError, match=words) as caught:
        read_population(path, CELLS, AREA)
    assert str(caught.value).startswith("bad.tif: ")
    assert ";" in str(caught.value)


@pytest.mark.parametrize(
    ("people", "profile", "words"),
    [
        (np.full((10, 10), -5.0), {}, r"100 pixels .* cannot be \(-5.0\); if such a value stands for 'no data'"),
        (np.full((10, 10), np.inf), {}, "cannot be"),
        (np.full((10, 10), np.nan), {}, "no pixel holds data"),
        (np.full((10, 10), -1.0), {"nodata": -1}, "no pixel holds data"),
        (np.zeros((10, 10)), {}, "no one lives in the region"),
        (np.ones((10, 10), dtype="complex64"), {}, "complex"),
        (np.ones((10, 10), dtype="uint8"), {"photometric": "palette"}, "holds colours"),
    ],
)
def test_values_that_are_no_people_are_refused(
    tmp_path: Path, people: np.ndarray, profile: dict[str, Any], words: str
) -> None:
    """Negative, infinite, only "no data", only zeros, complex numbers, colours."""
    path = write(tmp_path / "bad.tif", people, **profile)
    if profile.get("photometric"):
        with rasterio.open(path, "r+") as file:
            file.write_colormap(1, {1: (255, 0, 0, 255)})
    with pytest.raises(InputError, match=f"bad.tif: .*{words}"):
        read_population(path, CELLS, AREA)


def test_control_points_are_no_place(tmp_path: Path) -> None:
    """A scan tied down by control points is refused with the way out."""
    points = [GroundControlPoint(0, 0, 0, 1), GroundControlPoint(0, 10, 1, 1), GroundControlPoint(10, 0, 0, 0)]
    path = tmp_path / "scan.tif"
    with (
        rasterio.open(
            path, "w", driver="GTiff", width=10, height=10, count=1, dtype="float32", gcps=points, crs="EPSG:4326"
        ) as file,
    ):
        file.write(values(), 1)
    with pytest.raises(InputError, match=r"scan.tif: placed by control points only; .*gdalwarp"):
        read_population(path, CELLS, AREA)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9])
def test_truncated_files_are_refused(tmp_path: Path, kept: float) -> None:
    """A download that stopped anywhere is one clear sentence, not fewer people."""
    path = write(tmp_path / "cut.tif", values(0, (300, 300)), from_origin(0, 1, 1 / 300, 1 / 300), compress="lzw")
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(InputError, match=r"cut.tif: .*truncated"):
        read_population(path, CELLS, AREA)


def test_what_is_no_raster_is_refused(tmp_path: Path) -> None:
    """A table, a folder, a file that is not there."""
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"t.csv: not a raster"):
        read_population(tmp_path / "t.csv", CELLS, AREA)
    for missing in (tmp_path, tmp_path / "none.tif"):
        with pytest.raises(InputError, match="no such file"):
            read_population(missing, CELLS, AREA)


def test_unusable_columns_and_areas_are_refused(tmp_path: Path) -> None:
    """A column that cells have already, no column, an area elsewhere."""
    path = write(tmp_path / "p.tif", values())
    with pytest.raises(InputError, match="columns of people lon"):
        read_population(path, CELLS, AREA, column="lon")
    with pytest.raises(InputError, match="columns of people not named"):
        read_population({}, CELLS, AREA)
    with pytest.raises(InputError, match="none lies in the area"):
        read_population(path, CELLS, shapely.box(20, 20, 21, 21))


@pytest.fixture(scope="module")
def africa() -> Path:
    """The population of Africa in 20-km pixels (CC0), beside the repository."""
    if not AFRICA.exists():
        pytest.skip("../shared/data/regions/africa/afripop2020.tif is not here")
    return AFRICA


def test_africa_whole(africa: Path) -> None:
    """The whole raster on 150-km squares gives the total of its own pixels; no one is outside."""
    with rasterio.open(africa) as file:
        total, bounds = float(file.read(1, masked=True).sum(dtype="float64")), file.bounds
    area = shapely.box(*bounds)
    read = read_population(africa, square_cells(area, 150_000), area)
    assert read.people == pytest.approx(total, rel=1e-6)
    assert read.outside["people"] == 0


@pytest.mark.parametrize(
    ("row", "column", "rows", "columns"), [(142, 122, 57, 71), (0, 0, 100, 413), (330, 205, 90, 100)]
)
def test_africa_by_country_windows(africa: Path, row: int, column: int, rows: int, columns: int) -> None:
    """A window the size of Nigeria (of North Africa, of South Africa) sums to its own pixels to 1e-6, on squares and on H3 alike."""
    window = rasterio.windows.Window(column, row, columns, rows)
    with rasterio.open(africa) as file:
        total = float(file.read(1, window=window, masked=True).sum(dtype="float64"))
        area = shapely.box(*file.window_bounds(window))
        everyone = float(file.read(1, masked=True).sum(dtype="float64"))
    assert total > 10_000
    for cells in (square_cells(area, 30_000), h3_cells(area, 4)):
        read = read_population(africa, cells, area)
        assert read.people == pytest.approx(total, rel=1e-6)
        assert read.outside["people"] == pytest.approx(everyone - total, rel=1e-6)
