"""A plan file against its region: unknown names, impossible penalties, contradictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from regions import tiny_tables, write_region

from netplan.check import check_region
from netplan.check_policy import check_policy, scope_notes
from netplan.policy import parse_policy
from netplan.region import Region


@pytest.fixture(name="tiny", scope="module")
def _tiny() -> Region:
    return Region.from_tables(name="Tiny", currency="EUR", tables=tiny_tables())


STANDARD = {"id": "near", "service": "cash", "share": 0.9, "minutes": 30.0}


def told(region: Region, **parts: Any) -> list[tuple[str, str | None]]:
    """Key and value of every violation of a policy of these parts."""
    return [
        (one.column, one.value) for one in check_policy(region, parse_policy(parts, origin="plan.toml"), "plan.toml")
    ]


def test_the_default_policy_fits_any_region(tiny: Region) -> None:
    """An empty plan file has nothing to object to."""
    assert told(tiny) == []


@pytest.mark.parametrize(
    ("parts", "key", "value", "remedy"),
    [
        ({"scope": {"districts": ["C"]}}, "[scope] districts", "C", "write one of A, B"),
        (
            {"objective": {"kind": "coverage", "service": "csh", "minutes": 9}},
            "[objective] service",
            "csh",
            "write cash",
        ),
        (
            {"objective": {"kind": "coverage", "service": "cash", "minutes": 9, "group": "old"}},
            "[objective] group",
            "old",
            "write one of all, urban, rural, children, working, elderly",
        ),
        ({"access": {"segment_weight": {"urban": 2}}}, "[access.segment_weight]", "urban", "write one of children"),
        ({"access": {"service": {"loans": {}}}}, "[access.service]", "loans", "write one of cash"),
        ({"standard": [STANDARD | {"service": "loans"}]}, "[[standard]] near service", "loans", "write one of cash"),
        ({"standard": [STANDARD | {"group": "Rural"}]}, "[[standard]] near group", "Rural", "write rural"),
        ({"standard": [STANDARD | {"districts": ["a"]}]}, "[[standard]] near districts", "a", "write A"),
        ({"policy": {"protected": ["O9"]}}, "[policy] protected", "O9", "write one of O1, O2, O3, O4"),
        ({"policy": {"protected": ["C1"]}}, "[policy] protected", "C1", "C1 is a candidate"),
        ({"policy": {"forced_closures": ["C1"]}}, "[policy] forced_closures", "C1", "C1 is a candidate"),
        ({"policy": {"forced_openings": ["O1"]}}, "[policy] forced_openings", "O1", "O1 is an outlet"),
        ({"policy": {"forbidden": ["O1"]}}, "[policy] forbidden", "O1", "O1 is an outlet"),
        ({"policy": {"max_of_format": {"kiosk": 1}}}, "[policy] max_of_format", "kiosk", "write one of full"),
        ({"policy": {"min_of_format": {"ligt": 1}}}, "[policy] min_of_format", "ligt", "write light"),
        ({"district": {"C": {"stance": "hold"}}}, "[district]", "C", "write one of A, B"),
        ({"district": {"A": {"max_of_format": {"x": 1}}}}, "[district.A] max_of_format", "x", "write one of full"),
        (
            {"policy": {"cluster": [{"formats": ["lihgt"], "needs": ["full"], "minutes": 5}]}},
            "[[policy.cluster]] 1 formats",
            "lihgt",
            "write light",
        ),
        (
            {"policy": {"cluster": [{"formats": ["light"], "needs": ["flagship"], "minutes": 5}]}},
            "[[policy.cluster]] 1 needs",
            "flagship",
            "write one of full",
        ),
        (
            {"policy": {"cluster": [{"formats": [], "needs": ["full"], "minutes": 5}]}},
            "[[policy.cluster]] 1 formats",
            None,
            "name at least one",
        ),
        (
            {"policy": {"zone_share": [{"name": "old", "districts": ["C"]}]}},
            "[[policy.zone_share]] old districts",
            "C",
            "write one of A, B",
        ),
        (
            {"policy": {"zone_share": [{"name": "old", "townships": ["A9"]}]}},
            "[[policy.zone_share]] old townships",
            "A9",
            "write one of A1, A2, B1",
        ),
        ({"policy": {"zone_share": [{"name": "old"}]}}, "[[policy.zone_share]] old", None, "name those"),
        (
            {"policy": {"zone_share": [{"name": "old", "districts": ["A"], "min_share": 0.6, "max_share": 0.5}]}},
            "[[policy.zone_share]] old min_share",
            "0.6",
            "swap",
        ),
        (
            {"standard": [{"id": "gap", "kind": "spacing", "minutes": 5, "formats": ["point"]}]},
            "[[standard]] gap formats",
            "point",
            "take it off",
        ),
        (
            {"policy": {"protected": ["O1"], "forced_closures": ["O1"]}},
            "[policy] protected",
            "O1",
            "take it off protected or forced_closures",
        ),
        (
            {"policy": {"forced_openings": ["C1"], "forbidden": ["C1"]}},
            "[policy] forced_openings",
            "C1",
            "take it off forced_openings or forbidden",
        ),
        ({"policy": {"protected": ["O1", "O1"]}}, "[policy] protected", "O1", "name it once"),
    ],
)
def test_what_does_not_fit_is_named_with_a_remedy(
    parts: dict[str, Any], key: str, value: str | None, remedy: str, tiny: Region
) -> None:
    """One wrong name gives one violation with its key, the value and what to write instead."""
    found = check_policy(tiny, parse_policy(parts, origin="plan.toml"), "plan.toml")
    assert [(one.file, one.column, one.value) for one in found] == [("plan.toml", key, value)]
    assert remedy in found[0].remedy


def test_all_is_told_in_one_pass(tiny: Region) -> None:
    """Several wrong parts give several violations."""
    parts = {"scope": {"districts": ["C"]}, "policy": {"protected": ["X", "Y"]}, "district": {"D": {}}}
    keys = [key for key, _ in told(tiny, **parts)]
    assert keys == ["[scope] districts", "[policy] protected", "[policy] protected", "[district]"]


@pytest.mark.parametrize(
    ("access", "farthest"),
    [
        # 30 money an hour, 60 minutes there and 60 back
        ({"shape": "linear"}, 0.5 * 120),
        ({"shape": "power", "exponent": 2.0}, 0.5 * 120**2),
        ({"shape": "exponential", "exponent": 0.05}, 0.5 * (2.718281828459045**6 - 1) / 0.05),
    ],
)
def test_penalties_below_the_farthest_visit_are_refused(access: dict[str, Any], farthest: float, tiny: Region) -> None:
    """unserved_cost must reach time(2 x reach_minutes); exactly that is enough."""

    def refused(unserved_cost: float) -> list[tuple[str, str | None]]:
        service = {name: access | {"reach_minutes": 60.0, "unserved_cost": unserved_cost} for name in tiny.services}
        return told(tiny, money={"value_of_time_per_hour": 30.0}, access={"service": service})

    assert refused(farthest * (1 + 1e-12)) == []
    keys = [key for key, _ in refused(farthest * 0.999)]
    assert keys == [f"[access.service.{name}] unserved_cost" for name in tiny.services]


def test_penalties_count_for_services_that_the_plan_file_does_not_name(tiny: Region) -> None:
    """The defaults (60 minutes, 100 a visit) are refused if time is worth 60 an hour: 120 minutes cost 120."""
    assert [key for key, _ in told(tiny, money={"value_of_time_per_hour": 60.0})] == [
        f"[access.service.{name}] unserved_cost" for name in ("cash", "counter", "advice")
    ]


def test_an_exponential_that_overflows_is_refused(tiny: Region) -> None:
    """A cost beyond all numbers is above any penalty, and no traceback."""
    service = {"shape": "exponential", "exponent": 50.0, "reach_minutes": 600.0}
    assert told(tiny, access={"service": {"cash": service}}) == [("[access.service.cash] unserved_cost", "100")]


def test_any_bank_needs_competitors(tiny: Region) -> None:
    """A standard that counts other banks' outlets is refused where none is known."""
    parts = {"standard": [STANDARD | {"any_bank": True}]}
    assert told(tiny, **parts) == []
    tables = {stem: frame for stem, frame in tiny_tables().items() if stem != "competitors"}
    alone = Region.from_tables(name="Tiny", currency="EUR", tables=tables)
    assert told(alone, **parts) == [("[[standard]] near any_bank", "true")]


def test_names_outside_the_scope_are_noted(tiny: Region) -> None:
    """A plan file for the whole region can be run for one district: what then has no effect is counted."""
    parts = {
        "scope": {"districts": ["B"]},
        "policy": {"protected": ["O1", "O2", "O4"], "forbidden": ["C1"]},
        "district": {"A": {"stance": "hold"}},
    }
    policy = parse_policy(parts, origin="plan.toml")
    assert check_policy(tiny, policy, "plan.toml") == []
    assert scope_notes(tiny, policy) == (
        "plan file: [policy] protected names 2 places outside the scope, without effect (O1, O2)",
        "plan file: [policy] forbidden names 1 place outside the scope, without effect (C1)",
        "plan file: [district] names 1 place outside the scope, without effect (A)",
    )
    assert scope_notes(tiny, parse_policy({"policy": {"protected": ["O1"]}}, origin="plan.toml")) == ()


def test_plan_files_in_the_folder_are_checked(tmp_path: Path) -> None:
    """Every plan*.toml is read and held against the tables; the tables stay usable, the names of files are told."""
    folder = write_region(tiny_tables(), tmp_path)
    (folder / "plan.toml").write_text('[policy]\nprotected = ["O9"]\n', encoding="utf-8")
    (folder / "plan-b.toml").write_text('[scope]\ndistricts = ["B"]\n[policy]\nforbidden = ["C1"]\n', encoding="utf-8")
    (folder / "plan-c.toml").write_text("[fairness]\nx = 1\n", encoding="utf-8")
    (folder / "plan-d.toml").write_bytes(b"\xff\xff")
    (folder / "plan-e.toml").mkdir()
    report = check_region(folder)
    assert [one.file for one in report.violations] == ["plan-c.toml", "plan-d.toml", "plan-e.toml", "plan.toml"]
    assert "fairness" in report.violations[0].problem
    assert "not UTF-8" in report.violations[1].problem
    assert report.plan_files == ("plan-b.toml", "plan-c.toml", "plan-d.toml", "plan-e.toml", "plan.toml")
    assert report.region is not None
    assert [note for note in report.notes if note.startswith("plan-b.toml: plan file: [policy] forbidden")]
    assert str(tmp_path) not in " ".join(one.problem for one in report.violations)
