"""Contracts of the tables on the network: outlets, candidate sites, formats and what may become what."""

from __future__ import annotations

from netplan.tables.declare import column, place, table

CHANNELS = ("outlet", "point", "counter", "van")
"""What a format is run as; a channel brings its own decisions and rules."""

OUTLETS = table(
    "outlets",
    "Today's network: every outlet of any format that this bank runs.",
    {
        "site_id": column("id", "identifier, unique over outlets and candidates", unique=True),
        "name": column("text", "name"),
        "format": column("id", "the format it operates in today", refers_to="formats.format"),
        **place(),
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

CANDIDATES = table(
    "candidates",
    "Candidate sites: where something may open or move to.",
    {
        "site_id": column("id", "identifier, unique over outlets and candidates", unique=True),
        "name": column("text", "name", optional=True, blank="no name"),
        **place(),
        "formats": column("list", "formats that may open here", refers_to="formats.format"),
        "host_id": column(
            "id", "the host, for hosted formats", optional=True, blank="no host", refers_to="hosts.host_id"
        ),
    },
    key=("site_id",),
    absent="nothing can open or relocate",
)

FORMATS = table(
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

CONVERSIONS = table(
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
