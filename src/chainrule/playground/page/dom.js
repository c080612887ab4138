// Elements, form fields and numbers. Text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "open") node[name] = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** An HTML element with attributes, listeners (`on`) and children. */
export const el = (tag, attributes = {}, ...children) => dressed(document.createElement(tag), attributes, children);

/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) => dressed(document.createElementNS(SVG, tag), attributes, children);

export const byId = (name) => document.getElementById(name);

/** Set an attribute only where it changes. */
export function set(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Set a text only where it changes. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Keep as many children as items, each filled by `fill(child, item, place)`. */
export function fill(parent, items, make, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.append(make());
  items.forEach((item, place) => update(parent.children[place], item, place));
}

export function button(text, act, attributes = {}) {
  return el("button", { type: "button", ...attributes, on: { click: act } }, text);
}

let fields = 0;

/** A box below its label; the box is its `.box`. */
export function field(label, box, attributes = {}) {
  if (!box.id) box.id = `field-${(fields += 1)}`;
  return Object.assign(el("div", { class: "field", ...attributes }, el("label", { for: box.id }, label), box), { box });
}

/** A labelled select; `change` is told a name. */
export function select(label, names, change, titles = {}) {
  const box = el("select", { on: { change: () => change(box.value) } }, ...names.map((name) => el("option", { value: name }, titles[name] ?? name)));
  return field(label, box);
}

/** A labelled field for a number; what is no number is not told. */
export function numeric(label, change, attributes = {}) {
  const told = () => {
    box.dataset.writing = "";
    if (box.value.trim() !== "" && Number.isFinite(Number(box.value))) change(Number(box.value));
  };
  const box = el("input", { type: "number", step: "any", ...attributes, on: { change: told, input: () => (box.dataset.writing = "yes") } });
  return field(label, box);
}

export function tick(label, change) {
  const box = el("input", { type: "checkbox", on: { change: () => change(box.checked) } });
  return Object.assign(el("label", { class: "tick" }, box, el("span", {}, label)), { box });
}

/** Put a value in a field, unless somebody is writing in it. */
export function put(field, value) {
  const { box } = field;
  if (box.type === "checkbox") box.checked = value;
  else if (!box.dataset.writing) box.value = String(value);
}

/** So many significant digits; a dash for what is no number. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  return value.toPrecision(digits).replace("-", "−").replace("e+", "e");
}

/** A number as a factor or a term within a formula. */
export const inside = (value, digits = 4) => (value < 0 ? `(${number(value, digits)})` : number(value, digits));

/** A table: a caption, names of columns, rows of texts whose first is a heading. */
export function table(caption, columns, rows) {
  const head = el("tr", {}, ...columns.map((name, place) => el("th", { scope: "col", class: place ? "n" : "" }, name)));
  const body = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((text) => el("td", { class: "n" }, text))));
  const inner = el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...body));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, inner);
}

/** A summary that opens to what `make()` gives; it is made anew while it is open, whenever `.renew()` is called. */
export function opens(summary, make) {
  const found = el("details", {}, el("summary", {}, summary));
  found.renew = () => {
    if (!found.open) return;
    const fresh = make(), old = found.querySelector(".scroll");
    const [left, top] = old ? [old.scrollLeft, old.scrollTop] : [0, 0];
    if (old && old.contains(document.activeElement)) queueMicrotask(() => fresh.focus());
    if (old) old.replaceWith(fresh);
    else found.append(fresh);
    fresh.scrollTo(left, top);
  };
  found.addEventListener("toggle", found.renew);
  return found;
}
