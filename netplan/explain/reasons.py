"""Why each action was chosen: what would change if it alone were reversed."""

from __future__ import annotations

from dataclasses import dataclass

from netplan.errors import InputError
from netplan.evaluate.audit import named_plan
from netplan.evaluate.case import Basis
from netplan.evaluate.facts import Facts
from netplan.evaluate.network import NetworkPlan, PlanLike, assignment_of, check_shape, network_of
from netplan.evaluate.reading import facts_of
from netplan.explain.change import Change, Standing
from netplan.explain.reversal import Reversal, reversals
from netplan.explain.words import told
from netplan.problem import PlanningProblem


@dataclass(frozen=True, slots=True)
class Reason:
    """What would change if one action alone were reversed (close: kept; keep: closed; open: not opened; ...).

    Attributes
    ----------
    site_id, action
        Whose action, and which: keep, close, convert, relocate or open.
    cost_per_year
        Change of the objective (people or visits left uncovered, under a coverage objective). Positive speaks for the action.
    cash_per_year
        Change of the bank's cash cost: running, vans, annualised one-offs.
    margin_per_year
        Change of margin, won less lost. Positive: the reversal brings margin back.
    people
        People some of whose visits would go elsewhere.
    minutes
        Mean change of their one-way minutes, over those visits that are served before and after; 0 if there are none.
    total_minutes_per_year
        The same, summed over the visits of a year.
    unserved_visits_per_year
        Change of the visits that nobody serves.
    breaks
        Rules that the reversal would break (ids as in `netplan.evaluate.breaches`).
    text
        All of it in words.
    """

    site_id: str
    action: str
    cost_per_year: float
    cash_per_year: float
    margin_per_year: float
    people: float
    minutes: float
    total_minutes_per_year: float
    unserved_visits_per_year: float
    breaks: tuple[str, ...]
    text: str


def explain(problem: PlanningProblem, plan: PlanLike) -> tuple[Reason, ...]:
    """A reason for every action of a plan, in the order of the sites.

    Each is what `evaluate` of the plan with that action reversed (`reversed_plan`) shows against the plan, worked out from
    what the reversal touches. Under `system` assignment, visits that a reversal frees go to their cheapest open outlet,
    and visits move to a site that comes back where it is cheaper for them; the others stay.
    """
    facts = facts_of(problem)
    check_shape(facts, plan)
    network = network_of(facts, plan)
    standing = Standing.of(Basis.of(facts), network, assignment_of(facts, plan.assignments))
    return tuple(_reason(facts, reversal, standing.change(reversal)) for reversal in reversals(facts, network))


def reversed_plan(problem: PlanningProblem, plan: PlanLike, site_id: str) -> NetworkPlan:
    """A plan with the action of one site reversed, customers moved as `explain` moves them.

    Raises
    ------
    InputError
        The site is unknown, or a candidate that the plan leaves closed or moves an outlet into.
    """
    facts = facts_of(problem)
    check_shape(facts, plan)
    network = network_of(facts, plan)
    reversal = next((each for each in reversals(facts, network) if facts.sites.ids[each.site] == site_id), None)
    if reversal is None:
        raise InputError(f"{site_id!r} has no action to reverse: no outlet of today and no candidate that opens")
    if problem.policy.access.assignment == "nearest":
        return named_plan(facts, reversal.network)
    standing = Standing.of(Basis.of(facts), network, assignment_of(facts, plan.assignments))
    return named_plan(facts, reversal.network, standing.reassigned(reversal))


def _reason(facts: Facts, reversal: Reversal, change: Change) -> Reason:
    return Reason(
        site_id=facts.sites.ids[reversal.site],
        action=reversal.action,
        cost_per_year=change.objective,
        cash_per_year=change.cash,
        margin_per_year=change.margin,
        people=change.people,
        minutes=change.minutes / change.visits if change.visits > 0 else 0.0,
        total_minutes_per_year=change.minutes,
        unserved_visits_per_year=change.unserved_visits,
        breaks=tuple(dict.fromkeys(breach.rule for breach in change.breaches)),
        text=told(facts, reversal, change),
    )
