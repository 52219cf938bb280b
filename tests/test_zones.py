"""Zones: read from any vector file, checked, spread onto cells with every total kept; overlaps and gaps told."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from shapely import Polygon, box

from netplan.demand.grid import square_cells
from netplan.demand.outlines import read_outlines
from netplan.demand.overlay import overlay, zone_of
from netplan.demand.population import Population
from netplan.demand.spread import largest_remainder, spread_zones
from netplan.demand.zone_report import zone_report
from netplan.demand.zones import read_zones
from netplan.errors import InputError

mpl.use("Agg")

CHONGQING = Path(__file__).parents[2] / "shared" / "data" / "regions" / "chongqing"
EQUAL_AREA = "EPSG:6933"
GEOD = Geod(ellps="WGS84")


def frame(shapes: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    """Zones A, B, C ... in WGS-84."""
    ids = {} if "zone_id" in columns else {"zone_id": list("ABCDEFGHIJ"[: len(shapes)])}
    return gpd.GeoDataFrame({**ids, **columns}, geometry=shapes, crs="EPSG:4326")


def cells_of(*shapes: Polygon) -> gpd.GeoDataFrame:
    """Cells c0, c1, c2 ..."""
    return gpd.GeoDataFrame({"cell_id": [f"c{n}" for n in range(len(shapes))]}, geometry=list(shapes), crs="EPSG:4326")


def row_of_cells(count: int) -> gpd.GeoDataFrame:
    """Cells of 0.01 by 0.01 degrees in a row along the equator."""
    return cells_of(*(box(n / 100, 0, (n + 1) / 100, 0.01) for n in range(count)))


def random_zones(seed: int, count: int = 25) -> Population:
    """Voronoi polygons of a degree square with people in three segments, some of them empty."""
    rng = np.random.default_rng(seed)
    sites = shapely.multipoints(rng.uniform([106, 29], [107, 30], (count, 2)))
    shapes = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(sites)), box(106, 29, 107, 30))
    people = {
        name: rng.integers(0, 5000, count) * (rng.random(count) < 0.9) for name in ("children", "working", "elderly")
    }
    ids = [f"{n:03d}" for n in range(count)]
    return read_zones(frame(list(shapes), zone_id=ids, **people))


@pytest.mark.parametrize("seed", range(4))
def test_area_weights_equal_tobler(seed: int) -> None:
    """Cell by cell and segment by segment the people are those of tobler's areal interpolation in an equal-area projection.

    tobler takes edges as straight in the projection and netplan in degrees, so outlines get a point every 0.0005 degrees.
    """
    area_interpolate = pytest.importorskip("tobler.area_weighted", exc_type=ImportError).area_interpolate
    zones, cells = random_zones(seed), square_cells(box(105.98, 29.1, 106.9, 30.02), 9_000)
    population = spread_zones(zones, cells, least_share=0)
    columns = list(zones.columns)
    there, here = (
        layer.set_geometry(layer.geometry.segmentize(0.0005)).to_crs(EQUAL_AREA) for layer in (zones.cells, cells)
    )
    expected = area_interpolate(there, here, extensive_variables=columns, allocate_total=True)
    assert population.cells[columns].to_numpy() == pytest.approx(expected[columns].to_numpy(), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_every_zone_keeps_its_total(seed: int, is_weighted: bool, whole: bool) -> None:
    """With the people of one zone alone, the cells add up to them to 1e-9 by segment (exactly, if whole), and all of them meet it."""
    zones, cells = random_zones(seed), square_cells(box(105.9, 28.9, 107.1, 30.1), 11_000)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 9, len(cells)) * (rng.random(len(cells)) < 0.5) if is_weighted else None
    columns = list(zones.columns)
    together = np.zeros((len(cells), len(columns)))
    for place, outline in enumerate(zones.cells.geometry):
        alone = zones.cells.copy()
        alone.loc[alone.index != place, columns] = 0.0
        spread = spread_zones(replace(zones, cells=alone), cells, weights=weights, whole=whole).cells
        people, given = spread[columns].to_numpy(), zones.cells.loc[place, columns].to_numpy(dtype=float)
        assert people.sum(axis=0) == pytest.approx(given, rel=0 if whole else 1e-9, abs=0)
        assert outline.intersects(spread.geometry[people.sum(axis=1) > 0]).all()
        assert not whole or (people % 1 == 0).all()
        together += people
    assert spread_zones(zones, cells, weights=weights, whole=whole).cells[columns].to_numpy() == pytest.approx(together)


def test_dasymetric_weights_by_hand() -> None:
    """A covers cell 0 and half of cell 1, B the other half and cell 2; weights 30, 20, 70: A splits 30 to 10, B 10 to 70."""
    zones = read_zones(frame([box(0, 0, 0.015, 0.01), box(0.015, 0, 0.03, 0.01)], people=[400, 800]))
    population = spread_zones(zones, row_of_cells(3), weights=[30, 20, 70])
    assert population.cells["people"].tolist() == pytest.approx([300, 100 + 100, 700])
    assert population.cells["zone_id"].tolist() == ["A", "A", "B"]
    by_column = spread_zones(zones, row_of_cells(3).assign(lights=[30, 20, 70]), weights="lights")
    assert by_column.cells["people"].tolist() == population.cells["people"].tolist()


def test_a_cell_half_outside_all_zones_weighs_in_full() -> None:
    """Only half of cell 1 is land: its weight still counts in full, as its people live on that half."""
    zones = read_zones(frame([box(0, 0, 0.015, 0.01)], people=[400]))
    assert spread_zones(zones, row_of_cells(2), weights=[30, 10]).cells["people"].tolist() == pytest.approx([300, 100])


def test_zones_without_weight_fall_back_to_area() -> None:
    """B's cells all weigh nothing: its people are spread by area and that is noted; A's all go where the weight is."""
    zones = read_zones(frame([box(0, 0, 0.02, 0.01), box(0.02, 0, 0.04, 0.01)], people=[100, 60]))
    population = spread_zones(zones, row_of_cells(4), weights=[0, 5, 0, 0])
    assert population.cells["people"].tolist() == pytest.approx([0, 100, 30, 30])
    assert [note for note in population.notes if "1 zone with 60 people spread by area" in note]


def test_towns_share_a_zone_by_their_weight() -> None:
    """Cells may be points: villages share their zone's people equally or by weight; one outside all zones gets none."""
    towns = gpd.GeoDataFrame(
        {"cell_id": ["v", "w", "x"], "lon": [0.004, 0.006, 0.5], "lat": 0.005, "area_km2": 0.0},
        geometry=gpd.points_from_xy([0.004, 0.006, 0.5], [0.005] * 3),
        crs="EPSG:4326",
    )
    zones = read_zones(frame([box(0, 0, 0.01, 0.01)], people=[90]))
    assert spread_zones(zones, towns).cells["people"].tolist() == [45, 45, 0]
    assert spread_zones(zones, towns, weights=[1, 2, 9]).cells["people"].tolist() == pytest.approx([30, 60, 0])


def test_people_outside_the_cells_are_counted() -> None:
    """C meets no cell and D by a hair: both count as outside; B reaches beyond and keeps all its people; notes say so."""
    shapes = [box(0, 0, 0.01, 0.01), box(0.01, 0, 0.04, 0.01), box(1, 0, 1.01, 0.01), box(0, 0.00999, 0.01, 0.02)]
    zones = read_zones(frame(shapes, children=[1, 2, 3, 4], working=[10, 20, 30, 40], elderly=[5, 5, 5, 5]))
    population = spread_zones(zones, row_of_cells(2))
    assert population.cells["working"].tolist() == pytest.approx([10, 20])
    assert dict(population.outside) == {"children": 7.0, "working": 70.0, "elderly": 10.0}
    assert population.people + sum(population.outside.values()) == pytest.approx(zones.people)
    told = "\n".join(population.notes)
    assert (
        "2 zones with 87 people outside the cells (less than 1% of the area on them), counted as outside: C, D" in told
    )
    assert "1 zone reaches beyond the cells, by 2.5 km2 in all; their 27 people are all kept" in told


def test_cells_in_no_zone_are_counted() -> None:
    """Two of three cells lie in no zone: nobody is placed there, and the note gives their area."""
    population = spread_zones(read_zones(frame([box(0, 0, 0.01, 0.01)], people=[8])), row_of_cells(3))
    assert population.cells["people"].tolist() == [8, 0, 0]
    assert population.cells["zone_id"].tolist() == ["A", "", ""]
    assert population.notes[-1] == "2 cells (2.5 km2) in no zone: nobody is placed there"


def test_overlapping_zones_keep_both_totals() -> None:
    """Zones that overlap are each spread on all of their area, so that nobody is lost or counted twice in the sum."""
    zones = read_zones(frame([box(0, 0, 0.02, 0.01), box(0.01, 0, 0.03, 0.01)], people=[100, 50]))
    assert spread_zones(zones, row_of_cells(3)).cells["people"].tolist() == pytest.approx([50, 75, 25])


def test_whole_people_of_fractional_zones() -> None:
    """A zone of 33.4 + 33.3 + 33.3 becomes 34 + 33 + 33, and these are spread in whole numbers; the note says so."""
    zones = read_zones(frame([box(0, 0, 0.03, 0.01)], children=[33.4], working=[33.3], elderly=[33.3]))
    population = spread_zones(zones, row_of_cells(3), whole=True)
    assert population.cells[["children", "working", "elderly"]].sum().tolist() == [34, 33, 33]
    assert population.cells["children"].tolist() == [12, 11, 11]
    assert "1 zone with fractions of people rounded, 100.000 to 100 in all" in population.notes


def test_largest_remainder_by_hand() -> None:
    """Two groups: 2.5 + 2.3 + 2.2 = 7 gives 3 + 2 + 2, 0.4 + 0.6 = 1 gives 0 + 1; whole numbers stay, also 0.1 + 0.2 off 0.3."""
    values, group = np.array([2.5, 2.3, 2.2, 0.4, 0.6]), np.array([0, 0, 0, 1, 1])
    assert largest_remainder(values, group).tolist() == [3, 2, 2, 0, 1]
    assert largest_remainder(np.array([3 - 1e-12, 1 + 1e-12]), np.array([0, 0])).tolist() == [3, 1]


def test_ends_of_an_empty_list() -> None:
    """Nothing to round is nothing rounded."""
    assert largest_remainder(np.zeros(0), np.zeros(0, dtype=int)).tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_largest_remainder_on_random_groups(seed: int) -> None:
    """Every number is rounded down or up, and each group adds up to its rounded sum."""
    rng = np.random.default_rng(seed)
    group, values = np.sort(rng.integers(0, 40, 500)), rng.uniform(0, 5, 500)
    whole = largest_remainder(values, group)
    assert ((whole == np.floor(values)) | (whole == np.ceil(values))).all()
    assert np.bincount(group, whole).tolist() == np.round(np.bincount(group, values)).tolist()


def test_overlay_equals_intersections_one_by_one() -> None:
    """Zone, cell and km2 of every piece are those of shapely's intersection of each pair, measured on the ellipsoid."""
    zones, cells = random_zones(7, 8), square_cells(box(106.2, 29.3, 106.9, 29.9), 15_000)
    expected = {}
    for z, outline in enumerate(zones.cells.geometry):
        for c, cell in enumerate(cells.geometry):
            part = shapely.segmentize(outline.intersection(cell), 0.001)
            if part.area > 0:
                expected[z, c] = abs(GEOD.geometry_area_perimeter(part)[0]) / 1e6
    pieces = overlay(zones.cells, cells)
    found = {(int(z), int(c)): size for z, c, size in zip(pieces.zone, pieces.cell, pieces.size, strict=True)}
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_a_cell_belongs_to_the_zone_with_its_largest_part() -> None:
    """Cell 1 lies to 70 % in A; cell 2 in none, 0.01 degrees (1.11 km) from the edge of B on the equator: B is the nearest."""
    zones = read_outlines(frame([box(0, 0, 0.017, 0.01), box(0.017, 0, 0.02, 0.01)])).frame
    cells = cells_of(box(0, 0, 0.01, 0.01), box(0.01, 0, 0.02, 0.01), box(0.03, 0, 0.04, 0.01))
    found = zone_of(zones, cells)
    assert found["zone_id"].tolist() == ["A", "A", "B"]
    assert found["share"].tolist() == pytest.approx([1, 0.7, 0])
    metres = GEOD.inv(0.02, 0.005, 0.03, 0.005)[2]
    assert found["km"].tolist() == pytest.approx([0, 0, metres / 1000], rel=1e-3)


def test_progress_is_told_up_to_one() -> None:
    """The callback hears shares that rise to 1, and nothing else changes."""
    told: list[tuple[str, float]] = []
    zones, cells = random_zones(1, 150), square_cells(box(106, 29, 107, 30), 9_000)
    spread_zones(zones, cells, progress=lambda what, share: told.append((what, share)))
    assert [what for what, _ in told] == ["zones onto cells"] * 3
    assert [share for _, share in told] == pytest.approx([64 / 150, 128 / 150, 1])
    told.clear()
    zone_report(zones, progress=lambda what, share: told.append((what, share)))
    assert told[-1] == ("overlaps and gaps", 1.0)


# overlaps and gaps


def test_overlaps_and_gaps_by_hand() -> None:
    """A ring with a hole, a zone over its east side, a sliver: one overlap, one gap, with their areas and people.

    The ring A is 0.05 by 0.03 degrees less a hole of 0.01 by 0.01 (density p_A); B overlaps it on 0.01 by 0.01.
    """
    ring = Polygon(
        [(0, 0), (0.05, 0), (0.05, 0.03), (0, 0.03)], [[(0.01, 0.01), (0.02, 0.01), (0.02, 0.02), (0.01, 0.02)]]
    )
    zones = read_zones(frame([ring, box(0.04, 0.01, 0.07, 0.02), box(-0.02, 0, 0.0001, 0.03)], people=[1400, 300, 600]))
    report = zone_report(zones)
    square = abs(GEOD.geometry_area_perimeter(box(0.01, 0.01, 0.02, 0.02))[0]) / 1e6
    assert report.frame["kind"].tolist() == ["gap", "overlap"] or report.frame["kind"].tolist() == ["overlap", "gap"]
    places = report.frame.set_index("kind")
    assert places["zone_ids"].to_dict() == {"gap": "A", "overlap": "A B"}
    assert places["area_km2"].to_dict() == pytest.approx({"gap": square, "overlap": square}, rel=1e-6)
    assert places["people"].to_dict() == pytest.approx({"gap": 100, "overlap": 100 + 100}, rel=1e-4)
    assert places["width_metres"].tolist() == pytest.approx([2 * square * 1e6 / (4 * 1109.4)] * 2, rel=0.01)
    assert len(report.slivers) == 1
    assert "1 sliver between zones narrower than 20 m" in report.notes[-1]
    assert zone_report(zones, sliver_metres=5).slivers.empty


def test_zones_that_fit_have_no_report() -> None:
    """Zones that share their edges neither overlap nor leave gaps, whatever rounding leaves along the edges."""
    for seed in range(3):
        report = zone_report(random_zones(seed, 60))
        assert report.notes == ()
        assert report.frame.empty
        assert report.slivers.empty
        assert repr(report) == "ZoneReport: the zones neither overlap nor leave gaps"


def test_a_zone_inside_another_and_a_repeated_zone() -> None:
    """An enclave that was not cut out and a zone drawn twice overlap with the whole of the smaller one."""
    zones = read_zones(
        frame([box(0, 0, 0.04, 0.04), box(0.01, 0.01, 0.02, 0.02), box(0.01, 0.01, 0.02, 0.02)], people=[1, 1, 1])
    )
    report = zone_report(zones)
    assert sorted(report.frame["zone_ids"]) == ["A B", "A C", "B C"]
    assert report.frame["area_km2"].to_numpy() == pytest.approx(zones.cells["area_km2"][1])


def test_reports_and_outlines_plot_themselves() -> None:
    """Each draws on the axes that it is given, with a title and labelled axes."""
    zones = read_zones(frame([box(0, 0, 0.04, 0.04), box(0.03, 0.01, 0.05, 0.02)], people=[1, 1]))
    for thing in (zone_report(zones), read_outlines(zones.cells.rename(columns={"cell_id": "zone_id"}), id="zone_id")):
        figure, axes = plt.subplots()
        assert thing.plot(axes) is axes
        assert axes.get_title()
        assert axes.get_xlabel().startswith("longitude")
        plt.close(figure)


# reading

SQUARES = [box(0, 0, 0.01, 0.01), box(0.01, 0, 0.02, 0.01)]
PEOPLE = {"zone_id": ["007", "8"], "children": [10, 1], "working": [20.5, 2], "elderly": [30, 3]}


def written(folder: Path, kind: str) -> Path:
    """The two squares as a file of that kind, in UTM."""
    path = folder / f"zones.{kind}"
    layer = frame(SQUARES, **PEOPLE).to_crs("EPSG:32631" if kind != "geojson" else "EPSG:4326")
    if kind == "parquet":
        layer.to_parquet(path)
    else:
        layer.to_file(path if kind != "zip" else folder / "zones.shp")
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(folder.glob("zones.*")):
                if part != path:
                    archive.write(part, part.name)
    return path


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "shp", "zip", "parquet"])
def test_zones_from_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    """Ids keep their zeros, people their fractions, and outlines arrive in WGS-84 from another system."""
    zones = read_zones(written(tmp_path, kind))
    assert zones.cells["cell_id"].tolist() == ["007", "8"]
    assert zones.columns == ("children", "working", "elderly")
    assert zones.people == 66.5
    assert zones.cells.total_bounds == pytest.approx([0, 0, 0.02, 0.01], abs=1e-9)
    assert zones.cells["area_km2"].tolist() == pytest.approx([1.2309] * 2, rel=1e-3)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_joined_to_polygons(tmp_path: Path, kind: str) -> None:
    """Rows find their polygon by identifier in any order; an outline without a row is left out and told with its area."""
    table = pd.DataFrame({"code": ["8", "007"], "Label": ["Ost", ""], "0-14": [1, 10], "15+": [2, 20], "xx": [4, 40]})
    path = tmp_path / f"people.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_excel(path, index=False)
    outlines = frame([*SQUARES, box(0.02, 0, 0.03, 0.01)], zone_id=["007", "8", "9"], name=["West", "East", "Far"])
    zones = read_zones(path, {"young": "0-14", "old": ["15+", "xx"]}, id="code", name="Label", outlines=outlines)
    assert zones.cells[["cell_id", "name", "young", "old"]].to_numpy().tolist() == [
        ["8", "Ost", 1, 6],
        ["007", "West", 10, 60],
    ]
    assert zones.cells.geometry[0].equals(SQUARES[1])
    assert [note for note in zones.notes if "1 outline (1.2 km2) without a row left out: 9" in note]


def test_shares_split_a_total() -> None:
    """Percentages that add up to 99.9 are scaled, so that the total of each zone is kept; the notes say both."""
    table = frame(SQUARES, total=[1000, 500], y=[20.0, 10.0], m=[60.0, 70.0], o=[19.9, 20.0])
    zones = read_zones(table, {"children": "y", "working": "m", "elderly": "o"}, total="total")
    assert zones.by_cell.tolist() == pytest.approx([1000, 500], rel=1e-12)
    assert zones.cells["children"].tolist() == pytest.approx([1000 * 20 / 99.9, 50])
    assert "the table: the shares are read as percentages" in zones.notes
    assert [note for note in zones.notes if "1 row miss 100 by up to 0.10%" in note]


def test_one_share_for_all_zones() -> None:
    """A share may be a number: 17 % children in every zone."""
    zones = read_zones(frame(SQUARES, n=[100, 200]), {"children": 0.17, "working": 0.66, "elderly": 0.17}, total="n")
    assert zones.cells["children"].tolist() == pytest.approx([17, 34])


def test_a_single_column_of_people_is_found() -> None:
    """Without named columns: children, working, elderly if all are there, else one column of people by its usual name."""
    assert read_zones(frame(SQUARES, Population=[5, 6])).columns == ("people",)
    with pytest.raises(InputError, match="no column of people is named; columns: zone_id, pop, people"):
        read_zones(frame(SQUARES, pop=[5, 6], people=[1, 2]))


def test_columns_may_be_kept() -> None:
    """A column that is asked for stays, as text; others go."""
    zones = read_zones(
        frame(SQUARES, people=[5, 6], district_id=["01", "02"], x=[1, 2]), keep=["district_id"], id="zone_id"
    )
    assert zones.cells["district_id"].tolist() == ["01", "02"]
    assert "x" not in zones.cells


BOWTIE = Polygon([(0, 0), (0.01, 0.01), (0.01, 0), (0, 0.01)])
Refused = tuple[Callable[[], gpd.GeoDataFrame], dict[str, Any], str]
REFUSED: dict[str, Refused] = {
    "bow tie": (
        lambda: frame([SQUARES[0], BOWTIE], people=[1, 2]),
        {},
        r"row 3.*Self-intersection.*polygon that crosses itself; repair",
    ),
    "lines": (
        lambda: frame([box(0, 0, 1, 1).exterior, SQUARES[1]], people=[1, 2]),
        {},
        "row 2.*'a line': no area; give the polygon",
    ),
    "points": (lambda: frame([shapely.Point(0, 0), SQUARES[1]], people=[1, 2]), {}, "row 2.*'a point': no area"),
    "no outline": (lambda: frame([None, SQUARES[1]], people=[1, 2]), {}, "row 2, geometry: no outline; draw it"),
    "no system": (
        lambda: frame(SQUARES, people=[1, 2]).set_crs(None, allow_override=True),
        {},
        "coordinate reference system is not stated",
    ),
    "metres as degrees": (lambda: frame([box(5e5, 3e6, 6e5, 4e6)], people=[1]), {}, "not in degrees"),
    "repeated id": (
        lambda: frame(SQUARES, zone_id=["A", "A"], people=[1, 2]),
        {},
        r"used more than once; merge \(dissolve\)",
    ),
    "blank id": (lambda: frame(SQUARES, zone_id=["A", None], people=[1, 2]), {}, "row 3, zone_id: no identifier"),
    "which id": (lambda: frame(SQUARES, code=[1, 2], people=[1, 2]), {}, "which of zone_id, code identifies a zone"),
    "no such column": (
        lambda: frame(SQUARES, people=[1, 2]),
        {"columns": {"people": "pop"}},
        "no column pop; its columns are zone_id, people",
    ),
    "negative": (lambda: frame(SQUARES, people=[1, -2]), {}, "row 3, people = '-2': negative people"),
    "blank": (
        lambda: frame(SQUARES, people=[1, None]),
        {},
        "row 3, people: no number of people; an unknown number is not 0",
    ),
    "text": (lambda: frame(SQUARES, people=["1", "many"]), {}, "row 3, people = 'many': not a number"),
    "shares": (
        lambda: frame(SQUARES, n=[1, 2]),
        {"columns": {"a": 0.5, "b": 0.4}, "total": "n"},
        "the shares add up to 0.9, not 1",
    ),
    "a share of nothing": (lambda: frame(SQUARES, n=[1, 2]), {"columns": {"a": 1.0}}, "a share needs a total"),
    "empty": (lambda: frame([], zone_id=[], people=[]), {}, "the layer is empty"),
    "taken name": (
        lambda: frame(SQUARES, people=[1, 2]),
        {"columns": {"lon": "people"}},
        "a segment cannot be called lon",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_zones_are_refused(case: str) -> None:
    """One message with the file, the row and the remedy."""
    make, options, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read_zones(make(), **options)


def test_crossing_polygons_are_repaired_on_request() -> None:
    """A bow tie becomes its two triangles, half of the square, and the note counts it."""
    zones = read_zones(frame([SQUARES[0], BOWTIE], people=[1, 2]), repair=True)
    assert zones.cells["area_km2"][1] == pytest.approx(zones.cells["area_km2"][0] / 2, rel=1e-6)
    assert "the table: 1 polygon that crosses itself repaired" in zones.notes


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, garbage, of another format, without its parts, without polygons: one message each, naming the file."""
    with pytest.raises(InputError, match=r"nowhere\.gpkg: there is no such file"):
        read_zones(tmp_path / "nowhere.gpkg")
    for kind, message in (("gpkg", "not a GeoPackage"), ("shp", "not a Shapefile"), ("kml", "format .kml is not read")):
        (tmp_path / f"bad.{kind}").write_bytes(b"rubbish")
        with pytest.raises(InputError, match=rf"bad\.{kind}: .*{message}"):
            read_zones(tmp_path / f"bad.{kind}")
    written(tmp_path, "shp").with_suffix(".shx").unlink()
    with pytest.raises(InputError, match=r"zones\.shp: .*keep its \.shx"):
        read_zones(tmp_path / "zones.shp")
    (tmp_path / "table.csv").write_text("zone_id,people\nA,5\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"table\.csv: has no polygons; name the layer"):
        read_zones(tmp_path / "table.csv")
    with pytest.raises(InputError, match=r"table\.csv: has no geometry"):
        read_outlines(tmp_path / "table.csv")
    with pytest.raises(InputError, match="row 2, zone_id = 'A': no outline has this identifier"):
        read_zones(tmp_path / "table.csv", id="zone_id", outlines=frame(SQUARES, zone_id=["7", "8"]))


def test_layers_are_chosen_by_name(tmp_path: Path) -> None:
    """A GeoPackage with two layers is read by the layer named; an unknown name lists those there."""
    for n, layer in enumerate(("tracts", "blocks")):
        frame(SQUARES, people=[n, n]).to_file(tmp_path / "census.gpkg", layer=layer)
    assert read_zones(tmp_path / "census.gpkg", layer="blocks").people == 2
    with pytest.raises(InputError, match="has no layer wards; name one that it has: tracts, blocks"):
        read_zones(tmp_path / "census.gpkg", layer="wards")
    with pytest.raises(InputError, match="has 2 layers and none is named census"):
        read_zones(tmp_path / "census.gpkg")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], "give one for each"),
        ([1, -1, 1], "negative at cell c1"),
        ([1, np.nan, 1], "blank"),
        ("w", "no column w"),
    ],
)
def test_bad_weights_are_refused(weights: Any, message: str) -> None:
    """Weights are one number of 0 or more for each cell."""
    with pytest.raises(InputError, match=message):
        spread_zones(read_zones(frame(SQUARES, people=[1, 2])), row_of_cells(3), weights=weights)


def test_zones_and_cells_of_different_regions() -> None:
    """Layers that do not meet are refused, naming both boxes; so are cells that overlap."""
    zones = read_zones(frame(SQUARES, people=[1, 2]))
    with pytest.raises(
        InputError, match=r"do not meet: the zones lie in longitude 0\.00 to 0\.02.*cells in longitude 5\.00"
    ):
        spread_zones(zones, cells_of(box(5, 5, 6, 6)))
    with pytest.raises(InputError, match="c0, c1: overlap"):
        spread_zones(zones, cells_of(box(0, 0, 0.01, 0.01), box(0, 0, 0.01, 0.01)))


@pytest.mark.skipif(not CHONGQING.exists(), reason="the shared data are not beside the project")
def test_the_census_of_chongqing_onto_cells() -> None:
    """32,054,159 people of 38 districts, split by published age shares, are all on cells of 5 km, each district keeping its own.

    Ten of the outlines cross themselves and are refused unless repaired; repaired, they cover 82,400 km2 within 1 %.
    """
    layer = CHONGQING / "chongqing_districts_50.geojson"
    with pytest.raises(InputError, match="10 violations in 1 file"):
        read_outlines(layer, id="id")
    outlines = read_outlines(layer, id="id", repair=True)
    assert outlines.frame["area_km2"].sum() == pytest.approx(82_400, rel=0.01)
    census = pd.read_csv(CHONGQING / "census2020_county.csv", dtype=str)
    ids = dict(zip(outlines.frame["name"].str[:2], outlines.frame["cell_id"], strict=True))
    census["id"] = census["区县"].str[:2].map(ids)
    census = census[census["id"].notna() & census["区县"].ne("重庆市")]
    shares = {"children": "人口比重_0-14岁", "working": "人口比重_15-64岁", "elderly": "人口比重_65岁及以上"}
    zones = read_zones(census, shares, total="人口数_合计", id="id", outlines=outlines)
    assert zones.people == pytest.approx(32_054_159, rel=1e-12)
    area = shapely.union_all(outlines.frame.geometry.to_numpy())
    population = spread_zones(zones, square_cells(area, 5_000), whole=True)
    assert population.people == 32_054_159
    assert sum(population.outside.values()) == 0
    members = zone_of(zones.cells, zones.cells)
    assert members["zone_id"].tolist() == zones.cells["cell_id"].tolist()
