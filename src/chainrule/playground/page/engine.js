// How messages go to the engine: to the server that this page is from, or to a worker beside it; one at a time, in order.

const meta = document.querySelector('meta[name="engine"]');

/** Called with what an engine says while it loads, and with whether an answer takes long; replace them to show it. */
export const loading = { told: () => {}, late: () => {} };
/** Milliseconds after which an answer is late: the engine compiles what it has not met before. */
const LATE = 700;

async function server(message) {
  const headers = { "Content-Type": "application/json", "X-Session": meta.dataset.session };
  const response = await fetch("message", { method: "POST", headers, body: JSON.stringify(message) });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { error: `The server answered ${response.status}: ${text.slice(0, 200)}` };
  }
}

function worker() {
  const one = new Worker("worker.js", { type: "module" });
  const waiting = new Map();
  let last = 0;
  one.addEventListener("message", ({ data }) => {
    if (data.progress !== undefined) return loading.told(data.progress);
    waiting.get(data.id)?.(data.answer);
    waiting.delete(data.id);
  });
  one.addEventListener("error", (event) => {
    for (const answer of waiting.values()) answer({ error: `The engine could not be loaded: ${event.message}` });
    waiting.clear();
  });
  return (message) =>
    new Promise((answer) => {
      waiting.set(++last, answer);
      one.postMessage({ id: last, message });
    });
}

const send = meta.content === "worker" ? worker() : server;
let before = Promise.resolve();

async function sent(message) {
  const timer = setTimeout(() => loading.late(true), LATE);
  try {
    return await send(message);
  } catch (error) {
    return { error: `The engine does not answer: ${error.message}` };
  } finally {
    clearTimeout(timer);
    loading.late(false);
  }
}

/** The engine's answer; `{error}` where there is none. */
export function ask(message) {
  const answer = before.then(() => sent(message));
  before = answer;
  return answer;
}
