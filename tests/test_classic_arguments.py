"""Wrong arguments of classic problems are refused with name, position, value and remedy, before anything is solved."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import scipy.sparse
import shapely

from netplan import classic
from netplan.errors import InputError

COSTS = np.array([[1.0, 4.0, 6.0], [5.0, 2.0, 3.0]])
POINTS = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0.0, 1.0], [50.0, 51.0]), crs=4326)
CAPACITATED = {"capacities": [5, 5, 5], "demands": [1, 1]}


def with_cell(value: float) -> np.ndarray:
    """The costs with one cell changed."""
    costs = COSTS.copy()
    costs[1, 2] = value
    return costs


@pytest.mark.parametrize(
    ("costs", "sites", "message"),
    [
        (with_cell(np.nan), None, r"customer 1 to site 2 is missing \(1 such\); give a number"),
        (with_cell(-3.0), None, r"customer 1 to site 2 = -3.0 is negative"),
        (np.ones(3), None, r"1 dimensions; give a matrix"),
        (np.empty((0, 3)), None, r"shape \(0, 3\); give at least one customer"),
        (np.empty((3, 0)), None, r"shape \(3, 0\)"),
        ([["a", "b"]], None, r"costs: could not convert"),
        (COSTS, POINTS, r"leave `sites` out"),
        (POINTS, None, r"give the sites as a GeoDataFrame"),
        (POINTS.set_crs(None, allow_override=True), POINTS, r"customers: the frame has no coordinate system"),
        (POINTS, POINTS.iloc[:0], r"sites: the frame is empty"),
        (
            scipy.sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2)),
            None,
            r"customer 0 and site 1 are listed twice",
        ),
    ],
)
def test_costs(costs: Any, sites: Any, message: str) -> None:
    """Costs that are no matrix of numbers of 0 or more, and frames without positions, are refused."""
    with pytest.raises(InputError, match=message):
        classic.p_median(costs, sites, p=1)


def test_a_frame_needs_geometries() -> None:
    """A row without a position is named."""
    broken = gpd.GeoDataFrame(geometry=[shapely.Point(0, 50), None], crs=4326)
    with pytest.raises(InputError, match="sites: row 1 has no geometry"):
        classic.p_median(POINTS, broken, p=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"p": 0}, "p: 0 is too small"),
        ({"p": 4}, "p: 4 is more than the 3 sites that may open; write at most 3"),
        ({"p": 3, "forbidden": [1]}, "p: 3 is more than the 2 sites that may open"),
        ({"p": 1, "required": [0, 1]}, "p: 1 is less than the 2 required sites"),
        ({"p": 1.5}, "p: 1.5 is not a whole number"),
        ({"p": True}, "p: True is not a whole number"),
        ({"p": 1, "weights": [1, -2]}, r"weights: -2.0 at customer 1 is negative \(1 such\)"),
        ({"p": 1, "weights": [1, np.nan]}, "weights: nan at customer 1 is missing"),
        ({"p": 1, "weights": [1, np.inf]}, "weights: inf at customer 1 is not finite"),
        ({"p": 1, "weights": [1, 2, 3]}, r"weights: shape \(3,\) does not fit 2 customers"),
        ({"p": 1, "weights": ["x", "y"]}, "weights: could not convert"),
        ({"p": 1, "required": [3]}, "required: there is no site 3; sites are numbered from 0 to 2"),
        ({"p": 1, "forbidden": [-1]}, "forbidden: there is no site -1"),
        ({"p": 2, "required": [0, 0]}, "required: site 0 is named twice"),
        ({"p": 1, "required": [True, False, True]}, "required: True, False, True are not positions"),
        ({"p": 1, "required": [1], "forbidden": [1]}, "required and forbidden: both name site 1"),
        ({"p": 1, "radius": -1}, "radius: -1 is out of range"),
        ({"p": 1, "penalty": -1}, "penalty: -1.0 at customer 0 is negative"),
        ({"p": 1, "capacities": [1, 2]}, r"capacities: shape \(2,\) does not fit 3 sites"),
        ({"p": 1, "time_limit": -1}, "time_limit: -1 is out of range"),
        ({"p": 1, "time_limit": "long"}, "time_limit: 'long' is not a number"),
        ({"p": 1, "gap": np.nan}, "gap: nan is out of range"),
        ({"p": 1, "seed": -1}, "seed: -1 is too small"),
        ({"p": 1, "seed": 2**31}, "seed: 2147483648 is too large"),
        ({"p": 1, "solver": "x"}, "solver: there is no such argument"),
    ],
)
def test_shared_arguments(given: dict[str, Any], message: str) -> None:
    """What all problems share is checked in one way."""
    with pytest.raises(InputError, match=message):
        classic.p_median(COSTS, **given)


@pytest.mark.parametrize(
    ("solve", "given", "message"),
    [
        (classic.k_median, {"p": 1, "k": 0}, "k: 0 is too small"),
        (classic.ufl, {"opening_costs": [1, 2]}, r"opening_costs: shape \(2,\) does not fit 3 sites"),
        (classic.cflp, {**CAPACITATED, "demands": [-1, 1]}, "demands: -1.0 at customer 0"),
        (classic.lscp, {"radius": np.inf}, "radius: inf is out of range"),
        (classic.mclp, {"p": 1, "radius": None}, "radius: None is not a number"),
        (classic.partial_cover, {"radius": 1, "share": 1.5}, "share: 1.5 is out of range.*at most 1"),
        (classic.p_dispersion, {"p": 2}, r"costs: shape \(2, 3\) is not square"),
        (classic.max_attendance, {"p": 1}, "radius: linear decay ends there"),
        (classic.max_attendance, {"p": 1, "decay": "gravity"}, "decay: there is no 'gravity'"),
        (classic.max_attendance, {"p": 1, "decay": "power", "radius": 3}, "parameter: power decay needs one"),
        (classic.max_attendance, {"p": 1, "decay": lambda c: c}, "decay: .* came back for a cost of .*from 0 to 1"),
        (classic.max_attendance, {"p": 1, "decay": lambda _c: np.ones(2)}, r"decay: \(2,\) values came back"),
        (classic.max_market_share, {"p": 1, "model": "gravity"}, "model: there is no 'gravity'"),
        (
            classic.max_market_share,
            {"p": 1, "competitors": [0], "required": [0]},
            "competitors and required: both name site 0",
        ),
        (classic.max_market_share, {"p": 1, "competitors": [0, 1, 2]}, "no site is left for us"),
        (classic.max_market_share, {"p": 3, "competitors": [0]}, "p: 3 is more than the 2 sites that may open"),
        (classic.max_market_share, {"p": 1, "model": "logit"}, "parameter: None is not a number"),
        (
            classic.max_market_share,
            {"p": 1, "model": "logit", "parameter": 1, "attractiveness": 900},
            "attractiveness: a utility of 899 is too large",
        ),
        (classic.target_market_share, {"share": -0.1}, "share: -0.1 is out of range"),
    ],
)
def test_own_arguments(solve: Any, given: dict[str, Any], message: str) -> None:
    """What a problem has of its own is checked too."""
    with pytest.raises(InputError, match=message):
        solve(COSTS, **given)


def test_two_sites_are_the_least_to_disperse() -> None:
    """One site has no distance to any other."""
    with pytest.raises(InputError, match="p: 1 site has no other"):
        classic.p_dispersion(np.ones((3, 3)), p=1)


def test_a_cost_of_nothing_has_no_huff_pull() -> None:
    """A power of a cost of 0 would be infinite."""
    with pytest.raises(InputError, match="costs: a cost of 0 has an infinite pull"):
        classic.max_market_share(with_cell(0.0), p=1)
