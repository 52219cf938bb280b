"""Named sites, clusters, zones and the last outlet of a township, made to bind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from brute import Answer

from activity.kind import Kind, Parts, cut, label_matters


def site_kinds() -> Iterator[Kind]:
    """Every list of `[policy]`."""
    for key, kind_of_site, should_be_open in (
        ("protected", "outlet", False),
        ("forced_closures", "outlet", True),
        ("forced_openings", "candidate", False),
        ("forbidden", "candidate", True),
    ):
        yield Kind(
            key, _named(key, kind_of_site, is_open=should_be_open), label_matters(f"policy.{key}"), ("town", "tight")
        )
    lease = "close_when_lease_ends_by"
    yield Kind(lease, _expiring, label_matters(f"policy.{lease}"), ("town", "tight"))
    yield Kind("cluster", _cluster, label_matters("policy.cluster"), ("town", "rural"))
    for end in ("min", "max"):
        yield Kind(f"zone_share {end}", _zone(end), label_matters(f"policy.zone_share.{end}"), ("town", "tight"))
    last = Kind("keep_last_outlet", _keep_last, label_matters("policy.keep_last_outlet"), ("town", "rural"))
    yield last


def _named(key: str, kind_of_site: str, *, is_open: bool) -> Callable[[Answer, np.random.Generator], Iterator[Parts]]:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        instance, (m, _) = answer.instance, answer.best
        outlets = np.arange(len(instance.ids)) < instance.num_outlets
        fits = (answer.states.format[m] >= 0) == is_open
        for s in rng.permutation(np.flatnonzero(fits & (outlets == (kind_of_site == "outlet")))):
            yield {"policy": {key: [instance.ids[s]]}}

    return tighten


def _expiring(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
    for day in sorted(answer.instance.region.outlets["lease_end"].dropna().unique()):
        yield {"policy": {"close_when_lease_ends_by": pd.Timestamp(day).date()}}


def _cluster(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
    instance, (m, _) = answer.instance, answer.best
    after = answer.states.format[m]
    for s in rng.permutation(np.flatnonzero(after >= 0)):
        member = instance.formats[after[s]]
        for needed in rng.permutation(instance.formats[:4]):
            minutes = float(np.median(instance.between[s][np.isfinite(instance.between[s])]))
            cluster = {"formats": [member], "needs": [str(needed)], "minutes": minutes or 5.0}
            yield {"policy": {"cluster": [cluster]}}


def _zone(end: str) -> Callable[[Answer, np.random.Generator], Iterator[Parts]]:
    def tighten(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
        instance = answer.instance
        physical = answer.states.flag(instance.of_format("is_physical"))
        for column, names in (("district_id", ["A", "B"]), ("township_id", ["A1", "B1"])):
            for name in names:
                inside = instance.of_site(column) == name
                share = physical[:, inside].sum(axis=1) / np.maximum(1, physical.sum(axis=1))
                value = cut(answer, share, is_most=end == "max", is_whole=False)
                if value is not None:
                    zone = {"name": name, column.replace("_id", "s"): [name], f"{end}_share": value}
                    yield {"policy": {"zone_share": [zone]}}

    return tighten


def _keep_last(answer: Answer, rng: np.random.Generator) -> Iterator[Parts]:
    yield {"policy": {"keep_last_outlet": True}}
