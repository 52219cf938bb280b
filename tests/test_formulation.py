"""How the formulation finds what belongs together: the same columns, terms and rows as a scan of everything would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from activity.cases import base_policy
from random_regions import random_region

from netplan.engine.policy_part import from_pulp
from netplan.formulation import formulate
from netplan.formulation.model import EQ, GE, LE, PolicyModel, weighted
from netplan.formulation.policy_variables import create_policy_variables, operating_at
from netplan.formulation.standards import physical_columns
from netplan.problem import PlanningProblem


def rural(seed: int, **parts: Any) -> PlanningProblem:
    """A region with counters, vans and hosted points."""
    return PlanningProblem.build(random_region(seed, "rural"), base_policy(seed).replace(**parts))


def test_a_variable_in_several_terms_has_the_sum_of_their_coefficients() -> None:
    """The sum x + 2 y - 3 x is -2 x + 2 y, with x first, as it was named first."""
    model = PolicyModel("sums")
    x, y = model.binary("x"), model.binary("y")
    constraint = model.add("twice", iter([(x, 1.0), (y, 2.0), (x, -3.0)]), GE, 4)
    assert [(variable.name, value) for variable, value in constraint.items()] == [("x", -2.0), ("y", 2.0)]
    assert constraint.constant == -4


def test_weighted_leaves_out_what_weighs_nothing() -> None:
    """Coefficients of 0 make no term."""
    model = PolicyModel("weights")
    variables = tuple(model.binary("x", j) for j in range(3))
    terms = weighted(variables, np.array([2.5, 0.0, -1.0]))
    assert [(variable.name, value) for variable, value in terms] == [("x_0", 2.5), ("x_2", -1.0)]


@pytest.mark.parametrize("seed", range(5))
def test_columns_by_site_and_by_township_are_those_of_a_scan(seed: int) -> None:
    """What is grouped once is what looking through all columns finds, in the same order."""
    problem = rural(seed)
    policy = create_policy_variables(PolicyModel("scan"), problem)
    columns, formats = problem.columns, problem.formats
    physical = physical_columns(problem)
    for township_id in problem.region.townships["township_id"]:
        here = (problem.sites["township_id"] == township_id).to_numpy(dtype=bool)[columns.site]
        found = np.flatnonzero(here & ~columns.is_relocation & formats.is_physical[columns.format])
        assert physical.get(township_id, np.empty(0)).tolist() == found.tolist()
    staffed = operating_at(problem, policy, formats.is_staffed)
    for site in range(len(problem.sites)):
        chosen = (columns.site == site) & ~columns.is_relocation & formats.is_staffed[columns.format]
        assert [y.name for y in staffed.get(site, ())] == [policy.columns[j].name for j in np.flatnonzero(chosen)]


@pytest.mark.parametrize("seed", range(5))
def test_counters_and_points_know_exactly_who_is_near_enough(seed: int) -> None:
    """A base staffs a counter within its format's minutes; cash comes from every other site within the point's, and no other."""
    problem = rural(seed)
    formulation = formulate(problem, with_rows=False)
    constraints = formulation.lp.constraints
    columns, formats, site_ids = problem.columns, problem.formats, list(problem.sites["site_id"])
    bases = dict(zip(problem.region.bases["base_id"], problem.region.bases["site_id"], strict=True))
    minutes = problem.travel.between_sites
    staffed, needy = set(), 0
    for j in columns.operating:
        s, f = int(columns.site[j]), int(columns.format[j])
        for base_id, base in bases.items():
            if minutes.get(site_ids.index(base), s) <= formats.max_base_minutes[f]:
                staffed.add((site_ids[s], formats.ids[f], base_id))
        if not np.isnan(formats.max_supply_minutes[f]):
            needy += 1
            helpers = {
                formulation.policy.columns[h].name: -1.0
                for h in columns.operating
                if columns.site[h] != s
                and formats.supplies_cash[columns.format[h]]
                and minutes.get(int(columns.site[h]), s) <= formats.max_supply_minutes[f]
            }
            name = formulation.policy.columns[j].name
            written = {variable.name: value for variable, value in constraints[f"supply_{name}"].items()}
            assert written == {name: 1.0, **helpers}
    assert set(formulation.policy.staffed) == staffed
    assert staffed
    assert needy


def test_the_policy_part_is_the_same_without_rows() -> None:
    """Leaving the rows to cuts leaves out the chains, and nothing else."""
    problem = rural(3, policy={"keep_last_outlet": True})
    whole, part = formulate(problem).lp.constraints, formulate(problem, with_rows=False).lp.constraints
    assert list(part) == [name for name in whole if not name.startswith("chain_")]
    assert len(part) < len(whole)


def test_arrays_of_a_model_hold_its_constraints() -> None:
    """At any point a row's value, and what it may be, are those of the PuLP constraint."""
    model = PolicyModel("arrays")
    x, y, z = model.binary("x"), model.amount("y"), model.fraction("z")
    for name, sense, bound in (("most", LE, 3.0), ("least", GE, -1.0), ("just", EQ, 2.0)):
        model.add(name, [(z, 1.5), (x, -2.0)], sense, bound)
    model.add("nothing", [], LE, 1)
    model.cost(y, 4.0)
    model.constant(7.0)
    part, variables = from_pulp(model.finish(), [z])
    assert [variable.name for variable in variables] == ["z", "x", "y"]
    assert part.matrix.toarray().tolist() == [[1.5, -2.0, 0.0]] * 3 + [[0.0, 0.0, 0.0]]
    assert part.row_lower.tolist() == [-np.inf, -1.0, 2.0, -np.inf]
    assert part.row_upper.tolist() == [3.0, np.inf, 2.0, 1.0]
    assert part.cost.tolist() == [0.0, 0.0, 4.0]
    assert part.lower.tolist() == [0.0, 0.0, 0.0]
    assert part.upper.tolist() == [1.0, 1.0, np.inf]
    assert part.is_integer.tolist() == [False, True, False]
    assert part.offset == 7.0
