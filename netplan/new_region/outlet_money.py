"""Volumes of a branch list: headquarters that book too much, and volumes as margins by service."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.new_region.outlet_columns import MARGIN
from netplan.violations import Violation, counted, listing, some

OUTLIER = 20.0
"""A volume above so many times the median is told: headquarters book what branches brought in."""


def tell_outliers(file: str, frame: pd.DataFrame, notes: list[str]) -> None:
    """Note main offices (branch number 0) and volumes over 20 times the median; nothing is altered."""
    if "volume" not in frame:
        return
    volume = frame["volume"].to_numpy(dtype=np.float64)
    total, median = np.nansum(volume), _median(volume)
    is_main = frame["branch_number"].eq(0).to_numpy() if "branch_number" in frame else np.zeros(len(frame), dtype=bool)
    if is_main.any() and total > 0:
        share = np.nansum(volume[is_main]) / total
        notes.append(
            f"{file}: {counted(int(is_main.sum()), 'main office')} (branch number 0) "
            f"{'books' if is_main.sum() == 1 else 'book'} {share:.0%} of the volume"
        )
    is_large = volume > OUTLIER * median
    if is_large.any():
        largest = frame["name"][is_large].iloc[np.argsort(-volume[is_large])]
        notes.append(
            f"{file}: {counted(int(is_large.sum()), 'outlet')} of more than {OUTLIER:g} times the median volume "
            f"({median:,.0f}), kept as they are ({some(largest)}); cap_volume= limits them"
        )


def capped(file: str, frame: pd.DataFrame, cap_volume: float | None, notes: list[str]) -> pd.DataFrame:
    """Volumes of at most `cap_volume`, in units of the list; what is cut off is told."""
    if cap_volume is None:
        return frame
    if not cap_volume > 0:
        raise InputError(f"cap_volume = {cap_volume:g}: give a volume above 0")
    if "volume" not in frame:
        raise InputError(f"{file}: no column of volumes is recognised, so none can be limited; say volume=COLUMN")
    over = frame["volume"] > cap_volume
    if not over.any():
        return frame
    cut = float((frame["volume"] - cap_volume)[over].sum())
    notes.append(
        f"{file}: {counted(int(over.sum()), 'volume')} limited to {cap_volume:,.0f}, "
        f"{cut:,.0f} in all cut off ({some(frame['name'][over])})"
    )
    return frame.assign(volume=frame["volume"].clip(upper=cap_volume))


def with_margins(
    file: str, own: pd.DataFrame, margin_share: float | None, split: Mapping[str, float], notes: list[str]
) -> pd.DataFrame:
    """Columns margin_SERVICE of our outlets: those of the list, or the volume (in money) times the share, split by service."""
    given = [name for name in own.columns if name.startswith(MARGIN)]
    if given:
        if margin_share is not None:
            raise InputError(f"{file}: has margins of its own ({some(given)}); leave margin_share out")
        _refuse_blank(file, own, given)
        return own
    if margin_share is None:
        told = "volumes are kept, but no margin_share is given" if "volume" in own else "it has no volumes"
        notes.append(f"{file}: no margins: {told}")
        return own
    _check_shares(margin_share, split)
    if "volume" not in own:
        raise InputError(
            f"{file}: no column of volumes is recognised, of which margins could be a share; say volume=COLUMN"
        )
    _refuse_blank(file, own, ["volume"])
    notes.append(f"{file}: margin of an outlet = {margin_share:g} x its volume, split {_told(split)} (modelled)")
    margins = {
        f"{MARGIN}{service}": (own["volume"] * margin_share * share).round(2) for service, share in split.items()
    }
    return own.assign(**margins)


def _check_shares(margin_share: float, split: Mapping[str, float]) -> None:
    if not 0 <= margin_share <= 1:
        raise InputError(f"margin_share = {margin_share:g}: give the margin as a share of the volume, 0 to 1")
    if not split or min(split.values()) < 0 or abs(sum(split.values()) - 1.0) > 1e-9:
        raise InputError(f"margin split {_told(split)}: give shares by service that add up to 1")


def _refuse_blank(file: str, own: pd.DataFrame, names: list[str]) -> None:
    remedy = "fill it in; write 0 if nothing is booked there"
    wrong = [
        Violation(file, int(own["row"].iloc[at]), name, text, problem, remedy)
        for name in names
        for at, text, problem in _unfit(own[name].to_numpy(dtype=np.float64))
    ]
    if wrong:
        raise InputError(listing(wrong))


def _unfit(values: NDArray[np.float64]) -> list[tuple[int, str, str]]:
    blank = [(int(at), "", "blank for an outlet of ours") for at in np.flatnonzero(np.isnan(values))]
    return blank + [(int(at), f"{values[at]:g}", "less than 0") for at in np.flatnonzero(values < 0)]


def _told(split: Mapping[str, float]) -> str:
    return ", ".join(f"{service} {share:.0%}" for service, share in split.items())


def _median(volume: NDArray[np.float64]) -> float:
    """Median of what is booked anywhere at all; infinite if nothing is."""
    booked = volume[volume > 0]
    return float(np.median(booked)) if booked.size else float("inf")
