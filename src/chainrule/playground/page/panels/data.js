// The data: a set that is drawn, or a table of one's own.

import { asked, change } from "../actions.js";
import { button, el, field, numeric, put, say, select, tick } from "../dom.js";
import { app, on } from "../store.js";

export function data(section, table) {
  const about = el("p", { class: "note", id: "about" });
  const sets = select("Set", [...app.choices.data, "own"], (name) => {
    if (name !== "own") return change({ data: name, target: app.defaults.target, axes: app.defaults.axes });
    own.open = true;
    if (columns) use();
    else file.focus();
    put(sets, app.settings.A.data);
  }, { ...app.sets, own: "your own table …" });
  const rows = numeric("Rows", (value) => change({ rows: value }), { min: 10, max: 20000, step: 10 });
  const noise = numeric("Noise", (value) => change({ noise: value }), { min: 0, max: 10, step: 0.05 });
  const seed = numeric("Seed", (value) => change({ seed: value }), { min: 0, step: 1 });
  const scale = tick("Standardise the inputs", (value) => change({ scale: value }));

  // A table of one's own ------------------------------------------------------------------------------------
  let columns = null;
  const file = el("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", id: "file", on: { change: () => read(file.files[0]) } });
  const wrong = el("p", { class: "wrong", role: "alert", hidden: "" });
  const read_ = el("p", { class: "note" });
  const picks = el("div", { hidden: "" });
  const own = el("details", { id: "own" }, el("summary", {}, "Your own table"),
    field("A CSV file; it stays on this machine", file), wrong, read_, picks);
  let target, first, second;

  async function read(one) {
    if (!one) return;
    wrong.hidden = true;
    say(read_, `Reading ${one.name} …`);
    offered(await asked({ do: "table", name: one.name, text: await one.text() }), true);
  }
  function offered(found) {
    if (!found) {
      say(wrong, document.getElementById("error").textContent);
      wrong.hidden = false;
      say(read_, "");
      return;
    }
    columns = found.columns;
    const names = columns.map((one) => one.name), numbers = columns.filter((one) => one.numeric).map((one) => one.name);
    const kinds = Object.fromEntries(columns.map((one) => [one.name, `${one.name} (${one.kind})`]));
    target = select("Target", names, () => {}, kinds);
    first = select("Axis across", numbers, () => {});
    second = select("Axis up", numbers, () => {});
    put(target, found.target);
    if (found.axes.length > 0) put(first, found.axes[0]);
    if (found.axes.length > 1) put(second, found.axes[1]);
    say(read_, `${found.name}: ${found.rows} rows, ${names.length} columns. The other columns stand at their medians in the picture.`);
    picks.replaceChildren(target, first, second, button("Use this table", use));
    picks.hidden = false;
    own.open = true;
  }
  async function use() {
    const fine = await change({ data: "own", target: target.box.value, axes: [first.box.value, second.box.value] });
    say(wrong, fine ? "" : document.getElementById("error").textContent);
    wrong.hidden = fine;
  }

  section.append(sets, about, el("div", { class: "fields" }, rows, noise, seed), scale, own);
  if (table) offered(table);
  on("begun", () => {
    const now = app.settings.A, drawn = now.data !== "own";
    put(sets, now.data);
    put(rows, now.rows);
    put(noise, now.noise);
    put(seed, now.seed);
    put(scale, now.scale);
    rows.box.disabled = noise.box.disabled = scale.box.disabled = !drawn;
    const kind = app.task.classes.length ? `${app.task.classes.length} classes` : "a number to predict";
    say(about, `${app.task.title}: ${app.task.rows} rows to learn from, ${app.task.held_out} held out; ${app.task.inputs.length} inputs, ${kind}.`);
  });
}
