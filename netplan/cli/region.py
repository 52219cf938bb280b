"""`netplan region new`: options to a recipe, and the recipe to a region folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from netplan.cli.exits import EXIT_CODES, with_exit_codes
from netplan.cli.progress import reporting
from netplan.errors import InputError
from netplan.new_region import Cells, FutureRasters, Growth, OutletFile, OutlineFile, Recipe, RoadFile, new_region
from netplan.new_region.recipe import WHOLE
from netplan.new_region.write import refuse_existing

app = typer.Typer(help="Make a region folder.", no_args_is_help=True, add_completion=False)

_PEOPLE, _PLACES, _NETWORK, _ROADS, _ECONOMY = "People", "Districts and townships", "Branches", "Roads", "Economics"


def _option(name: str, metavar: str, text: str, panel: str, *, default: str | None = None) -> Any:
    return typer.Option(name, metavar=metavar, help=text, rich_help_panel=panel, show_default=default or False)


@app.command("new", epilog=EXIT_CODES, no_args_is_help=True)
@with_exit_codes
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new region folder.", show_default=False)],
    *,
    outlets: Annotated[Path, _option("--outlets", "FILE", "List of today's branches.", _NETWORK)],
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Name of the region.", show_default="name of DIR")
    ] = None,
    currency: Annotated[
        str, typer.Option("--currency", metavar="CODE", help="Currency of all money, such as EUR; XXX: none stated.")
    ] = "XXX",
    country: Annotated[
        str,
        typer.Option(
            "--country",
            metavar="CODE",
            help="Country, such as AT: its speed limits hold.",
            show_default="general limits",
        ),
    ] = "",
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Language of the names.")] = "en",
    population: Annotated[
        list[str] | None,
        _option("--population", "[SEGMENT=]FILE", "Population raster (GeoTIFF); one, or one a segment.", _PEOPLE),
    ] = None,
    density: Annotated[
        bool, typer.Option("--density", help="The raster holds people per km2.", rich_help_panel=_PEOPLE)
    ] = False,
    cells: Annotated[
        str, typer.Option("--cells", metavar="SIZE", help="Demand nodes: 1km, 500m or h3:8.", rich_help_panel=_PEOPLE)
    ] = "1km",
    merge_below: Annotated[
        float,
        typer.Option("--merge-below", metavar="N", help="Merge cells with fewer people.", rich_help_panel=_PEOPLE),
    ] = 0.0,
    points: Annotated[
        Path | None, _option("--points", "FILE", "Towns or villages with their people, as nodes.", _PEOPLE)
    ] = None,
    points_system: Annotated[
        str, _option("--points-system", "NAME", "Coordinates of the points.", _PEOPLE, default="wgs84")
    ] = "wgs84",
    points_columns: Annotated[
        str, _option("--points-columns", "X=COL,...", "Columns of the points: lon, lat, name, people ...", _PEOPLE)
    ] = "",
    age_shares: Annotated[
        str,
        typer.Option("--age-shares", metavar="A,B,C", help="Children, working, elderly.", rich_help_panel=_PEOPLE),
    ] = "0.18,0.65,0.17",
    growth: Annotated[
        str, _option("--growth", "RATE", "Growth a year: 0.4%, or children=-1%,elderly=3%.", _PEOPLE)
    ] = "",
    from_year: Annotated[int | None, _option("--from-year", "YEAR", "Year of the people.", _PEOPLE)] = None,
    year: Annotated[int | None, _option("--year", "YEAR", "Year to plan for.", _PEOPLE)] = None,
    future: Annotated[
        list[str] | None,
        _option("--future", "[SEGMENT=]FILE", "Raster of a later year, in place of --growth.", _PEOPLE),
    ] = None,
    future_year: Annotated[int | None, _option("--future-year", "YEAR", "Year of --future.", _PEOPLE)] = None,
    urban_density: Annotated[
        float,
        typer.Option(
            "--urban-density", metavar="N", help="Nodes with so many people per km2 are urban.", rich_help_panel=_PEOPLE
        ),
    ] = 300.0,
    zones: Annotated[
        Path | None, _option("--zones", "FILE", "Outlines of census zones: the townships.", _PLACES)
    ] = None,
    zone_layer: Annotated[str | None, _option("--zone-layer", "NAME", "Layer of the file.", _PLACES)] = None,
    zone_id: Annotated[str | None, _option("--zone-id", "COL", "Column with the id.", _PLACES)] = None,
    zone_name: Annotated[str | None, _option("--zone-name", "COL", "Column with the name.", _PLACES)] = None,
    zone_people: Annotated[
        str,
        _option(
            "--zone-people",
            "COL | SEGMENT=COL,...",
            "Columns with people, or none; each zone keeps its total.",
            _PLACES,
        ),
    ] = "",
    zone_table: Annotated[
        Path | None, _option("--zone-table", "FILE", "Table with the people, joined by --zone-id.", _PLACES)
    ] = None,
    zone_district: Annotated[
        str | None, _option("--zone-district", "COL", "Column with the district of a zone.", _PLACES)
    ] = None,
    zone_district_name: Annotated[
        str | None, _option("--zone-district-name", "COL", "Column with the district's name.", _PLACES)
    ] = None,
    districts: Annotated[Path | None, _option("--districts", "FILE", "Outlines of the districts.", _PLACES)] = None,
    district_id: Annotated[str | None, _option("--district-id", "COL", "Column with the id.", _PLACES)] = None,
    district_name: Annotated[str | None, _option("--district-name", "COL", "Column with the name.", _PLACES)] = None,
    outlet_system: Annotated[
        str,
        _option("--outlet-system", "NAME", "Coordinates: wgs84, gcj02, bd09, EPSG:...", _NETWORK, default="wgs84"),
    ] = "wgs84",
    outlet_columns: Annotated[
        str,
        _option(
            "--outlet-columns", "X=COL,...", "Columns that are not recognised: lon, lat, name, volume ...", _NETWORK
        ),
    ] = "",
    bank: Annotated[
        str | None, _option("--bank", "NAME", "Our bank's name in the list; the others are competitors.", _NETWORK)
    ] = None,
    outlet_format: Annotated[
        str, _option("--outlet-format", "FORMAT", "Format where the list says none.", _NETWORK, default="full")
    ] = "full",
    outlet_formats: Annotated[
        str, _option("--outlet-formats", "WORD=FORMAT,...", "Formats for the words of the list.", _NETWORK)
    ] = "",
    margin_share: Annotated[
        str | None,
        _option("--margin-share", "SHARE", "Margin a year as a share of the volume: 1.5%.", _NETWORK),
    ] = None,
    volume_unit: Annotated[
        float,
        typer.Option("--volume-unit", metavar="N", help="1000: volumes in thousands.", rich_help_panel=_NETWORK),
    ] = 1.0,
    cap_volume: Annotated[
        float | None, _option("--cap-volume", "N", "No outlet has more volume (headquarters' books).", _NETWORK)
    ] = None,
    candidates: Annotated[
        Path | None, _option("--candidates", "FILE", "Sites where something may open.", _NETWORK)
    ] = None,
    suggest: Annotated[
        int,
        typer.Option("--suggest", metavar="N", min=0, help="Suggest N candidate sites.", rich_help_panel=_NETWORK),
    ] = 0,
    roads: Annotated[
        Path | None, _option("--roads", "FILE", "OpenStreetMap extract, GraphML, or lines.", _ROADS)
    ] = None,
    road_layer: Annotated[str | None, _option("--road-layer", "NAME", "Layer of the file.", _ROADS)] = None,
    dem: Annotated[Path | None, _option("--dem", "FILE", "Elevations (GeoTIFF): slopes slow down.", _ROADS)] = None,
    links: Annotated[Path | None, _option("--links", "FILE", "Ferries and missing links (road_links).", _ROADS)] = None,
    staff_cost: Annotated[
        float,
        typer.Option(
            "--staff-cost",
            metavar="N",
            help="Cost of one employee a year; default costs are multiples of it.",
            rich_help_panel=_ECONOMY,
        ),
    ] = 50_000.0,
    tables: Annotated[
        Path | None,
        _option("--tables", "DIR", "Your own formats.csv, visits.csv ... in place of the defaults.", _ECONOMY),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Make a region folder from people, outlines, roads and a list of branches, and report what was read and left out.

    Example: netplan region new vermont --currency USD --country US --population pop.tif --zones towns.gpkg --roads
    vermont.osm.pbf --outlets branches.csv --bank "Community Bank"
    """
    refuse_existing(folder)
    zone = {"id": zone_id, "name": zone_name, "layer": zone_layer, "table": zone_table, "people": _people(zone_people)}
    within = {"district": zone_district, "district_name": zone_district_name}
    list_columns = _pairs(outlet_columns, "--outlet-columns")
    volume: dict[str, Any] = {
        "margin_share": _rate_or_none(margin_share, "--margin-share"),
        "volume_unit": volume_unit,
        "cap_volume": cap_volume,
    }
    kinds: dict[str, Any] = {"format": outlet_format, "formats": _pairs(outlet_formats, "--outlet-formats")}
    recipe = Recipe(
        name=name or folder.resolve().name,
        currency=currency,
        country=country,
        language=language,
        rasters=_files(population or (), "--population"),
        is_density=density,
        zones=_outlines(zones, **zone, **within),
        districts=_outlines(districts, id=district_id, name=district_name),
        points=points,
        points_system=points_system,
        points_columns=_pairs(points_columns, "--points-columns"),
        cells=Cells.parse(cells),
        merge_below=merge_below,
        age_shares=_shares(age_shares),
        growth=_growth(growth, from_year, year, _files(future or (), "--future"), future_year),
        urban_people_per_km2=urban_density,
        outlets=OutletFile(outlets, outlet_system, list_columns, bank, **kinds, **volume),
        candidates=None if candidates is None else OutletFile(candidates, outlet_system),
        num_suggested=suggest,
        roads=None if roads is None else RoadFile(roads, road_layer, dem, links),
        staff_cost_per_year=staff_cost,
        tables=tables,
    )
    _make(recipe, folder, quiet=quiet)


def _make(recipe: Recipe, folder: Path, *, quiet: bool) -> None:
    with reporting(quiet=quiet) as told:
        made = new_region(recipe, progress=told.share)
        made.write(folder)
    typer.echo(str(made.report))
    typer.echo(f"region: {folder} (netplan check {folder}; netplan plan {folder} --out plan)")


def _outlines(path: Path | None, **columns: Any) -> OutlineFile | None:
    given = {name: value for name, value in columns.items() if value or value == {}}
    if path is None:
        if given:
            raise InputError(
                f"{', '.join(given)} of outlines that are not there: name their file (--zones, --districts)"
            )
        return None
    return OutlineFile(path, **given)


def _pairs(text: str, option: str) -> Mapping[str, str]:
    """``lon=X,lat=Y`` as a mapping."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    split = [part.partition("=") for part in parts]
    wrong = [part for part, (left, _, right) in zip(parts, split, strict=True) if not left.strip() or not right.strip()]
    if wrong:
        raise InputError(f"{option} {wrong[0]!r}: write what=COLUMN, several separated by commas")
    return {left.strip(): right.strip() for left, _, right in split}


def _people(text: str) -> Mapping[str, str] | None:
    if not text.strip():
        return None
    if text.strip() == "none":
        return {}
    return {WHOLE: text.strip()} if text.strip() and "=" not in text else _pairs(text, "--zone-people")


def _files(texts: Sequence[str], option: str) -> Mapping[str, Path]:
    """``FILE`` as people of all ages, ``SEGMENT=FILE`` as those of a segment."""
    found: dict[str, Path] = {}
    for text in texts:
        left, is_named, right = text.partition("=")
        segment, path = (left.strip(), right) if is_named and not Path(text).exists() else (WHOLE, text)
        if segment in found:
            raise InputError(f"{option}: two files for {segment}; name segments as SEGMENT=FILE")
        found[segment] = Path(path)
    return found


def _shares(text: str) -> tuple[float, float, float]:
    parts = [_rate(part, "--age-shares") for part in text.split(",")]
    if len(parts) != 3:
        raise InputError(f"--age-shares {text!r}: give three shares, children,working,elderly, such as 0.18,0.65,0.17")
    return parts[0], parts[1], parts[2]


def _rate(text: str, option: str) -> float:
    """``0.004`` or ``0.4%``."""
    number = text.strip()
    try:
        return float(number.removesuffix("%")) / (100.0 if number.endswith("%") else 1.0)
    except ValueError:
        raise InputError(f"{option} {text!r}: give a number such as 0.015 or 1.5%") from None


def _rate_or_none(text: str | None, option: str) -> float | None:
    return None if text is None else _rate(text, option)


def _growth(
    text: str, from_year: int | None, year: int | None, future: Mapping[str, Path], future_year: int | None
) -> Growth | FutureRasters | None:
    if not text and not future:
        _refuse_year_alone(year, future_year)
        return None
    if from_year is None or year is None or (future and future_year is None):
        raise InputError(
            "growth needs --from-year (of the people) and --year (to plan for), --future also --future-year"
        )
    if text and future:
        raise InputError("--growth and --future both say how people grow: keep one")
    if future:
        return FutureRasters(from_year, year, future, future_year or year)
    return Growth(from_year, year, _yearly(text))


def _refuse_year_alone(year: int | None, future_year: int | None) -> None:
    """Refuse a year to plan for where nothing says how people grow."""
    if year is not None or future_year is not None:
        raise InputError("--year says when to plan for: add --growth, or --future with --future-year")


def _yearly(text: str) -> float | Mapping[str, float]:
    """Growth a year: one rate, or ``children=-1%,elderly=3%`` by column of people."""
    if "=" in text:
        return {name: _rate(rate, "--growth") for name, rate in _pairs(text, "--growth").items()}
    return _rate(text, "--growth")
