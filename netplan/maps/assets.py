"""What the page carries with it: Leaflet and jQuery with their pictures, and the page's own style and script.

Leaflet and jQuery come as package data of XStatic-Leaflet and XStatic-jQuery, in the versions folium expects; nothing is
ever fetched.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import import_module
from pathlib import Path

OWN_SCRIPTS = (
    "dom",
    "surface",
    "data",
    "symbols",
    "ground",
    "sites",
    "labels",
    "popups",
    "search",
    "panel",
    "start",
)
"""The page's modules, in the order in which they build on each other."""

_PICTURE = re.compile(r"url\((images/[\w.-]+)\)")
_SOURCE_MAP = re.compile(r"\s*//[#@] sourceMappingURL=\S+\s*$")


@cache
def libraries() -> tuple[str, ...]:
    """Leaflet, then jQuery, ready for a script element; Leaflet's pin pictures are carried as data."""
    leaflet, jquery = _folder("leaflet"), _folder("jquery")
    texts = [_script(leaflet / "leaflet.js"), _pins(leaflet), _script(jquery / "jquery.min.js")]
    return (*texts, "window.netplan = {};")


@cache
def styles() -> tuple[str, ...]:
    """Leaflet's style sheet with its pictures inlined, then the page's own."""
    leaflet = _folder("leaflet")
    text = (leaflet / "leaflet.css").read_text(encoding="utf-8")
    inlined = _PICTURE.sub(lambda found: f"url({picture(leaflet / found.group(1))})", text)
    return inlined, _own("page.css")


@cache
def modules() -> tuple[str, ...]:
    """The page's own scripts."""
    return tuple(_own(f"{name}.js") for name in OWN_SCRIPTS)


def picture(path: Path) -> str:
    """A PNG file as a data URI."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def _pins(leaflet: Path) -> str:
    """Leaflet looks its pins up beside its style sheet, and there is none here; a planner may still add a marker."""
    images = leaflet / "images"
    options = {
        "iconUrl": picture(images / "marker-icon.png"),
        "iconRetinaUrl": picture(images / "marker-icon-2x.png"),
        "shadowUrl": picture(images / "marker-shadow.png"),
    }
    listed = ", ".join(f'{key}: "{value}"' for key, value in options.items())
    return f"delete L.Icon.Default.prototype._getIconUrl; L.Icon.Default.mergeOptions({{{listed}}});"


def _folder(name: str) -> Path:
    return Path(import_module(f"xstatic.pkg.{name}").BASE_DIR)


def _script(path: Path) -> str:
    return _SOURCE_MAP.sub("", path.read_text(encoding="utf-8"))


def _own(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
