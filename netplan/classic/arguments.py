"""Checks of arguments: what is wrong with which, at which position, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netplan.engine.run import Listener, Options, Run, nobody
from netplan.errors import InputError
from netplan.violations import some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = Sequence[int] | NDArray[np.integer[Any]]


class Limits(TypedDict, total=False):
    """How long and how exactly to solve; every function of `netplan.classic` takes these keywords.

    Attributes
    ----------
    time_limit
        Seconds (None, the default: no limit). The best solution found by then is returned, with what is proven about it.
    gap
        Relative gap that is enough, 1e-6 by default.
    seed
        Seed of every random draw, 0 by default.
    progress
        Called with a `Step` (seconds, what is done, value and bound so far) now and then.
    """

    time_limit: float | None
    gap: float
    seed: int
    progress: Listener | None


def run_of(limits: Limits) -> Run:
    """A run that starts now."""
    unknown = sorted(set(limits) - set(Limits.__annotations__))
    if unknown:
        raise InputError(f"{unknown[0]}: there is no such argument; remove it or look up its name in docs/classic.md")
    time_limit = limits.get("time_limit")
    if time_limit is not None:
        time_limit = number("time_limit", time_limit)
    seed = whole("seed", limits.get("seed", 0), least=0)
    if seed >= 2**31:
        raise InputError(f"seed: {seed} is too large; write less than {2**31:,}")
    gap = number("gap", limits.get("gap", 1e-6))
    return Run(Options(gap=gap, time_limit=time_limit, seed=seed, listener=limits.get("progress") or nobody))


def number(name: str, value: Any, *, least: float = 0.0, most: float = np.inf, is_open: bool = False) -> float:
    """One finite number from `least` to `most`; with `is_open` above `least`."""
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {value!r} is not a number; write one") from error
    if not np.isfinite(found) or found < least or found > most or (is_open and found <= least):
        above = "above" if is_open else "of at least"
        below = f" and at most {most:g}" if np.isfinite(most) else ""
        raise InputError(f"{name}: {value!r} is out of range; write a finite number {above} {least:g}{below}")
    return found


def whole(name: str, value: Any, *, least: int = 1, most: int | None = None, of: str = "") -> int:
    """One whole number from `least` to `most`; `of` says what there are that many of."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name}: {value!r} is not a whole number; write one, such as {least}")
    if value < least:
        raise InputError(f"{name}: {value} is too small; write {least} or more")
    if most is not None and value > most:
        raise InputError(f"{name}: {value} is more than the {most} {of}; write at most {most}")
    return int(value)


def amounts(name: str, value: ArrayLike | None, size: int, *, default: float = 1.0, per: str = "customer") -> Floats:
    """One finite number of 0 or more per customer or site, shape (size,); one number stands for all."""
    if value is None:
        return np.full(size, default)
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; give one number per {per}") from error
    if found.ndim == 0:
        found = np.full(size, float(found))
    if found.shape != (size,):
        raise InputError(f"{name}: shape {found.shape} does not fit {size} {per}s; give one number per {per}")
    wrong = np.flatnonzero(~np.isfinite(found) | (found < 0))
    if len(wrong):
        at = int(wrong[0])
        what = "is missing" if np.isnan(found[at]) else "is negative" if found[at] < 0 else "is not finite"
        raise InputError(
            f"{name}: {found[at]} at {per} {at} {what} ({len(wrong)} such); give a finite number of 0 or more"
        )
    return found


def positions(name: str, value: Positions | None, size: int) -> Ints:
    """Sorted positions of sites, from 0 to size - 1, each once."""
    if value is None:
        return np.empty(0, dtype=np.int64)
    found = np.asarray(value)
    if not found.size:
        return np.empty(0, dtype=np.int64)
    if found.dtype == np.bool_ or not np.issubdtype(found.dtype, np.integer) or found.ndim != 1:
        raise InputError(f"{name}: {some(np.ravel(found))} are not positions of sites; give whole numbers from 0")
    wrong = found[(found < 0) | (found >= size)]
    if len(wrong):
        raise InputError(f"{name}: there is no site {some(wrong)}; sites are numbered from 0 to {size - 1}")
    unique, count = np.unique(found, return_counts=True)
    if (count > 1).any():
        raise InputError(f"{name}: site {some(unique[count > 1])} is named twice; name each site once")
    return unique.astype(np.int64)


def apart(**groups: Ints) -> None:
    """No site is in two of these groups of positions."""
    names = list(groups)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            both = np.intersect1d(groups[one], groups[other])
            if len(both):
                raise InputError(f"{one} and {other}: both name site {some(both)}; leave each in one of them")


def num_sites(p: Any, size: int, required: Ints, closed: Ints) -> int:
    """How many sites to open: at least those required, at most those that may open."""
    count = whole("p", p, most=size - len(closed), of="sites that may open")
    if count < len(required):
        raise InputError(f"p: {count} is less than the {len(required)} required sites, which count; raise it")
    return count
