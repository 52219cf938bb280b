"""Stubs: bits of road that the map file leaves hanging in the air beside the network, such as a car park or a private yard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from netplan.coordinates.geodesy import chord_of_km, unit_vectors
from netplan.roads import Roads
from netplan.violations import counted

MOST_JUNCTIONS = 30
BESIDE_METRES = 500.0


def without_stubs(roads: Roads) -> Roads:
    """Roads without the small parts that lie beside the largest part and do not meet it; nobody should be snapped to them.

    A part goes if it has at most `MOST_JUNCTIONS` and every one of them is within `BESIDE_METRES` of a junction of the largest part. An
    island's roads stay: they wait for a ferry in `road_links`.
    """
    first, last = roads.ends()
    size = len(roads.junctions)
    graph = coo_array((np.ones(len(first), dtype=bool), (first, last)), shape=(size, size))
    number, part = connected_components(graph, directed=False)
    if number < 2:
        return roads
    junctions = np.bincount(part, minlength=number)
    main = part == int(junctions.argmax())
    here = unit_vectors(roads.junctions["lon"], roads.junctions["lat"])
    chord, _ = KDTree(here[main]).query(here)
    is_far = chord > chord_of_km(BESIDE_METRES / 1000.0)
    goes = (junctions <= MOST_JUNCTIONS) & (np.bincount(part, weights=is_far, minlength=number) == 0)
    goes[junctions.argmax()] = False
    if not goes.any():
        return roads
    lost = goes[part]
    kilometres = float(roads.edges["metres"].to_numpy()[lost[first]].sum()) / 1000.0
    note = (
        f"{counted(int(goes.sum()), 'part')} of at most {MOST_JUNCTIONS} junctions beside the network that do not meet it left out "
        f"({counted(int(lost.sum()), 'junction')}, {kilometres:,.1f} km)"
    )
    return replace(
        roads,
        junctions=roads.junctions[~lost].reset_index(drop=True),
        edges=roads.edges[~lost[first]].reset_index(drop=True),
        notes=(*roads.notes, note),
    )
