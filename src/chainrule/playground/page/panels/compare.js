// A | B: the same seed with one thing changed, side by side.

import { alone, begin, compare as beside } from "../actions.js";
import { button, el, number, say, table } from "../dom.js";
import { app, on, sides } from "../store.js";

const every = (changes) => (settings) => ({ ...settings, hidden: settings.hidden.map((one) => ({ ...one, ...changes })) });
/** What a quick button makes of A. */
const CURES = {
  "Function → GELU": every({ activation: "gelu" }),
  "Function → ReLU": every({ activation: "relu" }),
  "Weights → Xavier": every({ init: "xavier_normal" }),
  "Weights → He": every({ init: "he_normal" }),
  "Batch norm": every({ norm: "batch" }),
  "Layer norm": every({ norm: "layer" }),
  "Skip connections": every({ skip: true }),
  "No function": every({ activation: "identity" }),
  "Rate ÷ 10": (settings) => ({ ...settings, rate: Number((settings.rate / 10).toPrecision(6)) }),
  "Rate × 10": (settings) => ({ ...settings, rate: Math.min(100, Number((settings.rate * 10).toPrecision(6))) }),
};

const words = (value) => (Array.isArray(value) ? value.map((one) => `${one.units} ${one.activation}`).join(", ") || "no hidden layer" : String(value));

/** What B has other than A, in words. */
export function differences(A, B) {
  const found = [];
  for (const name of Object.keys(A)) {
    if (name === "hidden") continue;
    if (JSON.stringify(A[name]) !== JSON.stringify(B[name])) found.push(`${name} ${words(B[name])} instead of ${words(A[name])}`);
  }
  if (A.hidden.length !== B.hidden.length) return [...found, `layers: ${words(B.hidden)}`];
  const layers = new Map();
  A.hidden.forEach((one, place) => {
    for (const name of Object.keys(one)) {
      const other = B.hidden[place][name];
      if (one[name] === other) continue;
      const what = typeof other === "boolean" ? `${name} ${other ? "on" : "off"}` : `${name} ${other} instead of ${one[name]}`;
      layers.set(what, [...(layers.get(what) ?? []), place + 1]);
    }
  });
  for (const [what, places] of layers) found.push(`${what}, ${places.length === A.hidden.length ? "all layers" : `layer ${places.join(", ")}`}`);
  return found;
}

export function compare(section) {
  const cures = Object.entries(CURES).map(([name, cure]) => [button(name, () => beside(cure(app.wanted.A))), cure]);
  const differs = el("p", { id: "differs" });
  const drop = button("Let go of B", alone), adopt = button("Go on with B as A", () => begin(app.settings.B, null)), swap = button("Swap A and B", () => begin(app.settings.B, app.settings.A));
  const figures = el("div");
  section.append(
    el("p", { class: "note" }, "B has the same data and the same seed as A, and one thing that is changed; both begin anew and train side by side. Their borders and curves stand together above."),
    el("div", { class: "buttons", role: "group", "aria-label": "B is A with" }, el("span", {}, "B is A with: "), ...cures.map(([one]) => one)),
    differs, el("div", { class: "buttons" }, drop, swap, adopt), figures);
  on("begun", () => {
    const { A, B } = app.settings;
    for (const [one, cure] of cures) one.disabled = JSON.stringify(cure(A)) === JSON.stringify(A);
    say(differs, B ? `B differs in: ${differences(A, B).join("; ")}.` : "There is no B so far.");
    for (const one of [drop, swap, adopt]) one.disabled = !B;
  });
  function show() {
    if (section.hidden || !app.task) return;
    const score = app.task.classes.length ? "accuracy" : "R²";
    const found = table("Where both are", ["side", "loss", "loss, held out", score, `${score}, held out`, "parameters"], sides().map((side) => [
      app.seen[side].diverged ? `${side}, diverged` : side, ...app.seen[side].scores.map((one) => number(one)), String(app.networks[side].parameters),
    ]));
    if (!figures.contains(document.activeElement)) figures.replaceChildren(found);
  }
  let last = 0;
  on("frame begun tab running", () => {
    if (app.running && performance.now() - last < 250) return;
    last = performance.now();
    show();
  });
}
