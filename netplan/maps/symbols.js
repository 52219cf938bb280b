/* Map symbols: a shape for every colour, so that nobody has to tell colours apart. Legend and map share them. */
(function (netplan) {
  "use strict";

  const TURN = 2 * Math.PI;

  function polygon(ctx, x, y, r, corners, turned) {
    for (let i = 0; i < corners; i += 1) {
      const angle = turned + (i * TURN) / corners;
      ctx.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
    }
    ctx.closePath();
  }

  function bars(ctx, x, y, r, turned) {
    const t = 0.34 * r;
    const corners = [[-r, -t], [-t, -t], [-t, -r], [t, -r], [t, -t], [r, -t], [r, t], [t, t], [t, r], [-t, r], [-t, t], [-r, t]];
    const cos = Math.cos(turned), sin = Math.sin(turned);
    for (const [dx, dy] of corners) ctx.lineTo(x + dx * cos - dy * sin, y + dx * sin + dy * cos);
    ctx.closePath();
  }

  const OUTLINES = {
    circle: (ctx, x, y, r) => ctx.arc(x, y, r, 0, TURN),
    square: (ctx, x, y, r) => ctx.rect(x - 0.86 * r, y - 0.86 * r, 1.72 * r, 1.72 * r),
    diamond: (ctx, x, y, r) => polygon(ctx, x, y, 1.22 * r, 4, 0),
    triangle: (ctx, x, y, r) => polygon(ctx, x, y + 0.18 * r, 1.28 * r, 3, -TURN / 4),
    pentagon: (ctx, x, y, r) => polygon(ctx, x, y, 1.1 * r, 5, -TURN / 4),
    hexagon: (ctx, x, y, r) => polygon(ctx, x, y, 1.08 * r, 6, 0),
    cross: (ctx, x, y, r) => bars(ctx, x, y, 1.3 * r, TURN / 8),
    plus: (ctx, x, y, r) => bars(ctx, x, y, 1.25 * r, 0),
  };

  netplan.drawSymbol = function (ctx, style, x, y, r) {
    ctx.beginPath();
    OUTLINES[style.shape](ctx, x, y, r);
    ctx.lineJoin = "round";
    if (style.halo !== 0) {
      ctx.strokeStyle = style.halo_colour || "rgba(255,255,255,.92)";
      ctx.lineWidth = 2 * (style.halo || 1.6) + (style.hollow ? 1.4 : 0);
      ctx.stroke();
    }
    ctx.fillStyle = style.hollow ? "#fffdf8" : style.colour;
    ctx.fill();
    if (style.hollow || style.edge) {
      ctx.strokeStyle = style.edge || style.colour;
      ctx.lineWidth = style.hollow ? 1.5 : 0.8;
      ctx.stroke();
    }
  };

  /* A gently bent arrow from one place to another; its head ends `gap` pixels short of the target. */
  netplan.drawArrow = function (ctx, from, to, colour, gap) {
    const dx = to[0] - from[0], dy = to[1] - from[1];
    const length = Math.hypot(dx, dy);
    if (length < 4) return;
    const bend = Math.min(26, 0.16 * length);
    const mid = [(from[0] + to[0]) / 2 - (bend * dy) / length, (from[1] + to[1]) / 2 + (bend * dx) / length];
    const angle = Math.atan2(to[1] - mid[1], to[0] - mid[0]);
    const tip = [to[0] - gap * Math.cos(angle), to[1] - gap * Math.sin(angle)];
    const head = Math.min(9, 0.45 * length);
    const neck = [tip[0] - head * Math.cos(angle), tip[1] - head * Math.sin(angle)];
    for (const [stroke, width] of [["rgba(255,255,255,.9)", 5], [colour, 2]]) {
      ctx.beginPath();
      ctx.moveTo(from[0], from[1]);
      ctx.quadraticCurveTo(mid[0], mid[1], neck[0], neck[1]);
      ctx.lineCap = "round";
      ctx.strokeStyle = stroke;
      ctx.lineWidth = width;
      ctx.stroke();
    }
    ctx.beginPath();
    ctx.moveTo(tip[0], tip[1]);
    ctx.lineTo(tip[0] - head * Math.cos(angle - 0.42), tip[1] - head * Math.sin(angle - 0.42));
    ctx.lineTo(tip[0] - head * Math.cos(angle + 0.42), tip[1] - head * Math.sin(angle + 0.42));
    ctx.closePath();
    ctx.fillStyle = colour;
    ctx.fill();
  };

  /* The same drawing on a small canvas of its own, for legend, lists and popups. */
  netplan.icon = function (paint, width, height) {
    const ratio = Math.max(2, window.devicePixelRatio || 1);
    const canvas = netplan.el("canvas", { class: "icon", width: width * ratio, height: height * ratio, "aria-hidden": "true" });
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    paint(ctx, width, height);
    return canvas;
  };

  netplan.symbolIcon = (style) => netplan.icon((ctx) => netplan.drawSymbol(ctx, style, 9, 9, 5), 18, 18);

  netplan.ACTIONS = {
    keep: { title: "Keep", style: { shape: "circle", colour: "#5f5b53", halo: 1 } },
    convert: { title: "Convert", style: { shape: "diamond", colour: "#1668ad" } },
    open: { title: "Open", style: { shape: "plus", colour: "#00794f" } },
    relocate: { title: "Relocate", style: { shape: "square", colour: "#9a2f86" } },
    close: { title: "Close", style: { shape: "cross", colour: "#c9401a" } },
  };

  netplan.actionIcon = function (action) {
    const style = netplan.ACTIONS[action].style;
    if (action !== "relocate") return netplan.symbolIcon(style);
    return netplan.icon((ctx) => {
      netplan.drawSymbol(ctx, { shape: "circle", colour: style.colour, hollow: true }, 4.5, 13, 3);
      netplan.drawArrow(ctx, [5, 11], [19, 5], style.colour, 4);
      netplan.drawSymbol(ctx, style, 20, 5, 3.6);
    }, 25, 18);
  };

  /* Formats: the channel gives the shape, the cost the shade, dearest darkest; a shop that is no physical outlet is hollow. */
  const CHANNEL_SHAPES = { outlet: "circle", point: "square", counter: "triangle", van: "hexagon" };
  const CHANNEL_SHADES = {
    outlet: ["#143d59", "#3f7ea6", "#8ebbd4", "#5e548e", "#9f86c0"],
    point: ["#7a5c1e", "#c79a3b", "#e2c383"],
    counter: ["#3d5a2a", "#7da453", "#b3cf93"],
    van: ["#8a3b2a", "#cd7f66", "#e5b3a2"],
  };

  netplan.formatStyles = function (formats) {
    return formats.map((format) => {
      const shades = CHANNEL_SHADES[format.channel], colour = shades[format.rank % shades.length];
      const isHollow = format.channel === "outlet" && !format.is_physical;
      return { shape: CHANNEL_SHAPES[format.channel], colour: colour, hollow: isHollow, halo: 0.8 };
    });
  };
})(window.netplan);
