"""What a proposed outlet wins, and from whom."""

from __future__ import annotations

import numpy as np
import pytest
from choice_markets import table, town
from hypothesis import given
from hypothesis import strategies as st

from netplan.choice import Decay, Impact, huff_utility, impact, logit_shares
from netplan.errors import InputError

FAR = np.inf
DECAY = Decay("power", 1.5)


def test_by_hand() -> None:
    """In a town of 120 with two outlets as strong as the newcomer it wins 20 from each; a village of 30 without any is won whole."""
    minutes = table([[5, 5, 5], [FAR, FAR, 5]])
    found = impact(
        minutes,
        np.zeros(3),
        [120, 30],
        is_own=[True, False, True],
        is_proposed=[False, False, True],
        decay=Decay("exponential", 0.1),
    )
    row = found.frame(["own", "other", "new"]).iloc[0]
    assert row["outlet"] == "new"
    assert row["won"] == pytest.approx(40 + 30)
    assert row["from_own"] == pytest.approx(20)
    assert row["from_competitors"] == pytest.approx(20)
    assert row["from_unreached"] == pytest.approx(30)
    assert row["net_own"] == pytest.approx(50)
    assert row["cannibalisation"] == pytest.approx(2 / 7)
    assert row["catchment"] == 30  # the town has an own outlet as near
    assert row["leakage_before"] == 0
    assert found.losers(["own", "other", "new"])["loser"].sort_values().tolist() == ["other", "own"]


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_equal_to_shares_before_and_after(seed: int, together: bool, has_outside: bool) -> None:
    """The closed form is the difference of two runs of the model, outlet by outlet: with a site, and without it."""
    rng = np.random.default_rng(seed)
    minutes = town(seed, 30, 9, cut_off=18)
    own, new = np.arange(9) < 6, (np.arange(9) >= 3) & (np.arange(9) < 6)
    utility, weight = rng.normal(0, 2, 9), rng.uniform(0, 50, 30)
    outside = -4.0 if has_outside else None
    found = impact(
        minutes,
        utility,
        weight,
        is_own=own,
        is_proposed=new,
        decay=DECAY,
        outside_utility=outside,
        together=together,
    )
    before = logit_shares(minutes, np.where(new, -np.inf, utility), decay=DECAY, outside_utility=outside)
    runs = [new] if together else [np.arange(9) == at for at in (3, 4, 5)]
    rows = [slice(0, 3)] if together else [slice(at, at + 1) for at in range(3)]
    for opened, row in zip(runs, rows, strict=True):
        closed = new & ~opened
        after = logit_shares(minutes, np.where(closed, -np.inf, utility), decay=DECAY, outside_utility=outside)
        change = after.volumes(weight) - before.volumes(weight)
        assert found.won[row] == pytest.approx(change[opened], abs=1e-9)
        assert -found.taken.toarray()[row].sum(axis=0)[~new] == pytest.approx(change[~new], abs=1e-9)
        lost = before.outside_volume(weight) - after.outside_volume(weight)
        assert found.from_outside[row].sum() == pytest.approx(lost, abs=1e-9)
        newly = before.unreached_volume(weight) - after.unreached_volume(weight)
        assert found.from_unreached[row].sum() == pytest.approx(newly, abs=1e-9)
    _conserved(found)


def _conserved(found: Impact) -> None:
    """What is won is what others lose, and leakage only falls."""
    parts = found.from_own + found.from_competitors + found.from_outside + found.from_unreached
    assert parts == pytest.approx(found.won, abs=1e-9)
    assert (found.leaked_after <= found.leaked_before + 1e-9).all()
    assert (found.leaked_before <= found.catchment + 1e-9).all()


@pytest.mark.parametrize("together", [False, True])
def test_leakage_of_the_catchment(together: bool) -> None:
    """Leakage is the share of other banks where the site is nearer than every own outlet, from the model run before and after."""
    minutes, utility, weight = town(8, 80, 10), np.zeros(10), np.linspace(1, 9, 80)
    own, new = np.arange(10) < 6, (np.arange(10) >= 4) & (np.arange(10) < 6)
    found = impact(minutes, utility, weight, is_own=own, is_proposed=new, decay=DECAY, together=together)
    dense = np.array([[minutes.get(node, at) for at in range(10)] for node in range(80)])
    before = logit_shares(minutes, np.where(new, -np.inf, utility), decay=DECAY).frame()
    for row, site in enumerate((4, 5)):
        closed = new & (np.arange(10) != site) & (not together)
        rivals = [0, 1, 2, 3, *({4, 5} - {site} if together else ())]
        inside = np.flatnonzero(dense[:, site] < dense[:, rivals].min(axis=1))
        after = logit_shares(minutes, np.where(closed, -np.inf, utility), decay=DECAY).frame()
        assert found.catchment[row] == pytest.approx(weight[inside].sum())
        for frame, leaked in ((before, found.leaked_before), (after, found.leaked_after)):
            there = frame[frame["node"].isin(inside) & (frame["outlet"] >= 6)]
            assert leaked[row] == pytest.approx((there["share"] * weight[there["node"]]).sum())


def test_alone_wins_more_than_together() -> None:
    """Sites that open together share what each would win alone, and do not win more in sum."""
    minutes, utility, weight = town(9, 80, 10), huff_utility(np.arange(1.0, 11)), np.ones(80)
    own = np.arange(10) < 6
    alone, together = (
        impact(minutes, utility, weight, is_own=own, is_proposed=np.arange(10) < 4, decay=DECAY, together=each)
        for each in (False, True)
    )
    assert (together.won <= alone.won).all()
    assert together.won.sum() < alone.won.sum()
    assert "opened together" in repr(together)


def test_wrong_values_are_refused() -> None:
    """No proposed outlet, and a proposed outlet of another bank."""
    minutes = table([[5, 5]])
    with pytest.raises(InputError, match="no outlet is proposed"):
        impact(minutes, [0, 0], [1], is_own=[True, True], is_proposed=[False, False], decay=DECAY)
    with pytest.raises(InputError, match="position 1 are another bank's"):
        impact(minutes, [0, 0], [1], is_own=[True, False], is_proposed=[False, True], decay=DECAY)
