// To share: an address with all settings. To take along: code, NumPy, ONNX.

import { asked } from "../actions.js";
import { hash } from "../address.js";
import { button, el, say } from "../dom.js";
import { app, on } from "../store.js";
import { sideChoice } from "./side.js";

const FORMS = { chainrule: "chainrule code", numpy: "Plain NumPy", onnx: "ONNX", model: "Model file" };

const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

export function take(section) {
  const address = el("input", { type: "text", readonly: "", id: "address", "aria-label": "Address of these settings", on: { focus: () => address.select() } });
  const said = el("p", { class: "note", role: "status", id: "took" });
  const code = el("pre", { tabindex: "0", id: "code", hidden: "", role: "region", "aria-label": "Code" });
  async function copy() {
    try {
      await navigator.clipboard.writeText(address.value);
      say(said, "The address is copied.");
    } catch {
      address.select();
      say(said, "The browser does not let it be copied; it is selected: press Ctrl+C.");
    }
  }
  async function save(form) {
    const answer = await asked({ do: "export", form, side: app.chosen.side });
    if (!answer) return;
    const url = URL.createObjectURL(new Blob([answer.text ?? bytes(answer.base64)]));
    const link = el("a", { href: url, download: answer.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    say(said, `${answer.name} is saved.`);
    code.hidden = answer.text === undefined;
    say(code, answer.text?.slice(0, 20000) ?? "");
  }
  const forms = (app.choices.export ?? ["chainrule", "numpy", "onnx"]).map((form) => button(FORMS[form] ?? form, () => save(form), { "data-form": form }));
  section.append(
    el("h3", {}, "Share"), el("p", { class: "note" }, "The address holds the settings of A and B and the course's progress; nothing is stored anywhere. Whoever opens it gets the same networks, to the bit. A table of your own is not in it."),
    el("div", { class: "buttons" }, address, button("Copy the address", copy)),
    el("h3", {}, "Export"), el("div", { class: "buttons" }, sideChoice(), ...forms), said, code);
  const show = () => (address.value = `${location.href.split("#")[0]}#${hash()}`);
  on("begun tab course", () => app.task && show());
}
