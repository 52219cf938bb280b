/* What a click tells: the decision and its reason, the customers, or the people of a cell. */
(function (netplan) {
  "use strict";

  const data = netplan.data, sites = netplan.sites, nodes = netplan.nodes, state = netplan.state;
  const el = netplan.el, format = netplan.format;

  netplan.siteName = (s) => sites.name[s] || sites.id[s];
  netplan.formatName = (f) => (f < 0 ? "" : netplan.bothNames(data.formats[f].name, data.formats[f].name_en));

  function jump(s, label) {
    return el("button", { type: "button", class: "link", text: label, onclick: () => netplan.select(s, true) });
  }

  function badge(s) {
    const action = netplan.actionOf(s);
    if (!action) return el("p", { class: "badge", text: sites.is_target[s] ? "Taken by a relocation" : sites.is_candidate[s] ? "Candidate, not taken up" : "" });
    return el("p", { class: "badge badge-" + action }, [netplan.actionIcon(action), el("span", { text: netplan.ACTIONS[action].title })]);
  }

  function formats(s) {
    const before = netplan.formatName(sites.before[s]), after = netplan.formatName(sites.after[s]);
    const words = before && after && before !== after ? before + " \u2192 " + after : before || after;
    return words ? netplan.localName("p", words, "formats") : null;
  }

  function moves(s) {
    if (sites.to[s] >= 0) return el("p", {}, [el("span", { text: "Moves to " }), jump(sites.to[s], netplan.siteName(sites.to[s]))]);
    const from = sites.to.indexOf(s);
    return from >= 0 ? el("p", {}, [el("span", { text: "Takes over from " }), jump(from, netplan.siteName(from))]) : null;
  }

  const cell = (tag, text, className) => el(tag, { text: text, class: className, scope: tag === "th" ? "col" : undefined });

  function table(head, rows) {
    const body = rows.map((row) => el("tr", {}, row.map((text, k) => cell(k ? "td" : "th", text, k ? "number" : undefined))));
    return el("table", {}, [el("thead", {}, [el("tr", {}, head.map((text) => cell("th", text)))]), el("tbody", {}, body)]);
  }

  function load(when, service, s) {
    const visits = sites["visits_" + when][service][s], share = sites["used_" + when][service][s];
    if (visits === null) return "\u2013";
    return format.whole(visits) + (share === null ? "" : "\u00a0(" + format.percent(share) + ")");
  }

  function visitsTable(s) {
    if (!sites.visits_after) return null;
    const target = netplan.servesFrom(s);
    const rows = data.services.map((name, c) => [name, load("before", c, s), load("after", c, target)]);
    return table(["Visits a year (share of capacity)", "today", "plan"], rows);
  }

  function customers(s) {
    if (!netplan.served.before) return null;
    const links = netplan.catchment(s), people = links.reduce((sum, link) => sum + nodes.people[link.node], 0);
    if (!links.length) return null;
    const service = data.services[state.service];
    const where = netplan.actionOf(s) === "close" ? "where the customers of today go" : "the customers it serves";
    return el("p", { class: "fine", text: "Lines: " + where + " for " + service + ", " + links.length + " cells with " + format.whole(people) + " people." });
  }

  function sitePopup(s) {
    return el("div", { class: "popup" }, [
      netplan.localName("h3", netplan.siteName(s)),
      el("p", { class: "fine", lang: data.language, text: sites.id[s] + " \u00b7 " + netplan.placeOf(sites.district[s], sites.township[s]) }),
      badge(s),
      formats(s),
      moves(s),
      sites.note[s] ? el("p", { text: sites.note[s] }) : null,
      sites.reason[s] ? el("p", { class: "reason", text: sites.reason[s] }) : null,
      visitsTable(s),
      customers(s),
    ]);
  }

  function reach(when, i, service) {
    const served = netplan.servedAt(when, i, service);
    return served.site < 0 ? "not served" : netplan.siteName(served.site) + ", " + format.minutes(served.minutes);
  }

  function nodePopup(i) {
    const density = nodes.area[i] > 0 ? ", " + format.whole(nodes.people[i] / nodes.area[i]) + " per km\u00b2" : "";
    const served = netplan.served.after
      ? table(["Served from", "today", "plan"], data.services.map((name, c) => [name, reach("before", i, c), reach("after", i, c)]))
      : null;
    return el("div", { class: "popup" }, [
      netplan.localName("h3", nodes.name[i] || "Cell " + nodes.id[i]),
      el("p", { class: "fine", lang: data.language, text: nodes.id[i] + " \u00b7 " + netplan.placeOf(nodes.district[i], nodes.township[i]) }),
      el("p", { text: format.whole(nodes.people[i]) + " people" + density + ", " + (nodes.urban[i] ? "urban" : "rural") }),
      el("p", { class: "fine", text: data.segments.map((name, g) => name + " " + format.whole(nodes.segments[g][i])).join(" \u00b7 ") }),
      served,
    ]);
  }

  function show(lon, lat, content) {
    netplan.keepClearOfLegend(netplan.popup);
    netplan.popup.setLatLng([lat, lon]).setContent(content).openOn(netplan.map);
  }

  function focus(lon, lat, nearest) {
    const zoom = Math.max(netplan.map.getZoom(), nearest);
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) netplan.map.setView([lat, lon], zoom, { animate: false });
    else netplan.map.flyTo([lat, lon], zoom, { duration: 0.6 });
  }

  netplan.select = function (s, move) {
    state.selected = s;
    state.selectedNode = -1;
    if (move) focus(sites.lon[s], sites.lat[s], netplan.openingZoom + 2);
    show(sites.lon[s], sites.lat[s], sitePopup(s));
    netplan.redraw();
  };

  netplan.selectNode = function (i, move) {
    state.selected = -1;
    state.selectedNode = i;
    if (move) focus(nodes.lon[i], nodes.lat[i], netplan.openingZoom + 2);
    show(nodes.lon[i], nodes.lat[i], nodePopup(i));
    netplan.redraw();
  };

  netplan.goTo = (lon, lat) => focus(lon, lat, netplan.openingZoom + 1.5);

  netplan.unselect = function () {
    state.selected = state.selectedNode = -1;
    netplan.redraw();
  };
})(window.netplan);
