"""Visits per year at every demand node, by service class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.errors import InputError
from netplan.frozen import Frozen
from netplan.tables import SEGMENTS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DemandNodes(Frozen):
    """People and visits per demand node, aligned with the rows of `Region.nodes`.

    Attributes
    ----------
    services
        Service classes, in the order in which the visits table first names them (length C).
    segments
        Segments of the visits table (length G).
    visits
        d_ic, visits per year, shape (N, C).
    weighted
        w_ic, the same with each segment's visits times its weight, shape (N, C).
    people
        p_i, shape (N,).
    people_by_segment
        p_ig, shape (N, G).
    is_urban
        Shape (N,).
    """

    services: tuple[str, ...]
    segments: tuple[str, ...]
    visits: Floats
    weighted: Floats
    people: Floats
    people_by_segment: Floats
    is_urban: NDArray[np.bool_]
    visits_by_segment: Floats
    """d_igc, shape (N, G, C)."""

    def people_of(self, group: str) -> Floats:
        """People of a group at each node: all, urban, rural or a segment; shape (N,)."""
        return self._of(group, self.people, self.people_by_segment)

    def visits_of(self, group: str, service: str) -> Floats:
        """Visits per year of a group for one service at each node, shape (N,)."""
        c = self.services.index(service)
        return self._of(group, self.visits[:, c], self.visits_by_segment[:, :, c])

    def _of(self, group: str, total: Floats, by_segment: Floats) -> Floats:
        if group == "all":
            return total
        if group == "urban":
            return np.where(self.is_urban, total, 0.0)
        if group == "rural":
            return np.where(self.is_urban, 0.0, total)
        if group in self.segments:
            return by_segment[:, self.segments.index(group)]
        known = ", ".join(("all", "urban", "rural", *self.segments))
        raise InputError(f"unknown group {group!r}; groups: {known}")


def demand_of(nodes: pd.DataFrame, visits: pd.DataFrame, segment_weight: Mapping[str, float]) -> DemandNodes:
    """Turn people into visits: d_igc = p_ig x customer_share x visits_per_year x (1 - digital_share).

    Parameters
    ----------
    nodes, visits
        Tables of a `Region`. A row of `visits` with a district_id stands, for the nodes of that district, in place of
        the row of its segment and service without one.
    segment_weight
        Weight of a segment's visits where it is not 1.
    """
    services = tuple(dict.fromkeys(visits["service"]))
    segments = tuple(dict.fromkeys([*SEGMENTS, *visits["segment"]]))
    by_segment = nodes[list(segments)].to_numpy(dtype=np.float64)
    weight = np.array([segment_weight.get(segment, 1.0) for segment in segments])
    each = by_segment[:, :, None] * _visits_per_person(nodes["district_id"], visits, segments, services)
    arrays = {
        "visits": each.sum(axis=1),
        "weighted": (each * weight[None, :, None]).sum(axis=1),
        "people": nodes[list(SEGMENTS)].to_numpy(dtype=np.float64).sum(axis=1),
        "people_by_segment": by_segment,
        "visits_by_segment": each,
        "is_urban": nodes["is_urban"].to_numpy(dtype=bool),
    }
    for array in arrays.values():
        array.setflags(write=False)
    return DemandNodes(services=services, segments=segments, **arrays)


def _visits_per_person(
    home: pd.Series, visits: pd.DataFrame, segments: tuple[str, ...], services: tuple[str, ...]
) -> Floats:
    """Visits per person and year at each node, shape (N, G, C): the row of its district, else the general one."""
    lines = visits.assign(
        g=pd.Index(segments).get_indexer(pd.Index(visits["segment"])),
        c=pd.Index(services).get_indexer(pd.Index(visits["service"])),
        rate=visits["customer_share"] * visits["visits_per_year"] * (1.0 - visits["digital_share"]),
    )
    districts = pd.Index(lines["district_id"][lines["district_id"] != ""].unique())
    rate = np.zeros((len(districts) + 1, len(segments), len(services)))  # the last one: everywhere else
    general = lines[lines["district_id"] == ""]
    rate[:, general["g"], general["c"]] = general["rate"]
    own = lines[lines["district_id"] != ""]
    rate[districts.get_indexer(pd.Index(own["district_id"])), own["g"], own["c"]] = own["rate"]
    at_node: Floats = rate[districts.get_indexer(pd.Index(home))]
    return at_node
