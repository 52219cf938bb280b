"""The tables that the page's layers share: sites, cells, places, who is served from where, as plain columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from netplan.region import Region
from netplan.tables import SEGMENTS

ACTIONS = ("keep", "close", "convert", "relocate", "open")
Block = dict[str, Any]

_NEIGHBOURS = 6
_DEGREE_DIGITS = 5
"""Five decimals of a degree: about a metre."""


def numbers(values: ArrayLike, digits: int) -> list[float | int | None]:
    """Rounded numbers for the page; what is not a number becomes null."""
    array = np.round(np.asarray(values, dtype=np.float64), digits)
    exact: list[float | int | None] = (
        array.astype(np.int64) if digits == 0 and np.isfinite(array).all() else array
    ).tolist()
    return [value if value is None or np.isfinite(value) else None for value in exact]


def texts(values: pd.Series[Any]) -> list[str]:
    """Text for the page; what is missing becomes empty."""
    return ["" if pd.isna(value) else str(value) for value in values]


def positions(ids: Sequence[str], wanted: pd.Series[Any]) -> list[int]:
    """Where each of `wanted` stands in `ids`; -1 if nowhere."""
    place = {name: at for at, name in enumerate(ids)}
    return [place.get(name, -1) for name in wanted]


def _position_columns(table: pd.DataFrame) -> Block:
    return {"lon": numbers(table["lon"], _DEGREE_DIGITS), "lat": numbers(table["lat"], _DEGREE_DIGITS)}


def place_columns(table: pd.DataFrame, key: str) -> Block:
    """Districts or townships: id, both names, position of the label."""
    names = {"id": texts(table[key]), "name": texts(table["name"]), "name_en": texts(table["name_en"])}
    return names | _position_columns(table)


def format_rows(region: Region) -> list[Block]:
    """Formats in the order of their table: id, both names, channel, whether physical, rank by cost in its channel."""
    formats = region.formats
    rank = formats.groupby("channel")["running_cost_per_year"].rank(method="first", ascending=False).astype(int) - 1
    columns = {name: texts(formats[name]) for name in ("format", "name", "name_en", "channel")}
    flags = {"is_physical": formats["is_physical"].astype(int).tolist(), "rank": rank.tolist()}
    names = ("id", "name", "name_en", "channel", *flags)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), *flags.values(), strict=True)]


def node_columns(region: Region, visits: NDArray[np.float64]) -> Block:
    """Cells: people by segment, area, place, and whether anyone there visits each service.

    Parameters
    ----------
    visits
        d_ic, visits per year, shape (nodes, services).
    """
    nodes = region.nodes
    return {
        "id": texts(nodes["node_id"]),
        "name": texts(nodes["name"]),
        **_position_columns(nodes),
        "district": positions(texts(region.districts["district_id"]), nodes["district_id"]),
        "township": positions(texts(region.townships["township_id"]), nodes["township_id"]),
        "area": numbers(nodes["area_km2"], 3),
        "people": numbers(nodes[list(SEGMENTS)].sum(axis=1), 0),
        "segments": [numbers(nodes[segment], 0) for segment in SEGMENTS],
        "urban": nodes["is_urban"].astype(int).tolist(),
        "wants": (visits > 0).astype(int).T.tolist(),
    }


def site_columns(region: Region, sites: pd.DataFrame) -> Block:
    """Sites before any plan: identity, place, today's format, whether a candidate.

    Parameters
    ----------
    sites
        Columns site_id, name, lon, lat, district_id, township_id, is_existing, format ("" for candidates).
    """
    before = positions(texts(region.formats["format"]), sites["format"])
    nothing = [-1] * len(sites)
    return {
        "id": texts(sites["site_id"]),
        "name": texts(sites["name"]),
        **_position_columns(sites),
        "district": positions(texts(region.districts["district_id"]), sites["district_id"]),
        "township": positions(texts(region.townships["township_id"]), sites["township_id"]),
        "is_candidate": (~sites["is_existing"].astype(bool)).astype(int).tolist(),
        "is_target": [0] * len(sites),
        "before": before,
        "after": nothing,
        "action": nothing,
        "to": nothing,
        "reason": [""] * len(sites),
        "note": [""] * len(sites),
        "colour": [0] * len(sites),
    }


def catchment_colours(nodes: Block, sites: int, tables: Sequence[Block]) -> list[int]:
    """A colour number for each site such that outlets whose customers live side by side differ.

    Greedy colouring of the graph that joins two outlets wherever a cell of one has a cell of the other among its nearest.

    Parameters
    ----------
    nodes
        As `node_columns` returns them.
    sites
        How many there are.
    tables
        Who is served from where, as `served_columns` returns it: today, the plan.
    """
    flat = np.column_stack([nodes["lon"], nodes["lat"]]).astype(np.float64).reshape(-1, 2)
    graph = nx.Graph()
    graph.add_nodes_from(range(sites))
    if len(flat) > 1:
        flat[:, 0] *= np.cos(np.radians(flat[:, 1].mean()))
        _, near = cKDTree(flat).query(flat, k=min(_NEIGHBOURS + 1, len(flat)))
        for table in tables:
            for service in set(table["service"]):
                graph.add_edges_from(_borders(near, _served_by(table, service, len(flat))))
    colour: Mapping[int, int] = nx.greedy_color(graph, strategy="largest_first")
    return [colour[s] for s in range(sites)]


def _served_by(table: Block, service: int, nodes: int) -> NDArray[np.int64]:
    lines = np.array(table["service"]) == service
    site = np.full(nodes, -1, dtype=np.int64)
    site[np.array(table["node"])[lines]] = np.array(table["site"])[lines]
    return site


def _borders(near: NDArray[np.int64], site: NDArray[np.int64]) -> set[tuple[int, int]]:
    """Pairs of outlets of which neighbouring cells are served."""
    here, there = np.repeat(site, near.shape[1]), site[near.ravel()]
    differ = (here >= 0) & (there >= 0) & (here != there)
    pairs = np.unique(np.sort(np.column_stack([here[differ], there[differ]]), axis=1), axis=0)
    return {(int(one), int(other)) for one, other in pairs}


def served_columns(assignments: pd.DataFrame, region: Region, sites: pd.DataFrame, services: Sequence[str]) -> Block:
    """Who is served from where, sorted by node and service; shares only where a visit is split.

    Parameters
    ----------
    assignments
        Columns node_id, service, site_id ("" or missing: unserved), share, minutes.
    """
    table = pd.DataFrame(
        {
            "node": positions(texts(region.nodes["node_id"]), assignments["node_id"]),
            "service": positions(services, assignments["service"]),
            "site": positions(texts(sites["site_id"]), assignments["site_id"]),
            "share": assignments["share"].to_numpy(dtype=np.float64),
            "minutes": assignments["minutes"].to_numpy(dtype=np.float64),
        }
    ).sort_values(["node", "service", "site"], kind="stable")
    block: Block = {name: table[name].tolist() for name in ("node", "service", "site")}
    block["minutes"] = numbers(table["minutes"], 1)
    if (table["share"] < 1 - 1e-9).any():
        block["share"] = numbers(table["share"], 4)
    return block


def known_sites(region: Region) -> pd.DataFrame:
    """Outlets, then candidates, as `site_columns` takes them."""
    shared = ["site_id", "name", "lon", "lat", "district_id", "township_id"]
    outlets = region.outlets[[*shared, "format"]].assign(is_existing=True)
    candidates = region.candidates[shared].assign(format="", is_existing=False)
    parts = [part for part in (outlets, candidates) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else outlets


def bounds_of(region: Region, sites: pd.DataFrame) -> list[list[float]]:
    """South-west and north-east corner of outlines, cells and sites: [[south, west], [north, east]]."""
    lon = np.concatenate([region.nodes["lon"], sites["lon"]])
    lat = np.concatenate([region.nodes["lat"], sites["lat"]])
    corners = [lon.min(), lat.min(), lon.max(), lat.max()]
    outlines = region.districts.geometry.dropna()
    if len(outlines):
        west, south, east, north = outlines.total_bounds
        corners = [min(corners[0], west), min(corners[1], south), max(corners[2], east), max(corners[3], north)]
    west, south, east, north = (float(value) for value in corners)
    return [[south, west], [north, east]]
