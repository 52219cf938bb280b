"""A plan of the tiny region with every kind of action, solved in a moment, and what a malicious table could hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from regions import SETTINGS, tiny_tables, write_region

from netplan.plan import Plan
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region, read_region
from netplan.solve import solve

POLICY = {
    "budget": {"capital": 600_000},
    "policy": {"forced_closures": ["O2", "O3"], "forced_openings": ["C2"]},
    "standard": [
        {"id": "near", "service": "cash", "group": "rural", "minutes": 15, "share": 0.5, "hard": False, "penalty": 3},
        {"id": "towns", "kind": "township"},
    ],
}
"""O2 and O3 must leave; A2 keeps its last outlet, so O3 moves to C1 and O2 closes; C2 opens as a counter of BASE1."""

HOSTILE = (
    "<script>window.owned=1</script>",
    "</script><script>window.owned=2</script>",
    "${window.owned=3}`${window.owned=4}`",
    "\"'><img src=x onerror=window.owned=5>",
    "&lt;b&gt; \\u003cb\\u003e {{7*7}} {% raw %} %}",
    '=HYPERLINK("http://example.com")',
    "line\u2028separator\u2029 and \u202eoverride",
)


def tiny_region(folder: Path, tables: Mapping[str, pd.DataFrame] | None = None, settings: str = SETTINGS) -> Region:
    """The tiny region, read from a folder."""
    return read_region(write_region(tables or tiny_tables(), folder, settings=settings))


def tiny_plan(folder: Path, tables: Mapping[str, pd.DataFrame] | None = None) -> Plan:
    """The plan of `POLICY`, explained."""
    problem = PlanningProblem.build(tiny_region(folder, tables), parse_policy(POLICY, origin="tests"))
    plan = solve(problem).plan
    assert plan is not None
    return plan.explained()


def hostile_tables() -> dict[str, pd.DataFrame]:
    """The tiny tables with names that try to be code."""
    tables = tiny_tables()
    for stem in ("outlets", "candidates", "nodes", "districts", "townships", "hosts"):
        names = tables[stem]["name"]
        tables[stem]["name"] = [HOSTILE[(at + len(stem)) % len(HOSTILE)] for at in range(len(names))]
    tables["formats"]["name"] = [f"{name} {HOSTILE[at % 4]}" for at, name in enumerate(tables["formats"]["name"])]
    return tables
