"""Cells cover an area without gap or overlap, have the right size on the ground, and keep their names; populations keep their totals."""

from __future__ import annotations

import time

import geopandas as gpd
import h3
import matplotlib as mpl
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from netplan.coordinates.geodesy import great_circle_km
from netplan.coordinates.measure import geodesic_km2
from netplan.demand.cells import area_km2, checked_cells, cut
from netplan.demand.grid import h3_cells, square_cells
from netplan.demand.population import Population, with_people
from netplan.demand.population_map import class_breaks
from netplan.errors import InputError

AREA = shapely.Polygon(
    [(106.2, 29.3), (106.9, 29.1), (107.1, 29.8), (106.5, 30.0)], [[(106.5, 29.5), (106.7, 29.5), (106.6, 29.7)]]
)
ISLANDS = shapely.MultiPolygon([shapely.Point(12.0, 55.0).buffer(0.3), shapely.Point(12.65, 55.1).buffer(0.3)])


def star(seed: int, lon: float = 100.0, lat: float = 30.0) -> shapely.Polygon:
    """A random star-shaped polygon about a degree across."""
    draw = np.random.default_rng(seed)
    turn = np.sort(draw.uniform(0, 2 * np.pi, draw.integers(4, 40)))
    reach = draw.uniform(0.1, 0.5, len(turn))
    shape = shapely.Polygon(np.column_stack([lon + reach * np.cos(turn), lat + reach * np.sin(turn)]))
    return shape if shape.is_valid else shape.convex_hull


def population(people: list[list[float]], columns: tuple[str, ...] = ("people",)) -> Population:
    """Cells of one degree in a row along the equator with these people."""
    count = len(people)
    shapes = shapely.box(np.arange(count), 0, np.arange(count) + 1, 1)
    data = {"cell_id": [f"c{i}" for i in range(count)], "lon": np.arange(count) + 0.5, "lat": 0.5, "area_km2": 12_309.0}
    data |= {name: [row[place] for row in people] for place, name in enumerate(columns)}
    return Population(gpd.GeoDataFrame(data, geometry=shapes, crs="EPSG:4326"), columns, dict.fromkeys(columns, 0.0))


@pytest.mark.parametrize("area", [AREA, ISLANDS, star(1), star(2, -60.0, -33.0)])
@pytest.mark.parametrize("make", [lambda area: square_cells(area, 5000), lambda area: h3_cells(area, 6)])
def test_cells_tile_the_area(area: shapely.Polygon, make: object) -> None:
    """Their union is the area, and their areas add up to its area: no gap, no overlap, none outside."""
    cells = make(area)  # type: ignore[operator]
    assert shapely.union_all(cells.geometry.values).symmetric_difference(area).area < 1e-9 * area.area
    assert cells["area_km2"].sum() == pytest.approx(area_km2(np.array([area]))[0], rel=1e-10)
    assert cells["cell_id"].is_unique
    assert len(checked_cells(cells)) == len(cells)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lon=st.one_of(st.floats(-179, 179), st.sampled_from([-179.9, 179.8])),
    lat=st.floats(-70, 70),
    resolution=st.integers(4, 6),
    metres=st.sampled_from([7_000, 12_345.6, 60_000]),
)
def test_random_areas_are_tiled(seed: int, lon: float, lat: float, resolution: int, metres: float) -> None:
    """Anywhere on Earth, also beside the date line, squares and hexagons add up to the outline."""
    area = star(seed, lon, lat).intersection(shapely.box(-180, -90, 180, 90))
    whole = area_km2(np.array([area]))[0]
    for cells in (square_cells(area, metres), h3_cells(area, resolution)):
        assert cells["area_km2"].sum() == pytest.approx(whole, rel=1e-9)
        assert shapely.union_all(cells.geometry.values).area == pytest.approx(area.area, rel=1e-9)


def test_the_point_of_a_cell_lies_in_it() -> None:
    """Even where a cell cut by the outline is a crescent whose centre lies outside it."""
    ring = shapely.Point(100.0, 30.0).buffer(0.5).difference(shapely.Point(100.02, 30.0).buffer(0.45))
    cells = square_cells(ring, 200_000)
    points = shapely.points(cells["lon"], cells["lat"])
    assert shapely.contains(cells.geometry.values, points).all()
    assert not shapely.contains(cells.geometry.values, shapely.centroid(cells.geometry.values)).all()


def test_a_whole_square_has_the_area_asked_for() -> None:
    """The default grid is equal-area: a cell of 2 km inside the outline is 4 km2 on the ellipsoid."""
    cells = square_cells(AREA, 2000)
    whole = shapely.covers(AREA.buffer(-1e-6), cells.geometry.values)
    assert whole.mean() > 0.8
    assert cells.loc[whole, "area_km2"].to_numpy() == pytest.approx(4.0, rel=1e-6)
    assert cells["area_km2"].max() < 4.00001


def test_squares_are_named_after_their_corner() -> None:
    """In a named system the cell at (x, y) metres is E<x/side>N<y/side>, W and S below 0, whatever the outline."""
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32648", always_xy=True)
    cells = square_cells(AREA, 4000, crs="EPSG:32648").set_index("cell_id")
    x, y = to_plane.transform(cells["lon"], cells["lat"])
    assert list(cells.index) == [f"E{int(a // 4000)}N{int(b // 4000)}" for a, b in zip(x, y, strict=True)]
    part = square_cells(shapely.box(106.5, 29.3, 106.6, 29.45), 4000, crs="EPSG:32648").set_index("cell_id")
    assert set(part.index) <= set(cells.index)
    equator = set(square_cells(shapely.box(-0.01, -0.01, 0.01, 0.01), 5000, crs="EPSG:6933")["cell_id"])
    assert equator == {"W1S1", "E0S1", "W1N0", "E0N0"}


def test_two_runs_give_the_same_cells() -> None:
    """Same ids in the same order, also when the outline is drawn from another starting point."""
    turned = shapely.Polygon([*AREA.exterior.coords[2:], *AREA.exterior.coords[1:3]], AREA.interiors)
    for make in (lambda area: square_cells(area, 3000), lambda area: h3_cells(area, 6)):
        assert list(make(AREA)["cell_id"]) == list(make(turned)["cell_id"])


def test_hexagons_are_those_of_h3() -> None:
    """A hexagon inside the outline has the outline and the area that h3 gives its index; its centre is in that cell."""
    cells = h3_cells(AREA, 7)
    inside = cells[shapely.contains_properly(AREA, cells.geometry.values)].head(50)
    for index, shape, lon, lat, km2 in inside[["cell_id", "geometry", "lon", "lat", "area_km2"]].itertuples(
        index=False
    ):
        assert shape.equals(shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(index)]))
        assert h3.latlng_to_cell(lat, lon, 7) == index
        assert km2 == pytest.approx(h3.cell_area(index, unit="km^2"), rel=0.006)  # h3 measures on a sphere


def test_cells_over_the_date_line() -> None:
    """Squares and hexagons that straddle 180 degrees lie on the side of the area, none is lost."""
    for west, east in ((178.0, 180.0), (-180.0, -178.0)):
        area = shapely.box(west, -17.5, east, -15.5)
        for cells in (h3_cells(area, 5), square_cells(area, 30_000), square_cells(area, 30_000, crs="EPSG:3832")):
            assert cells["area_km2"].sum() == pytest.approx(area_km2(np.array([area]))[0], rel=1e-9)
            assert cells["lon"].between(west, east).all()


def test_area_is_that_of_the_ellipsoid() -> None:
    """Small cells agree with Karney's geodesic areas, holes taken out, and the whole Earth has the area of WGS-84."""
    cells = square_cells(AREA, 20_000)
    assert cells["area_km2"].to_numpy() == pytest.approx(
        geodesic_km2(shapely.segmentize(cells.geometry.values, 0.002)), rel=1e-6
    )
    assert area_km2(np.array([AREA]))[0] == pytest.approx(geodesic_km2([shapely.segmentize(AREA, 0.001)])[0], rel=1e-8)
    assert area_km2(np.array([shapely.box(-180, -90, 180, 90)]))[0] == pytest.approx(510_065_621.724, rel=1e-9)
    assert list(area_km2(np.array([shapely.Polygon(), shapely.Point(1, 2)]))) == [0, 0]


def test_cutting_leaves_no_lines_and_points() -> None:
    """A cell that only touches the outline is empty, one that also touches it elsewhere keeps its polygon."""
    area = shapely.Polygon([(0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (0, 1)])
    shapes = np.array(
        [shapely.box(-1, 0, 0, 1), shapely.box(2, 2, 3, 3), shapely.box(0, 0.5, 1, 2), shapely.box(1.2, 0.2, 1.4, 0.4)]
    )
    parts = cut(shapes, area)
    assert [part.area for part in parts] == [0, 0, 0.5, pytest.approx(0.04)]
    assert {part.geom_type for part in parts} <= {"Polygon", "MultiPolygon"}


def test_a_province_in_seconds() -> None:
    """100,000 squares within a frayed outline of 20,000 points take seconds."""
    draw = np.random.default_rng(0)
    turn = np.sort(draw.uniform(0, 2 * np.pi, 20_000))
    reach = 1.5 + 0.02 * np.sin(700 * turn) + 0.05 * np.sin(31 * turn)
    area = shapely.Polygon(np.column_stack([107 + reach * np.cos(turn), 30 + reach * np.sin(turn)]))
    start = time.perf_counter()
    cells = square_cells(area, 860)
    assert time.perf_counter() - start < 60  # about 3 s on an idle core
    assert len(cells) > 100_000
    assert cells["area_km2"].sum() == pytest.approx(area_km2(np.array([area]))[0], rel=1e-9)


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (shapely.LineString([(0, 0), (1, 1)]), "a LineString is no area"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "a str is no area"),
        (shapely.Polygon(), "empty"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "crosses itself"),
        (shapely.box(500_000, 3_000_000, 600_000, 3_100_000), "not in degrees"),
        (shapely.box(-175, -20, 178, -10), "date line"),
    ],
)
def test_what_is_no_area_is_refused(area: object, words: str) -> None:
    """Lines, nothing, bow ties, metres and both sides of the date line: one sentence with the remedy."""
    for make in (lambda shape: square_cells(shape, 1000), lambda shape: h3_cells(shape, 5)):
        with pytest.raises(InputError, match=words):
            make(area)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"metres": 0}, "above 0"),
        ({"metres": float("nan")}, "above 0"),
        ({"metres": 5}, "choose a longer side"),
        ({"metres": 500, "crs": "EPSG:4326"}, "not in metres"),
        ({"metres": 500, "crs": "EPSG:2263"}, "not in metres"),
        ({"metres": 500, "crs": "EPSG:999999"}, "not known"),
    ],
)
def test_impossible_squares_are_refused(settings: dict[str, object], words: str) -> None:
    """No side, millions of cells, degrees, feet, or an unknown system."""
    with pytest.raises(InputError, match=words):
        square_cells(AREA, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("resolution", [-1, 16, 7.5, 13])
def test_impossible_resolutions_are_refused(resolution: float) -> None:
    """H3 has resolutions 0 to 15, and 13 would make millions of cells here."""
    with pytest.raises(InputError, match="H3 resolution"):
        h3_cells(AREA, resolution)  # type: ignore[arg-type]


def test_unusable_cells_are_refused() -> None:
    """Without system, with repeated ids, lines, bow ties, duplicates, part overlaps; ids are named. Neighbours are fine."""
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    good = gpd.GeoDataFrame({"cell_id": ["a", "b"]}, geometry=shapes, crs="EPSG:4326")
    assert len(checked_cells(good)) == 2
    assert checked_cells(good.to_crs("EPSG:3857")).crs.to_epsg() == 4326
    wrong = {
        "no coordinate system": good.set_crs(None, allow_override=True),
        "cells a: cell_id used more than once": good.assign(cell_id="a"),
        "no cells with a cell_id": good.drop(columns="cell_id"),
        "cells b: not polygons": good.set_geometry([shapes[0], shapely.Point(1, 1)], crs=4326),
        "cells b: empty or crossing": good.set_geometry(
            [shapes[0], shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], crs=4326
        ),
        "cells a, b: overlap": good.set_geometry([shapes[0], shapely.box(0.99, 0.5, 2, 1.5)], crs=4326),
    }
    for words, cells in wrong.items():
        with pytest.raises(InputError, match=words):
            checked_cells(cells)
    for twin in (shapes[0], shapely.box(0.2, 0.2, 0.3, 0.3), shapely.box(-1, -1, 3, 3)):
        with pytest.raises(InputError, match="cells a, b: overlap"):
            checked_cells(good.set_geometry([shapes[0], twin], crs=4326))


def test_a_population_tells_its_totals() -> None:
    """People by segment, what is outside, and in a notebook the notes."""
    people = population([[1, 2], [3, 4]], ("young", "old"))
    told = Population(people.cells, people.columns, {"young": 5.0, "old": 0.0}, ("read <here>",))
    assert repr(told) == "Population(10 people (young 4, old 6) in 2 cells; 5 outside)"
    assert "read &lt;here&gt;" in told._repr_html_()
    assert told.people == 10


def test_overlapping_segments_count_once() -> None:
    """Children, working and elderly are the people; a further column is some of them, as in the nodes table."""
    people = population([[1, 2, 3, 2], [0, 0, 1, 1]], ("children", "working", "elderly", "migrants"))
    assert people.people == 7
    assert list(people.by_cell) == [6, 1]


def test_a_wrong_population_is_refused() -> None:
    """A missing column, another system, a repeated id, a blank, a negative number."""
    good = population([[1.0], [2.0]]).cells
    wrong = {
        "no column children": (good, ("children",)),
        "no column of people": (good, ()),
        "convert them to EPSG:4326": (good.to_crs("EPSG:3857"), ("people",)),
        "more than once: c0": (good.assign(cell_id="c0"), ("people",)),
        "people of cell c1 is blank": (good.assign(people=[1.0, np.nan]), ("people",)),
        "people of cell c0 is blank, infinite or negative": (good.assign(people=[-1.0, 1.0]), ("people",)),
        "no geometry": (good.set_geometry([None, shapely.Point(1, 1)], crs=4326), ("people",)),
    }
    for words, (cells, columns) in wrong.items():
        with pytest.raises(InputError, match=words):
            Population(cells, columns, {})


def test_only_empty_cells_are_dropped() -> None:
    """Without a limit every cell with anyone stays, with its number, and the dropped ones are counted."""
    kept = with_people(population([[0], [0.001], [5], [0]]))
    assert list(kept.cells["people"]) == [0.001, 5]
    assert kept.notes == ("2 cells without people left out",)


def test_small_cells_join_their_neighbours() -> None:
    """By hand: of 0, 1, 2, 9, 0, 4, 20 with a limit of 5, 1 joins 2, these 3 join 9; 4 joins 20; farthest 2 degrees."""
    merged = with_people(population([[0], [1], [2], [9], [0], [4], [20]]), merge_below=5)
    assert dict(zip(merged.cells["cell_id"], merged.cells["people"], strict=True)) == {"c3": 12, "c6": 24}
    km = float(great_circle_km(1.5, 0.5, 3.5, 0.5))
    assert merged.notes[-1].endswith(f"7.0 people moved, {km:,.1f} km at most")


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(st.tuples(st.floats(0, 50), st.sampled_from([0.0, 0.5, 30.0])), min_size=1, max_size=60),
    limit=st.floats(0, 80),
)
def test_merging_keeps_every_total(people: list[tuple[float, float]], limit: float) -> None:
    """Each segment's total stays; no cell is left below the limit unless it is the last."""
    before = population([list(row) for row in people], ("young", "old"))
    if before.people < max(limit, 1e-9):
        return
    after = with_people(before, merge_below=limit)
    for name in before.columns:
        assert after.cells[name].sum() == pytest.approx(before.cells[name].sum(), rel=1e-12, abs=1e-12)
    assert len(after.cells) == 1 or (after.by_cell >= limit * (1 - 1e-12)).all()
    assert (after.by_cell > 0).all()


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_an_impossible_limit_is_refused(limit: float) -> None:
    """Nothing can be merged below a negative or unbounded number."""
    with pytest.raises(InputError, match="merge_below"):
        with_people(population([[1.0]]), merge_below=limit)


def test_a_place_without_people_is_refused() -> None:
    """A population of no one has no cell to keep."""
    with pytest.raises(InputError, match="no one"):
        with_people(population([[0.0], [0.0]]))


def test_the_map_shows_every_cell_and_its_class() -> None:
    """A patch a polygon part, holes left open, in the colour of its class; a key for each class and for cells without people."""
    mpl.use("Agg")
    cells = square_cells(AREA, 15_000)
    people = np.where(np.arange(len(cells)) % 7 == 0, 0.0, np.geomspace(1, 1e5, len(cells)))
    holed = [
        shapely.Polygon(cells.geometry[0].exterior, [cells.geometry[0].buffer(-0.02).exterior]),
        *cells.geometry[1:],
    ]
    shown = Population(cells.assign(people=people).set_geometry(holed, crs=4326), ("people",), {"people": 12.0})
    ax = shown.plot()
    filled, with_holes = ax.collections
    parts = shapely.get_parts(shown.cells.geometry.values)
    assert len(filled.get_paths()) + len(with_holes.get_paths()) == len(parts)
    assert len(with_holes.get_paths()) == int((shapely.get_num_interior_rings(parts) > 0).sum()) >= 1
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-1] == "nobody"
    assert labels[0].endswith("and more")
    assert ax.get_title(loc="left") == f"{people.sum():,.0f} people in {len(cells)} cells, 12 left outside"
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_points_are_drawn_as_dots() -> None:
    """A population of towns has a dot a town, on axes that were given."""
    mpl.use("Agg")
    base = population([[10.0], [500.0], [20_000.0]])
    towns = base.cells.set_geometry(shapely.points(base.cells["lon"], base.cells["lat"]), crs=4326)
    figure, given = plt.subplots()
    ax = Population(towns, ("people",), {}).plot(given)
    assert ax is given
    assert len(ax.collections[0].get_offsets()) == 3
    assert ax.get_title(loc="left") == "20,510 people in 3 places"
    plt.close(figure)


def test_classes_are_few_and_round() -> None:
    """At most five breaks, each 1, 2 or 5 times a power of ten, inside the range of the positive values."""
    draw = np.random.default_rng(0)
    for spread in (0.0, 0.1, 1.0, 3.0):
        values = np.append(draw.lognormal(4, spread, 500), [0.0, 0.0])
        breaks = class_breaks(values)
        assert 1 <= len(breaks) <= 5
        assert (np.diff(breaks) > 0).all()
        assert {f"{step:.0e}"[0] for step in breaks} <= {"1", "2", "5"}
    assert list(class_breaks(np.zeros(3))) == [1.0]
