"""Districts and townships of a new region, and in which of them a position lies."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from netplan.coordinates import metric_crs
from netplan.errors import InputError
from netplan.violations import some

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WGS84 = "EPSG:4326"
BORDER_METRES = 500.0
"""A place this near outside the region is counted to its nearest township: outlines are drawn coarsely."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Outlines in WGS-84.

    Attributes
    ----------
    townships
        Columns township_id, district_id, name, geometry.
    districts
        Columns district_id, name, geometry.
    notes
        Where they come from.
    """

    townships: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()

    @property
    def area(self) -> shapely.Geometry:
        """The whole region: all townships and districts together."""
        shapes = [*self.townships.geometry, *self.districts.geometry]
        return shapely.union_all(np.array(shapes, dtype=object))

    def township_of(self, lon: Floats, lat: Floats) -> Ints:
        """Position of the township in which each place lies, of the nearest one up to `BORDER_METRES` away; -1 beyond."""
        points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=WGS84)
        if not len(points):
            return np.empty(0, dtype=np.int64)
        found = np.full(len(points), -1, dtype=np.int64)
        tree = shapely.STRtree(self.townships.geometry.to_numpy())
        place, township = tree.query(points.to_numpy(), predicate="intersects")
        found[place[::-1]] = township[::-1]  # on a shared border, the first of them
        missing = np.flatnonzero(found < 0)
        if len(missing):
            crs = metric_crs(*self._middle())
            near = shapely.STRtree(self.townships.geometry.to_crs(crs).to_numpy())
            outside = points.iloc[missing].to_crs(crs).to_numpy()
            place, township = near.query_nearest(outside, max_distance=BORDER_METRES, all_matches=False)
            found[missing[place]] = township
        return found

    def ids_of(self, townships: Ints) -> pd.DataFrame:
        """Columns district_id and township_id of these positions (none of them -1)."""
        frame: pd.DataFrame = self.townships.iloc[townships][["district_id", "township_id"]].reset_index(drop=True)
        return frame

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables districts and townships, with a point inside each."""
        tables = {}
        for stem, frame in (("districts", self.districts), ("townships", self.townships)):
            points = frame.geometry.representative_point()
            plain = pd.DataFrame(frame.drop(columns="geometry"))
            tables[stem] = plain.assign(lon=points.x.to_numpy(), lat=points.y.to_numpy())
        return tables

    def _middle(self) -> tuple[Floats, Floats]:
        west, south, east, north = self.townships.total_bounds
        return np.array([west, east]), np.array([south, north])


def places_of(
    zones: gpd.GeoDataFrame | None, districts: gpd.GeoDataFrame | None, area: shapely.Geometry | None, name: str
) -> Places:
    """Districts and townships from what there is.

    Parameters
    ----------
    zones
        As `netplan.demand.read_outlines` gives them, and where known columns district_id and district_name: they become the
        townships.
    districts
        Likewise. Without zones they are the townships, too.
    area
        The region's outline where there are neither.

    Raises
    ------
    InputError
        A zone lies in no district, or an id is not fit to be one.
    """
    if zones is None and districts is not None:
        _check_ids(districts)
        named = _renamed(districts, "district_id")
        townships = named.assign(township_id=named["district_id"])
        return Places(townships, named, ("no zones: every district is one township",))
    if zones is None:
        return _one_place(area, name)
    _check_ids(zones)
    if districts is not None:
        _check_ids(districts)
        of_zone = _district_of(zones, districts)
        townships = _renamed(zones, "township_id").assign(district_id=of_zone)
        return Places(townships, _renamed(districts, "district_id"))
    return _dissolved(zones, name)


def _one_place(area: shapely.Geometry | None, name: str) -> Places:
    if area is None or area.is_empty:
        raise InputError("no outline of the region: give zones or districts")
    one = gpd.GeoDataFrame({"district_id": ["1"], "name": [name]}, geometry=[area], crs=WGS84)
    note = "neither zones nor districts: the region is one district with one township, so township rules say little"
    return Places(one.assign(township_id="1"), one, (note,))


def _dissolved(zones: gpd.GeoDataFrame, name: str) -> Places:
    """Districts put together from the zones that name them."""
    townships = _renamed(zones, "township_id")
    if "district_id" not in zones:
        whole = gpd.GeoDataFrame(
            {"district_id": ["1"], "name": [name]}, geometry=[zones.geometry.union_all()], crs=WGS84
        )
        return Places(townships.assign(district_id="1"), whole, ("the zones name no district: all are one district",))
    townships["district_id"] = zones["district_id"].to_numpy()
    names = zones["district_name"] if "district_name" in zones else zones["district_id"]
    grouped = zones[["district_id", "geometry"]].assign(name=names).dissolve("district_id", as_index=False)
    return Places(townships, gpd.GeoDataFrame(grouped[["district_id", "name", "geometry"]], crs=WGS84))


def _renamed(outlines: gpd.GeoDataFrame, id_name: str) -> gpd.GeoDataFrame:
    frame = outlines[["cell_id", "name", "geometry"]].rename(columns={"cell_id": id_name})
    return gpd.GeoDataFrame(frame.reset_index(drop=True), crs=WGS84)


def _district_of(zones: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> list[str]:
    """The district in which a point inside each zone lies."""
    points = zones.geometry.representative_point().to_numpy()
    found = np.full(len(zones), -1, dtype=np.int64)
    zone, district = shapely.STRtree(districts.geometry.to_numpy()).query(points, predicate="intersects")
    found[zone[::-1]] = district[::-1]
    if (found < 0).any():
        raise InputError(
            f"zones in no district: {some(zones['cell_id'][found < 0])}; check that both files show the same region"
        )
    return [str(districts["cell_id"].iloc[position]) for position in found]


def _check_ids(outlines: gpd.GeoDataFrame) -> None:
    wrong = [text for text in outlines["cell_id"] if not str(text) or any(letter.isspace() for letter in str(text))]
    if wrong:
        raise InputError(f"ids of outlines with blanks: {some(map(repr, wrong))}; name a column of codes as the id")
