"""GraphML as osmnx saves it: every attribute is text, lists are text too."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from netplan.errors import InputError
from netplan.roads.graphs import roads_of_graph
from netplan.roads.speeds import SpeedRules
from netplan.roads.tables import Roads

_LISTED = ("highway", "maxspeed", "access", "service", "junction")


def read_graphml(path: Path, speeds: SpeedRules, max_edge_metres: float) -> Roads:
    """Roads of a GraphML file; see `netplan.roads.read_roads`.

    Raises
    ------
    InputError
        Not GraphML, nodes without positions, edges without lengths or speeds that can be read.
    """
    try:
        graph = nx.read_graphml(path)
    except (nx.NetworkXException, ParseError, ValueError, KeyError, AttributeError, OSError) as error:
        reason = str(error).split("\n", 1)[0][:200] or type(error).__name__
        raise InputError(
            f"{path.name}: damaged, or not GraphML ({reason}); save the graph again, for example with osmnx.save_graphml"
        ) from error
    for _, _, data in graph.edges(data=True):
        for name in _LISTED:
            if name in data:
                data[name] = _listed(data[name])
    return roads_of_graph(graph, speeds=speeds, max_edge_metres=max_edge_metres, name=path.name)


def _listed(value: Any) -> Any:
    """``"['primary', 'secondary']"`` as a list; anything else as it is. Literals only: nothing in the file is executed."""
    if not (isinstance(value, str) and value.startswith("[")):
        return value
    try:
        parts = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    return parts if isinstance(parts, list) else value
