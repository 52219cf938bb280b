"""Contracts of the road network."""

from __future__ import annotations

from netplan.tables.declare import column, position, table

ROAD_NODES = table(
    "road_nodes",
    "Junctions of the road network.",
    {"road_node_id": column("id", "identifier", unique=True), **position()},
    key=("road_node_id",),
    absent="minutes are great-circle distance x detour factor / speed",
)

ROAD_EDGES = table(
    "road_edges",
    "Roads between junctions.",
    {
        "from_id": column("id", "one end", refers_to="road_nodes.road_node_id"),
        "to_id": column("id", "other end", refers_to="road_nodes.road_node_id"),
        "metres": column("number", "length along the road", "metres", at_least=0),
        "minutes": column(
            "number",
            "driving time from from_id to to_id, and back unless is_oneway",
            "minutes",
            at_least=0,
            blank="closed to cars",
        ),
        "is_oneway": column("flag", "passable for cars from from_id to to_id only"),
        "minutes_back": column(
            "number",
            "driving time from to_id to from_id, where it differs; not used on a one-way road",
            "minutes",
            at_least=0,
            optional=True,
            blank="as minutes",
        ),
        "walk_minutes": column(
            "number",
            "walking time from from_id to to_id",
            "minutes",
            at_least=0,
            optional=True,
            blank="closed to walkers",
            absent="every road is open to walkers, both ways, at the walking speed of the plan file",
        ),
        "walk_minutes_back": column(
            "number",
            "walking time from to_id to from_id, where it differs",
            "minutes",
            at_least=0,
            optional=True,
            blank="as walk_minutes",
        ),
        "road_class": column("text", "kind of road, as OpenStreetMap's highway tag", optional=True, blank="not known"),
    },
    absent="minutes are great-circle distance x detour factor / speed",
)
