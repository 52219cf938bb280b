"""Contracts of the tables on the rural channel, and on other banks: hosts, bases, vans, competitors."""

from __future__ import annotations

from netplan.tables.declare import column, position, table

HOSTS = table(
    "hosts",
    "Supermarkets, clinics, village halls that can host a rural service point.",
    {
        "host_id": column("id", "identifier", unique=True),
        "name": column("text", "name"),
        **position(),
        "max_points": column("whole", "points it can host", "points", at_least=0),
    },
    key=("host_id",),
    absent="no hosted points",
)

BASES = table(
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

VANS = table(
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

COMPETITORS = table(
    "competitors",
    "Outlets of other banks, for standards that count any bank's.",
    {
        "site_id": column("id", "identifier", unique=True),
        "name": column("text", "name"),
        **position(),
        "services": column("list", "service classes it offers", refers_to="visits.service"),
        "days_per_week": column("number", "days open a week", "days", more_than=0, at_most=7),
        "is_staffed": column("flag", "staffed"),
        "is_physical": column("flag", "counts as a physical outlet"),
        "is_step_free": column("flag", "step-free access"),
    },
    key=("site_id",),
    absent="standards count this bank's outlets only",
)
