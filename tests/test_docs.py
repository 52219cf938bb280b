"""The documentation says what the code does: generated parts are current, links lead somewhere, examples are accepted."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from netplan import docs_plan_file, policy
from netplan.tables import TABLES

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*.md")])
PLAN_FILE = docs_plan_file.PAGE.read_text(encoding="utf-8")
SECTIONS = re.findall(r"<!-- keys: (\w+) -->", PLAN_FILE)


def test_plan_file_page_is_current() -> None:
    """The key tables of docs/plan-file.md are what `make docs` writes from policy.py."""
    assert docs_plan_file.generated(PLAN_FILE) == PLAN_FILE


def test_generating_keeps_what_was_written_by_hand() -> None:
    """Only what stands between the markers is replaced."""
    page = "by hand\n<!-- keys: Scope -->\nstale\n<!-- end -->\nalso by hand\n"
    fresh = docs_plan_file.generated(page)
    assert fresh.startswith("by hand\n<!-- keys: Scope -->\n| key |")
    assert fresh.endswith("<!-- end -->\nalso by hand\n")
    assert "stale" not in fresh
    assert "| `districts` | list of text | empty | District ids; empty means the whole region. |" in fresh


def test_every_part_of_the_plan_file_has_a_section() -> None:
    """Each model of policy.py stands in the page once."""
    models = {
        name
        for name, kind in vars(policy).items()
        if isinstance(kind, type) and issubclass(kind, policy.BaseModel) and kind.__module__ == policy.__name__
    }
    assert sorted(SECTIONS) == sorted(models - {"Policy", "_Part"})


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_explained(section: str) -> None:
    """A key has a meaning in its table, or the text above the table speaks of it."""
    above = PLAN_FILE.split(f"<!-- keys: {section} -->")[0].rsplit("\n## ", 1)[-1]
    table = PLAN_FILE.split(f"<!-- keys: {section} -->")[1].split("<!-- end -->")[0]
    rows = [line.strip("|").split("|") for line in table.strip().splitlines()[2:]]
    spoken_of = {word for span in re.findall(r"`[^`\n]+`", above) for word in re.findall(r"\w+", span)}
    silent = [row[0].strip() for row in rows if not row[-1].strip() and row[0].strip(" `") not in spoken_of]
    assert not silent, f"[{section}] says nothing about {', '.join(silent)}"


def test_toml_examples_are_accepted() -> None:
    """Every plan file shown in the documentation is one."""
    examples = re.findall(r"```toml\n(.*?)```", PLAN_FILE, re.DOTALL)
    assert examples
    for example in examples:
        policy.parse_policy(tomllib.loads(example), origin="docs/plan-file.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the project, and its anchor a heading of that file."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_examples_are_python(page: Path) -> None:
    """Python shown in a page parses."""
    for example in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        ast.parse(example)


@pytest.mark.parametrize("name", ["README.md", "docs/own-data.md"])
def test_every_table_is_introduced(name: str) -> None:
    """Each input table is named where a newcomer looks for it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = [table.stem for table in TABLES if not re.search(rf"\b{table.stem}\b", text)]
    assert not missing


def test_make_targets_in_the_pages_exist() -> None:
    """`make X` in a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for command in re.findall(r"(?:`|^ {4})make ([a-z ]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            words = re.split(r" {2,}", command)[0].split()
            assert set(words) <= targets, f"{page.name}: make {command}"
