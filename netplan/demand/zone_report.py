"""Where zones overlap and where they leave gaps, with the area and the people at stake."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.coordinates.projected import metric_crs
from netplan.demand.cells import area_km2
from netplan.demand.population import Population
from netplan.violations import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Geometries = NDArray[Any]
Progress = Callable[[str, float], None]

_POLYGON = 3
_PAIRS_A_STEP = 2_000
_NOTHING_KM2 = 1e-6
"""A square metre: less than that is rounding of coordinates where zones share an edge."""
_COLOURS = {"overlap": "#c0392b", "gap": "#2471a3"}


@dataclass(frozen=True, slots=True)
class ZoneReport:
    """Overlaps and gaps between zones.

    Attributes
    ----------
    frame
        The largest first: kind (``overlap`` or ``gap``), zone_ids (those that overlap, or lie around the gap, separated by blanks),
        area_km2, people, width_metres (mean width: twice the area by the perimeter), geometry (EPSG:4326). `people` of an overlap
        are those whom its zones place there if they live evenly; of a gap, those who would live there at the density of
        the zones around it.
    slivers
        The same columns for places narrower than `sliver_metres`, as outlines that were digitised apart leave them.
    sliver_metres
        That width.
    outlines
        The zones, for the plot.
    """

    frame: gpd.GeoDataFrame
    slivers: gpd.GeoDataFrame
    sliver_metres: float
    outlines: gpd.GeoSeries

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found, in a planner's words; empty if the zones fit each other."""
        told = [_told(self.frame, kind) for kind in ("overlap", "gap")]
        if len(self.slivers):
            told.append(
                f"{counted(len(self.slivers), 'sliver')} between zones narrower than {self.sliver_metres:g} m "
                f"({self.slivers['area_km2'].sum():,.3f} km2, {self.slivers['people'].sum():,.0f} people in all), not listed"
            )
        return tuple(note for note in told if note)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The zones with overlaps in red and gaps in blue."""
        from matplotlib.patches import Patch  # noqa: PLC0415 (matplotlib is slow to import)

        drawn: Axes = self.outlines.boundary.plot(ax=ax, color="#9aa5b1", linewidth=0.6)
        for kind, colour in _COLOURS.items():
            some_places = self.frame[self.frame["kind"] == kind]
            if len(some_places):
                some_places.plot(ax=drawn, color=colour, edgecolor=colour, linewidth=1.2)
        counts = self.frame["kind"].value_counts()
        labels = [Patch(color=colour, label=f"{kind} ({counts.get(kind, 0)})") for kind, colour in _COLOURS.items()]
        drawn.legend(handles=labels, loc="best", frameon=False)
        drawn.set_title("Overlaps and gaps between zones")
        drawn.set_xlabel("longitude, degrees")
        drawn.set_ylabel("latitude, degrees")
        return drawn

    def __repr__(self) -> str:
        return "ZoneReport: " + ("; ".join(self.notes) or "the zones neither overlap nor leave gaps")

    def _repr_html_(self) -> str:
        table = pd.DataFrame(self.frame.drop(columns="geometry"))
        return f"<p>{html.escape(repr(self))}</p>{table.to_html(index=False, max_rows=20)}"


def zone_report(zones: Population, *, sliver_metres: float = 20.0, progress: Progress | None = None) -> ZoneReport:
    """Find overlaps of zones and gaps that they enclose.

    Parameters
    ----------
    zones
        Polygons with people, as `read_zones` returns them.
    sliver_metres
        Places with a smaller mean width are counted, not listed.
    progress
        Called with what is done and the share done.

    Notes
    -----
    Overlaps are found pair by pair, so where three zones overlap there are three rows. A gap that opens to the outside of all zones is
    not enclosed and is part of the outside.
    """
    shapes = zones.cells.geometry.to_numpy()
    density = zones.by_cell / zones.cells["area_km2"].to_numpy(dtype=np.float64)
    ids = zones.cells["cell_id"].to_numpy(dtype=object)
    tree = shapely.STRtree(shapes)
    found = pd.concat([_overlaps(tree, density, ids, progress), _gaps(tree, density, ids)], ignore_index=True)
    if progress:
        progress("overlaps and gaps", 1.0)
    frame = gpd.GeoDataFrame(found, geometry="geometry", crs="EPSG:4326")
    if len(frame):
        west, south, east, north = zones.cells.total_bounds
        around = shapely.length(frame.to_crs(metric_crs([west, east], [south, north])).geometry.to_numpy())
        frame["width_metres"] = 2e6 * frame["area_km2"] / around
    is_sliver = (frame["width_metres"] < sliver_metres).to_numpy(dtype=bool)
    order = ["kind", "zone_ids", "area_km2", "people", "width_metres", "geometry"]
    frame = frame[order].sort_values("area_km2", ascending=False, kind="stable")
    listed, slivers = (frame[part[frame.index]].reset_index(drop=True) for part in (~is_sliver, is_sliver))
    return ZoneReport(listed, slivers, sliver_metres, zones.cells.geometry)


def _overlaps(
    tree: shapely.STRtree, density: Floats, ids: NDArray[np.object_], progress: Progress | None
) -> pd.DataFrame:
    """Pairs of zones that share an area."""
    shapes = tree.geometries
    one, other = tree.query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    parts: list[Geometries] = [np.zeros(0, dtype=object)]
    for start in range(0, len(one), _PAIRS_A_STEP):
        part = slice(start, start + _PAIRS_A_STEP)
        parts.append(shapely.intersection(shapes[one[part]], shapes[other[part]]))
        if progress:
            progress("overlaps and gaps", 0.8 * min(1.0, part.stop / len(one)))
    common = np.concatenate(parts)
    polygons, pair = shapely.get_parts(common, return_index=True)
    polygons, pair = _exploded(polygons, pair)
    km2 = area_km2(polygons)
    real = km2 >= _NOTHING_KM2
    polygons, pair, km2 = polygons[real], pair[real], km2[real]
    people = km2 * (density[one[pair]] + density[other[pair]])
    return _rows("overlap", [f"{ids[one[p]]} {ids[other[p]]}" for p in pair], km2, people, polygons)


def _exploded(parts: Geometries, pair: NDArray[np.int64]) -> tuple[Geometries, NDArray[np.int64]]:
    """Polygons among the parts; collections hold polygons and the lines along which zones only touch."""
    kinds = shapely.get_type_id(parts)
    return parts[kinds == _POLYGON], pair[kinds == _POLYGON]


def _gaps(tree: shapely.STRtree, density: Floats, ids: NDArray[np.object_]) -> pd.DataFrame:
    """Places that zones enclose and none covers."""
    whole = shapely.get_parts(shapely.union_all(tree.geometries))
    rings, owner = shapely.get_rings(whole[shapely.get_type_id(whole) == _POLYGON], return_index=True)
    is_hole = np.concatenate([[False], owner[1:] == owner[:-1]]) if len(rings) else np.zeros(0, dtype=bool)
    holes = shapely.polygons(rings[is_hole]) if is_hole.any() else np.zeros(0, dtype=object)
    holes = holes[area_km2(holes) >= _NOTHING_KM2]
    gap, zone = tree.query(holes, predicate="intersects") if len(holes) else (np.zeros(0, int), np.zeros(0, int))
    gap, zone = gap[np.lexsort((zone, gap))], zone[np.lexsort((zone, gap))]
    around = [zone[gap == place] for place in range(len(holes))]
    km2 = area_km2(holes)
    people = np.array([size * density[near].mean() for size, near in zip(km2, around, strict=True)], dtype=np.float64)
    return _rows("gap", [" ".join(str(one) for one in ids[near]) for near in around], km2, people, holes)


def _rows(kind: str, zone_ids: list[str], km2: Floats, people: Floats, shapes: Geometries) -> pd.DataFrame:
    columns = {"kind": kind, "zone_ids": zone_ids, "area_km2": km2, "people": people, "width_metres": np.inf}
    return pd.DataFrame(columns).assign(geometry=pd.Series(list(shapes), dtype=object))


def _told(frame: gpd.GeoDataFrame, kind: str) -> str:
    """One sentence on all places of a kind."""
    places = frame[frame["kind"] == kind]
    if not len(places):
        return ""
    first = places.iloc[0]
    where = first["zone_ids"].split()
    near = " and ".join(where[:2]) + (f" and {len(where) - 2} more" if len(where) > 2 else "")
    what = "their zones place there" if kind == "overlap" else "would live there as around it"
    return (
        f"{counted(len(places), kind)} {'of' if kind == 'overlap' else 'between'} zones: {places['area_km2'].sum():,.3f} km2, "
        f"{places['people'].sum():,.0f} people {what}; the largest at {near} ({first['area_km2']:,.3f} km2)"
    )
