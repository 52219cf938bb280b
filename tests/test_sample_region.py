"""The committed sample region: exact census sums, counts, ids, outlines, one road network, and its rebuild."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from netplan.tables import TABLES

PROJECT = Path(__file__).resolve().parents[1]
REGION = PROJECT / "data" / "chongqing"
FACTS = PROJECT / "data" / "build" / "facts" / "districts.csv"
VISITS = REGION / "visits.csv"
BRANCHES = ("community", "flagship", "full", "light", "wealth")
IDS = {"district_id": str, "township_id": str}
SEGMENTS = ["children", "working", "elderly"]


def _table(stem: str) -> pd.DataFrame:
    return pd.read_csv(REGION / f"{stem}.csv", dtype=IDS, keep_default_na=False)


@pytest.fixture(scope="module")
def nodes() -> pd.DataFrame:
    """Demand nodes with their people."""
    return _table("nodes").assign(people=lambda table: table[SEGMENTS].sum(axis=1))


@pytest.fixture(scope="module")
def outlets() -> pd.DataFrame:
    """Today's network."""
    return _table("outlets")


@pytest.fixture(scope="module")
def facts() -> pd.DataFrame:
    """The census facts that the builder starts from."""
    return pd.read_csv(FACTS, dtype={"district_id": str}).set_index("district_id")


@pytest.fixture(scope="module")
def outlines() -> gpd.GeoDataFrame:
    """The district outlines."""
    return gpd.read_file(REGION / "districts.geojson").set_index("district_id")


def test_total_urban_and_rural_people_are_the_census_ones_in_every_district(
    nodes: pd.DataFrame, facts: pd.DataFrame
) -> None:
    """Total, urban and rural people of each of the 38 districts are exactly those of the 2020 census."""
    found = nodes.pivot_table(index="district_id", columns="is_urban", values="people", aggfunc="sum", fill_value=0)
    assert found[1].to_dict() == facts["urban"].to_dict()
    assert found[0].to_dict() == facts["rural"].to_dict()
    assert found.sum(axis=1).to_dict() == facts["people"].to_dict()
    assert nodes["people"].sum() == 32_054_159


def test_ages_are_the_rounded_census_shares_in_every_district(nodes: pd.DataFrame, facts: pd.DataFrame) -> None:
    """Children and people of 65 and over are round(total x share) in each district; working age is the remainder."""
    found = nodes.groupby("district_id")[SEGMENTS].sum()
    for segment in ("children", "elderly"):
        expected = (facts["people"] * facts[f"percent_{segment}"] / 100.0).round().astype(int)
        assert found[segment].to_dict() == expected.to_dict()
    assert (found["working"] == facts["people"] - found["children"] - found["elderly"]).all()


def test_facts_are_consistent(facts: pd.DataFrame) -> None:
    """The facts file has 38 districts whose urban and rural people add up, nine of them central."""
    assert len(facts) == 38
    assert (facts["urban"] + facts["rural"] == facts["people"]).all()
    assert facts["is_central"].sum() == 9


def test_nodes_are_cells_of_the_stated_size(nodes: pd.DataFrame) -> None:
    """About 24,000 inhabited nodes: rural cells of about 5 km2; urban ones of <= 3,000 people or about 0.1 km2."""
    rural, urban = nodes[nodes["is_urban"] == 0], nodes[nodes["is_urban"] == 1]
    assert 22_000 <= len(nodes) <= 26_000
    assert nodes["people"].min() > 0
    assert rural["area_km2"].median() == pytest.approx(5.4, abs=0.5)
    crowded = urban[urban["people"] > 3_000]
    assert crowded["area_km2"].max() <= 0.13
    assert len(crowded) < 0.1 * len(urban)
    assert nodes["area_km2"].sum() < 82_500


def test_every_township_is_there_and_has_people_and_a_physical_outlet(
    nodes: pd.DataFrame, outlets: pd.DataFrame
) -> None:
    """All 1,031 townships have people and an outlet proper."""
    townships = set(_table("townships")["township_id"])
    assert len(townships) == 1_031
    assert set(nodes["township_id"]) == townships
    assert set(outlets.loc[outlets["format"].isin(BRANCHES), "township_id"]) == townships


def test_the_network_has_the_published_counts(outlets: pd.DataFrame, facts: pd.DataFrame) -> None:
    """1,776 outlets, 1,462 in the counties, 564 self-service points, 126 fixed-time counters, 3 vans."""
    branches = outlets[outlets["format"].isin(BRANCHES)]
    central = set(facts.index[facts["is_central"] == 1])
    assert len(branches) == 1_776
    assert (~branches["district_id"].isin(central)).sum() == 1_462
    assert outlets["format"].isin(("point", "selfservice")).sum() == 564
    assert outlets["format"].isin(("fixed_1d", "fixed_2d")).sum() == 126
    assert len(_table("vans")) == 3
    assert outlets["format"].str.startswith("van_").sum() == 3 * 14


def test_most_outlets_pay_and_some_do_not(outlets: pd.DataFrame) -> None:
    """Between 10 and 20 % of the outlets proper book less margin than they cost to run."""
    branches = outlets[outlets["format"].isin(BRANCHES)]
    margin = branches.filter(like="margin_").astype(float).sum(axis=1)
    assert 0.10 <= (margin < branches["running_cost_per_year"].astype(float)).mean() <= 0.20


def test_an_outlet_books_margin_only_in_the_services_it_offers(outlets: pd.DataFrame) -> None:
    """A margin column is zero exactly where the format does not offer the service."""
    services = _table("formats").set_index("format")["services"].str.split()
    for service in ("cash", "counter", "advice"):
        offered = outlets["format"].map(lambda name, service=service: service in services[name])
        assert ((outlets[f"margin_{service}"] > 0) == offered).all()


def test_nine_visits_in_ten_are_digital(nodes: pd.DataFrame) -> None:
    """Over the people of the region the visits table substitutes 90 % electronically (within half a point)."""
    visits = _table("visits")
    people = visits["segment"].map(nodes[SEGMENTS].sum())
    done = people * visits["customer_share"] * visits["visits_per_year"]
    assert (done * visits["digital_share"]).sum() / done.sum() == pytest.approx(0.90, abs=0.005)


def test_outlines_cover_the_municipality_once(outlines: gpd.GeoDataFrame, facts: pd.DataFrame) -> None:
    """The 38 outlines are valid, add up to 82,400 km2 within 1 % and hardly overlap."""
    plane = outlines.to_crs("EPSG:6933").geometry
    assert set(outlines.index) == set(facts.index)
    assert plane.is_valid.all()
    assert plane.area.sum() / 1e6 == pytest.approx(82_400, rel=0.01)
    assert plane.union_all().area == pytest.approx(plane.area.sum(), rel=1e-3)


@pytest.mark.parametrize("stem", ["nodes", "outlets", "candidates", "townships", "districts"])
def test_places_lie_in_the_outline_of_their_district(stem: str, outlines: gpd.GeoDataFrame) -> None:
    """Every position is inside the outline of its district_id, or less than 300 m outside.

    The outlines are simplified; only towns that GeoNames puts just across a boundary may be farther out (5 km).
    """
    table = _table(stem)
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326").to_crs("EPSG:32648")
    shapes = outlines.to_crs("EPSG:32648").geometry
    metres = points.distance(gpd.GeoSeries(shapes[table["district_id"]].to_numpy(), crs="EPSG:32648"))
    assert metres.max() < 5_500
    assert (metres > 300).sum() <= 10


def test_positions_have_at_most_six_decimals() -> None:
    """Coordinates are rounded, so that a rebuild elsewhere writes the same text."""
    for stem in ("nodes", "outlets", "candidates", "townships", "districts", "road_nodes", "hosts"):
        table = pd.read_csv(REGION / f"{stem}.csv", dtype=str, keep_default_na=False)
        for axis in ("lon", "lat"):
            assert table[axis].str.split(".").str[-1].str.len().max() <= 6, (stem, axis)


def test_the_road_network_is_one_piece() -> None:
    """Every junction can be reached from every other; edges have length and time at a plausible speed."""
    edges = _table("road_edges")
    graph = nx.from_pandas_edgelist(edges, "from_id", "to_id")
    graph.add_nodes_from(_table("road_nodes")["road_node_id"])
    assert nx.number_connected_components(graph) == 1
    assert 15_000 <= graph.number_of_nodes() <= 30_000
    # Minutes are rounded to a hundredth, which says nothing about the speed on a few metres.
    long = edges[edges["metres"] >= 300]
    speed = long["metres"] / 1_000.0 / (long["minutes"] / 60.0)
    assert speed.between(10.0, 85.0).all()


def test_roads_are_slower_in_the_mountains() -> None:
    """As the crow flies, roads around Wushan are at most 0.7 times as fast as around Hechuan in the hills of the west."""
    edges, junctions = _table("road_edges"), _table("road_nodes").set_index("road_node_id")
    start, end = junctions.loc[edges["from_id"]], junctions.loc[edges["to_id"]]
    east = (start["lon"].to_numpy() - end["lon"].to_numpy()) * np.cos(np.radians(30.0))
    straight = np.hypot(east, start["lat"].to_numpy() - end["lat"].to_numpy())
    seats = _table("districts").set_index("district_id")
    speed = {}
    for district in ("500117", "500237"):
        lon, lat = seats.loc[district, ["lon", "lat"]]
        near = np.hypot(start["lon"].to_numpy() - lon, start["lat"].to_numpy() - lat) < 0.2
        speed[district] = straight[near].sum() / edges["minutes"][near].sum()
    assert speed["500237"] <= 0.7 * speed["500117"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_id_resolves(table: object) -> None:
    """Each reference that the contracts declare points at an id that exists, and keys are unique."""
    path = REGION / f"{table.stem}.csv"  # type: ignore[attr-defined]
    if not path.exists():
        assert table.is_optional  # type: ignore[attr-defined]
        return
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert len(rows)
    key = [name for name in table.key if name in rows]  # type: ignore[attr-defined]
    assert not rows.duplicated(key).any() if key else True
    for name, column in table.schema.columns.items():  # type: ignore[attr-defined]
        target = column.metadata["refers_to"]
        if not target or name not in rows:
            continue
        stem, key = target.split(".")
        known = set(pd.read_csv(REGION / f"{stem}.csv", dtype=str)[key])
        values = (
            rows[name].str.split() if column.metadata["kind"] == "list" else rows[name].map(lambda v: [v] * bool(v))
        )
        assert set(values.explode().dropna()) <= known, (table.stem, name)  # type: ignore[attr-defined]


def test_site_ids_are_unique_over_outlets_and_candidates(outlets: pd.DataFrame) -> None:
    """No id stands for an outlet and a candidate."""
    assert not set(outlets["site_id"]) & set(_table("candidates")["site_id"])


def test_hosted_points_have_a_host_each(outlets: pd.DataFrame) -> None:
    """Every hosted point of today, and every candidate that may be one, has a host of its own that takes one point."""
    candidates, hosts = _table("candidates"), _table("hosts")
    hosted = outlets.loc[outlets["format"] == "point", "host_id"].tolist()
    hosted += candidates.loc[candidates["formats"].str.split().map(lambda f: "point" in f), "host_id"].tolist()
    assert sorted(hosted) == sorted(hosts["host_id"])
    assert (hosts["max_points"] == 1).all()


def test_candidates_stand_in_every_township() -> None:
    """Three to four thousand candidates, in all 1,031 townships, near Fengjie and Wushan 130 to 200."""
    candidates = _table("candidates")
    assert 3_000 <= len(candidates) <= 4_000
    assert candidates["township_id"].nunique() == 1_031
    assert 130 <= candidates["district_id"].isin(("500236", "500237")).sum() <= 200


def test_todays_counters_and_vans_fit_their_bases(outlets: pd.DataFrame) -> None:
    """The bases have the staff-days of today's counters, and the stops of the vans fill their days at two a day."""
    days = _table("formats").set_index("format")["days_per_week"].astype(float)
    counters = outlets[outlets["format"].isin(("fixed_1d", "fixed_2d"))]
    assert _table("bases")["staff_days_per_week"].sum() >= counters["format"].map(days).sum()
    stops = outlets[outlets["format"].str.startswith("van_")]
    assert stops["format"].map(days).sum() == 2 * _table("vans")["days_per_week"].sum()


@pytest.mark.parametrize("path", sorted(REGION.iterdir()), ids=lambda path: path.name)
def test_files_are_utf8_with_lf_and_no_byte_order_mark(path: Path) -> None:
    """Text that git and every platform keep as it is: UTF-8, LF at the end of every line, no byte-order mark."""
    raw = path.read_bytes()
    assert raw.decode("utf-8")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


@pytest.mark.parametrize("path", sorted(set(REGION.glob("*.csv")) - {VISITS}), ids=lambda path: path.name)
def test_tables_are_sorted_by_their_key(path: Path) -> None:
    """Rows are in the order of the table's key, so that a change shows as itself in a diff.

    All but visits, whose order is the order of the services.
    """
    with path.open(encoding="utf-8", newline="") as handle:
        header, *rows = csv.reader(handle)
    key = next(table.key for table in TABLES if table.stem == path.stem) or ("from_id", "to_id")
    columns = [header.index(name) for name in key]
    found = [tuple(_sortable(row[column]) for column in columns) for row in rows]
    assert found == sorted(found)


def _sortable(text: str) -> object:
    return float(text) if text.replace(".", "", 1).isdigit() and len(text) < 5 else text


def test_region_toml_states_for_every_table_its_licence_and_whether_it_is_modelled() -> None:
    """Each table that is shipped has licence, attribution, source and modelled; the map's caveat is there."""
    region = tomllib.loads((REGION / "region.toml").read_text(encoding="utf-8"))
    stems = {path.stem for path in REGION.glob("*.csv")}
    assert set(region["sources"]) == stems
    for entry in region["sources"].values():
        assert entry["licence"]
        assert entry["attribution"]
        assert entry["source"]
        assert isinstance(entry["modelled"], bool)
    assert region["sources"]["nodes"]["modelled"]
    assert region["sources"]["outlets"]["modelled"]
    assert "not an official map" in region["note"]
    assert "CC-BY-4.0" in region["sources"]["townships"]["licence"]
    assert "Apache-2.0" in region["sources"]["districts"]["licence"]


def test_outlines_carry_codes_and_both_names() -> None:
    """districts.geojson has district_id, name and name_en, the same as districts.csv."""
    features = json.loads((REGION / "districts.geojson").read_text(encoding="utf-8"))["features"]
    found = [tuple(feature["properties"][key] for key in ("district_id", "name", "name_en")) for feature in features]
    assert found == list(_table("districts")[["district_id", "name", "name_en"]].itertuples(index=False, name=None))


@pytest.mark.slow
@pytest.mark.skipif(
    "NETPLAN_REBUILD" not in os.environ, reason="set NETPLAN_REBUILD=1 to rebuild (needs the registries)"
)
def test_a_rebuild_writes_the_same_bytes(tmp_path: Path) -> None:
    """The builder, run from the pinned packages into an empty folder, writes every committed file byte for byte."""
    build = [sys.executable, str(PROJECT / "data" / "build"), str(tmp_path), "--cache", str(tmp_path / "cache")]
    subprocess.run(build, check=True)
    written = sorted(path for path in tmp_path.iterdir() if path.is_file())
    assert {path.name for path in written} == {p.name for p in REGION.iterdir() if not p.name.startswith("plan")}
    for path in written:
        assert path.read_bytes() == (REGION / path.name).read_bytes(), path.name
