"""The pictures of choice/ show every part, with labels and units, and nothing outside the frame."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
from choice_markets import table, town
from shapely.geometry import Point, box

from netplan.choice import Decay, calibrate, catchments, impact, shares
from netplan.errors import InputError


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    """Draw without a screen, and leave no figure open."""
    mpl.use("Agg")
    yield
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    plt.close("all")


def row_of_cells(number: int) -> gpd.GeoDataFrame:
    """Squares in a row at 60 degrees north."""
    return gpd.GeoDataFrame(geometry=[box(at, 60, at + 1, 61) for at in range(number)], crs="EPSG:4326")


def test_map_of_catchments() -> None:
    """Neighbours differ in colour, cells out of reach are grey and named, and a degree of longitude is half as long at 60 north."""
    found = catchments(table([[1, 5], [5, 1], [np.inf, np.inf]]), [10, 20, 30])
    axes = found.plot(row_of_cells(3), outlets=gpd.GeoDataFrame(geometry=[Point(0.5, 60.5)], crs="EPSG:4326"))
    colours = [tuple(each) for part in axes.collections[:2] for each in part.get_facecolor()]
    assert len(set(colours)) == 3
    assert axes.get_title(loc="left") == "Nearest-outlet catchments: 50.0% within the cut-off"
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["outlet", "no outlet in reach (30 people or visits)"]
    assert float(axes.get_aspect()) == pytest.approx(2.0, rel=0.05)


def test_map_of_minutes() -> None:
    """The minutes have a scale with a unit; points are drawn as well as cells."""
    found = catchments(table([[1, 5], [5, 1]]), [10, 20])
    points = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(1, 1)], crs="EPSG:4326")
    figure = found.plot(points, by="minutes").figure
    assert figure.axes[1].get_ylabel() == "minutes to the nearest outlet, one way"
    with pytest.raises(InputError, match="write outlet or minutes"):
        found.plot(points, by="bank")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["power", "exponential", "gaussian"])
def test_calibration_plot(kind: str) -> None:
    """Every outlet is a dot inside the frame, the diagonal runs from corner to corner, and the curve passes its half-way mark."""
    minutes, size = town(2, 200, 25), np.random.default_rng(2).lognormal(0, 1.2, 25)
    weight = np.random.default_rng(3).gamma(1, 500, 200)
    decay = Decay(kind, {"power": 1.0, "exponential": 0.1, "gaussian": 0.01}[kind])  # type: ignore[arg-type]
    volume = shares(minutes, size, decay=decay).volumes(weight) * np.random.default_rng(4).lognormal(0, 0.2, 25)
    found = calibrate(minutes, weight, size, volume, decay=kind)  # type: ignore[arg-type]
    left, right = found.plot(unit="visits per year").axes
    assert left.get_xlabel() == "observed visits per year"
    low, high = left.get_xlim()
    for dots in left.collections:
        drawn = np.asarray(dots.get_offsets())
        assert len(drawn) == 25
        assert ((drawn >= low) & (drawn <= high)).all()
    assert left.lines[0].get_xydata().tolist() == [[low, low], [high, high]]
    curve = np.asarray(right.lines[0].get_xydata())
    assert np.interp(found.decay.half_minutes, *curve.T) == pytest.approx(0.5, abs=0.01)
    assert right.get_xlabel() == "minutes, one way"


def test_bars_of_impact() -> None:
    """The bars of the best sites add up to what they win, largest on top, and the title says how many there are."""
    minutes, own = town(4, 100, 12), np.arange(12) < 9
    found = impact(
        minutes,
        np.zeros(12),
        np.full(100, 7.0),
        is_own=own,
        is_proposed=np.arange(12) < 6,
        decay=Decay("power", 1.5),
        outside_utility=-3.0,
    )
    axes = found.plot([f"s{at}" for at in range(12)], most=4)
    assert "best 4 of 6" in axes.get_title(loc="left")
    best = found.frame([f"s{at}" for at in range(12)]).nlargest(4, "won")
    ends = {}
    for bars in axes.containers:
        for at, bar in enumerate(bars):
            ends[at] = max(ends.get(at, 0.0), bar.get_x() + bar.get_width())
    assert [ends[at] for at in (3, 2, 1, 0)] == pytest.approx(best["won"].tolist())
    assert [label.get_text() for label in axes.get_yticklabels()][::-1] == best["outlet"].tolist()
    assert axes.get_xlim()[1] > best["won"].max()
