"""Links join a road network where its file does not: ferries, bridges, roads that are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.coordinates.geodesy import great_circle_km
from netplan.policy import Travel
from netplan.travel.network import RoadNetwork
from netplan.violations import counted, some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FAR_METRES = 500.0
"""An end of a link farther than this from its junction is noted: the way to it may not exist."""


@dataclass(frozen=True, slots=True, eq=False)
class LinkedNetwork:
    """A road network with its links.

    Attributes
    ----------
    network
        The roads, and one directed road for each direction of a link in use, with `edge` -1.
    joined
        One row for each link of the mode: link_id, from_junction, to_junction (ids), from_metres, to_metres (great-circle,
        to the junctions), minutes (with the ways to them), is_used.
    notes
        Links that are not used and why, and those that end far from the roads, in a planner's words.
    """

    network: RoadNetwork
    joined: pd.DataFrame
    notes: tuple[str, ...]


def with_links(network: RoadNetwork, links: pd.DataFrame, travel: Travel) -> LinkedNetwork:
    """The network with the links that its mode can use.

    Each end is joined to the nearest junction of the mode. Minutes of a link are its own and an access leg at either end, as
    of a node or site. A link is left out, and noted, if an end lies farther than `travel.max_leg_metres` from every
    junction, or if both ends are joined to the same junction. Junctions and roads stay as they are, so that no trip
    becomes longer and no place is joined to another road.

    Parameters
    ----------
    links
        The table `road_links`.
    """
    usable = links[_is_for(links, network.mode)]
    if usable.empty:
        return LinkedNetwork(network, _joined(network, usable, travel), ())
    joined = _joined(network, usable, travel)
    used = joined["is_used"].to_numpy(dtype=bool)
    first, last = (_positions(network, joined.loc[used, f"{end}_junction"]) for end in ("from", "to"))
    minutes = joined.loc[used, "minutes"].to_numpy(dtype=np.float64)
    metres = _lengths(usable)[used]
    back = ~usable["is_oneway"].to_numpy(dtype=bool)[used]
    number = len(first) + int(back.sum())
    linked = replace(
        network,
        tail=np.concatenate([network.tail, first, last[back]]),
        head=np.concatenate([network.head, last, first[back]]),
        minutes=np.concatenate([network.minutes, minutes, minutes[back]]),
        metres=np.concatenate([network.metres, metres, metres[back]]),
        edge=np.concatenate([network.edge, np.full(number, -1, dtype=np.int64)]),
    )
    return LinkedNetwork(linked, joined, tuple(_notes(joined, travel)))


def _is_for(links: pd.DataFrame, mode: str) -> Bools:
    return np.array([not modes or mode in modes for modes in links["modes"]], dtype=bool)


def _joined(network: RoadNetwork, links: pd.DataFrame, travel: Travel) -> pd.DataFrame:
    ids = np.array([*network.ids, ""], dtype=object)
    columns: dict[str, object] = {"link_id": links["link_id"].to_numpy()}
    is_near = np.ones(len(links), dtype=bool)
    minutes = links["minutes"].to_numpy(dtype=np.float64)
    ends: list[Ints] = []
    for end in ("from", "to"):
        lon, lat = (links[f"{end}_{name}"].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
        junction, metres = _nearest(network, lon, lat)
        columns |= {f"{end}_junction": ids[junction], f"{end}_metres": metres}
        is_near &= metres <= travel.max_leg_metres
        minutes = minutes + metres / 1000.0 * travel.leg_minutes_per_km
        ends.append(junction)
    return pd.DataFrame({**columns, "minutes": minutes, "is_used": is_near & (ends[0] != ends[1])})


def _nearest(network: RoadNetwork, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
    if not len(lon):
        return np.empty(0, dtype=np.int64), np.empty(0)
    return network.nearest_junction(lon, lat)


def _positions(network: RoadNetwork, ids: pd.Series) -> Ints:
    return pd.Index(network.ids).get_indexer(pd.Index(ids)).astype(np.int64)


def _lengths(links: pd.DataFrame) -> Floats:
    """Great-circle metres from end to end."""
    places = (links[name].to_numpy(dtype=np.float64) for name in ("from_lon", "from_lat", "to_lon", "to_lat"))
    return 1000.0 * great_circle_km(*places)


def _notes(joined: pd.DataFrame, travel: Travel) -> list[str]:
    notes = []
    farthest = joined[["from_metres", "to_metres"]].max(axis=1)
    is_off = farthest > travel.max_leg_metres
    is_idle = ~is_off & ~joined["is_used"]
    is_far = joined["is_used"] & (farthest > FAR_METRES)
    if is_off.any():
        notes.append(
            f"road_links: {_links(joined, is_off)} not used: an end is more than {travel.max_leg_metres:,.0f} m from "
            "every junction; correct the place, or raise [travel] max_leg_metres"
        )
    if is_idle.any():
        notes.append(
            f"road_links: {_links(joined, is_idle)} not used: both ends are joined to the same junction; the roads beyond are missing"
        )
    if is_far.any():
        notes.append(
            f"road_links: {_links(joined, is_far)} more than {FAR_METRES:,.0f} m from the nearest junction "
            f"(up to {farthest[is_far].max():,.0f} m), which counts as an access leg"
        )
    return notes


def _links(joined: pd.DataFrame, which: pd.Series) -> str:
    return f"{counted(int(which.sum()), 'link')} ({some(joined.loc[which, 'link_id'])})"
