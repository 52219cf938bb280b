"""Today's network in one table: outlets proper, self-service points, counters, van stops, with ids and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from branches import build_branches
from margins import margins, premises
from metric import Floats, to_degrees
from outlines import Districts
from rural import (
    VAN_DISTRICTS,
    build_bases,
    build_counters,
    build_points,
    build_van_stops,
    people_around,
    staff_days,
)
from towns import short_name

Roads = tuple[pd.DataFrame, pd.DataFrame]
_CHANNELS = ("branch", "point", "counter", "van")
_HOSTS = ("便民超市", "卫生室", "村委会")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the network stands on."""

    districts: Districts
    towns: pd.DataFrame
    villages: pd.DataFrame
    roads: Roads
    nodes: pd.DataFrame
    growth: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Network:
    """Today's sites, the villages with `is_taken` set, bases and vans."""

    sites: pd.DataFrame
    villages: pd.DataFrame
    bases: pd.DataFrame
    vans: pd.DataFrame


def build_network(ground: Ground, economics: dict[str, Any]) -> Network:
    """The modelled network, in the order of townships; the rural channel is placed around the outlets proper."""
    districts, towns, roads = ground.districts, ground.towns, ground.roads
    is_central = districts.table["is_central"].to_numpy(dtype=bool)
    villages = ground.villages.assign(
        district=towns["district"].to_numpy()[ground.villages["township"]],
        people_around=people_around(ground.villages[["x", "y"]].to_numpy(), ground.nodes),
        is_taken=False,
    )
    branches = build_branches(towns, ground.nodes, ground.growth, districts).assign(village=-1)
    base_rows = build_bases(branches, towns, is_central)
    points = build_points(towns, villages, branches, is_central[towns["district"]])
    villages = _taken(villages, points)
    placed = pd.concat([branches, points], ignore_index=True)
    counters = build_counters(branches.loc[base_rows], villages, placed, roads)
    villages = _taken(villages, counters)
    placed = pd.concat([placed, counters], ignore_index=True)
    homes = _van_bases(branches.loc[base_rows], districts)
    stops = build_van_stops(homes, villages, placed, roads)
    sites = _ordered([branches, points, counters, stops], towns)
    spare = economics["base"]["spare_staff_days_per_week"]
    bases = _bases(sites, base_rows, branches, staff_days(counters, branches.loc[base_rows], roads, spare), districts)
    described = _described(sites, ground, villages, economics)
    return Network(described, _taken(villages, stops), bases, _vans(bases, economics["van"]))


def site_names(sites: pd.DataFrame, towns: pd.DataFrame, villages: pd.DataFrame, formats: dict[str, Any]) -> list[str]:
    """Chinese names: the village's or the township's short name, the format's, a number where it repeats."""
    seen: dict[tuple[int, str], int] = {}
    names = []
    for site in sites.itertuples():
        place = _village_name(villages, site.village) if site.village >= 0 else short_name(towns["name"][site.township])
        label = place + str(formats[site.format]["name"]).split("（")[0]
        seen[site.township, label] = seen.get((site.township, label), 0) + 1
        names.append(label if seen[site.township, label] == 1 else f"{label}{seen[site.township, label]}")
    return names


def host_table(sites: pd.DataFrame, villages: pd.DataFrame) -> pd.DataFrame:
    """`hosts.csv`: a supermarket, clinic or village office (modelled) for each site that has a host_id."""
    hosted = sites[sites["host_id"] != ""].sort_values("host_id", ignore_index=True)
    names = [_village_name(villages, row) + _HOSTS[row % len(_HOSTS)] for row in hosted["village"]]
    table = hosted[["host_id", "lon", "lat"]].assign(name=names, max_points=1)
    return table[["host_id", "name", "lon", "lat", "max_points"]]


def numbered(sites: pd.DataFrame, towns: pd.DataFrame, mark: str) -> pd.Series:
    """Ids: the township's code, a mark and a running number within the township."""
    running = sites.groupby("township").cumcount() + 1
    return pd.Series(
        [f"{towns['township_id'][t]}-{mark}{n:02d}" for t, n in zip(sites["township"], running, strict=True)]
    )


def _village_name(villages: pd.DataFrame, row: int) -> str:
    name = str(villages["name"][row])
    for ending in ("村民委员会", "居民委员会", "民委员会", "村委会", "居委会", "委员会"):
        name = name.removesuffix(ending)
    return name


def _taken(villages: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    rows = placed["village"].to_numpy()
    is_taken = villages["is_taken"].to_numpy().copy()
    is_taken[rows[rows >= 0]] = True
    return villages.assign(is_taken=is_taken)


def _van_bases(bases: pd.DataFrame, districts: Districts) -> pd.DataFrame:
    codes = districts.table["district_id"].tolist()
    rows = [bases.index[bases["district"] == codes.index(code)][0] for code in VAN_DISTRICTS]
    return bases.loc[rows]


def _ordered(parts: list[pd.DataFrame], towns: pd.DataFrame) -> pd.DataFrame:
    frames = [part.assign(channel=name, origin=part.index) for name, part in zip(_CHANNELS, parts, strict=True)]
    sites = pd.concat(frames, ignore_index=True)
    sites["rank"] = sites["rank"].fillna(0).astype(int)
    order = sites["channel"].map({name: place for place, name in enumerate(_CHANNELS)})
    sites = sites.assign(order=order).sort_values(["township", "order", "rank", "origin"], ignore_index=True)
    degrees = to_degrees(sites[["x", "y"]].to_numpy())
    return sites.assign(site_id=numbered(sites, towns, ""), lon=degrees[:, 0], lat=degrees[:, 1])


def _described(sites: pd.DataFrame, ground: Ground, villages: pd.DataFrame, economics: dict[str, Any]) -> pd.DataFrame:
    districts, towns = ground.districts, ground.towns
    central = districts.table["is_central"].to_numpy(dtype=bool)[sites["district"]]
    home = towns.loc[sites["township"]]
    in_seat = (home["is_seat"] | (home["kind"] == "subdistrict")).to_numpy()
    place = np.where(central, "central", np.where(in_seat, "seat", "town"))
    host = np.where(sites["format"] == "point", "host-" + sites["site_id"], "")
    return pd.concat(
        [
            sites.assign(name=site_names(sites, towns, villages, economics["format"]), host_id=host),
            margins(sites, ground.nodes, districts.table, economics),
            premises(sites, place, economics),
        ],
        axis=1,
    )


def _bases(
    sites: pd.DataFrame, rows: Floats, branches: pd.DataFrame, days: Floats, districts: Districts
) -> pd.DataFrame:
    origin = sites[sites["channel"] == "branch"].set_index("origin")["site_id"]
    districts_of = branches.loc[rows, "district"]
    number = districts_of.groupby(districts_of).cumcount() + 1
    codes = districts.table["district_id"].to_numpy()[districts_of]
    ids = [f"base-{code}-{count}" for code, count in zip(codes, number, strict=True)]
    table = pd.DataFrame({"base_id": ids, "site_id": origin.loc[rows].to_numpy(), "staff_days_per_week": days})
    return table.sort_values("base_id", ignore_index=True)


def _vans(bases: pd.DataFrame, van: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {
            "van_id": f"van-{code}-1",
            "base_id": next(base for base in bases["base_id"] if code in base),
            "days_per_week": van["days_per_week"],
            "shift_minutes": van["shift_minutes"],
            "running_cost_per_year": van["running_cost_per_year"],
        }
        for code in VAN_DISTRICTS
    ]
    return pd.DataFrame(rows)
