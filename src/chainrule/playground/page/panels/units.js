// What each unit of the chosen layer gives over the plane: where it draws its line.

import { live } from "../actions.js";
import { css, diverging, ofClass, onTurn, scale } from "../draw/colours.js";
import { line, paint, sharp } from "../draw/picture.js";
import { el, fill, number, say, set } from "../dom.js";
import { app } from "../store.js";

export function units(parent) {
  const title = el("h3"), list = el("ul", { class: "maps" });
  parent.append(title, list);
  let last = null;
  function draw({ units: found }) {
    last = found;
    const { side, layer } = app.chosen, { settings } = app.networks[side];
    const one = settings.hidden[layer];
    if (!one) return;
    say(title, `Layer ${layer + 1} of ${side}: what its units give`);
    const flat = app.task.axes.length === 2;
    fill(list, found, () => el("li", {}, el("canvas", { role: "img" }), el("span")), (item, values, place) => {
      const [canvas, name] = item.children, known = values.filter((value) => value !== null);
      const [low, high] = [Math.min(...known), Math.max(...known)], most = Math.max(Math.abs(low), Math.abs(high)) || 1;
      set(canvas, "aria-label", `Unit ${place + 1}: from ${number(low, 3)} to ${number(high, 3)}`);
      say(name, String(place + 1));
      if (flat) return paint(canvas, values, scale((value) => diverging(value / most), -most, most));
      const [context, width, height] = sharp(canvas, canvas.clientWidth);
      line(context, values, [1, 2, width - 2, height - 4], low, high, css(ofClass(1)), 1.5);
    });
  }
  live(parent, "begun frame running chosen", 350, () => {
    const { side, layer } = app.chosen;
    parent.classList.toggle("empty", !app.networks[side].settings.hidden.length);
    return app.networks[side].settings.hidden.length ? { do: "units", side, layer } : null;
  }, draw);
  onTurn(() => last && draw({ units: last }));
}
