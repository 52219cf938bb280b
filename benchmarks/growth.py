"""How time and memory of the row engine grow with the (row, option) entries; each size in a process of its own.

    taskset -c 0 env OMP_NUM_THREADS=1 .venv/bin/python benchmarks/growth.py
    .venv/bin/python benchmarks/growth.py 1000 10000 --gap 0.001

Customers and sites lie at random in a square that grows with them, eight customers a site; a customer may go to the 24 nearest sites,
or stay away for what a site twice as far as those would cost. A site costs as much to open as thirty customers at the mean distance.
Minimised are opening costs and distances, to the same gap at every size.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from measuring import in_fresh_process, peak_mb, reset_peak, timed
from scipy.spatial import KDTree

from netplan.engine.policy_part import PolicyPart
from netplan.engine.rows import SortedRows, from_entries
from netplan.engine.run import Options
from netplan.engine.solve import solve_rows

_SIZES = (1_000, 10_000, 80_000, 300_000)
_OPTIONS = 24
_CUSTOMERS_PER_SITE = 8
_OPENING = 30.0
_WARM_UP = 400
"""Customers of a problem solved before the clock starts, so that the compiled code is loaded."""


def made_rows(customers: int, seed: int = 0) -> tuple[SortedRows, PolicyPart]:
    """Rows and policy part of so many customers; one site in the unit of area, distances in its side."""
    rng = np.random.default_rng([seed, customers])
    sites = customers // _CUSTOMERS_PER_SITE
    side = sites**0.5
    at = rng.uniform(0.0, side, (sites, 2))
    distance, nearest = KDTree(at).query(rng.uniform(0.0, side, (customers, 2)), k=_OPTIONS)
    rows = from_entries(
        np.repeat(np.arange(customers), _OPTIONS),
        nearest.ravel(),
        distance.ravel(),
        weight=rng.integers(1, 101, customers).astype(float),
        penalty=2.0 * distance[:, -1],
        num_columns=sites,
    )
    return rows, _opening(sites, _OPENING * float(rows.weight.mean() * distance.mean()))


def _opening(sites: int, cost: float) -> PolicyPart:
    """Sites that cost the same to open, and nothing else to keep."""
    return PolicyPart(
        num_columns=sites,
        cost=np.full(sites, cost),
        lower=np.zeros(sites),
        upper=np.ones(sites),
        is_integer=np.ones(sites, dtype=bool),
        matrix=scipy.sparse.csr_array((0, sites)),
        row_lower=np.empty(0),
        row_upper=np.empty(0),
        num_open=(0, sites),
    )


def measured(customers: int, gap: float, limit: float) -> dict[str, Any]:
    """Solve one size in this process."""
    solve_rows(*made_rows(_WARM_UP), Options(gap=gap))
    before = reset_peak()
    (rows, part), built, _ = timed(lambda: made_rows(customers))
    answer, wall, cpu = timed(lambda: solve_rows(rows, part, Options(gap=gap, time_limit=limit)))
    value, bound = answer.objective or 0.0, answer.bound or 0.0
    return {
        "entries": rows.num_entries,
        "sites": rows.num_columns,
        "open": 0 if answer.y is None else int(answer.y.sum()),
        "built": built,
        "wall": wall,
        "cpu": cpu,
        "mb": peak_mb() - before,
        "status": answer.status,
        "gap": (value - bound) / max(1.0, abs(value)),
    }


def line(customers: int, found: dict[str, Any]) -> str:
    """One line of the table."""
    if "wall" not in found:
        return f"| {customers:,} | {found['status']} |"
    per_entry = 1e6 * found["cpu"] / found["entries"], 1e6 * found["mb"] / found["entries"]
    return (
        f"| {customers:,} | {found['sites']:,} | {found['entries']:,} | {found['open']:,} | {found['built']:.2f} | "
        f"{found['wall']:.1f} | {found['cpu']:.1f} | {per_entry[0]:.1f} | {found['mb']:.0f} | {per_entry[1]:.0f} | "
        f"{100 * found['gap']:.3f} % | {found['status']} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("customers", nargs="*", type=int, default=list(_SIZES))
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds a size")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(measured(*json.loads(options.task))))
        return
    print(
        "| rows | sites | entries | open | build s | wall s | CPU s | CPU µs an entry | MB | bytes an entry | gap | status |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    for customers in options.customers:
        found = in_fresh_process(Path(__file__), [customers, options.gap, options.time_limit], python=sys.executable)
        print(line(customers, found), flush=True)


if __name__ == "__main__":
    main()
