/* Names on the map: the most important first, and none that would overlap another. */
(function (netplan) {
  "use strict";

  const sites = netplan.sites, towns = netplan.townships, districts = netplan.districts;
  let family = "sans-serif";

  /* Claims ground for a name; says no where something else already stands. `by force` claims it all the same. */
  function claims() {
    const taken = [];
    return function (x, y, width, height, byForce) {
      const box = [x, y, x + width, y + height];
      const isFree = !taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
      if (isFree || byForce) taken.push(box);
      return isFree;
    };
  }

  function write(ctx, text, x, y, colour) {
    ctx.strokeStyle = "rgba(253,251,245,.92)";
    ctx.lineWidth = 3.2;
    ctx.lineJoin = "round";
    ctx.strokeText(text, x, y);
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  }

  function lines(name, english) {
    return english && english !== name ? [name, english] : [name];
  }

  function font(ctx, style, k) {
    ctx.font = style.weights[k] + " " + style.sizes[k] + "px " + family;
  }

  /* A name in one or two lines around a point, moved a little where the point itself is taken. */
  function centred(ctx, claim, at, texts, style) {
    const heights = texts.map((_, k) => style.sizes[k] * 1.25), height = heights.reduce((a, b) => a + b, 0);
    const widths = texts.map((text, k) => (font(ctx, style, k), ctx.measureText(text).width)), width = Math.max(...widths);
    const moves = [[0, 0], [0, -1], [0, 1], [-0.6, 0], [0.6, 0], [-0.6, -1], [0.6, -1], [-0.6, 1], [0.6, 1]];
    for (const [dx, dy] of moves) {
      const x = at[0] + dx * width, top = at[1] + dy * height - height / 2;
      if (!claim(x - width / 2 - 3, top, width + 6, height)) continue;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      texts.forEach((text, k) => {
        font(ctx, style, k);
        write(ctx, text, x, top + (k ? heights[0] : 0) + heights[k] / 2, style.colour);
      });
      return;
    }
  }

  function beside(ctx, claim, x, y, text, style) {
    font(ctx, style, 0);
    ctx.textBaseline = "middle";
    const width = ctx.measureText(text).width, height = style.sizes[0] * 1.25, off = style.offset;
    for (const [align, left] of [["left", x + off], ["right", x - off - width]]) {
      if (!claim(left - 2, y - height / 2, width + 4, height)) continue;
      ctx.textAlign = align;
      write(ctx, text, align === "left" ? x + off : x - off, y, style.colour);
      return;
    }
  }

  const DISTRICT = { sizes: [16, 11], weights: ["600", "400"], colour: "#57503f" };
  const TOWN = { sizes: [11], weights: ["400"], colour: "#776f5f", offset: 5 };
  const CHANGED = { sizes: [11.5], weights: ["600"], colour: "#2a2620" };
  const KEPT = { sizes: [10.5], weights: ["400"], colour: "#4c463c" };
  const isChanged = (s) => netplan.actionOf(s) && netplan.actionOf(s) !== "keep";

  function placeDistricts(ctx, view, claim) {
    const style = districts.count > 6 && view.metres > 250 ? { ...DISTRICT, sizes: [12, 9.5] } : DISTRICT;
    for (let d = 0; d < districts.count; d += 1) {
      const at = [view.x(districts.x[d]), view.y(districts.y[d])];
      if (view.sees(at[0], at[1], 0)) centred(ctx, claim, at, lines(districts.name[d], districts.name_en[d]), style);
    }
  }

  /* Symbols claim their ground first, so that no name covers an action. */
  function reserve(view, claim) {
    const r = 0.9 * netplan.sizes(view).loud;
    for (const s of netplan.shownSites()) {
      const x = view.x(sites.x[s]), y = view.y(sites.y[s]);
      if (isChanged(s) && view.sees(x, y, 0)) claim(x - r, y - r, 2 * r, 2 * r, true);
    }
  }

  function placeSites(ctx, view, claim, style, isWanted) {
    const offset = netplan.sizes(view).loud + 4;
    for (const s of netplan.shownSites()) {
      const x = view.x(sites.x[s]), y = view.y(sites.y[s]);
      if (isWanted(s) && sites.name[s] && view.sees(x, y, 0)) beside(ctx, claim, x, y, sites.name[s], { ...style, offset: offset });
    }
  }

  function placeTowns(ctx, view, claim) {
    for (let t = 0; t < towns.count; t += 1) {
      const x = view.x(towns.x[t]), y = view.y(towns.y[t]);
      if (view.sees(x, y, 0)) beside(ctx, claim, x, y, towns.name[t], TOWN);
    }
  }

  netplan.paintNames = function (ctx, view) {
    family = getComputedStyle(document.body).fontFamily;
    const claim = claims();
    if (view.metres < 240 || districts.count <= 6) reserve(view, claim);
    placeDistricts(ctx, view, claim);
    if (view.metres < 110) placeSites(ctx, view, claim, CHANGED, isChanged);
    if (view.metres < 240) placeTowns(ctx, view, claim);
    if (view.metres < 30) placeSites(ctx, view, claim, KEPT, (s) => !isChanged(s));
  };
})(window.netplan);
