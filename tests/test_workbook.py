"""The workbook: every sheet says what the plan says, text stays text, and any spreadsheet can open it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from tiny_plan import tiny_plan

from netplan.figures import Figure, key_figures, standard_figures, standard_words, status_words
from netplan.plan import Plan
from netplan.policy import Standard
from netplan.report import write_workbook
from netplan.report.cells import LONGEST_TEXT, put, safe_text
from netplan.report.rural import rural_visits

FORMULAS = ("=1+1", "+1", "-1+2", "@SUM(A1)", '=HYPERLINK("http://example.com","x")', "\tx", "\rx")
SHEETS = [
    "Summary",
    "Actions",
    "Districts",
    "Standards",
    "Service by outlet",
    "Bases and vans",
    "Method and sources",
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The tiny plan: O1 and O4 kept, O2 closed, O3 moved to C1, C2 opened as a counter of BASE1."""
    return tiny_plan(tmp_path_factory.mktemp("tiny") / "region")


@pytest.fixture(scope="module")
def book(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Its workbook, read back."""
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(plan, plan.scorecard, path)
    return openpyxl.load_workbook(path)


def rows(sheet: Worksheet) -> list[dict[str, object]]:
    """A sheet that is one table, as records."""
    head, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), line, strict=True)) for line in lines]


def labelled(sheet: Worksheet) -> dict[object, tuple[object, ...]]:
    """The rest of each line of a sheet by its first cell."""
    return {line[0]: line[1:] for line in sheet.iter_rows(values_only=True) if line[0] is not None}


def test_the_sheets(book: Workbook) -> None:
    """Summary, actions, districts, standards, service by outlet, bases and vans, method and sources."""
    assert book.sheetnames == SHEETS


def test_the_summary_adds_up(plan: Plan, book: Workbook) -> None:
    """The components of the objective sum to it, today and in the plan, and the certificate is the plan's."""
    lines, card = labelled(book["Summary"]), plan.scorecard
    for at, score in enumerate((card.before, card.after)):
        parts = [lines[name.replace("_", " ")][at] for name in score.costs]
        assert sum(map(float, parts)) == pytest.approx(score.objective)  # type: ignore[arg-type]
        assert lines["sum"][at] == pytest.approx(score.objective)
    assert lines["Objective"][0] == pytest.approx(plan.scorecard.after.objective)
    assert lines["Gap"][0] == pytest.approx(plan.certificate.gap)  # type: ignore[union-attr]
    assert lines["Proven best plan"] is not None
    assert [lines[action][0] for action in ("keep", "close", "convert", "relocate", "open")] == [2, 1, 0, 1, 1]
    assert lines["Physical outlets"][:3] == (3, 3, 0)


def test_every_action_has_its_line(plan: Plan, book: Workbook) -> None:
    """One line an action, in names a planner knows, with visits, reversal and reason."""
    lines = {line["site_id"]: line for line in rows(book["Actions"])}
    assert list(lines) == plan.actions["site_id"].tolist()
    moved, closed, opened = lines["O3"], lines["O2"], lines["C2"]
    assert (moved["action"], moved["relocates to"], moved["format in the plan"]) == ("relocate", "C1", "Leicht")
    assert (moved["district"], moved["township"]) == ("Unten", "Mill")
    assert moved["visits a year in the plan"] == 2400 + 750
    assert (closed["format today"], closed["format in the plan"], closed["visits a year in the plan"]) == (
        "Leicht",
        None,
        None,
    )
    assert (opened["base"], opened["van"], opened["format today"]) == ("BASE1", None, None)
    reason = {each.site_id: each for each in plan.reasons}["O2"]
    assert closed["if reversed: objective, EUR a year"] == pytest.approx(reason.cost_per_year)
    assert closed["if reversed: people who go elsewhere"] == pytest.approx(reason.people)
    assert closed["reason"] == reason.text


def test_actions_can_be_filtered_and_are_marked(book: Workbook) -> None:
    """The header is frozen and filters, every action has a colour of its own, and numbers have a format."""
    sheet = book["Actions"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:T6"
    colours = {sheet.cell(at, 5).value: sheet.cell(at, 5).font.color.rgb for at in range(2, 7)}
    assert len(set(colours.values())) == len(colours) == 4
    assert sheet["L2"].number_format == "#,##0"
    assert sheet.column_dimensions["T"].width > 60


def test_a_plan_without_reasons_has_blank_reversals(plan: Plan, tmp_path: Path) -> None:
    """Before it is explained, a plan's workbook leaves the reversal columns blank rather than zero."""
    write_workbook(replace(plan, reasons=(), certificate=None), plan.scorecard, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert all(line["if reversed: objective, EUR a year"] is None for line in rows(book["Actions"]))
    assert book["Summary"]["A2"].value == "A plan that no solver made; nothing is proven about it"


def test_districts_count_their_own(plan: Plan, book: Workbook) -> None:
    """Actions and people of each district, today and plan side by side."""
    lower, upper = rows(book["Districts"])
    assert (lower["name"], lower["name in English"], lower["people"]) == ("Unten", "Lower", 2800)
    assert (lower["close"], lower["relocate"], lower["open"], upper["open"]) == (1, 1, 0, 1)
    assert (upper["physical outlets, today"], upper["physical outlets, plan"]) == (0, 1)
    assert lower["cash cost, EUR a year, plan"] + upper["cash cost, EUR a year, plan"] == pytest.approx(  # type: ignore[operator]
        plan.scorecard.after.cash_cost
    )


def test_standards_in_words(book: Workbook) -> None:
    """Each standard of the plan file, and the default one, says what is owed and whether it is met."""
    near, towns, last = rows(book["Standards"])
    assert near["standard"] == "50% of rural people within 15 minutes of cash"
    assert (near["kind"], near["target"], near["met by the plan"]) == ("soft", "50.0%", "yes")
    assert (towns["standard"], towns["today"], towns["plan"]) == ("Every township has a physical outlet", "2 of 3", "3")
    assert last["standard"] == "No township loses its last physical outlet"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"service": "cash", "kilometres": 1.609, "share": 0.95, "group": "urban", "any_bank": True},
            "95% of urban people within 1.609 km of cash, any bank",
        ),
        (
            {"service": "counter", "minutes": 30, "share": 0.8, "group": "elderly", "only": ("staffed", "step_free")},
            "80% of elderly within 30 minutes of counter, staffed and step-free",
        ),
        (
            {"service": "cash", "minutes": 30, "share": 1, "districts": ("A", "B"), "min_days_per_week": 2},
            "100% of people in A, B within 30 minutes of cash, open 2 days a week or more",
        ),
        (
            {"kind": "spacing", "kilometres": 0.5, "formats": ("full", "light")},
            "No two full, light within 0.5 km of each other, unless both stand today",
        ),
        ({"kind": "township", "districts": ("A",)}, "Every township in A has a physical outlet"),
    ],
)
def test_standards_are_told_as_a_planner_would(keys: dict[str, object], words: str) -> None:
    """Group, place, distance, service and conditions of a standard are all in its sentence."""
    assert standard_words(Standard.model_validate({"id": "x", **keys})) == words


def test_service_by_outlet(plan: Plan, book: Workbook) -> None:
    """Visits, cells, minutes and use of capacity of every outlet and class, closed outlets included."""
    lines = {(line["site_id"], line["service"]): line for line in rows(book["Service by outlet"])}
    assert lines["C1", "cash"]["cells served"] == 2
    assert lines["C1", "cash"]["visits a year in the plan"] == 2400
    assert lines["C1", "cash"]["mean minutes, one way"] == pytest.approx(1500 * 10 / 2400)
    assert lines["C1", "cash"]["share of capacity"] == pytest.approx(0.48)
    assert lines["O2", "cash"]["visits a year in the plan"] is None
    assert lines["O2", "cash"]["visits a year today"] > 0  # type: ignore[operator]


def test_bases_and_counters(plan: Plan, book: Workbook) -> None:
    """BASE1 at O1 sends two of its two staff-days to the counter C2, 65 minutes away; the van stays idle."""
    lines = labelled(book["Bases and vans"])
    assert lines["BASE1"][:5] == ("O1", "Port-centre", 2, 2, 1)
    assert lines["V1"][:5] == ("BASE1", "no", 1, 0, 20_000)
    assert lines["C2"][:7] == ("Pass-hall", "Schalter", "BASE1", None, None, 2, 65)


def test_van_stops_name_base_and_weeks(plan: Plan) -> None:
    """A van stop is listed with the base of its van, the weeks in words and the minutes from there."""
    at = list(plan.problem.sites["site_id"]).index("C2")
    only = {"format_after": "van_weekly", "van_of": "V1", "week_of": "every", "base_of": ""}
    parts = {
        name: tuple(value if s == at else now for s, now in enumerate(getattr(plan, name)))
        for name, value in only.items()
    }
    line = rural_visits(replace(plan, **parts)).iloc[0]  # type: ignore[arg-type]
    assert (line["base_id"], line["weeks"], line["days_per_week"], line["minutes"]) == ("BASE1", "every week", 1, 65)


def test_method_and_sources(plan: Plan, book: Workbook) -> None:
    """Sources with licence and whether modelled, the files read with their SHA-256, and the run's options."""
    lines = labelled(book["Method and sources"])
    assert lines["nodes"][:4] == ("made up for the tests", "MIT", "the netplan developers", "yes")
    assert lines["nodes.csv"][0] == plan.problem.region.files["nodes.csv"]
    assert lines["gap"][0] == "0.0001"


def named(plan: Plan, names: Sequence[str]) -> Plan:
    """The same plan with other names for its sites."""
    return replace(plan, problem=replace(plan.problem, sites=plan.problem.sites.assign(name=list(names))))


def test_text_that_looks_like_a_formula_stays_text(plan: Plan, tmp_path: Path) -> None:
    """A name such as =1+1 is stored as a string with a quote prefix: no spreadsheet evaluates it, now or after an edit."""
    odd = named(plan, FORMULAS)
    write_workbook(odd, odd.scorecard, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    for at, name in enumerate(odd.actions["name"], start=2):
        cell = book["Actions"].cell(at, 2)
        assert (cell.value, cell.data_type, cell.quotePrefix) == (name.replace("\r", "_x000D_"), "s", True)
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets/" in name]
    assert len(sheets) == len(SHEETS)
    assert not any("<f>" in text for text in sheets)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("渝 Ж é 🏦", "渝 Ж é 🏦"),
        ("bell\x07 null\x00 escape\x1b", "bell\u2407 null\u2400 escape\u241b"),
        ("two\nlines\tand tab", "two\nlines\tand tab"),
        ("half \ud800 pair \uffff", "half \ufffd pair \ufffd"),
        ("_x0041_", "_x005F_x0041_"),
        ("x" * (LONGEST_TEXT + 5), "x" * (LONGEST_TEXT - 1) + "…"),
    ],
)
def test_any_text_can_be_stored(text: str, kept: str) -> None:
    """Control characters become visible, what XML cannot carry is replaced, escapes are escaped, long text is cut."""
    assert safe_text(text) == kept


def test_control_characters_make_a_valid_file(plan: Plan, tmp_path: Path) -> None:
    """A name with control characters still gives well-formed XML in every part of the file."""
    odd = named(plan, [f"{name}\x00\x1b[31m\uffff" for name in plan.problem.sites["name"]])
    write_workbook(odd, plan.scorecard, tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        for name in archive.namelist():
            ET.fromstring(archive.read(name))  # noqa: S314 (our own file)
    assert openpyxl.load_workbook(tmp_path / "x.xlsx")["Actions"]["B2"].value == "Port-centre\u2400\u241b[31m\ufffd"


def test_unknown_numbers_stay_blank() -> None:
    """NaN, infinity and None are blank cells, not text and not errors."""
    sheet = Workbook().create_sheet()
    for at, value in enumerate((float("nan"), float("inf"), None), start=1):
        assert put(sheet, at, 1, value).value is None
    assert put(sheet, 4, 1, 0.0).value == 0.0


def test_figures_read_as_a_reader_subtracts() -> None:
    """The change is the difference of the two printed texts, with its sign, and good or bad by what is hoped for."""
    figure = Figure("minutes", "", 16.64, 16.66, "less", 1)
    assert (figure.text(figure.before), figure.text(figure.after), figure.change_text) == ("16.6", "16.7", "+0.1")
    assert Figure("cost", "", 1_500_000, 1_200_000, "less").change_text == "\N{MINUS SIGN}300,000"
    assert Figure("cost", "", 2, 1, "less").is_better is True
    assert Figure("cost", "", 2, 1, "more").is_better is False
    assert Figure("cost", "", 2, 1).is_better is None
    assert Figure("same", "", 1.01, 1.02, "less", 1).is_better is None
    assert Figure("same", "", 1.01, 1.02, "less", 1).change_text == "±0"
    assert Figure("unknown", "", float("nan"), 1, "less").change_text == ""
    assert Figure("unknown", "", float("nan"), 1, "less").text(float("nan")) == "–"
    assert Figure("zero", "", -0.2, 0).text(-0.2) == "0"


def test_key_figures_share_a_unit(plan: Plan) -> None:
    """Money figures are told in one unit, chosen by the largest; the plan's own numbers come back from it."""
    figures = {figure.label: figure for figure in key_figures(plan.scorecard)}
    money = [figures[name] for name in ("Bank's cash cost", "Margin won", "Margin lost", "Capital, once")]
    assert {figure.unit for figure in money} == {"thousand EUR a year", "thousand EUR"}
    assert figures["Bank's cash cost"].after * 1000 == pytest.approx(plan.scorecard.after.cash_cost)
    assert figures["People within 30 minutes"].after == pytest.approx(100.0)
    assert len(standard_figures(plan.problem.policy, plan.scorecard)) == 3


@pytest.mark.parametrize(
    ("largest", "text", "unit"),
    [
        (9_999.0, "9,999", "a year"),
        (92_334.0, "92.3", "thousand a year"),
        (1_234_567.0, "1,235", "thousand a year"),
        (74_340_000.0, "74.34", "million a year"),
        (352_288_000.0, "352.3", "million a year"),
        (1_691_306_000.0, "1,691", "million a year"),
        (23_456_000_000.0, "23.46", "billion a year"),
    ],
)
def test_large_figures_have_few_digits(plan: Plan, largest: float, text: str, unit: str) -> None:
    """However large a network, its figures fit their column and name their unit."""
    card = plan.scorecard
    grown = replace(card, after=replace(card.after, unserved_visits=largest))
    figure = {figure.label: figure for figure in key_figures(grown)}["Visits not served"]
    assert (figure.text(figure.after), figure.unit) == (text, unit)


def test_a_share_that_falls_short_is_not_rounded_up(plan: Plan) -> None:
    """76.998 % of 77 % reads 76.998%, not 77.0%: a reader sees why the mark says not met."""
    card = plan.scorecard
    near = replace(card.standards[0], target=0.77, before=0.7, after=0.76998, met=False)
    told = standard_figures(plan.problem.policy, replace(card, standards=(near,)))[0]
    assert (told.target, told.change, told.is_met) == ("77.0%", "70.0% → 76.998%", False)


@pytest.mark.parametrize(
    ("status", "bound", "words"),
    [
        ("optimal", 212_355.0, "Proven best plan"),
        ("gap_limit", 200_000.0, r"Proven within 5\.8 % of the best possible plan"),
        ("time_limit", 212_350.0, r"Stopped at the time limit, within less than 0\.01 % of the best possible plan"),
        ("interrupted", None, "Stopped early; how far from the best possible plan is not known"),
    ],
)
def test_the_status_never_claims_too_much(plan: Plan, status: str, bound: float | None, words: str) -> None:
    """What is said of a plan follows its status and its gap."""
    assert plan.certificate is not None
    certificate = replace(plan.certificate, status=status, bound=bound, objective=212_354.95)  # type: ignore[arg-type]
    assert re.fullmatch(words, status_words(certificate))
