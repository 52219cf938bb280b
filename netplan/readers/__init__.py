"""Read one file of a region folder as text cells, whatever its format.

Nothing is interpreted here: what a cell must hold is the contract's business (`netplan.tables`, `netplan.checks`).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from netplan.readers.delimited import read_delimited
from netplan.readers.geo import read_frame as read_frame
from netplan.readers.geo import read_geojson, read_geopackage, read_parquet
from netplan.readers.raw import RawTable as RawTable
from netplan.readers.raw import UnreadableFileError as UnreadableFileError
from netplan.readers.workbook import read_workbook

TEXT = (".csv", ".tsv")
GEOMETRY = (".geojson", ".gpkg")
EXTENSIONS = (*TEXT, *GEOMETRY, ".xlsx", ".parquet")
"""File name extensions that are read, in any case."""


def read_bytes(path: Path) -> bytes:
    """The bytes of an ordinary file.

    Raises
    ------
    UnreadableFileError
        It is a folder or device, empty, or may not be read.
    """
    if not path.is_file():
        raise UnreadableFileError("not an ordinary file", "replace it by a file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"cannot be read ({error.strerror})", "allow reading it") from None
    if not data:
        raise UnreadableFileError("the file is empty", "write at least its header row")
    return data


def parse_table(path: Path, data: bytes, stem: str, known: Collection[str]) -> RawTable:
    """The table in `data`, read as the extension of `path` says.

    Parameters
    ----------
    stem
        Name of the table, which tells the sheet or layer where there are several.
    known
        Column names of its contract, which tell the separator of a CSV file.

    Raises
    ------
    UnreadableFileError
        The bytes are not what the extension says.
    """
    file, extension = path.name, path.suffix.lower()
    try:
        if extension in TEXT:
            return read_delimited(file, data, known)
        if extension == ".xlsx":
            return read_workbook(file, data, stem)
        if extension == ".geojson":
            return read_geojson(file, data)
        if extension == ".gpkg":
            return read_geopackage(file, data, stem)
        return read_parquet(file, data)
    except UnreadableFileError:
        raise
    except Exception as error:  # damaged files provoke any exception in the libraries that parse them
        reason = str(error).split("\n", 1)[0][:200] or type(error).__name__
        remedy = "export it again, or save it as CSV in UTF-8"
        raise UnreadableFileError(f"damaged, or not a {extension} file ({reason})", remedy) from error
