"""Census zones with people by segment: polygons with their totals, or a table joined to polygons."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from netplan.demand.layers import Source, read_layer
from netplan.demand.outlines import Outlines, identifiers, names, outlines_of, read_outlines
from netplan.demand.people_columns import Columns, PeopleRead, read_people, refuse, refuse_blanks, require
from netplan.demand.population import Population
from netplan.errors import InputError
from netplan.readers import RawTable
from netplan.violations import Violation, counted, some


def read_zones(
    source: Source,
    columns: Columns | None = None,
    *,
    id: str = "",  # noqa: A002 (what planners call it)
    name: str = "",
    total: str = "",
    keep: Sequence[str] = (),
    layer: str = "",
    outlines: Source | Outlines | None = None,
    outlines_id: str = "",
    repair: bool = False,
) -> Population:
    """Read zones with their people; every zone is a cell of the population.

    Parameters
    ----------
    source
        Polygons with columns of people (GeoPackage, GeoJSON, Parquet, Shapefile, GeoDataFrame), or a table of people (CSV, Excel,
        DataFrame) whose polygons are in `outlines`.
    columns
        Segment -> column of people, columns that add up to it, or (with `total`) column of shares or a share:
        ``{"children": "pop_0_14", "working": ["pop_15_39", "pop_40_64"], "elderly": "pop_65"}``. See `read_people`.
    id, name
        Columns of the zone's identifier and name.
    total
        Column of all people, where `columns` are shares of it.
    keep
        Further columns to keep as text, such as district_id.
    outlines, outlines_id
        Where the table has no geometry: the polygons, and the column of their identifier.
    repair
        Repair polygons that cross themselves instead of refusing them.

    Returns
    -------
    Population
        Cells are the zones: cell_id, name, the kept columns, lon, lat, area_km2 and people by segment.

    Raises
    ------
    InputError
        As `read_outlines` and `read_people` say; or a number of people is blank, or a row of the table has no outline.
    """
    raw = read_layer(source, layer=layer)
    people = read_people(raw, columns, total)
    refuse_blanks(raw, people, columns)
    if raw.geometry is not None:
        shapes = outlines_of(raw, id, name, keep, repair=repair)
        frame, notes = shapes.frame, shapes.notes
    else:
        joined = _joined(raw, id, outlines, outlines_id, repair=repair)
        require(raw, keep)
        frame, notes = joined.frame, joined.notes
        frame = frame.assign(name=_known_names(raw, name, frame), **{one: raw.cells[one].astype(str) for one in keep})
    return _population(raw, frame, people, (*notes, *people.notes))


def _population(raw: RawTable, frame: gpd.GeoDataFrame, people: PeopleRead, notes: Sequence[str]) -> Population:
    clash = [name for name in people.people if name in frame.columns]
    if clash:
        raise InputError(f"{raw.file}: a segment cannot be called {some(clash)}; give it another name")
    cells = frame.assign(**people.people)
    columns = tuple(people.people)
    by_column = ", ".join(f"{name} {cells[name].sum():,.0f}" for name in columns)
    nobody = int((cells[list(columns)].to_numpy() == 0).all(axis=1).sum())
    notes = [*notes, f"{raw.file}: {counted(len(cells), 'zone')} read, with people: {by_column}"]
    if nobody:
        notes.append(f"{raw.file}: {counted(nobody, 'zone')} without people")
    return Population(cells, columns, dict.fromkeys(columns, 0.0), tuple(notes))


def _joined(
    raw: RawTable, id_column: str, outlines: Source | Outlines | None, outlines_id: str, *, repair: bool
) -> Outlines:
    """The outline of each row of a table, in the order of the table."""
    if outlines is None:
        raise InputError(f"{raw.file}: has no polygons; name the layer that has them with outlines")
    found = outlines if isinstance(outlines, Outlines) else read_outlines(outlines, id=outlines_id, repair=repair)
    ids = identifiers(raw, id_column)
    at = pd.Index(found.frame["cell_id"]).get_indexer(pd.Index(ids))
    known = some(found.frame["cell_id"])
    remedy = f"write the identifier as in the outlines (there: {known}), or add the polygon"
    refuse(
        [
            Violation(
                raw.file, int(raw.rows[place]), id_column, str(ids[place]), "no outline has this identifier", remedy
            )
            for place in np.flatnonzero(at < 0)
        ]
    )
    rest = np.setdiff1d(np.arange(len(found.frame)), at)
    notes = list(found.notes)
    if len(rest):
        unused = found.frame.iloc[rest]
        notes.append(
            f"{raw.file}: {counted(len(rest), 'outline')} ({unused['area_km2'].sum():,.1f} km2) without a row left out: "
            f"{some(unused['cell_id'])}"
        )
    return Outlines(found.frame.iloc[at].reset_index(drop=True), (*raw.notes, *notes))


def _known_names(raw: RawTable, column: str, frame: gpd.GeoDataFrame) -> pd.Series:
    """Names of the table, else of the outlines."""
    given = pd.Series(names(raw, column)).astype(str)
    return given.where(given != "", frame["name"])
