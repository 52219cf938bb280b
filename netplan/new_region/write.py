"""A new region as files: written beside the folder, checked as `netplan check` does it, and only then moved into place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd

from netplan.errors import InputError
from netplan.region import Region, load_region
from netplan.violations import listing

LARGE_ROWS = 200_000
"""Tables longer than this are written as Parquet: ten times faster to read than CSV."""

_DECIMALS = 7
"""Degrees: a centimetre."""


def refuse_existing(folder: Path) -> None:
    """Refuse a folder that already holds something, before any time is spent; nothing is ever overwritten.

    Raises
    ------
    InputError
        Saying what is in the way.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder}: is not a folder; name a new one for the region")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder}: is not empty; name a new folder, or move what it holds away")
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: {parent} cannot be written; name another folder")


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its place when the block ends well, and vanishes otherwise.

    Raises
    ------
    InputError
        It cannot be written.
    """
    refuse_existing(folder)
    target = folder.absolute()
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        stage.chmod(0o755)
        try:
            yield stage
            refuse_existing(folder)
            if target.exists():
                target.rmdir()
            stage.rename(target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}); nothing was kept") from error
    finally:
        for parent in made:  # left behind only by a run that failed: a folder with the region in it stays
            with contextlib.suppress(OSError):
                parent.rmdir()


def write_tables(
    stage: Path, settings: str, tables: Mapping[str, pd.DataFrame], outlines: gpd.GeoDataFrame | None
) -> None:
    """Write region.toml, every table, and the outlines of the districts."""
    (stage / "region.toml").write_text(settings, encoding="utf-8")
    for stem, frame in tables.items():
        plain = _plain(frame)
        if len(plain) > LARGE_ROWS:
            plain.to_parquet(stage / f"{stem}.parquet", index=False)
        else:
            plain.to_csv(stage / f"{stem}.csv", index=False, lineterminator="\n")
    if outlines is not None:
        (stage / "districts.geojson").write_text(_geojson(outlines), encoding="utf-8")


def checked(stage: Path, folder: Path) -> Region:
    """The region as `netplan check` reads it from the new files.

    Raises
    ------
    InputError
        With every violation: something in the sources does not make a region.
    """
    loaded = load_region(stage)
    if loaded.region is None:
        raise InputError(
            f"{folder}: what was read does not make a region, so nothing was written: {listing(loaded.violations)}"
        )
    return loaded.region


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Without geometry, flags as 1 and 0, degrees to a centimetre, lists joined by blanks."""
    plain = pd.DataFrame(frame.drop(columns=[name for name in frame.columns if name == "geometry"]))
    for name in plain.columns:
        column = plain[name]
        if column.dtype == bool:
            plain[name] = column.astype("int64")
        elif name in {"lon", "lat", "from_lon", "from_lat", "to_lon", "to_lat"}:
            plain[name] = column.astype("float64").round(_DECIMALS)
        elif len(column) and isinstance(column.iloc[0], (tuple, list)):
            plain[name] = [" ".join(parts) for parts in column]
    return plain


def _geojson(outlines: gpd.GeoDataFrame) -> str:
    """GeoJSON with the ids only, coordinates to a metre or better."""
    slim = outlines[["district_id", "geometry"]].copy()
    slim["geometry"] = slim.geometry.set_precision(1e-6)
    return json.dumps(json.loads(slim.to_json(drop_id=True)), ensure_ascii=False, separators=(",", ":"))
