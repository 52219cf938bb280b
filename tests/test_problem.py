"""The question as a thing: it can be copied and sent to another process, and says what has no effect."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from activity.cases import base_policy
from random_regions import random_region

from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region
from netplan.solve import solve

Copy = Callable[[PlanningProblem], PlanningProblem]


def pickled(problem: PlanningProblem) -> PlanningProblem:
    """There and back again."""
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 (our own bytes)
    assert isinstance(again, PlanningProblem)
    return again


COPIES = [pytest.param(pickled, id="pickle"), pytest.param(copy.deepcopy, id="deepcopy")]


def keep_first_outlet(v: Any) -> Any:
    """A planner's own constraint, in a form that another process can import."""
    return v.open("O1") == 1


def parts(value: Any, path: str = "problem") -> Iterator[tuple[str, Any]]:
    """Everything inside a frozen dataclass, by where it is."""
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        yield f"{path}.{field.name}", inner
        if dataclasses.is_dataclass(inner):
            yield from parts(inner, f"{path}.{field.name}")


def same(one: Any, other: Any) -> bool:
    """Whether two parts hold the same."""
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype != object) and one.dtype == other.dtype
    return dataclasses.is_dataclass(one) or bool(one == other)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("theme", ["town", "rural"])
def test_copy_is_the_same_problem(theme: str, copied: Copy) -> None:
    """Every part of a copy holds what the original holds, its arrays are read-only too, and it is no part of the original."""
    problem = PlanningProblem.build(random_region(3, theme), base_policy(3).replace(scope={"districts": ["A"]}))
    again = copied(problem)
    inner, copies = dict(parts(problem)), dict(parts(again))
    assert inner.keys() == copies.keys()
    assert not [path for path, value in inner.items() if not same(value, copies[path])]
    arrays = {path: value for path, value in copies.items() if isinstance(value, np.ndarray)}
    assert len(arrays) > 20
    assert not [path for path, value in arrays.items() if value.flags.writeable != inner[path].flags.writeable]
    assert not [path for path, value in arrays.items() if value.size and np.shares_memory(value, inner[path])]


@pytest.mark.parametrize("copied", COPIES)
def test_copy_solves_alike(tiny: Region, copied: Copy) -> None:
    """A region that was read, its policy and a constraint of the planner's own: the copy has the same plan and value."""
    policy = parse_policy({"policy": {"max_outlets": 3}}, origin="plan")
    problem = PlanningProblem.build(tiny, policy).with_constraint(keep_first_outlet)
    again = copied(problem)
    ours, theirs = solve(problem, gap=0), solve(again, gap=0)
    assert ours.objective == theirs.objective
    assert ours.plan is not None
    assert theirs.plan is not None
    assert ours.plan.format_after == theirs.plan.format_after
    changed = again.replace(policy={"max_outlets": 4})
    assert changed.policy.policy.max_outlets == 4
    assert len(changed.constraints) == 1


@pytest.mark.parametrize("copied", COPIES)
def test_copied_region_stays_frozen(tiny: Region, copied: Copy) -> None:
    """The files of a region cannot be changed in a copy either."""
    problem = PlanningProblem.build(dataclasses.replace(tiny, files={"a": "b"}), parse_policy({}, origin="plan"))
    files: Any = copied(problem).region.files
    assert dict(files) == {"a": "b"}
    with pytest.raises(TypeError, match="does not support item assignment"):
        files["a"] = "c"


def test_notes_tell_what_the_scope_leaves_without_effect(tiny: Region) -> None:
    """What a plan file names outside its scope stands among the problem's notes, also after a what-if."""
    plan = {"scope": {"districts": ["B"]}, "policy": {"protected": ["O1", "O4"]}}
    problem = PlanningProblem.build(tiny, parse_policy(plan, origin="plan"))
    note = "plan file: [policy] protected names 1 place outside the scope, without effect (O1)"
    assert note in problem.notes
    assert note in problem.replace(policy={"max_outlets": 5}).notes
    assert note in pickled(problem).notes
    whole = problem.replace(scope={"districts": []})
    assert not [text for text in whole.notes if "outside the scope" in text]
