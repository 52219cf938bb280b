"""The table of links: modes that exist, ends that differ and lie on the map, a network to belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from netplan.checks.contract import CheckedTable, having
from netplan.checks.roads import FASTEST_KM_PER_HOUR
from netplan.coordinates.geodesy import great_circle_km
from netplan.tables.links import MODES
from netplan.violations import Violation, counted, some

Findings = Iterator[Violation | str]
Floats = NDArray[np.float64]

_ENDS = ("from_lon", "from_lat", "to_lon", "to_lat")
_MARGIN_DEGREES = 0.5
"""An end this far outside the box of the junctions may still be the head of a ferry."""


def check_links(found: Mapping[str, CheckedTable]) -> Findings:
    """Every link can be used by somebody, leads somewhere else, and lies where the roads are."""
    links = found.get("road_links")
    if links is None:
        return
    if "road_nodes" not in found and len(links.frame):
        yield f"{links.file}: not used, as there are no roads (road_nodes, road_edges) to link"
    yield from _unknown_modes(links)
    if links.has(*_ENDS):
        yield from _places(links, found)


def _unknown_modes(links: CheckedTable) -> Iterator[Violation]:
    if not links.has("modes"):
        return
    for place in np.flatnonzero(links.sound("modes")):
        wrong = [mode for mode in links.frame["modes"].iloc[place] if mode not in MODES]
        if wrong:
            remedy = f"write one or more of {' '.join(MODES)}, or leave it blank for everybody"
            yield links.violation(int(place), "modes", f"no way to travel: {some(wrong)}", remedy)


def _places(links: CheckedTable, found: Mapping[str, CheckedTable]) -> Findings:
    sound = links.sound(*_ENDS)
    ends = links.frame[list(_ENDS)].to_numpy(dtype=np.float64)
    for place in np.flatnonzero(sound & (ends[:, :2] == ends[:, 2:]).all(axis=1)):
        yield links.violation(int(place), "to_lon", "ends where it begins", "give the place of its other end")
    yield from _swapped(links, ends, sound, found)
    yield from _too_fast(links, ends, sound)


def _swapped(
    links: CheckedTable, ends: Floats, sound: NDArray[np.bool_], found: Mapping[str, CheckedTable]
) -> Findings:
    """Longitude and latitude exchanged, by the box of the junctions; links far outside are noted."""
    junctions = having(found, "road_nodes", "lon", "lat")
    if junctions is None or not junctions.sound("lon", "lat").any():
        return
    known = junctions.frame.loc[junctions.sound("lon", "lat"), ["lon", "lat"]].to_numpy(dtype=np.float64)
    low, high = known.min(axis=0) - _MARGIN_DEGREES, known.max(axis=0) + _MARGIN_DEGREES
    outside = np.zeros(len(ends), dtype=bool)
    for column, first in (("from_lon", 0), ("to_lon", 2)):
        end = ends[:, first : first + 2]
        is_out = sound & ~((end >= low) & (end <= high)).all(axis=1)
        is_swapped = is_out & ((end[:, ::-1] >= low) & (end[:, ::-1] <= high)).all(axis=1)
        for place in np.flatnonzero(is_swapped):
            remedy = f"exchange {column} and {column.replace('lon', 'lat')}"
            yield links.violation(int(place), column, "longitude and latitude look swapped", remedy)
        outside |= is_out & ~is_swapped
    if outside.any():
        rows = some(links.raw.rows[outside])
        yield f"{links.file}: {counted(int(outside.sum()), 'link')} far from every junction, not used (rows {rows})"


def _too_fast(links: CheckedTable, ends: Floats, sound: NDArray[np.bool_]) -> Iterator[str]:
    if not links.has("minutes"):
        return
    kilometres = great_circle_km(*ends.T)
    minutes = links.frame["minutes"].to_numpy(dtype=np.float64)
    fast = sound & links.sound("minutes") & (kilometres * 60.0 > FASTEST_KM_PER_HOUR * minutes)
    if fast.any():
        rows = some(links.raw.rows[fast])
        yield f"{links.file}: {counted(int(fast.sum()), 'link')} faster than {FASTEST_KM_PER_HOUR:g} km/h (rows {rows})"
