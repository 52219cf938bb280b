"""People in a planning year: compound growth by segment and district, and the way towards a later layer."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from netplan.demand.growth import grow, towards
from netplan.demand.population import Population
from netplan.errors import InputError


def population(children: list[float], elderly: list[float], **columns: list[Any]) -> Population:
    """Cells c0, c1 ... with two segments."""
    number = len(children)
    table = {
        "cell_id": [f"c{n}" for n in range(number)],
        "lon": [n + 0.5 for n in range(number)],
        "lat": 0.5,
        "area_km2": 1.0,
        "children": children,
        "elderly": elderly,
        **columns,
    }
    shapes = [box(n, 0, n + 1, 1) for n in range(number)]
    cells = gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")
    return Population(cells, ("children", "elderly"), {"children": 3.0, "elderly": 0.0}, ("read",))


TODAY = population([100, 200, 0], [50, 60, 70], district_id=["A", "A", "B"])


def table(*rows: tuple[str | None, str | None, float]) -> pd.DataFrame:
    """Rates by district and segment."""
    return pd.DataFrame(rows, columns=["district_id", "segment", "yearly"])


def test_one_rate_compounds() -> None:
    """100 people at 2 % a year are 100 x 1.02^10 = 121.899442 in ten years; today's layer stays what it was."""
    later = grow(TODAY, 0.02, 10)
    assert later.cells["children"].tolist() == pytest.approx([121.89944199947573, 243.79888399895145, 0])
    assert later.people == pytest.approx(TODAY.people * 1.02**10)
    assert TODAY.cells["children"].tolist() == [100, 200, 0]
    assert later.notes == ("read", "growth over 10 years: children 300 to 366, elderly 180 to 219")
    assert dict(later.outside) == {"children": 3.0, "elderly": 0.0}


def test_years_add_up_and_may_be_fractions() -> None:
    """Two and a half years after one and a half are four years; no years change nothing."""
    parts = grow(grow(TODAY, -0.03, 1.5), -0.03, 2.5)
    assert parts.cells["elderly"].to_numpy() == pytest.approx(
        grow(TODAY, -0.03, 4).cells["elderly"].to_numpy(), rel=1e-12
    )
    assert grow(TODAY, 0.05, 0).cells["elderly"].tolist() == [50, 60, 70]


def test_rates_by_segment() -> None:
    """Children shrink by a tenth while the elderly grow by a tenth, in one year."""
    later = grow(TODAY, {"elderly": 0.1, "children": -0.1}, 1)
    assert later.cells["children"].tolist() == pytest.approx([90, 180, 0])
    assert later.cells["elderly"].tolist() == pytest.approx([55, 66, 77])


def test_rates_by_district_and_segment() -> None:
    """The row of district and segment comes first, then that of the district, of the segment, and of all the rest."""
    rates = table(("A", "children", 0.5), ("B", "", 0.2), ("", "elderly", 0.1), (None, None, 0.9))
    later = grow(TODAY, rates, 1)
    assert later.cells["children"].tolist() == pytest.approx([150, 300, 0])
    assert later.cells["elderly"].tolist() == pytest.approx([55, 66, 84])
    only_general = grow(TODAY, table(("", "", 0.05), ("B", "elderly", -0.5)), 1)
    assert only_general.cells["elderly"].tolist() == pytest.approx([52.5, 63, 35])


def test_swift_growth_is_told() -> None:
    """More than a tenth a year may be a percentage written as a fraction; less is not told."""
    assert [note for note in grow(TODAY, 0.3, 1).notes if "check that no percentage" in note]
    assert not [note for note in grow(TODAY, 0.03, 1).notes if "percentage" in note]


BAD: dict[str, tuple[Any, float, str]] = {
    "percentage": (2.0, 1, "growth of 2 a year: give a fraction"),
    "all gone": (-1.0, 1, "growth of -1 a year"),
    "no number": (float("nan"), 1, "growth of nan"),
    "backwards": (0.1, -1, "over -1 years"),
    "unknown segment": ({"children": 0.1, "elderly": 0, "old": 0.1}, 1, "no segment old; known: children, elderly"),
    "segment without a rate": ({"children": 0.1}, 1, "no rate for segment elderly"),
    "unknown district": (table(("C", "", 0.1), ("", "", 0.1)), 1, "no district_id C; known: A, B"),
    "unknown segment in a table": (table(("A", "old", 0.1), ("", "", 0.1)), 1, "no segment old"),
    "district without a rate": (table(("A", "", 0.1)), 1, "no rate for district and segment B children, B elderly"),
    "two rows": (table(("A", "", 0.1), ("A", "", 0.2), ("", "", 0)), 1, "more than one row for A"),
    "no column": (table(("A", "", 0.1)).rename(columns={"yearly": "rate"}), 1, "no column yearly"),
    "blank rate": (table(("A", "", None), ("", "", 0.1)), 1, "growth of nan"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rates_are_refused(case: str) -> None:
    """No rate is guessed: unknown, missing, repeated and impossible ones are named."""
    yearly, years, message = BAD[case]
    with pytest.raises(InputError, match=message):
        grow(TODAY, yearly, years)


def test_a_table_needs_the_district_of_each_cell() -> None:
    """Cells without the column cannot be given rates by district."""
    with pytest.raises(InputError, match="the cells have no column township_id"):
        grow(TODAY, table(("A", "", 0.1)).rename(columns={"district_id": "township_id"}), 1, district="township_id")


FUTURE = population([400, 50, 8], [50, 0, 7])


def test_half_way_by_hand() -> None:
    """Half of the way from 100 to 400 is 200 (x 2 twice), 200 to 50 is 100; from 0 to 8 it is 4, and from 60 to 0, 30."""
    middle = towards(TODAY, FUTURE, from_year=2020, future_year=2040, year=2030)
    assert middle.cells["children"].tolist() == pytest.approx([200, 100, 4])
    assert middle.cells["elderly"].tolist() == pytest.approx([50, 30, 490**0.5])
    assert "growth: 2 cells with 0 people in one of the layers taken on a straight line" in middle.notes
    assert [
        note
        for note in middle.notes
        if note.startswith("2020 to 2030, on the way to the layer of 2040: children 300 to 304")
    ]


def test_both_ends_are_exact() -> None:
    """In the first year people are those of today, in the last those of the layer, bit for bit, whatever the order of its cells."""
    turned = Population(FUTURE.cells.iloc[::-1].reset_index(drop=True), ("children", "elderly"), FUTURE.outside)
    years = {"from_year": 2020, "future_year": 2035}
    for column in TODAY.columns:
        assert towards(TODAY, turned, year=2020, **years).cells[column].tolist() == TODAY.cells[column].tolist()
        assert towards(TODAY, turned, year=2035, **years).cells[column].tolist() == FUTURE.cells[column].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_the_way_is_between_the_layers_at_a_constant_rate(seed: int) -> None:
    """Cells lie between both layers, and where both have people each year grows by the same factor: grow gives the same."""
    rng = np.random.default_rng(seed)
    start, end = (population(*(rng.uniform(0, 900, (2, 40)) * (rng.random((2, 40)) < 0.8)).tolist()) for _ in range(2))
    columns = list(start.columns)
    now, then = start.cells[columns].to_numpy(), end.cells[columns].to_numpy()
    for year in (2021, 2028.5, 2039):
        on_the_way = towards(start, end, from_year=2020, future_year=2040, year=year).cells[columns].to_numpy()
        assert (on_the_way >= np.minimum(now, then)).all()
        assert (on_the_way <= np.maximum(now, then)).all()
        both = (now > 0) & (then > 0)
        factor = (then[both] / now[both]) ** (1 / 20)
        assert on_the_way[both] == pytest.approx(now[both] * factor ** (year - 2020), rel=1e-9)


def test_layers_must_fit() -> None:
    """Other cells, other columns and years outside the layers are refused."""
    years = {"from_year": 2020, "future_year": 2040}
    with pytest.raises(InputError, match="year 2045 is not between 2020 and 2040; beyond a layer use grow"):
        towards(TODAY, FUTURE, year=2045, **years)
    with pytest.raises(InputError, match="is not between 2040 and 2020"):
        towards(TODAY, FUTURE, year=2030, from_year=2040, future_year=2020)
    with pytest.raises(InputError, match=r"1 cell in one layer only \(c2\)"):
        towards(TODAY, population([1, 2], [3, 4]), year=2030, **years)
    other = Population(FUTURE.cells, ("children",), {"children": 0.0})
    with pytest.raises(InputError, match="the layers have people children, elderly and children"):
        towards(TODAY, other, year=2030, **years)
