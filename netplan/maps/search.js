/* Find a site, township, district or cell by name or identifier. */
(function (netplan) {
  "use strict";

  const LONGEST = 12;
  const plain = (text) => String(text).toLocaleLowerCase();

  function entries() {
    const { sites, townships, districts, nodes } = netplan;
    const of = (table, kind, go) => table.id.map((id, k) => ({
      kind: kind, id: id, name: table.name[k] || "", english: (table.name_en || [])[k] || "", go: () => go(k),
    }));
    const place = (table) => (k) => netplan.goTo(table.lon[k], table.lat[k]);
    return [
      ...of(sites, "site", (k) => netplan.select(k, true)),
      ...of(townships, "township", place(townships)),
      ...of(districts, "district", place(districts)),
      ...of(nodes, "cell", (k) => netplan.selectNode(k, true)),
    ];
  }

  function find(list, words) {
    const wanted = plain(words).trim();
    const starts = [], contains = [];
    for (const entry of list) {
      const texts = [plain(entry.name), plain(entry.english), plain(entry.id)];
      if (texts.some((text) => text.startsWith(wanted))) starts.push(entry);
      else if (texts.some((text) => text.includes(wanted))) contains.push(entry);
      if (starts.length >= LONGEST) break;
    }
    return starts.concat(contains).slice(0, LONGEST);
  }

  netplan.search = function (box, results) {
    let list = null, found = [], active = -1;

    function close() {
      results.replaceChildren();
      results.hidden = true;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
    }

    function choose(k) {
      if (!found[k]) return;
      close();
      box.blur();
      found[k].go();
    }

    function mark(k) {
      active = k;
      Array.from(results.children).forEach((row, at) => row.setAttribute("aria-selected", String(at === k)));
      if (k >= 0) box.setAttribute("aria-activedescendant", "found-" + k);
    }

    function row(entry, k) {
      return netplan.el("li", { role: "option", id: "found-" + k, "aria-selected": "false", onmousedown: () => choose(k) }, [
        netplan.localName("span", netplan.bothNames(entry.name || entry.id, entry.english)),
        netplan.el("span", { class: "fine", text: entry.kind + " " + entry.id }),
      ]);
    }

    function update() {
      if (!box.value.trim()) return close();
      list = list || entries();
      found = find(list, box.value);
      results.replaceChildren(...(found.length ? found.map(row) : [netplan.el("li", { class: "fine", text: "Nothing of that name" })]));
      results.hidden = false;
      box.setAttribute("aria-expanded", "true");
      mark(found.length ? 0 : -1);
      return undefined;
    }

    box.addEventListener("input", update);
    box.addEventListener("focus", update);
    box.addEventListener("blur", close);
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") mark(Math.min(active + 1, found.length - 1));
      else if (event.key === "ArrowUp") mark(Math.max(active - 1, 0));
      else if (event.key === "Enter") choose(active);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
  };
})(window.netplan);
