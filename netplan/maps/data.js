/* The page's one block of data, parsed, and the look-ups that drawing and popups share. */
(function (netplan) {
  "use strict";

  netplan.data = JSON.parse(document.getElementById("netplan-data").textContent);
  const data = netplan.data;

  netplan.state = {
    service: 0,
    cells: data.cells[0] ? data.cells[0].key : "none",
    hiddenActions: new Set(),
    selected: -1,
    selectedNode: -1,
  };

  const sites = (netplan.sites = Object.assign(data.sites, netplan.project(data.sites.lon, data.sites.lat)));
  const nodes = (netplan.nodes = Object.assign(data.nodes, netplan.project(data.nodes.lon, data.nodes.lat)));
  sites.count = sites.id.length;
  nodes.count = nodes.id.length;

  const towns = (netplan.townships = Object.assign(data.townships, netplan.project(data.townships.lon, data.townships.lat)));
  const districts = (netplan.districts = Object.assign(data.districts, netplan.project(data.districts.lon, data.districts.lat)));
  towns.count = towns.id.length;
  districts.count = districts.id.length;

  netplan.actionOf = (s) => data.actions[sites.action[s]] || "";
  /* An outlet that relocates serves its customers from where it goes. */
  netplan.servesFrom = (s) => (sites.to[s] >= 0 ? sites.to[s] : s);

  netplan.placeOf = function (district, township) {
    const parts = [];
    if (township >= 0) parts.push(netplan.bothNames(towns.name[township], towns.name_en[township]));
    if (district >= 0) parts.push(netplan.bothNames(districts.name[district], districts.name_en[district]));
    return parts.join(", ");
  };

  /* Who is served from where: rows sorted by node; `main` is the largest share of a (node, service). */
  function indexed(table) {
    if (!table) return null;
    const services = data.services.length, size = nodes.count * services;
    const main = new Int32Array(size).fill(-1), minutes = new Float64Array(size).fill(NaN), share = new Float64Array(size);
    const bySite = new Map();
    for (let row = 0; row < table.node.length; row += 1) {
      const at = table.node[row] * services + table.service[row], site = table.site[row];
      const part = table.share ? table.share[row] : 1;
      if (part > share[at]) {
        share[at] = part;
        main[at] = site;
        minutes[at] = table.minutes[row] === null ? NaN : table.minutes[row];
      }
      if (site >= 0) {
        if (!bySite.has(site)) bySite.set(site, []);
        bySite.get(site).push(row);
      }
    }
    return { table: table, main: main, minutes: minutes, bySite: bySite };
  }
  netplan.served = { before: indexed(data.served.before), after: indexed(data.served.after) };

  netplan.servedAt = function (when, node, service) {
    const index = netplan.served[when];
    if (!index) return { site: -1, minutes: NaN };
    const at = node * data.services.length + service;
    return { site: index.main[at], minutes: index.minutes[at] };
  };

  /* Nodes that a site serves for a service: [[node, share], ...]. */
  netplan.nodesServedBy = function (when, site, service) {
    const index = netplan.served[when];
    if (!index) return [];
    const rows = (index.bySite.get(site) || []).filter((row) => index.table.service[row] === service);
    return rows.map((row) => [index.table.node[row], index.table.share ? index.table.share[row] : 1]);
  };
})(window.netplan);
