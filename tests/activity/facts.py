"""What an optimum does: its actions, formats, kinds of row and components of cost, by name."""

from __future__ import annotations

from collections.abc import Iterator

from activity.kind import Case

ROWS = {"row access": "access_time", "row retention": "lost_margin", "row gain": "won_margin", "row coverage": "uncovered"}
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
    answer, instance = case.answer, case.answer.instance
    m, chosen = answer.best
    for s in range(len(instance.ids)):
        after = answer.states.format[m, s]
        if after >= 0:
            yield f"format {instance.formats[after]}"
        if s >= instance.num_outlets:
            if after >= 0 and not answer.states.is_arrived[m, s]:
                yield "action open"
        elif answer.states.target[m, s] >= 0:
            yield "action relocate"
        elif after < 0:
            yield "action close"
        else:
            yield "action keep" if after == instance.present[s] else "action convert"
    for name, component in ROWS.items():
        if abs(answer.components[component][m]) > 1 if component in answer.components else False:
            yield name
    if any(label.startswith("standard.") and answer.matters(label) for label in (*answer.kept, *answer.penalties)):
        yield "row coverage"
    for name in COMPONENTS:
        if name in answer.components and abs(answer.components[name][m]) > 1:
            yield f"cost {name}"
    if answer.van_cost[chosen] > 1:
        yield "cost van"
