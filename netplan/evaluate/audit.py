"""Recompute a plan from the tables, and refuse it if the solver said otherwise."""

from __future__ import annotations

from typing import Protocol

from netplan.errors import AuditError
from netplan.evaluate.arrays import Ints
from netplan.evaluate.case import Basis, Case
from netplan.evaluate.customers import Prices, access_ranking, assignment_problems, nearest
from netplan.evaluate.facts import Facts
from netplan.evaluate.measure import measure
from netplan.evaluate.network import (
    WEEKS,
    Assignment,
    Network,
    NetworkPlan,
    PlanLike,
    assignment_frame,
    assignment_of,
    check_shape,
    network_of,
    network_of_today,
    unknown_names,
)
from netplan.evaluate.reading import facts_of
from netplan.evaluate.rules import Rules
from netplan.evaluate.score import Scorecard, StandardScore
from netplan.evaluate.standards import Measured, Promise
from netplan.problem import PlanningProblem

RELATIVE = 1e-6
"""Largest disagreement between audit and solver, relative to max(1, |objective|)."""


class Certified(PlanLike, Protocol):
    """A plan with a certificate."""

    @property
    def certificate(self) -> Objective | None:
        """What the solver proved."""


class Objective(Protocol):
    """The solver's claim."""

    @property
    def objective(self) -> float | None:
        """Value of the plan."""


def evaluate(problem: PlanningProblem, plan: PlanLike) -> Scorecard:
    """Recompute what a plan costs and whom it serves, and check every rule.

    Reads the region's tables, the plan file and the travel minutes; shares no code with formulation and solver. The
    customers' costs follow the plan's own assignments, which are checked against the rule in force. Today's network is
    measured with every visit at its cheapest open outlet, under either rule of assignment.

    Parameters
    ----------
    problem
        The problem that the plan answers.
    plan
        A `Plan`, or anything with its per-site columns and assignments (`today`).

    Returns
    -------
    Scorecard
        Before and after, standards, and `problems`: the rules that the plan breaks, in the planner's words.
    """
    facts = facts_of(problem)
    basis = Basis.of(facts)
    rules, prices = basis.rules, basis.prices
    today = network_of_today(facts)
    before = Case.of(basis, today, nearest(facts, access_ranking(facts, prices, today)))
    check_shape(facts, plan)
    network = network_of(facts, plan)
    assignment = assignment_of(facts, plan.assignments)
    after = Case.of(basis, network, assignment)
    broken = tuple(rules.breaches(network, after.cash, after.load, after.covered))
    return Scorecard(
        before=measure(basis, before),
        after=measure(basis, after),
        standards=_standards(rules, before, after),
        problems=(
            *unknown_names(facts, plan),
            *(breach.text for breach in broken),
            *assignment_problems(facts, prices, network, assignment),
        ),
        currency=facts.region.currency,
        objective_kind=facts.policy.objective.kind,
        breaches=broken,
    )


def audit(problem: PlanningProblem, plan: Certified, card: Scorecard | None = None) -> None:
    """Refuse a plan whose recomputed objective or rules disagree with the solver's.

    Parameters
    ----------
    card
        The plan's scorecard where it is at hand, as `evaluate` returns it; worked out otherwise.

    Raises
    ------
    AuditError
        The objectives differ by more than 1e-6 relative to max(1, |objective|), or the plan breaks a rule.
    """
    card = evaluate(problem, plan) if card is None else card
    found = card.after.objective
    claimed = plan.certificate.objective if plan.certificate is not None else None
    if claimed is None:
        raise AuditError("the plan has no certificate with an objective to check")
    # Negated, so that a claim that is not a number fails too.
    if not abs(claimed - found) <= RELATIVE * max(1.0, abs(found)):
        parts = ", ".join(f"{name} {cost:,.6f}" for name, cost in card.after.costs.items())
        raise AuditError(
            f"the audit finds an objective of {found:,.6f}, the solver claims {claimed:,.6f}; this is a bug in netplan. "
            f"The audit's components: {parts}"
        )
    if card.problems:
        shown = "\n".join(f"- {problem_text}" for problem_text in card.problems[:20])
        raise AuditError(f"the plan breaks {len(card.problems)} rules; this is a bug in netplan.\n{shown}")


def today(problem: PlanningProblem) -> NetworkPlan:
    """The network as it stands: every outlet keeps its format, nothing opens, visits go to their cheapest outlet."""
    facts = facts_of(problem)
    network = network_of_today(facts)
    return named_plan(facts, network, is_today=True)


def named_plan(
    facts: Facts, network: Network, assignment: Assignment | None = None, *, is_today: bool = False
) -> NetworkPlan:
    """A network as a plan, with every visit at its cheapest open outlet unless another assignment is given."""
    if assignment is None:
        assignment = nearest(facts, access_ranking(facts, Prices.of(facts), network))
    return NetworkPlan(
        format_after=_named(facts.formats.names, network.format_of),
        relocated_to=tuple(int(site) for site in network.relocated_to),
        base_of=_named(facts.channels.base_ids, network.base_of),
        van_of=_named(facts.channels.van_ids, network.van_of),
        week_of=_named(WEEKS, network.week_of),
        assignments=assignment_frame(facts, assignment),
        is_today=is_today,
    )


def _named(names: tuple[str, ...], at: Ints) -> tuple[str, ...]:
    return tuple(names[position] if position >= 0 else "" for position in at)


def _standards(rules: Rules, before: Case, after: Case) -> tuple[StandardScore, ...]:
    """Every standard before and after, in the order of the plan file, the default one last."""
    facts, standards = rules.facts, rules.standards
    was, now = before.network, after.network
    scores = [
        _score(rule.promise, rule.measure(people_before), rule.measure(people_after))
        for rule, people_before, people_after in zip(standards.coverage, before.covered, after.covered, strict=True)
    ]
    scores += [_score(rule.promise, rule.measure(facts, was), rule.measure(facts, now)) for rule in standards.townships]
    scores += [_score(rule.promise, rule.measure(was), rule.measure(now)) for rule in standards.spacing]
    order = [standard.id for standard in facts.policy.standard]
    return tuple(sorted(scores, key=lambda score: order.index(score.id) if score.id in order else len(order)))


def _score(promise: Promise, was: Measured, now: Measured) -> StandardScore:
    short = now.short if now.short > promise.tolerance else 0.0
    return StandardScore(
        id=promise.id,
        kind=promise.kind,
        target=promise.target,
        before=was.reached,
        after=now.reached,
        met=short == 0.0,
        unit=promise.unit,
        short=short,
        penalty=(promise.penalty or 0.0) * now.short,
        is_hard=promise.penalty is None,
    )
