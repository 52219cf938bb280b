/* Building blocks of the page. Data reaches the page as text nodes only: nothing here parses HTML. */
(function (netplan) {
  "use strict";

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

  netplan.format = {
    whole: (value) => whole.format(value),
    minutes: (value) => tenth.format(value) + " min",
    percent: (value) => percent.format(value),
    signed: (value) => (value > 0 ? "+" : value < 0 ? "\u2212" : "\u00b1") + tenth.format(Math.abs(value)),
  };

  /* el("p", {class: "x", text: anything}, [children]): attributes by setAttribute, words by textContent. */
  netplan.el = function (tag, attributes, children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "text") node.textContent = String(value);
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children || []) if (child) node.append(child);
    return node;
  };

  /* A name in the region's own language: the browser then picks the right glyphs for Han characters. */
  netplan.localName = (tag, text, className) =>
    netplan.el(tag, { text: text, lang: netplan.data.language, class: className });

  /* "奉节县 Fengjie": the local name first, the English one beside it where there is one and it differs. */
  netplan.bothNames = (name, english) => (english && english !== name ? name + " " + english : name);
})(window.netplan);
