"""Nearest-outlet catchments."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from choice_markets import table, town
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from netplan.choice import catchments, side_by_side
from netplan.errors import InputError

FAR = np.inf
HAND = table([[4, 9, FAR], [7, 7, FAR], [FAR, 3, 5], [FAR, FAR, FAR], [2, FAR, FAR]])
PEOPLE = [10.0, 20.0, 30.0, 40.0, 0.0]


def cells(number: int) -> gpd.GeoDataFrame:
    """Unit squares in a row, somewhere at 30 degrees north."""
    return gpd.GeoDataFrame(geometry=[box(at, 30, at + 1, 31) for at in range(number)], crs="EPSG:4326")


def test_by_hand() -> None:
    """The tie goes to the lower position, the node out of reach is counted, and an empty node has no say in the longest way."""
    found = catchments(HAND, PEOPLE)
    assert found.outlet.tolist() == [0, 0, 1, -1, 0]
    assert found.minutes.tolist() == [4, 7, 3, FAR, 2]
    assert found.volume.tolist() == [30, 30, 0]
    assert found.mean_minutes[:2].tolist() == [(10 * 4 + 20 * 7) / 30, 3]
    assert found.max_minutes[:2].tolist() == [7, 3]
    assert np.isnan(found.mean_minutes[2])
    assert np.isnan(found.max_minutes[2])
    assert found.unreached == 40
    assert found.outlets(["a", "b", "c"])["nodes"].tolist() == [3, 1, 0]
    assert "40 have no outlet in reach" in repr(found)


@given(st.integers(0, 10_000), st.integers(0, 12), st.integers(0, 6))
def test_every_node_has_its_nearest(seed: int, nodes: int, outlets: int) -> None:
    """On random tables with many ties, the answer is that of a plain loop, and no weight is lost."""
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 5, (nodes, outlets)).astype(float)
    dense[rng.random(dense.shape) < 0.4] = FAR
    is_open = rng.random(outlets) < 0.7
    weight = rng.integers(0, 9, nodes).astype(float)
    found = catchments(table(dense), weight, is_open=is_open)
    for node in range(nodes):
        choice = [(dense[node, at], at) for at in range(outlets) if is_open[at] and np.isfinite(dense[node, at])]
        assert (found.minutes[node], found.outlet[node]) == min(choice, default=(FAR, -1))
    assert found.volume.sum() + found.unreached == weight.sum()


def test_tables_of_nodes_and_areas() -> None:
    """Nodes carry the id of their outlet, or none; the areas of the outlets are as large as their cells."""
    found = catchments(HAND, PEOPLE)
    nodes = found.nodes(cells(5), ["a", "b", "c"])
    assert nodes["outlet"].fillna("none").tolist() == ["a", "a", "b", "none", "a"]
    assert nodes["outlet_minutes"].isna().tolist() == [False, False, False, True, False]
    areas = found.areas(cells(5), ["a", "b", "c"])
    assert areas["outlet"].tolist() == ["a", "b"]
    assert [shape.area for shape in areas.geometry] == [3, 1]
    assert areas.crs == cells(1).crs
    assert catchments(HAND, PEOPLE).nodes(cells(5))["outlet"].isna().sum() == 1


def test_tables_side_by_side() -> None:
    """Joined tables keep each node's minutes, the outlets of the second after those of the first."""
    first, second = town(1, 30, 4), town(2, 30, 3)
    both = side_by_side(first, second)
    assert both.shape == (30, 7)
    for node in range(30):
        for outlet in range(7):
            part, at = (first, outlet) if outlet < 4 else (second, outlet - 4)
            assert both.get(node, outlet) == part.get(node, at)


def test_wrong_values_are_refused() -> None:
    """Weights, flags, cells and ids of the wrong number or sign, each named with a remedy."""
    with pytest.raises(
        InputError, match=r"weights: negative, infinite or missing for 2 demand nodes \(position 1, 3\)"
    ):
        catchments(HAND, [1, -1, 1, np.nan, 1])
    with pytest.raises(InputError, match=r"weights: .* for 5 demand nodes"):
        catchments(HAND, [1, 2])
    with pytest.raises(InputError, match="is_open: needs True or False for each of the 3 outlets"):
        catchments(HAND, PEOPLE, is_open=[0, 1, 2])
    with pytest.raises(InputError, match="cells: 2 rows for 5 demand nodes"):
        catchments(HAND, PEOPLE).nodes(cells(2))
    with pytest.raises(InputError, match="ids: 1 ids for 3 outlets"):
        catchments(HAND, PEOPLE).outlets(["a"])
    with pytest.raises(InputError, match="same demand nodes"):
        side_by_side(town(1, 3, 2), town(1, 4, 2))
    with pytest.raises(InputError, match="same demand nodes"):
        side_by_side()
