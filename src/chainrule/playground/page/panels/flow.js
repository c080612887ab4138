// Layers: how large z, a and dLoss/dz are by layer, at the start and now, and the slope that the rules judge.

import { Chart } from "../draw/chart.js";
import { el, number, opens, table } from "../dom.js";
import { app, on, onSomeFrames, onSight, sides, visible } from "../store.js";

const QUANTITIES = { z_rms: "z, before the function", a_rms: "a, after it", dz_rms: "dLoss/dz, on the way back" };

export function flow(section) {
  const charts = Object.fromEntries(Object.entries(QUANTITIES).map(([name, title]) => [name, new Chart(`RMS of ${title}, by layer`, "layer", { log: "always", whole: true })]));
  const slope = new Chart("Decades that dLoss/dz gains per hidden layer on the way back, by epoch", "epoch", { log: "never", floor: -0.1, ceiling: 0.1 });
  const waits = el("p", { class: "note", id: "flow-waits" }, "Nothing was measured so far: train an epoch.");
  const legend = el("ul", { class: "legend" });
  const figure = (title, chart) => el("figure", {}, el("figcaption", {}, title), chart.root);
  const pictures = el("div", { class: "figures" }, ...Object.entries(charts).map(([name, chart]) => figure(`RMS of ${QUANTITIES[name]}`, chart)), figure("Slope: decades that dLoss/dz gains per layer on the way back", slope));
  const numbers = opens("Layers as a table", () => {
    const rows = sides().flatMap((side) => {
      const { names, z_rms, a_rms, dz_rms } = app.seen[side].layers;
      return z_rms.length ? names.map((name, place) => [`${side} ${place + 1}: ${name}`, ...[z_rms, a_rms, dz_rms].flatMap((one) => [number(one[0][place]), number(one.at(-1)[place])])]) : [];
    });
    return table("RMS by layer, at the start and now", ["layer", "z at first", "z now", "a at first", "a now", "dz at first", "dz now"], rows);
  });
  section.append(el("p", { class: "note" }, "Root mean square over rows and units, on a log scale. A network learns well where the sizes are alike in all layers: where the slope of dLoss/dz is far below 0 gradients vanish on their way back to the first layer, far above it they explode."), waits, legend, pictures, numbers);

  function show() {
    const all = sides().map((side) => [side, app.seen[side].layers]).filter(([, one]) => one.epochs.length);
    waits.hidden = all.length > 0;
    if (!visible(section)) return;
    for (const name of Object.keys(QUANTITIES)) {
      charts[name].draw(all.flatMap(([side, one]) => [[one[name][0], "at first", "faint"], [one[name].at(-1), "now", ""]].map(([y, when, kind]) => ({
        name: `${side} ${when}`, kind: `side-${side} ${kind}`, x: y.map((_, place) => place + 1), y,
      }))));
    }
    slope.draw(all.map(([side, one]) => ({ name: side, kind: `side-${side}`, x: one.epochs, y: one.slope })));
    numbers.renew();
  }
  on("begun", () => {
    legend.replaceChildren(...sides().flatMap((side) => [
      el("li", {}, el("span", { class: `sample side-${side}` }), `${side} now`), el("li", {}, el("span", { class: `sample side-${side} faint` }), `${side} at first`),
    ]));
    show();
  });
  on("tab", show);
  onSomeFrames(200, show);
  onSight(section, show);
}
