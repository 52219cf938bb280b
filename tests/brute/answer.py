"""The cheapest plan of all, and what it would be without a rule."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from brute.customers import Visits, lost_margin, nearest_visits, uncovered, won_margin
from brute.instance import Instance
from brute.money import one_offs, running
from brute.rounds import counters_hold, van_sets, vans_hold
from brute.rules import checks
from brute.split import Splitter
from brute.standards import shortfalls
from brute.states import States, every_state
from netplan.problem import PlanningProblem


@dataclass
class Answer:
    """Every state priced and judged.

    Attributes
    ----------
    components
        Objective by component, (M,); under `system` without what customers and overflow cost, which is solved on demand.
    penalties
        Price of what is short of each soft standard, (M,).
    kept
        Rules, each (M, U) or (M, 1): whether it is kept.
    """

    instance: Instance
    states: States
    components: dict[str, np.ndarray]
    penalties: dict[str, np.ndarray]
    kept: dict[str, np.ndarray]
    visits: Visits
    overflow: np.ndarray
    van_cost: np.ndarray
    _split: dict[int, float] = field(default_factory=dict)

    @property
    def is_system(self) -> bool:
        """Whether the planner splits visits."""
        return self.instance.policy.access.assignment == "system"

    @property
    def total(self) -> np.ndarray:
        """Objective, (M, U); under `system` a lower bound of it."""
        return sum((*self.components.values(), *self.penalties.values()))[:, None] + self.van_cost[None, :]

    @property
    def allowed(self) -> np.ndarray:
        """Whether a state, with a set of vans, keeps every rule, (M, U)."""
        return self._allowed(())

    @property
    def value(self) -> float | None:
        """The least objective; None if no state keeps every rule."""
        return self._least(self.allowed, self.total)

    @property
    def best(self) -> tuple[int, int]:
        """A state of the least objective, and its set of vans."""
        m = self._least_at(self.allowed, self.total)[1]
        return m, int(np.where(self.allowed[m], self.total[m], np.inf).argmin())

    def value_without(self, *labels: str) -> float | None:
        """The least objective if these rules, prices or parts of a rule were dropped.

        Labels are those of `kept` and `penalties`, ``overflow``, or a name of `rounds.VARIANTS`.
        """
        total = self.total - sum((self.penalties[label][:, None] for label in labels if label in self.penalties), 0.0)
        if "overflow" in labels and "overflow" in self.components:
            total = total - self.components["overflow"][:, None]
        return self._least(self._allowed(labels), total)

    def value_as(self, variant: str) -> float | None:
        """The least objective if counters and vans worked as a variant of `rounds.VARIANTS` says."""
        rounds = {
            "counters": counters_hold(self.instance, self.states, variant)[:, None],
            "vans": vans_hold(self.instance, self.states, variant),
        }
        allowed = self._allowed(("counters", "vans")) & rounds["counters"] & rounds["vans"]
        return self._least(allowed, self.total)

    def matters(self, label: str) -> bool:
        """Whether dropping a rule or price changes the answer."""
        return differs(self.value, self.value_without(label))

    def _allowed(self, without: tuple[str, ...]) -> np.ndarray:
        allowed = np.ones(self.total.shape, dtype=bool)
        for label, holds in self.kept.items():
            if label not in without:
                allowed &= holds
        return allowed

    def _least(self, allowed: np.ndarray, total: np.ndarray) -> float | None:
        value, _ = self._least_at(allowed, total)
        return value if np.isfinite(value) else None

    def _least_at(self, allowed: np.ndarray, total: np.ndarray) -> tuple[float, int]:
        cost = np.where(allowed, total, np.inf).min(axis=1)
        if not self.is_system:
            return float(cost.min()), int(cost.argmin())
        best, at = np.inf, -1
        splitter = Splitter(self.instance)
        scale = float(self.instance.policy.objective.kind != "coverage")
        for m in np.argsort(cost, kind="stable"):
            if not cost[m] < best:
                break
            if m not in self._split:
                self._split[int(m)] = splitter.cost(self.states.format[m])
            exact = self._split[int(m)]
            value = cost[m] + (scale * (exact - self.visits.cost[m]) if np.isfinite(exact) else np.inf)
            if value < best:
                best, at = float(value), int(m)
        return best, at


def differs(one: float | None, other: float | None) -> bool:
    """Whether two values of the objective differ by more than rounding."""
    if one is None or other is None:
        return one is not other
    return abs(one - other) > 1e-6 * max(1.0, abs(one), abs(other))


def brute_force(problem: PlanningProblem, like: Answer | None = None) -> Answer:
    """Write down every plan of a small problem.

    `like` is the answer to the same region under another plan file: what did not change is taken from it.
    """
    instance = Instance(problem)
    same = like if like is not None and _prices(instance) == _prices(like.instance) else None
    if same is not None and same.instance.region is instance.region:
        states, visits, overflow, van_cost = same.states, same.visits, same.overflow, same.van_cost
        components = same.components
        rounds = {name: same.kept[name] for name in ("counters", "vans")}
    else:
        states = every_state(instance)
        visits = nearest_visits(instance, states)
        capacity = np.vstack([instance.capacity, np.zeros(len(instance.services))])[states.format]
        overflow = np.maximum(0.0, visits.load - capacity)
        van_cost = _van_cost(instance)
        components = _components(instance, states, visits, overflow)
        rounds = {"counters": counters_hold(instance, states)[:, None], "vans": vans_hold(instance, states)}
    penalties, hard = _standards(instance, states)
    kept = {**hard, **rounds, **_judged(instance, states, visits, overflow)}
    return Answer(instance, states, components, penalties, kept, visits, overflow, van_cost)


def _prices(instance: Instance) -> tuple[object, ...]:
    """What the states and their costs depend on, besides the region."""
    policy = instance.policy
    return (
        policy.money,
        policy.access,
        policy.objective,
        policy.capacity,
        policy.policy.relocation_minutes,
        policy.travel,
    )


def _van_cost(instance: Instance) -> np.ndarray:
    vans = instance.region.vans["running_cost_per_year"].to_numpy(dtype=float)
    is_cost = instance.policy.objective.kind == "net_cost"
    return np.array([vans[list(chosen)].sum() if is_cost else 0.0 for chosen in van_sets(instance)])


def _components(instance: Instance, states: States, visits: Visits, overflow: np.ndarray) -> dict[str, np.ndarray]:
    kind = instance.policy.objective.kind
    if kind == "coverage":
        return {"uncovered": uncovered(instance, states)}
    customers = {"access_time": visits.access_time, "day_wait": visits.day_wait, "unserved": visits.unserved}
    if kind == "access":
        return customers
    items = {name: instance.recovery * amount.sum(axis=1) for name, amount in one_offs(instance, states).items()}
    items["running"] = running(instance, states).sum(axis=1)
    items["lost_margin"] = lost_margin(instance, states)
    items["won_margin"] = -won_margin(instance, states)
    if instance.policy.capacity.overflow == "priced" and instance.policy.access.assignment == "nearest":
        prices = np.array([instance.policy.service_access(name).overflow_cost for name in instance.services])
        items["overflow"] = (overflow.sum(axis=1) * prices).sum(axis=1)
    return {**items, **customers}


def _standards(instance: Instance, states: States) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    penalties, hard = {}, {}
    for label, standard, short in shortfalls(instance, states):
        if standard is None or standard.hard:
            hard[label] = (short <= 1e-7)[:, None]
        else:
            penalties[label] = float(standard.penalty or 0) * short
    return penalties, hard


def _judged(instance: Instance, states: States, visits: Visits, overflow: np.ndarray) -> dict[str, np.ndarray]:
    kept: dict[str, np.ndarray] = {}
    for label, holds in checks(instance, states):
        column = holds[:, None] if holds.ndim == 1 else holds
        kept[label] = kept[label] & column if label in kept else column
    if instance.policy.access.assignment == "nearest":
        if instance.policy.capacity.overflow == "hard":
            kept["capacity"] = (overflow <= 1e-6).all(axis=(1, 2))[:, None]
        if instance.policy.capacity.viability == "hard":
            least = states.amount(instance.of_format("min_visits_per_year"))
            kept["viability"] = (visits.load.sum(axis=2) >= least - 1e-6).all(axis=1)[:, None]
    return kept
