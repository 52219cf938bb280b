"""The formula of docs/model.md in plain loops over tables: slow, and written from the page, not from the code."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from netplan.evaluate import NetworkPlan
from netplan.problem import PlanningProblem


class PlainCosts:
    """Components of `net_cost` under `nearest` assignment, money per year, without soft standards."""

    def __init__(self, problem: PlanningProblem, plan: NetworkPlan) -> None:
        self.region, self.policy, self.travel = problem.region, problem.policy, problem.travel
        self.sites = list(problem.sites["site_id"])
        self.after = dict(zip(self.sites, plan.format_after, strict=True))
        targets = [self.sites[to] if to >= 0 else "" for to in plan.relocated_to]
        self.moved = dict(zip(self.sites, targets, strict=True))
        self.vans = {van for van in plan.van_of if van}
        self.format = {line["format"]: line for line in self.region.formats.to_dict("records")}
        self.outlets: list[dict[str, Any]] = self.region.outlets.to_dict("records")
        self.services = list(dict.fromkeys(self.region.visits["service"]))

    def all(self) -> dict[str, float]:
        """Every component but `standards`."""
        one_offs = {kind: self.crf() * cost for kind, cost in self.one_offs().items()}
        vans = self.region.vans.to_dict("records")
        van = sum(line["running_cost_per_year"] for line in vans if line["van_id"] in self.vans)
        margins = {"lost_margin": self.lost(), "won_margin": -self.won()}
        return {"running": self.running(), "van": van, **one_offs, **self.access(), **margins}

    def crf(self) -> float:
        """R (1 + r)^n / ((1 + r)^n - 1)."""
        r, n = self.policy.money.discount_rate, self.policy.money.horizon_years
        return 1 / n if r == 0 else r * (1 + r) ** n / ((1 + r) ** n - 1)

    def running(self) -> float:
        """Sum y[s,f] run(s,f)."""
        own = {
            k["site_id"]: k["running_cost_per_year"] for k in self.outlets if not math.isnan(k["running_cost_per_year"])
        }
        now = {k["site_id"]: k["format"] for k in self.outlets}
        return sum(
            own[s] if s in own and now[s] == f else self.format[f]["running_cost_per_year"]
            for s, f in self.after.items()
            if f
        )

    def one_offs(self) -> dict[str, float]:
        """One-offs in full by kind."""
        kinds = ["opening", "closing", "severance", "lease_break", "disposal", "conversion", "relocation", "transition"]
        sums = dict.fromkeys(kinds, 0.0)
        today = {k["site_id"] for k in self.outlets}
        for s, f in self.after.items():
            if f and s not in today:
                sums["opening"] += self.format[f]["opening_cost"]
        cost = {
            (line["from_format"], line["to_format"]): line["cost"]
            for line in self.region.conversions.to_dict("records")
        }
        for k in self.outlets:
            self._leave_or_stay(k, cost, sums)
        return sums

    def _leave_or_stay(self, k: dict[str, Any], cost: dict[tuple[str, str], float], sums: dict[str, float]) -> None:
        now, after, margin = k["format"], self.after[k["site_id"]], sum(self.margin(k, c) for c in self.services)
        transition = self.policy.money.transition_margin_share * margin
        if after and after != now:
            sums["conversion"] += cost[now, after]
            sums["transition"] += transition
        if after:
            return
        if k["is_owned"]:
            sums["disposal"] -= k["disposal_proceeds"]
        elif not pd.isna(k["lease_end"]) and k["lease_end"].date() > self.policy.money.plan_date:
            sums["lease_break"] += k["lease_break_cost"]
        if self.moved[k["site_id"]]:
            sums["relocation"] += self.format[now]["relocation_cost"]
            sums["opening"] -= self.format[now]["opening_cost"]
            sums["transition"] += transition
        else:
            sums["closing"] += self.format[now]["closing_cost"]
            sums["severance"] += k["severance_cost"]

    @staticmethod
    def margin(k: dict[str, Any], c: str) -> float:
        """m_kc."""
        return float(k.get(f"margin_{c}", 0.0))

    def operating(self, c: str) -> Iterator[tuple[int, str]]:
        """Sites that offer a class, with their format."""
        for position, (_, f) in enumerate(self.after.items()):
            if f and c in self.format[f]["services"]:
                yield position, f

    def access(self) -> dict[str, float]:
        """access_time, day_wait, unserved and overflow of every visit at its cheapest open option."""
        sums = dict.fromkeys(("access_time", "day_wait", "unserved"), 0.0)
        load: dict[tuple[int, str], float] = {}
        for i, node in enumerate(self.region.nodes.to_dict("records")):
            for c in self.services:
                visits, weighted = self.visits(node, c)
                if visits > 0:
                    s, time, wait = self.cheapest(i, c)
                    sums["access_time"] += weighted * time
                    sums["day_wait"] += weighted * wait
                    sums["unserved"] += weighted * self.policy.service_access(c).unserved_cost * (s < 0)
                    load[s, c] = load.get((s, c), 0.0) + visits
        return {**sums, "overflow": sum(self.above(s, c, visits) for (s, c), visits in load.items() if s >= 0)}

    def visits(self, node: dict[str, Any], c: str) -> tuple[float, float]:
        """d_ic and w_ic."""
        each = weighted = 0.0
        for line in self.region.visits.to_dict("records"):
            if line["service"] == c and self.holds(line, node["district_id"]):
                some = (
                    node[line["segment"]]
                    * line["customer_share"]
                    * line["visits_per_year"]
                    * (1 - line["digital_share"])
                )
                each += some
                weighted += self.policy.access.segment_weight.get(line["segment"], 1.0) * some
        return each, weighted

    def holds(self, line: dict[str, Any], district: str) -> bool:
        """Whether a row of the visits table is the one for a district."""
        own = (
            self.region.visits[["segment", "service", "district_id"]] == [line["segment"], line["service"], district]
        ).all(axis=1)
        return line["district_id"] == (district if own.any() else "")

    def cheapest(self, i: int, c: str) -> tuple[int, float, float]:
        """Site (-1 = unserved), time and wait of the cheapest option; equal costs by site order."""
        asked = self.policy.service_access(c)
        best = (asked.unserved_cost, -1, 0.0, 0.0)
        for s, f in self.operating(c):
            t = self.travel.to_site.get(i, s)
            if t <= asked.reach_minutes:
                wait = max(0.0, (7 / self.format[f]["days_per_week"] - 1) / 2) * asked.day_wait_cost
                wait *= asked.not_postponable_share
                if self.time(c, 2 * t) + wait < best[0]:
                    best = (self.time(c, 2 * t) + wait, s, self.time(c, 2 * t), wait)
        return best[1:]

    def time(self, c: str, minutes: float) -> float:
        """Money for these minutes, there and back."""
        asked, h = self.policy.service_access(c), self.policy.money.value_of_time_per_hour / 60
        if asked.shape == "linear":
            return h * minutes
        if asked.shape == "power":
            return h * math.pow(minutes, asked.exponent)
        return h * (math.exp(asked.exponent * minutes) - 1) / asked.exponent

    def above(self, s: int, c: str, visits: float) -> float:
        """Price of the visits above capacity."""
        if self.policy.capacity.overflow != "priced":
            return 0.0
        line = self.format[list(self.after.values())[s]]
        capacity = line.get(f"capacity_for_{c}", math.nan)
        capacity = line["capacity_visits_per_year"] if math.isnan(capacity) else capacity
        return (
            0.0 if math.isnan(capacity) else max(0.0, visits - capacity) * self.policy.service_access(c).overflow_cost
        )

    def lost(self) -> float:
        """Sum m_kc x the least share lost."""
        total = 0.0
        for position, k in enumerate(self.outlets):
            for c in self.services:
                shares = [self.curve("retention", "lost_share", math.inf)]
                for s, _ in self.operating(c):
                    t = self.travel.between_sites.get(position, s)
                    shares.append(0.0 if s == position else self.curve("retention", "lost_share", t))
                to = self.moved[k["site_id"]]
                if to:
                    t = self.travel.between_sites.get(position, self.sites.index(to))
                    shares.append(self.curve("retention", "relocated_lost_share", t))
                total += self.margin(k, c) * min(shares)
        return total

    def won(self) -> float:
        """Sum g_i x what is won beyond today."""
        now = [(s, k["format"]) for s, k in enumerate(self.outlets)]
        after = [(s, f) for s, f in enumerate(self.after.values()) if f]
        total = 0.0
        for i, node in enumerate(self.region.nodes.to_dict("records")):
            before, then = (max([0.0, *(self.share(i, s, f) for s, f in network)]) for network in (now, after))
            total += node["market_margin_per_year"] * max(0.0, then - before)
        return total

    def share(self, i: int, s: int, f: str) -> float:
        """gain_factor x won(t), nothing beyond the last row."""
        t = self.travel.to_site.get(i, s)
        return (
            0.0
            if t > self.region.gain["minutes"].max()
            else self.format[f]["gain_factor"] * self.curve("gain", "won_share", t)
        )

    def curve(self, table: str, column: str, t: float) -> float:
        """Linear between the rows, the first and last values beyond them."""
        points = sorted(zip(getattr(self.region, table)["minutes"], getattr(self.region, table)[column], strict=True))
        if t <= points[0][0]:
            return float(points[0][1])
        for (a, at_a), (b, at_b) in itertools.pairwise(points):
            if a <= t <= b:
                return float(at_a + (at_b - at_a) * (t - a) / (b - a))
        return float(points[-1][1])
