"use strict";
(() => {
  const root = document.documentElement;

  /* The slider shows frames that were drawn beforehand. */
  const slide = (input) => {
    const figure = input.closest("figure");
    const frames = JSON.parse(figure.querySelector("script").textContent);
    const show = () => {
      const path = frames.paths[input.value];
      const said = frames.said[input.value];
      figure.querySelector(".line.s0:not(.sample *)[d]").setAttribute("d", path);
      figure.querySelector(".dots").setAttribute("d", path.replace(/[ML]([^ML]+)/g, "M$1h0"));
      figure.querySelector("output").textContent = said;
      input.setAttribute("aria-valuetext", said);
    };
    input.addEventListener("input", show);
    return show;
  };

  /* What a person has opened, chosen and is at stays so when a section is drawn anew. */
  const swap = (section, html) => {
    const body = section.querySelector(".body");
    if (body.dataset.drawn === html) return;
    const open = [...body.querySelectorAll("details")].map((one) => one.open);
    const old = body.querySelector("input");
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [...body.querySelectorAll("input, summary, [tabindex]")].indexOf(focused);
    body.innerHTML = html;
    body.dataset.drawn = html;
    body.querySelectorAll("details").forEach((one, k) => { one.open = Boolean(open[k]); });
    const input = body.querySelector("input");
    if (input) {
      const show = slide(input);
      if (old && old.value !== old.max) { input.value = old.value; show(); }
    }
    if (focused) [...body.querySelectorAll("input, summary, [tabindex]")][place]?.focus();
  };

  const theme = (button) => {
    const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const tell = () => button.setAttribute("aria-pressed", String(dark()));
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; tell(); });
    tell();
  };

  const begin = () => {
    root.classList.add("scripted");
    theme(document.getElementById("theme"));
    document.querySelectorAll("input[type=range]").forEach(slide);
  };

  /* The report takes the place of the live page, which then needs no server any more. */
  const finish = (said, report) => {
    if (report) {
      const made = new DOMParser().parseFromString(report, "text/html");
      document.title = made.title;
      document.body.replaceWith(made.body);
      begin();
      const link = Object.assign(document.createElement("a"), {
        href: URL.createObjectURL(new Blob([report], { type: "text/html" })),
        download: "report.html",
        className: "button",
        textContent: "Save this report",
      });
      document.querySelector("header").append(link);
    }
    const status = Object.assign(document.createElement("p"), { id: "status", role: "status" });
    (document.getElementById("status") ?? document.querySelector(".lead").appendChild(status)).textContent = said;
  };

  const listen = (address) => {
    const source = new EventSource(address);
    const status = document.getElementById("status");
    source.addEventListener("state", (event) => {
      const state = JSON.parse(event.data);
      const progress = document.getElementById("progress");
      progress.max = state.epochs;
      progress.value = state.done;
      document.getElementById("where").textContent = state.where;
      if (status.textContent !== state.status) status.textContent = state.status;
      for (const [id, html] of Object.entries(state.sections)) {
        const section = document.getElementById(id);
        section.hidden = !html;
        document.querySelector(`nav a[href="#${id}"]`).parentElement.hidden = !html;
        swap(section, html);
      }
    });
    source.addEventListener("end", (event) => {
      source.close();
      const { said, report } = JSON.parse(event.data);
      finish(said, report);
    });
    source.addEventListener("error", () => { status.textContent = "The training does not answer; trying again."; });
  };

  begin();
  if (document.body.dataset.events) listen(document.body.dataset.events);
})();
