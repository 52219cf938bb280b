"""One LP file per constraint family, on the tiny region: what a family writes changes only when somebody means it to.

``pytest tests/test_golden_lp.py --golden-update`` rewrites the files in tests/golden; read the difference as you would
read code. `regions` draws the region: its minutes and formats explain every coefficient.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netplan.formulation.assembly import formulate
from netplan.formulation.capacity import add_capacity, add_viability
from netplan.formulation.certain import certain_sets, last_needed_option
from netplan.formulation.channels import (
    add_cash_supply,
    add_fixed_time_counters,
    add_hosted_points,
    add_van_stops,
)
from netplan.formulation.customers import Chains, add_row_costs, nearest_load
from netplan.formulation.limits import add_clusters, add_limits, add_named_sites, add_zone_shares
from netplan.formulation.model import PolicyModel
from netplan.formulation.network import add_one_state_per_site, add_relocation_links
from netplan.formulation.policy_variables import PolicyVariables, create_policy_variables
from netplan.formulation.split import add_split_access
from netplan.formulation.standards import add_standards
from netplan.ledger import build_ledger
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.rows import ACCESS, GAIN, RETENTION, Rows

GOLDEN = Path(__file__).parent / "golden"
Family = Callable[[PolicyModel, PlanningProblem, PolicyVariables], Any]


def rows_of(problem: PlanningProblem, kind: int, *subjects: int, service: int = -1) -> Rows:
    """The rows of one kind about some nodes or outlets."""
    rows = problem.rows
    keep = (rows.kind == kind) & np.isin(rows.subject, subjects)
    return rows.select(keep if service < 0 else keep & (rows.service == service))


def limits(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """Bounds need the vans' variables: a van's cost is a running cost."""
    policy.van_used["V1"] = model.binary("u", "V1")
    add_limits(model, problem, policy, build_ledger(problem))


def zones(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """Zone shares read the ledger."""
    add_zone_shares(model, problem, policy, build_ledger(problem))


def chained(kind: int, *subjects: int, service: int = -1, shorten: bool = False) -> Family:
    """The telescoped rows of some subjects."""

    def write(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
        rows = rows_of(problem, kind, *subjects, service=service)
        sets = certain_sets(problem) if shorten else []
        add_row_costs(model, policy, Chains(rows, last_needed_option(rows, sets, len(problem.columns))))

    return write


def loads(*, service: int, viability: bool) -> Family:
    """Capacity or viability of O2, fed by nodes N1 and N2."""

    def write(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
        rows = rows_of(problem, ACCESS, 0, 1)
        chains = Chains(rows, np.full(len(rows), -1, dtype=np.int64))

        def load_of(site: int, service: int) -> Any:
            return nearest_load(model, policy, chains, site, service)

        if viability:
            add_viability(model, problem, policy, load_of, site=1)
        else:
            add_capacity(model, problem, policy, load_of, site=1, service=service)

    return write


def split(model: PolicyModel, problem: PlanningProblem, policy: PolicyVariables) -> None:
    """Shares of the visits of N4, and the capacity of O1 for advice."""
    shares = add_split_access(model, policy, rows_of(problem, ACCESS, 3))
    add_capacity(model, problem, policy, shares.load, site=0, service=2)


COVERAGE = {"id": "near", "service": "cash", "minutes": 10, "share": 0.9}
LIMITS = {
    "max_openings": 2,
    "min_openings": 1,
    "max_closures": 1,
    "min_closures": 1,
    "max_conversions": 1,
    "max_relocations": 1,
    "max_outlets": 4,
    "min_outlets": 2,
    "max_running_cost_change": -10_000,
    "max_staff_change": 2,
    "min_staff_change": -6,
    "max_of_format": {"light": 2},
    "min_of_format": {"point": 1},
}
FAMILIES: dict[str, tuple[Family, dict[str, Any]]] = {
    "one_state_per_site": (add_one_state_per_site, {}),
    "relocation_links": (add_relocation_links, {}),
    "hosted_points": (add_hosted_points, {}),
    "cash_supply": (add_cash_supply, {}),
    "fixed_time_counters": (add_fixed_time_counters, {}),
    "van_stops": (add_van_stops, {}),
    "bounds_network": (limits, {"policy": LIMITS, "budget": {"capital": 400_000}}),
    "bounds_district": (limits, {"district": {"A": {**LIMITS, "capital": 90_000}}}),
    "stance": (
        limits,
        {"policy": {"stance": "hold"}, "district": {"A": {"stance": "advance"}, "B": {"stance": "retreat"}}},
    ),
    "named_sites": (
        add_named_sites,
        {
            "policy": {
                "protected": ["O1"],
                "forced_closures": ["O3"],
                "forced_openings": ["C2"],
                "forbidden": ["C3"],
                "close_when_lease_ends_by": dt.date(2027, 12, 31),
            }
        },
    ),
    "clusters": (add_clusters, {"policy": {"cluster": [{"formats": ["light"], "needs": ["full"], "minutes": 30}]}}),
    "zone_shares": (
        zones,
        {"policy": {"zone_share": [{"name": "hills", "districts": ["B"], "townships": ["A2"], "min_share": 0.3}]}},
    ),
    "coverage_hard": (add_standards, {"policy": {"keep_last_outlet": False}, "standard": [COVERAGE]}),
    "coverage_soft": (
        add_standards,
        {
            "policy": {"keep_last_outlet": False},
            "standard": [
                {**COVERAGE, "group": "rural", "any_bank": True, "only": ["staffed"], "hard": False, "penalty": 50}
            ],
        },
    ),
    "township_hard": (
        add_standards,
        {"policy": {"keep_last_outlet": False}, "standard": [{"id": "owed", "kind": "township"}]},
    ),
    "township_soft": (
        add_standards,
        {
            "policy": {"keep_last_outlet": False},
            "standard": [{"id": "owed", "kind": "township", "districts": ["B"], "hard": False, "penalty": 9_000}],
        },
    ),
    "keep_last_outlet": (add_standards, {}),
    "spacing_hard": (
        add_standards,
        {"policy": {"keep_last_outlet": False}, "standard": [{"id": "apart", "kind": "spacing", "minutes": 11}]},
    ),
    "spacing_soft": (
        add_standards,
        {
            "policy": {"keep_last_outlet": False},
            "standard": [
                {"id": "apart", "kind": "spacing", "kilometres": 5, "hard": False, "penalty": 700, "formats": ["light"]}
            ],
        },
    ),
    "row_access": (chained(ACCESS, 1, service=0), {}),
    "row_access_shortened": (chained(ACCESS, 0, service=0, shorten=True), {"policy": {"protected": ["O2"]}}),
    "row_retention": (chained(RETENTION, 2, service=1), {}),
    "row_gain": (chained(GAIN, 3), {}),
    "capacity_priced": (loads(service=0, viability=False), {"access": {"service": {"cash": {"overflow_cost": 3}}}}),
    "capacity_hard": (loads(service=0, viability=False), {"capacity": {"overflow": "hard"}}),
    "viability": (loads(service=0, viability=True), {"capacity": {"viability": "hard"}}),
    "system": (split, {"access": {"assignment": "system"}, "capacity": {"overflow": "hard"}}),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_family(family: str, tiny: Region, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A constraint family writes exactly the inequalities of its golden file."""
    write, plan = FAMILIES[family]
    problem = PlanningProblem.build(tiny, parse_policy(plan, origin=family))
    model = PolicyModel(family)
    write(model, problem, create_policy_variables(model, problem))
    written = tmp_path / f"{family}.lp"
    model.finish().writeLP(str(written))
    golden = GOLDEN / written.name
    if request.config.getoption("--golden-update"):
        golden.write_bytes(written.read_bytes())
    assert written.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_every_file_has_its_family() -> None:
    """No golden file is left over from a family that is gone."""
    assert {path.stem for path in GOLDEN.glob("*.lp")} == {*FAMILIES, "objective_coverage"}


def test_coverage_objective(tiny: Region, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Under a coverage objective the whole model costs people who are not covered, and nothing else."""
    goal = {"kind": "coverage", "service": "cash", "minutes": 10}
    plan = {"objective": goal, "policy": {"max_outlets": 2, "keep_last_outlet": False}}
    problem = PlanningProblem.build(tiny, parse_policy(plan, origin="coverage"))
    written = tmp_path / "objective_coverage.lp"
    formulate(problem).lp.writeLP(str(written))
    golden = GOLDEN / written.name
    if request.config.getoption("--golden-update"):
        golden.write_bytes(written.read_bytes())
    assert written.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")
