// The engine inside of a page: Python in WebAssembly, from this folder alone.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const HERE = new URL("./", import.meta.url).href;

async function fetched(name) {
  const found = await fetch(HERE + name);
  if (!found.ok) throw new Error(`${name} is missing (${found.status})`);
  return found;
}

async function begin() {
  postMessage({ progress: "Loading Python" });
  const python = await loadPyodide({
    indexURL: `${HERE}pyodide/`,
    env: { CHAINRULE_KERNELS: "numpy", HOME: "/home/pyodide" },
  });
  postMessage({ progress: "Loading NumPy" });
  const { wheels } = await (await fetched("packages.json")).json();
  for (const wheel of wheels) {
    const content = await (await fetched(`pyodide/${wheel}`)).arrayBuffer();
    python.unpackArchive(content, "wheel");
  }
  postMessage({ progress: "Loading chainrule" });
  python.unpackArchive(await (await fetched("chainrule.zip")).arrayBuffer(), "zip", { extractDir: "/chainrule" });
  return python.runPython(`
import sys
sys.path.insert(0, "/chainrule")
from chainrule.playground.worker import answer
answer
`);
}

const ready = begin();
ready.catch((error) => postMessage({ failed: String(error.message ?? error) }));

addEventListener("message", async ({ data: { id, message } }) => {
  try {
    const answer = await ready;
    postMessage({ id, answer: JSON.parse(answer(JSON.stringify(message))) });
  } catch (error) {
    postMessage({ id, answer: { error: `The engine of this page cannot run: ${error.message ?? error}` } });
  }
});
