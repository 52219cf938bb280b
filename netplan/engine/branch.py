"""Branch and cut on the relaxation by cuts: every node separates, so that its bound is that of the full linear relaxation.

For a policy part whose only whole columns are y. The nodes share a live model: changing bounds keeps its basis, and a cut found
anywhere helps everywhere. It dives to the more promising child and goes on with the node of the lowest bound. The column to
branch on is the one whose children rise most, by trying the first few (strong branching) and by what was seen before of the others
(pseudo-costs; Achterberg, Koch, Martin 2005, doi 10.1016/j.orl.2004.04.002).

Where a node takes seconds, two sides with a model each dive from nodes of their own, and tell each other what they found once both are
done: so that the same nodes are visited however many cores there are and whoever is faster.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from netplan.engine.beside import each_beside
from netplan.engine.cuts import CutModel
from netplan.engine.state import Search

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WHOLE = 1e-6
_RELIABLE, _TRIALS, _TRIAL_ITERATIONS = 4, 8, 60
_SMALL = 1e-6
_TOLD, _LOOK_AFTER = 25, 100
"""Nodes after which it tells where it stands, and after which it looks at what they closed of the gap."""
_LARGE, _SIDES, _STARTS, _AT_A_TIME = 200_000, 2, 6, 12
"""Entries from which on a model is worth two sides, and how many these are; from how many nodes each dives, and nodes that it does at a time."""
_ROUNDS = 20
"""Rounds of cuts at a whole y before it is settled by its true value: the solver's tolerance may hide the last violations."""


@dataclass(frozen=True, slots=True)
class Node:
    """Bounds of y within the root's, the bound of the relaxation there, and its depth."""

    lower: Floats
    upper: Floats
    bound: float
    depth: int


@dataclass(slots=True)
class PseudoCosts:
    """Rise of the bound per unit of change, by column and direction (0: down, 1: up); shapes (2, n)."""

    total: Floats
    times: Floats

    def note(self, column: int, direction: int, rise: float, distance: float) -> None:
        """Take note of a rise."""
        self.total[direction, column] += rise / max(distance, _WHOLE)
        self.times[direction, column] += 1.0

    def score(self, columns: Ints, y: Floats) -> Floats:
        """The product of the expected rises of both children."""
        mean = self.total.sum(axis=1) / np.maximum(1.0, self.times.sum(axis=1))
        rate = np.where(self.times > 0, self.total / np.maximum(1.0, self.times), mean[:, None])[:, columns]
        down, up = rate[0] * y[columns], rate[1] * (1.0 - y[columns])
        return np.asarray(np.maximum(down, _SMALL) * np.maximum(up, _SMALL))

    def copy(self) -> PseudoCosts:
        """The same for another side."""
        return PseudoCosts(self.total.copy(), self.times.copy())

    def learn(self, after: PseudoCosts, before: PseudoCosts) -> None:
        """Take over what another side saw since it began with `before`."""
        self.total += after.total - before.total
        self.times += after.times - before.times


@dataclass(slots=True)
class Side:
    """What works at nodes with a live model of its own, and what it has to tell: nodes to go on with, whole y met, nodes done."""

    search: Search
    model: CutModel
    costs: PseudoCosts
    kept: list[Node] = field(default_factory=list)
    found: list[Flags] = field(default_factory=list)
    nodes: int = 0


@dataclass(slots=True)
class Tree:
    """The open nodes of a search, and those who work at them."""

    search: Search
    sides: list[Side]
    costs: PseudoCosts
    heap: list[tuple[float, int, Node]] = field(default_factory=list)
    number: count[int] = field(default_factory=count)
    nodes: int = 0
    root_bound: float = float("-inf")
    root_reduced: Floats = field(default_factory=lambda: np.empty(0))
    fixed_at: float = float("inf")
    """The cutoff at which the root's reduced costs last fixed columns."""

    def push(self, node: Node) -> None:
        """Keep a node for later."""
        heapq.heappush(self.heap, (node.bound, -next(self.number), node))

    def pop(self) -> Node:
        """The node of the lowest bound."""
        return heapq.heappop(self.heap)[2]

    @property
    def bound(self) -> float:
        """The lowest bound of any open node."""
        return self.heap[0][0] if self.heap else float("inf")

    @property
    def gap(self) -> float:
        """How far the lowest bound is from the cutoff."""
        return self.search.cutoff - self.bound

    def hear(self, side: Side) -> None:
        """Take over what a side has to tell."""
        before, self.nodes = self.nodes, self.nodes + side.nodes
        for node in side.kept:
            self.push(node)
        for y in side.found:
            self.search.offer(y)
        side.kept, side.found, side.nodes = [], [], 0
        if before // _TOLD < self.nodes // _TOLD or not before:
            self.search.tell(f"branching, {self.nodes} nodes")


def branch(search: Search, model: CutModel, *, worth: float = 0.0) -> None:
    """Search until nothing better than the cutoff is left, or the nodes or the time that it may take are used up.

    It gives up, with the model as at the root, if a hundred nodes close less than the share `worth` of the gap that was left before them.
    """
    n = search.part.num_columns
    costs = PseudoCosts(np.zeros((2, n)), np.zeros((2, n)))
    tree = Tree(search, [Side(search, model, costs)], costs)
    if model.live.resolve(search.run) == "proven":
        tree.root_bound, tree.root_reduced = model.live.objective, model.live.reduced_costs[:n]
    part = search.left_part
    tree.push(Node(part.lower[:n].copy(), part.upper[:n].copy(), search.bound, 0))
    can_be_two = not search.is_window and model.live.num_entries >= _LARGE
    look_at, gap_then = _LOOK_AFTER if worth > 0.0 else np.inf, tree.gap
    while tree.heap and not search.is_done and tree.nodes < search.most_nodes:
        if tree.nodes >= look_at:
            if tree.gap > (1.0 - worth) * gap_then:
                break
            look_at, gap_then = tree.nodes + _LOOK_AFTER, tree.gap
        _fix_at_root(tree)
        if can_be_two and len(tree.heap) > 1:
            _on_two_sides(tree)
        else:
            _on_one_side(tree, min(look_at, search.most_nodes))
        search.prove(min(tree.bound, search.cutoff))
    if not tree.heap and search.run.is_over is None:
        search.is_exhausted = True
    part = search.left_part
    model.live.set_bounds(np.arange(n), part.lower[:n], part.upper[:n])


def _on_one_side(tree: Tree, until: float) -> None:
    """Dive from the node of the lowest bound, until so many nodes are done."""
    search, side = tree.search, tree.sides[0]
    side.costs = tree.costs
    node: Node | None = tree.pop()
    while node is not None and not search.run.is_over and tree.nodes < until:
        node = _dive(side, node)
        tree.hear(side)
        _fix_at_root(tree)
    if node is not None:
        tree.push(node)


def _on_two_sides(tree: Tree) -> None:
    """Dive from the nodes of the lowest bounds on each of two sides, depth first, then tell both what was found."""
    search, before = tree.search, tree.costs.copy()
    while len(tree.sides) < _SIDES:
        tree.sides.append(Side(search, tree.sides[0].model.twin(), tree.costs.copy()))
    nodes = [tree.pop() for _ in range(min(len(tree.heap), _SIDES * _STARTS))]

    def work(number: int) -> Side:
        side = tree.sides[number]
        side.costs = before.copy()
        left = nodes[number::_SIDES][::-1]
        while left and side.nodes < _AT_A_TIME and not search.run.is_over:
            node = _dive(side, left.pop())
            # the last one comes first: it starts where the model stands
            left += side.kept if node is None else [*side.kept, node]
            side.kept = []
        side.kept = left
        return side

    for side in each_beside(work, range(_SIDES)):
        tree.costs.learn(side.costs, before)
        tree.hear(side)


def _dive(side: Side, node: Node) -> Node | None:
    """Bound a node; its child to go on with, the other one kept; None if it is done with."""
    search = side.search
    if node.bound >= search.cutoff:
        return None
    side.nodes += 1
    y = _bounded(side, node)
    if y is None:
        return None
    bound = max(node.bound, side.model.live.objective)
    node = _tightened(side, node, bound)
    fraction = np.abs(y - np.round(y))
    open_columns = np.flatnonzero((fraction > _WHOLE) & (node.upper > node.lower))
    if not len(open_columns):
        return None if _is_leaf(search, y, bound) else _halved(side, node, y, bound)
    return _split(side, node, open_columns, y)


def _fix_at_root(tree: Tree) -> None:
    """Fix by the reduced costs of the root what the best solution, if it is new, rules out everywhere."""
    search = tree.search
    if len(tree.root_reduced) and search.cutoff < tree.fixed_at:
        tree.fixed_at = search.cutoff
        room = search.cutoff - tree.root_bound + search.tolerance
        free = search.left_part.is_free
        search.left_part = search.left_part.fixed(free & (tree.root_reduced > room), free & (-tree.root_reduced > room))


def _bounded(side: Side, node: Node) -> Floats | None:
    """Solve the relaxation of a node by cuts; its y, or None if the node cannot hold anything better."""
    search, model = side.search, side.model
    part, n = search.left_part, search.part.num_columns
    lower, upper = np.maximum(node.lower, part.lower[:n]), np.minimum(node.upper, part.upper[:n])
    if (lower > upper).any():
        return None
    model.live.set_bounds(np.arange(n), lower, upper)
    before, rounds = -np.inf, 0
    while True:
        rounds += 1
        stopped = model.live.resolve(search.run, cutoff=search.cutoff)
        objective = model.live.objective
        if stopped != "proven" or objective >= search.cutoff:
            if stopped not in {"proven", "infeasible"}:  # the clock or the solver left it unsolved: it stays open
                side.kept.append(node)
            return None
        values = model.live.values
        y = model.y_of(values)
        is_whole = bool((np.abs(y - np.round(y)) <= _WHOLE).all())
        if is_whole:
            side.found.append(y > 0.5)
        scale = max(1.0, abs(objective))
        cuts = model.rows.separate(y, model.theta_of(values), 1e-9 * scale)
        slow = objective - before < 1e-3 * max(0.0, search.cutoff - objective)
        if not len(cuts) or (slow and (not is_whole or rounds > _ROUNDS)):
            return y
        before = objective
        model.add(cuts)


def _tightened(side: Side, node: Node, bound: float) -> Node:
    """The node with what the reduced costs of its relaxation fix."""
    reduced = side.model.live.reduced_costs[: len(node.lower)]
    room = side.search.cutoff - side.model.live.objective + side.search.tolerance
    lower, upper = node.lower.copy(), node.upper.copy()
    free = upper > lower
    upper[free & (reduced > room)] = 0.0
    lower[free & (-reduced > room)] = 1.0
    return Node(lower, upper, bound, node.depth)


def _is_leaf(search: Search, y: Floats, bound: float) -> bool:
    """Whether a whole y settles its node: its value was offered, and the relaxation has its true cost."""
    value = search.total(y > 0.5)
    completed = search.completion.at(y > 0.5)
    true = value + completed[0] if completed is not None else float("inf")
    return true <= bound + max(search.tolerance, 1e-7 * abs(bound)) or bound >= search.cutoff


def _halved(side: Side, node: Node, y: Floats, bound: float) -> Node | None:
    """Split a node whose y is whole by rounding although its value is above the bound: on the free column that is least whole."""
    free = np.flatnonzero(node.upper > node.lower)
    if not len(free):
        return None
    return _children(side, node, int(free[np.argmax(np.abs(y - np.round(y))[free])]), y, (bound, bound))


def _split(side: Side, node: Node, columns: Ints, y: Floats) -> Node | None:
    """Choose the column to branch on and branch."""
    costs = side.costs
    ranked = columns[np.argsort(-costs.score(columns, y), kind="stable")]
    base, objective = side.model.live.highs.getBasis(), side.model.live.objective
    best, chosen, rises = -1.0, int(ranked[0]), (0.0, 0.0)
    for column in ranked[:_TRIALS]:
        if costs.times[:, column].min() >= _RELIABLE:
            expected = costs.total[:, column] / costs.times[:, column]
            rise = (expected[0] * y[column], expected[1] * (1.0 - y[column]))
            tried = (0.0, 0.0)
        else:
            tried = _try(side, node, int(column), y, objective)
            side.model.live.highs.setBasis(base)
            rise = tried
        score = max(rise[0], _SMALL) * max(rise[1], _SMALL)
        if score > best:
            best, chosen, rises = score, int(column), tried
        if max(tried) == np.inf:
            break
    return _children(side, node, chosen, y, (objective + rises[0], objective + rises[1]))


def _try(side: Side, node: Node, column: int, y: Floats, objective: float) -> tuple[float, float]:
    """How much the relaxation rises, at least, when a column is closed and when it is opened; inf: nothing better there."""
    live, search = side.model.live, side.search
    rises = []
    for direction in (0, 1):
        live.set_bounds(np.array([column]), np.array([float(direction)]), np.array([float(direction)]))
        stopped = live.resolve(search.run, cutoff=search.cutoff, iterations=_TRIAL_ITERATIONS)
        rise = max(0.0, live.objective - objective) if stopped in {"proven", "iterations"} else 0.0
        if stopped == "infeasible" or (stopped == "proven" and live.objective >= search.cutoff):
            rise = np.inf
        rises.append(rise)
        distance = y[column] if direction == 0 else 1.0 - y[column]
        side.costs.note(column, direction, min(rise, max(0.0, search.cutoff - objective)), distance)
    live.set_bounds(np.array([column]), node.lower[[column]], node.upper[[column]])
    return rises[0], rises[1]


def _children(side: Side, node: Node, column: int, y: Floats, bounds: tuple[float, float]) -> Node | None:
    """Both children; the better one to go on with, the other kept; those that cannot hold anything better are dropped."""
    kept = []
    for direction in (0, 1):
        if bounds[direction] >= side.search.cutoff:
            continue
        lower, upper = node.lower.copy(), node.upper.copy()
        lower[column] = upper[column] = float(direction)
        kept.append(Node(lower, upper, max(node.bound, bounds[direction]), node.depth + 1))
    if not kept:
        return None
    kept.sort(key=lambda child: abs(child.lower[column] - y[column]))
    for other in kept[1:]:
        side.kept.append(other)
    return kept[0]
