"""Layers that look shifted against each other: found when they are, not found when they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from netplan.coordinates import Shift, find_shift, from_wgs84, geodesic_metres, to_wgs84
from netplan.coordinates.measure import moved
from netplan.errors import InputError

Positions = tuple[np.ndarray, np.ndarray]
SPACING = 0.01
"""Degrees between crossings: about a kilometre."""


def roads(rng: np.random.Generator, number: int = 30, west: float = 106.4, south: float = 29.5) -> np.ndarray:
    """An irregular lattice of straight roads, a fifth of them missing."""
    at = np.stack(np.meshgrid(np.arange(number), np.arange(number), indexing="ij"), axis=-1)
    at = (at + rng.uniform(-0.35, 0.35, at.shape)) * SPACING + (west, south)
    ends = [
        np.concatenate([at[:-1, :].reshape(-1, 2), at[:, :-1].reshape(-1, 2)]),
        np.concatenate([at[1:, :].reshape(-1, 2), at[:, 1:].reshape(-1, 2)]),
    ]
    lines = shapely.linestrings(np.stack(ends, axis=1))
    return lines[rng.random(len(lines)) > 0.2]


def beside(rng: np.random.Generator, lines: np.ndarray, number: int, noise_metres: float = 25.0) -> Positions:
    """Positions along roads, some way off as doors are."""
    chosen = shapely.line_interpolate_point(
        lines[rng.integers(0, len(lines), number)], rng.random(number), normalized=True
    )
    lon, lat = shapely.get_coordinates(chosen).T
    return moved(lon, lat, rng.normal(0, noise_metres, number), rng.normal(0, noise_metres, number))


@pytest.mark.parametrize("number", [40, 150])
@pytest.mark.parametrize(
    ("points", "reference"),
    [("gcj02", "wgs84"), ("bd09", "wgs84"), ("wgs84", "gcj02"), ("wgs84", "bd09"), ("bd09", "gcj02")],
)
def test_layers_in_two_systems_are_told_apart(points: str, reference: str, number: int) -> None:
    """Points and roads of Chongqing in two systems, both read as WGS-84: both systems are named, and undoing it fits them."""
    rng = np.random.default_rng(3)
    lines = roads(rng)
    lon, lat = beside(rng, lines, number)
    seen = from_wgs84(lon, lat, points)
    seen_lines = shapely.transform(lines, lambda xy: np.column_stack(from_wgs84(*xy.T, reference)))
    shift = find_shift(*seen, seen_lines, names=("the branches", "the roads"))
    assert shift is not None
    assert (shift.points_system, shift.reference_system) == (points, reference)
    assert shift.after_metres < 40 < shift.before_metres
    wanted = from_wgs84(lon, lat, reference)
    assert geodesic_metres(*shift.corrected(*seen), *wanted).max() < 1e-3
    assert shift.metres == pytest.approx(np.median(geodesic_metres(*seen, *wanted)), rel=0.05)


@pytest.mark.parametrize(("east", "north"), [(200, -150), (-420, 90), (0, 900)])
def test_unknown_constant_shift_is_measured(east: float, north: float) -> None:
    """A shift of no known cause is found to 20 m of what it is, with its direction, anywhere on Earth."""
    rng = np.random.default_rng(4)
    lines = roads(rng, west=-72.9, south=44.0)
    lon, lat = beside(rng, lines, 300)
    shift = find_shift(*moved(lon, lat, east, north), lines)
    assert shift is not None
    assert (shift.points_system, shift.reference_system) == ("", "")
    assert np.hypot(shift.east_metres - east, shift.north_metres - north) < 20
    assert geodesic_metres(*shift.corrected(*moved(lon, lat, east, north)), lon, lat).max() < 25


def test_nothing_is_found_where_nothing_is_shifted() -> None:
    """Points beside their roads, exact or 100 m off, are left alone, in China and elsewhere."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lines = roads(rng, 15, west=106.4 if seed % 2 else -72.9)
        points = beside(rng, lines, int(rng.integers(30, 200)), 25.0 if seed % 3 else 100.0)
        assert find_shift(*points, lines, max_metres=600, seed=seed) is None


@pytest.mark.slow
def test_random_points_are_never_called_shifted() -> None:
    """Of 200 draws of points that have nothing to do with the roads, none is told as shifted (in any of seven ways)."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        number = int(rng.integers(20, 100))
        points = rng.uniform(106.41, 106.48, number), rng.uniform(29.51, 29.58, number)
        found.append(find_shift(*points, roads(rng, 10), max_metres=400, seed=seed))
    assert [shift for shift in found if shift is not None] == []


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_regular_lattice_tells_nothing(offset: float) -> None:
    """On a perfect lattice points in the middle of blocks fit as well one block over: no shift is told."""
    steps = np.arange(20) * 0.004
    lines = np.array(
        [shapely.LineString([(106.5 + s, 29.5), (106.5 + s, 29.576)]) for s in steps]
        + [shapely.LineString([(106.5, 29.5 + s), (106.576, 29.5 + s)]) for s in steps]
    )
    lon, lat = np.meshgrid(106.5 + (np.arange(2, 17) + offset) * 0.004, 29.5 + (np.arange(2, 17) + offset) * 0.004)
    assert find_shift(lon.ravel(), lat.ravel(), lines) is None


def test_cells_serve_as_reference() -> None:
    """Points inside scattered built-up cells, given in GCJ-02: the cells tell it; given in WGS-84 they tell nothing."""
    rng = np.random.default_rng(9)
    west, south = 106.0 + 0.01 * rng.integers(0, 100, 250), 29.0 + 0.01 * rng.integers(0, 100, 250)
    cells = shapely.box(west, south, west + 0.004, south + 0.004)
    lon, lat = west + rng.uniform(0, 0.004, 250), south + rng.uniform(0, 0.004, 250)
    shift = find_shift(*from_wgs84(lon, lat, "gcj02"), cells)
    assert shift is not None
    assert (shift.points_system, shift.after_metres) == ("gcj02", 0.0)
    assert find_shift(lon, lat, cells) is None


def test_points_serve_as_reference() -> None:
    """The same outlets from two vendors, one in BD-09."""
    rng = np.random.default_rng(10)
    lon, lat = rng.uniform(106, 107, 120), rng.uniform(29, 30, 120)
    shift = find_shift(*from_wgs84(lon, lat, "bd09"), shapely.points(*moved(lon, lat, rng.normal(0, 20, 120), 0)))
    assert shift is not None
    assert shift.points_system == "bd09"


def test_too_little_to_compare_tells_nothing() -> None:
    """Few points, points on one spot, roads in another country, or no roads at all: nothing is told."""
    rng = np.random.default_rng(5)
    lines = roads(rng, 10)
    lon, lat = from_wgs84(*beside(rng, lines, 60), "gcj02")
    assert find_shift(lon[:19], lat[:19], lines) is None
    assert find_shift(np.repeat(lon[0], 60), np.repeat(lat[0], 60), lines) is None
    assert find_shift(lon, lat, roads(rng, 10, west=20.0)) is None
    assert find_shift(lon, lat, []) is None
    assert find_shift(lon, lat, [shapely.LineString(), None]) is None


def test_answer_does_not_depend_on_order_of_features() -> None:
    """The same layers in another order give the same answer, and so does a second call."""
    rng = np.random.default_rng(6)
    lines = roads(rng, 15)
    lon, lat = from_wgs84(*beside(rng, lines, 100), "gcj02")
    told: list[float] = []
    again = find_shift(lon, lat, list(lines), progress=lambda _step, share: told.append(share))
    assert find_shift(lon, lat, lines) == find_shift(lon, lat, lines[::-1]) == again
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_sentence_for_the_planner() -> None:
    """The sentence names both layers, the length and direction, the cause, the remedy, and the distances."""
    shift = Shift("gcj02", "wgs84", 350.0, -320.0, 226.4, 12.2, 1_234, 1e-9, ("branches.csv", "the roads"))
    assert str(shift) == (
        "branches.csv look shifted against the roads by about 474 m (350 m east and 320 m south): branches.csv look like GCJ-02 "
        "read as WGS-84; name the system gcj02. Undone, the median distance of 1,234 points from the roads of 226 m becomes 12 m"
    )
    reverse = Shift("wgs84", "gcj02", -350.0, 320.0, 226.4, 12.2, 99, 1e-9)
    assert "the reference look like GCJ-02 read as WGS-84, or the points were corrected once too often" in str(reverse)
    assert "the cause is unknown" in str(Shift("", "", 200.0, 0.0, 150.0, 20.0, 99, 1e-9))


def test_positions_that_are_none_are_refused() -> None:
    """NaN is no position to compare."""
    with pytest.raises(InputError, match="number 2 of 2"):
        find_shift([106.5, np.nan], [29.5, 29.6], [])


def hexagons() -> pd.DataFrame:
    """The hexagons of Sao Paulo's centre, where the sample data lie beside the repository."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / "regions" / "sao_paulo" / "spo_hexgrid.csv"
        if path.is_file():
            return pd.read_csv(path)
    pytest.skip("shared/data/regions/sao_paulo/spo_hexgrid.csv is not beside the repository")


def test_real_hexagons_are_not_shifted() -> None:
    """Sao Paulo: places drawn in the hexagons are not shifted against their centres, nor the centres against each other."""
    cells = hexagons()
    lon, lat = cells["lon"].to_numpy(), cells["lat"].to_numpy()
    centres = shapely.points(lon, lat)
    rng = np.random.default_rng(1)
    near = moved(lon, lat, rng.uniform(-170, 170, len(lon)), rng.uniform(-170, 170, len(lon)))
    assert find_shift(*near, centres) is None
    assert find_shift(lon, lat, centres) is None
    assert find_shift(lon[::2], lat[::2], centres[1::2]) is None


def test_round_trip_of_a_double_correction() -> None:
    """Points corrected from GCJ-02 although they were WGS-84 are told as such: the reference looks like GCJ-02, or they were."""
    rng = np.random.default_rng(12)
    lines = roads(rng, 15)
    shift = find_shift(*to_wgs84(*beside(rng, lines, 100), "gcj02"), lines)
    assert shift is not None
    assert (shift.points_system, shift.reference_system) == ("wgs84", "gcj02")
