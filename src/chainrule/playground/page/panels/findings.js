// What the rules of diagnosis find, about once a second; each remedy that can be set is a button that fills B.

import { asked, compare } from "../actions.js";
import { button, el, number } from "../dom.js";
import { app, on, tell } from "../store.js";
import { sideChoice } from "./side.js";

const EVERY = 1000;
const SIGNS = { note: "i", warning: "!", error: "×" };

function shown(one) {
  const remedies = one.remedies.map((remedy) => el("li", {}, `${remedy.text} `, ...(remedy.settings ? [button("Try it as B", () => compare({ ...remedy.settings }), { "aria-label": `Try it as B: ${remedy.text}` })] : [])));
  return el("article", { class: `finding is-${one.level}`, "data-rule": one.rule },
    el("h3", {}, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[one.level]), el("span", { class: "level-name" }, one.level), one.title),
    ...(one.layers.length ? [el("p", { class: "note" }, `In ${one.layers.length > 4 ? `${one.layers.length} layers` : one.layers.join(", ")}`)] : []),
    el("ul", {}, ...one.evidence.map((evidence) => el("li", {}, `${evidence.name}: ${number(evidence.value)} (expected ${evidence.expected})`))),
    el("p", {}, one.reason, " ", el("cite", {}, one.source)),
    ...(one.follows.length ? [el("p", { class: "note" }, `It follows from ${one.follows.join(", ")}.`)] : []),
    ...(remedies.length ? [el("h4", {}, "Remedies"), el("ol", {}, ...remedies)] : []));
}

export function findings(section) {
  const list = el("div", { id: "found" });
  section.append(el("p", { class: "note" }, "The rules of chainrule's diagnosis, judged about once a second while the network trains."), sideChoice(), list);
  let last = 0, busy = false, waiting = 0, text = "";
  async function renew() {
    clearTimeout(waiting);
    waiting = 0;
    if (busy || !app.task) return;
    const wait = last + EVERY - performance.now();
    if (app.running && wait > 0) return;
    busy = true;
    last = performance.now();
    const runs = app.networks, { side } = app.chosen;
    const answer = app.seen[side].steps ? await asked({ do: "findings", side }) : { findings: [] };
    busy = false;
    if (runs !== app.networks || side !== app.chosen.side) return void renew();
    if (!answer) return;
    app.findings = answer.findings;
    tell("findings");
    show();
  }
  function show() {
    const now = JSON.stringify(app.findings.map((one) => [one.rule, one.level, one.evidence, one.remedies]));
    if (section.hidden || now === text) return;
    text = now;
    const place = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    const nothing = app.seen[app.chosen.side].steps ? "Nothing is found that keeps this network from learning." : "Nothing was measured so far: train some epochs.";
    list.replaceChildren(...(app.findings.length ? app.findings.map(shown) : [el("p", {}, nothing)]));
    if (place >= 0) list.querySelectorAll("button")[place]?.focus();
  }
  on("begun", () => (text = ""));
  on("frame running chosen begun", renew);
  on("tab begun", show);
}
