"""HiGHS on a whole PuLP model: the compact model, and the relaxation that bounds it for other solvers.

PuLP 3.3 reports a HiGHS run that was cut short with a solution as "Optimal"; the model therefore goes to HiGHS as arrays, and its
status is read where it stands (`engine.live`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pulp

from netplan.engine.live import LiveModel, Watch
from netplan.engine.policy_part import from_pulp
from netplan.engine.run import Options, Run
from netplan.solve.attempt import Attempt


def run_highs(lp: pulp.LpProblem, run: Run, *, start: Mapping[str, float], watch: Watch) -> Attempt:
    """Solve a PuLP model as it stands, starting from some of its variables' values."""
    part, variables = from_pulp(lp, ())
    live = LiveModel(part, integral=True, seed=run.options.seed)
    live.let_restart(True)
    live.start_from(live.integers, np.array([start.get(variables[j].name, 0.0) for j in live.integers]))
    stopped = live.solve_mip(run, gap=run.options.gap, watch=watch)
    if not live.has_solution:
        return Attempt(stopped, bound=None if stopped == "infeasible" else live.bound)
    values = {variable.name: value for variable, value in zip(variables, live.values.tolist(), strict=True)}
    return Attempt(stopped, values, live.objective, live.bound if len(live.integers) else live.objective)


def relaxation_bound(lp: pulp.LpProblem) -> float | None:
    """The bound of the linear relaxation, for solvers that do not tell theirs."""
    live = LiveModel(from_pulp(lp, ())[0])
    return live.objective if live.resolve(Run(Options())) == "proven" else None
