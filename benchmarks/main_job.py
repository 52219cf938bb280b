"""The main job, step by step: seconds, memory, gap - and the same plan through the compact model, cut off at a limit.

    .venv/bin/python benchmarks/main_job.py                      # the sample plan
    .venv/bin/python benchmarks/main_job.py --compact 300        # and the compact model for at most 300 s
    .venv/bin/python benchmarks/main_job.py --seeds 0 1 2 3
    .venv/bin/python benchmarks/main_job.py --assignment system --overflow hard --capacity 0.5

Each row is measured in this process, one after the other; run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import netplan
from netplan.evaluate import audit

T = TypeVar("T")
SAMPLE = Path(__file__).resolve().parent.parent / "data" / "chongqing"


def timed(label: str, step: Callable[[], T]) -> T:
    """Run a step and print how long it took and the most memory used so far."""
    began = time.perf_counter()
    value = step()
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{label:<28} {time.perf_counter() - began:8.1f} s   {memory_gb:5.2f} GB")
    return value


def with_capacity(region: netplan.Region, factor: float) -> netplan.Region:
    """The same region whose sites take so many times as many visits."""
    formats = region.formats.copy()
    for name in formats.columns[formats.columns.str.startswith("capacity")]:
        formats[name] *= factor
    return replace(region, formats=formats)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--region", type=Path, default=SAMPLE)
    parser.add_argument("--policy", default="plan.toml")
    parser.add_argument("--gap", type=float, default=0.005)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--compact", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--assignment", choices=("nearest", "system"), help="instead of the plan file's")
    parser.add_argument("--overflow", choices=("priced", "hard", "ignored"), help="instead of the plan file's")
    parser.add_argument("--viability", choices=("hard", "ignored"), help="instead of the plan file's")
    parser.add_argument("--capacity", type=float, default=1.0, metavar="FACTOR", help="times what formats.csv says")
    options = parser.parse_args()
    region = timed("read and check", lambda: with_capacity(netplan.read_region(options.region), options.capacity))
    policy = netplan.read_policy(options.region / options.policy)
    changed = {
        "access": {"assignment": options.assignment},
        "capacity": {"overflow": options.overflow, "viability": options.viability},
    }
    for table, keys in changed.items():
        given = {key: value for key, value in keys.items() if value is not None}
        policy = policy.replace(**{table: given}) if given else policy
    problem = timed("build", lambda: netplan.PlanningProblem.build(region, policy))
    print(problem)
    for seed in options.seeds:
        result = timed(f"solve, seed {seed}", lambda seed=seed: netplan.solve(problem, gap=options.gap, seed=seed))
        print("   ", result)
        if result.plan is not None:
            plan = result.plan
            timed("    audit", lambda plan=plan: audit(problem, plan))
            timed("    reasons", plan.explained)
    if options.compact:
        compact = timed(
            "solve, compact model",
            lambda: netplan.solve(problem, method="compact", gap=options.gap, time_limit=options.compact),
        )
        print("   ", compact)


if __name__ == "__main__":
    main()
