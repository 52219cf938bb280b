"""The tables as plain arrays, positions in table order: what every part of the brute force reads."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from netplan.policy import Policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.travel import SparseMinutes

EARTH_KM = 6371.0088
CLASSIC = ("children", "working", "elderly")


class Instance:
    """A region cut to its scope, a plan file, and the minutes between everything (infinite beyond the cut-off)."""

    def __init__(self, problem: PlanningProblem) -> None:
        self.region: Region = problem.region
        self.policy: Policy = problem.policy
        self.num_outlets = len(self.region.outlets)
        self.ids = [*self.region.outlets["site_id"], *self.region.candidates["site_id"]]
        self.formats = list(self.region.formats["format"])
        self.services = list(dict.fromkeys(self.region.visits["service"]))
        self.to_site = dense(problem.travel.to_site)
        self.between = dense(problem.travel.between_sites)
        self.to_rival = dense(problem.travel.to_competitor)

    def of_site(self, column: str) -> np.ndarray:
        """A column that outlets and candidates share, by site."""
        return np.concatenate([self.region.outlets[column].to_numpy(), self.region.candidates[column].to_numpy()])

    def of_format(self, column: str) -> np.ndarray:
        """A column of the formats."""
        return self.region.formats[column].to_numpy()

    def number(self, column: str) -> np.ndarray:
        """A column of numbers of the outlets."""
        return self.region.outlets[column].to_numpy(dtype=float)

    @cached_property
    def present(self) -> list[int]:
        """Today's format of each outlet."""
        return [self.formats.index(name) for name in self.region.outlets["format"]]

    @cached_property
    def present_of_site(self) -> np.ndarray:
        """Today's format of each site; -1 for candidates."""
        return np.array([*self.present, *[-1] * len(self.region.candidates)])

    @cached_property
    def conversions(self) -> dict[tuple[int, int], float]:
        """One-off cost from one format to another."""
        table = self.region.conversions
        return {
            (self.formats.index(old), self.formats.index(new)): cost
            for old, new, cost in zip(table["from_format"], table["to_format"], table["cost"], strict=True)
        }

    @cached_property
    def offers(self) -> np.ndarray:
        """Whether a format offers a service, (F, C)."""
        return np.array([[c in names for c in self.services] for names in self.region.formats["services"]])

    @cached_property
    def capacity(self) -> np.ndarray:
        """Visits of a service a year, infinite where there is no limit, (F, C)."""
        shared = self.of_format("capacity_visits_per_year").astype(float)
        table = np.empty((len(self.formats), len(self.services)))
        for c, service in enumerate(self.services):
            own = np.full(len(shared), np.nan)
            if f"capacity_for_{service}" in self.region.formats:
                own = self.of_format(f"capacity_for_{service}").astype(float)
            for f in range(len(shared)):
                table[f, c] = own[f] if not np.isnan(own[f]) else shared[f] if not np.isnan(shared[f]) else np.inf
        return table

    @cached_property
    def margin(self) -> np.ndarray:
        """Margin booked at an outlet in a service, (K, C)."""
        outlets = self.region.outlets
        nothing = np.zeros(len(outlets))
        booked = [
            outlets[f"margin_{c}"].to_numpy(float) if f"margin_{c}" in outlets else nothing for c in self.services
        ]
        return np.array(booked).T

    @cached_property
    def people(self) -> np.ndarray:
        """People at each node."""
        return sum(
            (self.region.nodes[name].to_numpy(dtype=float) for name in CLASSIC), np.zeros(len(self.region.nodes))
        )

    def group(self, name: str) -> np.ndarray:
        """People of a group at each node."""
        urban = self.region.nodes["is_urban"].to_numpy(dtype=bool)
        named = {"all": self.people, "urban": self.people * urban, "rural": self.people * ~urban}
        return named[name] if name in named else self.region.nodes[name].to_numpy(dtype=float)

    def visits(self, *, is_weighted: bool, group: str = "all") -> np.ndarray:
        """Visits a year by node and service, (N, C); weighted by segment on request; of a group."""
        total = np.zeros((len(self.people), len(self.services)))
        urban = self.region.nodes["is_urban"].to_numpy(dtype=bool)
        mask = {"urban": urban, "rural": ~urban}.get(group, np.ones(len(urban), dtype=bool))
        for line in self.region.visits.to_dict("records"):
            if group not in ("all", "urban", "rural", line["segment"]):
                continue
            people = self.region.nodes[line["segment"]].to_numpy(dtype=float) * mask * self.holds(line)
            each = people * line["customer_share"] * line["visits_per_year"] * (1 - line["digital_share"])
            weight = self.policy.access.segment_weight.get(line["segment"], 1.0) if is_weighted else 1.0
            total[:, self.services.index(line["service"])] += weight * each
        return total

    def holds(self, line: dict[str, Any]) -> np.ndarray:
        """At which nodes a row of the visits table is the one that counts: those of its district, or all without one."""
        at_home = {
            (other["segment"], other["service"], other["district_id"])
            for other in self.region.visits.to_dict("records")
        }
        where = [
            district if (line["segment"], line["service"], district) in at_home else ""
            for district in self.region.nodes["district_id"]
        ]
        return np.array([district == line["district_id"] for district in where])

    @cached_property
    def recovery(self) -> float:
        """The capital recovery factor."""
        rate, years = self.policy.money.discount_rate, self.policy.money.horizon_years
        return 1 / years if rate == 0 else rate * (1 + rate) ** years / ((1 + rate) ** years - 1)

    def kilometres(self, nodes: pd.DataFrame, places: Any) -> np.ndarray:
        """Great-circle kilometres, (nodes, places), by the spherical law of cosines' stable form (haversine)."""
        lon_a, lat_a = (np.radians(nodes[name].to_numpy(dtype=float))[:, None] for name in ("lon", "lat"))
        lon_b, lat_b = (np.radians(np.asarray(places[name], dtype=float))[None, :] for name in ("lon", "lat"))
        half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
        return 2 * EARTH_KM * np.arcsin(np.sqrt(half))


def dense(table: SparseMinutes) -> np.ndarray:
    """A table of minutes in full, infinite where a pair is beyond the cut-off."""
    full = np.full(table.shape, np.inf)
    pairs = table.frame()
    full[pairs["origin"], pairs["target"]] = pairs["minutes"]
    return full
