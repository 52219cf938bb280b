"""region.toml of a new region: its name, and where each table comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from netplan.new_region.recipe import Recipe

UNSPECIFIED = "unspecified"
LICENCE = "not stated: write the licence of the files here"
_MODELLED = {
    "formats": "Plausible formats; costs are multiples of what one employee costs a year.",
    "conversions": "Plausible costs.",
    "visits": "Plausible habits.",
    "retention": "Plausible curve.",
    "gain": "Plausible curve.",
}


def sources_of(recipe: Recipe, tables: Mapping[str, pd.DataFrame]) -> dict[str, tuple[str, bool, str]]:
    """Table -> (source, whether it is modelled, note), for every table of the region."""
    zones, districts, roads = recipe.zones, recipe.districts, recipe.roads
    outlines = [each.path for each in (zones, districts) if each is not None]
    counted_in = [recipe.points] if recipe.points else [*recipe.rasters.values(), *([zones.path] if zones else [])]
    files: dict[str, list[Path]] = {
        "nodes": list(dict.fromkeys(counted_in)),
        "districts": outlines,
        "townships": outlines,
        "outlets": [recipe.outlets.path],
        "competitors": [recipe.outlets.path],
        "candidates": [recipe.candidates.path] if recipe.candidates else [],
        "road_nodes": [roads.path] if roads else [],
        "road_edges": [path for path in (roads.path, roads.dem) if path] if roads else [],
        "road_links": [roads.links] if roads and roads.links else [],
    }
    own = {path.stem: path for path in sorted(recipe.tables.iterdir())} if recipe.tables is not None else {}
    told = {}
    for stem in tables:
        paths = [own[stem]] if stem in own else files.get(stem, [])
        if paths:
            told[stem] = (", ".join(path.name for path in paths), False, "")
        else:
            told[stem] = ("netplan's defaults", True, _MODELLED.get(stem, "Filled in by netplan."))
    return told


def settings_text(recipe: Recipe, sources: Mapping[str, tuple[str, bool, str]]) -> str:
    """The text of region.toml."""
    lines = [
        f"name = {_quoted(recipe.name)}",
        f"currency = {_quoted(recipe.currency)}",
        f"language = {_quoted(recipe.language)}",
        f"country = {_quoted(recipe.country or UNSPECIFIED)}",
        'crs = "EPSG:4326"',
    ]
    for stem in sorted(sources):
        source, is_modelled, note = sources[stem]
        lines += [
            "",
            f"[sources.{stem}]",
            f"source = {_quoted(source)}",
            f"licence = {_quoted('MIT' if is_modelled else LICENCE)}",
            f"modelled = {'true' if is_modelled else 'false'}",
        ]
        lines += [f"note = {_quoted(note)}"] if note else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
