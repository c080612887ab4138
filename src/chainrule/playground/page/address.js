// The settings of A and B, the lesson and the progress in the address; only what is not as usual.

import { app } from "./store.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
/** A hidden layer as usual; what an address does not say of a layer is so. */
const layer = () => app.defaults.hidden[0];

function short(settings) {
  const found = Object.fromEntries(Object.entries(settings).filter(([name, value]) => !same(value, app.defaults[name])));
  if (found.hidden) {
    found.hidden = found.hidden.map((one) => Object.fromEntries(Object.entries(one).filter(([name, value]) => !same(value, layer()[name]))));
  }
  return found;
}

const long = (settings) => ({
  ...app.defaults, ...settings,
  ...(Array.isArray(settings.hidden) ? { hidden: settings.hidden.map((one) => (one && typeof one === "object" ? { ...layer(), ...one } : one)) } : {}),
});

/** What belongs behind the # of the address. */
export function hash() {
  const said = new URLSearchParams();
  said.set("a", JSON.stringify(short(app.settings.A)));
  if (app.settings.B) said.set("b", JSON.stringify(short(app.settings.B)));
  if (app.lesson) said.set("lesson", app.lesson);
  if (app.done.size) said.set("done", [...app.done].join("."));
  said.set("tab", app.tab);
  return said.toString();
}


/** Write it, without a step in the browser's history. */
export function write() {
  history.replaceState(null, "", `#${hash()}`);
}

/** Settings of A and B that the address asks for; the engine judges them. Lesson, progress and tab are taken over. */
export function read() {
  const said = new URLSearchParams(location.hash.slice(1)), known = app.lessons.map((one) => one.name);
  const side = (name) => {
    const found = JSON.parse(said.get(name) ?? "null");
    if (found !== null && (typeof found !== "object" || Array.isArray(found))) throw new Error(`${name} is no object`);
    return found && long(found);
  };
  app.lesson = known.includes(said.get("lesson")) ? said.get("lesson") : null;
  app.done = new Set((said.get("done") ?? "").split(".").filter((name) => known.includes(name)));
  app.tab = said.get("tab") ?? app.tab;
  try {
    return { A: side("a") ?? app.defaults, B: side("b"), problem: "" };
  } catch (error) {
    return { A: app.defaults, B: null, problem: `The address cannot be read: ${error.message}. These are the usual settings.` };
  }
}
