// The drawing of a network: units as discs, weights as lines, by sign and size; a layer or a weight is chosen in it.

import { el, fill, number, opens, say, set, svg, table } from "../dom.js";
import { app, choose, on, onSomeFrames, onSight, visible, widths } from "../store.js";

const [HIGH, TOP, GAP] = [250, 34, 30];
/** Weights from these sizes on are so wide. */
const SIZES = [[0, 0.5], [0.1, 1], [0.3, 1.8], [0.8, 3], [2, 5]];
const KINDS = ["plus", "minus"].flatMap((sign) => SIZES.map(([, wide]) => [sign, wide]));
/** Units of a layer that are drawn. */
const DRAWN = 32;

export function diagram(parent, chooseLayer) {
  const edges = svg("g", {}, ...KINDS.map(([sign, wide]) => svg("path", { class: `edge ${sign}`, "stroke-width": wide })));
  const bands = svg("g"), discs = svg("g"), heads = svg("g"), skips = svg("path", { class: "around" });
  const chosen = svg("path", { class: "chosen" });
  const root = svg("svg", { id: "drawing", tabindex: "0", role: "application", "aria-roledescription": "network", "aria-describedby": "drawing-keys" }, bands, skips, edges, chosen, discs, heads);
  const keys = el("p", { class: "note", id: "drawing-keys" }, "Click a layer for its settings, a line for its weight. Keys: left and right choose the layer, up and down the unit, with Shift the input. Lines: ", el("span", { class: "key plus" }, "above 0"), ", ", el("span", { class: "key minus" }, "below 0 (dashed)"), ".");
  const figures = opens("Weights as a table", () => {
    const { side, product } = app.chosen, W = app.seen[side].weights[product];
    const name = `Weights of product ${product + 1} of ${side}: a row for each unit`;
    return W ? table(name, ["unit", ...W[0].map((_, place) => `from ${place + 1}`)], W.map((row, place) => [String(place + 1), ...row.map((one) => number(one, 3))])) : el("p", { class: "note scroll" }, "Too many to be listed.");
  });
  parent.append(root);
  parent.after(keys, figures);

  let x = [], y = [], shape = "", counts = [];
  /** Place everything; only where the shape is another. */
  function lay() {
    const { side } = app.chosen, { settings, inputs } = app.networks[side];
    counts = widths();
    const wide = Math.max(parent.clientWidth - 4, counts.length * 34, 240);
    const known = JSON.stringify([counts, settings.hidden, wide, app.scope, app.chosen.layer]);
    if (known === shape) return;
    shape = known;
    const apart = (wide - 2 * GAP) / Math.max(counts.length - 1, 1);
    x = counts.map((_, place) => GAP + place * apart);
    y = counts.map((count) => {
      const shown = Math.min(count, DRAWN), step = Math.min(30, (HIGH - TOP - 16) / shown);
      return Array.from({ length: shown }, (_, place) => TOP + (HIGH - TOP) / 2 + (place - (shown - 1) / 2) * step);
    });
    set(root, "viewBox", `0 0 ${wide} ${HIGH}`);
    set(root, "width", wide);
    set(root, "height", HIGH);
    const half = Math.min(apart / 2, 40);
    fill(bands, counts, () => svg("rect", { y: 2, height: HIGH - 4, rx: 6 }), (rect, _, place) => {
      set(rect, "x", x[place] - half);
      set(rect, "width", 2 * half);
      set(rect, "class", `band${place - 1 === app.chosen.layer && place < counts.length - 1 ? " now" : ""}`);
    });
    fill(discs, y.flatMap((places, layer) => places.map((at) => [x[layer], at, places.length])), () => svg("circle", { class: "unit" }), (disc, [cx, cy, many]) => {
      for (const [name, value] of [["cx", cx], ["cy", cy], ["r", Math.min(7, 110 / many)]]) set(disc, name, value.toFixed(1));
    });
    const names = counts.map((_, place) => (place === 0 ? "in" : place === counts.length - 1 ? "out" : settings.hidden[place - 1].activation));
    fill(heads, counts, () => svg("g", {}, svg("text", { class: "head", y: 15 }), svg("text", { class: "head", y: 28 })), (group, count, place) => {
      const [name, units] = group.children;
      [name, units].forEach((text) => set(text, "x", x[place]));
      const fits = apart > 58 || place === 0 || place === counts.length - 1;
      say(name, fits ? names[place].replace("identity", "linear") : names[place].slice(0, Math.max(2, Math.floor(apart / 8))));
      const norm = settings.hidden[place - 1]?.norm ?? "none";
      say(units, `${count}${norm !== "none" && apart > 45 ? ` ${norm[0].toUpperCase()}N` : ""}`);
    });
    const around = settings.hidden.map((one, place) => (one.skip && counts[place] === one.units ? `M${x[place]} ${TOP + 4}Q${(x[place] + x[place + 1]) / 2} ${TOP - 16} ${x[place + 1]} ${TOP + 4}` : ""));
    set(skips, "d", around.join(""));
    set(root, "aria-label", `Network of ${side}: ${inputs.length} inputs; ${settings.hidden.map((one, place) => `layer ${place + 1}, ${one.units} ${one.activation}`).join("; ")}; ${counts.at(-1)} outputs`);
  }
  function paint() {
    const { side, product, unit, input } = app.chosen, { weights } = app.seen[side];
    const found = KINDS.map(() => []);
    weights.forEach((W, layer) => W?.forEach((row, to) => row.forEach((w, from) => {
      const size = Math.abs(w);
      let kind = SIZES.length - 1;
      while (size < SIZES[kind][0]) kind -= 1;
      found[kind + (w < 0 ? SIZES.length : 0)].push(`M${x[layer].toFixed(1)} ${y[layer][from].toFixed(1)}L${x[layer + 1].toFixed(1)} ${y[layer + 1][to].toFixed(1)}`);
    })));
    found.forEach((parts, place) => set(edges.children[place], "d", parts.join("")));
    const [from, to] = [y[product][input], y[product + 1][unit]];
    set(chosen, "d", from === undefined || to === undefined ? "" : `M${x[product]} ${from}L${x[product + 1]} ${to}`);
    figures.renew();
  }
  function show() {
    if (!app.task || !visible(root)) return;
    lay();
    paint();
  }

  /** The weight whose line is nearest to a place, within six pixels. */
  function near(px, py) {
    let best = null, least = 6;
    app.seen[app.chosen.side].weights.forEach((W, layer) => {
      if (!W || px < x[layer] + 9 || px > x[layer + 1] - 9) return;
      const share = (px - x[layer]) / (x[layer + 1] - x[layer]), slant = x[layer + 1] - x[layer];
      W.forEach((row, unit) => row.forEach((_, input) => {
        const rise = y[layer + 1][unit] - y[layer][input];
        const off = Math.abs(y[layer][input] + share * rise - py) / Math.hypot(1, rise / slant);
        if (off < least) [best, least] = [{ product: layer, unit, input }, off];
      }));
    });
    return best;
  }
  root.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(root.getScreenCTM().inverse());
    const layer = x.reduce((best, one, place) => (Math.abs(one - at.x) < Math.abs(x[best] - at.x) ? place : best), 0);
    const weight = Math.abs(x[layer] - at.x) < 12 || at.y < TOP ? null : near(at.x, at.y);
    if (weight) choose(weight);
    else if (layer > 0 && layer < counts.length - 1) chooseLayer(layer - 1);
  });
  root.addEventListener("keydown", (event) => {
    const { product, unit, input } = app.chosen;
    const moves = event.shiftKey
      ? { ArrowUp: { input: input - 1 }, ArrowDown: { input: input + 1 } }
      : { ArrowUp: { unit: unit - 1 }, ArrowDown: { unit: unit + 1 }, ArrowLeft: { product: product - 1 }, ArrowRight: { product: product + 1 } };
    if (event.key === "Enter" && product < counts.length - 2) return chooseLayer(product);
    if (!moves[event.key]) return;
    event.preventDefault();
    choose(moves[event.key]);
    const told = app.chosen, W = app.seen[told.side].weights[told.product];
    say(document.getElementById("said"), `Product ${told.product + 1}, unit ${told.unit + 1}, input ${told.input + 1}: weight ${W ? number(W[told.unit][told.input], 3) : "not drawn"}`);
  });
  on("begun chosen", show);
  onSomeFrames(200, show);
  new ResizeObserver(show).observe(parent);
  onSight(parent, show);
}
