/* The ground: land, roads, the cells that people live in, district outlines. */
(function (netplan) {
  "use strict";

  const data = netplan.data, nodes = netplan.nodes, sites = netplan.sites, state = netplan.state;

  const RAMPS = {
    people: ["#f1e8d8", "#e5d3b5", "#d3b68d", "#b98f65", "#93694a", "#644130"],
    minutes: ["#e3efe8", "#bcdad0", "#86bdb9", "#51969f", "#2f6c83", "#1c4564"],
    change: ["#2b67a5", "#7fb0d6", "#cbdfec", "#f0ebe0", "#fbdcae", "#ec9f45", "#b25a0c"],
  };
  const CATCHMENTS = ["#8fb9d9", "#f0b884", "#9dcba0", "#d8a6c8", "#d2c48d", "#86cbcd", "#e29c95", "#b4a7da", "#bcd07c", "#cdb3a2"];
  const LINES = ["#2f6d9c", "#b8702a", "#3f8046", "#93508a", "#85752f", "#2b7f84", "#a5483f", "#6353a0", "#64801f", "#85603f"];
  const UNSERVED = "#5a534b";

  netplan.lineColour = (s) => LINES[sites.colour[s] % LINES.length];

  function classOf(value, breaks) {
    let k = 0;
    while (k < breaks.length && value >= breaks[k]) k += 1;
    return k;
  }

  /* A village without an area is a dot, the larger the more people. */
  const isPoint = (i) => !nodes.area[i];
  const mostPeople = nodes.people.reduce((most, people) => Math.max(most, people), 1);
  const dot = (i) => 3 + 15 * Math.sqrt(nodes.people[i] / mostPeople);

  const colourOf = {
    people: (mode, i) => RAMPS.people[isPoint(i) ? 3 : classOf(nodes.people[i] / nodes.area[i], mode.breaks)],
    minutes: function (mode, i) {
      if (!nodes.wants[state.service][i]) return null;
      const served = netplan.servedAt(mode.when, i, state.service);
      return served.site < 0 ? UNSERVED : RAMPS.minutes[classOf(served.minutes, mode.breaks)];
    },
    change: function (mode, i) {
      if (!nodes.wants[state.service][i]) return null;
      const before = netplan.servedAt("before", i, state.service), after = netplan.servedAt("after", i, state.service);
      if (after.site < 0) return before.site < 0 ? RAMPS.change[3] : UNSERVED;
      const more = before.site < 0 ? -Infinity : after.minutes - before.minutes;
      return RAMPS.change[classOf(more, mode.breaks)];
    },
    catchment: function (mode, i) {
      if (!nodes.wants[state.service][i]) return null;
      const site = netplan.servedAt(mode.when, i, state.service).site;
      return site < 0 ? UNSERVED : CATCHMENTS[sites.colour[site] % CATCHMENTS.length];
    },
  };

  /* Dense cells are small; they are drawn last so that a large sparse neighbour never hides them. */
  const density = nodes.people.map((people, i) => (isPoint(i) ? Infinity : people / nodes.area[i]));
  const order = Array.from(nodes.id.keys()).sort((a, b) => (density[a] === density[b] ? 0 : density[a] - density[b]));
  const sides = nodes.area.map((area) => 1000 * Math.sqrt(area));
  let colours = [];

  netplan.recolourCells = function () {
    const mode = data.cells.find((cell) => cell.key === state.cells);
    colours = mode ? nodes.id.map((_, i) => colourOf[mode.kind](mode, i)) : [];
  };

  netplan.cellSize = (view, i) => (isPoint(i) ? dot(i) : Math.max(sides[i] / view.metres, 1.3));

  netplan.paintCells = function (ctx, view) {
    if (!colours.length) return;
    for (const i of order) {
      if (!colours[i]) continue;
      const x = view.x(nodes.x[i]), y = view.y(nodes.y[i]), size = netplan.cellSize(view, i);
      if (!view.sees(x, y, size)) continue;
      const gap = size > 8 ? 0.6 : 0;
      ctx.fillStyle = colours[i];
      if (isPoint(i)) netplan.drawSymbol(ctx, { shape: "circle", colour: colours[i], halo: 0.5 }, x, y, size / 2);
      else ctx.fillRect(x - size / 2, y - size / 2, size - gap, size - gap);
    }
  };

  netplan.cellAt = function (view, x, y) {
    let best = -1, least = Infinity;
    for (let i = 0; i < nodes.count; i += 1) {
      const dx = Math.abs(view.x(nodes.x[i]) - x), dy = Math.abs(view.y(nodes.y[i]) - y);
      const half = Math.max(netplan.cellSize(view, i) / 2, 4);
      if (dx <= half && dy <= half && sides[i] < least) {
        best = i;
        least = sides[i];
      }
    }
    return best;
  };

  netplan.cellLegend = function (mode) {
    if (mode.kind === "catchment") return [[CATCHMENTS.slice(0, 6), "a colour for each outlet's customers"], [UNSERVED, "not served"]];
    return mode.kind === "people" ? [] : [[UNSERVED, mode.kind === "change" ? "no longer served" : "not served"]];
  };

  netplan.rampOf = (mode) => RAMPS[mode.kind];

  const rings = data.districts.rings.map((parts) =>
    parts.map((ring) => netplan.project(ring.filter((_, k) => k % 2 === 0), ring.filter((_, k) => k % 2 === 1))));

  function trace(ctx, view, ring) {
    for (let k = 0; k < ring.x.length; k += 1) {
      if (k) ctx.lineTo(view.x(ring.x[k]), view.y(ring.y[k]));
      else ctx.moveTo(view.x(ring.x[k]), view.y(ring.y[k]));
    }
    ctx.closePath();
  }

  function landPath(ctx, view) {
    ctx.beginPath();
    for (const parts of rings) for (const ring of parts) trace(ctx, view, ring);
  }

  netplan.paintLand = function (ctx, view) {
    landPath(ctx, view);
    ctx.fillStyle = "#fdfbf5";
    ctx.fill("evenodd");
  };

  netplan.paintBorders = function (ctx, view) {
    ctx.lineJoin = "round";
    for (const [colour, width, dash] of [["rgba(255,255,255,.75)", 3.4, []], ["#8d8475", 1.3, [7, 2.5, 1.5, 2.5]]]) {
      landPath(ctx, view);
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.setLineDash(dash);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  };

  const roads = data.roads ? Object.assign(data.roads, netplan.project(data.roads.lon, data.roads.lat)) : null;
  /* Class 0 fast, 1 main, 2 minor; minor roads wait until the map is close enough for them to be told apart. */
  netplan.ROAD_STYLES = [["#8d7c5b", 1.7], ["#a79878", 1.1], ["#c5b99f", 0.7]];

  function paintRoadsOf(ctx, view, rank) {
    ctx.beginPath();
    for (let e = 0; e < roads.from.length; e += 1) {
      if (roads.rank[e] !== rank) continue;
      const x = view.x(roads.x[roads.from[e]]), y = view.y(roads.y[roads.from[e]]);
      const u = view.x(roads.x[roads.to[e]]), v = view.y(roads.y[roads.to[e]]);
      if (!view.sees(x, y, 200) && !view.sees(u, v, 200)) continue;
      ctx.moveTo(x, y);
      ctx.lineTo(u, v);
    }
    ctx.strokeStyle = netplan.ROAD_STYLES[rank][0];
    ctx.lineWidth = netplan.ROAD_STYLES[rank][1];
    ctx.stroke();
  }

  /* Roads beyond the planned area stay as a hint of where they lead. */
  netplan.paintRoads = function (ctx, view) {
    if (!roads) return;
    const ranks = [2, 1, 0].filter((rank) => rank <= (view.metres > 700 ? 0 : view.metres > 260 ? 1 : 2));
    ctx.lineCap = "round";
    ctx.save();
    ctx.globalAlpha = rings.length ? 0.3 : 1;
    ranks.forEach((rank) => paintRoadsOf(ctx, view, rank));
    ctx.globalAlpha = 1;
    landPath(ctx, view);
    ctx.clip("evenodd");
    ranks.forEach((rank) => paintRoadsOf(ctx, view, rank));
    ctx.restore();
  };
})(window.netplan);
