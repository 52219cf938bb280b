"""A reference layer in metres about a place, and how far points are from it: roads, zones or other points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

_STEP_METRES = 20.0
"""Roads are taken as positions this far apart while shifts are searched: a distance is at most 10 m too long."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Features near some points, in metres (`to_metres` projects WGS-84 degrees), and a tree of them."""

    to_metres: pyproj.Transformer
    tree: shapely.STRtree

    @property
    def has_areas(self) -> bool:
        """Whether any feature is a polygon."""
        return bool((shapely.get_dimensions(self.tree.geometries) == 2).any())

    def project(self, lon: Floats, lat: Floats) -> Floats:
        """Metres of WGS-84 positions, shape (n, 2)."""
        return np.column_stack(self.to_metres.transform(lon, lat))

    def metres(self, xy: Floats) -> Floats:
        """Metres to the nearest feature, 0 inside a polygon, shape (n,)."""
        points = shapely.points(xy)
        _, found = self.tree.query_nearest(points, all_matches=False)
        return np.asarray(shapely.distance(points, self.tree.geometries[found]), dtype=np.float64)

    def dots(self, xy: Floats, within_metres: float) -> KDTree:
        """Positions every 20 m along the features within reach of any of these points."""
        hits = self.tree.query(shapely.points(xy), predicate="dwithin", distance=within_metres)[1]
        cut = shapely.segmentize(self.tree.geometries[np.unique(hits)], _STEP_METRES)
        return KDTree(np.unique(np.round(shapely.get_coordinates(cut), 1), axis=0))


def near_features(
    features: Iterable[BaseGeometry], xy: Floats, to_metres: pyproj.Transformer, within_metres: float
) -> Reference | None:
    """The WGS-84 features within reach of any projected point, as single parts; ``None`` if there is none."""
    shapes = np.asarray(list(features), dtype=object)
    shapes = shapely.get_parts(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    if not len(shapes):
        return None
    shapes = shapely.transform(shapes, lambda degrees: np.column_stack(to_metres.transform(*degrees.T)))
    hits = shapely.STRtree(shapes).query(shapely.points(xy), predicate="dwithin", distance=within_metres)[1]
    kept = shapes[np.unique(hits)]
    return Reference(to_metres, shapely.STRtree(kept)) if len(kept) else None
