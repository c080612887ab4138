// Heat maps and small curves on a canvas, and the points above them.

import { css, diverging, ground, mixed, ofClass, scale } from "./colours.js";

/** Paint numbers, row by row from the top, one pixel each; the style sheet makes them larger. */
export function paint(canvas, values, colour) {
  const side = Math.round(Math.sqrt(values.length));
  if (canvas.width !== side || canvas.height !== side) [canvas.width, canvas.height] = [side, side];
  const context = canvas.getContext("2d", { willReadFrequently: true }); // its pixels are made here, not by a GPU
  const image = context.createImageData(side, side), blank = ground();
  values.forEach((value, place) => {
    const [red, green, blue] = value === null ? blank : colour(value);
    image.data.set([red, green, blue, 255], 4 * place);
  });
  context.putImageData(image, 0, 0);
}

/** The colour of a prediction: of the second of two classes, of the surest of several, or of a number between bounds. */
export function ofPrediction(classes, low, high) {
  if (classes === 2) return scale((value) => diverging(2 * value - 1), 0, 1);
  if (!classes) return scale((value) => diverging((2 * (value - low)) / (high - low || 1) - 1), low, high);
  const maps = Array.from({ length: classes }, (_, one) => scale((sure) => mixed(ground(), ofClass(one), 0.75 * sure), 0, 1));
  return (value) => {
    const best = Math.min(Math.floor(value), classes - 1), least = 1 / classes;
    return maps[best](Math.max(0, (value - best - least) / (1 - least)));
  };
}

/** A canvas as sharp as the screen; its width and height in CSS pixels. */
export function sharp(canvas, tall) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth || 300, height = tall ?? canvas.clientHeight;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

/** Marks of classes: a disc, a square, a triangle, a diamond; again from the start after four. */
function mark(context, kind, x, y, r) {
  context.beginPath();
  if (kind === 0) context.arc(x, y, r, 0, 2 * Math.PI);
  else if (kind === 1) context.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
  else if (kind === 2) [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]].forEach(([dx, dy]) => context.lineTo(x + dx * r, y + dy * r));
  else [[0, -1.3], [1.2, 0], [0, 1.3], [-1.2, 0]].forEach(([dx, dy]) => context.lineTo(x + dx * r, y + dy * r));
  context.closePath();
}

/** Points at places in pixels, each with a colour and a mark. */
export function points(context, places, colours, kinds, r = 3.2) {
  context.strokeStyle = css(ground());
  context.lineWidth = 1;
  places.forEach(([x, y], one) => {
    mark(context, kinds[one] % 4, x, y, r);
    context.fillStyle = css(colours[one]);
    context.fill();
    context.stroke();
  });
}

/** A ring about the chosen point. */
export function ring(context, [x, y], ink) {
  for (const [width, colour] of [[5, css(ground())], [2.5, ink]]) {
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    [context.lineWidth, context.strokeStyle] = [width, colour];
    context.stroke();
  }
}

/** A line of values that are as far from each other, within a box in pixels. */
export function line(context, values, [left, top, width, height], low, high, colour, thick = 2) {
  context.beginPath();
  values.forEach((value, place) => {
    if (value === null) return;
    const share = Math.max(-0.5, Math.min(1.5, (value - low) / (high - low || 1)));
    context.lineTo(left + (place / (values.length - 1)) * width, top + (1 - share) * height);
  });
  [context.lineWidth, context.strokeStyle, context.lineJoin] = [thick, colour, "round"];
  context.stroke();
}
