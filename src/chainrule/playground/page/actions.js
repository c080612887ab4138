// What can be done with the runs: begin, change a setting, set B beside A, train.

import { ask } from "./engine.js";
import { app, choose, on, onSight, tell, visible } from "./store.js";

/** Settings that A and B have in common, whatever else differs. */
const SHARED = ["data", "rows", "noise", "seed", "target", "axes"];
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** An answer, or null after its error was told. */
export async function asked(message) {
  const answer = await ask(message);
  if (answer.error === undefined) return answer;
  pause();
  tell("error", answer.error);
  return null;
}

function taken(answer) {
  app.seen = Object.fromEntries(["A", "B"].filter((side) => answer[side]).map((side) => [side, answer[side]]));
  if (answer.networks) {
    app.networks = answer.networks;
    for (const side of ["A", "B"]) app.settings[side] = answer.networks[side]?.settings ?? null;
  }
}

let turn = 0;

/** Begin anew with settings of A, and of B where they are given and are others. Returns whether it could be done. */
export async function begin(A = app.wanted.A, B = app.wanted.B) {
  pause();
  const mine = (turn += 1);
  app.wanted = { A, B };
  const first = await asked({ do: "begin", settings: A });
  if (first) {
    app.task = first.task;
    taken(first);
  }
  let fine = Boolean(first);
  if (fine && B && !same(B, app.settings.A)) {
    const both = await asked({ do: "compare", settings: B });
    if (both) taken(both);
    fine = Boolean(both);
  }
  if (mine !== turn || !app.task) return fine; // something else was wanted meanwhile
  if (fine) tell("error", "");
  shown();
  return fine;
}

/** Show other runs; forms show what is, where something else was wanted that cannot be. */
function shown() {
  app.wanted = { ...app.settings };
  app.findings = [];
  choose({});
  tell("begun");
  tell("frame");
}

/** B after A was changed: where they differed before they differ still. */
function followed(old, fresh, B) {
  const found = { ...B };
  for (const name of Object.keys(fresh)) {
    if (name !== "hidden" && (SHARED.includes(name) || same(B[name], old[name]))) found[name] = fresh[name];
  }
  if (B.hidden.length === old.hidden.length) {
    found.hidden = fresh.hidden.map((layer, place) => {
      const at = Math.min(place, old.hidden.length - 1);
      if (at < 0) return layer;
      const own = Object.keys(layer).filter((name) => !same(B.hidden[at][name], old.hidden[at][name]));
      return { ...layer, ...Object.fromEntries(own.map((name) => [name, B.hidden[at][name]])) };
    });
  }
  return found;
}

/** Change settings of A; B follows in what it had in common with A. */
export function change(changes) {
  const old = app.wanted.A;
  const fresh = { ...old, ...changes };
  if (same(old, fresh)) return Promise.resolve(true);
  return begin(fresh, app.wanted.B && followed(old, fresh, app.wanted.B));
}

/** Change the hidden layers that the form is of. */
export function changeLayers(changes) {
  const hidden = app.wanted.A.hidden.map((one, place) => (app.scope < 0 || place === app.scope ? { ...one, ...changes } : one));
  return change({ hidden });
}

/** Set B beside A; both begin anew. */
export const compare = (settings) => begin(app.wanted.A, settings);

/** Let go of B, and go on with A. */
export async function alone() {
  const answer = await asked({ do: "alone" });
  if (!answer) return;
  taken(answer);
  app.chosen.side = "A";
  shown();
}

// Training ---------------------------------------------------------------------------------------------------

/** Train once, and draw it. */
export async function train(pace) {
  const answer = await asked({ do: "train", ...pace });
  if (answer) taken(answer);
  tell("frame");
  return Boolean(answer);
}

export function pause() {
  if (!app.running) return;
  app.running = false;
  tell("running");
}

const ended = () => Object.values(app.seen).every((one) => one.diverged);
const drawn = () => new Promise((next) => requestAnimationFrame(next));

/** Train on, a frame for each answer, until it is paused, has diverged, or `until` epochs are over. */
export async function run(until = Infinity) {
  if (app.running || ended()) return;
  app.running = true;
  tell("running");
  while (app.running) {
    const runs = app.networks;
    const answer = await asked({ do: "train", ...(until === Infinity ? app.pace : { epochs: 1 }) });
    if (!answer) return;
    await drawn();
    if (app.networks !== runs) return; // begun anew while it was asked
    taken(answer);
    app.frames += 1;
    tell("frame");
    if (ended() || app.seen.A.epochs >= until) pause();
  }
}

/** Ask again and draw, whenever a topic is told and the panel can be seen; while it trains not more often than every so
 *  many milliseconds. */
export function live(node, topics, every, message, draw) {
  let busy = false, dirty = false, last = 0, timer = 0;
  async function renew() {
    timer = 0;
    if (busy || !app.task) return void (dirty = true);
    const asks = visible(node) ? message() : null;
    if (!asks) return;
    busy = true;
    dirty = false;
    last = performance.now();
    const answer = await asked(asks);
    busy = false;
    if (answer && !dirty) draw(answer);
    if (dirty) soon();
  }
  function soon() {
    if (timer) return;
    const wait = app.running ? Math.max(0, last + every - performance.now()) : 0;
    timer = setTimeout(renew, wait);
  }
  on(topics, soon);
  onSight(node, soon);
  return soon;
}
