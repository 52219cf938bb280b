"""Roads as two tables: junctions, and the roads between them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from netplan.errors import InputError
from netplan.violations import counted, some

if TYPE_CHECKING:
    import networkx as nx

CRS = "EPSG:4326"
JUNCTION_COLUMNS = ("road_node_id", "lon", "lat")
REQUIRED = ("from_id", "to_id", "metres", "minutes", "is_oneway")
OPTIONAL = ("minutes_back", "walk_minutes", "walk_minutes_back", "road_class")
_TEXT = ("road_node_id", "from_id", "to_id", "road_class")


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """A road network as it goes into a region: `road_nodes`, `road_edges` and what was done to get there.

    Attributes
    ----------
    junctions
        Columns road_node_id (str), lon, lat (degrees, WGS-84), one row a junction or point where a road was cut.
    edges
        Columns from_id, to_id (str), metres (along the road, not the chord), minutes (driving from -> to, and back unless
        is_oneway; NaN: closed to cars), is_oneway (bool); optionally minutes_back (driving to -> from; NaN: as minutes),
        walk_minutes, walk_minutes_back (NaN: closed to walkers, back as there), road_class (str). Treat as read-only.
    notes
        What was read, defaulted and left out, in a planner's words.

    Raises
    ------
    InputError
        A column is missing, a junction's id is repeated, or a road ends at a junction that does not exist.
    """

    junctions: pd.DataFrame
    edges: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(self.junctions, JUNCTION_COLUMNS, "junctions")
        _require(self.edges, REQUIRED, "edges")
        object.__setattr__(self, "junctions", _typed(self.junctions, JUNCTION_COLUMNS))
        present = [name for name in OPTIONAL if name in self.edges]
        object.__setattr__(self, "edges", _typed(self.edges, [*REQUIRED, *present]))
        ids = self.junctions["road_node_id"]
        if ids.duplicated().any():
            raise InputError(f"roads: junctions named twice: {some(ids[ids.duplicated()].unique())}; make ids unique")
        for name, place in zip(("from_id", "to_id"), self.ends(), strict=True):
            if (place < 0).any():
                unknown = self.edges.loc[place < 0, name].unique()
                raise InputError(f"roads: no junction {some(unknown)}; add it to junctions, or remove its roads")

    @classmethod
    def from_networkx(cls, graph: nx.Graph, **attributes: Any) -> Roads:
        """Roads from any networkx graph; see `netplan.roads.roads_of_graph` for the arguments."""
        from netplan.roads.graphs import roads_of_graph  # noqa: PLC0415

        return roads_of_graph(graph, **attributes)

    def to_networkx(self, mode: Literal["", "car", "walk"] = "") -> nx.MultiDiGraph:
        """One arc a direction, with metres, minutes, walk_minutes; see `netplan.roads.graph_of_roads`."""
        from netplan.roads.graphs import graph_of_roads  # noqa: PLC0415

        return graph_of_roads(self, mode)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        lon, lat = self.junctions["lon"], self.junctions["lat"]
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    @property
    def kilometres(self) -> float:
        """Length of all roads."""
        return float(self.edges["metres"].sum()) / 1000.0

    def ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions in `junctions` of the two ends of every road, each of shape (roads,)."""
        # as Python objects: looking up millions of Arrow strings takes several times as long
        index = pd.Index(self.junctions["road_node_id"].to_numpy(dtype=object))
        names = (self.edges[name].to_numpy(dtype=object) for name in ("from_id", "to_id"))
        first, last = (index.get_indexer(pd.Index(one, dtype=object)).astype(np.int64) for one in names)
        return first, last

    def part_sizes(self) -> NDArray[np.int64]:
        """Junctions of each part that does not meet the others, largest first."""
        first, last = self.ends()
        size = len(self.junctions)
        graph = coo_array((np.ones(len(first), dtype=bool), (first, last)), shape=(size, size))
        number, part = connected_components(graph, directed=False)
        return np.sort(np.bincount(part, minlength=number))[::-1].astype(np.int64)

    def frame(self) -> gpd.GeoDataFrame:
        """The roads as straight lines between their junctions, in WGS-84."""
        positions = self.junctions[["lon", "lat"]].to_numpy(dtype=np.float64)
        first, last = self.ends()
        lines = shapely.linestrings(np.stack([positions[first], positions[last]], axis=1))
        return gpd.GeoDataFrame(self.edges.copy(), geometry=gpd.GeoSeries(lines, crs=CRS))

    def plot(self, ax: Any = None) -> Any:
        """Draw the roads by driving speed with matplotlib; returns the axes."""
        from netplan.roads.drawing import draw_roads  # noqa: PLC0415

        return draw_roads(self, ax)

    def __repr__(self) -> str:
        return "\n".join(["Roads", *(f"  {label}: {value}" for label, value in self._facts())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for label, value in self._facts()
        )
        return f"<b>Roads</b><table>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            ("junctions", f"{len(self.junctions):,}"),
            ("roads", f"{len(self.edges):,}, {self.kilometres:,.0f} km"),
            ("open to cars", f"{int(self.edges['minutes'].notna().sum()):,}"),
            ("one-way", f"{int(self.edges['is_oneway'].sum()):,}"),
        ]
        if "walk_minutes" in self.edges:
            facts.append(("open to walkers", f"{int(self.edges['walk_minutes'].notna().sum()):,}"))
        if len(self.junctions):
            west, south, east, north = self.bounds
            facts.append(("extent", f"{west:.3f} to {east:.3f} east, {south:.3f} to {north:.3f} north"))
            facts.append(("parts that do not meet", counted(len(self.part_sizes()), "part")))
        return [*facts, *(("note", note) for note in self.notes)]


def _require(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputError(f"roads: {what} have no column {some(missing)}; a road network has {', '.join(columns)}")


def _typed(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """These columns in their types, in this order, with a RangeIndex."""
    kinds: dict[str, Any] = dict.fromkeys(columns, np.float64)
    kinds |= {name: "str" for name in columns if name in _TEXT}
    kinds |= {name: bool for name in columns if name == "is_oneway"}
    return pd.DataFrame({name: frame[name].astype(kinds[name]).array for name in columns})
