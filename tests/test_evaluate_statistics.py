"""Rankings, percentiles and inequality against the slow way of doing the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netplan.evaluate.arrays import NONE, distinct, positions, rows_at
from netplan.evaluate.facts import Arriving
from netplan.evaluate.ranking import Options, rank
from netplan.evaluate.statistics import gini, ratio, spread_by, weighted_mean, worst_tenth_mean
from netplan.travel import SparseMinutes

WEIGHTED = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=1, max_size=30)
OPTIONS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=30)


@given(options=OPTIONS, data=st.data())
def test_ranking_finds_the_two_cheapest_of_each_row(options: set[tuple[int, int]], data: st.DataObject) -> None:
    """Equal costs go by site; what is not below the penalty is no option; the second is from another site."""
    pairs = sorted(options)
    costs = data.draw(st.lists(st.integers(0, 4), min_size=len(pairs), max_size=len(pairs)))
    penalty = np.array(data.draw(st.lists(st.integers(0, 5), min_size=6, max_size=6)), dtype=float)
    row = np.array([row for row, _ in pairs], dtype=np.int64)
    site = np.array([site for _, site in pairs], dtype=np.int64)
    ranking = rank(Options(row, site, np.array(costs, dtype=float)), penalty)
    for i in range(6):
        below = sorted((cost, at) for (of, at), cost in zip(pairs, costs, strict=True) if of == i and cost < penalty[i])
        best, second = [*below, (penalty[i], NONE), (penalty[i], NONE)][:2]
        assert (ranking.cost[i], ranking.site[i]) == best
        assert (ranking.next_cost[i], ranking.next_site[i]) == second


@given(pairs=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=30), wanted=st.sets(st.integers(0, 29)))
def test_a_table_turned_around_has_the_same_pairs(pairs: set[tuple[int, int]], wanted: set[int]) -> None:
    """Each target has its origins, ascending, with their minutes; and positions of the table know their row."""
    origin, target = (np.array([pair[k] for pair in sorted(pairs)], dtype=np.int64) for k in (0, 1))
    table = SparseMinutes.from_pairs((6, 7), origin, target, 10.0 * origin + target)
    turned = Arriving.of(table)
    for place in range(7):
        origins, minutes = turned.at(place)
        assert origins.tolist() == sorted(o for o, t in pairs if t == place)
        assert minutes.tolist() == [10.0 * o + place for o in origins]
    at = np.array(sorted(each for each in wanted if each < len(pairs)), dtype=np.int64)
    assert rows_at(table.start, at).tolist() == origin[at].tolist()


@given(parts=st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=4))
def test_distinct_positions_are_those_of_all_parts_in_order(parts: list[list[int]]) -> None:
    """Once each, ascending; nothing if there are no parts."""
    found = distinct(10, *(np.array(part, dtype=np.int64) for part in parts))
    assert found.tolist() == sorted({each for part in parts for each in part})


@given(values=WEIGHTED)
def test_percentile_is_the_first_value_that_nine_tenths_do_not_exceed(values: list[tuple[int, int]]) -> None:
    """Weighted statistics equal those of the values repeated as often as they weigh."""
    minutes, weight = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    repeated = np.sort(np.repeat(minutes, weight.astype(int)))
    spread = spread_by(np.zeros(len(minutes), dtype=np.int64), minutes, weight, 2)
    assert np.isnan(spread.mean[1])
    assert spread.weight[0] == weight.sum()
    if not len(repeated):
        assert np.isnan(spread.p90[0])
        return
    assert spread.mean[0] == pytest.approx(repeated.mean())
    assert spread.worst[0] == repeated.max()
    assert spread.p90[0] == np.quantile(repeated, 0.9, method="inverted_cdf")


def test_groups_do_not_mix() -> None:
    """Each group has its own statistics; records of no group are left out."""
    group = np.array([1, 0, 1, NONE, 0])
    spread = spread_by(group, np.array([5.0, 1.0, 9.0, 99.0, 3.0]), np.array([9.0, 1.0, 1.0, 5.0, 1.0]), 3)
    assert list(spread.mean[:2]) == pytest.approx([2.0, 5.4])
    assert list(spread.p90[:2]) == [3.0, 5.0]
    assert list(spread.worst[:2]) == [3.0, 9.0]
    assert np.isnan(spread.worst[2])


@given(values=WEIGHTED)
def test_gini_is_half_the_relative_mean_difference(values: list[tuple[int, int]]) -> None:
    """The Lorenz curve gives what all pairs give, and lies between 0 and 1."""
    minutes, weight = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    people, mean = weight.sum(), weighted_mean(minutes, weight)
    if people == 0:
        assert np.isnan(gini(minutes, weight))
        return
    if mean == 0:
        assert gini(minutes, weight) == 0
        return
    pairs = (np.abs(minutes[:, None] - minutes[None, :]) * weight[:, None] * weight[None, :]).sum()
    assert gini(minutes, weight) == pytest.approx(pairs / (2 * people**2 * mean), abs=1e-12)


@given(values=WEIGHTED)
def test_worst_tenth_takes_people_in_part(values: list[tuple[int, int]]) -> None:
    """A tenth of the weight with the largest values, as if each unit of weight were ten."""
    minutes, weight = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    people = int(weight.sum())
    if people == 0:
        assert np.isnan(worst_tenth_mean(minutes, weight))
        return
    tenfold = np.sort(np.repeat(minutes, 10 * weight.astype(int)))[-people:]
    assert worst_tenth_mean(minutes, weight) == pytest.approx(tenfold.mean())


def test_nothing_to_compare_with_is_not_a_number() -> None:
    """No people, no mean; no urban minutes, no ratio."""
    assert np.isnan(weighted_mean(np.array([1.0]), np.array([0.0])))
    assert np.isnan(ratio(1.0, 0.0))
    assert ratio(3.0, 2.0) == 1.5


def test_positions_of_unknown_names() -> None:
    """Unknown and blank names have no position."""
    assert list(positions(("a", "b"), ("b", "", "z", "a"))) == [1, NONE, NONE, 0]
