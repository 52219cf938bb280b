"""Who staffs the fixed-time counters and which van stops where: use of bases and vans by week."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from openpyxl.worksheet.worksheet import Worksheet

from netplan.plan import Plan
from netplan.report.cells import NOTE_FONT, TENTH, WHOLE, Column, put_heading, put_table, records, set_page, set_widths

_WEEKS = {"every": "every week", "odd": "odd weeks", "even": "even weeks", "": ""}


def bases_and_vans(sheet: Worksheet, plan: Plan) -> None:
    """Bases with their staff-days, vans with their stops, and every counter and stop."""
    region = plan.problem.region
    visits = rural_visits(plan)
    names = dict(records(plan.problem.sites, ["site_id", "name"]))
    bases, vans = region.bases, region.vans
    columns: tuple[Column, ...] = (
        *(Column("base", 22), Column("outlet", 20), Column("name", 26)),
        *(Column("staff-days a week", 12, TENTH), Column("used by counters", 12, TENTH), Column("counters", 12, WHOLE)),
    )
    set_widths(sheet, (*columns, Column("", 14), Column("", 14), Column("", 20)))
    row = put_heading(sheet, 1, "Bases")
    row = put_table(sheet, row, columns, [(*line, *_used(visits, line[0])) for line in _bases(bases, names)])
    row = put_heading(sheet, row + 1, "Vans")
    columns = (
        *(Column("van"), Column("base"), Column("used"), Column("days a week", number_format=WHOLE)),
        *(Column("stops", number_format=WHOLE), Column("running cost a year, when used", number_format=WHOLE)),
    )
    row = put_table(sheet, row, columns, [_van(visits, line) for line in records(vans, _VAN_COLUMNS)])
    row = put_heading(sheet, row + 1, "Counters and van stops")
    columns = (
        *(Column("site_id"), Column("name"), Column("format"), Column("base"), Column("van"), Column("weeks")),
        *(Column("days a week", number_format=TENTH), Column("minutes from base", number_format=TENTH)),
    )
    row = put_table(sheet, row, columns, records(visits, _VISIT_COLUMNS))
    if visits.empty:
        put_heading(sheet, row, "The plan has no fixed-time counter and no van stop.", NOTE_FONT)
    set_page(sheet)


_VAN_COLUMNS = ["van_id", "base_id", "days_per_week", "running_cost_per_year"]
_VISIT_COLUMNS = ["site_id", "name", "format_name", "base_id", "van_id", "weeks", "days_per_week", "minutes"]


def rural_visits(plan: Plan) -> pd.DataFrame:
    """One line per counter and van stop of the plan.

    Returns
    -------
    DataFrame
        site_id, name, channel, format_name, base_id, van_id, weeks, days_per_week, minutes (one way from the base).
    """
    problem = plan.problem
    formats = problem.region.formats.set_index("format")
    channel = formats["channel"].to_dict()
    base_site = _base_positions(plan)
    lines = []
    for s, name in enumerate(plan.format_after):
        if not name or channel[name] not in {"counter", "van"}:
            continue
        base = plan.base_of[s] or _base_of_van(plan, plan.van_of[s])
        site = problem.sites.iloc[s]
        minutes = problem.travel.between_sites.get(base_site[base], s) if base in base_site else float("nan")
        what = formats.loc[name]
        head = (site["site_id"], site["name"], what["channel"], what["name"], base, plan.van_of[s])
        lines.append((*head, _WEEKS.get(plan.week_of[s], ""), what["days_per_week"], minutes))
    names = ["site_id", "name", "channel", "format_name", "base_id", "van_id", "weeks", "days_per_week", "minutes"]
    return pd.DataFrame(lines, columns=names)


def _base_positions(plan: Plan) -> dict[str, int]:
    place = {site_id: s for s, site_id in enumerate(plan.problem.sites["site_id"])}
    pairs = records(plan.problem.region.bases, ["base_id", "site_id"])
    return {str(base): place[str(site)] for base, site in pairs if site in place}


def _base_of_van(plan: Plan, van: str) -> str:
    vans = plan.problem.region.vans
    return next((str(base) for name, base in records(vans, ["van_id", "base_id"]) if name == van), "")


def _bases(bases: pd.DataFrame, names: dict[object, object]) -> Iterator[tuple[object, ...]]:
    for base, site, days in records(bases, ["base_id", "site_id", "staff_days_per_week"]):
        yield base, site, names.get(site, ""), days


def _used(visits: pd.DataFrame, base: object) -> tuple[float, int]:
    mine = visits[(visits["base_id"] == base) & (visits["channel"] == "counter")]
    return float(mine["days_per_week"].sum()), len(mine)


def _van(visits: pd.DataFrame, line: tuple[object, ...]) -> tuple[object, ...]:
    van, base, days, cost = line
    stops = int((visits["van_id"] == van).sum())
    return van, base, "yes" if stops else "no", days, stops, cost
