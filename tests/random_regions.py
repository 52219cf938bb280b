"""Small random regions, seeded: few enough sites that every plan can be written down, rich enough that every kind of action pays.

Themes: ``town`` (branches that convert, relocate, close and open), ``rural`` (hosted points, fixed-time counters, van stops),
``tight`` (capacities that bind), ``split`` (the same, smaller, for `system` assignment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from netplan.region import Region
from netplan.tables import TABLES
from netplan.tables.links import ROAD_LINKS

THEMES = ("town", "rural", "tight", "split")
TOWNSHIPS = {"A1": "A", "A2": "A", "B1": "B"}

_FORMATS = """
format    channel services     days staffed hosted physical stepfree supplies staff gain capacity least running opening closing relocation dwell base supply
full      outlet  cash,counter,advice 5 1   0      1        1        1        9     1.0  9000     3000  95000   350000  60000   90000      -     -    -
light     outlet  cash,counter 5    1       0      1        1        1        4     0.8  5000     1500  50000   150000  25000   35000      -     -    -
small     outlet  cash,counter 3    1       0      1        0        0        2     0.5  2500     600   28000   60000   10000   15000      -     -    -
kiosk     outlet  cash         7    0       0      0        1        0        0     0.3  4000     0     15000   40000   5000    12000      -     -    -
point     point   cash         6    0       1      0        0        0        0     0.1  1500     0     4000    6000    1000    -          -     -    25
counter_1 counter cash,counter 1    1       0      1        0        0        0     0.1  1200     0     6000    8000    1000    -          -     35   -
counter_2 counter cash,counter 2    1       0      1        1        0        0     0.2  2000     0     11000   12000   1000    -          -     35   -
van_1     van     cash         1    1       0      0        0        0        0     0.1  -        0     1500    2000    500     -          40    -    -
van_2     van     cash         2    1       0      0        1        0        0     0.1  -        0     2500    2500    500     -          30    -    -
van_half  van     cash         0.5  1       0      0        0        0        0     0.1  -        0     900     2000    500     -          20    -    -
"""
_MONEY = ("running", "opening", "closing", "relocation")
_CONVERSIONS = {
    ("full", "light"): 50_000,
    ("light", "full"): 180_000,
    ("light", "kiosk"): 20_000,
    ("kiosk", "light"): 120_000,
    ("light", "counter_2"): 15_000,
    ("small", "light"): 60_000,
    ("point", "counter_1"): 6_000,
}
_OUTLETS = {"town": 3, "rural": 3, "tight": 3, "split": 2}
_CANDIDATES = {"town": 3, "rural": 4, "tight": 2, "split": 2}
_BRANCHES = ("full", "light", "small", "kiosk")
_RURAL = ("point", "point", "counter_1", "counter_2", "van_1", "van_2", "van_half", "kiosk")


def random_region(seed: int, theme: str) -> Region:
    """A region of two districts and three townships, all of its numbers drawn from the seed."""
    rng = np.random.default_rng([seed, THEMES.index(theme)])
    junctions = _junctions(rng)
    formats = _formats(rng, theme)
    outlets = _outlets(rng, theme, junctions)
    candidates = _candidates(rng, theme, junctions)
    bases = pd.DataFrame(
        {
            "base_id": ["BA", "BB"],
            "site_id": ["O1", "O2"],
            "staff_days_per_week": rng.choice([1.0, 2.0, 3.0], 2),
        }
    )
    vans = pd.DataFrame(
        {
            "van_id": ["VA", "VB"],
            "base_id": ["BA", "BB"],
            "days_per_week": rng.choice([1, 1, 2], 2),
            "shift_minutes": rng.choice([90.0, 130.0, 170.0], 2),
            "running_cost_per_year": rng.uniform(3_000, 12_000, 2).round(),
        }
    )
    is_rural = theme == "rural"
    tables = {
        "nodes": _nodes(rng, junctions),
        "districts": _districts(),
        "townships": _townships(),
        "outlets": outlets,
        "candidates": candidates,
        "formats": formats,
        "conversions": _conversions(rng),
        "visits": _visits(rng),
        "retention": pd.DataFrame(
            {"minutes": [2.0, 15.0, 35.0], "lost_share": [0.05, 0.4, 0.8], "relocated_lost_share": [0.0, 0.2, 0.5]}
        ),
        "gain": pd.DataFrame({"minutes": [3.0, 12.0, 30.0], "won_share": [0.5, 0.25, 0.05]}),
        "road_nodes": junctions.drop(columns="township_id"),
        "road_edges": _roads(rng, junctions),
        "road_links": pd.DataFrame(columns=list(ROAD_LINKS.schema.columns)),
        "hosts": _hosts(candidates, outlets),
        "bases": bases if is_rural else bases[:0],
        "vans": vans if is_rural else vans[:0],
        "competitors": _competitors(rng, junctions),
    }
    return typed_region(f"{theme} {seed}", tables)


def typed_region(name: str, tables: Mapping[str, pd.DataFrame]) -> Region:
    """A region of tables that are known to be sound, without the checks of `Region.from_tables` (a test runs those)."""
    frames = {table.stem: tables[table.stem].reset_index(drop=True) for table in TABLES}
    head = {"name": name, "currency": "EUR", "language": "en", "country": "XX", "crs": "EPSG:4326", "sources": ()}
    return Region(**head, **frames, files={}, notes=())


def _junctions(rng: np.random.Generator) -> pd.DataFrame:
    count = 8
    return pd.DataFrame(
        {
            "road_node_id": [f"J{n}" for n in range(count)],
            "lon": 106.0 + rng.uniform(0, 0.30, count).round(4),
            "lat": 30.0 + rng.uniform(0, 0.22, count).round(4),
            "township_id": rng.permutation([*TOWNSHIPS, *TOWNSHIPS, "A1", "B1"]),
        }
    )


def _roads(rng: np.random.Generator, junctions: pd.DataFrame) -> pd.DataFrame:
    """A two-way tree that joins everything, and five more roads, fast and mostly one-way, so that there and back differ."""
    count = len(junctions)
    ends = [(int(rng.integers(0, n)), n, 1.0, False) for n in range(1, count)]
    ends += [(*(int(n) for n in rng.choice(count, 2, replace=False)), 0.6, bool(rng.random() < 0.7)) for _ in range(5)]
    lon, lat = junctions["lon"].to_numpy(), junctions["lat"].to_numpy()
    km = [np.hypot((lon[a] - lon[b]) * 96.0, (lat[a] - lat[b]) * 111.0) for a, b, _, _ in ends]
    return pd.DataFrame(
        {
            "from_id": [f"J{a}" for a, _, _, _ in ends],
            "to_id": [f"J{b}" for _, b, _, _ in ends],
            "metres": [1000.0 * length for length in km],
            "minutes": [
                round(1.0 + length * pace * rng.uniform(0.9, 1.4), 2)
                for length, (_, _, pace, _) in zip(km, ends, strict=True)
            ],
            "is_oneway": [is_oneway for _, _, _, is_oneway in ends],
        }
    )


def _places(rng: np.random.Generator, junctions: pd.DataFrame, count: int, spread: float) -> pd.DataFrame:
    """Points near junctions drawn without repeats, in their township."""
    at = junctions.iloc[rng.permutation(len(junctions))[:count]]
    return pd.DataFrame(
        {
            "lon": (at["lon"].to_numpy() + rng.uniform(-spread, spread, count)).round(5),
            "lat": (at["lat"].to_numpy() + rng.uniform(-spread, spread, count)).round(5),
            "district_id": [TOWNSHIPS[township] for township in at["township_id"]],
            "township_id": at["township_id"].to_numpy(),
        }
    )


def _nodes(rng: np.random.Generator, junctions: pd.DataFrame) -> pd.DataFrame:
    count = 7
    people = rng.integers(200, 2600, count)
    children, elderly = (
        (people * rng.uniform(0.1, 0.2, count)).round(),
        (people * rng.uniform(0.1, 0.35, count)).round(),
    )
    nodes = _places(rng, junctions, count, 0.008).assign(
        is_urban=rng.random(count) < 0.5,
        area_km2=rng.uniform(0, 0.8, count).round(3),
        children=children,
        working=people - children - elderly,
        elderly=elderly,
        market_margin_per_year=rng.uniform(0, 60_000, count).round() * (rng.random(count) < 0.8),
        merchants=(people * 0.1).round(),
    )
    nodes.insert(0, "node_id", [f"N{n}" for n in range(count)])
    nodes.insert(1, "name", "")
    return nodes


def _outlets(rng: np.random.Generator, theme: str, junctions: pd.DataFrame) -> pd.DataFrame:
    count = _OUTLETS[theme]
    outlets = _places(rng, junctions, count, 0.002)
    formats = list(rng.choice(["full", "light", "light", "small", "kiosk"], count))
    if theme == "rural":
        formats = [
            "light",
            str(rng.choice(["full", "light"])),
            str(rng.choice(["point", "van_1", "counter_1", "kiosk"])),
        ]
    has_counter = np.array([name in ("full", "light", "small", "counter_1") for name in formats])
    has_advice = np.array([name == "full" for name in formats])
    owned = rng.random(count) < 0.4
    ends = pd.Series(pd.to_datetime(rng.choice(["2025-06-30", "2026-06-30", "2028-12-31"], count)))
    outlets = outlets.assign(
        margin_cash=rng.uniform(2_000, 70_000, count).round(),
        margin_counter=(rng.uniform(2_000, 90_000, count) * has_counter).round(),
        margin_advice=(rng.uniform(20_000, 150_000, count) * has_advice).round(),
        is_owned=owned,
        lease_end=ends.mask(pd.Series(owned)).astype("datetime64[s]"),
        running_cost_per_year=np.where(rng.random(count) < 0.3, rng.uniform(20_000, 120_000, count).round(), np.nan),
        severance_cost=rng.uniform(0, 40_000, count).round(),
        lease_break_cost=rng.uniform(0, 30_000, count).round(),
        disposal_proceeds=rng.uniform(0, 250_000, count).round(),
        host_id=["HO" if name == "point" else "" for name in formats],
    )
    outlets.insert(0, "site_id", [f"O{n + 1}" for n in range(count)])
    outlets.insert(1, "name", [f"Outlet {n + 1}" for n in range(count)])
    outlets.insert(2, "format", formats)
    return outlets


def _candidates(rng: np.random.Generator, theme: str, junctions: pd.DataFrame) -> pd.DataFrame:
    count = _CANDIDATES[theme]
    formats = [tuple(_drawn(rng, _BRANCHES, 2)) for _ in range(count)]
    if theme == "rural":
        formats = [tuple(_drawn(rng, _RURAL, 2)) for _ in range(count - 1)] + [
            tuple(_drawn(rng, ("light", "small"), 2))
        ]
    candidates = _places(rng, junctions, count, 0.002).assign(formats=formats)
    hosts = rng.choice(["H1", "H2"], count, p=[0.8, 0.2])
    candidates["host_id"] = [str(host) if "point" in names else "" for host, names in zip(hosts, formats, strict=True)]
    candidates.insert(0, "site_id", [f"C{n + 1}" for n in range(count)])
    candidates.insert(1, "name", "")
    return candidates


def _drawn(rng: np.random.Generator, names: Sequence[str], most: int) -> list[str]:
    return list(dict.fromkeys(str(name) for name in rng.choice(names, int(rng.integers(1, most + 1)), replace=False)))


def _formats(rng: np.random.Generator, theme: str) -> pd.DataFrame:
    lines = [line.split() for line in _FORMATS.strip().splitlines()]
    text = pd.DataFrame(lines[1:], columns=lines[0])

    def number(name: str) -> np.ndarray:
        return pd.to_numeric(text[name].replace("-", None)).to_numpy(dtype=float)

    money = {name: (number(name) * rng.uniform(0.8, 1.25, len(text))).round() for name in _MONEY}
    squeeze = {"tight": 0.35, "split": 0.5}.get(theme, 1.0)
    return pd.DataFrame(
        {
            "format": text["format"],
            "name": text["format"],
            "name_en": text["format"],
            "channel": text["channel"],
            "services": [tuple(names.split(",")) for names in text["services"]],
            "days_per_week": number("days"),
            "hours_per_day": 8.0,
            "is_staffed": number("staffed") == 1,
            "is_hosted": number("hosted") == 1,
            "is_physical": number("physical") == 1,
            "is_step_free": number("stepfree") == 1,
            "supplies_cash": number("supplies") == 1,
            "staff": number("staff"),
            "gain_factor": number("gain"),
            "capacity_visits_per_year": (number("capacity") * squeeze * rng.uniform(0.7, 1.3, len(text))).round(),
            "capacity_for_cash": np.nan,
            "capacity_for_counter": np.where(text["format"] == "full", round(3000 * squeeze), np.nan),
            "capacity_for_advice": np.nan,
            "min_visits_per_year": number("least") * {"tight": 2.0, "split": 2.5}.get(theme, 1.0),
            "running_cost_per_year": money["running"],
            "opening_cost": money["opening"],
            "closing_cost": money["closing"],
            "relocation_cost": money["relocation"],
            "dwell_minutes": number("dwell"),
            "max_base_minutes": number("base"),
            "max_supply_minutes": number("supply"),
        }
    )


def _conversions(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "from_format": [old for old, _ in _CONVERSIONS],
            "to_format": [new for _, new in _CONVERSIONS],
            "cost": (np.array(list(_CONVERSIONS.values())) * rng.uniform(0.7, 1.3, len(_CONVERSIONS))).round(),
        }
    )


def _visits(rng: np.random.Generator) -> pd.DataFrame:
    lines = [
        ("working", "cash", 9.0, 0.4, 0.4),
        ("elderly", "cash", 16.0, 0.05, 0.5),
        ("working", "counter", 4.0, 0.5, 0.4),
        ("elderly", "counter", 5.0, 0.1, 0.5),
        ("working", "advice", 0.5, 0.1, 0.4),
        ("merchants", "cash", 12.0, 0.2, 0.3),
    ]
    visits = pd.DataFrame(lines, columns=["segment", "service", "visits_per_year", "digital_share", "customer_share"])
    rates = (visits["visits_per_year"] * rng.uniform(0.6, 1.4, len(visits))).round(1)
    return visits.assign(visits_per_year=rates, district_id="")


def _hosts(candidates: pd.DataFrame, outlets: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "host_id": ["H1", "H2", "HO"],
            "name": ["Store", "Clinic", "Hall"],
            "lon": [
                float(candidates["lon"].iloc[0]),
                float(candidates["lon"].iloc[-1]),
                float(outlets["lon"].iloc[-1]),
            ],
            "lat": [
                float(candidates["lat"].iloc[0]),
                float(candidates["lat"].iloc[-1]),
                float(outlets["lat"].iloc[-1]),
            ],
            "max_points": [1, 2, 1],
        }
    )


def _competitors(rng: np.random.Generator, junctions: pd.DataFrame) -> pd.DataFrame:
    places = _places(rng, junctions, 2, 0.003)[["lon", "lat"]]
    places.insert(0, "site_id", ["X1", "X2"])
    places.insert(1, "name", ["Other bank", "Another bank"])
    return places.assign(
        services=[("cash", "counter"), ("cash",)],
        days_per_week=[5.0, 7.0],
        is_staffed=[True, False],
        is_physical=[True, False],
        is_step_free=[True, bool(rng.random() < 0.5)],
    )


def _districts() -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {"district_id": ["A", "B"], "name": ["A", "B"], "name_en": ["A", "B"], "lon": 106.1, "lat": 30.1}
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None, None], crs="EPSG:4326"))


def _townships() -> pd.DataFrame:
    ids = list(TOWNSHIPS)
    frame = {"township_id": ids, "district_id": list(TOWNSHIPS.values()), "name": ids, "name_en": ids}
    return pd.DataFrame({**frame, "lon": 106.1, "lat": 30.1})


def wide_region(seed: int, *, nodes: int, outlets: int, candidates: int) -> Region:
    """A region without roads, too large to write down every plan: branches only, spread over 60 x 60 km."""
    rng = np.random.default_rng([seed, 99])
    small = random_region(seed, "town")

    def many(frame: pd.DataFrame, count: int, prefix: str) -> pd.DataFrame:
        picked = frame.iloc[rng.integers(0, len(frame), count)].reset_index(drop=True)
        key = "node_id" if prefix == "N" else "site_id"
        spread = {"lon": 106 + rng.uniform(0, 0.62, count).round(5), "lat": 30 + rng.uniform(0, 0.54, count).round(5)}
        return picked.assign(**{key: [f"{prefix}{n + 1}" for n in range(count)], **spread})

    people = many(small.nodes, nodes, "N")
    for name in ("children", "working", "elderly", "merchants"):
        people[name] = (people[name] * rng.uniform(0.2, 2.0, nodes)).round()
    frames = {table.stem: small.table(table.stem) for table in TABLES}
    frames |= {"nodes": people, "outlets": many(small.outlets, outlets, "O")}
    frames |= {"candidates": many(small.candidates, candidates, "C")}
    frames |= {stem: small.table(stem)[:0] for stem in ("road_nodes", "road_edges")}
    frames["outlets"]["margin_cash"] *= rng.uniform(0.3, 2.0, outlets).round(2)
    return typed_region(f"wide {seed}", frames)


def scaled(region: Region, *, capacity: float, least: float) -> Region:
    """The same region whose sites take and need another share of the visits."""
    formats = region.formats.copy()
    for name in formats.columns[formats.columns.str.startswith("capacity")]:
        formats[name] *= capacity
    formats["min_visits_per_year"] *= least
    return replace(region, formats=formats)
