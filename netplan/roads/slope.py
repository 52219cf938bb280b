"""Minutes on slopes: an elevation raster slows walking and driving, each direction on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netplan.coordinates.geodesy import great_circle_km
from netplan.errors import InputError
from netplan.roads.elevations import ElevationRaster, opened_elevations
from netplan.roads.grades import DrivingGrades, WalkingGrades
from netplan.roads.tables import Roads
from netplan.violations import counted

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[str, float], None]

_MARK = "slope: "
"""How the notes on slope begin; roads that carry one have been slowed already."""
_DRIVING, _WALKING = DrivingGrades(), WalkingGrades()
_CUTS_AT_ONCE = 1_000_000
"""Some 200 MB of arrays, whatever the number of roads."""
_BLOCK_DEGREES = 0.1
"""Roads are taken together by cells of this size, so that a block touches few windows of the raster."""

_Rules = tuple[DrivingGrades | None, WalkingGrades | None, float]
"""How grades slow down, and the steepest one."""


def with_slope(
    roads: Roads,
    dem_path: str | Path,
    *,
    driving: DrivingGrades | None = _DRIVING,
    walking: WalkingGrades | None = _WALKING,
    walk_speed_km_per_hour: float = 4.8,
    every_metres: float = 100.0,
    steepest_grade: float = 0.35,
    band: int | None = None,
    progress: Progress | None = None,
) -> Roads:
    """Roads whose minutes know the slope, from an elevation raster.

    Elevations are read at the junctions and along every road, at most `every_metres` apart on the straight line between
    its junctions; each piece counts with the road's own length. Minutes are those of the level times the mean pace of
    the pieces. Roads that lie outside the raster or touch pixels without a value keep their minutes.

    Parameters
    ----------
    dem_path
        GeoTIFF of metres (or feet, where it says so) above sea, in any coordinate reference system.
    driving, walking
        How a grade slows down; ``None`` leaves those minutes as they are.
    walk_speed_km_per_hour
        Speed on the level where the roads have no `walk_minutes`.
    steepest_grade
        Steeper pieces count as this steep. The raster shows the mountain above a tunnel and the valley below a bridge; the
        steepest residential street of the world, Baldwin Street in Dunedin, climbs 34.8 %.
    band
        Band of the raster with the elevations, where it has several.

    Returns
    -------
    Roads
        With `minutes` and `minutes_back` (driving), `walk_minutes` and `walk_minutes_back` filled where the mode may
        pass, and notes on what was read.

    Raises
    ------
    InputError
        The raster cannot be read or used, does not cover the roads, or the roads have been slowed before.
    """
    _check_arguments(roads, walk_speed_km_per_hour, every_metres, steepest_grade)
    lines = _Lines.of(roads, every_metres)
    slopes = _Slopes.unknown(len(roads.edges))
    with opened_elevations(dem_path, band) as raster:
        heights, inside = raster.metres(lines.lon, lines.lat)
        raster.require_cover(lines.lon, lines.lat, heights, inside)
        done = 0
        for block in lines.blocks():
            slopes.read(raster, lines.only(block), block, heights, (driving, walking, steepest_grade))
            done += len(block)
            if progress is not None:
                progress("reading elevations", done / len(roads.edges))
    edges = roads.edges.copy()
    if driving is not None:
        _slow_driving(edges, slopes)
    if walking is not None:
        _slow_walking(edges, slopes, walk_speed_km_per_hour)
    notes = _notes(Path(dem_path).name, roads.edges, edges, slopes)
    return replace(roads, edges=edges, notes=(*roads.notes, *notes))


@dataclass(slots=True)
class _Slopes:
    """What the raster says about the roads, filled block by block; shape (roads,) each.

    Paces are minutes over minutes on the level, 1 where the slope is not known: driving there and back, walking there and
    back. `num_outside` and `num_blank` count positions outside the raster and beside pixels without a value,
    `num_capped` the pieces held at the steepest grade.
    """

    driving: tuple[Floats, Floats]
    walking: tuple[Floats, Floats]
    is_known: Bools
    num_outside: int = 0
    num_blank: int = 0
    num_capped: int = 0

    @classmethod
    def unknown(cls, number: int) -> _Slopes:
        """Nothing read yet."""
        return cls((np.ones(number), np.ones(number)), (np.ones(number), np.ones(number)), np.zeros(number, dtype=bool))

    def read(self, raster: ElevationRaster, lines: _Lines, block: Ints, heights: Floats, rules: _Rules) -> None:
        """Read the elevations inside the roads of a block, given those of all junctions."""
        driving, walking, steepest = rules
        inside_roads, covered = raster.metres(*lines.cut_positions())
        grade, start, known = lines.grades(heights, inside_roads)
        self.is_known[block] = known
        self.num_outside += int((~covered).sum())
        self.num_blank += int((np.isnan(inside_roads) & covered).sum())
        self.num_capped += int(((np.abs(grade) > steepest) & np.repeat(known, lines.number)).sum())
        grade = np.clip(grade, -steepest, steepest)
        for rule, paces in ((driving, self.driving), (walking, self.walking)):
            if rule is not None:
                for pace, way in zip(paces, (grade, -grade), strict=True):
                    mean = np.add.reduceat(rule.pace(way), start) / lines.number
                    pace[block] = np.where(known, mean, 1.0)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Straight lines between the junctions of each road, cut into `number` pieces of equal length."""

    lon: Floats
    lat: Floats
    tail: Ints
    head: Ints
    metres: Floats
    number: Ints

    @classmethod
    def of(cls, roads: Roads, every_metres: float) -> _Lines:
        lon, lat = (roads.junctions[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
        tail, head = roads.ends()
        straight = 1000.0 * great_circle_km(lon[tail], lat[tail], lon[head], lat[head])
        metres = np.maximum(roads.edges["metres"].to_numpy(dtype=np.float64), straight)
        number = np.maximum(1, np.ceil(straight / every_metres)).astype(np.int64)
        return cls(lon, lat, tail, head, metres, number)

    def blocks(self) -> list[Ints]:
        """Roads that lie together, as many as make about `_CUTS_AT_ONCE` cuts, so that memory is bounded by a block."""
        across, down = self.lon[self.tail] // _BLOCK_DEGREES, self.lat[self.tail] // _BLOCK_DEGREES
        order = np.lexsort((across, down))
        ends = np.cumsum(self.number[order]) // _CUTS_AT_ONCE
        return np.split(order, np.flatnonzero(np.diff(ends)) + 1)

    def only(self, block: Ints) -> _Lines:
        """The same for some roads."""
        return replace(
            self, tail=self.tail[block], head=self.head[block], metres=self.metres[block], number=self.number[block]
        )

    def cut_positions(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of the cuts inside the roads, road by road."""
        road, share = self._cuts()
        tail, head = self.tail[road], self.head[road]
        lon, lat = (at[tail] * (1 - share) + at[head] * share for at in (self.lon, self.lat))
        return lon, lat

    def _cuts(self) -> tuple[Ints, Floats]:
        road = np.repeat(np.arange(len(self.number), dtype=np.int64), self.number - 1)
        first = np.cumsum(self.number - 1) - (self.number - 1)
        place = np.arange(len(road), dtype=np.int64) - first[road] + 1
        return road, place / self.number[road]

    def grades(self, of_junctions: Floats, of_cuts: Floats) -> tuple[Floats, Ints, Bools]:
        """Grade of every piece, where the pieces of each road begin, and which roads have all their elevations."""
        points = self.number + 1
        first = np.cumsum(points) - points
        is_cut = np.ones(int(points.sum()), dtype=bool)
        is_cut[first] = is_cut[first + self.number] = False
        height = np.empty(len(is_cut))
        height[first], height[first + self.number] = of_junctions[self.tail], of_junctions[self.head]
        height[is_cut] = of_cuts
        is_piece = np.ones(len(height), dtype=bool)
        is_piece[first + self.number] = False
        rise = np.diff(height, append=np.nan)[is_piece]
        run = np.repeat(self.metres / self.number, self.number)
        grade = np.divide(rise, run, out=np.where(np.isnan(rise), np.nan, 0.0), where=run > 0)
        start = first - np.arange(len(first), dtype=np.int64)
        return grade, start, ~np.logical_or.reduceat(np.isnan(grade), start)


def _check_arguments(roads: Roads, walk_speed: float, every_metres: float, steepest: float) -> None:
    if any(note.startswith(_MARK) for note in roads.notes):
        raise InputError("slope has slowed these roads already; start from the roads as they were read")
    if not len(roads.edges):
        raise InputError("there are no roads to slow; read a road file first")
    asked = {
        "walk_speed_km_per_hour": walk_speed,
        "every_metres": every_metres,
        "steepest_grade": steepest,
    }
    for name, value in asked.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value}: give a number above 0")


def _slow_driving(edges: pd.DataFrame, slopes: _Slopes) -> None:
    """Fill `minutes` and `minutes_back` in place; one-way roads and roads closed to cars have no way back."""
    there = edges["minutes"].to_numpy(dtype=np.float64)
    back = np.where(edges["is_oneway"].to_numpy(dtype=bool), np.nan, _as_there(edges, "minutes_back", there))
    edges["minutes"] = there * slopes.driving[0]
    edges["minutes_back"] = back * slopes.driving[1]


def _slow_walking(edges: pd.DataFrame, slopes: _Slopes, speed_km_per_hour: float) -> None:
    """Fill `walk_minutes` and `walk_minutes_back` in place, along one-way roads in both directions."""
    if _has_walking(edges):
        there = edges["walk_minutes"].to_numpy(dtype=np.float64)
    else:
        there = edges["metres"].to_numpy(dtype=np.float64) * 60.0 / (1000.0 * speed_km_per_hour)
    back = _as_there(edges, "walk_minutes_back", there)
    edges["walk_minutes"] = there * slopes.walking[0]
    edges["walk_minutes_back"] = back * slopes.walking[1]


def _has_walking(edges: pd.DataFrame) -> bool:
    """Whether the roads say who may walk; a column that is blank on every road says no more than one that is absent."""
    return "walk_minutes" in edges and bool(edges["walk_minutes"].notna().any())


def _as_there(edges: pd.DataFrame, column: str, there: Floats) -> Floats:
    """A column of minutes back; blank or absent means as long as the way there."""
    if column not in edges:
        return there
    back = edges[column].to_numpy(dtype=np.float64)
    return np.where(np.isnan(back), there, back)


def _notes(name: str, before: pd.DataFrame, after: pd.DataFrame, slopes: _Slopes) -> list[str]:
    known = int(slopes.is_known.sum())
    notes = [f"{_MARK}elevations from {name} for {known:,} of {counted(len(before), 'road')}"]
    if known < len(before):
        km = before["metres"].to_numpy(dtype=np.float64)[~slopes.is_known].sum() / 1000.0
        notes.append(
            f"{_MARK}{counted(len(before) - known, 'road')} ({km:,.1f} km) outside {name} or beside pixels without a value "
            f"keep their minutes ({slopes.num_outside:,} points along them outside, {slopes.num_blank:,} without a value)"
        )
    if slopes.num_capped:
        pieces = counted(slopes.num_capped, "piece")
        notes.append(
            f"{_MARK}{pieces} of road steeper than believed of a road (tunnels, bridges, a coarse raster) capped"
        )
    for column, word in (("minutes", "driving"), ("walk_minutes", "walking")):
        is_told = column == "minutes" or _has_walking(before)
        if is_told and not before[column].equals(after[column]):
            notes.append(
                f"{_MARK}{word} minutes change by {_longer(before, after, column):+.1%} over all roads and directions"
            )
    if not _has_walking(before) and _has_walking(after):
        notes.append(f"{_MARK}walking minutes on the level are metres at the walking speed")
    return notes


def _longer(before: pd.DataFrame, after: pd.DataFrame, column: str) -> float:
    """By what share all minutes there and back have grown."""
    there = before[column].to_numpy(dtype=np.float64)
    is_back = ~np.isnan(after[f"{column}_back"].to_numpy(dtype=np.float64))
    old = float(np.nansum(there) + _as_there(before, f"{column}_back", there)[is_back].sum())
    new = float(np.nansum(after[column]) + np.nansum(after[f"{column}_back"]))
    return new / old - 1.0 if old > 0 else 0.0
