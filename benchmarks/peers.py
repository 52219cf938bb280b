"""netplan.classic beside other libraries on the same instances: each run in a process of its own.

    python3.11 -m venv /tmp/peers
    /tmp/peers/bin/pip install spopt==0.7 "pulp>=3.3,<4" "highspy==1.15.*" "ortools==9.15.*"
    taskset -c 0 env OMP_NUM_THREADS=1 .venv/bin/python benchmarks/peers.py --python /tmp/peers/bin/python
    .venv/bin/python benchmarks/peers.py --python /tmp/peers/bin/python pmedian-100 netplan spopt       # runs whose names have those in them

From the matrix of costs in memory to the sites. Seconds and memory are above the imports; the memory of CBC, a program of its
own, is not counted. "warm": the second problem in one process, when the compiled code is loaded. Every value is worked out again from
the returned sites: "value" is that, and a value told that differs is shown. The last two columns are a library's CPU seconds and
memory divided by netplan's, cold / warm.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from measuring import in_fresh_process

_HERE = Path(__file__).resolve().parent

INSTANCES: dict[str, tuple[str, int, int, int, float]] = {
    "pmedian-100": ("pmedian", 100, 100, 10, 0.0),
    "pmedian-250": ("pmedian", 250, 250, 25, 0.0),
    "pmedian-500": ("pmedian", 500, 500, 25, 0.0),
    "mclp-500": ("mclp", 500, 500, 25, 60.0),
    "mclp-1000": ("mclp", 1000, 1000, 40, 60.0),
    "mclp-2000": ("mclp", 2000, 2000, 60, 40.0),
    "lscp-500": ("lscp", 500, 500, 0, 60.0),
    "lscp-1000": ("lscp", 1000, 1000, 0, 40.0),
    "lscp-2000": ("lscp", 2000, 2000, 0, 25.0),
}
"""Kind, customers, sites, sites to choose, radius on a square of side 1,000."""

OURS = "netplan"
LIBRARIES = {
    OURS: ("peer_netplan.py", ""),
    "netplan, warm": ("peer_netplan.py", "warm"),
    "spopt + CBC": ("peer_spopt.py", "cbc"),
    "spopt + HiGHS": ("peer_spopt.py", "highs"),
    "PuLP + HiGHS": ("peer_pulp.py", "highs"),
    "OR-Tools CP-SAT": ("peer_cp_sat.py", ""),
    "OR-Tools SCIP": ("peer_scip.py", ""),
}
"""Script and solver by name."""

_SMALLEST_ONLY = "OR-Tools CP-SAT"
_SMALLEST = ("pmedian-100", "mclp-500", "lscp-500")
"""One core is not what it is made for, and takes it the whole limit; larger ones are not tried."""


def run(name: str, library: str, python: str, limit: float) -> dict[str, Any]:
    """One run; it is ended at twice its limit and a minute if it does not end itself."""
    script, solver = LIBRARIES[library]
    interpreter = sys.executable if library.startswith(OURS) else python
    task = [*INSTANCES[name], solver, limit]
    return in_fresh_process(_HERE / script, task, python=interpreter, limit=2 * limit + 60)


def line(name: str, library: str, found: dict[str, Any], ours: list[dict[str, Any]]) -> str:
    """One line of the table; netplan's own runs, cold and warm, come before the others."""
    if "wall" not in found:
        return f"| {name} | {library} | {found['status']} |  |  |  |  |  |  |"
    told, value = found["told"], found["value"]
    is_same = told is not None and math.isfinite(value) and abs(told - value) <= 1e-6 * max(1.0, abs(value))
    shown = f"{value:,.0f}" + ("" if is_same else f" (told {'none' if told is None else format(told, ',.1f')})")
    others = [] if library.startswith(OURS) else ours
    faster = " / ".join(f"{found['cpu'] / own['cpu']:.3g}" for own in others)
    leaner = " / ".join(f"{found['mb'] / max(own['mb'], 1.0):.3g}" for own in others)
    return (
        f"| {name} | {library} | {found['status']} | {shown} | {found['wall']:.2f} | {found['cpu']:.2f} | "
        f"{found['mb']:.0f} | {faster} | {leaner} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="parts of names of instances and libraries")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the other libraries")
    parser.add_argument("--time-limit", type=float, default=300.0, help="seconds a run")
    options = parser.parse_args()
    names, libraries = _chosen(INSTANCES, options.filter), _chosen(LIBRARIES, options.filter)
    for name in ("pmedian-250", "mclp-500", "lscp-500"):
        run(name, OURS, options.python, 30.0)  # what is compiled here is kept on disk from then on
    print(
        "| instance | library | status told | value | wall s | CPU s | MB above imports | times the CPU | times the memory |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    for name in names:
        _compare(name, libraries, options)


def _compare(name: str, libraries: list[str], options: argparse.Namespace) -> None:
    """Print the lines of one instance."""
    ours: list[dict[str, Any]] = []
    for library in libraries:
        if library == _SMALLEST_ONLY and name not in _SMALLEST:
            continue
        found = run(name, library, options.python, options.time_limit)
        print(line(name, library, found, ours), flush=True)
        ours += [found] if library.startswith(OURS) and "wall" in found else []


def _chosen(names: Any, parts: list[str]) -> list[str]:
    """The names that have one of the parts in them; all if none has."""
    some = [name for name in names if any(part in name for part in parts)]
    return some or list(names)


if __name__ == "__main__":
    main()
