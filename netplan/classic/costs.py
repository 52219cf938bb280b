"""What it costs, or how far it is, from each customer to each site: read from a matrix or measured between points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.distances import measured
from netplan.engine.rows import SortedRows, from_dense, from_entries
from netplan.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of the pairs of customer and site that can be; read-only arrays sorted by customer and then by site.

    Attributes
    ----------
    start
        Pairs of customer i are ``start[i] : start[i + 1]``; shape (I + 1,).
    column, value
        Site and cost of each pair, shape (K,).
    num_sites
        J.
    customers, sites
        The frames that the costs were measured between, where there are any.
    """

    start: Ints
    column: Ints
    value: Floats
    num_sites: int
    customers: gpd.GeoDataFrame | None = None
    sites: gpd.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        for array in (self.start, self.column, self.value):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def row(self) -> Ints:
        """Customer of each pair, shape (K,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.start))

    @property
    def is_complete(self) -> bool:
        """Whether every customer can go to every site."""
        return len(self.value) == len(self) * self.num_sites

    def matrix(self, value: Floats | None = None) -> scipy.sparse.csr_array:
        """The costs, or another value per pair, as a sparse matrix of shape (I, J)."""
        data = self.value if value is None else value
        return scipy.sparse.csr_array((data, self.column, self.start), shape=(len(self), self.num_sites))

    def keep(self, pairs: Flags) -> Costs:
        """Only these pairs, shape (K,)."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.row[pairs], minlength=len(self)))])
        return replace(self, start=starts.astype(np.int64), column=self.column[pairs], value=self.value[pairs])

    def within(self, radius: float) -> Costs:
        """Only the pairs that cost at most `radius`."""
        return self.keep(self.value <= radius)

    def with_values(self, value: Floats) -> Costs:
        """The same pairs at another cost, shape (K,)."""
        return replace(self, value=value)

    def reachable(self, closed: Ints) -> Flags:
        """Whether a customer has any site but these, shape (I,)."""
        is_closed = np.zeros(self.num_sites, dtype=bool)
        is_closed[closed] = True
        return np.bincount(self.row[~is_closed[self.column]], minlength=len(self)) > 0

    def rows(self, weight: Floats, penalty: Floats) -> SortedRows:
        """A row for each customer; shapes (I,)."""
        if self.is_complete:
            return from_dense(self.value.reshape(len(self), self.num_sites), weight=weight, penalty=penalty)
        return from_entries(
            self.row, self.column, self.value, weight=weight, penalty=penalty, num_columns=self.num_sites
        )

    def nearest(self, sites: Ints) -> tuple[Ints, Floats]:
        """The cheapest of these sites for each customer, the first of equals, and its cost; -1 and inf: none; shapes (I,)."""
        if self.is_complete and len(sites):
            costs = self.value.reshape(len(self), self.num_sites)[:, sites]
            return sites[costs.argmin(axis=1)], costs.min(axis=1)
        is_open = np.zeros(self.num_sites, dtype=bool)
        is_open[sites] = True
        used = np.flatnonzero(is_open[self.column])
        row, column, value = self.row[used], self.column[used], self.value[used]
        order = np.lexsort((column, value, row))
        customers, first = np.unique(row[order], return_index=True)
        site, cost = np.full(len(self), -1, dtype=np.int64), np.full(len(self), np.inf)
        site[customers], cost[customers] = column[order][first], value[order][first]
        return site, cost

    def ranked(self) -> Ints:
        """Rank of each pair among those of its customer, cheapest first, from 0; shape (K,)."""
        order = np.lexsort((self.column, self.value, self.row))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - self.start[:-1][self.row[order]]
        return rank


def read_costs(costs: Any, sites: Any = None, *, radius: float | None = None) -> Costs:
    """Read a matrix of costs, or measure between two frames of positions.

    Parameters
    ----------
    costs
        Matrix of shape (customers, sites). Dense: an infinite cost means that the customer cannot go there. Sparse: only the entries
        stored can be, an explicit 0 among them. Or a GeoDataFrame of customers.
    sites
        GeoDataFrame of sites, if `costs` is one of customers: metres along the ellipsoid.
    radius
        Pairs beyond it are of no use and left out.

    Raises
    ------
    InputError
        No matrix, an empty one, a missing or negative cost; frames without coordinate system or with empty geometries.
    """
    if isinstance(costs, gpd.GeoDataFrame):
        if not isinstance(sites, gpd.GeoDataFrame):
            raise InputError("sites: customers are a GeoDataFrame; give the sites as a GeoDataFrame too")
        return Costs(*measured(costs, sites, radius), len(sites), costs, sites)
    if sites is not None:
        raise InputError("sites: costs are a matrix, which says all about sites; leave `sites` out")
    reach = np.finfo(np.float64).max if radius is None else radius
    start, column, value, width = _sparse(costs, reach) if scipy.sparse.issparse(costs) else _dense(costs, reach)
    found = Costs(start, column, value, width)
    if not len(found) or not width:
        raise InputError(f"costs: shape {(len(found), width)}; give at least one customer and one site")
    return found


def _dense(costs: Any, reach: float) -> tuple[Ints, Ints, Floats, int]:
    """Pairs of a matrix within reach; beside the caller's matrix only flags and what is within reach are held."""
    try:
        matrix = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"costs: {error}; give a matrix of numbers, customers x sites") from error
    if matrix.ndim != 2:
        raise InputError(f"costs: {matrix.ndim} dimensions; give a matrix of shape (customers, sites)")
    size, width = matrix.shape
    wrong = ~(matrix >= 0.0)
    if wrong.any():
        row, column = np.divmod(np.flatnonzero(wrong), width)
        raise _wrong_values(row, column, matrix[wrong])
    near = matrix <= reach
    if near.all():
        starts = np.arange(size + 1, dtype=np.int64) * width
        return starts, np.tile(np.arange(width, dtype=np.int64), size), matrix.flatten(), width
    starts = np.concatenate([[0], np.cumsum(near.sum(axis=1))]).astype(np.int64)
    return starts, np.nonzero(near)[1], matrix[near], width


def _sparse(costs: Any, reach: float) -> tuple[Ints, Ints, Floats, int]:
    listed = scipy.sparse.coo_array(costs)
    if listed.ndim != 2:
        raise InputError(f"costs: {listed.ndim} dimensions; give a matrix of shape (customers, sites)")
    row, column = (np.asarray(part, dtype=np.int64) for part in (listed.row, listed.col))
    order = np.lexsort((column, row))
    row, column, value = row[order], column[order], np.asarray(listed.data, dtype=np.float64)[order]
    twice = np.flatnonzero((np.diff(row) == 0) & (np.diff(column) == 0))
    if len(twice):
        at = int(twice[0])
        raise InputError(
            f"costs: customer {row[at]} and site {column[at]} are listed twice ({len(twice)} such); list each pair once"
        )
    wrong = ~(value >= 0.0)
    if wrong.any():
        raise _wrong_values(row[wrong], column[wrong], value[wrong])
    near = value <= reach
    size, width = listed.shape
    starts = np.concatenate([[0], np.cumsum(np.bincount(row[near], minlength=size))]).astype(np.int64)
    return starts, column[near], value[near], int(width)


def _wrong_values(row: Ints, column: Ints, value: Floats) -> InputError:
    what = "is missing" if np.isnan(value[0]) else f"= {value[0]} is negative"
    return InputError(
        f"costs: that of customer {row[0]} to site {column[0]} {what} ({len(row)} such); "
        "give a number of 0 or more, infinite where the customer cannot go"
    )
