"""A region somebody else made: the hexagons of Sao Paulo's centre, with people and jobs but no roads, planned and audited.

The hexagons (sample data of r5r, MIT) lie beside the repository and are not part of it; without them these tests are skipped.
Outlets, candidates and formats are drawn from a seed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from regions import tiny_tables, write_region

from netplan.evaluate import audit
from netplan.plan import Plan
from netplan.policy import parse_policy
from netplan.problem import PlanningProblem
from netplan.region import Region, read_region
from netplan.result import Result
from netplan.solve import solve

HEXAGON_KM2 = 0.105
"""Mean area of an H3 cell of resolution 9."""

SETTINGS = """\
name = "São Paulo, centro"
currency = "BRL"
language = "pt"
country = "BR"
crs = "EPSG:4326"

[sources.nodes]
source = "r5r sample data: hexagons with population and jobs"
licence = "MIT"
attribution = "r5r"
modelled = false
note = "ages split 18 / 70 / 12 %"

[sources.outlets]
source = "drawn from a seed"
licence = "MIT"
attribution = "the netplan developers"
modelled = true
note = "not a real network"
"""

PLAN = {
    "budget": {"capital": 900_000},
    "standard": [
        {"id": "a-pé", "service": "cash", "kilometres": 1.2, "share": 0.7},
        {"id": "balcão", "service": "counter", "minutes": 12, "share": 0.8, "hard": False, "penalty": 40},
    ],
    "policy": {"max_closures": 4},
    "district": {"L": {"max_openings": 2}},
}


def hexagons() -> pd.DataFrame:
    """The hexagons, from the folder `shared` beside the repository or beside one of its parents."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / "regions" / "sao_paulo" / "spo_hexgrid.csv"
        if path.is_file():
            return pd.read_csv(path)
    pytest.skip("shared/data/regions/sao_paulo/spo_hexgrid.csv is not beside the repository")


def places(cells: pd.DataFrame) -> pd.DataFrame:
    """District O (west) or L (east), and a township north or south of it."""
    district = np.where(cells["lon"] < cells["lon"].median(), "O", "L")
    half = np.where(cells["lat"] > -23.546, "N", "S")
    return pd.DataFrame(
        {
            "lon": cells["lon"].round(6),
            "lat": cells["lat"].round(6),
            "district_id": district,
            "township_id": [a + b for a, b in zip(district, half, strict=True)],
        }
    ).reset_index(drop=True)


def tables_of(cells: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """A region's tables: people as given, a bank drawn from a seed where the jobs are."""
    rng = np.random.default_rng(seed)
    people = cells["population"].to_numpy()
    children, elderly = np.round(0.18 * people), np.round(0.12 * people)
    at = places(cells)
    picks = rng.choice(len(cells), 24, replace=False, p=cells["jobs"] / cells["jobs"].sum())
    old, new = at.iloc[picks[:10]].reset_index(drop=True), at.iloc[picks[10:]].reset_index(drop=True)
    kept = {name: tiny_tables()[name] for name in ("conversions", "visits", "retention", "gain")}
    formats = tiny_tables()["formats"]
    formats = formats[formats["format"].isin(["full", "light"])]
    capacity = {"capacity_visits_per_year": "60000", "capacity_for_advice": "9000"}
    margin = rng.uniform(80_000, 600_000, (10, 3)).round()
    is_full = np.arange(10) < 4
    return {
        **kept,
        "nodes": at.assign(
            node_id=cells["id"].to_numpy(),
            is_urban=1,
            area_km2=HEXAGON_KM2,
            children=children,
            working=people - children - elderly,
            elderly=elderly,
            market_margin_per_year=np.round(4.0 * people),
        ),
        "districts": pd.DataFrame(
            {"district_id": ["O", "L"], "name": ["Oeste", "Leste"], "lon": [-46.65, -46.62], "lat": -23.55}
        ),
        "townships": pd.DataFrame(
            {
                "township_id": ["ON", "OS", "LN", "LS"],
                "district_id": ["O", "O", "L", "L"],
                "name": ["Santa Cecília", "Consolação", "Brás", "Mooca"],
                "lon": [-46.65, -46.65, -46.62, -46.62],
                "lat": [-23.53, -23.56, -23.53, -23.56],
            }
        ),
        "outlets": old.assign(
            site_id=[f"A{n:02d}" for n in range(10)],
            name=[f"Agência {n:02d}" for n in range(10)],
            format=np.where(is_full, "full", "light"),
            margin_cash=margin[:, 0],
            margin_counter=margin[:, 1],
            margin_advice=margin[:, 2] * is_full,
            is_owned=rng.integers(0, 2, 10),
            lease_end="",
        ),
        "candidates": new.assign(site_id=[f"N{n:02d}" for n in range(14)], formats="full light", host_id=""),
        "formats": formats.assign(**capacity),
        "conversions": kept["conversions"][kept["conversions"]["to_format"].isin(["full", "light"])].iloc[:2],
    }


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The region, written as a folder of CSV files and read back as anybody's would be."""
    folder = tmp_path_factory.mktemp("sao_paulo")
    return read_region(write_region(tables_of(hexagons(), 11), folder, settings=SETTINGS, with_outlines=False))


@pytest.fixture(scope="module")
def result(region: Region) -> Result:
    """Its plan."""
    return solve(PlanningProblem.build(region, parse_policy(PLAN, origin="plan")), gap=0.005, time_limit=120)


def test_people_arrive_in_full(region: Region) -> None:
    """Nobody is lost on the way from the hexagons to the nodes, and the notes say that there are no roads."""
    cells = hexagons()
    assert region.people == cells["population"].sum()
    assert len(region.nodes) == len(cells)
    problem = PlanningProblem.build(region, parse_policy(PLAN, origin="plan"))
    assert not problem.travel.is_from_roads
    assert any("no roads" in note for note in problem.notes)


def test_it_is_planned_and_audited(result: Result) -> None:
    """A plan within half a per cent of the optimum, which the audit finds to cost the same and to keep every rule."""
    assert result.status in ("optimal", "gap_limit")
    assert result.gap is not None
    assert result.gap <= 0.005
    assert isinstance(result.plan, Plan)
    audit(result.plan.problem, result.plan)
    actions = result.plan.actions
    assert len(actions) >= 10
    assert set(actions["action"]) != {"keep"}
    assert (actions["action"] == "close").sum() <= 4


def test_the_plan_beats_today(result: Result) -> None:
    """Today's network, if it were allowed, would cost more than the plan; the walking standard is met."""
    assert result.plan is not None
    card = result.plan.scorecard
    assert card.after.objective < card.before.objective
    walking = next(standard for standard in card.standards if standard.id == "a-pé")
    assert walking.met
    assert walking.after >= 0.7
