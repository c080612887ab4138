// How messages go to the engine: to the server that this page is from, or to a worker beside it; one at a time, in order.

const meta = document.querySelector('meta[name="engine"]');

/** Said while an engine loads; replace it to show it. */
export const loading = { told: () => {} };

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

/** The engine's answer; `{error}` where there is none. */
export function ask(message) {
  const answer = before.then(() => send(message)).catch((error) => ({ error: `The engine does not answer: ${error.message}` }));
  before = answer;
  return answer;
}
