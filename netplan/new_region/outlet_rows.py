"""Which rows of a branch list count: no repeats, nothing closed, a position in the region, ours or another bank's."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from netplan.coordinates import check_positions, geodesic_metres, metric_crs, reprojected, system_name
from netplan.coordinates.positions import FAR
from netplan.errors import InputError
from netplan.violations import Violation, counted, listing, some

DEGREES = ("wgs84", "gcj02", "bd09")
BORDER_METRES = 500.0
"""An outlet this near outside the region counts as inside: outlines are drawn coarsely, and branches stand on rivers and roads that
are borders."""


def refuse(violations: Sequence[Violation]) -> None:
    """One error with every violation, if there is any."""
    if violations:
        raise InputError(listing(violations))


def with_ids(file: str, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Every row with an identifier, a name and a bank (empty: not said); repeats out, one identifier for two outlets refused."""
    told = [name for name in frame.columns if name != "row"]
    is_repeat = frame.duplicated(told).to_numpy()
    if is_repeat.any():
        notes.append(f"{file}: left out as repeating another row word for word: {_rows(frame[is_repeat])}")
    frame = frame[~is_repeat].reset_index(drop=True)
    if "site_id" not in frame:
        width = len(str(frame["row"].max()))
        frame["site_id"] = [f"row-{row:0{width}d}" for row in frame["row"]]
        notes.append(
            f"{file}: no column of identifiers; outlets are called after their row, as {frame['site_id'].iloc[0]}"
        )
    else:
        _check_ids(file, frame)
    for role in ("name", "bank"):
        if role not in frame:
            frame[role] = ""
    nameless = frame["name"].eq("")
    if nameless.any():
        notes.append(f"{file}: {counted(int(nameless.sum()), 'outlet')} without a name, called by the identifier")
        frame["name"] = frame["name"].where(~nameless, frame["site_id"])
    return frame


def _check_ids(file: str, frame: pd.DataFrame) -> None:
    ids = frame["site_id"]
    blank = [
        Violation(
            file,
            int(row),
            "site_id",
            "",
            "an outlet without an identifier",
            "give it one, or leave out the column (site_id=)",
        )
        for row in frame["row"][ids.eq("")]
    ]
    twice = frame[ids.ne("") & ids.duplicated(keep=False)]
    remedy = "give each its own, or keep one of the rows"
    refuse(
        blank
        + [
            Violation(file, int(row), "site_id", str(name), "one identifier for different outlets", remedy)
            for row, name in zip(twice["row"], twice["site_id"], strict=True)
        ]
    )


def without_closed(file: str, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """The outlets that are not closed."""
    if "closed" not in frame:
        return frame
    closed = frame["closed"].to_numpy(dtype=bool)
    if closed.any():
        notes.append(f"{file}: {counted(int(closed.sum()), 'closed outlet')} left out ({some(frame['name'][closed])})")
    return frame[~closed].drop(columns="closed").reset_index(drop=True)


def own_bank(file: str, frame: pd.DataFrame, bank: str | None, notes: list[str]) -> NDArray[np.bool_]:
    """Whether each outlet is ours, shape (n,).

    Raises
    ------
    InputError
        The bank is not in the list, several fit its name, or the list names no bank.
    """
    banks = sorted(set(frame["bank"]) - {""})
    if bank is None:
        if len(banks) > 1:
            notes.append(
                f"{file}: outlets of {counted(len(banks), 'bank')} ({some(banks)}) are all taken as ours; name yours"
            )
        return np.ones(len(frame), dtype=bool)
    if not banks:
        raise InputError(
            f"{file}: no column says which bank an outlet belongs to, so {bank!r} cannot be found; say bank=COLUMN"
        )
    nameless = int(frame["bank"].eq("").sum())
    if nameless:
        notes.append(f"{file}: {counted(nameless, 'outlet')} without a bank's name, taken as another bank's")
    chosen = _chosen(file, bank, banks)
    if chosen != bank:
        notes.append(f"{file}: {bank!r} is taken as {chosen!r}")
    return frame["bank"].eq(chosen).to_numpy(dtype=bool)


def _chosen(file: str, bank: str, banks: Sequence[str]) -> str:
    if bank in banks:
        return bank
    asked = bank.casefold().strip()
    for fitting in ([b for b in banks if b.casefold() == asked], [b for b in banks if asked and asked in b.casefold()]):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise InputError(f"{file}: {bank!r} may be {some(map(repr, fitting), 10)}; write one of them in full")
    near = difflib.get_close_matches(bank, banks, n=5, cutoff=0.4) or list(banks)
    raise InputError(f"{file}: no outlet belongs to {bank!r}; did you mean one of {some(map(repr, near), 10)}?")


def placed(
    file: str, frame: pd.DataFrame, is_own: NDArray[np.bool_], system: str, notes: list[str]
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Rows with a position, turned into WGS-84; ours without one are refused, others' left out."""
    name = system_name(system)
    has_position = frame[["lon", "lat"]].notna().all(axis=1).to_numpy()
    remedy = "fill in longitude and latitude, or remove the row"
    refuse(
        [
            Violation(file, int(row), "lon, lat", "", "an outlet of ours without a position", remedy)
            for row in frame["row"][~has_position & is_own]
        ]
    )
    if not has_position.all():
        notes.append(f"{file}: left out as without a position (other banks'): {_rows(frame[~has_position])}")
    frame, is_own = frame[has_position].reset_index(drop=True), is_own[has_position]
    if name in DEGREES:
        refuse(check_positions(frame["lon"], frame["lat"], file=file, rows=frame["row"].to_numpy()))
    try:
        moved = reprojected(frame["lon"], frame["lat"], name)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    if moved.note:
        notes.append(f"{file}: {moved.note}")
    return frame.assign(lon=moved.lon, lat=moved.lat), is_own


def inside(
    file: str, frame: pd.DataFrame, is_own: NDArray[np.bool_], area: BaseGeometry, notes: list[str]
) -> NDArray[np.bool_]:
    """Whether each outlet lies in the area; those that do not are counted, for a list may be of a whole country.

    Raises
    ------
    InputError
        None lies inside; swapped coordinates and lost signs are told.
    """
    kept = _within_reach(frame, area)
    found = check_positions(frame["lon"], frame["lat"], area, file=file, rows=frame["row"].to_numpy())
    wrong = [violation for violation in found if violation.problem != FAR]
    if not kept.any():
        refuse(wrong)
        middle = area.representative_point()
        km = geodesic_metres(frame["lon"], frame["lat"], middle.x, middle.y).min() / 1000
        raise InputError(
            f"{file}: none of its {counted(len(frame), 'outlet')} lies in the region (the nearest is {km:,.0f} km from its middle); "
            "check the region and the coordinate system"
        )
    for whose, who in (("of ours", is_own), ("of other banks", ~is_own)):
        left = ~kept & who
        if left.any():
            names = some(frame["name"][left])
            notes.append(f"{file}: {counted(int(left.sum()), 'outlet')} {whose} outside the region, left out ({names})")
    notes += _doubts(file, wrong)
    return kept


def _within_reach(frame: pd.DataFrame, area: BaseGeometry) -> NDArray[np.bool_]:
    """Whether each outlet lies in the area or at most `BORDER_METRES` outside."""
    shapely.prepare(area)
    lon, lat = frame["lon"].to_numpy(dtype=np.float64), frame["lat"].to_numpy(dtype=np.float64)
    kept = np.asarray(shapely.intersects_xy(area, lon, lat), dtype=bool)
    west, south, east, north = area.bounds
    near = ~kept & (lon > west - 0.1) & (lon < east + 0.1) & (lat > south - 0.1) & (lat < north + 0.1)
    if near.any():
        to_metres = pyproj.Transformer.from_crs("EPSG:4326", metric_crs([west, east], [south, north]), always_xy=True)
        flat = shapely.transform(area, lambda xy: np.column_stack(to_metres.transform(*xy.T)))
        points = shapely.points(*to_metres.transform(lon[near], lat[near]))
        kept[near] = shapely.distance(flat, points) <= BORDER_METRES
    return kept


def _doubts(file: str, wrong: Sequence[Violation]) -> list[str]:
    problems = sorted({violation.problem for violation in wrong})
    rows = {problem: some([one.row for one in wrong if one.problem == problem]) for problem in problems}
    return [f"{file}: check what lies outside in row {found}: {problem}" for problem, found in rows.items()]


def note_shared_positions(file: str, frame: pd.DataFrame, notes: list[str]) -> None:
    """Outlets of one bank on one spot are kept, and told: often a position is that of the town."""
    shared = frame.duplicated(["bank", "lon", "lat"], keep=False)
    if shared.any():
        found = f"{file}: {counted(int(shared.sum()), 'outlet')} share their position with another of the same bank"
        notes.append(f"{found}, kept ({some(frame['name'][shared])})")


def _rows(frame: pd.DataFrame) -> str:
    many = "row" if len(frame) == 1 else "rows"
    return f"{counted(len(frame), 'outlet')} ({many} {some(frame['row'])})"
