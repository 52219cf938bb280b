"""Policy columns: every decision that customers can feel is one column, a (site, format) or a relocation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.formats import Formats
from netplan.frozen import Frozen
from netplan.travel import SparseMinutes

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns(Frozen):
    """All y[s,f], by site and format, then all r[k,s], by outlet and candidate.

    Attributes
    ----------
    site
        Where it operates (the candidate, for a relocation), shape (J,).
    format
        In which format, shape (J,).
    origin
        The outlet that relocates; -1 for y[s,f]; shape (J,).
    present
        Whether y[s,f] is today's state of the site, shape (J,).
    """

    site: Ints
    format: Ints
    origin: Ints
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.site)

    @property
    def is_relocation(self) -> NDArray[np.bool_]:
        """Whether a column is an r[k,s]."""
        return np.asarray(self.origin >= 0)

    @property
    def home(self) -> Ints:
        """The site that a column decides about: where it operates, or what relocates; shape (J,)."""
        return np.where(self.origin < 0, self.site, self.origin)

    @property
    def operating(self) -> Ints:
        """Positions of the y[s,f]."""
        return np.flatnonzero(self.origin < 0)

    @property
    def relocating(self) -> Ints:
        """Positions of the r[k,s]."""
        return np.flatnonzero(self.origin >= 0)


def build_columns(sites: pd.DataFrame, formats: Formats, between: SparseMinutes, relocation_minutes: float) -> Columns:
    """List the decisions that the tables allow."""
    present_format = [formats.position(name) for name in sites["format"]]
    operate = [
        (s, f, -1, f == present_format[s])
        for s, names in enumerate(sites["formats"])
        for f in map(formats.position, names)
    ]
    operating = np.array(operate, dtype=np.int64).reshape(-1, 4)
    allowed = np.zeros((len(sites), len(formats.ids)), dtype=bool)
    allowed[operating[:, 0], operating[:, 1]] = True
    present = np.array(present_format, dtype=np.int64)
    is_existing = sites["is_existing"].to_numpy(dtype=bool)
    may_move = is_existing & ~np.isnan(formats.relocation_cost[present])
    origin, target = _close_pairs(between, relocation_minutes)
    keep = may_move[origin] & ~is_existing[target] & allowed[target, present[origin]]
    origin, target = origin[keep], target[keep]
    relocating = np.column_stack([target, present[origin], origin, np.zeros(len(origin), dtype=np.int64)])
    site, format_, old_site, is_present = np.concatenate([operating, relocating]).T.copy()
    columns = Columns(site, format_, old_site, is_present.astype(bool))
    for array in (columns.site, columns.format, columns.origin, columns.present):
        array.setflags(write=False)
    return columns


def _close_pairs(table: SparseMinutes, limit: float) -> tuple[Ints, Ints]:
    """Origins and targets of the pairs within a limit."""
    at = np.flatnonzero(table.minutes <= limit)
    return np.searchsorted(table.start, at, side="right") - 1, table.target[at].astype(np.int64)
