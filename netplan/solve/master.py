"""The master problem: the planner's policy part, live in HiGHS, with an estimate of what each group of rows costs."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from netplan.formulation import Formulation
from netplan.solve.highs import LiveModel
from netplan.solve.load_cuts import LoadCuts, Loads
from netplan.solve.row_cuts import Cuts, RowCuts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Master:
    """A live model of the policy part, with a theta per group of rows, overflow per pair, and cuts on both."""

    def __init__(self, formulation: Formulation, rows: RowCuts, loads: Loads, *, seed: int) -> None:
        self.live = LiveModel(formulation.lp, seed=seed)
        self._column = np.array([variable.index for variable in formulation.policy.columns], dtype=np.int64)
        self._theta = self._more_columns(np.ones(rows.num_groups), rows.floor)
        self._overflow = self._more_columns(loads.pair_price, np.zeros(loads.num_pairs))

    def _more_columns(self, cost: Floats, lowest: Floats) -> slice:
        first, size = self.live.highs.getNumCol(), len(cost)
        none = np.empty(0, dtype=np.int32)
        highest = np.full(size, highspy.kHighsInf)
        self.live.highs.addCols(size, cost, lowest, highest, 0, np.zeros(size, dtype=np.int32), none, np.empty(0))
        return slice(first, first + size)

    def add_row_cuts(self, cuts: Cuts) -> None:
        """Add cuts on the cost of groups of rows."""
        everyone = np.arange(len(cuts))
        self._add(cuts, everyone, self._theta.start + cuts.group)

    def add_load_cuts(self, cuts: LoadCuts) -> None:
        """Add cuts on the load of sites."""
        held = np.flatnonzero(cuts.pair >= 0)
        self._add(cuts, held, self._overflow.start + cuts.pair[held])

    def _add(self, cuts: Cuts | LoadCuts, held: Ints, holder: Ints) -> None:
        """Rows ``sum coefficient y[column] + holder >= right``; `held` are the cuts that have a holder."""
        size = len(cuts)
        if not size:
            return
        cut = np.concatenate([cuts.entry_cut, held])
        index = np.concatenate([self._column[cuts.column], holder])
        value = np.concatenate([cuts.coefficient, np.ones(len(held))])
        order = np.lexsort((index, cut))
        starts = np.searchsorted(cut[order], np.arange(size)).astype(np.int32)
        highest = np.full(size, highspy.kHighsInf)
        entries = index[order].astype(np.int32)
        self.live.highs.addRows(size, cuts.right, highest, len(order), starts, entries, value[order])

    def y_of(self, values: Floats) -> Floats:
        """Value of each policy column in a solution."""
        return np.asarray(values[self._column])

    def theta_of(self, values: Floats) -> Floats:
        """Estimate of each group's cost in a solution."""
        return np.asarray(values[self._theta])

    def overflow_of(self, values: Floats) -> Floats:
        """Estimate of each pair's overflow in a solution."""
        return np.asarray(values[self._overflow])
