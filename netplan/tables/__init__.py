"""The contract of each input table: column, type, unit, meaning.

Declared once, here, as pandera schemas; the reader parses by it, `netplan check` reports by it and
`docs/tables.md` is generated from it. Column names of the input tables appear nowhere else as a list.
"""

from __future__ import annotations

from netplan.tables.channels import BASES, COMPETITORS, HOSTS, VANS
from netplan.tables.declare import Kind as Kind
from netplan.tables.declare import Table as Table
from netplan.tables.declare import column as column
from netplan.tables.links import ROAD_LINKS
from netplan.tables.network import CANDIDATES, CONVERSIONS, FORMATS, OUTLETS
from netplan.tables.people import DISTRICTS, GAIN, NODES, RETENTION, TOWNSHIPS, VISITS
from netplan.tables.roads import ROAD_EDGES, ROAD_NODES

SEGMENTS = ("children", "working", "elderly")
"""Columns of `nodes` that add up to the people."""

TABLES: tuple[Table, ...] = (
    NODES,
    DISTRICTS,
    TOWNSHIPS,
    OUTLETS,
    CANDIDATES,
    FORMATS,
    CONVERSIONS,
    VISITS,
    RETENTION,
    GAIN,
    ROAD_NODES,
    ROAD_EDGES,
    ROAD_LINKS,
    HOSTS,
    BASES,
    VANS,
    COMPETITORS,
)
"""Every table of a region folder, in the order in which violations are told."""
