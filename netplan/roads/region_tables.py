"""A road file inside a region folder, as the region's own road tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netplan.errors import InputError
from netplan.readers import RawTable, read_frame
from netplan.roads.reading import read_roads
from netplan.violations import Violation


def road_tables(path: Path, country: str) -> tuple[dict[str, RawTable], tuple[str, ...]] | Violation:
    """The tables road_nodes and road_edges of a road file with the notes on it, or what is wrong with it.

    Parameters
    ----------
    country
        ISO 3166 code from region.toml, for speeds where no sign is known; a name of several letters is no code.
    """
    code = country if len(country) == 2 else ""
    try:
        roads = read_roads(path, country=code)
    except InputError as error:
        problem, _, remedy = str(error).removeprefix(f"{path.name}: ").rpartition("; ")
        return Violation(path.name, None, "", None, problem or remedy, remedy)
    frames = {"road_nodes": roads.junctions, "road_edges": roads.edges}
    return {stem: replace(read_frame(stem, frame), file=path.name) for stem, frame in frames.items()}, roads.notes
