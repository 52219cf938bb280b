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
        "metres": column("number", "length", "metres", at_least=0),
        "minutes": column("number", "driving time", "minutes", at_least=0),
        "is_oneway": column("flag", "passable from from_id to to_id only"),
    },
    absent="minutes are great-circle distance x detour factor / speed",
)
