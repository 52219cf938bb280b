"""What a classic location problem came to: why it stopped, what is proven, the sites, and who goes where."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.costs import Costs
from netplan.engine.run import Run, Step
from netplan.engine.solve import Status
from netplan.violations import counted

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PROVEN_GAP = 1e-6
"""A gap up to this, which is that of the arithmetic, is called optimal."""


@dataclass(frozen=True, slots=True, repr=False)
class Solution:
    """The answer to a classic location problem.

    Attributes
    ----------
    problem
        Name of the function that was called.
    status
        Why the run stopped: ``optimal`` (proven to a relative gap of 1e-6), ``gap_limit`` (the gap asked for is proven),
        ``time_limit``, ``interrupted``; ``infeasible`` (proven that there is no solution) or ``no_plan`` (none found in time).
    objective, bound
        Value of the solution, and the proven bound on every solution's: below it where the problem minimises, above it where it
        maximises; None where there is none.
    seconds
        Wall time of building and solving.
    sites
        Positions of the chosen sites, sorted; empty without a solution.
    assignment
        Position of the site of each customer, -1 for none, shape (I,); where demand splits a sparse matrix of shares, shape (I, J).
    note
        What a planner should know, such as which customers nobody can cover; empty: nothing.
    trace
        How value and bound went.
    costs, weights
        The costs and weights it was solved with.
    """

    problem: str
    status: Status
    objective: float | None
    bound: float | None
    seconds: float
    sites: Ints
    assignment: Ints | scipy.sparse.csr_array
    note: str
    trace: tuple[Step, ...]
    costs: Costs
    weights: Floats

    def __post_init__(self) -> None:
        given: Any = self.assignment
        arrays = [given.data, given.indices, given.indptr] if scipy.sparse.issparse(given) else [given]
        for array in (self.sites, self.weights, *arrays):
            array.setflags(write=False)

    @property
    def gap(self) -> float | None:
        """|objective - bound| / max(1, |objective|); None where either is missing."""
        return relative_gap(self.objective, self.bound)

    @property
    def shares(self) -> scipy.sparse.csr_array:
        """Share of each customer's demand at each site, shape (I, J); 1 at its site where demand does not split."""
        if scipy.sparse.issparse(self.assignment):
            return self.assignment
        served = np.flatnonzero(np.asarray(self.assignment) >= 0)
        pairs = (served, np.asarray(self.assignment)[served])
        return scipy.sparse.csr_array((np.ones(len(served)), pairs), shape=(len(self.costs), self.costs.num_sites))

    @property
    def unserved(self) -> Ints:
        """Positions of the customers that no site serves, not even in part."""
        return np.flatnonzero(np.diff(self.shares.indptr) == 0).astype(np.int64)

    def allocation(self) -> pd.DataFrame:
        """Columns customer, site, share, cost: a row for each pair served; a GeoDataFrame of customers if they came as one."""
        pairs = self.shares.tocoo()
        costs = self.costs.matrix()
        cost = np.asarray(costs[pairs.row, pairs.col]).ravel() if len(pairs.row) else np.empty(0)
        table = pd.DataFrame({"customer": pairs.row, "site": pairs.col, "share": pairs.data, "cost": cost})
        if self.costs.customers is None:
            return table
        points = self.costs.customers.geometry.iloc[pairs.row].to_numpy()
        frame: pd.DataFrame = gpd.GeoDataFrame(table, geometry=points, crs=self.costs.customers.crs)
        return frame

    def frame(self) -> pd.DataFrame:
        """The chosen sites: columns site, customers, weight (served); a GeoDataFrame with the columns of the sites if they came as one.

        Where the sites have columns of these names, ours end in ``_found``.
        """
        shares = self.shares.tocsc()
        weight = np.asarray(self.weights @ shares).ravel()
        served = np.diff(shares.indptr)
        table = pd.DataFrame({"site": self.sites, "customers": served[self.sites], "weight": weight[self.sites]})
        if self.costs.sites is None:
            return table
        chosen: pd.DataFrame = self.costs.sites.iloc[self.sites].reset_index(drop=True)
        taken = {name: f"{name}_found" for name in table if name in chosen}
        return chosen.join(table.rename(columns=taken))

    def __repr__(self) -> str:
        return f"Solution({', '.join(f'{label}: {value}' for label, value in self._facts())})"

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<table>{lines}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        facts: list[tuple[str, str]] = [("problem", self.problem), ("status", self.status)]
        facts += [(label, _amount(value)) for label, value in (("objective", self.objective), ("bound", self.bound))]
        facts.append(("gap", "-" if self.gap is None else f"{100 * self.gap:.4f} %"))
        facts.append(("seconds", f"{self.seconds:.1f}"))
        if self.objective is not None:
            served = len(self.costs) - len(self.unserved)
            facts.append(("sites", f"{len(self.sites)} of {self.costs.num_sites}"))
            facts.append(("served", f"{served:,} of {counted(len(self.costs), 'customer')}"))
        if self.note:
            facts.append(("note", self.note))
        return facts


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective - bound| / max(1, |objective|), or None."""
    if objective is None or bound is None:
        return None
    if objective == bound:  # both infinite, perhaps
        return 0.0
    return abs(objective - bound) / max(1.0, abs(objective))


def status_of(objective: float | None, bound: float | None, run: Run) -> Status:
    """The status that goes with a value and a bound."""
    if objective is None:
        return "no_plan"
    gap = relative_gap(objective, bound)
    if gap is not None and gap <= PROVEN_GAP:
        return "optimal"
    if gap is not None and gap <= run.options.gap:
        return "gap_limit"
    return "interrupted" if run.is_over == "interrupted" else "time_limit"


def _amount(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}" if abs(value) < 1e5 else f"{value:,.0f}"
