"""Visits that the planner splits, as cuts: they leave every plan its true cost, and say it where they were made.

What a network costs is known from the linear program of all its visits (`brute.split`), written down from the tables.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import pulp
import pytest
import scipy.sparse
from activity.cases import base_policy
from brute import brute_force
from brute.instance import Instance
from brute.split import Splitter
from random_regions import random_region, scaled, wide_region
from scipy.optimize import linprog

from netplan.engine.live import LiveModel
from netplan.engine.run import Options
from netplan.engine.run import Run as Clock
from netplan.errors import InputError
from netplan.evaluate import audit
from netplan.problem import PlanningProblem
from netplan.solve import solve
from netplan.solve.cut_problem import CutProblem, cut_problem
from netplan.solve.split import cost_of
from netplan.solve.split_cuts import SplitCut, cost_cuts, viability_cut
from netplan.solve.split_flow import Flow, flow_at
from netplan.solve.split_gains import Offers, column_gains
from netplan.solve.split_rows import Limits, SplitRows, split_rows

NAMED = ("compact", "benders", "decomposition")
RULES = [
    pytest.param({"overflow": "priced"}, id="priced"),
    pytest.param({"overflow": "hard"}, id="hard"),
    pytest.param({"overflow": "ignored", "viability": "hard"}, id="viable"),
    pytest.param({"overflow": "priced", "viability": "hard"}, id="priced and viable"),
    pytest.param({"overflow": "hard", "viability": "hard"}, id="hard and viable"),
]


def split_problem(seed: int, capacity: dict[str, Any], **parts: Any) -> PlanningProblem:
    """A small region with five nodes where limits matter more or less, seed by seed."""
    region = random_region(seed, ("split", "tight", "rural")[seed % 3])
    region = replace(region, nodes=region.nodes[:5].reset_index(drop=True))
    region = scaled(region, capacity=(0.1, 0.3, 0.8)[seed % 3], least=(1.0, 3.0, 6.0, 10.0)[seed % 4])
    policy = base_policy(seed).replace(access={"assignment": "system"}, capacity=capacity, **parts)
    return PlanningProblem.build(region, policy)


@dataclass
class Networks:
    """A problem as cuts see it, and networks that may be open: at most one format a site."""

    problem: PlanningProblem
    cuts: CutProblem
    rows: SplitRows
    splitter: Splitter

    @classmethod
    def of(cls, problem: PlanningProblem) -> Networks:
        """A problem and its rows."""
        cuts = cut_problem(problem)
        return cls(problem, cuts, split_rows(problem, cuts.rows), Splitter(Instance(problem)))

    def some(self, rng: np.random.Generator, number: int) -> list[np.ndarray]:
        """Whole y drawn at random, (J,)."""
        columns, found = self.problem.columns, []
        for _ in range(number):
            y = np.zeros(len(columns))
            for site in np.unique(columns.site):
                states = columns.operating[columns.site[columns.operating] == site]
                if rng.random() < 0.6:
                    y[rng.choice(states)] = 1.0
            found.append(y)
        return found

    def true_cost(self, y: np.ndarray) -> float:
        """What customers and overflow cost at whole y, from the tables; infinite where limits cannot be kept."""
        formats = np.full(len(self.problem.sites), -1)
        for j in np.flatnonzero(y):
            formats[self.problem.columns.site[j]] = self.problem.columns.format[j]
        return self.splitter.cost(formats)

    def flow(self, y: np.ndarray) -> Flow:
        """The cheapest flow at y."""
        flow = flow_at(self.rows, y, Clock(Options()))
        assert flow is not None
        return flow

    def without_limits(self, y: np.ndarray) -> np.ndarray:
        """What each group of access rows costs at y where nothing is limited, (groups,)."""
        rows, cost = self.rows, []
        for i in range(len(rows.visits)):
            entries = range(rows.start[i], rows.start[i + 1])
            left, paid = 1.0, 0.0
            for e in entries:
                share = min(left, y[rows.column[e]])
                left, paid = left - share, paid + share * rows.cost[e]
            cost.append(rows.visits[i] * (paid + left * rows.unserved[i]))
        return np.bincount(rows.group, weights=cost, minlength=rows.group.max() + 1)

    def value(self, cuts: list[SplitCut], y: np.ndarray) -> float:
        """The least that the estimates of all groups can add up to at y beside these cuts and those without limits."""
        least = self.without_limits(y)
        matrix = scipy.sparse.lil_array((len(cuts), len(least)))
        for number, cut in enumerate(cuts):
            matrix[number, cut.groups] = -1.0
        right = [cut.gains @ y - cut.right for cut in cuts]
        limits = {"A_ub": matrix.tocsr(), "b_ub": right} if cuts else {}
        bounds = np.column_stack([least, np.full(len(least), np.inf)])
        return float(linprog(np.ones(len(least)), bounds=bounds, method="highs", **limits).fun)


def cases(capacity: dict[str, Any], number: int = 12) -> Iterator[tuple[Networks, np.random.Generator]]:
    """Problems under some rules of capacity."""
    for seed in range(number):
        yield Networks.of(split_problem(seed, capacity)), np.random.default_rng([seed, 5])


def relaxed_cost(rows: SplitRows, y: np.ndarray) -> float:
    """The split of all visits at y, whole or not, as one linear program; infinite where needs cannot be met."""
    entries, size = len(rows.cost), len(rows.visits)
    row, pair = rows.row_of(np.arange(entries)), rows.pair_of(np.arange(entries))
    limited = np.flatnonzero(np.isfinite(rows.limits.capacity))
    hungry = np.flatnonzero(rows.limits.least)
    price = rows.limits.price_of_pair[limited]
    total = entries + size + len(limited)
    equal = scipy.sparse.lil_array((size, total))
    equal[row, np.arange(entries)] = 1.0
    equal[np.arange(size), entries + np.arange(size)] = 1.0
    upper = scipy.sparse.lil_array((len(limited) + len(hungry), total))
    right = []
    for number, p in enumerate(limited):
        upper[number, np.flatnonzero(pair == p)] = 1.0
        upper[number, entries + size + number] = -1.0
        right.append(rows.limits.capacity[p] * y[p // len(rows.limits.price)])
    for number, j in enumerate(hungry):
        upper[len(limited) + number, np.flatnonzero(rows.column == j)] = -1.0
        right.append(-rows.limits.least[j] * y[j])
    most = np.concatenate(
        [rows.visits[row] * y[rows.column], np.full(size, np.inf), np.where(np.isfinite(price), np.inf, 0.0)]
    )
    cost = np.concatenate([rows.cost, rows.unserved, np.where(np.isfinite(price), price, 0.0)])
    limits = {"A_ub": upper.tocsr(), "b_ub": right} if right else {}
    bounds = np.column_stack([np.zeros(total), most])
    found = linprog(cost, A_eq=equal.tocsr(), b_eq=rows.visits, bounds=bounds, method="highs", **limits)
    assert found.status in (0, 2), found.message
    return float(found.fun) if found.status == 0 else np.inf


class TestCuts:
    @pytest.mark.parametrize("capacity", RULES)
    def test_leave_every_network_its_true_cost(self, capacity: dict[str, Any]) -> None:
        """Cuts made at whole and at fractional y, all together, ask of no other network more than it costs, and refuse none that is viable."""
        tight = refused = 0
        for networks, rng in cases(capacity):
            made: list[SplitCut] = []
            refusing: list[SplitCut] = []
            places = networks.some(rng, 6)
            places += [rng.dirichlet(np.ones(3)) @ np.array(networks.some(rng, 3)) for _ in range(6)]
            for y in places:
                flow = networks.flow(y)
                if flow.is_short:
                    refusing.append(viability_cut(networks.rows, flow))
                else:
                    made += cost_cuts(networks.rows, flow)
            for y in networks.some(rng, 25):
                true = networks.true_cost(y)
                if np.isinf(true):
                    refused += any(cut.gains @ y < cut.right - 1e-6 for cut in refusing)
                    continue
                value = networks.value(made, y)
                assert value <= true + 1e-6 * max(1.0, abs(true))
                assert all(cut.gains @ y >= cut.right - 1e-4 for cut in refusing)
                tight += value > networks.without_limits(y).sum() * (1 + 1e-6)
        assert tight > 20 or capacity["overflow"] == "ignored"
        assert refused > 20 or capacity.get("viability") != "hard"

    @pytest.mark.parametrize("capacity", RULES)
    def test_are_exact_where_they_are_made(self, capacity: dict[str, Any]) -> None:
        """At whole y the cuts give the true cost, or refuse what cannot be kept; at others what one linear program of all visits gives."""
        seen: dict[str, int] = {"whole": 0, "fractional": 0, "short": 0}
        for networks, rng in cases(capacity):
            for y in networks.some(rng, 5):
                self.check(networks, y, networks.true_cost(y), seen, "whole")
            for y in (rng.dirichlet(np.ones(3)) @ np.array(networks.some(rng, 3)) for _ in range(5)):
                self.check(networks, y, relaxed_cost(networks.rows, y), seen, "fractional")
        assert min(seen["whole"], seen["fractional"]) >= 5
        assert seen["whole"] + seen["fractional"] + seen["short"] == 120
        assert seen["short"] >= 5 or capacity.get("viability") != "hard"

    @staticmethod
    def check(networks: Networks, y: np.ndarray, true: float, seen: dict[str, int], what: str) -> None:
        """Compare cuts and flow with the true cost at y."""
        flow = networks.flow(y)
        assert flow.is_short == np.isinf(true)
        if flow.is_short:
            cut = viability_cut(networks.rows, flow)
            assert cut.gains @ y < cut.right - 1e-6
            seen["short"] += 1
            return
        value = networks.value(list(cost_cuts(networks.rows, flow)), y)
        assert value == pytest.approx(true, rel=1e-6, abs=1e-3)
        if what == "whole":
            assert cost_of(networks.rows, flow) == pytest.approx(true, rel=1e-6, abs=1e-3)
        seen[what] += 1

    def test_gains_are_the_best_of_a_program(self) -> None:
        """What a column can bring is the optimum of its linear program: capacity, overflow at a price or none, visits that it needs."""
        rng, compared = np.random.default_rng(4), 0
        for turn in range(60):
            services, size = 2, 8
            limits = Limits(
                np.where(rng.random(services) < 0.8, rng.uniform(5, 30, services), np.inf),
                np.full(services, np.inf) if turn % 2 else rng.uniform(1, 6, services),
                np.array([rng.choice([0.0, 10.0, 25.0])]),
            )
            pair = rng.integers(0, services, size)
            visits, gain = rng.uniform(1, 10, size), rng.uniform(-6, 10, size)
            found = column_gains(Offers(np.zeros(size, dtype=np.int64), pair, visits, gain), limits, limits.least)
            over = np.where(np.isfinite(limits.price), np.inf, 0.0)
            price = np.where(np.isfinite(limits.price), limits.price, 0.0)
            upper = [np.concatenate([pair == c, -(np.arange(services) == c).astype(float)]) for c in range(services)]
            upper.append(np.concatenate([-np.ones(size), np.zeros(services)]))
            best = linprog(
                np.concatenate([-gain, price]),
                A_ub=np.array(upper),
                b_ub=[*np.where(np.isfinite(limits.capacity), limits.capacity, 1e6), -limits.least[0]],
                bounds=np.column_stack([np.zeros(size + services), np.concatenate([visits, over])]),
            )
            if best.status == 0:
                assert found[0] == pytest.approx(-best.fun, abs=1e-6)
                compared += 1
        assert compared > 40


OBJECTIVES = [
    pytest.param({}, id="net_cost"),
    pytest.param({"objective": {"kind": "access"}, "policy": {"max_outlets": 2}}, id="access"),
    pytest.param(
        {
            "objective": {"kind": "coverage", "service": "cash", "minutes": 8.0, "group": "all", "measure": "people"},
            "policy": {"max_outlets": 2},
        },
        id="coverage",
    ),
]


class TestPlans:
    @pytest.mark.parametrize("capacity", RULES)
    @pytest.mark.parametrize("parts", OBJECTIVES)
    def test_every_method_finds_the_optimum(self, capacity: dict[str, Any], parts: dict[str, Any]) -> None:
        """Under every rule of capacity and objective all methods prove brute force's optimum, and the audit agrees; or that there is none."""
        for seed in range(4):
            problem = split_problem(seed, capacity, **parts)
            value = brute_force(problem).value
            for method in NAMED:
                result = solve(problem, method=method, gap=0)
                if value is None:
                    assert result.status == "infeasible"
                    assert result.conflicts
                    continue
                assert result.status == "optimal"
                assert result.objective == pytest.approx(value, rel=1e-6, abs=1e-6)
                assert result.bound == pytest.approx(value, rel=1e-6, abs=1e-6)
                assert result.plan is not None
                audit(problem, result.plan)

    def test_what_cannot_be_viable_is_named(self) -> None:
        """Where no two outlets find enough visits and two are asked for, every method names the same rules."""
        region = scaled(random_region(1, "split"), capacity=1.0, least=10_000.0)
        rules = {"capacity": {"viability": "hard"}, "policy": {"min_outlets": 1}, "access": {"assignment": "system"}}
        problem = PlanningProblem.build(region, base_policy(1).replace(**rules))
        assert brute_force(problem).value is None
        named = [solve(problem, method=method).conflicts for method in NAMED]
        assert named[0] == named[1] == named[2]
        assert any("viable" in text for text in named[0])
        assert any("outlets" in text for text in named[0])

    def test_a_seed_makes_the_plan(self) -> None:
        """With the same seed the plan and its shares are the same."""
        problem = split_problem(4, {"overflow": "priced"})
        first, second = (solve(problem, method="benders", seed=3).plan for _ in range(2))
        assert first is not None
        assert second is not None
        assert first.format_after == second.format_after
        assert first.assignments.equals(second.assignments)

    def test_shares_add_up(self) -> None:
        """In a plan by cuts some visits are split, and the shares of every node and service add up to 1."""
        split = 0
        for seed in range(6):
            plan = solve(split_problem(seed, {"overflow": "hard"}), method="benders").plan
            assert plan is not None
            served = plan.assignments.groupby(["node_id", "service"])["share"]
            assert np.allclose(served.sum(), 1.0)
            split += int((served.size() > 1).any())
        assert split >= 3


class TestChoice:
    def test_auto_takes_cuts_beyond_few_options(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Split visits need no compact model: auto takes it for few options, cuts beyond, and blocks where decisions are very many."""
        problem = split_problem(0, {"overflow": "priced"})
        limits = sys.modules["netplan.solve.method"]
        said = [solve(problem).certificate.method]
        monkeypatch.setattr(limits, "SMALL", 0)
        said.append(solve(problem).certificate.method)
        monkeypatch.setattr(limits, "LARGE", len(problem.columns))
        said.append(solve(problem).certificate.method)
        assert [text.split(" (")[0] for text in said] == ["compact", "benders", "decomposition"]

    def test_auto_counts_rows_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However few its options, a problem of more rows than the limit is not left to the compact model."""
        problem = split_problem(0, {"overflow": "priced"})
        monkeypatch.setattr(sys.modules["netplan.solve.method"], "MOST_ROWS", len(problem.rows) - 1)
        assert solve(problem).certificate.method.startswith("benders (")

    def test_other_solvers_are_not_given_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A solver asked for by name gets the compact model; one that is too large only if that is asked for by name, too."""
        if "PULP_CBC_CMD" not in pulp.listSolvers(onlyAvailable=True):
            pytest.skip("CBC does not run here")
        problem = split_problem(0, {"overflow": "priced"})
        assert "compact (solver PULP_CBC_CMD)" in solve(problem, solver="PULP_CBC_CMD").certificate.method
        monkeypatch.setattr(sys.modules["netplan.solve.method"], "MOST_ROWS", len(problem.rows) - 1)
        with pytest.raises(InputError, match="too many for it: leave the solver out, or ask for method 'compact'"):
            solve(problem, solver="PULP_CBC_CMD")
        with pytest.raises(InputError, match="'benders' needs the HiGHS solver"):
            solve(problem, solver="PULP_CBC_CMD", method="benders")
        assert solve(problem, solver="PULP_CBC_CMD", method="compact").plan is not None


@pytest.fixture(scope="module")
def hard_problem() -> PlanningProblem:
    """A problem that takes much longer than these tests give it."""
    region = scaled(wide_region(1, nodes=600, outlets=80, candidates=80), capacity=0.5, least=1.0)
    return PlanningProblem.build(region, base_policy(0).replace(access={"assignment": "system"}))


@pytest.mark.parametrize("seconds", [0.01, 2.0])
def test_run_cut_short_returns_its_best_plan(hard_problem: PlanningProblem, seconds: float) -> None:
    """Out of time, the best plan so far comes back, audited, with any bound below it."""
    result = solve(hard_problem, method="benders", time_limit=seconds, gap=0)
    assert result.status == "time_limit"
    assert result.plan is not None
    audit(hard_problem, result.plan)
    assert result.objective is not None
    assert result.bound is None or result.bound < result.objective


def test_a_solver_that_lost_its_way_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relaxation that HiGHS leaves undecided from an old basis is solved once more from none, and then is proven."""
    live = LiveModel(cut_problem(split_problem(0, {"overflow": "priced"})).part)
    known, asked = live.highs.getModelStatus, []

    def status() -> highspy.HighsModelStatus:
        asked.append(known())
        return highspy.HighsModelStatus.kUnknown if len(asked) == 1 else asked[-1]

    monkeypatch.setattr(live.highs, "getModelStatus", status)
    assert live.solve_relaxation(Clock(Options())) == "proven"
    assert len(asked) > 1


def test_components_are_what_shares_a_link() -> None:
    """Groups that share a link, directly or through others, get the same first group; compared with sets merged one by one."""
    linked = sys.modules["netplan.solve.split_kernels"].linked
    rng = np.random.default_rng(2)
    for _ in range(50):
        group, link = rng.integers(0, 12, 15), np.sort(rng.integers(0, 9, 15))
        first = linked(group, link, 12)
        parts = [{g} for g in range(12)]
        for (g, a), (h, b) in itertools.combinations(zip(group, link, strict=True), 2):
            if a == b:
                one = next(part for part in parts if g in part)
                other = next(part for part in parts if h in part)
                if one is not other:
                    parts = [part for part in parts if part is not one and part is not other] + [one | other]
        assert all(first[g] == min(part) for part in parts for g in part)
