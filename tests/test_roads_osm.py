"""Roads of OpenStreetMap: what tags say, how ways become junctions, and what real extracts give."""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from osm_files import along_equator, write_osm, write_pbf
from pyproj import Geod

from netplan.errors import InputError
from netplan.roads import Roads, SpeedRules, read_roads
from netplan.roads.signs import read_duration, read_sign
from netplan.roads.tags import WayRule, is_barrier, way_rule

DATA = Path(__file__).parents[2] / "shared" / "data" / "regions"
ANDORRA = DATA / "andorra" / "andorra.osm.pbf"
SAO_PAULO = DATA / "sao_paulo" / "spo_osm.pbf"
WALK = 0.0125
"""Minutes a metre at 4.8 km/h."""


def of(path: Path) -> Path:
    """A data file beside the repository; the test is skipped where it is absent."""
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the repository")
    return path


def one_road(tmp_path: Path, tags: Mapping[str, str], *, country: str = "", metres: float = 400) -> pd.Series:
    """The row of one way of so many metres, next to a plain street that keeps the file readable."""
    points = {**along_equator(0, metres), 8: (10.5, 0.1), 9: (10.501, 0.1)}
    path = write_osm(tmp_path / "one.osm", points, [([1, 2], tags), ([8, 9], {"highway": "residential"})])
    edges = read_roads(path, country=country).edges
    found = edges[~edges["from_id"].isin(["8", "9"])]
    return found.iloc[0] if len(found) else pd.Series(dtype=float)


def km_per_hour(row: pd.Series) -> float:
    """Driving speed of a road."""
    return float(row["metres"] * 0.06 / row["minutes"])


@pytest.mark.parametrize(
    ("text", "km"),
    [
        ("50", 50),
        (" 50 km/h", 50),
        ("60km/h", 60),
        ("30 mph", 48.28032),
        ("10 knots", 18.52),
        ("none", 130),
        ("walk", 7),
        ("DE:walk", 7),
        ("50;30", 30),
        ("80|60", 60),
        ("DE:zone30", 30),
        ("DE:zone:30", 30),
        ("DE:30", 30),
        ("GB:nsl_single", 96.56064),
    ],
)
def test_a_limit_in_figures_is_read(text: str, km: float) -> None:
    """Figures with and without unit, the lowest of a list, zones, and the words that stand for a figure."""
    sign = read_sign(text.strip())
    assert sign is not None
    assert sign.km_per_hour == pytest.approx(km, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "context", "country"),
    [("CN:urban", "urban", "CN"), ("FR:rural", "rural", "FR"), ("AU-NSW:rural", "rural", "AU")],
)
def test_a_limit_by_law_names_country_and_place(text: str, context: str, country: str) -> None:
    """A sign may say which law applies instead of a figure."""
    sign = read_sign(text)
    assert sign is not None
    assert (sign.context, sign.country, math.isnan(sign.km_per_hour)) == (context, country, True)


@pytest.mark.parametrize("text", ["fast", "0", "900", "5-10", "", "RO"])
def test_a_limit_that_cannot_be_is_refused(text: str) -> None:
    """Words, zero and more than any limit on earth are not understood, rather than guessed."""
    assert read_sign(text) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("20", 20), ("1:30", 90), ("01:30:30", 90.5), ("PT1H30M", 90), ("P1DT2H", 1560), ("PT45M", 45)],
)
def test_a_duration_is_read(text: str, minutes: float) -> None:
    """Minutes, hours:minutes, hours:minutes:seconds and ISO 8601."""
    assert read_duration(text) == minutes


@pytest.mark.parametrize("text", ["", "PT", "soon", "1:2:3:4", "-5", "0"])
def test_a_duration_that_cannot_be_is_unknown(text: str) -> None:
    """What is no duration is not a number."""
    assert math.isnan(read_duration(text))


@pytest.mark.parametrize(
    ("tags", "country", "km"),
    [
        ({"highway": "primary", "maxspeed": "50"}, "", 50 * 0.8),
        ({"highway": "primary", "maxspeed": "30 mph"}, "", 48.28032 * 0.8),
        ({"highway": "primary", "maxspeed": "50", "zone:traffic": "DE:urban"}, "DE", 50 * 0.6),
        ({"highway": "primary", "maxspeed": "CN:urban"}, "", 60 * 0.6),
        ({"highway": "primary", "source:maxspeed": "FR:rural"}, "", 80 * 0.8),
        ({"highway": "tertiary"}, "CN", 40 * 0.8),
        ({"highway": "primary"}, "DE", 75),
        ({"highway": "primary"}, "CN", 70 * 0.8),
        ({"highway": "primary"}, "", 90 * 0.8),
        ({"highway": "residential"}, "US", 30),
        ({"highway": "living_street"}, "DE", 7 * 0.8),
        ({"highway": "motorway", "oneway": "no", "maxspeed": "100"}, "", 100 * 0.9),
        ({"highway": "motorway", "oneway": "no", "maxspeed": "none"}, "DE", 110),
        ({"highway": "motorway", "oneway": "no"}, "IN", 120 * 0.9),
        ({"highway": "primary", "maxspeed": "signals"}, "BR", 75),
        ({"highway": "primary", "maxspeed": "fast"}, "BR", 75),
        ({"highway": "service"}, "", 15),
        ({"highway": "track"}, "", 15),
        ({"highway": "track", "tracktype": "grade5"}, "", 10),
        ({"highway": "primary", "surface": "gravel"}, "", 30),
        ({"highway": "primary", "smoothness": "very_bad"}, "", 15),
        ({"highway": "primary_link"}, "", 45),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, "", 10),
        ({"highway": "tertiary", "maxspeed": "RU:living_street"}, "DE", 20 * 0.8),
        ({"highway": "tertiary", "maxspeed": "GB:nsl_dual"}, "", 55),
    ],
)
def test_a_way_is_driven_at_its_speed(tmp_path: Path, tags: Mapping[str, str], country: str, km: float) -> None:
    """Limit x share reached (0.9 motorway, 0.8 outside, 0.6 inside built-up areas), at most the pace of class and surface."""
    row = one_road(tmp_path, tags, country=country)
    assert km_per_hour(row) == pytest.approx(km, rel=1e-9)
    assert not row["is_oneway"]


def test_minutes_and_metres_are_those_of_the_map(tmp_path: Path) -> None:
    """400 m at 0.8 x 50 km/h are 0.6 minutes, and 5 minutes on foot at 4.8 km/h."""
    row = one_road(tmp_path, {"highway": "secondary", "maxspeed": "50"})
    assert row["metres"] == pytest.approx(400, abs=0.01)
    assert row["minutes"] == pytest.approx(0.6, abs=2e-5)
    assert row["walk_minutes"] == pytest.approx(5.0, abs=2e-4)


def test_the_two_directions_may_have_limits_of_their_own(tmp_path: Path) -> None:
    """maxspeed:forward and :backward give minutes and minutes_back, each in its own direction of the way."""
    row = one_road(tmp_path, {"highway": "secondary", "maxspeed:forward": "50", "maxspeed:backward": "25"})
    there, back = ("minutes", "minutes_back") if row["from_id"] == "1" else ("minutes_back", "minutes")
    assert row[there] == pytest.approx(0.6, abs=2e-5)
    assert row[back] == pytest.approx(1.2, abs=4e-5)


@pytest.mark.parametrize(
    ("extra", "ends"),
    [
        ({"oneway": "yes"}, "12"),
        ({"oneway": "1"}, "12"),
        ({"oneway": "true"}, "12"),
        ({"oneway": "-1"}, "21"),
        ({"oneway": "reverse"}, "21"),
        ({"junction": "roundabout"}, "12"),
        ({"junction": "circular"}, "12"),
        ({"highway": "motorway"}, "12"),
        ({"oneway": "no", "junction": "roundabout"}, ""),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, ""),
        ({"oneway": "alternating"}, ""),
    ],
)
def test_one_way_streets_run_the_right_way(tmp_path: Path, extra: Mapping[str, str], ends: str) -> None:
    """The tags of direction; roundabouts and motorways are one-way without saying so."""
    row = one_road(tmp_path, {"highway": "secondary", **extra})
    assert row["is_oneway"] == bool(ends)
    assert row["from_id"] + row["to_id"] == (ends or row["from_id"] + row["to_id"])


@pytest.mark.parametrize(
    ("tags", "cars", "walkers"),
    [
        ({"highway": "residential"}, True, True),
        ({"highway": "residential", "access": "private"}, False, False),
        ({"highway": "residential", "access": "no", "foot": "yes"}, False, True),
        ({"highway": "residential", "access": "private", "motor_vehicle": "yes"}, True, False),
        ({"highway": "residential", "motor_vehicle": "no"}, False, True),
        ({"highway": "residential", "vehicle": "no"}, False, True),
        ({"highway": "residential", "vehicle": "no", "motorcar": "yes"}, True, True),
        ({"highway": "residential", "access": "destination"}, True, True),
        ({"highway": "residential", "foot": "no"}, True, False),
        ({"highway": "residential", "foot": "use_sidepath"}, True, False),
        ({"highway": "motorway"}, True, False),
        ({"highway": "trunk", "motorroad": "yes"}, True, False),
        ({"highway": "trunk"}, True, True),
        ({"highway": "footway"}, False, True),
        ({"highway": "path", "foot": "no"}, False, False),
        ({"highway": "path", "motor_vehicle": "yes"}, True, True),
        ({"highway": "steps", "motor_vehicle": "yes"}, False, True),
        ({"highway": "cycleway"}, False, True),
        ({"highway": "service", "service": "parking_aisle"}, False, True),
        ({"highway": "service", "service": "driveway"}, True, True),
        ({"highway": "residential", "oneway": "reversible"}, False, True),
        ({"highway": "residential", "smoothness": "impassable"}, False, True),
        ({"highway": "pedestrian", "area": "yes"}, False, True),
        ({"highway": "service", "area": "yes"}, False, False),
        ({"highway": "construction"}, False, False),
        ({"highway": "bus_stop"}, False, False),
        ({"route": "ferry"}, True, True),
        ({"route": "ferry", "motor_vehicle": "no"}, False, True),
        ({"route": "ferry", "access": "no"}, False, False),
        ({"route": "bus"}, False, False),
    ],
)
def test_a_way_is_open_to_whom_its_tags_say(tmp_path: Path, tags: Mapping[str, str], cars: bool, walkers: bool) -> None:
    """Closed to cars is blank minutes, closed to walkers blank walk_minutes; what is closed to both is left out."""
    row = one_road(tmp_path, tags)
    assert row.empty == (not cars and not walkers)
    if not row.empty:
        assert (pd.notna(row["minutes"]), pd.notna(row["walk_minutes"])) == (cars, walkers)


def test_a_ferry_takes_its_duration(tmp_path: Path) -> None:
    """A crossing of 400 + 600 m in 20 minutes takes 8 and 12 for its two legs, on foot as by car, and is never built-up."""
    points = {**along_equator(0, 400, 1000), 8: (10.0, 0.001), 9: (10.0, -0.001), 7: along_equator(400)[1]}
    ways = [
        ([1, 2, 3], {"route": "ferry", "duration": "00:20"}),
        ([8, 1, 9], {"highway": "residential"}),
        ([2, 7], {"highway": "footway"}),
    ]
    points[7] = (points[2][0], 0.001)
    edges = read_roads(write_osm(tmp_path / "f.osm", points, ways), max_edge_metres=5000).edges
    ferry = edges[edges["road_class"] == "ferry"].sort_values("metres")
    assert ferry["minutes"].tolist() == pytest.approx([8, 12], abs=1e-3)
    assert ferry["walk_minutes"].tolist() == ferry["minutes"].tolist()


def test_bollards_stop_cars_and_let_walkers_pass(tmp_path: Path) -> None:
    """A street with a bollard in its middle is two dead ends for cars and one street for walkers; an open gate is no barrier."""
    points = along_equator(0, 100, 200, 300)
    street = [([1, 2, 3, 4], {"highway": "residential"})]
    stopped = read_roads(
        write_osm(tmp_path / "b.osm", points, street, {2: {"barrier": "bollard"}, 3: {"barrier": "gate"}})
    )
    car, walk = stopped.to_networkx("car"), stopped.to_networkx("walk")
    assert not nx.has_path(car.to_undirected(), "1", "4")
    assert nx.shortest_path_length(walk, "1", "4", weight="walk_minutes") == pytest.approx(300 * WALK, abs=1e-3)
    assert any("1 barrier " in note for note in stopped.notes)


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "lift_gate", "access": "no", "motorcar": "permissive"}, False),
        ({"barrier": "no"}, False),
        ({"barrier": "toll_booth"}, False),
        ({"highway": "crossing"}, False),
    ],
)
def test_a_barrier_stops_cars_where_its_tags_say(tags: Mapping[str, str], stops: bool) -> None:
    """Bollards stop cars unless a tag opens them; gates let them through unless a tag closes them."""
    assert is_barrier(tags) == stops


def test_streets_that_meet_often_are_built_up(tmp_path: Path) -> None:
    """A grid of streets 100 m apart has 100 junctions a km2: an unsigned road in it takes the urban limit; one far off, the rural one."""
    step = 100 / 111_319.490793
    points = {10 * row + column + 1: (10 + column * step, row * step) for row in range(10) for column in range(10)}
    points |= {200: (10.2, 0.2), 201: (10.202, 0.2)}
    streets = [([10 * row + column + 1 for column in range(10)], {"highway": "residential"}) for row in range(10)]
    streets += [([10 * row + column + 1 for row in range(10)], {"highway": "primary"}) for column in range(10)]
    roads = read_roads(
        write_osm(tmp_path / "g.osm", points, [*streets, ([200, 201], {"highway": "primary"})]), country="CN"
    )
    primary = roads.edges[roads.edges["road_class"] == "primary"]
    speed = primary["metres"] * 0.06 / primary["minutes"]
    far = primary["from_id"].isin(["200", "201"])
    assert speed[far].tolist() == pytest.approx([70 * 0.8])
    assert speed[~far].round(6).unique().tolist() == pytest.approx([60 * 0.6])


def test_speed_rules_may_be_replaced(tmp_path: Path) -> None:
    """A planner who knows better gives shares, paces and the walking speed."""
    path = write_osm(tmp_path / "s.osm", along_equator(0, 400), [([1, 2], {"highway": "primary", "maxspeed": "60"})])
    rules = SpeedRules(rural_share=0.5, walk_speed_km_per_hour=6)
    row = read_roads(path, speeds=rules).edges.iloc[0]
    assert km_per_hour(row) == pytest.approx(30)
    assert row["walk_minutes"] == pytest.approx(4, abs=1e-3)
    with pytest.raises(InputError, match="rural_share"):
        SpeedRules(rural_share=0)
    with pytest.raises(InputError, match="class_pace"):
        SpeedRules(class_pace={"primary": -1})


def test_points_between_junctions_are_passed(tmp_path: Path) -> None:
    """Four points of one street are one road; a change of class, a crossing and a dead end are junctions."""
    points = {**along_equator(0, 100, 200, 300, 400), 6: (along_equator(200)[1][0], 0.001)}
    ways = [
        ([1, 2, 3, 4], {"highway": "residential"}),
        ([4, 5], {"highway": "tertiary"}),
        ([3, 6], {"highway": "residential"}),
    ]
    roads = read_roads(write_osm(tmp_path / "c.osm", points, ways))
    assert set(roads.junctions["road_node_id"]) == {"1", "3", "4", "5", "6"}
    assert sorted(roads.edges["metres"].round(0)) == [100, 100, 111, 200]


def test_ways_cut_in_two_are_joined_again(tmp_path: Path) -> None:
    """Two ways of one kind that meet head to head, one drawn backwards, are one road; one-way streets keep their direction."""
    points = along_equator(0, 100, 200)
    for tags, drawn in (({"highway": "residential"}, [3, 2]), ({"highway": "residential", "oneway": "yes"}, [2, 3])):
        roads = read_roads(write_osm(tmp_path / "j.osm", points, [([1, 2], tags), (drawn, tags)]))
        assert len(roads.edges) == 1
        assert roads.edges["metres"][0] == pytest.approx(200, abs=0.01)
    assert (roads.edges["from_id"][0], roads.edges["to_id"][0]) == ("1", "3")
    against = [
        ([1, 2], {"highway": "residential", "oneway": "yes"}),
        ([3, 2], {"highway": "residential", "oneway": "yes"}),
    ]
    assert len(read_roads(write_osm(tmp_path / "k.osm", points, against)).edges) == 2


def test_long_roads_are_cut_along_their_shape(tmp_path: Path) -> None:
    """A bent road of 1,200 m becomes three pieces of 400 m whose cut points lie on the bend, not on the chord."""
    points = {1: (10.0, 0.0), 2: along_equator(600)[1]}
    points[3] = (points[2][0], 600 / 110_574.2755)
    path = write_osm(tmp_path / "l.osm", points, [([1, 2, 3], {"highway": "primary", "maxspeed": "50"})])
    roads = read_roads(path, max_edge_metres=500)
    assert roads.edges["metres"].tolist() == pytest.approx([400] * 3, abs=0.02)
    assert roads.edges["minutes"].sum() == pytest.approx(1.8, abs=1e-4)
    bend = shapely.LineString([points[1], points[2], points[3]])
    added = roads.junctions[roads.junctions["road_node_id"].str.startswith("x")]
    assert len(added) == 2
    assert all(
        bend.distance(shapely.Point(lon, lat)) < 1e-7 for lon, lat in zip(added["lon"], added["lat"], strict=True)
    )
    with pytest.raises(InputError, match="max_edge_metres"):
        read_roads(path, max_edge_metres=0)


def test_a_ring_keeps_its_length_and_shape(tmp_path: Path) -> None:
    """A closed street without a junction, and one hanging on a junction, are cut in three or more; no road joins a junction to itself."""
    square = {1: (10.0, 0.0), 2: (10.001, 0.0), 3: (10.001, 0.001), 4: (10.0, 0.001), 5: (9.999, 0.0)}
    for ways in (
        [([1, 2, 3, 4, 1], {"highway": "residential"})],
        [([1, 2, 3, 4, 1], {"highway": "residential"}), ([5, 1], {"highway": "residential"})],
    ):
        roads = read_roads(write_osm(tmp_path / "r.osm", square, ways))
        around = Geod(ellps="WGS84").line_length([10, 10.001, 10.001, 10, 10], [0, 0, 0.001, 0.001, 0])
        stub = Geod(ellps="WGS84").line_length([9.999, 10], [0, 0]) if len(ways) == 2 else 0
        assert roads.edges["metres"].sum() == pytest.approx(around + stub, rel=1e-9)
        assert (roads.edges["from_id"] != roads.edges["to_id"]).all()
        assert len(roads.edges) >= 3


def test_the_same_street_mapped_twice_is_one(tmp_path: Path) -> None:
    """A repeated way, in either direction, adds no road; the note counts it."""
    street = {"highway": "residential"}
    path = write_osm(
        tmp_path / "d.osm", along_equator(0, 100, 200), [([1, 2, 3], street), ([3, 2], street), ([2, 2, 3], street)]
    )
    roads = read_roads(path)
    assert roads.edges["metres"].sum() == pytest.approx(200, abs=0.01)
    assert any("3 pieces of road mapped twice or without length" in note for note in roads.notes)


def test_what_was_read_and_left_out_is_counted(tmp_path: Path) -> None:
    """Ways by class, ways left out with the reason, signs not understood, pieces cut off, and parts that do not meet."""
    ways = [
        ([1, 2], {"highway": "residential", "maxspeed": "brisk"}),
        ([2, 3, 99], {"highway": "residential"}),
        ([4, 5], {"highway": "footway"}),
        ([1, 3], {"highway": "construction"}),
        ([1, 4], {"highway": "residential", "access": "private"}),
        ([1], {"highway": "residential"}),
        ([1, 5], {"building": "yes"}),
    ]
    notes = "\n".join(
        read_roads(write_osm(tmp_path / "n.osm", along_equator(0, 100, 200, 5000, 5100), ways), country="XX").notes
    )
    for text in (
        "3 ways read: 2 residential, 1 footway",
        "3 ways left out: 1 highway=construction, no road in use",
        "1 closed to cars and walkers",
        "1 ways with fewer than two points",
        "1 speed limit not understood ('brisk')",
        "1 piece of road left out whose points are not in the file",
        "no speed limits are listed for the country 'XX'",
        "2 parts that do not meet: 2 junctions in the largest, 2 junctions in the others (2)",
    ):
        assert text in notes


def test_pbf_and_xml_give_the_same_roads(tmp_path: Path) -> None:
    """One map as PBF, XML and packed XML: equal tables, junction by junction."""
    points = {**along_equator(0, 700, 1400), 4: (10.005, 0.004)}
    ways = [([1, 2, 3], {"highway": "primary", "oneway": "yes"}), ([2, 4], {"highway": "residential"})]
    xml = write_osm(tmp_path / "m.osm", points, ways)
    packed = tmp_path / "m.osm.gz"
    packed.write_bytes(gzip.compress(xml.read_bytes()))
    by_pbf = read_roads(write_pbf(tmp_path / "m.osm.pbf", points, ways))
    for path in (xml, packed):
        roads = read_roads(path)
        pd.testing.assert_frame_equal(roads.edges, by_pbf.edges)
        pd.testing.assert_frame_equal(roads.junctions, by_pbf.junctions)


def test_points_of_an_editor_below_zero_are_read(tmp_path: Path) -> None:
    """Editors number what was never uploaded below zero."""
    points = {-1: (10.0, 0.0), -2: (10.001, 0.0)}
    roads = read_roads(write_osm(tmp_path / "e.osm", points, [([-1, -2], {"highway": "residential"})]))
    assert sorted(roads.junctions["road_node_id"]) == ["-1", "-2"]


def test_ways_may_stand_before_their_points(tmp_path: Path) -> None:
    """A file that is not sorted gives the roads, and the barriers, of the sorted one."""
    points = along_equator(0, 100, 200)
    street = [([1, 2, 3], {"highway": "residential"})]
    path = write_osm(tmp_path / "u.osm", points, street, {2: {"barrier": "bollard"}})
    expected = read_roads(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    way = [line for line in lines if line.startswith("<way")]
    path.write_text("\n".join([*lines[:2], *way, *(line for line in lines[2:] if line not in way)]), encoding="utf-8")
    roads = read_roads(path)
    assert len(roads.edges) == 3
    pd.testing.assert_frame_equal(roads.edges, expected.edges)


def test_progress_is_told(tmp_path: Path) -> None:
    """The share done never falls and ends at 1."""
    told: list[tuple[str, float]] = []
    path = write_osm(tmp_path / "p.osm", along_equator(0, 100), [([1, 2], {"highway": "residential"})])
    read_roads(path, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert all("p.osm" in what for what, _ in told)


def random_map(seed: int) -> tuple[dict[int, tuple[float, float]], list[tuple[list[int], dict[str, str]]]]:
    """A lattice of bent streets with random classes, directions and gaps."""
    draw = np.random.default_rng(seed)
    points: dict[int, tuple[float, float]] = {}
    for number in range(1, 65):
        row, column = divmod(number - 1, 8)
        east, north = draw.uniform(0, 0.002, 2)
        points[number] = (round(10 + 0.004 * column + east, 7), round(0.004 * row + north, 7))
    ways = []
    for here in range(1, 65):
        for there in ([here + 1] if here % 8 else []) + ([here + 8] if here <= 56 else []):
            if draw.random() < 0.5:
                continue
            middle = len(points) + 1
            halfway = np.add(points[here], points[there]) / 2 + draw.uniform(0, 0.001, 2)
            points[middle] = (round(float(halfway[0]), 7), round(float(halfway[1]), 7))
            tags = {"highway": str(draw.choice(["residential", "primary"])), "maxspeed": str(draw.choice([30, 50]))}
            tags |= {"oneway": str(draw.choice(["yes", "-1"]))} if draw.random() < 0.3 else {}
            ways.append(([here, middle, there] if draw.random() < 0.5 else [there, middle, here], tags))
    return points, ways


@pytest.mark.parametrize("seed", range(8))
def test_contraction_and_cutting_keep_every_shortest_time(tmp_path: Path, seed: int) -> None:
    """Minutes between the kept junctions equal those of networkx on the uncontracted streets, by car and on foot."""
    points, ways = random_map(seed)
    roads = read_roads(write_osm(tmp_path / "w.osm", points, ways), speeds=SpeedRules(urban_junctions_per_km2=1e9))
    plain, foot = nx.MultiDiGraph(), nx.MultiGraph()
    for (first, last), tags in ((step, tags) for refs, tags in ways for step in pairwise(refs)):
        _, _, metres = Geod(ellps="WGS84").inv(*points[first], *points[last])
        pace = {"residential": 30, "primary": 75}[tags["highway"]]
        minutes = metres * 0.06 / min(0.8 * float(tags["maxspeed"]), pace)
        if tags.get("oneway") != "-1":
            plain.add_edge(str(first), str(last), weight=minutes)
        if tags.get("oneway") != "yes":
            plain.add_edge(str(last), str(first), weight=minutes)
        foot.add_edge(str(first), str(last), weight=metres * WALK)
    kept = [name for name in roads.junctions["road_node_id"] if not name.startswith("x")]
    assert 10 < len(kept) < 0.7 * len(points)
    for graph, oracle, weight in (
        (roads.to_networkx("car"), plain, "minutes"),
        (roads.to_networkx("walk"), foot, "walk_minutes"),
    ):
        for start in kept[::5]:
            expected = nx.single_source_dijkstra_path_length(oracle, start)
            found = nx.single_source_dijkstra_path_length(graph, start, weight=weight)
            assert set(found) & set(kept) == set(expected) & set(kept)
            assert all(
                found[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-9) for name in kept if name in found
            )


def minutes_between(roads: Roads, start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Driving minutes and kilometres between the well-joined junctions nearest to two positions."""
    graph = roads.to_networkx("car")
    joined = max(nx.strongly_connected_components(graph), key=len)
    places = roads.junctions[roads.junctions["road_node_id"].isin(joined)]
    names = []
    for lon, lat in (start, end):
        far = ((places["lon"] - lon) * math.cos(math.radians(lat))) ** 2 + (places["lat"] - lat) ** 2
        names.append(places["road_node_id"][far.idxmin()])
    path = nx.shortest_path(graph, *names, weight="minutes")
    fastest = [min(graph[a][b].values(), key=lambda arc: arc["minutes"]) for a, b in pairwise(path)]
    return sum(arc["minutes"] for arc in fastest), sum(arc["metres"] for arc in fastest) / 1000


LA_VELLA, PAS = (1.5218, 42.5063), (1.7330, 42.5430)


@pytest.fixture(scope="module")
def andorra() -> Roads:
    """The roads of Andorra."""
    return read_roads(of(ANDORRA), country="AD")


def test_across_andorra_takes_forty_minutes(andorra: Roads) -> None:
    """Andorra la Vella to Pas de la Casa over the main road: some 33 km by the map (30 by the tunnel), signed 50 to 60 and 90 without a sign.

    By hand: 33 km at 0.8 x 60 = 48 km/h are 41 minutes; route planners say 35 to 45.
    """
    minutes, kilometres = minutes_between(andorra, LA_VELLA, PAS)
    assert 28 <= kilometres <= 35
    assert 35 <= minutes <= 50
    assert minutes_between(andorra, PAS, LA_VELLA)[0] == pytest.approx(minutes, rel=0.1)


@pytest.mark.parametrize(
    ("end", "km", "minutes"),
    [
        ((1.5333, 42.5563), (7, 13), (10, 20)),
        ((1.4915, 42.4636), (5.5, 8), (8, 15)),
        ((1.5977, 42.5664), (10.5, 13.5), (13, 22)),
    ],
    ids=["Ordino", "Sant Julia", "Canillo"],
)
def test_valleys_of_andorra_are_minutes_away(
    andorra: Roads, end: tuple[float, float], km: tuple[float, float], minutes: tuple[float, float]
) -> None:
    """From Andorra la Vella to Ordino 8 km, Sant Julia de Loria 6.5 km, Canillo 12 km: at 35 to 50 km/h 13, 10 and 15 minutes."""
    found, kilometres = minutes_between(andorra, LA_VELLA, end)
    assert km[0] <= kilometres <= km[1]
    assert minutes[0] <= found <= minutes[1]


def test_contraction_keeps_the_times_of_andorra(andorra: Roads) -> None:
    """Lengths between sampled junctions equal those of networkx on every point of every way in the file, read anew with osmium.

    Lengths on foot are independent of the rules of speed: walkers may use every way that the reader keeps open to them.
    """
    every = nx.Graph()
    places: dict[int, tuple[float, float]] = {}
    for way in (
        osmium.FileProcessor(str(ANDORRA)).with_locations().with_filter(osmium.filter.KeyFilter("highway", "route"))
    ):
        if not way.is_way():
            continue
        rule = way_rule(dict(way.tags)) if "highway" in way.tags or way.tags.get("route") == "ferry" else ""
        if not isinstance(rule, WayRule) or not rule.foot:
            continue
        refs = [(point.ref, point.lon, point.lat) for point in way.nodes]
        places |= {ref: (lon, lat) for ref, lon, lat in refs}
        every.add_edges_from((a[0], b[0]) for a, b in pairwise(refs) if a[0] != b[0])
    ends = np.array([[*places[a], *places[b]] for a, b in every.edges])
    _, _, metres = Geod(ellps="WGS84").inv(*ends.T)
    nx.set_edge_attributes(every, dict(zip(every.edges, metres, strict=True)), "metres")
    walk = andorra.to_networkx("walk")
    draw = np.random.default_rng(3)
    joined = max(nx.strongly_connected_components(walk), key=len)
    starts = draw.choice(sorted(name for name in joined if name.isdigit() and int(name) in every), 12, replace=False)
    for start in starts:
        expected = nx.single_source_dijkstra_path_length(every, int(start), weight="metres")
        found = nx.single_source_dijkstra_path_length(walk, start, weight="metres")
        common = [name for name in found if name.isdigit()]
        assert len(common) > 500
        assert all(found[name] == pytest.approx(expected[int(name)], rel=1e-9, abs=1e-6) for name in common)


def test_andorra_is_cut_and_mostly_joined(andorra: Roads) -> None:
    """No piece over 500 m, at least nine tenths of the junctions in one part, 700 to 1,000 km of roads and paths."""
    assert andorra.edges["metres"].max() <= 500 + 1e-6
    assert andorra.part_sizes()[0] > 0.9 * len(andorra.junctions)
    assert 700 < andorra.kilometres < 1000


def test_sao_paulo_gives_city_minutes() -> None:
    """Through the centre of Sao Paulo at 60 % of limits of 40 to 60: Praca da Se to Luz is 3 to 4 km by one-way streets.

    At 24 to 36 km/h that is 5 to 10 minutes; Se to the MASP on Avenida Paulista, 3.5 to 4.5 km, 6 to 11.
    """
    roads = read_roads(of(SAO_PAULO), country="BR")
    minutes, kilometres = minutes_between(roads, (-46.6339, -23.5503), (-46.6350, -23.5345))
    assert 2.5 <= kilometres <= 4.5
    assert 5 <= minutes <= 10
    minutes, kilometres = minutes_between(roads, (-46.6339, -23.5503), (-46.6560, -23.5614))
    assert 3 <= kilometres <= 5
    assert 6 <= minutes <= 11


def test_an_area_keeps_its_roads_and_a_margin() -> None:
    """Cut to the parish of Ordino with 1 km around: every junction within that distance plus a piece of road, and the note counts what went."""
    area = shapely.box(1.50, 42.54, 1.56, 42.62)
    roads = read_roads(of(ANDORRA), country="AD", area=area, area_margin_km=1)
    whole = read_roads(ANDORRA, country="AD")
    assert 100 < len(roads.edges) < len(whole.edges) / 2
    inside = whole.frame().intersects(area)
    assert roads.frame().intersects(area).sum() >= 0.95 * inside.sum()
    west, south, east, north = roads.bounds
    assert west > 1.50 - 0.05
    assert north < 42.62 + 0.05
    assert (east - west) < 0.2
    assert south > 42.5
    assert any("outside the area left out" in note for note in roads.notes)
