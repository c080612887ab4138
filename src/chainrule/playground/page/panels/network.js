// The network: settings of its layers, the drawing, and what the units of a layer give over the plane.

import { change, changeLayers } from "../actions.js";
import { button, el, field, numeric, put, say, select, tick } from "../dom.js";
import { app, choose, on, sides } from "../store.js";
import { diagram } from "./diagram.js";
import { units } from "./units.js";

/** The scope that stands for all hidden layers. */
const ALL = "all layers";

export function network(section) {
  const depth = numeric("Hidden layers", (value) => change({ hidden: resized(value) }), { min: 0, max: 60, step: 1 });
  const more = button("+", () => change({ hidden: resized(app.wanted.A.hidden.length + 1) }), { "aria-label": "Add a layer" });
  const fewer = button("−", () => change({ hidden: without() }), { "aria-label": "Remove a layer" });
  const scope = el("select", { id: "scope", on: { change: () => toScope(scope.value === ALL ? -1 : Number(scope.value) - 1) } });
  const told = (name) => (value) => changeLayers({ [name]: value });
  const named = Object.fromEntries(Object.values(app.choices.init).map((one) => [one, one.replaceAll("_", " ").replace("xavier", "Xavier").replace("he ", "He ").replace("lecun", "LeCun")]));
  const fields = {
    units: numeric("Units", told("units"), { min: 1, max: 256, step: 1 }),
    activation: select("Function", app.choices.activation, told("activation")),
    init: select("Initial", app.choices.init, told("init"), named),
    norm: select("Norm", app.choices.norm, told("norm")),
    dropout: numeric("Dropout", told("dropout"), { min: 0, max: 0.95, step: 0.05 }),
    skip: tick("Skip", told("skip")),
  };
  const form = el("div", { class: "fields" }, ...Object.values(fields));
  const hint = el("p", { class: "note", id: "network-said" });
  const picture = el("div", { class: "scroll still", id: "diagram" });
  const maps = el("div", { id: "units" });
  section.append(
    el("div", { class: "buttons" }, depth, fewer, more, field("Settings of", scope)),
    form, hint, picture, maps);
  diagram(picture, (layer) => toScope(layer));
  units(maps);

  /** Layers, so many: new ones are like the last. */
  function resized(count) {
    const { hidden } = app.wanted.A, like = hidden.at(-1) ?? app.defaults.hidden[0];
    return Array.from({ length: Math.max(0, count) }, (_, place) => hidden[place] ?? like);
  }
  /** Layers without the chosen one, or without the last. */
  function without() {
    const { hidden } = app.wanted.A;
    return hidden.filter((_, place) => place !== (app.scope < 0 ? hidden.length - 1 : app.scope));
  }
  function toScope(layer) {
    app.scope = layer;
    choose(layer < 0 ? {} : { layer });
    show();
  }
  function show() {
    const { hidden } = app.settings.A;
    if (app.scope >= hidden.length) app.scope = -1;
    const names = [ALL, ...hidden.map((_, place) => String(place + 1))];
    if (names.length !== scope.children.length) scope.replaceChildren(...names.map((name, place) => el("option", { value: name }, place ? `layer ${name}` : ALL)));
    scope.value = names[app.scope + 1];
    put(depth, hidden.length);
    fewer.disabled = form.hidden = !hidden.length;
    const one = hidden[Math.max(app.scope, 0)];
    if (one) for (const [name, field] of Object.entries(fields)) put(field, one[name]);
    const mixed = app.scope < 0 && one ? Object.keys(fields).filter((name) => hidden.some((other) => other[name] !== one[name])) : [];
    const lost = app.networks.A.without_skip.map((place) => place + 1);
    const words = [
      sides().map((side) => `${side}: ${app.networks[side].parameters} parameters`).join(", ") + ".",
      mixed.length ? `Layers differ in ${mixed.join(", ")}; the fields show layer 1.` : "",
      lost.length ? `No skip connection around layer ${lost.join(", ")}: it has another width than what goes in.` : "",
    ];
    say(hint, words.filter(Boolean).join(" "));
  }
  on("begun", show);
}
