// Run and pause, an epoch, a step, anew; where it is; and the same for those who listen.

import { begin, pause, run, train } from "../actions.js";
import { button, el, number, put, say, select } from "../dom.js";
import { app, on, sides } from "../store.js";

const PACES = { "1 step": { steps: 1 }, "5 steps": { steps: 5 }, "1 epoch": { epochs: 1 }, "5 epochs": { epochs: 5 }, "20 epochs": { epochs: 20 } };
/** Milliseconds between two things that are said. */
const APART = 4000;

const score = () => (app.task.classes.length ? "accuracy" : "R²");

/** Where a side is, in words. */
function where(side) {
  const { scores, diverged } = app.seen[side], [loss, heldOut, own, other] = scores;
  if (diverged) return `${side} has diverged: its weights are no numbers any more`;
  return `${side}: loss ${number(loss)}, held out ${number(heldOut)}; ${score()} ${number(own, 3)}, held out ${number(other, 3)}`;
}

export function bar(section, said) {
  const go = button("Run", () => (app.running ? pause() : run()), { class: "main", id: "run" });
  const once = [
    button("One epoch", () => train({ epochs: 1 }), { id: "one-epoch" }),
    button("One step", () => train({ steps: 1 }), { id: "one-step" }),
  ];
  const anew = button("Begin anew", () => begin(), { id: "anew" });
  const pace = select("a frame", Object.keys(PACES), (name) => (app.pace = PACES[name]));
  put(pace, "1 epoch");
  const at = el("output", { id: "at" }), rows = el("ul", { id: "where" }), speed = el("span", { id: "fps", class: "note" });
  section.append(el("div", { class: "buttons" }, go, ...once, anew, pace, el("p", { class: "note" }, at, " ", speed)), rows);

  let frames = 0, since = 0, told = 0;
  function show() {
    const { epochs, steps } = app.seen.A;
    say(at, `Epoch ${epochs.toFixed(epochs % 1 ? 2 : 0)}, step ${steps}`);
    while (rows.children.length > sides().length) rows.lastElementChild.remove();
    sides().forEach((side, place) => {
      const row = rows.children[place] ?? rows.appendChild(el("li", { class: `side-${side}` }));
      say(row, where(side));
    });
    const now = performance.now();
    if (app.running && now - since > 1000) {
      if (since) say(speed, `${Math.round(((app.frames - frames) * 1000) / (now - since))} frames a second`);
      [frames, since] = [app.frames, now];
    }
    if (!app.running || now - told > APART) tellAloud(now);
  }
  function tellAloud(now) {
    told = now;
    say(said, `${at.textContent}. ${sides().map(where).join(". ")}`);
  }
  on("frame", show);
  on("running", () => {
    say(go, app.running ? "Pause" : "Run");
    once.forEach((one) => (one.disabled = app.running));
    if (app.running) [frames, since, told] = [app.frames, 0, performance.now()];
    else {
      say(speed, "");
      if (app.seen.A) tellAloud(performance.now());
    }
  });
}
