"""Coordinate systems, projections, distances, areas and positions that cannot be right."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from netplan.coordinates import (
    check_positions,
    distortion,
    equal_area_crs,
    from_wgs84,
    geodesic_km2,
    geodesic_metres,
    metric_crs,
    reprojected,
    system_name,
    to_wgs84,
)
from netplan.coordinates.china import CHINA_BOX, bd09_from_gcj02
from netplan.coordinates.measure import moved
from netplan.errors import InputError

CHONGQING = (105.28, 28.16, 110.20, 32.21)
SYSTEMS = ("gcj02", "bd09", "EPSG:4490", "EPSG:32648", "EPSG:3857", "ESRI:54009", "EPSG:4214")


def lattice(box: tuple[float, float, float, float], number: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Positions over a box, its corners among them."""
    west, south, east, north = box
    lon, lat = np.meshgrid(np.linspace(west, east, number), np.linspace(south, north, number))
    return lon.ravel(), lat.ravel()


# ---------------------------------------------------------------- Chinese systems


@pytest.mark.parametrize(
    ("wgs84", "gcj02", "tolerance"),
    [
        # wandergis/coordtransform, test/app.js
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164), 1e-12),
        # googollee/eviltransform, whose ellipsoid is 108 m smaller: equal to 1e-6 degrees
        ((121.0917077, 30.6107779), (121.09626935575027, 30.608604331756705), 1e-6),  # geotool, likewise
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597), 1e-6),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766), 1e-6),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069), 1e-6),
    ],
)
def test_gcj02_of_published_positions(wgs84: tuple[float, float], gcj02: tuple[float, float], tolerance: float) -> None:
    """The shift is the one that open programs have published, to the last digit where they use the same ellipsoid."""
    lon, lat = from_wgs84(*wgs84, "gcj02")
    assert (lon[0], lat[0]) == pytest.approx(gcj02, abs=tolerance)


def test_bd09_of_published_positions() -> None:
    """GCJ-02 to BD-09 is as wandergis/coordtransform publishes it; WGS-84 to BD-09 as geotool, whose ellipsoid differs, to 1e-6.

    (The BD-09 examples of googollee/eviltransform come from a formula that lacks the factor 3000 / 180 and are 10 to 40 m off.)
    """
    lon, lat = bd09_from_gcj02(np.array([116.404]), np.array([39.915]))
    assert (lon[0], lat[0]) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)
    lon, lat = from_wgs84(121.0917077, 30.6107779, "bd09")
    assert (lon[0], lat[0]) == pytest.approx((121.10271732371203, 30.61484572185035), abs=1e-6)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@pytest.mark.parametrize("box", [CHONGQING, (74.0, 18.0, 135.0, 53.0), (104.99, 34.99, 105.01, 35.01)])
def test_round_trip_through_shifted_systems(system: str, box: tuple[float, float, float, float]) -> None:
    """There and back is within a micrometre: in Chongqing, in China, and where the formula has its kink (105 E)."""
    lon, lat = lattice(box)
    lon = np.append(lon, [105.0, 105.0 + 1e-9])
    lat = np.append(lat, [35.0, 29.5])
    there = from_wgs84(lon, lat, system)
    back = to_wgs84(*there, system)
    assert geodesic_metres(lon, lat, *back).max() < 1e-6
    again = from_wgs84(*back, system)
    assert np.abs(np.subtract(again, there)).max() < 1e-9


@pytest.mark.parametrize(("system", "least", "most"), [("gcj02", 50, 900), ("bd09", 400, 1_800)])
def test_shift_is_hundreds_of_metres(system: str, least: float, most: float) -> None:
    """Everywhere in Chongqing the shift is of the size that is published for the system."""
    lon, lat = lattice(CHONGQING)
    metres = geodesic_metres(lon, lat, *from_wgs84(lon, lat, system))
    assert metres.min() > least
    assert metres.max() < most


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_inverse_has_the_inverse_derivative(system: str) -> None:
    """By finite differences the Jacobians of the two directions are each other's inverse."""

    def jacobian(change: object, at: np.ndarray, step: float = 1e-6) -> np.ndarray:
        columns = [
            np.subtract(change(*(at + d), system), change(*(at - d), system)).ravel() / (2 * step)
            for d in step * np.eye(2)
        ]
        return np.column_stack(columns)

    at = np.array([106.53, 29.57])
    there = np.ravel(from_wgs84(*at, system))
    assert jacobian(to_wgs84, there) @ jacobian(from_wgs84, at) == pytest.approx(np.eye(2), abs=1e-6)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_outside_china_nothing_moves(system: str) -> None:
    """Outside the box around China positions stay what they are, both ways, and one call may hold both kinds."""
    west, south, east, north = CHINA_BOX
    lon, lat = [west - 0.01, east + 0.01, 106.5, 106.5, -72.5], [30.0, 30.0, south - 0.01, north + 0.01, 44.0]
    for change in (to_wgs84, from_wgs84):
        new_lon, new_lat = change([*lon, 106.5], [*lat, 29.5], system)
        assert new_lon[:-1].tolist() == lon
        assert new_lat[:-1].tolist() == lat
        assert geodesic_metres(new_lon[-1], new_lat[-1], 106.5, 29.5) > 100


@settings(max_examples=200, deadline=None)
@given(
    lon=st.floats(CHONGQING[0], CHONGQING[2]),
    lat=st.floats(CHONGQING[1], CHONGQING[3]),
    system=st.sampled_from(SYSTEMS),
)
def test_round_trip_of_any_position(lon: float, lat: float, system: str) -> None:
    """Any position of Chongqing comes back from any system to within a millimetre (a metre is asked)."""
    back = to_wgs84(*from_wgs84(lon, lat, system), system)
    assert geodesic_metres(lon, lat, *back)[0] < 1e-3


# ---------------------------------------------------------------- EPSG systems and errors


def test_projected_positions_are_x_then_y() -> None:
    """EPSG:32648 at 105 E on the equator is easting 500,000 m, northing 0, in that order; EPSG:4490 is longitude first."""
    lon, lat = to_wgs84([500_000.0], [0.0], "EPSG:32648")
    assert (lon[0], lat[0]) == pytest.approx((105.0, 0.0), abs=1e-9)
    lon, lat = to_wgs84([106.5], [29.5], "EPSG:4490")
    assert (lon[0], lat[0]) == pytest.approx((106.5, 29.5), abs=1e-6)


@pytest.mark.parametrize(
    ("written", "name"),
    [("WGS-84", "wgs84"), ("epsg:4326", "wgs84"), ("GCJ-02", "gcj02"), ("bd09ll", "bd09"), ("EPSG:4490", "EPSG:4490")],
)
def test_systems_as_people_write_them(written: str, name: str) -> None:
    """Capitals and dashes do not matter."""
    assert system_name(written) == name


@pytest.mark.parametrize(
    ("lon", "lat", "system", "told"),
    [
        ([1.0], [2.0], "mars", "'mars' is not known"),
        ([1.0], [2.0], "bd09mc", "export as bd09"),
        ([1.0, np.nan], [2.0, 3.0], "wgs84", "number 2 of 2"),
        ([1.0, 2.0], [2.0, np.inf], "gcj02", "number 2 of 2"),
        ([1.0], [2.0, 3.0], "wgs84", "do not pair"),
        ([29.5], [106.5], "gcj02", "look swapped"),
        ([500_000.0], [3_200_000.0], "wgs84", "name the coordinate system"),
        ([1e12], [1e12], "EPSG:32648", "cannot be placed in WGS 84 / UTM zone 48N"),
    ],
)
def test_wrong_positions_are_refused(lon: list[float], lat: list[float], system: str, told: str) -> None:
    """A position that is none, or a system nobody knows, is one clear error."""
    with pytest.raises(InputError, match=told):
        to_wgs84(lon, lat, system)


def test_notes_say_how_exact_a_reprojection_is() -> None:
    """Nothing is said of WGS-84; a datum that PROJ cannot tie is said to be doubtful; positions left alone are counted."""
    assert reprojected([106.5], [29.5], "wgs84").note == ""
    assert "same datum" in reprojected([600_000.0], [3_270_000.0], "EPSG:32648").note
    assert "to about 1 m" in reprojected([106.5], [29.5], "EPSG:4490").note
    assert "may be off by 100 m" in reprojected([106.5], [29.5], "EPSG:4610").note
    note = reprojected([106.5, -72.5], [29.5, 44.0], "gcj02").note
    assert note.startswith("2 positions turned from GCJ-02")
    assert "1 position outside the box around China left as found" in note


# ---------------------------------------------------------------- projections


@pytest.mark.parametrize(
    ("box", "epsg"),
    [
        ((-73.4, 42.7, -71.5, 45.0), 32618),
        ((-46.7, -23.6, -46.6, -23.5), 32723),
        ((1.4, 42.4, 1.8, 42.7), 32631),
        ((179.0, -18.0, 180.0, -17.0), 32760),
        ((105.6, 29.0, 107.9, 30.0), 32648),
    ],
)
def test_small_areas_get_their_utm_zone(box: tuple[float, float, float, float], epsg: int) -> None:
    """An area within a zone, north or south, is projected as its maps are."""
    assert metric_crs([box[0], box[2]], [box[1], box[3]]).to_epsg() == epsg


@pytest.mark.parametrize(
    ("box", "most"),
    [
        (CHONGQING, 0.0005),
        ((-75.7, -56.0, -66.4, -17.5), 0.003),
        ((4.6, 57.9, 31.1, 71.2), 0.004),
        ((176.0, -20.0, -178.0, -15.0), 0.001),
        ((-125.0, 24.0, -66.0, 49.5), 0.016),
        ((-60.0, 83.0, -20.0, 89.0), 0.001),
    ],
    ids=["Chongqing", "Chile", "Norway", "Fiji, across the date line", "United States", "Arctic"],
)
def test_lengths_in_metric_crs(box: tuple[float, float, float, float], most: float) -> None:
    """Lengths of 1 km in any direction are as wrong as `distortion` says at most, and that is as little as documented."""
    ends = [box[0], box[2]], [box[1], box[3]]
    crs = metric_crs(*ends)
    told = distortion(crs, *ends)
    assert told <= most
    rng = np.random.default_rng(7)
    east = box[2] if box[2] > box[0] else box[2] + 360
    lon, lat = rng.uniform(box[0], east, 500), rng.uniform(box[1], box[3], 500)
    lon = np.mod(lon + 180, 360) - 180
    bearing = rng.uniform(0, 2 * np.pi, 500)
    there = moved(lon, lat, 1_000 * np.sin(bearing), 1_000 * np.cos(bearing))
    change = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    metres = np.hypot(*np.subtract(change.transform(*there), change.transform(lon, lat)))
    assert np.abs(metres / 1_000 - 1).max() <= told + 2e-4


@pytest.mark.parametrize("box", [CHONGQING, (-125.0, 24.0, -66.0, 49.5), (-74.0, -34.0, -34.8, 5.3)])
def test_equal_area_crs_keeps_areas(box: tuple[float, float, float, float]) -> None:
    """Plane areas of cells equal their areas on the ellipsoid to 1e-6, wherever in the box they lie."""
    lon, lat = lattice((box[0], box[1], box[2] - 0.02, box[3] - 0.02), 5)
    cells = shapely.segmentize(shapely.box(lon, lat, lon + 0.02, lat + 0.02), 0.0005)
    crs = equal_area_crs([box[0], box[2]], [box[1], box[3]])
    plane = gpd.GeoSeries(cells, crs="EPSG:4326").to_crs(crs).area.to_numpy() / 1e6
    assert plane == pytest.approx(geodesic_km2(cells), rel=1e-6)


def test_metric_crs_is_named_and_steady() -> None:
    """Two cuts of one area get one system, which files keep under its name; it counts in metres."""
    crs = metric_crs([105.28, 110.20], [28.16, 32.21])
    assert crs == metric_crs([105.30, 110.10], [28.20, 32.20])
    assert crs.name == "Lambert conformal conic about 107.5, 30 (WGS 84)"
    assert pyproj.CRS(crs.to_wkt()) == crs
    assert {axis.unit_name for axis in crs.axis_info} == {"metre"}


@pytest.mark.parametrize(("lon", "lat"), [([], []), ([np.nan], [1.0]), ([1.0], [95.0]), ([1.0, 2.0], [1.0])])
def test_no_projection_for_no_place(lon: list[float], lat: list[float]) -> None:
    """Without positions on Earth there is nothing to fit."""
    for fitting in (metric_crs, equal_area_crs):
        with pytest.raises(InputError):
            fitting(lon, lat)


# ---------------------------------------------------------------- distances and areas


def test_geodesic_metres_of_known_distances() -> None:
    """A quarter of the meridian is 10,001,965.729 m and of the equator 10,018,754.171 m (WGS-84)."""
    found = geodesic_metres([0, 0], [0, 0], [0, 90], [90, 0])
    assert found == pytest.approx([10_001_965.729, 10_018_754.171], abs=1e-2)
    assert geodesic_metres(106.5, [29.0, 30.0], 106.5, [[29.0], [30.0]]).shape == (2, 2)


def test_geodesic_km2_takes_holes_out() -> None:
    """A polygon with a hole is its outline less the hole, whichever way round either is drawn; parts add up."""
    outer, hole = shapely.box(106, 29, 107, 30), shapely.box(106.4, 29.4, 106.6, 29.6)
    whole, part = geodesic_km2([outer, hole])
    for ring in (hole.exterior, hole.exterior.reverse()):
        for shell in (outer.exterior, outer.exterior.reverse()):
            assert geodesic_km2([shapely.Polygon(shell, [ring])])[0] == pytest.approx(whole - part, rel=1e-12)
    pair = shapely.MultiPolygon([outer, shapely.box(110, 29, 111, 30)])
    assert geodesic_km2([pair, shapely.Point(1, 1)]) == pytest.approx([2 * whole, 0.0], rel=1e-9)


def test_geodesic_km2_of_the_earth() -> None:
    """The octants of the Earth add up to its surface, 510,065,621.7 km2 (WGS-84)."""
    octant = shapely.Polygon([(0, 0), (90, 0), (0, 90)])
    assert 8 * geodesic_km2([octant])[0] == pytest.approx(510_065_621.7, rel=1e-7)


# ---------------------------------------------------------------- positions that cannot be right


def told(lon: list[float], lat: list[float], area: object = None) -> list[tuple[int | None, str, str]]:
    """Row, column and problem of each violation."""
    return [(v.row, v.column, v.problem) for v in check_positions(lon, lat, area, file="outlets.csv")]


def test_swapped_coordinates_are_named_with_their_row() -> None:
    """A latitude of 106.5 is told with file, row, column and the remedy."""
    (violation,) = check_positions([106.4, 29.6], [29.5, 106.5], file="outlets.csv")
    assert str(violation) == (
        "outlets.csv: row 3, lat = '106.5': not a latitude: longitude and latitude look swapped; "
        "exchange the two columns, or name them the other way round"
    )


def test_swapped_coordinates_within_range_need_an_area() -> None:
    """In Europe 50.1, 8.7 is a position too: only the area tells that it is swapped, and it does."""
    assert told([8.7, 50.1], [50.1, 8.7]) == []
    found = told([8.7, 50.1], [50.1, 8.7], (6.0, 47.0, 15.0, 55.0))
    assert found == [(3, "lon, lat", "longitude and latitude look swapped: the other way round it lies in the area")]


def test_other_impossible_positions() -> None:
    """Blank, metres, beyond the poles, beyond the date line, 0 0: each is told once, in its words, in the order of rows."""
    lon = [np.nan, 500_000.0, 10.0, 200.0, 0.0, 8.7]
    lat = [50.0, 5_500_000.0, -95.0, 50.0, 0.0, 50.1]
    problems = [problem for _, _, problem in told(lon, lat)]
    assert problems == [
        "no position",
        "not degrees",
        "not a latitude: longitude and latitude look swapped",
        "not a longitude (-180 to 180)",
        "0, 0 is what programs write for no position",
    ]


def test_area_tells_lost_signs_and_strangers() -> None:
    """Vermont written east of Greenwich has lost its sign; Paris is far outside; just over the border is not wrong."""
    vermont = shapely.Polygon([(-73.4, 42.7), (-71.5, 42.7), (-71.5, 45.0), (-73.4, 45.0)])
    found = told([72.6, 2.35, -71.4, -72.6, -72.6], [44.3, 48.9, 44.0, -44.3, 44.3], vermont)
    assert [(row, column) for row, column, _ in found] == [(2, "lon"), (3, "lon, lat"), (5, "lat")]
    assert "sign of the longitude" in found[0][2]
    assert "far outside" in found[1][2]
    assert "sign of the latitude" in found[2][2]


@settings(max_examples=100, deadline=None)
@given(lon=st.floats(-73.4, -71.5), lat=st.floats(42.7, 45.0), east=st.floats(-14, 14), north=st.floats(-14, 14))
def test_positions_within_the_margin_are_never_wrong(lon: float, lat: float, east: float, north: float) -> None:
    """Whatever lies in the area or less than 20 km outside is left alone."""
    there = moved(lon, lat, 1_000 * east, 1_000 * north)
    assert told(*there, (-73.4, 42.7, -71.5, 45.0)) == []
