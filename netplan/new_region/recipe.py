"""What a new region is made from: every file and every assumption, in one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from netplan.errors import InputError
from netplan.tables import SEGMENTS

WHOLE = "people"
"""The column of people of all ages, split by `Recipe.age_shares`."""


NO_PEOPLE = "no people: give a population raster, zones with a column of people, or points with their people"


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Cells:
    """How people are cut into demand nodes: squares of so many metres, or H3 hexagons of a resolution."""

    metres: float = 1000.0
    h3_resolution: int | None = None
    """In place of squares."""

    @classmethod
    def parse(cls, text: str) -> Cells:
        """``1km``, ``500m`` or ``h3:8``.

        Raises
        ------
        InputError
            Anything else.
        """
        asked = text.strip().casefold()
        if asked.startswith("h3:") and asked[3:].isdecimal() and int(asked[3:]) <= 15:
            return cls(h3_resolution=int(asked[3:]))
        for unit, metres in (("km", 1000.0), ("m", 1.0)):
            number = _number(asked.removesuffix(unit)) if asked.endswith(unit) else None
            if number is not None and 0 < number * metres <= 1e6:
                return cls(number * metres)
        raise InputError(f"cells {text!r}: write a size such as 1km or 500m, or H3 hexagons such as h3:8 (0 to 15)")

    def __str__(self) -> str:
        if self.h3_resolution is not None:
            return f"H3 hexagons of resolution {self.h3_resolution}"
        return f"squares of {self.metres:g} m"


@dataclass(frozen=True, slots=True)
class OutlineFile:
    """A file of zones or districts, and which of its columns say what.

    Attributes
    ----------
    people
        Column of people -> column of the file; ``None``: those that netplan recognises, if any; empty: the outlines carry
        no people.
    table
        A table with the people, joined to the outlines by `id`, where they are not in the same file.
    district, district_name
        Columns of the district each zone belongs to; without a name, district_id and district_name if the file has them.
    repair
        Repair polygons that cross themselves instead of refusing them.
    """

    path: Path
    id: str = ""
    name: str = ""
    layer: str = ""
    people: Mapping[str, str] | None = None
    table: Path | None = None
    district: str = ""
    district_name: str = ""
    repair: bool = False


@dataclass(frozen=True, slots=True)
class OutletFile:
    """A list of outlets: its coordinates, its columns, and which of them are ours.

    Attributes
    ----------
    system
        Coordinates of the file: wgs84, gcj02, bd09 or EPSG:...
    columns
        What it is (lon, lat, name, volume ...) -> column of the file, where netplan would not recognise it.
    bank
        Name of the bank as the list has it; the others become competitors. ``None``: all are ours.
    format, formats
        Format of outlets of which the list does not say it; words of the list -> format.
    margin_share
        Margin a year as a share of the volume column (deposits, for example); ``None``: modelled from running costs.
    volume_unit
        Money of one unit of the volume column: 1,000 where deposits are in thousands.
    """

    path: Path
    system: str = "wgs84"
    columns: Mapping[str, str] = field(default_factory=_empty)
    bank: str | None = None
    format: str = "full"
    formats: Mapping[str, str] = field(default_factory=_empty)
    margin_share: float | None = None
    volume_unit: float = 1.0
    cap_volume: float | None = None


@dataclass(frozen=True, slots=True)
class RoadFile:
    """A road file, and what is added to it."""

    path: Path
    layer: str | None = None
    dem: Path | None = None
    """Elevations (GeoTIFF, metres): walking and driving slow down on slopes."""
    links: Path | None = None
    """Ferries and missing links: a `road_links` table."""
    max_edge_metres: float = 500.0


@dataclass(frozen=True, slots=True)
class Growth:
    """Compound growth from the year of the people to the year that is planned.

    Attributes
    ----------
    yearly
        Growth a year, 0.01 for one per cent; or by column of people.
    """

    from_year: int
    year: int
    yearly: float | Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FutureRasters:
    """Rasters of a later year, towards which people grow until the year that is planned.

    Attributes
    ----------
    currency
        Of all money; XXX stands for none in ISO 4217.
    country
        Two letters, whose speed limits hold; blank: not stated, general limits.
    rasters
        Column of people -> file, the columns being those of `Recipe.rasters`.
    """

    from_year: int
    year: int
    rasters: Mapping[str, Path]
    raster_year: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a new region is made from.

    Attributes
    ----------
    currency
        Of all money; XXX stands for none in ISO 4217.
    country
        Two letters, whose speed limits hold; blank: not stated, general limits.
    rasters
        Column of people -> population raster; ``{"people": path}`` for people of all ages.
    points
        Towns or villages with their people, taken as demand nodes as they are.
    age_shares
        Shares of children, working age and elderly in a column ``people``; they add up to 1.
    urban_people_per_km2
        A node this dense is urban (300 is the density of an urban cluster in the Degree of Urbanisation).
    candidates
        A list of sites where something may open.
    num_suggested
        So many candidate sites are suggested, where most people are farthest from today's outlets.
    staff_cost_per_year
        What one employee costs a year: every default cost is a multiple of it.
    tables
        A folder with tables of your own (formats.csv, visits.csv ...), used in place of the defaults.
    """

    name: str
    outlets: OutletFile
    currency: str = "XXX"
    country: str = ""
    language: str = "en"
    rasters: Mapping[str, Path] = field(default_factory=dict)
    is_density: bool = False
    zones: OutlineFile | None = None
    districts: OutlineFile | None = None
    points: Path | None = None
    points_system: str = "wgs84"
    points_columns: Mapping[str, str] = field(default_factory=_empty)
    cells: Cells = field(default_factory=Cells)
    merge_below: float = 0.0
    age_shares: tuple[float, float, float] = (0.18, 0.65, 0.17)
    growth: Growth | FutureRasters | None = None
    urban_people_per_km2: float = 300.0
    candidates: OutletFile | None = None
    num_suggested: int = 0
    roads: RoadFile | None = None
    staff_cost_per_year: float = 50_000.0
    tables: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file and folder that is named."""
        outlines = [each for each in (self.zones, self.districts) if each is not None]
        lists = [each.path for each in (self.outlets, self.candidates) if each is not None]
        future = self.growth.rasters.values() if isinstance(self.growth, FutureRasters) else ()
        roads = (self.roads.path, self.roads.dem, self.roads.links) if self.roads is not None else ()
        named = [
            *self.rasters.values(),
            self.points,
            *(each.path for each in outlines),
            *(each.table for each in outlines),
        ]
        return tuple(path for path in (*named, *lists, *future, *roads, self.tables) if path is not None)

    def __post_init__(self) -> None:
        missing = [str(path) for path in self.files if not path.exists()]
        if missing:
            raise InputError(f"{', '.join(missing)}: there is no such file; check the path")
        if not (self.rasters or self.points or self.zones):
            raise InputError(NO_PEOPLE)
        if self.points is not None and self.rasters:
            raise InputError("people come from points or from a raster, not from both: leave one out")
        self._check_assumptions()

    def _check_assumptions(self) -> None:
        """Refuse age shares that do not add up to 1, and costs and densities that are not above 0."""
        if abs(sum(self.age_shares) - 1.0) > 1e-6 or min(self.age_shares) < 0:
            raise InputError(f"age shares {self.age_shares}: give {', '.join(SEGMENTS)} as shares that add up to 1")
        for told, number in (("staff cost", self.staff_cost_per_year), ("urban density", self.urban_people_per_km2)):
            if not 0 < number < float("inf"):
                raise InputError(f"{told} {number:g}: give a number above 0")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
