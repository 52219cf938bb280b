"""Townships: codes and Chinese names, a position for each, how many communities and villages it has.

Positions come from GeoNames where a place can be told by its Chinese name within the district's outline, then by name
close to the outline, then by the list of known spellings; the other towns get a modelled position.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from metric import Floats, draws, to_degrees, to_plane
from outlines import Districts
from scipy.spatial import cKDTree

SPELLINGS = Path(__file__).with_name("facts") / "place_names.csv"
ADMIN1 = "33"
DOUBLE_COUNTED = frozenset({"Chongqing", "Wanzhou", "Wanxian"})
"""GeoNames gives these the people of townships that it also lists."""

_CLOSE_METRES = 5_000.0
_FAR_METRES = 15_000.0
_SUFFIX = re.compile(r"((土家族|苗族|侗族|回族|仡佬族|蒙古族|民族)*乡|镇|街道)$")
_RING_METRES = 900.0
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class Place:
    """A GeoNames place."""

    geonameid: int
    name: str
    chinese: frozenset[str]
    people: int
    district: int
    metres_outside: float
    x: float
    y: float


def read_townships(streets: list[dict[str, str]], villages: list[dict[str, str]], districts: Districts) -> pd.DataFrame:
    """The townships in the order of their codes, with the number of communities and of villages in each.

    The last three digits of a village code tell an urban community (0xx) from a village (2xx).
    """
    position = {code: row for row, code in enumerate(districts.table["district_id"])}
    rows = sorted((s["code"], s["name"], position[s["areaCode"]]) for s in streets if s["areaCode"] in position)
    towns = pd.DataFrame(rows, columns=["township_id", "name", "district"])
    kinds = pd.DataFrame(
        [(v["streetCode"], v["code"][-3] == "2") for v in villages if v["areaCode"] in position],
        columns=["township_id", "is_village"],
    )
    counts = kinds.groupby("township_id")["is_village"].agg(["size", "sum"]).reindex(towns["township_id"])
    towns["villages"] = counts["sum"].to_numpy(dtype=int)
    towns["communities"] = (counts["size"] - counts["sum"]).to_numpy(dtype=int)
    towns["kind"] = towns["name"].str[-1].map({"道": "subdistrict", "镇": "town", "乡": "township"})
    return towns


def read_places(cities: dict[str, dict[str, Any]], districts: Districts) -> list[Place]:
    """GeoNames places of the municipality: without those that count others again, and without misfiled ones."""
    chosen = [c for c in cities.values() if c["countrycode"] == "CN" and c["admin1code"] == ADMIN1]
    chosen = sorted((c for c in chosen if c["name"] not in DOUBLE_COUNTED), key=lambda c: int(c["geonameid"]))
    lon, lat = (np.array([c[key] for c in chosen], dtype=float) for key in ("longitude", "latitude"))
    xy = to_plane(lon, lat)
    metres = np.stack([shapely.distance(shape, shapely.points(xy)) for shape in districts.plane])
    nearest = metres.argmin(axis=0)
    places = []
    for row, city in enumerate(chosen):
        outside = float(round(metres[nearest[row], row]))
        if outside > _FAR_METRES:
            continue
        chinese = frozenset(a for a in city["alternatenames"] if re.fullmatch("[\u4e00-\u9fff]+", a))
        place = (int(city["geonameid"]), city["name"], chinese, int(city["population"]))
        places.append(Place(*place, int(nearest[row]), outside, float(xy[row, 0]), float(xy[row, 1])))
    return places


def locate_towns(towns: pd.DataFrame, places: list[Place], districts: Districts) -> pd.DataFrame:
    """The townships with x, y (metres), name_en, people as GeoNames has them (0 = unknown) and is_modelled."""
    found = _join(towns, places, districts)
    located = towns.assign(
        name_en=[found[t].name if t in found else "" for t in towns["township_id"]],
        people_listed=[found[t].people if t in found else 0 for t in towns["township_id"]],
        is_modelled=[t not in found for t in towns["township_id"]],
        x=[found[t].x if t in found else np.nan for t in towns["township_id"]],
        y=[found[t].y if t in found else np.nan for t in towns["township_id"]],
    )
    seats = to_plane(districts.table["lon"].to_numpy(), districts.table["lat"].to_numpy())
    for district, shape in enumerate(districts.plane):
        _place_modelled(located, district, seats[district], shape)
    located["is_seat"] = _is_seat(located, seats)
    degrees = to_degrees(located[["x", "y"]].to_numpy())
    return located.assign(lon=degrees[:, 0], lat=degrees[:, 1])


def _join(towns: pd.DataFrame, places: list[Place], districts: Districts) -> dict[str, Place]:
    found: dict[str, Place] = {}
    used: set[int] = set()
    by_name: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        for name in place.chinese:
            by_name[name].append(place)
    spelled = pd.read_csv(SPELLINGS, dtype=str).set_index("township_id")["geonameid"].to_dict()
    by_id = {str(place.geonameid): place for place in places}
    for township, geonameid in sorted(spelled.items()):
        found[township] = by_id[geonameid]
        used.add(by_id[geonameid].geonameid)
    for names_of, tolerance in ((_full, 0.0), (_variants, 0.0), (_variants, _CLOSE_METRES)):
        for town in towns.itertuples():
            if town.township_id in found:
                continue
            shape = districts.plane.iloc[town.district]
            fits = [
                place
                for name in names_of(str(town.name))
                for place in by_name[name]
                if place.geonameid not in used and _metres_from(place, town.district, shape) <= tolerance
            ]
            if fits:
                best = max(fits, key=lambda place: (place.people, -place.geonameid))
                found[str(town.township_id)] = best
                used.add(best.geonameid)
    return found


def _metres_from(place: Place, district: int, shape: shapely.Geometry) -> float:
    if place.district == district and place.metres_outside == 0:
        return 0.0
    return float(shapely.distance(shape, shapely.Point(place.x, place.y)))


def _full(name: str) -> Iterable[str]:
    return (name,)


def _variants(name: str) -> Iterator[str]:
    stem = short_name(name)
    yield from (stem, stem + "镇", stem + "乡", stem + "街道")


def short_name(name: str) -> str:
    """A township's name without 镇, 乡 or 街道."""
    return _SUFFIX.sub("", name) or name


def _place_modelled(towns: pd.DataFrame, district: int, seat: Floats, shape: shapely.Geometry) -> None:
    here = towns["district"] == district
    missing = towns.index[here & towns["x"].isna()]
    known = [tuple(p) for p in towns.loc[here & towns["x"].notna(), ["x", "y"]].to_numpy()]
    ring = iter(_ring(seat, shape))
    grid = _grid(shape, f"towns {district}")
    for row in missing:
        if towns["kind"][row] == "subdistrict":
            spot = next(p for p in ring if _spacing(p, known) >= _RING_METRES * 0.8)
        else:
            spot = tuple(grid[np.argmax(_distances(grid, [*known, tuple(seat)]))])
        known.append(spot)
        towns.loc[row, ["x", "y"]] = np.round(spot, 1)


def _ring(seat: Floats, shape: shapely.Geometry) -> Iterator[tuple[float, float]]:
    """Points around a seat on a sunflower spiral, about 900 m apart, within the district (subdistricts cluster there)."""
    inner = shape.buffer(-200.0)
    for step in range(5_000):
        radius = _RING_METRES * 0.56 * np.sqrt(step)
        angle = step * _GOLDEN_ANGLE
        x, y = seat[0] + radius * np.cos(angle), seat[1] + radius * np.sin(angle)
        if inner.contains(shapely.Point(x, y)):
            yield (round(float(x), 1), round(float(y), 1))


def _grid(shape: shapely.Geometry, stream: str) -> Floats:
    low_x, low_y, high_x, high_y = shape.bounds
    u = draws(stream, 4_000).reshape(-1, 2)
    points = np.round(u * [high_x - low_x, high_y - low_y] + [low_x, low_y], 1)
    inner = shape.buffer(-1_500.0)
    return points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]


def _distances(points: Floats, known: list[tuple[float, ...]]) -> Floats:
    return np.asarray(cKDTree(np.array(known)).query(points)[0])


def _spacing(point: tuple[float, float], known: list[tuple[float, ...]]) -> float:
    return float(_distances(np.array([point]), known)[0]) if known else np.inf


def _is_seat(towns: pd.DataFrame, seats: Floats) -> list[bool]:
    is_seat = np.zeros(len(towns), dtype=bool)
    for district, seat in enumerate(seats):
        here = towns.index[towns["district"] == district]
        away = np.hypot(*(towns.loc[here, ["x", "y"]].to_numpy() - seat).T)
        is_seat[here[int(away.argmin())]] = True
    return is_seat.tolist()
