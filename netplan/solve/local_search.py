"""Local search from a plan: what the MIPs leave on the table, without asking them.

Every site is tried in each of its states, alone and together with each of its nearest neighbours: closed here and opened there is
what single changes cannot see. Changes that would pay but for a limit - the closures of a district, its budget - are paired with the
cheapest ones that make room for them. Gains are exact (`local_kernels`), so that a plan's constraints are kept throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from netplan.engine.run import Run
from netplan.solve.cut_problem import CutProblem
from netplan.solve.followers import at_least
from netplan.solve.linked import supports
from netplan.solve.local_kernels import descend
from netplan.solve.local_moves import Choices, Known, Policy, Scratch, Search, State
from netplan.solve.local_trades import trade

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEAR, FAR = 6, 40
"""How many of the nearest sites each site is tried together with: who shares its customers, or also who could use what it spends.

With 40 the plan of a province is 0.06 % cheaper, in half as much time again.
"""

_AT_ONCE = 20_000
"""Moves weighed between two looks at the clock."""

_LEAST = 1e-9
"""What a move has to gain at least, as a share of what the plan costs."""

_VISIT = 1e6
"""Cost of a visit above a capacity that is hard."""


def improved(problem: CutProblem, x: Floats, run: Run, *, columns: Ints | None = None, reach: int = NEAR) -> Floats:
    """The columns of the policy part, shape (m,), after all changes that make the plan at x cheaper, until none is left or time is over.

    Parameters
    ----------
    columns
        The column of the whole problem behind each of the problem's, where it is a part (`windows`); shape (n,).
    reach
        With how many of the nearest sites each is tried together.
    """
    if not is_told_by_rows(problem) or problem.broken(x).size:
        return x
    states = States.of(problem, np.arange(problem.num_y) if columns is None else columns, reach)
    policy, x = at_least(problem.part, x)
    search, state = _search(problem, states, policy), _state(problem, states, x)
    scratch = _scratch(problem, state)
    targets = len(search[3][0][1])
    known = np.full(targets, np.inf), np.zeros(targets), np.full(targets, -1, dtype=np.int64)
    least = _LEAST * max(1.0, abs(problem.cost_at(x)))
    is_due, cursor = states.is_free.copy(), np.zeros(1, dtype=np.int64)
    while run.is_over is None:
        descend(search, state, scratch, known, (is_due, cursor, _some(), least))
        if is_due.any():
            continue
        order, position, traded = _would_pay(known, least), np.zeros(1, dtype=np.int64), 0
        while position[0] < len(order) and run.is_over is None:
            walk = is_due, cursor, _some(), least
            traded += trade(search, state, scratch, known, (walk, order, position))
        if not traded:
            break
    return state[3][0]


def _some() -> Ints:
    """How many moves may be weighed before the next look at the clock, as the kernels count them down."""
    return np.array([_AT_ONCE], dtype=np.int64)


def _would_pay(known: Known, least: float) -> Ints:
    """The states that would pay but for a constraint, constraint by constraint, cheapest first."""
    cost, _, breaks = known
    would = np.flatnonzero((cost < -least) & (breaks >= 0))
    return would[np.lexsort((cost[would], breaks[would]))]


def is_told_by_rows(problem: CutProblem) -> bool:
    """Whether a scan of the rows says what customers do and cost: visits are not split, and no site needs so many of them."""
    policy = problem.formulation.problem.policy
    return policy.access.assignment == "nearest" and policy.capacity.viability != "hard"


@dataclass(frozen=True, slots=True)
class States:
    """The states of sites, by the columns of a problem or of a part of one.

    Attributes
    ----------
    site, origin
        Site of each column, and where it relocates from (-1 if it does not); shape (n,).
    start, column
        States of site s are ``column[start[s] : start[s + 1]]``; -1 is closed.
    lands
        The column that a relocation operates as where it arrives, -1 for none; shape (n,).
    near_start, near
        Nearest sites with a choice, likewise.
    is_free
        Sites that have a choice.
    """

    site: Ints
    origin: Ints
    start: Ints
    column: Ints
    lands: Ints
    near_start: Ints
    near: Ints
    is_free: Flags

    @classmethod
    def of(cls, problem: CutProblem, columns: Ints, reach: int) -> States:
        """All states that the bounds of the policy part allow; what needs a base or a van opens by MIP alone."""
        whole = problem.formulation.problem
        known, size = whole.columns, len(whole.sites)
        site, origin, form, home = (
            np.asarray(a[columns], dtype=np.int64) for a in (known.site, known.origin, known.format, known.home)
        )
        is_free = problem.part.is_free
        lands = _landings(site, origin, form)
        channel = np.array(whole.formats.channel)[form]
        may = is_free & np.isin(channel, ("outlet", "point")) & ((origin < 0) | (lands >= 0))
        chosen = np.flatnonzero(may)
        free_sites = np.zeros(size, dtype=bool)
        free_sites[home[is_free]] = True
        of = np.concatenate([home[chosen], np.flatnonzero(free_sites)])
        state = np.concatenate([chosen, np.full(free_sites.sum(), -1)])
        order = np.lexsort((state, of))
        start = np.searchsorted(of[order], np.arange(size + 1))
        near_start, near = _nearest(
            whole.sites["lon"].to_numpy(float), whole.sites["lat"].to_numpy(float), free_sites, reach
        )
        return cls(site, origin, start, state[order].astype(np.int64), lands, near_start, near, free_sites)


def _landings(site: Ints, origin: Ints, form: Ints) -> Ints:
    """The operating column that each relocation lands in, -1 for none."""
    width = int(form.max(initial=0)) + 1
    key = site * width + form
    operating = np.flatnonzero(origin < 0)
    order = operating[np.argsort(key[operating], kind="stable")]
    lands = np.full(len(site), -1, dtype=np.int64)
    moving = np.flatnonzero(origin >= 0)
    if len(order) and len(moving):
        place = np.minimum(np.searchsorted(key[order], key[moving]), len(order) - 1)
        lands[moving] = np.where(key[order[place]] == key[moving], order[place], -1)
    return lands


def _nearest(lon: Floats, lat: Floats, is_free: Flags, reach: int) -> tuple[Ints, Ints]:
    """The nearest sites with a choice of each of these: starts by site, and sites."""
    free = np.flatnonzero(is_free)
    near_start = np.zeros(len(lon) + 1, dtype=np.int64)
    if len(free) < 2:
        return near_start, np.empty(0, dtype=np.int64)
    flat = np.column_stack([lon * np.cos(np.radians(lat.mean())), lat])[free]
    count = min(reach + 1, len(free))
    _, found = KDTree(flat).query(flat, k=count)
    is_other = found != np.arange(len(free))[:, None]
    is_other[is_other.all(axis=1), -1] = False  # among sites at one place a site may not find itself
    near_start[free + 1] = count - 1
    return np.cumsum(near_start), free[found[is_other]].astype(np.int64)


def _search(problem: CutProblem, states: States, policy: Policy) -> Search:
    rows, loads = problem.rows, problem.loads
    price = np.full(len(loads.price), _VISIT) if loads.is_hard else loads.price
    column, support = supports(problem)
    choices: Choices = (
        (states.start, states.column),
        (states.origin, states.lands),
        (states.near_start, states.near),
        (np.searchsorted(column, np.arange(problem.num_y + 1)), support),
    )
    customers = rows.sorted.arrays, (rows.load, rows.service), (*rows.sorted.by_column(), rows.sorted.row_of_entry)
    return customers, (states.site, loads.capacity_by_column, price), policy, choices


def _state(problem: CutProblem, states: States, x: Floats) -> State:
    """The state at x."""
    n = problem.num_y
    is_open = x[:n] > 0.5
    size = len(problem.formulation.problem.sites)
    operates, relocated = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    chosen = np.flatnonzero(is_open)
    stays = chosen[states.origin[chosen] < 0]
    operates[states.site[stays]] = stays
    moved = chosen[states.origin[chosen] >= 0]
    relocated[states.origin[moved]] = moved
    loads, values = problem.loads.loads_and_capacity(is_open), (x, problem.part.matrix @ x)
    return is_open, problem.rows.sorted.serving(is_open), loads, values, (operates, relocated)


def _scratch(problem: CutProblem, state: State) -> Scratch:
    rows, (k, m) = len(problem.rows.sorted), problem.part.matrix.shape
    load, capacity = state[2]
    return (
        (np.zeros(rows, dtype=np.int64), np.zeros(1, dtype=np.int64)),
        (
            (load.copy(), capacity.copy()),
            (np.empty(len(load), dtype=np.int64), np.zeros(len(load), dtype=bool), np.zeros(1, dtype=np.int64)),
        ),
        (np.zeros(k), np.zeros(k, dtype=np.int64), np.zeros(k + 1, dtype=np.int64)),
        (np.zeros(m + 65), np.zeros(m + 65, dtype=np.int64), np.zeros(m, dtype=np.int64)),
    )
