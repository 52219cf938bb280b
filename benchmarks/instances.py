"""Published instances of classic location problems, read from a folder of their original files.

    pmed/            OR-Library p-median: n m p, then edges i j cost, the last of repeated ones counting; all-pairs shortest paths
    pmedian_tsp/     TSPLIB positions, every point customer and site, floor of the Euclidean distance; optima.csv
    cap/             OR-Library warehouse location: m n, m x (capacity, fixed cost), per customer demand and m costs of all of it
    holmberg/        m n, m x (capacity, fixed cost), n demands, m x n costs of all of a customer's demand; one site a customer
    pmedcap/         number optimum, n p Q, n x (id, x, y, demand): capacitated p-median, floor of the Euclidean distance
    mclp_manhattan/  census blocks: latitude and longitude, demand; metres on a sphere; best_known.csv
    sf/              stores and census tracts with network metres

Each instance knows the published value, and how to work out the value of given sites (and, with capacities, of an assignment) from the
file alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse.csgraph import shortest_path

from netplan import classic
from netplan.classic import Solution

Floats = NDArray[np.float64]
Solve = Callable[..., Solution]


@dataclass(frozen=True)
class Instance:
    """One published instance.

    Attributes
    ----------
    name, value, is_proven
        Its name, the published value, and whether that is called optimal.
    solve
        Solves it; takes the limits of `netplan.classic`.
    recompute
        The value of a solution from its sites (and assignment, if single-source), by plain means.
    """

    name: str
    value: float
    is_proven: bool
    solve: Solve
    recompute: Callable[[Solution], float]


def instances(folder: Path) -> Iterator[Instance]:
    """All instances, the quickest families first."""
    yield from _cap(folder / "cap")
    yield from _sf(folder / "sf")
    yield from _holmberg(folder / "holmberg")
    yield from _pmedcap(folder / "pmedcap")
    yield from _pmed(folder / "pmed")
    yield from _manhattan(folder / "mclp_manhattan")
    yield from _tsp(folder / "pmedian_tsp")


def _numbers(path: Path) -> Floats:
    return np.array(path.read_text(encoding="ascii").split(), dtype=np.float64)


def _total(costs: Floats, weights: Floats | None = None) -> Callable[[Solution], float]:
    """Everyone to the nearest chosen site."""
    return lambda found: float((costs[:, found.sites].min(axis=1) * (1.0 if weights is None else weights)).sum())


def _cap(folder: Path) -> Iterator[Instance]:
    for line in (folder / "optima.txt").read_text(encoding="ascii").splitlines()[1:]:
        name, value = line.split()
        numbers = _numbers(folder / f"{name}.txt")
        m, n = int(numbers[0]), int(numbers[1])
        sites = numbers[2 : 2 + 2 * m].reshape(m, 2)
        customers = numbers[2 + 2 * m :].reshape(n, m + 1)
        yield _located(name, float(value), sites, customers[:, 0], customers[:, 1:], single_source=False)


def _holmberg(folder: Path) -> Iterator[Instance]:
    optima = (folder / "optima.txt").read_text(encoding="ascii").split()
    for number, value in enumerate(optima, start=1):
        numbers = _numbers(folder / f"p{number}")
        m, n = int(numbers[0]), int(numbers[1])
        sites = numbers[2 : 2 + 2 * m].reshape(m, 2)
        demands = numbers[2 + 2 * m : 2 + 2 * m + n]
        costs = numbers[2 + 2 * m + n :].reshape(m, n).T
        yield _located(f"holmberg-p{number}", float(value), sites, demands, costs, single_source=True)


def _located(
    name: str, value: float, sites: Floats, demands: Floats, costs: Floats, *, single_source: bool
) -> Instance:
    capacity, fixed = sites[:, 0], sites[:, 1]

    def solve(**limits: float) -> Solution:
        return classic.cflp(
            costs, opening_costs=fixed, capacities=capacity, demands=demands, single_source=single_source, **limits
        )

    def recompute(found: Solution) -> float:
        if single_source:
            return _assigned(found, costs, demands, capacity) + float(fixed[found.sites].sum())
        return _split(found.sites, costs, demands, capacity) + float(fixed[found.sites].sum())

    return Instance(name, value, True, solve, recompute)


def _assigned(found: Solution, costs: Floats, demands: Floats, capacity: Floats) -> float:
    """Cost of an assignment of whole customers; infinite if it breaks a capacity or uses a closed site."""
    site = np.asarray(found.assignment)
    load = np.bincount(site, weights=demands, minlength=len(capacity))
    if not set(site) <= set(found.sites) or (load > capacity).any():
        return float("inf")
    return float(costs[np.arange(len(site)), site].sum())


def _split(sites: NDArray[np.int64], costs: Floats, demands: Floats, capacity: Floats) -> float:
    """Cheapest split of customers among sites within their capacities."""
    n, m = len(demands), len(sites)
    ends = scipy.sparse.kron(scipy.sparse.eye_array(n), np.ones((1, m)))
    loads = scipy.sparse.kron(demands[None, :], scipy.sparse.eye_array(m))
    found = linprog(
        costs[:, sites].ravel(), A_ub=loads, b_ub=capacity[sites], A_eq=ends, b_eq=np.ones(n), bounds=(0, None)
    )
    return float(found.fun)


def _pmedcap(folder: Path) -> Iterator[Instance]:
    for number in range(1, 11):
        numbers = _numbers(folder / f"pmedcap1_{number}.txt")
        value, n, p, capacity = numbers[1], int(numbers[2]), int(numbers[3]), numbers[4]
        points = numbers[5 : 5 + 4 * n].reshape(n, 4)
        costs, demands = _floor_distances(points[:, 1:3]), points[:, 3]
        capacities = np.full(n, capacity)

        def solve(
            costs: Floats = costs,
            p: int = p,
            capacities: Floats = capacities,
            demands: Floats = demands,
            **limits: float,
        ) -> Solution:
            return classic.p_median(costs, p=p, capacities=capacities, demands=demands, **limits)

        def recompute(
            found: Solution, costs: Floats = costs, demands: Floats = demands, capacities: Floats = capacities
        ) -> float:
            return _assigned(found, costs, demands, capacities)

        yield Instance(f"pmedcap-{number}", float(value), True, solve, recompute)


def _pmed(folder: Path) -> Iterator[Instance]:
    for line in (folder / "optima.txt").read_text(encoding="ascii").splitlines()[1:]:
        name, value = line.split()
        numbers = _numbers(folder / f"{name}.txt").astype(np.int64)
        n, p, edges = int(numbers[0]), int(numbers[2]), numbers[3:].reshape(-1, 3)
        matrix = np.full((n, n), np.inf)
        for i, j, cost in edges:
            matrix[i - 1, j - 1] = matrix[j - 1, i - 1] = cost
        yield _median(name, float(value), True, shortest_path(matrix, directed=False), p)


def _tsp(folder: Path) -> Iterator[Instance]:
    with (folder / "optima.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lines = (folder / f"{row['instance']}.tsp").read_text(encoding="ascii").splitlines()
            first = next(place for place, line in enumerate(lines) if "NODE_COORD" in line) + 1
            points = np.array([line.split()[1:3] for line in lines[first : first + int(row["N"])]], dtype=np.float64)
            name, is_proven = f"{row['instance']}-p{row['p']}", row["status"] == "optimal"
            yield _median(name, float(row["opt_or_bkn"]), is_proven, _floor_distances(points), int(row["p"]))


def _median(name: str, value: float, is_proven: bool, costs: Floats, p: int) -> Instance:
    return Instance(name, value, is_proven, lambda **limits: classic.p_median(costs, p=p, **limits), _total(costs))


def _floor_distances(points: Floats) -> Floats:
    return np.asarray(np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))))


def _manhattan(folder: Path) -> Iterator[Instance]:
    lines = (folder / "NewYork.txt").read_text(encoding="ascii").splitlines()
    n = int(next(line for line in lines if line.startswith("DIMENSION")).split(":")[1])
    at, of = (next(k for k, line in enumerate(lines) if part in line) + 1 for part in ("NODE_COORD", "DEMAND_SECTION"))
    lat, lon = np.radians(np.array([line.split() for line in lines[at : at + n]], dtype=np.float64)).T
    demand = np.array(lines[of : of + n], dtype=np.float64)
    cosine = np.outer(np.sin(lat), np.sin(lat)) + np.outer(np.cos(lat), np.cos(lat)) * np.cos(lon[:, None] - lon[None])
    metres = np.arccos(np.clip(cosine, -1.0, 1.0)) * 6378100.0
    with (folder / "best_known.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            p, radius = int(row["p"]), float(row["radius_m"])

            def solve(p: int = p, radius: float = radius, **limits: float) -> Solution:
                return classic.mclp(metres, p=p, radius=radius, weights=demand, **limits)

            def recompute(found: Solution, radius: float = radius) -> float:
                return float(demand[(metres[:, found.sites] <= radius).any(axis=1)].sum())

            is_proven = row["flag_otimo_in_upstream_source"] == "true"
            yield Instance(f"manhattan-p{p}", float(row["best_known"]), is_proven, solve, recompute)


def _sf(folder: Path) -> Iterator[Instance]:
    """Four stores for 205 tracts: the values that spopt's tutorials print for these data."""
    with (folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    tracts, stores = sorted({row["DestinationName"] for row in rows}), sorted({row["name"] for row in rows})
    costs = np.full((len(tracts), len(stores)), np.inf)
    weights = np.zeros(len(tracts))
    for row in rows:
        tract = tracts.index(row["DestinationName"])
        costs[tract, stores.index(row["name"])] = float(row["distance"])
        weights[tract] = float(row["demand"])
    yield Instance(
        "sf-lscp",
        8.0,
        True,
        lambda **limits: classic.lscp(costs, radius=5000.0, **limits),
        lambda found: float(len(found.sites)) if costs[:, found.sites].min(axis=1).max() <= 5000.0 else float("inf"),
    )
    yield Instance(
        "sf-pmedian",
        2848268129.7145104,
        True,
        lambda **limits: classic.p_median(costs, p=4, weights=weights, **limits),
        _total(costs, weights),
    )
    yield Instance(
        "sf-pcenter",
        7403.06,
        True,
        lambda **limits: classic.p_center(costs, p=4, **limits),
        lambda found: float(costs[:, found.sites].min(axis=1).max()),
    )
