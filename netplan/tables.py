"""The contract of each input table: column, type, unit, meaning.

Declared once, here, as pandera schemas; the reader parses by it, `netplan check` reports by it and
`docs/tables.md` is generated from it. Column names of the input tables appear nowhere else as a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa

Kind = Literal["id", "text", "number", "whole", "flag", "date", "list"]

CHANNELS = ("outlet", "point", "counter", "van")
SEGMENTS = ("children", "working", "elderly")

_DTYPES: dict[str, Any] = {
    "id": str,
    "text": str,
    "number": float,
    "whole": float,
    "flag": "boolean",
    "date": "datetime64[s]",
    "list": object,
}
"""While a table is checked every kind can hold a missing value; `netplan.region` then has int64 and bool."""


def column(
    kind: Kind,
    meaning: str,
    unit: str = "",
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    more_than: float | None = None,
    one_of: tuple[str, ...] = (),
    unique: bool = False,
    optional: bool = False,
    blank: str | None = None,
    default: object = None,
    refers_to: str = "",
    pattern: bool = False,
) -> pa.Column:
    """One column of a contract.

    Parameters
    ----------
    kind
        How a cell is read: an identifier, text, a number, a whole number, a flag (0/1, true/false,
        yes/no), an ISO date, or a space-separated list of identifiers.
    blank
        What an empty cell means; ``None`` refuses empty cells.
    default
        The value of an optional column that is absent (stated in the documentation and in the notes of
        `netplan check`, never silent).
    refers_to
        ``table.column`` in which the value must occur.
    pattern
        The name is a regular expression that matches a family of columns (one a service, for example).
    """
    checks = []
    if kind == "whole":
        checks.append(pa.Check(_is_whole, error="a whole number"))
    if at_least is not None:
        checks.append(pa.Check.ge(at_least, error=f"at least {at_least:g}"))
    if at_most is not None:
        checks.append(pa.Check.le(at_most, error=f"at most {at_most:g}"))
    if more_than is not None:
        checks.append(pa.Check.gt(more_than, error=f"more than {more_than:g}"))
    if one_of:
        checks.append(pa.Check.isin(one_of, error="one of " + ", ".join(one_of)))
    return pa.Column(
        _DTYPES[kind],
        checks=checks,
        nullable=blank is not None,
        unique=unique,
        required=not optional and not pattern,
        regex=pattern,
        description=meaning,
        metadata={"kind": kind, "unit": unit, "blank": blank, "default": default, "refers_to": refers_to},
    )


def _is_whole(values: pd.Series) -> pd.Series:
    return values.mod(1).eq(0) & values.abs().le(2.0**53)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the region folder: its file stem, its columns and whether it may be absent."""

    stem: str
    meaning: str
    schema: pa.DataFrameSchema
    key: tuple[str, ...] = ()
    is_optional: bool = False
    absent: str = ""


def _table(
    stem: str,
    meaning: str,
    columns: dict[str, pa.Column],
    *,
    key: tuple[str, ...] = (),
    absent: str = "",
) -> Table:
    schema = pa.DataFrameSchema(columns, name=stem, strict=False, unique=list(key) if len(key) > 1 else None)
    return Table(stem, meaning, schema, key, bool(absent), absent)


def _position() -> dict[str, pa.Column]:
    return {
        "lon": column("number", "longitude", "degrees, WGS-84", at_least=-180, at_most=180),
        "lat": column("number", "latitude", "degrees, WGS-84", at_least=-90, at_most=90),
    }


def _place() -> dict[str, pa.Column]:
    return {
        **_position(),
        "district_id": column("id", "the district it lies in", refers_to="districts.district_id"),
        "township_id": column("id", "the township it lies in", refers_to="townships.township_id"),
    }


NODES = _table(
    "nodes",
    "Demand nodes: grid cells, villages or estates, with the people who live there by segment. A further segment that "
    "`visits` names is a further column of people, which may overlap the three.",
    {
        "node_id": column("id", "identifier", unique=True),
        "name": column("text", "name shown on the map", optional=True, blank="no name"),
        **_place(),
        "is_urban": column("flag", "urban (1) or rural (0)"),
        "area_km2": column("number", "area, for the travel inside the cell", "km2", at_least=0),
        "children": column("number", "people aged 0-14", "people", at_least=0),
        "working": column("number", "people aged 15-64", "people", at_least=0),
        "elderly": column("number", "people aged 65 and over", "people", at_least=0),
        "market_margin_per_year": column(
            "number",
            "g_i: margin of the market here that this bank does not have today (excludes every outlet's margin)",
            "money per year",
            at_least=0,
            optional=True,
            default=0.0,
        ),
    },
    key=("node_id",),
)

DISTRICTS = _table(
    "districts",
    "Districts: the level at which the policy differs ('one district, one policy').",
    {
        "district_id": column("id", "identifier", unique=True),
        "name": column("text", "name in the local language"),
        "name_en": column("text", "name in English", optional=True, blank="no English name"),
        **_position(),
    },
    key=("district_id",),
)

TOWNSHIPS = _table(
    "townships",
    "Townships: the level at which a physical outlet is owed.",
    {
        "township_id": column("id", "identifier", unique=True),
        "district_id": column("id", "the district it belongs to", refers_to="districts.district_id"),
        "name": column("text", "name in the local language"),
        "name_en": column("text", "name in English", optional=True, blank="no English name"),
        **_position(),
    },
    key=("township_id",),
)

OUTLETS = _table(
    "outlets",
    "Today's network: every outlet of any format that this bank runs.",
    {
        "site_id": column("id", "identifier, unique over outlets and candidates", unique=True),
        "name": column("text", "name"),
        "format": column("id", "the format it operates in today", refers_to="formats.format"),
        **_place(),
        "^margin_": column(
            "number",
            "m_kc: annual margin booked here, one column a service (margin_cash, margin_counter ...)",
            "money per year",
            at_least=0,
            pattern=True,
        ),
        "is_owned": column("flag", "premises owned (1) or leased (0)"),
        "lease_end": column("date", "last day of the lease", "date", blank="no lease, or open-ended"),
        "running_cost_per_year": column(
            "number",
            "running cost in the present format, where it differs from the format's",
            "money per year",
            at_least=0,
            optional=True,
            blank="the format's",
        ),
        "severance_cost": column("number", "one-off, when closed", "money", at_least=0, optional=True, default=0.0),
        "lease_break_cost": column(
            "number",
            "one-off, when closed or relocated before the lease ends",
            "money",
            at_least=0,
            optional=True,
            default=0.0,
        ),
        "disposal_proceeds": column(
            "number",
            "one-off received, when closed or relocated and the premises are owned",
            "money",
            at_least=0,
            optional=True,
            default=0.0,
        ),
        "host_id": column(
            "id", "the host of a hosted point", optional=True, blank="not hosted", refers_to="hosts.host_id"
        ),
    },
    key=("site_id",),
)

CANDIDATES = _table(
    "candidates",
    "Candidate sites: where something may open or move to.",
    {
        "site_id": column("id", "identifier, unique over outlets and candidates", unique=True),
        "name": column("text", "name", optional=True, blank="no name"),
        **_place(),
        "formats": column("list", "formats that may open here", refers_to="formats.format"),
        "host_id": column(
            "id", "the host, for hosted formats", optional=True, blank="no host", refers_to="hosts.host_id"
        ),
    },
    key=("site_id",),
    absent="nothing can open or relocate",
)

FORMATS = _table(
    "formats",
    "Outlet formats: what each serves, when, at what cost. Frequencies and days are formats of their own.",
    {
        "format": column("id", "identifier", unique=True),
        "name": column("text", "name in the local language"),
        "name_en": column("text", "name in English", optional=True, blank="no English name"),
        "channel": column(
            "text", "outlet, hosted point, fixed-time counter staffed from a base, or van stop", one_of=CHANNELS
        ),
        "services": column("list", "service classes it offers", refers_to="visits.service"),
        "days_per_week": column(
            "number", "days open a week; a fortnightly van stop has 0.5", "days", more_than=0, at_most=7
        ),
        "hours_per_day": column("number", "hours open on such a day", "hours", more_than=0, at_most=24),
        "is_staffed": column("flag", "staffed"),
        "is_hosted": column("flag", "runs inside a host's premises"),
        "is_physical": column("flag", "counts as a physical outlet"),
        "is_step_free": column("flag", "step-free access"),
        "supplies_cash": column("flag", "can supply hosted points with cash"),
        "staff": column("number", "staff", "full-time equivalents", at_least=0),
        "gain_factor": column("number", "share of the gain curve that it reaches", "share", at_least=0, at_most=1),
        "capacity_visits_per_year": column(
            "number",
            "visits of each service it can serve",
            "visits per year",
            more_than=0,
            optional=True,
            blank="no limit",
        ),
        "^capacity_for_": column(
            "number",
            "the same for one service (capacity_for_cash ...), where it differs",
            "visits per year",
            at_least=0,
            pattern=True,
            blank="as capacity_visits_per_year",
        ),
        "min_visits_per_year": column(
            "number", "visits of all services below which it is not viable", "visits per year", at_least=0
        ),
        "running_cost_per_year": column("number", "running cost", "money per year", at_least=0),
        "opening_cost": column("number", "one-off, when it opens at a candidate", "money", at_least=0),
        "closing_cost": column("number", "one-off, when an outlet of this format closes", "money", at_least=0),
        "relocation_cost": column(
            "number",
            "one-off, in place of closing and opening",
            "money",
            at_least=0,
            optional=True,
            blank="cannot relocate",
        ),
        "dwell_minutes": column(
            "number", "van stop: minutes at the stop", "minutes", at_least=0, optional=True, blank="not a van stop"
        ),
        "max_base_minutes": column(
            "number",
            "counter: farthest base that can staff it, one way",
            "minutes",
            more_than=0,
            optional=True,
            blank="no base",
        ),
        "max_supply_minutes": column(
            "number",
            "farthest open outlet that can supply it with cash, one way",
            "minutes",
            more_than=0,
            optional=True,
            blank="needs no supply",
        ),
    },
    key=("format",),
)

CONVERSIONS = _table(
    "conversions",
    "Which format may become which, at what one-off cost (upgrade, slim down).",
    {
        "from_format": column("id", "present format", refers_to="formats.format"),
        "to_format": column("id", "new format", refers_to="formats.format"),
        "cost": column("number", "one-off conversion cost", "money", at_least=0),
    },
    key=("from_format", "to_format"),
    absent="nothing can be converted",
)

VISITS = _table(
    "visits",
    "How often people need a branch: visits = people x customer_share x visits_per_year x (1 - digital_share).",
    {
        "segment": column("id", "a column of people in nodes (children, working, elderly, ...)"),
        "service": column("id", "service class (cash, counter, advice, ...)"),
        "visits_per_year": column("number", "visits per customer", "visits per year", at_least=0),
        "digital_share": column("number", "share of them done digitally", "share", at_least=0, at_most=1),
        "customer_share": column("number", "share of people who bank here", "share", at_least=0, at_most=1),
    },
    key=("segment", "service"),
)

RETENTION = _table(
    "retention",
    "Share of an outlet's margin that is lost when its customers' nearest remaining outlet is this far "
    "(linear between rows, the last row holds beyond).",
    {
        "minutes": column("number", "road minutes, one way, from the outlet", "minutes", at_least=0, unique=True),
        "lost_share": column("number", "lost, after a closure", "share", at_least=0, at_most=1),
        "relocated_lost_share": column("number", "lost, when it relocated there", "share", at_least=0, at_most=1),
    },
    key=("minutes",),
)

GAIN = _table(
    "gain",
    "Share of a node's market margin won by its nearest own outlet this far away (linear between rows, "
    "nothing beyond the last).",
    {
        "minutes": column("number", "road minutes, one way", "minutes", at_least=0, unique=True),
        "won_share": column("number", "won", "share", at_least=0, at_most=1),
    },
    key=("minutes",),
    absent="openings win no margin",
)

ROAD_NODES = _table(
    "road_nodes",
    "Junctions of the road network.",
    {"road_node_id": column("id", "identifier", unique=True), **_position()},
    key=("road_node_id",),
    absent="minutes are great-circle distance x detour factor / speed",
)

ROAD_EDGES = _table(
    "road_edges",
    "Roads between junctions.",
    {
        "from_id": column("id", "one end", refers_to="road_nodes.road_node_id"),
        "to_id": column("id", "other end", refers_to="road_nodes.road_node_id"),
        "metres": column("number", "length", "metres", at_least=0),
        "minutes": column("number", "driving time", "minutes", at_least=0),
        "is_oneway": column("flag", "passable from from_id to to_id only"),
    },
    absent="minutes are great-circle distance x detour factor / speed",
)

HOSTS = _table(
    "hosts",
    "Supermarkets, clinics, village halls that can host a rural service point.",
    {
        "host_id": column("id", "identifier", unique=True),
        "name": column("text", "name"),
        **_position(),
        "max_points": column("whole", "points it can host", "points", at_least=0),
    },
    key=("host_id",),
    absent="no hosted points",
)

BASES = _table(
    "bases",
    "Outlets that staff fixed-time counters and station vans. A base works only while its outlet is open and staffed.",
    {
        "base_id": column("id", "identifier", unique=True),
        "site_id": column("id", "the outlet", refers_to="outlets.site_id"),
        "staff_days_per_week": column("number", "staff-days it can send out to counters", "days per week", at_least=0),
    },
    key=("base_id",),
    absent="no fixed-time counters and no vans",
)

VANS = _table(
    "vans",
    "Mobile bank vans.",
    {
        "van_id": column("id", "identifier", unique=True),
        "base_id": column("id", "where it is stationed", refers_to="bases.base_id"),
        "days_per_week": column("whole", "days it drives a week", "days", at_least=0, at_most=7),
        "shift_minutes": column("number", "length of a shift, base to base", "minutes", more_than=0),
        "running_cost_per_year": column("number", "cost of the van, when used", "money per year", at_least=0),
    },
    key=("van_id",),
    absent="no van stops",
)

COMPETITORS = _table(
    "competitors",
    "Outlets of other banks, for standards that count any bank's.",
    {
        "site_id": column("id", "identifier", unique=True),
        "name": column("text", "name"),
        **_position(),
        "services": column("list", "service classes it offers", refers_to="visits.service"),
        "days_per_week": column("number", "days open a week", "days", more_than=0, at_most=7),
        "is_staffed": column("flag", "staffed"),
        "is_physical": column("flag", "counts as a physical outlet"),
        "is_step_free": column("flag", "step-free access"),
    },
    key=("site_id",),
    absent="standards count this bank's outlets only",
)

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
    HOSTS,
    BASES,
    VANS,
    COMPETITORS,
)
