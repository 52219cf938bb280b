/* A canvas that moves and zooms with the map and asks its painter to draw again when the view settles. */
(function (netplan) {
  "use strict";

  const WORLD = 256;

  /* Longitude and latitude to world pixels at zoom 0 (spherical Mercator), once for all. */
  netplan.project = function (lon, lat) {
    const x = new Float64Array(lon.length), y = new Float64Array(lon.length);
    for (let i = 0; i < lon.length; i += 1) {
      x[i] = WORLD * (lon[i] / 360 + 0.5);
      y[i] = WORLD * (0.5 - Math.log(Math.tan(Math.PI / 4 + (lat[i] * Math.PI) / 360)) / (2 * Math.PI));
    }
    return { x: x, y: y };
  };

  /* What a painter needs to know: scale, offset, the visible box and metres per pixel. */
  netplan.viewOf = function (map, bounds) {
    const zoom = map.getZoom(), origin = map.getPixelOrigin(), scale = Math.pow(2, zoom);
    const latitude = (map.getCenter().lat * Math.PI) / 180;
    return {
      zoom: zoom,
      scale: scale,
      left: bounds.min.x, top: bounds.min.y, right: bounds.max.x, bottom: bounds.max.y,
      x: (world) => world * scale - origin.x,
      y: (world) => world * scale - origin.y,
      metres: (40075016.7 * Math.cos(latitude)) / (WORLD * scale),
      sees: (x, y, margin) =>
        x > bounds.min.x - margin && x < bounds.max.x + margin && y > bounds.min.y - margin && y < bounds.max.y + margin,
    };
  };

  netplan.Surface = L.Renderer.extend({
    options: { padding: 0.2 },

    initialize: function (paint, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._painter = paint;
    },

    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._context = this._container.getContext("2d");
    },

    _destroyContainer: function () {
      L.Util.cancelAnimFrame(this._request);
      this._container.remove();
      delete this._container;
      delete this._context;
    },

    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._paint();
    },

    /* Setting its size empties a canvas; clearRect would too, but comes out opaque on paper. */
    _paint: function () {
      if (!this._map || !this._bounds) return;
      const size = this._bounds.getSize(), ratio = window.devicePixelRatio || 1, canvas = this._container;
      canvas.width = Math.round(size.x * ratio);
      canvas.height = Math.round(size.y * ratio);
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
      this._context.setTransform(ratio, 0, 0, ratio, -this._bounds.min.x * ratio, -this._bounds.min.y * ratio);
      this._painter(this._context, netplan.viewOf(this._map, this._bounds));
    },

    redraw: function () {
      if (!this._map || this._request) return;
      this._request = L.Util.requestAnimFrame(function () {
        this._request = null;
        this._paint();
      }, this);
    },
  });
})(window.netplan);
