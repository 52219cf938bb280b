"""Rows by hand on the tiny region, and what is built from them: sorted options, cheapest open, shortened chains."""

from __future__ import annotations

import time
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import pytest
from activity.cases import base_policy
from brute import brute_force
from random_regions import random_region

from netplan.customers import visit_cost, waiting_cost
from netplan.errors import InputError
from netplan.formulation import formulate
from netplan.formulation.certain import certain_sets, last_needed_option
from netplan.policy import Money, ServiceAccess, parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.row_blocks import Loose, Offers, RowSource, side_by_side
from netplan.rows import ACCESS, COVERAGE, GAIN, KIND_NAMES, OBJECTIVE, RETENTION, Rows, concatenate
from netplan.solve import solve
from netplan.travel import SparseMinutes


def problem_of(region: Region, **plan: Any) -> PlanningProblem:
    """A problem on a region."""
    return PlanningProblem.build(region, parse_policy(plan, origin="rows"))


def options_of(problem: PlanningProblem, kind: int, subject: int, service: int = -1) -> list[tuple[float, set[str]]]:
    """Cost and columns ("site format" or "outlet>candidate") of the options of one row, in order."""
    rows, columns = problem.rows, problem.columns
    (row,) = np.flatnonzero((rows.kind == kind) & (rows.subject == subject) & (rows.service == service))
    ids, formats = problem.sites["site_id"], problem.formats.ids

    def name(j: int) -> str:
        k, s = columns.origin[j], columns.site[j]
        return f"{ids[k]}>{ids[s]}" if k >= 0 else f"{ids[s]} {formats[columns.format[j]]}"

    found = []
    for option in range(rows.option_start[row], rows.option_start[row + 1]):
        members = rows.column[rows.column_start[option] : rows.column_start[option + 1]]
        found.append((float(rows.option_cost[option]), {name(int(j)) for j in members}))
    return found


def test_access_row(tiny: Region) -> None:
    """Counter visits of N5 at 20 an hour: C2 is there, O4 15 minutes (10.00), C1 30 (20.00), O3 40 (26.67), O2 60 (40.00).

    Point and van offer no counter; O1 and C3, 65 minutes away, are beyond reach. Formats at one cost are one option.
    """
    options = options_of(problem_of(tiny), ACCESS, 4, 1)
    assert [cost for cost, _ in options] == pytest.approx([0, 10, 20, 80 / 3, 40])
    assert options[0][1] == {"C2 light", "C2 fixed_2d"}
    assert options[1][1] == {"O4 light"}
    assert options[3][1] == {"O3 light", "O3 full", "O3 fixed_2d"}


def test_waiting_orders_the_options(tiny: Region) -> None:
    """Waiting for the next open day is part of the cost: a shop open daily beats a weekly van at the door.

    4 x 0.5 a day: light 0.2 days = 0.40, fixed_2d 1.25 days = 2.50, van 3 days = 6.00, point 0.
    """
    service = {"cash": {"day_wait_cost": 4, "not_postponable_share": 0.5}}
    options = options_of(problem_of(tiny, access={"service": service}), ACCESS, 4, 0)
    assert options[:4] == [
        (pytest.approx(0.4), {"C2 light"}),
        (pytest.approx(2.5), {"C2 fixed_2d"}),
        (pytest.approx(6.0), {"C2 van_weekly"}),
        (pytest.approx(10.0), {"O4 point"}),
    ]


def test_options_at_the_penalty_are_none(tiny: Region) -> None:
    """An option whose cost, waiting included, is not below the penalty is no option."""
    keys = {"reach_minutes": 30, "unserved_cost": 20, "day_wait_cost": 1, "not_postponable_share": 1}
    costs = [cost for cost, _ in options_of(problem_of(tiny, access={"service": {"counter": keys}}), ACCESS, 4, 1)]
    assert costs == pytest.approx([0.2, 1.25, 10.2])


def test_rows_without_visits_are_left_out(tiny: Region) -> None:
    """There is an access row for each node and service with visits: N6 has 25 advice visits, children have none at all."""
    problem = problem_of(tiny)
    access = problem.rows.select(problem.rows.kind == ACCESS)
    assert len(access) == 18
    assert access.load.sum() == pytest.approx(13_100)
    nobody = problem.replace(region=tiny.within(["B"]))
    assert (nobody.rows.kind == ACCESS).sum() == 6


def test_segment_weight_weighs_the_cost_and_not_the_load(tiny: Region) -> None:
    """Elderly visits that count double double their share of the weight: N1 has 2,000 + 1,000 cash visits, weight 4,000."""
    rows = problem_of(tiny, access={"segment_weight": {"elderly": 2}}).rows
    first = np.flatnonzero((rows.kind == ACCESS) & (rows.subject == 0) & (rows.service == 0))[0]
    assert (rows.weight[first], rows.load[first]) == (pytest.approx(4_000), pytest.approx(3_000))


def test_retention_row(tiny: Region) -> None:
    """Cash margin of O4 (1,000): kept at O4 itself; C2 15 minutes off loses 0.3, everything else 0.6 = the penalty."""
    problem = problem_of(tiny)
    assert options_of(problem, RETENTION, 3, 0) == [
        (0.0, {"O4 point", "O4 light"}),
        (pytest.approx(0.3), {"C2 light", "C2 fixed_2d", "C2 van_weekly"}),
    ]
    rows = problem.rows
    mine = (rows.kind == RETENTION) & (rows.subject == 3)
    assert (rows.weight[mine].item(), rows.penalty[mine].item()) == (1_000, 0.6)


def test_retention_of_a_move_and_of_dropped_classes(tiny: Region) -> None:
    """O3 moved to C1 loses 0.1 of its counter margin; O1's advice is kept only where a format offers advice."""
    problem = problem_of(tiny)
    counter = options_of(problem, RETENTION, 2, 1)
    assert counter[1] == (pytest.approx(0.1), {"O3>C1"})
    assert counter[2] == (pytest.approx(0.2), {"C1 light"})
    advice = options_of(problem, RETENTION, 0, 2)
    assert [columns for _, columns in advice[:1]] == [{"O1 full"}]
    assert {"C3 full", "O1>C3"} in [columns for _, columns in advice]
    assert all("light" not in name for _, columns in advice for name in columns)


def test_gain_row(tiny: Region) -> None:
    """N5 wins 0.03125 today (the point 15 minutes off: 0.1 x 0.3125): C2 as light 0.4, as counter 0.1, as van 0.05."""
    options = options_of(problem_of(tiny), GAIN, 4)
    assert options[:2] == [
        (pytest.approx(0.03125 - 0.4), {"C2 light"}),
        (pytest.approx(0.03125 - 0.8 * 0.3125), {"O4 light"}),
    ]
    costs = {next(iter(columns)): cost for cost, columns in options}
    assert costs["C2 fixed_2d"] == pytest.approx(0.03125 - 0.1)
    assert costs["C2 van_weekly"] == pytest.approx(0.03125 - 0.05)
    assert "O4 point" not in costs


def test_coverage_rows_count_people_who_can_be_covered(tiny: Region) -> None:
    """A standard's rows have one option of cost 0: every fitting column within reach; with any_bank, N5 needs none of ours."""
    standard = {
        "id": "near",
        "service": "counter",
        "minutes": 15,
        "share": 0.9,
        "only": ["step_free"],
        "min_days_per_week": 5,
    }
    problem = problem_of(tiny, standard=[standard])
    assert options_of(problem, COVERAGE, 5) == [(0.0, {"O4 light", "C2 light"})]
    assert options_of(problem, COVERAGE, 3) == [(0.0, {"O3 light", "O3 full", "C1 light"})]
    rows = problem.rows.select(problem.rows.kind == COVERAGE)
    assert set(rows.measure) == {0}
    assert rows.weight.sum() == 3_100
    assert set(problem.rows.measure[problem.rows.kind != COVERAGE]) == {OBJECTIVE}
    shared = problem_of(tiny, standard=[{**standard, "only": [], "any_bank": True}]).rows
    assert set(shared.subject[shared.kind == COVERAGE]) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("keys", "nodes"),
    [
        ({}, {0, 1, 2, 3}),
        ({"min_days_per_week": 6}, {0, 1, 2, 3, 4, 5}),
        ({"only": ["staffed"]}, {0, 1, 2, 3}),
        ({"only": ["step_free"]}, {0, 1, 2, 3, 4, 5}),
        ({"only": ["hosted"]}, {0, 1, 2, 3, 4, 5}),
        ({"service": "advice"}, {0, 1, 2, 3, 4, 5}),
        ({"minutes": 1}, {0, 1, 2, 3, 5}),
    ],
)
def test_another_bank_counts_only_if_it_fits(tiny: Region, keys: dict[str, Any], nodes: set[int]) -> None:
    """X1 at N5 (staffed, not step-free, 5 days, cash and counter) relieves N5 and N6 only of standards that it meets itself."""
    standard = {"id": "any", "service": "counter", "minutes": 15, "share": 0.9, "any_bank": True, **keys}
    rows = problem_of(tiny, standard=[standard]).rows
    assert set(rows.subject[rows.kind == COVERAGE]) == nodes


def test_objectives_have_their_rows(tiny: Region) -> None:
    """net_cost has access, retention and gain; access only access; coverage people at cost 1 and access rows without weight."""

    def kinds(**objective: Any) -> dict[str, float]:
        rows = problem_of(tiny, objective=objective).rows
        return {KIND_NAMES[kind]: float(rows.weight[rows.kind == kind].sum()) for kind in np.unique(rows.kind)}

    assert set(kinds()) == {"access", "retention", "gain"}
    assert set(kinds(kind="access")) == {"access"}
    goal = {"kind": "coverage", "service": "cash", "minutes": 10}
    assert kinds(**goal) == {"access": 0.0, "coverage": 3_100.0}
    assert kinds(**goal, measure="visits") == {"access": 0.0, "coverage": pytest.approx(8_900.0)}
    assert kinds(**goal, group="elderly") == {"access": 0.0, "coverage": 450.0}


@pytest.mark.parametrize(
    ("shape", "exponent", "minutes", "expected"),
    [
        ("linear", 1.0, 15.0, 10.0),
        ("power", 2.0, 15.0, 20 / 60 * 900),
        ("power", 0.5, 8.0, 20 / 60 * 4),
        ("exponential", 0.01, 50.0, 20 / 60 * (np.e - 1) / 0.01),
        ("linear", 1.0, 0.0, 0.0),
        ("power", 2.0, 0.0, 0.0),
        ("exponential", 0.01, 0.0, 0.0),
    ],
)
def test_time_cost(shape: Any, exponent: float, minutes: float, expected: float) -> None:
    """time(2t): h m, h m^e and h (exp(e m) - 1) / e of the round trip m = 2t, at h = 20 / 60 a minute."""
    access = ServiceAccess(shape=shape, exponent=exponent)
    assert visit_cost(access, Money(), np.array([minutes])) == pytest.approx(expected)


def test_waiting_cost() -> None:
    """Wait = price x share x (7 / days - 1) / 2: none daily, 3 days weekly, 6.5 days every second week."""
    access = ServiceAccess(day_wait_cost=4, not_postponable_share=0.25)
    assert waiting_cost(access, np.array([7.0, 5.0, 1.0, 0.5])) == pytest.approx([0, 0.2, 3, 6.5])


def loose_rows() -> Rows:
    """Rows of three origins, made of entries that no offer stands for."""
    entries = Loose.of(
        3,
        np.array([2, 0, 0, 0, 2, 0]),
        np.array([8.0, 5.0, 5.0, 5.0, 9.0, 6.0]),
        np.array([1, 3, 0, 3, 0, 0]),
        np.array([12, 31, 10, 30, 11, 13]),
    )
    nowhere = SparseMinutes.from_pairs((3, 0), np.empty(0, int), np.empty(0, int), np.empty(0))
    source = RowSource(
        ACCESS,
        nowhere,
        lambda part: part.minutes.copy(),
        Offers.of(0, np.empty(0, int), np.empty(0, int), np.empty(0), np.empty(0)),
        is_row=np.ones(3, dtype=bool),
        weight=np.array([1.0, 2.0, 3.0]),
        penalty=np.array([50.0, 60.0, 70.0]),
        loose=entries,
    )
    return concatenate(block() for block in source.blocks())


def test_entries_are_sorted_and_joined() -> None:
    """Loose entries become rows of options by cost, then site; columns of one site at one cost are one option."""
    rows = loose_rows()
    assert np.diff(rows.option_start).tolist() == [3, 0, 2]
    assert rows.option_cost.tolist() == [5.0, 5.0, 6.0, 8.0, 9.0]
    assert rows.option_site.tolist() == [0, 3, 0, 1, 0]
    assert np.split(rows.column, rows.column_start[1:-1])[1].tolist() == [30, 31]
    is_open = np.zeros(40, dtype=bool)
    assert rows.first_open(is_open).tolist() == [-1, -1, -1]
    assert rows.cost_at(rows.first_open(is_open)).tolist() == [50.0, 60.0, 70.0]
    is_open[[31, 11]] = True
    assert rows.cost_at(rows.first_open(is_open)).tolist() == [5.0, 60.0, 9.0]
    picked = rows.select(np.array([False, False, True]))
    assert (picked.subject.tolist(), picked.column.tolist()) == ([2], [12, 11])
    whole = concatenate([picked, rows])
    assert len(whole) == 4
    assert whole.cost_at(whole.first_open(is_open)).tolist() == [9.0, 5.0, 60.0, 9.0]
    assert not whole.weight.flags.writeable


def test_starts_grow_beyond_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the entries are more than the type of their starts can count, the starts take a larger one."""
    one = loose_rows()
    assert (one.column_start.dtype, one.column.dtype, one.option_site.dtype) == (np.int32, np.int32, np.int32)
    monkeypatch.setattr("netplan.rows._LARGEST", 10)
    two, three = concatenate([one, one]), concatenate([one, one, one])
    assert (two.column_start.dtype, three.column_start.dtype) == (np.int64, np.int64)
    assert np.diff(three.column_start).tolist() == np.diff(one.column_start).tolist() * 3
    is_open = np.zeros(40, dtype=bool)
    is_open[11] = True
    assert three.first_open(is_open).tolist() == [-1, -1, 4, -1, -1, 9, -1, -1, 14]


@pytest.mark.parametrize("seed", range(4))
def test_blocks_and_threads_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made of one origin at a time by three threads, the rows are those made at once."""
    plan: dict[str, Any] = {"standard": [{"id": "near", "service": "cash", "minutes": 20, "share": 0.1}]}
    region = random_region(seed, ("town", "rural", "tight", "split")[seed])
    whole = problem_of(region, **plan).rows
    monkeypatch.setattr("netplan.row_blocks._PAIRS_AT_ONCE", 1)
    monkeypatch.setattr("netplan.travel.Work.num_workers", 3)
    parts = problem_of(region, **plan).rows
    assert {KIND_NAMES[kind] for kind in whole.kind} >= {"access", "retention", "coverage"}
    for field in fields(Rows):
        one, other = getattr(whole, field.name), getattr(parts, field.name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other), field.name


def test_work_done_side_by_side_keeps_its_order_and_its_errors() -> None:
    """Results come in the order of the work, however long each takes, and an error ends the work that waits."""
    done: list[int] = []

    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        if number == 20:
            raise InputError("twenty")
        done.append(number)
        return number

    assert list(side_by_side((partial(work, k) for k in range(20)), 3)) == list(range(20))
    done.clear()
    with pytest.raises(InputError, match="twenty"):
        list(side_by_side((partial(work, k) for k in range(15, 100)), 3))
    assert max(done) < 40


@pytest.mark.parametrize("seed", range(6))
def test_rows_price_every_state_as_the_brute_force_does(seed: int) -> None:
    """For any set of open columns the rows cost what an independent program finds for that state."""
    theme = ("town", "rural", "tight")[seed % 3]
    problem = PlanningProblem.build(random_region(seed, theme), base_policy(seed))
    answer, rows, columns = brute_force(problem), problem.rows, problem.columns
    keep = rows.measure == OBJECTIVE
    names = ("access_time", "day_wait", "unserved", "lost_margin", "won_margin")
    expected = sum(answer.components[name] for name in names)
    for m in np.random.default_rng(seed).integers(0, len(answer.states), 60):
        state, target = answer.states.format[m], answer.states.target[m]
        chosen = state[columns.site] == columns.format
        moved = columns.origin >= 0
        chosen[moved] = target[columns.origin[moved]] == columns.site[moved]
        cost = rows.weight * rows.cost_at(rows.first_open(chosen))
        assert cost[keep].sum() == pytest.approx(expected[m], rel=1e-9)


def test_certain_sets_shorten_rows_without_changing_the_optimum(tiny: Region) -> None:
    """What protected sites and owed townships make certain cuts rows short; the optimum is that of the rows in full."""
    problem = problem_of(tiny, policy={"protected": ["O1"]}, standard=[{"id": "owed", "kind": "township"}])
    sets = certain_sets(problem)
    last = last_needed_option(problem.rows, sets, len(problem.columns))
    lengths = np.diff(problem.rows.option_start)
    needed = np.where(last >= 0, last - problem.rows.option_start[:-1] + 1, lengths)
    assert needed.sum() < 0.8 * lengths.sum()
    short, whole = formulate(problem, all_loads=True), formulate(problem, all_loads=True, shorten=False)
    assert len(short.lp.variables()) < len(whole.lp.variables())
    free = problem.with_constraint(lambda v: v.open("C1") <= 1)
    assert solve(free, gap=0).objective == pytest.approx(brute_force(problem).value, rel=1e-9)


def test_a_set_is_certain_only_where_a_row_holds_all_of_it(tiny: Region) -> None:
    """Township B1 may be served by O4 or C2: a row that reaches only one of them is not cut short by it."""
    problem = problem_of(
        tiny, policy={"keep_last_outlet": False}, standard=[{"id": "b", "kind": "township", "districts": ["B"]}]
    )
    (members,) = certain_sets(problem)
    rows: Rows = problem.rows
    last = last_needed_option(rows, [members], len(problem.columns))
    for row in range(len(rows)):
        columns = set(
            rows.column[rows.column_start[rows.option_start[row]] : rows.column_start[rows.option_start[row + 1]]]
        )
        assert (last[row] >= 0) == (set(members) <= columns)
