"""Parts of the decomposition, each against what it must be by definition: fitting, losses, slack, blocks' rows, sweeps."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from activity.cases import base_policy
from brute import brute_force
from random_regions import THEMES, random_region, wide_region

from netplan import solve
from netplan.engine.live import _Ear
from netplan.engine.run import Options
from netplan.memory import give_back
from netplan.problem import PlanningProblem
from netplan.solve.benders import Search
from netplan.solve.blocks import Larger, partition
from netplan.solve.cut_problem import CutProblem, cut_problem
from netplan.solve.division import by_district, in_pieces
from netplan.solve.fitting import fitted, losses
from netplan.solve.fixed_value import FixedValue
from netplan.solve.linked import with_linked
from netplan.solve.live_blocks import Blocks, Priced
from netplan.solve.piece_bounds import bound_by_pieces
from netplan.solve.pieces import pieces_of
from netplan.solve.polish import after, moves
from netplan.solve.prices import ties_of
from netplan.solve.progress import nobody
from netplan.solve.rounds import Run
from netplan.solve.stop import Stop
from netplan.solve.sweeps import improve, slack_of_blocks, touching

SEEDS = range(6)
LIMITED = {"policy": {"max_closures": 1, "max_openings": 1}, "budget": {"capital": 500_000.0}}
COVERED = [
    {"id": f"near-{district}", "service": "cash", "districts": [district], "minutes": 30.0, "share": 0.5}
    for district in ("A", "B")
]


def run_of(gap: float = 1e-6) -> Run:
    """A run that nobody listens to."""
    return Run(Options(gap, None, 0), "HiGHS", nobody, Stop(), 0.0)


def problems(**rules: object) -> Iterator[tuple[CutProblem, np.random.Generator]]:
    """Small problems in two districts, with overflow priced, and a generator of their own."""
    for seed in SEEDS:
        policy = base_policy(seed).replace(**rules) if rules else base_policy(seed)
        problem = PlanningProblem.build(random_region(seed, THEMES[seed % len(THEMES)]), policy)
        yield cut_problem(problem), np.random.default_rng(seed)


def wishes_of(problem: CutProblem, rng: np.random.Generator) -> np.ndarray:
    """Decisions at random, one state a site, rules not asked."""
    x = np.zeros(len(problem.names))
    columns = problem.formulation.problem.columns
    for site in range(len(problem.formulation.problem.sites)):
        states = np.flatnonzero((columns.site == site) & ~columns.is_relocation)
        if len(states) and rng.random() < 0.7:
            x[rng.choice(states)] = 1.0
    return x


def broken_wishes(**rules: object) -> int:
    """How many of some wishes at random break a constraint; what is fitted to them breaks none."""
    broken = 0
    for problem, rng in problems(**rules):
        for _ in range(5):
            x = wishes_of(problem, rng)
            plan = fitted(partition(problem, by_district(problem)), x, run_of().clock, effort=100.0)
            assert plan is not None
            assert problem.holds(plan)
            broken += not problem.holds(x)
    return broken


class TestFitting:
    def test_keeps_every_constraint(self) -> None:
        """Whatever is wished for, what is fitted keeps every constraint of the policy part."""
        broken = broken_wishes(**LIMITED)
        assert broken > 5

    def test_leaves_what_fits(self) -> None:
        """Wishes that keep every constraint are the plan."""
        for problem, rng in problems(**LIMITED):
            plan = fitted(
                partition(problem, by_district(problem)), wishes_of(problem, rng), run_of().clock, effort=100.0
            )
            assert plan is not None
            assert fitted(partition(problem, by_district(problem)), plan, run_of().clock, effort=100.0) is plan

    def test_districts_give_way_in_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Coverage in every district: what gives way district by district keeps every constraint, and mostly needs no more than that."""
        fitting = sys.modules["netplan.solve.fitting"]
        monkeypatch.setattr(fitting, "_MOST", -1.0)
        asked, nearest = [], fitting._nearest

        def counting(problem: CutProblem, x: np.ndarray, loss: np.ndarray, free: np.ndarray, *rest, **more) -> object:
            asked.append(free.all())
            return nearest(problem, x, loss, free, *rest, **more)

        monkeypatch.setattr(fitting, "_nearest", counting)
        broken = broken_wishes(standard=COVERED, **LIMITED)
        assert broken > 5
        assert sum(asked) < broken / 2

    def test_nothing_where_rules_contradict(self) -> None:
        """Rules that no plan keeps leave nothing to fit, as brute force says too."""
        problem = PlanningProblem.build(
            random_region(1, "town"), base_policy(1).replace(policy={"max_outlets": 0, "keep_last_outlet": True})
        )
        assert brute_force(problem).value is None
        cuts = cut_problem(problem)
        assert (
            fitted(
                partition(cuts, by_district(cuts)),
                wishes_of(cuts, np.random.default_rng(0)),
                run_of().clock,
                effort=100.0,
            )
            is None
        )

    def test_losses_are_what_closing_costs(self) -> None:
        """Without limits on loads, a column's loss is what all rows cost more when it alone closes."""
        compared = 0
        for whole, rng in problems():
            problem = replace(whole, loads=replace(whole.loads, price=np.zeros_like(whole.loads.price)))
            is_open = wishes_of(problem, rng)[: problem.num_y] > 0.5
            found, before = losses(problem, is_open), problem.rows.sorted.total(is_open)
            for j in np.flatnonzero(is_open):
                closed = is_open.copy()
                closed[j] = False
                assert found[j] == pytest.approx(problem.rows.sorted.total(closed) - before, rel=1e-9, abs=1e-6)
                compared += 1
            assert not found[~is_open].any()
        assert compared > 10

    def test_losses_count_overflow(self) -> None:
        """With a full site next door a loss is larger than without limits, by no more than all visits at the dearest price."""
        dearer = 0
        for problem, rng in problems():
            free = replace(problem, loads=replace(problem.loads, price=np.zeros_like(problem.loads.price)))
            is_open = wishes_of(problem, rng)[: problem.num_y] > 0.5
            own = (
                (problem.loads.pair_price * problem.loads.overflow(is_open))
                .reshape(-1, len(problem.loads.price))
                .sum(axis=1)
            )
            more = losses(problem, is_open) + np.where(is_open, own[problem.loads.site], 0.0) - losses(free, is_open)
            assert (more >= -1e-6).all()
            assert (more <= problem.rows.load.sum() * problem.loads.price.max() + 1e-6).all()
            dearer += int((more > 1e-6).sum())
        assert dearer > 0


class TestMoves:
    def test_changes_are_differences_of_plans(self) -> None:
        """What a move adds to rows and overflow is the difference between the plans before and after it, each worked out whole."""
        overflowing = 0
        for problem, rng in problems():
            chosen = wishes_of(problem, rng)[: problem.num_y] > 0.5
            overflowing += int(problem.loads.overflow(chosen).any())
            tried = list(moves(problem.formulation, chosen))
            assert len(tried) > 5
            before = problem.customers_cost(chosen)
            found = problem.changes(chosen, [(move.off, move.on) for move in tried])
            whole = [problem.customers_cost(after(move, chosen)) - before for move in tried]
            assert found == pytest.approx(whole, rel=1e-9, abs=1e-6)
            assert np.abs(whole).max() > 1.0
        assert overflowing > 0

    def test_broken_rules_need_no_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whole columns that break a rule among themselves are refused before any linear program, and the same are refused with one."""
        refused = solved = 0
        for problem, rng in problems(policy={"max_closures": 1}):
            value, without = FixedValue(problem.part), FixedValue(problem.part)
            monkeypatch.setattr(without, "_is_broken", lambda _values: False)
            for _ in range(20):
                x = wishes_of(problem, rng)
                is_broken = value._is_broken(np.round(x[np.flatnonzero(problem.part.is_integer)]))
                found = without.at(x)
                assert found is None or not is_broken
                assert (value.at(x) is None) == (found is None)
                refused, solved = refused + is_broken, solved + (found is not None)
        assert refused > 0
        assert solved > 0


def priced_blocks(problem: CutProblem, executor: ThreadPoolExecutor, *, price: float) -> tuple[Blocks, Priced]:
    """The districts of a problem at one price for every tie, and their bounds."""
    districts = Blocks.of(Search.of(problem, run_of()), executor, by_district(problem))
    whole = districts.whole
    ties = ties_of(whole, np.zeros(len(whole.copied)), np.zeros(len(whole.shared)))
    prices = np.clip(np.full(len(ties.right), price), ties.lower, ties.upper)
    bounds = np.array([answer.cost for answer in districts.relaxed(ties.costs(prices))])
    return districts, Priced.at(ties, prices, bounds)


class TestSlack:
    def test_adds_up_to_the_gap(self) -> None:
        """A plan costs its bound, the slack of its districts, and what it leaves of shared constraints at their prices."""
        for problem, rng in problems(**LIMITED):
            plan = fitted(
                partition(problem, by_district(problem)), wishes_of(problem, rng), run_of().clock, effort=100.0
            )
            assert plan is not None
            with ThreadPoolExecutor(2) as executor:
                districts, priced = priced_blocks(problem, executor, price=3.0)
                slack = slack_of_blocks(districts.whole, priced, plan)
            bound = districts.bound_of(priced.ties, priced.bounds, priced.prices)
            copies = priced.ties.num_copies
            room = districts.whole.matrix @ plan - np.where(priced.of_shared == 0, 0.0, priced.ties.right[copies:])
            left = float(priced.of_shared @ np.where(priced.of_shared == 0, 0.0, room))
            assert (slack >= -1e-6).all()
            assert problem.cost_at(plan) == pytest.approx(bound + slack.sum() - left, rel=1e-9)


class TestPieces:
    def test_every_site_is_in_one_piece(self) -> None:
        """Pieces divide a district's sites among them, and no turn divides them like the one before."""
        problem = cut_problem(
            PlanningProblem.build(wide_region(3, nodes=40, outlets=12, candidates=12), base_policy(3))
        )
        whole, n = partition(problem, by_district(problem)), problem.num_y
        for b in range(len(whole.blocks)):
            divided = []
            for turn in range(3):
                pieces = pieces_of(whole, b, 4, turn=turn)
                assert (sum(piece.is_free[:n].astype(int) for piece in pieces) == (whole.of_column[:n] == b)).all()
                divided.append({tuple(np.flatnonzero(piece.is_free[:n])) for piece in pieces})
            assert divided[0] != divided[1] != divided[2]

    def test_what_follows_sites_is_free_with_them(self) -> None:
        """Any other state of the free sites can be made to keep the rules that are theirs alone: covers and sums are free with them."""
        for problem, rng in problems(standard=COVERED):
            part, n = problem.part, problem.num_y
            sites = problem.formulation.problem.columns.site
            is_free = np.isin(sites, rng.choice(np.unique(sites), 3, replace=False))
            free = with_linked(problem, is_free)
            assert (free[:n] == is_free).all()
            with_free = np.flatnonzero(abs(part.matrix[:, :n]) @ is_free.astype(float))
            followers = np.unique(part.matrix[with_free].indices)
            assert free[followers[followers >= n]].all()
            names = np.array(problem.names)[n:]
            sums = np.char.startswith(names, "uncovered")
            assert sums.sum() == len(COVERED)
            assert free[n:][sums].any() == np.char.startswith(names[free[n:]], "z").any()


class TestBoundByPieces:
    """Districts in pieces, at prices between these."""

    @pytest.fixture(autouse=True)
    def _small_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.modules["netplan.solve.piece_bounds"], "_PIECE_COLUMNS", 20)

    @staticmethod
    def bounds(problem: CutProblem, hard_ones: Sequence[int], *, price: float) -> tuple[float, float]:
        """The bound of the districts' relaxations at a price for every tie, and that of the hard ones in pieces."""
        with ThreadPoolExecutor(2) as executor:
            districts, priced = priced_blocks(problem, executor, price=price)
            before = districts.bound_of(priced.ties, priced.bounds, priced.prices)
            hard = np.isin(np.arange(len(priced.open)), hard_ones)
            raised = bound_by_pieces(districts, priced, hard, gap=1e-6, effort=1000.0)
            assert (raised.bounds >= priced.bounds).all()
            return before, districts.bound_of(raised.ties, raised.bounds, raised.prices)

    @pytest.mark.parametrize("hard_ones", [(0, 1), (0,)])
    def test_never_above_the_optimum(self, hard_ones: Sequence[int]) -> None:
        """At any prices pieces prove no more than what brute force finds."""
        for price in (0.0, 3.0, 1000.0):
            for problem, _ in problems(**LIMITED):
                optimum = brute_force(problem.formulation.problem).value
                assert optimum is not None
                assert self.bounds(problem, hard_ones, price=price)[1] <= optimum + 1e-6 * abs(optimum)

    def test_more_than_the_relaxation(self) -> None:
        """In larger regions pieces prove more than their districts' relaxation, and no more than the compact model's optimum."""
        better = 0
        for seed in (4, 6, 8):
            region, policy = (
                wide_region(seed, nodes=40, outlets=12, candidates=12),
                base_policy(seed).replace(**LIMITED),
            )
            problem = PlanningProblem.build(region, policy)
            before, bound = self.bounds(cut_problem(problem), (0, 1), price=0.0)
            optimum = solve(problem, method="compact", gap=0.0).objective
            assert optimum is not None
            assert bound <= optimum + 1e-6 * abs(optimum)
            better += bound > before + 1e-6 * abs(before)
        assert better > 0

    def test_undivided_districts_cost_what_they_did(self) -> None:
        """Where one district goes in pieces, the columns of all others cost what they cost before, to rounding."""
        pieces_of_districts = sys.modules["netplan.solve.piece_bounds"]
        divided = 0
        for problem, _ in problems(**LIMITED):
            with ThreadPoolExecutor(2) as executor:
                districts, priced = priced_blocks(problem, executor, price=3.0)
                division, home = in_pieces(problem, by_district(problem), np.array([4, 1]))
                pieces = Blocks.of(districts.search, executor, division)
                ties, prices = pieces_of_districts._prices(districts, priced, pieces, np.array([0]), home)
            (undivided,) = np.flatnonzero(home == 1)
            costs, before = ties.costs(prices)[undivided], priced.ties.costs(priced.prices)[1]
            if np.array_equal(pieces.whole.blocks[undivided].columns, districts.whole.blocks[1].columns):
                assert costs == pytest.approx(before, rel=1e-9, abs=1e-6)
                divided += (home == 0).sum() > 1
        assert divided > 0

    def test_every_township_is_in_one_piece_of_its_district(self) -> None:
        """Pieces keep to their districts, none is empty, and there are as many as asked for where there are townships enough."""
        for problem, _ in problems():
            districts = by_district(problem)
            division, home = in_pieces(problem, districts, np.array([2, 1]))
            assert (home[division.of_township] == districts.of_township).all()
            assert set(division.of_township.tolist()) == set(range(division.number))
            assert np.bincount(home).tolist() == [min(2, (districts.of_township == 0).sum()), 1]

    def test_covers_at_the_border_stay_in_their_district(self) -> None:
        """What follows sites on both sides of a border goes with a piece of the district that it belongs to when that is whole."""
        strays = 0
        for seed in (0, 1, 2, 4):
            region = wide_region(seed, nodes=40, outlets=12, candidates=12)
            policy = base_policy(seed).replace(standard=COVERED)
            problem = cut_problem(PlanningProblem.build(region, policy))
            coarse = partition(problem, by_district(problem))
            for pieces in ([4, 1], [1, 4], [4, 4]):
                division, home = in_pieces(problem, by_district(problem), np.array(pieces))
                alone = partition(problem, division)
                parts = partition(problem, division, larger=Larger(coarse, home))
                assert (home[parts.of_column] == coarse.of_column).all()
                is_home = home[alone.of_column] == coarse.of_column
                assert (parts.of_column[is_home] == alone.of_column[is_home]).all()
                strays += (~is_home).sum()
        assert strays > 0


@pytest.mark.parametrize("open_in_pieces", [0.0, np.inf])
def test_the_last_step_raises_the_bound(open_in_pieces: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hard districts go whole or in pieces again by what their pieces left open; either raises the bound, never above the optimum."""
    monkeypatch.setattr(sys.modules["netplan.solve.piece_bounds"], "_PIECE_COLUMNS", 20)
    raised, divided, decomposition = 0, [], sys.modules["netplan.solve.decomposition"]
    in_pieces = decomposition.bound_by_pieces

    def noting(districts: Blocks, priced: Priced, which: np.ndarray, **more: float) -> Priced:
        divided.append(which.all())
        return in_pieces(districts, priced, which, **more)

    monkeypatch.setattr(decomposition, "bound_by_pieces", noting)
    for seed in (4, 6, 8):
        region = wide_region(seed, nodes=40, outlets=12, candidates=12)
        problem = PlanningProblem.build(region, base_policy(seed).replace(**LIMITED))
        optimum = solve(problem, method="compact", gap=0.0).objective
        assert optimum is not None
        with ThreadPoolExecutor(2) as executor:
            districts, priced = priced_blocks(cut_problem(problem), executor, price=0.0)
            before = districts.bound_of(priced.ties, priced.bounds, priced.prices)
            priced = replace(priced, open_in_pieces=np.full(len(priced.bounds), open_in_pieces))
            districts.search.best = districts.search.best.with_bound(before)
            decomposition._raise_bound(districts, priced, districts.search.x.copy())
        bound = districts.search.best.bound
        assert bound is not None
        assert before - 1e-6 * abs(before) <= bound <= optimum + 1e-6 * abs(optimum)
        raised += bound > before + 1.0
    assert raised >= 2
    assert all(divided) == (open_in_pieces > 0.0)


def test_a_seed_fixes_the_run_whoever_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Value, bound and plan are the same to the last digit when the solver is now and then slow."""
    problem = PlanningProblem.build(wide_region(3, nodes=40, outlets=12, candidates=12), base_policy(3))
    for method in ("benders", "decomposition"):
        found = []
        for pause in (0.0, 0.002):
            look = _Ear.look

            def slow(ear: _Ear, event: object, look: object = look, pause: float = pause) -> None:
                threading.Event().wait(pause)
                look(ear, event)  # type: ignore[operator]

            with monkeypatch.context() as patch:
                patch.setattr(_Ear, "look", slow)
                result = solve(problem, method=method, gap=0.002)
            assert result.plan is not None
            found.append((result.objective, result.bound, result.plan.actions.to_csv()))
        assert found[0] == found[1]


class TestSweeps:
    @pytest.mark.parametrize("pieces", [1, 4])
    def test_better_and_feasible(self, pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sweeps over districts, whole or in pieces, never make a plan worse, and keep every constraint; the bound stays below."""
        monkeypatch.setattr(
            sys.modules["netplan.solve.sweeps"], "_pieces", lambda _, priced: np.full(len(priced.open), pieces)
        )
        gained = 0
        for problem, rng in problems(standard=COVERED, **LIMITED):
            plan = fitted(
                partition(problem, by_district(problem)), wishes_of(problem, rng), run_of().clock, effort=100.0
            )
            assert plan is not None
            with ThreadPoolExecutor(2) as executor:
                districts, priced = priced_blocks(problem, executor, price=0.0)
                districts.search.weigh(plan)
                before = districts.search.best.objective
                assert before is not None
                improve(districts, priced, gap=1e-6, effort=50.0)
            after = districts.search.best.objective
            assert after is not None
            assert after <= before
            assert problem.holds(districts.search.x)
            optimum = brute_force(problem.formulation.problem).value
            assert optimum is not None
            assert after >= optimum - 1e-6 * abs(optimum)
            gained += after < before - 1.0
        assert gained > 0

    def test_the_same_whoever_is_faster(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Windows that take turns in being slow find the same plan as windows that do not."""
        sweeps = sys.modules["netplan.solve.sweeps"]
        solved, seen = sweeps.decided_in_window, threading.Lock()
        count = [0]

        def limping(*args: object, **options: object) -> object:
            with seen:
                count[0] += 1
                slow = count[0] % 2 == 0
            if slow:
                threading.Event().wait(0.05)
            return solved(*args, **options)

        problem = cut_problem(
            PlanningProblem.build(wide_region(3, nodes=40, outlets=12, candidates=12), base_policy(3))
        )
        x = wishes_of(problem, np.random.default_rng(1))
        plan = fitted(partition(problem, by_district(problem)), x, run_of().clock, effort=100.0)
        assert plan is not None
        found = []
        for pace in (solved, limping):
            monkeypatch.setattr(sweeps, "decided_in_window", pace)
            with ThreadPoolExecutor(2) as executor:
                districts, priced = priced_blocks(problem, executor, price=0.0)
                districts.search.weigh(plan)
                improve(districts, priced, gap=1e-6, effort=300.0)
            found.append(districts.search.x)
        assert count[0] > 1
        assert (found[0] == found[1]).all()

    def test_neighbours_touch_each_other(self) -> None:
        """Districts whose customers may cross the border touch, both ways, and every district itself."""
        for problem, _ in problems():
            whole = partition(problem, by_district(problem))
            touches = touching(whole)
            assert (touches == touches.T).all()
            for b, block in enumerate(whole.blocks):
                assert touches[b, np.unique(whole.of_column[block.copies])].all()


def test_a_sum_and_what_it_counts_are_of_one_district() -> None:
    """A node's cover goes with the sum that it is in, not with the neighbour's site; a penalty with its sum; staff with their counter."""
    site_a, site_b, cover_a, cover_b, cover_c, border, total, short, staff_a, staff_b = range(10)
    constraints = [
        (cover_a, site_a),
        (cover_b, site_a),
        (cover_c, site_a),
        (border, site_b),
        (total, short),
        (cover_a, cover_b, cover_c, border, total),
        (staff_a, site_a),
        (staff_b, site_b),
        (staff_a, staff_b),
    ]
    matrix = scipy.sparse.lil_array((len(constraints), 10))
    for row, members in enumerate(constraints):
        matrix[row, list(members)] = 1.0
    block = np.array([0, 1, *[-1] * 8])
    blocks = sys.modules["netplan.solve.blocks"]
    blocks._spread(matrix.tocsr(), block)
    assert block[border] == 1
    blocks._gather(matrix.tocsr(), block, 2)
    assert (block[[cover_a, cover_b, cover_c, border, total, short]] == 0).all()
    assert block[[staff_a, staff_b]].tolist() == [0, 1]


def test_rows_of_a_block_end_where_it_knows_no_further() -> None:
    """A block's rows hold its own columns and its copies only, and cost no more than in the whole problem at any decisions."""
    for problem, rng in problems():
        whole = partition(problem, by_district(problem))
        is_open = wishes_of(problem, rng)[: problem.num_y] > 0.5
        for b, block in enumerate(whole.blocks):
            known = np.concatenate([block.own, block.copies])
            assert np.isin(block.rows.sorted.column, known).all()
            mine = np.isin(problem.rows.group, block.groups)
            true = problem.rows.sorted.prices(is_open)[mine]
            assert (block.rows.sorted.prices(is_open) <= true + 1e-9).all(), b


def test_memory_is_given_back_only_where_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere than on Linux nothing of the C library is touched; on Linux memory let go by a thread leaves the process."""

    def refuse(_: object) -> None:
        pytest.fail("the C library was opened")

    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setattr(sys.modules["netplan.memory"].ctypes, "CDLL", refuse)
        give_back()
    if sys.platform != "linux":
        return
    held = [bytes(2_000) for _ in range(100_000)]
    keep = held[::500]
    full = resident()
    del held
    give_back()
    assert resident() < full - 50e6
    assert len(keep) == 200


def resident() -> float:
    """Bytes of memory that the process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return float(pages) * os.sysconf("SC_PAGE_SIZE")
