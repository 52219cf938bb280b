"""Published optima: instance, value, published value, gap, seconds - each value recomputed from the returned sites.

    make bench                                                            # the quick ones
    make bench BENCH="--data FOLDER --all"                                # all of them
    .venv/bin/python benchmarks/published.py pmedcap fl1400-p5            # those whose names have one of these in them
    .venv/bin/python benchmarks/published.py fl1400 --time-limit 600

Without a name and without --all the quick ones are run: SLOW below says which are left out. Instances are read from --data; see benchmarks/instances.py for the files. "proven" is ours; a value is marked if it is not the
published one, or if what it recomputes to is not what was told. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from instances import Instance, instances

SLOW = ("manhattan", "fl1400", "rl1304")
"""Parts of the names of the instances that take longest."""

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "benchmarks"


def line(instance: Instance, time_limit: float) -> tuple[str, bool]:
    """Solve one; its line, and whether it is the published value, recomputed, and proven where that is proven."""
    used = _cpu_seconds()
    began = time.perf_counter()
    found = instance.solve(time_limit=time_limit)
    seconds = time.perf_counter() - began
    if found.objective is None or found.gap is None:
        return f"{instance.name:<16} {found.status}", False
    again = instance.recompute(found)
    is_published = abs(found.objective - instance.value) <= 1e-5 * abs(instance.value)
    is_same = abs(found.objective - again) <= 1e-6 * abs(again)
    is_good = is_published and is_same and (found.status == "optimal" or not instance.is_proven)
    marks = ("" if is_published else "  not the published value") + ("" if is_same else f"  recomputes to {again:.10g}")
    open_value = "" if instance.is_proven else " (open)"
    return (
        f"{instance.name:<16} {found.objective:>16,.3f} {instance.value:>16,.3f}{open_value:<7} {100 * found.gap:>9.5f} % "
        f"{seconds:>8.1f} s {_cpu_seconds() - used:>8.1f} s  {found.status}{marks}"
    ), is_good


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _is_chosen(name: str, parts: list[str], *, is_all: bool) -> bool:
    """Whether an instance is asked for."""
    if parts:
        return any(part in name for part in parts)
    return is_all or not any(part in name for part in SLOW)


def main() -> int:
    """Print the table; the exit code is 1 if anything falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="parts of names; those that have one of them are run")
    parser.add_argument("--all", action="store_true", help="the slow ones too")
    parser.add_argument("--time-limit", type=float, default=1800.0, help="seconds an instance")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the instances")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(
            f"{options.data} is not there; docs/benchmarks.md says where the instances come from; give their folder with --data",
            file=sys.stderr,
        )
        return 2
    print(f"{'instance':<16} {'value':>16} {'published':>16}        {'gap':>11} {'wall':>10} {'CPU':>10}")
    short = []
    for instance in instances(options.data):
        if not _is_chosen(instance.name, options.filter, is_all=options.all):
            continue
        text, is_good = line(instance, options.time_limit)
        print(text, flush=True)
        short += [] if is_good else [instance.name]
    if not options.all and not options.filter:
        print(f"not run (--all runs them): {', '.join(SLOW)}")
    print(f"fall short: {', '.join(short)}" if short else "all published values reached, those called optimal proven")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
