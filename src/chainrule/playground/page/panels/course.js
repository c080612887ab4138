// The course: lessons in order, each a claim, what to do, and buttons that set it up.

import { begin, run } from "../actions.js";
import { button, el, fill, say } from "../dom.js";
import { app, on, tell } from "../store.js";

export function course(section) {
  const count = el("summary", {}), list = el("ol", { class: "lessons" });
  const all = el("details", { id: "lessons" }, count, list);
  const title = el("h3", { id: "lesson-title", tabindex: "-1" }), claim = el("p", { id: "claim" }), steps = el("ol", { id: "to-do" }), lab = el("p", { class: "note" });
  const go = button("Run it", show, { class: "main", id: "run-lesson" });
  const before = button("Previous", () => move(-1)), after = button("Next", () => move(1)), leave = button("Leave the lesson", () => pick(null));
  const now = el("div", { id: "lesson", hidden: "", role: "region", "aria-labelledby": "lesson-title" }, title, claim, steps, lab, el("div", { class: "buttons" }, go, before, after, leave));
  section.append(all, now);

  const at = () => app.lessons.findIndex((one) => one.name === app.lesson);
  const move = (step) => open(app.lessons[at() + step]);
  function pick(name) {
    app.lesson = name;
    tell("course");
  }
  async function open(lesson) {
    app.lesson = lesson.name;
    app.tab = lesson.panel;
    app.scope = -1;
    all.open = false;
    await begin({ ...app.defaults, ...lesson.settings }, lesson.other);
    tell("course");
    tell("tab");
    title.focus({ preventScroll: true });
    now.scrollIntoView({ block: "start" });
  }
  async function show() {
    if (app.seen.A.epochs >= app.lessons[at()].epochs) await begin();
    await run(app.lessons[at()].epochs);
  }
  on("frame", () => {
    const lesson = app.lessons[at()];
    if (!lesson || app.done.has(lesson.name) || app.seen.A.epochs < lesson.epochs) return;
    app.done.add(lesson.name);
    tell("course");
  });
  on("course", () => {
    const { lessons, done } = app, lesson = lessons[at()];
    say(count, `Course: ${lessons.length} lessons, ${done.size} seen`);
    fill(list, lessons, () => el("li", {}, el("span", { class: "name" }), el("span", { class: "note" }), el("span", { class: "seen" })), (item, one) => {
      const [name, text, seen] = item.children;
      if (!name.firstChild) name.append(button(one.title, () => open(one), { "data-lesson": one.name }));
      say(text, one.claim);
      say(seen, done.has(one.name) ? "seen" : "");
    });
    now.hidden = !lesson;
    if (!lesson) return;
    say(title, `${at() + 1}. ${lesson.title}`);
    say(claim, lesson.claim);
    fill(steps, lesson.do, () => el("li"), (item, text) => say(item, text));
    say(lab, lesson.lab ? `chainrule lab ${lesson.lab} measures this claim.` : "");
    say(go, `Run it: ${lesson.epochs} epochs`);
    before.disabled = at() === 0;
    after.disabled = at() === lessons.length - 1;
  });
}
