"""A compact integer program given to HiGHS as it stands, with what it proves in the time there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import PolicyPart
from netplan.engine.run import Run, Step, Stopped, stop_on_interrupt

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Enough = Callable[[float | None, float | None], bool]


@dataclass(frozen=True, slots=True)
class Compact:
    """What a compact program came to, in the sense of minimisation.

    Attributes
    ----------
    values
        Value of every column; None without a solution.
    objective, bound
        Value of the solution and a lower bound on every solution's; inf and -inf where there is none.
    stopped
        Why it ended.
    """

    values: Floats | None
    objective: float
    bound: float
    stopped: Stopped


def solve_compact(
    part: PolicyPart,
    run: Run,
    *,
    start: Floats | None = None,
    enough: Enough = lambda _objective, _bound: False,
    trace: list[Step] | None = None,
    sign: float = 1.0,
    effort: float = float("inf"),
    is_reduced: bool = False,
) -> Compact:
    """Solve until the gap asked for is proven, `enough` says so, the effort is spent, or the run is over.

    Parameters
    ----------
    start
        Values of every column to start from, shape (m,).
    enough
        Whether best value and bound so far, None where there is none, are enough.
    trace, sign
        Where to note how value and bound went, times the sign (-1: the problem maximises).
    effort
        See `LiveModel.solve_mip`.
    is_reduced
        Whether there is nothing for the solver to presolve.
    """
    if run.is_over:
        return Compact(None, float("inf"), float("-inf"), run.is_over)
    live = LiveModel(part, integral=True, seed=run.options.seed)
    live.let_restart(True)
    if is_reduced:
        live.take_as_it_is()
    if start is not None:
        live.start_from(np.arange(len(start)), start)
    seen: tuple[float | None, float | None] | None = None

    def tell(objective: float | None, bound: float | None) -> bool:
        nonlocal seen
        if (objective, bound) != seen:
            step = Step(run.seconds, "solving", _signed(objective, sign), _signed(bound, sign))
            run.options.listener(step)
            if trace is not None:
                trace.append(step)
        seen = (objective, bound)
        return enough(objective, bound)

    with stop_on_interrupt(run.stop):
        stopped = live.solve_mip(run, gap=0.5 * run.options.gap, watch=Watch(tell), effort=effort)
        tell(live.objective if live.has_solution else None, live.bound)
    return _outcome(live, stopped)


def _outcome(live: LiveModel, stopped: Stopped) -> Compact:
    """What a model came to."""
    if stopped == "infeasible":
        return Compact(None, float("inf"), float("inf"), stopped)
    bound = float("-inf") if live.bound is None else live.bound
    if not live.has_solution:
        return Compact(None, float("inf"), bound, stopped)
    return Compact(live.values, live.objective, min(bound, live.objective), stopped)


def stacked(
    blocks: list[list[scipy.sparse.csr_array | None]], lower: list[Floats], upper: list[Floats]
) -> tuple[scipy.sparse.csr_array, Floats, Floats]:
    """Constraints in blocks as one matrix with its row bounds."""
    matrix = scipy.sparse.csr_array(scipy.sparse.block_array(blocks, format="csr"))
    return matrix, np.concatenate(lower), np.concatenate(upper)


def widened(part: PolicyPart, cost: Floats, matrix: scipy.sparse.csr_array, lower: Floats, upper: Floats) -> PolicyPart:
    """A part with continuous columns from 0 to 1 behind its own, shape (k,), and constraints over all instead of its own."""
    size = len(cost)
    return replace(
        part,
        cost=np.append(part.cost, cost),
        lower=np.append(part.lower, np.zeros(size)),
        upper=np.append(part.upper, np.ones(size)),
        is_integer=np.append(part.is_integer, np.zeros(size, dtype=bool)),
        matrix=matrix,
        row_lower=lower,
        row_upper=upper,
    )


def whole_step(amounts: Floats) -> float:
    """The largest whole number that divides all amounts; 0 where they are not whole."""
    found = np.unique(np.abs(amounts))
    if not len(found) or found[-1] > 1e9 or (found != np.floor(found)).any():
        return 0.0
    return float(np.gcd.reduce(found.astype(np.int64)))


def rounded_up(bound: float, step: float) -> float:
    """A lower bound raised to the next multiple of the step that every value is a multiple of (0: none is known)."""
    if step <= 0.0 or not np.isfinite(bound):
        return bound
    return float(step * np.ceil(bound / step - 1e-6))


def _signed(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
