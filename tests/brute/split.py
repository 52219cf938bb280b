"""`system` assignment: the cheapest way to split the visits of one state, as a small linear program."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import scipy.sparse
from scipy.optimize import linprog

from brute.customers import option_costs
from brute.instance import Instance


class Splitter:
    """Prices one state after another; the rules of capacity may be varied to see whether they mattered."""

    def __init__(self, instance: Instance, *, overflow: str | None = None, viability: str | None = None) -> None:
        self.instance = instance
        self.overflow = overflow or instance.policy.capacity.overflow
        self.viability = viability or instance.policy.capacity.viability
        self.visits = instance.visits(is_weighted=False)
        self.weighted = instance.visits(is_weighted=True)
        self.costs = [option_costs(instance, c) for c in range(len(instance.services))]

    def cost(self, formats: np.ndarray) -> float:
        """Customers' cost and overflow at best; infinite where capacity or viability cannot be kept."""
        price: list[float] = []
        each_row: dict[int, list[int]] = defaultdict(list)
        load: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        for row, (i, c) in enumerate(np.argwhere(self.visits > 0)):
            penalty = self.instance.policy.service_access(self.instance.services[c]).unserved_cost
            time, wait = self.costs[c]
            for s in np.flatnonzero(formats >= 0):
                cost = time[i, s] + wait[formats[s]]
                if cost < penalty:
                    each_row[row].append(len(price))
                    load[int(s), int(c)].append((len(price), self.visits[i, c]))
                    price.append(self.weighted[i, c] * cost)
            each_row[row].append(len(price))
            price.append(self.weighted[i, c] * penalty)
        upper = self._load_rules(formats, load, price)
        size = len(price)
        equal = _sparse([[(j, 1.0) for j in each_row[row]] for row in range(len(each_row))], size)
        matrix = _sparse([terms for terms, _ in upper], size)
        limits = {"A_ub": matrix, "b_ub": [most for _, most in upper]} if upper else {}
        found = linprog(price, A_eq=equal, b_eq=np.ones(len(each_row)), bounds=(0, None), method="highs", **limits)
        assert found.status in (0, 2), found.message
        return float(found.fun) if found.status == 0 else np.inf

    def _load_rules(
        self, formats: np.ndarray, load: dict[tuple[int, int], list[tuple[int, float]]], price: list[float]
    ) -> list[tuple[list[tuple[int, float]], float]]:
        rules: list[tuple[list[tuple[int, float]], float]] = []
        for (s, c), terms in load.items():
            capacity = self.instance.capacity[formats[s], c]
            if np.isinf(capacity) or self.overflow == "ignored":
                continue
            if self.overflow == "priced":
                if self.instance.policy.objective.kind != "net_cost":
                    continue
                rules.append(([*terms, (len(price), -1.0)], capacity))
                price.append(self.instance.policy.service_access(self.instance.services[c]).overflow_cost)
            else:
                rules.append((terms, capacity))
        if self.viability == "hard":
            for s in np.flatnonzero(formats >= 0):
                least = float(self.instance.of_format("min_visits_per_year")[formats[s]])
                served = [term for c in range(len(self.instance.services)) for term in load.get((int(s), c), [])]
                rules.append(([(j, -visits) for j, visits in served], -least))
        return rules


def _sparse(rows: list[list[tuple[int, float]]], size: int) -> scipy.sparse.csr_array:
    """A matrix from the (column, coefficient) pairs of its rows; pairs of one place add up."""
    place = [(row, j, coefficient) for row, terms in enumerate(rows) for j, coefficient in terms]
    row, column, data = zip(*place, strict=True) if place else ((), (), ())
    return scipy.sparse.coo_array((data, (row, column)), shape=(len(rows), size)).tocsr()
