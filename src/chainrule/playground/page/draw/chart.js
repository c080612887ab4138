// A chart of lines: axes by hand, one path for each series; only what changes is set anew.

import { fill, number, say, set, svg } from "../dom.js";

const [WIDE, HIGH, LEFT, TOP, BOTTOM, RIGHT] = [340, 176, 44, 8, 32, 8];

function ticksOf(low, high, log) {
  if (log) {
    const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9), step = Math.max(1, Math.ceil((to - from) / 4));
    const found = [];
    for (let power = from; power <= to; power += step) found.push(10 ** power);
    return found.length > 1 ? found : [low, high];
  }
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at += 1) found.push(at * step);
  return found;
}

function told(value, log) {
  if (log) return Math.abs(Math.log10(value) % 1) < 1e-6 && (value < 0.01 || value >= 1000) ? `1e${Math.round(Math.log10(value))}`.replace("-", "−") : number(value, 1);
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

export class Chart {
  /** In a figure; `title` and `x` are said, `log` is "always", "never" or "wide" (where values span a factor of 100). */
  constructor(title, x, { log = "wide", floor = null, ceiling = null, whole = false } = {}) {
    Object.assign(this, { title, log, floor, ceiling, whole });
    this.grid = svg("g");
    this.lines = svg("g");
    this.root = svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": title }, this.grid, this.lines,
      svg("text", { x: WIDE - RIGHT, y: HIGH - 3, class: "end" }, x));
  }

  /** Series: {name, kind (a class), x, y}. */
  draw(series) {
    const xs = series.flatMap((one) => one.x), ys = series.flatMap((one) => one.y).filter((one) => one !== null);
    if (!ys.length) {
      for (const part of [this.grid, this.lines]) part.replaceChildren();
      this.known = "";
      set(this.root, "aria-label", `${this.title}: nothing so far`);
      return;
    }
    const positive = ys.filter((one) => one > 0);
    const log = this.log === "always" || (this.log === "wide" && positive.length === ys.length && Math.max(...ys) > 100 * Math.min(...ys));
    let [low, high] = log ? [Math.min(...positive), Math.max(...positive)] : [Math.min(...ys, this.floor ?? Infinity), Math.max(...ys, this.ceiling ?? -Infinity)];
    if (log) [low, high] = [Math.max(10 ** Math.floor(Math.log10(low)), 1e-30), 10 ** Math.ceil(Math.log10(high) + 1e-9)];
    else if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const [from, to] = [Math.min(...xs), Math.max(Math.max(...xs), Math.min(...xs) + 1)];
    const y = (value) => {
      const share = log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
      return TOP + (1 - share) * (HIGH - TOP - BOTTOM);
    };
    const x = (value) => LEFT + ((value - from) / (to - from)) * (WIDE - LEFT - RIGHT);
    this.axes(low, high, log, from, to, x, y);
    fill(this.lines, series, () => svg("path", { class: "line" }), (path, one) => {
      set(path, "class", `line ${one.kind}`);
      let pen = "M";
      const d = one.y.map((value, place) => {
        if (value === null || (log && value <= 0)) return (pen = "M") && "";
        const part = `${pen}${x(one.x[place]).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = "L";
        return part;
      });
      set(path, "d", d.length === 1 ? `${d[0]}h3` : d.join(""));
    });
    set(this.root, "aria-label", `${this.title}: ${series.map((one) => `${one.name} ${number(one.y.at(-1), 3)}`).join(", ")}`);
  }

  axes(low, high, log, from, to, x, y) {
    const known = [low, high, log, from, to].join();
    if (known === this.known) return;
    this.known = known;
    const across = ticksOf(low, high, log), along = ticksOf(from, to, false).filter((one) => !this.whole || Number.isInteger(one));
    fill(this.grid, [...across.map((at) => ["y", at]), ...along.map((at) => ["x", at])], () => svg("g", {}, svg("path", { class: "grid" }), svg("text", { class: "tick" })), (group, [axis, at]) => {
      const [path, text] = group.children;
      set(path, "d", axis === "y" ? `M${LEFT} ${y(at).toFixed(1)}H${WIDE - RIGHT}` : `M${x(at).toFixed(1)} ${HIGH - BOTTOM}v4`);
      set(text, "class", `tick ${axis}`);
      set(text, "x", axis === "y" ? LEFT - 5 : x(at).toFixed(1));
      set(text, "y", axis === "y" ? (y(at) + 3.5).toFixed(1) : HIGH - BOTTOM + 14);
      say(text, told(at, log && axis === "y"));
    });
  }
}
