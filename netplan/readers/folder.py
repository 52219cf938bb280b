"""The files of a region folder: which belong to which table, read once, hashed, in a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netplan.readers import EXTENSIONS, GEOMETRY, TEXT, RawTable, UnreadableFileError, parse_table, read_bytes
from netplan.violations import Violation, some

SETTINGS = "region.toml"
OUTLINED = "districts"
"""The one table that may come as two files: its columns, and the outlines beside them."""

_LEFT_ALONE = (".md", ".txt", ".toml", ".pdf", ".docx", ".png", ".html", ".json", ".py")
ROADS = "roads"
"""Stem of a road file as other programs write it, in place of the tables road_nodes and road_edges."""
_ROAD_TABLES = ("road_nodes", "road_edges")
_ROAD_ENDINGS = (
    ".pbf",
    ".osm",
    ".osm.bz2",
    ".osm.gz",
    ".graphml",
    ".gpkg",
    ".geojson",
    ".shp",
    ".zip",
    ".fgb",
    ".parquet",
)
_BESIDE_SHAPEFILE = (".dbf", ".shx", ".prj", ".cpg")


@dataclass(slots=True)
class FolderContents:
    """What was found and read.

    Attributes
    ----------
    tables
        Table name -> its cells.
    outlines
        Outlines of the districts, where they are a file of their own.
    unreadable
        Tables of which a file exists that could not be read.
    settings
        Bytes of region.toml, ``None`` if it could not be read.
    files
        File name -> SHA-256 of every file that was read.
    roads
        A road file as other programs write it (``roads.osm.pbf``), which takes the place of the road tables.
    """

    tables: dict[str, RawTable] = field(default_factory=dict)
    outlines: RawTable | None = None
    unreadable: set[str] = field(default_factory=set)
    settings: bytes | None = None
    files: dict[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    roads: Path | None = None

    def bytes_of(self, path: Path) -> bytes | None:
        """Read and hash a file; ``None``, and a violation, if it cannot be read."""
        try:
            data = read_bytes(path)
        except UnreadableFileError as error:
            self.violations.append(Violation(path.name, None, "", None, error.problem, error.remedy))
            return None
        self.files[path.name] = hashlib.sha256(data).hexdigest()
        return data


def read_folder(folder: Path, contracts: Mapping[str, Collection[str]]) -> FolderContents:
    """Read region.toml and every table of a region folder.

    Parameters
    ----------
    contracts
        Table name -> column names, for all tables that exist.
    """
    contents = FolderContents()
    if not folder.is_dir():
        problem = "is a file, not a folder" if folder.exists() else "no such folder"
        remedy = "name the folder that holds region.toml and the tables"
        contents.violations.append(Violation(str(folder), None, "", None, problem, remedy))
        contents.unreadable.update(contracts)
        return contents
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        contents.violations.append(Violation(str(folder), None, "", None, problem, "allow reading it"))
        contents.unreadable.update(contracts)
        return contents
    contents.settings = _settings(contents, folder / SETTINGS)
    for stem, columns in contracts.items():
        _read_one(contents, stem, [path for path in paths if path.stem == stem], columns)
    _find_roads(contents, paths)
    _tell_the_rest(contents, paths, contracts)
    return contents


def _settings(contents: FolderContents, path: Path) -> bytes | None:
    if path.exists():
        return contents.bytes_of(path)
    remedy = "write it with name, currency, language, country, crs and [sources.TABLE]"
    contents.violations.append(Violation(path.name, None, "", None, "there is no such file", remedy))
    return None


def _read_one(contents: FolderContents, stem: str, paths: list[Path], columns: Collection[str]) -> None:
    readable = [path for path in paths if path.suffix.lower() in EXTENSIONS]
    if not readable:
        _refuse_format(contents, stem, [path for path in paths if path.suffix.lower() not in _LEFT_ALONE])
        return
    outlines = [path for path in readable if path.suffix.lower() in GEOMETRY]
    if stem == OUTLINED and len(readable) == 2 and len(outlines) == 1:
        contents.outlines = _parsed(contents, outlines[0], "outlines", columns)
        readable = [path for path in readable if path not in outlines]
    if len(readable) > 1:
        _refuse_twice(contents, stem, readable)
        return
    raw = _parsed(contents, readable[0], stem, columns)
    if raw is None:
        contents.unreadable.add(stem)
    else:
        contents.tables[stem] = raw


def _parsed(contents: FolderContents, path: Path, stem: str, columns: Collection[str]) -> RawTable | None:
    data = contents.bytes_of(path)
    if data is None:
        return None
    try:
        return parse_table(path, data, stem, columns)
    except UnreadableFileError as error:
        contents.violations.append(Violation(path.name, None, "", None, error.problem, error.remedy))
        return None


def _refuse_format(contents: FolderContents, stem: str, paths: list[Path]) -> None:
    if paths:
        problem = f"the format {paths[0].suffix or '(no extension)'} is not read"
        remedy = f"save it as {stem}.csv (UTF-8), or as " + ", ".join(
            extension for extension in EXTENSIONS if extension not in TEXT
        )
        contents.violations.append(Violation(paths[0].name, None, "", None, problem, remedy))
        contents.unreadable.add(stem)


def _refuse_twice(contents: FolderContents, stem: str, paths: list[Path]) -> None:
    """Several files hold one table."""
    names = " and ".join(path.name for path in paths)
    problem = f"{names} both hold the table {stem}"
    contents.violations.append(Violation(paths[0].name, None, "", None, problem, "keep one of them"))
    contents.unreadable.add(stem)


def _find_roads(contents: FolderContents, paths: list[Path]) -> None:
    """A road file of another program, hashed; two of them, or road tables beside it, contradict each other."""
    found = [path for path in paths if _is_road_file(path) and path.is_file()]
    tables = [path for path in paths if path.stem in _ROAD_TABLES and path.suffix.lower() in EXTENSIONS]
    if not found:
        return
    if len(found) + len(tables) > 1:
        _refuse_roads_twice(contents, [*found, *tables])
        return
    _take_roads(contents, found[0], paths)


def _is_road_file(path: Path) -> bool:
    name = path.name.casefold()
    return name.startswith(f"{ROADS}.") and name.endswith(_ROAD_ENDINGS)


def _refuse_roads_twice(contents: FolderContents, paths: list[Path]) -> None:
    """Several files hold the roads, and none of them is taken."""
    names = " and ".join(path.name for path in paths)
    remedy = "keep the road file, or the tables road_nodes and road_edges; move the other out of the folder"
    problem = f"{names} hold the roads more than once"
    contents.violations.append(Violation(paths[0].name, None, "", None, problem, remedy))
    for stem in _ROAD_TABLES:
        contents.tables.pop(stem, None)
    contents.unreadable.update(_ROAD_TABLES)


def _take_roads(contents: FolderContents, road_file: Path, paths: list[Path]) -> None:
    """Take the road file, hashed, with the files that lie beside it if it is a shapefile."""
    beside = [path for path in paths if road_file.suffix.lower() == ".shp" and _is_beside(path, road_file)]
    try:
        for path in (road_file, *beside):
            with path.open("rb") as stream:
                contents.files[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        contents.violations.append(Violation(road_file.name, None, "", None, problem, "allow reading it"))
        contents.unreadable.update(_ROAD_TABLES)
        return
    contents.roads = road_file


def _is_beside(path: Path, shapefile: Path) -> bool:
    return path.stem == shapefile.stem and path.suffix.lower() in _BESIDE_SHAPEFILE


def _tell_the_rest(contents: FolderContents, paths: list[Path], contracts: Mapping[str, Collection[str]]) -> None:
    """Name the data files that belong to no table."""
    others = [path for path in paths if path.stem not in contracts and not path.name.startswith((".", "~"))]
    unused = [path.name for path in others if path.is_file() and path.suffix.lower() in EXTENSIONS]
    unused = [name for name in unused if not _is_road_file(Path(name))]
    if unused:
        contents.notes.append(f"not a table of a region, not read: {some(unused)}")
