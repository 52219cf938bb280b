"""region.toml of a new region: its name, and where each table comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from netplan.new_region.recipe import Recipe, RoadFile

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
    own = {path.stem: [path] for path in sorted(recipe.tables.iterdir())} if recipe.tables is not None else {}
    files = {**_files_read(recipe), **own}
    told = {}
    for stem in tables:
        paths = files.get(stem, [])
        if paths:
            told[stem] = (", ".join(path.name for path in paths), False, "")
        else:
            told[stem] = ("netplan's defaults", True, _MODELLED.get(stem, "Filled in by netplan."))
    return told


def _files_read(recipe: Recipe) -> dict[str, list[Path]]:
    """Table -> files it is made from, the planner's own tables aside."""
    outlines = [each.path for each in (recipe.zones, recipe.districts) if each is not None]
    return {
        "nodes": _people_files(recipe),
        "districts": outlines,
        "townships": outlines,
        "outlets": [recipe.outlets.path],
        "competitors": [recipe.outlets.path],
        "candidates": [recipe.candidates.path] if recipe.candidates else [],
        **(_road_files(recipe.roads) if recipe.roads else {}),
    }


def _people_files(recipe: Recipe) -> list[Path]:
    """Files that people are counted in, each once."""
    if recipe.points:
        return [recipe.points]
    zones = [recipe.zones.path] if recipe.zones else []
    return list(dict.fromkeys([*recipe.rasters.values(), *zones]))


def _road_files(roads: RoadFile) -> dict[str, list[Path]]:
    """Road table -> files it is made from."""
    return {
        "road_nodes": [roads.path],
        "road_edges": [path for path in (roads.path, roads.dem) if path],
        "road_links": [roads.links] if roads.links else [],
    }


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
