"""OpenStreetMap files small enough to work out by hand, written for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium

METRES_OF_A_DEGREE = 111_319.490793
"""Of longitude along the equator on WGS-84: pi / 180 times the semi-major axis of 6,378,137 m."""

Positions = Mapping[int, tuple[float, float]]
WayList = Sequence[tuple[Sequence[int], Mapping[str, str]]]


def along_equator(*metres: float) -> dict[int, tuple[float, float]]:
    """Points 1, 2, ... on the equator, so far east of longitude 10."""
    return {number: (10 + far / METRES_OF_A_DEGREE, 0.0) for number, far in enumerate(metres, 1)}


def write_osm(
    path: Path, points: Positions, ways: WayList, tags: Mapping[int, Mapping[str, str]] | None = None
) -> Path:
    """Points and ways as OpenStreetMap XML; `tags` are those of points."""
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", '<osm version="0.6">']
    for number, (lon, lat) in points.items():
        lines.append(
            f'<node id="{number}" version="1" lon="{lon:.9f}" lat="{lat:.9f}">{_tags((tags or {}).get(number, {}))}</node>'
        )
    for number, (refs, way) in enumerate(ways, 1):
        refs_xml = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{number}" version="1">{refs_xml}{_tags(way)}</way>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def write_pbf(path: Path, points: Positions, ways: WayList) -> Path:
    """The same as a PBF file."""
    writer = osmium.SimpleWriter(str(path))
    for number, (lon, lat) in points.items():
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat), version=1))
    for number, (refs, tags) in enumerate(ways, 1):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(refs), tags=dict(tags), version=1))
    writer.close()
    return path
