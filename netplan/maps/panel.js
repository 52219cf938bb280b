/* The panel: what the plan does, and the one control of the layers, which is also their legend. */
(function (netplan) {
  "use strict";

  const data = netplan.data, sites = netplan.sites, state = netplan.state, el = netplan.el;
  const byId = (id) => document.getElementById(id);

  function fill(id, children) {
    const section = byId(id);
    section.replaceChildren(...children.filter(Boolean));
    section.hidden = !section.childNodes.length;
  }

  function heading() {
    document.title = data.title;
    fill("heading", [
      el("p", { class: "kicker", lang: data.language, text: data.kicker }),
      netplan.localName("h1", data.title),
      data.status ? el("p", { class: "status status-" + data.status.kind, text: data.status.text }) : null,
      data.status ? el("p", { class: "fine", text: data.status.detail }) : null,
    ]);
  }

  function figures() {
    if (!data.figures.length) return fill("figures", []);
    const rows = data.figures.map((figure) =>
      el("tr", { class: figure.good === null ? null : figure.good ? "better" : "worse" }, [
        el("th", { scope: "row" }, [el("span", { text: figure.label }), el("span", { class: "unit", text: figure.unit })]),
        ...figure.cells.map((text, k) => el("td", { class: "number" + [" ", " strong", " change"][k], text: text })),
      ]));
    const head = el("tr", {}, ["", ...data.figures_head].map((text) => el("th", { scope: "col", text: text })));
    return fill("figures", [el("h2", { text: data.figures_title }), el("table", {}, [el("thead", {}, [head]), el("tbody", {}, rows)])]);
  }

  function standards() {
    if (!data.standards.length) return fill("standards", []);
    const rows = data.standards.map((standard) =>
      el("li", { class: standard.met ? "met" : "unmet" }, [
        el("span", { class: "mark", text: standard.met ? "\u2713" : "\u2717", "aria-label": standard.met ? "met" : "not met" }),
        el("span", { class: "what", text: standard.text }),
        el("span", { class: "number fine", text: standard.value }),
      ]));
    return fill("standards", [el("h2", { text: "Standards" }), el("ul", {}, rows)]);
  }

  function swatch(colour) {
    return netplan.icon((ctx, width, height) => {
      const colours = Array.isArray(colour) ? colour : [colour];
      colours.forEach((one, k) => {
        ctx.fillStyle = one;
        ctx.fillRect((k * width) / colours.length, 2, width / colours.length, height - 4);
      });
    }, 22, 14);
  }

  /* Classes side by side, each break under the joint of the two colours that it parts. */
  function ramp(mode) {
    const colours = netplan.rampOf(mode), share = 100 / colours.length;
    const ticks = mode.labels.map((text, k) => el("span", { text: text, style: "left:" + (k + 1) * share + "%" }));
    const bar = netplan.icon((ctx, width, height) => colours.forEach((colour, k) => {
      ctx.fillStyle = colour;
      ctx.fillRect((k * width) / colours.length, 0, width / colours.length, height);
    }), 186, 11);
    return el("div", { class: "ramp" }, [bar, el("div", { class: "ticks" }, ticks)]);
  }

  const legendRow = (icon, text, more) =>
    el("li", {}, [icon, netplan.localName("span", text), more === undefined ? null : el("span", { class: "count", text: netplan.format.whole(more) })]);

  function line(colour, width, dash) {
    return netplan.icon((ctx) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.setLineDash(dash || []);
      ctx.moveTo(1, 7);
      ctx.lineTo(21, 7);
      ctx.stroke();
    }, 22, 14);
  }

  function options(name, items, current, choose) {
    return el("div", { class: "choices", role: "radiogroup", "aria-label": name }, items.map(([value, text], k) => {
      const input = el("input", { type: "radio", name: name, value: k, checked: value === current, onchange: () => choose(value) });
      return el("label", {}, [input, el("span", { text: text })]);
    }));
  }

  function recolour() {
    netplan.recolourCells();
    netplan.redraw();
    control();
  }

  function cellsLegend() {
    const mode = data.cells.find((cell) => cell.key === state.cells) || data.cells[0];
    const choose = (key) => { state.cells = key; recolour(); };
    return el("div", {}, [
      data.cells.length > 1 ? options("cells", data.cells.map((cell) => [cell.key, cell.title]), mode.key, choose) : null,
      el("p", { class: "fine", text: mode.note.replace("{service}", data.services[state.service]) }),
      mode.breaks ? ramp(mode) : null,
      el("ul", {}, netplan.cellLegend(mode).map(([colour, text]) => legendRow(swatch(colour), text))),
    ]);
  }

  const servedLegend = () =>
    el("p", { class: "fine", text: "A line joins each cell to the outlet that serves it for " + data.services[state.service] + ". Click an outlet for its own." });

  /* Minutes, catchments and lines are of one service at a time. */
  function services() {
    const choose = (service) => { state.service = service; recolour(); };
    return netplan.served.after && el("div", { class: "services" }, [options("service", data.services.map((name, c) => [c, name]), state.service, choose)]);
  }

  function actionsLegend() {
    const counts = {};
    sites.action.forEach((a) => { if (a >= 0) counts[data.actions[a]] = (counts[data.actions[a]] || 0) + 1; });
    const toggle = (action) => (event) => {
      if (event.target.checked) state.hiddenActions.delete(action);
      else state.hiddenActions.add(action);
      netplan.redraw();
    };
    return el("ul", {}, Object.keys(netplan.ACTIONS).map((action) => {
      const input = el("input", { type: "checkbox", checked: !state.hiddenActions.has(action), onchange: toggle(action) });
      const words = el("span", { text: netplan.ACTIONS[action].title });
      return el("li", {}, [el("label", {}, [input, netplan.actionIcon(action), words]), el("span", { class: "count", text: counts[action] || 0 })]);
    }));
  }

  function formatsLegend(column) {
    const counts = data.formats.map(() => 0);
    column.forEach((f) => { if (f >= 0) counts[f] += 1; });
    const place = (f) => ["outlet", "counter", "point", "van"].indexOf(data.formats[f].channel) * 1000 + data.formats[f].rank;
    const order = Array.from(data.formats.keys()).sort((a, b) => place(a) - place(b));
    const rows = order.map((f) => (counts[f] ? legendRow(netplan.symbolIcon(netplan.formatStyle(f)), netplan.formatName(f), counts[f]) : null));
    return el("ul", {}, rows);
  }

  const LEGENDS = {
    districts: () => el("ul", {}, [legendRow(line("#8d8475", 1.4, [7, 2.5, 1.5, 2.5]), "outline, simplified")]),
    cells: cellsLegend,
    served: servedLegend,
    roads: () => el("ul", {}, ["fast", "main", "minor"].map((name, k) => legendRow(line(...netplan.ROAD_STYLES[k]), name))),
    today: () => formatsLegend(sites.before),
    plan: () => formatsLegend(sites.after),
    actions: actionsLegend,
    candidates: () => el("ul", {}, [legendRow(netplan.symbolIcon(netplan.CANDIDATE), "not taken up", netplan.sitesOf.candidates().length)]),
    names: () => null,
  };

  function layerRow(layer) {
    const shown = netplan.shown.has(layer.key);
    const flip = (event) => netplan.map[event.target.checked ? "addLayer" : "removeLayer"](layer.layer);
    const input = el("input", { type: "checkbox", checked: shown, onchange: flip });
    return el("div", { class: "layer" }, [
      el("label", { class: "layer-title" }, [input, el("span", { text: layer.title })]),
      shown ? LEGENDS[layer.key]() : null,
    ]);
  }

  function control() {
    const active = document.activeElement, name = active && active.closest("#legend") ? [active.name, active.value] : null;
    fill("legend", [services(), ...netplan.layers.map(layerRow)]);
    const again = name && name[0] && Array.from(byId("legend").querySelectorAll("input")).find((i) => i.name === name[0] && i.value === name[1]);
    if (again) again.focus();
  }
  netplan.control = control;

  function decision(s) {
    const action = netplan.actionOf(s);
    const short = (f) => (f < 0 ? "" : data.formats[f].name_en || data.formats[f].name);
    const before = short(sites.before[s]), after = short(sites.after[s]);
    const words = { close: before, open: after, convert: before + " \u2192 " + after, relocate: "to " + (sites.to[s] >= 0 ? netplan.siteName(sites.to[s]) : "") };
    return el("li", {}, [el("button", { type: "button", onclick: () => netplan.select(s, true) }, [
      netplan.actionIcon(action), netplan.localName("span", netplan.siteName(s), "name"), netplan.localName("span", words[action], "fine"),
    ])]);
  }

  /* A district's list is written when it is first opened: a municipality has thousands of decisions. */
  function district(d, list, open) {
    const rows = el("ul", {});
    const write = () => rows.childNodes.length || rows.append(...list.map(decision));
    if (open) write();
    const name = d < 0 ? "Elsewhere" : netplan.bothNames(netplan.districts.name[d], netplan.districts.name_en[d]);
    const summary = el("summary", {}, [netplan.localName("span", name), el("span", { class: "count", text: list.length })]);
    return el("details", { open: open, ontoggle: write }, [summary, rows]);
  }

  function decisions() {
    const order = ["close", "relocate", "convert", "open"], groups = new Map();
    for (let s = 0; s < sites.count; s += 1) {
      if (!order.includes(netplan.actionOf(s))) continue;
      const d = sites.district[s];
      if (!groups.has(d)) groups.set(d, []);
      groups.get(d).push(s);
    }
    if (!groups.size) return fill("decisions", []);
    for (const list of groups.values()) list.sort((a, b) => order.indexOf(netplan.actionOf(a)) - order.indexOf(netplan.actionOf(b)));
    const lists = Array.from(groups.keys()).sort((a, b) => a - b).map((d) => district(d, groups.get(d), groups.size <= 2));
    return fill("decisions", [el("h2", { text: "Decisions" }), ...lists]);
  }

  function sources() {
    const credit = byId("credit");
    credit.textContent = data.credit;
    credit.lang = data.language;
    fill("sources", [
      el("h2", { text: "About this map" }),
      ...data.statements.map((text) => el("p", { class: "fine", lang: data.language, text: text })),
      el("ul", {}, data.sources.map((text) => el("li", { class: "fine", lang: data.language, text: text }))),
    ]);
  }

  netplan.panel = function () {
    heading();
    figures();
    standards();
    control();
    decisions();
    sources();
    netplan.search(byId("search"), byId("results"));
  };
})(window.netplan);
