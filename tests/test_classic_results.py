"""Solutions say what they are: frames, shares, notes, and nothing that can be changed by accident."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import shapely
from pyproj import Geod

from netplan import classic
from netplan.classic.costs import read_costs

COSTS = np.array([[1.0, 4.0, 6.0], [5.0, 2.0, 3.0], [7.0, 7.0, 1.0], [2.0, 9.0, 8.0]])


def frames(seed: int = 0) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Customers and sites around a town, with columns of their own."""
    rng = np.random.default_rng(seed)
    places = [gpd.points_from_xy(rng.uniform(106.4, 106.7, n), rng.uniform(29.4, 29.7, n)) for n in (40, 9)]
    customers = gpd.GeoDataFrame({"people": rng.integers(1, 90, 40)}, geometry=places[0], crs=4326)
    sites = gpd.GeoDataFrame({"name": [f"S{j}" for j in range(9)], "weight": 1}, geometry=places[1], crs=4326)
    return customers, sites


def test_hand_solved() -> None:
    """Four customers, two of three sites: 0 and 2 at 1 + 3 + 1 + 2 = 7."""
    found = classic.p_median(COSTS, p=2)
    assert (found.status, found.objective, found.bound, found.gap) == ("optimal", 7.0, 7.0, 0.0)
    assert list(found.sites) == [0, 2]
    assert list(found.assignment) == [0, 2, 2, 0]
    assert found.seconds > 0
    assert found.trace


def test_frames_are_metres_along_the_ellipsoid() -> None:
    """Two GeoDataFrames give what their geodesic distances give as a matrix, in any coordinate system."""
    customers, sites = frames()
    ends = np.array([[p.x, p.y, q.x, q.y] for p in customers.geometry for q in sites.geometry])
    metres = Geod(ellps="WGS84").inv(*ends.T)[2].reshape(40, 9)
    by_matrix = classic.p_median(metres, p=3, weights=customers["people"])
    by_frames = classic.p_median(customers, sites.to_crs(32648), p=3, weights=customers["people"])
    assert by_frames.objective == pytest.approx(by_matrix.objective, rel=1e-9)
    assert list(by_frames.sites) == list(by_matrix.sites)


@pytest.mark.parametrize("radius", [0.0, 3_000.0, 12_000.0, 1e8])
def test_a_radius_measures_only_what_is_near(radius: float) -> None:
    """With a radius the pairs are those of the full matrix within it."""
    customers, sites = frames(1)
    near, full = read_costs(customers, sites, radius=radius), read_costs(customers, sites)
    assert (near.matrix() - full.within(radius).matrix()).count_nonzero() == 0
    assert len(near.value) == int((full.value <= radius).sum())


def test_frame_of_sites() -> None:
    """The chosen sites come with their columns, customers and weight; a column of the same name stays theirs."""
    customers, sites = frames()
    found = classic.mclp(customers, sites, p=4, radius=6000.0, weights=customers["people"])
    frame = found.frame()
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs == sites.crs
    assert list(frame["name"]) == [f"S{j}" for j in found.sites]
    assert frame["weight_found"].sum() == pytest.approx(found.objective)
    assert (frame["weight"] == 1).all()
    assert frame["customers"].sum() == 40 - len(found.unserved)


def test_allocation() -> None:
    """Every customer served has a row with its site and cost; a GeoDataFrame of customers where they came as one."""
    customers, sites = frames()
    found = classic.mclp(customers, sites, p=4, radius=6000.0)
    table = found.allocation()
    assert isinstance(table, gpd.GeoDataFrame)
    assert set(table["customer"]) | set(found.unserved) == set(range(40))
    assert (table["cost"] <= 6000.0).all()
    assert table.geometry.iloc[0].equals(customers.geometry.iloc[table["customer"].iloc[0]])


def test_plain_tables_without_frames() -> None:
    """A matrix gives plain tables of positions, also for split demand."""
    found = classic.cflp(COSTS, capacities=[3, 2, 3], demands=[2, 2, 2, 2], weights=[1, 2, 3, 4])
    assert type(found.frame()) is pd.DataFrame
    assert scipy.sparse.issparse(found.assignment)
    table = found.allocation()
    assert table.groupby("customer")["share"].sum().to_numpy() == pytest.approx(np.ones(4))
    assert (COSTS[table["customer"], table["site"]] == table["cost"]).all()
    weights = np.array([1, 2, 3, 4])[table["customer"]]
    assert (weights * table["share"] * table["cost"]).sum() == pytest.approx(found.objective)


def test_outlines_stand_for_a_point_inside() -> None:
    """Polygons are measured from a point inside them."""
    sites = gpd.GeoDataFrame(geometry=[shapely.box(10, 50, 10.02, 50.02)], crs=4326)
    customers = gpd.GeoDataFrame(geometry=[sites.geometry[0].representative_point()], crs=4326)
    assert classic.p_median(customers, sites, p=1).objective == pytest.approx(0.0, abs=1e-6)


def test_words() -> None:
    """A solution reads as one line and as a table, and says who cannot be served."""
    found = classic.lscp(COSTS, radius=1.5, skip_uncoverable=True)
    assert "status: optimal" in repr(found)
    assert "2 customers cannot be covered by any site that may open: 1, 3" in repr(found)
    assert "<table>" in found._repr_html_()
    assert "served" in found._repr_html_()
    nobody = classic.lscp(COSTS, radius=1.5)
    assert nobody.status == "infeasible"
    assert "1, 3" in nobody.note
    assert list(nobody.sites) == []
    assert list(nobody.assignment) == [-1] * 4
    assert nobody.gap is None
    assert len(nobody.frame()) == len(nobody.allocation()) == 0


def test_shares_say_what_is_out_of_reach() -> None:
    """Infeasible shares say what all sites together reach."""
    covered = classic.partial_cover(COSTS, radius=1.5, share=0.9)
    assert covered.status == "infeasible"
    assert "50 % of the weight" in covered.note
    won = classic.target_market_share(COSTS, competitors=[2], share=0.95)
    assert won.status == "infeasible"
    assert "% of the weight" in won.note


def test_solutions_are_frozen() -> None:
    """Neither fields nor arrays can be changed."""
    found = classic.p_median(COSTS, p=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.objective = 0.0
    split = classic.cflp(COSTS, capacities=4, demands=[2, 2, 2, 2])
    for array in (found.sites, found.assignment, found.costs.value, found.weights, split.assignment.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_arguments_are_not_changed() -> None:
    """Costs and weights given stay as they were, and writable."""
    costs, weights = COSTS.copy(), np.array([1.0, 2.0, 3.0, 4.0])
    classic.mclp(costs, p=1, radius=3.0, weights=weights)
    assert (costs == COSTS).all()
    weights[0] = costs[0, 0] = 9.0


def test_dispersed_sites_that_nothing_joins() -> None:
    """Sites without a way between them are infinitely far apart, and that is said."""
    found = classic.p_dispersion(scipy.sparse.coo_array(([3.0], ([0], [1])), shape=(4, 4)), p=2)
    assert found.objective == np.inf
    assert found.status == "optimal"
    assert "cannot be reached" in found.note
    joined = classic.p_dispersion(scipy.sparse.coo_array(([3.0], ([0], [1])), shape=(4, 4)), p=4)
    assert joined.objective == 3.0


def test_backup_that_cannot_be() -> None:
    """Too few sites to cover everyone once: infeasible, and how many it takes."""
    found = classic.backup_cover(COSTS, radius=2.0, p=1)
    assert found.status == "infeasible"
    assert "it takes 3" in found.note


def test_weights_of_nothing() -> None:
    """Where nobody weighs anything every problem still has an answer of 0."""
    nothing = np.zeros(4)
    for found in (
        classic.p_median(COSTS, p=2, weights=nothing),
        classic.mclp(COSTS, p=2, radius=3.0, weights=nothing),
        classic.p_center(COSTS, p=2, weights=nothing),
        classic.max_market_share(COSTS, p=2, competitors=[0], weights=nothing),
        classic.max_attendance(COSTS, p=2, radius=3.0, weights=nothing),
        classic.backup_cover(COSTS, radius=6.0, weights=nothing),
        classic.partial_cover(COSTS, radius=3.0, share=0.5, weights=nothing),
        classic.capacitated_mclp(COSTS, p=2, radius=3.0, weights=nothing, capacities=1, demands=1),
    ):
        assert found.status == "optimal"
        assert found.objective == pytest.approx(0.0)


def test_who_weighs_nothing_need_not_be_served() -> None:
    """A customer of weight 0 that can go nowhere does not make a median infeasible, and has no site."""
    costs = COSTS.copy()
    costs[3] = np.inf
    for solve in (classic.p_median, classic.k_median):
        found = solve(costs, p=1, weights=[1, 1, 1, 0])
        assert found.status == "optimal"
        assert found.objective == 10.0
        assert list(found.unserved) == [3]


def test_a_decay_of_ones_own() -> None:
    """Attendance and attraction take any function of costs."""
    found = classic.max_attendance(COSTS, p=1, decay=lambda c: (c <= 2).astype(float))
    assert found.objective == 2.0
    linear = classic.max_market_share(COSTS, p=1, competitors=[2], decay="linear")
    same = classic.max_market_share(COSTS, p=1, competitors=[2], decay=lambda c: 1 / c)
    assert linear.objective == pytest.approx(same.objective)


def test_examples_of_the_page_run() -> None:
    """The Python examples of docs/classic.md run one after the other, and every function of the room stands in its tables."""
    page = (Path(__file__).parents[1] / "docs" / "classic.md").read_text(encoding="utf-8")
    known: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(example, known)  # noqa: S102 (our own page)
    assert known["covered"] == 305
    functions = {name for name, value in vars(classic).items() if callable(value) and name.islower()}
    assert len(functions) == 14
    assert functions <= set(re.findall(r"`(\w+)\(", page))
