// Which of A and B a panel is of; it is seen where there are two.

import { el, field } from "../dom.js";
import { app, choose, on, sides } from "../store.js";

export function sideChoice() {
  const box = el("select", { on: { change: () => choose({ side: box.value }) } }, el("option", { value: "A" }, "A"), el("option", { value: "B" }, "B"));
  const label = field("Of", box);
  const show = () => {
    label.hidden = sides().length < 2;
    box.value = app.chosen.side;
  };
  on("begun chosen", show);
  return label;
}

/** A field for the chosen row. */
export function rowChoice() {
  const box = el("input", { type: "number", min: 0, step: 1, on: { change: () => Number.isInteger(box.valueAsNumber) && choose({ row: box.valueAsNumber }) } });
  on("begun chosen", () => {
    box.max = app.task.rows - 1;
    box.value = app.chosen.row;
  });
  return field("Row", box);
}
