/* Outlets and candidates: today, the plan, the actions, and who is served from the selected one. */
(function (netplan) {
  "use strict";

  const data = netplan.data, sites = netplan.sites, nodes = netplan.nodes, state = netplan.state;
  const ACTIONS = netplan.ACTIONS;
  const formatStyles = netplan.formatStyles(data.formats);
  const crowding = Math.max(1.4, Math.min(4, 60 / Math.sqrt(Math.max(1, sites.count))));

  netplan.formatStyle = (f) => formatStyles[f];
  netplan.sizes = function (view) {
    const grown = Math.max(0.9, Math.min(2.1, 1 + 0.24 * (view.zoom - (netplan.openingZoom || view.zoom))));
    return { quiet: crowding * grown, loud: Math.max(3.4, 1.35 * crowding) * grown };
  };

  const all = Array.from(sites.id.keys());
  const loudness = { keep: 0, convert: 1, open: 2, relocate: 3, close: 4 };
  const byAction = all.filter((s) => netplan.actionOf(s)).sort((a, b) => loudness[netplan.actionOf(a)] - loudness[netplan.actionOf(b)]);
  const isOutlet = (s) => {
    const f = sites.after[s] >= 0 ? sites.after[s] : sites.before[s];
    return f >= 0 && data.formats[f].channel === "outlet";
  };

  /* Which sites each layer shows: drawing, pointing and searching agree because they all ask here. */
  netplan.sitesOf = {
    today: () => all.filter((s) => sites.before[s] >= 0),
    plan: () => all.filter((s) => sites.after[s] >= 0),
    actions: () => byAction.filter((s) => !state.hiddenActions.has(netplan.actionOf(s))),
    candidates: () => all.filter((s) => sites.is_candidate[s] && !netplan.actionOf(s) && !sites.is_target[s]),
  };

  function paintFormats(ctx, view, list, format) {
    const size = netplan.sizes(view);
    const rank = (s) => (data.formats[format(s)].channel === "outlet" ? 1 : 0);
    for (const s of list.sort((a, b) => rank(a) - rank(b))) {
      const x = view.x(sites.x[s]), y = view.y(sites.y[s]);
      if (view.sees(x, y, 12)) netplan.drawSymbol(ctx, formatStyles[format(s)], x, y, size.quiet * (rank(s) ? 1.3 : 1.1));
    }
  }

  netplan.paintToday = (ctx, view) => paintFormats(ctx, view, netplan.sitesOf.today(), (s) => sites.before[s]);
  netplan.paintPlan = (ctx, view) => paintFormats(ctx, view, netplan.sitesOf.plan(), (s) => sites.after[s]);

  netplan.paintCandidates = function (ctx, view) {
    const size = netplan.sizes(view);
    for (const s of netplan.sitesOf.candidates()) {
      const x = view.x(sites.x[s]), y = view.y(sites.y[s]);
      if (view.sees(x, y, 12)) netplan.drawSymbol(ctx, netplan.CANDIDATE, x, y, 0.9 * size.quiet);
    }
  };
  netplan.CANDIDATE = { shape: "circle", colour: "#8b8578", hollow: true, halo: 0 };

  function paintRelocation(ctx, view, s, size) {
    const from = [view.x(sites.x[s]), view.y(sites.y[s])];
    const target = sites.to[s];
    const to = [view.x(sites.x[target]), view.y(sites.y[target])];
    if (!view.sees(from[0], from[1], 60) && !view.sees(to[0], to[1], 60)) return;
    const style = ACTIONS.relocate.style;
    netplan.drawSymbol(ctx, { shape: "circle", colour: style.colour, hollow: true }, from[0], from[1], 0.8 * size);
    netplan.drawArrow(ctx, from, to, style.colour, size + 1);
    netplan.drawSymbol(ctx, style, to[0], to[1], size);
  }

  netplan.paintActions = function (ctx, view) {
    const size = netplan.sizes(view);
    for (const s of netplan.sitesOf.actions()) {
      const action = netplan.actionOf(s);
      if (action === "relocate") {
        paintRelocation(ctx, view, s, size.loud);
        continue;
      }
      const x = view.x(sites.x[s]), y = view.y(sites.y[s]);
      if (!view.sees(x, y, 14)) continue;
      const r = action !== "keep" ? size.loud * (isOutlet(s) ? 1 : 0.8) : size.quiet * (isOutlet(s) ? 1 : 0.62);
      netplan.drawSymbol(ctx, ACTIONS[action].style, x, y, r);
    }
  };

  /* Lines from customers to where they are served. Of a closed outlet: to where its customers go. */
  netplan.catchment = function (s) {
    const goes = netplan.actionOf(s) === "close" || !netplan.served.after;
    const target = netplan.servesFrom(s);
    const rows = goes ? netplan.nodesServedBy("before", s, state.service) : netplan.nodesServedBy("after", target, state.service);
    return rows.map(([i]) => ({ node: i, site: goes && netplan.served.after ? netplan.servedAt("after", i, state.service).site : target }));
  };

  function paintCatchment(ctx, view, s) {
    const links = netplan.catchment(s);
    ctx.strokeStyle = "rgba(38,34,28,.85)";
    ctx.lineWidth = 1;
    for (const link of links) {
      const size = Math.max(netplan.cellSize(view, link.node), 4);
      ctx.strokeRect(view.x(nodes.x[link.node]) - size / 2, view.y(nodes.y[link.node]) - size / 2, size, size);
    }
    ctx.beginPath();
    for (const link of links) {
      if (link.site < 0) continue;
      ctx.moveTo(view.x(nodes.x[link.node]), view.y(nodes.y[link.node]));
      ctx.lineTo(view.x(sites.x[link.site]), view.y(sites.y[link.site]));
    }
    ctx.strokeStyle = "rgba(38,34,28,.6)";
    ctx.lineWidth = 0.9;
    ctx.stroke();
  }

  netplan.paintSelection = function (ctx, view) {
    if (state.selected >= 0) {
      const s = state.selected, r = netplan.sizes(view).loud + 5;
      ctx.beginPath();
      ctx.arc(view.x(sites.x[s]), view.y(sites.y[s]), r, 0, 2 * Math.PI);
      ctx.strokeStyle = "#1d1a16";
      ctx.lineWidth = 2;
      ctx.stroke();
    }
    if (state.selectedNode >= 0) {
      const i = state.selectedNode, size = Math.max(netplan.cellSize(view, i), 8);
      ctx.strokeStyle = "#1d1a16";
      ctx.lineWidth = 2;
      ctx.strokeRect(view.x(nodes.x[i]) - size / 2, view.y(nodes.y[i]) - size / 2, size, size);
    }
  };

  /* Everybody's line, in the colour of the outlet that serves them; weaker where the lines are many. */
  netplan.paintAllServed = function (ctx, view) {
    if (state.selected >= 0 || !netplan.served.after) return;
    ctx.lineWidth = nodes.count > 5000 ? 0.6 : 0.9;
    for (let i = 0; i < nodes.count; i += 1) {
      const s = netplan.servedAt("after", i, state.service).site;
      if (s < 0) continue;
      const x = view.x(nodes.x[i]), y = view.y(nodes.y[i]);
      if (!view.sees(x, y, 100)) continue;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(view.x(sites.x[s]), view.y(sites.y[s]));
      ctx.strokeStyle = netplan.lineColour(s);
      ctx.stroke();
    }
  };
  netplan.paintServed = (ctx, view) => state.selected >= 0 && paintCatchment(ctx, view, state.selected);

  netplan.siteAt = function (view, x, y, reach) {
    let best = -1, least = reach;
    for (const s of netplan.shownSites()) {
      const away = Math.hypot(view.x(sites.x[s]) - x, view.y(sites.y[s]) - y);
      if (away < least) {
        best = s;
        least = away;
      }
    }
    return best;
  };
})(window.netplan);
