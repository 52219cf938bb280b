"""Contracts of the tables on people: where they live, what they do at a branch, when they stay away."""

from __future__ import annotations

from netplan.tables.declare import column, place, position, table

NODES = table(
    "nodes",
    "Demand nodes: grid cells, villages or estates, with the people who live there by segment. A further segment that "
    "`visits` names is a further column of people, which may overlap the three.",
    {
        "node_id": column("id", "identifier", unique=True),
        "name": column("text", "name shown on the map", optional=True, blank="no name"),
        **place(),
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

DISTRICTS = table(
    "districts",
    "Districts: the level at which the policy differs ('one district, one policy').",
    {
        "district_id": column("id", "identifier", unique=True),
        "name": column("text", "name in the local language"),
        "name_en": column("text", "name in English", optional=True, blank="no English name"),
        **position(),
    },
    key=("district_id",),
)

TOWNSHIPS = table(
    "townships",
    "Townships: the level at which a physical outlet is owed.",
    {
        "township_id": column("id", "identifier", unique=True),
        "district_id": column("id", "the district it belongs to", refers_to="districts.district_id"),
        "name": column("text", "name in the local language"),
        "name_en": column("text", "name in English", optional=True, blank="no English name"),
        **position(),
    },
    key=("township_id",),
)

VISITS = table(
    "visits",
    "How often people need a branch: visits = people x customer_share x visits_per_year x (1 - digital_share). A row "
    "with a `district_id` stands in that district in place of the row of its segment and service without one.",
    {
        "segment": column("id", "a column of people in nodes (children, working, elderly, ...)"),
        "service": column("id", "service class (cash, counter, advice, ...)"),
        "visits_per_year": column("number", "visits per customer", "visits per year", at_least=0),
        "digital_share": column("number", "share of them done digitally", "share", at_least=0, at_most=1),
        "customer_share": column("number", "share of people who bank here", "share", at_least=0, at_most=1),
        "district_id": column(
            "id",
            "the only district in which this row holds",
            optional=True,
            blank="every district without a row of its own",
            refers_to="districts.district_id",
        ),
    },
    key=("segment", "service", "district_id"),
)

RETENTION = table(
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

GAIN = table(
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
