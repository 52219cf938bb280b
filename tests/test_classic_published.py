"""Published optima of small classic instances are proven, each recomputed from the returned sites."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "benchmarks"
QUICK = [
    "cap41",
    "cap44",
    "cap63",
    "cap64",
    "cap74",
    "holmberg-p1",
    "holmberg-p12",
    "holmberg-p18",
    "pmedcap-2",
    "pmedcap-4",
]
QUICK += ["pmedcap-6", "pmed1", "pmed4", "pmed5", "sf-lscp", "sf-pmedian", "sf-pcenter"]

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared instances are not beside the project")


@pytest.fixture(scope="module")
def published() -> dict[str, object]:
    """The instances that are quick, by name."""
    spec = importlib.util.spec_from_file_location("instances", ROOT / "benchmarks" / "instances.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["instances"] = module
    spec.loader.exec_module(module)
    families = (module._cap, module._sf, module._holmberg, module._pmedcap, module._pmed)
    folders = ("cap", "sf", "holmberg", "pmedcap", "pmed")
    found = {}
    for family, folder in zip(families, folders, strict=True):
        found |= {instance.name: instance for instance in family(DATA / folder)}
    return found


@pytest.mark.parametrize("name", QUICK)
def test_published_optimum(name: str, published: dict[str, object]) -> None:
    """The published optimum is found, proven, and worth what it says by plain recomputation."""
    instance = published[name]
    found = instance.solve(time_limit=60.0)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(instance.value, rel=1e-6)
    assert instance.recompute(found) == pytest.approx(found.objective, rel=1e-6)
