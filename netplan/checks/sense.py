"""What each cell cannot know: values of different rows and tables that must fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from netplan.checks.contract import CheckedTable, having
from netplan.checks.formats import check_candidates, check_conversions, check_formats, check_hosts, check_outlets
from netplan.checks.links import check_links
from netplan.checks.references import likely, resolved
from netplan.checks.roads import check_roads
from netplan.tables import SEGMENTS
from netplan.violations import Violation, counted, some

Found = Mapping[str, CheckedTable]
Findings = Iterator[Violation | str]


def check_townships(found: Found) -> Findings:
    """A place lies in the district of its township."""
    townships = having(found, "townships", "township_id", "district_id")
    if townships is None:
        return
    for stem in ("nodes", "outlets", "candidates"):
        checked = having(found, stem, "township_id", "district_id")
        if checked is None:
            continue
        expected = resolved(checked, "township_id", townships, "township_id", "district_id")
        sound = checked.sound("township_id", "district_id") & expected.notna().to_numpy()
        for place in np.flatnonzero(sound & (expected != checked.frame["district_id"]).to_numpy()):
            township = checked.frame["township_id"].iloc[place]
            problem = "not the district of its township"
            remedy = f"township {township} lies in {expected.iloc[place]} by {townships.file}: correct one of them"
            yield checked.violation(int(place), "district_id", problem, remedy)


def check_visits(found: Found) -> Findings:
    """Segments are columns of people in `nodes`; services that nobody asks for or offers are noted."""
    visits, nodes = having(found, "visits", "segment", "service"), found.get("nodes")
    if visits is None:
        return
    if nodes is not None:
        yield from _unknown_segments(visits, nodes)
    yield from _unpaired(visits)
    formats = having(found, "formats", "services")
    if formats is not None:
        yield from _unoffered(visits, formats)


def check_people(found: Found) -> Findings:
    """There are people; a further segment does not outnumber them."""
    nodes = having(found, "nodes", *SEGMENTS)
    if nodes is None or not len(nodes.frame):
        return
    sound = nodes.sound(*SEGMENTS)
    people = nodes.frame[list(SEGMENTS)].sum(axis=1).to_numpy()
    if sound.all() and not people.any():
        yield Violation(nodes.file, None, " ".join(SEGMENTS), None, "nobody lives in the region", "give the people")
    elif (sound & (people == 0)).any():
        yield f"{nodes.file}: {counted(int((sound & (people == 0)).sum()), 'node')} without people"
    for name in nodes.columns:
        if name in nodes.table.schema.columns:
            continue
        more = nodes.sound(name) & sound & (nodes.frame[name].to_numpy(dtype=float) > people + 1e-9)
        for place in np.flatnonzero(more):
            remedy = "a segment is part of children + working + elderly: correct one of them"
            yield nodes.violation(int(place), name, "more than the people of the node", remedy)


def check_curves(found: Found) -> Findings:
    """Minutes rise from row to row; what is lost never falls, what is won never rises."""
    for stem, names, sign, word in (
        ("retention", ("lost_share", "relocated_lost_share"), 1, "falls"),
        ("gain", ("won_share",), -1, "rises"),
    ):
        checked = found.get(stem)
        if checked is None:
            continue
        yield from _steps(checked, "minutes", 1, "minutes must rise from row to row", strictly=True)
        for name in names:
            yield from _steps(checked, name, sign, f"{name} {word} where minutes rise", strictly=False)


def check_coverage_of_region(found: Found) -> Findings:
    """Districts and townships where nobody lives are noted."""
    nodes = found.get("nodes")
    if nodes is None:
        return
    for stem, key in (("districts", "district_id"), ("townships", "township_id")):
        checked = having(found, stem, key)
        if checked is None or not nodes.has(key):
            continue
        empty = checked.frame.loc[~checked.frame[key].isin(set(nodes.frame[key].dropna())), key].dropna()
        if len(empty):
            one, many = key.removesuffix("_id"), stem
            yield f"{checked.file}: {counted(len(empty), one, many)} without a node ({some(empty)})"


def _unknown_segments(visits: CheckedTable, nodes: CheckedTable) -> Findings:
    """Segments that are no column of people."""
    columns = set(SEGMENTS) | set(nodes.frame.columns) - set(nodes.table.schema.columns)
    for place in np.flatnonzero(visits.sound("segment")):
        segment = visits.frame["segment"].iloc[place]
        if segment not in columns:
            meant = likely(segment, columns)
            remedy = f"write {meant}, if that is meant" if meant else f"add the column {segment} to {nodes.file}"
            problem = f"not a column of people in {nodes.file}"
            yield visits.violation(int(place), "segment", problem, remedy)


def _unpaired(visits: CheckedTable) -> Findings:
    """Segments and services without a row, or with rows of some districts only."""
    pairs = visits.frame[["segment", "service"]].apply(tuple, axis=1)
    is_general = visits.frame["district_id"].isna() if visits.has("district_id") else pd.Series(True, pairs.index)
    everywhere, somewhere = set(pairs[is_general]), set(pairs)
    segments, services = (list(visits.frame[name].dropna().unique()) for name in ("segment", "service"))
    absent = [
        f"{segment} {service}" for segment in segments for service in services if (segment, service) not in somewhere
    ]
    absent += [segment for segment in SEGMENTS if segment not in segments]
    if absent:
        yield f"{visits.file}: no row for {some(absent)}: they make no visits"
    local = [" ".join(pair) for pair in dict.fromkeys(pairs) if pair not in everywhere and all(map(pd.notna, pair))]
    if local:
        yield f"{visits.file}: {some(local)} only with a district_id: they make no visits in the other districts"


def _unoffered(visits: CheckedTable, formats: CheckedTable) -> Findings:
    """Services that are asked for but that no format offers."""
    offered = {service for services in formats.frame["services"].dropna() for service in services}
    idle = [service for service in visits.frame["service"].dropna().unique() if service not in offered]
    if idle:
        yield f"{formats.file}: no format offers {some(idle)}, so all its visits stay unserved"


def _steps(checked: CheckedTable, name: str, sign: int, problem: str, *, strictly: bool) -> Iterator[Violation]:
    """Rows in which a column does not go on in the direction of `sign`."""
    if not checked.sound(name, "minutes").all() or len(checked.frame) < 2:
        return
    change = sign * np.diff(checked.frame[name].to_numpy(dtype=float))
    wrong = change <= 0 if strictly else change < 0
    for place in np.flatnonzero(wrong) + 1:
        yield checked.violation(int(place), name, problem, "sort the rows by minutes, and correct the value")


SENSE_CHECKS = (
    check_townships,
    check_people,
    check_visits,
    check_formats,
    check_outlets,
    check_candidates,
    check_hosts,
    check_conversions,
    check_curves,
    check_roads,
    check_links,
    check_coverage_of_region,
)
