"""A file of people or outlines, of any kind that planners are sent, as text cells with geometry."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyogrio

from netplan.errors import InputError
from netplan.readers import EXTENSIONS, RawTable, UnreadableFileError, parse_table, read_bytes, read_frame
from netplan.violations import listing, some

Source = str | Path | pd.DataFrame
"""A path, or a table in memory."""

SHAPEFILES = (".shp", ".zip")
_GEOJSON = ".json"
IN_MEMORY = "the table"


def read_layer(source: Source, *, layer: str = "", known: Collection[str] = ()) -> RawTable:
    """Text cells of a file or frame; geometry arrives in WGS-84.

    Parameters
    ----------
    source
        CSV, Excel, GeoPackage, GeoJSON, Parquet or Shapefile (.shp, or zipped), or a (Geo)DataFrame.
    layer
        Layer of a GeoPackage or sheet of a workbook; empty: the one named like the file, or the only one.
    known
        Column names that tell the separator of a CSV file.

    Raises
    ------
    InputError
        There is no such file or layer, it cannot be read, or its rows do not fit its header.
    """
    file = IN_MEMORY if isinstance(source, pd.DataFrame) else Path(source).name
    try:
        raw = read_frame(file, source) if isinstance(source, pd.DataFrame) else _from_file(Path(source), layer, known)
    except UnreadableFileError as error:
        raise InputError(f"{file}: {error.problem}; {error.remedy}") from error
    if raw.violations:
        raise InputError(listing(raw.violations))
    if not len(raw):
        raise InputError(f"{file}: the layer is empty; export it again with its rows")
    return raw


def _from_file(path: Path, layer: str, known: Collection[str]) -> RawTable:
    extension = path.suffix.lower()
    if not path.exists():
        raise UnreadableFileError("there is no such file", "correct the path")
    if extension in SHAPEFILES:
        return _shapefile(path)
    if extension not in (*EXTENSIONS, _GEOJSON):
        remedy = "export it as " + ", ".join((*EXTENSIONS, *SHAPEFILES))
        raise UnreadableFileError(f"the format {extension or '(no extension)'} is not read", remedy)
    data = read_bytes(path)
    if layer and extension == ".gpkg":
        _refuse_unknown_layer(path, layer)
    named = path.with_suffix(".geojson") if extension == _GEOJSON else path
    return parse_table(named, data, layer or path.stem, known)


def _refuse_unknown_layer(path: Path, layer: str) -> None:
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError:
        return  # parse_table says what is wrong with the file
    if layer not in layers:
        raise UnreadableFileError(f"has no layer {layer}", f"name one that it has: {some(layers, 12)}")


def _shapefile(path: Path) -> RawTable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on the form of the file; every cell is checked as text
        try:
            frame = pyogrio.read_dataframe(path)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, UnicodeDecodeError) as error:
            reason = str(error).split("\n", 1)[0][:200]
            remedy = "keep its .shx, .dbf and .prj beside it, or export it as GeoPackage"
            raise UnreadableFileError(f"damaged, or not a Shapefile ({reason})", remedy) from error
    return read_frame(path.name, frame)
