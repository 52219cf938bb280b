"""Points and steps of ways as a graph of junctions: points where nothing happens are contracted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Steps:
    """Straight steps between points, each with the kind of road it belongs to.

    Attributes
    ----------
    first, last
        Positions of the two points, shape (steps,); never the same point.
    kind
        Kind of road as driven from first to last, shape (steps,).
    kind_back
        Kind -> the kind that the same road is when driven the other way, shape (kinds,).
    is_main
        Kind -> whether a road is written down in this direction rather than the other: both directions are where it is its own
        opposite, shape (kinds,).
    kept
        Points that stay junctions whatever happens there, shape (points,).
    """

    first: Ints
    last: Ints
    kind: Ints
    kind_back: Ints
    is_main: Bools
    kept: Bools


@dataclass(frozen=True, slots=True)
class Chains:
    """Roads between junctions as the points they pass.

    Attributes
    ----------
    start
        Where each road's points begin in `points`, shape (roads + 1,).
    points
        Positions of the points, one road after the other, its two junctions included.
    kind
        Kind of road from its first point to its last, shape (roads,).
    """

    start: Ints
    points: Ints
    kind: Ints


def contracted(steps: Steps) -> Chains:
    """Roads between junctions: points where exactly two steps of one kind meet are passed, not stopped at.

    A point is a junction where more or fewer than two steps meet, where the kind of road changes (class, speed, direction), and
    where `kept` says so. A ring without a junction keeps its lowest point.
    """
    if not len(steps.first):
        return Chains(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    state_kind, tail, head = _states(steps)
    following = _following(state_kind, tail, steps.kept)
    last, distance = _ends(following)
    ring = following[last] >= 0
    if ring.any():
        following = _opened(following, tail, ring)
        last, distance = _ends(following)
    main = _chosen(steps, state_kind, last, distance)
    state = np.flatnonzero(main[last])
    state = state[np.lexsort((-distance[state], last[state]))]
    return _chains(state, last, state_kind, tail, head)


def _states(steps: Steps) -> tuple[Ints, Ints, Ints]:
    """Every step in both directions: state 2s drives step s from first to last, state 2s + 1 back."""
    kind = np.stack([steps.kind, steps.kind_back[steps.kind]], axis=1).ravel()
    tail = np.stack([steps.first, steps.last], axis=1).ravel()
    head = np.stack([steps.last, steps.first], axis=1).ravel()
    return kind, tail, head


def _following(state_kind: Ints, tail: Ints, kept: Bools) -> Ints:
    """The state that goes on where a state ends, -1 at a junction."""
    degree = np.bincount(tail, minlength=len(kept))
    passed = (degree == 2) & ~kept
    leaving = np.flatnonzero(passed[tail])
    pair = leaving[np.argsort(tail[leaving], kind="stable")].reshape(-1, 2)
    same = state_kind[pair[:, 0] ^ 1] == state_kind[pair[:, 1]]
    one, other = pair[same, 0], pair[same, 1]
    following = np.full(len(tail), -1, dtype=np.int64)
    following[one ^ 1], following[other ^ 1] = other, one
    return following


def _ends(following: Ints) -> tuple[Ints, Ints]:
    """The last state of each state's chain and the states until there, by doubling; states in rings end anywhere in their ring."""
    last = np.where(following < 0, np.arange(len(following)), following)
    distance = (following >= 0).astype(np.int64)
    open_before = -1
    while (still_open := int((following[last] >= 0).sum())) != open_before and still_open:
        open_before = still_open
        distance = distance + distance[last]
        last = last[last]
    return last, distance


def _opened(following: Ints, tail: Ints, ring: Bools) -> Ints:
    """Stop each ring at its lowest point, in both directions."""
    states = np.flatnonzero(ring)
    twin_step = states // 2
    size = len(following)
    links = coo_array((np.ones(len(states), dtype=bool), (states, following[states])), shape=(size, size))
    twins = coo_array((np.ones(len(states), dtype=bool), (states, states ^ 1)), shape=(size, size))
    _, label = connected_components((links + twins).tocsr(), directed=False)
    order = np.lexsort((twin_step, tail[states], label[states]))
    states = states[order]
    lowest = np.ones(len(states), dtype=bool)
    lowest[1:] = label[states[1:]] != label[states[:-1]]
    stops = np.isin(tail, tail[states[lowest]]) & ring
    opened = following.copy()
    # whatever arrives at the point where a ring is opened is the opposite of what leaves it
    opened[np.flatnonzero(stops) ^ 1] = -1
    return opened


def _chosen(steps: Steps, state_kind: Ints, last: Ints, distance: Ints) -> Bools:
    """Per last state: of the two directions of a road, whether this one is written down."""
    is_last = last == np.arange(len(last))
    ends = np.flatnonzero(is_last)
    first = np.empty(len(last), dtype=np.int64)
    order = np.argsort(distance, kind="stable")
    first[last[order]] = order  # the farthest state of each chain is written last
    opposite = first[ends] ^ 1  # the last state of the same road driven the other way
    forward = steps.is_main[state_kind[ends]]
    backward = steps.is_main[state_kind[opposite]]
    chosen = np.zeros(len(last), dtype=bool)
    chosen[ends] = np.where(forward == backward, ends < opposite, forward)
    return chosen


def _chains(state: Ints, last: Ints, state_kind: Ints, tail: Ints, head: Ints) -> Chains:
    """The points along each chain of `state`, which is sorted by chain and along it."""
    closes = np.ones(len(state), dtype=bool)
    closes[:-1] = last[state[1:]] != last[state[:-1]]
    count = np.diff(np.flatnonzero(np.concatenate([[True], closes])))
    start = np.concatenate([[0], np.cumsum(count + 1)])
    points = np.empty(start[-1], dtype=np.int64)
    is_end = np.zeros(start[-1], dtype=bool)
    is_end[start[1:] - 1] = True
    points[~is_end], points[is_end] = tail[state], head[state[closes]]
    return Chains(start, points, state_kind[state[closes]])
