"""Road files of every kind become one shape: junctions, edges with minutes, and notes on what was done."""

from __future__ import annotations

from netplan.roads.cover import roads_cover as roads_cover
from netplan.roads.graphs import graph_of_roads as graph_of_roads
from netplan.roads.graphs import roads_of_graph as roads_of_graph
from netplan.roads.reading import read_roads as read_roads
from netplan.roads.speeds import SpeedRules as SpeedRules
from netplan.roads.tables import Roads as Roads
