// A slice of the loss about where the weights are, with lines of equal loss.

import { live } from "../actions.js";
import { cividis, scale } from "../draw/colours.js";
import { paint } from "../draw/picture.js";
import { button, el, number, numeric, opens, put, say, set, svg, table } from "../dom.js";
import { app } from "../store.js";
import { sideChoice } from "./side.js";

/** Lines of equal value through a grid, as a path; a cell's side is 1. */
export function contour(grid, level) {
  const parts = [];
  const between = (a, b) => (level - a) / (b - a);
  for (let row = 0; row + 1 < grid.length; row += 1) {
    for (let column = 0; column + 1 < grid.length; column += 1) {
      const [a, b, c, d] = [grid[row][column], grid[row][column + 1], grid[row + 1][column + 1], grid[row + 1][column]];
      if ([a, b, c, d].includes(null)) continue;
      const crossed = [];
      if (a < level !== b < level) crossed.push([column + between(a, b), row]);
      if (b < level !== c < level) crossed.push([column + 1, row + between(b, c)]);
      if (d < level !== c < level) crossed.push([column + between(d, c), row + 1]);
      if (a < level !== d < level) crossed.push([column, row + between(a, d)]);
      for (let one = 0; one + 1 < crossed.length; one += 2) {
        parts.push(`M${crossed[one].map((at) => (at + 0.5).toFixed(2))}L${crossed[one + 1].map((at) => (at + 0.5).toFixed(2))}`);
      }
    }
  }
  return parts.join("");
}

export function surface(section) {
  let seed = 0, last = null;
  const field = numeric("Directions' seed", (value) => toSeed(value), { min: 0, step: 1 });
  const other = button("Other directions", () => toSeed(seed + 1));
  const canvas = el("canvas", { class: "heat", role: "img", id: "slice" });
  const lines = svg("path", { class: "contours" }), cross = svg("path", { class: "cross" });
  const above = svg("svg", { class: "above", "aria-hidden": "true" }, lines, cross);
  const said = el("p", { id: "surface-said" });
  const numbers = opens("The slice as a table", () => table("Loss by the two directions", ["up \\ across", ...last.losses.map((_, place) => number(axis(place), 2))], last.losses.map((row, place) => [number(-axis(place), 2), ...row.map((one) => number(one, 3))])));
  const axis = (place) => last.reach * ((2 * place) / (last.losses.length - 1) - 1);
  section.append(el("div", { class: "buttons" }, field, other, sideChoice()),
    el("p", { class: "note" }, "The loss of up to 400 rows, about where the weights are (the cross), along two random directions, each as long as the weights of each unit (Li et al. 2018). Dark is low."),
    el("figure", { class: "narrow" }, el("div", { class: "frame" }, canvas, above)), said, numbers);
  put(field, seed);
  function toSeed(value) {
    seed = value;
    put(field, seed);
    renew();
  }
  const renew = live(section, "begun frame running chosen tab", 1500, () => ({ do: "surface", side: app.chosen.side, seed }), (answer) => {
    last = answer;
    const { losses } = answer, count = losses.length, known = losses.flat().filter((one) => one !== null);
    if (!known.length) return say(said, "The loss is no number here: the network has diverged.");
    const [low, high] = [Math.min(...known), Math.max(...known)], middle = losses[(count - 1) / 2][(count - 1) / 2];
    const logged = (value) => Math.log(Math.max(value, 1e-12));
    const colour = scale(cividis, 0, 1);
    paint(canvas, losses.flat(), (value) => colour((logged(value) - logged(low)) / (logged(high) - logged(low) || 1)));
    set(above, "viewBox", `0 0 ${count} ${count}`);
    set(lines, "d", Array.from({ length: 8 }, (_, place) => contour(losses, Math.exp(logged(low) + ((place + 1) / 9) * (logged(high) - logged(low))))).join(""));
    set(cross, "d", `M${count / 2 - 0.7} ${count / 2}h1.4M${count / 2} ${count / 2 - 0.7}v1.4`);
    const lower = known.filter((one) => one < middle).length;
    const text = `Loss ${number(middle)} in the middle, from ${number(low)} to ${number(high)} all over; ${lower} of ${known.length} places are lower than the middle.`;
    say(said, text);
    set(canvas, "aria-label", `A slice of the loss. ${text}`);
    numbers.renew();
  });
}
