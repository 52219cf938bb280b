"""Classic location problems by looking at every choice of sites: slow, plain, and sharing nothing with netplan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.optimize import linprog

INF = math.inf


@dataclass(frozen=True)
class Small:
    """A small random problem: costs of shape (I, J), infinite where a customer cannot go, and whatever else a problem asks for."""

    costs: np.ndarray
    weights: np.ndarray
    opening: np.ndarray
    demands: np.ndarray
    capacities: np.ndarray
    penalty: np.ndarray
    required: list[int]
    forbidden: list[int]
    p: int
    radius: float


def small(seed: int, *, most_customers: int = 8, most_sites: int = 7) -> Small:
    """Draw one: whole or broken costs, few or many unreachable pairs, ties, weights of 0."""
    rng = np.random.default_rng(seed)
    size, width = int(rng.integers(1, most_customers + 1)), int(rng.integers(1, most_sites + 1))
    is_whole = rng.random() < 0.5
    costs = rng.integers(0, 12, (size, width)).astype(float) if is_whole else rng.uniform(0, 12, (size, width))
    costs[rng.random((size, width)) < rng.choice([0.0, 0.0, 0.3])] = INF
    weights = rng.integers(0, 6, size).astype(float) if is_whole else rng.uniform(0, 5, size)
    fixed = rng.permutation(width)
    required = sorted(int(j) for j in fixed[: rng.integers(0, 2)])
    forbidden = sorted(int(j) for j in fixed[len(required) :][: rng.integers(0, 2)])
    free = width - len(forbidden)
    if not free:
        forbidden, free = [], width
    return Small(
        costs=costs,
        weights=weights,
        opening=rng.integers(0, 15, width).astype(float) if is_whole else rng.uniform(0, 15, width),
        demands=rng.integers(0, 7, size).astype(float) if is_whole else rng.uniform(0, 7, size),
        capacities=rng.integers(0, 25, width).astype(float) if is_whole else rng.uniform(0, 25, width),
        penalty=rng.integers(0, 14, size).astype(float),
        required=required,
        forbidden=forbidden,
        p=int(rng.integers(max(1, len(required)), free + 1)),
        radius=float(rng.integers(1, 9)),
    )


def choices(case: Small, counts: range | None = None) -> Iterator[list[int]]:
    """Every choice of sites with the required and without the forbidden ones, of these sizes (p by default)."""
    allowed = [j for j in range(case.costs.shape[1]) if j not in case.forbidden]
    for count in counts if counts is not None else range(case.p, case.p + 1):
        for sites in combinations(allowed, count):
            if set(case.required) <= set(sites):
                yield list(sites)


def any_number(case: Small) -> range:
    """From no site to all."""
    return range(case.costs.shape[1] + 1)


def nearest(case: Small, sites: list[int]) -> list[float]:
    """Cost of each customer to the cheapest of these sites."""
    return [min((case.costs[i, j] for j in sites), default=INF) for i in range(len(case.costs))]


def paid(case: Small, sites: list[int], penalty: np.ndarray | None) -> float:
    """Weighted cost of everyone, or the penalty where that is less; customers of weight 0 do not count."""
    dearest = [INF] * len(case.costs) if penalty is None else list(penalty)
    return sum(w * min(c, g) for w, c, g in zip(case.weights, nearest(case, sites), dearest, strict=True) if w > 0)


def p_median(case: Small, penalty: np.ndarray | None = None) -> float:
    """Least cost."""
    return min((paid(case, sites, penalty) for sites in choices(case)), default=INF)


def ufl(case: Small, penalty: np.ndarray | None = None, counts: range | None = None) -> float:
    """Least cost with opening costs."""
    return min(
        (paid(case, s, penalty) + case.opening[s].sum() for s in choices(case, counts or any_number(case))), default=INF
    )


def split_cost(case: Small, sites: list[int], penalty: np.ndarray | None) -> float:
    """Cheapest split of customers over these sites within the capacities, by linear programming."""
    size = len(case.costs)
    pairs = [(i, j) for i in range(size) for j in sites if np.isfinite(case.costs[i, j])]
    idle = list(range(size)) if penalty is not None else []
    cost = [case.weights[i] * case.costs[i, j] for i, j in pairs]
    cost += [case.weights[i] * penalty[i] for i in idle] if penalty is not None else []
    equal = np.zeros((size, len(cost)))
    load = np.zeros((len(sites), len(cost)))
    for place, (i, j) in enumerate(pairs):
        equal[i, place] = 1.0
        load[sites.index(j), place] = case.demands[i]
    for place, i in enumerate(idle):
        equal[i, len(pairs) + place] = 1.0
    if not cost:
        return INF
    upper = (load, case.capacities[sites]) if sites else (None, None)
    found = linprog(cost, A_ub=upper[0], b_ub=upper[1], A_eq=equal, b_eq=np.ones(size), bounds=(0, None))
    return float(found.fun) if found.status == 0 else INF


def whole_cost(case: Small, sites: list[int], penalty: np.ndarray | None) -> float:
    """Cheapest assignment of whole customers to these sites within the capacities, by trying all."""
    best = INF
    for assigned in product([*sites, -1], repeat=len(case.costs)):
        load = dict.fromkeys(sites, 0.0)
        cost = 0.0
        for i, j in enumerate(assigned):
            if j < 0:
                cost += INF if penalty is None else case.weights[i] * penalty[i]
            elif not np.isfinite(case.costs[i, j]):
                cost = INF
            else:
                cost += case.weights[i] * case.costs[i, j]
                load[j] += case.demands[i]
            if cost >= best:
                break
        if cost < best and all(load[j] <= case.capacities[j] * (1 + 1e-9) for j in sites):
            best = cost
    return best


def covered(case: Small, sites: list[int]) -> list[int]:
    """How many of these sites are within the radius of each customer."""
    return [sum(case.costs[i, j] <= case.radius for j in sites) for i in range(len(case.costs))]


def lscp(case: Small, opening: np.ndarray | None = None) -> float:
    """Fewest sites, or least opening costs, that cover everyone."""
    price = np.ones(case.costs.shape[1]) if opening is None else opening
    return min((price[s].sum() for s in choices(case, any_number(case)) if min(covered(case, s)) >= 1), default=INF)


def weight_covered(case: Small, sites: list[int], times: int = 1) -> float:
    """Weight covered by so many of these sites."""
    return float(sum(w for w, n in zip(case.weights, covered(case, sites), strict=True) if n >= times))


def partial(case: Small, share: float) -> float:
    """Fewest sites that cover a share of the weight."""
    wanted = share * case.weights.sum() * (1 - 1e-9)
    return min((len(s) for s in choices(case, any_number(case)) if weight_covered(case, s) >= wanted), default=INF)


def backup(case: Small, count: int) -> float:
    """Most weight covered twice by so many sites that cover everyone."""
    counts = range(count, count + 1)
    return max((weight_covered(case, s, 2) for s in choices(case, counts) if min(covered(case, s)) >= 1), default=-INF)


def p_center(case: Small) -> float:
    """Least of the dearest weighted costs; customers of weight 0 do not count."""

    def dearest(sites: list[int]) -> float:
        return max((w * c for w, c in zip(case.weights, nearest(case, sites), strict=True) if w > 0), default=0.0)

    return min((dearest(sites) for sites in choices(case)), default=INF)


def won(pull: np.ndarray, against: np.ndarray, weights: np.ndarray, sites: list[int]) -> float:
    """Weight won at these pulls, shape (I, J)."""
    total = 0.0
    for i, weight in enumerate(weights):
        ours = float(pull[i, sites].sum())
        total += weight * ours / (ours + against[i]) if ours > 0 else 0.0
    return total
