// What the network says all over the plane, or along the line, and the rows that it learns; a row is chosen here.

import { css, ground, ofClass, onTurn } from "../draw/colours.js";
import { line, ofPrediction, paint, points, ring, sharp } from "../draw/picture.js";
import { el, number, say, set } from "../dom.js";
import { app, choose, on, onSight, sides, visible } from "../store.js";

const ink = () => getComputedStyle(document.body).color;
/** Edges of a curve within its canvas, in pixels. */
const EDGE = 8;

/** What a row is, in words. */
function told(row) {
  const { points: places, targets, classes, axes } = app.task, at = places[row];
  if (at === undefined) return `Row ${row}: not drawn`;
  if (at === null) return `Row ${row}: it lacks a value of an axis`;
  const target = classes.length ? `class ${classes[targets[row]]}` : `y = ${number(targets[row], 3)}`;
  return `Row ${row}: ${axes.map((name, place) => `${name} = ${number(at[place], 3)}`).join(", ")}, ${target}`;
}

class View {
  constructor(side) {
    this.side = side;
    this.heat = el("canvas", { class: "heat", "aria-hidden": "true" });
    this.above = el("canvas", { class: "above", id: `plane-${side}`, tabindex: "0", role: "slider", "aria-valuemin": 0 });
    this.name = el("figcaption", { class: `side-${side}` });
    this.root = el("figure", {}, this.name, el("div", { class: "frame" }, this.heat, this.above));
    this.above.addEventListener("click", (event) => this.pick(event));
    this.above.addEventListener("keydown", (event) => {
      const { row } = app.chosen, last = app.task.points.length - 1;
      const to = { ArrowRight: row + 1, ArrowUp: row + 1, ArrowLeft: row - 1, ArrowDown: row - 1, Home: 0, End: last, PageUp: row + 10, PageDown: row - 10 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose({ row: Math.max(0, Math.min(to, last)), side });
    });
  }

  /** From a place of the data to one of the canvas, in pixels. */
  at(place, row) {
    const [[left, right], up] = app.task.bounds, [width, height] = this.size;
    const across = (place[0] - left) / (right - left);
    if (up) return [across * width, (1 - (place[1] - up[0]) / (up[1] - up[0])) * height];
    const [low, high] = this.range;
    return [across * width, EDGE + (1 - (app.task.targets[row] - low) / (high - low)) * (height - 2 * EDGE)];
  }

  /** Points, the curve of a function, and the ring; the plane's colours lie below on a canvas of their own. */
  drawAbove() {
    const { task } = app, classes = task.classes.length;
    const [context, width, height] = sharp(this.above);
    this.size = [width, height];
    const spread = Math.max(...task.targets) - Math.min(...task.targets) || 1;
    this.range = [Math.min(...task.targets) - 0.1 * spread, Math.max(...task.targets) + 0.1 * spread];
    const shown = task.points.map((place, row) => [place, row]).filter(([place]) => place);
    const kinds = shown.map(([, row]) => (classes ? task.targets[row] : 0));
    const flat = task.axes.length === 2 && !classes;
    const tint = flat && ofPrediction(0, ...this.range);
    const colours = shown.map(([, row], one) => (classes ? ofClass(kinds[one]) : flat ? tint(task.targets[row]) : ofClass(0)));
    points(context, shown.map(([place, row]) => this.at(place, row)), colours, kinds, shown.length > 300 ? 2.6 : 3.4);
    if (task.axes.length === 1) {
      const curve = app.seen[this.side].plane;
      line(context, curve, [0, EDGE, width, height - 2 * EDGE], ...this.range, css(ground()), 5);
      line(context, curve, [0, EDGE, width, height - 2 * EDGE], ...this.range, css(ofClass(1)), 2.5);
    }
    const place = task.points[app.chosen.row];
    if (place) ring(context, this.at(place, app.chosen.row), ink());
    set(this.above, "aria-valuemax", task.points.length - 1);
    set(this.above, "aria-valuenow", Math.min(app.chosen.row, task.points.length - 1));
    set(this.above, "aria-valuetext", told(app.chosen.row));
    set(this.above, "aria-label", `Output of ${this.side} over ${task.axes.join(" and ")}; arrow keys choose a row`);
  }

  /** The colours of the plane, after each frame. */
  draw() {
    if (app.task.axes.length === 1) return this.drawAbove();
    paint(this.heat, app.seen[this.side].plane, ofPrediction(app.task.classes.length, ...(this.range ?? [0, 1])));
  }

  pick(event) {
    const box = this.above.getBoundingClientRect(), [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1, least = Infinity;
    app.task.points.forEach((place, row) => {
      if (!place) return;
      const [x, y] = this.at(place, row), far = Math.hypot(x - px, y - py);
      if (far < least) [best, least] = [row, far];
    });
    if (best >= 0) choose({ row: best, side: this.side });
  }
}

export function plane(section) {
  const views = { A: new View("A"), B: new View("B") };
  const pair = el("div", { class: "pair" }), legend = el("ul", { class: "legend" }), chosen = el("p", { class: "note", id: "chosen" });
  section.append(pair, legend, chosen);
  const all = () => sides().map((side) => views[side]);

  function anew() {
    pair.replaceChildren(...all().map((one) => one.root));
    for (const one of all()) {
      say(one.name, sides().length > 1 ? one.side : "");
      one.heat.hidden = app.task.axes.length === 1;
      one.drawAbove();
      one.draw();
    }
    const { classes } = app.task;
    const marks = ["●", "■", "▲", "◆"];
    legend.replaceChildren(...(classes.length ? classes.map((name, place) => {
      const sign = el("span", { "aria-hidden": "true" }, marks[place % 4]);
      sign.style.color = css(ofClass(place));
      return el("li", {}, sign, ` class ${name}`);
    }) : []));
    rename();
  }
  const rename = () => say(chosen, `${told(app.chosen.row)}. Click a point to choose another row.`);
  on("begun", anew);
  on("frame running", () => visible(section) && all().forEach((one) => one.draw()));
  on("chosen", () => {
    if (!pair.children.length || all().some((one) => !one.root.isConnected)) return;
    all().forEach((one) => one.drawAbove());
    rename();
  });
  onTurn(() => app.task && anew());
  new ResizeObserver(() => app.task && pair.children.length && all().forEach((one) => one.drawAbove())).observe(pair);
  onSight(section, () => pair.children.length && all().forEach((one) => one.draw()));
}
