/* Wires the page: two canvases, the layers folium adds, pointing and clicking, printing. */
(function (netplan) {
  "use strict";

  const data = netplan.data, state = netplan.state;
  netplan.shown = new Set();
  netplan.layers = [];

  const GROUND = [["cells", netplan.paintCells], ["roads", netplan.paintRoads], ["districts", netplan.paintBorders]];
  const ABOVE = [
    ["served", netplan.paintAllServed], ["candidates", netplan.paintCandidates], ["today", netplan.paintToday],
    ["plan", netplan.paintPlan], ["actions", netplan.paintActions], ["names", netplan.paintNames],
  ];
  const paint = (list) => (ctx, view) => list.forEach(([key, draw]) => netplan.shown.has(key) && draw(ctx, view));

  function ground(ctx, view) {
    netplan.paintLand(ctx, view);
    paint(GROUND)(ctx, view);
  }

  function above(ctx, view) {
    netplan.paintServed(ctx, view);
    paint(ABOVE)(ctx, view);
    netplan.paintSelection(ctx, view);
  }

  const POINTED = ["actions", "today", "plan", "candidates"];
  netplan.shownSites = () => POINTED.filter((key) => netplan.shown.has(key)).flatMap((key) => netplan.sitesOf[key]());

  netplan.redraw = function () {
    netplan.ground.redraw();
    netplan.above.redraw();
  };

  /* A layer of this page as Leaflet sees it: adding and removing it only says what is to be drawn. */
  const PageLayer = L.Layer.extend({
    initialize: function (key) { this.key = key; },
    onAdd: function () { this._turn("add"); },
    onRemove: function () { this._turn("delete"); },
    _turn: function (how) {
      netplan.shown[how](this.key);
      if (netplan.ground) netplan.redraw();
      if (netplan.isReady) netplan.control();
    },
  });

  netplan.layer = function (key, title) {
    const layer = new PageLayer(key);
    netplan.layers.push({ key: key, title: title, layer: layer });
    return layer;
  };

  function pointing(map) {
    const tip = L.tooltip({ direction: "top", offset: [0, -8], className: "tip" });
    const at = (event) => {
      const view = netplan.viewOf(map, { min: L.point(0, 0), max: L.point(0, 0) });
      return { view: view, x: event.layerPoint.x, y: event.layerPoint.y };
    };
    map.on("mousemove", (event) => {
      const where = at(event), s = netplan.siteAt(where.view, where.x, where.y, 10);
      map.getContainer().style.cursor = s >= 0 ? "pointer" : "";
      if (s < 0) return map.closeTooltip(tip);
      tip.setContent(netplan.localName("span", netplan.siteName(s)));
      return tip.setLatLng([netplan.sites.lat[s], netplan.sites.lon[s]]).addTo(map);
    });
    map.on("click", (event) => {
      const where = at(event), s = netplan.siteAt(where.view, where.x, where.y, 12);
      if (s >= 0) return netplan.select(s, false);
      const i = netplan.shown.has("cells") ? netplan.cellAt(where.view, where.x, where.y) : -1;
      return i >= 0 && netplan.selectNode(i, false);
    });
  }

  const covered = (map) => {
    const card = document.getElementById("legend-card");
    return card.open && map.getSize().x > 800 ? card.offsetWidth + 12 : 0;
  };
  netplan.keepClearOfLegend = (popup) => { popup.options.autoPanPaddingBottomRight = [covered(netplan.map) + 16, 24]; };

  /* The whole region beside the legend, which lies open over the map where there is room for both. */
  function fit(map) {
    map.invalidateSize({ animate: false });
    const card = document.getElementById("legend-card");
    card.open = card.open && map.getSize().x > 620;
    map.fitBounds(data.bounds, { paddingTopLeft: [18, 18], paddingBottomRight: [18 + covered(map), 26], animate: false });
    netplan.openingZoom = map.getZoom();
  }

  /* Canvases that lie over each other come out opaque on paper, so a third one takes both drawings. */
  function paperCopy(map) {
    const size = map.getSize(), ratio = 3, canvas = netplan.el("canvas", { class: "paper", width: size.x * ratio, height: size.y * ratio });
    const min = map.containerPointToLayerPoint([0, 0]), view = netplan.viewOf(map, { min: min, max: min.add(size) });
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, -min.x * ratio, -min.y * ratio);
    ctx.fillStyle = getComputedStyle(map.getContainer()).backgroundColor;
    ctx.fillRect(min.x, min.y, size.x, size.y);
    ground(ctx, view);
    above(ctx, view);
    map.getContainer().append(canvas);
    return canvas;
  }

  /* A sheet of paper has its own size; the page takes it on before it is printed, and what was in view stays in view. */
  function printing(map) {
    const card = document.getElementById("legend-card");
    let before = null;
    window.addEventListener("beforeprint", () => {
      before = { centre: map.getCenter(), zoom: map.getZoom(), isOpen: card.open };
      const bounds = map.getBounds().pad(-0.04);
      document.body.classList.add("printing");
      card.open = true;
      map.invalidateSize({ animate: false });
      map.fitBounds(bounds, { paddingBottomRight: [card.offsetWidth + 6, 0], animate: false });
      before.copy = paperCopy(map);
    });
    window.addEventListener("afterprint", () => {
      if (!before) return;
      before.copy.remove();
      card.open = before.isOpen;
      document.body.classList.remove("printing");
      map.invalidateSize({ animate: false }).setView(before.centre, before.zoom, { animate: false });
      before = null;
    });
  }

  netplan.start = function (map) {
    netplan.map = map;
    netplan.popup = L.popup({ maxWidth: 360, minWidth: 260, autoPanPaddingTopLeft: [50, 16] });
    map.on("popupclose", (event) => event.popup === netplan.popup && netplan.unselect());
    map.attributionControl.setPrefix(false);
    map.createPane("ground").style.zIndex = 210;
    map.createPane("above").style.zIndex = 420;
    netplan.panel();
    fit(map);
    netplan.recolourCells();
    netplan.ground = new netplan.Surface(ground, { pane: "ground" }).addTo(map);
    netplan.above = new netplan.Surface(above, { pane: "above" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    pointing(map);
    netplan.isReady = true;
    printing(map);
    document.addEventListener("keydown", (event) => event.key === "Escape" && map.closePopup());
    document.body.dataset.ready = "yes";
  };
})(window.netplan);
