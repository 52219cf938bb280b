"""The Scorecard as a small table for notebooks."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netplan.evaluate.score import Scorecard

_LEFT, _RIGHT = "text-align:left", "text-align:right"


def scorecard_html(card: Scorecard) -> str:
    """Before and after side by side; lines that are zero on both sides are left out, names are escaped."""
    rows = "".join(
        _row([str(line.measure), _number(line.before), _number(line.after), _number(line.change), str(line.unit)])
        for line in card.frame().itertuples(index=False)
        if not (line.before == 0 and line.after == 0)
    )
    standards = "".join(
        f"<li>{html.escape(each.id)}: {'met' if each.met else 'not met'}</li>" for each in card.standards
    )
    problems = "".join(f"<li>{html.escape(problem)}</li>" for problem in card.problems)
    head = _row(["", "before", "after", "change", "unit"], cell="th")
    return (
        f"<table><caption>{html.escape(card.objective_kind)}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"
        + (f"<p>Standards</p><ul>{standards}</ul>" if standards else "")
        + (f"<p>Problems</p><ul>{problems}</ul>" if problems else "")
    )


def _row(values: list[str], cell: str = "td") -> str:
    sides = [_LEFT, _RIGHT, _RIGHT, _RIGHT, _LEFT]
    cells = "".join(
        f"<{cell} style='{side}'>{html.escape(value)}</{cell}>" for value, side in zip(values, sides, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _number(value: object) -> str:
    number = float(str(value))
    if math.isnan(number):
        return "-"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:,.3g}"
