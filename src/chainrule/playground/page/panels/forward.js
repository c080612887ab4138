// Forward: the numbers of the chosen row in the formulas, step by step.

import { live } from "../actions.js";
import { el, fill, inside, number, say } from "../dom.js";
import { app } from "../store.js";
import { rowChoice, sideChoice } from "./side.js";

/** Terms of a sum and units of a layer that are written out. */
const [TERMS, UNITS] = [16, 32];
const low = (place) => String(place + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

/** Lines of a step: one for each unit. */
function lines(step, answer) {
  const values = (at) => (at < 0 ? answer.x : answer.steps[at].values), a = values(step.given[0]);
  return step.values.slice(0, UNITS).map((value, k) => {
    switch (step.kind) {
      case "product": {
        const terms = step.W[k].slice(0, TERMS).map((w, j) => `${inside(w)}·${inside(a[j])}`);
        const rest = step.W[k].length > TERMS ? ` + … ${step.W[k].length - TERMS} more` : "";
        return `z${low(k)} = ${terms.join(" + ")}${rest} + ${inside(step.b[k])} = ${number(value)}`;
      }
      case "function": return `a${low(k)} = ${step.said}(${number(a[k])}) = ${number(value)}`;
      case "norm": return `n${low(k)} = ${step.said} norm of z${low(k)}: ${number(a[k])} → ${number(value)}`;
      default: return `s${low(k)} = ${inside(a[k])} + ${inside(values(step.given[1])[k])} = ${number(value)}`;
    }
  });
}

const TITLES = { product: "z = W a + b", norm: "normalised", function: "a = f(z)", skip: "skip: x + f(x)" };

/** What stands at the end: probabilities and loss. */
function ending(answer) {
  const { classes } = app.task, z = answer.steps.at(-1).values;
  if (!answer.probabilities) return [`prediction ${number(z[0])}, target ${number(answer.target)}`, `loss = ½ (${number(z[0])} − ${inside(answer.target)})² = ${number(answer.loss)}`];
  const sum = z.map((one) => `exp(${number(one)})`).join(" + ");
  const found = answer.probabilities.map((p, k) => `p(${classes[k]}) = exp(${number(z[k])}) / (${z.length > 8 ? "…" : sum}) = ${number(p)}`);
  return [...found, `loss = −ln p(${classes[answer.target]}) = −ln ${number(answer.probabilities[answer.target])} = ${number(answer.loss)}`];
}

export function forward(section) {
  const given = el("p", { class: "formula", id: "forward-given" }), steps = el("div", { id: "forward-steps" });
  const end = el("ol", { class: "formulas", id: "forward-end" });
  section.append(el("div", { class: "buttons" }, rowChoice(), sideChoice()), el("h3", {}, "Inputs"), given, steps, el("h3", {}, "Output and loss"), end);
  const write = (list, texts) => fill(list, texts, () => el("li"), (item, text) => say(item, text));

  live(section, "begun frame running chosen tab", 250, () => ({ do: "forward", side: app.chosen.side, row: app.chosen.row }), (answer) => {
    const { inputs } = app.networks[app.chosen.side];
    say(given, answer.x.map((x, place) => `${inputs[place] ?? place + 1} = ${number(x)}${x === answer.raw[place] ? "" : ` (${number(answer.raw[place])} before it was standardised)`}`).join(", "));
    let product = 0;
    fill(steps, answer.steps, () => el("details", { open: true, on: { toggle: ({ target }) => target.renew?.() } }, el("summary"), el("ol", { class: "formulas" })), (details, step) => {
      if (step.kind === "product") product += 1;
      const last = answer.steps.length < 2 || step === answer.steps.at(-1);
      say(details.children[0], `${last ? "Output" : `Layer ${product}`}: ${TITLES[step.kind]}${step.said ? ` (${step.said})` : ""}`);
      const texts = () => [...lines(step, answer), ...(step.values.length > UNITS ? [`… ${step.values.length - UNITS} units more`] : [])];
      details.renew = () => details.open && write(details.children[1], texts());
      details.renew();
    });
    write(end, ending(answer));
  });
}
