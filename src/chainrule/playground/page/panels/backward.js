// Backward: the chain rule of the chosen weight, term by term, and the finite difference beside it.

import { live } from "../actions.js";
import { el, field, fill, inside, number, say } from "../dom.js";
import { app, choose, on, widths } from "../store.js";
import { rowChoice, sideChoice } from "./side.js";

const SHOWN = 16;

/** A link of the chain as texts. */
function told(link) {
  switch (link.kind) {
    case "function": return `through ${link.said}: dL/dz = dL/da · ${link.said}′(z) = ${inside(link.d)} · ${inside(link.slope)} = ${number(link.d * link.slope)}`;
    case "norm": return link.slope === undefined
      ? `through ${link.said} normalisation, in which the units hang together: dL/dn = ${number(link.d)}`
      : `through ${link.said} normalisation: dL/dz = dL/dn · gain / spread = ${inside(link.d)} · ${inside(link.slope)} = ${number(link.d * link.slope)}`;
    case "loss": return `from the loss: dL/dz = ${number(link.value)}${app.task.classes.length ? " (its probability, less 1 where it is the row's class)" : " (prediction − target)"}`;
    case "skip": return `through the skip connection: dL/d = ${number(link.d)}, unchanged`;
    default: {
      const terms = link.terms.slice(0, SHOWN).map((one) => (one.skip ? `${inside(one.d)} (around it)` : `${inside(one.dz)}·${inside(one.w)}`));
      return `from the layer above: dL/da = sum of dL/dz · w = ${terms.join(" + ")}${link.terms.length > SHOWN ? ` + … ${link.terms.length - SHOWN} more` : ""} = ${number(link.value)}`;
    }
  }
}

export function backward(section) {
  const names = { product: "Product", unit: "Its unit", input: "Its input" };
  const boxes = Object.fromEntries(Object.keys(names).map((name) => [name, el("select", { on: { change: () => choose({ [name]: Number(boxes[name].value) }) } })]));
  const fields = Object.entries(names).map(([name, label]) => field(label, boxes[name]));
  const result = el("p", { class: "formula", id: "gradient" }), check = el("p", { class: "formula", id: "difference" });
  const chain = el("ol", { class: "formulas", id: "chain" });
  const dz = el("p", { class: "formula", id: "dz" });
  section.append(
    el("div", { class: "buttons" }, rowChoice(), ...fields, sideChoice()),
    el("h3", {}, "The gradient of this weight"), result, check, el("h3", {}, "How dL/dz comes about, from the weight's layer on towards the loss"), dz, chain);
  on("begun chosen", () => {
    const wide = widths(), { product, unit, input } = app.chosen;
    const counts = { product: wide.length - 1, unit: wide[product + 1], input: wide[product] };
    const chosen = { product, unit, input };
    const title = { product: (at) => (at === wide.length - 2 ? "output" : `layer ${at + 1}`), unit: (at) => String(at + 1), input: (at) => String(at + 1) };
    for (const [name, box] of Object.entries(boxes)) {
      fill(box, Array.from({ length: counts[name] }), () => el("option"), (option, _, at) => {
        option.value = at;
        say(option, title[name](at));
      });
      box.value = chosen[name];
    }
  });
  live(section, "begun frame running chosen tab", 250, () => {
    const { side, row, product, unit, input } = app.chosen;
    return { do: "backward", side, row, layer: product, unit, input };
  }, (answer) => {
    say(result, `w = ${number(answer.weight)}: dL/dw = dL/dz · a = ${inside(answer.dz)} · ${inside(answer.a)} = ${number(answer.gradient)}`);
    const off = answer.gradient === null || answer.difference === null ? null : Math.abs(answer.gradient - answer.difference);
    say(check, `finite difference: (L(w + h) − L(w − h)) / 2h = ${number(answer.difference)}, which is off by ${number(off, 2)}`);
    say(dz, `dL/dz = ${number(answer.dz)}`);
    fill(chain, answer.chain, () => el("li"), (item, link) => say(item, told(link)));
  });
}
