"""The trace of a run as a table and as a picture; matplotlib is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netplan.progress import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PALE = "#22303c", "#7d8a96"
PLAN, BOUND = "#d1603d", "#2a6f97"
GAP = "#e9e2d6"
_SHORT = 0.03
"""A stage shorter than this share of the run is drawn as part of its neighbour."""
_CHARACTER = 0.0125
"""Width of a character of a stage's name, as a share of the axes."""
_BRIEF = 0.02
"""What lasted less than this share of the run may lie off the picture."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stage of the run and its seconds."""

    stage: str
    begin: float
    end: float


def trace_table(trace: Sequence[Progress]) -> pd.DataFrame:
    """A line per step: seconds, stage, objective, bound, gap; what is not known yet is NaN."""
    number = {
        name: np.array([getattr(step, name) for step in trace], dtype=np.float64)
        for name in ("seconds", "objective", "bound", "gap")
    }
    table = pd.DataFrame(number)
    table.insert(1, "stage", pd.Series([step.stage for step in trace], dtype=object))
    return table


def draw_convergence(trace: Sequence[Progress], *, title: str, unit: str, ax: Axes | None = None) -> Axes:
    """Objective and bound against seconds as steps, the gap between them shaded, and the stages of the run."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - matplotlib loads when a plot is asked for

    axes = plt.subplots(figsize=(9, 4.8), layout="constrained")[1] if ax is None else ax
    table = trace_table(trace)
    end = max(float(table["seconds"].max()) if len(table) else 0.0, 1e-3)
    axes.set(xlim=(0, end), xlabel="seconds", ylabel=unit)
    axes.set_title(title, loc="left", color=INK, pad=22)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _draw_values(axes, table)
    _draw_stages(axes, stretches(trace), end)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, axis="y", color="#d8dde2", linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def stretches(trace: Sequence[Progress]) -> list[Stretch]:
    """The stages in order; those too short to draw belong to the one before, a first one to the next."""
    least = _SHORT * (trace[-1].seconds if trace else 0.0)
    found: list[Stretch] = []
    for stretch in _runs(trace):
        last = found[-1] if found else stretch
        if found and (stretch.end - stretch.begin < least or last.stage == stretch.stage):
            found[-1] = Stretch(last.stage, last.begin, stretch.end)
        elif len(found) == 1 and last.end - last.begin < least:
            found[-1] = Stretch(stretch.stage, last.begin, stretch.end)
        else:
            found.append(stretch)
    return found


def _runs(trace: Sequence[Progress]) -> Iterator[Stretch]:
    """Steps of one stage in a row; the last step ends the last of them."""
    changes = [0, *(at for at in range(1, len(trace)) if trace[at].stage != trace[at - 1].stage)]
    for at, following in zip(changes, [*changes[1:], len(trace) - 1], strict=True):
        if at < following:
            begin = trace[at].seconds if at else 0.0
            yield Stretch(trace[at].stage, begin, trace[following].seconds)


def _draw_values(axes: Axes, table: pd.DataFrame) -> None:
    seconds = table["seconds"].to_numpy()
    objective, bound = table["objective"].to_numpy(), table["bound"].to_numpy()
    known = np.isfinite(objective) & np.isfinite(bound)
    axes.fill_between(seconds, bound, objective, where=list(known), step="post", color=GAP, linewidth=0)
    axes.step(seconds, objective, where="post", color=PLAN, linewidth=3, label="best plan")
    axes.step(seconds, bound, where="post", color=BOUND, linewidth=1.5, label="proven bound")
    if not np.isfinite(np.concatenate([objective, bound])).any():
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no plan and no bound", transform=axes.transAxes, ha="center", color=PALE)
        return
    _frame(axes, seconds, objective, bound)
    for values, colour, rise in ((objective, PLAN, "bottom"), (bound, BOUND, "top")):
        if len(values) and np.isfinite(values[-1]):
            label = f"{'best plan' if colour == PLAN else 'proven bound'} {values[-1]:,.0f}"
            offset = (-4, 5 if rise == "bottom" else -5)
            axes.annotate(
                label, (seconds[-1], values[-1]), offset, textcoords="offset points", ha="right", va=rise, color=colour
            )


def _frame(axes: Axes, seconds: np.ndarray, objective: np.ndarray, bound: np.ndarray) -> None:
    """Limits that leave out what held for a moment only: a first plan or bound far off would flatten all the rest."""
    held = np.append(np.diff(seconds), 0.0)
    later = np.cumsum(held) >= _BRIEF * seconds[-1]
    later[-1] = True
    shown = np.concatenate([objective[later], bound[later]])
    low, high = (float(edge) for edge in (np.nanmin(shown), np.nanmax(shown)))
    margin = 0.12 * (high - low) or 0.01 * max(1.0, abs(high))
    axes.set_ylim(low - margin, high + margin)


def _draw_stages(axes: Axes, stages: Sequence[Stretch], end: float) -> None:
    """Boundaries between stages, and the names of those wide enough to bear one."""
    for stretch in stages:
        if stretch.begin > 0:
            axes.axvline(stretch.begin, color=PALE, linewidth=0.8, linestyle=":")
        share = (stretch.end - stretch.begin) / end
        if share >= _CHARACTER * len(stretch.stage):
            middle = (stretch.begin + stretch.end) / 2
            where = axes.get_xaxis_transform()
            axes.text(middle, 1.02, stretch.stage, transform=where, ha="center", va="bottom", color=PALE, fontsize=9)
