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
        (s, formats.position(name), -1, formats.position(name) == present_format[s])
        for s, names in enumerate(sites["formats"])
        for name in names
    ]
    allowed = {(s, f) for s, f, _, _ in operate}
    is_existing = sites["is_existing"].to_numpy(dtype=bool)
    relocate = [
        (int(s), f, k, False)
        for k, f in enumerate(present_format)
        if is_existing[k] and not np.isnan(formats.relocation_cost[f])
        for s, minutes in zip(*between.of(k), strict=True)
        if not is_existing[s] and minutes <= relocation_minutes and (int(s), f) in allowed
    ]
    site, format_, origin, is_present = np.array(operate + relocate, dtype=np.int64).reshape(-1, 4).T.copy()
    columns = Columns(site, format_, origin, is_present.astype(bool))
    for array in (columns.site, columns.format, columns.origin, columns.present):
        array.setflags(write=False)
    return columns
