// The page's beginning: every panel is set up, then the engine is greeted.

import { begin, change } from "./actions.js";
import { read, write } from "./address.js";
import { byId, say } from "./dom.js";
import { ask, loading } from "./engine.js";
import { bar } from "./panels/bar.js";
import { backward } from "./panels/backward.js";
import { compare } from "./panels/compare.js";
import { course } from "./panels/course.js";
import { curves } from "./panels/curves.js";
import { data } from "./panels/data.js";
import { findings } from "./panels/findings.js";
import { flow } from "./panels/flow.js";
import { forward } from "./panels/forward.js";
import { network } from "./panels/network.js";
import { plane } from "./panels/plane.js";
import { surface } from "./panels/surface.js";
import { tabs } from "./panels/tabs.js";
import { take } from "./panels/take.js";
import { training } from "./panels/training.js";
import { app, on, tell } from "./store.js";

const error = byId("error");
on("error", (text) => {
  say(error, text);
  error.hidden = !text;
});
loading.told = (text) => say(byId("engine"), text);
loading.late = (late) => (byId("late").hidden = !late);

const hello = await ask({ do: "hello" });
if (hello.error) tell("error", hello.error);
else {
  Object.assign(app, { choices: hello.choices, defaults: hello.settings, lessons: hello.lessons, sets: hello.sets });
  say(byId("engine"), "The engine is ready. Nothing leaves this machine, nothing is stored.");
  tabs(byId("tabs"), byId("panels"));
  course(byId("course"));
  bar(byId("bar"), byId("said"));
  data(byId("data"), hello.table ?? null);
  training(byId("training"));
  network(byId("network"));
  plane(byId("plane"));
  curves(byId("curves"));
  forward(byId("forward"));
  backward(byId("backward"));
  flow(byId("layers"));
  compare(byId("compare"));
  findings(byId("findings"));
  surface(byId("surface"));
  take(byId("take"));
  await open(read());
  on("begun course tab", write);
  window.addEventListener("hashchange", () => open(read()));
  document.body.dataset.ready = "yes";
}

/** Begin with what an address says; with the usual settings where that cannot be. */
async function open({ A, B, problem }) {
  const fine = await begin(A, B);
  const said = problem || (fine ? "" : byId("error").textContent);
  if (!fine && !app.task) await begin(app.defaults, null);
  if (hello.table && A.data === app.defaults.data && !location.hash) {
    const { target, axes } = hello.table;
    if (axes.length === 2) await change({ data: "own", target, axes });
  }
  if (said) tell("error", said);
  tell("course");
}
