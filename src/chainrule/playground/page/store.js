// What the page knows, and who is told when it changes.

/** Everything that is shown; A and B are the sides. */
export const app = {
  choices: {}, defaults: {}, lessons: [], sets: {},
  settings: { A: null, B: null }, // of the runs that are shown
  wanted: { A: null, B: null }, // of the runs that were asked for last
  task: null, seen: {}, networks: {}, findings: [],
  chosen: { side: "A", row: 0, product: 0, unit: 0, input: 0, layer: 0 },
  scope: -1, // which hidden layer the form is of; -1 is all of them
  running: false, tab: "forward", lesson: null, done: new Set(), pace: { epochs: 1 }, frames: 0,
};

const listeners = new Map();

/** Call `act` whenever one of the topics is told. */
export function on(topics, act) {
  for (const topic of topics.split(" ")) listeners.set(topic, [...(listeners.get(topic) ?? []), act]);
}

/** Call `act` on frames, while it trains not more often than every so many milliseconds; and when it runs or pauses. */
export function onSomeFrames(every, act) {
  let last = 0;
  on("running", act);
  on("frame", () => {
    if (app.running && performance.now() - last < every) return;
    last = performance.now();
    act();
  });
}

/** Tell: "begun" (other runs), "frame" (they have trained), "chosen" (a row, weight, layer or side), "running",
 *  "findings", "course", "tab", "error". */
export function tell(topic, what) {
  for (const act of listeners.get(topic) ?? []) act(what);
}

export const sides = () => Object.keys(app.seen);

/** Units of inputs, hidden layers and outputs of a side. */
export function widths(side = app.chosen.side) {
  const { inputs, outputs, settings } = app.networks[side];
  return [inputs.length, ...settings.hidden.map((one) => one.units), outputs.length];
}

/** Choose what forward, backward and units are of; what is beyond what there is goes to the last. */
export function choose(changes) {
  const chosen = Object.assign(app.chosen, changes);
  if (!app.seen[chosen.side]) chosen.side = "A";
  const wide = widths();
  const within = (value, count) => Math.max(0, Math.min(value, count - 1));
  chosen.row = within(chosen.row, app.task.rows);
  chosen.product = within(chosen.product, wide.length - 1);
  chosen.unit = within(chosen.unit, wide[chosen.product + 1]);
  chosen.input = within(chosen.input, wide[chosen.product]);
  chosen.layer = within(chosen.layer, Math.max(wide.length - 2, 1));
  tell("chosen");
}

/** Pixels beyond the window in which things are kept fresh, too. */
const NEAR = 300;

/** Whether somebody can see it, or nearly so; while nothing runs, whether it is open at all. */
export function visible(node) {
  if (document.hidden || !node.checkVisibility()) return false;
  if (!app.running) return true;
  const box = node.getBoundingClientRect();
  return box.bottom > -NEAR && box.top < window.innerHeight + NEAR;
}

/** Call `act` whenever it comes into sight, or nearly so. */
export function onSight(node, act) {
  new IntersectionObserver((seen) => app.task && seen.some((one) => one.isIntersecting) && act(), { rootMargin: `${NEAR}px` }).observe(node);
}
