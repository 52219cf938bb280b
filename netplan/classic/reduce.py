"""Rows and columns of a set covering problem that others imply (Toregas and ReVelle 1972)."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from netplan.classic.case import Case

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_PAIRS = 30_000_000
"""Common neighbours to be counted; beyond that it costs more than it saves."""


def reduced_cover(case: Case, opening: Floats) -> tuple[scipy.sparse.csr_array, Flags]:
    """Sites in reach of each customer, shape (rows, J), and which sites need not be open, shape (J,).

    A customer is left out if a required site covers it or if one with fewer sites in reach has no other sites than it. A site need
    not be open if one that costs no more covers everyone that it covers. Customers whom no site can cover are left out too.
    """
    incidence, allowed = in_reach(case)
    must = np.zeros(case.num_sites)
    must[case.required] = 1.0
    counts = np.diff(incidence.indptr)
    incidence = scipy.sparse.csr_array(incidence[(counts > 0) & (incidence @ must == 0)])
    useless = np.zeros(case.num_sites, dtype=bool)
    while True:
        before = incidence.nnz
        incidence = incidence[~_implied(incidence, np.zeros(incidence.shape[0]), keep=None)]
        worse = _implied(scipy.sparse.csr_array(incidence.T), opening, keep=must > 0)
        useless |= worse
        incidence = _without(incidence, worse)
        if incidence.nnz == before:
            return incidence, useless & (must == 0) & allowed


def dominated_sites(case: Case, incidence: scipy.sparse.csr_array) -> Flags:
    """Sites that need not open, since another one covers everyone whom they reach, shape (I, J); shape (J,)."""
    must = np.zeros(case.num_sites, dtype=bool)
    must[case.required] = True
    return _implied(scipy.sparse.csr_array(incidence.T), np.zeros(case.num_sites), keep=must)


def in_reach(case: Case) -> tuple[scipy.sparse.csr_array, Flags]:
    """Sites in reach of each customer that may open, shape (I, J), and which sites these are, shape (J,)."""
    allowed = np.ones(case.num_sites, dtype=bool)
    allowed[case.closed] = False
    return _without(case.costs.matrix(np.ones(len(case.costs.value))), ~allowed), allowed


def groups_alike(incidence: scipy.sparse.csr_array) -> tuple[Ints, Ints]:
    """The first row of each group of equal rows, shape (groups,), and the group of each row, shape (rows,)."""
    keys: dict[bytes, int] = {}
    starts = incidence.indptr
    group = np.array(
        [
            keys.setdefault(incidence.indices[starts[i] : starts[i + 1]].tobytes(), len(keys))
            for i in range(incidence.shape[0])
        ],
        dtype=np.int64,
    )
    return np.unique(group, return_index=True)[1].astype(np.int64), group


def _without(incidence: scipy.sparse.csr_array, sites: Flags) -> scipy.sparse.csr_array:
    """The same with nobody in reach of these sites, shape (J,)."""
    left = scipy.sparse.csr_array(incidence @ scipy.sparse.diags_array((~sites).astype(float)))
    left.eliminate_zeros()
    return left


def _implied(sets: scipy.sparse.csr_array, cost: Floats, *, keep: Flags | None) -> Flags:
    """Rows (keep None) that contain another one; or columns, given as rows, contained in another that costs no more.

    Of equal ones the first stays.
    """
    size = np.diff(sets.indptr)
    none = np.zeros(sets.shape[0], dtype=bool)
    if (
        float(
            np.bincount(sets.indices, minlength=sets.shape[1]).astype(float)
            @ np.bincount(sets.indices, minlength=sets.shape[1])
        )
        > _MOST_PAIRS
    ):
        return none
    common = scipy.sparse.coo_array(sets @ sets.T)
    one, other, shared = common.row, common.col, common.data
    differ = one != other
    one, other, shared = one[differ], other[differ], shared[differ]
    if keep is None:  # `one` contains `other`
        implied = (shared == size[other]) & ((size[one] > size[other]) | (other < one))
    else:  # `one` is contained in `other`
        cheaper = (cost[other] < cost[one]) | ((cost[other] == cost[one]) & ((size[other] > size[one]) | (other < one)))
        implied = (shared == size[one]) & cheaper & ~keep[one]
    found = none
    found[one[implied]] = True
    return found
