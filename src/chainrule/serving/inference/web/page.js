"use strict";
const at = (id) => document.getElementById(id);
let paths = {}, token = "";

const ask = (path, options = {}) =>
  fetch(path, { ...options, headers: { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) } });

const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

async function begin() {
  const answer = await ask("/openapi.json");
  if (answer.status === 401) {
    at("about").textContent = token ? "That is not the token of this server." : "This server asks for its token.";
    at("access").hidden = false;
    return;
  }
  paths = (await answer.json()).paths;
  const all = Object.keys(paths).filter((path) => path.startsWith("/predict/"));
  const versions = (name) => all.filter((path) => path.startsWith(`${name}/versions/`)).length;
  const models = all.filter((path) => !path.includes("/versions/") || versions(path.split("/versions/")[0]) > 1);
  at("access").hidden = true;
  if (!models.length) {
    at("about").textContent = "No model is loaded yet. This page asks again in a second.";
    setTimeout(begin, 1000);
    return;
  }
  at("about").textContent = "Cells are filled with an example of the training rows; an empty one is missing.";
  at("model").replaceChildren(...models.map((path) => made("option", path.slice("/predict/".length), { value: path })));
  at("row").hidden = false;
  show();
}

function operation() { return paths[at("model").value].post; }

function schema() { return operation().requestBody.content["application/json"]; }

function show() {
  const { example } = schema();
  at("cells").replaceChildren(...Object.entries(example[0]).map(([name, value], place) => {
    const label = made("label", name), input = document.createElement("input");
    input.name = name;
    input.value = Array.isArray(value) ? JSON.stringify(value) : value;
    input.dataset.kind = Array.isArray(value) ? "list" : typeof value;
    input.id = `cell${place}`;
    label.htmlFor = input.id;
    const cell = document.createElement("div");
    cell.append(label, input);
    return cell;
  }));
  for (const name of ["explain", "coverage"]) {
    at(name).parentElement.hidden = !operation().parameters.some((one) => one.name === name);
    at(name).checked = false;
  }
  at("answer").hidden = at("same").hidden = true;
}

function cell({ value, dataset }) {
  if (value.trim() === "") return null;
  if (dataset.kind === "list") { try { return JSON.parse(value); } catch { return value; } }
  if (dataset.kind === "boolean" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return dataset.kind === "number" && Number.isFinite(Number(value)) ? Number(value) : value;
}

async function predict(event) {
  event.preventDefault();
  const row = Object.fromEntries([...at("cells").querySelectorAll("input")].map((one) => [one.name, cell(one)]));
  const options = [at("explain").checked && "explain=true", at("coverage").checked && "coverage=0.9"].filter(Boolean);
  const path = [at("model").value, options.join("&")].filter(Boolean).join("?"), body = JSON.stringify([row]);
  const bearer = token ? " -H 'Authorization: Bearer ...'" : "", quoted = body.replaceAll("'", "'\\''");
  at("shell").textContent = `curl${bearer} -H 'Content-Type: application/json' '${location.origin}${path}' -d '${quoted}'`;
  at("same").hidden = at("answer").hidden = false;
  try {
    const answer = await ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const content = await answer.json();
    at("said").replaceChildren(...(answer.ok ? told(content) : [made("p", content.error, { className: "wrong" })]));
  } catch (error) {
    at("said").replaceChildren(made("p", `The server cannot be reached: ${error.message}`, { className: "wrong" }));
  }
}

function told({ rows: [row], warnings = [], explanation: about }) {
  const found = warnings.map((one) => made("p", one, { className: "wrong" }));
  for (const [name, value] of Object.entries(row)) {
    if (name === "explanation_error") continue;  // stands beside its values
    const object = value !== null && typeof value === "object" && !Array.isArray(value);
    found.push(made("p", object ? name : `${name}: ${JSON.stringify(value)}`));
    if (object) found.push(name === "explanation" ? contributions(value, row.explanation_error) : shares(value));
  }
  if (about) {
    found.push(made("p", `Shapley values of ${about.outputs.join(", ")} against ${about.background_rows} rows: with ` +
      "base_value, their mean, what each column adds makes up the prediction."));
  }
  return found;
}

function table(rows) {
  const found = document.createElement("table");
  for (const cells of rows) {
    const line = found.insertRow();
    for (const one of cells) line.insertCell().append(one);
  }
  return found;
}

const shares = (value) => table(Object.entries(value).sort((a, b) => b[1] - a[1])
  .map(([name, p]) => [name, made("meter", "", { value: p }), p.toFixed(4)]));

const digits = (part) => Array.isArray(part) ? part.map((one) => one.toFixed(4)).join(", ") : part.toFixed(4);

const contributions = (value, errors) => table(Object.entries(value).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
  .map(([name, part]) => [name, made("span", digits(part), { className: part < 0 ? "low" : "high" }),
    errors ? `± ${digits(errors[name])}` : ""]));

at("model").addEventListener("change", show);
at("row").addEventListener("submit", predict);
at("access").addEventListener("submit", (event) => { event.preventDefault(); token = at("token").value; begin(); });
begin();
