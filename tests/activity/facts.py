"""What an optimum does: its actions, formats, kinds of row and components of cost, by name."""

from __future__ import annotations

from collections.abc import Iterator

from activity.kind import Case

ROWS = {
    "row access": "access_time",
    "row retention": "lost_margin",
    "row gain": "won_margin",
    "row coverage": "uncovered",
}
ACTIONS = ("action keep", "action close", "action convert", "action relocate", "action open")
COMPONENTS = (
    "opening",
    "closing",
    "severance",
    "lease_break",
    "disposal",
    "conversion",
    "relocation",
    "transition",
    "day_wait",
    "unserved",
    "van",
)


def happenings(case: Case) -> Iterator[str]:
    """Names of the actions, formats, rows and components that occur in the optimum of a case that has one."""
    yield from _actions(case)
    yield from _rows(case)
    answer, (m, vans) = case.answer, case.answer.best
    for name in COMPONENTS:
        if name in answer.components and abs(answer.components[name][m]) > 1:
            yield f"cost {name}"
    if answer.van_cost[vans] > 1:
        yield "cost van"


def _actions(case: Case) -> Iterator[str]:
    """What becomes of each site, and in which format."""
    answer, instance, m = case.answer, case.answer.instance, case.answer.best[0]
    arrived = answer.states.is_arrived[m]
    for s, after in enumerate(answer.states.format[m]):
        if after >= 0:
            yield f"format {instance.formats[after]}"
        if s < instance.num_outlets:
            yield _fate(instance.present[s], int(after), int(answer.states.target[m, s]))
        elif after >= 0 and not arrived[s]:
            yield "action open"


def _fate(before: int, after: int, target: int) -> str:
    if target >= 0:
        return "action relocate"
    if after < 0:
        return "action close"
    return "action keep" if after == before else "action convert"


def _rows(case: Case) -> Iterator[str]:
    """Kinds of row that cost something, or hold a standard that matters."""
    answer, m = case.answer, case.answer.best[0]
    for name, component in ROWS.items():
        if component in answer.components and abs(answer.components[component][m]) > 1:
            yield name
    labels = [label for label in (*answer.kept, *answer.penalties) if label.startswith("standard.")]
    if any(answer.matters(label) for label in labels):
        yield "row coverage"
