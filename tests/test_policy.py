"""The plan file: what it may say, what it means where it is silent, and how it says no."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from netplan.errors import InputError
from netplan.policy import Policy, parse_policy, read_policy

COVERAGE = {"id": "near", "service": "cash", "minutes": 10, "share": 0.9}


def test_an_empty_plan_file_is_a_plan() -> None:
    """Everything has a default: net cost, nearest assignment, no budget, and no township loses its last outlet."""
    policy = parse_policy({}, origin="empty")
    assert policy == Policy()
    assert policy.objective.kind == "net_cost"
    assert policy.access.assignment == "nearest"
    assert policy.capacity.overflow == "priced"
    assert policy.policy.keep_last_outlet
    assert policy.budget.capital is None
    assert policy.service_access("anything").reach_minutes == 60


@pytest.mark.parametrize(
    ("rate", "years", "factor"),
    [(0.05, 10, 0.129504574965457), (0.08, 25, 0.0936787790), (0.0, 10, 0.1), (0.0, 4, 0.25), (0.5, 1, 1.5)],
)
def test_capital_recovery_factor(rate: float, years: float, factor: float) -> None:
    """CRF = r (1 + r)^n / ((1 + r)^n - 1), 1 / n without interest: 12.95 % at 5 % over ten years, as in any table."""
    money = parse_policy({"money": {"discount_rate": rate, "horizon_years": years}}, origin="crf").money
    assert money.capital_recovery_factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"objectiv": {}}, "plan.toml: objectiv: unknown key"),
        ({"policy": {"max_closure": 2}}, r"plan.toml: \[policy\] max_closure: unknown key"),
        ({"district": {"A": {"protected": ["O1"]}}}, r"\[district.A\] protected: unknown key"),
        ({"access": {"service": {"cash": {"reach": 3}}}}, r"\[access.service.cash\] reach: unknown key"),
        ({"standard": [{**COVERAGE, "weight": 1}]}, r"\[standard.0\] weight: unknown key"),
    ],
)
def test_unknown_keys_are_refused(plan: dict[str, Any], words: str) -> None:
    """A misspelt key is never ignored: the message names its table and the key."""
    with pytest.raises(InputError, match=words):
        parse_policy(plan, origin="plan.toml")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"objective": {"kind": "fairness"}}, "fairness objectives are not part of netplan yet"),
        ({"fairness": {"weight": 1}}, "fairness objectives are not part of netplan yet"),
        ({"phases": [2026, 2028]}, "phasing over years is not part of netplan yet"),
        ({"budget": {"years": 3}}, "phasing over years is not part of netplan yet"),
        ({"frontier": {}}, "frontiers are not part of netplan yet"),
        ({"competition": {"model": "huff"}}, "competition inside the optimisation is not part of netplan yet"),
        ({"capacity": {"positions": True}}, "positions and waiting are not part of netplan yet"),
        ({"access": {"service": {"cash": {"waiting": 10}}}}, "positions and waiting are not part of netplan yet"),
        ({"policy": {"tours": True}}, "van tours are not part of netplan yet"),
    ],
)
def test_keys_that_are_not_offered_are_refused_by_name(plan: dict[str, Any], words: str) -> None:
    """What belongs to later work is told so, wherever the key stands."""
    with pytest.raises(InputError, match=words):
        parse_policy(plan, origin="plan.toml")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (
            {"money": {"discount_rate": -0.01}},
            r"\[money\] discount_rate = -0.01: input should be greater than or equal to 0",
        ),
        ({"money": {"horizon_years": 0}}, "horizon_years = 0"),
        ({"money": {"value_of_time_per_hour": float("nan")}}, "value_of_time_per_hour = nan"),
        ({"money": {"plan_date": "yesterday"}}, "plan_date = 'yesterday'"),
        ({"budget": {"capital": float("inf")}}, "capital = inf"),
        ({"budget": {"draws": ["rent"]}}, "draws.* = 'rent'"),
        ({"policy": {"max_openings": -1}}, "max_openings = -1"),
        ({"policy": {"max_openings": 1.5}}, "max_openings = 1.5"),
        ({"policy": {"stance": "defend"}}, "stance = 'defend'"),
        ({"policy": {"capital": 5}}, "the network's capital belongs in .budget. capital"),
        ({"policy": {"zone_share": [{"name": "z", "min_share": 1.2}]}}, "min_share = 1.2"),
        ({"objective": {"kind": "coverage"}}, 'a coverage objective needs service = "..." and minutes'),
        ({"objective": {"kind": "access", "minutes": 10}}, "belong to a coverage objective, not to access"),
        ({"standard": [{**COVERAGE, "kilometres": 3}]}, "give either minutes .* or kilometres"),
        ({"standard": [{"id": "x", "kind": "spacing"}]}, "give either minutes .* or kilometres"),
        ({"standard": [{"id": "x", "minutes": 5, "service": "cash"}]}, 'needs service = "..." and share'),
        ({"standard": [{**COVERAGE, "hard": False}]}, "a soft one .hard = false. needs penalty"),
        ({"standard": [{**COVERAGE, "penalty": 5}]}, "a hard standard has no penalty"),
        ({"standard": [{"id": "x", "kind": "township", "share": 0.5}]}, "a township standard has no minutes"),
        ({"standard": [COVERAGE, COVERAGE]}, "two standards have the same id: near"),
        ({"standard": [{**COVERAGE, "only": ["cheap"]}]}, "only.* = 'cheap'"),
        (
            {
                "objective": {"kind": "coverage", "service": "cash", "minutes": 5},
                "standard": [{**COVERAGE, "hard": False, "penalty": 5}],
            },
            "standard 'near' is priced in money, a coverage objective counts people",
        ),
    ],
)
def test_impossible_values_are_refused(plan: dict[str, Any], words: str) -> None:
    """A value out of its range, or keys that do not go together, name the key, the value and what is possible."""
    with pytest.raises(InputError, match=words):
        parse_policy(plan, origin="plan.toml")


def test_every_mistake_is_told_at_once() -> None:
    """Three mistakes are three lines, each with the file's name."""
    plan = {"money": {"discount_rate": -1}, "policy": {"stance": "x", "nonsense": 1}}
    with pytest.raises(InputError) as error:
        parse_policy(plan, origin="plan.toml")
    assert len(str(error.value).splitlines()) == 3
    assert all(line.startswith("plan.toml: ") for line in str(error.value).splitlines())


def test_read_policy(tmp_path: Path) -> None:
    """A TOML file, with or without a byte-order mark, becomes the same policy; dates are dates."""
    text = '[policy]\nclose_when_lease_ends_by = 2027-06-30\nprotected = ["O1"]\n[district.A]\nmax_openings = 2\n'
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / f"{encoding}.toml"
        path.write_text(text, encoding=encoding)
        policy = read_policy(path)
        assert policy.policy.close_when_lease_ends_by == dt.date(2027, 6, 30)
        assert policy.policy.protected == ("O1",)
        assert policy.district["A"].max_openings == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such plan file"),
        (b"[policy\nmax = 1", "not valid TOML"),
        (b"\xff\xfe\x00broken", "not UTF-8 text"),
        (b"[policy]\nmax_openings = 'two'\n", "max_openings = 'two'"),
    ],
)
def test_unreadable_plan_files(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A file that is missing, no TOML or no text is an input error with its path."""
    path = tmp_path / "plan.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as error:
        read_policy(path)
    assert str(path) in str(error.value)


def test_a_folder_is_no_plan_file(tmp_path: Path) -> None:
    """Naming the region folder in place of the plan file says which file to name."""
    with pytest.raises(InputError, match=r"is a folder; name a plan file such as plan\.toml"):
        read_policy(tmp_path)


def test_replace_changes_keys_and_keeps_the_rest() -> None:
    """A part given as keys changes those keys; given whole it replaces; the policy it is called on stays as it was."""
    policy = parse_policy({"budget": {"capital": 5.0, "draws": ["opening"]}, "policy": {"max_closures": 3}}, origin="a")
    changed = policy.replace(budget={"capital": 9.0}, policy={"stance": "hold"}, standard=[COVERAGE])
    assert (changed.budget.capital, changed.budget.draws) == (9.0, ("opening",))
    assert (changed.policy.max_closures, changed.policy.stance) == (3, "hold")
    assert changed.standard[0].id == "near"
    assert policy.budget.capital == 5.0
    assert policy.replace(budget=Policy().budget).budget.draws == Policy().budget.draws
    with pytest.raises(InputError, match="a policy has no part 'budgets'; parts: scope, objective"):
        policy.replace(budgets={})
    with pytest.raises(InputError, match="max_closures = -1"):
        policy.replace(policy={"max_closures": -1})


def test_a_policy_is_frozen() -> None:
    """Nobody changes a plan file that a problem was built on."""
    with pytest.raises(ValidationError, match="frozen"):
        Policy().budget.capital = 3.0  # type: ignore[misc]
