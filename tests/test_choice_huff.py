"""Huff and logit shares, decay and leakage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from choice_markets import table, town
from hypothesis import given
from hypothesis import strategies as st

from netplan.choice import Decay, catchments, huff_utility, leakage, logit_shares, shares
from netplan.choice.decay import Kind
from netplan.errors import InputError

FAR = np.inf
KINDS: list[Kind] = ["power", "exponential", "gaussian"]


def test_two_nodes_and_two_outlets_by_hand() -> None:
    """With squares of minutes: pulls of 100/4 and 300/36 make 3/4 and 1/4, pulls of 100/100 and 300/25 make 1/13 and 12/13."""
    found = shares(table([[2, 6], [10, 5]]), [100, 300], decay=Decay("power", 2.0, 0.0))
    assert found.share == pytest.approx([3 / 4, 1 / 4, 1 / 13, 12 / 13])
    assert found.volumes([80, 130]) == pytest.approx([60 + 10, 20 + 120])
    assert found.frame(["n", "m"], ["a", "b"])["outlet"].tolist() == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("decay", "pull"),
    [
        (Decay("power", 1.5, 2.0), lambda t: (t + 2.0) ** -1.5),
        (Decay("exponential", 0.2), lambda t: math.exp(-0.2 * t)),
        (Decay("gaussian", 0.01), lambda t: math.exp(-0.01 * t * t)),
    ],
    ids=KINDS,
)
def test_shares_follow_the_formula(decay: Decay, pull: object) -> None:
    """Each kind of decay, an exponent and an outside option: equal to the formula written out pair by pair."""
    assert callable(pull)
    minutes, size = town(3, 40, 9), np.random.default_rng(3).lognormal(0, 1, 9)
    found = shares(minutes, size, decay=decay, exponent=0.7, outside_utility=-2.0)
    for node in range(40):
        outlets, times = minutes.of(node)
        force = [size[at] ** 0.7 * pull(time) for at, time in zip(outlets, times, strict=True)]
        whole = math.exp(-2.0) + sum(force)
        part = slice(minutes.start[node], minutes.start[node + 1])
        assert found.share[part] == pytest.approx([each / whole for each in force], rel=1e-12)
        assert found.outside[node] == pytest.approx(math.exp(-2.0) / whole)
    assert float(decay.pull(np.array([decay.half_minutes]))[0]) == pytest.approx(0.5)


@given(st.integers(0, 10_000), st.sampled_from(KINDS), st.booleans(), st.floats(0, 300))
def test_demand_is_conserved(seed: int, kind: Kind, has_outside: bool, rate: float) -> None:
    """Whatever the decay, even one that underflows: what outlets win, what goes outside and what is not reached add up to all."""
    rng = np.random.default_rng(seed)
    minutes = town(seed, 25, 6, cut_off=20)
    weight, size = rng.uniform(0, 100, 25), rng.lognormal(0, 2, 6) * (rng.random(6) < 0.8)
    found = shares(minutes, size, decay=Decay(kind, rate), outside_utility=-5.0 if has_outside else None)
    assert np.isfinite(found.share).all()
    total = found.volumes(weight).sum() + found.outside_volume(weight) + found.unreached_volume(weight)
    assert total == pytest.approx(weight.sum(), rel=1e-12)
    assert found.volumes(weight)[size == 0].sum() == 0


def test_a_steep_decay_is_the_nearest_outlet() -> None:
    """With equal outlets and a decay without end, Huff volumes become nearest-outlet catchments."""
    minutes, weight = town(5, 60, 8), np.arange(60.0)
    steep = logit_shares(minutes, np.zeros(8), decay=Decay("exponential", 1e6))
    assert steep.volumes(weight) == pytest.approx(catchments(minutes, weight).volume)


def test_logit_ignores_what_is_common() -> None:
    """A constant added to every utility, the outside one included, changes no share; huge ones do not overflow."""
    minutes, utility = town(6, 30, 5), np.arange(5.0)
    decay = Decay("exponential", 0.1)
    plain = logit_shares(minutes, utility, decay=decay, outside_utility=1.0)
    moved = logit_shares(minutes, utility + 5000, decay=decay, outside_utility=5001.0)
    assert moved.share == pytest.approx(plain.share, rel=1e-9)
    by_node = logit_shares(minutes, utility, decay=decay, outside_utility=np.ones(30))
    assert (by_node.share == plain.share).all()


def test_nodes_without_a_choice_are_counted() -> None:
    """A node that no open outlet reaches goes nowhere, and wholly outside where that is an option."""
    minutes = table([[1, FAR], [FAR, 2], [FAR, FAR]])
    lost = shares(minutes, [1, 0], decay=Decay("power", 1.0))
    assert lost.unreached_volume([10, 20, 30]) == 50
    assert "2 nodes without any choice" in repr(lost)
    outside = shares(minutes, [1, 0], decay=Decay("power", 1.0), outside_utility=-9.0)
    assert outside.unreached_volume([10, 20, 30]) == 0
    assert outside.outside[1:].tolist() == [1, 1]


def test_leakage_by_hand() -> None:
    """Two areas and a node in none: own 3/4 of 80 and 1/13 of 130, the rest leaks to the other bank."""
    found = shares(table([[2, 6], [10, 5], [FAR, FAR]]), [100, 300], decay=Decay("power", 2.0, 0.0))
    by_area = leakage(found, [80, 130, 7], [0, 1, -1], is_own=[True, False], area_ids=["north", "south"])
    assert by_area["area"].fillna("").tolist() == ["north", "south", ""]
    assert by_area["own"].tolist() == pytest.approx([60, 10, 0])
    assert by_area["leakage"].tolist() == pytest.approx([1 / 4, 12 / 13, 0])
    assert by_area["unreached"].tolist() == [0, 0, 7]
    parts = by_area[["own", "competitors", "outside", "unreached"]].sum(axis=1)
    assert parts.tolist() == pytest.approx(by_area["demand"].tolist())
    assert leakage(found, [80, 130, 7], [1, 1, 1], is_own=[True, False])["area"].tolist() == [0, 1]


def test_wrong_values_are_refused() -> None:
    """Signs, names, numbers and positions that make no sense, each named with a remedy."""
    minutes = table([[0, 3]])
    for wrong in (
        lambda: Decay("power", -1.5),
        lambda: Decay("linear", 1.0),  # type: ignore[arg-type]
        lambda: Decay("power", 1.0, -1.0),
    ):
        with pytest.raises(InputError, match="decay: "):
            wrong()
    with pytest.raises(InputError, match="0 minutes away has an infinite pull; give offset_minutes"):
        shares(minutes, [1, 1], decay=Decay("power", 1.0, 0.0))
    with pytest.raises(InputError, match=r"attractiveness: negative.*position 1"):
        shares(minutes, [1, -1], decay=Decay("power", 1.0))
    with pytest.raises(InputError, match=r"attractiveness: .* for 2 outlets"):
        shares(minutes, [1, 1, 1], decay=Decay("power", 1.0))
    with pytest.raises(InputError, match="exponent: nan"):
        huff_utility([1.0], math.nan)
    with pytest.raises(InputError, match="utility: missing or infinite for outlets at position 0"):
        logit_shares(minutes, [math.nan, 0], decay=Decay("power", 1.0))
    with pytest.raises(InputError, match=r"utility: .* for 2 outlets"):
        logit_shares(minutes, [0.0], decay=Decay("power", 1.0))
    with pytest.raises(InputError, match="outside_utility: missing or infinite"):
        logit_shares(minutes, [0, 0], decay=Decay("power", 1.0), outside_utility=math.inf)
    with pytest.raises(InputError, match=r"outside_utility: .* for 1 demand node"):
        logit_shares(minutes, [0, 0], decay=Decay("power", 1.0), outside_utility=[1.0, 2.0])
    found = shares(minutes, [1, 1], decay=Decay("power", 1.0))
    with pytest.raises(InputError, match="area: needs a position"):
        leakage(found, [1], ["north"], is_own=[True, False])
    with pytest.raises(InputError, match="area: positions from 4 to 4 for 1 area"):
        leakage(found, [1], [4], is_own=[True, False], area_ids=["north"])
