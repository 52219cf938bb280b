"""Real branch positions and deposits: the branch lists of Vermont and West Virginia, which lie beside the repository.

The lists (FDIC Summary of Deposits, public domain) are not part of it; without them these tests are skipped. There are no people
in them, so each town is a demand node whose weight is its deposits; minutes are crow-fly at 40 km/h with a detour of 1.3.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from choice_markets import table
from pyproj import Geod

from netplan.choice import calibrate, impact

LISTS = Path(__file__).parents[2] / "shared" / "data" / "regions" / "fdic"


@pytest.mark.parametrize("name", ["VT_2018_with_closures", "WV_2018_with_closures"])
def test_deposits_of_one_bank_calibrate(name: str) -> None:
    """Five banks observed and all competing give a decay, a scale of the right order, and volumes that keep the towns' sum."""
    path = LISTS / f"{name}.csv"
    if not path.exists():
        pytest.skip("the branch lists are not here")
    branches = pd.read_csv(path, dtype={"CITYBR": str})
    branches = branches[(branches["BRSERTYP"] == 11) & (branches["DEPSUMBR"] > 0)].reset_index(drop=True)
    towns = branches.groupby("CITYBR").agg(
        lon=("SIMS_LONGITUDE", "mean"), lat=("SIMS_LATITUDE", "mean"), deposits=("DEPSUMBR", "sum")
    )
    grid = np.meshgrid(np.arange(len(towns)), np.arange(len(branches)), indexing="ij")
    town, branch = (each.ravel() for each in grid)
    metres = Geod(ellps="WGS84").inv(
        towns["lon"].to_numpy()[town],
        towns["lat"].to_numpy()[town],
        branches["SIMS_LONGITUDE"].to_numpy()[branch],
        branches["SIMS_LATITUDE"].to_numpy()[branch],
    )[2]
    minutes = (np.asarray(metres) * 1.3 / (40_000 / 60)).reshape(grid[0].shape)
    reach = table(np.where(minutes <= 60, minutes, np.inf))
    largest = branches["NAMEFULL"].value_counts().index[:5]
    own = branches["NAMEFULL"].isin(largest).to_numpy()
    size = branches.groupby("NAMEFULL")["DEPSUMBR"].transform("count").to_numpy(dtype=float)
    deposits = branches["DEPSUMBR"].to_numpy(dtype=float)
    weight = towns["deposits"].to_numpy(dtype=float)
    found = calibrate(reach, weight, size, deposits, is_own=own, decay="exponential")
    assert 0 < found.decay.half_minutes < 60
    assert 0.2 < found.scale < 5
    assert found.fit_left_out is not None
    assert found.fit.mean_error == pytest.approx(0, abs=1e-3)
    assert found.shares(reach, size).volumes(weight).sum() == pytest.approx(weight.sum())
    bank = (branches["NAMEFULL"] == largest[0]).to_numpy()
    new = bank & (np.cumsum(bank) % 4 == 0)
    gain = impact(reach, found.utility(size), weight, is_own=bank, is_proposed=new, decay=found.decay)
    assert gain.won == pytest.approx(gain.from_own + gain.from_competitors)
    assert (gain.leaked_after < gain.leaked_before)[gain.catchment > 0].all()
