// Tabs: one panel is seen at a time, and only that asks the engine.

import { button, say } from "../dom.js";
import { app, on, tell } from "../store.js";

/** Pixels of a panel that are to be seen once it was opened. */
const LEAST = 250;

export function tabs(list, panels) {
  const sections = [...panels.children], names = sections.map((one) => one.id);
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "What to look at");
  const buttons = sections.map((one) => {
    one.setAttribute("role", "tabpanel");
    one.setAttribute("aria-labelledby", `tab-${one.id}`);
    one.setAttribute("tabindex", "0");
    return button(one.dataset.title, () => open(one.id), { role: "tab", id: `tab-${one.id}`, "aria-controls": one.id });
  });
  list.append(...buttons);
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -names.length, End: names.length };
  list.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    const at = names.indexOf(app.tab), step = steps[event.key];
    open(names[Math.abs(step) === 1 ? (at + step + names.length) % names.length : step < 0 ? 0 : names.length - 1]);
    buttons[names.indexOf(app.tab)].focus();
  });
  function open(name) {
    app.tab = name;
    show();
    tell("tab");
    if (panels.getBoundingClientRect().top > window.innerHeight - LEAST) list.scrollIntoView({ block: "center" });
  }
  function show() {
    if (!names.includes(app.tab)) app.tab = names[0];
    sections.forEach((one, place) => {
      one.hidden = one.id !== app.tab;
      buttons[place].setAttribute("aria-selected", String(!one.hidden));
      buttons[place].tabIndex = one.hidden ? -1 : 0;
    });
  }
  on("course begun", show);
  on("findings", () => {
    const serious = app.findings.filter((one) => one.level !== "note").length;
    say(buttons[names.indexOf("findings")], serious ? `Findings (${serious})` : "Findings");
  });
}
