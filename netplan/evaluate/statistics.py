"""Weighted means, percentiles and measures of inequality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netplan.evaluate.arrays import Floats, Ints, count_by, sum_by

SHARE_P90 = 0.9


@dataclass(frozen=True, slots=True)
class Spread:
    """Weighted minutes by group, shape (groups,) each; NaN where a group weighs nothing."""

    mean: Floats
    p90: Floats
    worst: Floats
    weight: Floats


def spread_by(group: Ints, minutes: Floats, weight: Floats, groups: int) -> Spread:
    """Mean, 90th percentile and largest minutes of each group.

    The 90th percentile is the smallest value that at least 90 % of the weight does not exceed.
    """
    counts = (weight > 0) & (group >= 0)
    group, minutes, weight = group[counts], minutes[counts], weight[counts]
    order = np.lexsort((minutes, group))
    group, minutes, weight = group[order], minutes[order], weight[order]
    total = sum_by(group, weight, groups)
    some = total > 0
    mean, p90, worst = (np.full(groups, np.nan) for _ in range(3))
    mean[some] = sum_by(group, weight * minutes, groups)[some] / total[some]
    size = count_by(group, groups)
    end = np.cumsum(size)
    running = np.cumsum(weight)
    before = np.concatenate([[0.0], running])[end - size]
    # A hair less than 90 %, so that sums which only rounding keeps below it count as reaching it.
    wanted = before + SHARE_P90 * total * (1.0 - 1e-12)
    at = np.minimum(np.searchsorted(running, wanted), np.maximum(end - 1, 0))
    p90[some] = minutes[at[some]]
    worst[some] = minutes[end[some] - 1]
    return Spread(mean, p90, worst, total)


def weighted_mean(values: Floats, weight: Floats) -> float:
    """Mean of values, NaN if nothing weighs."""
    total = float(weight.sum())
    return float((values * weight).sum()) / total if total > 0 else float("nan")


def worst_tenth_mean(values: Floats, weight: Floats) -> float:
    """Mean over the tenth of the weight with the largest values; a value on the border counts in part."""
    order = np.argsort(-values, kind="stable")
    tenth = float(weight.sum()) / 10.0
    if tenth <= 0:
        return float("nan")
    before = np.concatenate([[0.0], np.cumsum(weight[order])[:-1]])
    taken = np.clip(tenth - before, 0.0, weight[order])
    return float((values[order] * taken).sum() / tenth)


def gini(values: Floats, weight: Floats) -> float:
    """Gini coefficient of non-negative values: half the relative mean absolute difference; 0 if all are 0."""
    order = np.argsort(values, kind="stable")
    value, share = values[order], weight[order]
    total, sum_of = float(share.sum()), float((value * share).sum())
    if total <= 0:
        return float("nan")
    if sum_of <= 0:
        return 0.0
    held = np.cumsum(value * share) / sum_of
    # One minus twice the area under the Lorenz curve, by trapezoids.
    area = float((share / total * (held + np.concatenate([[0.0], held[:-1]])) / 2.0).sum())
    return 1.0 - 2.0 * area


def ratio(part: float, whole: float) -> float:
    """A quotient, NaN if there is nothing to compare with."""
    return part / whole if whole > 0 else float("nan")
