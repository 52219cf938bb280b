"""The files of a plan: their content, and that they appear together or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from tiny_plan import hostile_tables, tiny_plan

from netplan.errors import InputError
from netplan.evaluate import today
from netplan.outputs import changed_outputs, prepare_output, staging, write, write_outputs
from netplan.outputs.geopackage import distinct_names, main_outlet
from netplan.outputs.plan_json import plain, plan_document, write_json
from netplan.outputs.staging import OUTPUTS, digest
from netplan.plan import Plan

COSTS = (
    *("running", "van", "opening", "closing", "severance", "lease_break", "disposal", "conversion", "relocation"),
    *("transition", "access_time", "day_wait", "unserved", "overflow", "lost_margin", "won_margin", "standards"),
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The tiny plan: O1 and O4 kept, O2 closed, O3 moved to C1, C2 opened."""
    return tiny_plan(tmp_path_factory.mktemp("tiny") / "region")


@pytest.fixture(scope="module")
def written(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files."""
    return plan.write(tmp_path_factory.mktemp("written") / "out")


def test_a_scorecard_is_worked_out_once_and_anew_for_a_changed_plan(plan: Plan) -> None:
    """The plan keeps it, the explained plan has the same one; a plan with another network does not take it along."""
    fresh = replace(plan, reasons=())
    card = fresh.scorecard
    assert fresh.scorecard is card
    assert fresh.explained().scorecard is card
    closed = replace(fresh, format_after=("", *fresh.format_after[1:]))
    assert closed.scorecard.after.physical_outlets == card.after.physical_outlets - 1


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def run_into(out: Path, text: str = "new") -> None:
    """A run that writes short files in place of the real ones."""
    with staging.staging(out) as stage:
        for name in OUTPUTS:
            (stage / name).write_text(f"{text} {name}", encoding="utf-8")


def strict(text: str) -> dict[str, object]:
    """JSON as the standard has it: NaN and Infinity are refused."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    document: dict[str, object] = json.loads(text, parse_constant=refuse)
    return document


def test_all_files_are_there(written: Path) -> None:
    """plan.json, assignments.parquet, plan.gpkg, plan.xlsx and map.html, and nothing else."""
    assert set(contents(written)) == set(OUTPUTS)
    assert [path.name for path in written.parent.iterdir()] == ["out"]


def test_plan_json_holds_what_others_rely_on(plan: Plan, written: Path) -> None:
    """Schema, inputs, versions, options, certificate, costs, scorecard, actions, standards, conflicts."""
    document = strict((written / "plan.json").read_text(encoding="utf-8"))
    certificate = plan.certificate
    assert certificate is not None
    assert document["schema"] == "netplan.plan/1"
    assert document["inputs"] == dict(plan.problem.region.files)
    assert len(document["inputs"]["nodes.csv"]) == 64  # type: ignore[index]
    assert {"netplan", "python", "highspy", "pulp"} <= set(document["versions"])  # type: ignore[call-overload]
    assert document["options"]["gap"] == 1e-4  # type: ignore[index]
    for name in ("status", "objective", "bound", "gap", "seconds", "method"):
        assert document[name] == getattr(certificate, name)
    assert document["conflicts"] == []
    assert document["policy"]["budget"]["capital"] == 600_000  # type: ignore[index]


def test_costs_sum_to_the_objective(written: Path) -> None:
    """Every component of the objective is there, and they add up to it."""
    document = strict((written / "plan.json").read_text(encoding="utf-8"))
    costs: dict[str, float] = document["costs"]  # type: ignore[assignment]
    assert tuple(costs) == COSTS
    assert sum(costs.values()) == pytest.approx(document["objective"], rel=1e-6)
    before_and_after = document["scorecard"]
    assert set(before_and_after) == {"before", "after"}  # type: ignore[call-overload]
    assert before_and_after["after"]["costs"] == costs  # type: ignore[index]


def test_actions_and_standards_line_by_line(plan: Plan, written: Path) -> None:
    """One line an action with null for what does not apply; standards with target, before, after, met."""
    document = strict((written / "plan.json").read_text(encoding="utf-8"))
    lines = {line["site_id"]: line for line in document["actions"]}  # type: ignore[attr-defined]
    assert {site: line["action"] for site, line in lines.items()} == {
        "O1": "keep",
        "O2": "close",
        "O3": "relocate",
        "O4": "keep",
        "C2": "open",
    }
    assert lines["O3"]["relocate_to"] == "C1"
    assert (lines["O2"]["format_before"], lines["O2"]["format_after"]) == ("light", None)
    assert (lines["C2"]["format_before"], lines["C2"]["base_id"], lines["C2"]["van_id"]) == (None, "BASE1", None)
    assert all(line["reason"] for line in lines.values())
    standards = document["standards"]
    assert [line["id"] for line in standards] == ["near", "towns", "keep_last_outlet"]  # type: ignore[attr-defined]
    assert {"target", "before", "after", "met"} <= set(standards[0])  # type: ignore[index]


def test_a_plan_without_a_solver_claims_nothing(plan: Plan) -> None:
    """A plan made by hand is written with its measured objective and null for all that was not proven."""
    bare = replace(plan, certificate=None, reasons=())
    document = plan_document(bare, bare.scorecard, {}, {})
    assert document["objective"] == pytest.approx(plan.scorecard.after.objective)
    assert [document[name] for name in ("status", "bound", "gap", "seconds", "method")] == [None] * 5


def test_json_is_plain_and_strict(tmp_path: Path) -> None:
    """NaN and infinity become null, numpy's numbers Python's, dates text; half a character pair does not stop the writing."""
    value = {
        "a": float("nan"),
        "b": np.float64(1.5),
        "c": (np.int64(2), None, np.bool_(True)),
        4: Path("x"),
        "d": float("inf"),
    }
    assert plain(value) == {"a": None, "b": 1.5, "c": [2, None, True], "4": "x", "d": None}
    write_json({"name": "渝 \ud800"}, tmp_path / "x.json")
    assert strict((tmp_path / "x.json").read_text(encoding="utf-8")) == {"name": "渝 ?"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"x": float("nan")}, tmp_path / "y.json")


def test_assignments_are_the_plans(plan: Plan, written: Path) -> None:
    """node_id, service, site_id, share, minutes as text and doubles; unserved visits have neither site nor minutes."""
    table = pq.read_table(written / "assignments.parquet")
    assert [str(field.type) for field in table.schema] == ["string", "string", "string", "double", "double"]
    frame = table.to_pandas()
    assert list(frame.columns) == ["node_id", "service", "site_id", "share", "minutes"]
    expected = plan.assignments.reset_index(drop=True)
    assert frame["site_id"].fillna("").tolist() == expected["site_id"].tolist()
    pd.testing.assert_series_equal(frame["minutes"], expected["minutes"])
    assert table.column("site_id").null_count == table.column("minutes").null_count == 2


def test_geopackage_layers(plan: Plan, written: Path) -> None:
    """Sites with their action and reason, cells with minutes by service, districts, relocations; all in WGS-84."""
    path = written / "plan.gpkg"
    assert [name for name, _ in pyogrio.list_layers(path)] == ["sites", "nodes", "districts", "relocations"]
    layer = {name: gpd.read_file(path, layer=name) for name in ("sites", "nodes", "districts", "relocations")}
    assert all(frame.crs == "EPSG:4326" for frame in layer.values())
    sites = layer["sites"].set_index("site_id")
    assert sites["action"].to_dict() == {
        "O1": "keep",
        "O2": "close",
        "O3": "relocate",
        "O4": "keep",
        "C1": "",
        "C2": "open",
        "C3": "",
    }
    assert sites.loc["C1", "format_after"] == "light"
    assert sites.loc["O2", "visits_before"] > 0
    assert np.isnan(sites.loc["O2", "visits_after"])
    assert sites.loc["O2", "reason"].startswith("Must close")
    nodes = layer["nodes"].set_index("node_id")
    assert nodes["people"].tolist() == [1300, 800, 400, 300, 200, 100]
    assert nodes["minutes_counter"].tolist() == [0, 5, 10, 0, 0, 15]
    assert nodes["minutes_before_counter"].tolist()[:4] == [0, 0, 0, 10]
    assert nodes["site_cash"].tolist() == ["O1", "O1", "C1", "C1", "C2", "O4"]
    assert nodes["site_advice"].isna().tolist() == [False] * 4 + [True] * 2
    assert layer["districts"]["people"].tolist() == [2800, 300]
    assert layer["districts"].geometry.notna().all()
    move = layer["relocations"].iloc[0]
    assert (move["site_id"], move["relocate_to"], move["format"]) == ("O3", "C1", "light")
    assert list(move.geometry.coords) == [(10.10, 0.0), (10.14, 0.0)]


def test_geopackage_without_relocations_or_outlines(plan: Plan, tmp_path: Path) -> None:
    """Today's network has no relocation, a region may have no outlines: the layers are there all the same."""
    now = today(plan.problem)
    districts = plan.problem.region.districts
    bare = replace(plan.problem.region, districts=districts.set_geometry([None] * len(districts)))
    still = Plan(
        replace(plan.problem, region=bare),
        now.format_after,
        now.relocated_to,
        now.base_of,
        now.van_of,
        now.week_of,
        now.assignments,
    )
    write_outputs(still, tmp_path / "out")
    assert len(gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="relocations")) == 0
    assert gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="districts").geometry.isna().all()


def test_column_names_that_differ_by_case_only() -> None:
    """SQLite does not tell Cash from cash: the second gets a number, and names SQLite keeps for itself are left alone."""
    names = distinct_names(["minutes_Cash", "minutes_cash", "fid", "name"])
    assert names == {"minutes_Cash": "minutes_Cash", "minutes_cash": "minutes_cash_2", "fid": "fid_2", "name": "name"}


def test_the_main_outlet_has_the_largest_share() -> None:
    """Where visits are split, the map layer names the site that serves most of them."""
    split = pd.DataFrame(
        {
            "node_id": ["N1", "N1", "N2"],
            "service": ["cash", "cash", "cash"],
            "site_id": ["A", "B", ""],
            "share": [0.4, 0.6, 1.0],
            "minutes": [1.0, 2.0, np.nan],
        }
    )
    main = main_outlet(split, "cash")
    assert main.loc["N1"].tolist() == ["B", 2.0]
    assert main.loc["N2"].isna().all()


def test_hostile_names_survive_every_file(tmp_path: Path) -> None:
    """Names made of markup, formulas and control characters come back letter by letter from JSON and GeoPackage."""
    tables = hostile_tables()
    plan = tiny_plan(tmp_path / "region", tables)
    out = plan.write(tmp_path / "out")
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    names = dict(zip(plan.problem.sites["site_id"], plan.problem.sites["name"], strict=True))
    assert all(line["name"] == names[line["site_id"]] for line in document["actions"])
    assert gpd.read_file(out / "plan.gpkg", layer="sites")["name"].tolist() == plan.problem.sites["name"].tolist()


def test_companions_can_be_told_from_strangers(written: Path, tmp_path: Path) -> None:
    """plan.json records its companions' SHA-256: a whole folder is known, a file of another run is named."""
    assert changed_outputs(written) == ()
    recorded = json.loads((written / "plan.json").read_text(encoding="utf-8"))["outputs"]
    assert recorded == {name: digest(written / name) for name in OUTPUTS if name != "plan.json"}
    for name, content in contents(written).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "map.html").write_text("another", encoding="utf-8")
    (tmp_path / "plan.gpkg").unlink()
    assert changed_outputs(tmp_path) == ("plan.gpkg", "map.html")
    (tmp_path / "plan.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="not a plan that netplan wrote"):
        changed_outputs(tmp_path)


def test_a_second_run_replaces_and_leaves_strangers_alone(plan: Plan, tmp_path: Path) -> None:
    """Outputs are replaced, other files in the folder stay, and no staging folder is left."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    (out / "plan.json").write_text("old", encoding="utf-8")
    write_outputs(plan, out)
    assert set(contents(out)) == {*OUTPUTS, "notes.txt"}
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert changed_outputs(out) == ()
    assert list(tmp_path.iterdir()) == [out]


def test_a_failure_while_writing_changes_nothing(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a file cannot be made, the earlier outputs are as they were, byte by byte."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "plan.json").write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "write_workbook", fail)
    with pytest.raises(InputError, match=r"No space left on device.*unchanged"):
        write_outputs(plan, out)
    assert contents(tmp_path) == {"out/plan.json": b"old"}
    with pytest.raises(InputError, match="No space left"):
        write_outputs(plan, tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("failing", OUTPUTS)
def test_a_failure_while_moving_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """When the n-th file cannot be moved in, the files before it are the earlier ones again, and new ones are gone."""
    out = tmp_path / "out"
    out.mkdir()
    for name in OUTPUTS[::2]:
        (out / name).write_text(f"old {name}", encoding="utf-8")
    earlier = contents(tmp_path)
    move = Path.replace

    def stumble(path: Path, target: Path) -> Path:
        if path.name == failing and path.parent.name != "earlier":
            raise PermissionError(1, "Operation not permitted")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", stumble)
    with pytest.raises(InputError, match="Operation not permitted"):
        run_into(out)
    assert contents(tmp_path) == earlier


def test_plan_json_is_moved_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sees the new plan.json sees its companions too."""
    moved = []
    move = Path.replace

    def watch(path: Path, target: Path) -> Path:
        moved.append(target.name)
        return move(path, target)

    monkeypatch.setattr(Path, "replace", watch)
    run_into(tmp_path / "out")
    assert moved == list(OUTPUTS)
    assert moved[-1] == "plan.json"


KILLED = """
import os, signal, sys
from pathlib import Path
from netplan.outputs.staging import staging
with staging(Path(sys.argv[1])) as stage:
    (stage / "plan.json").write_text("half", encoding="utf-8")
    print(stage.name, flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def test_a_killed_run_leaves_the_old_files_and_is_swept_up(tmp_path: Path) -> None:
    """After SIGKILL the earlier plan stands; the next run removes the leftover."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "plan.json").write_text("old", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", KILLED, str(out), "die"], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert contents(tmp_path) == {"out/plan.json": b"old", f"{done.stdout.strip()}/plan.json": b"half"}
    run_into(out)
    assert list(tmp_path.iterdir()) == [out]


def test_a_run_in_progress_is_not_swept_up(tmp_path: Path) -> None:
    """The staging folder of a run that is still alive is left alone, and that run can end well."""
    out = tmp_path / "out"
    other = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(out), "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    stage = other.stdout.readline().strip()
    run_into(out)
    assert (tmp_path / stage / "plan.json").is_file()
    other.communicate("")
    assert other.returncode == 0
    assert (out / "plan.json").read_text(encoding="utf-8") == "half"
    assert list(tmp_path.iterdir()) == [out]


def test_staging_moves_inside_where_it_cannot_stand_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose parent cannot be written (a mount of its own) is staged within itself."""
    out = tmp_path / "out"
    with staging.staging(out) as stage:
        assert stage.parent == tmp_path
    out.mkdir(exist_ok=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with staging.staging(out) as stage:
        assert stage.parent == out
        (stage / "plan.json").write_text("new", encoding="utf-8")
    assert contents(tmp_path) == {"out/plan.json": b"new"}


def test_links_and_locks_are_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without hard links or locks the swap still works, and still undoes itself."""

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    flush = staging._flush
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(staging.fcntl, "flock", refuse)
    run_into(tmp_path / "out", "old")
    earlier = contents(tmp_path)
    assert len(earlier) == len(OUTPUTS)
    # The very last step fails, when every file is already moved.
    monkeypatch.setattr(staging, "_flush", lambda path: refuse() if path.is_dir() else flush(path))
    with pytest.raises(InputError, match="Operation not supported"):
        run_into(tmp_path / "out", "new")
    assert contents(tmp_path) == earlier


def test_folders_that_cannot_work_are_refused_before_solving(tmp_path: Path) -> None:
    """A file, a folder in a file, a link to nothing, a folder where a file must go, a place that cannot be written."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "out" / "map.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    for path, words in (
        (tmp_path / "file", "is a file; name a folder"),
        (tmp_path / "file" / "deep" / "out", "is a file, so no folder can be made in it"),
        (tmp_path / "link", "is a link to nothing"),
        (tmp_path / "out", "map.html: is a folder where a file must go"),
        (Path("/proc/netplan/out"), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            prepare_output(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_preparing_creates_nothing(plan: Plan, tmp_path: Path) -> None:
    """Checking a folder leaves no trace; missing folders are made when there is something to put in."""
    prepare_output(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []
    assert write_outputs(plan, tmp_path / "a" / "b" / "c") == tmp_path / "a" / "b" / "c"
    assert set(contents(tmp_path / "a" / "b" / "c")) == set(OUTPUTS)


def test_names_with_pattern_characters_are_plain_names(tmp_path: Path) -> None:
    """A folder called out[1]* sweeps up its own leftovers, and no other folder's."""
    out, stranger = tmp_path / "out[1]*", tmp_path / ".out1x.partial-abc"
    stranger.mkdir()
    leftover = tmp_path / ".out[1]*.partial-abc"
    leftover.mkdir()
    run_into(out)
    assert sorted(tmp_path.iterdir()) == sorted([out, stranger])
