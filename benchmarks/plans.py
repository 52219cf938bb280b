"""Plans of a district (P3) and of a province (P4), made up from a seed: seconds, memory, value, bound and gap of each method.

    .venv/bin/python benchmarks/plans.py P3 --compact 3600       # netplan, then the compact model for at most an hour
    .venv/bin/python benchmarks/plans.py P4                      # netplan only
    .venv/bin/python benchmarks/plans.py P4 --build              # read and build, solve nothing
    .venv/bin/python benchmarks/plans.py P3 --method benders --gap 0.001 --time-limit 600

The region is written anew each time, or kept in --folder, if given: written there once and read from then on. Each method runs in a process of its own, so that its memory is its own. With
`taskset -c 0 env OMP_NUM_THREADS=1` before it, CPU and wall seconds agree.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from made_region import SHAPES, write_made_region
from measuring import in_fresh_process, peak_mb, timed

from netplan import PlanningProblem, Result, read_policy, read_region, solve

_GAP = {"P3": 0.001, "P4": 0.005}
_LIMIT = {"P3": 60.0, "P4": 600.0}
"""Asked for of a district and of a province."""

_COMPACT_LIMIT = 600.0


def measured(folder: Path, method: str, gap: float, limit: float) -> dict[str, Any]:
    """Read, build and solve in this process; what it took and what it came to."""
    imports_mb = peak_mb()
    region, *reading = timed(lambda: read_region(folder))
    policy = read_policy(folder / "plan.toml")
    problem, *building = timed(lambda: PlanningProblem.build(region, policy))
    found: dict[str, Any] = {
        "sites": len(problem.sites),
        "decisions": len(problem.columns),
        "rows": len(problem.rows),
        "options": len(problem.rows.option_cost),
        "built_mb": round(peak_mb() - imports_mb),
        "seconds": {"read": reading, "build": building},
    }
    if method != "none":
        result, *solving = timed(lambda: solve(problem, method=method, gap=gap, time_limit=limit, seed=0))
        found |= _facts(result)
        found["seconds"]["solve"] = solving
    return found | {"peak_mb": round(peak_mb() - imports_mb)}


def _facts(result: Result) -> dict[str, Any]:
    certificate = result.certificate
    return {
        "status": certificate.status,
        "objective": certificate.objective,
        "bound": certificate.bound,
        "gap": result.gap,
        "method": certificate.method,
    }


def show(found: dict[str, Any]) -> None:
    """Print one method's lines."""
    if "sites" not in found:
        print(f"  {found['status']}")
        return
    print(
        f"{found['sites']:,} sites, {found['decisions']:,} decisions, {found['rows']:,} rows, "
        f"{found['options']:,} options; {found['built_mb']:,} MB above the imports when built"
    )
    for label, (wall, cpu) in found["seconds"].items():
        print(f"  {label:<6} {wall:>9.1f} s wall {cpu:>9.1f} s CPU")
    if "status" in found:
        shown = {name: _text(found[name]) for name in ("objective", "bound")}
        gap = "none" if found["gap"] is None else f"{100 * found['gap']:.3f} %"
        print(
            f"  {found['method']}: {found['status']}, objective {shown['objective']}, bound {shown['bound']}, gap {gap}"
        )
    print(f"  peak memory above the imports {found['peak_mb']:,} MB", flush=True)


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES, nargs="?", default="P3")
    parser.add_argument("--method", default="auto")
    parser.add_argument("--gap", type=float, help="relative gap; of a district 0.001, of a province 0.005 if not given")
    parser.add_argument("--time-limit", type=float, help="seconds; for a district 60, for a province 600 if not given")
    parser.add_argument("--compact", type=float, nargs="?", const=_COMPACT_LIMIT, default=0.0, metavar="SECONDS")
    parser.add_argument("--build", action="store_true", help="solve nothing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the region is, or is written")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        folder, *how = json.loads(options.task)
        print(json.dumps(measured(Path(folder), *how)))
        return
    with tempfile.TemporaryDirectory() as elsewhere:
        run(options, options.folder or Path(elsewhere))


def run(options: argparse.Namespace, folder: Path) -> None:
    """Make the region if it is not there, then solve it by each method asked for."""
    if not (folder / "plan.toml").is_file():
        write_made_region(folder, SHAPES[options.shape], seed=options.seed)
    print(f"{options.shape}, seed {options.seed}", flush=True)
    size = options.shape[:2]
    gap = options.gap or _GAP[size]
    method = "none" if options.build else options.method
    show(in_fresh_process(Path(__file__), [str(folder), method, gap, options.time_limit or _LIMIT[size]]))
    if options.compact and not options.build:
        show(in_fresh_process(Path(__file__), [str(folder), "compact", gap, options.compact]))


if __name__ == "__main__":
    main()
