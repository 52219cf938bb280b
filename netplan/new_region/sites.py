"""Outlets, other banks' outlets and candidate sites of a new region, as tables."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from netplan.errors import InputError
from netplan.new_region.defaults import CANDIDATE_FORMATS, MARGIN_PER_RUNNING_COST, MARGIN_SPLIT
from netplan.new_region.outlets import OutletList, read_outlet_list
from netplan.new_region.places import Places
from netplan.new_region.recipe import OutletFile, Recipe
from netplan.new_region.suggest import suggested_nodes
from netplan.tables import SEGMENTS
from netplan.violations import counted

Notes = tuple[str, ...]

RIVAL = {"days_per_week": 5.0, "is_staffed": True, "is_physical": True, "is_step_free": False}
"""What is taken for granted of another bank's outlet: a branch that is open on weekdays; nothing about its steps."""


def outlets_of(file: OutletFile, formats: pd.DataFrame, area: shapely.Geometry) -> OutletList:
    """Read the list of outlets, those in the region."""
    return read_outlet_list(
        file.path,
        columns=file.columns,
        system=file.system,
        bank=file.bank,
        format=file.format,
        formats=file.formats,
        known_formats=tuple(formats["format"]),
        margin_share=file.margin_share,
        volume_unit=file.volume_unit,
        cap_volume=file.cap_volume,
        area=area,
    )


def outlet_table(
    listed: OutletList, places: Places, formats: pd.DataFrame, services: tuple[str, ...]
) -> tuple[pd.DataFrame, Notes]:
    """The table `outlets`: each with its district and township; margins modelled where none are known."""
    own = pd.DataFrame(listed.outlets.drop(columns="geometry"))
    _refuse_unknown_format(own, formats)
    table, notes = _placed(own, places)
    has_margins = any(name.startswith("margin_") for name in table.columns)
    if not has_margins:
        table, more = _with_modelled_margins(table, formats, services)
        notes += more
    return table.drop(columns="volume", errors="ignore"), notes


def competitor_table(listed: OutletList, services: tuple[str, ...]) -> tuple[pd.DataFrame | None, Notes]:
    """The table `competitors`; ``None`` if the list has no other banks."""
    if not len(listed.competitors):
        return None, ()
    rivals = listed.competitors
    named = np.where(rivals["name"].astype(str) == "", rivals["bank"], rivals["name"])
    table = pd.DataFrame({"site_id": rivals["site_id"], "name": named, "lon": rivals["lon"], "lat": rivals["lat"]})
    table = table.assign(services=" ".join(services), **RIVAL)
    told = f"{counted(len(table), 'outlet')} of other banks taken to offer every service, staffed, five days a week"
    return table, (told,)


def candidate_table(
    recipe: Recipe, nodes: gpd.GeoDataFrame, outlets: pd.DataFrame, formats: pd.DataFrame, places: Places
) -> tuple[pd.DataFrame | None, Notes]:
    """The table `candidates`: those listed, and those suggested; ``None`` if there are neither."""
    offered = [name for name in CANDIDATE_FORMATS if name in set(formats["format"])]
    if not offered:
        offered = list(formats.loc[formats["channel"] == "outlet", "format"])
    blocks, notes = [], list[str]()
    if recipe.candidates is not None:
        file = recipe.candidates
        listed = read_outlet_list(file.path, columns=file.columns, system=file.system, area=places.area)
        found, more = _placed(pd.DataFrame(listed.outlets.drop(columns="geometry")), places)
        blocks.append(found[["site_id", "name", "lon", "lat", "district_id", "township_id"]])
        notes += [*more, *listed.notes]
    if recipe.num_suggested:
        chosen = nodes.iloc[suggested_nodes(nodes, outlets, recipe.num_suggested)]
        block = pd.DataFrame(chosen[["name", "lon", "lat", "district_id", "township_id"]])
        blocks.append(block.assign(site_id=[f"new-{node_id}" for node_id in chosen["node_id"]]))
        notes.append(f"{counted(len(chosen), 'candidate site')} suggested where people have farthest to go today")
    if not blocks:
        return None, ("no candidate sites: nothing can open or relocate; list them, or ask for suggestions",)
    table = pd.concat(blocks, ignore_index=True).assign(formats=" ".join(offered))
    _refuse_shared_ids(table, outlets)
    notes.append(f"candidate sites may open as {', '.join(offered)}")
    return table, tuple(notes)


def market_margin(nodes: gpd.GeoDataFrame, outlets: pd.DataFrame, visits: pd.DataFrame) -> tuple[np.ndarray, Notes]:
    """g_i: what people here who bank elsewhere would be worth, if each were worth what a customer of ours is today."""
    share = visits["customer_share"].astype(float).groupby(visits["segment"]).max()
    segments = [name for name in SEGMENTS if name in share.index]
    people = nodes[segments].to_numpy(dtype=np.float64)
    shares = share.loc[segments].to_numpy()
    customers = people @ shares
    margin = float(
        outlets[[name for name in outlets.columns if name.startswith("margin_")]].to_numpy(dtype=float).sum()
    )
    each = margin / customers.sum() if customers.sum() > 0 else 0.0
    told = f"margin of the market we do not have modelled: {each:,.2f} a year for each person who banks elsewhere"
    return (people.sum(axis=1) - customers) * each, (told,)


def _placed(table: pd.DataFrame, places: Places) -> tuple[pd.DataFrame, Notes]:
    township = places.township_of(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float))
    inside = township >= 0
    notes = () if inside.all() else (f"{counted(int((~inside).sum()), 'site')} in no township left out",)
    kept = table[inside].reset_index(drop=True)
    return pd.concat([kept, places.ids_of(township[inside])], axis=1), notes


def _with_modelled_margins(
    table: pd.DataFrame, formats: pd.DataFrame, services: tuple[str, ...]
) -> tuple[pd.DataFrame, Notes]:
    costs = formats.set_index("format")["running_cost_per_year"].astype(float)
    offers = {row.format: str(row.services).split() for row in formats.itertuples(index=False)}
    earned = MARGIN_PER_RUNNING_COST * costs.loc[table["format"]].to_numpy()
    weight = np.array(
        [[MARGIN_SPLIT.get(name, 1.0) * (name in offers[kind]) for name in services] for kind in table["format"]]
    )
    split = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    margins = {f"margin_{name}": (earned * split[:, c]).round(2) for c, name in enumerate(services)}
    told = f"margins modelled: {MARGIN_PER_RUNNING_COST:g} times the running cost of each outlet's format; give yours"
    return table.assign(**margins), (told,)


def _refuse_unknown_format(outlets: pd.DataFrame, formats: pd.DataFrame) -> None:
    unknown = sorted(set(outlets["format"]) - set(formats["format"]))
    if unknown:
        known = ", ".join(formats["format"])
        raise InputError(
            f"outlets of format {', '.join(unknown)}, which is not in formats ({known}); name the right one"
        )


def _refuse_shared_ids(candidates: pd.DataFrame, outlets: pd.DataFrame) -> None:
    shared = sorted(set(candidates["site_id"]) & set(outlets["site_id"]))
    if shared:
        raise InputError(
            f"candidate sites with the id of an outlet: {', '.join(shared[:5])}; give them ids of their own"
        )
