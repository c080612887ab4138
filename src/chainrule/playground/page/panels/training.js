// How the network is trained.

import { change } from "../actions.js";
import { el, numeric, put, select } from "../dom.js";
import { app, on } from "../store.js";

const RATES = [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10];
const FIELDS = [
  ["clip", "Clip at", { min: 0, step: 0.5 }], ["l1", "L1", { min: 0, step: 0.001 }],
  ["l2", "L2", { min: 0, step: 0.001 }], ["batch", "Batch", { min: 1, step: 1 }],
];

export function training(section) {
  const chosen = (name) => (value) => change({ [name]: value });
  const fields = {
    optimiser: select("Optimiser", app.choices.optimiser, chosen("optimiser")),
    rate: numeric("Learning rate", chosen("rate"), { min: 0, list: "rates" }),
    schedule: select("Schedule", app.choices.schedule, chosen("schedule"), Object.fromEntries(app.choices.schedule.map((one) => [one, one.replaceAll("_", " ")]))),
    ...Object.fromEntries(FIELDS.map(([name, label, limits]) => [name, numeric(label, chosen(name), limits)])),
  };
  const rates = el("datalist", { id: "rates" }, ...RATES.map((value) => el("option", { value })));
  section.append(el("div", { class: "fields" }, ...Object.values(fields)), rates);
  section.append(el("p", { class: "note" }, "A clip of 0 is none. Every change begins anew, from the same seed."));
  on("begun", () => {
    for (const [name, field] of Object.entries(fields)) put(field, app.settings.A[name]);
  });
}
