"""A region small enough to work out by hand, and a writer that turns tables into a region folder.

All six places lie on one road along the equator, each at a junction of its own, so legs are zero; cells have no area, so
the travel inside them is zero too. One-way minutes between two places are therefore the difference of their
positions on the road::

    junction        J1    J2    J3    J4    J5    J6
    minutes         0     5     25    35    65    80
    longitude       10.00 10.02 10.10 10.14 10.26 10.32     (latitude 0)
    township        |--- A1 --| |--- A2 --| |--- B1 --|
    district        |---------- A ---------| |--- B --|
    node            N1    N2    N3    N4    N5    N6
    people          1300  800   400   300   200   100       (3,100 in all: 2,100 urban, 1,000 rural)
    outlet          O1    O2    O3                O4        (full, light, light, point)
    candidate       C3                C1    C2
    host                              H2          H1
    competitor                              X1

One van (V1) and one base (BASE1, two staff-days) are stationed at O1. Visits per person and year: cash 2 (working) and 10
(elderly), counter 1 and 2, advice 0.5 and 0; children pay none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

ROAD_MINUTES = {"J1": 0, "J2": 5, "J3": 25, "J4": 35, "J5": 65, "J6": 80}
"""Position of each junction on the road, in minutes from J1."""

SETTINGS = """\
name = "Tiny"
currency = "EUR"
language = "en"
country = "XX"
crs = "EPSG:4326"

[sources.nodes]
source = "made up for the tests"
licence = "MIT"
attribution = "the netplan developers"
modelled = true
note = "six places on one road"
"""

_TABLES = {
    "nodes": """
node_id name   lon   lat district_id township_id is_urban area_km2 children working elderly market_margin_per_year
N1      Port   10.00 0   A           A1          1        0        200      1000    100     1000
N2      Hill   10.02 0   A           A1          1        0        100      600     100     600
N3      Mill   10.10 0   A           A2          0        0        50       250     100     400
N4      Ford   10.14 0   A           A2          0        0        50       200     50      200
N5      Pass   10.26 0   B           B1          0        0        50       100     50      100
N6      Lake   10.32 0   B           B1          0        0        0        50      50      0
""",
    "districts": """
district_id name  name_en lon   lat
A           Unten Lower   10.07 0
B           Oben  Upper   10.29 0
""",
    "townships": """
township_id district_id name name_en lon   lat
A1          A           Port Port    10.01 0
A2          A           Mill Mill    10.12 0
B1          B           Pass Pass    10.29 0
""",
    "outlets": """
site_id name        format lon   lat district_id township_id margin_cash margin_counter margin_advice is_owned lease_end  running_cost_per_year severance_cost lease_break_cost disposal_proceeds host_id
O1      Port-centre full   10.00 0   A           A1          40000       60000          50000         1        -          -                     20000          0                200000            -
O2      Hill-street light  10.02 0   A           A1          20000       15000          0             0        2027-12-31 -                     8000           3000             0                 -
O3      Mill-market light  10.10 0   A           A2          25000       20000          0             0        -          30000                 8000           0                0                 -
O4      Lake-shop   point  10.32 0   B           B1          1000        0              0             0        -          -                     0              0                0                 H1
""",
    "candidates": """
site_id name       lon   lat district_id township_id formats                    host_id
C1      Ford-shop  10.14 0   A           A2          light,point                H2
C2      Pass-hall  10.26 0   B           B1          light,fixed_2d,van_weekly  -
C3      Port-quay  10.00 0   A           A1          full,light                 -
""",
    "formats": """
format     name    name_en channel services            days_per_week hours_per_day is_staffed is_hosted is_physical is_step_free supplies_cash staff gain_factor capacity_visits_per_year capacity_for_advice min_visits_per_year running_cost_per_year opening_cost closing_cost relocation_cost dwell_minutes max_base_minutes max_supply_minutes
full       Voll    Full    outlet  cash,counter,advice 5             8             1          0         1           1            1             10    1           20000                    1000                1000                100000                500000       50000        300000          -             -                -
light      Leicht  Light   outlet  cash,counter        5             6             1          0         1           1            1             4     0.8         5000                     -                   500                 40000                 150000       20000        90000           -             -                -
point      Punkt   Point   point   cash                7             10            0          1         0           0            0             0     0.1         2000                     -                   0                   2000                  5000         500          1000            -             -                60
fixed_2d   Schalter Counter counter cash,counter       2             4             1          0         1           1            0             0     0.2         1000                     -                   0                   8000                  10000        1000         -               -             90               -
van_weekly Wagen   Van     van     cash                1             2             1          0         0           0            0             0     0.1         -                        -                   0                   1500                  1000         0            -               60            -                -
""",
    "conversions": """
from_format to_format cost
full        light     60000
light       full      200000
light       fixed_2d  15000
point       light     140000
""",
    "visits": """
segment  service visits_per_year digital_share customer_share
children cash    0               0             0
working  cash    10              0.5           0.4
elderly  cash    20              0             0.5
working  counter 4               0.5           0.5
elderly  counter 4               0             0.5
working  advice  1               0             0.5
elderly  advice  0               0             0.5
""",
    "retention": """
minutes lost_share relocated_lost_share
0       0          0
10      0.2        0.1
30      0.6        0.3
""",
    "gain": """
minutes won_share
0       0.5
20      0.25
40      0
""",
    "road_nodes": """
road_node_id lon   lat
J1           10.00 0
J2           10.02 0
J3           10.10 0
J4           10.14 0
J5           10.26 0
J6           10.32 0
""",
    "road_edges": """
from_id to_id metres minutes is_oneway
J1      J2    3000   5       0
J2      J3    12000  20      0
J3      J4    6000   10      0
J4      J5    18000  30      0
J5      J6    9000   15      0
""",
    "road_links": """
link_id name      from_lon from_lat to_lon to_lat minutes is_oneway modes
L1      Slow-boat 10.00    0        10.32  0      300     0         car,bus
""",
    "hosts": """
host_id name       lon   lat max_points
H1      Lake-store 10.32 0   1
H2      Ford-store 10.14 0   1
""",
    "bases": """
base_id site_id staff_days_per_week
BASE1   O1      2
""",
    "vans": """
van_id base_id days_per_week shift_minutes running_cost_per_year
V1     BASE1   1             420           20000
""",
    "competitors": """
site_id name       lon   lat services     days_per_week is_staffed is_physical is_step_free
X1      Other-bank 10.26 0   cash,counter 5             1          1           0
""",
}

_OUTLINES = {"A": (9.95, 10.20), "B": (10.20, 10.40)}


def tiny_tables() -> dict[str, pd.DataFrame]:
    """The tables of the tiny region as text cells, one frame a file; a blank cell is ``""``.

    Cells may be changed freely before `write_region` or ``Region.from_tables``; every call returns new frames.
    """
    return {stem: _table(text) for stem, text in _TABLES.items()}


def outlines() -> str:
    """The districts' outlines as GeoJSON: two boxes that meet at longitude 10.20."""
    features = [
        {
            "type": "Feature",
            "properties": {"district_id": district},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[west, -0.05], [east, -0.05], [east, 0.05], [west, 0.05], [west, -0.05]]],
            },
        }
        for district, (west, east) in _OUTLINES.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def write_region(
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    settings: str = SETTINGS,
    with_outlines: bool = True,
    encoding: str = "utf-8",
) -> Path:
    """Write each table as CSV into `folder` (made if missing) beside region.toml; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "region.toml").write_text(settings, encoding="utf-8")
    if with_outlines:
        (folder / "districts.geojson").write_text(outlines(), encoding="utf-8")
    for stem, table in tables.items():
        text = table.to_csv(index=False, lineterminator="\n")
        (folder / f"{stem}.csv").write_bytes(text.encode(encoding))
    return folder


def _table(text: str) -> pd.DataFrame:
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = {name: [_cell(name, row[place]) for row in rows] for place, name in enumerate(header)}
    return pd.DataFrame(columns, dtype="str")


def _cell(column: str, text: str) -> str:
    if text == "-":
        return ""
    return text.replace(",", " ") if column in ("services", "formats", "modes") else text
