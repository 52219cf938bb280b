"""The map: one file that works with the network cut, tells the plan as it is, and shows hostile names as text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import folium
import folium.plugins
import numpy as np
import pandas as pd
import pytest
from browser import needs_chromium, visit
from regions import SETTINGS, tiny_tables
from shapely.geometry import MultiPolygon, Polygon, box
from tiny_plan import HOSTILE, hostile_tables, tiny_plan, tiny_region

from netplan.errors import InputError
from netplan.evaluate import today
from netplan.maps import PlanMap, layers, plan_map, region_map
from netplan.maps.columns import catchment_colours, numbers, served_columns
from netplan.maps.page import MapLayer, escaped_json
from netplan.plan import Plan
from netplan.region import Region


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The tiny plan: O1 and O4 kept, O2 closed, O3 moved to C1, C2 opened."""
    made = tiny_plan(tmp_path_factory.mktemp("tiny") / "region")
    assert dict(zip(made.actions["site_id"], made.actions["action"], strict=True)) == {
        "O1": "keep",
        "O2": "close",
        "O3": "relocate",
        "O4": "keep",
        "C2": "open",
    }
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The same plan with names that try to be code."""
    return tiny_plan(tmp_path_factory.mktemp("hostile") / "region", hostile_tables())


def block_of(page: str) -> dict[str, Any]:
    """The page's block of data, as the browser's JSON.parse reads it."""
    blocks = re.findall(r'<script type="application/json" id="netplan-data">(.*?)</script>', page, re.DOTALL)
    assert len(blocks) == 1
    data: dict[str, Any] = json.loads(blocks[0])
    return data


def test_the_page_asks_for_nothing(plan: Plan) -> None:
    """No script, style, picture, frame or import refers to another file or host, and the policy in the head forbids it."""
    page = plan.map().html()
    without_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=", page)
    assert not re.search(r"url\((?!data:|#default#VML)", without_scripts)
    assert "@import" not in without_scripts
    assert "sourceMappingURL" not in page
    assert "default-src 'none'" in page


def test_the_page_carries_leaflet_and_jquery(plan: Plan) -> None:
    """Leaflet 1.9.3, which folium 0.20 expects, jQuery, and Leaflet's pictures are inside."""
    page = plan.map().html()
    assert "Leaflet 1.9.3" in page
    assert "jQuery v3." in page
    assert page.count("data:image/png;base64,") >= 5


def test_data_cannot_end_its_script() -> None:
    """The block holds no character that HTML or old JavaScript reads as an end, and reads back as it was."""
    data = {"text": [*HOSTILE, "<!--", "]]>", "\x00\ud800"], "numbers": [1.5, None]}
    text = escaped_json(data)
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert json.loads(text) == data


def test_numbers_that_are_none_become_null() -> None:
    """NaN and infinity never reach the page: they are not JSON."""
    assert numbers([1.23456, float("nan"), float("inf")], 2) == [1.23, None, None]
    assert numbers([1.6, 2.4], 0) == [2, 2]
    with pytest.raises(ValueError, match="not JSON compliant"):
        escaped_json({"x": float("nan")})


def test_sites_carry_their_decisions(plan: Plan) -> None:
    """Formats before and after, action, target and reason of every site are the plan's."""
    data = block_of(plan.map().html())
    sites, names = data["sites"], [line["id"] for line in data["formats"]]
    told = {
        site: (action, before, after, to)
        for site, action, before, after, to in zip(
            sites["id"],
            [data["actions"][a] if a >= 0 else "" for a in sites["action"]],
            [names[f] if f >= 0 else "" for f in sites["before"]],
            [names[f] if f >= 0 else "" for f in sites["after"]],
            [sites["id"][t] if t >= 0 else "" for t in sites["to"]],
            strict=True,
        )
    }
    assert told == {
        "O1": ("keep", "full", "full", ""),
        "O2": ("close", "light", "", ""),
        "O3": ("relocate", "light", "", "C1"),
        "O4": ("keep", "point", "point", ""),
        "C1": ("", "", "light", ""),
        "C2": ("open", "", "fixed_2d", ""),
        "C3": ("", "", "", ""),
    }
    assert sites["is_target"] == [0, 0, 0, 0, 1, 0, 0]
    reasons = dict(zip(plan.actions["site_id"], plan.actions["reason"], strict=True))
    assert sites["reason"] == [reasons.get(site, "") for site in sites["id"]]
    assert all(reasons.values())
    assert sites["note"][sites["id"].index("C2")] == "Staffed from base BASE1"


def test_a_van_stop_says_which_van(plan: Plan) -> None:
    """The note of a van stop names the van, its base and the weeks."""
    at = list(plan.problem.sites["site_id"]).index("C2")
    van = tuple("V1" if s == at else "" for s in range(7))
    week = tuple("odd" if s == at else "" for s in range(7))
    page = plan_map(plan.problem, replace(plan, van_of=van, week_of=week), plan.scorecard)
    assert block_of(page.html())["sites"]["note"][at] == "Served by van V1 of base BASE1 in odd weeks"


def test_visits_and_utilisation_are_the_scorecards(plan: Plan) -> None:
    """Visits and share of capacity in the popups are the scorecard's, and blank where a class is not offered."""
    data, score = block_of(plan.map().html()), plan.scorecard.after.sites
    for c, service in enumerate(data["services"]):
        lines = score[score["service"] == service].set_index("site_id")
        for s, site in enumerate(data["sites"]["id"]):
            visits, used = data["sites"]["visits_after"][c][s], data["sites"]["used_after"][c][s]
            if site not in lines.index:
                assert visits is None
                assert used is None
            else:
                assert visits == round(lines.loc[site, "visits"])
                assert used == pytest.approx(lines.loc[site, "utilisation"], abs=1e-3, nan_ok=True)


def test_every_visit_is_on_the_map(plan: Plan) -> None:
    """Who is served from where is the plan's table, line by line, and today's beside it."""
    data = block_of(plan.map().html())
    for when, table in (("before", today(plan.problem).assignments), ("after", plan.assignments)):
        part = data["served"][when]
        told = {
            (data["nodes"]["id"][i], data["services"][c], data["sites"]["id"][s] if s >= 0 else "", minutes)
            for i, c, s, minutes in zip(part["node"], part["service"], part["site"], part["minutes"], strict=True)
        }
        rounded = [None if np.isnan(minutes) else round(minutes, 1) for minutes in table["minutes"]]
        assert told == set(zip(table["node_id"], table["service"], table["site_id"], rounded, strict=True))
        assert "share" not in part


def test_split_visits_keep_their_shares(plan: Plan) -> None:
    """Where visits are split, the shares are on the page; lines are in the order of cells and sites, whatever the plan's."""
    split = pd.DataFrame(
        [("N2", "cash", "O1", 1.0, 5.0), ("N1", "cash", "O2", 0.25, 5.0), ("N1", "cash", "O1", 0.75, 0.0)],
        columns=["node_id", "service", "site_id", "share", "minutes"],
    )
    part = served_columns(split, plan.problem.region, plan.problem.sites, plan.problem.demand.services)
    assert part == {
        "node": [0, 0, 1],
        "service": [0, 0, 0],
        "site": [0, 1, 0],
        "minutes": [0.0, 5.0, 5.0],
        "share": [0.75, 0.25, 1.0],
    }


def test_neighbouring_catchments_differ_in_colour() -> None:
    """Wherever two of the eight nearest cells go to different outlets, the outlets' colours differ."""
    rng = np.random.default_rng(3)
    lon, lat = (part.ravel() for part in np.meshgrid(np.arange(12.0), np.arange(12.0)))
    outlets = rng.uniform(0, 11, (15, 2))
    site = np.argmin((lon[:, None] - outlets[:, 0]) ** 2 + (lat[:, None] - outlets[:, 1]) ** 2, axis=1)
    table = {"node": list(range(144)), "service": [0] * 144, "site": site.tolist()}
    colours = catchment_colours({"lon": lon.tolist(), "lat": lat.tolist()}, 15, [table])
    for i in range(144):
        for j in range(144):
            if abs(lon[i] - lon[j]) + abs(lat[i] - lat[j]) == 1 and site[i] != site[j]:
                assert colours[site[i]] != colours[site[j]]
    assert len(set(colours)) <= 10


def test_catchments_of_next_to_nothing() -> None:
    """One cell, or none, needs no graph."""
    table = {"node": [0], "service": [0], "site": [0]}
    assert catchment_colours({"lon": [10.0], "lat": [0.0]}, 2, [table]) == [0, 0]


@pytest.mark.parametrize(
    ("minutes", "longest"), [([], 5), ([0.5, 4.9], 5), ([1, 9], 10), ([28.0] * 20, 30), ([59.0], 60), ([500.0], 120)]
)
def test_minute_classes_fit_the_trips(plan: Plan, minutes: list[float], longest: int) -> None:
    """A city of short trips and a county of long ones each get classes that tell their cells apart."""
    part = {"minutes": [*minutes, None]}
    modes = layers.people_served({}, part, {"minutes": []}).data["cells"]
    assert next(mode for mode in modes if mode["key"] == "minutes_after")["breaks"][-1] == longest


def test_roads_by_speed(plan: Plan) -> None:
    """Roads are ranked by speed, drawn near the planned area only, and a loop at one junction is none."""
    junctions = pd.DataFrame({"road_node_id": list("abcd"), "lon": [10.0, 10.1, 10.2, 12.0], "lat": [0.0] * 4})
    edges = pd.DataFrame(
        {
            "from_id": list("abca"),
            "to_id": list("bcda"),
            "metres": [10_000.0, 10_000.0, 9_000.0, 5.0],
            "minutes": [8.0, 14.0, 1.0, 0.0],
        }
    )
    region = replace(plan.problem.region, road_nodes=junctions, road_edges=edges)
    drawn = layers.roads(region, [[-0.1, 9.9], [0.1, 10.3]]).data["roads"]
    assert drawn["lon"] == [10.0, 10.1, 10.2]
    assert (drawn["from"], drawn["to"], drawn["rank"]) == ([0, 1], [1, 2], [0, 1])


def test_too_many_minor_roads_are_left_off(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit only main roads are drawn."""
    monkeypatch.setattr(layers, "MOST_MINOR_ROADS", 2)
    region = plan.problem.region
    edges = region.road_edges.assign(minutes=[0.001, 60.0, 60.0, 60.0, 60.0])
    drawn = layers.roads(replace(region, road_edges=edges), [[-1, 9], [1, 11]]).data["roads"]
    assert drawn["rank"] == [0]


def test_outlines_keep_parts_and_holes(plan: Plan) -> None:
    """Every ring of a district is drawn: several parts, holes; a district without an outline has none."""
    holed = Polygon(box(0, 0, 9, 9).exterior.coords, [box(1, 1, 2, 2).exterior.coords])
    districts = plan.problem.region.districts.set_geometry([MultiPolygon([holed, box(20, 0, 21, 1)]), None])
    rings = layers.districts(replace(plan.problem.region, districts=districts)).data["districts"]["rings"]
    assert [len(parts) for parts in rings] == [3, 0]
    assert all(len(ring) == 8 for ring in rings[0])


def test_layers_are_one_function_each(plan: Plan) -> None:
    """Districts, people, today, plan, actions and who is served from where are layers of the page, in one control."""
    page = plan.map().html()
    drawn = re.findall(r'netplan\.layer\("(\w+)"', page)
    assert drawn == ["actions", "cells", "served", "today", "plan", "candidates", "roads", "districts", "names"]
    shown = re.findall(r'netplan\.layer\("(\w+)", "[^"]*"\)\.addTo\(map_plan\)', page)
    assert shown == ["actions", "cells", "roads", "districts", "names"]


def test_same_plan_same_page(plan: Plan) -> None:
    """Two maps of one plan are the same file, so a page can be compared and cached."""
    assert plan.map().html() == plan.map().html()


def test_what_is_modelled_is_said(plan: Plan) -> None:
    """The page says that outlines are simplified, which tables are modelled, and whom to credit."""
    data = block_of(plan.map().html())
    assert "Simplified outlines, not an official map." in data["credit"]
    assert "Modelled, not observed: nodes." in data["credit"]
    assert "the netplan developers" in data["credit"]
    assert data["sources"] == [
        "Nodes: made up for the tests; the netplan developers; licence MIT. six places on one road"
    ]


def test_the_panel_states_what_was_proven(plan: Plan) -> None:
    """Status, objective and bound are told in words; a plan that no solver made claims nothing."""
    assert block_of(plan.map().html())["status"]["text"] == "Proven best plan"
    assert plan.certificate is not None
    stopped = replace(plan, certificate=replace(plan.certificate, status="time_limit", bound=100_000.0))
    status = block_of(stopped.map().html())["status"]
    assert status["kind"] == "partial"
    assert status["text"].startswith("Stopped at the time limit, within 5")
    nothing = replace(plan, certificate=replace(plan.certificate, status="interrupted", bound=None))
    assert "not known" in block_of(nothing.map().html())["status"]["text"]
    assert block_of(replace(plan, certificate=None).map().html())["status"] is None


def test_own_folium_elements_can_be_added(plan: Plan) -> None:
    """The map is a folium map: a planner's own circle is drawn, in the script before the page starts."""
    page = plan.map()
    folium.Circle((0, 10.1), radius=900).add_to(page)
    text = page.html()
    assert text.index("L.circle(") < text.index("netplan.start(map_plan)")


def test_elements_with_remote_files_are_refused(plan: Plan) -> None:
    """A folium plugin that loads scripts from a host cannot be added without notice: the page would break offline."""
    page = plan.map()
    folium.plugins.MarkerCluster().add_to(page)
    with pytest.raises(InputError, match=r"network cut.*http"):
        page.html()


def test_notebooks_get_a_sandboxed_frame(plan: Plan) -> None:
    """In a notebook the page lives in a frame of its own that cannot reach the notebook."""
    frame = plan.map()._repr_html_()
    found = re.fullmatch(r'<iframe srcdoc="([^"]*)" sandbox="allow-scripts allow-modals".*</iframe>', frame, re.DOTALL)
    assert found
    assert html.unescape(found[1]) == plan.map().html()


def test_save_writes_the_page(plan: Plan, tmp_path: Path) -> None:
    """`save` takes a path or a binary file; a folder that does not exist is the planner's mistake, told as such."""
    page = plan.map()
    page.save(tmp_path / "map.html")
    with (tmp_path / "other.html").open("wb") as stream:
        page.save(stream, close_file=False)
    assert (tmp_path / "map.html").read_bytes() == (tmp_path / "other.html").read_bytes()
    with pytest.raises(InputError, match="cannot be written here"):
        page.save(tmp_path / "no" / "map.html")


def test_the_title_is_text() -> None:
    """A title that tries to be markup, or is no valid text, stays a title."""
    page = PlanMap(
        "</title><script>x</script>\ud800", (MapLayer("names", "Names"),), {"bounds": [[0, 0], [1, 1]]}
    ).html()
    assert "<title>&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;?</title>" in page


@pytest.mark.browser
@needs_chromium
def test_the_page_opens_with_the_network_cut(plan: Plan, tmp_path: Path) -> None:
    """In Chromium: ready, silent console, no request, all layers on one control, both canvases painted."""
    plan.map().save(tmp_path / "map.html")
    question = """(() => {
        const inked = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v);
        return {
            ready: document.body.dataset.ready,
            requests: performance.getEntriesByType("resource").length,
            layers: [...document.querySelectorAll("#legend .layer-title")].map((node) => node.textContent),
            painted: [...document.querySelectorAll(".leaflet-pane canvas")].map(inked),
            legend: [...document.querySelectorAll("#legend .layer li")].slice(0, 5).map((node) => node.textContent),
            title: document.title,
            figures: document.querySelectorAll("#figures tbody tr").length,
            standards: [...document.querySelectorAll("#standards li")].map((node) => node.className),
        };
    })()"""
    seen = visit(tmp_path / "map.html", question, tmp_path)
    assert seen.console == []
    assert seen.answer == {
        "ready": "yes",
        "requests": 0,
        "layers": [
            "Actions",
            "People and travel",
            "Who is served from where",
            "Today's network",
            "The plan's network",
            "Candidates not taken up",
            "Roads",
            "Districts",
            "Names",
        ],
        "painted": [True, True],
        "legend": ["Keep2", "Convert0", "Open1", "Relocate1", "Close1"],
        "title": "Unten Lower · Oben Upper",
        "figures": 11,
        "standards": ["met", "met", "met"],
    }


@pytest.mark.browser
@needs_chromium
def test_hostile_names_are_shown_as_text(hostile: Plan, tmp_path: Path) -> None:
    """Names made of script, template and attribute code appear letter by letter, and none of it runs or becomes markup."""
    hostile.map().save(tmp_path / "map.html")
    question = """(() => {
        const shown = [];
        for (let s = 0; s < netplan.sites.count; s += 1) {
            netplan.select(s, false);
            shown.push([netplan.sites.name[s], document.querySelector(".popup h3").textContent]);
        }
        for (let i = 0; i < netplan.nodes.count; i += 1) {
            netplan.selectNode(i, false);
            shown.push([netplan.nodes.name[i], document.querySelector(".popup h3").textContent]);
        }
        for (const layer of netplan.layers) netplan.map.addLayer(layer.layer);
        const box = document.getElementById("search");
        box.value = "owned";
        box.dispatchEvent(new Event("input"));
        return {
            owned: window.owned === undefined,
            shown: shown,
            markup: document.querySelectorAll("img, b, [onerror]").length,
            found: [...document.querySelectorAll("#results li span:first-child")].map((node) => node.textContent),
        };
    })()"""
    seen = visit(tmp_path / "map.html", question, tmp_path)
    assert seen.console == []
    assert seen.answer["owned"] is True
    assert seen.answer["markup"] == 0
    assert len(seen.answer["shown"]) == 13
    assert all(text == name for name, text in seen.answer["shown"])
    assert set(HOSTILE) <= {name for name, _ in seen.answer["shown"]}
    assert seen.answer["found"]
    assert all("owned" in text for text in seen.answer["found"])


@pytest.mark.browser
@needs_chromium
def test_pointing_searching_and_switching(plan: Plan, tmp_path: Path) -> None:
    """A click opens the outlet under it, search goes to a cell, switching a layer or an action off hides it."""
    plan.map().save(tmp_path / "map.html")
    question = """(() => {
        const map = netplan.map, at = (k) => map.latLngToContainerPoint([netplan.sites.lat[k], netplan.sites.lon[k]]);
        const click = (point) => {
            const box = map.getContainer().getBoundingClientRect();
            const where = { clientX: box.left + point.x, clientY: box.top + point.y, bubbles: true, view: window };
            for (const type of ["mousedown", "mouseup", "click"]) map.getContainer().dispatchEvent(new MouseEvent(type, where));
        };
        const said = {}, site = (id) => netplan.sites.id.indexOf(id);
        click(at(site("O2")));
        said.closed = document.querySelector(".popup").textContent;
        said.customers = netplan.catchment(site("O2")).map((link) => netplan.nodes.id[link.node] + ">" + netplan.sites.id[link.site]);
        netplan.select(site("O3"), false);
        document.querySelector(".popup .link").click();
        said.target = document.querySelector(".popup").textContent;
        const box = document.getElementById("search");
        box.value = "n5";
        box.dispatchEvent(new Event("input"));
        box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
        said.cell = document.querySelector(".popup").textContent;
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
        said.unselected = netplan.state.selected + netplan.state.selectedNode;
        const boxes = [...document.querySelectorAll("#legend .layer input[type=checkbox]")];
        said.before = netplan.shownSites().length;
        boxes.find((input) => input.parentElement.textContent === "Close").click();
        said.withoutClosed = netplan.shownSites().length;
        document.querySelector("#legend .layer input").click();
        said.withoutActions = netplan.shownSites().length;
        document.querySelectorAll("#legend input[name=service]")[2].click();
        document.querySelectorAll("#legend input[name=cells]")[3].click();
        said.mode = netplan.state.cells + netplan.state.service;
        said.note = document.querySelector("#legend .layer .fine").textContent;
        window.dispatchEvent(new Event("beforeprint"));
        said.paper = document.querySelectorAll(".paper").length;
        window.dispatchEvent(new Event("afterprint"));
        said.after = document.querySelectorAll(".paper").length;
        return said;
    })()"""
    seen = visit(tmp_path / "map.html", question, tmp_path)
    assert seen.console == []
    said = seen.answer
    assert "error" not in said
    assert said["closed"].startswith("Hill-streetO2 · Port, Unten LowerCloseLeicht Light")
    assert said["customers"] == ["N2>O1"]
    assert "Takes over from Mill-market" in said["target"]
    assert said["cell"].startswith("PassN5 · Pass, Oben Upper200 people, rural")
    assert "cashLake-shop, 15.0 minPass-hall, 0.0 min" in said["cell"]
    assert said["unselected"] == -2
    assert (said["before"], said["withoutClosed"], said["withoutActions"]) == (5, 4, 0)
    assert said["mode"] == "change2"
    assert said["note"] == "Plan less today, one-way minutes for advice"
    assert (said["paper"], said["after"]) == (1, 0)


@pytest.mark.browser
@needs_chromium
def test_a_bare_region_opens(tmp_path: Path) -> None:
    """Without outlines, roads, candidates, hosts, bases and vans, and before any plan, the region still draws."""
    tables = tiny_tables()
    for stem in ("road_nodes", "road_edges", "candidates", "vans", "bases"):
        del tables[stem]
    tables["outlets"] = tables["outlets"].head(3)
    region = Region.from_tables(name="Bare", currency="EUR", tables=tables)
    region_map(region).save(tmp_path / "map.html")
    question = """({ ready: document.body.dataset.ready, layers: netplan.layers.map((layer) => layer.key),
        rows: [...document.querySelectorAll("#figures tbody tr")].slice(0, 2).map((row) => row.textContent) })"""
    seen = visit(tmp_path / "map.html", question, tmp_path)
    assert seen.console == []
    assert seen.answer == {
        "ready": "yes",
        "layers": ["today", "cells", "districts", "names"],
        "rows": ["People3,100", "urbanpeople2,100"],
    }


def test_the_region_map_shows_what_is_there(tmp_path: Path) -> None:
    """Before planning: today's outlets, candidates, roads, people, and no decision."""
    region = tiny_region(tmp_path / "region", settings=SETTINGS.replace('"Tiny"', '"Tiny 小"'))
    data = block_of(region_map(region).html())
    assert data["title"] == "Unten Lower · Oben Upper"
    assert data["kicker"] == "Tiny 小 · region"
    assert data["sites"]["is_candidate"] == [0, 0, 0, 0, 1, 1, 1]
    assert set(data["sites"]["action"]) == {-1}
    assert data["bounds"] == [[-0.05, 9.95], [0.05, 10.4]]
    assert len(data["roads"]["from"]) == 5
