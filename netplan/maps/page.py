"""A folium map that works with the network cut: one file, everything inside, data as one escaped block of text."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.map import Layer
from folium.template import Template

from netplan._version import __version__
from netplan.errors import InputError
from netplan.maps import assets

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


@dataclass(frozen=True, slots=True)
class MapLayer:
    """What one layer function returns.

    Attributes
    ----------
    key
        Which drawing of the page's script it is.
    title
        Its name in the layer control.
    shown
        Whether it is drawn when the page opens.
    data
        What it adds to the page's block of data; JSON types only.
    """

    key: str
    title: str
    shown: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)


def escaped_json(data: Mapping[str, Any]) -> str:
    r"""JSON that cannot end the script element it stands in.

    Everything outside ASCII (line separators, lone surrogates) and ``<``, ``>``, ``&`` are written as ``\uXXXX``.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return text


class PlanMap(folium.Map):
    """One HTML file with the map, its legend and its figures, which asks for nothing from any network.

    It is a folium map: your own folium elements can be added to it, as long as they bring no remote files.

    Parameters
    ----------
    title
        The page's title.
    layers
        Layers, lowest first in the order of the control.
    data
        What the panel shows and what layers share; JSON types only.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}<div class="folium-map" id={{ this.get_name()|tojson }}></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, title: str, layers: tuple[MapLayer, ...], data: Mapping[str, Any]) -> None:
        (south, west), (north, east) = data["bounds"]
        super().__init__(
            location=((south + north) / 2, (west + east) / 2),
            tiles=None,
            zoom_start=9,
            zoomSnap=0.1,
            wheelPxPerZoomLevel=100,
            preferCanvas=True,
        )
        self._id = "plan"
        # folium's own lists name remote files.
        self.default_js, self.default_css = [], []
        block = dict(data)
        for layer in layers:
            block |= layer.data
            _PageLayer(layer).add_to(self)
        _OfflinePage(title, escaped_json(block), self.get_name()).add_child(self)

    def html(self) -> str:
        """The page.

        Raises
        ------
        InputError
            An element added to the map asks for a file from the network.
        """
        return str(self.get_root().render())

    def save(self, outfile: Any, close_file: bool = True, **kwargs: Any) -> None:
        """Write the page to a file; its folder must exist."""
        if not isinstance(outfile, str | Path):
            super().save(outfile, close_file=close_file, **kwargs)
            return
        try:
            Path(outfile).write_text(self.html(), encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"{outfile}: the map cannot be written here ({error.strerror})") from None

    def _repr_html_(self, **_: Any) -> str:
        """A frame for notebooks; sandboxed, so that the page reaches nothing of the notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.html())}" sandbox="allow-scripts allow-modals" title="map" '
            'style="width:100%;height:680px;border:1px solid #ddd"></iframe>'
        )


class _PageLayer(Layer):
    """A layer as folium sees it; the page's script draws it from the block of data."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = netplan.layer({{ this.key|tojson }}, {{ this.layer_name|tojson }})
                {%- if this.is_shown %}.addTo({{ this._parent.get_name() }}){% endif %};
        {% endmacro %}
        """
    )

    def __init__(self, layer: MapLayer) -> None:
        # folium would add a shown layer once more at every rendering; the template does it once.
        super().__init__(name=layer.title, overlay=True, show=False)
        self.is_shown = layer.shown
        self._name = "Layer"
        self._id = layer.key
        self.key = layer.key


class _OfflinePage(Figure):
    """The page around the map."""

    _template = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))

    def __init__(self, title: str, block: str, map_name: str) -> None:
        super().__init__(title=title.encode("utf-8", "replace").decode("utf-8"))
        self.version = __version__
        self.header = self.head = _Head(self)
        self.block, self.map_name = block, map_name
        self.styles, self.libraries, self.modules = assets.styles(), assets.libraries(), assets.modules()

    def render(self, **kwargs: Any) -> str:
        for child in self._children.values():
            child.render(**kwargs)
        self.head.refuse_links()
        return str(self._template.render(this=self, kwargs=kwargs))


class _Head(Element):
    """What elements added to the map put into the page's head: style and script, but nothing remote."""

    def __init__(self, page: Figure) -> None:
        super().__init__()
        self._parent = page

    def refuse_links(self) -> None:
        for child in self._children.values():
            if isinstance(child, JavascriptLink | CssLink):
                raise InputError(f"the map works with the network cut, and an element added to it asks for {child.url}")
