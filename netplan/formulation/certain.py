"""Shortening rows by what every feasible plan has open.

Where the rules say that at least one column of a set is open, a row that has met the whole set never looks further: options
beyond are dropped and the last one kept is certain. This changes no feasible plan and no cost, and it turns rows of
dozens of options into rows of a few.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from netplan.formulation.standards import physical_columns, townships_served_today
from netplan.problem import PlanningProblem
from netplan.row_kernels import met_option
from netplan.rows import Rows

Ints = NDArray[np.int64]


def certain_sets(problem: PlanningProblem) -> list[Ints]:
    """Sets of columns of which every feasible plan opens at least one: protected and forced sites, owed townships."""
    columns, listed = problem.columns, problem.policy.policy
    position = {site_id: s for s, site_id in enumerate(problem.sites["site_id"])}
    sets = [
        np.flatnonzero((columns.site == position[site_id]) & ~columns.is_relocation)
        for site_id in (*listed.protected, *listed.forced_openings)
        if site_id in position
    ]
    physical, owed = physical_columns(problem), dict.fromkeys(_owed_townships(problem))
    sets += [physical[township_id] for township_id in owed if township_id in physical]
    return [chosen for chosen in sets if len(chosen)]


def _owed_townships(problem: PlanningProblem) -> Iterator[str]:
    if problem.policy.policy.keep_last_outlet:
        yield from townships_served_today(problem)
    townships = problem.region.townships
    for standard in problem.policy.standard:
        if standard.kind == "township" and standard.hard:
            named = townships["district_id"].isin(standard.districts) if standard.districts else slice(None)
            yield from townships["township_id"][named]


def last_needed_option(rows: Rows, sets: list[Ints], num_columns: int) -> Ints:
    """The option of each row at which some certain set has been met in full; -1 where none is; shape (R,).

    A set is met at its last column's option, if the row holds all of its columns.
    """
    if not sets:
        return np.full(len(rows), -1, dtype=np.int64)
    member_column = np.concatenate([np.empty(0, dtype=np.int64), *sets])
    member_set = np.repeat(np.arange(len(sets), dtype=np.int64), [len(chosen) for chosen in sets])
    start = np.zeros(num_columns + 1, dtype=np.int64)
    np.cumsum(np.bincount(member_column, minlength=num_columns), out=start[1:])
    sets_of = member_set[np.argsort(member_column, kind="stable")]
    size = np.array([len(chosen) for chosen in sets], dtype=np.int64)
    return np.asarray(met_option(rows.option_start, rows.column_start, rows.column, (start, sets_of, size)))
