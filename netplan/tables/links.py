"""Contract of the table of links: ferries, and bridges or roads that the road file lacks."""

from __future__ import annotations

import pandera.pandas as pa

from netplan.tables.declare import column, table

MODES = ("car", "walk", "bus")
"""Ways to travel, as `[travel] mode` of the plan file names them."""


def _end(which: str, verb: str) -> dict[str, pa.Column]:
    return {
        f"{which}_lon": column("number", f"longitude where it {verb}", "degrees, WGS-84", at_least=-180, at_most=180),
        f"{which}_lat": column("number", f"latitude where it {verb}", "degrees, WGS-84", at_least=-90, at_most=90),
    }


ROAD_LINKS = table(
    "road_links",
    "Ferries, bridges and roads that the road network lacks. Each end is joined to the nearest junction that the mode can "
    "use, with the way to it as an access leg; one that lies farther than `max_leg_metres` from every junction is not used, and noted.",
    {
        "link_id": column("id", "identifier", unique=True),
        "name": column("text", "name", blank="no name"),
        **_end("from", "begins"),
        **_end("to", "ends"),
        "minutes": column("number", "time across, with the wait for a ferry", "minutes", at_least=0),
        "is_oneway": column("flag", "passable from its beginning to its end only"),
        "modes": column("list", f"who can use it: {', '.join(MODES)}", optional=True, blank="everybody"),
    },
    key=("link_id",),
    absent="no ferries or missing links",
)
