"""The house keeps its order: imports point down, public names stay, nothing private leaks."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import netplan

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "netplan"
MODULES = sorted(PACKAGE.rglob("*.py"))

FRONT_DOORS = {("plan", "evaluate"), ("plan", "explain"), ("plan", "maps"), ("plan", "outputs"), ("plan", "result")}
"""`plan.scorecard`, `plan.explained()`, `plan.map()`, `plan.write()`: one line each, imported when called; and the type of
`plan.certificate`."""

PUBLIC = {
    "AuditError",
    "InfeasibleError",
    "InputError",
    "NetplanError",
    "Plan",
    "PlanningProblem",
    "Policy",
    "Progress",
    "Region",
    "Result",
    "Scorecard",
    "SolverError",
    "check_region",
    "evaluate",
    "explain",
    "read_policy",
    "read_region",
    "region_map",
    "solve",
}


def room_of(module: str) -> str:
    """netplan.travel.minutes -> travel; netplan.policy -> policy; netplan itself -> netplan."""
    return [*module.split("."), ""][1] or module


def module_name(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floors() -> dict[str, int]:
    """The rooms and their floor, as the picture in docs/architecture.md draws them."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = re.search(r"<!-- floors -->\n```text\n(.*?)```", page, re.DOTALL)
    assert picture, "docs/architecture.md lost its picture of the floors"
    lines = [line.split("  ")[0].split() for line in picture[1].splitlines() if line.strip()]
    return {room: floor for floor, rooms in enumerate(lines) for room in rooms}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports, and whether that happens inside a function or for type checking only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = {id(node) for node in _at_import(tree)}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = str(node.module)
            names = [f"netplan.{alias.name}" for alias in node.names] if base == "netplan" else [base]
        yield from ((name, id(node) not in at_once) for name in names)


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _at_import(child)


def test_every_room_has_a_floor() -> None:
    """docs/architecture.md draws every module and package of netplan, and none that does not exist."""
    rooms = {room_of(module_name(path)) for path in MODULES} - {"netplan", "__main__"}
    assert set(floors()) == rooms


def test_imports_point_down() -> None:
    """A room imports rooms above it in the picture only, save the front doors of a plan, which import when called."""
    floor = floors()
    wrong = []
    for path in MODULES:
        room = room_of(module_name(path))
        if room in {"netplan", "__main__"}:
            continue
        for name, is_late in imports(path):
            target = room_of(name)
            if name.split(".")[0] != "netplan" or target == room or (is_late and (room, target) in FRONT_DOORS):
                continue
            if target not in floor or floor[target] >= floor[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_audit_shares_nothing_with_the_model() -> None:
    """evaluate/ imports neither the formulation nor the solver, and never reads the problem's rows or columns."""
    for path in sorted((PACKAGE / "evaluate").rglob("*.py")):
        rooms = {room_of(name) for name, _ in imports(path)}
        assert not rooms & {"formulation", "solve", "rows", "columns", "customers", "ledger"}, path
        assert not re.search(r"problem\.(rows|columns)\b", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("pulp", {"engine", "formulation", "solve"}),
        ("highspy", {"engine", "formulation", "solve"}),
        ("folium", {"maps"}),
        ("branca", {"maps"}),
        ("typer", {"cli"}),
        ("pandera", {"tables", "checks", "docs_tables"}),
    ],
)
def test_libraries_stay_in_their_rooms(library: str, rooms: set[str]) -> None:
    """A library that could leak everywhere is imported where it belongs only."""
    found = {
        room_of(module_name(path))
        for path in MODULES
        if any(name.split(".")[0] == library for name, _ in imports(path))
    }
    assert found <= rooms
    assert found, f"nothing imports {library}: drop it here and in pyproject.toml"


def test_every_library_is_declared() -> None:
    """What netplan imports from outside is a dependency in pyproject.toml, not a guest of another package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w-]", line)[0].lower() for line in project["dependencies"]}
    used = {name.split(".")[0] for path in MODULES for name, _ in imports(path)}
    foreign = {name.lower() for name in used if name not in sys.stdlib_module_names and name != "netplan"}
    assert foreign - {"xstatic"} <= declared


def test_public_names() -> None:
    """The names users import from netplan: adding one is a decision, removing one needs a migration note."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    exported = {
        str(alias.asname)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert exported == PUBLIC | {"__version__"}
    assert all(hasattr(netplan, name) for name in exported)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    """No module over 400 lines, no function over 40 lines of code, no name that says nothing."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert path.stem not in {"utils", "helpers", "common", "misc", "manager", "engine"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            assert not re.search(r"(Manager|Helper|Engine|Utils)$", node.name), node.name
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node, text.splitlines()) <= 40, f"{node.name}: too long"


def code_lines(function: ast.FunctionDef, lines: list[str]) -> int:
    """Lines of a function's body without its docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    inside = lines[body[0].lineno - 1 : function.end_lineno] if body else []
    return sum(1 for line in inside if line.strip() and not line.strip().startswith("#"))


def tracked_files() -> list[Path]:
    """What a commit would hold."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_nothing_private_is_published() -> None:
    """No file names a machine's folders or a package registry's host: what is fetched is fetched by the ordinary clients."""
    hosts = ("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "npm" + "mirror")
    folders = ("/ho" + r"me/\w", "/ro" + r"ot/\w", "/wo" + r"rk/\w", "/Us" + r"ers/\w", "C:" + r"\\Users")
    private = re.compile("|".join(hosts + folders))
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in private.finditer(text)]
    assert not found, "\n".join(found)


def test_text_files_are_plain() -> None:
    """Every text file is UTF-8 without BOM, has LF line ends and ends with one."""
    suffixes = {
        ".py",
        ".toml",
        ".md",
        ".csv",
        ".geojson",
        ".json",
        ".js",
        ".css",
        ".html",
        ".yaml",
        ".ipynb",
        ".txt",
        ".lp",
    }
    wrong = []
    for path in tracked_files():
        if path.suffix in suffixes:
            content = path.read_bytes()
            content.decode("utf-8")
            if content.startswith(b"\xef\xbb\xbf") or b"\r" in content or (content and not content.endswith(b"\n")):
                wrong.append(str(path.relative_to(ROOT)))
    assert not wrong
